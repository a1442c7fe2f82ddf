"""后续 what became of a few records in the sample's last days: repaired, annulled, objected to, classed by hand. Pure.

Carried out by the services that officers use; only 异议标注 has no service yet and is written directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from server.disclosure.kinds import Withdrawal
from server.imports.rows import Kind
from server.sample.decisions import Decision, Decisions
from server.sample.timeline import Timeline

DISPUTED, MINOR = "disputed", "minor"
#: Fines of these kinds are 一般; a repair needs three months and the wrong put right.
_REPAIRABLE = ("unlicensed", "monitor", "upkeep", "parts", "overload")
_PER_MILLE, _MOST = 4, 40
_DAYS_TO_REPAIR = 120


@dataclass(frozen=True, slots=True)
class Event:
    """事件 on a record: a withdrawal, ``disputed`` or ``minor`` (classed as 轻微 by hand)."""

    day: date
    decision: Decision
    what: str
    reason: str


_STORIES: tuple[tuple[str, Kind, str], ...] = (
    (Withdrawal.REPAIRED.value, Kind.PENALTY, "信用修复申请已受理，处罚决定已履行，违法行为已纠正"),
    (Withdrawal.OBJECTION_UPHELD.value, Kind.PENALTY, "当事人提出异议，经核实所列车辆已于违法行为发生前转让"),
    (Withdrawal.ANNULLED.value, Kind.LICENCE, "被许可人申请材料不实，许可决定依法撤销"),
    (Withdrawal.MISTAKEN.value, Kind.PENALTY, "误报：该案由其他机关办理"),
    (DISPUTED, Kind.PENALTY, "当事人对处罚金额有异议，正在核实"),
    (MINOR, Kind.PENALTY, "首次违法且未造成危害后果，按轻微失信认定"),
)


def make_aftermath(decisions: Decisions, timeline: Timeline) -> list[Event]:
    """Gives the events, in order of days; each kind of them at least once."""
    count = max(1, min(_MOST, len(decisions.all) * _PER_MILLE // 1000))
    days = [timeline.back(timeline.until, n) for n in (3, 3, 2, 2, 1, 1)]
    free = _fitting(decisions, timeline)
    events = []
    for day, (what, kind, reason) in zip(days, _STORIES, strict=True):
        for _ in range(count):
            decision = next((d for d in free[kind] if _suits(d, what, day)), None)
            if decision is not None:
                free[kind].remove(decision)
                events.append(Event(day, decision, what, reason))
    return events


def _fitting(decisions: Decisions, timeline: Timeline) -> dict[Kind, list[Decision]]:
    """Decisions that nothing else stands on; the newest first, as they are still shown."""

    def some(kind: Kind) -> Iterator[Decision]:
        for decision in reversed(decisions.sound()):
            if decision.kind is kind and decision.party not in decisions.heavy and decision.mark != "简罚":
                yield decision

    return {kind: list(some(kind)) for kind in Kind}


def _suits(decision: Decision, what: str, day: date) -> bool:
    if decision.kind is Kind.LICENCE:
        return True
    old_enough = what != Withdrawal.REPAIRED.value or (day - decision.decided_on).days > _DAYS_TO_REPAIR
    return decision.id in _REPAIRABLE and old_enough
