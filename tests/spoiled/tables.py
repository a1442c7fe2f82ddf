"""错写表 the hand-written lists beside this file: sounds, shapes, traditional characters, former places and forms.

None of them comes from where ``server/names`` has its own, or the set would only prove that a table equals itself.
Not for what is done with them: see ``rules``.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
#: Of the characters an input method offers, those that stand on its first page.
_PAGE = 6


def _lines(name: str) -> list[list[str]]:
    text = (_HERE / name).read_text("utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


@cache
def readings() -> dict[str, str]:
    """Gives the syllable of each character (lv for lü)."""
    return {character: syllable for syllable, characters in _lines("sounds.txt") for character in characters}


@cache
def _syllables() -> dict[str, str]:
    return {line[0]: line[1] for line in _lines("sounds.txt")}


@cache
def sounds() -> dict[str, tuple[str, ...]]:
    """Gives for each character those of the same sound, the likelier first."""
    return {
        character: tuple(other for other in characters if other != character)[:_PAGE]
        for characters in _syllables().values()
        for character in characters
    }


@cache
def accents() -> dict[str, tuple[str, ...]]:
    """Gives for each character those of a syllable that is not told apart from its own."""
    near: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for one, other in _lines("accents.txt"):
        for syllable, heard in ((one, other), (other, one)):
            for character in _syllables().get(syllable, ""):
                near[character] += tuple(_syllables().get(heard, "")[:_PAGE])
    return dict(near)


@cache
def shapes() -> dict[str, tuple[str, ...]]:
    """Gives for each character those it is taken for."""
    alike: dict[str, dict[str, None]] = defaultdict(dict)
    for first, *others in _lines("shapes.txt"):
        for other in others:
            if other != first:
                alike[first][other] = alike[other][first] = None
    return {character: tuple(others) for character, others in alike.items()}


@cache
def traditional() -> dict[str, str]:
    """Gives the traditional form of each character that has another one."""
    return {pair[0]: pair[1] for line in _lines("traditional.txt") for pair in line if pair[0] != pair[1]}


@cache
def polyphones() -> tuple[str, ...]:
    """Gives words that are read otherwise than their characters alone."""
    return tuple(word for line in _lines("polyphones.txt") for word in line)


@cache
def places() -> dict[str, tuple[str, ...]]:
    """Gives the former names of a place."""
    return {now: tuple(before) for now, *before in _lines("places.txt")}


@cache
def forms() -> tuple[tuple[str, str], ...]:
    """Gives endings of names that stand for each other."""
    pairs = [(one, other) for one, other in _lines("forms.txt")]
    return tuple(pairs + [(other, one) for one, other in pairs])


@cache
def trades() -> tuple[str, ...]:
    """Gives the words for what a firm does that stand at the end of its name, the longest first."""
    return tuple(sorted((word for line in _lines("trades.txt") for word in line), key=len, reverse=True))


@cache
def endings() -> tuple[str, ...]:
    """Gives the words for the form of a firm (有限公司 …), the longest first."""
    return tuple(sorted((word for line in _lines("endings.txt") for word in line), key=len, reverse=True))
