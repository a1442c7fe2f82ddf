"""示例主体 the invented subjects of a sample: firms, individual businesses, persons and vehicles. Pure: the same number
of subjects gives the same ones, whatever the day. Not for what is decided about them: see ``decisions`` and ``facts``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from server.sample import numbers
from server.sample.vocabulary import AGENCIES, DATA, Bureau, Vocabulary

ENTERPRISE, INDIVIDUAL, PERSON = "enterprise", "individual_business", "practitioner"
FREIGHT, TAXI = "freight", "taxi"
#: Of a hundred subjects so many are firms, individual businesses; the rest are persons.
_FIRMS, _SHOPS = 52, 24
_EARLIEST_BIRTH = date(1966, 1, 1)
_BIRTHS = 12_000


@dataclass(frozen=True, slots=True)
class Unit:
    """机关 a bureau or unit as the shipped agencies have it."""

    code: str
    name: str
    uscc: str | None


@dataclass(frozen=True, eq=False)
class Home:
    """局 with its words and the units that send rows."""

    code: str
    words: Bureau
    bureau: Unit
    licensing: Unit
    enforcement: Unit


@dataclass(frozen=True, eq=False)
class Person:
    """自然人. ``trade`` is freight or taxi; one who is not ``registered`` becomes known by a record only."""

    home: Home
    name: str
    id_card: str
    phone: str
    trade: str = FREIGHT
    registered: bool = True
    kind: str = PERSON
    sector: str = "person"


@dataclass(frozen=True, eq=False)
class Business:
    """企业 or 个体工商户 (``kind``). One without ``uscc`` has an old registration number, or neither: the placeholder."""

    kind: str
    home: Home
    name: str
    sector: str
    representative: Person
    uscc: str | None
    registration_number: str | None = None
    registered: bool = True
    state: str = "active"
    vehicles: list[Vehicle] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Vehicle:
    """车辆 of a business, with its driver where one is known."""

    owner: Business
    plate: str
    colour: str
    certificate: str
    purpose: str
    driver: Person | None


Party = Business | Person


@dataclass(frozen=True)
class World:
    """示例世界: all of it; ``extras`` are the legal representatives and owners, who are no subjects of their own."""

    homes: tuple[Home, ...]
    businesses: tuple[Business, ...]
    people: tuple[Person, ...]
    vehicles: tuple[Vehicle, ...]
    extras: tuple[Person, ...]

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everybody a decision may be about."""
        return (*self.businesses, *self.people)

    def personal_numbers(self) -> set[str]:
        """Every invented ID number and phone: what no public reader may find."""
        return {number for person in (*self.people, *self.extras) for number in (person.id_card, person.phone)}


def units() -> dict[str, Unit]:
    """Gives the shipped agencies by code."""
    with (DATA / AGENCIES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {r["机关代码"]: Unit(r["机关代码"], r["机关名称"], r["统一社会信用代码"] or None) for r in rows}


def make_homes(words: Vocabulary) -> tuple[Home, ...]:
    """Gives the bureaus with the units that send their rows."""
    found = units()
    return tuple(
        Home(code, b, found[code], found[b.licensing], found[b.enforcement]) for code, b in words.bureaus.items()
    )


def make_world(subjects: int, words: Vocabulary) -> World:
    """Gives a world of so many subjects: about half firms, a quarter individual businesses, a quarter persons."""
    return _Maker(words).make(subjects)


class _Maker:
    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        self.random = Random("xintu sample world")
        self.homes = make_homes(words)
        self._turn = [home for home in self.homes for _ in range(home.words.share)]
        self._people = 0
        self._plates: dict[str, int] = {}
        self.extras: list[Person] = []

    def make(self, subjects: int) -> World:
        firms, shops = subjects * _FIRMS // 100, subjects * _SHOPS // 100
        people = [
            self._person(self._home(n), TAXI if n % 3 == 0 else FREIGHT, registered=n % 4 != 3)
            for n in range(subjects - firms - shops)
        ]
        businesses = [self._firm(n, sector) for n, sector in zip(range(firms), self._sectors(firms), strict=True)]
        businesses += [self._shop(n) for n in range(shops)]
        vehicles = self._vehicles(businesses, people)
        return World(self.homes, tuple(businesses), tuple(people), tuple(vehicles), tuple(self.extras))

    def _home(self, n: int) -> Home:
        return self._turn[n % len(self._turn)]

    def _person(self, home: Home, trade: str = FREIGHT, *, registered: bool = True) -> Person:
        self._people += 1
        words, random = self.words, self.random
        name = random.choice(words.surnames) + random.choice(words.given) + random.choice(words.stems)
        born = _EARLIEST_BIRTH + timedelta(days=random.randrange(_BIRTHS))
        number = numbers.id_card(self._people, born)
        return Person(home, name, number, numbers.phone(self._people), trade, registered)

    def _extra(self, home: Home) -> Person:
        self.extras.append(self._person(home))
        return self.extras[-1]

    def _sectors(self, count: int) -> Iterator[str]:
        """Every sector once for each bureau's turn at first, then by share."""
        keys = list(self.words.sectors)
        shares = [sector.share for sector in self.words.sectors.values()]
        for n in range(count):
            yield keys[n] if n < len(keys) else self.random.choices(keys, shares)[0]

    def _brand(self, n: int) -> str:
        """A brand for each, two joined when the single ones are used up."""
        brands = self.words.brands
        again, place = divmod(n * 7 % len(brands) + n // len(brands) * len(brands), len(brands))
        return brands[place] + (brands[(place + again) % len(brands)] if again else "")

    def _firm(self, n: int, sector: str) -> Business:
        home = self._home(n)
        words = self.words.sectors[sector]
        name = f"{home.words.place}{self._brand(n)}{words.suffixes[n % len(words.suffixes)]}有限公司"
        code = numbers.uscc("91", home.code, n + 1)
        state = "closed" if n % 29 == 28 else "active"
        representative = self._extra(home)
        number = numbers.registration_number(home.code, n + 1) if n % 5 == 0 else None
        return Business(ENTERPRISE, home, name, sector, representative, code, number, state=state)

    def _shop(self, n: int) -> Business:
        """Of ten one is known by the old number only, and one by nothing at all (17 zeros and X)."""
        home = self._home(n + 2)
        sector = (FREIGHT, "repair", FREIGHT, TAXI)[n % 4]
        owner = self._extra(home)
        ending = self.words.sectors[sector].shops[n % len(self.words.sectors[sector].shops)]
        name = f"{home.words.place}{owner.name if n % 6 == 5 else self._brand(n + 3)}{ending}"
        code = None if n % 10 in (4, 7) else numbers.uscc("92", home.code, 100_000_000 + n)
        number = numbers.registration_number(home.code, 700_000 + n) if n % 10 in (2, 4) else None
        registered = n % 2 == 0 and n % 10 not in (4, 7)
        return Business(INDIVIDUAL, home, name, sector, owner, code, number, registered=registered)

    def _vehicles(self, businesses: list[Business], people: list[Person]) -> list[Vehicle]:
        drivers = {trade: [p for p in people if p.trade == trade and p.registered] for trade in (TAXI, FREIGHT)}
        waiting = {trade: iter(found) for trade, found in drivers.items()}
        made = []
        for business in businesses:
            if business.sector in ("repair", "coaching") or not business.registered:
                continue
            for _ in range({FREIGHT: 2, "dangerous": 3, TAXI: 4}.get(business.sector, 1)):
                trade = TAXI if business.sector == TAXI else FREIGHT
                vehicle = self._vehicle(business, next(waiting[trade], None))
                business.vehicles.append(vehicle)
                made.append(vehicle)
        return made

    def _vehicle(self, owner: Business, driver: Person | None) -> Vehicle:
        prefix = owner.home.words.plate
        number = self._plates[prefix] = self._plates.get(prefix, 0) + 1
        energy, colour = "", "blue" if owner.sector == TAXI else "yellow"
        if number % 3 == 0:
            energy, colour = ("small", "gradient_green") if owner.sector == TAXI else ("large", "yellow_green")
        purpose = {TAXI: "taxi", "passenger": "passenger", "dangerous": "dangerous"}.get(owner.sector, "freight")
        certificate = numbers.twelve_digits(owner.home.code, 500_000 + number)
        return Vehicle(owner, numbers.plate(prefix, number, energy), colour, certificate, purpose, driver)
