"""行政区划代码 GB/T 2260, with history. Not for addresses below the county.

``data/divisions.tsv`` holds the edition of 2023-06-30 and what the editions of 2018 and 2019 had besides. Codes that
ended earlier (371203 钢城区) are found in python-stdnum's history since 1983, loaded only when one is asked for.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from stdnum import numdb

_DATA = Path(__file__).parent / "data" / "divisions.tsv"
#: Where a register tells no division: an individual business under its old number.
NO_DIVISION = "000000"


@cache
def _divisions() -> dict[str, tuple[str, bool]]:
    """Gives code → (name, whether the newest edition has it)."""
    rows = (line.split("\t") for line in _DATA.read_text("utf-8").splitlines()[1:])
    return {code: (name, until == "") for code, name, until in rows}


@cache
def _former_name(code: str) -> str | None:
    """Gives the last name that stdnum's history has: "[1983-1993]郊区,[1994-]湛河区" is 湛河区."""
    found: dict[str, str] = {}
    for _, part in numdb.get("cn/loc").info(code):
        found.update(part)
    county = found.get("county")
    return None if county is None else re.sub(r"\[[^\]]*\]", "", county.rsplit(",", 1)[-1])


def division_name(code: str) -> str | None:
    """Gives the name of a six-digit division, its last one where it is of the past, or None for an unknown code."""
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    found = _divisions().get(code)
    return found[0] if found else _former_name(code)


def known_division(code: str, history: bool = True) -> bool:
    """Tells whether the code is in GB/T 2260: with ``history`` at any time since 1983, else in the newest edition."""
    if not history:
        return _divisions().get(code, ("", False))[1]
    return division_name(code) is not None


def divisions_under(prefix: str) -> list[str]:
    """Gives the codes of the newest edition one level below the 2 or 4 digits in front; none below a county."""
    inside = {2: "[0-9]{2}00", 4: "[0-9]{2}"}.get(len(prefix))
    if inside is None:
        return []
    known = [code for code, (_, current) in _divisions().items() if current and re.fullmatch(prefix + inside, code)]
    return [code for code in known if code != prefix.ljust(6, "0")]


def division_path(code: str) -> str | None:
    """Gives the full name from the province down (山西省吕梁市文水县), or None; 市辖区 and its like are left out."""
    own = division_name(code)
    if own is None:
        return None
    above = [division_name(part) for part in (code[:2] + "0000", code[:4] + "00") if part != code]
    stand_ins = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
    return "".join(name for name in [*above, own] if name and name not in stand_ins)


def current_and_recent() -> list[tuple[str, str]]:
    """Gives (code, name) of every division of the newest edition and of those that ended since 2018."""
    return [(code, name) for code, (name, _) in _divisions().items()]
