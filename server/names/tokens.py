"""索引词 the tokens a row is found by, and the tokens that a typed text asks for; the lexicon is one for both sides.

Whatever run of a name's core somebody types, every token asked for is one that the name carries. Not for misspelt
names: ``likeness.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from server.names import lexicon
from server.names.form import pieces
from server.names.parts import Name

#: Initials are indexed from so many letters to so many: one letter finds everything, seven nothing more than six.
LEAST_INITIALS, MOST_INITIALS = 2, 6


def index_tokens(name: Name) -> list[str]:
    """Gives what a row carries: characters, pairs, words, brand, initials (``=pdsxd``), sorted, each once."""
    core, body, full = name.core, name.body, name.full
    found = {*core, *lexicon.bigrams(core), *_form_tokens(full[len(body) :])}
    # Words that begin in the body may end behind it: 钢材 销售服务 部.
    _add_words(full, len(body), found)
    if body != core:
        found.update(body, lexicon.bigrams(body))
        _add_words(core, len(core), found)
    if name.brand:
        found.add(name.brand)
    for letters in name.initials:
        found.update([f"={letters[:end]}" for end in range(LEAST_INITIALS, min(len(letters), MOST_INITIALS) + 1)])
    return sorted(found)


def _add_words(text: str, until: int, found: set[str]) -> None:
    """Adds the token of every word of the lexicon that begins in a text before a place, and those it implies."""
    known, heads = lexicon.words(), lexicon.heads()
    for start in range(until):
        for size in heads.get(text[start : start + 2], ()):
            word = known.get(text[start : start + size])
            if word is not None:
                found.add(word.token)
                if word.implied:
                    found.update(word.implied)


@lru_cache(maxsize=256)
def _form_tokens(form: str) -> frozenset[str]:
    """Gives the tokens of a form of organisation, asked for only when nothing else is typed; a few forms serve all."""
    found = {*form[-1:]} & lexicon.endings()
    _add_words(form, len(form), found)
    return frozenset(found)


def filter_tokens(kind: str, division_code: str | None, sector: str | None, state: str | None) -> list[str]:
    """Gives what filters ask for: ``@k:`` kind, ``@d:`` division with those above it, ``@s:`` sector, ``@t:`` state."""
    code = division_code or ""
    found = [f"@k:{kind}", *(f"@d:{code[:size]}" for size in (2, 4, 6) if len(code) >= size)]
    found += [f"@s:{sector}"] if sector else []
    return found + ([f"@t:{state}"] if state else [])


class Piece(NamedTuple):
    """词段: one stretch of a typed text."""

    text: str
    #: the word of the lexicon it is, or None for a run that no word covers
    word: lexicon.Word | None


def split(text: str) -> Iterator[Piece]:
    """Gives the words of a normal form, the longest first from the left, and the runs between them."""
    run = place = 0
    while place < len(text):
        found = next(lexicon.words_from(text, place), None)
        if found is None:
            place += 1
            continue
        if run < place:
            yield Piece(text[run:place], None)
        yield Piece(text[place : found[0]], found[1])
        run = place = found[0]
    if run < len(text):
        yield Piece(text[run:], None)


def asked_tokens(text: str) -> tuple[str, ...]:
    """Gives the tokens a typed text asks for, all of which a row must carry; in order, each once.

    A form of organisation (有限公司, 汽修部's 部) asks for nothing unless nothing else is typed; a text without letters
    and digits gives no token at all.
    """
    asked: dict[str, None] = {}
    forms: dict[str, None] = {}
    for piece in pieces(text):
        behind_trade = False
        for part in split(piece):
            if part.word is not None:
                (forms if part.word.is_organisation else asked)[part.word.token] = None
            elif behind_trade and part.text in lexicon.endings():
                forms[part.text] = None
            elif len(part.text) == 1:
                asked[part.text] = None
            else:
                asked.update(dict.fromkeys(lexicon.bigrams(part.text)))
            behind_trade = part.word is not None and part.word.is_trade
    return tuple(asked or forms)


def initials_token(letters: str) -> str | None:
    """Gives the token of typed pinyin initials (``=pdsxd``), or None when they are too few or no letters and digits."""
    lower = letters.lower()
    if len(lower) < LEAST_INITIALS or not (lower.isascii() and lower.isalnum()):
        return None
    return "=" + lower[:MOST_INITIALS]
