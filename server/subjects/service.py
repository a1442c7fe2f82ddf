"""主体 finds or makes the subjects that records name; the only writer of enterprises, individual businesses and
practitioners beside the sample. Not for records, and not for agencies and vehicles.

Who is who: an enterprise is its 统一社会信用代码; an individual business its code, or else its old 工商注册号; a natural
person the keyed hash of certificate type and number. The placeholder of 17 zeros and X is nobody: ``identity`` gives
None, the record then carries no subject, so that strangers never become one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from server.disclosure.masking import Masking, names
from server.disclosure.rules import Fact, Terms
from server.identifiers import uscc
from server.identifiers.certificates import person_key
from server.identifiers.divisions import NO_DIVISION
from server.journal.service import Write
from server.subjects.kinds import SubjectKind

#: What identifies a subject: its kind and one value, or nothing.
Identity = tuple[str, str]
ENTERPRISE = SubjectKind.ENTERPRISE.value
INDIVIDUAL = SubjectKind.INDIVIDUAL_BUSINESS.value
PERSON = SubjectKind.PRACTITIONER.value
TABLES = (ENTERPRISE, INDIVIDUAL, PERSON)
#: A number in store identifies the subject: a record that tells another one is about somebody else.
_NUMBERS = frozenset({"uscc", "registration_number"})


@dataclass(frozen=True, slots=True)
class Party:
    """行政相对人 as a record names it on the day of its decision, its codes in normal form."""

    kind: str
    name: str
    uscc: str | None
    registration_number: str | None
    representative: str | None
    certificate_type: str | None
    certificate_number: str | None
    decided_on: date
    source_unit: UUID


@dataclass(frozen=True, slots=True)
class Subject:
    """主体 in store: its table, id and what a record may change of it."""

    table: str
    id: UUID
    columns: Mapping[str, Any]
    #: natural persons that its records have named: owners of a business, former ones too, or names of the person
    persons: tuple[str, ...] = ()


def identity(party: Party, secret: str) -> Identity | None:
    """Gives what identifies a party, or None when nothing does."""
    if party.kind == PERSON:
        if party.certificate_type is None or party.certificate_number is None:
            return None
        return PERSON, person_key(secret, party.certificate_type, party.certificate_number)
    if party.uscc is not None and party.uscc != uscc.PLACEHOLDER:
        return party.kind, party.uscc
    if party.kind == INDIVIDUAL and party.registration_number is not None:
        return INDIVIDUAL, party.registration_number
    return None


_NAMED = (
    "(SELECT array_agg(DISTINCT r.name) FROM (SELECT {column} AS name FROM licence WHERE {table}_id = {table}.id"
    " UNION ALL SELECT {column} FROM penalty WHERE {table}_id = {table}.id) r WHERE r.name IS NOT NULL) AS persons"
)
_FIND = {
    ENTERPRISE: "SELECT id, uscc AS key, NULL AS number, name, legal_representative, registration_number,"
    " NULL::text[] AS persons FROM enterprise WHERE uscc = ANY ($1)",
    INDIVIDUAL: "SELECT id, uscc AS key, registration_number AS number, name, owner_name, uscc, registration_number,"
    f" {_NAMED.format(table=INDIVIDUAL, column='legal_representative')}"
    " FROM individual_business WHERE uscc = ANY ($1) OR registration_number = ANY ($1)",
    PERSON: "SELECT id, certificate_key AS key, NULL AS number, name,"
    f" {_NAMED.format(table=PERSON, column='subject_name')} FROM practitioner WHERE certificate_key = ANY ($1)",
}


async def find(connection: asyncpg.Connection, wanted: Mapping[Identity, Party]) -> dict[Identity, Subject]:
    """Gives the subjects in store of the identities; an individual business is found by either of its numbers."""
    found: dict[Identity, Subject] = {}
    for table in TABLES:
        keys = {key for kind, key in wanted if kind == table}
        if table == INDIVIDUAL:
            keys |= {
                p.registration_number for (kind, _), p in wanted.items() if kind == table and p.registration_number
            }
        if not keys:
            continue
        for row in await connection.fetch(_FIND[table], list(keys)):
            columns = {name: value for name, value in row.items() if name not in ("id", "key", "number", "persons")}
            subject = Subject(table, row["id"], columns, _persons(table, columns, row["persons"] or ()))
            for key in (row["number"], row["key"]):  # the code wins over the old number
                if key is not None:
                    found[table, key] = subject
    for each, party in wanted.items():
        if each not in found and party.kind == INDIVIDUAL and party.registration_number is not None:
            older = found.get((INDIVIDUAL, party.registration_number))
            if older is not None and older.columns["uscc"] in (None, party.uscc):
                found[each] = older
    return {each: found[each] for each in wanted if each in found}


def _persons(table: str, columns: Mapping[str, Any], named: Iterable[str]) -> tuple[str, ...]:
    now = columns["name"] if table == PERSON else columns.get("owner_name")
    cells = [*named] if now is None else [now, *named]
    return tuple(dict.fromkeys(name for cell in cells for name in names(cell)))


def persons_of(party: Party) -> tuple[str, ...]:
    """Gives the natural persons a party is or belongs to; none for a firm."""
    cell = party.name if party.kind == PERSON else party.representative if party.kind == INDIVIDUAL else None
    return () if cell is None else names(cell)


class Registrar:
    """登记: makes and renames subjects inside one write."""

    def __init__(
        self,
        write: Write,
        terms: Terms,
        masking: Masking,
        persons: Mapping[Identity, Collection[str]] | None = None,
    ) -> None:
        """``persons`` are the natural persons known of a subject beside the one the newest record names."""
        self._known = persons or {}
        self._write = write
        self._terms = terms
        self._masking = masking

    async def create(self, parties: Mapping[Identity, Party]) -> dict[Identity, UUID]:
        """Makes a subject for each identity; gives their ids."""
        rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        ids: dict[Identity, UUID] = {}
        for each, party in parties.items():
            row = self._row(each, party)
            ids[each] = row["id"]
            rows[party.kind].append(row)
        for table, made in rows.items():
            await self._write.insert(table, made)
        return ids

    async def rename(self, subject: Subject, party: Party, *, newer: bool) -> None:
        """Makes a new version of a subject where the record says more or, if ``newer``, otherwise."""
        changes = self.differences(subject, party, newer=newer)
        if changes:
            await self._write.update(subject.table, subject.id, changes)

    def differences(self, subject: Subject, party: Party, *, newer: bool) -> dict[str, Any]:
        """Gives the columns to change: what the store lacks, and if ``newer`` what a record says otherwise.

        What the record leaves out stays.
        """
        said = self._names(party, subject.persons)
        if subject.table != PERSON:
            said |= {"registration_number": party.registration_number, "uscc": party.uscc}
        changes = {}
        for column, value in said.items():
            stored = subject.columns.get(column, value)
            replaces = newer and column not in _NUMBERS
            if value is not None and value != stored and (stored is None or replaces):
                changes[column] = value
                if f"{column}_public" in said:
                    changes[f"{column}_public"] = said[f"{column}_public"]
        if "uscc" in changes:
            changes["division_code"] = _division(party.uscc)
        return changes

    def _names(self, party: Party, persons: Collection[str]) -> dict[str, Any]:
        mask = self._masking
        if party.kind == ENTERPRISE:
            representative = party.representative and mask.mask_text(party.representative)
            return {"name": mask.mask_text(party.name), "legal_representative": representative}
        if party.kind == INDIVIDUAL:
            # The trade name often holds the owner's, who is a natural person; it has no other form in its table.
            owner = party.representative
            return {
                "name": mask.mask_text(party.name, {*persons_of(party), *persons}),
                "owner_name": owner,
                "owner_name_public": owner and mask.mask_name(owner),
            }
        return {"name": party.name, "name_public": mask.mask_name(party.name)}

    def _row(self, each: Identity, party: Party) -> dict[str, Any]:
        day = self._write.day
        term = self._terms.disclosure(Fact(kind=party.kind, decided_on=day, known_on=day, subject_kind=party.kind))
        row: dict[str, Any] = {
            "id": uuid4(),
            "scope": term.scope,
            "disclosed_from": term.disclosed_from,
            "disclosed_until": term.disclosed_until,
            "withdrawn_on": None,
            "withdrawal": None,
            "disputed_on": None,
            "terms_edition": term.terms_edition,
            "source_unit_id": party.source_unit,
        }
        row |= self._names(party, self._known.get(each, ()))
        if party.kind == PERSON:
            type_, number = str(party.certificate_type), str(party.certificate_number)
            return row | {
                "certificate_type": type_,
                "certificate_number": number,
                "certificate_number_public": self._masking.mask_number(type_, number),
                "certificate_key": each[1],
                "qualification": None,
            }
        code = None if party.uscc == uscc.PLACEHOLDER else party.uscc
        row |= {"uscc": code, "registration_number": party.registration_number, "state": "active", "sector": None}
        return row | {"division_code": _division(code)}


def _division(code: str | None) -> str:
    """登记地: positions 3–8 of the code; an individual business without one has none."""
    return NO_DIVISION if code is None else uscc.division_code(code)


def aliases(parties: Iterable[Party]) -> dict[Identity, Identity]:
    """Gives the old number of an individual business → its code, as far as these parties tell both."""
    return {
        (INDIVIDUAL, party.registration_number): (INDIVIDUAL, party.uscc)
        for party in parties
        if party.kind == INDIVIDUAL and party.registration_number is not None and party.uscc is not None
    }


def newest(parties: Iterable[tuple[Identity, Party]]) -> dict[Identity, Party]:
    """Gives for each identity the party of the newest decision; of equal days the first."""
    chosen: dict[Identity, Party] = {}
    for each, party in parties:
        if each not in chosen or party.decided_on > chosen[each].decided_on:
            chosen[each] = party
    return chosen
