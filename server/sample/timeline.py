"""示例日程 the days on which the sample's past happens: when bureaus sent their tables and when offices wrote the rest.

Pure. The past is sixteen months, so that some penalties are shown, some have run out and both orders (58 and 36) apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle

from server.disclosure.rules import add_months
from server.sample.world import Home
from server.workdays.calendar import Calendar

MONTHS = 16
#: Each file costs a child process; so few keep ``make serve`` quick.
ROUNDS = 12
_DAY = timedelta(days=1)
#: After the last table there are days left for withdrawals.
_LAST_DAYS = 4


@dataclass(frozen=True, slots=True)
class Round:
    """一次报送: a bureau sends its tables on a day; ``edition`` is the list whose headers it uses."""

    number: int
    day: date
    home: Home
    edition: int


@dataclass(frozen=True)
class Timeline:
    """日程 from the first day to ``until``."""

    first: date
    until: date
    rounds: tuple[Round, ...]
    calendar: Calendar

    def of(self, home: Home) -> tuple[Round, ...]:
        """The rounds of a bureau."""
        return tuple(r for r in self.rounds if r.home is home)

    def workday(self, day: date) -> date:
        """The working day on or after ``day``, but not after the last day."""
        while not self.calendar.is_workday(day) and day < self.until:
            day += _DAY
        return min(day, self.until)

    def back(self, day: date, workdays: int) -> date:
        """The working day so many working days before ``day``."""
        while workdays:
            day -= _DAY
            workdays -= self.calendar.is_workday(day)
        return day

    def months(self) -> tuple[date, ...]:
        """One working day in each month of the past: on these the offices write."""
        days = (self.workday(add_months(self.first, n)) for n in range(1, MONTHS))
        return tuple(sorted({day for day in days if day <= self.until}))


def make_timeline(until: date, homes: tuple[Home, ...], calendar: Calendar) -> Timeline:
    """Gives the days of a past that ends on ``until``; the first bureau sends twice as often as the others."""
    empty = Timeline(add_months(until, -MONTHS), until, (), calendar)
    first = empty.workday(empty.first)
    last = empty.back(until, _LAST_DAYS)
    first_round = empty.workday(first + 10 * _DAY)
    others = cycle(homes[1:])
    rounds = []
    for n in range(ROUNDS):
        day = empty.workday(first_round + (last - first_round) * n // (ROUNDS - 1))
        home = homes[0] if n % 3 == 0 else next(others)
        rounds.append(Round(n, day, home, _edition(n)))
    return Timeline(first, until, tuple(rounds), calendar)


def _edition(n: int) -> int:
    """The last bureau to change still used the headers of 2016; some keep those of 2018."""
    if n == 1:
        return 2016
    return 2018 if n % 4 == 2 else 2020
