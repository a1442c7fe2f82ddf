"""Reading of the two national tables: every cell is in a row or in a note, and no file can hurt the server.

The files are made here, by the programs clerks use or byte by byte; persons and firms are invented.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gc
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from server.imports import reader as reader_module
from server.imports.body import Batch
from server.imports.fields import header_key, table, tables
from server.imports.headers import recognise, score
from server.imports.limits import LIMITS
from server.imports.reader import Reading, aread_table, read_table
from server.imports.refusals import Refused
from server.imports.report import Report
from server.imports.rows import (
    Damage,
    Item,
    Kind,
    Level,
    RawRow,
    SheetNote,
    SheetStart,
    Spoilt,
    is_spoilt_number,
    number_text,
)
from server.imports.sheets import read_sheet
from server.imports.source import Source
from server.imports.verdict import Fault, RowResult, Verdict
from server.imports.workbook import write_workbook
from server.records.models import Licence, Penalty

PENALTY_NAMES = [field.name for field in table(Kind.PENALTY).national]
LICENCE_NAMES = [field.name for field in table(Kind.LICENCE).national]
PENALTY = {
    "CF_XDR_MC": "示例运输有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": "91350100M000100Y43",
    "CF_FRDB": "张三",
    "CF_WSH": "示交罚〔2024〕1号",
    "CF_WFXW": "超限运输",
    "CF_SY": "车货总重超过限定标准",
    "CF_YJ": "《公路法》第七十六条",
    "CF_CFLB": "罚款",
    "CF_NR": "罚款2000元",
    "CF_NR_FK": 0.2,
    "CF_JDRQ": "2024/05/06",
    "CF_YXQ": "2099/12/31",
    "CF_CFJG": "示例县交通运输局",
    "CF_CFJGDM": "11230500001755309F",
    "CF_SJLY": "示例县交通运输局",
    "CF_SJLYDM": "11230500001755309F",
}
LICENCE = {
    "XK_XDR_MC": "示例客运有限公司",
    "XK_XDR_LB": "法人及非法人组织",
    "XK_XDR_SHXYM": "91350100M000100Y43",
    "XK_XKWS": "道路旅客运输经营许可决定书",
    "XK_WSH": "示交许〔2024〕7号",
    "XK_XKLB": "普通",
    "XK_NR": "县际班车客运",
    "XK_JDRQ": "2024/05/06",
    "XK_YXQZ": "2024/05/06",
    "XK_YXQZI": "2028/05/05",
    "XK_XKJG": "示例县交通运输局",
    "XK_XKJGDM": "11230500001755309F",
    "XK_ZT": "1",
    "XK_LYDW": "示例县交通运输局",
    "XK_LYDWDM": "11230500001755309F",
}


@pytest.fixture(autouse=True)
def no_trace(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test does, no process and no temporary file may be left."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert children() == []
    assert list(folder.iterdir()) == []


Grid = Sequence[Sequence[Any]]


def row_of(kind: Kind, **changes: Any) -> list[Any]:
    """One row in the national order; a change to None blanks the cell."""
    cells = {**(PENALTY if kind is Kind.PENALTY else LICENCE), **changes}
    return [cells.get(field.code) for field in table(kind).national]


def penalties(count: int = 2) -> list[list[Any]]:
    return [row_of(Kind.PENALTY, CF_WSH=f"示交罚〔2024〕{number}号") for number in range(1, count + 1)]


def xlsx(path: Path, sheets: dict[str, Grid], prepare: Callable[[Any, dict[str, Any]], None] | None = None) -> Path:
    """Writes a workbook as Excel would: texts, numbers, dates with a date format."""
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "nan_inf_to_errors": True}) as book:
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        made = {}
        for name, rows in sheets.items():
            sheet = made[name] = book.add_worksheet(name)
            for position, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(position, column, value, day)
                    elif isinstance(value, str):
                        sheet.write_string(position, column, value)
                    elif value is not None:
                        sheet.write(position, column, value)
        if prepare:
            prepare(book, made)
    return path


def items_of(path: Path, **limits: Any) -> list[Item]:
    return list(read_table(path, limits=replace(LIMITS, **limits)))


def rows_of(items: Iterable[Item]) -> list[RawRow]:
    return [row for item in items if isinstance(item, list) for row in item]


def notes_of(items: Iterable[Item]) -> dict[str, SheetNote]:
    return {item.rule: item for item in items if isinstance(item, SheetNote)}


def starts_of(items: Iterable[Item]) -> list[SheetStart]:
    return [item for item in items if isinstance(item, SheetStart)]


def refusal_of(path: Path, **limits: Any) -> Refused:
    """Reads a file that must be refused with words that name no folder; ``no_trace`` sees that nothing is left."""
    with pytest.raises(Refused) as caught:
        items_of(path, **limits)
    assert str(path.parent) not in caught.value.message
    return caught.value


def children() -> list[str]:
    """Reading processes of this test run, zombies too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                name, _, rest = (entry / "stat").read_text("utf-8", "replace").rpartition(")")
                state, parent = rest.split()[:2]
                command = (entry / "cmdline").read_text("utf-8", "replace")
                if int(parent) == os.getpid() and (state == "Z" or "imports.child" in command):
                    found.append(f"{name}) {state} {command}")
    return found


# The tables as data


def test_the_two_tables_have_their_28_and_30_columns_and_fit_the_models() -> None:
    """A column that maps to no column of the database would be read and lost."""
    for each, model, count in ((table("licence"), Licence, 28), (table("penalty"), Penalty, 30)):
        assert len(each.national) == count
        assert len({field.code for field in each.fields}) == len(each.fields)
        assert len({header_key(field.name) for field in each.national}) == count
        targets = [field.target for field in each.fields if field.target]
        assert set(targets) <= set(model._meta.fields_map)
        assert len(targets) == len(set(targets))
        assert all(field.target for field in each.national)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("by", ["name", "code"])
def test_todays_list_is_recognised_by_names_and_by_codes(kind: Kind, by: str) -> None:
    """The whole import rests on this."""
    headers = [getattr(field, by) for field in table(kind).national]
    header = recognise(kind, headers)
    assert score(headers)[2] is kind
    assert [header.columns[place] for place in range(len(headers))] == [f.code for f in table(kind).national]
    assert (header.edition, header.unknown, header.remarks) == (2020, {}, [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("*行政相对人代码_1\n（统一社会信用代码）", "CF_XDR_SHXYM"),
        ("行政相对人代码-1 (统一社会信用代码)", "CF_XDR_SHXYM"),
        ("　行政相对人名称　", "CF_XDR_MC"),
        ("1.行政相对人名称*", "CF_XDR_MC"),
        ("（3）处罚机关", "CF_CFJG"),
        ("证件号码(为自然人时，必填)", "CF_XDR_ZJHM"),
        ("法定代表人（为法人和其他组织时，必填）", "CF_FRDB"),
        ("处罚决定日期(YYYY/MM/DD)", "CF_JDRQ"),
        ("罚款金额（万元）", "CF_NR_FK"),
        ("没收违法所得、没收非法财物的金额（万元）", "CF_NR_WFFF"),
        ("ｃｆ＿ｗｓｈ", "CF_WSH"),
        ("处罚事由", "CF_SY"),
        ("公示期限", "CF_GSJZQ"),
    ],
)
def test_headers_as_bureaus_write_them_are_recognised(written: str, code: str) -> None:
    """Brackets, stars, line breaks, numbers and notes differ from bureau to bureau."""
    assert recognise(Kind.PENALTY, [written]).columns == {0: code}


def test_every_alias_leads_to_its_own_column() -> None:
    """An alias that two columns share in one edition could never be used."""
    for each in tables():
        for field in each.fields:
            for edition, aliases in field.aliases.items():
                marks = {"2016": ["处罚事由", "审批类别", "处罚结果", "项目名称"], "any": []}.get(
                    edition, ["法定代表人证件类型"]
                )
                for alias in aliases:
                    header = recognise(each.kind, [*marks, alias])
                    assert header.columns.get(len(marks)) == field.code, (field.code, alias)


def test_the_2016_list_of_penalties_is_read_with_what_it_says_in_other_columns(tmp_path: Path) -> None:
    """Old files come again; 行政相对人代码_2 meant another number then, and 处罚类别 were two columns."""
    headers = [
        "序号",
        "行政处罚决定书文号",
        "处罚名称",
        "处罚类别1",
        "处罚类别2",
        "处罚事由",
        "处罚依据",
        "行政相对人名称",
    ]
    headers += [
        "行政相对人代码_1 (统一社会信用代码)",
        "行政相对人代码_2",
        "行政相对人代码_3",
        "行政相对人代码_4 (税务登记号)",
    ]
    headers += ["行政相对人代码_5 (居民身份证号)", "法定代表人姓名", "处罚结果", "处罚决定日期", "处罚机关", "当前状态"]
    headers += ["地方编码", "数据更新时间戳", "备注", "公示期限"]
    row = [
        1,
        "罚〔2016〕1号",
        "超限案",
        "罚款",
        "警告",
        "超限",
        "公路法",
        "李四",
        "",
        "MA1B3N1N2",
        "",
        "",
        "990101199001010015",
        "",
    ]
    row += ["罚款", "2016/05/06", "示例局", "0", "150521", "2016/05/07", "", "2017/05/06"]
    items = items_of(xlsx(tmp_path / "2016.xlsx", {"处罚": [headers, row]}))
    (start,), (raw,) = starts_of(items), rows_of(items)
    assert start.edition == 2016
    assert raw.cells["CF_CFLB"] == "罚款;警告"
    assert "CF_CFLB1" not in raw.cells
    assert raw.cells["CF_XDR_ZZJG"] == "MA1B3N1N2"
    assert (raw.cells["CF_XDR_ZJHM"], raw.cells["CF_XDR_ZJLX"]) == ("990101199001010015", "身份证")
    assert (raw.cells["CF_WFXW"], raw.cells["CF_CFMC"], raw.cells["CF_ZT"]) == ("超限案", "超限案", "0")
    assert raw.cells["CF_SJLY"] == "示例局"
    assert {"CF_XDR_LB", "CF_YXQ", "CF_CFJGDM"} <= set(start.absent)
    assert "CF_WFXW" not in start.absent
    ignored = [note.message for note in items if isinstance(note, SheetNote) and note.rule == "IGNORED_COLUMN"]
    assert [text[:5] for text in ignored] == ["列“序号”", "列“地方编", "列“数据更"]
    assert notes_of(items)["FALLBACK"].level is Level.WARNING


def test_the_2016_list_of_licences_keeps_its_own_state_numbers() -> None:
    """0 meant valid in 2016, 1 does now: mixing them up would show a revoked licence."""
    codes = (
        "XK_WSH XK_XMMC XK_SPLB XK_NR XK_XDR XK_XDR_SHXYM XK_XDR_ZDM XK_XDR_GSDJ XK_XDR_SWDJ XK_XDR_SFZ XK_FR XK_JDRQ"
    )
    header = recognise(Kind.LICENCE, [*codes.split(), "XK_JZQ", "XK_XZJG", "XK_ZT", "DFBM", "SJC", "BZ"])
    found = list(header.columns.values())
    assert header.edition == 2016
    assert found[14] == "XK_ZT16"
    assert found[6:8] == ["XK_XDR_ZZJG", "XK_XDR_GSZC"]
    assert found[1:5] == ["XK_XKWS", "XK_XKLB", "XK_NR", "XK_XDR_MC"]


def test_the_2018_list_gives_the_type_its_number_column_implies(tmp_path: Path) -> None:
    """法定代表人身份证号 is a number whose type is in the header."""
    names = list(PENALTY_NAMES)
    names[9:11] = ["法定代表人身份证号"]
    rows = [row_of(Kind.PENALTY, CF_FR_ZJHM=number) for number in ("990101199001010015", None)]
    for row in rows:
        del row[9]
    items = items_of(xlsx(tmp_path / "2018.xlsx", {"处罚": [names, *rows]}))
    first, second = rows_of(items)
    assert (starts_of(items)[0].edition, starts_of(items)[0].absent) == (2018, ())
    assert first.cells["CF_FR_ZJLX"] == "身份证"
    assert "CF_FR_ZJLX" not in second.cells


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({19: "罚款金额（元）"}, "WRONG_UNIT"),
        ({29: "行政相对人名称"}, "COLUMN_TWICE"),
        ({29: "CF_XDR_MC"}, "COLUMN_TWICE"),
    ],
)
def test_a_sheet_whose_columns_cannot_be_trusted_is_not_read(tmp_path: Path, change: dict[int, str], rule: str) -> None:
    """2,000 yuan read as 2,000 万元, or one of two names taken at random, would go before the public."""
    names = [change.get(place, name) for place, name in enumerate(PENALTY_NAMES)]
    refusal = refusal_of(xlsx(tmp_path / "a.xlsx", {"处罚": [names, *penalties()]}))
    assert refusal.code == "NO_TABLE"
    header = recognise(Kind.PENALTY, names)
    assert [(remark.rule, remark.level) for remark in header.remarks] == [(rule, Level.FAULT)]
    assert header.remarks[0].message in refusal.message


# Where the table stands in a sheet


def test_titles_columns_in_any_order_notes_and_totals_are_told_from_records(tmp_path: Path) -> None:
    """This is what a bureau's file looks like; nothing of it may be dropped in silence."""
    order = [3, 0, 1, 2, *range(4, 30)]
    order.reverse()
    names = ["序号", *(PENALTY_NAMES[place] for place in order), "自编列", ""]
    data = [[n, *(row[place] for place in order), "自编", ""] for n, row in enumerate(penalties(3), 1)]
    data[1][-1] = "表外"
    grid = [
        ["示例县2024年5月行政处罚信息公示表"],
        ["填报单位：示例县交通运输局"],
        names,
        ["", *["必填"] * 30],
        data[0],
        [],
        data[1],
        names,
        data[2],
        [4],
        ["合  计", *[""] * 9, 0.6],
        ["填表人：王五", "", "审核人：赵六", "", "联系电话：13800000000"],
        ["备注：以上数据已核对"],
    ]
    items = items_of(xlsx(tmp_path / "a.xlsx", {"处罚": grid}))
    notes = notes_of(items)
    assert [(row.row_number, row.cells["CF_WSH"][-2:]) for row in rows_of(items)] == [
        (5, "1号"),
        (7, "2号"),
        (9, "3号"),
    ]
    assert rows_of(items)[0].cells == PENALTY | {"CF_WSH": "示交罚〔2024〕1号"}
    assert starts_of(items)[0].header_row == 3
    assert notes["TITLE_ROWS"].rows == (1, 2)
    assert notes["FORM_ROWS"].rows == (4, 8)
    assert notes["BLANK_ROWS"].rows == (6,)
    assert notes["OTHER_COLUMNS_ONLY"].rows == (10,)
    tails = [note.rows for note in items if isinstance(note, SheetNote) and note.rule == "TAIL_ROWS"]
    assert sorted(tails) == [(11,), (12,), (13,)]
    assert "3 个单元格未导入" in notes["UNKNOWN_COLUMN"].message
    assert "AG 列没有表头：1 个单元格" in notes["NO_HEADER"].message
    assert "13800000000" not in "".join(note.message for note in notes.values())


def test_a_record_that_starts_like_a_total_stays_a_record(tmp_path: Path) -> None:
    """A firm may be called 合计…; a row with a document number is always a record."""
    rows = [
        row_of(Kind.PENALTY, CF_XDR_MC=name)
        for name in ("合计", "备注：示例公司", "注册测绘有限公司", "负责人培训公司")
    ]
    items = items_of(xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *rows]}))
    assert [row.cells["CF_XDR_MC"] for row in rows_of(items)] == [
        "合计",
        "备注：示例公司",
        "注册测绘有限公司",
        "负责人培训公司",
    ]


def test_each_sheet_is_recognised_alone_and_others_are_passed_over_aloud(tmp_path: Path) -> None:
    """One workbook often holds both tables, a dictionary and a chart."""

    def prepare(book: Any, sheets: dict[str, Any]) -> None:
        sheets["旧数据"].hide()
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=处罚!$T$2:$T$3"})
        book.add_chartsheet("图").set_chart(chart)

    sheets = {
        "说明": [["本表由示例局填报"], ["备注", "序号"]],
        "许可": [LICENCE_NAMES, row_of(Kind.LICENCE)],
        "处罚": [PENALTY_NAMES, *penalties()],
        "旧数据": [PENALTY_NAMES, *penalties()],
        "空": [],
    }
    items = items_of(xlsx(tmp_path / "a.xlsx", sheets, prepare))
    assert [(start.sheet, start.kind) for start in starts_of(items)] == [("许可", Kind.LICENCE), ("处罚", Kind.PENALTY)]
    assert [(row.sheet, row.kind) for row in rows_of(items)] == [("许可", Kind.LICENCE), *[("处罚", Kind.PENALTY)] * 2]
    said = {(note.sheet, note.rule) for note in items if isinstance(note, SheetNote)}
    assert said == {
        ("说明", "NOT_A_TABLE"),
        ("旧数据", "SHEET_SKIPPED"),
        ("图", "SHEET_SKIPPED"),
        ("空", "SHEET_EMPTY"),
    }


def test_a_header_of_two_rows_with_merged_groups_is_one_header(tmp_path: Path) -> None:
    """行政相对人代码 over six columns, 许可机关 over name and code: common in printed forms."""
    upper = [
        "行政相对人名称",
        "行政相对人类别",
        "行政相对人代码",
        "",
        "",
        "行政许可决定文书号",
        "许可决定日期",
        "许可机关",
        "",
    ]
    lower = ["", "", "统一社会信用代码", "工商注册号", "组织机构代码", "", "", "许可机关名称", "统一社会信用代码"]
    data = [
        "示例公司",
        "法人及非法人组织",
        "91350100M000100Y43",
        "410403000012347",
        "",
        "许1号",
        "2024/5/6",
        "示例局",
        "11",
    ]

    def merge(book: Any, sheets: dict[str, Any]) -> None:
        sheet = sheets["许可"]
        sheet.merge_range(1, 2, 1, 4, "行政相对人代码")
        sheet.merge_range(1, 7, 1, 8, "许可机关")
        for column in (0, 1, 5, 6):
            sheet.merge_range(1, column, 2, column, upper[column])

    items = items_of(xlsx(tmp_path / "a.xlsx", {"许可": [["标题"], upper, lower, data]}, merge))
    (raw,) = rows_of(items)
    assert raw.cells == {
        "XK_XDR_MC": "示例公司",
        "XK_XDR_LB": "法人及非法人组织",
        "XK_XDR_SHXYM": "91350100M000100Y43",
        "XK_XDR_GSZC": "410403000012347",
        "XK_WSH": "许1号",
        "XK_JDRQ": "2024/5/6",
        "XK_XKJG": "示例局",
        "XK_XKJGDM": "11",
    }
    assert (raw.row_number, notes_of(items)["TITLE_ROWS"].rows) == (4, (1,))


def test_a_row_of_codes_below_the_names_is_part_of_the_form(tmp_path: Path) -> None:
    """The national template has both lines."""
    codes = [field.code for field in table(Kind.PENALTY).national]
    items = items_of(xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, codes, *penalties()]}))
    assert [row.row_number for row in rows_of(items)] == [3, 4]
    assert notes_of(items)["FORM_ROWS"].rows == (2,)


def test_a_table_that_starts_far_from_the_corner_keeps_excels_row_numbers(tmp_path: Path) -> None:
    """The clerk looks for row 9 in Excel, not in ours."""
    grid = [*[[]] * 6, ["", "", *PENALTY_NAMES], *[["", "", *row] for row in penalties()]]
    items = items_of(xlsx(tmp_path / "a.xlsx", {"处罚": grid}))
    assert [(row.row_number, row.cells["CF_NR_FK"]) for row in rows_of(items)] == [(8, 0.2), (9, 0.2)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_cell_is_lost_without_a_note(data: st.DataObject) -> None:
    """Whatever stands in a sheet is in a row, in a row that a note lists, or counted by a note on its column."""
    names = [*PENALTY_NAMES[:16], "序号", "自编", ""]
    cell = st.sampled_from(
        ["", "", "", "示例", "合计", "填表人：甲", "必填", " ", 3.0, date(2024, 5, 6), *PENALTY_NAMES[:4]]
    )
    rows = data.draw(st.lists(st.lists(cell, min_size=19, max_size=21), max_size=12))
    grid = [["标题"], names, [*row_of(Kind.PENALTY)[:16], 1], *rows]
    pieces = list(read_sheet(Source("表", len(grid), iter(list(enumerate(map(list, grid), 1))))))
    batches = [piece for piece in pieces if isinstance(piece, Batch)]
    notes = [piece for piece in pieces if isinstance(piece, SheetNote)]
    kept = {number for batch in batches for number in batch.numbers}
    listed = [n for note in notes if note.rule in ("BLANK_ROWS", "TAIL_ROWS", "FORM_ROWS") for n in note.rows]
    beside = [n for note in notes if note.rule == "OTHER_COLUMNS_ONLY" for n in note.rows]
    assert sorted([*kept, *listed, *beside]) == list(range(3, len(grid) + 1))
    in_rows = sum(value != "" for batch in batches for row in batch.rows for value in row)
    counted = [note.message for note in notes if note.rule in ("UNKNOWN_COLUMN", "IGNORED_COLUMN", "NO_HEADER")]
    in_notes = sum(int(text.split(" 个单元格")[0].rpartition("）")[2].rpartition("：")[2].strip()) for text in counted)
    there = sum(value != "" for number in {*kept, *beside} for value in grid[number - 1])
    assert in_rows + in_notes == there


# Values


def test_numbers_dates_and_spoilt_cells_arrive_as_what_they_are(tmp_path: Path) -> None:
    """An 18-digit number that Excel has rounded must never become somebody else's number."""
    grid = [
        PENALTY_NAMES,
        row_of(
            Kind.PENALTY,
            CF_XDR_ZJHM=990101199001010015.0,
            CF_FR_ZJHM="9.90101E+17",
            CF_XDR_GSZC=410403000012347.0,
            CF_NR="罚款 9.90101E+17",
            CF_NR_FK=0.1 + 0.2,
            CF_NR_WFFF=5,
            CF_JDRQ=datetime(2024, 5, 6),  # noqa: DTZ001 — Excel knows no zone
            CF_YXQ=45418,
            CF_GSJZQ=datetime(2024, 5, 6, 10, 30),  # noqa: DTZ001
            CF_WFXW=True,
        ),
    ]
    (row,) = rows_of(items_of(xlsx(tmp_path / "a.xlsx", {"处罚": grid})))
    assert row.cells["CF_XDR_ZJHM"] == Spoilt(Damage.DIGITS, "9.90101E+17")
    assert row.cells["CF_FR_ZJHM"] == Spoilt(Damage.SCIENTIFIC, "9.90101E+17")
    assert row.cells["CF_NR"] == "罚款 9.90101E+17"
    assert row.cells["CF_XDR_GSZC"] == 410403000012347
    assert type(row.cells["CF_XDR_GSZC"]) is int
    assert number_text(row.cells["CF_NR_FK"]) == "0.3"
    assert row.cells["CF_NR_WFFF"] == 5
    assert row.cells["CF_JDRQ"] == date(2024, 5, 6)
    assert type(row.cells["CF_JDRQ"]) is date
    assert row.cells["CF_YXQ"] == 45418
    assert row.cells["CF_GSJZQ"] == datetime(2024, 5, 6, 10, 30)  # noqa: DTZ001
    assert row.cells["CF_WFXW"] is True


@pytest.mark.parametrize(
    ("value", "spoilt"),
    [
        ("9.1E+17", True),
        ("9.1e17", True),
        ("91350100M000100Y43", False),
        (1e15, True),
        (999999999999999, False),
        (True, False),
    ],
)
def test_spoilt_numbers_are_known_by_their_digits(value: object, spoilt: bool) -> None:
    """Excel keeps 15 digits."""
    assert is_spoilt_number(value) is spoilt


def test_errors_and_formulas_without_a_result_are_not_blank(tmp_path: Path) -> None:
    """The reading library gives both as empty cells: a fine would vanish without a word."""

    def prepare(book: Any, sheets: dict[str, Any]) -> None:
        sheets["处罚"].write_formula(1, 19, "=1/0", None, "#DIV/0!")
        sheets["处罚"].write_formula(2, 19, "=0.1*2", None, 0.2)

    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(2)]}, prepare)
    first, second = rows_of(items_of(path))
    assert first.cells["CF_NR_FK"] == Spoilt(Damage.ERROR, "#DIV/0!")
    assert second.cells["CF_NR_FK"] == 0.2
    book = openpyxl.load_workbook(path)
    book["处罚"]["T3"] = "=0.1*2"
    book.save(path)
    assert rows_of(items_of(path))[1].cells["CF_NR_FK"] == Spoilt(Damage.ERROR, "公式无结果")


def test_cells_under_a_merged_cell_are_marked_not_blank(tmp_path: Path) -> None:
    """Clerks merge one firm's name over its rows; only the first row holds it."""

    def merge(book: Any, sheets: dict[str, Any]) -> None:
        sheets["处罚"].merge_range(1, 0, 2, 0, "示例运输有限公司")

    items = items_of(xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties()]}, merge))
    first, second = rows_of(items)
    assert first.cells["CF_XDR_MC"] == "示例运输有限公司"
    assert second.cells["CF_XDR_MC"] == Spoilt(Damage.MERGED, "示例运输有限公司")
    assert notes_of(items)["MERGED_CELLS"].rows == (3,)


@pytest.mark.parametrize("bad", ["示例\x00公司", "示例\x0b公司", "示例\ufffd公司", "示例\x85公司"])
def test_characters_no_text_may_hold_are_marked(tmp_path: Path, bad: str) -> None:
    """PostgreSQL refuses U+0000 for a whole batch; U+FFFD is the trace of an earlier wrong decoding."""
    grid = [PENALTY_NAMES, row_of(Kind.PENALTY, CF_XDR_MC=bad, CF_NR="第一行\n第二行\t\\u0000")]
    (row,) = rows_of(items_of(xlsx(tmp_path / "a.xlsx", {"处罚": grid})))
    assert row.cells["CF_XDR_MC"] == Spoilt(Damage.CHARACTERS, "示例公司")
    assert row.cells["CF_NR"] == "第一行\n第二行\t\\u0000"


def test_names_and_headers_hold_no_forbidden_characters(tmp_path: Path) -> None:
    """Notes go into the database: a header with U+0000 must not stop the whole import."""
    rows = [[*PENALTY_NAMES, "自\x00编"], [*penalties(1)[0], "x"]]
    items = items_of(xlsx(tmp_path / "a.xlsx", {"处罚": rows}))
    assert "“自编”" in notes_of(items)["UNKNOWN_COLUMN"].message
    assert len(rows_of(items)) == 1


# Text files and .xls


def write_csv(path: Path, grid: Grid, encoding: str = "utf-8", separator: str = ",") -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([["" if cell is None else cell for cell in row] for row in grid])
    path.write_bytes(text.getvalue().encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_text_tables_of_every_encoding_and_separator_are_read(tmp_path: Path, encoding: str, separator: str) -> None:
    """Excel in China writes GB18030, others UTF-8; a cell may hold the separator and a line break."""
    content = '罚款,2000;元\n\t并"警告"𠮷'
    grid = [["标题,一"], PENALTY_NAMES, [], row_of(Kind.PENALTY, CF_NR=content), ["合计"]]
    write_csv(tmp_path / "a.csv", grid, encoding, separator)
    items = items_of(tmp_path / "a.csv")
    (row,) = rows_of(items)
    assert row.cells == {**PENALTY, "CF_NR": content.replace("\n", "\n"), "CF_NR_FK": "0.2"}
    assert row.row_number == 4
    assert notes_of(items)["TAIL_ROWS"].rows == (5,)


def test_a_short_or_long_line_keeps_its_cells_in_place(tmp_path: Path) -> None:
    """Lines of .csv need not be equally long."""
    lines = [",".join(PENALTY_NAMES), "甲公司,法人及非法人组织", ",".join(["乙公司", *["x"] * 29, "多"])]
    (tmp_path / "a.csv").write_text("\n".join(lines), "utf-8")
    items = items_of(tmp_path / "a.csv")
    assert [len(row.cells) for row in rows_of(items)] == [2, 30]
    assert "AE 列没有表头：1 个" in notes_of(items)["NO_HEADER"].message


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("cut.csv", "行政相对人名称,处罚机关\n示例公司".encode()[:-1], "没有传完"),
        ("latin.csv", "行政相对人名称".encode("gb18030") + b"\n\xff\xff\n", "第 2 行"),
        ("bom.csv", b"\xef\xbb\xbf" + "行政相对人名称\n示例".encode("gb18030"), "乱码"),
        ("mixed.csv", "行政相对人名称\n示例运输\n".encode("gb18030") + "示例运输有限公司在此".encode(), "第 3 行"),
        ("quote.csv", (",".join(PENALTY_NAMES) + '\n"甲公司,x\n乙公司,y\n').encode(), "引号"),
        ("quotes.csv", (",".join(PENALTY_NAMES) + '\n"甲"公司,x\n').encode(), "引号"),
        ("empty.csv", b"", "0 字节"),
    ],
)
def test_a_text_that_is_not_whole_or_of_one_encoding_is_refused(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    """A wrong guess would garble names for good."""
    (tmp_path / name).write_bytes(content)
    refusal = refusal_of(tmp_path / name)
    assert refusal.code == "FILE_UNREADABLE"
    assert word in refusal.message


def xls(path: Path, grid: Grid) -> Path:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("处罚")
    for position, row in enumerate(grid):
        for column, value in enumerate(row):
            if value is not None:
                style = (
                    xlwt.easyxf(num_format_str="YYYY/MM/DD") if isinstance(value, date) else xlwt.Style.default_style
                )
                sheet.write(position, column, value, style)
    book.save(str(path))
    return path


def test_a_true_xls_is_read(tmp_path: Path) -> None:
    """Many bureaus still save the form of 1997."""
    grid = [PENALTY_NAMES, row_of(Kind.PENALTY, CF_JDRQ=date(2024, 5, 6), CF_XDR_ZJHM=990101199001010015.0)]
    (row,) = rows_of(items_of(xls(tmp_path / "a.xls", grid)))
    assert row.cells["CF_JDRQ"] == date(2024, 5, 6)
    assert row.cells["CF_XDR_ZJHM"] == Spoilt(Damage.DIGITS, "9.90101E+17")
    assert row.cells["CF_XDR_MC"] == PENALTY["CF_XDR_MC"]


@pytest.mark.parametrize("others", [0, 3000], ids=["small stream", "large stream"])
def test_errors_in_a_true_xls_are_not_blank(tmp_path: Path, others: int) -> None:
    """There, too, the reading library gives them as empty cells."""
    book = xlwt.Workbook(encoding="utf-8")
    for name in ("许可", "处罚"):
        sheet = book.add_sheet(name)
        for position, row in enumerate([PENALTY_NAMES, *penalties(2 + others * (name == "处罚"))]):
            for column, value in enumerate(row):
                if value is not None and (position, column) != (2, 20):
                    sheet.write(position, column, value)
    sheet.row(2).set_cell_error(20, 42)
    book.save(str(tmp_path / "a.xls"))
    rows = [row for row in rows_of(items_of(tmp_path / "a.xls")) if row.sheet == "处罚"]
    assert len(rows) == 2 + others
    spoilt = [(row.row_number, row.cells["CF_NR_WFFF"]) for row in rows if "CF_NR_WFFF" in row.cells]
    assert spoilt == [(3, Spoilt(Damage.ERROR, "#N/A"))]


def test_text_named_xls_is_read_and_said_so(tmp_path: Path) -> None:
    """Many systems export text under the name .xls."""
    write_csv(tmp_path / "a.xls", [PENALTY_NAMES, *penalties()], "gb18030", "\t")
    items = items_of(tmp_path / "a.xls")
    assert len(rows_of(items)) == 2
    assert notes_of(items)["HINT"].level is Level.WARNING


# Files that must be refused


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def crafted(path: Path, rows: bytes, dimension: bytes = b"", extra: dict[str, bytes] | None = None) -> Path:
    """A workbook written by hand, as an attacker would."""
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = b"http://schemas.openxmlformats.org/package/2006/relationships"
    book = b'<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>'
    link = b'<Relationships xmlns="%s"><Relationship Id="a" Type="%s/worksheet" Target="worksheets/s.xml"/></Relationships>'
    sheet = b'<worksheet xmlns="%s">%s<sheetData>%s</sheetData></worksheet>' % (main, dimension, rows)
    kind = b'<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    types = b'<Types xmlns="%s">' + kind + b'spreadsheetml.sheet.main+xml"/></Types>'
    root = b'<Relationships xmlns="%s"><Relationship Id="a" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    kinds = types % package.replace(b"relationships", b"content-types")
    extra = {"[Content_Types].xml": kinds, "_rels/.rels": root % (package, office), **(extra or {})}
    parts = {"xl/workbook.xml": book % (main, office), "xl/_rels/workbook.xml.rels": link % (package, office)}
    return zipped(path, {"xl/worksheets/s.xml": sheet, **parts, **extra})


def compound(path: Path, names: Sequence[str]) -> Path:
    """A compound file with streams of these names and nothing in them (what Excel makes of an encrypted workbook)."""
    header = bytearray(512)
    header[:8] = bytes.fromhex("D0CF11E0A1B11AE1")
    header[24:34] = b"\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00"
    header[44:52] = (1).to_bytes(4, "little") + (1).to_bytes(4, "little")
    header[76:512] = (0).to_bytes(4, "little") + b"\xff" * 432
    fat = b"\xfd\xff\xff\xff\xfe\xff\xff\xff" + b"\xff" * 504
    entries = b""
    for name in ("Root Entry", *names):
        text = name.encode("utf-16-le")
        entries += (
            text.ljust(64, b"\0") + (len(text) + 2).to_bytes(2, "little") + b"\x02\x01" + b"\xff" * 12 + b"\0" * 48
        )
    path.write_bytes(bytes(header) + fat + entries.ljust(512, b"\0"))
    return path


def encrypted_xls(path: Path) -> Path:
    """A true .xls whose WRITEACCESS record is made a FILEPASS record: what a reader sees of an encrypted one."""
    content = xls(path, [PENALTY_NAMES]).read_bytes()
    assert b"\x5c\x00\x70\x00" in content
    path.write_bytes(content.replace(b"\x5c\x00\x70\x00", b"\x2f\x00\x70\x00", 1))
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def damaged(path: Path) -> Path:
    """A whole archive whose sheet is not what its check sum says."""
    content = bytearray(xlsx(path, {"处罚": [PENALTY_NAMES, *penalties(500)]}).read_bytes())
    start = content.index(b"xl/worksheets/sheet1.xml") + 200
    content[start : start + 400] = bytes(400)
    path.write_bytes(content)
    return path


def inflated(path: Path) -> Path:
    """A workbook whose last part says that it unpacks to 3 GB."""
    content = bytearray(crafted(path, b"", extra={"xl/b": bytes(9)}).read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (3 << 30).to_bytes(4, "little")
    path.write_bytes(content)
    return path


REFUSED: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "pdf named xlsx": ("FILE_TYPE", lambda p: written(p / "a.xlsx", b"%PDF-1.7\n")),
    "picture named xls": ("FILE_TYPE", lambda p: written(p / "a.xls", b"\x89PNG\r\n\x1a\n" + bytes(99))),
    "photo named csv": ("FILE_TYPE", lambda p: written(p / "a.csv", b"\xff\xd8\xff\xe0" + bytes(99))),
    "word": ("FILE_TYPE", lambda p: zipped(p / "a.xlsx", {"word/document.xml": b"<w/>"})),
    "old word": ("FILE_TYPE", lambda p: compound(p / "a.xls", ["WordDocument"])),
    "open document": ("FILE_TYPE", lambda p: zipped(p / "a.xlsx", {"mimetype": b"x", "content.xml": b"<a/>"})),
    "binary workbook": ("FILE_TYPE", lambda p: zipped(p / "a.xlsx", {"xl/workbook.bin": b"x"})),
    "zip in zip": (
        "FILE_TYPE",
        lambda p: zipped(p / "a.xlsx", {"inner.zip": zipped(p / "i", {"a.xlsx": b"x"}).read_bytes()}),
    ),
    "rar": ("FILE_TYPE", lambda p: written(p / "a.xlsx", b"Rar!\x1a\x07\x00" + bytes(99))),
    "web page named xls": ("FILE_TYPE", lambda p: written(p / "a.xls", "<html><table><tr><td>行政相对人".encode())),
    "xml named xls": ("FILE_TYPE", lambda p: written(p / "a.xls", b'<?xml version="1.0"?><Workbook/>')),
    "random bytes": ("FILE_TYPE", lambda p: written(p / "a.xlsx", bytes(range(256)) * 40)),
    "encrypted xlsx": ("FILE_ENCRYPTED", lambda p: compound(p / "a.xlsx", ["EncryptionInfo", "EncryptedPackage"])),
    "encrypted xls": ("FILE_ENCRYPTED", lambda p: encrypted_xls(p / "a.xls")),
    "cut xlsx": ("FILE_UNREADABLE", lambda p: cut(xlsx(p / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties()]}), 0.6)),
    "cut xls": ("FILE_UNREADABLE", lambda p: cut(xls(p / "a.xls", [PENALTY_NAMES, *penalties(50)]), 0.3)),
    "damaged xlsx": ("FILE_UNREADABLE", lambda p: damaged(p / "a.xlsx")),
    "no workbook": ("FILE_UNREADABLE", lambda p: zipped(p / "a.xlsx", {"xl/other.xml": b"<a/>"})),
    "broken xml": ("FILE_UNREADABLE", lambda p: crafted(p / "a.xlsx", b'<row r="1"><c r="A1"')),
    "empty compound": ("NO_TABLE", lambda p: compound(p / "a.xls", ["Workbook"])),
    "far cell": (
        "FILE_TOO_LARGE",
        lambda p: crafted(p / "a.xlsx", b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>'),
    ),
    "many parts": ("FILE_TOO_LARGE", lambda p: crafted(p / "a.xlsx", b"", extra={f"x/{n}": b"" for n in range(2100)})),
    "bomb": ("FILE_TOO_LARGE", lambda p: inflated(p / "a.xlsx")),
    "no table": ("NO_TABLE", lambda p: xlsx(p / "a.xlsx", {"表": [["姓名", "电话"], ["甲", "1"]]})),
    "only empty sheets": ("NO_TABLE", lambda p: xlsx(p / "a.xlsx", {"表": []})),
    "header without a far dimension": (
        "NO_TABLE",
        lambda p: crafted(
            p / "a.xlsx", b'<row r="1"><c r="A1"><v>1</v></c></row>', b'<dimension ref="A1:XFD1048576"/>'
        ),
    ),
    "missing": ("FILE_UNREADABLE", lambda p: p / "none.xlsx"),
    "folder": ("FILE_UNREADABLE", lambda p: p),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(tmp_path: Path, name: str) -> None:
    """Whatever a clerk or a stranger sends: a sentence he can follow, no process, no file, no trace left."""
    code, make = REFUSED[name]
    refusal = refusal_of(make(tmp_path))
    assert refusal.code == code, refusal.message
    assert "请" in refusal.message
    assert refusal.status in (400, 413)


def test_millions_of_empty_cells_do_not_fill_the_memory(tmp_path: Path) -> None:
    """A column formatted to the last row is 1,048,576 empty cells: legal, and not a reason to refuse."""
    names = b"".join(
        b'<c r="%s1" t="inlineStr"><is><t>%s</t></is></c>' % (letter.encode(), name.encode())
        for letter, name in zip("ABCDEFGH", [*PENALTY_NAMES[:4], *PENALTY_NAMES[13:17]], strict=True)
    )
    empty = b"".join(b'<row r="%d"><c r="A%d" s="0"/></row>' % (n, n) for n in range(2, 400_000))
    items = items_of(crafted(tmp_path / "a.xlsx", b'<row r="1">' + names + b"</row>" + empty))
    assert len(starts_of(items)) == 1
    assert rows_of(items) == []


@pytest.mark.parametrize(
    ("limit", "code"),
    [({"rows": 3}, "FILE_TOO_LARGE"), ({"columns": 20}, "FILE_TOO_LARGE"), ({"file_bytes": 100}, "FILE_TOO_LARGE")],
)
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_bounds_are_refusals_not_silent_ends(tmp_path: Path, limit: dict[str, int], code: str, ending: str) -> None:
    """Half a file read as if it were whole would be the worst of all."""
    path = tmp_path / f"a.{ending}"
    grid = [PENALTY_NAMES, *penalties(9)]
    if ending == "xlsx":
        xlsx(path, {"处罚": grid})
    else:
        write_csv(path, grid)
    assert refusal_of(path, **limit).code == code


def test_the_child_dies_of_its_memory_limit_alone(tmp_path: Path) -> None:
    """A workbook of 20 MB of text does not fit into 80 MB: the child ends, the parent says why."""
    rows = [row_of(Kind.PENALTY, CF_SY=f"{number}{'长' * 3500}") for number in range(2000)]
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *rows]})
    refusal = refusal_of(path, memory_bytes=80 << 20)
    assert refusal.code == "FILE_TOO_LARGE"
    assert "内存" in refusal.message


def test_the_child_dies_of_its_time_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its own work nor our waiting may go on for ever."""
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(30)]})
    assert refusal_of(path, wait_seconds=0.01).code == "FILE_TIMEOUT"
    spinning = "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass"
    monkeypatch.setattr(reader_module, "child_command", lambda *_: [sys.executable, "-c", spinning])
    assert refusal_of(path).code == "FILE_TIMEOUT"


@pytest.mark.parametrize(
    ("end", "code"),
    [(signal.SIGKILL, "FILE_TOO_LARGE"), (signal.SIGSEGV, "FILE_UNREADABLE")],
    ids=["killed", "crashed"],
)
def test_a_child_that_ends_midway_is_a_refusal(tmp_path: Path, end: signal.Signals, code: str) -> None:
    """The system kills for memory, a library crashes: what was read so far stays read, the rest is refused."""
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(3000)]})
    with pytest.raises(Refused) as caught, Reading(path) as reading:
        for item in reading:
            if isinstance(item, list):
                os.kill(reading._child.pid, end)
                reading._child.wait()
    assert caught.value.code == code
    assert children() == []


@pytest.mark.parametrize(
    "script",
    [
        "import sys; sys.stdout.buffer.write(b'\\x00\\x00\\x00\\x05hello')",
        "import sys; sys.stdout.buffer.write(b'\\xff\\xff\\xff\\xffx')",
        "import sys; sys.stdout.buffer.write(b'\\x00\\x00\\x00\\x02[]')",
        'import sys; sys.stdout.buffer.write(b\'\\x00\\x00\\x00\\x0b{"t":"odd"}\')',
        'import sys; sys.stdout.buffer.write(b\'\\x00\\x00\\x00\\x0c{"t":"rows"}\')',
        "import sys; sys.exit(3)",
        "pass",
    ],
)
def test_a_child_that_says_nonsense_is_a_refusal(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file could take the child over; what it writes is data, not an order."""
    monkeypatch.setattr(reader_module, "child_command", lambda *_: [sys.executable, "-c", script])
    assert refusal_of(xlsx(tmp_path / "a.xlsx", {"处罚": []})).code == "FILE_UNREADABLE"


def test_the_child_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes the child over finds no password in its environment."""
    monkeypatch.setenv("XINTU_SECRET", "geheim")
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(50)]})
    with Reading(path) as reading:
        environment = Path(f"/proc/{reading._child.pid}/environ").read_bytes()
    assert b"XINTU" not in environment
    assert b"geheim" not in environment


def test_leaving_early_ends_the_child(tmp_path: Path) -> None:
    """A caller that fails midway must not leave a process behind."""
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(5000)]})
    items = read_table(path)
    next(items)
    assert len(children()) == 1
    items.close()  # type: ignore[attr-defined]
    assert children() == []


def test_the_parent_never_loads_the_reading_library() -> None:
    """One crafted file of 5 KB kills the process that has it."""
    script = "import sys, server.imports.reader, server.imports.workbook, server.imports.report\n"
    script += "sys.exit('python_calamine' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[1], check=False).returncode == 0
    assert not hasattr(reader_module, "python_calamine")


def test_a_large_file_passes_through_in_batches(tmp_path: Path) -> None:
    """20,000 rows: the server grows by a batch, not by the file."""
    path = tmp_path / "a.csv"
    write_csv(path, [PENALTY_NAMES, *penalties(20_000)])
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = largest = 0
    for item in read_table(path):
        if isinstance(item, list):
            count += len(item)
            largest = max(largest, len(item))
        elif isinstance(item, SheetStart):
            assert 20_000 <= item.rows_estimated <= 20_010
    assert (count, largest) == (20_000, 1000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10


# In the event loop


async def test_reading_in_the_event_loop_gives_the_same(tmp_path: Path) -> None:
    """The service runs in the loop and must not block it."""
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(1500)]})
    async with contextlib.aclosing(aread_table(path)) as items:  # type: ignore[type-var]
        found = [item async for item in items]
    assert found == items_of(path)


async def test_a_cancelled_reading_ends_its_child(tmp_path: Path) -> None:
    """A client that goes away during an upload must leave nothing running."""
    path = xlsx(tmp_path / "a.xlsx", {"处罚": [PENALTY_NAMES, *penalties(5000)]})
    started = asyncio.Event()

    async def read() -> None:
        async with contextlib.aclosing(aread_table(path)) as items:  # type: ignore[type-var]
            started.set()
            async for _ in items:
                await asyncio.sleep(0)

    task = asyncio.create_task(read())
    await started.wait()
    await asyncio.sleep(0.2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert children() == []


# What goes back


def rejected(**cells: Any) -> RowResult:
    values = {**PENALTY, **cells}
    faults = (
        Fault("CF_XDR_SHXYM", "R2", "校验位不符：请核对营业执照"),
        Fault("CF_NR_WFFF", "R7", "处罚类别含没收，金额未填：请填写"),
        Fault("CF_WFXW", "H1", "建议写规范名称", fatal=False),
        Fault(None, "NOT_IN_CATALOGUE", "不在目录内：请核对事项"),
    )
    return RowResult(Kind.PENALTY, "处罚", 17, "示交罚〔2024〕1号", Verdict.REJECTED, faults, values)


def test_the_returned_workbook_marks_faults_and_can_be_imported_again(tmp_path: Path) -> None:
    """The clerk corrects the marked cells and sends the same file: his other cells must come back unchanged."""
    cells = {
        "CF_NR": '=HYPERLINK("http://example.invalid")',
        "CF_SY": "+86、-1、@甲 _x0041_\n第二行",
        "CF_XDR_GSZC": "410403000012347",
        "CF_FR_ZJHM": "990101199001010015",
        "CF_XDR_ZJHM": Spoilt(Damage.DIGITS, "9.90101E+17"),
        "CF_JDRQ": date(2024, 5, 6),
        "CF_YJ": Spoilt(Damage.ERROR, "#N/A"),
    }
    licence = RowResult(Kind.LICENCE, "许可", 3, None, Verdict.REJECTED, (Fault("XK_ZT", "R13", "填 1 或 2"),), LICENCE)
    notes = [SheetNote("图", Level.IGNORED, "SHEET_SKIPPED", "工作表“图”是图表，未读取", (4, 5))]
    path = tmp_path / "back.xlsx"
    count = write_workbook(
        path, "五月.xlsx", [rejected(**cells), licence], notes, {Verdict.NEW: 8, Verdict.REJECTED: 2}
    )
    book = openpyxl.load_workbook(path)
    assert (count, book.sheetnames) == (2, ["导入结果", "行政处罚", "行政许可"])
    result = [[cell.value for cell in row] for row in book["导入结果"].iter_rows()]
    assert ["新增", "8", "行"] in result
    assert ["图", "已略过", "工作表“图”是图表，未读取（行：4、5）"] in result
    sheet = book["行政处罚"]
    place = {cell.value: cell.column_letter for cell in sheet[2]}
    bad = sheet[f"{place['行政相对人代码_1(统一社会信用代码)']}3"]
    missing = sheet[f"{place['没收违法所得、没收非法财物的金额(万元)']}3"]
    hint = sheet[f"{place['违法行为类型']}3"]
    good = sheet[f"{place['处罚内容']}3"]
    assert bad.fill.fgColor.rgb == missing.fill.fgColor.rgb == "FFFFC7CE"
    assert (hint.fill.fgColor.rgb, good.fill.patternType) == ("FFFFEB9C", None)
    assert "校验位不符" in bad.comment.text
    assert "【整行】不在目录内" in sheet["A3"].value
    assert (good.data_type, good.number_format) == ("s", "@")
    assert sheet.column_dimensions[place["处罚名称"]].hidden
    items = items_of(path)
    again, second = rows_of(items)
    expected = {**PENALTY, **cells, "CF_NR_FK": "0.2", "CF_JDRQ": "2024/05/06", "CF_YJ": "#N/A"}
    assert again.cells == expected | {"CF_XDR_ZJHM": Spoilt(Damage.SCIENTIFIC, "9.90101E+17")}
    assert second.cells == LICENCE
    assert {n.rule for n in items if isinstance(n, SheetNote)} == {"RESULT_SHEET", "TITLE_ROWS", "IGNORED_COLUMN"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_workbook_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half a workbook under the real name would look like a whole one."""

    def rows() -> Iterable[RowResult]:
        yield rejected()
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        write_workbook(tmp_path / "back.xlsx", "a", rows())
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_can_be_written_to_a_stream_and_cuts_what_excel_cannot_hold() -> None:
    """A download has no path; a cell of .csv may be longer than Excel's."""
    target = io.BytesIO()
    write_workbook(target, "a", [rejected(CF_NR="长" * 40_000, CF_CFMC="超限案")])
    sheet = openpyxl.load_workbook(target)["行政处罚"]
    place = {cell.value: cell.column_letter for cell in sheet[2]}
    assert len(sheet[f"{place['处罚内容']}3"].value) == 32_767
    assert "已截断" in sheet["A3"].value
    assert not sheet.column_dimensions[place["处罚名称"]].hidden


def test_the_report_is_one_masked_line_a_row() -> None:
    """It may end in a log: the clerk's own cells must not be in it."""
    stream = io.StringIO()
    report = Report(stream, "五月.xlsx")
    result = rejected(CF_XDR_ZJHM="990101199001010015")
    result.values_masked = {"CF_XDR_ZJHM": "990101********0015"}
    result.due_on, result.late_working_days = date(2024, 5, 15), 3
    report.add(SheetStart("处罚", Kind.PENALTY, 2020, 2, 10, ("CF_WSH",), ()))
    report.add(SheetNote("处罚", Level.WARNING, "UNKNOWN_COLUMN", "未识别的列", (1,)))
    report.add(result)
    report.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["type"] for line in lines] == ["file", "sheet", "note", "row", "totals"]
    row = lines[3]
    assert (row["file"], row["sheet"], row["row"], row["verdict"]) == ("五月.xlsx", "处罚", 17, "rejected")
    assert row["faults"][0] == {
        "column": "CF_XDR_SHXYM",
        "column_name": "行政相对人代码_1(统一社会信用代码)",
        "rule": "R2",
        "message": "校验位不符：请核对营业执照",
        "fatal": True,
    }
    assert (row["due_on"], row["late_working_days"]) == ("2024-05-15", 3)
    assert "990101199001010015" not in stream.getvalue()
    assert (lines[4]["rejected"], lines[4]["new"], lines[4]["failure"]) == (1, 0, None)
