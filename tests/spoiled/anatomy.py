"""名称的构成 the parts of a firm's name as a person sees them. Not the search's parser: it knows where the firm lives.

``济南市钢城区安达物流有限公司`` of division 370117 has the places 济南市 and 钢城区, the brand 安达, the trade 物流 and the
ending 有限公司. What precedes the ending is the core. 安达（钢城区）物流有限公司 has its place behind the brand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from server.identifiers.divisions import division_name
from tests.spoiled import tables

#: What is left out of a place in a shortened name; the longer first.
LEVELS = ("自治区", "自治州", "自治县", "自治旗", "省", "市", "区", "县", "旗")
#: The five autonomous regions, whose short names leave out more than the last word.
_SHORT = {
    "广西壮族自治区": "广西",
    "宁夏回族自治区": "宁夏",
    "新疆维吾尔自治区": "新疆",
    "科尔沁左翼中旗": "科左中旗",
    "科尔沁左翼后旗": "科左后旗",
}
_BRACKETS = re.compile(r"(.+)[（(](.+)[)）](.+)")


@dataclass(frozen=True, slots=True)
class Anatomy:
    """一个名称的各部分: joined they are the name in plain form; ``bracketed`` where the places follow the brand."""

    places: tuple[str, ...]
    brand: str
    trade: str
    ending: str
    bracketed: bool = False

    @property
    def core(self) -> str:
        """The name without its ending."""
        return self.placed(self.places)

    def placed(self, places: Iterable[str]) -> str:
        """Gives the core with other places."""
        where = "".join(places)
        return (self.brand + where if self.bracketed else where + self.brand) + self.trade


def plain(text: str) -> str:
    """Gives a name without width, case, blanks and brackets."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in folded if character.isalnum())


def short(place: str) -> str:
    """Gives 平顶山 for 平顶山市; one of two characters stays as it is (叶县)."""
    if place in _SHORT:
        return _SHORT[place]
    for level in LEVELS:
        if place.endswith(level) and len(place) - len(level) >= 2:
            return place.removesuffix(level)
    return place


def _above(division: str) -> list[str]:
    codes = dict.fromkeys((division[:2] + "0000", division[:4] + "00", division))
    return [name for name in map(division_name, codes) if name and name not in ("市辖区", "县")]


def without_ending(text: str) -> str:
    """Gives a plain name without 有限公司 and its like."""
    for ending in tables.endings():
        if text.endswith(ending) and len(text) > len(ending) + 1:
            return text.removesuffix(ending)
    return text


def _placed(text: str, division: str) -> tuple[tuple[str, ...], str]:
    """Gives the places with which a text begins, and the rest of it."""
    places, rest = [], text
    for place in _above(division):
        form = next((form for form in (place, short(place)) if rest.startswith(form)), None)
        if form:
            places.append(form)
            rest = rest.removeprefix(form)
    return tuple(places), rest


def dissect(name: str, division: str) -> Anatomy:
    """Gives the parts of a name whose bearer lives in a division of six digits."""
    whole = plain(name)
    core = without_ending(whole)
    ending = whole.removeprefix(core)
    if found := _BRACKETS.fullmatch(name):
        brand, inside, tail = map(plain, found.groups())
        places, rest = _placed(inside, division)
        if places and not rest:
            return Anatomy(places, brand, without_ending(tail), ending, bracketed=True)
    places, rest = _placed(core, division)
    trade = next((word for word in tables.trades() if rest.endswith(word)), "")
    return Anatomy(places, rest.removesuffix(trade), trade, ending)
