"""号码与车牌 what a typed text is when it is no name: a code, a plate, a person's number, or a number that leads nowhere here.

Pure. Not for looking anything up. No sentence repeats what was typed: it may be a person's number after all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from server.disclosure import personal_numbers
from server.errors import Invalid
from server.identifiers.divisions import known_division
from server.identifiers.plates import PlateColour, check_plate, colour_from_name, normal_plate
from server.identifiers.text import normal_code
from server.identifiers.uscc import check_uscc, organisation_check_character


class Reading(StrEnum):
    """读法: what the typed text was taken for."""

    EMPTY = "empty"  # 没有可查的内容
    NAME = "name"  # 名称
    INITIALS = "initials"  # 拼音首字母
    PINYIN = "pinyin"  # 全拼
    USCC = "uscc"  # 统一社会信用代码
    ORGANISATION_CODE = "organisation_code"  # 组织机构代码
    PLATE = "plate"  # 车牌号
    PERSONAL_NUMBER = "personal_number"  # 个人的号码
    OTHER_NUMBER = "other_number"  # 其他号码


@dataclass(frozen=True, slots=True)
class Number:
    """号码 what was typed; ``value`` is its normal form where it is to be looked up, ``fault`` says why it is not."""

    reading: Reading
    value: str | None = None
    fault: str | None = None
    colour: PlateColour | None = None


PERSONAL = Number(
    Reading.PERSONAL_NUMBER,
    fault="输入的像是个人的证件号码或电话号码：这里只查企业、个体工商户和车辆，没有查询，也不会记录；"
    "查从业人员请用“查从业人员”，在那里填写完整的证件号码",
)
_OTHER = Number(
    Reading.OTHER_NUMBER,
    fault="输入的是一串数字，不是这里能查的号码；请输入名称、18 位统一社会信用代码、9 位组织机构代码或车牌号",
)

_CODE = re.compile(r"[0-9A-Z]{16,20}")
#: What market registries, civil affairs and others put first (GB 32100): 91, 12, 52, N1 …
_CODE_HEAD = re.compile(r"[159AGNY][0-9]")
_BIRTH = re.compile(r"[0-9]{6}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_ID_CARD = re.compile(r"[0-9]{15,18}[0-9A-Z]?")
_WHOLE_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_LIKE_DIGITS = str.maketrans("OIL", "011")
_ORGANISATION = re.compile(r"[0-9A-Z]{8}-?[0-9A-Z]")
_LETTER = re.compile("[A-Za-zＡ-Ｚａ-ｚ]")
_DIGITS = re.compile(r"[0-9]{7,}")
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z](?=.*[0-9])[0-9A-Z]{3,7}[挂学警港澳]?|[\u4e00-\u9fff][A-Z][0-9A-Z]{5,6}")
_COLOUR = re.compile(r"(?:渐变绿|黄绿双拼|黄绿|蓝|黄|黑|白|绿)色?牌?")
#: Fewer digits than an organisation code has are part of a name.
_FEWEST_DIGITS = 5


def read_number(text: str) -> Number | None:
    """Gives what the text is when it is no name; None for a name."""
    if not any(character.isdigit() for character in text) and "@" not in text:
        # Digits written as characters (一三八…) are a number too; a plate has a letter in any case.
        return PERSONAL if _is_personal(text) else _plate(text) if _LETTER.search(text) else None
    code = normal_code(text).translate(_DASHES)
    if _may_be_person(code):
        return PERSONAL
    found = _uscc(code)
    if _is_personal(text if found is None else _beside(code, found)):
        return PERSONAL
    return found or _organisation(code) or _plate(text) or _plain(code)


_WRITTEN = dict(zip("〇一二三四五六七八九零壹贰叁肆伍陆柒捌玖", "0123456789" * 2, strict=True)) | {"幺": "1", "○": "0"}
_NO_DIGITS = re.compile("[^0-9A-Z]+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))


def _is_personal(text: str) -> bool:
    """Tells a number also by its digits alone, whatever they are written with and stand between: 139=0000=7777, 1三9…."""
    form = personal_numbers.normal(text)
    return bool(personal_numbers.find(form) or personal_numbers.find(_NO_DIGITS.sub(" ", "".join(map(_digit, form)))))


def _digit(character: str) -> str:
    digit = unicodedata.digit(character, None)
    return _WRITTEN.get(character, character) if digit is None else str(digit)


def _beside(code: str, found: Number) -> str:
    """What stands beside a firm's code may be the number of its driver."""
    whole = found.value is None or code.replace("-", "") == found.value
    return "" if whole else code.replace(found.value or "", " ")


def _uscc(code: str) -> Number | None:
    """A right code, alone or beside a name, or one that was surely meant as one."""
    for found in _WHOLE_CODE.finditer(code):
        if (right := _right_uscc(found[0])) is not None:
            return right
    code = code.replace("-", "")
    if not _CODE.fullmatch(code) or not _is_code_like(code):
        return None
    try:
        return Number(Reading.USCC, check_uscc(code))
    except Invalid as fault:
        return Number(Reading.USCC, fault=fault.message)


def _right_uscc(code: str) -> Number | None:
    try:
        return Number(Reading.USCC, check_uscc(code))
    except Invalid:
        return None


def _may_be_person(code: str) -> bool:
    """Tells a number with a birth date in it, also where a letter was typed for a digit or the date is wrong.

    One in 31 numbers of persons passes as a code; what stands for the division in it is none then.
    """
    digits = code.replace("-", "").translate(_LIKE_DIGITS)
    if not _ID_CARD.fullmatch(digits):
        return False
    if _BIRTH.match(digits):
        return True
    return len(digits) == 18 and digits[6:8] in ("19", "20") and not known_division(digits[2:8])


def _is_code_like(code: str) -> bool:
    """Tells a code with a wrong character from other long numbers: numbers of persons begin with 1 to 8."""
    return bool(_CODE_HEAD.match(code)) and (code[0] in "9AGNY" or not code[:17].isdigit())


def _organisation(code: str) -> Number | None:
    if not _ORGANISATION.fullmatch(code) or sum(map(str.isdigit, code)) < _FEWEST_DIGITS:
        return None
    code = code.replace("-", "")
    expected = organisation_check_character(code[:8])
    if code[8] == expected:
        return Number(Reading.ORGANISATION_CODE, code)
    return Number(
        Reading.ORGANISATION_CODE,
        fault=f"组织机构代码末位校验码应为 {expected}，实际为 {code[8]}，说明其中有错字或错位；请核对代码证",
    )


def _plate(text: str) -> Number | None:
    """A plate, with or without the word for its colour before or after it."""
    plate, colour = normal_plate(text), None
    if not _PLATE.fullmatch(plate):
        word = _COLOUR.match(plate) or re.search(rf"{_COLOUR.pattern}$", plate)
        rest = "" if word is None else plate[: word.start()] + plate[word.end() :]
        if word is None or not _PLATE.fullmatch(rest):
            return None
        plate, colour = rest, colour_from_name(word[0])
    try:
        return Number(Reading.PLATE, check_plate(plate), colour=colour)
    except Invalid as fault:
        return Number(Reading.PLATE, fault=fault.message)


def _plain(code: str) -> Number | None:
    return _OTHER if _DIGITS.fullmatch(code.replace("-", "")) else None
