"""单元格 the normal form of one cell by the type of its column. Not for rules that look at more than one cell.

Every function takes what the reading child found in the cell and gives the normal value, ``None`` for an empty
cell, or a ``CellFault`` that says what is wrong and what to do. Nothing is guessed: a value that Excel has spoilt
or that can be read in two ways is a fault.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from server.identifiers.text import is_spoilt, normal_code
from server.imports.rows import Cell, Damage, Spoilt, is_spoilt_number, number_text


@dataclass(frozen=True, slots=True)
class CellFault:
    """单元格错误: rule of ``checks.yaml`` and message with remedy, without the column's name."""

    rule: str
    message: str


_AS_TEXT = "请把该列设为“文本”格式后重新填写"
_DAMAGE = {
    Damage.DIGITS: CellFault("C4", f"数字超过15位，已被Excel改成近似值，末几位已丢失；{_AS_TEXT}"),
    Damage.SCIENTIFIC: CellFault("C4", f"编号被Excel变成了科学计数（如9.1E+17），原来的数字已丢失；{_AS_TEXT}"),
    Damage.ERROR: CellFault("C6", "单元格是公式错误或显示不全（如#N/A），请改为实际内容"),
    Damage.MERGED: CellFault("C6", "被合并单元格盖住，只有合并区的第一格有值：请取消合并、逐行填写"),
    Damage.CHARACTERS: CellFault("C1", "含有无法保存的字符（多为乱码或控制字符），请重新录入本格"),
}


def text(raw: Cell, *, lines: bool = True) -> str | CellFault | None:
    """Gives the text of a cell, trimmed and without invisible characters; ``lines`` keeps its line breaks."""
    if raw is None:
        return None
    if type(raw) is not str:
        return _text_of_other(raw)
    value = raw.strip()
    if not value:
        return None
    return value if value.isprintable() else _clean(value, lines)


def _text_of_other(raw: Cell) -> str | CellFault:
    if isinstance(raw, Spoilt):
        return _DAMAGE[raw.damage]
    if isinstance(raw, bool):
        return CellFault("C6", "单元格是逻辑值（TRUE/FALSE），请改为文字")
    if isinstance(raw, int | float):
        return _DAMAGE[Damage.DIGITS] if is_spoilt_number(raw) else number_text(raw)
    return CellFault("C4", f"内容被Excel自动变成了日期；{_AS_TEXT}")


def _clean(value: str, lines: bool) -> str | CellFault | None:
    """Takes out what cannot be seen; U+0000 and half characters are refused, as no program writes them."""
    kept: list[str] = []
    for at, character in enumerate(value, 1):
        kind = unicodedata.category(character)
        if character.isprintable() or kind in ("Co", "Cn"):
            kept.append(character)  # unassigned ones are rare characters of names in old fonts
        elif character == "\0" or kind == "Cs":
            return CellFault("C1", f"第{at}个字符是无法保存的控制字符，请删除该字符或重新录入本格")
        elif character in "\n\u2028\u2029" or (character == "\r" and value[at : at + 1] != "\n"):
            kept.append("\n" if lines else " ")
        elif kind == "Zs" or character == "\t":
            kept.append(" ")
    return "".join(kept).strip() or None


_BESIDE_CHINESE = re.compile(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])")
_BLANKS = re.compile(r"\s+")


def name(raw: Cell) -> str | CellFault | None:
    """Gives a name in one line; blanks between Chinese characters (张　三) are layout and go."""
    value = text(raw, lines=False)
    if type(value) is not str or " " not in value:
        return value
    return _BLANKS.sub(" ", _BESIDE_CHINESE.sub("", value))


# Codes ---------------------------------------------------------------------------------------------------------------

#: Letters of other alphabets that look like Latin ones: what a clerk copies from a badly recognised scan.
_LOOK_ALIKE = dict(
    zip(
        "АВЕЅКМНОРСТУХІЈаеорсухіΑΒΕΖΗΙΚΜΝΟΡΤΥΧον",
        "ABESKMHOPCTYXIJaeopcyxiABEZHIKMNOPTYXov",
        strict=True,
    )
)


def code(raw: Cell) -> str | CellFault | None:
    """Gives a code (USCC, registration or certificate number): half-width, upper case, no spaces.

    Letters of other alphabets are told with what they look like; whether the code is right is for the checks.
    """
    value = text(raw, lines=False)
    if type(value) is not str:
        return value
    if value.isascii() and value.isalnum():
        return value.upper()
    if is_spoilt(normal_code(value)):
        return _DAMAGE[Damage.SCIENTIFIC]
    for at, character in enumerate(value, 1):
        if character in _LOOK_ALIKE:
            latin = _LOOK_ALIKE[character]
            kind = "西里尔" if "Ѐ" <= character <= "ӿ" else "希腊"
            return CellFault("C7", f"第{at}位“{character}”是{kind}字母，看似“{latin}”；请用键盘重新输入该代码")
    return normal_code(value) or None


_FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]+")
_YEAR_BRACKETS = re.compile(r"[\[［【﹝〔(（〈《{〖]\s*((?:19|20)\d\d)\s*年?\s*[\]］】﹞〕)）〉》}〗]")


def document_number(raw: Cell) -> str | CellFault | None:
    """Gives a 文号 in one form, so that the same number typed twice is the same: 〔2026〕, half-width, no spaces."""
    value = text(raw, lines=False)
    if type(value) is not str:
        return value
    if is_spoilt_number(value):
        return _DAMAGE[Damage.SCIENTIFIC]
    if value.isascii() and value.isalnum():
        return value
    if _FULL_WIDTH.search(value):
        value = _FULL_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), value)
    return _YEAR_BRACKETS.sub(r"〔\1〕", value.replace(" ", ""))


# Dates ---------------------------------------------------------------------------------------------------------------

_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[ T]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EPOCH = date(1899, 12, 30)  # day 0 of Excel's serial numbers after its 29 February 1900
#: Serials of 1954-10-03 to 9999-12-31. A smaller number in a date column is a year or a slip, not a day.
_SERIALS = range(20_000, 2_958_466)
_LONG_WORDS = frozenset({"长期", "长期有效", "永久", "永久有效", "长期公示"})
#: Before it no document of this country was written; such a year is a slip of the keyboard.
_EARLIEST_YEAR = 1949
_HOW_TO_WRITE = "请按“2026/3/5”的样子填写"


def day(raw: Cell, long_term: date) -> date | CellFault | None:
    """Gives a real calendar day; 2099/12/31 (``long_term``), later days and “长期” come back as ``long_term``."""
    if type(raw) is str:
        found = _day_of_text(raw, long_term)
    elif isinstance(raw, datetime):
        found = raw.date()
    elif isinstance(raw, date):
        found = raw
    elif isinstance(raw, int | float) and not isinstance(raw, bool):
        found = _day_of_number(raw)
    elif raw is None:
        return None
    else:
        found = _DAMAGE[raw.damage] if isinstance(raw, Spoilt) else CellFault("C2", f"不是日期；{_HOW_TO_WRITE}")
    return min(found, long_term) if isinstance(found, date) else found


def _day_of_number(raw: float | int) -> date | CellFault:
    if is_spoilt_number(raw):
        return CellFault("C2", f"不是日期；{_HOW_TO_WRITE}")
    if 19000101 <= raw <= 99991231 and raw == int(raw):
        return _real_day(int(raw) // 10_000, int(raw) // 100 % 100, int(raw) % 100)
    if int(raw) in _SERIALS:
        return _EPOCH + timedelta(days=int(raw))
    return CellFault("C2", f"数字{raw:g}不是日期；{_HOW_TO_WRITE}")


def _day_of_text(raw: str, long_term: date) -> date | CellFault | None:
    cleaned = text(raw, lines=False)
    if not isinstance(cleaned, str):
        return cleaned
    value = cleaned if cleaned.isascii() else unicodedata.normalize("NFKC", cleaned)
    if value in _LONG_WORDS:
        return long_term
    match = _DATE.fullmatch(value) or _COMPACT.fullmatch(value)
    if match:
        return _real_day(int(match[1]), int(match[2]), int(match[3]))
    if re.fullmatch(r"\d{5}(\.\d+)?", value):
        return _day_of_number(float(value))
    return CellFault("C2", f"不是完整的日期；{_HOW_TO_WRITE}")


def _real_day(year: int, month: int, of_month: int) -> date | CellFault:
    try:
        found = date(year, month, of_month)
    except ValueError:
        return CellFault("C2", f"日历上没有{year}年{month}月{of_month}日；请核对后按“2026/3/5”的样子填写")
    if year < _EARLIEST_YEAR:
        return CellFault("C2", f"年份{year}不合理；请核对后按“2026/3/5”的样子填写")
    return found


# Money ---------------------------------------------------------------------------------------------------------------

_MICRO = Decimal("0.000001")
YUAN_IN_WAN = 10_000
#: How far a double may lie from the six decimals that were typed (0.1 + 0.2 in a formula).
_FLOAT_NOISE = Decimal("0.000000001")
_AMOUNT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?(元整?)?")
_LARGEST = Decimal(10) ** 12


def money(raw: Cell) -> Decimal | CellFault | None:
    """Gives yuan with two decimals from a column that counts in 万元 with up to six decimals."""
    if raw is None:
        return None
    if type(raw) is str:
        value = text(raw, lines=False)
        if not isinstance(value, str):
            return value
        amount = _amount_of_text(unicodedata.normalize("NFKC", value))
        return amount if isinstance(amount, CellFault) else _yuan(amount)
    if isinstance(raw, Spoilt):
        return _DAMAGE[raw.damage]
    if isinstance(raw, bool) or not isinstance(raw, int | float) or is_spoilt_number(raw):
        return CellFault("C3", "不是金额；请填写以万元为单位的数字，如2000元填0.2")
    return _yuan(Decimal(repr(raw)))


def _amount_of_text(value: str) -> Decimal | CellFault:
    bare = value.replace(" ", "").lstrip("¥￥")
    for ending in ("万元", "万"):
        bare = bare.removesuffix(ending)
    if _THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    if _AMOUNT.fullmatch(bare):
        try:
            return Decimal(bare)
        except InvalidOperation:
            pass
    in_yuan = re.fullmatch(r"(?:人民币)?(\d+(?:\.\d+)?)元整?", bare)
    if in_yuan:
        wan = Decimal(in_yuan[1]) / YUAN_IN_WAN
        return CellFault("C3", f"本列以万元为单位，不写“元”；{in_yuan[1]}元请填{wan.normalize():f}")
    return CellFault("C3", "不是金额；请填写以万元为单位的阿拉伯数字，如2000元填0.2")


def _yuan(wan: Decimal) -> Decimal | CellFault:
    if not wan.is_finite() or abs(wan) >= _LARGEST:
        return CellFault("C3", "金额过大；请核对单位是否为万元")
    exact = wan.quantize(_MICRO)
    if abs(wan - exact) > _FLOAT_NOISE:
        return CellFault("C3", "万元金额最多六位小数（精确到分）；请核对后重新填写")
    if exact < 0:
        return CellFault("C3", "金额不能为负数；请核对后重新填写")
    return (exact * YUAN_IN_WAN).quantize(Decimal("0.01"))
