"""工作日历 counts working days from holiday files, one a year. Not for guessing: beyond its files a day is provisional.

``data/YYYY.json`` are holiday-cn's (see LICENSE there), each naming the notice it was read from; a bureau adds or
replaces a year by ``workdays/data/YYYY.json`` in its rules folder. A year without days is a year not loaded: its
notice appears in the November before. Counting: the day after the decision is day 1 (行政处罚法 art. 85 makes terms of
up to seven days working days); a publicity window counts its first day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from server.errors import Invalid, WrongSetting

_SHIPPED = Path(__file__).parent / "data"
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """期限 the last day of a term; ``provisional`` when a year was counted whose notice is not loaded."""

    day: date
    provisional: bool


class Calendar:
    """工作日历, pure: built from what the files say, it knows no clock.

    ``swapped`` tells for each day named by a notice whether it is worked; ``years`` are those loaded.
    """

    def __init__(self, swapped: Mapping[date, bool], years: frozenset[int]) -> None:
        self._swapped = dict(swapped)
        self.years = years

    def told(self) -> dict[str, bool]:
        """Gives what the notices say, day by day: from it a changed calendar is recognised."""
        return {day.isoformat(): worked for day, worked in sorted(self._swapped.items())}

    def is_workday(self, day: date) -> bool:
        """Tells whether the day is worked; in a year not loaded, whether it is Monday to Friday (see ``covers``)."""
        return self._swapped.get(day, day.weekday() < _SATURDAY)

    def covers(self, first: date, last: date) -> bool:
        """Tells whether every year between the two days is loaded, so that counts between them are exact."""
        return all(year in self.years for year in range(first.year, last.year + 1))

    def add_workdays(self, decided_on: date, workdays: int) -> Deadline:
        """Gives the day that is ``workdays`` working days after ``decided_on``, the next day being day 1.

        Raises ``ValueError`` for fewer than one: there is no such deadline.
        """
        if workdays < 1:
            raise ValueError("a deadline is at least one working day away")
        day = decided_on
        while workdays:
            day += _DAY
            workdays -= self.is_workday(day)
        return Deadline(day, provisional=not self.covers(decided_on + _DAY, day))

    def workdays_late(self, due: date, reported: date) -> int:
        """Gives how many working days after ``due`` the report came, 0 when it came in time.

        A report on a holiday after the deadline is late by the working days gone before it, but by one at least.
        """
        if reported <= due:
            return 0
        return max(1, self._count(due + _DAY, reported))

    def inclusive_workdays(self, first: date, last: date) -> int:
        """Gives the working days of a publicity window, both days counted; raises ``Invalid`` for a year not loaded."""
        if not self.covers(first, last):
            missing = [str(year) for year in range(first.year, last.year + 1) if year not in self.years]
            raise Invalid(
                f"{'、'.join(missing)} 年的放假安排尚未载入，不能准确计算工作日；请在规则目录补充该年的日历文件"
            )
        return self._count(first, last)

    def _count(self, first: date, last: date) -> int:
        return sum(self.is_workday(first + i * _DAY) for i in range((last - first).days + 1))


def load_calendar(rules_dir: Path | None = None) -> Calendar:
    """Gives the calendar of the shipped years, each replaced by the bureau's own file where it has one.

    Raises ``WrongSetting`` that names the file and what is wrong in it.
    """
    files = _files(_SHIPPED)
    if rules_dir is not None:
        files |= _files(rules_dir / "workdays" / "data")
    swapped: dict[date, bool] = {}
    years = set()
    for year, file in sorted(files.items()):
        days = _days_of(file, year)
        if days:
            years.add(year)
        swapped |= days
    return Calendar(swapped, frozenset(years))


def _files(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    files = {}
    for file in folder.glob("*.json"):
        if not (file.stem.isascii() and file.stem.isdigit() and len(file.stem) == 4):
            raise _fault(file, "文件名应为四位年份，如 2027.json")
        files[int(file.stem)] = file
    return files


def _days_of(file: Path, year: int) -> dict[date, bool]:
    """Gives day → worked for the days that one file names."""
    try:
        content = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise _fault(file, "不是可读的 UTF-8 JSON 文件") from fault
    if not isinstance(content, dict) or content.get("year") != year or not isinstance(content.get("days"), list):
        raise _fault(file, f"应含 year（{year}，与文件名一致）和 days（列表）")
    days: dict[date, bool] = {}
    for number, entry in enumerate(content["days"], 1):
        day, worked = _day_of(file, number, entry)
        if day in days:
            raise _fault(file, f"第 {number} 项 {day} 重复")
        days[day] = worked
    return days


def _day_of(file: Path, number: int, entry: Any) -> tuple[date, bool]:
    try:
        day, off = date.fromisoformat(entry["date"]), entry["isOffDay"]
    except (KeyError, TypeError, ValueError):
        raise _fault(file, f"第 {number} 项应含 date（YYYY-MM-DD）和 isOffDay（true 或 false）") from None
    if not isinstance(off, bool):
        raise _fault(file, f"第 {number} 项的 isOffDay 应为 true（放假）或 false（调休上班）")
    return day, not off


def _fault(file: Path, what: str) -> WrongSetting:
    return WrongSetting(f"工作日历文件 {file.name} 有误：{what}")
