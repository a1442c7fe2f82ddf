"""名称解析 takes a firm's name apart: region, brand (字号), trade, form of organisation. Not for finding: ``tokens.py``."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from server.names import lexicon, readings
from server.names.form import normal


class Name(NamedTuple):
    """名称: one firm's name and its parts, all in normal form."""

    #: the whole name
    full: str
    #: without the form of organisation (有限公司) at its end
    body: str
    #: body without 省/市/县/区 after a region, without 有限公司 in its middle: two ways to write one firm meet here
    core: str
    #: short names from the province down; one in brackets or of a branch comes last
    regions: tuple[str, ...]
    #: 字号: what is left; "" where a name has none (平顶山公交公司)
    brand: str
    #: words of the trade, each by the first of its line in words.yaml
    industries: tuple[str, ...]
    #: pinyin initials of the core and of the core without its regions, in every plausible reading; at most four
    initials: tuple[str, ...]


class _Front(NamedTuple):
    """地名段: regions that stand one after the other."""

    regions: tuple[str, ...]
    #: how they stand in the core: without their endings
    core: str
    #: where the regions end in the text
    end: int
    #: where the last one begins, and whether it was written without its ending
    last: int
    is_bare: bool


_BRACKETS = re.compile(r"[(\[{〔【<《]([^()\[\]{}〔〕【】<>《》]{2,20})[)\]}〕】>》]")
_INNER_FORM = re.compile(r"(?:股份|集团)?(?:有限责任|责任有限|有限)?公司|集团(?=.)")
#: A township behind the county belongs to the address: 科左中旗保康镇兴达汽修厂.
_TOWNSHIP = re.compile(r"[\u4e00-\u9fff]{2,3}(?:镇|乡|街道|苏木)(?=..)")
_NOTHING = _Front((), "", 0, 0, False)
#: 吉安达 is one brand, not 吉安 and 达: what a short bare region leaves must be more than so many characters.
_LEAST_BRAND = 2
#: A region before 分公司 is looked for in so many characters.
_LONGEST_REGION = 12


def parse(name: str) -> Name:
    """Gives the parts of a name as it is written, with its brackets; any text has parts, an empty one empty parts."""
    full = normal(name)
    body = without_form(full)
    if not body:
        return Name(full, full, full, (), "", (), ())
    front = regions_at(body)
    rest = body[front.end :]
    inner = _in_brackets(name, rest) or _of_branch(full, body, rest)
    if "公司" in rest or "集团" in rest:
        rest = _INNER_FORM.sub("", rest)
    regions, without_regions = front.regions, rest
    if inner is not None:
        before, _, after = rest.partition(inner.written)
        regions, without_regions = (*regions, *inner.regions), before + after
        rest = before + inner.core + after
    township = _TOWNSHIP.match(without_regions) if regions else None
    brand, industries = _brand(without_regions[township.end() :] if township else without_regions)
    core = front.core + rest
    if front.is_bare and len(brand) < _LEAST_BRAND and front.end - front.last < 3:
        kept = body[front.last : front.end]
        if brand or _may_be_brand(kept, front, inner):
            brand, without_regions = kept + brand, kept + without_regions
            regions = tuple(r for i, r in enumerate(regions) if i != len(front.regions) - 1)
    return Name(full, body, core, regions, brand, industries, _initials(core, without_regions))


def _initials(core: str, without_regions: str) -> tuple[str, ...]:
    """Readings of the core and of what its regions leave share the four that a name has."""
    if core == without_regions:
        return tuple(readings.initials(core))
    short = readings.initials(without_regions)
    whole = readings.initials(core, max(2, readings.MOST_READINGS - len(short)))
    return tuple(dict.fromkeys([*whole, *short[: readings.MOST_READINGS - len(whole)]]))


def without_form(full: str) -> str:
    """Gives a normal form without the forms of organisation at its end; "" for what is nothing else."""
    end = len(full)
    while (start := _form_before(full, end)) is not None:
        end = start
    return full[:end]


def _form_before(full: str, end: int) -> int | None:
    """Gives where the form of organisation begins that ends there; 驾驶学校 is a trade, not 驾驶 and 学校."""
    found = lexicon.longest_until(full, end)
    if found is not None:
        return found[0] if found[1].is_organisation else None
    if end >= 3 and full[end - 1] in lexicon.endings():
        before = lexicon.longest_until(full, end - 1)
        return end - 1 if before is not None and before[1].is_trade else None
    return None


def regions_at(text: str) -> _Front:
    """Gives the regions at the beginning of a text: each the longest there, each inside the one before."""
    found = _NOTHING
    above: tuple[str, ...] = ()
    while (step := _region_at(text, found.end, above)) is not None:
        end, word = step
        if word.codes != lexicon.ZONE:
            above = tuple(c for c in word.codes if _inside(c, above)) or word.codes
        is_bare = text[found.end : end] == word.core and word.codes != lexicon.ZONE
        found = _Front((*found.regions, word.token), found.core + word.core, end, found.end, is_bare)
    return found


def _region_at(text: str, start: int, above: tuple[str, ...]) -> tuple[int, lexicon.Word] | None:
    for end, word in lexicon.words_from(text, start):
        if not word.codes:
            continue
        if not above and not word.needs_city and word.codes != lexicon.ZONE:
            return end, word
        if above and (word.codes == lexicon.ZONE or any(_inside(code, above) for code in word.codes)):
            return end, word
    return None


def _inside(code: str, above: tuple[str, ...]) -> bool:
    """Tells whether a division lies in one of those above it."""
    for outer in above:
        stem = outer[:2] if outer.endswith("0000") else outer[:4] if outer.endswith("00") else outer
        if code != outer and len(stem) < 6 and code.startswith(stem):
            return True
    return False


class _Inner(NamedTuple):
    """地名 behind the brand: in brackets, or of a branch."""

    written: str
    regions: tuple[str, ...]
    core: str
    is_branch: bool = False


def _in_brackets(name: str, rest: str) -> _Inner | None:
    """Gives the region in brackets: 安达（鲁山）物流有限公司."""
    if name.isalnum():
        return None
    for found in _BRACKETS.finditer(unicodedata.normalize("NFKC", name)):
        written = normal(found[1])
        front = regions_at(written)
        if front.regions and front.end == len(written) and written in rest:
            return _Inner(written, front.regions, front.core)
    return None


def _of_branch(full: str, body: str, rest: str) -> _Inner | None:
    """Gives the region of a branch: …有限公司鲁山分公司."""
    if not full.startswith("分", len(body)):
        return None
    for start in range(max(1, len(rest) - _LONGEST_REGION), len(rest) - 1):
        front = regions_at(rest[start:])
        if front.regions and start + front.end == len(rest):
            return _Inner(rest[start:], front.regions, front.core, is_branch=True)
    return None


def _brand(text: str) -> tuple[str, tuple[str, ...]]:
    """Gives brand and trades: words of the trade are taken off the end, then the first one inside ends the brand."""
    end, trades = len(text), list[str]()
    while (found := lexicon.longest_until(text, end)) is not None and found[1].is_trade:
        end = found[0]
        trades.insert(0, found[1].token)
    for start in range(2, end - 1):
        first = next((word for _, word in lexicon.words_from(text[:end], start) if word.is_trade), None)
        if first is not None:
            inner = _brand(text[start:end])[1]
            return text[:start], tuple(dict.fromkeys((first.token, *inner, *trades)))
    return text[:end], tuple(dict.fromkeys(trades))


def _may_be_brand(short: str, front: _Front, inner: _Inner | None) -> bool:
    """Tells whether a bare region that is all a name has may be its brand: a county's name, or any beside another region.

    A city's name alone is the city's own firm: 平顶山公交公司.
    """
    if all(not code.endswith("00") for code in lexicon.words()[short].codes):
        return True
    return len(front.regions) == 1 and (
        (inner is not None and not inner.is_branch) or short in lexicon.cities_as_brands()
    )
