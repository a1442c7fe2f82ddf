"""接口变更记录 the schema's changelog as blocks for its page. Not a Markdown library: it reads the few forms in use.

Headings, paragraphs, lists, `code` and **strong**; a line of another form is shown as it stands, never dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

CHANGELOG = Path(__file__).parents[2] / "schema" / "CHANGELOG.md"
_HEADING = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r"\s*[-*] +(.+)")
_MARKED = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*)")

#: A piece of text and how it is set: ``code``, ``strong`` or plain (empty).
Span = tuple[str, str]


@dataclass(slots=True)
class Block:
    """一段: a heading (``level`` 2–4), a list of ``items`` or a paragraph; texts are spans."""

    kind: str
    level: int = 0
    items: list[list[Span]] = field(default_factory=list)


def read_changelog(path: Path = CHANGELOG) -> list[Block]:
    """Gives the file's blocks below its title; none while there is no file."""
    if not path.exists():
        return []
    blocks: list[Block] = []
    texts: list[list[str]] = []
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        kind, level, text = _form(line)
        if kind == "title":
            continue
        if kind == "more":
            # A line that goes on belongs to the paragraph or the item before it.
            if texts and blocks[-1].kind != "heading":
                texts[-1].append(text)
                continue
            kind = "paragraph"
        if kind == "blank":
            _close(blocks, texts)
            continue
        if kind != "item" or not (texts and blocks[-1].kind == "item"):
            _close(blocks, texts)
            blocks.append(Block(kind, level))
        texts.append([text])
        if kind == "heading":
            _close(blocks, texts)
    return blocks


def _form(line: str) -> tuple[str, int, str]:
    if not line.strip():
        return "blank", 0, ""
    if found := _HEADING.fullmatch(line):
        level = len(found.group(1))
        return ("title" if level == 1 else "heading"), level, found.group(2)
    if found := _ITEM.fullmatch(line):
        return "item", 0, found.group(1)
    return "more", 0, line.strip()


def _close(blocks: list[Block], texts: list[list[str]]) -> None:
    if texts:
        blocks[-1].items = [spans("".join(lines)) for lines in texts]
        texts.clear()


def spans(text: str) -> list[Span]:
    """Gives a text's pieces with how each is set."""
    return [_span(piece) for piece in _MARKED.split(text) if piece]


def _span(piece: str) -> Span:
    if piece.startswith("`"):
        return "code", piece[1:-1]
    return ("strong", piece[2:-2]) if piece.startswith("**") else ("", piece)
