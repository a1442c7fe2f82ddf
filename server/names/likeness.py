"""近似 what a misspelt name may have been: characters of like sound or shape, pinyin typed out, names given before.

For suggestions only, when nothing else is found; not for ordinary questions, and never for persons' names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from server.names import lexicon, readings
from server.names.form import DATA, normal
from server.names.readings import reading, syllables_of

__all__ = ["is_read_so", "like_shape", "near_sound", "other_forms", "reading", "same_sound", "syllables"]

#: Initials and finals that dialects and hasty typing confuse.
_INITIALS = [("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l")]
_FINALS = [("ang", "an"), ("eng", "en"), ("ing", "in"), ("iong", "ong")]
#: f and h are confused before whole finals: 飞 and 灰, 风 and 红.
_WITH_F = dict(
    pair.split("-")
    for pair in ["fa-hua", "fo-huo", "fu-hu", "fei-hui", "fan-huan", "fen-hun", "fang-huang", "feng-hong"]
)
_WITH_H = {with_h: with_f for with_f, with_h in _WITH_F.items()}
_INITIAL = re.compile("(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)(.*)")
#: As many ways to divide typed letters as are tried; xian is one or two characters, and so is each of its like.
MOST_SPLITTINGS = 8
#: Readings of interjections only, which would divide every shan into sha and n.
_SOUNDS = frozenset(("n", "m", "ng", "o"))
#: A name has no more characters, nor so many letters of pinyin: nothing longer is divided.
_MOST_LETTERS = 120


def same_sound(character: str) -> str:
    """Gives the characters with a reading in common, without tone, common ones first; "" for what has no reading."""
    return _read_as(syllables_of(character), character)


def near_sound(character: str) -> str:
    """Gives the characters whose sound is easily taken for its own (z/zh, n/l, f/h, an/ang …), not those of like sound."""
    own = syllables_of(character)
    return _read_as((near for syllable in own for near in near_syllables(syllable) if near not in own), character)


def _read_as(syllables: Iterator[str] | tuple[str, ...], character: str) -> str:
    found = dict.fromkeys(c for syllable in syllables for c in readings.read_so(syllable))
    found.pop(character, None)
    return "".join(found)


@lru_cache(maxsize=512)
def near_syllables(syllable: str) -> tuple[str, ...]:
    """Gives the syllables easily taken for this one: another initial, another final, then both."""
    found = _INITIAL.fullmatch(syllable)
    if found is None:
        return ()
    initials, finals = [found[1], *_other(found[1], _INITIALS)], [found[2], *_other_finals(found[2])]
    near = [initial + final for final in finals for initial in initials]
    near += [table[one] for one in (syllable, *near) for table in (_WITH_F, _WITH_H) if one in table]
    return tuple(dict.fromkeys(s for s in near if s != syllable and readings.read_so(s)))


def _other(part: str, pairs: list[tuple[str, str]]) -> list[str]:
    return [b if part == a else a for a, b in pairs if part in (a, b)]


def _other_finals(final: str) -> list[str]:
    return [final[: -len(a)] + b for a, b in _both_ways(_FINALS) if final.endswith(a)]


def _both_ways(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*pairs, *((b, a) for a, b in pairs)]


@cache
def _shapes() -> tuple[str, list[str]]:
    """The made table as one text and the written lines: a dictionary of either would be ten times as large."""
    made = (DATA / "shapes.tsv").read_text("utf-8")
    written = (DATA / "confusables.txt").read_text("utf-8").splitlines()
    return made, [group for line in written if not line.startswith("#") for group in line.split()]


def like_shape(character: str) -> str:
    """Gives the characters of like shape, the likest first: those that are written down, then those of like parts."""
    made, written = _shapes()
    found = dict.fromkeys(c for group in written if character in group for c in group)
    start = made.find(f"\n{character}\t") if character else -1
    if start >= 0:
        found.update(dict.fromkeys(made[start + 3 : made.index("\n", start + 3)]))
    found.pop(character, None)
    return "".join(found)


def syllables(latin: str) -> list[tuple[str, ...]]:
    """Gives the ways to read typed letters as pinyin, those of fewest syllables first; [] for what is no pinyin.

    Blanks and apostrophes divide (xi an); tones and capitals do not matter; ü may be typed v, u: or ü.
    """
    plain = unicodedata.normalize("NFD", latin.lower().replace("u:", "v")).replace("u\u0308", "v")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    runs = [run for run in re.split(r"[\s'’‘·\-]+", plain) if run]
    if not runs or len(plain) > _MOST_LETTERS or not all(run.isascii() and run.isalpha() for run in runs):
        return []
    ways: list[tuple[str, ...]] = [()]
    for run in runs:
        divided = _divided(run)
        joined = [(*before, *way) for before in ways for way in divided]
        ways = sorted(joined, key=len)[:MOST_SPLITTINGS]
    return ways


def _divided(letters: str) -> list[tuple[str, ...]]:
    """The best few ways for every end of the letters, from left to right: linear in their number."""
    ways: list[list[tuple[str, ...]]] = [[()]]
    for end in range(1, len(letters) + 1):
        here = [
            (*before, letters[start:end])
            for start in range(max(0, end - 6), end)
            if _written(letters[start:end]) not in _SOUNDS and readings.read_so(_written(letters[start:end]))
            for before in ways[start]
        ]
        ways.append(sorted(here, key=len)[:MOST_SPLITTINGS])
    return [tuple(_written(syllable) for syllable in way) for way in ways[-1]]


def _written(syllable: str) -> str:
    """lue and lyu are other ways to type lve and lv."""
    return {"lue": "lve", "nue": "nve", "lyu": "lv", "nyu": "nv"}.get(syllable, syllable)


def is_read_so(text: str, typed: tuple[str, ...]) -> bool:
    """Tells whether a normal form may be read as these syllables, from its beginning; it may be longer than they are."""
    own = reading(text)
    return len(own) >= len(typed) and all(syllable in choices for syllable, choices in zip(typed, own, strict=False))


def other_forms(text: str) -> list[str]:
    """Gives what a name may also have been called: with a region's former or newer name; in normal form, not the same.

    襄樊安达 is 襄阳安达 today; a firm may have been renamed later than its region, or earlier.
    """
    form = normal(text)
    found = [form.replace(written, other) for written, other in lexicon.renamings() if written in form]
    return [other for other in dict.fromkeys(found) if other != form]
