"""公平 to which firms a spoiled text may belong, by the rules alone. Not a search: it knows neither order nor likeness.

A line whose text may belong to a second firm proves nothing about a search that answers with that firm; it is left out.
Only one step is looked at: two mistakes at once are farther than one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from server.sample.mass_subjects import Counts, MassSubjects
from server.sample.world import ENTERPRISE, INDIVIDUAL
from tests.spoiled.anatomy import Anatomy, dissect, plain, without_ending
from tests.spoiled.rules import KINDS, REPLACING


@dataclass(frozen=True, slots=True)
class Firm:
    """一家公开的企业或个体工商户 of the mass sample; ``number`` is its number among those of its ``kind``."""

    kind: str
    number: int
    uscc: str
    name: str
    division: str

    @property
    def parts(self) -> Anatomy:
        """What the name is made of."""
        return dissect(self.name, self.division)


def firms_of(names: int) -> list[Firm]:
    """Gives so many firms and individual businesses of the mass sample."""
    world = MassSubjects(Counts.of_names(names))
    return [
        firm_of(world, kind, number)
        for kind in (ENTERPRISE, INDIVIDUAL)
        for number in range(1, getattr(world.counts, kind) + 1)
    ]


def firm_of(world: MassSubjects, kind: str, number: int) -> Firm:
    """Gives one of them."""
    found = world.business(kind, number)
    return Firm(kind, number, found.uscc, found.name, found.division_code)


def core_of(text: str) -> str:
    """Gives what of a text is compared: its plain form without an ending."""
    return without_ending(plain(text))


#: Rules that change the core otherwise than one character for another.
_RESHAPING = [rule for kind, (rule, _) in KINDS.items() if kind not in (*REPLACING, "form")]


def bearers(texts: Iterable[str], firms: Sequence[Firm], told: Callable[[int], object] = id) -> dict[str, set[int]]:
    """Gives for the core of each text the numbers of the firms it may belong to; ``told`` how many firms are done."""
    wanted = {core_of(text) for text in texts}
    replaced: dict[str, list[str]] = defaultdict(list)
    for core in wanted:
        for before in _before(core):
            replaced[before].append(core)
    found: dict[str, set[int]] = {core: set() for core in wanted}
    for number, firm in enumerate(firms):
        parts = firm.parts
        core = parts.core
        for reached in replaced.get(core, ()):
            found[reached].add(number)
        for text in (core, *(text for rule in _RESHAPING for text in rule(parts))):
            if (reached := plain(text)) in wanted:
                found[reached].add(number)
        told(number)
    return found


def _before(core: str) -> set[str]:
    """What a text may have been before one of its characters was replaced."""
    tables = [table() for table in REPLACING.values()]
    return {
        core[:place] + other + core[place + 1 :]
        for place, character in enumerate(core)
        for table in tables
        for other in table.get(character, ())
    } | {core}
