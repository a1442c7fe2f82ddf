"""待更正队列: rows that wait, and what a clerk does with them, on the real database."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import openpyxl
import pytest
import xlsxwriter

from server.errors import Conflict, Invalid, NotFound
from server.imports.corrections import correct_row, drop_correction, open_corrections, write_corrections
from server.imports.rows import SheetStart
from server.imports.service import import_file
from tests.importing import BAD, FIRM, PENALTY, PERSON, Bureau, open_bureau, person
from tests.support import TrialDatabase


@pytest.fixture
async def bureau(database: TrialDatabase, tmp_path: Path) -> Bureau:
    """A bureau of the test's own."""
    return await open_bureau(database, tmp_path)


async def _entry(bureau: Bureau) -> UUID:
    entry: UUID = await bureau.one("id FROM correction WHERE state = 'open'")
    return entry


async def test_a_bad_row_waits_once_and_is_settled_when_it_comes_in_good_order(bureau: Bureau) -> None:
    """The queue holds personal cells: an entry is one, and its cells go with its end."""
    await bureau.bring(BAD)
    again = await bureau.bring(BAD)
    assert again.rows_rejected == 1
    [waiting] = await open_corrections(bureau.database, bureau.clerk)
    assert {fault.rule for fault in waiting.faults if fault.fatal} == {"R2", "R4"}
    assert waiting.cells["CF_XDR_MC"] == "钢城示例运输有限公司"

    await bureau.bring(PENALTY)

    assert await open_corrections(bureau.database, bureau.clerk) == []
    assert await bureau.one("state FROM correction") == "settled"
    assert await bureau.one("cells FROM correction") is None


async def test_an_entry_without_a_number_is_settled_by_its_other_cells(bureau: Bureau) -> None:
    """A row whose 文号 was missing is known by everything else in it."""
    await bureau.bring(PENALTY | {"CF_WSH": ""})
    await bureau.bring(PENALTY | {"CF_WSH": "示交罚〔2026〕8号", "CF_SY": "另一件事"})
    assert len(await open_corrections(bureau.database, bureau.clerk)) == 1

    await bureau.bring(PENALTY)

    assert await open_corrections(bureau.database, bureau.clerk) == []


async def test_the_returned_workbook_holds_the_rows_that_wait(bureau: Bureau) -> None:
    """The clerk mends the rows in Excel and imports that file again."""
    await bureau.bring(BAD, PENALTY | {"CF_WSH": "示交罚〔2026〕9号", "CF_JDRQ": "2026/2/30"})
    path = bureau.folder / "退回.xlsx"

    assert await write_corrections(bureau.database, bureau.clerk, path) == 2

    again = await import_file(bureau.database, bureau.rules, bureau.clerk, path, "退回.xlsx")
    assert (again.rows_rejected, again.rows_new) == (2, 0)
    assert len(await open_corrections(bureau.database, bureau.clerk)) == 2, "the same two rows"


async def test_a_row_typed_anew_goes_in_once(bureau: Bureau) -> None:
    """correctRow: what is still wrong stays open with what was typed; the repeated key answers the same."""
    await bureau.bring(BAD)
    entry = await _entry(bureau)
    correct = (bureau.database, bureau.rules, bureau.clerk, entry)

    half = await correct_row(*correct, {"CF_FRDB": "示例甲"})
    assert half.record_id is None
    assert {fault.rule for fault in half.faults if fault.fatal} == {"R2"}
    done = await correct_row(*correct, {"CF_XDR_SHXYM": FIRM}, idempotency_key="c1")
    again = await correct_row(*correct, {"CF_XDR_SHXYM": FIRM}, idempotency_key="c1")

    assert done.record_id == again.record_id == await bureau.one("id FROM penalty")
    assert await bureau.one("cells FROM correction") is None
    assert await bureau.one("action FROM journal.transaction ORDER BY revision DESC LIMIT 1") == "records.correct"
    with pytest.raises(Conflict):
        await correct_row(*correct, {"CF_FRDB": "示例乙"})
    with pytest.raises(Invalid):
        await correct_row(*correct[:3], await _other_bad(bureau), {"XK_NR": "不是本表的列"})


async def _other_bad(bureau: Bureau) -> UUID:
    await bureau.bring(BAD | {"CF_WSH": "示交罚〔2026〕77号"})
    return await _entry(bureau)


async def test_a_repeated_key_answers_a_try_that_left_faults(bureau: Bureau) -> None:
    """A program that lost the answer gets the same one; the key for other cells is its mistake."""
    await bureau.bring(PENALTY | {"CF_CFLB": "x", "CF_NR_FK": ""})
    correct = (bureau.database, bureau.rules, bureau.clerk, await _entry(bureau))

    first = await correct_row(*correct, {"CF_CFLB": "罚款"}, idempotency_key="k")
    with pytest.raises(Conflict):
        await correct_row(*correct, {"CF_NR_FK": "0.2"}, idempotency_key="k")
    await correct_row(*correct, {"CF_NR_FK": "0.2"})
    again = await correct_row(*correct, {"CF_CFLB": "罚款"}, idempotency_key="k")

    assert first.record_id is again.record_id is None
    assert [fault.rule for fault in first.faults] == [fault.rule for fault in again.faults]


async def test_the_workbook_says_how_the_batch_ended_and_when_rows_are_due(bureau: Bureau) -> None:
    """The clerk sees in one file what went in, what was passed over, and how long he has for the rest."""
    result = await bureau.bring(PENALTY, BAD | {"CF_WSH": "示交罚〔2026〕5号", "CF_JDRQ": "2026/4/29", "CF_序": "9"})
    path = bureau.folder / "退回.xlsx"

    await write_corrections(bureau.database, bureau.clerk, path, batch_id=result.batch_id, rules=bureau.rules)

    book = openpyxl.load_workbook(path)
    told = {row[0]: row[1] for row in book["导入结果"].iter_rows(max_col=2, values_only=True)}
    assert (told["新增"], told["退回"]) == ("1", "1")
    assert any("CF_序" in str(row[2]) for row in book["导入结果"].iter_rows(max_col=3, values_only=True))
    heading, row = list(book["行政处罚"].iter_rows(min_row=2, max_col=2, values_only=True))
    assert (heading[1], row[1]) == ("应公示截止日", "2026/05/12 已迟24个工作日")


async def test_a_row_of_the_2016_list_is_mended_as_it_was_told(bureau: Bureau) -> None:
    """The older list has no column for what today's asks: neither the form nor the workbook may ask for it."""
    old = {
        "XK_WSH": "示交许〔2026〕1号",
        "XK_SPLB": "普通",
        "XK_NR": "道路普通货物运输经营许可",
        "XK_XDR": "钢城示例运输有限公司",
        "XK_XDR_SHXYM": FIRM,
        "XK_FR": "",
        "XK_JDRQ": "2026/6/8",
        "XK_JZQ": "2030/6/7",
        "XK_XZJG": "示例交通运输局",
        "XK_ZT": "0",
        "DFBM": "990117",
    }
    path, back = bureau.folder / "2016.xlsx", bureau.folder / "退回.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("行政许可")
        sheet.write_row(0, 0, list(old))
        sheet.write_row(1, 0, list(old.values()))
    heard: list[object] = []
    await import_file(bureau.database, bureau.rules, bureau.clerk, path, "2016.xlsx", observe=heard.extend)
    [start] = [item for item in heard if isinstance(item, SheetStart)]
    assert start.edition == 2016
    [waiting] = await open_corrections(bureau.database, bureau.clerk)
    assert {fault.rule for fault in waiting.faults if fault.fatal} == {"R4"}

    await write_corrections(bureau.database, bureau.clerk, back)
    again = await import_file(bureau.database, bureau.rules, bureau.clerk, back, "退回.xlsx")
    [still] = await open_corrections(bureau.database, bureau.clerk)
    entry = await _entry(bureau)
    done = await correct_row(bureau.database, bureau.rules, bureau.clerk, entry, {"XK_FRDB": "示例甲"})

    assert again.rows_rejected == 1
    assert {fault.rule for fault in still.faults if fault.fatal} == {"R4"}, "the same row with the same fault"
    assert done.record_id == await bureau.one("id FROM licence")


async def test_two_entries_typed_alike_become_one(bureau: Bureau) -> None:
    """The same bad row is one entry, also when a clerk types one entry into the form of another."""
    twin = BAD | {"CF_FRDB": "示例乙"}
    await bureau.bring(BAD)
    first = await _entry(bureau)
    await bureau.bring(twin)

    again = await correct_row(bureau.database, bureau.rules, bureau.clerk, first, {"CF_FRDB": "示例乙"})

    assert again.record_id is None
    assert len(await open_corrections(bureau.database, bureau.clerk)) == 1


async def test_a_spoilt_cell_stays_spoilt_until_it_is_typed_anew(bureau: Bureau) -> None:
    """The rounded number of a spoilt cell must not pass as typed text when another cell is corrected."""
    path = bureau.folder / "坏.xlsx"
    row = person(1, CF_NR_FK="")
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("行政处罚")
        sheet.write_row(0, 0, list(row))
        sheet.write_row(1, 0, list(row.values()))
        sheet.write_number(1, list(row).index("CF_XDR_ZJHM"), float(PERSON[:17] + "0"))
    await import_file(bureau.database, bureau.rules, bureau.clerk, path, "坏.xlsx")
    entry = await _entry(bureau)

    half = await correct_row(bureau.database, bureau.rules, bureau.clerk, entry, {"CF_NR_FK": "0.2"})
    assert {fault.rule for fault in half.faults if fault.fatal} == {"C4"}
    done = await correct_row(bureau.database, bureau.rules, bureau.clerk, entry, {"CF_XDR_ZJHM": PERSON})

    assert done.record_id is not None


async def test_an_entry_of_another_agency_is_as_unknown_as_none(bureau: Bureau) -> None:
    """The clerk's own cells are for his own agency alone, and their existence too."""
    await bureau.bring(BAD)
    entry = await _entry(bureau)
    stranger = bureau.officer(bureau.other)

    messages = set()
    for which in (entry, uuid4()):
        with pytest.raises(NotFound) as refused:
            await correct_row(bureau.database, bureau.rules, stranger, which, {"CF_FRDB": "示例甲"})
        messages.add(refused.value.message)
        with pytest.raises(NotFound):
            await drop_correction(bureau.database, stranger, which)

    assert len(messages) == 1
    await drop_correction(bureau.database, bureau.clerk, entry)
    assert await bureau.one("(state, cells IS NULL) FROM correction") == ("dropped", True)
