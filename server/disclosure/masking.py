"""脱敏 the public form of names, numbers and free text (10 §10.8), by the policy in ``masking.yaml``.

Made once, when a row is written. Not for deciding who sees what (``doors.py``), nor for finding numbers and names
(``personal_numbers.py``, ``names.py``). A firm's legal representative is not a person to mask: the caller leaves him out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from server.dated import DatedFile, Entry, Field, Kind, Shape, Version, load
from server.disclosure.names import DOTS, WORDS, Names
from server.disclosure.personal_numbers import Found, find, normal
from server.errors import WrongSetting

MASKING = "disclosure/masking.yaml"
_NAME = "name"
_PERSON_WORDS = "person_words"
_KEEP = ("keep_first", "keep_last")
_FIELDS: dict[str, tuple[str, ...]] = {
    **{found.value: _KEEP for found in Found},
    _NAME: (*_KEEP, "compound_surnames"),
    _PERSON_WORDS: WORDS,
}
_SHAPE = Shape(
    version={
        **dict.fromkeys(_KEEP, Field(Kind.WHOLE, required=False)),
        **dict.fromkeys(("compound_surnames", *WORDS), Field(Kind.TEXTS, required=False)),
    }
)
_BETWEEN = " .-"
#: In a name of three characters or more also these; 张、三 are two words.
_BETWEEN_LONG = _BETWEEN + "/、()"
_WITHOUT_SIGNS = str.maketrans("", "", _BETWEEN + "/,、。():;|\\~#*")
_WITHOUT_BETWEEN = str.maketrans("", "", _BETWEEN)
_WITHOUT_BETWEEN_LONG = str.maketrans("", "", _BETWEEN_LONG)
#: A name may be written with so many blanks between two characters; more is another word.
_WIDEST_GAP = 8
_LEAST_COVERED = 4
_PERSONAL_TYPES = ("身份证", "外国人永久居留身份证")


class Masking:
    """脱敏规则 in force on one day."""

    def __init__(self, file: DatedFile, on: date | None = None) -> None:
        self.edition_hash = file.edition_hash
        if set(file) != set(_FIELDS):
            known = "、".join(_FIELDS)
            raise WrongSetting(f"规则文件 {MASKING}：条目应恰为 {known}；请核对")
        versions = {key: _version(file[key], on) for key in file}
        self._keep = {found: _keep(versions[found]) for found in Found}
        self._compound = frozenset(versions[_NAME].texts("compound_surnames"))
        self._names = Names(versions[_PERSON_WORDS], self._compound)

    @classmethod
    def load(cls, rules_dir: Path | None = None, on: date | None = None) -> Masking:
        """Gives the policy in force on a day; without one the newest, which may not be in force yet.

        Raises ``WrongSetting``.
        """
        return cls(load(MASKING, _SHAPE, Path(__file__).with_name("masking.yaml"), rules_dir), on)

    def names(self, cell: str) -> tuple[str, ...]:
        """Gives the names to look for of a cell that names natural persons: 张三丰、李四海（经营者）gives both."""
        return self._names.to_look_for(cell)

    def mask_name(self, name: str) -> str:
        """Gives 张*, 欧阳**, 阿***·***: the surname, or of other names the first character, and a star for each other.

        Of a cell with several names each is masked, and titles and numbers beside them are left out.
        """
        return "、".join(map(self._mask_one, self._names.of_cell(name)))

    def _mask_one(self, name: str) -> str:
        plain = "".join(name.split()) if not name.isascii() else " ".join(name.split())
        if len(plain) < 2:
            return "*" * len(plain)
        if plain.isascii() or any(c in DOTS for c in plain):
            return plain[0] + "".join(c if c in DOTS or c == " " else "*" for c in plain[1:])
        kept = 2 if len(plain) > 2 and plain[:2] in self._compound else 1
        return plain[:kept] + "*" * (len(plain) - kept)

    def mask_number(self, certificate_type: str, number: str) -> str:
        """Gives the public form of 证件号码: 370117********1234 for an ID card, more covered for other papers."""
        plain = "".join(number.split())
        if not plain.isascii():
            # Something else stands in the column too: a name, a word.
            return _cover(plain, (0, min(self._keep[Found.OTHER])))
        is_personal = certificate_type in _PERSONAL_TYPES or len(plain) in (15, 18)
        return _cover(plain, self._keep[Found.PERSONAL if is_personal else Found.OTHER])

    def mask_phone(self, phone: str) -> str:
        """Gives 138****5678."""
        return _cover("".join(phone.split()), self._keep[Found.PHONE])

    def mask_certificate(self, number: str) -> str:
        """Gives 许可编号 or 资格证号 as it is, but covered where it may be a personal number (10 §10.8)."""
        return self.mask_text(number)

    def mask_text(self, text: str, persons: Collection[str] = ()) -> str:
        """Gives the public form of a free text (design §4): numbers that may be personal, ``persons``, and whom the
        text itself points at (驾驶员李小四，), covered.

        ``persons`` are the natural persons whom the row names, in full; they are found also where blanks stand
        between the characters, and in traditional characters. Linear in the length of the text.
        """
        if not text:
            return text
        form = normal(text)
        numbers = find(form)
        covers = [(s.start, s.end, _cover(_compact(form[s.start : s.end]), self._keep[s.found])) for s in numbers]
        for person in persons:
            masked = self._mask_one(person)
            covers += [(start, end, masked) for start, end in _occurrences(form, person)]
        covers += [(start, end, self._mask_one(text[start:end])) for start, end in self._names.in_text(form, numbers)]
        return _apply(text, sorted(covers, key=lambda c: (c[0], -c[1])))

    def names_a_person(self, number: str, persons: Collection[str] = ()) -> bool:
        """Tells whether a 文号, which stays public as it is, has a personal number or a person in it: one of ``persons``
        or one it points at itself.
        """
        form = normal(number)
        if find(form, document=True) or any(True for _ in self._names.in_text(form, ())):
            return True
        return any(True for person in persons for _ in _occurrences(form, person))


@cache
def _shipped() -> Masking:
    return Masking.load()


def mask_name(name: str) -> str:
    """As ``Masking.mask_name``, by the shipped policy."""
    return _shipped().mask_name(name)


@lru_cache(maxsize=10_000)
def names(cell: str) -> tuple[str, ...]:
    """As ``Masking.names``, by the shipped words."""
    return _shipped().names(cell)


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


def _version(entry: Entry, on: date | None) -> Version:
    """The version that counts, with every field its entry needs."""
    version = entry.versions[-1] if on is None else entry.version_on(on)
    for field in _FIELDS[entry.key]:
        if version.values.get(field) is None:
            raise WrongSetting(f"规则文件 {MASKING}：“{entry.key}”缺少 {field}；请补上")
    return version


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
    between, without = (_BETWEEN, _WITHOUT_BETWEEN) if len(wanted) == 2 else (_BETWEEN_LONG, _WITHOUT_BETWEEN_LONG)
    packed = form.translate(without)
    # Building the places of a text costs more than all else, and most texts have nothing between.
    places = range(len(form)) if len(packed) == len(form) else [i for i, c in enumerate(form) if c not in between]
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
