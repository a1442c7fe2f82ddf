"""填报差错 honest mistakes in a few rows, so that the correction queue has something to show. Pure.

Each is a decision like any other, spoilt the way hands and table programs spoil rows; half of those that can be
mended come again in good order with the bureau's last table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from server.imports.rows import Kind
from server.sample import numbers
from server.sample.decisions import Decision, Decisions
from server.sample.timeline import Timeline
from server.sample.world import ENTERPRISE, PERSON, Business, World

_L, _P = Kind.LICENCE, Kind.PENALTY
Spoil = Callable[[Decision, World], dict[str, Any]]

#: name → (kind, subject kinds, what the clerk wrote instead). In the order in which they are dealt out.
MISTAKES: Mapping[str, tuple[Kind, tuple[str, ...], Spoil]] = {
    "outside the catalogue": (_P, (ENTERPRISE,), lambda d, w: {"violation": "在候车室内吸烟"}),
    "two items": (_P, (ENTERPRISE,), lambda d, w: {"violation": "巡游出租汽车超过核定载客人数"}),
    "removed item": (_P, (ENTERPRISE,), lambda d, w: {"violation": "冒用防疫应急运输通行证"}),
    "check character": (_L, (ENTERPRISE,), lambda d, w: {"subject_uscc": _slip(d)}),
    "fine without amount": (_P, (ENTERPRISE,), lambda d, w: {"fine_yuan": None, "penalty_kinds": "罚款"}),
    "no such day": (_L, (ENTERPRISE,), lambda d, w: {"decided_on": f"{d.decided_on.year}/13/45"}),
    "number as float": (_P, (PERSON,), lambda d, w: {"subject_certificate_number": float(_id_digits(d))}),
    "organ missing": (_L, (ENTERPRISE,), lambda d, w: {"authority_name": None}),
    "filler": (_P, (ENTERPRISE,), lambda d, w: {"facts": "无"}),
    "wrong organ": (_P, (ENTERPRISE,), lambda d, w: {"authority_name": _other(d, w)}),
    "look-alike letter": (_L, (ENTERPRISE,), lambda d, w: {"subject_uscc": _look_alike(d)}),
    "unknown category": (_P, (ENTERPRISE,), lambda d, w: {"penalty_kinds": "罚金"}),
}
#: What no correction can bring in.
HOPELESS = frozenset({"outside the catalogue", "two items", "removed item"})
#: Of a hundred rows so many are spoilt, but every mistake is made once.
_PER_CENT = 3
_CORRECTED = 2


def spoil(decisions: Decisions, world: World, timeline: Timeline) -> None:
    """Marks the decisions that are sent with a mistake, and those of them that are corrected."""
    random = Random("xintu sample mistakes")
    names = list(MISTAKES)
    count = max(len(names), len(decisions.all) * _PER_CENT // 100)
    waiting = list(decisions.all)
    random.shuffle(waiting)
    last = {home: timeline.of(home)[-1] for home in world.homes}
    pools = {
        name: [d for d in waiting if d.kind is kind and d.party.kind in kinds and _suits(name, d, decisions)]
        for name, (kind, kinds, _) in MISTAKES.items()
    }
    mended = 0
    for n in range(count):
        name = names[n % len(names)]
        decision = next((d for d in pools[name] if d.mistake is None), None)
        if decision is None:
            continue
        decision.mistake = name
        if name not in HOPELESS and decision.round is not last[decision.party.home]:
            mended += 1
            if mended % _CORRECTED == 1:
                decision.corrected_in = last[decision.party.home]


def _suits(name: str, decision: Decision, decisions: Decisions) -> bool:
    """Heavy offenders keep their records whole: lists stand on them. The list of 2016 has columns of its own."""
    if decision.party in decisions.heavy or decision.round.edition == 2016:
        return False
    if name == "fine without amount":
        return decision.values["fine_yuan"] is not None
    return True


def spoilt_values(decision: Decision, world: World) -> dict[str, Any]:
    """Gives the row as it was sent with its mistake."""
    assert decision.mistake is not None
    return decision.values | MISTAKES[decision.mistake][2](decision, world)


def _slip(decision: Decision) -> str:
    return numbers.spoilt_check_character(str(decision.values["subject_uscc"]))


def _look_alike(decision: Decision) -> str:
    """O for 0: the letter that GB 32100 leaves out for that very reason."""
    code = str(decision.values["subject_uscc"])
    return code[:10] + code[10:].replace("0", "O", 1)


def _id_digits(decision: Decision) -> str:
    return str(decision.values["subject_certificate_number"])[:17] + "0"


def _other(decision: Decision, world: World) -> str:
    home = decision.party.home
    assert isinstance(decision.party, Business)
    return next(other.bureau.name for other in world.homes if other is not home)
