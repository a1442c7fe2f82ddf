"""个人号码的查找 where in a free text a personal number, phone or bank card may stand; pure, in linear time.

When in doubt it is one: a public text loses a number rather than a person his. Not personal, and left alone: 12-digit
numbers of 道路运输证 and 经营许可证, 统一社会信用代码 and 工商注册号 with a right check digit, dates, money, plates, document
numbers. Not for how a number is covered: ``masking.py``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_10


class Found(StrEnum):
    """号码种类, as the masking policy names them."""

    PERSONAL = "personal_number"
    PHONE = "phone"
    OTHER = "other_number"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of the text, half-open, and what it may be."""

    start: int
    end: int
    found: Found


class _Normal(dict[int, str]):
    """One character for one: digits of every script to ASCII, letters to capitals, all blanks ' ', dashes '-', dots '.'."""

    def __missing__(self, point: int) -> str:
        normal = self[point] = _normal_character(chr(point))
        return normal


_MIDDLE_DOTS = "·•・‧∙⋅･."
#: Read as the X of an ID number: multiplication sign, Cyrillic and Greek letters.
_LIKE_X = "×ХхΧχ✕"


def _normal_character(character: str) -> str:
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    if character in _LIKE_X:
        return "X"
    category = unicodedata.category(character)
    if character.isspace() or category in ("Cf", "Cc", "Zs", "Mn"):
        return " "
    if character in _MIDDLE_DOTS:
        return "."
    if category == "Pd" or character in "_−﹣":
        return "-"
    # Circled digits fold into digits too, but "①138…" is a list mark before a phone: numbers of No stay as they are.
    if category != "No":
        folded = unicodedata.normalize("NFKC", character).upper()
        if len(folded) == 1:
            return "." if folded in _MIDDLE_DOTS else folded
    return character


_NORMAL = _Normal()
#: Written digits that are no ``Nd``: 一三八…, ①③⑧…; only long runs of them are a number.
_WRITTEN = re.compile("[〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖①-⑨⓪]{11,}")
_SIX_DIGITS = re.compile(r"(?:\d\D*){6}")
#: Nothing shorter can be a number of ten digits or more written in groups.
_LONG_RUN = re.compile(r"[0-9][0-9X .\-]{9,}")
_GROUPS = re.compile(r"[0-9]+(?:X(?![0-9A-Z]))?(?:[ .\-]{1,3}[0-9]+(?:X(?![0-9A-Z]))?)*")
_GROUP = re.compile(r"[0-9]+X?")
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_TRAVEL = re.compile(
    r"(?<![0-9A-Z])(?:[DEGKMPS][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[HMC][0-9]{8}(?:[0-9]{2})?|[A-Z]{3}[0-9]{12})(?![0-9A-Z])"
)
_PAPERS = ("护照", "通行证", "台胞证", "回乡证", "居留证", "身份证")
_AFTER_PAPER = re.compile(
    r"(?:护照|(?:内地|大陆|港澳|台湾)[^0-9A-Z]{0,4}通行证|台胞证|回乡证|居留证|身份证)[号码证件编为是:(, ]{0,8}([0-9A-Z]{6,})"
)
_PHONES = ("电话", "手机", "联系方式", "微信", "QQ", "TEL", "MOBILE")
_AFTER_PHONE = re.compile(rf"(?:{'|'.join(_PHONES)})[号码为是:(, .]{{0,6}}([0-9]{{3,4}} ?-? ?[0-9]{{4}})(?![0-9])")
_AREA = re.compile(r"\(0[0-9]{2,3}\)[ -]?[0-9]{3,4} ?[0-9]{4}(?![0-9])")
_MOBILE = re.compile(r"(?:0|86|086|0086)?1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[1-9][0-9]{9,10}")
#: Groups as people write a mobile number with hyphens.
_MOBILE_GROUPS = {(3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (4, 7), (3, 3, 5), (1,) * 11}
_LANDLINE_GROUPS = {(7,), (8,), (3, 4), (4, 4)}
_OLD_ID_GROUPS = {(6, 6, 3), (6, 9), (3, 3, 3, 3, 3), (5, 5, 5), (1,) * 15}
#: 410402-20260510-0012 is a document number: documents with a date inside are younger than the persons in the trade.
_LATEST_BIRTH_YEAR = "2012"
_SHORTEST, _LONGEST = 10, 19


def normal(text: str) -> str:
    """Gives a text of the same length in which digits, letters, blanks, dashes and dots have one form each."""
    return text.translate(_NORMAL)


def find(text: str, form: str) -> list[Span]:
    """Gives what may be a personal number in ``text``, whose ``normal`` form is ``form``; in order, may overlap."""
    spans = [Span(m.start(), m.end(), Found.OTHER) for m in _WRITTEN.finditer(text)]
    if _SIX_DIGITS.search(form) is None:
        return spans
    if any(word in form for word in _PAPERS):
        spans += [Span(m.start(1), m.end(1), _of_paper(m[1])) for m in _AFTER_PAPER.finditer(form)]
    if any(word in form for word in _PHONES):
        spans += [Span(m.start(1), m.end(1), Found.PHONE) for m in _AFTER_PHONE.finditer(form)]
    if "(0" in form:
        spans += [Span(m.start(), m.end(), Found.PHONE) for m in _AREA.finditer(form)]
    spans += [Span(m.start(), m.end(), Found.OTHER) for m in _TRAVEL.finditer(form)]
    if _LONG_RUN.search(form):
        for cluster in _GROUPS.finditer(_without_codes(form)):
            if cluster.end() - cluster.start() >= _SHORTEST:
                spans += _in_cluster(form, cluster)
    return sorted(spans, key=lambda s: (s.start, -s.end))


def _of_paper(number: str) -> Found:
    return Found.PERSONAL if len(number) in (15, 18) else Found.OTHER


def _without_codes(form: str) -> str:
    """Blanks out 统一社会信用代码, which hold runs of digits."""
    return _CODE.sub(lambda m: "#" * 18 if _is_uscc(m[0]) and not _may_be_id(m[0]) else m[0], form)


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    start: int
    end: int


def _in_cluster(form: str, cluster: re.Match[str]) -> Iterator[Span]:
    """Groups of digits with blanks, dashes or dots between: from each, the longest joined run that may be a number.

    Runs may overlap: one that begins too early must not hide the true one behind it.
    """
    matches = _GROUP.finditer(form, cluster.start(), cluster.end())
    groups = [_Group(m[0], m.start(), m.end()) for m in matches]
    for place, first in enumerate(groups):
        found, end = _alone(form, first), first.end
        digits = first.digits
        for last in range(place + 1, len(groups)):
            digits += groups[last].digits
            if len(digits) > _LONGEST or "X" in digits[:-1]:
                break
            joined = _joined(form, groups[place : last + 1], digits)
            if joined is not None:
                found, end = joined, groups[last].end
        if found is not None:
            yield Span(first.start, end, found)


def _alone(form: str, group: _Group) -> Found | None:
    """One unbroken run of digits (with X)."""
    digits = group.digits
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return Found.PHONE
    plain = digits.removesuffix("X")
    if len(digits) == 18:
        if _is_uscc(digits) and not _may_be_id(digits):
            return None
        return None if _is_document(form, group) and not _has_check(digits) else Found.PERSONAL
    if len(plain) < 15 or (_is_document(form, group) and len(plain) > 15):
        return None
    if len(plain) == 15:
        is_register = mod_11_10.is_valid(plain) and not _is_day("19" + plain[6:12])
        return (
            None if is_register or (_is_document(form, group) and not _is_day("19" + plain[6:12])) else Found.PERSONAL
        )
    return Found.OTHER


def _joined(form: str, groups: list[_Group], digits: str) -> Found | None:
    """Several groups read as one number; the looser the reading, the more the number itself must prove."""
    match len(digits):
        case 10 | 11 | 12 if digits[0] == "0" and digits[1] != "0":
            sizes = _sizes(groups)
            return Found.PHONE if sizes[0] in (3, 4) and sizes[1:] in _LANDLINE_GROUPS else None
        case 11 if _MOBILE.fullmatch(digits) and not _holds_day(groups):
            return Found.PHONE if _only_blanks(form, groups) or _sizes(groups) in _MOBILE_GROUPS else None
        case 15 if digits.isdigit() and _is_day("19" + digits[6:12]):
            return Found.PERSONAL if _sizes(groups) in _OLD_ID_GROUPS else None
        case 18 if _may_be_id(digits):
            is_adult = digits[6:10] <= _LATEST_BIRTH_YEAR
            return Found.PERSONAL if is_adult or _has_check(digits) or _only_blanks(form, groups) else None
        case 16 | 17 | 18 | 19 if digits[0] in "3456":
            sizes = _sizes(groups)
            return Found.OTHER if len(sizes) >= 4 and set(sizes[:-1]) == {4} and sizes[-1] <= 4 else None
    return None


def _sizes(groups: list[_Group]) -> tuple[int, ...]:
    return tuple(len(g.digits) for g in groups)


def _only_blanks(form: str, groups: list[_Group]) -> bool:
    return all(form[i] == " " for a, b in pairwise(groups) for i in range(a.end, b.start))


def _holds_day(groups: list[_Group]) -> bool:
    """Tells whether a date (2026-05-10) is among the groups."""
    return any(len(y.digits) == 4 and y.digits[:2] in ("19", "20") and len(m.digits) <= 2 for y, m in pairwise(groups))


def _is_document(form: str, group: _Group) -> bool:
    """Tells whether a run stands where a document number does: 〔2026〕…号, 第…号."""
    before = form[group.start - 1 : group.start]
    return form[group.end : group.end + 1] == "号" and before != "" and before in "第字〕】])"


def _may_be_id(digits: str) -> bool:
    return digits[:17].isdigit() and digits[6:8] in ("19", "20") and _is_day(digits[6:14])


def _has_check(digits: str) -> bool:
    # Not ``ric.is_valid``: it also wants a region of today, and a number of a region long gone is a person's too.
    return bool(ric.calc_check_digit(digits) == digits[17])


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


def _is_uscc(code: str) -> bool:
    return code[2:8].isdigit() and set(code) <= set(_CODE_ALPHABET) and uscc.calc_check_digit(code[:17]) == code[17]


_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
