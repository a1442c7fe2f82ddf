"""名称规范化 one written form of a name, the same for names that are kept and for names that are asked.

Not for codes (``identifiers.text``) and not for what is displayed: a name is always shown as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


def load_yaml(file: str) -> dict[str, Any]:
    """Gives a data file of this room; read in C where that is built in, seven times as fast."""
    found: dict[str, Any] = yaml.load((DATA / file).read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


@cache
def simplified() -> dict[str, str]:
    """Gives traditional or variant character → standard one (规范字), from ``data/traditional.txt``."""
    lines = (DATA / "traditional.txt").read_text("utf-8").splitlines()
    pairs = [pair for line in lines if not line.startswith("#") for pair in line.split()]
    return {pair[0]: pair[1] for pair in pairs}


#: 乾 is both 干 and itself (乾坤); in firms' names it is itself, and read qián.
_KEPT = frozenset("乾")
#: What people type for the zero of 二〇二六.
_LIKE_ZERO = dict.fromkeys("○◯", "〇")
#: Letters that join others when what stood between them is gone: a name normalised twice would change.
_JOINING = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")


#: As many characters are kept as names have: nobody may fill the memory by asking for others.
MOST_KEPT = 10_000


class _Table(dict[int, str]):
    """A character to its normal one, or to nothing when it is neither letter nor digit; learnt as characters come."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        normal = simplified().get(character, character) if character not in _KEPT else character
        normal = _LIKE_ZERO.get(normal, normal)
        if unicodedata.category(normal)[0] not in "LN" or _JOINING.match(normal):
            normal = ""
        if len(self) < MOST_KEPT:
            self[point] = normal
        return normal


_TABLE = _Table()


def normal(text: str) -> str:
    """Gives the normal form: NFKC, capitals, simplified characters, no blanks, signs or brackets; stars are gone too.

    ``normal(normal(x)) == normal(x)``. What was masked (张**) leaves no trace: neither a character nor a length.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return folded.translate(_TABLE)


def pieces(text: str) -> list[str]:
    """Gives the normal forms of the runs between blanks, signs and brackets, in order, none of them empty."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return ["".join(run) for run in _runs(folded)]


def _runs(folded: str) -> list[list[str]]:
    runs: list[list[str]] = []
    open_run = False
    for character in folded:
        normal_character = _TABLE[ord(character)]
        if not normal_character:
            open_run = False
        elif open_run:
            runs[-1].append(normal_character)
        else:
            runs.append([normal_character])
            open_run = True
    return runs
