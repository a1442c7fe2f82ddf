"""大规模示例的行政行为 licences, penalties and the eight further kinds of acts of one subject. Pure.

Words and amounts are those of the told story; what the law makes of them, ``mass_law`` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from server.catalogue.rules import Item, licence_words
from server.disclosure.rules import add_months
from server.sample import numbers
from server.sample.acts import MARKS
from server.sample.dice import Dice, Shares, identity
from server.sample.mass_law import MassLaw, Moment
from server.sample.mass_names import is_heavy
from server.sample.mass_party import PARTY_KEYS, MassParty, certificate
from server.sample.mass_words import mass_words
from server.sample.office import Row
from server.sample.vocabulary import ActWords, LicenceWords, PenaltyWords, vocabulary
from server.sample.world import ENTERPRISE, PERSON, Unit

_DAY = timedelta(days=1)
_TEN_THOUSAND = 10_000
#: What dice are thrown for.
_LICENCE, _PENALTY, _ACT, _HEAVY, _FATE = 21, 22, 23, 24, 25
#: Who overloads again and again: so many decisions, so many working days apart, then a firm is stopped.
HEAVY_COUNT, _HEAVY_APART = 5, 20
#: One driver of goods in so many is of that kind.
_HEAVY_DRIVERS = 60
#: Working days from a report to a withdrawal that no term delays, at the most.
_DAYS_TO_FATE = 200
_OVERLOAD, _STOPPED = "overload", "suspend"
#: Plates in texts, where the vehicle itself is nobody's of the sample.
_TEXT_PLATES, _TEXT_PLATE_COUNT = 90_000, 9_000
_Words = TypeVar("_Words", LicenceWords, PenaltyWords)


class MassActs:
    """行政行为 by subject."""

    def __init__(self, law: MassLaw) -> None:
        self.law = law
        self.words = vocabulary()
        mass = mass_words()
        self._late = mass.late_per_ten_thousand
        self._counts = {
            table: {kind: Shares(dict(enumerate(weights))) for kind, weights in counts.items()}
            for table, counts in (("licence", mass.licences), ("penalty", mass.penalties), ("act", mass.acts))
        }
        self._fates = mass.fates
        self._penalty = {words.id: words for words in self.words.penalties}
        self._fitting: dict[tuple[str, str, str], Shares[int] | None] = {}
        self._kinds = [(kind, words) for kind, some in self.words.acts.items() for words in some]
        self._acts: dict[tuple[str, str], Shares[int]] = {}

    def licences(self, party: MassParty) -> list[Row]:
        """Gives the licences of a subject; the first is the one to be in business at all."""
        dice = Dice(_LICENCE, party.serial(0))
        fitting = self._known("licence", self.words.licences, party)
        if fitting is None:
            return []
        count = self._counts["licence"][party.kind].draw(dice)
        return [self._licence(party, place, self.words.licences[fitting.draw(dice)], dice) for place in range(count)]

    def penalties(self, party: MassParty) -> list[Row]:
        """Gives the penalties of a subject, in order of days where it overloads again and again."""
        if overloads(party):
            return self._overloads(party)
        dice = Dice(_PENALTY, party.serial(0))
        fitting = self._known("penalty", self.words.penalties, party)
        count = self._counts["penalty"][party.kind].draw(dice) if fitting is not None else 0
        return [
            self._penalised(party, place, self.words.penalties[fitting.draw(dice)], dice, None)
            for place in range(count)
            if fitting is not None
        ]

    def acts(self, party: MassParty) -> list[Row]:
        """Gives the further acts about a subject."""
        dice = Dice(_ACT, party.serial(0))
        count = self._counts["act"][party.kind].draw(dice)
        return [
            self._act(party, place, *self._kinds[self._fitting_act(party).draw(dice)], dice) for place in range(count)
        ]

    def heavy_days(self, party_serial: int) -> list[int]:
        """Gives the working days on which the overloads of one were reported, and the one on which a firm was stopped."""
        dice = Dice(_HEAVY, party_serial)
        last = len(self.law.workdays) - 2 * _HEAVY_APART
        first = _HEAVY_APART + dice.below(last - (HEAVY_COUNT + 1) * _HEAVY_APART)
        return [first + n * _HEAVY_APART for n in range(HEAVY_COUNT + 1)]

    def _overloads(self, party: MassParty) -> list[Row]:
        dice = Dice(_PENALTY, party.serial(0))
        rows = []
        for place, day in enumerate(self.heavy_days(party.serial(0))):
            if place == HEAVY_COUNT and party.kind != ENTERPRISE:
                break
            words = self._penalty[_OVERLOAD if place < HEAVY_COUNT else _STOPPED]
            moment = self.law.moment_at(day, 1 + dice.below(5), "penalty")
            rows.append(self._penalised(party, place, words, dice, moment))
        return rows

    def _known(self, table: str, words: Sequence[_Words], party: MassParty) -> Shares[int] | None:
        """Which words fit a kind of subject of a sector, by weight; None where none does."""
        key = (table, party.kind, party.sector)
        if key not in self._fitting:
            fits = {n: w.weight for n, w in enumerate(words) if party.sector in w.sectors and party.kind in w.subjects}
            self._fitting[key] = Shares(fits) if fits else None
        return self._fitting[key]

    def _fitting_act(self, party: MassParty) -> Shares[int]:
        """Acts that name sectors are of firms of those alone."""
        key = (party.kind, party.sector)
        if key not in self._acts:
            self._acts[key] = Shares(
                {
                    n: words.weight
                    for n, (_, words) in enumerate(self._kinds)
                    if not words.sectors or (party.kind == ENTERPRISE and party.sector in words.sectors)
                }
            )
        return self._acts[key]

    def _licence(self, party: MassParty, place: int, words: LicenceWords, dice: Dice) -> Row:
        moment = self.law.moment(dice, "licence", self._late["licence"])
        unit, day = party.home.licensing, moment.decided_on
        content = words.content.format(plate=self._plate(party, dice))
        number, public = self._certificate(party, words, dice)
        name = licence_words(words.certificate, words.document, content)
        item = self.law.item("licence", party.kind, unit.code, name, day)
        row = self._record("licence", "许", party, place, moment, unit, item) | _national(party)
        row |= {
            "document_name": words.document,
            "valid_until": add_months(day, words.months) - _DAY,
            "licence_kind": words.kind,
            "certificate_name": words.certificate or None,
            "certificate_number": number,
            "certificate_number_public": public,
            "content": content,
            "content_public": content,
            "state": "2" if dice.one_in(40) else "1",
        }
        return self._finished("licence", row, moment, unit, item)

    def _penalised(self, party: MassParty, place: int, words: PenaltyWords, dice: Dice, moment: Moment | None) -> Row:
        moment = moment or self.law.moment(dice, "penalty", self._late["penalty"])
        unit, day = party.home.enforcement, moment.decided_on
        fine = dice.of(words.fines) if words.fines else None
        confiscated = dice.of(words.confiscated) if words.confiscated else None
        content = words.content.format(fine=fine, confiscated=confiscated)
        facts = self._facts(party, words, day, dice)
        item = self.law.item("penalty", party.kind, unit.code, words.violation, day)
        revoked = words.revoked and words.revoked.format(certificate=numbers.twelve_digits(party.home.code, place))
        row = self._record("penalty", "简罚" if words.plain else "罚", party, place, moment, unit, item)
        row |= _national(party) | _both(violation=words.violation, basis=words.basis, content=content)
        row |= {
            "document_name": None,
            "valid_until": None,
            "facts": facts,
            "facts_public": self.law.masking.mask_text(facts, party.persons) if party.kind == PERSON else facts,
            "penalty_kinds": list(words.kinds),
            "fine_yuan": fine and Decimal(fine),
            "confiscated_yuan": confiscated and Decimal(confiscated),
            "revoked_certificate": revoked,
            "revoked_certificate_public": revoked,
            "file_disclosed_until": None,
            "severity_override": None,
            "severity_reason": None,
            "severity_reason_public": None,
        }
        row["severity"] = self.law.severity(row)
        return self._finished("penalty", row, moment, unit, item)

    def _act(self, party: MassParty, place: int, kind: str, words: ActWords, dice: Dice) -> Row:
        moment = self.law.moment(dice, kind, self._late["act"])
        unit, day = party.home.enforcement, moment.decided_on
        item = self.law.item(kind, party.kind, unit.code, "", day)
        result = dice.of(words.results) if words.results else None
        amount = dice.of(words.amounts) if words.amounts else None
        row = self._record("act", MARKS[kind], party, place, moment, unit, item)
        row |= _both(content=words.content.format(plate=self._plate(party, dice)), basis=words.basis, result=result)
        row |= {
            "kind": kind,
            "document_name": words.document,
            "valid_until": words.months and add_months(day, words.months) - _DAY,
            "category": words.category,
            "amount_yuan": amount and Decimal(amount),
        }
        return self._finished("act", row, moment, unit, item)

    def _record(
        self, table: str, mark: str, party: MassParty, place: int, moment: Moment, unit: Unit, item: Item
    ) -> Row:
        """What acts of all kinds share."""
        home, remark = party.home, self.words.remark
        number = party.serial(place)
        return {
            "id": identity(table, number),
            **party.keys(*PARTY_KEYS),
            "subject_name": party.name,
            "subject_name_public": party.name_public,
            "subject_kind": party.kind,
            "subject_uscc": party.uscc,
            "document_number": f"{home.words.document}{mark}〔{moment.decided_on.year}〕{number}号",
            "valid_from": moment.decided_on,
            "authority_name": home.bureau.name,
            "authority_uscc": home.bureau.uscc,
            "source_unit_name": unit.name,
            "source_unit_uscc": unit.uscc,
            "catalogue_edition": item.edition.id,
            "catalogue_item": item.id,
            "remark": remark,
            "remark_public": remark,
            **moment.columns(),
        }

    def _finished(self, table: str, row: Row, moment: Moment, unit: Unit, item: Item) -> Row:
        """Dates the row, then lets a few be taken down or disputed."""
        found = self.law.disclosure(table, row, moment.reported_on, item.scope)
        row |= self.law.columns(found, unit.code)
        dice = Dice(_FATE, row["id"].int)
        drawn = dice.below(_TEN_THOUSAND)
        for fate, share in self._fates.get(table, {}).items():
            drawn -= share
            if drawn >= 0:
                continue
            first = moment.reported_on if fate != "repaired" else found.earliest_repair_on
            day = first and max(first, moment.reported_on) + (1 + dice.below(_DAYS_TO_FATE)) * _DAY
            shown_until = min(self.law.until, found.disclosed_until or self.law.until)
            if day is not None and day < shown_until:
                row |= {"disputed_on": day} if fate == "disputed" else {"withdrawn_on": day, "withdrawal": fate}
            break
        return row

    def _facts(self, party: MassParty, words: PenaltyWords, day: date, dice: Dice) -> str:
        return words.facts.format(
            day=f"{day.year}年{day.month}月{day.day}日",
            plate=self._plate(party, dice),
            place=dice.of(self.words.places),
            station=dice.of(self.words.stations),
            mass=50 + dice.below(29),
            over=4 + dice.below(55),
            driver=party.driver,
        )

    def _plate(self, party: MassParty, dice: Dice) -> str:
        return numbers.plate(party.home.words.plate, _TEXT_PLATES + dice.below(_TEXT_PLATE_COUNT))

    def _certificate(self, party: MassParty, words: LicenceWords, dice: Dice) -> tuple[str | None, str | None]:
        """许可编号 and its public form: a qualification's number is the ID number itself."""
        if words.number == "person":
            card = party.id_card
            return card, card and self.law.masking.mask_certificate(card)
        if words.number == "none":
            return None, None
        number = numbers.twelve_digits(party.home.code, dice.below(500_000))
        if words.number != "twelve":
            number = f"{party.home.words.document[0]}交运管许可{words.word}字{number}号"
        return number, number


def overloads(party: MassParty) -> bool:
    """Tells whether a firm or a driver is one of those that overload again and again."""
    if party.kind == ENTERPRISE:
        return is_heavy(party.number)
    return party.kind == PERSON and party.number % _HEAVY_DRIVERS == 2


def _national(party: MassParty) -> Row:
    """The identity columns of the two national tables."""
    return {
        "subject_registration_number": None,
        "subject_organisation_code": None,
        "subject_tax_number": None,
        "subject_institution_number": None,
        "subject_society_number": None,
        "legal_representative": party.head,
        "legal_representative_public": party.head_public,
        "legal_representative_certificate_type": None,
        "legal_representative_certificate_number": None,
        **certificate(party),
    }


def _both(**texts: str | None) -> Row:
    """Texts that name nobody, with their public forms: the same."""
    return {column: text for name, text in texts.items() for column, text in ((name, text), (f"{name}_public", text))}
