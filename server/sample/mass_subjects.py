"""大规模示例的主体 firms, individual businesses, practitioners and vehicles by their number. Pure.

What a subject is follows from its number among so many, so that its facts, made later and elsewhere, agree with it and
nothing need be remembered. Numbers begin where those of the told story can never come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from server.disclosure.masking import Masking
from server.identifiers.certificates import person_key
from server.sample import numbers
from server.sample.dice import Dice, identity
from server.sample.mass_names import HEAVY_ONE_IN, Names, is_heavy
from server.sample.mass_words import mass_words
from server.sample.office import Row
from server.sample.vocabulary import Vocabulary, vocabulary
from server.sample.world import ENTERPRISE, FREIGHT, INDIVIDUAL, PERSON, TAXI, Home, make_homes

VEHICLE = "vehicle"
KINDS = (ENTERPRISE, INDIVIDUAL, PERSON, VEHICLE)
ID_CARD = "身份证"
_HUNDRED = 100
#: What dice are thrown for.
_FIRM, _SHOP, _PERSON, _VEHICLE = 11, 12, 13, 14
#: Where the numbers of codes, ID cards and certificates begin: the told story stays far below.
_CODES = {ENTERPRISE: 200_000_000, INDIVIDUAL: 300_000_000}
_ID_CARDS, _CERTIFICATES, _REGISTRATIONS = 1_000_000, 600_000, 800_000
_EARLIEST_BIRTH, _BIRTHS = date(1966, 1, 1), 12_000
#: One in so many: closed; with the old registration number too; a person who drives a taxi.
_CLOSED, _REGISTERED, _TAXI_DRIVERS = 29, 5, 3
#: Of so many vehicles the first one is of a firm that overloads.
_HEAVY_VEHICLES = 40
#: Letters of plates; of new energy those that the told story does not use.
_PLATE_LETTERS, _ENERGY = "ABCDEFGHJKLMNPQRSTUVWXYZ", "ABCE"
#: Plates of one letter, and a step without a common divisor, so that neighbours do not look like a series.
_SERIALS, _SERIAL_STEP = 10_000, 6_181
QUALIFICATIONS = {TAXI: "巡游出租汽车驾驶员", FREIGHT: "道路货物运输驾驶员"}


@dataclass(frozen=True, slots=True)
class Counts:
    """数目 of each kind; vehicles are beside the subjects, as in the told part."""

    enterprise: int
    individual_business: int
    practitioner: int
    vehicle: int

    @classmethod
    def of(cls, subjects: int) -> Counts:
        """Gives the numbers by the shares of ``mass.yaml``: at least one of each kind, firms are what is left."""
        shares = mass_words().shares
        some = {kind: max(1, subjects * shares[kind] // _HUNDRED) for kind in KINDS if kind != ENTERPRISE}
        return cls(enterprise=max(1, subjects - some[INDIVIDUAL] - some[PERSON]), **some)

    @classmethod
    def of_names(cls, names: int) -> Counts:
        """Gives so many firms and individual businesses, in the same proportion, and nobody else."""
        shares = mass_words().shares
        firms = names * shares[ENTERPRISE] // (shares[ENTERPRISE] + shares[INDIVIDUAL])
        return cls(firms, names - firms, 0, 0)


@dataclass(frozen=True, slots=True)
class MassBusiness:
    """企业 or 个体工商户 (``kind``); ``head`` is its legal representative or owner."""

    number: int
    kind: str
    id: UUID
    uscc: str
    registration_number: str | None
    name: str
    division_code: str
    sector: str
    home: Home
    head: str
    state: str


@dataclass(frozen=True, slots=True)
class MassPerson:
    """从业人员; ``trade`` is freight or taxi."""

    number: int
    id: UUID
    name: str
    id_card: str
    home: Home
    trade: str


@dataclass(frozen=True, slots=True)
class MassVehicle:
    """车辆 of the firm or, where that is None, the individual business of a number; ``driver`` is a person's number."""

    number: int
    id: UUID
    plate: str
    colour: str
    certificate: str
    purpose: str
    firm: int | None
    shop: int | None
    driver: int | None
    division_code: str
    home: Home
    state: str


class MassSubjects:
    """大规模主体 of one sample."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.homes = make_homes(vocabulary())
        self._home_of = {home.code[:2]: home for home in self.homes}
        self._words: Vocabulary = vocabulary()
        self._names = {kind: Names(kind, getattr(self.counts, kind)) for kind in (ENTERPRISE, INDIVIDUAL)}

    def business(self, kind: str, number: int) -> MassBusiness:
        """Gives a firm or an individual business."""
        title = self._names[kind].of(number)
        dice = Dice(_FIRM if kind == ENTERPRISE else _SHOP, number)
        head = self._person_name(dice)
        state = "closed" if dice.one_in(_CLOSED) else "active"
        registered = dice.one_in(_REGISTERED)
        code = title.region.code
        return MassBusiness(
            number,
            kind,
            identity(kind, number),
            numbers.uscc("91" if kind == ENTERPRISE else "92", code, _CODES[kind] + number),
            numbers.registration_number(code, _REGISTRATIONS + number) if registered else None,
            title.text,
            code,
            title.sector,
            self._home(code, number),
            head,
            "active" if kind == ENTERPRISE and is_heavy(number) else state,
        )

    def person(self, number: int) -> MassPerson:
        """Gives a practitioner; the first of them drives a taxi."""
        dice = Dice(_PERSON, number)
        name = self._person_name(dice)
        born = _EARLIEST_BIRTH + timedelta(days=dice.below(_BIRTHS))
        card = numbers.id_card(_ID_CARDS + number, born)
        trade = TAXI if number % _TAXI_DRIVERS == 1 else FREIGHT
        return MassPerson(number, identity(PERSON, number), name, card, self.homes[number % len(self.homes)], trade)

    def vehicle(self, number: int) -> MassVehicle:
        """Gives a vehicle; every fifth is an individual business's, every third has a driver known."""
        dice = Dice(_VEHICLE, number)
        firm = None if number % 5 == 0 else self._owner(number, dice)
        shop = None if firm is not None else 1 + dice.below(self.counts.individual_business)
        kind, owner = (ENTERPRISE, firm) if firm is not None else (INDIVIDUAL, shop or 1)
        title = self._names[kind].of(owner)
        code = title.region.code
        taxi = title.sector == TAXI
        plate, colour = self._plate(code, number, taxi)
        return MassVehicle(
            number,
            identity(VEHICLE, number),
            plate,
            colour,
            numbers.twelve_digits(code, _CERTIFICATES + number),
            {TAXI: "taxi", "passenger": "passenger", "dangerous": "dangerous", "coaching": "coaching"}.get(
                title.sector, "freight"
            ),
            firm,
            shop,
            self._driver(dice, taxi) if taxi or number % 3 == 0 else None,
            code,
            self._home(code, owner),
            "closed" if dice.one_in(_CLOSED) else "active",
        )

    def _owner(self, number: int, dice: Dice) -> int:
        """Every so many vehicles one is of a firm that overloads, so that such vehicles have lists of their own."""
        firm = 1 + dice.below(self.counts.enterprise)
        if number % _HEAVY_VEHICLES == 1:
            heavy = firm - firm % HEAVY_ONE_IN + 7
            return heavy if heavy <= self.counts.enterprise else min(7, self.counts.enterprise)
        return firm

    def _driver(self, dice: Dice, taxi: bool) -> int | None:
        """A person of the fitting trade, where there is one."""
        chosen = dice.below(self.counts.practitioner) // _TAXI_DRIVERS * _TAXI_DRIVERS + (1 if taxi else 2)
        return chosen if chosen <= self.counts.practitioner else None

    def _home(self, division_code: str, number: int) -> Home:
        """The bureau of the province; of another province one after the other, as they meet its vehicles on the road."""
        return self._home_of.get(division_code[:2]) or self.homes[number % len(self.homes)]

    def _person_name(self, dice: Dice) -> str:
        words = self._words
        return dice.of(words.surnames) + dice.of(words.given) + dice.of(words.stems)

    def _plate(self, code: str, number: int, taxi: bool) -> tuple[str, str]:
        """A plate of the province, its letter by the city (GA 36); no two vehicles have the same."""
        city = int(code[2:4])
        prefix = mass_words().provinces[code[:2]].plate + _PLATE_LETTERS[(city - 1) % len(_PLATE_LETTERS)]
        block, place = divmod(number, _SERIALS)
        serial = f"{place * _SERIAL_STEP % _SERIALS:04d}"
        letter = _PLATE_LETTERS[block % len(_PLATE_LETTERS)]
        if number % 4:
            return prefix + letter + serial, "blue" if taxi else "yellow"
        energy = _ENERGY[number // 4 % len(_ENERGY)]
        if taxi:
            return prefix + energy + letter + serial, "gradient_green"
        # A large one has five digits before its letter.
        return f"{prefix}{block % 10}{serial}{energy}", "yellow_green"


def business_row(masking: Masking, business: MassBusiness, sector: str) -> Row:
    """Gives the register's columns but for what the rules date; ``sector`` in Chinese."""
    row: Row = {
        "id": business.id,
        "uscc": business.uscc,
        "registration_number": business.registration_number,
        "name": business.name,
        "division_code": business.division_code,
        "sector": sector,
        "state": business.state,
    }
    if business.kind == ENTERPRISE:
        return row | {"legal_representative": business.head}
    return row | {"owner_name": business.head, "owner_name_public": masking.mask_name(business.head)}


def person_row(masking: Masking, secret: str, person: MassPerson) -> Row:
    """Gives the register's columns but for what the rules date."""
    return {
        "id": person.id,
        "name": person.name,
        "name_public": masking.mask_name(person.name),
        "certificate_type": ID_CARD,
        "certificate_number": person.id_card,
        "certificate_number_public": masking.mask_number(ID_CARD, person.id_card),
        "certificate_key": person_key(secret, ID_CARD, person.id_card),
        "qualification": QUALIFICATIONS[person.trade],
    }


def vehicle_row(vehicle: MassVehicle) -> Row:
    """Gives the register's columns but for what the rules date."""
    return {
        "id": vehicle.id,
        "plate": vehicle.plate,
        "colour": vehicle.colour,
        "transport_certificate": vehicle.certificate,
        "purpose": vehicle.purpose,
        "enterprise_id": vehicle.firm and identity(ENTERPRISE, vehicle.firm),
        "individual_business_id": vehicle.shop and identity(INDIVIDUAL, vehicle.shop),
        "practitioner_id": vehicle.driver and identity(PERSON, vehicle.driver),
        "division_code": vehicle.division_code,
        "state": vehicle.state,
    }


def agency_of(home: Home, agencies: Mapping[str, UUID], *, enforcement: bool = False) -> UUID:
    """Gives the unit that sends a row."""
    return agencies[(home.enforcement if enforcement else home.licensing).code]
