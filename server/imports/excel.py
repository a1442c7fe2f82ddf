"""Excel 文件 sheets of .xlsx and .xls by calamine. Child side only: a crafted file kills the process that reads it."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from server.imports.damage import SpoiltCells, scan, sheet_parts
from server.imports.damage_xls import scan_xls
from server.imports.formats import Format
from server.imports.limits import Limits
from server.imports.refusals import SAVE_AS, SPLIT, refuse
from server.imports.source import NumberedRow, Skipped, Source

#: Merged cells over data beyond this many are a picture of a form, not a table.
_MOST_COVERED = 200_000


def open_excel(path: Path, form: Format, limits: Limits) -> Iterator[Source | Skipped]:
    """Gives the sheets one after the other, each loaded only when it is asked for."""
    try:
        book = CalamineWorkbook.from_path(path)
        if len(book.sheets_metadata) > limits.sheets:
            refuse("FILE_TOO_LARGE", f"工作簿超过 {limits.sheets} 个工作表：请只保留行政许可、行政处罚两张表后再导入")
        for position, about in enumerate(book.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet:
                yield Skipped(about.name, "不是数据表（图表或宏）")
            elif about.visible != SheetVisibleEnum.Visible:
                yield Skipped(about.name, "是隐藏的工作表；如需导入请先取消隐藏")
            else:
                yield _load(book, position, path, form, limits)
    except PasswordError:
        refuse("FILE_ENCRYPTED", "工作簿设有打开密码：请去掉密码后另存，再导入")
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile, ElementTree.ParseError):
        refuse("FILE_UNREADABLE", f"文件内容不完整或已损坏：{SAVE_AS}；仍不行请重新导出")


def _load(book: CalamineWorkbook, position: int, path: Path, form: Format, limits: Limits) -> Source:
    # calamine and zlib both let go of the interpreter: looking for damage costs no time beside the loading.
    with ThreadPoolExecutor(1) as pool:
        if form is Format.XLSX:
            looking = pool.submit(_spoilt_xlsx, path, book.sheet_names[position])
        else:
            looking = pool.submit(_spoilt_xls, path, position)
        source = _source(book.get_sheet_by_index(position), limits)
        spoilt = looking.result()
    if spoilt is None:
        source.hint = "未能检查公式错误（如#N/A），这类单元格会显示为空：请核对，或另存为 .xlsx 后再导入"
    source.spoilt = spoilt or {}
    return source


def _spoilt_xlsx(path: Path, sheet: str) -> SpoiltCells | None:
    with zipfile.ZipFile(path) as archive:
        part = sheet_parts(archive).get(sheet)
        return scan(archive, part) if part else None


def _spoilt_xls(path: Path, position: int) -> SpoiltCells | None:
    try:
        sheets = scan_xls(path.read_bytes())
    except (ValueError, struct.error):
        return None
    return sheets[position] if position < len(sheets) else None


def _source(sheet: CalamineSheet, limits: Limits) -> Source:
    if sheet.start is None or sheet.end is None:
        return Source(sheet.name, 0, iter(()))
    height, width = sheet.end[0] + 1, sheet.end[1] + 1
    if height > limits.rows:
        refuse(
            "FILE_TOO_LARGE",
            f"工作表“{sheet.name}”有 {height} 行，超过 {limits.rows} 行：{SPLIT}；或删去末尾误填的单元格",
        )
    if width > limits.columns:
        refuse("FILE_TOO_LARGE", f"工作表“{sheet.name}”有 {width} 列，不是双公示表：请删去数据右侧误填的单元格后另存")
    covered = _covered(sheet.merged_cell_ranges or [], height)
    return Source(sheet.name, height, _rows(sheet), covered=covered)


def _rows(sheet: CalamineSheet) -> Iterator[NumberedRow]:
    # iter_rows begins at A1, whatever ``start`` says.
    return enumerate(sheet.iter_rows(), 1)


def _covered(ranges: list[tuple[tuple[int, int], tuple[int, int]]], height: int) -> dict[int, set[int]]:
    covered: dict[int, set[int]] = {}
    total = 0
    for (top, left), (bottom, right) in ranges:
        bottom = min(bottom, height - 1)
        total += max(bottom - top + 1, 0) * (right - left + 1)
        if total > _MOST_COVERED:
            refuse("FILE_TOO_LARGE", "合并单元格过多：请取消全部合并单元格、逐行填写后再导入")
        for row in range(top, bottom + 1):
            covered.setdefault(row, set()).update(range(left, right + 1))
        covered.get(top, set()).discard(left)
    return covered
