"""生成 the spoiled set of a list of firms: deterministic, fair, so many of each kind, in two halves. Not for asking it.

Nothing is drawn by chance: firms, texts and halves stand in the order of a hash, so that the same firms give the same set.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.spoiled.fair import Firm, bearers, core_of
from tests.spoiled.rules import KINDS

HERE = Path(__file__).parent
#: How many names of the mass sample the stored set is made over.
NAMES = 1_000_000
LINES = 2_000
#: The set is kept in two files, so that nobody who tunes reads the second by mistake.
DEV, HELD = "dev", "held"
#: Firms asked for one line, and texts asked of one firm: many have no fair text of a kind.
_FIRMS_A_LINE, _TEXTS_A_FIRM = 8, 3
#: Of three mistakes in a character two are made in the brand, which is neither read out nor offered whole.
_IN_BRAND = 2


@dataclass(frozen=True, slots=True)
class Line:
    """一行: the rule, the text it made, and the firm that was meant."""

    kind: str
    text: str
    firm: Firm

    @property
    def half(self) -> str:
        """The half it belongs to; a text is always in the same one."""
        return DEV if order("half", self.text, self.firm.uscc) % 2 else HELD


def order(*words: object) -> int:
    """Gives a number that only the words decide."""
    digest = hashlib.blake2b("|".join(map(str, words)).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def spoiled(kind: str, firm: Firm) -> list[str]:
    """Gives all texts that a rule makes of a name, in the order they are tried, half of them with the ending."""
    parts = firm.parts
    texts = dict.fromkeys(KINDS[kind][0](parts))
    start = 0 if parts.bracketed else len("".join(parts.places))
    brand = range(start, start + len(parts.brand))

    def key(text: str) -> tuple[bool, int]:
        place = next((n for n, (a, b) in enumerate(zip(text, parts.core, strict=False)) if a != b), len(text))
        elsewhere = order("brand", kind, firm.uscc) % (_IN_BRAND + 1) == 0
        return (place in brand) is elsewhere, order(kind, firm.uscc, text)

    ended = parts.ending and kind not in ("form", "pinyin") and order("ending", kind, firm.uscc) % 2
    return [text + parts.ending if ended else text for text in sorted(texts, key=key)]


def make(firms: Sequence[Firm], lines: int, told: Callable[[int], object] = id) -> list[Line]:
    """Gives so many lines over the firms, fewer where a kind has no more fair texts."""
    anatomies = [firm.parts for firm in firms]
    alone = Counter(parts.core for parts in anatomies)
    brands = Counter((parts.places, parts.brand) for parts in anatomies)
    ordered = sorted(range(len(firms)), key=lambda number: order("firm", firms[number].uscc))
    wanted = shares(lines)
    proposed: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    waiting = {kind: share * _FIRMS_A_LINE for kind, share in wanted.items()}
    for number in ordered:
        parts = anatomies[number]
        if alone[parts.core] == 1 and waiting:
            kind = max(waiting, key=lambda kind: waiting[kind] / wanted[kind])
            if not (texts := spoiled(kind, firms[number])[:_TEXTS_A_FIRM]):
                kind, texts = _another(list(waiting), firms[number])
            # 货物运输 is said of all who carry goods: beside another of the same place and brand it tells nobody apart.
            if texts and (kind != "trade" or brands[parts.places, parts.brand] == 1):
                proposed[kind].append((number, texts))
                waiting[kind] -= 1
                waiting = {kind: left for kind, left in waiting.items() if left}
    found = bearers((text for some in proposed.values() for _, texts in some for text in texts), firms, told)
    return [line for kind, share in wanted.items() for line in _fair(kind, share, proposed[kind], firms, found)]


def _another(kinds: list[str], firm: Firm) -> tuple[str, list[str]]:
    """A kind that can spoil this firm's name, where the one whose turn it was cannot."""
    for kind in sorted(kinds, key=lambda kind: order("another", kind, firm.uscc)):
        if texts := spoiled(kind, firm)[:_TEXTS_A_FIRM]:
            return kind, texts
    return "", []


def _fair(
    kind: str, share: int, proposed: list[tuple[int, list[str]]], firms: Sequence[Firm], found: dict[str, set[int]]
) -> list[Line]:
    lines: list[Line] = []
    for number, texts in proposed:
        text = next((text for text in texts if found[core_of(text)] == {number}), None)
        if text is not None and len(lines) < share:
            lines.append(Line(kind, text, firms[number]))
    return lines


def shares(lines: int) -> dict[str, int]:
    """Gives how many lines of a set are of each kind."""
    whole = sum(share for _, share in KINDS.values())
    return {kind: max(1, share * lines // whole) for kind, (_, share) in KINDS.items()}


def written(lines: Iterable[Line]) -> str:
    """Gives the text of a file of lines."""
    return "".join(
        f"{line.kind}\t{line.text}\t{firm.uscc}\t{firm.name}\t{firm.kind}\t{firm.number}\t{firm.division}\n"
        for line in lines
        for firm in (line.firm,)
    )


def stored(half: str) -> list[Line]:
    """Gives the lines of one half, or of ``both``."""
    halves = (DEV, HELD) if half == "both" else (half,)
    rows = [row.split("\t") for one in halves for row in (HERE / f"{one}.tsv").read_text("utf-8").splitlines()]
    return [
        Line(kind, text, Firm(of, int(number), uscc, name, division))
        for kind, text, uscc, name, of, number, division in rows
    ]


def store(lines: Sequence[Line]) -> None:
    """Writes both halves."""
    for half in (DEV, HELD):
        (HERE / f"{half}.tsv").write_text(written(line for line in lines if line.half == half), "utf-8")
