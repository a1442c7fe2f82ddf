"""导入机关 which agency an import is for. Not for whose a single row is: see ``agencies``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import asyncpg

from server.disclosure.views import standing
from server.errors import Forbidden, Invalid, NotFound
from server.imports.agencies import Agency
from server.imports.rows import Item, Kind, RawRow
from server.viewer import Viewer


async def load_agencies(connection: asyncpg.Connection) -> list[Agency]:
    """Gives the agencies known here."""
    rows = await connection.fetch(f"SELECT id, code, name, uscc, lineage FROM agency a WHERE {standing('a')}")
    return [Agency(row["id"], row["code"], row["name"], row["uscc"], tuple(row["lineage"])) for row in rows]


def choose_agency(agencies: Sequence[Agency], viewer: Viewer, code: str | None) -> Agency | None:
    """Gives the agency that imports; None when the local operator leaves it to the file."""
    if code is None:
        if viewer.agency is None:
            return None
        for agency in agencies:
            if agency.id == viewer.agency:
                return agency
        raise Forbidden("您所属的机关已撤销或不在册，不能导入；请由接续职能的机关导入，或联系系统管理员")
    for agency in agencies:
        if agency.code == code and (viewer.agency is None or viewer.agency in agency.lineage):
            return agency
    raise NotFound(f"没有找到机关{code[:20]}；请核对机关代码，或先用 agency import 登记该机关")


async def agency_of_file(items: AsyncIterator[Item], agencies: Sequence[Agency]) -> tuple[list[Item], Agency]:
    """Reads up to the first rows and gives the bureau that they name as 数据来源单位."""
    read: list[Item] = []
    async for item in items:
        read.append(item)
        if isinstance(item, list) and item:
            return read, _bureau(item, agencies)
    raise Invalid("文件中没有数据行，无法确定是哪个机关的数据；请核对文件，或用 --agency 指明机关代码")


def _bureau(rows: Sequence[RawRow], agencies: Sequence[Agency]) -> Agency:
    by_uscc = {agency.uscc: agency for agency in agencies if agency.uscc is not None}
    by_id = {agency.id: agency for agency in agencies}
    codes = {Kind.LICENCE: ("XK_LYDWDM", "XK_XKJGDM"), Kind.PENALTY: ("CF_SJLYDM", "CF_CFJGDM")}
    named = (str(raw.cells.get(code, "")).strip().upper() for raw in rows for code in codes[raw.kind])
    found = {by_id[agency.lineage[-1]] for code in named if (agency := by_uscc.get(code)) is not None}
    if len(found) == 1:
        return found.pop()
    which = "这些行属于几个机关" if found else "文件中的机关都没有在本系统登记"
    raise Invalid(f"{which}，无法确定由谁导入；请用 --agency 指明机关代码（登记机关用 agency import）")
