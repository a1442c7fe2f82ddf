"""规则 what the law makes of a checked row: catalogue item, class, term of disclosure, deadline, public forms.

It turns a draft into a ``Record``: the columns of the fact, but for its subject and id. Pure; not for other rows and
not for the rules themselves: those are ``disclosure``, ``catalogue`` and ``workdays``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from server.catalogue.reference import edition_hash as catalogue_hash
from server.catalogue.rules import Catalogue, Item, Refusal, licence_words
from server.clock import today_in_shanghai
from server.dated import hash_of
from server.disclosure import reference
from server.disclosure.facts import fact_of
from server.disclosure.masking import Masking
from server.disclosure.personal_numbers import normal
from server.disclosure.rules import Disclosure, Terms
from server.disclosure.severity import Severities
from server.identifiers.uscc import PLACEHOLDER
from server.imports import cells
from server.imports.agencies import Agency
from server.imports.book import Book
from server.imports.normal import Draft
from server.imports.record import FREE, OPEN, SENT, Record, sent_values
from server.imports.rows import Cell, Kind
from server.records.numbers import match_key
from server.records.store import persons_of
from server.subjects.service import PERSON
from server.workdays.calendar import Calendar, load_calendar

#: Answers remembered: dates, kinds and words repeat from row to row; so few that they weigh a few megabytes.
_REMEMBERED = 4_000
#: Free text shorter than this is often the same in many rows: articles of law, 罚款人民币2000元.
_SHORT = 80


@dataclass(frozen=True)
class Rules:
    """全部规则 an import needs, loaded once and shared by all."""

    book: Book
    terms: Terms
    severities: Severities
    masking: Masking
    catalogue: Catalogue
    calendar: Calendar
    #: hash of everything that decides on a fact's scope, dates and deadline; the database must have loaded the same
    hash: str

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Rules:
        """Reads every rule file, the bureau's on top of the shipped ones; raises ``WrongSetting``."""
        book, calendar = Book.load(rules_dir), load_calendar(rules_dir)
        parts = (reference.edition_hash(rules_dir), catalogue_hash(rules_dir), book.edition_hash, calendar.told())
        return cls(
            book,
            Terms.load(rules_dir),
            Severities.load(rules_dir),
            Masking.load(rules_dir, on=today_in_shanghai()),
            Catalogue.load(rules_dir),
            calendar,
            hash_of(parts),
        )

    def due(self, decided_on: date, kind: str = "") -> tuple[date, bool]:
        """Gives the last working day for reporting, and whether the calendar of its year is still to come."""
        deadline = self.calendar.add_workdays(decided_on, self.book.working_days(decided_on, kind))
        return deadline.day, deadline.provisional

    def severity(self, row: Mapping[str, Any]) -> str:
        """Gives the class of a penalty by the rule table, from its own columns."""
        return self.severities.classify(
            row["penalty_kinds"],
            row["fine_yuan"],
            row["confiscated_yuan"],
            row["violation"],
            on=row["decided_on"],
            content=row["content"],
            document_number=row["document_number"],
            subject_kind=row["subject_kind"],
        ).severity


class Law:
    """适用规则 with the answers it has given, for one file."""

    def __init__(self, rules: Rules, today: date) -> None:
        self.rules = rules
        self._long_term = rules.book.checks_on(today).long_term
        self._items: dict[tuple[Any, ...], Item | Refusal] = {}
        self._disclosures: dict[tuple[Any, ...], Disclosure] = {}
        self._due: dict[tuple[date, str], tuple[date, bool]] = {}
        self._deadlines: dict[tuple[date, str, date], tuple[date, bool, int]] = {}
        self._masked: dict[str, str] = {}
        self._forms: dict[str, str] = {}

    def mask(self, text: str, persons: Collection[str] = ()) -> str:
        """Gives the public form of a text that other rows repeat (names of organs, articles of law).

        The form without persons is remembered; it is the answer where no person's first character stands in the text.
        """
        masked = self._masked.get(text)
        if masked is None:
            _bound(self._masked)
            masked = self._masked[text] = self.rules.masking.mask_text(text)
        if persons and self._may_name(text, persons):
            return self.rules.masking.mask_text(text, persons)
        return masked

    def _may_name(self, text: str, persons: Collection[str]) -> bool:
        form = self._forms.get(text)
        if form is None:
            _bound(self._forms)
            form = self._forms[text] = normal(text)
        return any(normal(person[0]) in form for person in persons)

    def item_of(self, draft: Draft, source: Agency) -> Item | Refusal:
        """Gives the catalogue item that covers the row on its date, or the refusal (目录之外非信用)."""
        v, kind = draft.values, draft.raw.kind
        words = (
            v["violation"]
            if kind is Kind.PENALTY
            else licence_words(v["certificate_name"], v["document_name"], v["content"])
        )
        key = (kind.value, v["subject_kind"], source.code, words, v["decided_on"])
        if key not in self._items:
            _bound(self._items)
            self._items[key] = self.rules.catalogue.item_for(*key)
        return self._items[key]

    def record(self, draft: Draft, source: Agency, item: Item, known_on: date, override: str | None) -> Record:
        """Gives the row as it goes in; ``known_on`` is its first day in store, ``override`` an officer's class."""
        kind = draft.raw.kind
        columns = self._sent(draft)
        columns |= self._public(draft, columns)
        columns["source_unit_id"] = source.id
        columns["catalogue_edition"] = item.edition.id
        columns["catalogue_item"] = item.id
        columns["due_on"], columns["due_provisional"] = self.due(columns["decided_on"], kind)
        severity = None
        if kind is Kind.PENALTY:
            columns["severity"] = self.rules.severity(draft.values)
            severity = override or columns["severity"]
        disclosure = self.disclosure(kind, columns, severity, known_on, item.scope)
        return Record(draft, source, item.scope, columns, disclosure, match_key(columns["document_number"]))

    def disclosure(
        self, kind: Kind, columns: Mapping[str, Any], severity: str | None, known_on: date, scope: str
    ) -> Disclosure:
        """Gives scope and term of the fact; ``severity`` has the officer's override in it."""
        key = (
            kind,
            columns["decided_on"],
            known_on,
            columns["subject_kind"],
            severity,
            columns["valid_until"],
            columns.get("file_disclosed_until"),
            scope,
        )
        found = self._disclosures.get(key)
        if found is None:
            _bound(self._disclosures)
            # ``severity`` has the override in it already.
            row = {**columns, "severity": severity, "severity_override": None}
            fact = fact_of(kind.value, row, known_on=known_on, catalogue_scope=scope)
            found = self._disclosures[key] = self.rules.terms.disclosure(fact)
        return found

    def due(self, decided_on: date, kind: str = "") -> tuple[date, bool]:
        """Gives the last working day for reporting, and whether the calendar of its year is still to come."""
        found = self._due.get((decided_on, kind))
        if found is None:
            found = self._due[decided_on, kind] = self.rules.due(decided_on, kind)
        return found

    def deadline(self, decided_on: date | None, kind: str, reported_on: date) -> tuple[date | None, bool, int | None]:
        """Gives 应公示截止日, whether a calendar it or the lateness needs is still to come, and 迟报工作日数."""
        if decided_on is None or decided_on > reported_on:
            return None, False, None
        key = (decided_on, kind, reported_on)
        found = self._deadlines.get(key)
        if found is None:
            _bound(self._deadlines)
            due_on, provisional = self.due(decided_on, kind)
            calendar = self.rules.calendar
            provisional = provisional or not calendar.covers(decided_on, reported_on)
            found = self._deadlines[key] = (due_on, provisional, calendar.workdays_late(due_on, reported_on))
        return found

    def late(self, due_on: date, reported_on: date) -> int:
        """Gives how many working days a row came after its deadline, 0 when in time."""
        return self.rules.calendar.workdays_late(due_on, reported_on)

    def day(self, cell: Cell) -> date | None:
        """Gives the day a cell says, or None."""
        found = cells.day(cell, self._long_term)
        return found if isinstance(found, date) else None

    def _sent(self, draft: Draft) -> dict[str, Any]:
        """The columns as sent: long term and the placeholder are no values, and open columns are masked."""
        values = draft.values
        columns = dict(zip(SENT[draft.raw.kind], sent_values(draft), strict=True))
        if columns["valid_until"] == self._long_term:
            columns["valid_until"] = None
        if columns["subject_uscc"] == PLACEHOLDER:
            columns["subject_uscc"] = None
        persons = persons_of(values)
        for name in OPEN[draft.raw.kind]:
            value = columns[name]
            if value is not None:
                columns[name] = self.mask(value, persons)
        if "penalty_kinds" in columns:
            columns["penalty_kinds"] = [self.mask(kind, persons) for kind in columns["penalty_kinds"]]
        return columns

    def _public(self, draft: Draft, columns: Mapping[str, Any]) -> dict[str, Any]:
        """The public forms, made once, here: numbers and phones masked, and every natural person the row names."""
        values, mask = draft.values, self.rules.masking
        persons = persons_of(values)
        public: dict[str, Any] = {}
        for column in FREE[draft.raw.kind]:
            value = columns[column]
            if value is not None:
                value = self.mask(value, persons) if len(value) < _SHORT else mask.mask_text(value, persons)
            public[f"{column}_public"] = value
        name, subject = values["subject_name"], values["subject_kind"]
        public["subject_name_public"] = mask.mask_name(name) if subject == PERSON else self.mask(name, persons)
        shown = self.rules.terms.representative_public(
            values["legal_representative"], subject, values["decided_on"], mask
        )
        public["legal_representative_public"] = None if shown is None else self.mask(shown)
        if "certificate_number" in columns:
            number = columns["certificate_number"]
            if number is not None:
                number = mask.mask_certificate(number)
                number = mask.mask_text(number, persons) if persons else number
            public["certificate_number_public"] = number
        return public

    def mask_also(self, record: Record, persons: Collection[str]) -> None:
        """Covers in every text of the record that a door shows also ``persons``, whom the store knows of its past."""
        persons = tuple(person for person in persons if person not in persons_of(record.draft.values))
        if not persons:
            return
        record.draft.persons += persons
        columns = record.columns
        for column in (*OPEN[record.kind], *(name for name in columns if name.endswith("_public"))):
            if columns[column] is not None:
                columns[column] = self.mask(columns[column], persons)
        if "penalty_kinds" in columns:
            columns["penalty_kinds"] = [self.mask(kind, persons) for kind in columns["penalty_kinds"]]


def _bound(memory: dict[Any, Any]) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
