"""What tests of imports, corrections and records share: an invented bureau, its rows, a way to import them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import xlsxwriter
from stdnum.cn.ric import calc_check_digit as id_digit
from stdnum.cn.uscc import calc_check_digit as uscc_digit

from server.imports.batches import BatchResult
from server.imports.law import Rules
from server.imports.service import import_file
from server.journal.actions import Action
from server.journal.service import write
from server.viewer import PUBLIC, Door, Duty, Viewer
from tests import factory
from tests.support import TrialDatabase


def uscc(body: str) -> str:
    return body + str(uscc_digit(body))


def id_number(body: str) -> str:
    return body + str(id_digit(body + "0"))


BUREAU = uscc("11990117004260001")
BRIGADE = uscc("12990117004260002")
OTHER_BUREAU = uscc("11990118004260003")
FIRM = uscc("91990117MA0000001")
OTHER_FIRM = uscc("91990117MA0000002")
SHOP = uscc("92990117MA0000003")
#: Invented: a region that never was, a right check digit.
PERSON = id_number("99010119900101123")
PLACEHOLDER = "0" * 17 + "X"

PENALTY: dict[str, str] = {
    "CF_XDR_MC": "钢城示例运输有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": FIRM,
    "CF_FRDB": "示例甲",
    "CF_WSH": "示交罚〔2026〕1号",
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
    "BZ": "",
}
LICENCE: dict[str, str] = {
    "XK_XDR_MC": "钢城示例运输有限公司",
    "XK_XDR_LB": "法人及非法人组织",
    "XK_XDR_SHXYM": FIRM,
    "XK_FRDB": "示例甲",
    "XK_XKWS": "道路货物运输经营许可决定书",
    "XK_WSH": "示交许〔2026〕1号",
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
    "BZ": "",
}


@dataclass
class Bureau:
    """A database with two bureaus, a clerk of the first, and a way to import rows."""

    database: TrialDatabase
    rules: Rules
    agency: UUID
    brigade: UUID
    other: UUID
    folder: Path

    @property
    def clerk(self) -> Viewer:
        return self.officer(self.agency)

    def officer(self, agency: UUID | None, *duties: Duty) -> Viewer:
        return Viewer(Door.AGENCY, "经办甲", agency, duties=frozenset(duties or (Duty.CLERK,)))

    def file(self, rows: Sequence[Mapping[str, str]]) -> Path:
        """Gives a workbook with a sheet for each of the two tables, by column codes, all cells texts."""
        path = self.folder / f"{uuid4()}.xlsx"
        with xlsxwriter.Workbook(path) as book:
            for name, mark in (("行政许可", "XK_WSH"), ("行政处罚", "CF_WSH")):
                of_table = [row for row in rows if mark in row]
                if of_table:
                    sheet = book.add_worksheet(name)
                    columns = list(dict.fromkeys(code for row in of_table for code in row))
                    sheet.write_row(0, 0, columns)
                    for at, row in enumerate(of_table, 1):
                        for place, code in enumerate(columns):
                            sheet.write_string(at, place, row.get(code, ""))
        return path

    async def bring(self, *rows: Mapping[str, str], viewer: Viewer | None = None, **more: Any) -> BatchResult:
        return await import_file(
            self.database, self.rules, viewer or self.clerk, self.file(rows), "双公示.xlsx", **more
        )

    async def one(self, sql: str, *args: Any) -> Any:
        """Gives the first value of a query on the tables themselves."""
        connection = await self.database.owner()
        try:
            await connection.execute("SET search_path = xintu")
            return await connection.fetchval(f"SELECT {sql}", *args)
        finally:
            await connection.close()

    async def revision(self) -> int:
        return int(await self.one("revision FROM journal.head"))


async def open_bureau(database: TrialDatabase, folder: Path) -> Bureau:
    """Gives a bureau with a brigade below it, and another bureau beside."""
    own = factory.agency("990117", name="示例交通运输局", uscc=BUREAU)
    below = factory.agency("990117-01", own, name="示例执法大队", uscc=BRIGADE)
    other = factory.agency("990118", name="另一交通运输局", uscc=OTHER_BUREAU)
    async with write(database, "测试", Action.AGENCY_IMPORT, "登记示例机关") as w:
        for row in (own, below, other):
            await w.insert("agency", [row])
    return Bureau(database, _rules(), own["id"], below["id"], other["id"], folder)


@cache
def _rules() -> Rules:
    return Rules.load()


def shop(number: int, **changes: str) -> dict[str, str]:
    row = PENALTY | {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": SHOP, "CF_XDR_MC": "示例汽修部", "CF_FRDB": "欧阳示例"}
    return row | {"CF_WSH": f"示交罚〔2026〕{number}号"} | changes


def person(number: int, **changes: str) -> dict[str, str]:
    row = PENALTY | {"CF_XDR_MC": "张示例", "CF_XDR_LB": "自然人", "CF_XDR_SHXYM": "", "CF_FRDB": ""}
    row |= {"CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": PERSON, "CF_WSH": f"示交罚〔2026〕{number}号"}
    return row | changes


BAD = PENALTY | {"CF_XDR_SHXYM": "91990117MA000000IX", "CF_FRDB": ""}


async def public_penalties(bureau: Bureau) -> int:
    async with bureau.database.read(PUBLIC) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM penalty"))
