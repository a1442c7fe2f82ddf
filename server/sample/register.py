"""登记 the invented subjects as rows of the register on the first day. Pure. Those that only a record names are left
to the import, which makes them itself.
"""

from __future__ import annotations

from server.identifiers.certificates import person_key
from server.sample.office import Office, Row
from server.sample.world import ENTERPRISE, TAXI, Business, Person, Vehicle

_ID_CARD = "身份证"
_QUALIFICATIONS = {TAXI: "巡游出租汽车驾驶员", "freight": "道路货物运输驾驶员"}


def plan_register(office: Office) -> None:
    """Plans every registered subject and every vehicle."""
    day = office.timeline.first
    for party in office.registered():
        if isinstance(party, Person):
            office.plan(day, "practitioner", _person(office, party), source=party.home.licensing.code)
        else:
            office.plan(day, party.kind, _business(office, party), source=party.home.licensing.code)
    for vehicle in office.world.vehicles:
        office.plan(day, "vehicle", _vehicle(office, vehicle), source=vehicle.owner.home.licensing.code)


def _business(office: Office, business: Business) -> Row:
    masking, head = office.rules.masking, business.representative.name
    row: Row = {
        "id": office.ids[business],
        "uscc": business.uscc,
        "registration_number": business.registration_number,
        "division_code": business.home.code,
        "sector": office.words.sectors[business.sector].name,
        "state": business.state,
    }
    if business.kind == ENTERPRISE:
        return row | {"name": masking.mask_text(business.name), "legal_representative": head}
    name = masking.mask_text(business.name, (head,))
    return row | {"name": name, "owner_name": head, "owner_name_public": masking.mask_name(head)}


def _person(office: Office, person: Person) -> Row:
    masking = office.rules.masking
    return {
        "id": office.ids[person],
        "name": person.name,
        "name_public": masking.mask_name(person.name),
        "certificate_type": _ID_CARD,
        "certificate_number": person.id_card,
        "certificate_number_public": masking.mask_number(_ID_CARD, person.id_card),
        "certificate_key": person_key(office.secret, _ID_CARD, person.id_card),
        "qualification": _QUALIFICATIONS[person.trade],
    }


def _vehicle(office: Office, vehicle: Vehicle) -> Row:
    owner = vehicle.owner
    is_firm = owner.kind == ENTERPRISE
    return {
        "id": office.ids[vehicle],
        "plate": vehicle.plate,
        "colour": vehicle.colour,
        "transport_certificate": vehicle.certificate,
        "purpose": vehicle.purpose,
        "enterprise_id": office.ids[owner] if is_firm else None,
        "individual_business_id": None if is_firm else office.ids[owner],
        "practitioner_id": vehicle.driver and office.ids[vehicle.driver],
        "division_code": owner.home.code,
        "state": owner.state,
    }
