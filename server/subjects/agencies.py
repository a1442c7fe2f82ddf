"""机关 imports a bureau's agencies: code, name, USCC, parent. Not for what an agency may do: see accounts.

A bureau that is not among the shipped ones starts with this.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from server.database.connection import Database
from server.disclosure.rules import Fact, Terms
from server.errors import Invalid, NotFound
from server.identifiers.divisions import known_division
from server.identifiers.uscc import check_uscc
from server.journal.actions import Action
from server.journal.service import Write, write

#: Header → column; both the Chinese names and the English ones of the command's help.
HEADERS = {
    "机关代码": "code",
    "代码": "code",
    "code": "code",
    "机关名称": "name",
    "名称": "name",
    "name": "name",
    "统一社会信用代码": "uscc",
    "uscc": "uscc",
    "上级机关代码": "parent",
    "上级代码": "parent",
    "parent": "parent",
}
_DIVISION = 6


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """One line of the file, checked by itself."""

    code: str
    name: str
    uscc: str | None
    parent: str | None

    @property
    def division_code(self) -> str:
        """行政区划代码: the first six digits of the agency's code."""
        return self.code[:_DIVISION]


@dataclass(frozen=True, slots=True)
class AgencyCounts:
    """结果: how many were added, changed, and were there already."""

    added: int
    changed: int
    unchanged: int


def read_agencies(content: bytes, file_name: str) -> list[AgencyLine]:
    """Reads a .csv (UTF-8 or GB18030); raises ``Invalid`` that names every faulty row, column and remedy at once."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise Invalid(f"{file_name} 不是文本表格。请在 Excel 中另存为“CSV UTF-8（逗号分隔）”后重试。") from error
    rows = list(csv.reader(io.StringIO(text)))
    header = [HEADERS.get(cell.strip().lower(), "") for cell in rows[0]] if rows else []
    if missing := [name for name in ("code", "name") if name not in header]:
        wanted = "、".join({"code": "机关代码", "name": "机关名称"}[name] for name in missing)
        raise Invalid(
            f"{file_name} 第 1 行缺少列：{wanted}。表头应为：机关代码,机关名称,统一社会信用代码,上级机关代码。"
        )
    lines, faults = [], []
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if name}
        if any(cells.values()):
            try:
                lines.append(_line(cells))
            except Invalid as fault:
                faults.append(f"第 {number} 行：{fault.message}")
    faults += _double_codes(lines)
    if faults:
        raise Invalid(f"{file_name} 没有导入，请改正后重试：\n" + "\n".join(faults))
    return lines


def _line(cells: Mapping[str, str]) -> AgencyLine:
    code, name = cells["code"], cells["name"]
    if not (code[:_DIVISION].isascii() and code[:_DIVISION].isdigit() and len(code) >= _DIVISION):
        raise Invalid(f"机关代码“{code}”应以六位行政区划代码开头，如 370117 或 370117-01。")
    if not known_division(code[:_DIVISION]):
        raise Invalid(f"机关代码“{code}”的前六位不是行政区划代码。请查 GB/T 2260。")
    if not name:
        raise Invalid("机关名称为空。请填写全称。")
    uscc = cells.get("uscc") or None
    return AgencyLine(code, name, uscc and check_uscc(uscc), cells.get("parent") or None)


def _double_codes(lines: list[AgencyLine]) -> list[str]:
    codes = [line.code for line in lines]
    return [f"机关代码 {code} 出现了多次。请只保留一行。" for code in sorted({c for c in codes if codes.count(c) > 1})]


async def import_agencies(database: Database, terms: Terms, actor: str, content: bytes, file_name: str) -> AgencyCounts:
    """Adds and changes agencies in one write; importing the same file again writes nothing."""
    lines = read_agencies(content, file_name)
    known = await _known(database)
    if not _differing(lines, known):
        return AgencyCounts(0, 0, len(lines))
    async with write(database, actor, Action.AGENCY_IMPORT, f"导入机关 {file_name}") as w:
        return await _store(w, terms, lines)


async def get_agency_id(connection: asyncpg.Connection, code: str) -> UUID:
    """Gives the id of the agency with a code; raises ``NotFound`` with what to do."""
    found: UUID | None = await connection.fetchval("SELECT id FROM agency WHERE code = $1", code)
    if found is None:
        raise NotFound(f"没有代码为 {code} 的机关。请先用 python -m server agency import 导入机关，或核对代码。")
    return found


async def _known(database: Database) -> dict[str, dict[str, Any]]:
    async with database.writer() as connection:
        return {row["code"]: dict(row) for row in await connection.fetch("SELECT * FROM agency")}


def _differing(lines: list[AgencyLine], known: Mapping[str, Mapping[str, Any]]) -> list[AgencyLine]:
    by_id = {row["id"]: code for code, row in known.items()}

    def same(line: AgencyLine) -> bool:
        row = known.get(line.code)
        return row is not None and (row["name"], row["uscc"], by_id.get(row["parent_id"])) == (
            line.name,
            line.uscc,
            line.parent,
        )

    return [line for line in lines if not same(line)]


async def _store(w: Write, terms: Terms, lines: list[AgencyLine]) -> AgencyCounts:
    """Writes parents before children, then the lineage of all that lies below a moved one."""
    rows = {row["code"]: dict(row) for row in await w.connection.fetch("SELECT * FROM agency")}
    fresh = {line.code: uuid4() for line in lines if line.code not in rows}
    ids: dict[str, UUID] = {code: row["id"] for code, row in rows.items()} | fresh
    parents = {row["code"]: row["parent_id"] for row in rows.values()}
    for line in lines:
        if line.parent is not None and line.parent not in ids:
            raise Invalid(f"机关 {line.code} 的上级 {line.parent} 不存在。请把上级机关也写进文件。")
        parents[line.code] = ids[line.parent] if line.parent else None
    lineages = {code: _lineage(code, ids, parents) for code in ids}
    before = {code: (r["name"], r["uscc"], r["parent_id"], list(r["lineage"])) for code, r in rows.items()}
    after = dict(before)
    for line in lines:
        after[line.code] = (line.name, line.uscc, parents[line.code], lineages[line.code])
    for code in before.keys() - {line.code for line in lines}:
        name, uscc, parent, _ = before[code]
        after[code] = (name, uscc, parent, lineages[code])
    new = [line for line in lines if line.code in fresh]
    for line in sorted(new, key=lambda a: len(lineages[a.code])):
        await w.insert("agency", [_row(terms, line, fresh[line.code], after[line.code], w)])
    changed = [code for code in before if before[code] != after[code]]
    for code in changed:
        name, uscc, parent, lineage = after[code]
        await w.update("agency", ids[code], {"name": name, "uscc": uscc, "parent_id": parent, "lineage": lineage})
    listed = [line for line in lines if line.code not in fresh]
    return AgencyCounts(len(new), len(changed), sum(1 for line in listed if line.code not in changed))


def _lineage(code: str, ids: Mapping[str, UUID], parents: Mapping[str, UUID | None]) -> list[UUID]:
    codes = {id_: c for c, id_ in ids.items()}
    found = [ids[code]]
    parent = parents[code]
    while parent is not None:
        if parent in found:
            raise Invalid(f"机关 {code} 的上级关系绕成了一圈。请核对上级机关代码。")
        found.append(parent)
        parent = parents[codes[parent]]
    return found


def _row(terms: Terms, line: AgencyLine, id_: UUID, state: tuple[Any, ...], w: Write) -> dict[str, Any]:
    shown = terms.disclosure(Fact(kind="agency", decided_on=w.day, known_on=w.day))
    name, uscc, parent, lineage = state
    return {
        "id": id_,
        "scope": shown.scope,
        "disclosed_from": shown.disclosed_from,
        "disclosed_until": shown.disclosed_until,
        "terms_edition": shown.terms_edition,
        "code": line.code,
        "name": name,
        "uscc": uscc,
        "division_code": line.division_code,
        "parent_id": parent,
        "lineage": lineage,
    }
