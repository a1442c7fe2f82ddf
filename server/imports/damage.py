"""损坏扫描 finds in the XML of a sheet what calamine leaves blank without a word: error values, formulas without a result.

Child side only. Not for reading values.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from html import unescape
from typing import TypeAlias
from xml.etree import ElementTree

from server.imports.rows import Damage, Spoilt

_CHUNK = 1 << 20
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_ERROR = re.compile(rb"""\bt=["']e["']""")
_STRING = re.compile(rb"""\bt=["']str["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)<")
_TRIGGERS = (b't="e"', b"t='e'", b"<f", b":f")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


#: Spoilt cells by row, then column, both counted from 0.
SpoiltCells: TypeAlias = dict[int, dict[int, Spoilt]]


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Gives sheet name → name of its part in the archive, for a usual workbook; an unusual one gives what it can."""
    names = {name.lower(): name for name in archive.namelist()}
    book = names.get("xl/workbook.xml")
    links = names.get("xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return {}
    targets = {each.get("Id", ""): each.get("Target", "") for each in ElementTree.fromstring(archive.read(links))}
    parts = {}
    for each in ElementTree.fromstring(archive.read(book)).iter():
        if each.tag.rpartition("}")[2] != "sheet":
            continue
        relation = each.get(_RELATION) or next((v for k, v in each.items() if k.endswith("}id")), "")
        target = targets.get(relation, "")
        full = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if full.lower() in names:
            parts[each.get("name", "")] = names[full.lower()]
    return parts


def scan(archive: zipfile.ZipFile, part: str) -> SpoiltCells:
    """Reads one sheet's XML once; only where an error or a formula stands does it look at single cells."""
    found: SpoiltCells = {}
    for rows in _rows(archive, part):
        for cell in _CELL.finditer(rows):
            _look(found, cell[1], cell[2] or b"")
    return found


def _rows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Gives the stretches of whole rows that hold a trigger."""
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            cut = chunk.rfind(b"row>")
            if cut < 0:
                rest += chunk
                continue
            stretch, rest = rest + chunk[: cut + 4], chunk[cut + 4 :]
            if any(trigger in stretch for trigger in _TRIGGERS):
                yield stretch


def _look(found: SpoiltCells, attributes: bytes, body: bytes) -> None:
    place = _PLACE.search(attributes)
    if place is None:
        return
    value = _VALUE.search(body)
    if _ERROR.search(attributes):
        spoilt = Spoilt(Damage.ERROR, unescape(value[1].decode("utf-8", "replace"))[:40] if value else "#ERROR")
    elif _FORMULA.search(body) and value is None and not _STRING.search(attributes):
        spoilt = Spoilt(Damage.ERROR, "公式无结果")
    else:
        return
    found.setdefault(int(place[2]) - 1, {})[_column(place[1])] = spoilt


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
