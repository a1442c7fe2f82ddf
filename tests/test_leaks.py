"""泄露 personal numbers, phones and names are planted in every text column, and looked for behind every door.

F014: what must never happen is that a person's number is shown. The file goes through the real import, then every view,
the page, the API and the log are read whole.
"""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from stdnum.cn.ric import calc_check_digit as id_digit
from stdnum.cn.uscc import calc_check_digit as uscc_digit

from server.disclosure.doors import TABLES
from server.disclosure.views import READING_DOORS
from server.imports.fields import Field, table
from server.imports.law import Rules
from server.imports.rows import Kind
from server.imports.service import import_file
from server.viewer import Door, Duty, Viewer
from tests import factory
from tests.factory import put, sample_write
from tests.support import TrialDatabase

BUREAU = "1199011700426000" + "1" + str(uscc_digit("1199011700426000" + "1"))
FIRM = "9199011700426000" + "2" + str(uscc_digit("9199011700426000" + "2"))
#: Invented: a region that never was, with right check digits (stdnum leaves the last character out); a phone.
NUMBER = "99010119900101123" + str(id_digit("99010119900101123" + "?"))
OTHER = "99010219900101001" + str(id_digit("99010219900101001" + "?"))
PHONE = "13900007777"
PERSON = "欧阳示例"
PLANTED = f"联系人电话{PHONE}，身份证{OTHER[:6]} {OTHER[6:14]} {OTHER[14:]}"
#: The forms in which a planted secret may come to light.
SECRETS = (NUMBER, OTHER, f"{OTHER[:6]} {OTHER[6:14]} {OTHER[14:]}", OTHER[6:14], NUMBER[6:14] + NUMBER[14:], PHONE)

COMMON = {
    "XDR_LB": "法人及非法人组织",
    "XDR_MC": "示例运输有限公司",
    "XDR_SHXYM": FIRM,
    "FRDB": "示例甲",
    "WSH": "",
}
PENALTY = {
    "CF_WFXW": "货运车辆超限运输",
    "CF_SY": "驾驶货车超限运输",
    "CF_YJ": "《中华人民共和国公路法》第七十六条",
    "CF_CFLB": "罚款",
    "CF_NR": "罚款人民币2000元",
    "CF_NR_FK": "0.2",
    "CF_JDRQ": "2026/6/8",
    "CF_YXQ": "2099/12/31",
    "CF_CFJG": "示例交通运输局",
    "CF_CFJGDM": BUREAU,
    "CF_SJLY": "示例交通运输局",
    "CF_SJLYDM": BUREAU,
}
LICENCE = {
    "XK_XKWS": "道路货物运输经营许可决定书",
    "XK_XKLB": "普通",
    "XK_XKZS": "道路运输经营许可证",
    "XK_XKBH": "990117000001",
    "XK_NR": "道路普通货物运输",
    "XK_JDRQ": "2026/6/8",
    "XK_YXQZ": "2026/6/8",
    "XK_YXQZI": "2030/6/7",
    "XK_XKJG": "示例交通运输局",
    "XK_XKJGDM": BUREAU,
    "XK_ZT": "1",
    "XK_LYDW": "示例交通运输局",
    "XK_LYDWDM": BUREAU,
}
BASE = {Kind.PENALTY: ("CF", PENALTY), Kind.LICENCE: ("XK", LICENCE)}


def good_row(kind: Kind, number: str) -> dict[str, str]:
    """A row that passes every check."""
    prefix, own = BASE[kind]
    return {f"{prefix}_{code}": value for code, value in COMMON.items()} | own | {f"{prefix}_WSH": number}


def natural_person_row(kind: Kind, number: str) -> dict[str, str]:
    """A row of a natural person whose name stands in every free text."""
    prefix, _ = BASE[kind]
    row = good_row(kind, number) | {f"{prefix}_XDR_LB": "自然人", f"{prefix}_XDR_MC": PERSON}
    row |= {f"{prefix}_XDR_SHXYM": "", f"{prefix}_FRDB": "", f"{prefix}_XDR_ZJLX": "身份证"}
    row |= {f"{prefix}_XDR_ZJHM": NUMBER}
    for field in _texts(kind):
        if field.type == "text":
            row[field.code] = f"{row.get(field.code, '')}{PERSON}，{PLANTED}"
    return row


def _texts(kind: Kind) -> list[Field]:
    return [f for f in table(kind).fields if f.type in ("string", "text") and not f.extra]


def planted_rows(kind: Kind) -> list[dict[str, str]]:
    """For each text column a row that is good but for what is planted in that column, in front and behind."""
    rows = [natural_person_row(kind, f"示例自然人〔2026〕{kind}号")]
    for n, field in enumerate(_texts(kind)):
        for m, text in enumerate((PLANTED, NUMBER)):
            row = good_row(kind, f"示例〔2026〕{n}{m}号")
            row[field.code] = text if m else f"{row.get(field.code, '')}{text}"
            rows.append(row)
    return rows


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    """The rows as a clerk's table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(code for row in rows for code in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / f"{uuid4()}.csv"
    path.write_text(text.getvalue(), "utf-8-sig")
    return path


async def all_cells(database: TrialDatabase, viewer: Viewer, without: set[tuple[str, str]]) -> list[tuple[str, Any]]:
    """Every value of every column of every view that a viewer can read, with the place where it stands."""
    found = []
    async with database.read(viewer) as connection:
        for each in TABLES:
            for row in await connection.fetch(f"SELECT * FROM {each.name}"):
                found += [(f"{each.name}.{k}", v) for k, v in row.items() if (each.name, k) not in without]
    return found


def leaks(cells: list[tuple[str, Any]], secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    """The cells in which a secret came to light, spaces or not."""
    found = []
    for place, value in cells:
        text = str(value)
        tight = text.replace(" ", "")
        found += [(place, text) for secret in secrets if secret in text or secret.replace(" ", "") in tight]
    return found


@pytest.mark.parametrize("kind", [Kind.PENALTY, Kind.LICENCE])
async def test_nothing_planted_in_any_text_column_comes_out_of_any_door(
    database, tmp_path, caplog, capfd, kind
) -> None:
    """Masked at write time, or sent back to the clerk: one of the two, for each column of both national tables."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency("990117", uscc=BUREAU, name="示例交通运输局"))
    clerk = Viewer(Door.AGENCY, "经办", agency=bureau["id"], duties=frozenset({Duty.CLERK}))
    rows = planted_rows(kind)
    with caplog.at_level(logging.DEBUG):
        result = await import_file(database, Rules.load(), clerk, written(tmp_path, rows), "双公示.csv")
    assert result.rows_total == len(rows)
    assert result.rows_new >= 5, "the plant must reach the store for this test to say anything"
    for door in READING_DOORS:
        # The correction queue repeats the clerk's own cells to his own agency: the one exception.
        cells = await all_cells(database, Viewer(door, "查", agency=bureau["id"]), {("correction", "cells")})
        assert len(cells) > 100
        assert leaks(cells, (*SECRETS, PERSON)) == [], door
    printed = capfd.readouterr()
    assert leaks([("log", caplog.text), ("out", printed.out), ("err", printed.err)], (*SECRETS, PERSON)) == []
    assert leaks([("batch", result)], SECRETS) == []


async def test_another_agency_never_sees_the_clerks_own_cells(database, tmp_path) -> None:
    """The exception holds for the own agency tree only."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency("990117", uscc=BUREAU, name="示例交通运输局"))
        other = await put(w, "agency", factory.agency("990118"))
    clerk = Viewer(Door.AGENCY, "经办", agency=bureau["id"], duties=frozenset({Duty.CLERK}))
    row = good_row(Kind.PENALTY, "") | {"CF_SY": PLANTED}
    await import_file(database, Rules.load(), clerk, written(tmp_path, [row]), "双公示.csv")
    own = await all_cells(database, clerk, set())
    assert leaks(own, SECRETS) != []
    assert leaks(await all_cells(database, Viewer(Door.AGENCY, "外局", agency=other["id"]), set()), SECRETS) == []
    for door in READING_DOORS:
        if door is not Door.AGENCY:
            assert leaks(await all_cells(database, Viewer(door), set()), SECRETS) == []
