"""统一社会信用代码 GB 32100, the organisation code GB 11714 inside it, and the old 15-digit registration number.

Not for telling whether the organisation exists: that is the subject registry's answer. Check digits come from
python-stdnum; its ``uscc.validate`` is not used, because it refuses codes of rural bodies (N…) and gives no reason.
No message repeats the value: with columns shifted it may be a person's number.
"""

from __future__ import annotations

import re
from enum import StrEnum

from stdnum.cn import ric
from stdnum.cn.uscc import calc_check_digit
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_10

from server.errors import Invalid
from server.identifiers.text import SPOILT_REMEDY, is_spoilt, normal_code

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: GB 32100 leaves these letters out because they are read as others.
LOOK_ALIKE = {"I": "数字 1", "O": "数字 0", "S": "数字 5", "V": "字母 U", "Z": "数字 2"}
#: What the national column list has for an individual business without a code: it identifies nobody.
PLACEHOLDER = "0" * 17 + "X"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class OrganisationKind(StrEnum):
    """登记类别 the first two characters of a code (GB 32100)."""

    ORGAN = "11"  # 机关
    INSTITUTION = "12"  # 事业单位
    MASS_BODY = "13"  # 群众团体
    SOCIAL_ORGANISATION = "51"  # 社会团体
    PRIVATE_NON_ENTERPRISE = "52"  # 民办非企业单位
    FOUNDATION = "53"  # 基金会
    ENTERPRISE = "91"  # 企业
    INDIVIDUAL_BUSINESS = "92"  # 个体工商户
    FARMERS_COOPERATIVE = "93"  # 农民专业合作社
    RURAL_ORGANISATION = "N1"  # 农村集体经济组织
    RURAL_TOWN_ORGANISATION = "N2"
    RURAL_GROUP_ORGANISATION = "N3"


def check_uscc(text: str) -> str:
    """Gives the code in normal form; raises ``Invalid`` that names the fault and the remedy (GB 32100-2015)."""
    code = normal_code(text)
    _refuse_what_is_no_code(code)
    for place, letter in enumerate(code, 1):
        if letter in LOOK_ALIKE:
            raise Invalid(
                f"统一社会信用代码第 {place} 位不应是字母 {letter}：代码中没有 I、O、S、V、Z，"
                f"可能是{LOOK_ALIKE[letter]}；请核对营业执照"
            )
        if letter not in ALPHABET:
            raise Invalid(f"统一社会信用代码第 {place} 位“{letter}”不是数字或大写字母；请核对营业执照后重新填写")
    if not code[2:8].isdigit():
        raise Invalid("统一社会信用代码第 3 至 8 位应为六位数字的登记地行政区划代码；请核对营业执照")
    expected = calc_check_digit(code[:17])
    if code[17] != expected:
        raise Invalid(f"统一社会信用代码第 18 位校验码应为 {expected}，实际为 {code[17]}；请核对营业执照")
    return code


def _refuse_what_is_no_code(code: str) -> None:
    if not code:
        raise Invalid("统一社会信用代码为空；请按营业执照填写 18 位代码")
    if code == PLACEHOLDER:
        raise Invalid("17 个 0 加 X 只是个体工商户没有代码时的占位，不能识别任何主体；请填写真实代码或工商注册号")
    if is_spoilt(code):
        raise Invalid(f"统一社会信用代码已损坏：{SPOILT_REMEDY}")
    if len(code) == 18:
        if _looks_like_a_person(code):
            raise Invalid(
                "统一社会信用代码一栏填的像是居民身份证号码；自然人请填“证件类型”“证件号码”两栏，"
                "单位请按营业执照填写 18 位代码"
            )
        return
    remedy = "请核对营业执照，补齐或删去多余字符"
    if len(code) == 15 and code.isdigit():
        remedy = "这像是旧的 15 位工商注册号，请填入“工商注册号”一栏，或填写新照上的 18 位代码"
    if len(code.replace("-", "")) == 9:
        remedy = "这像是旧的 9 位组织机构代码，请填入“组织机构代码”一栏，或填写新证上的 18 位代码"
    raise Invalid(f"统一社会信用代码应为 18 位，实际为 {len(code)} 位；{remedy}")


def _looks_like_a_person(code: str) -> bool:
    """Tells whether the code is an ID number, right or mistyped: one in 31 right ones also passes as a code."""
    if not re.fullmatch(r"[0-9]{6}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]", code):
        return False
    return code[17] == ric.calc_check_digit(code) or code[17] != calc_check_digit(code[:17])


def is_placeholder(text: str) -> bool:
    """Tells whether this is the 17 zeros with X (or all zeros) that identify nobody."""
    code = normal_code(text)
    return code == PLACEHOLDER or (len(code) == 18 and set(code) == {"0"})


def is_organ(uscc: str) -> bool:
    """Tells whether a checked code belongs to a body registered by the organs' commission (1…), as authorities must."""
    return uscc.startswith("1")


def is_enterprise(uscc: str) -> bool:
    """Tells whether a checked code was given by the market registry (9…): firm, individual business, cooperative."""
    return uscc.startswith("9")


def kind(uscc: str) -> OrganisationKind | None:
    """Gives the kind that a checked code tells, or None where the standard's list has more kinds than ours."""
    return next((member for member in OrganisationKind if member == uscc[:2]), None)


def organisation_code(uscc: str) -> str:
    """Gives the organisation code (9 characters, no hyphen) inside a checked code."""
    return uscc[8:17]


def division_code(uscc: str) -> str:
    """Gives the six-digit division of registration inside a checked code; it may be one of the history."""
    return uscc[2:8]


def organisation_check_character(body: str) -> str:
    """Gives the ninth character for eight (GB 11714: weights 3 7 9 10 5 8 4 2, modulus 11)."""
    total = sum(int(letter, 36) * weight for letter, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def check_organisation_code(text: str) -> str:
    """Gives the old 组织机构代码 as nine characters without hyphen; raises ``Invalid`` (GB 11714)."""
    code = normal_code(text).replace("-", "")
    if len(code) != 9 or not (code.isascii() and code.isalnum()):
        raise Invalid(f"组织机构代码应为 8 位数字或字母加 1 位校验码，实际为 {len(code)} 位；请核对代码证")
    expected = organisation_check_character(code[:8])
    if code[8] != expected:
        raise Invalid(f"组织机构代码 {code} 末位校验码应为 {expected}，实际为 {code[8]}；请核对代码证")
    return code


def check_registration_number(text: str) -> str:
    """Gives the old 15-digit 工商注册号; raises ``Invalid`` (ISO 7064 MOD 11,10)."""
    code = normal_code(text)
    if is_spoilt(code):
        raise Invalid(f"工商注册号已损坏：{SPOILT_REMEDY}")
    if len(code) != 15 or not (code.isascii() and code.isdigit()):
        raise Invalid(f"工商注册号应为 15 位数字，实际为 {len(code)} 位；请核对营业执照")
    try:
        mod_11_10.validate(code)
    except ValidationError:
        expected = mod_11_10.calc_check_digit(code[:14])
        raise Invalid(f"工商注册号末位校验码应为 {expected}，实际为 {code[14]}；请核对营业执照") from None
    return code
