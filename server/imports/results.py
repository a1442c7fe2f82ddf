"""行结果 the verdict of a row as report, workbook and screen show it. Not for making verdicts: see ``judge``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from server.imports.chunk import Outcome
from server.imports.law import Law
from server.imports.normal import Draft
from server.imports.verdict import RowResult, Verdict
from server.records.store import persons_of

_NAMES = frozenset({"subject_name", "legal_representative"})
_NUMBERS = {
    "subject_certificate_number": "subject_certificate_type",
    "legal_representative_certificate_number": "legal_representative_certificate_type",
}


def row_result(outcome: Outcome, law: Law, today: date) -> RowResult:
    """Gives the result of a row; its normal values are masked, as any log may show them.

    A record in store was reported on its first day, however often its row comes again.
    """
    draft, reported_on = outcome.draft, outcome.reported_on or today
    due_on, provisional, late = law.deadline(draft.values["decided_on"], draft.raw.kind, reported_on)
    return RowResult(
        kind=draft.raw.kind,
        sheet=draft.raw.sheet,
        row_number=draft.raw.row_number,
        document_number=_number(draft),
        verdict=outcome.verdict,
        faults=tuple(draft.faults),
        cells=draft.raw.cells if outcome.verdict is Verdict.REJECTED else {},
        values_masked=_Masked(draft, law),
        due_on=due_on,
        due_provisional=provisional,
        late_working_days=late,
    )


def _number(draft: Draft) -> str | None:
    """文号, unless the check has found a person's number in it."""
    return None if any(fault.rule == "R14_NUMBER" for fault in draft.faults) else draft.values["document_number"]


class _Masked(Mapping[str, str | None]):
    """遮挡后的值, made when somebody looks: most runs of a hundred thousand rows want none of them."""

    def __init__(self, draft: Draft, law: Law) -> None:
        self._draft, self._law = draft, law
        self._values: dict[str, str | None] | None = None

    def _made(self) -> dict[str, str | None]:
        if self._values is None:
            self._values = masked(self._draft, self._law)
        return self._values

    def __getitem__(self, name: str) -> str | None:
        return self._made()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())

    def __repr__(self) -> str:
        return repr(self._made())


def masked(draft: Draft, law: Law) -> dict[str, str | None]:
    """Gives the normal values as texts, with every personal number and natural person masked."""
    values = draft.values
    persons = persons_of(values) if values["subject_kind"] is not None and values["subject_name"] is not None else ()
    persons += draft.persons
    if values["subject_kind"] is None:
        persons = tuple(v for name in _NAMES if (v := values[name]) is not None)  # nobody knows who is a person
    return {name: _masked_value(name, value, values, persons, law) for name, value in values.items()}


def _masked_value(name: str, value: Any, values: Mapping[str, Any], persons: tuple[str, ...], law: Law) -> str | None:
    if value is None:
        return None
    mask = law.rules.masking
    if name in _NUMBERS:
        return mask.mask_number(values[_NUMBERS[name]] or "身份证", value)
    if name in _NAMES and value in persons:
        return mask.mask_name(value)
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case tuple():
            return ";".join(mask.mask_text(str(part), persons) for part in value)
        case _:
            return mask.mask_text(str(value), persons)
