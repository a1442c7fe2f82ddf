"""所问 what somebody typed into the one box, taken apart into the values that the doors' ``find_subjects`` is called with.

Pure. Not for looking anything up, and not for what may be shown. A personal number leaves nothing of itself here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from server.names.form import normal, pieces
from server.names.likeness import syllables
from server.names.parts import Name, parse
from server.names.tokens import Piece, asked_tokens, initials_token, split
from server.search.codes import PERSONAL, Number, Reading, read_number
from server.search.guesses import NO_GUESSES, Guesses, guesses_at_name, guesses_at_pinyin

#: No name is longer (the register's longest has some sixty characters), and a paragraph is no name.
LONGEST = 100
#: What is looked at of a longer text, so that none costs more: it is answered as too long, or as a person's number.
MOST_READ = 200
#: Words beyond these narrow nothing.
MOST_TOKENS = 60
#: Questions of the last requests: one is read for each value made of it, and again for the next page.
KEPT = 64


@dataclass(frozen=True, slots=True)
class Question:
    """所问: ``reading`` says what the text was taken for, ``fault`` what is wrong with it, the rest what to look for."""

    reading: Reading
    fault: str | None = None
    #: code or plate in normal form
    code: str | None = None
    colour: str | None = None
    #: what every name that is meant must carry; None when no name is looked for
    tokens: tuple[str, ...] | None = None
    #: the name as its core is kept, and the brand in it
    core: str | None = None
    brand: str | None = None
    #: every word as it was typed
    written: tuple[str, ...] = ()
    #: the token of the pinyin initials that were typed
    initials: str | None = None
    #: what else may have been meant, if nothing carries the tokens
    guesses: Guesses = NO_GUESSES


_NOTHING = Question(Reading.EMPTY, "没有输入可查的内容；请输入企业名称（或其中几个字）、统一社会信用代码或车牌号")
_TOO_LONG = Question(Reading.EMPTY, f"输入的内容超过 {LONGEST} 个字；请只输入名称、代码或车牌号")
_ONE_LETTER = "拼音首字母至少输入两个；也可以输入名称中的字"

_kept: dict[str, Question] = {}
#: The last text that was a person's number, which is not kept itself: the values of one question ask for it a dozen times.
_last_personal: list[int] = []


def read(text: str) -> Question:
    """Gives what a text asks for; any text has an answer, and one that cannot be looked up says why and what to do."""
    text = text.strip()[:MOST_READ]
    found = _kept.get(text)
    if found is None and _last_personal == [hash(text)]:
        return _of_number(PERSONAL)
    if found is None:
        found = _read(text)
        if found.reading is Reading.PERSONAL_NUMBER:
            _last_personal[:] = [hash(text)]
        else:
            if len(_kept) >= KEPT:
                _kept.clear()
            _kept[text] = found
    return found


def _read(text: str) -> Question:
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(character) in _UNSTORABLE else character for character in text)
    number = read_number(text)
    if number is not None and number.reading is Reading.PERSONAL_NUMBER:
        return _of_number(number)
    if len(text) > LONGEST:
        return _TOO_LONG
    if number is not None:
        return _of_number(number)
    full = normal(text)
    if not full:
        return _NOTHING
    if full.isascii() and full.isalpha():
        return _of_letters(text, full)
    return _of_name(text)


#: Control characters and halves of characters, which PostgreSQL cannot hold or nobody can see.
_UNSTORABLE = ("Cc", "Cs", "Cn", "Co")


def _of_number(number: Number) -> Question:
    colour = None if number.colour is None else str(number.colour)
    return Question(number.reading, number.fault, number.value, colour)


def _of_name(text: str) -> Question:
    name = parse(text)
    core = list(split(name.core))
    tokens = asked_tokens(text)[:MOST_TOKENS]
    return Question(
        Reading.NAME,
        tokens=tokens,
        core=name.core or None,
        brand=_brand(name, core) or None,
        written=_written(text),
        guesses=guesses_at_name(text, name, core),
    )


def _written(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.text for run in pieces(text) for part in split(run)))


def _brand(name: Name, core: Sequence[Piece]) -> str:
    """The brand, wherever it was typed: in 物流兴达 it is the one run that is no word."""
    runs = [piece.text for piece in core if piece.word is None]
    return runs[0] if len(runs) == 1 and len(runs[0]) > 1 else name.brand


def _of_letters(text: str, letters: str) -> Question:
    """Latin letters: a name may hold them as they are, or they are the initials of one, or its pinyin in full."""
    tokens = asked_tokens(text)[:MOST_TOKENS]
    ways = [way for way in syllables(text) if len(way) < len(letters)]
    if ways:
        return Question(
            Reading.PINYIN,
            tokens=tokens,
            core=letters,
            written=(letters,),
            initials=initials_token(letters),
            guesses=guesses_at_pinyin(ways),
        )
    fault = _ONE_LETTER if len(letters) == 1 else None
    return Question(
        Reading.INITIALS, fault, tokens=tokens, core=letters, written=(letters,), initials=initials_token(letters)
    )
