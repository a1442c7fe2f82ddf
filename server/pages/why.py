"""「为什么公示」 what the page of one record is told beside its data: its days in order, and when repair opens.

Not for deciding when anything is shown: the dates are the record's own, the rule is the term it stands under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.disclosure.rules import add_months

#: The date of the act by the type of its record, as its term counts it.
_ACT_ON = {"Rating": "effectiveFrom", "ListEntry": "listedOn", "Commitment": "signedOn", "BenefitGrant": "grantedOn"}
#: What a subject's row stands under: its own type's term, since the API tells none of the row itself.
_TERMS = ("enterpriseTerms", "shopTerms", "practitionerTerms", "vehicleTerms")


@dataclass(frozen=True, slots=True)
class Step:
    """一步 of the record's course: ``what`` is the template's word for it."""

    on: date
    what: str


@dataclass(frozen=True, slots=True)
class Repair:
    """信用修复: may be asked for at all, and from which day; ``on`` is None where the term alone does not tell it."""

    possible: bool
    on: date | None = None


def why_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Gives ``term`` (or None), ``steps`` in order of days, ``repair``; ``data`` is the answer of ``why.graphql``."""
    node, today = data["node"], date.fromisoformat(data["service"]["today"])
    disclosure = node.get("disclosure")
    if disclosure is None:
        return {"term": _own_term(data, today), "steps": [], "repair": Repair(possible=False)}
    act = date.fromisoformat(node[_act_key(node)]) if _act_key(node) in node else None
    repair = repair_of(disclosure, act)
    days = (
        (act, "act"),
        (date.fromisoformat(disclosure["from"]), "from"),
        (repair.on, "repair"),
        (_day(disclosure["until"]), "until"),
        (_day(disclosure["disputedOn"]), "disputed"),
        (today, "today"),
    )
    steps = [Step(on, what) for on, what in days if on is not None]
    return {"term": disclosure["term"], "steps": sorted(steps, key=lambda step: step.on), "repair": repair}


def repair_of(disclosure: Mapping[str, Any], act: date | None) -> Repair:
    """Gives whether and from when repair may be asked for, of a record's disclosure and the date of its act.

    A term of several versions (``penalty.general@2023-05-01+2026-04-01``) tells only their outcome in months, and a
    later version opens nothing before it is in force: a day before that is not told.
    """
    term = disclosure["term"]
    if term is None or act is None:
        return Repair(possible=False)
    merged = disclosure["edition"].partition("@")[2].split("+")[1:]
    months = term["shortestMonths"]
    if term["repairOpens"] == "NEXT_DAY":
        opens = act + timedelta(days=1)
    elif months is not None and (term["repairOpens"] == "SHORTEST_TERM" or merged):
        opens = add_months(act, months)
    else:
        return Repair(possible=False)
    return Repair(possible=True, on=None if merged and opens < date.fromisoformat(merged[-1]) else opens)


def _act_key(node: Mapping[str, Any]) -> str:
    return _ACT_ON.get(node["__typename"], "decidedOn")


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _own_term(data: Mapping[str, Any], today: date) -> Mapping[str, Any] | None:
    """The version in force of the term of a subject's kind."""
    for name in _TERMS:
        for term in data.get(name, ()):
            until = _day(term["validUntil"])
            if date.fromisoformat(term["validFrom"]) <= today and (until is None or today < until):
                found: Mapping[str, Any] = term
                return found
    return None
