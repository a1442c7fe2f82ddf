"""评测 how often the right firm stands first, and among the first three, of a spoiled set. Not for what to do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from rich.table import Table

from tests.spoiled.making import Line

#: What the issue asks for, per hundred.
LEAST_FIRST, LEAST_THREE = 95.0, 99.0
#: Codes and names of the firms that a text brings, the best first.
Ask = Callable[[str], Awaitable[Sequence[tuple[str, str]]]]


@dataclass(slots=True)
class Outcome:
    """结果 places of the right firm by kind: 1 is first, 0 is not among those answered."""

    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: lines whose firm was not first, its place, and the name of the firm that was
    misses: list[tuple[Line, int, str]] = field(default_factory=list)

    def share(self, most: int, kind: str | None = None) -> float:
        """Gives how many of a hundred stood at this place or before."""
        places = self.places[kind] if kind else [place for some in self.places.values() for place in some]
        return 100 * sum(0 < place <= most for place in places) / max(len(places), 1)

    def table(self, title: str) -> Table:
        """Gives the report."""
        table = Table("错写", "行", "第一", "前三", title=title)
        for kind, places in self.places.items():
            table.add_row(kind, str(len(places)), f"{self.share(1, kind):.1f}%", f"{self.share(3, kind):.1f}%")
        count = sum(map(len, self.places.values()))
        table.add_row("合计", str(count), f"{self.share(1):.1f}%", f"{self.share(3):.1f}%", style="bold")
        return table


async def evaluate(ask: Ask, lines: Iterable[Line]) -> Outcome:
    """Asks every text once."""
    outcome = Outcome()
    for line in lines:
        found = await ask(line.text)
        codes = [code for code, _ in found]
        place = codes.index(line.firm.uscc) + 1 if line.firm.uscc in codes else 0
        outcome.places[line.kind].append(place)
        if place != 1:
            outcome.misses.append((line, place, found[0][1] if found else ""))
    return outcome
