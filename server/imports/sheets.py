"""工作表 turns one sheet into its start, its notes and its batches of raw rows. Child side.

Every cell of a sheet is in a row, or in a note that says what became of it. Not for formats (see ``excel``, ``delimited``)
and not for the rows below the header (see ``body``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from server.imports import layout
from server.imports.body import Batch, Body, rows_note
from server.imports.headers import Header, absent_fields, recognise
from server.imports.rows import Level, SheetNote, SheetStart
from server.imports.source import NumberedRow, Skipped, Source


def read_sheet(source: Source | Skipped) -> Iterator[SheetStart | SheetNote | Batch]:
    """Gives what a sheet holds; only notes when it is no national table or must not be read."""
    if isinstance(source, Skipped):
        yield SheetNote(source.name, Level.IGNORED, "SHEET_SKIPPED", f"工作表“{source.name}”{source.reason}，未读取")
        return
    head = list(islice(source.rows, layout.HEAD_ROWS))
    place = layout.find_header(head)
    if place is None:
        yield _passed_over(source, head)
        return
    header = recognise(place.kind, place.texts)
    if source.hint:
        yield SheetNote(source.name, Level.WARNING, "HINT", source.hint)
    for remark in header.remarks:
        yield SheetNote(source.name, remark.level, remark.rule, remark.message)
    if header.faulty:
        return
    header_row = head[place.last][0]
    yield _start(source, header, header_row)
    titles = [number for number, row in head[: place.first] if any(cell != "" for cell in row)]
    if titles:
        yield rows_note(source.name, Level.IGNORED, "TITLE_ROWS", "表头以上 {} 行（标题等）不是数据，已略过", titles)
    yield from Body(source, header, header_row).read(chain(head[place.last + 1 :], source.rows))


def _start(source: Source, header: Header, header_row: int) -> SheetStart:
    return SheetStart(
        sheet=source.name,
        kind=header.kind,
        edition=header.edition,
        header_row=header_row,
        rows_estimated=max(source.height - header_row, 0),
        columns=tuple(header.columns[position] for position in sorted(header.columns)),
        absent=absent_fields(header),
    )


#: First cell of the first sheet of the workbook that goes back to the clerk: no data, when it comes again.
RESULT_TITLE = "信途导入结果"


def _passed_over(source: Source, head: list[NumberedRow]) -> SheetNote:
    if head and head[0][1][0] == RESULT_TITLE:
        message = f"工作表“{source.name}”是上次导入的结果说明，不是数据，已略过"
        return SheetNote(source.name, Level.IGNORED, "RESULT_SHEET", message)
    if not any(cell != "" for _, row in head for cell in row):
        return SheetNote(source.name, Level.IGNORED, "SHEET_EMPTY", f"工作表“{source.name}”是空的")
    known = layout.best_guess(head)
    found = f"只认出 {len(known)} 个列名（{'、'.join(known[:8])}）" if known else "没有认出任何列名"
    message = f"工作表“{source.name}”不是行政许可或行政处罚表，未读取：{found}。如应导入，请把表头改为国家标准的列名"
    return SheetNote(source.name, Level.WARNING, "NOT_A_TABLE", message)
