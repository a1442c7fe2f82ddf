"""大规模示例的相对人 a subject of the mass as its facts name it. Pure; not for the registers' own rows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from server.sample import numbers
from server.sample.dice import identity
from server.sample.mass_law import MassLaw
from server.sample.mass_subjects import ID_CARD, MassBusiness, MassPerson
from server.sample.office import SUBJECT_KEYS, Row
from server.sample.world import ENTERPRISE, INDIVIDUAL, PERSON, Home

#: A fact of a kind of subject has a number of its own: so many facts of one table for each subject, kinds one after the other.
_EACH = 8
_BEGINS = {ENTERPRISE: 10_000, INDIVIDUAL: 10_000_000, PERSON: 20_000_000, "vehicle": 30_000_000}
PARTY_KEYS = ("enterprise_id", "individual_business_id", "practitioner_id")


@dataclass(frozen=True, slots=True)
class MassParty:
    """相对人: ``persons`` are the natural persons a row about it names, ``driver`` how a text names who drove."""

    number: int
    kind: str
    id: UUID
    name: str
    name_public: str
    uscc: str | None
    head: str | None
    head_public: str | None
    id_card: str | None
    persons: tuple[str, ...]
    driver: str
    sector: str
    home: Home

    def keys(self, *names: str) -> Row:
        """Gives the subject columns of a row: all null but its own."""
        return dict.fromkeys(names) | {SUBJECT_KEYS[self.kind]: self.id}

    def serial(self, place: int) -> int:
        """Gives the number of its fact of a table at a place below ``_EACH``; no other fact has it."""
        return serial(self.kind, self.number, place)

    def phone(self) -> str:
        """An invented phone."""
        return numbers.phone(self.serial(0))


def serial(kind: str, number: int, place: int) -> int:
    """Gives the number of a subject's fact of a table."""
    return _BEGINS[kind] + number * _EACH + place


def fact_id(table: str, kind: str, number: int, place: int) -> UUID:
    """Gives the id of a subject's fact of a table."""
    return identity(table, serial(kind, number, place))


def party_of_business(law: MassLaw, business: MassBusiness) -> MassParty:
    """Gives a firm or an individual business as its facts name it."""
    kind, head = business.kind, business.head
    return MassParty(
        number=business.number,
        kind=kind,
        id=business.id,
        name=business.name,
        name_public=business.name,
        uscc=business.uscc,
        head=head,
        head_public=law.rules.terms.representative_public(head, kind, law.until, law.masking),
        id_card=None,
        persons=(head,) if kind == INDIVIDUAL else (),
        driver=f"{head[0]}某",
        sector=business.sector,
        home=business.home,
    )


def party_of_person(law: MassLaw, person: MassPerson) -> MassParty:
    """Gives a practitioner as his facts name him."""
    return MassParty(
        number=person.number,
        kind=PERSON,
        id=person.id,
        name=person.name,
        name_public=law.masking.mask_name(person.name),
        uscc=None,
        head=None,
        head_public=None,
        id_card=person.id_card,
        persons=(person.name,),
        driver=person.name,
        sector="person",
        home=person.home,
    )


def certificate(party: MassParty) -> Row:
    """Gives the national columns of who a person is; no door shows them."""
    card = party.id_card
    return {"subject_certificate_type": card and ID_CARD, "subject_certificate_number": card}
