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
from enum import IntEnum, StrEnum
from itertools import pairwise

from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_10

from server.names.form import simplified


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
    """One character for one: digits of every script to ASCII, letters to capitals, all blanks ' ', dashes '-', dots '.',
    traditional characters to simplified ones.
    """

    def __missing__(self, point: int) -> str:
        normal = self[point] = _normal_character(chr(point))
        return normal


_MIDDLE_DOTS = "·•・‧∙⋅･."
#: Read as the X of an ID number: multiplication sign, Cyrillic and Greek letters.
_LIKE_X = "×ХхΧχ✕"


_SIMPLIFIED = simplified()


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
            character = "." if folded in _MIDDLE_DOTS else folded
    return _SIMPLIFIED.get(character, character)


_NORMAL = _Normal()
#: Written digits that are no ``Nd``: 一三八…, ①③⑧…; a run of them without a break is a number whatever it may be.
_DIGITS_WRITTEN = {
    **dict(zip("〇一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("零壹贰叁肆伍陆柒捌玖", "0123456789", strict=True)),
    **dict(zip("⓪①②③④⑤⑥⑦⑧⑨", "0123456789", strict=True)),
    "○": "0",
    "幺": "1",
    "弍": "2",
    "参": "3",
}
_A_WRITTEN = re.compile(f"[{''.join(_DIGITS_WRITTEN)}]")
#: Among digits only these count: in 李小四990101… the 四 is his name.
_AMONG_DIGITS = str.maketrans({written: _DIGITS_WRITTEN[written] for written in "〇零○⓪幺"})
_BY_THEMSELVES = str.maketrans({**dict.fromkeys("0123456789", "\0"), **_DIGITS_WRITTEN})
_WRITTEN = re.compile(f"[{''.join(_DIGITS_WRITTEN)}]{{11,}}")
_SIX_DIGITS = re.compile(r"(?:\d\D*){6}")
#: What people put between the groups of a number. One star is such a sign; several are a number covered before.
_SIGN = r"(?:[ .\-/,、。():;|\\~#]|\*(?!\*))"
#: Nothing shorter can be a number of ten digits or more written in groups.
_LONG_RUN = re.compile(rf"[0-9](?:[0-9X]|{_SIGN}){{9}}")
_ONE_GROUP = r"[0-9]++(?:X(?![0-9]))?"
_GROUPS = re.compile(rf"{_ONE_GROUP}(?:{_SIGN}++{_ONE_GROUP})*+")
_GROUP = re.compile(r"[0-9]+X?")
#: Between two groups of one number stand at most so many signs beside blanks: ）（ or ）-（.
_MOST_SIGNS = 3
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_TRAVEL = re.compile(
    r"(?<![0-9A-Z])(?:[DEGKMPS][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[HMC][0-9]{8}(?:[0-9]{2})?|[A-Z]{3}[0-9]{12})(?![0-9A-Z])"
)
_PAPERS = ("护照", "通行证", "台胞证", "回乡证", "居留证", "身份证")
_AFTER_PAPER = re.compile(
    r"(?:护照|(?:内地|大陆|港澳|台湾)[^0-9A-Z]{0,4}通行证|台胞证|回乡证|居留证|身份证)[号码证件编为是:(, ]{0,8}"
    r"((?:[A-Z]{1,6}[ \-./]{0,3})?[0-9][0-9A-Z]*+(?:[ \-./]{1,3}[0-9A-Z]++){0,8})"
)
#: A number after 护照 ends with so many characters; what follows after a blank or dash is another word.
_PAPER_LONG, _PAPER_SHORT, _PAPER_LEAST = 18, 8, 6
_PHONES = ("电话", "手机", "座机", "固话", "联系方式", "微信", "QQ", "TEL", "MOBILE")
_AFTER_PHONE = re.compile(
    rf"(?:{'|'.join(_PHONES)})[号码为是:(, .]{{0,6}}([0-9]{{3,4}} ?[\-/.,]? ?[0-9]{{4}})(?![0-9])"
)
_ACCOUNTS = ("微信", "QQ", "VX", "WX", "V信", "WECHAT")
_AFTER_ACCOUNT = re.compile(
    r"(?:微信|QQ|WECHAT|(?:(?<![A-Z])(?:VX|WX)|V信)(?=[号:]))(?:群?[号码为是:(, ]){0,6}([A-Z0-9][A-Z0-9\-]{4,29})"
)
_MAIL = re.compile(r"(?<![A-Z0-9._%+\-])[A-Z0-9._%+\-]++ ?@ ?[A-Z0-9.\-]++")
_AREA = re.compile(r"\(0[0-9]{2,3}\)[ -]?[0-9]{3,4} ?[0-9]{4}(?![0-9])")
_MOBILE = re.compile(r"(?:0|86|086|0086)?1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[1-9][0-9]{9,10}")
#: Groups as people write a mobile number with hyphens, and with signs that also stand between numbers of a list.
_MOBILE_GROUPS = {(3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (4, 7), (3, 3, 5), (1,) * 11}
_MOBILE_GROUPS_LOOSE = {(3, 4, 4), (3, 8), (7, 4), (1,) * 11}
_LANDLINE_GROUPS = {(7,), (8,), (3, 4), (4, 4)}
_OLD_ID_GROUPS = {(6, 6, 3), (6, 9), (6, 2, 2, 2, 3), (3, 3, 3, 3, 3), (5, 5, 5), (1,) * 15}
_ID_GROUPS_LOOSE = {(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (14, 4), (6, 12), (10, 8), (17, 1), (1,) * 18}
_ID_GROUPS_LOOSE |= {(3, 3, 4, 4, 4), (4, 4, 4, 4, 2)}
_TIME_AND_DAY = (2, 2, 2, 4, 2, 2)
#: 410402-20260510-0012 is a document number: documents with a date inside are younger than the persons in the trade.
_LATEST_BIRTH_YEAR = "2012"
#: The same for numbers of 15 digits, which have two of the year and were given out till 1999: 26 is of a document.
_EARLIEST_OLD_ID_YEAR = "30"
#: A year in a document number: decisions in hand are of these decades.
_DOCUMENT_YEAR = re.compile("20[1-3][0-9]")
_SHORTEST, _LONGEST = 10, 19


def normal(text: str) -> str:
    """Gives a text of the same length in which digits, letters, blanks, dashes and dots have one form each."""
    return text.translate(_NORMAL)


def find(form: str, *, document: bool = False) -> list[Span]:
    """Gives what may be a personal number in a text whose ``normal`` form is ``form``; in order, may overlap.

    ``document`` tells that the text is a 文号 itself: an organ's code with a date of these years is then no number of a
    person, nor a long running number.
    """
    spans = [Span(m.start(), m.end(), Found.OTHER) for m in _MAIL.finditer(form)] if "@" in form else []
    if any(word in form for word in _ACCOUNTS):
        spans += [Span(m.start(1), m.end(1), Found.OTHER) for m in _AFTER_ACCOUNT.finditer(form)]
    spans += _numbers(form, document)
    if _A_WRITTEN.search(form):
        for table in (_AMONG_DIGITS, _BY_THEMSELVES):
            digits = form.translate(table)
            if digits != form and _LONG_RUN.search(digits):
                spans += _numbers(digits, document)
        if not document:
            spans += [Span(m.start(), m.end(), Found.OTHER) for m in _WRITTEN.finditer(form)]
    return sorted(spans, key=lambda s: (s.start, -s.end))


def _numbers(form: str, document: bool) -> list[Span]:
    if _SIX_DIGITS.search(form) is None:
        return []
    spans: list[Span] = []
    if any(word in form for word in _PAPERS):
        spans += filter(None, map(_of_paper, _AFTER_PAPER.finditer(form)))
    if any(word in form for word in _PHONES):
        spans += [Span(m.start(1), m.end(1), Found.PHONE) for m in _AFTER_PHONE.finditer(form)]
    if "(0" in form:
        spans += [Span(m.start(), m.end(), Found.PHONE) for m in _AREA.finditer(form)]
    spans += [
        Span(m.start(), m.end(), Found.OTHER)
        for m in _TRAVEL.finditer(form)
        if not (document and _DOCUMENT_YEAR.match(m[0], 1))
    ]
    if _LONG_RUN.search(form):
        for cluster in _GROUPS.finditer(_without_codes(form)):
            if cluster.end() - cluster.start() >= _SHORTEST:
                spans += _in_cluster(form, cluster, document)
    return spans


def _of_paper(match: re.Match[str]) -> Span | None:
    """What stands after the name of a paper: its number, in groups or not."""
    longest = _PAPER_LONG if "身份证" in match[0] or "居留证" in match[0] else _PAPER_SHORT
    start, end, count = match.start(1), match.start(1), 0
    for part in _PART.finditer(match[1]):
        if count >= longest:
            break
        count, end = count + len(part[0]), start + part.end()
    if count < _PAPER_LEAST:
        return None
    return Span(start, end, Found.PERSONAL if count in (15, 18) else Found.OTHER)


_PART = re.compile("[0-9A-Z]+")


def _without_codes(form: str) -> str:
    """Blanks out 统一社会信用代码, which hold runs of digits."""
    return _CODE.sub(lambda m: "#" * 18 if _is_uscc(m[0]) and not _may_be_id(m[0]) else m[0], form)


class _Gap(IntEnum):
    """间隔: how closely two groups stand together."""

    BLANKS = 0
    SIGNS = 1
    LOOSE = 2
    APART = 3


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    start: int
    end: int
    #: between the group before and this one
    gap: _Gap


_FEW_BLANKS = 3


def _gap(between: str) -> _Gap:
    signs = between.replace(" ", "")
    if not signs:
        return _Gap.BLANKS if len(between) <= _FEW_BLANKS else _Gap.SIGNS
    if len(signs) > _MOST_SIGNS:
        return _Gap.APART
    return _Gap.SIGNS if set(signs) <= {".", "-"} else _Gap.LOOSE


def _in_cluster(form: str, cluster: re.Match[str], document: bool) -> Iterator[Span]:
    """Groups of digits with signs between: from each, the longest joined run that may be a number.

    Runs may overlap: one that begins too early must not hide the true one behind it.
    """
    groups: list[_Group] = []
    for m in _GROUP.finditer(form, cluster.start(), cluster.end()):
        gap = _gap(form[groups[-1].end : m.start()]) if groups else _Gap.APART
        groups.append(_Group(m[0], m.start(), m.end(), gap))
    for place, first in enumerate(groups):
        found, end = _alone(form, first, document), first.end
        digits, gap = first.digits, _Gap.BLANKS
        for last in range(place + 1, len(groups)):
            digits += groups[last].digits
            gap = max(gap, groups[last].gap)
            if gap is _Gap.APART or len(digits) > _LONGEST or "X" in digits[:-1]:
                break
            joined = _joined(groups[place : last + 1], digits, gap, document)
            if joined is not None:
                found, end = joined, groups[last].end
        if found is not None:
            yield Span(first.start, end, found)


def _alone(form: str, group: _Group, document: bool) -> Found | None:
    """One unbroken run of digits (with X)."""
    digits = group.digits
    if _MOBILE.fullmatch(digits) or (_LANDLINE.fullmatch(digits) and not document):
        return Found.PHONE
    plain = digits.removesuffix("X")
    if len(digits) == 18 and (document or _is_document(form, group)):
        is_person = digits[6:10] <= _LATEST_BIRTH_YEAR or (_has_check(digits) and not document)
        return Found.PERSONAL if _may_be_id(digits) and is_person else None
    if len(digits) == 18:
        return None if _is_uscc(digits) and not _may_be_id(digits) else Found.PERSONAL
    if len(plain) == 15:
        return Found.PERSONAL if _may_be_old_id(form, group, document) else None
    return None if len(plain) < 15 or document or _is_document(form, group) else Found.OTHER


def _may_be_old_id(form: str, group: _Group, document: bool) -> bool:
    """A run of 15 digits is doubtful enough unless it is a 工商注册号 or stands where a document number does."""
    digits = group.digits.removesuffix("X")
    has_day = _is_day("19" + digits[6:12])
    if document:
        return has_day and digits[6:8] >= _EARLIEST_OLD_ID_YEAR
    return has_day or not (_is_document(form, group) or mod_11_10.is_valid(digits))


def _joined(groups: list[_Group], digits: str, gap: _Gap, document: bool) -> Found | None:
    """Several groups read as one number; the looser the reading, the more the number itself must prove."""
    sizes = tuple(len(g.digits) for g in groups)
    match len(digits):
        case 10 | 11 | 12 if digits[0] == "0" and digits[1] != "0":
            is_phone = not document and gap < _Gap.LOOSE and sizes[0] in (3, 4) and sizes[1:] in _LANDLINE_GROUPS
            return Found.PHONE if is_phone else None
        case 11 if _MOBILE.fullmatch(digits):
            return Found.PHONE if _is_mobile(groups, sizes, gap, document) else None
        case 15 if digits.isdigit() and _is_day("19" + digits[6:12]):
            is_id = sizes in _OLD_ID_GROUPS and not (document and digits[6:8] < _EARLIEST_OLD_ID_YEAR)
            return Found.PERSONAL if is_id else None
        case 18 if _may_be_id(digits) and sizes[:6] != _TIME_AND_DAY:
            if digits[6:10] <= _LATEST_BIRTH_YEAR:
                return Found.PERSONAL
            natural = gap < _Gap.LOOSE or sizes in _ID_GROUPS_LOOSE
            is_young = not document and (gap is _Gap.BLANKS or (natural and _has_check(digits)))
            return Found.PERSONAL if is_young else None
        case 16 | 17 | 18 | 19 if digits[0] in "3456" and gap < _Gap.LOOSE and not document:
            return Found.OTHER if len(sizes) >= 4 and set(sizes[:-1]) == {4} and sizes[-1] <= 4 else None
    return None


def _is_mobile(groups: list[_Group], sizes: tuple[int, ...], gap: _Gap, document: bool) -> bool:
    if _holds_day(groups) or (document and any(_DOCUMENT_YEAR.fullmatch(g.digits) for g in groups)):
        return False
    match gap:
        case _Gap.BLANKS:
            return True
        case _Gap.SIGNS:
            return sizes in _MOBILE_GROUPS
        case _:
            return sizes in _MOBILE_GROUPS_LOOSE and not (sizes == (3, 8) and _is_day(groups[1].digits))


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
