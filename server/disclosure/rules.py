"""公示规则 from when to when, and to whom, a fact is shown; pure. Not for the SQL of it (``views.py``), nor the class
of a penalty (``severity.py``).

The terms stand in ``terms.yaml``, what of a natural person is public in ``persons.yaml``; the version is chosen by the
date of the act, and what a later version does to earlier acts is a field of that version (07 §7.2).
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from server.dated import DatedFile, Entry, Field, Kind, Shape, Version, hash_of, load
from server.disclosure.masking import Masking
from server.disclosure.persons import Persons
from server.errors import Invalid
from server.viewer import Door

TERMS = "disclosure/terms.yaml"
_PUBLIC, _GOVERNMENT = "public", "government"
_DAY = timedelta(days=1)
_SHAPE = Shape(
    version={
        "shown": Field(Kind.FLAG),
        "starts": Field(Kind.TEXT, one_of=("in_store", "effective")),
        "ends": Field(Kind.TEXT, one_of=("decided", "valid_until", "effective_until", "listed_until", "never")),
        "shortest_term": Field(Kind.WHOLE, required=False, nullable=True),
        "longest_term": Field(Kind.WHOLE, required=False, nullable=True),
        "repair_opens": Field(Kind.TEXT, one_of=("shortest_term", "next_day", "none")),
        "file_until_may_equal_stop": Field(Kind.FLAG, required=False),
    },
    on_change={
        "earlier_acts": Field(Kind.TEXT, one_of=("old", "new", "shorter")),
        "earlier_acts_mark": Field(Kind.TEXT, one_of=("verified", "known", "uncertain")),
    },
)


@dataclass(frozen=True, slots=True)
class Fact:
    """待公示的事实: what the rule needs to know of a row. ``decided_on`` is the date of the act of whatever kind:
    决定日期, 列入日期, 签署日期, 生效日, 授予日; of a register row the day it was known.
    """

    kind: str
    decided_on: date
    #: the day the row enters the store
    known_on: date
    subject_kind: str = "enterprise"
    #: of a penalty: minor, general, serious; an officer's override is already in it
    severity: str | None = None
    #: last valid day
    valid_until: date | None = None
    effective_from: date | None = None
    #: first day not in force
    effective_until: date | None = None
    #: first day not listed
    listed_until: date | None = None
    list_kind: str | None = None
    standard: str | None = None
    #: 公示截止期 of the file: last day shown
    file_until: date | None = None
    #: 共享/披露方式 of the catalogue item that covers the row
    catalogue_scope: str | None = None


@dataclass(frozen=True, slots=True)
class RowFault:
    """差错 of the row: code for programs, message for the clerk."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """公示结论. ``disclosed_until`` is the first day not shown; it may lie before ``disclosed_from``: never shown."""

    scope: str
    disclosed_from: date
    disclosed_until: date | None
    terms_edition: str
    earliest_repair_on: date | None
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """期限: the version of the date of an act, with every later version that says something of earlier acts."""

    id: str
    entry: Entry
    version: Version
    later: tuple[Version, ...]

    @property
    def shown(self) -> bool:
        """Tells whether the public sees such facts at all."""
        shown = self.version.flag("shown")
        for v in self.later:
            shown = v.flag("shown") and (shown or v.values["earlier_acts"] == "new")
        return shown

    def months(self, name: str) -> int | None:
        """Gives ``shortest_term`` or ``longest_term`` in months, after the later versions."""
        months = self.version.whole(name)
        for v in self.later:
            new = v.whole(name)
            months = new if v.values["earlier_acts"] == "new" else _fewer(months, new)
        return months


def add_months(day: date, months: int) -> date:
    """Gives the same day so many months later, or the month's last day where there is none (11-30 + 3 → 02-28)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def visible(
    scope: str,
    disclosed_from: date,
    disclosed_until: date | None,
    withdrawn_on: date | None,
    on: date,
    door: Door,
    *,
    own_subject: bool = False,
    own_tree: bool = False,
    authorised: bool = False,
) -> bool:
    """Tells whether a door shows a row of its own dates on a day: the sentence that ``views.py`` writes in SQL.

    ``own_subject``: the row is of the viewer himself (subject door); ``authorised``: of a subject who authorised the
    viewer's partner today (subject door); ``own_tree``: sent by the viewer's agency or one below (agency door).
    A withdrawal hides at once, whatever its day. The device door shows no such row.
    """
    live = withdrawn_on is None and disclosed_from <= on and (disclosed_until is None or on < disclosed_until)
    public = live and scope == _PUBLIC
    match door:
        case Door.PUBLIC:
            return public
        case Door.SUBJECT:
            return public or own_subject or (authorised and live and scope == "authorised")
        case Door.GOVERNMENT:
            return public or (live and scope == _GOVERNMENT)
        case Door.AGENCY:
            return public or (live and scope == _GOVERNMENT) or own_tree
        case _:
            return False


class Terms:
    """公示期限 all kinds of facts, with the rule for natural persons."""

    def __init__(self, terms: DatedFile, persons: Persons) -> None:
        self._terms = terms
        self._persons = persons
        self._by_key = {
            key: [_term(entry, i) for i, v in enumerate(entry.versions) if not v.abolished]
            for key, entry in terms.entries.items()
        }
        self.edition_hash = hash_of([terms.edition_hash, persons.edition_hash])

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Terms:
        """Gives the shipped rules with the bureau's on top; raises ``WrongSetting`` naming file, line and remedy."""
        terms = load(TERMS, _SHAPE, Path(__file__).with_name("terms.yaml"), rules_dir)
        return cls(terms, Persons.load(rules_dir))

    def all(self) -> tuple[Term, ...]:
        """Gives every term that a row can stand under: the rows of ``disclosure_term``."""
        return tuple(term for terms in self._by_key.values() for term in terms)

    def disclosure(self, fact: Fact) -> Disclosure:
        """Gives scope, first and stop day of a fact and the first day repair may be asked for (07 §7.2, §7.8).

        Faults of the row (a 公示截止期 or 移出日 later than the law allows) come back in the answer, which then holds
        the rule's own dates. Raises ``Invalid`` for a kind, class or list that no entry knows.
        """
        term = self._term_of(fact)
        until = _through(term, fact, _end)
        repair = _through(term, fact, _repair)
        until, faults = _with_file(term, fact, until)
        return Disclosure(
            scope=self._scope(term, fact),
            disclosed_from=_start(term.version, fact),
            disclosed_until=until,
            terms_edition=term.id,
            earliest_repair_on=repair,
            faults=(*faults, *_list_faults(fact, until)),
        )

    def representative_public(self, name: str | None, subject_kind: str, on: date, masking: Masking) -> str | None:
        """Gives the public form of 法定代表人（经营者）: in full for a firm, masked where he is the business himself."""
        if name is None or self._persons.name_in_full(subject_kind, on):
            return name
        return masking.mask_name(name)

    def _term_of(self, fact: Fact) -> Term:
        key = term_key(fact)
        terms = self._by_key.get(key)
        if terms is None:
            raise Invalid(f"没有“{key}”的公示期限；请核对类别，或由管理员在 {TERMS} 中补充")
        version = self._terms[key].version_on(fact.decided_on)
        return next(t for t in terms if t.version is version)

    def _scope(self, term: Term, fact: Fact) -> str:
        """The narrowest of what the kind, the law on persons and the catalogue allow."""
        allowed = (
            _PUBLIC if term.shown else _GOVERNMENT,
            self._persons.scope(rule_kind(fact), fact.subject_kind, fact.standard, fact.decided_on),
            fact.catalogue_scope or _PUBLIC,
        )
        return next((scope for scope in allowed if scope != _PUBLIC), _PUBLIC)


def rule_kind(fact: Fact) -> str:
    """Gives the kind as the YAML files name it: list entries by their list."""
    return f"list.{fact.list_kind}" if fact.kind == "list_entry" else fact.kind


def term_key(fact: Fact) -> str:
    """Gives the key of ``terms.yaml``: penalties by class, list entries by list, all others by kind."""
    return f"penalty.{fact.severity}" if fact.kind == "penalty" else rule_kind(fact)


def _term(entry: Entry, place: int) -> Term:
    version = entry.versions[place]
    later = tuple(v for v in entry.versions[place + 1 :] if not v.abolished and v.values["earlier_acts"] != "old")
    days = "+".join(v.valid_from.isoformat() for v in (version, *later))
    return Term(f"{entry.key}@{days}", entry, version, later)


def _through(term: Term, fact: Fact, rule: Callable[[Version, Fact], date | None]) -> date | None:
    """The day by the version of the act, then by each later version that says something of earlier acts.

    A later version ends nothing before it is in force itself, and revives nothing that had already ended.
    """
    day = rule(term.version, fact)
    for version in term.later:
        if day is not None and day <= version.valid_from:
            continue
        new = rule(version, fact)
        new = None if new is None else max(new, version.valid_from)
        day = new if version.values["earlier_acts"] == "new" else _earlier_day(day, new)
    return day


def _start(version: Version, fact: Fact) -> date:
    begins = fact.effective_from if version.text("starts") == "effective" else None
    return max(fact.known_on, fact.decided_on, begins or fact.decided_on)


def _end(version: Version, fact: Fact) -> date | None:
    """First day not shown: the kind's own end or the longest term, whichever comes first."""
    own: date | None = None
    match version.text("ends"):
        case "valid_until":
            own = fact.valid_until and fact.valid_until + _DAY
        case "effective_until":
            own = fact.effective_until
        case "listed_until":
            own = fact.listed_until
    longest = version.whole("longest_term")
    return own if longest is None else _earlier_day(own, add_months(fact.decided_on, longest))


def _repair(version: Version, fact: Fact) -> date | None:
    match version.text("repair_opens"):
        case "shortest_term":
            return add_months(fact.decided_on, version.whole("shortest_term") or 0)
        case "next_day":
            return fact.decided_on + _DAY
        case _:
            return None


def _with_file(term: Term, fact: Fact, until: date | None) -> tuple[date | None, tuple[RowFault, ...]]:
    """公示截止期 of the file: an earlier one counts, a later one is a fault and the rule's day stands (08 §8.3 R9).

    A date that was right when the act was done is no fault of the clerk: a later order shortens it without returning it.
    """
    last = fact.file_until
    if last is None:
        return until, ()
    if last <= fact.decided_on:
        message = f"公示截止期 {last} 不晚于决定日期 {fact.decided_on}；请核对两个日期，或留空由系统计算"
        return until, (RowFault("FILE_UNTIL_EARLY", message),)
    allowed = _end(term.version, fact)
    if until is not None and (allowed is None or allowed < until):
        allowed = until
    equal = last == allowed and term.version.flag("file_until_may_equal_stop")
    if allowed is None or last < allowed or equal:
        return _earlier_day(until, last + _DAY), ()
    message = f"公示截止期 {last} 晚于“{term.entry.term}”允许的最后公示日 {allowed - _DAY}；请改为不晚于该日，或留空由系统计算"
    return until, (RowFault("FILE_UNTIL_LATE", message),)


def _list_faults(fact: Fact, until: date | None) -> tuple[RowFault, ...]:
    if fact.listed_until is None or until is None or fact.listed_until <= until:
        return ()
    message = f"移出日期 {fact.listed_until} 晚于该名单最长期限届满日 {until}；请改为不晚于该日"
    return (RowFault("LISTED_UNTIL_LATE", message),)


def _earlier_day(a: date | None, b: date | None) -> date | None:
    return b if a is None else a if b is None else min(a, b)


def _fewer(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)
