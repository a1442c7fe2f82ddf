"""机关: a bureau's own agencies come in from one small table."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.disclosure.rules import Terms
from server.errors import Invalid
from server.subjects.agencies import AgencyCounts, import_agencies, read_agencies
from server.viewer import PUBLIC

HEADER = "机关代码,机关名称,统一社会信用代码,上级机关代码\n"
BUREAU = HEADER + "420106,武昌区交通运输局,,\n420106-01,武昌区交通运输执法大队,,420106\n"


async def put_in(database, text: str, encoding: str = "utf-8") -> AgencyCounts:
    """Imports a text as the command does."""
    return await import_agencies(database, Terms.load(), "命令行:测试", text.encode(encoding), "机关.csv")


async def test_a_bureau_starts_with_its_agency_table(database) -> None:
    """Anything a bureau does needs its agencies; they are public at once."""
    assert await put_in(database, BUREAU) == AgencyCounts(2, 0, 0)
    async with database.read(PUBLIC) as connection:
        rows = await connection.fetch("SELECT code, name, parent_id, id, lineage FROM agency ORDER BY code")
    assert [r["code"] for r in rows] == ["420106", "420106-01"]
    assert rows[1]["parent_id"] == rows[0]["id"]
    assert rows[1]["lineage"] == [rows[1]["id"], rows[0]["id"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_the_same_table_again_writes_nothing(database, encoding) -> None:
    """Repeating a command is harmless: not even a revision."""
    await put_in(database, BUREAU, encoding)
    revision = await database.as_owner("SELECT revision FROM journal.head")
    assert await put_in(database, BUREAU, encoding) == AgencyCounts(0, 0, 2)
    assert await database.as_owner("SELECT revision FROM journal.head") == revision


async def test_a_moved_agency_takes_its_units_along(database) -> None:
    """An officer's tree follows the parent column, for all that lies below."""
    await put_in(database, BUREAU + "420100,武汉市交通运输局,,\n")
    counts = await put_in(database, HEADER + "420106,武昌区交通运输局,,420100\n")
    assert counts == AgencyCounts(0, 2, 0)
    city = await database.as_owner("SELECT id FROM xintu.agency WHERE code = '420100'")
    lineage = await database.as_owner("SELECT lineage FROM xintu.agency WHERE code = '420106-01'")
    assert lineage[-1] == city
    assert len(lineage) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("编号,名\n1,2\n", "缺少列：机关代码、机关名称"),
        (HEADER + "武昌,武昌区交通运输局,,\n", "第 2 行"),
        (HEADER + "009999,某局,,\n", "GB/T 2260"),
        (HEADER + "420106,,,\n", "机关名称为空"),
        (HEADER + "420106,甲局,,\n420106,乙局,,\n", "出现了多次"),
        (HEADER + "420106,甲局,91110000600037341X,\n", "校验"),
        (HEADER + "420106,甲局,,999999\n", "上级 999999 不存在"),
        (HEADER + "420106,甲局,,420107\n420107,乙局,,420106\n", "绕成了一圈"),
    ],
)
async def test_a_faulty_table_is_refused_whole_with_row_and_remedy(database, text, words) -> None:
    """Half a tree would give half an officer's rights."""
    with pytest.raises(Invalid) as raised:
        await put_in(database, text)
    assert words in raised.value.message
    assert await database.as_owner("SELECT count(*) FROM xintu.agency") == 0


def test_a_file_that_is_no_text_is_refused() -> None:
    """An .xlsx given by mistake: the message says how to save it."""
    with pytest.raises(Invalid) as raised:
        read_agencies(b"PK\x03\x04\xff\xff\xfe", Path("机关.xlsx").name)
    assert "CSV UTF-8" in raised.value.message
