"""大规模示例的规则 what the law makes of a row of the mass, with the answers it has given. Not the law itself.

The same rules as for any row: terms, catalogue, class of a penalty, deadline. The mass asks them millions of times, and
days and words repeat.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from server.catalogue.rules import Item, Measure, Measures, Refusal
from server.disclosure.facts import ACT_DAY, fact_of
from server.disclosure.rules import Disclosure, add_months
from server.errors import WrongSetting
from server.imports.law import Rules
from server.sample.dice import Dice
from server.sample.office import Row, disclosure_columns
from server.sample.ratings import RATED_KEYS

#: The mass looks back so far that half of the general penalties have run out.
MONTHS = 24
_DAY = timedelta(days=1)
#: Answers remembered of each rule: some hundred bytes each.
_REMEMBERED = 100_000
#: All that ``fact_of`` asks of a row of the mass beside whose it is.
_ASKED = (
    *dict.fromkeys(ACT_DAY.values()),
    "kind",
    "subject_kind",
    "severity",
    "valid_until",
    "effective_until",
    "granted_until",
    "listed_until",
    "standard",
)
#: Working days within which a row comes in time, as the offices aim at it; and how much later a late one comes.
_IN_TIME, _LATER = 7, 10
_TEN_THOUSAND = 10_000


@dataclass(frozen=True, slots=True)
class Moment:
    """时点 of an act: decided, reported, due."""

    decided_on: date
    reported_on: date
    due_on: date
    due_provisional: bool
    late_working_days: int

    def columns(self) -> Row:
        """Gives the columns of a record."""
        return {
            "decided_on": self.decided_on,
            "reported_on": self.reported_on,
            "due_on": self.due_on,
            "due_provisional": self.due_provisional,
            "late_working_days": self.late_working_days,
        }


class MassLaw:
    """规则 for a past that ends on ``until``; ``agencies`` are ids by code."""

    def __init__(self, rules: Rules, measures: Measures, agencies: Mapping[str, UUID], until: date) -> None:
        self.rules = rules
        self.masking = rules.masking
        self.agencies = agencies
        self.until = until
        self.first = add_months(until, -MONTHS)
        days = (self.first + n * _DAY for n in range((until - self.first).days))
        self.workdays = [day for day in days if rules.calendar.is_workday(day)]
        self._measures = measures
        self._disclosures: dict[tuple[Any, ...], Disclosure] = {}
        #: days on which another edition of the catalogue begins or ends: between two of them it says the same
        self._changes = sorted({d for e in rules.catalogue.editions() for d in (e.valid_from, e.valid_until) if d})
        self._items: dict[tuple[str, str, str, str, int], Item | Refusal] = {}
        self._deadline = lru_cache(_REMEMBERED)(self._deadline_of)
        self._severity = lru_cache(_REMEMBERED)(self._severity_of)

    def dated(self, table: str, row: Row, known_on: date, source: str, scope: str | None = None) -> Row:
        """Gives the row with its dates by the rules; ``source`` is the sending agency's code."""
        return row | self.columns(self.disclosure(table, row, known_on, scope), source)

    def columns(self, found: Disclosure, source: str) -> Row:
        """Gives the columns of what the terms said."""
        return disclosure_columns(found, self.agencies[source])

    def disclosure(self, table: str, row: Row, known_on: date, scope: str | None) -> Disclosure:
        """Gives what the terms say of a row; raises ``WrongSetting`` where it could not stand under them."""
        get = row.get
        key = (table, known_on, scope, *map(get, _ASKED), *(get(name) is None for name in RATED_KEYS))
        found = self._disclosures.get(key)
        if found is None:
            found = self.rules.terms.disclosure(fact_of(table, row, known_on=known_on, catalogue_scope=scope))
            if found.faults:
                raise WrongSetting(f"示例数据 {table} 不合公示规则：{found.faults[0].message}")
            if len(self._disclosures) >= _REMEMBERED:
                self._disclosures.clear()
            self._disclosures[key] = found
        return found

    def item(self, kind: str, subject_kind: str, agency: str, words: str, on: date) -> Item:
        """Gives the catalogue item that covers a row; raises ``WrongSetting`` when none does (目录之外非信用)."""
        key = (kind, subject_kind, agency, words, bisect_right(self._changes, on))
        found = self._items.get(key)
        if found is None:
            found = self._items[key] = self.rules.catalogue.item_for(kind, subject_kind, agency, words, on)
        if isinstance(found, Refusal):
            raise WrongSetting(f"示例数据不合目录：{found.message}")
        return found

    def measure(self, code: str, subject_kind: str, on: date) -> Measure | None:
        """Gives a measure that the list of the day has for such a subject (清单之外不惩戒), or None."""
        found = self._measures.check(code, subject_kind, on)
        return None if isinstance(found, Refusal) else found

    def severity(self, row: Row) -> str:
        """Gives the class of a penalty."""
        kinds = tuple(row["penalty_kinds"])
        simple = "简罚" in row["document_number"]
        key = (kinds, row["fine_yuan"], row["confiscated_yuan"], row["violation"], row["content"])
        return self._severity(*key, simple, row["subject_kind"], row["decided_on"])

    def _severity_of(
        self, kinds: Any, fine: Any, confiscated: Any, violation: str, content: str, simple: bool, who: str, on: date
    ) -> str:
        return self.rules.severity(
            {
                "penalty_kinds": list(kinds),
                "fine_yuan": fine,
                "confiscated_yuan": confiscated,
                "violation": violation,
                "content": content,
                "document_number": "简罚" if simple else "罚",
                "subject_kind": who,
                "decided_on": on,
            }
        )

    def moment(self, dice: Dice, kind: str, late_per_ten_thousand: int, newest: int = 0) -> Moment:
        """Gives the days of an act; so many of ten thousand come late. ``newest`` working days are left after it."""
        before = 1 + dice.below(_IN_TIME)
        if dice.below(_TEN_THOUSAND) < late_per_ten_thousand:
            before = _IN_TIME + 1 + dice.below(_LATER)
        last = len(self.workdays) - 1 - newest
        reported = before + dice.below(last + 1 - before)
        return self.moment_at(reported, before, kind)

    def moment_at(self, reported: int, before: int, kind: str) -> Moment:
        """Gives the days of an act that was reported on a working day of a number, decided so many before."""
        return self._deadline(self.workdays[reported - before], self.workdays[reported], kind)

    def _deadline_of(self, decided_on: date, reported_on: date, kind: str) -> Moment:
        calendar = self.rules.calendar
        due_on, provisional = self.rules.due(decided_on, kind)
        provisional = provisional or not calendar.covers(decided_on, reported_on)
        return Moment(decided_on, reported_on, due_on, provisional, calendar.workdays_late(due_on, reported_on))
