"""示例评价 invented results of three standards, with points that sum to the score and edges to the penalties that counted.

Pure. Not the standards' rules: who has more penalties gets the lower grade, and the shares are those of a real city.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from server.disclosure.rules import add_months
from server.sample.decisions import Decision
from server.sample.office import Imported, Office
from server.sample.vocabulary import GradeShape, RatingShape
from server.sample.world import Party

_DAY = timedelta(days=1)
_YEAR_MONTHS = 12
RATED_KEYS = ("enterprise_id", "individual_business_id", "practitioner_id", "vehicle_id")


@dataclass(frozen=True, slots=True)
class Period:
    """评价周期 with the days between which its result is in force (half-open)."""

    first: date
    last: date
    effective_from: date
    effective_until: date


def plan_ratings(office: Office) -> dict[Party, str]:
    """Plans the results of the last two periods of every standard; gives the newest grade of each firm."""
    grades: dict[Party, str] = {}
    penalties = office.decisions.penalties_of()
    for shape in office.words.ratings:
        rated = _rated(office, shape)
        for period in periods(shape, office.timeline.first, office.timeline.until):
            for party, grade in _graded(shape, rated, penalties, period):
                _plan(office, shape, period, party, grade, penalties.get(party, []))
                grades[party] = grade.grade
    return grades


def _rated(office: Office, shape: RatingShape) -> list[Party]:
    if shape.people is not None:
        people: list[Party] = [p for p in office.world.people if p.registered and p.trade == shape.people]
        return people
    return [firm for firm in office.firms() if firm.sector in shape.sectors]


def periods(shape: RatingShape, first: date, until: date) -> list[Period]:
    """Gives the last two calendar years whose results took effect, and end or began in the sample's past."""
    found = []
    for year in range(first.year - 2, until.year + 1):
        start = date(year, 1, 1)
        after = add_months(start, _YEAR_MONTHS + shape.effective_months)
        effective = after + (shape.effective_days - 1) * _DAY
        ends = add_months(effective, _YEAR_MONTHS)
        if first < ends and effective <= until:
            found.append(Period(start, date(year, 12, 31), effective, ends))
    return found[-2:]


def _graded(
    shape: RatingShape, rated: Sequence[Party], penalties: dict[Party, list[Decision]], period: Period
) -> list[tuple[Party, GradeShape]]:
    """Deals the grades out from the worst record up; every grade once where there are enough to be rated."""
    known = {p: sum(d.round.day <= period.effective_from for d in penalties.get(p, [])) for p in rated}
    worst_first = sorted(rated, key=lambda p: -known[p])
    total = sum(grade.share for grade in shape.grades)
    dealt: list[GradeShape] = []
    for grade in reversed(shape.grades[1:]):
        wanted = max(1, len(rated) * grade.share // total)
        dealt += [grade] * min(wanted, max(0, len(rated) - 1 - len(dealt)))
    dealt += [shape.grades[0]] * (len(rated) - len(dealt))
    return list(zip(worst_first, dealt, strict=True))


def _plan(
    office: Office, shape: RatingShape, period: Period, party: Party, grade: GradeShape, penalties: Sequence[Decision]
) -> None:
    points = _points(office, shape, grade)
    day = max(office.timeline.first, period.effective_from)
    row = office.subject(party, *RATED_KEYS) | {
        "standard": shape.standard,
        "standard_version": shape.version,
        "period_from": period.first,
        "period_until": period.last,
        "score": Decimal(sum(given for _, given, _ in points)),
        "grade": grade.grade,
        "effective_from": period.effective_from,
        "effective_until": period.effective_until,
    }
    rating = office.plan(day, "rating", row, source=party.home.bureau.code)
    for position, (indicator, given, full) in enumerate(points, start=1):
        child = {"rating_id": rating, "indicator": indicator, "position": position}
        child |= {"points": Decimal(given), "full_points": Decimal(full)}
        office.plan_child(day, "rating_point", child)
    for decision in penalties:
        if decision.round.day <= day and period.first <= decision.decided_on <= period.last:
            basis = {"rating_id": rating, "licence_id": None, "act_id": None}
            office.plan_child(day, "rating_basis", basis | {"penalty_id": Imported("penalty", decision.key)})


def _points(office: Office, shape: RatingShape, grade: GradeShape) -> list[tuple[str, int, int]]:
    """Gives (indicator, points, full points) whose points sum to a score inside the grade's bounds."""
    random, step = office.random, shape.step
    score = random.randrange(grade.lowest, grade.highest + 1, step)
    bonus = 0
    if shape.bonus is not None:
        base = sum(full for _, full in shape.indicators)
        # A bonus never lifts a result out of its grade, and what lies above the base is bonus.
        bonus = max(score - base, random.choice(shape.bonus[2]) // step * step)
        bonus = min(bonus, score)
    if shape.mode == "deduct":
        lost = _spread(office, sum(full for _, full in shape.indicators) + bonus - score, shape)
        found = [(name, full - lost[name], full) for name, full in shape.indicators]
    else:
        taken = _spread(office, score, shape)
        found = [(name, taken[name], full) for name, full in shape.indicators]
    if shape.bonus is not None:
        found.append((shape.bonus[0], bonus, shape.bonus[1]))
    return found


def _spread(office: Office, total: int, shape: RatingShape) -> dict[str, int]:
    """Splits points over the indicators, none above its full points."""
    room = dict(shape.indicators)
    taken = dict.fromkeys(room, 0)
    while total > 0:
        open_ = [name for name in room if room[name] > taken[name]]
        name = office.random.choice(open_)
        most = min(total, room[name] - taken[name])
        part = min(most, shape.step * office.random.randint(1, max(1, most // shape.step)))
        taken[name] += part
        total -= part
    return taken
