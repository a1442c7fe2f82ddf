"""工作日 tests: every deadline of the law hangs on these counts."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Invalid, WrongSetting
from server.workdays.calendar import load_calendar

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "cases/workdays.yaml").read_text("utf-8")
)
CALENDAR = load_calendar()


def _title(case: dict[str, Any]) -> str:
    return "-".join(str(value) for value in case.values() if isinstance(value, date))


@pytest.mark.parametrize("case", CASES["seven_workdays_after"], ids=_title)
def test_seven_workdays_end_on_the_day_of_the_law(case: dict[str, Any]) -> None:
    """Licences and penalties must be online within seven working days of the decision."""
    found = CALENDAR.add_workdays(case["decided_on"], 7)

    assert (found.day, found.provisional) == (case["deadline"], case.get("provisional", False))


@pytest.mark.parametrize("case", CASES["inclusive"], ids=_title)
def test_a_publicity_window_counts_its_first_day(case: dict[str, Any]) -> None:
    """Windows before effect count both ends, deadlines do not."""
    assert CALENDAR.inclusive_workdays(case["first"], case["last"]) == case["workdays"]


@pytest.mark.parametrize("case", CASES["late"], ids=_title)
def test_lateness_is_told_in_workdays(case: dict[str, Any]) -> None:
    """The bulletin of late reports (迟报) names units by these numbers."""
    assert CALENDAR.workdays_late(case["due"], case["reported"]) == case["workdays"]


@given(decided_on=st.dates(date(2021, 1, 1), date(2026, 11, 30)), workdays=st.integers(1, 15))
def test_a_deadline_is_a_workday_with_the_right_number_between(decided_on: date, workdays: int) -> None:
    """Counting there and back must agree on every day of the loaded years."""
    deadline = CALENDAR.add_workdays(decided_on, workdays)

    assert CALENDAR.is_workday(deadline.day)
    assert CALENDAR.inclusive_workdays(decided_on + timedelta(days=1), deadline.day) == workdays


def test_a_window_in_a_year_without_a_notice_is_refused() -> None:
    """A count that is only guessed must not look like a count."""
    with pytest.raises(Invalid, match="2027 年的放假安排尚未载入"):
        CALENDAR.inclusive_workdays(date(2026, 12, 30), date(2027, 1, 8))


def test_a_year_without_days_is_not_loaded() -> None:
    """The file of 2027 is there but empty until its notice appears."""
    assert sorted(CALENDAR.years) == [2021, 2022, 2023, 2024, 2025, 2026]


def test_no_deadline_is_zero_days_away() -> None:
    """Asking for it is a fault of the program."""
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.add_workdays(date(2026, 1, 5), 0)


def _write(rules_dir: Path, year: int, content: object) -> None:
    folder = rules_dir / "workdays" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{year}.json").write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def test_a_bureau_adds_a_year_by_a_file(tmp_path: Path) -> None:
    """The notice appears in November: the bureau must not wait for a new version of the program."""
    _write(tmp_path, 2027, {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]})

    found = load_calendar(tmp_path).add_workdays(date(2026, 12, 30), 7)

    assert (found.day, found.provisional) == (date(2027, 1, 11), False)


def test_a_bureau_replaces_a_year_by_a_file(tmp_path: Path) -> None:
    """A corrected notice replaces the whole year, not single days."""
    _write(tmp_path, 2026, {"year": 2026, "days": [{"date": "2026-06-15", "isOffDay": True}]})

    calendar = load_calendar(tmp_path)

    assert not calendar.is_workday(date(2026, 6, 15))
    assert calendar.is_workday(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "不是可读的 UTF-8 JSON"),
        ({"year": 2028, "days": []}, "应含 year（2027"),
        ({"year": 2027}, "days（列表）"),
        ({"year": 2027, "days": [{"date": "2027-02-30", "isOffDay": True}]}, "第 1 项应含 date"),
        ({"year": 2027, "days": [{"date": "2027-02-01", "isOffDay": "yes"}]}, "第 1 项的 isOffDay"),
        ({"year": 2027, "days": [{"date": "2027-02-01", "isOffDay": True}] * 2}, "第 2 项 2027-02-01 重复"),
    ],
)
def test_a_broken_calendar_file_is_refused_with_its_fault(tmp_path: Path, content: object, words: str) -> None:
    """A file read wrongly would move every deadline of a year."""
    _write(tmp_path, 2027, content)

    with pytest.raises(WrongSetting) as refusal:
        load_calendar(tmp_path)

    assert "2027.json" in refusal.value.message
    assert words in refusal.value.message
    assert str(tmp_path) not in refusal.value.message


def test_a_calendar_file_must_be_named_by_its_year(tmp_path: Path) -> None:
    """A file that nobody reads is worse than none."""
    _write(tmp_path, 2027, {"year": 2027, "days": []})
    (tmp_path / "workdays/data/2027-new.json").write_text("{}")

    with pytest.raises(WrongSetting, match=r"2027-new\.json 有误：文件名应为四位年份"):
        load_calendar(tmp_path)
