"""损坏扫描（.xls） finds the error values in a workbook of the form of 1997, which calamine leaves blank without a word.

Child side only. Not for reading values. Formats: [MS-CFB] the compound file, [MS-XLS] the records of its Workbook stream.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from server.imports.damage import SpoiltCells
from server.imports.rows import Damage, Spoilt

_END = 0xFFFFFFF0  # sector numbers from here on are marks, not sectors
_SMALL = 4096  # streams below this lie in the small stream of the root entry
_FORMULA, _BOOLERR, _BOUNDSHEET, _BOF, _EOF = 0x0006, 0x0205, 0x0085, 0x0809, 0x000A
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


def scan_xls(content: bytes) -> list[SpoiltCells]:
    """Gives the spoilt cells of every sheet in the workbook's order.

    Raises ``ValueError`` or ``struct.error`` for a file that is not what it says.
    """
    stream = _workbook(content)
    return [_sheet(stream, start) for start in _starts(stream)]


def _workbook(content: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    fat = _table(content, size)
    first_directory, first_small = struct.unpack_from("<I", content, 48)[0], struct.unpack_from("<I", content, 60)[0]
    directory = _chain(content, fat, first_directory, size, size)
    root: tuple[int, int] = (_END, 0)
    for place in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, total = struct.unpack_from("<II", directory, place + 116)
        if place == 0:
            root = start, total
        elif name in ("Workbook", "Book"):
            if total >= _SMALL:
                return _chain(content, fat, start, size, size)[:total]
            small_fat = _numbers(_chain(content, fat, first_small, size, size))
            small = _chain(content, fat, root[0], size, size)
            return _chain(small, small_fat, start, 64, 0)[:total]
    raise ValueError("no workbook stream")


def _table(content: bytes, size: int) -> list[int]:
    """Reads the allocation table: where its first 109 sectors are stands in the header, of the others in a chain."""
    places = list(struct.unpack_from("<109I", content, 76))
    following = struct.unpack_from("<I", content, 68)[0]
    seen: set[int] = set()
    while following < _END and following not in seen:
        seen.add(following)
        more = _numbers(content[(following + 1) * size : (following + 2) * size])
        places += more[:-1]
        following = more[-1] if more else _END
    table: list[int] = []
    for place in places:
        if place < _END:
            table += _numbers(content[(place + 1) * size : (place + 2) * size])
    return table


def _numbers(content: bytes) -> list[int]:
    return [number for (number,) in struct.iter_unpack("<I", content[: len(content) // 4 * 4])]


def _chain(content: bytes, table: list[int], first: int, size: int, offset: int) -> bytes:
    parts, seen = [], 0
    while first < len(table) and seen <= len(table):
        parts.append(content[offset + first * size : offset + (first + 1) * size])
        first, seen = table[first], seen + 1
    return b"".join(parts)


def _records(stream: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Gives (kind, place of the body, length)."""
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield kind, place + 4, length
        place += 4 + length


def _starts(stream: bytes) -> list[int]:
    starts = []
    for kind, place, _ in _records(stream, 0):
        if kind == _BOUNDSHEET:
            starts.append(struct.unpack_from("<I", stream, place)[0])
        elif kind == _EOF:
            break
    return starts


def _sheet(stream: bytes, start: int) -> SpoiltCells:
    found: SpoiltCells = {}
    depth = 0
    for kind, place, length in _records(stream, start):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        elif kind == _BOOLERR and length >= 8 and stream[place + 7]:
            _mark(found, stream, place, stream[place + 6])
        elif (
            kind == _FORMULA
            and length >= 14
            and stream[place + 12 : place + 14] == b"\xff\xff"
            and stream[place + 6] == 2
        ):
            _mark(found, stream, place, stream[place + 8])
    return found


def _mark(found: SpoiltCells, stream: bytes, place: int, error: int) -> None:
    row, column = struct.unpack_from("<HH", stream, place)
    found.setdefault(row, {})[column] = Spoilt(Damage.ERROR, _ERRORS.get(error, "#ERROR"))
