"""词库 the words names are made of: regions, trades, forms of organisation; the same when indexing and when asking.

Words come from ``data/words.yaml``, ``data/regions.yaml`` and the list of divisions. Not for splitting a name:
``parts.py`` and ``tokens.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from server.identifiers.divisions import current_and_recent
from server.names.form import load_yaml, normal

#: Names of the list that are no places: 市辖区, 省直辖县级行政区划.
_NO_PLACE = re.compile(r"市辖区|县|.*直辖县级行政区划")
#: 平顶山高新技术产业开发区 and its like.
_ZONE_CODE = re.compile(r"[0-9]{4}7[0-9]")
_AUTONOMOUS = re.compile(r"(.+?)(?:各族)?自治(?:区|州|县|旗)")
_ENDING = re.compile(r"(.{2,}?)(?:省|市|县|区|盟|旗|地区|林区|特区|特别行政区)")
#: Peoples whose names stand in those of autonomous divisions; those without 族 are written so there.
_PEOPLES = re.compile(
    r"(?:壮|回|藏|苗|彝|侗|瑶|满|蒙古|土家|布依|哈尼|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|土|达斡尔|仫佬|羌|布朗|撒拉|毛南"
    r"|仡佬|朝鲜|阿昌|普米|怒|德昂|保安|裕固|独龙|鄂伦春|白|各)族$"
    r"|(?:蒙古|维吾尔|哈萨克|柯尔克孜|塔吉克|锡伯|鄂温克族|达斡尔族)$"
)


#: What a zone (高新区) has for codes: it lies in any city.
ZONE = ("",)


class Word(NamedTuple):
    """词: what a word of the lexicon is."""

    #: how it is found: the first of its line, a region's short name, a new name for an old one
    token: str
    #: how it stands in a core: a region without its ending, all else as it is written
    core: str
    #: 行政区划代码 when it is a region, else nothing; several where a name is given twice
    codes: tuple[str, ...] = ()
    is_trade: bool = False
    is_organisation: bool = False
    #: a region whose name alone means nothing: only after its city
    needs_city: bool = False
    #: other tokens of its meaning (出租车 is a 汽车 too), for the index only
    implied: tuple[str, ...] = ()


def short_name(division: str) -> str:
    """Gives 鲁山 for 鲁山县, 恩施 for 恩施土家族苗族自治州, and 滑县 for 滑县, whose one character alone says nothing."""
    found = _AUTONOMOUS.fullmatch(division)
    if found is None:
        ending = _ENDING.fullmatch(division)
        return ending[1] if ending else division
    stem = found[1]
    while (rest := _PEOPLES.sub("", stem)) != stem and len(rest) >= 2:
        stem = rest
    # 东乡族自治县 is named by its people alone.
    return stem.removesuffix("族") if len(stem) > 2 else stem


@cache
def _lists(file: str) -> dict[str, Any]:
    return load_yaml(file)


def _plain(file: str, key: str) -> list[str]:
    return [normal(str(word)) for word in _lists(file)[key]]


def _groups(file: str, key: str) -> list[list[str]]:
    return [[normal(str(word)) for word in group] for group in _lists(file)[key]]


def _divisions() -> Iterator[tuple[str, str]]:
    """Gives (code, name) of the places; a zone without the city its name begins with, the common ones left out."""
    names = {code: normal(name) for code, name in current_and_recent() if not _NO_PLACE.fullmatch(name)}
    zones = {word for group in _groups("regions.yaml", "zones") for word in group}
    for code, name in names.items():
        if _ZONE_CODE.fullmatch(code):
            for above in (code[:2] + "0000", code[:4] + "00"):
                whole = names.get(above, "\0")
                name = name.removeprefix(whole).removeprefix(short_name(whole))
            if name in zones:
                continue
        yield code, name


def _regions() -> dict[str, Word]:
    """Gives every way to write a region."""
    with_ending = set(_plain("regions.yaml", "with_ending_only"))
    renamed = dict(_groups("regions.yaml", "former"))
    found: dict[str, Word] = {}

    def add(written: str, core: str, codes: tuple[str, ...], needs_city: bool = False) -> None:
        known = found.get(written)
        if known is not None:
            codes = tuple(sorted({*known.codes, *codes}))
            needs_city = needs_city and known.needs_city
        found[written] = Word(renamed.get(written, renamed.get(core, core)), core, codes, needs_city=needs_city)

    for code, name in _divisions():
        short = name if _ZONE_CODE.fullmatch(code) else short_name(name)
        add(name, short, (code,))
        if short != name:
            add(short, short, (code,), short in with_ending)
    for old, new in renamed.items():
        for written in (old, f"{old}市"):
            if written == old or not old.endswith(("县", "市")):
                add(written, old, found[new].codes)
    for written, name in _groups("regions.yaml", "abbreviations"):
        found[written] = found[name]._replace(core=short_name(written))
    for group in _groups("regions.yaml", "zones"):
        found.update((written, Word(group[0], written, ZONE)) for written in group)
    return found


@cache
def renamings() -> tuple[tuple[str, str], ...]:
    """Gives (one name, another name) of regions that were renamed, both ways."""
    former = [(old, new) for old, new in _groups("regions.yaml", "former") if old != new]
    return (*former, *((new, old) for old, new in former))


def _trades_and_organisations() -> dict[str, Word]:
    found: dict[str, Word] = {}
    for key, is_trade in (("organisations", False), ("industries", True)):
        for group in _groups("words.yaml", key):
            for written in group:
                found[written] = Word(group[0], written, is_trade=is_trade, is_organisation=not is_trade)
    for written, word in found.items():
        inner = {found[piece].token for piece in _substrings(word.token) if piece in found} - {word.token}
        if inner and word.is_trade:
            found[written] = word._replace(implied=tuple(sorted(inner)))
    return found


def _substrings(text: str) -> Iterator[str]:
    for start in range(len(text)):
        for end in range(start + 2, len(text) + 1):
            yield text[start:end]


@cache
def words() -> dict[str, Word]:
    """Gives every word of the lexicon; a word of the trade that is a place too (建设) is the word of the trade."""
    found = {**_regions(), **_trades_and_organisations()}
    # 鲁山 and 鲁山县 are one word written twice: kept once, they take half of the memory.
    kept: dict[Word, Word] = {}
    return {written: kept.setdefault(word, word) for written, word in found.items()}


@cache
def heads() -> dict[str, tuple[int, ...]]:
    """Gives the first two characters of words → the lengths of the words that begin so, the longest first."""
    return _lengths((word, word[:2]) for word in words())


@cache
def tails() -> dict[str, tuple[int, ...]]:
    """Gives the last two characters of trades and forms of organisation → their lengths, the longest first."""
    return _lengths((written, written[-2:]) for written, word in words().items() if not word.codes)


def _lengths(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for word, key in pairs:
        found.setdefault(key, set()).add(len(word))
    # Most words share their lengths with others: one tuple for all of them saves half of the memory.
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    return {key: shared.setdefault(t := tuple(sorted(sizes, reverse=True)), t) for key, sizes in found.items()}


@cache
def cities_as_brands() -> frozenset[str]:
    """Gives the cities whose short name is a common brand too (安顺)."""
    return frozenset(_plain("regions.yaml", "cities_as_brands"))


@cache
def endings() -> frozenset[str]:
    """Gives the forms of organisation of one character (部, 店, 厂), which count only behind a word of the trade."""
    return frozenset(_plain("words.yaml", "organisation_endings"))


def words_from(text: str, start: int) -> Iterator[tuple[int, Word]]:
    """Gives (end, word) of every word of the lexicon that begins there, the longest first.

    A region may have another ending than its own (密云县, which is 密云区 today): it belongs to the region.
    """
    known = words()
    for size in heads().get(text[start : start + 2], ()):
        end = start + size
        word = known.get(text[start:end])
        if word is None or end > len(text):
            continue
        if not word.codes:
            yield end, word
            continue
        if (
            size == len(word.core)
            and word.codes is not ZONE
            and text[end : end + 1] in _ENDINGS
            and _ends(text, end + 1)
        ):
            yield end + 1, word._replace(needs_city=False)
        if size == len(word.core) or _ends(text, end):
            yield end, word


#: What a region may end with beside its own ending.
_ENDINGS = frozenset("市县区旗")
#: 枣庄市中区 is 枣庄 and 市中区, 平顶山市政工程 is 平顶山 and 市政; 政通 is a brand.
_OTHER_WORD = re.compile(
    r"市(?:[中南北]区|场|郊(?!区)|区(?!域)|政(?:工程|设施|建设|园林|公用|环|养护))|[县区](?:域|级|间)|旗(?:舰|帜)"
)


def _ends(text: str, end: int) -> bool:
    """Tells whether the last character before a place is an ending, not the beginning of another word."""
    return _OTHER_WORD.match(text, end - 1) is None


def longest_until(text: str, end: int) -> tuple[int, Word] | None:
    """Gives (start, word) of the longest trade or form of organisation that ends there, or None."""
    if end < 2:
        return None
    known = words()
    for size in tails().get(text[end - 2 : end], ()):
        word = known.get(text[end - size : end]) if size <= end else None
        if word is not None and not word.codes:
            return end - size, word
    return None


def bigrams(text: str) -> Iterator[str]:
    """Gives every pair of neighbouring characters."""
    return (first + second for first, second in pairwise(text))
