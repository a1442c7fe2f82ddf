"""入库行 the columns of a record as sent, and the row that may go in. Not for what the law makes of it: see ``law``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

from server.disclosure.rules import Disclosure
from server.imports.agencies import Agency
from server.imports.normal import Draft
from server.imports.rows import Kind
from server.subjects.service import Party

_COMMON = (
    "subject_name",
    "subject_kind",
    "subject_uscc",
    "document_name",
    "document_number",
    "decided_on",
    "valid_until",
    "authority_name",
    "authority_uscc",
    "source_unit_name",
    "source_unit_uscc",
    "remark",
    "subject_registration_number",
    "subject_organisation_code",
    "subject_tax_number",
    "subject_institution_number",
    "subject_society_number",
    "legal_representative",
    "legal_representative_certificate_type",
    "legal_representative_certificate_number",
    "subject_certificate_type",
    "subject_certificate_number",
)
#: Columns as the file gives them; a row is changed when one of these is.
SENT: Mapping[Kind, tuple[str, ...]] = {
    Kind.LICENCE: (
        *_COMMON,
        "valid_from",
        "licence_kind",
        "certificate_name",
        "certificate_number",
        "content",
        "state",
    ),
    Kind.PENALTY: (
        *_COMMON,
        "violation",
        "facts",
        "basis",
        "penalty_kinds",
        "content",
        "fine_yuan",
        "confiscated_yuan",
        "revoked_certificate",
        "file_disclosed_until",
    ),
}
#: Free text with a public form beside it.
FREE: Mapping[Kind, tuple[str, ...]] = {
    Kind.LICENCE: ("content", "remark"),
    Kind.PENALTY: ("violation", "facts", "basis", "content", "revoked_certificate", "remark"),
}
#: Columns that every door shows and that have no public form beside them: they are kept masked.
_OPEN = (
    "document_name",
    "authority_name",
    "source_unit_name",
    "subject_registration_number",
    "subject_organisation_code",
    "subject_tax_number",
    "subject_institution_number",
    "subject_society_number",
)
OPEN: Mapping[Kind, tuple[str, ...]] = {
    Kind.LICENCE: (*_OPEN, "licence_kind", "certificate_name"),
    Kind.PENALTY: _OPEN,
}
#: Columns that say who the 行政相对人 is.
SUBJECT = frozenset(name for name in _COMMON if name.startswith(("subject_", "legal_representative")))
_PICK = {kind: itemgetter(*names) for kind, names in SENT.items()}


def sent_values(draft: Draft) -> tuple[Any, ...]:
    """Gives the values of a draft in the order of ``SENT``."""
    picked: tuple[Any, ...] = _PICK[draft.raw.kind](draft.values)
    return picked


@dataclass(slots=True)
class Record:
    """入库行: a row that may go in: the columns of its fact but for id, subject and first day in store."""

    draft: Draft
    source: Agency
    catalogue_scope: str
    columns: dict[str, Any]
    disclosure: Disclosure
    #: 文号 in the form in which all ways of writing it are one
    match: str

    @property
    def kind(self) -> Kind:
        """Which of the two tables."""
        return self.draft.raw.kind

    @property
    def key(self) -> tuple[str, str]:
        """The organ's code and 文号: unique within a table (R6)."""
        return self.columns["authority_uscc"], self.columns["document_number"]

    def party(self) -> Party:
        """Gives the 行政相对人 as the row names it."""
        return party_of(self.columns, self.source.id)


def party_of(columns: Mapping[str, Any], source_unit: UUID) -> Party:
    """Gives the 行政相对人 of a record, from the columns of a row in hand or in store."""
    return Party(
        kind=columns["subject_kind"],
        name=columns["subject_name"],
        uscc=columns["subject_uscc"],
        registration_number=columns["subject_registration_number"],
        representative=columns["legal_representative"],
        certificate_type=columns["subject_certificate_type"],
        certificate_number=columns["subject_certificate_number"],
        decided_on=columns["decided_on"],
        source_unit=source_unit,
    )
