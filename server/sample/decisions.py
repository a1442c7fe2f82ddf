"""示例双公示 invented licences and penalties of a world, as rows of the two national tables. Pure.

Each is decided on a working day before the day its bureau sends it, nearly always in time (domain/08 §8.4: 3.6 % of
licences late). Not for mistakes in them: see ``mistakes``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from server.disclosure.rules import add_months
from server.identifiers.uscc import PLACEHOLDER, organisation_code
from server.imports.rows import Kind
from server.sample import numbers
from server.sample.timeline import Round, Timeline
from server.sample.vocabulary import LicenceWords, PenaltyWords, Vocabulary
from server.sample.world import ENTERPRISE, FREIGHT, INDIVIDUAL, PERSON, Business, Party, Person, Unit, World

KIND_WORDS = {ENTERPRISE: "法人及非法人组织", INDIVIDUAL: "个体工商户", PERSON: "自然人"}
LONG_TERM = date(2099, 12, 31)
_YUAN_IN_WAN = 10_000
_DAY = timedelta(days=1)
#: The deadline for reporting; the sample only aims at it, the import measures.
_IN_TIME = 7
#: One in so many licences, and of penalties, is sent late.
_LATE = {Kind.LICENCE: 28, Kind.PENALTY: 90}
#: Every so many freight firms, and drivers, break the weight limit again and again.
_HEAVY_FIRMS, _HEAVY_DRIVERS = 12, 8
_HEAVY_COUNT = 5
#: Rows of the table to try an import with, and where their numbers begin.
_TRIAL_ROWS, _TRIAL_NUMBERS = 4, 9000


@dataclass(eq=False)
class Decision:
    """决定: a row to be, by the columns of the store; ``id`` names the words it was made of, ``mark`` its kind of 文号."""

    kind: Kind
    id: str
    mark: str
    party: Party
    round: Round
    values: dict[str, Any]
    #: name of the honest mistake that spoils it, see ``mistakes``
    mistake: str | None = None
    corrected_in: Round | None = None

    @property
    def decided_on(self) -> date:
        """决定日期."""
        day: date = self.values["decided_on"]
        return day

    @property
    def key(self) -> tuple[str, str]:
        """The organ's code and 文号."""
        return self.values["authority_uscc"], self.values["document_number"]


@dataclass
class Decisions:
    """全部决定 of a world."""

    all: list[Decision] = field(default_factory=list)
    #: firms and drivers who overload again and again
    heavy: list[Party] = field(default_factory=list)

    def sound(self) -> list[Decision]:
        """Those that will be in store at their round."""
        return [d for d in self.all if d.mistake is None]

    def penalties_of(self) -> dict[Party, list[Decision]]:
        """Sound penalties by party, in order of days."""
        found: dict[Party, list[Decision]] = {}
        for decision in sorted(self.sound(), key=lambda d: (d.decided_on, d.key)):
            if decision.kind is Kind.PENALTY:
                found.setdefault(decision.party, []).append(decision)
        return found


def make_decisions(world: World, timeline: Timeline, words: Vocabulary) -> Decisions:
    """Gives what the bureaus of a world decided and sent."""
    return _Maker(world, timeline, words).make()


def make_trial_rows(world: World, timeline: Timeline, words: Vocabulary) -> list[Decision]:
    """Gives a few decisions of the first bureau that were not sent yet, for whoever wants to try an import."""
    home = world.homes[0]
    round_ = Round(len(timeline.rounds), timeline.until, home, 2020)
    maker = _Maker(world, timeline, words)
    firms = [b for b in world.businesses if b.home is home and b.kind == ENTERPRISE and b.state == "active"]
    for number in range(_TRIAL_ROWS):
        firm = firms[number % len(firms)]
        known = [w for w in words.licences if firm.sector in w.sectors and firm.kind in w.subjects]
        maker.add_licence(firm, known[0], round_)
    for number, decision in enumerate(maker.made.all, start=1):
        year = decision.decided_on.year
        decision.values["document_number"] = f"{home.words.document}许〔{year}〕{_TRIAL_NUMBERS + number}号"
    return maker.made.all


class _Maker:
    def __init__(self, world: World, timeline: Timeline, words: Vocabulary) -> None:
        self.world = world
        self.timeline = timeline
        self.words = words
        self.random = Random("xintu sample decisions")
        self.made = Decisions()
        self.rounds = {home: timeline.of(home) for home in world.homes}

    def make(self) -> Decisions:
        freight = drivers = 0
        for party in self.world.parties:
            heavy = False
            if isinstance(party, Person):
                heavy = party.trade == FREIGHT and drivers % _HEAVY_DRIVERS == 1
                drivers += party.trade == FREIGHT
            elif party.kind == ENTERPRISE and party.sector == FREIGHT:
                heavy = freight % _HEAVY_FIRMS == 0
                freight += 1
            self._decide(party, heavy)
        self._number()
        return self.made

    def _number(self) -> None:
        """文号 in the order of days, as an office counts them."""
        count: Counter[tuple[str, str, int]] = Counter()
        self.made.all.sort(key=lambda d: d.decided_on)
        for decision in self.made.all:
            home, year = decision.party.home, decision.decided_on.year
            count[home.code, decision.mark, year] += 1
            number = count[home.code, decision.mark, year]
            decision.values["document_number"] = f"{home.words.document}{decision.mark}〔{year}〕{number:04d}号"

    def _decide(self, party: Party, heavy: bool) -> None:
        rounds = self.rounds[party.home]
        chosen = [w for w in self.words.licences if party.sector in w.sectors and party.kind in w.subjects]
        first = [w for w in chosen if w.weight >= 6] or chosen[:1]
        count = self.random.choices((1, 2, 3), (5, 4, 2))[0] if chosen else 0
        for n in range(count):
            licence = first[0] if n == 0 else self._weighed(chosen)
            self.add_licence(party, licence, self.random.choice(rounds))
        known = [w for w in self.words.penalties if party.sector in w.sectors and party.kind in w.subjects]
        if heavy:
            self._heavy(party, rounds)
        elif known:
            # Three in five have a clean record.
            for _ in range(self.random.choices((0, 1, 2, 3), (60, 22, 12, 6))[0]):
                self._penalty(party, self._weighed(known), self.random.choice(rounds))

    def _heavy(self, party: Party, rounds: tuple[Round, ...]) -> None:
        """Overloads in one round after the other, then a firm is stopped for it."""
        self.made.heavy.append(party)
        by_id = {w.id: w for w in self.words.penalties}
        early = rounds[-3:] if len(rounds) > 2 else rounds
        for n in range(_HEAVY_COUNT):
            self._penalty(party, by_id["overload"], early[n % max(1, len(early) - 1)])
        if party.kind == ENTERPRISE:
            self._penalty(party, by_id["suspend"], early[len(early) - 2])

    def _weighed(self, words: list[Any]) -> Any:
        return self.random.choices(words, [w.weight for w in words])[0]

    def _decided_on(self, kind: Kind, round_: Round) -> date:
        """A working day within the deadline, or now and then one well before."""
        before = self.random.randint(1, _IN_TIME)
        if self.random.randrange(_LATE[kind]) == 0:
            before += _IN_TIME + self.random.randint(1, 10)
        return self.timeline.back(round_.day, before)

    def add_licence(self, party: Party, words: LicenceWords, round_: Round) -> None:
        """Adds one licence that a bureau sends in a round."""
        day = self._decided_on(Kind.LICENCE, round_)
        values = self._subject(party)
        values |= {
            "document_name": words.document,
            "document_number": None,
            "licence_kind": words.kind,
            "certificate_name": words.certificate or None,
            "certificate_number": self._certificate(party, words),
            "content": words.content.format(plate=self._plate(party)),
            "decided_on": day,
            "valid_from": day,
            "valid_until": add_months(day, words.months) - _DAY,
            "state": "2" if self.random.randrange(40) == 0 else "1",
        }
        values |= self._organs(party.home.bureau, party.home.licensing)
        self.made.all.append(Decision(Kind.LICENCE, words.document, "许", party, round_, values))

    def _certificate(self, party: Party, words: LicenceWords) -> str | None:
        if words.number == "person":
            # A qualification's number is the ID number itself: a door must cover it.
            return party.id_card if isinstance(party, Person) else None
        if words.number == "none":
            return None
        number = numbers.twelve_digits(party.home.code, self.random.randrange(500_000))
        if words.number == "twelve":
            return number
        return f"{party.home.words.document[0]}交运管许可{words.word}字{number}号"

    def _penalty(self, party: Party, words: PenaltyWords, round_: Round) -> None:
        day = self._decided_on(Kind.PENALTY, round_)
        fine = self.random.choice(words.fines) if words.fines else None
        confiscated = self.random.choice(words.confiscated) if words.confiscated else None
        plate = self._plate(party)
        values = self._subject(party)
        values |= {
            "document_number": None,
            "violation": words.violation,
            "facts": self._facts(party, words, plate, day),
            "basis": words.basis,
            "penalty_kinds": ";".join(words.kinds),
            "content": words.content.format(fine=fine, confiscated=confiscated),
            "fine_yuan": _wan(fine),
            "confiscated_yuan": _wan(confiscated),
            "revoked_certificate": words.revoked and words.revoked.format(certificate=self._operating(party)),
            "decided_on": day,
            "valid_until": LONG_TERM,
            # A few bureaus name an end of their own, earlier than the rule's.
            "file_disclosed_until": add_months(day, 6)
            if words.id == "overload" and fine and fine % 3500 == 0
            else None,
        }
        values |= self._organs(party.home.bureau, party.home.enforcement)
        self.made.all.append(Decision(Kind.PENALTY, words.id, "简罚" if words.plain else "罚", party, round_, values))

    def _facts(self, party: Party, words: PenaltyWords, plate: str, day: date) -> str:
        """A driver of a firm is named by his surname only, as careful clerks do; numbers slip in now and then."""
        driver = party if isinstance(party, Person) else party.representative
        text = words.facts.format(
            day=f"{day.year}年{day.month}月{day.day}日",
            plate=plate,
            place=self.random.choice(self.words.places),
            station=self.random.choice(self.words.stations),
            mass=self.random.randint(50, 78),
            over=self.random.randint(4, 58),
            driver=driver.name if isinstance(party, Person) else f"{driver.name[0]}某",
        )
        if self.random.randrange(5) == 0:
            text += f"（身份证号：{driver.id_card}，联系电话：{driver.phone}）"
        return text

    def _plate(self, party: Party) -> str:
        if isinstance(party, Business) and party.vehicles:
            return self.random.choice(party.vehicles).plate
        return numbers.plate(party.home.words.plate, 90_000 + self.random.randrange(9_000))

    def _operating(self, party: Party) -> str:
        vehicles = party.vehicles if isinstance(party, Business) else []
        return vehicles[0].certificate if vehicles else numbers.twelve_digits(party.home.code, 499_999)

    def _subject(self, party: Party) -> dict[str, Any]:
        values: dict[str, Any] = {"subject_name": party.name, "subject_kind": KIND_WORDS[party.kind]}
        remark = self.words.remark
        if isinstance(party, Person):
            return values | {
                "subject_certificate_type": "身份证",
                "subject_certificate_number": party.id_card,
                "remark": remark,
            }
        head = party.representative
        values |= {
            "subject_uscc": party.uscc or PLACEHOLDER,
            "subject_registration_number": party.registration_number,
            "legal_representative": head.name,
            "remark": f"{remark}；联系电话{head.phone}" if self.random.randrange(9) == 0 else remark,
        }
        if party.uscc and self.random.randrange(4) == 0:
            values |= {"subject_organisation_code": organisation_code(party.uscc), "subject_tax_number": party.uscc}
        if self.random.randrange(5) < 3:
            values |= {
                "legal_representative_certificate_type": "身份证",
                "legal_representative_certificate_number": head.id_card,
            }
        return values

    def _organs(self, authority: Unit, source: Unit) -> dict[str, Any]:
        return {
            "authority_name": authority.name,
            "authority_uscc": authority.uscc,
            "source_unit_name": source.name,
            "source_unit_uscc": source.uscc,
        }


def _wan(yuan: int | None) -> Decimal | None:
    """The national table counts in 万元."""
    return None if yuan is None else Decimal(yuan) / _YUAN_IN_WAN
