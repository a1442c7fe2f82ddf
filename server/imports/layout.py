"""版面 where in a sheet the header stands, and which rows around the table are no records. Pure.

Not for which header is which column: see ``headers``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.imports.fields import header_key, words
from server.imports.headers import is_known, score
from server.imports.rows import Kind
from server.imports.source import NumberedRow

#: Rows looked at for a header; a title, a unit line and filling instructions are fewer.
HEAD_ROWS = 60
#: A second header row must consist of headers, but for some that nobody knows.
_MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Place:
    """表头位置: index of its last row among the rows looked at, its texts, and the kind of table."""

    first: int
    last: int
    texts: tuple[str, ...]
    kind: Kind


def find_header(rows: Sequence[NumberedRow]) -> Place | None:
    """Gives the header: one row, or two of which the upper groups the lower; None when no row is a national header."""
    best: tuple[tuple[int, bool], Place] | None = None
    for position, (_, row) in enumerate(rows):
        upper = tuple(map(_text, row))
        below = tuple(map(_text, rows[position + 1][1])) if position + 1 < len(rows) else ()
        for last, texts in ((position, upper), (position + 1, _combined(upper, below))):
            known, _, kind = score(texts) if texts else (0, 0, None)
            rank = known, last == position
            # More recognised columns win, of equals the single row, then the first: a row of codes below the names is
            # no header, and a title above them no group.
            if kind is not None and (best is None or rank > best[0]):
                best = rank, Place(position, last, texts, kind)
    return best[1] if best else None


def best_guess(rows: Sequence[NumberedRow]) -> list[str]:
    """Gives the recognised headers of the row with most of them, to tell a clerk why a sheet is passed over."""
    guesses = ([_text(cell) for cell in row if is_known(_text(cell))] for _, row in rows)
    return max(guesses, key=len, default=[])


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else str(cell)


def _combined(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Joins two header rows; () when the lower one is not a header."""
    filled = [text for text in lower if text.strip()]
    if not filled:
        return ()
    texts, group, fitting = [], "", 0
    for position in range(max(len(upper), len(lower))):
        above = upper[position] if position < len(upper) else ""
        below = lower[position] if position < len(lower) else ""
        group = above if above.strip() else group
        text = _joined(above, below, group)
        fitting += bool(below.strip()) and is_known(text)
        texts.append(text)
    return tuple(texts) if fitting >= _MOSTLY * len(filled) else ()


def _joined(above: str, below: str, group: str) -> str:
    if not below.strip():
        return above
    for text in (group + below, below, above):
        if is_known(text):
            return text
    return below


_TAIL_COLON = re.compile(r"[:：]")


def tail_word(first: str) -> str | None:
    """Gives the word that makes a row below the table no record (合计, 填表人：…), by its first cell; None for others."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", first)).lstrip("(*")
    for word in words().tails:
        if plain.upper().startswith(word):
            rest = plain[len(word) :]
            if not rest or _TAIL_COLON.match(rest) or rest[0].isdigit() or rest[0] in ")":
                return word
    return None


def tail_initials() -> frozenset[str]:
    """The characters a tail can start with: a cheap first look at 100,000 rows."""
    return frozenset(word[0] for word in words().tails) | frozenset(" \t\u3000(（*")


def is_form_row(row: Sequence[Any]) -> bool:
    """Says whether a row below the header only repeats it, or says 必填, 文本 … of each column."""
    filled = [cell for cell in row if cell != ""]
    texts = [cell for cell in filled if isinstance(cell, str)]
    if len(texts) < 3:
        return False
    known = sum(is_known(text) for text in texts)
    if known * 2 >= len(filled):
        return True
    return len(texts) == len(filled) and all(header_key(text) in words().form_words for text in texts)
