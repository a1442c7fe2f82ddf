"""代码表 what an enumerated cell may say. Not for the lists themselves: those are dated entries of ``checks.yaml``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from server.imports.cells import CellFault, text
from server.imports.rows import Cell

_BLANKS = re.compile(r"\s+")
_OTHER = re.compile(r"其[他它][-－—–_:：]+(.+)")
_SEPARATORS = re.compile(r"[;；\n]+")
#: Used only where no code of the list itself holds them (没收违法所得、没收非法财物).
_LOOSE_SEPARATORS = re.compile(r"[、,，|]+")


def folded(word: str) -> str:
    """Gives the form in which words are compared: half-width, no blanks."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", word))


@dataclass(frozen=True)
class CodeList:
    """代码表 of one column: ``words`` maps each word a file may hold, folded, to what is stored.

    ``other`` is the word after which free text follows (其他-…), or None where the list is closed.
    """

    term: str
    listed: tuple[str, ...]
    words: Mapping[str, str]
    other: str | None = None
    fillers: frozenset[str] = field(default_factory=frozenset)

    def word_of(self, stored: str) -> str:
        """Gives the word a file says for a stored code."""
        return next(word for word in self.listed if self.words[folded(word)] == stored)

    def one(self, raw: Cell) -> str | CellFault | None:
        """Gives the stored code of a cell with one value; never a default for an unknown word."""
        value = text(raw, lines=False)
        return self._code(value) if isinstance(value, str) else value

    def many(self, raw: Cell) -> tuple[str, ...] | CellFault | None:
        """Gives the stored codes of a cell with several values separated by ``;``, each once, in the file's order."""
        value = text(raw)
        if not isinstance(value, str):
            return value
        found: dict[str, None] = {}
        for part in filter(None, map(str.strip, _SEPARATORS.split(value))):
            codes = self._codes_of_part(part)
            if isinstance(codes, CellFault):
                return codes
            found.update(dict.fromkeys(codes))
        return tuple(found) or None

    def _codes_of_part(self, part: str) -> tuple[str, ...] | CellFault:
        code = self._code(part)
        if isinstance(code, str):
            return (code,)
        pieces = [self._code(piece) for piece in filter(None, _LOOSE_SEPARATORS.split(part))]
        codes = tuple(piece for piece in pieces if isinstance(piece, str))
        return codes if len(codes) == len(pieces) > 1 else code

    def _code(self, word: str) -> str | CellFault:
        plain = folded(word)
        if plain in self.words:
            return self.words[plain]
        if self.other and plain[:2] in ("其他", "其它"):
            note = _OTHER.fullmatch(plain)
            if note and note[1] not in self.fillers:
                return f"{self.other}-{note[1]}"
            return CellFault("R12", f"“其他”须写明是什么；请写成“{self.other}-具体名称”")
        allowed = " / ".join((*self.listed, *((f"{self.other}-具体名称",) if self.other else ())))
        return CellFault("R13", f"所填内容不在{self.term}目录中；请改填其一：{allowed}")
