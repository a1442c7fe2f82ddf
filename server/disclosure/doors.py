"""门的声明 the one declaration of what each door shows of each table; ``migrate`` makes the views from it.

It names tables as data and imports no model. A column that stands here nowhere is shown to nobody.
Not for computing dates: see ``rules.py``. Not for the SQL itself: see ``views.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.disclosure.columns import (
    ALL_SUBJECTS,
    DATES,
    FIRMS,
    NATIONAL,
    NATIONAL_PRIVATE,
    PARTIES,
    RECORD,
    REMARK,
    VERSION,
    Column,
)

#: Most rows of each reference table that the API answers with whole: it tells its cost by this bound.
REFERENCE_ROWS = {
    "disclosure_term": 300,
    "catalogue_item": 1_000,
    "measure_item": 300,
    "rating_standard": 300,
    "glossary_term": 300,
}


class Rows(StrEnum):
    """Which rows of a table a door shows."""

    #: by scope, term, withdrawal and the viewer's own tree or subject
    DISCLOSED = "disclosed"
    #: as ``DISCLOSED``; the public sees a person only beside a fact of him that it may see
    PERSON = "person"
    #: with the row of the parent it belongs to
    CHILD = "child"
    #: as ``CHILD``, and only where the fact it points to is shown
    EDGE = "edge"
    #: reference data: all rows, every door
    REFERENCE = "reference"
    #: rows of the viewer's own agency tree (column ``agency_id``), agency door only
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its rows, its shown columns, and the columns no door shows (named, so that none is forgotten).

    ``subjects`` are its keys to subjects; ``person_edges`` its other keys to persons, shown only where that person is.
    """

    name: str
    rows: Rows
    columns: tuple[Column, ...]
    private: tuple[str, ...] = ()
    parent: str | None = None
    targets: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    person_edges: tuple[str, ...] = ()
    fact: bool = True
    #: rows of ``OWN`` only for officers with this duty
    duty: str | None = None


def _shown(*names: str) -> tuple[Column, ...]:
    """Columns shown as they are; ``"x*"`` means the public form of x (column ``x_public``)."""
    return tuple(Column(n[:-1], f"{n[:-1]}_public") if n.endswith("*") else Column(n) for n in names)


def _masked(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The names of public forms: a door shows them under the plain name, so they are no columns of a view."""
    return tuple(c.source for c in columns if c.source)


def _fact(
    name: str,
    *shown: str,
    rows: Rows = Rows.DISCLOSED,
    extra: tuple[Column, ...] = (),
    private: tuple[str, ...] = (),
    subjects: tuple[str, ...] = (),
    person_edges: tuple[str, ...] = (),
) -> Table:
    columns = (*_shown(*VERSION, *DATES, *shown), *extra)
    return Table(
        name,
        rows,
        columns,
        private=("salt", *private, *_masked(columns)),
        subjects=subjects,
        person_edges=person_edges,
    )


def _child(name: str, parent: str, *shown: str, rows: Rows = Rows.CHILD, targets: tuple[str, ...] = ()) -> Table:
    columns = _shown(*VERSION, f"{parent}_id", *targets, *shown)
    return Table(name, rows, columns, private=("salt",), parent=parent, targets=targets)


def _plain(
    name: str,
    rows: Rows,
    *shown: str,
    private: tuple[str, ...] = (),
    subjects: tuple[str, ...] = (),
    duty: str | None = None,
) -> Table:
    return Table(name, rows, _shown(*shown), private=private, subjects=subjects, fact=False, duty=duty)


#: In the order the views are made: a view may look only at views above it.
TABLES: tuple[Table, ...] = (
    _plain(
        "disclosure_term",
        Rows.REFERENCE,
        "id",
        "key",
        "position",
        "term",
        "valid_from",
        "valid_until",
        "shown",
        "starts",
        "ends",
        "repair_opens",
        "shortest_months",
        "longest_months",
        "basis",
        "url",
        "mark",
    ),
    _plain(
        "catalogue_item",
        Rows.REFERENCE,
        "id",
        "edition_title",
        "edition",
        "edition_from",
        "edition_until",
        "position",
        "code",
        "name",
        "catalogue_class",
        "nature",
        "scope",
        "subject_kinds",
        "provider",
        "update_cycle",
        "legal_basis",
        "source",
        "url",
        "mark",
    ),
    _plain(
        "measure_item",
        Rows.REFERENCE,
        "id",
        "edition_title",
        "edition",
        "edition_from",
        "edition_until",
        "position",
        "code",
        "kind",
        "content",
        "targets",
        "subject_kinds",
        "legal_basis",
        "authority",
        "source",
        "url",
        "mark",
    ),
    _plain(
        "rating_standard",
        Rows.REFERENCE,
        "id",
        "key",
        "position",
        "name",
        "valid_from",
        "valid_until",
        "subject_kinds",
        "targets",
        "issuer",
        "document_number",
        "basis",
        "url",
        "cycle",
        "grades",
        "validity",
        "mark",
        "note",
    ),
    _plain("glossary_term", Rows.REFERENCE, "id", "position", "term", "english", "definition", "source"),
    _fact("agency", "code", "name", "uscc", "division_code", "parent_id", "lineage"),
    _fact(
        "enterprise",
        "uscc",
        "name",
        "legal_representative",
        "registration_number",
        "division_code",
        "sector",
        "state",
        subjects=("id",),
    ),
    _fact(
        "individual_business",
        "uscc",
        "registration_number",
        "name",
        "owner_name*",
        "division_code",
        "sector",
        "state",
        subjects=("id",),
    ),
    _fact(
        "licence",
        *RECORD,
        *NATIONAL,
        "licence_kind",
        "certificate_name",
        "certificate_number*",
        "content*",
        "state",
        extra=(REMARK,),
        private=NATIONAL_PRIVATE,
        subjects=PARTIES,
    ),
    _fact(
        "penalty",
        *RECORD,
        *NATIONAL,
        "violation*",
        "facts*",
        "basis*",
        "penalty_kinds",
        "content*",
        "fine_yuan",
        "confiscated_yuan",
        "revoked_certificate*",
        "file_disclosed_until",
        "severity",
        "severity_override",
        extra=(REMARK, Column("severity_reason", "severity_reason_public", own_only=True)),
        private=NATIONAL_PRIVATE,
        subjects=PARTIES,
    ),
    _fact(
        "act",
        *RECORD,
        "kind",
        "category",
        "content*",
        "basis*",
        "amount_yuan",
        "result*",
        extra=(REMARK,),
        subjects=PARTIES,
    ),
    _fact(
        "rating",
        *ALL_SUBJECTS,
        "standard",
        "standard_version",
        "period_from",
        "period_until",
        "score",
        "grade",
        "effective_from",
        "effective_until",
        subjects=ALL_SUBJECTS,
    ),
    _child("rating_point", "rating", "indicator", "position", "points", "full_points"),
    _child("rating_basis", "rating", rows=Rows.EDGE, targets=("licence_id", "penalty_id", "act_id")),
    _fact(
        "list_entry",
        *ALL_SUBJECTS,
        "kind",
        "criterion",
        "reason*",
        "batch",
        "document_number",
        "authority_name",
        "listed_on",
        "listed_until",
        "catalogue_edition",
        "catalogue_item",
        subjects=ALL_SUBJECTS,
    ),
    _child("list_measure", "list_entry", "measure_edition", "measure_item"),
    _child("list_evidence", "list_entry", rows=Rows.EDGE, targets=("penalty_id", "act_id")),
    _fact(
        "commitment",
        *PARTIES,
        "kind",
        "matter",
        "content*",
        "breach_duty",
        "signed_on",
        "valid_until",
        "state",
        "authority_name",
        subjects=PARTIES,
    ),
    _fact(
        "benefit_product",
        "code",
        "name",
        "content",
        "eligibility",
        "policy_title",
        "policy_document_number",
        "operator_name",
        "valid_from",
        "valid_until",
    ),
    _fact(
        "benefit_grant",
        "benefit_product_id",
        *PARTIES,
        "granted_on",
        "granted_until",
        "grade",
        "value_yuan",
        subjects=PARTIES,
    ),
    _fact(
        "practitioner",
        "name*",
        "certificate_type",
        "certificate_number*",
        "qualification",
        rows=Rows.PERSON,
        private=("certificate_key",),
        subjects=("id",),
    ),
    _fact(
        "vehicle",
        "plate",
        "colour",
        "transport_certificate",
        "purpose",
        *FIRMS,
        "practitioner_id",
        "division_code",
        "state",
        subjects=("id", *FIRMS),
        person_edges=("practitioner_id",),
    ),
    _fact("authorisation", *PARTIES, "partner", "valid_from", "valid_until", subjects=PARTIES),
    # No fact, but a copy of one: its own columns say when it is shown.
    _plain(
        "name_search",
        Rows.DISCLOSED,
        "id",
        "kind",
        *FIRMS,
        "name",
        "core",
        "brand",
        "tokens",
        "rank",
        "division_code",
        "sector",
        "state",
        private=("revision", "scope", "disclosed_from", "disclosed_until", "withdrawn_on", "source_unit_id"),
        subjects=("id",),
    ),
    _plain("gram_df", Rows.REFERENCE, "gram", "df"),
    _plain(
        "import_batch",
        Rows.OWN,
        "id",
        "agency_id",
        "actor",
        "file_name",
        "file_hash",
        "state",
        "failure",
        "started_at",
        "finished_at",
        "rows_total",
        "rows_new",
        "rows_changed",
        "rows_unchanged",
        "rows_rejected",
        "rows_late",
        "notes",
    ),
    _plain(
        "correction",
        Rows.OWN,
        "id",
        "batch_id",
        "agency_id",
        "kind",
        "sheet",
        "row_number",
        "document_number",
        "cells",
        "faults",
        "state",
        "created_at",
        "settled_at",
        private=("fingerprint", "settled_by"),
        # The clerk's own cells may hold a person's number: they are for whoever mends them, and nobody else.
        duty="clerk",
    ),
)

#: Tables that no door shows at all.
HIDDEN: dict[str, tuple[str, ...]] = {
    "api_key": (
        "id",
        "key_hash",
        "label",
        "role",
        "duties",
        "agency_id",
        "subject_id",
        "partner",
        "quota_per_minute",
        "created_at",
        "revoked_at",
    ),
    "access_log": ("id", "at", "actor", "agency_id", "action", "target_id", "purpose"),
    "attempt": ("id", "kind", "asker", "anonymous", "at"),
    "idempotency_key": ("id", "actor", "key", "request_hash", "result_id", "created_at"),
    "reference_state": ("id", "content"),
    # Read by the device door's own view.
    "roof_light_star": ("id", "standard", "grade", "stars"),
}

BY_NAME: dict[str, Table] = {t.name: t for t in TABLES}
FACTS: tuple[str, ...] = tuple(t.name for t in TABLES if t.fact)
#: Facts by which a person becomes known to a reader who may see them.
REVEALING: tuple[str, ...] = tuple(
    t.name
    for t in TABLES
    if t.fact and t.rows is Rows.DISCLOSED and "practitioner_id" in t.subjects and t.name != "authorisation"
)
