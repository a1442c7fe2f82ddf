"""失信程度 the class of a penalty: minor 轻微, general 一般, serious 严重, by the rule table in ``severity.yaml``; pure.

Not for what follows from a class (``rules.py``), nor for the officer's override, which the row itself keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from server.dated import DatedFile, Field, Kind, Shape, load
from server.errors import WrongSetting

SEVERITY = "disclosure/severity.yaml"
CLASSES = ("minor", "general", "serious")
_TABLE = "penalty.severity"
_WORDS = Field(Kind.TEXTS, required=False)
_MONEY = Field(Kind.DECIMAL, required=False)
_RULE = {
    "id": Field(Kind.TEXT),
    "severity": Field(Kind.TEXT, one_of=CLASSES),
    "why": Field(Kind.TEXT),
    "subject_kinds": Field(Kind.TEXTS, required=False, one_of=("enterprise", "individual_business", "practitioner")),
    "kinds_any": _WORDS,
    "kinds_only": _WORDS,
    "violation_any": _WORDS,
    "content_any": _WORDS,
    "document_any": _WORDS,
    "fine_from_yuan": _MONEY,
    "fine_to_yuan": _MONEY,
    "confiscated_from_yuan": _MONEY,
}
_SHAPE = Shape(version={"rules": Field(Kind.ROWS, rows=_RULE)})
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class SeverityClass:
    """程度认定: the class, the id of the rule that decided it, and the rule in Chinese words."""

    severity: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class _Case:
    kinds: tuple[str, ...]
    fine: Decimal
    confiscated: Decimal
    violation: str
    content: str
    document: str
    subject_kind: str


class Severities:
    """程度划分 the rule table by date."""

    def __init__(self, file: DatedFile) -> None:
        self._entry = file[_TABLE]
        self.edition_hash = file.edition_hash
        if set(file) != {_TABLE}:
            raise _wrong(f"只能有一个条目 {_TABLE}；请把其他条目移走")
        for version in self._entry.versions:
            _check(version.rows("rules"), version.valid_from)
        self._rules = {v.valid_from: [_rule(row) for row in v.rows("rules")] for v in self._entry.versions}

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Severities:
        """Gives the shipped table, or the bureau's in its place; raises ``WrongSetting``."""
        return cls(load(SEVERITY, _SHAPE, Path(__file__).with_name("severity.yaml"), rules_dir))

    def classify(
        self,
        penalty_kinds: Collection[str],
        fine_yuan: Decimal | None,
        confiscated_yuan: Decimal | None,
        violation: str,
        *,
        on: date,
        content: str = "",
        document_number: str = "",
        subject_kind: str = "enterprise",
    ) -> SeverityClass:
        """Gives the class of a penalty decided on a day: the first rule all of whose conditions hold.

        ``penalty_kinds`` are the words of 处罚类别 (08 §8.2), amounts are in yuan, ``violation`` is 违法行为类型,
        ``content`` is 处罚内容, ``document_number`` tells a simple procedure (当罚…).
        """
        case = _Case(
            tuple(penalty_kinds),
            fine_yuan or _NOTHING,
            confiscated_yuan or _NOTHING,
            violation,
            content,
            document_number,
            subject_kind,
        )
        rules = self._rules[self._entry.version_on(on).valid_from]
        return next(rule.answer for rule in rules if rule.holds(case))


def _in(words: object, text: str) -> bool:
    return any(word in text for word in cast("tuple[str, ...]", words))


#: Condition → whether it holds, given what the rule says and the case.
_TESTS: dict[str, Callable[[Any, _Case], bool]] = {
    "subject_kinds": lambda kinds, case: case.subject_kind in kinds,
    "kinds_any": lambda words, case: any(_in(words, kind) for kind in case.kinds),
    "kinds_only": lambda kinds, case: bool(case.kinds) and all(kind in kinds for kind in case.kinds),
    "violation_any": lambda words, case: _in(words, case.violation),
    "content_any": lambda words, case: _in(words, case.content),
    "document_any": lambda words, case: _in(words, case.document),
    "fine_from_yuan": lambda yuan, case: case.fine >= yuan,
    "fine_to_yuan": lambda yuan, case: case.fine <= yuan,
    "confiscated_from_yuan": lambda yuan, case: case.confiscated >= yuan,
}


@dataclass(frozen=True, slots=True)
class _Rule:
    answer: SeverityClass
    tests: tuple[tuple[Callable[[Any, _Case], bool], object], ...]

    def holds(self, case: _Case) -> bool:
        return all(test(wanted, case) for test, wanted in self.tests)


def _rule(row: Mapping[str, object]) -> _Rule:
    answer = SeverityClass(str(row["severity"]), str(row["id"]), str(row["why"]))
    return _Rule(answer, tuple((test, row[name]) for name, test in _TESTS.items() if row[name] is not None))


def _check(rules: tuple[Mapping[str, object], ...], valid_from: date) -> None:
    """A table that leaves a penalty without a class, or holds a rule that is never reached, is refused at start."""
    ids = [str(r["id"]) for r in rules]
    if not rules or len(set(ids)) < len(ids):
        raise _wrong(f"版本 {valid_from} 没有规则，或规则 id 重复；请核对")
    open_rules = [str(r["id"]) for r in rules if all(r[name] is None for name in _TESTS)]
    if open_rules != ids[-1:]:
        raise _wrong(
            f"版本 {valid_from} 应有且只有最后一条规则没有条件，实际没有条件的：{'、'.join(open_rules) or '无'}"
        )


def _wrong(what: str) -> WrongSetting:
    return WrongSetting(f"规则文件 {SEVERITY}：{what}")
