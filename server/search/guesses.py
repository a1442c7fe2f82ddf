"""猜想 what a misspelt name may have been: tokens that the right one carries in spite of the mistake, and what each of its
characters may be mistaken for. Pure. Not for comparing: the doors' ``similar_names`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from server.names.lexicon import bigrams
from server.names.likeness import like_shape, near_sound, other_forms, same_sound
from server.names.parts import Name
from server.names.readings import read_so
from server.names.tokens import MOST_INITIALS, Piece, asked_tokens, split

#: Characters that are compared, and guesses that are made: a longer text is no name with a mistake.
MOST_PLACES, MOST_GUESSES = 24, 48
#: A name of one character is like everything.
LEAST_PLACES = 2
#: How much a place says of which firm is meant: the brand everything, the region least.
_BRAND, _TRADE, _REGION = 100, 60, 40
#: Fewer initials than these are those of too many names to be looked through.
_ENOUGH_INITIALS = 4
#: What a core leaves out of a region, as it is spelt.
_LEVELS = frozenset(("sheng", "shi", "xian", "qu"))


@dataclass(frozen=True, slots=True)
class Guesses:
    """猜想: each guess is tokens with blanks between. ``sounds`` and ``shapes`` are ways to read what was typed: for each
    place the characters that sound or look like it, with blanks between; ``weights`` one number for each place.
    """

    tokens: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    weights: tuple[int, ...] = ()


NO_GUESSES = Guesses()


def guesses_at_name(text: str, name: Name) -> Guesses:
    """Gives what a name of Chinese characters may have been meant for."""
    core = name.core
    if not LEAST_PLACES <= len(core) <= MOST_PLACES:
        return NO_GUESSES
    pieces = list(split(core))
    alike = [_alike(character) for character in core]
    return Guesses(
        _texts([*_of_name(name, pieces), *map(asked_tokens, other_forms(text))]),
        (" ".join(sounds for sounds, _ in alike),),
        (" ".join(shapes for _, shapes in alike),),
        tuple(_weight(piece) for piece in pieces for _ in piece.text),
    )


def guesses_at_pinyin(ways: Sequence[Sequence[str]]) -> Guesses:
    """Gives the names that are read in one of these ways."""
    ways = [way for way in ways if LEAST_PLACES <= len(way) <= MOST_PLACES]
    if not ways:
        return NO_GUESSES
    sounds = tuple(" ".join(read_so(syllable) for syllable in way) for way in ways)
    longest = max(map(len, ways))
    return Guesses(
        _texts(guess for way in ways for guess in _of_pinyin(way)),
        sounds,
        tuple(" " * (len(way) - 1) for way in ways),
        (_BRAND,) * longest,
    )


@lru_cache(maxsize=2048)
def _alike(character: str) -> tuple[str, str]:
    """Characters of the same sound, and those of like sound or shape."""
    return same_sound(character), near_sound(character) + like_shape(character)


def _texts(guesses: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Gives each guess once, with blanks between its tokens, which hold none."""
    found = dict.fromkeys(" ".join(guess) for guess in guesses if guess)
    return tuple(found)[:MOST_GUESSES]


def _of_pinyin(way: Sequence[str]) -> Iterator[list[str]]:
    """By initials: of all, of all but the levels of regions, and of both the beginning and what follows a region."""
    short = [syllable for syllable in way if syllable not in _LEVELS]
    for syllables in (way, short):
        letters = "".join(syllable[0] for syllable in syllables)
        if len(letters) >= LEAST_PLACES:
            yield ["=" + letters[:MOST_INITIALS]]


def _of_name(name: Name, pieces: Sequence[Piece]) -> Iterator[Sequence[str]]:
    known = [list(_tokens(piece)) for piece in pieces]
    for place, piece in enumerate(pieces):
        others = [token for other, tokens in enumerate(known) if other != place for token in tokens]
        yield from _with_one_wrong(piece, others)
        yield others
    yield [token for piece, tokens in zip(pieces, known, strict=True) if not _is_region(piece) for token in tokens]
    yield _loose(pieces, lambda piece: piece.word is None)
    yield _loose(pieces, lambda piece: piece.word is not None and piece.word.is_trade)
    for letters in name.initials:
        # Another character of the same sound leaves the initials as they are.
        if len(letters) >= _ENOUGH_INITIALS:
            yield ["=" + letters[:MOST_INITIALS]]


def _tokens(piece: Piece) -> Iterable[str]:
    return (piece.word.token,) if piece.word else _literal(piece.text)


def _literal(text: str) -> Iterable[str]:
    return bigrams(text) if len(text) > 1 else (text,) if text else ()


def _with_one_wrong(piece: Piece, others: list[str]) -> Iterator[list[str]]:
    """One character of the piece left out: it is wrong, or one too many, or one is missing there."""
    if len(piece.text) < 2:
        return
    for place in range(len(piece.text)):
        yield [*_literal(piece.text[:place]), *_literal(piece.text[place + 1 :]), *others]


def _loose(pieces: Sequence[Piece], is_loose: Callable[[Piece], bool]) -> list[str]:
    """Some pieces by their characters alone, in whatever order they stand."""
    found: list[str] = []
    for piece in pieces:
        found += list(piece.text) if is_loose(piece) else _tokens(piece)
    return found


def _is_region(piece: Piece) -> bool:
    return piece.word is not None and bool(piece.word.codes)


def _weight(piece: Piece) -> int:
    return _BRAND if piece.word is None else _REGION if piece.word.codes else _TRADE
