"""文本表 .csv and tab-separated text: encoding and separator are found out strictly, never guessed. Child side.

A file that is neither UTF-8 nor GB18030 throughout is refused with the line; a wrong guess would garble names for good.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from server.imports.headers import score
from server.imports.limits import Limits
from server.imports.refusals import SPLIT, refuse
from server.imports.source import NumberedRow, Source

_CHUNK = 1 << 20
_SEPARATORS = (",", "\t", ";", "|")
#: Lines looked at to find the separator; titles above a header are fewer.
_HEAD_LINES = 40
_HAN = re.compile("[\u4e00-\u9fff]")
#: A line of GB18030 that is by chance UTF-8 with this many Chinese characters does not exist.
_FEWEST_HAN = 4
_REMEDY = "请用 Excel 打开原表，另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后再导入"


def open_text(path: Path, limits: Limits, hint: str | None) -> Iterator[Source]:
    """Gives the one sheet of a text file."""
    encoding = find_encoding(path)
    lines = _count_lines(path)
    if lines > limits.rows * 3:
        refuse("FILE_TOO_LARGE", f"文件有 {lines} 行，超过限制：{SPLIT}")
    csv.field_size_limit(limits.cell_characters)
    separator = _find_separator(path, encoding)
    yield Source("CSV", lines, _rows(path, encoding, separator, limits), hint=hint)


def find_encoding(path: Path) -> str:
    """Gives the encoding in which the whole file is right: by its mark, else UTF-8, else GB18030; or refuses."""
    with path.open("rb") as stream:
        head = stream.read(3)
    if head.startswith(codecs.BOM_UTF8):
        marked = "utf-8-sig"
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        marked = "utf-16"
    else:
        return _unmarked(path)
    if (place := _first_fault(path, marked)) is not None:
        refuse("FILE_UNREADABLE", f"文件不完整，或在约第 {_line_of(path, place)} 行有乱码：{_REMEDY}")
    return marked


def _unmarked(path: Path) -> str:
    fault = _first_fault(path, "utf-8")
    if fault is None:
        return "utf-8"
    if fault >= path.stat().st_size - 3 and fault > 0:
        refuse("FILE_UNREADABLE", "文件在一个汉字中间断开，没有传完：请重新导出或上传")
    if (place := _first_fault(path, "gb18030")) is not None:
        line = _line_of(path, place)
        refuse("FILE_UNREADABLE", f"文件编码不是 UTF-8 也不是 GB18030（GBK），在约第 {line} 行有乱码：{_REMEDY}")
    if (foreign := _foreign_line(path)) is not None:
        refuse("FILE_UNREADABLE", f"文件混用两种编码，第 {foreign} 行是 UTF-8 而其余是 GB18030：{_REMEDY}")
    return "gb18030"


def _first_fault(path: Path, encoding: str) -> int | None:
    """Gives the offset of about the first byte that is wrong in this encoding, None when all are right."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset = 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return max(offset - pending + error.start, 0)
            if not chunk:
                return None
            offset += len(chunk)


def _foreign_line(path: Path) -> int | None:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.isascii():
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if len(_HAN.findall(text)) >= _FEWEST_HAN:
                return number
    return None


def _line_of(path: Path, offset: int) -> int:
    with path.open("rb") as stream:
        return stream.read(offset).count(b"\n") + 1


def _count_lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b"")) + 1


def _find_separator(path: Path, encoding: str) -> str:
    """Takes the separator under which some line is most of a national header; a comma when none is."""
    with path.open(encoding=encoding, newline="") as stream:
        head = "".join(line for _, line in zip(range(_HEAD_LINES), stream, strict=False))

    def best(separator: str) -> int:
        try:
            rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=separator))
        except csv.Error:
            return 0
        return max((sum(score(row)[:2]) for row in rows), default=0)

    return max(_SEPARATORS, key=best)


def _rows(path: Path, encoding: str, separator: str, limits: Limits) -> Iterator[NumberedRow]:
    with path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=separator, strict=True)
        number = 0
        try:
            for number, row in enumerate(reader, 1):
                if number > limits.rows:
                    refuse("FILE_TOO_LARGE", f"文件超过 {limits.rows} 行：{SPLIT}")
                if len(row) > limits.columns:
                    refuse("FILE_TOO_LARGE", f"第 {number} 行有 {len(row)} 列，不是双公示表：{_REMEDY}")
                yield number, row
        except csv.Error:
            message = f"第 {number + 1} 行（文本第 {reader.line_num} 行）引号不成对或单元格过长：请改正后再导入，或另存为 .xlsx"
            refuse("FILE_UNREADABLE", message)
