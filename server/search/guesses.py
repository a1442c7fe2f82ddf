"""猜想 what a misspelt name may have been: tokens that the right one carries in spite of the mistake, and what each of its
characters may be mistaken for. Pure. Not for comparing: the doors' ``similar_names`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from server.names.lexicon import bigrams
from server.names.likeness import like_shape, near_sound, other_forms, same_sound
from server.names.parts import Name
from server.names.readings import read_so
from server.names.tokens import MOST_INITIALS, Piece, asked_tokens

#: Characters that are compared, and guesses that are made: a longer text is no name with a mistake.
MOST_PLACES, MOST_GUESSES = 24, 48
#: A name of one character is like everything.
LEAST_PLACES = 2
#: How much a piece says of which firm is meant: the brand most, the trade, which has many words, least. Each of its
#: characters has its share.
_BRAND, _REGION, _TRADE = 1200, 700, 400
#: A run so long may be more than a brand.
_TWO_BRANDS = 4
#: Fewer initials than these are those of too many names to be looked through.
_ENOUGH_INITIALS = 4
#: Syllables of the longest region that initials are tried without.
_LONGEST_REGION = 9
#: What a core leaves out of a region, as it is spelt.
_LEVELS = frozenset(("sheng", "shi", "xian", "qu"))
_MOST_LEVELS = 3


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


def guesses_at_name(text: str, name: Name, pieces: Sequence[Piece]) -> Guesses:
    """Gives what a name of Chinese characters may have been meant for; ``pieces`` are those of its core."""
    core = name.core
    if not LEAST_PLACES <= len(core) <= MOST_PLACES or all(piece.word and not piece.word.codes for piece in pieces):
        # Nothing but words of the trade, rightly written: who has not all of them is not who was meant.
        return NO_GUESSES
    alike = [_alike(character) for character in core]
    return Guesses(
        _texts([*_of_name(name, pieces), *map(asked_tokens, other_forms(text))]),
        (" ".join(sounds for sounds, _ in alike),),
        (" ".join(shapes for _, shapes in alike),),
        _weights(pieces, name),
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
    """By initials: of the whole, without the levels of regions (县), and of the whole together with what follows a region."""
    letters = [syllable[0] for syllable in way]
    levels = [place for place, syllable in enumerate(way) if syllable in _LEVELS and place]
    for size in range(1, min(len(levels), _MOST_LEVELS) + 1):
        for left_out in combinations(levels, size):
            short = "".join(letter for place, letter in enumerate(letters) if place not in left_out)
            yield from _by_initials(short, [left_out[-1] + 1 - size])
    whole = "".join(letters)
    yield from _by_initials(whole, range(LEAST_PLACES, _LONGEST_REGION + 1))


def _by_initials(letters: str, starts: Iterable[int]) -> Iterator[list[str]]:
    yield [_initials(letters)]
    for start in starts:
        if len(letters) - start >= _ENOUGH_INITIALS:
            yield [_initials(letters), _initials(letters[start:])]


def _initials(letters: str) -> str:
    return "=" + letters[:MOST_INITIALS]


def _of_name(name: Name, pieces: Sequence[Piece]) -> Iterator[Sequence[str]]:
    known, start = [list(_tokens(piece)) for piece in pieces], 0
    regions = _regions(pieces, name)
    last_region = _last(regions)
    for place, piece in enumerate(pieces):
        others = [token for other, tokens in enumerate(known) if other != place for token in tokens]
        if piece.word is None or (piece.word.codes and not regions[place]):
            # A word of the lexicon with a wrong character in it is none any more.
            yield from _with_one_wrong(name.core, start, piece.text, others)
            if len(piece.text) >= _TWO_BRANDS:
                # An unknown place and a brand in one run: the brand alone.
                yield [piece.text[-2:], *others]
                yield [piece.text[:2], *others]
        if others and (piece.word is not None or place < last_region):
            yield others
        start += len(piece.text)
    yield [token for is_region, tokens in zip(regions, known, strict=True) if not is_region for token in tokens]
    yield _loose(pieces, lambda piece: piece.word is None)
    yield _loose(pieces, lambda piece: piece.word is not None and piece.word.is_trade)
    for letters in name.initials:
        # Another character of the same sound leaves the initials as they are.
        if len(letters) >= _ENOUGH_INITIALS:
            yield [_initials(letters)]


def _tokens(piece: Piece) -> Iterable[str]:
    return (piece.word.token,) if piece.word else _literal(piece.text)


def _literal(text: str) -> Iterable[str]:
    return bigrams(text) if len(text) > 1 else (text,) if text else ()


def _with_one_wrong(core: str, start: int, text: str, others: list[str]) -> Iterator[list[str]]:
    """One character of a run left out: it is wrong, or one too many, or one is missing there. What stands beside it in
    the core stands beside it in the name too, which few others share.
    """
    for place in range(len(text)):
        at = start + place
        left, right = core[max(at - 2, 0) : at], core[at + 1 : at + 3]
        near = [pair for pair in (left, right) if len(pair) > 1]
        yield list(dict.fromkeys([*_literal(text[:place]), *_literal(text[place + 1 :]), *near, *others]))


def _loose(pieces: Sequence[Piece], is_loose: Callable[[Piece], bool]) -> list[str]:
    """Some pieces by their characters alone, in whatever order they stand."""
    found: list[str] = []
    for piece in pieces:
        found += list(piece.text) if is_loose(piece) else _tokens(piece)
    return found


def _regions(pieces: Sequence[Piece], name: Name) -> list[bool]:
    """Tells which pieces are regions: a place that is no part of those before it is a brand, if there is no other."""
    last_run = _last([piece.word is None for piece in pieces])
    return [
        piece.word is not None and bool(piece.word.codes) and (piece.word.token in name.regions or place < last_run)
        for place, piece in enumerate(pieces)
    ]


def _last(marked: Sequence[bool]) -> int:
    return max((place for place, is_marked in enumerate(marked) if is_marked), default=-1)


def _weights(pieces: Sequence[Piece], name: Name) -> tuple[int, ...]:
    """One for each character; a run before a region is a region that nobody knows, or a wrong one."""
    last = _last(_regions(pieces, name))
    weights: list[int] = []
    for place, piece in enumerate(pieces):
        trade = piece.word is not None and not piece.word.codes
        weight = _REGION if place <= last else _TRADE if trade else _BRAND
        weights += [weight // len(piece.text)] * len(piece.text)
    return tuple(weights)
