"""读音 pinyin of characters and names: one reading for each character, more where names have more.

From ``data/readings.tsv`` (made by tests/make_names_data.py) and ``data/polyphones.yaml``; loaded on first use, about
200 kB. Not for tones, and not for persons' names: nothing about a person is searched.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import cache
from itertools import combinations, islice
from typing import NamedTuple

from server.names.form import DATA, MOST_KEPT, load_yaml

_FIRST, _LAST = 0x4E00, 0x9FFF
#: Readings of one text that are tried: more would be of names with five doubtful characters.
MOST_READINGS = 4


class _Table(NamedTuple):
    """读音表: a number for each character is a fiftieth of a dictionary of strings."""

    #: code point − _FIRST → place in syllables and characters; 0 for a character without reading
    places: array[int]
    syllables: list[str]
    #: the characters of a syllable, common ones first
    characters: list[str]


@cache
def _table() -> _Table:
    lines = (DATA / "readings.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    places = array("H", bytes(2 * (_LAST - _FIRST + 1)))
    for place, (_, characters) in enumerate(rows, start=1):
        for character in characters:
            places[ord(character) - _FIRST] = place
    return _Table(places, ["", *(row[0] for row in rows)], ["", *(row[1] for row in rows)])


class _Polyphones(NamedTuple):
    characters: dict[str, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]
    #: first two characters of the words
    heads: frozenset[str]
    longest: int


@cache
def _polyphones() -> _Polyphones:
    loaded = load_yaml("polyphones.yaml")
    words = {word: tuple(reading.split()) for word, reading in loaded["words"].items()}
    characters = {character: tuple(readings) for character, readings in loaded["characters"].items()}
    return _Polyphones(characters, words, frozenset(word[:2] for word in words), max(map(len, words)))


def syllables_of(character: str) -> tuple[str, ...]:
    """Gives the readings of a character without tone (ü is v), the commonest first; none for one that has no reading."""
    several = _polyphones().characters.get(character)
    if several is not None:
        return several
    point = ord(character)
    place = _table().places[point - _FIRST] if _FIRST <= point <= _LAST else 0
    return (_table().syllables[place],) if place else ()


def read_so(syllable: str) -> str:
    """Gives the characters read so, common ones first; "" for what is no syllable."""
    return _by_syllable().get(syllable, "")


@cache
def _by_syllable() -> dict[str, str]:
    table = _table()
    found = dict(zip(table.syllables[1:], table.characters[1:], strict=True))
    for character, readings in _polyphones().characters.items():
        for syllable in readings:
            if character not in found.get(syllable, ""):
                found[syllable] = found.get(syllable, "") + character
    return found


def reading(text: str) -> list[tuple[str, ...]]:
    """Gives the readings of every character of a normal form; words (重庆) have one; letters and digits read as they are."""
    known, found, place = _polyphones(), list[tuple[str, ...]](), 0
    while place < len(text):
        word = _word_at(text, place, known) if text[place : place + 2] in known.heads else None
        if word is not None:
            found += [(syllable,) for syllable in known.words[word]]
            place += len(word)
        else:
            character = text[place]
            found.append((character.lower(),) if character.isascii() else syllables_of(character))
            place += 1
    return found


def _word_at(text: str, start: int, known: _Polyphones) -> str | None:
    for end in range(min(len(text), start + known.longest), start + 1, -1):
        if text[start:end] in known.words:
            return text[start:end]
    return None


class _Letters(dict[int, str]):
    """Character → first letter of its first reading, or nothing; learnt as characters come, for ``str.translate``."""

    def __missing__(self, point: int) -> str:
        readings = syllables_of(chr(point)) if point > 127 else (chr(point).lower(),)
        letter = readings[0][0] if readings else ""
        if len(self) < MOST_KEPT:
            self[point] = letter
        return letter


_LETTERS = _Letters()


@cache
def _doubtful() -> frozenset[str]:
    """Gives the characters whose initial is not always that of their first reading."""
    known = _polyphones()
    found = {c for c, readings in known.characters.items() if len({syllable[0] for syllable in readings}) > 1}
    for word, readings in known.words.items():
        found |= {c for c, syllable in zip(word, readings, strict=True) if syllables_of(c)[0][0] != syllable[0]}
    return frozenset(found)


def initials(text: str, most: int = MOST_READINGS) -> list[str]:
    """Gives the initials of a normal form (pdsxd), in at most so many readings, the commonest first; none for ""."""
    if _doubtful().isdisjoint(text):
        plain = text.translate(_LETTERS)
        return [plain] if plain else []
    letters = [tuple(dict.fromkeys(syllable[0] for syllable in readings)) for readings in reading(text) if readings]
    return list(dict.fromkeys("".join(chosen) for chosen in _combinations(letters, most)))


def _combinations(letters: list[tuple[str, ...]], most: int) -> Iterator[list[str]]:
    """The first reading of all, then one character changed, then two."""
    base = [choices[0] for choices in letters]
    changes = [(place, letter) for place, choices in enumerate(letters) for letter in choices[1:]]
    given = 0
    for size in range(len(changes) + 1):
        for chosen in islice(combinations(changes, size), most - given):
            given += 1
            changed = base.copy()
            for place, letter in chosen:
                changed[place] = letter
            yield changed
