"""列组 the groups of columns that many tables share, for the declaration of the doors.

Not for which table shows which of them to whom: see ``doors.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view: the table's own, or its public form ``source``; ``own_only``: agency door, own tree."""

    name: str
    source: str | None = None
    own_only: bool = False


VERSION = ("id", "revision_from")
DATES = (
    "scope",
    "disclosed_from",
    "disclosed_until",
    "withdrawn_on",
    "withdrawal",
    "disputed_on",
    "terms_edition",
    "source_unit_id",
)
FIRMS = ("enterprise_id", "individual_business_id")
PARTIES = (*FIRMS, "practitioner_id")
ALL_SUBJECTS = (*PARTIES, "vehicle_id")

RECORD = (
    *PARTIES,
    "subject_name*",
    "subject_kind",
    "subject_uscc",
    "document_name",
    "document_number",
    "decided_on",
    "valid_from",
    "valid_until",
    "authority_name",
    "authority_uscc",
    "source_unit_name",
    "source_unit_uscc",
    "catalogue_edition",
    "catalogue_item",
    "reported_on",
    "due_on",
    "due_provisional",
    "late_working_days",
)
REMARK = Column("remark", "remark_public", own_only=True)
NATIONAL = (
    "subject_registration_number",
    "subject_organisation_code",
    "subject_tax_number",
    "subject_institution_number",
    "subject_society_number",
    "legal_representative*",
)
NATIONAL_PRIVATE = (
    "legal_representative_certificate_type",
    "legal_representative_certificate_number",
    "subject_certificate_type",
    "subject_certificate_number",
)
