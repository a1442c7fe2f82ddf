"""地名 the regions that stand in names of firms, in the forms in use: 鲁山县, 鲁山, 河南鲁山县, 平顶山鲁山. Pure.

Every form is one string of its own, so that two firms of one brand never have the same name. Not for addresses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from server.identifiers.divisions import division_name, divisions_under

#: What stands for a level that is not there, and what is no place a firm calls itself by.
_NO_PLACE = ("市辖区", "省直辖", "自治区直辖")
_ZONES = ("开发", "园区", "管理", "示范", "风景", "工业", "食品", "集聚", "新区", "实验", "保税")
_MUNICIPALITIES = ("11", "12", "31", "50")
_LONGEST = 6


@dataclass(frozen=True, slots=True)
class Region:
    """地名 one form of a division's name, and its code."""

    text: str
    code: str


def regions(provinces: Mapping[str, str], without: frozenset[str]) -> list[Region]:
    """Gives every form of every division, by code; ``provinces`` are short names by the first two digits of a code,
    ``without`` forms that others have already.
    """
    names = {code: name for code, name in _divisions(provinces) if _is_place(name)}
    plain = Counter(short(name) for name in names.values())
    found: dict[str, str] = {}
    for code, name in names.items():
        for text in _forms(code, name, names, provinces):
            # 鼓楼区 of one city cannot be told from another's.
            if text not in without and (text not in (name, short(name)) or plain[short(name)] == 1):
                found.setdefault(text, code)
    return [Region(text, code) for text, code in found.items()]


def short(name: str) -> str:
    """Gives the name as people say it: 鲁山 for 鲁山县, 平顶山 for 平顶山市; one of two characters stays, and a 旗."""
    return name[:-1] if len(name) > 2 and name[-1] in "省市县区盟" and "自治" not in name else name


def _divisions(provinces: Iterable[str]) -> Iterator[tuple[str, str]]:
    for province in provinces:
        cities = divisions_under(province)
        counties = [code for city in cities for code in divisions_under(city[:4])]
        for code in (f"{province}0000", *cities, *counties):
            yield code, division_name(code) or ""


def _is_place(name: str) -> bool:
    no_place = name == "县" or name.startswith(_NO_PLACE) or any(zone in name for zone in _ZONES)
    return not no_place and len(name) <= _LONGEST


def _forms(code: str, name: str, names: Mapping[str, str], provinces: Mapping[str, str]) -> Iterator[str]:
    province = provinces[code[:2]]
    if code.endswith("0000"):
        yield from (province, name) if code[:2] not in _MUNICIPALITIES else (province, f"{province}市")
        return
    yield name
    # Districts are never said without their last character.
    if not name.endswith("区"):
        yield short(name)
    city = names.get(f"{code[:4]}00", "")
    if code.endswith("00") or not city:
        yield from (f"{province}{name}", f"{province}{short(name)}")
        return
    yield from (f"{city}{name}", f"{short(city)}{name}")
    if not name.endswith("区"):
        yield from (f"{province}{name}", f"{province}{short(name)}", f"{short(city)}{short(name)}")
