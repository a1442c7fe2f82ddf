"""原始行 what reading a file gives: sheets, notes and raw rows, not yet normalised or checked.

Not for reading (see ``reader``) and not for row rules (see ``checks``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Kind(StrEnum):
    """表 the two national tables; the same keys as ``records.RecordKind``."""

    LICENCE = "licence"  # 行政许可
    PENALTY = "penalty"  # 行政处罚


class Damage(StrEnum):
    """损坏 why a cell's value can no longer be what was typed."""

    DIGITS = "digits"  # a long number Excel has rounded to 15 digits
    SCIENTIFIC = "scientific"  # the text of such a number, 9.1E+17
    ERROR = "error"  # a formula's error (#N/A), or a formula without a result
    MERGED = "merged"  # covered by a merged cell: only its first cell holds the value
    CHARACTERS = "characters"  # U+0000, U+FFFD and other characters no text may hold


@dataclass(frozen=True, slots=True)
class Spoilt:
    """损坏的单元格: ``text`` as it stands in the file; no value may be made from it."""

    damage: Damage
    text: str

    def __str__(self) -> str:
        return self.text


#: 单元格值. Excel numbers without a fraction are ``int``; blank is ``None``.
Cell: TypeAlias = str | int | float | bool | date | datetime | Spoilt | None


class RawRow(NamedTuple):
    """原始行: ``row_number`` as Excel counts, in .csv too; ``cells`` by field code, no blanks.

    A field without a cell in the row is not a key. A tuple, because 100,000 of them are made.
    """

    kind: Kind
    sheet: str
    row_number: int
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class SheetStart:
    """工作表开始: a recognised national table. ``rows_estimated`` bounds its rows from above, for a progress bar."""

    sheet: str
    kind: Kind
    #: 2016, 2018 or 2020 list, by its headers
    edition: int
    #: row of the header (its last, when it has two) as Excel counts
    header_row: int
    rows_estimated: int
    #: field codes of the columns found, in the file's order
    columns: tuple[str, ...]
    #: field codes of the national list that this sheet has no column for
    absent: tuple[str, ...]


class Level(StrEnum):
    """提示级别."""

    IGNORED = "ignored"  # left out on purpose, with the reason
    WARNING = "warning"  # nothing is lost, but someone should look
    FAULT = "fault"  # this sheet was not read


@dataclass(frozen=True, slots=True)
class SheetNote:
    """工作表提示: what happened to cells that are in no row. ``rows`` lists row numbers (the first hundred)."""

    sheet: str
    level: Level
    rule: str
    message: str
    rows: tuple[int, ...] = ()


#: What ``read_table`` yields: a sheet's start, then its rows in batches, notes in between.
Item: TypeAlias = SheetStart | SheetNote | list[RawRow]

#: Excel keeps 15 significant digits; from 10^15 a whole number may have lost its last ones.
EXACT_BELOW = 10**15
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[Ee]\+?\d{2,3}")


def is_spoilt_number(value: object) -> bool:
    """Says whether Excel has spoilt this number: 15 digits exceeded, or already text such as 9.1E+17."""
    if isinstance(value, str):
        return _SCIENTIFIC.fullmatch(value.strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and not -EXACT_BELOW < value < EXACT_BELOW


def number_text(value: int | float | Decimal) -> str:
    """Gives a number as Excel shows it: 15 significant digits, no exponent, no needless ``.0``; 0.1+0.2 gives 0.3."""
    if isinstance(value, int):
        return str(value)
    return format(Decimal(format(value, ".15g")).normalize(), "f")


def cell_text(value: Cell) -> str:
    """Gives a cell as the clerk sees it, dates as 2024/05/06. Blank gives the empty text."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return number_text(value)
        case datetime():
            return value.strftime("%Y/%m/%d %H:%M:%S").removesuffix(" 00:00:00")
        case date():
            return value.strftime("%Y/%m/%d")
        case _:
            return str(value)
