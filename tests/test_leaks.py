"""泄露 personal numbers, phones and names are planted in every column, and looked for behind every door and in every trace.

F014: what must never happen is that a person's number is shown. The file goes through the real import, then every view,
the page, the API, the queue's messages, the batch, the journal, the report and the log are read whole.
"""

from __future__ import annotations

import csv
import html
import io
import json
import logging
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from stdnum.cn.ric import calc_check_digit as id_digit

from server.disclosure.doors import TABLES
from server.disclosure.views import READING_DOORS
from server.errors import CreditError
from server.imports.batches import BatchResult
from server.imports.fields import Field, table
from server.imports.law import Rules
from server.imports.report import Report
from server.imports.rows import Kind
from server.imports.service import import_file
from server.viewer import PUBLIC, Door, Duty, Viewer
from tests import factory, importing
from tests.factory import put, sample_write
from tests.serving import client_of
from tests.support import TrialDatabase

BUREAU, FIRM, SHOP = importing.BUREAU, importing.FIRM, importing.SHOP
#: Invented: regions that never were, with right check digits (stdnum leaves the last character out); a phone.
NUMBER = "99010119900101123" + str(id_digit("99010119900101123" + "?"))
OTHER = "99010219900101001" + str(id_digit("99010219900101001" + "?"))
PHONE = "13900007777"
PERSON, SECOND = "欧阳示例", "陈国强"
_WRITTEN = str.maketrans("0123456789", "〇一二三四五六七八九")
_OF_WRITTEN = str.maketrans("〇一二三四五六七八九陳國強歐陽", "0123456789陈国强欧阳")


def spelled(mark: str) -> str:
    """What is planted: a person pointed at, with his number and phone in parts."""
    number, phone = (OTHER[:6], OTHER[6:14], OTHER[14:]), (PHONE[:3], PHONE[3:7], PHONE[7:])
    return f"驾驶员{PERSON}（身份证{mark.join(number)}）电话{mark.join(phone)}"


#: The ways in which secrets are planted: with signs between, in Chinese numerals, short enough for narrow columns.
PLANTS = (
    *map(spelled, (" ", "/", "，", "、", "-", "：", "      ")),
    spelled("").translate(_WRITTEN),
    NUMBER,
    f"{NUMBER[:6]}/{NUMBER[6:14]}/{NUMBER[14:]}",
    f"{PERSON}{PHONE}",
    f"{PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}",
)
PLANTED = PLANTS[0]


def bare(text: str) -> str:
    """A text without signs and blanks, its digits and characters in one form: what a reader could put together."""
    return re.sub(r"[^\w*]|_", "", html.unescape(text).translate(_OF_WRITTEN))


#: In the bare form of a text none of these may stand; a masked number has its birth date covered.
NUMBERS = (NUMBER, OTHER, NUMBER[6:14] + NUMBER[14:], OTHER[6:14] + OTHER[14:], PHONE)
SECRETS = (*NUMBERS, PERSON, SECOND)

BASE = {Kind.PENALTY: ("CF", importing.PENALTY), Kind.LICENCE: ("XK", importing.LICENCE)}


def good_row(kind: Kind, number: str) -> dict[str, str]:
    """A row that passes every check."""
    prefix, own = BASE[kind]
    return own | {f"{prefix}_WSH": number}


def natural_person_row(kind: Kind, number: str) -> dict[str, str]:
    """A row of a natural person whose name stands in every free text."""
    prefix, _ = BASE[kind]
    row = good_row(kind, number) | {f"{prefix}_XDR_LB": "自然人", f"{prefix}_XDR_MC": PERSON}
    row |= {f"{prefix}_XDR_SHXYM": "", f"{prefix}_FRDB": "", f"{prefix}_XDR_ZJLX": "身份证"}
    row |= {f"{prefix}_XDR_ZJHM": NUMBER}
    return row | _in_prose(kind, row, f"{PERSON}，{PLANTED}")


def shop_row(kind: Kind, number: str, owners: str) -> dict[str, str]:
    """A row of an individual business named after its owner."""
    prefix, _ = BASE[kind]
    row = good_row(kind, number) | {f"{prefix}_XDR_LB": "个体工商户", f"{prefix}_XDR_MC": f"钢城区{PERSON}货运部"}
    row |= {f"{prefix}_XDR_SHXYM": SHOP, f"{prefix}_FRDB": owners}
    return row | _in_prose(kind, row, f"，经营者{PERSON}超限运输")


def _in_prose(kind: Kind, row: dict[str, str], text: str) -> dict[str, str]:
    return {f.code: f"{row.get(f.code, '')}{text}" for f in texts(kind)}


def texts(kind: Kind) -> list[Field]:
    """The columns of prose."""
    return [f for f in columns(kind) if f.type == "text"]


def columns(kind: Kind) -> list[Field]:
    """Every column of the national table: texts, lists of values, dates, money."""
    return [f for f in table(kind).fields if not f.extra]


def planted_rows(kind: Kind) -> list[dict[str, str]]:
    """For each column and each way of writing a row that is good but for what is planted in that column."""
    rows = [natural_person_row(kind, f"示例自然人〔2026〕{kind}号")]
    cells = (
        PERSON,
        f"{PERSON}、{SECOND}",
        f"{PERSON}（经营者）",
        f"经营者：{PERSON}",
        "歐陽示例",
        f"{SECOND}（原{PERSON}）",
    )
    rows += [shop_row(kind, f"示例店〔2026〕{n}号", owners) for n, owners in enumerate(cells)]
    # The former owner stays a person whoever owns the business now.
    rows.append(shop_row(kind, "示例店〔2026〕后号", SECOND) | {f"{BASE[kind][0]}_JDRQ": "2026/6/9"})
    for n, field in enumerate(columns(kind)):
        for m, text in enumerate(PLANTS):
            row = good_row(kind, f"示例〔2026〕{n}之{m}号")
            row[field.code] = text if m % 2 else f"{row.get(field.code, '')}{text}"
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


Cells = list[tuple[str, Any]]


async def all_cells(database: TrialDatabase, viewer: Viewer, without: set[tuple[str, str]]) -> Cells:
    """Every value of every column of every view that a viewer can read, with the place where it stands."""
    found = []
    async with database.read(viewer) as connection:
        for each in TABLES:
            for row in await connection.fetch(f"SELECT * FROM {each.name}"):
                found += [(f"{each.name}.{k}", v) for k, v in row.items() if (each.name, k) not in without]
    return found


async def traces(database: TrialDatabase) -> Cells:
    """What an import leaves beside the facts: the queue but for the clerk's cells, the batch, the journal."""
    found: Cells = []
    connection = await database.owner()
    try:
        for name in ("xintu.correction", "xintu.import_batch", "journal.transaction"):
            rows = await connection.fetch(f"SELECT * FROM {name}")
            assert rows, name
            found += [
                (f"{name}.{k}", v) for row in rows for k, v in row.items() if k not in ("cells", "hash", "previous")
            ]
    finally:
        await connection.close()
    return found


_QUERY = """query ($uscc: String!, $p: String, $l: String) { enterprise(uscc: $uscc) {
  name legalRepresentative
  penalties(first: 50, after: $p) { pageInfo { hasNextPage endCursor } edges { node { documentNumber documentName
    violation facts basis content penaltyKinds revokedCertificate authorityName } } }
  licences(first: 50, after: $l) { pageInfo { hasNextPage endCursor } edges { node { documentNumber documentName
    licenceKind certificateName certificateNumber content authorityName } } } } }"""


async def answers(database: TrialDatabase) -> Cells:
    """What the public gets of the firm through the real application: its page, turned over, and the API's answer."""
    found: Cells = []
    async with client_of(database) as client:
        address: str | None = f"/enterprise/{FIRM}"
        while address is not None and len(found) < 20:
            page = (await client.get(address)).text
            found.append((address, page))
            next_ = re.search(r'href="([^"]*(?:penalties|licences)=[^"]*)"[^>]*>[^<]*(?:下一页|后)', page)
            address = html.unescape(next_[1]) if next_ and not any(next_[1] == a for a, _ in found) else None
        variables: dict[str, Any] = {"uscc": FIRM}
        while variables:
            answer = (await client.post("/graphql", json={"query": _QUERY, "variables": variables})).json()
            assert "errors" not in answer, answer
            found.append(("/graphql", json.dumps(answer, ensure_ascii=False)))
            firm = answer["data"]["enterprise"]
            turns = {"p": firm["penalties"]["pageInfo"], "l": firm["licences"]["pageInfo"]}
            more = {k: t["endCursor"] for k, t in turns.items() if t["hasNextPage"]}
            variables = {"uscc": FIRM, **more} if more else {}
    return found


def leaks(cells: Cells, secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    """The cells in which a secret came to light, however it is written."""
    texts = {(place, str(value)) for place, value in cells}
    return sorted((place, text[:200]) for place, text in texts if any(secret in bare(text) for secret in secrets))


async def registered(database: TrialDatabase) -> Viewer:
    """The clerk of a bureau that is in store."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency("990117", uscc=BUREAU, name="示例交通运输局"))
    return Viewer(Door.AGENCY, "经办", agency=bureau["id"], duties=frozenset({Duty.CLERK}))


@pytest.mark.parametrize("kind", [Kind.PENALTY, Kind.LICENCE])
async def test_nothing_planted_in_any_column_comes_out_anywhere(
    database: TrialDatabase,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    kind: Kind,
) -> None:
    """Masked at write time, or sent back to the clerk: one of the two, for each column of both national tables."""
    clerk = await registered(database)
    rows, stream = planted_rows(kind), io.StringIO()
    report = Report(stream, "双公示.csv")

    def observe(items: Any) -> None:
        for item in items:
            report.add(item)

    with caplog.at_level(logging.DEBUG):
        file = written(tmp_path, rows)
        result = await import_file(database, Rules.load(), clerk, file, f"{PLANTS[1]}.csv", observe=observe)
        public = await answers(database)
    assert result.rows_total == len(rows)
    assert result.rows_new >= len(PLANTS) * 5, "the plant must reach the store for this test to say anything"
    assert sum(len(text) for _, text in public) > 20_000
    found = []
    for door in READING_DOORS:
        # The correction queue repeats the clerk's own cells to his own agency: the one exception.
        cells = await all_cells(database, Viewer(door, "查", agency=clerk.agency), {("correction", "cells")})
        assert len(cells) > 100
        found += [(door.value, *leak) for leak in leaks(cells, SECRETS)]
    printed = capfd.readouterr()
    said = [("log", caplog.text), ("out", printed.out), ("err", printed.err), ("batch", result)]
    said += [("report", line) for line in stream.getvalue().splitlines()]
    found += [("trace", *leak) for leak in leaks([*said, *public, *await traces(database)], SECRETS)]
    assert found == []


@pytest.mark.parametrize("plant", PLANTS)
async def test_a_file_that_breaks_off_tells_no_secret(database: TrialDatabase, tmp_path: Path, plant: str) -> None:
    """A header, a sheet or a file name with a person in it is repeated in notes and refusals."""
    clerk = await registered(database)
    row = good_row(Kind.PENALTY, plant) | {plant: plant}
    result: BatchResult | None = None
    said: Cells = []
    try:
        result = await import_file(database, Rules.load(), clerk, written(tmp_path, [row]), f"{plant}处罚.csv")
    except CreditError as refusal:
        said.append(("refusal", refusal.message))
    assert result is None or result.rows_total == 1
    assert leaks([*said, ("notes", result and result.notes), *await batches_and_journal(database)], SECRETS) == []


async def batches_and_journal(database: TrialDatabase) -> Cells:
    """File names, notes, failures and reasons in store."""
    told = "SELECT concat_ws(' | ', {}) FROM {}"
    batch = await database.as_owner(told.format("file_name, notes, failure", "xintu.import_batch"))
    journal = await database.as_owner(told.format("string_agg(reason, ' | ')", "journal.transaction"))
    return [("batches", batch), ("journal", journal)]


async def test_a_person_stays_covered_when_the_record_becomes_a_firms(database: TrialDatabase, tmp_path: Path) -> None:
    """A kind corrected from person to firm makes the record public: its prose still has the person in it."""
    clerk, rules = await registered(database), Rules.load()
    number = "示例〔2026〕1号"
    prose = {"CF_SY": f"{PERSON}超限运输"}
    firms = good_row(Kind.PENALTY, number) | prose
    # Word for word the same decision, or another subject under its number would be a slip of the number (R6).
    persons = natural_person_row(Kind.PENALTY, number) | {f.code: firms.get(f.code, "") for f in texts(Kind.PENALTY)}
    for row in (persons, firms, firms | {"CF_SY": f"{PERSON}又超限运输"}):
        result = await import_file(database, rules, clerk, written(tmp_path, [row]), "双公示.csv")
        assert result.rows_new + result.rows_changed == 1
        assert leaks(await all_cells(database, PUBLIC, set()), SECRETS) == []
    assert await database.fetch_text(PUBLIC, "SELECT facts FROM penalty") == "欧阳**又超限运输"


async def test_a_former_owner_stays_covered(database: TrialDatabase, tmp_path: Path) -> None:
    """The shop keeps his name on its sign, and the next file knows only the new owner."""
    clerk, rules = await registered(database), Rules.load()
    rows = [shop_row(Kind.PENALTY, f"示例〔2026〕{n}号", owner) for n, owner in enumerate((PERSON, SECOND, "王示例"))]
    for day, row in enumerate(rows, 8):
        row |= {"CF_JDRQ": f"2026/6/{day}", "CF_SY": f"原经营者{PERSON}转让"}
        await import_file(database, rules, clerk, written(tmp_path, [row]), "双公示.csv")
        assert leaks(await all_cells(database, PUBLIC, set()), SECRETS) == []
    assert (
        await database.fetch_text(PUBLIC, "SELECT name || owner_name FROM individual_business")
        == "钢城区欧阳**货运部王**"
    )
    again = await import_file(database, rules, clerk, written(tmp_path, rows), "双公示.csv")
    assert again.rows_unchanged == len(rows), "what is covered more is no change of the clerk's"


async def test_another_agency_never_sees_the_clerks_own_cells(database: TrialDatabase, tmp_path: Path) -> None:
    """The exception holds for the own agency tree only."""
    clerk = await registered(database)
    async with sample_write(database) as w:
        other = await put(w, "agency", factory.agency("990118"))
    row = good_row(Kind.PENALTY, "") | {"CF_SY": PLANTED}
    await import_file(database, Rules.load(), clerk, written(tmp_path, [row]), "双公示.csv")
    own = await all_cells(database, clerk, set())
    assert leaks(own, SECRETS) != []
    assert leaks(await all_cells(database, Viewer(Door.AGENCY, "外局", agency=other["id"]), set()), SECRETS) == []
    for door in READING_DOORS:
        if door is not Door.AGENCY:
            assert leaks(await all_cells(database, Viewer(door), set()), SECRETS) == []
