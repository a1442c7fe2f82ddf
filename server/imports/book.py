"""校验规则 the loaded ``checks.yaml``: which checks hold, how strictly, and their words. Not for doing the checks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

from server.dated import DatedFile, Field, Kind, Shape, Version, load
from server.errors import WrongSetting
from server.imports.codes import CodeList, folded

NAME = "imports/checks.yaml"
_SHIPPED = Path(__file__).with_name("checks.yaml")
_SEVERITIES = ("fault", "warning", "off")
#: Without these a record would overwrite another, or stand outside the catalogue: no bureau may relax them.
_FIXED = frozenset({"R6", "R6_WITHDRAWN", "R14_NUMBER", "OTHER_AGENCY", "NOT_IN_CATALOGUE"})
#: Told of a row that goes in: its record is known only then.
_HINTS = frozenset({"R9_WITHDRAWN", "R9_AGAIN"})
_RULE = re.compile(r"[RC]\d+(_[A-Z]+)?|OTHER_AGENCY|NOT_IN_CATALOGUE")


_FLAG = Field(Kind.TEXT, one_of=("M", "O", "C", "-"))
_TEXTS = Field(Kind.TEXTS, required=False)
_MAY = Field(Kind.FLAG, required=False)
_CODE = {
    "word": Field(Kind.TEXT),
    "stored": Field(Kind.TEXT, required=False),
    "aliases": _TEXTS,
    "fine": _MAY,
    "confiscation": _MAY,
    "certificate": _MAY,
}
_REQUIRED = {"column": Field(Kind.TEXT), "legal_person": _FLAG, "individual_business": _FLAG, "natural_person": _FLAG}
_SHAPE = Shape(
    version={
        "severity": Field(Kind.TEXT, required=False, one_of=_SEVERITIES),
        "organ_prefixes": _TEXTS,
        "individual_business_prefixes": _TEXTS,
        "fillers": _TEXTS,
        "tests": _TEXTS,
        "required": Field(Kind.ROWS, required=False, rows=_REQUIRED),
        "working_days": Field(Kind.WHOLE, required=False),
        "day": Field(Kind.DAY, required=False),
        "codes": Field(Kind.ROWS, required=False, rows=_CODE),
        "other": Field(Kind.TEXT, required=False),
    }
)


@dataclass(frozen=True)
class PenaltyWords:
    """处罚类别的性质: which kinds need a fine, a confiscated amount, a certificate (R7, R8)."""

    fines: frozenset[str]
    confiscations: frozenset[str]
    certificates: frozenset[str]


@dataclass(frozen=True)
class Checks:
    """一天的校验规则: what holds for rows that come in on one day."""

    #: rule → fault, warning or off
    severities: Mapping[str, str]
    long_term: date
    fillers: frozenset[str]
    tests: tuple[re.Pattern[str], ...]
    organ_prefixes: tuple[str, ...]
    individual_prefixes: tuple[str, ...]
    subject_kinds: CodeList
    licence_kinds: CodeList
    penalty_kinds: CodeList
    certificate_types: CodeList
    states: CodeList
    penalties: PenaltyWords
    #: column code → kind of subject → M, O, C or -, where a bureau differs from ``fields.yaml``
    required: Mapping[str, Mapping[str, object]]

    def is_filler(self, word: str) -> bool:
        """Says whether a cell's only content means nothing (无, /, —)."""
        return len(word) <= 4 and folded(word).lower() in self.fillers

    def is_test(self, word: str) -> bool:
        """Says whether a cell's whole content is test data."""
        return any(test.fullmatch(word) for test in self.tests)


class Book:
    """校验规则 with all its versions, as shipped or as the bureau changed it."""

    def __init__(self, file: DatedFile) -> None:
        self._file = file

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Book:
        """Reads the shipped file and the bureau's; raises ``WrongSetting`` for what it cannot mean."""
        book = cls(load(NAME, _SHAPE, _SHIPPED, rules_dir))
        book.checks_on(max(v.valid_from for e in book._file.entries.values() for v in e.versions))
        return book

    @property
    def edition_hash(self) -> str:
        """The hash of all checks and of the deadline."""
        return self._file.edition_hash

    def working_days(self, decided_on: date, kind: str = "") -> int:
        """Gives how many working days after the decision a row of this kind is due (发改办财金〔2018〕424号)."""
        key = f"deadline.{kind}" if f"deadline.{kind}" in self._file.entries else "deadline"
        days = self._version(key, decided_on).whole("working_days")
        if not days:
            raise WrongSetting(f"规则文件 {NAME} 的 {key}：缺少 working_days；请填写工作日数")
        return days

    def checks_on(self, on: date) -> Checks:
        """Gives the checks for rows that come in on a day."""
        words, codes = self._version("R11", on), self._version("R2", on)
        penalties = self._version("codes.penalty_kind", on).rows("codes")
        fillers = frozenset(folded(word).lower() for word in words.texts("fillers"))
        return Checks(
            severities={key: self._severity(key, on) for key in self._file.entries if _RULE.fullmatch(key)},
            long_term=cast(date, self._version("long_term", on).values["day"]),
            fillers=fillers,
            tests=_together(words.texts("tests")),
            organ_prefixes=codes.texts("organ_prefixes"),
            individual_prefixes=codes.texts("individual_business_prefixes"),
            subject_kinds=self._codes("subject_kind", on, fillers),
            licence_kinds=self._codes("licence_kind", on, fillers),
            penalty_kinds=self._codes("penalty_kind", on, fillers),
            certificate_types=self._codes("certificate_type", on, fillers),
            states=self._codes("state", on, fillers),
            penalties=PenaltyWords(*(_words_with(penalties, f) for f in ("fine", "confiscation", "certificate"))),
            required={str(row["column"]): row for row in self._version("R1", on).rows("required")},
        )

    def _version(self, key: str, on: date) -> Version:
        if key not in self._file.entries:
            raise WrongSetting(f"规则文件 {NAME}：缺少条目 {key}；请补上")
        return self._file[key].version_on(on)

    def _severity(self, rule: str, on: date) -> str:
        severity = self._version(rule, on).text_or_none("severity")
        allowed = _SEVERITIES[:1] if rule in _FIXED else _SEVERITIES[1:] if rule in _HINTS else _SEVERITIES
        if severity is None or severity not in allowed:
            raise WrongSetting(f"规则文件 {NAME} 的 {rule}：severity 是“{severity}”，只能是 {'、'.join(allowed)}")
        return severity

    def _codes(self, name: str, on: date, fillers: frozenset[str]) -> CodeList:
        key = f"codes.{name}"
        version = self._version(key, on)
        words: dict[str, str] = {}
        listed = []
        for row in version.rows("codes"):
            word = str(row["word"])
            listed.append(word)
            for each in (word, *cast("tuple[str, ...]", row["aliases"] or ())):
                if words.setdefault(folded(each), str(row["stored"] or word)) != str(row["stored"] or word):
                    raise WrongSetting(f"规则文件 {NAME} 的 {key}：“{each}”有两个含义；请删去一个")
        return CodeList(self._file[key].term, tuple(listed), words, version.text_or_none("other"), fillers)


def _together(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    """Joins what can be joined into one expression; those that count groups (\\1) stay alone."""
    alone = [each for each in patterns if re.search(r"\\\d", each)]
    joined = "|".join(f"(?:{each})" for each in patterns if each not in alone)
    return tuple(re.compile(each, re.IGNORECASE) for each in (joined, *alone) if each)


def _words_with(rows: Sequence[Mapping[str, object]], flag: str) -> frozenset[str]:
    return frozenset(str(row["stored"] or row["word"]) for row in rows if row[flag])
