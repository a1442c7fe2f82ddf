"""大规模示例的评价与名单 ratings drawn from distributions, under the standard ``sample`` alone, and entries of lists. Pure.

A drawn result has no points and no bases: nothing explains it, and so it stands under no real standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from server.disclosure.rules import add_months
from server.sample.dice import Dice, Shares, identity
from server.sample.mass_acts import HEAVY_COUNT, MassActs, overloads
from server.sample.mass_law import MassLaw
from server.sample.mass_names import is_heavy
from server.sample.mass_party import MassParty, fact_id, serial
from server.sample.mass_subjects import VEHICLE, MassVehicle
from server.sample.mass_words import mass_words
from server.sample.office import Row
from server.sample.ratings import RATED_KEYS
from server.sample.vocabulary import ListShape, vocabulary
from server.sample.world import ENTERPRISE, PERSON, Home

_YEAR = 12
_HUNDRED = 100
_DAY = timedelta(days=1)
#: What dice are thrown for.
_RATING, _LIST = 31, 32
#: Working days from the last decision's report to an entry.
_DAYS_TO_LIST = 10
#: A focus entry of a firm rests on so many penalties; a serious one on one.
_FOCUS_PENALTIES = 2
#: Measures of one entry have numbers of their own.
_MEASURES = 8


@dataclass(frozen=True, slots=True)
class _Listed:
    """Who is listed: ``keys`` are the subject columns, ``persons`` whom the reason names."""

    kind: str
    number: int
    keys: Row
    reason: str
    persons: tuple[str, ...]
    home: Home


class MassResults:
    """评价和名单 by subject."""

    def __init__(self, law: MassLaw, acts: MassActs) -> None:
        self.law = law
        self._acts = acts
        words = mass_words()
        self._rating = words.rating
        self._percent = words.listed_percent
        self._grades = {sector: Shares(dict(shares)) for sector, shares in words.rating.grades.items()}
        self._counts = {kind: Shares(dict(enumerate(weights))) for kind, weights in words.ratings.items()}
        self._shapes = {(shape.kind, shape.subject): shape for shape in vocabulary().lists}
        self._years = self._known_years()

    def _known_years(self) -> list[int]:
        """The last two years whose results are in force or were, the newest first."""
        newest = self.law.until.year
        years = (year for year in range(newest, newest - 3, -1) if self._effective(year) < self.law.until)
        return list(years)[:2]

    def _effective(self, year: int) -> date:
        return add_months(date(year + 1, 1, 1), self._rating.months_to_effect)

    def ratings(self, party: MassParty) -> list[Row]:
        """Gives the results of a subject, the newest first."""
        dice = Dice(_RATING, party.serial(0))
        count = self._counts[party.kind].draw(dice)
        return [self._result(party, place, year, dice) for place, year in enumerate(self._years[:count])]

    def _result(self, party: MassParty, place: int, year: int, dice: Dice) -> Row:
        effective = self._effective(year)
        row = party.keys(*RATED_KEYS) | {
            "id": identity("rating", party.serial(place)),
            "standard": self._rating.standard,
            "standard_version": self._rating.version,
            "period_from": date(year, 1, 1),
            "period_until": date(year, _YEAR, 31),
            "score": None,
            "grade": self._grades[party.sector].draw(dice),
            "effective_from": effective,
            "effective_until": add_months(effective, _YEAR),
        }
        return self.law.dated("rating", row, effective, party.home.bureau.code)

    def listed(self, party: MassParty, penalties: Sequence[Row], grade: str | None) -> dict[str, list[Row]]:
        """Gives the entries of a firm or person with their measures and evidence."""
        dice = Dice(_LIST, party.serial(0))
        kind = self._list_of(party, penalties, grade, dice)
        shape = kind and self._shapes.get((kind, party.kind))
        if not shape:
            return {}
        evidence = [row["id"] for row in penalties] if shape.evidence else []
        reported = max((row["reported_on"] for row in penalties), default=None) if shape.evidence else None
        reason = shape.reason.format(name=party.name, number=party.id_card)
        who = _Listed(party.kind, party.number, party.keys(*RATED_KEYS), reason, party.persons, party.home)
        return self._entry(who, shape, self._listed_on(reported, dice), evidence)

    def _list_of(self, party: MassParty, penalties: Sequence[Row], grade: str | None, dice: Dice) -> str | None:
        """The one list a subject stands on, if any."""
        if overloads(party):
            return "overload"
        drawn = dice.below(_HUNDRED)
        if party.kind == PERSON:
            return "focus" if drawn < self._percent["focus"] // 4 else None
        if not penalties:
            return "honest" if grade == "AAA" and drawn < self._percent["honest"] else None
        if drawn < self._percent["serious"]:
            return "serious"
        return "focus" if len(penalties) >= _FOCUS_PENALTIES and drawn < self._percent["focus"] else None

    def of_vehicle(self, vehicle: MassVehicle) -> dict[str, list[Row]]:
        """Gives the entry of a vehicle whose owner overloads again and again."""
        if vehicle.firm is None or not is_heavy(vehicle.firm):
            return {}
        shape = self._shapes["overload", VEHICLE]
        owner = serial(ENTERPRISE, vehicle.firm, 0)
        reported = self.law.workdays[self._acts.heavy_days(owner)[HEAVY_COUNT - 1]]
        evidence = [fact_id("penalty", ENTERPRISE, vehicle.firm, place) for place in range(HEAVY_COUNT)]
        keys = dict.fromkeys(RATED_KEYS) | {"vehicle_id": vehicle.id}
        reason = shape.reason.format(plate=vehicle.plate)
        who = _Listed(VEHICLE, vehicle.number, keys, reason, (), vehicle.home)
        return self._entry(who, shape, self._listed_on(reported, Dice(_LIST, owner)), evidence)

    def _listed_on(self, reported: date | None, dice: Dice) -> date:
        """Some working days after the last decision it rests on came in, or any day."""
        days = self.law.workdays
        if reported is None:
            return days[dice.below(len(days) - 1)]
        return days[min(days.index(reported) + _DAYS_TO_LIST, len(days) - 1)]

    def _entry(self, who: _Listed, shape: ListShape, listed_on: date, evidence: Sequence[UUID]) -> dict[str, list[Row]]:
        number, bureau = serial(who.kind, who.number, 0), who.home.bureau
        item = self.law.item(f"list.{shape.kind}", who.kind, bureau.code, "", listed_on)
        entry = identity("list_entry", number)
        row = who.keys | {
            "id": entry,
            "kind": shape.kind,
            "criterion": shape.criterion,
            "reason": who.reason,
            "reason_public": self.law.masking.mask_text(who.reason, who.persons),
            "batch": f"{listed_on.year}Q{(listed_on.month + 2) // 3}",
            "document_number": f"{who.home.words.document}认〔{listed_on.year}〕{number}号",
            "authority_name": bureau.name,
            "listed_on": listed_on,
            "listed_until": add_months(listed_on, shape.months),
            "catalogue_edition": item.edition.id,
            "catalogue_item": item.id,
        }
        found = [self.law.measure(code, who.kind, listed_on) for code in shape.measures]
        measures = [
            {
                "id": identity("list_measure", number * _MEASURES + place),
                "list_entry_id": entry,
                "measure_edition": measure.edition.id,
                "measure_item": measure.id,
            }
            for place, measure in enumerate(found)
            if measure is not None
        ]
        edges = [
            {
                "id": identity("list_evidence", number * _MEASURES + place),
                "list_entry_id": entry,
                "penalty_id": id_,
                "act_id": None,
            }
            for place, id_ in enumerate(evidence)
        ]
        dated = self.law.dated("list_entry", row, listed_on, bureau.code, item.scope)
        return {"list_entry": [dated], "list_measure": measures, "list_evidence": edges}
