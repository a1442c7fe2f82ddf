"""车牌 number plates (GA 36) and their colours (JT/T 697.7 and others). Not for telling a taxi by."""

from __future__ import annotations

import re
from enum import StrEnum

from server.errors import Invalid
from server.identifiers.text import normal_code, quoted

_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_LETTER = "A-HJ-NP-Z"
_ENERGY = "DABCEFGHJK"  # D A B C E run on electricity alone, the others do not
_PREFIX = f"[{_PROVINCES}][{_LETTER}]"


class PlateKind(StrEnum):
    """号牌种类 as far as the characters tell it."""

    ORDINARY = "ordinary"  # 普通
    NEW_ENERGY_SMALL = "new_energy_small"  # 小型新能源
    NEW_ENERGY_LARGE = "new_energy_large"  # 大型新能源
    TRAILER = "trailer"  # 挂车
    COACHING = "coaching"  # 教练车
    POLICE = "police"  # 警车
    HONG_KONG_MACAO = "hong_kong_macao"  # 港澳入出境车


class PlateColour(StrEnum):
    """车牌颜色; part of a vehicle's identity."""

    BLUE = "blue"  # 蓝
    YELLOW = "yellow"  # 黄
    BLACK = "black"  # 黑
    WHITE = "white"  # 白
    GREEN = "green"  # 绿
    YELLOW_GREEN = "yellow_green"  # 黄绿双拼
    GRADIENT_GREEN = "gradient_green"  # 渐变绿
    OTHER = "other"  # 其他


class ColourSource(StrEnum):
    """颜色代码来源: the same number means different colours in different systems."""

    JTT_697_7 = "jtt697.7"  # 道路运政
    ETC = "etc"  # 高速公路收费接口


_COLOUR_CODES = {
    ColourSource.JTT_697_7: {
        "1": PlateColour.BLUE,
        "2": PlateColour.YELLOW,
        "3": PlateColour.BLACK,
        "4": PlateColour.WHITE,
        "5": PlateColour.GREEN,
        "9": PlateColour.OTHER,
        "93": PlateColour.YELLOW_GREEN,
        "94": PlateColour.GRADIENT_GREEN,
    },
    ColourSource.ETC: {
        "0": PlateColour.BLUE,
        "1": PlateColour.YELLOW,
        "2": PlateColour.BLACK,
        "3": PlateColour.WHITE,
        "4": PlateColour.GRADIENT_GREEN,
    },
}

_COLOUR_WORDS = {
    "蓝": PlateColour.BLUE,
    "黄": PlateColour.YELLOW,
    "黑": PlateColour.BLACK,
    "白": PlateColour.WHITE,
    "绿": PlateColour.GREEN,
    "黄绿": PlateColour.YELLOW_GREEN,
    "黄绿双拼": PlateColour.YELLOW_GREEN,
    "渐变绿": PlateColour.GRADIENT_GREEN,
    "其他": PlateColour.OTHER,
}

_SERIAL = f"[0-9{_LETTER}]"
_SHAPES = (
    (PlateKind.NEW_ENERGY_SMALL, f"{_PREFIX}[{_ENERGY}]{_SERIAL}[0-9]{{4}}"),
    (PlateKind.NEW_ENERGY_LARGE, f"{_PREFIX}[0-9]{{5}}[{_ENERGY}]"),
    (PlateKind.TRAILER, f"{_PREFIX}{_SERIAL}{{4}}挂"),
    (PlateKind.COACHING, f"{_PREFIX}{_SERIAL}{{4}}学"),
    (PlateKind.POLICE, f"{_PREFIX}{_SERIAL}{{4}}警"),
    (PlateKind.HONG_KONG_MACAO, f"粤Z{_SERIAL}{{4}}[港澳]"),
    # At most two letters among the five (GA 36-2018).
    (PlateKind.ORDINARY, f"{_PREFIX}(?!(?:.*[A-Z]){{3}}){_SERIAL}{{5}}"),
)


def normal_plate(text: str) -> str:
    """Gives the plate in half-width capitals without blanks, dots and hyphens (鲁A·12345 is 鲁A12345)."""
    return re.sub(r"[·•・.\-]", "", normal_code(text))


def plate_kind(plate: str) -> PlateKind | None:
    """Gives the kind that a plate in normal form shows, or None when no shape fits."""
    return next((kind for kind, shape in _SHAPES if re.fullmatch(shape, plate)), None)


def check_plate(text: str) -> str:
    """Gives the plate in normal form; raises ``Invalid`` that names the fault (GA 36-2018)."""
    plate = normal_plate(text)
    if not plate:
        raise Invalid("车牌号为空；请按行驶证填写")
    if plate[0] not in _PROVINCES:
        raise Invalid(f"车牌号{quoted(plate)}的第一个字应为省份简称（如 鲁、豫、晋）；请核对行驶证")
    if set("IO") & set(plate[1:]):
        raise Invalid(f"车牌号{quoted(plate)}含有字母 I 或 O：号牌中没有这两个字母，应为数字 1 或 0；请核对行驶证")
    if plate_kind(plate) is None:
        raise Invalid(
            f"车牌号{quoted(plate)}共 {len(plate)} 位，不合号牌格式：普通号牌 7 位（后五位最多两个字母），"
            "新能源号牌 8 位，挂车、教练车以“挂”“学”结尾；请核对行驶证"
        )
    return plate


def colour_from_code(source: ColourSource, code: str) -> PlateColour:
    """Gives the colour for a number in ``source``'s list; raises ``Invalid`` for one it does not have."""
    known = _COLOUR_CODES[source]
    number = normal_code(code)
    if number not in known:
        raise Invalid(f"车牌颜色代码{quoted(number)}不在 {source} 的列表中；可用：{'、'.join(known)}")
    return known[number]


def colour_from_name(text: str) -> PlateColour:
    """Gives the colour for its Chinese word (蓝, 蓝色, 渐变绿色 …); raises ``Invalid`` for an unknown one."""
    word = normal_code(text).removesuffix("牌").removesuffix("色")
    if word not in _COLOUR_WORDS:
        raise Invalid(f"车牌颜色{quoted(word)}无法识别；可用：{'、'.join(_COLOUR_WORDS)}")
    return _COLOUR_WORDS[word]
