"""证件 certificates of natural persons: normal form, checks and the key to find a person by. Not for masking.

No message here repeats a number: they end up in reports, logs and browser windows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date
from enum import StrEnum

from stdnum.cn.ric import calc_check_digit

from server.errors import Invalid
from server.identifiers.divisions import known_division
from server.identifiers.text import SPOILT_REMEDY, is_spoilt, normal_code, quoted


class CertificateType(StrEnum):
    """证件类型 the five of the national column list (2018); the value is what that list writes."""

    ID_CARD = "身份证"
    PASSPORT = "护照号"
    HOME_RETURN_PERMIT = "港澳居民来往内地通行证"
    MAINLAND_TRAVEL_PERMIT = "台湾居民来往大陆通行证"
    PERMANENT_RESIDENT = "外国人永久居留身份证"


_WORDS = {
    **{str(member): member for member in CertificateType},
    "居民身份证": CertificateType.ID_CARD,
    "身份证号": CertificateType.ID_CARD,
    "护照": CertificateType.PASSPORT,
    "回乡证": CertificateType.HOME_RETURN_PERMIT,
    "港澳通行证": CertificateType.HOME_RETURN_PERMIT,
    "台胞证": CertificateType.MAINLAND_TRAVEL_PERMIT,
    "外国人永久居留证": CertificateType.PERMANENT_RESIDENT,
}

#: Shapes in use, wide on purpose: no public standard fixes all old series. (Passports of all states; H/M and eight
#: digits, two more for the renewal; eight or ten digits and a letter; three letters and twelve digits before 2023.)
_SHAPES = {
    CertificateType.PASSPORT: (r"(?=.*[0-9])[A-Z0-9]{5,20}", "5 至 20 位字母和数字"),
    CertificateType.HOME_RETURN_PERMIT: (r"[HM]([0-9]{8}|[0-9]{10})", "字母 H 或 M 加 8 位（或 10 位）数字"),
    CertificateType.MAINLAND_TRAVEL_PERMIT: (r"[0-9]{8}|[0-9]{10}(\([A-Z]\)|[A-Z])?", "8 位（旧证 10 位）数字"),
    CertificateType.PERMANENT_RESIDENT: (
        r"[A-Z]{3}[0-9]{12}|9[0-9]{16}[0-9X]",
        "3 位字母加 12 位数字，或 9 开头的 18 位",
    ),
}

#: Prefixes of residence permits of people from Hong Kong, Macao and Taiwan; the last is not in GB/T 2260.
_RESIDENCE_PERMIT_PREFIXES = frozenset({"810000", "820000", "830000"})


def certificate_type(text: str) -> CertificateType:
    """Gives the type for the word in a table; raises ``Invalid`` for an unknown one, never a default."""
    word = normal_code(text)
    if word in _WORDS:
        return _WORDS[word]
    allowed = "、".join(CertificateType)
    raise Invalid(f"证件类型{quoted(word)}不在国家目录中；请改为：{allowed}")


def check_certificate(type_: CertificateType, number: str, on: date) -> str:
    """Gives the number in normal form; raises ``Invalid``. ``on`` is the day on which the person must be born."""
    if type_ is CertificateType.ID_CARD:
        return check_id_card(number, on)
    code = normal_code(number)
    pattern, shape = _SHAPES[type_]
    if not code:
        raise Invalid(f"{type_}号码为空；请按证件填写")
    if is_spoilt(code):
        raise Invalid(f"{type_}号码已损坏：{SPOILT_REMEDY}")
    if not re.fullmatch(pattern, code):
        raise Invalid(f"{type_}号码应为{shape}；请核对证件，并确认证件类型没有填错")
    if type_ is CertificateType.PERMANENT_RESIDENT and len(code) == 18:
        _check_birth_and_digit(code, on, str(type_))
    return code


def check_id_card(number: str, on: date) -> str:
    """Gives an 18-character 居民身份证 number; raises ``Invalid`` for shape, birth date or check digit (GB 11643).

    The region in front is not judged here but by ``id_card_region_is_known``: an old or odd one is a warning.
    """
    code = normal_code(number)
    if not code:
        raise Invalid("身份证号码为空；请按证件填写 18 位号码")
    if is_spoilt(code):
        raise Invalid(f"身份证号码已损坏：{SPOILT_REMEDY}")
    if re.fullmatch(r"[0-9]{15}", code):
        raise Invalid("身份证号码为 15 位：一代证已停用，请填写 18 位号码")
    if len(code) != 18:
        raise Invalid(f"身份证号码应为 18 位，实际为 {len(code)} 位；请核对证件")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", code):
        raise Invalid("身份证号码前 17 位应为数字，末位应为数字或 X；请检查是否把 0 写成字母 O、把 1 写成字母 I")
    _check_birth_and_digit(code, on, "身份证")
    return code


def _check_birth_and_digit(code: str, on: date, what: str) -> None:
    born = _birth_date(code)
    if born is None:
        raise Invalid(f"{what}号码第 7 至 14 位不是真实的出生日期；请核对证件")
    if born > on:
        raise Invalid(f"{what}号码中的出生日期晚于 {on.isoformat()}；请核对证件")
    if code[17] != calc_check_digit(code):
        # Numbers that were saved as numbers keep 15 digits and end in zeros.
        hint = (
            "；末三位为 000，可能曾被表格软件当作数字保存，请按证件重新填写" if code.endswith("000") else "；请核对证件"
        )
        raise Invalid(f"{what}号码末位校验码不对，说明其中有错字或错位{hint}")


def _birth_date(code: str) -> date | None:
    try:
        return date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return None


def id_card_region_is_known(code: str) -> bool:
    """Tells whether a checked ID number begins with a division of GB/T 2260, past or present. A warning, no refusal."""
    return code[:6] in _RESIDENCE_PERMIT_PREFIXES or known_division(code[:6])


def person_key(secret: str, type_: str, number: str) -> str:
    """Gives the key a person is found by: HMAC-SHA-256 of type and normalised number, 64 hexadecimal digits.

    Type is part of it: equal numbers on a passport and a permit are two persons. Raises ``Invalid`` for no known type.
    """
    message = f"{certificate_type(type_)}:{normal_code(number)}"
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
