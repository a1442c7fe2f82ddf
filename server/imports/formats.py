"""文件格式 what a file really is, by its first bytes and never by its name. Child side; opens nothing but to look.

Not for reading cells: see ``excel`` and ``delimited``.
"""

from __future__ import annotations

import zipfile
from enum import StrEnum
from pathlib import Path

from server.imports.limits import Limits
from server.imports.refusals import SAVE_AS, Refused, refuse


class Format(StrEnum):
    """格式 what can be read."""

    XLSX = "xlsx"
    XLS = "xls"
    TEXT = "text"


_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: First bytes of what clerks send by mistake → what it is, and the remedy.
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "PDF 文件", "请用原始的 Excel 表格导入，PDF 不能导入"),
    (b"\x89PNG", "图片", "请用原始的 Excel 表格导入，图片不能导入"),
    (b"\xff\xd8\xff", "图片", "请用原始的 Excel 表格导入，图片不能导入"),
    (b"GIF8", "图片", "请用原始的 Excel 表格导入，图片不能导入"),
    (b"Rar!", "压缩包", "请先解压，再逐个导入其中的表格"),
    (b"7z\xbc\xaf", "压缩包", "请先解压，再逐个导入其中的表格"),
    (b"\x1f\x8b", "压缩包", "请先解压，再逐个导入其中的表格"),
    (b"{\\rtf", "RTF 文档", "请把表格复制到 Excel，另存为 .xlsx 后导入"),
)
_HEAD_BYTES = 4096


def detect(path: Path, limits: Limits) -> Format:
    """Gives what the file is, or refuses it: FILE_TOO_LARGE, FILE_TYPE, FILE_ENCRYPTED, FILE_UNREADABLE."""
    size = path.stat().st_size
    if size == 0:
        refuse("FILE_UNREADABLE", "文件是空的（0 字节），可能没有传完：请重新导出或上传")
    if size > limits.file_bytes:
        refuse("FILE_TOO_LARGE", f"文件超过 {limits.file_bytes >> 20} MB：请把数据分成几个文件再导入")
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    for start, name, remedy in _OTHERS:
        if head.startswith(start):
            refuse("FILE_TYPE", f"这是{name}，不是表格：{remedy}")
    if head.startswith(b"PK"):
        return _zip(path, limits)
    if head.startswith(_OLE):
        return _ole(path)
    return _text(head)


def _zip(path: Path, limits: Limits) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
        refuse("FILE_UNREADABLE", "文件不完整或已损坏（可能没有传完）：请重新导出或上传")
    names = {each.filename.lower() for each in parts}
    if any(each.flag_bits & 1 for each in parts):
        refuse("FILE_ENCRYPTED", "文件已加密：请去掉密码后另存，再导入")
    if not any(name.startswith("xl/") for name in names):
        raise _not_a_workbook(names)
    if "xl/workbook.bin" in names:
        refuse("FILE_TYPE", f"这是二进制工作簿（.xlsb），不能导入：{SAVE_AS}")
    if "xl/workbook.xml" not in names:
        refuse("FILE_UNREADABLE", f"文件里没有工作簿，已损坏或不是 Excel 保存的：{SAVE_AS}")
    if len(parts) > limits.parts or sum(each.file_size for each in parts) > limits.unpacked_bytes:
        refuse(
            "FILE_TOO_LARGE", "文件解压后过大：请新建工作簿，只粘贴数据（选择性粘贴—数值）后另存，或分成几个文件再导入"
        )
    return Format.XLSX


def _not_a_workbook(names: set[str]) -> Refused:
    if any(name.startswith("word/") for name in names):
        return Refused("FILE_TYPE", "这是 Word 文档，不是表格：请把表格复制到 Excel，另存为 .xlsx 后导入")
    if any(name.startswith("ppt/") for name in names):
        return Refused("FILE_TYPE", "这是演示文稿，不是表格：请把表格复制到 Excel，另存为 .xlsx 后导入")
    if "mimetype" in names and "content.xml" in names:
        return Refused("FILE_TYPE", f"这是 OpenDocument 文件，不能导入：{SAVE_AS}")
    return Refused("FILE_TYPE", "这是压缩包，不是表格：请先解压，再逐个导入其中的表格")


def _ole(path: Path) -> Format:
    """Looks for the names of streams; a directory entry of an OLE file starts at a multiple of 128 bytes."""
    content = path.read_bytes()

    def holds(name: str) -> bool:
        wanted = name.encode("utf-16-le") + b"\0\0"
        place = content.find(wanted)
        while place >= 0 and place % 128:
            place = content.find(wanted, place + 1)
        return place >= 0

    if holds("EncryptedPackage"):
        refuse("FILE_ENCRYPTED", "工作簿设有打开密码：请在 Excel 中去掉密码（文件—信息—保护工作簿）后另存，再导入")
    if holds("Workbook") or holds("Book"):
        return Format.XLS
    if holds("WordDocument"):
        refuse("FILE_TYPE", "这是 Word 文档，不是表格：请把表格复制到 Excel，另存为 .xlsx 后导入")
    raise Refused("FILE_UNREADABLE", f"文件不完整，或不是 Excel 表格：{SAVE_AS}")


def _text(head: bytes) -> Format:
    if head.startswith(_UTF16):
        return Format.TEXT
    if b"\0" in head:
        refuse("FILE_TYPE", f"这不是表格文件：可导入 .xlsx、.xls、.csv；{SAVE_AS}")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style", b"<div")):
        refuse("FILE_TYPE", f"这是网页（HTML）改名的表格，不是真正的 Excel 文件：{SAVE_AS}")
    if start.startswith(b"<"):
        refuse("FILE_TYPE", f"这是 XML 文件，不是 Excel 工作簿：{SAVE_AS}")
    return Format.TEXT
