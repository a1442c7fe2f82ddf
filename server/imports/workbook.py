"""退回工作簿 the .xlsx a clerk gets back: his rejected rows, faults in colour and in words, ready to be imported again.

It repeats the clerk's own cells unmasked: only for his own agency. Not for deciding what is wrong: see ``judge``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from server.imports.fields import Field, table
from server.imports.rows import Kind, Level, SheetNote, cell_text
from server.imports.sheets import RESULT_TITLE
from server.imports.verdict import VERDICT_NAMES, Fault, RowResult, Verdict

#: Excel holds no more characters in a cell.
_CELL_CHARACTERS = 32_767
#: Comments are kept in memory and make Excel slow; colour and words stand on every row without end.
_MOST_COMMENTS = 2_000
_HEADINGS = ("错误说明", "应公示截止日", "原工作表", "原行号")
_HOW_TO = "请按“错误说明”改正标色的单元格（红色必须改，黄色请核对），保存后直接导入本文件；前四列不用改。"
_LEVELS = {Level.FAULT: "未读取", Level.WARNING: "请核对", Level.IGNORED: "已略过"}
#: Width of a column in characters, by the type of its field.
_WIDTHS = {"text": 40, "string": 22, "enum": 14, "enums": 18, "date": 12, "money": 12}


def write_workbook(
    target: Path | BinaryIO,
    file_name: str,
    results: Iterable[RowResult],
    notes: Iterable[SheetNote] = (),
    counts: Mapping[Verdict, int] | None = None,
) -> int:
    """Writes the rows it is handed, whatever their verdict, and gives their number; memory does not grow with them.

    ``counts`` are told as far as they are given. A file appears under its name only when it is whole.
    """
    if not isinstance(target, Path):
        return _write(target, file_name, results, notes, counts or {})
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        written = _write(part, file_name, results, notes, counts or {})
        os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return written


def _write(
    target: Path | BinaryIO,
    file_name: str,
    results: Iterable[RowResult],
    notes: Iterable[SheetNote],
    counts: Mapping[Verdict, int],
) -> int:
    with tempfile.TemporaryDirectory(prefix="xintu-workbook-") as folder:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        place = str(target) if isinstance(target, Path) else target
        with xlsxwriter.Workbook(place, options) as book:
            styles = _Styles(book)
            _write_result(book, styles, file_name, notes, counts)
            sheets: dict[Kind, _Sheet] = {}
            for result in results:
                if result.kind not in sheets:
                    sheets[result.kind] = _Sheet(book, styles, result.kind)
                sheets[result.kind].add(result)
            for sheet in sheets.values():
                sheet.finish()
    return sum(sheet.written for sheet in sheets.values())


class _Styles:
    """Formats of the workbook. All are text, so that a long number typed into them stays whole."""

    def __init__(self, book: Any) -> None:
        text = {"num_format": "@", "valign": "top"}
        self.text = book.add_format(text)
        self.fault = book.add_format({**text, "bg_color": "#FFC7CE", "font_color": "#9C0006", "border": 1})
        self.hint = book.add_format({**text, "bg_color": "#FFEB9C", "font_color": "#7F6000", "border": 1})
        self.words = book.add_format({**text, "text_wrap": True, "font_color": "#9C0006"})
        self.wrapped = book.add_format({**text, "text_wrap": True})
        self.heading = book.add_format({**text, "bold": True, "bg_color": "#D9E1F2", "border": 1, "text_wrap": True})
        self.title = book.add_format({"bold": True, "font_size": 14})


def _write_result(
    book: Any, styles: _Styles, file_name: str, notes: Iterable[SheetNote], counts: Mapping[Verdict, int]
) -> None:
    sheet = book.add_worksheet("导入结果")
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 100)
    sheet.write_string(0, 0, RESULT_TITLE, styles.title)
    lines = [("文件", file_name, "")] + [
        (VERDICT_NAMES[each], str(counts[each]), "行") for each in Verdict if each in counts
    ]
    for row, line in enumerate(lines, 1):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text[:_CELL_CHARACTERS], styles.text)
    first = len(lines) + 2
    for column, text in enumerate(("工作表", "级别", "说明")):
        sheet.write_string(first, column, text, styles.heading)
    for row, note in enumerate(notes, first + 1):
        where = f"（行：{'、'.join(map(str, note.rows))}）" if note.rows else ""
        for column, text in enumerate((note.sheet, _LEVELS[note.level], note.message + where)):
            sheet.write_string(row, column, text[:_CELL_CHARACTERS], styles.wrapped)


def _deadline(result: RowResult) -> str:
    """应公示截止日 in words; a row that waits is late from that day on."""
    if result.due_on is None:
        return ""
    late = f"已迟{result.late_working_days}个工作日" if result.late_working_days else "未逾期"
    return f"{result.due_on:%Y/%m/%d} {late}{'（暂定）' if result.due_provisional else ''}"


class _Sheet:
    """One sheet of rejected rows of one kind; rows are written as they come."""

    def __init__(self, book: Any, styles: _Styles, kind: Kind) -> None:
        self._table, self._styles = table(kind), styles
        self._fields: tuple[Field, ...] = self._table.fields
        self._sheet = book.add_worksheet(self._table.name)
        self._used: set[str] = set()
        self._comments = 0
        self.written = 0
        self._sheet.set_column(0, 0, 60, styles.words)
        self._sheet.set_column(1, 1, 22, styles.text)
        self._sheet.set_column(2, 3, 10, styles.text)
        for column, field in enumerate(self._fields, len(_HEADINGS)):
            self._sheet.set_column(column, column, _WIDTHS[field.type], styles.text)
        self._sheet.write_string(0, 0, _HOW_TO, styles.title)
        for column, text in enumerate((*_HEADINGS, *(field.name for field in self._fields))):
            self._sheet.write_string(1, column, text, styles.heading)
        self._sheet.freeze_panes(2, 1)

    def add(self, result: RowResult) -> None:
        """Writes one row. Cells of fields no national table has would be a programming fault and raise KeyError."""
        row = self.written + 2
        faults = self._by_column(result.faults)
        words = self._words(result)
        self._sheet.write_string(row, 0, words[:_CELL_CHARACTERS], self._styles.words)
        self._sheet.write_string(row, 1, _deadline(result), self._styles.text)
        self._sheet.write_string(row, 2, result.sheet, self._styles.text)
        self._sheet.write_string(row, 3, str(result.row_number), self._styles.text)
        for column, field in enumerate(self._fields, len(_HEADINGS)):
            text = cell_text(result.cells.get(field.code))
            if text:
                self._used.add(field.code)
            if text or field.code in faults:
                self._cell(row, column, text, faults.get(field.code, ()))
        self.written += 1

    def finish(self) -> None:
        """Hides the columns of the 2016 list when no row has them."""
        for column, field in enumerate(self._fields, len(_HEADINGS)):
            if field.extra and field.code not in self._used:
                self._sheet.set_column(column, column, None, self._styles.text, {"hidden": True})

    def _cell(self, row: int, column: int, text: str, faults: Iterable[Fault]) -> None:
        faults = list(faults)
        style = self._styles.text
        if faults:
            style = self._styles.fault if any(fault.fatal for fault in faults) else self._styles.hint
        # write_string, never write: a text that starts with = must not become a formula.
        if text:
            self._sheet.write_string(row, column, text[:_CELL_CHARACTERS], style)
        else:
            self._sheet.write_blank(row, column, None, style)
        if faults and self._comments < _MOST_COMMENTS:
            self._comments += 1
            self._sheet.write_comment(
                row, column, "\n".join(fault.message for fault in faults)[:2000], {"author": "信途"}
            )

    def _by_column(self, faults: Iterable[Fault]) -> dict[str, list[Fault]]:
        found: dict[str, list[Fault]] = {}
        for fault in faults:
            if fault.column is not None:
                found.setdefault(fault.column, []).append(fault)
        return found

    def _words(self, result: RowResult) -> str:
        lines = [f"【{self._table.name_of(fault.column)}】{fault.message}（{fault.rule}）" for fault in result.faults]
        for field in self._fields:
            if len(cell_text(result.cells.get(field.code))) > _CELL_CHARACTERS:
                lines.append(f"【{field.name}】内容超过 {_CELL_CHARACTERS} 字，Excel 放不下，已截断：请从原文件补全")
        return "\n".join(lines)
