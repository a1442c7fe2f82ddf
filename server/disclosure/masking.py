"""脱敏 the public form of names, numbers and free text (10 §10.8), by the policy in ``masking.yaml``.

Made once, when a row is written. Not for deciding who sees what (``doors.py``), nor for finding numbers
(``personal_numbers.py``). A firm's legal representative is not a person to mask: the caller leaves him out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from server.dated import DatedFile, Field, Kind, Shape, Version, load
from server.disclosure.personal_numbers import Found, find, normal
from server.errors import WrongSetting

MASKING = "disclosure/masking.yaml"
_NAME = "name"
_SHAPE = Shape(
    version={
        "keep_first": Field(Kind.WHOLE),
        "keep_last": Field(Kind.WHOLE),
        "compound_surnames": Field(Kind.TEXTS, required=False),
    }
)
_DOTS = "·•・‧∙⋅･．"
_BETWEEN = " .-"
_WITHOUT_SIGNS = str.maketrans("", "", _BETWEEN + "()")
_WITHOUT_BETWEEN = str.maketrans("", "", _BETWEEN)
#: A name may be written with so many blanks between two characters; more is another word.
_WIDEST_GAP = 4
_LEAST_COVERED = 4
_PERSONAL_TYPES = ("身份证", "外国人永久居留身份证")


class Masking:
    """脱敏规则 in force on one day."""

    def __init__(self, file: DatedFile, on: date | None = None) -> None:
        self.edition_hash = file.edition_hash
        missing = [key for key in (*Found, _NAME) if key not in file.entries]
        if missing or set(file) - {*Found, _NAME}:
            known = "、".join((*Found, _NAME))
            raise WrongSetting(f"规则文件 {MASKING}：条目应恰为 {known}；请核对")
        versions = {key: file[key].versions[-1] if on is None else file[key].version_on(on) for key in file}
        self._keep = {found: _keep(versions[found]) for found in Found}
        self._compound = frozenset(versions[_NAME].texts("compound_surnames"))

    @classmethod
    def load(cls, rules_dir: Path | None = None, on: date | None = None) -> Masking:
        """Gives the policy in force on a day, or the newest; raises ``WrongSetting``."""
        return cls(load(MASKING, _SHAPE, Path(__file__).with_name("masking.yaml"), rules_dir), on)

    def mask_name(self, name: str) -> str:
        """Gives 张*, 欧阳**, 阿***·***: the surname, or of other names the first character, and a star for each other."""
        plain = "".join(name.split()) if not name.isascii() else " ".join(name.split())
        if len(plain) < 2:
            return "*" * len(plain)
        if plain.isascii() or any(c in _DOTS for c in plain):
            return plain[0] + "".join(c if c in _DOTS or c == " " else "*" for c in plain[1:])
        kept = 2 if len(plain) > 2 and plain[:2] in self._compound else 1
        return plain[:kept] + "*" * (len(plain) - kept)

    def mask_number(self, certificate_type: str, number: str) -> str:
        """Gives the public form of 证件号码: 370117********1234 for an ID card, more covered for other papers."""
        plain = "".join(number.split())
        is_personal = certificate_type in _PERSONAL_TYPES or len(plain) in (15, 18)
        return _cover(plain, self._keep[Found.PERSONAL if is_personal else Found.OTHER])

    def mask_phone(self, phone: str) -> str:
        """Gives 138****5678."""
        return _cover("".join(phone.split()), self._keep[Found.PHONE])

    def mask_certificate(self, number: str) -> str:
        """Gives 许可编号 or 资格证号 as it is, but covered where it may be a personal number (10 §10.8)."""
        return self.mask_text(number)

    def mask_text(self, text: str, persons: Collection[str] = ()) -> str:
        """Gives the public form of a free text (design §4): numbers that may be personal, and ``persons``, covered.

        ``persons`` are the natural persons whom the row itself names, in full; they are found also where blanks stand
        between the characters. Linear in the length of the text.
        """
        if not text:
            return text
        form = normal(text)
        covers = [
            (s.start, s.end, _cover(_compact(form[s.start : s.end]), self._keep[s.found])) for s in find(text, form)
        ]
        for person in persons:
            masked = self.mask_name(person)
            covers += [(start, end, masked) for start, end in _occurrences(form, person)]
        return _apply(text, sorted(covers, key=lambda c: (c[0], -c[1])))


@cache
def _shipped() -> Masking:
    return Masking.load()


def mask_name(name: str) -> str:
    """As ``Masking.mask_name``, by the shipped policy."""
    return _shipped().mask_name(name)


def mask_number(certificate_type: str, number: str) -> str:
    """As ``Masking.mask_number``, by the shipped policy."""
    return _shipped().mask_number(certificate_type, number)


def mask_phone(phone: str) -> str:
    """As ``Masking.mask_phone``, by the shipped policy."""
    return _shipped().mask_phone(phone)


def mask_certificate(number: str) -> str:
    """As ``Masking.mask_certificate``, by the shipped policy."""
    return _shipped().mask_certificate(number)


def mask_text(text: str, persons: Collection[str] = ()) -> str:
    """As ``Masking.mask_text``, by the shipped policy."""
    return _shipped().mask_text(text, persons)


def _keep(version: Version) -> tuple[int, int]:
    return version.whole("keep_first") or 0, version.whole("keep_last") or 0


def _cover(number: str, keep: tuple[int, int]) -> str:
    """At least a third of a number and four characters are covered, however short it is or much the policy keeps."""
    first, last = keep
    if (first + last) * 3 > len(number) * 2 or first + last + _LEAST_COVERED > len(number):
        first, last = 0, min(last, len(number) // 3)
    return number[:first] + "*" * (len(number) - first - last) + number[len(number) - last :]


def _compact(form: str) -> str:
    return form.translate(_WITHOUT_SIGNS)


def _occurrences(form: str, person: str) -> Iterator[tuple[int, int]]:
    """Where a person's name stands, blanks and dots between its characters allowed."""
    wanted = normal(person).translate(_WITHOUT_BETWEEN)
    # A single character is no name: it would blacken every text that has it.
    if len(wanted) < 2 or not all(c in form for c in wanted):
        return
    packed = form.translate(_WITHOUT_BETWEEN)
    # Building the places of a text costs more than all else, and most texts have nothing between.
    places = range(len(form)) if len(packed) == len(form) else [i for i, c in enumerate(form) if c not in _BETWEEN]
    at = packed.find(wanted)
    while at >= 0:
        run = places[at : at + len(wanted)]
        if all(b - a <= _WIDEST_GAP for a, b in pairwise(run)) and not _inside_word(form, wanted, run):
            yield run[0], run[-1] + 1
            at = packed.find(wanted, at + len(wanted))
        else:
            at = packed.find(wanted, at + 1)


def _inside_word(form: str, wanted: str, run: Sequence[int]) -> bool:
    """A Latin name is a word of its own: Li is not in LICENCE."""
    if not wanted.isascii():
        return False
    around = form[max(run[0] - 1, 0) : run[0]] + form[run[-1] + 1 : run[-1] + 2]
    return any(c.isascii() and c.isalpha() for c in around)


def _apply(text: str, covers: list[tuple[int, int, str]]) -> str:
    """Puts the covers in; where two overlap, what the second adds is blackened whole."""
    parts: list[str] = []
    done = 0
    for start, end, cover in covers:
        if start >= done:
            parts += [text[done:start], cover]
        elif end > done:
            parts.append("*" * (end - done))
        done = max(done, end)
    return "".join(parts) + text[done:]
