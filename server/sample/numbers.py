"""虚构号码 invented numbers that pass every check and can belong to nobody. Not for checking: see ``identifiers``.

Organisation codes begin with XT, which no registry gives out; ID numbers with the region 99, which does not exist;
phones with 154, which no operator has. All follow from a running number, so that the same sample has the same ones.
"""

from __future__ import annotations

from datetime import date

from stdnum.cn.ric import calc_check_digit as id_card_digit
from stdnum.cn.uscc import calc_check_digit as uscc_digit
from stdnum.iso7064 import mod_11_10

from server.identifiers.uscc import ALPHABET, organisation_check_character

_BODY = 6
#: Sequence numbers of one region and day of birth: 100 … 999.
_SEQUENCES = 900


def uscc(kind: str, division: str, number: int) -> str:
    """统一社会信用代码 of a kind (91, 92, 11 …) in a division; ``number`` makes it unique."""
    body = "XT" + _in_alphabet(number)
    code = kind + division + body + organisation_check_character(body)
    return code + str(uscc_digit(code))


def _in_alphabet(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits.rjust(_BODY, "0")


def spoilt_check_character(code: str) -> str:
    """A code whose last character is wrong, as a slip of the hand makes it."""
    return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % len(ALPHABET)]


def id_card(number: int, born: date) -> str:
    """居民身份证 of the region 99xxxx."""
    region, sequence = divmod(number, _SEQUENCES)
    body = f"99{region % 10_000:04d}{born:%Y%m%d}{100 + sequence:03d}"
    # stdnum leaves out the last character itself.
    return body + str(id_card_digit(body + "0"))


def registration_number(division: str, number: int) -> str:
    """工商注册号 of 15 digits; its middle is no date, so that it is not taken for an old ID number."""
    body = f"{division}{60 + number // 100_000 % 40:02d}9{number % 100_000:05d}"
    return body + str(mod_11_10.calc_check_digit(body))


def phone(number: int) -> str:
    """手机号 of a block that is not given out."""
    return f"154{number % 100_000_000:08d}"


def twelve_digits(division: str, number: int) -> str:
    """经营许可证号、道路运输证号: twelve digits of which the first six are the division."""
    return f"{division}{number % 1_000_000:06d}"


#: Large enough a step, without a common divisor with 100,000, that plates of neighbours do not look like a series.
_STEP = 61_803
_LETTERS = "ABCDEFGHJKLMNPQRSTUWXY"


def plate(prefix: str, number: int, energy: str = "") -> str:
    """车牌号: ``prefix`` is province and letter; ``energy`` "small" or "large" for 新能源."""
    block, place = divmod(number, 100_000)
    serial = f"{place * _STEP % 100_000:05d}"
    if energy == "large":
        return f"{prefix}{serial}D"
    if energy == "small":
        return f"{prefix}D{serial}"
    # Beyond 100,000 the first character of the serial is a letter.
    return prefix + (serial if block == 0 else _LETTERS[(block - 1) % len(_LETTERS)] + serial[1:])
