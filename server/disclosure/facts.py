"""事实到规则 what the rule needs to know, taken from a row of any fact table. Not the rule itself: see ``rules.py``.

One mapping for whoever writes facts and for the job that computes them again, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from server.disclosure.doors import BY_NAME, Rows
from server.disclosure.rules import Fact
from server.errors import Invalid

#: The date of the act, per table; of registers the day the row was known.
ACT_DAY = {
    "licence": "decided_on",
    "penalty": "decided_on",
    "act": "decided_on",
    "rating": "effective_from",
    "list_entry": "listed_on",
    "commitment": "signed_on",
    "benefit_product": "valid_from",
    "benefit_grant": "granted_on",
    "authorisation": "valid_from",
}
#: Fact tables whose rows carry their own dates; the others go with their parent.
DATED: tuple[str, ...] = tuple(t.name for t in BY_NAME.values() if t.fact and t.rows in (Rows.DISCLOSED, Rows.PERSON))
_SUBJECT_OF_KEY = {
    "practitioner_id": "practitioner",
    "individual_business_id": "individual_business",
    "vehicle_id": "vehicle",
}
_REGISTERS = ("enterprise", "individual_business", "practitioner", "vehicle")


def fact_of(table: str, row: Mapping[str, Any], *, known_on: date, catalogue_scope: str | None = None) -> Fact:
    """Gives the fact in the rule's words. ``row`` needs the table's date and subject columns; others may be missing.

    Raises ``Invalid`` for a table whose rows carry no dates of their own.
    """
    if table not in DATED:
        raise Invalid(f"{table} 没有自己的公示期限。")
    day = row[ACT_DAY[table]] if table in ACT_DAY else known_on
    return Fact(
        kind=row["kind"] if table == "act" else table,
        decided_on=day,
        known_on=known_on,
        subject_kind=_subject_kind(table, row),
        severity=(row.get("severity_override") or row["severity"]) if table == "penalty" else None,
        valid_until=row.get("valid_until") if table not in ("authorisation", "benefit_product") else None,
        effective_from=_first_day(table, row),
        effective_until=_first_day_after(table, row),
        listed_until=row.get("listed_until"),
        list_kind=row["kind"] if table == "list_entry" else None,
        standard=row.get("standard"),
        file_until=row.get("file_disclosed_until"),
        catalogue_scope=catalogue_scope,
    )


def _subject_kind(table: str, row: Mapping[str, Any]) -> str:
    if table in _REGISTERS:
        return table
    if row.get("subject_kind"):
        return str(row["subject_kind"])
    return next((kind for key, kind in _SUBJECT_OF_KEY.items() if row.get(key)), "enterprise")


def _first_day(table: str, row: Mapping[str, Any]) -> date | None:
    found: date | None = row[ACT_DAY[table]] if table in ACT_DAY else None
    return found


def _first_day_after(table: str, row: Mapping[str, Any]) -> date | None:
    """First day not in force, under whatever name the table has for it."""
    name = {"rating": "effective_until", "benefit_grant": "granted_until"}.get(table, "valid_until")
    if table in ("rating", "benefit_grant", "benefit_product", "authorisation"):
        found: date | None = row.get(name)
        return found
    return None
