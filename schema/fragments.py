"""共用片段 fragments that several of the site's queries share: put behind a query that uses them.

A document of GraphQL stands alone, so what two pages ask alike would stand twice. Not for a client's documents: those
are taken as they are sent.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

#: Beside the queries, so that a listing of queries does not meet them.
FOLDER = "fragments"
_COMMENT = re.compile(r"#[^\n]*")
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)([_A-Za-z]\w*)")
_HEAD = re.compile(r"^fragment\s+(\w+)\s+on\s", re.MULTILINE)


def read_query(file: Path) -> str:
    """Gives the text of one query with the shared fragments it uses, directly or through others, each once.

    A spread that no file declares is left as it is: the validation names it.
    """
    text = _COMMENT.sub("", file.read_text("utf-8")).strip() + "\n"
    shared = _shared(file.parent / FOLDER)
    waiting, taken = _spreads(text), dict.fromkeys(_HEAD.findall(text), "")
    while waiting:
        name = waiting.pop(0)
        if name in shared and name not in taken:
            taken[name] = shared[name]
            waiting += _spreads(shared[name])
    return text + "".join(f"\n{fragment}\n" for fragment in taken.values() if fragment)


def _spreads(text: str) -> list[str]:
    return _SPREAD.findall(text)


def _shared(folder: Path) -> dict[str, str]:
    """Gives each shared fragment by its name; raises ``ValueError`` for a name that two files declare."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.graphql")):
        text = _COMMENT.sub("", file.read_text("utf-8"))
        starts = [*(head.start() for head in _HEAD.finditer(text)), len(text)]
        for begin, end in pairwise(starts):
            fragment = text[begin:end].strip()
            name = _HEAD.findall(fragment)[0]
            if name in found:
                raise ValueError(f"{file.name}: fragment {name} stands twice")
            found[name] = fragment
    return found
