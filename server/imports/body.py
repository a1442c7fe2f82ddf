"""表体 the rows below a header: which are records, what their values are, and what became of all other cells.

Child side. Not for checking values: a spoilt one is only marked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from server.imports import layout
from server.imports.fields import table, words
from server.imports.headers import Header, column_letters
from server.imports.rows import EXACT_BELOW, Damage, Kind, Level, SheetNote, Spoilt, is_spoilt_number
from server.imports.source import NumberedRow, Source

BATCH_ROWS = 1000
#: Row numbers a note lists; the whole count stands in its words.
_LISTED_ROWS = 100
#: Below its header a template has at most these lines of its own (codes, 必填, formats).
_FORM_ROWS = 3
#: A record has at least one of these; a total or a signature has none. Codes without their prefix.
_IDENTITY = ("_WSH", "_XDR_SHXYM", "_XDR_ZJHM", "_JDRQ")

#: Control characters, halves of characters, and the mark of an earlier wrong decoding.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")


@dataclass(slots=True)
class Batch:
    """一批 rows of one sheet: field codes once, then row numbers and values; "" is blank."""

    kind: Kind
    sheet: str
    codes: list[str]
    numbers: list[int] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)


def rows_note(sheet: str, level: Level, rule: str, message: str, rows: Sequence[int]) -> SheetNote:
    """Gives a note on some rows; ``{}`` in the message is their number."""
    return SheetNote(sheet, level, rule, message.format(len(rows)), tuple(rows[:_LISTED_ROWS]))


class Body:
    """表体 of one sheet. One use: ``read`` gives the batches, then the notes."""

    def __init__(self, source: Source, header: Header, header_row: int) -> None:
        self._source, self._header, self._header_row = source, header, header_row
        self._positions = sorted(header.columns)
        self._codes = [header.columns[position] for position in self._positions]
        self._others = sorted((*header.unknown, *header.ignored))
        self._identity = [
            place for place, code in zip(self._positions, self._codes, strict=True) if code.endswith(_IDENTITY)
        ]
        # A header repeated on every printed page repeats this cell, too.
        self._key = (self._identity or self._positions)[0]
        self._derive = _Derive(header, self._codes)
        self._initials = layout.tail_initials()
        self._other_cells: Counter[int] = Counter()
        self._outside_cells: Counter[int] = Counter()
        self._left_out: dict[str, list[int]] = defaultdict(list)

    def read(self, rows: Iterable[NumberedRow]) -> Iterator[Batch | SheetNote]:
        """Gives the records in batches, then a note for every kind of cell that is in none."""
        batch = self._batch()
        for number, row in rows:
            values = self._values(number, row)
            if values is None:
                continue
            batch.numbers.append(number)
            batch.rows.append(values)
            if len(batch.rows) >= BATCH_ROWS:
                yield batch
                batch = self._batch()
        if batch.rows:
            yield batch
        yield from self._notes()

    def _batch(self) -> Batch:
        return Batch(self._header.kind, self._source.name, self._derive.codes)

    def _values(self, number: int, row: list[Any]) -> list[Any] | None:
        """Gives the values of a record in the order of the batch's codes; None when the row is none, and noted."""
        width = self._positions[-1] + 1
        if len(row) < width:
            row = row + [""] * (width - len(row))
        found = [row[position] for position in self._positions]
        blank = found.count("")
        if (reason := self._reason(number, row, blank == len(found))) is not None:
            self._left_out[reason].append(number)
            return None
        self._count_others(row, len(found) - blank)
        values = [value if type(value) is str else clean(value) for value in found]
        if number - 1 in self._source.spoilt or number - 1 in self._source.covered:
            self._spoil(number, values)
        return self._derive(values)

    def _reason(self, number: int, row: list[Any], blank: bool) -> str | None:
        """Says why a row is no record: the word it starts with, or a rule's name; None for a record."""
        first = row[0] if row[0] != "" else next((cell for cell in row if cell != ""), "")
        if first == "":
            return "BLANK_ROWS"
        if isinstance(first, str):
            if first.isspace() and not any(str(cell).strip() for cell in row):
                return "BLANK_ROWS"
            if first[0] in self._initials and (word := layout.tail_word(first)) and not self._has_identity(row, first):
                return word
        if blank:
            self._count_others(row, 0)
            return "OTHER_COLUMNS_ONLY"
        if number - self._header_row <= _FORM_ROWS or row[self._key] == self._header.texts[self._key]:
            return "FORM_ROWS" if layout.is_form_row(row) else None
        return None

    def _has_identity(self, row: list[Any], first: str) -> bool:
        cells = (row[position] for position in self._identity)
        return any(c not in ("", first) and not (isinstance(c, str) and layout.tail_word(c)) for c in cells)

    def _count_others(self, row: list[Any], found: int) -> None:
        here = 0
        for position in self._others:
            if position < len(row) and row[position] != "":
                self._other_cells[position] += 1
                here += 1
        if len(row) - row.count("") > found + here:
            known = {*self._positions, *self._others}
            self._outside_cells.update(p for p, cell in enumerate(row) if cell != "" and p not in known)

    def _spoil(self, number: int, values: list[Any]) -> None:
        spoilt = self._source.spoilt.get(number - 1, {})
        covered = self._source.covered.get(number - 1, set())
        for place, position in enumerate(self._positions):
            if position in spoilt:
                values[place] = spoilt[position]
            elif position in covered:
                # A value left below the merged cell is one nobody sees.
                values[place] = Spoilt(Damage.MERGED, str(values[place]))
                if self._left_out["MERGED_CELLS"][-1:] != [number]:
                    self._left_out["MERGED_CELLS"].append(number)

    def _notes(self) -> Iterator[SheetNote]:
        sheet = self._source.name
        for position, text in sorted(self._header.unknown.items()):
            count = self._other_cells[position]
            where = f"未识别的列“{text}”（{column_letters(position)} 列）"
            message = f"{where}：{count} 个单元格未导入，请改用国家标准的列名或删去该列"
            yield SheetNote(sheet, Level.WARNING, "UNKNOWN_COLUMN", message)
        for position, text in sorted(self._header.ignored.items()):
            reason = words().ignored_reason(text)
            message = (
                f"列“{text}”（{column_letters(position)} 列）{self._other_cells[position]} 个单元格按规定略过：{reason}"
            )
            yield SheetNote(sheet, Level.IGNORED, "IGNORED_COLUMN", message)
        for position, count in sorted(self._outside_cells.items()):
            message = f"{column_letters(position)} 列没有表头：{count} 个单元格未导入，请补上列名或清空"
            yield SheetNote(sheet, Level.WARNING, "NO_HEADER", message)
        for reason, rows in self._left_out.items():
            level, message = _LEFT_OUT.get(
                reason, (Level.IGNORED, f"以“{reason}”开头的 {{}} 行是合计或填表说明，不是数据，已略过")
            )
            yield rows_note(sheet, level, reason if reason in _LEFT_OUT else "TAIL_ROWS", message, rows)


#: Why rows are left out: level and words of the note. Other reasons are the first word of a row.
_LEFT_OUT = {
    "BLANK_ROWS": (Level.IGNORED, "{} 个空行已略过"),
    "OTHER_COLUMNS_ONLY": (Level.WARNING, "{} 行在已识别的列里没有内容（例如只有序号），已略过"),
    "FORM_ROWS": (Level.IGNORED, "{} 行重复表头或是填写要求，不是数据，已略过"),
    "MERGED_CELLS": (Level.WARNING, "{} 行含合并单元格，合并区内只有第一格有值，这些行将退回：请取消合并、逐行填写"),
}


class _Derive:
    """What an old list's columns say of today's: joined, implied and standing-in values. Costs nothing without them."""

    def __init__(self, header: Header, codes: list[str]) -> None:
        fields = table(header.kind)
        self._old = codes
        self._joins: dict[str, list[str]] = defaultdict(list)
        for code in codes:
            if target := fields.field(code).join:
                self._joins[target].append(code)
        self._implied, self._fallbacks = header.implied, header.fallbacks
        parts = {code for some in self._joins.values() for code in some}
        more = [*self._joins, *self._implied, *self._fallbacks]
        self.codes = [code for code in codes if code not in parts] + [code for code in more if code not in codes]

    def __call__(self, values: list[Any]) -> list[Any]:
        if self.codes is self._old or self.codes == self._old:
            return values
        cells = dict(zip(self._old, values, strict=True))
        for target, parts in self._joins.items():
            some = (cells.get(code, "") for code in (target, *parts))
            cells[target] = ";".join(dict.fromkeys(str(value).strip() for value in some if value != ""))
        for target, (source, value) in self._implied.items():
            cells[target] = value if cells.get(source, "") != "" else ""
        for target, source in self._fallbacks.items():
            cells[target] = cells.get(source, "")
        return [cells.get(code, "") for code in self.codes]


def clean(value: Any) -> Any:
    """Gives a value that is no text in the form rows have: whole numbers ``int``, midnights ``date``, spoilt marked."""
    kind = type(value)
    if kind is date or kind is bool:
        return value
    if kind is float or kind is int:
        if not -EXACT_BELOW < value < EXACT_BELOW:
            return Spoilt(Damage.DIGITS, f"{value:.5E}")
        return int(value) if value == int(value) else value
    if kind is datetime:
        return value.date() if value.time() == time() else value
    return str(value)


def spoil_texts(batch: Batch) -> None:
    """Marks texts no value can be made from: forbidden characters anywhere, 9.1E+17 where no prose stands."""
    fields = table(batch.kind)
    prose = [fields.field(code).type == "text" for code in batch.codes]
    for row in batch.rows:
        for place, value in enumerate(row):
            if type(value) is not str or value == "":
                continue
            if FORBIDDEN.search(value):
                row[place] = Spoilt(Damage.CHARACTERS, FORBIDDEN.sub("", value))
            elif not prose[place] and is_spoilt_number(value):
                row[place] = Spoilt(Damage.SCIENTIFIC, value.strip())
