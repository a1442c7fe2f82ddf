"""规范化 a raw row becomes a draft: normal values by table column, and what was wrong with single cells.

Not for rules over several cells (``checks``) and not for what the law makes of the row (``law``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from server.disclosure.masking import mask_text
from server.errors import Invalid
from server.identifiers import uscc
from server.imports import cells, fields
from server.imports.book import Checks
from server.imports.cells import CellFault
from server.imports.rows import Cell, Kind, RawRow
from server.imports.verdict import Fault

#: Values remembered per column: names of organs, codes and dates repeat, mostly near each other; so few that all
#: columns together weigh a few megabytes.
_REMEMBERED = 4_000
#: What does not repeat: free text, and the number of each decision.
_UNIQUE = frozenset({"document_number", "certificate_number"})
#: A cell longer than this says something, whatever words it holds.
_LONGEST_TEST = 30
_NEEDED = frozenset(
    {"subject_name", "subject_kind", "document_number", "decided_on", "content", "authority_name", "authority_uscc"}
    | {"source_unit_name", "source_unit_uscc"}
)
#: Columns that the tables do not leave empty.
NEEDED = {
    Kind.LICENCE: _NEEDED | {"licence_kind", "state"},
    Kind.PENALTY: _NEEDED | {"violation", "facts", "basis", "penalty_kinds"},
}
#: Columns whose faults are a hint only (domain/08 §8.1: real rows leave them empty).
HINTS = {
    "legal_representative_certificate_type": "R4_CERTIFICATE",
    "legal_representative_certificate_number": "R4_CERTIFICATE",
}
_ONE_LINE = frozenset({"string", "enum"})
_OWN_FORMS: dict[str, Callable[[Cell], Any]] = {
    "document_number": cells.document_number,
    "subject_certificate_number": cells.code,
    "legal_representative_certificate_number": cells.code,
}


class Found(NamedTuple):
    """一格的结果: its value, or what is wrong; ``mark`` tells a filler (无) or test data, judged by R11."""

    value: Any
    fault: CellFault | None = None
    mark: str | None = None


@dataclass(slots=True)
class Draft:
    """草稿行: the normal values of a row by column of its table, and its faults so far."""

    raw: RawRow
    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    #: columns whose cell could not be read: rules that need them are silent
    unread: set[str] = field(default_factory=set)
    #: column → ``filler`` or ``test``
    marks: dict[str, str] = field(default_factory=dict)
    #: natural persons whom the store knows of the record's past: masked as those the row names itself
    persons: tuple[str, ...] = ()

    @property
    def fatal(self) -> bool:
        """Says whether the row goes to the correction queue."""
        return any(fault.fatal for fault in self.faults)


class Normaliser:
    """规范化器 for rows that come in on one day; it remembers cells it has seen, so keep it for a whole file."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self._messages: dict[str, str] = {}
        self._plans = {kind: self._plan(kind) for kind in Kind}
        self._empty = {kind: dict.fromkeys(step.target for step in self._plans[kind].values()) for kind in Kind}
        self._codes = {kind: {step.target: code for code, step in self._plans[kind].items()} for kind in Kind}

    def code_of(self, kind: Kind, target: str) -> str:
        """Gives the national column code of a table column."""
        return self._codes[kind][target]

    def draft(self, raw: RawRow) -> Draft:
        """Gives the draft of a row; every cell of it is in ``values`` or in a fault."""
        steps = self._plans[raw.kind]
        values = self._empty[raw.kind].copy()
        draft = Draft(raw, values)
        for code, cell in raw.cells.items():
            step = steps.get(code)
            if step is None:
                continue  # joined into another column by the reader
            target, read, memory = step
            if memory is None or cell is True or cell is False:  # True is 1 to a dictionary
                found = read(cell)
            else:
                known = memory.get(cell)
                if known is None:
                    if len(memory) >= _REMEMBERED:
                        memory.clear()
                    known = memory[cell] = read(cell)
                found = known
            value, fault, mark = found
            values[target] = value
            if fault is not None:
                self.report(draft, target, HINTS.get(target, fault.rule), fault.message)
            elif mark is not None:
                draft.marks[target] = mark
        return draft

    def target_of(self, kind: Kind, code: str) -> str:
        """Gives the table column of a national column code; the code itself where there is none."""
        step = self._plans[kind].get(code)
        return code if step is None else step.target

    def report(self, draft: Draft, target: str | None, rule: str, message: str) -> None:
        """Adds a fault as strictly as ``checks.yaml`` has it; a column with one is not judged again."""
        severity = self.checks.severities[rule]
        if target is not None:
            draft.unread.add(target)
        # A bureau may relax a rule, but no record can do without these columns.
        fatal = severity == "fault" or (target in NEEDED[draft.raw.kind] and draft.values.get(target) is None)
        if fatal or severity != "off":
            code = None if target is None else self._codes[draft.raw.kind].get(target, target)
            draft.faults.append(Fault(code, rule, self._masked(message), fatal=fatal))

    def _masked(self, message: str) -> str:
        """No message repeats a personal number or phone, whatever cell it quotes. Most messages are the same few."""
        masked = self._messages.get(message)
        if masked is None:
            if len(self._messages) >= _REMEMBERED:
                self._messages.clear()
            masked = self._messages[message] = mask_text(message)
        return masked

    def _plan(self, kind: Kind) -> dict[str, _Step]:
        steps: dict[str, _Step] = {}
        for column in fields.table(kind).fields:
            if column.join is not None:
                continue  # the reader has joined it into its column of today
            target = column.target or column.code
            memory: dict[Hashable, Found] | None = None if column.type == "text" or target in _UNIQUE else {}
            steps[column.code] = _Step(target, self._reader(column, target), memory)
        return steps

    def _reader(self, column: fields.Field, target: str) -> Callable[[Cell], Found]:
        special = self._specials().get(target) or (_OLD_LISTS.get(target) if column.extra else None)
        if special is not None:
            return partial(_plain, special)
        if column.type == "date":
            return partial(_plain, partial(cells.day, long_term=self.checks.long_term))
        if column.type == "money":
            return partial(_money, self.checks)
        read: Callable[[Cell], Any] = cells.name if column.type in _ONE_LINE else cells.text
        read = _OWN_FORMS.get(target, read)
        return partial(_words, read, self.checks, column.length)

    def _specials(self) -> dict[str, Callable[[Cell], Any]]:
        checks = self.checks
        return {
            "subject_kind": checks.subject_kinds.one,
            "licence_kind": checks.licence_kinds.one,
            "penalty_kinds": checks.penalty_kinds.many,
            "state": checks.states.one,
            "subject_certificate_type": _optional(checks, checks.certificate_types.one),
            "legal_representative_certificate_type": _optional(checks, checks.certificate_types.one),
            "subject_uscc": _optional(checks, partial(_uscc, placeholder=True)),
            "authority_uscc": _uscc,
            "source_unit_uscc": _uscc,
            "subject_registration_number": _optional(checks, partial(_identifier, _registration_number)),
            "subject_organisation_code": _optional(checks, partial(_identifier, uscc.check_organisation_code)),
            "subject_tax_number": _optional(checks, partial(_identifier, _tax_number)),
        }


class _Step(NamedTuple):
    target: str
    read: Callable[[Cell], Found]
    memory: dict[Hashable, Found] | None


def _plain(read: Callable[[Cell], Any], cell: Cell) -> Found:
    value = read(cell)
    return Found(None, value) if isinstance(value, CellFault) else Found(value)


def _money(checks: Checks, cell: Cell) -> Found:
    if isinstance(cell, str) and checks.is_filler(cell.strip()):
        return Found(None, mark="filler")
    return _plain(cells.money, cell)


def _words(read: Callable[[Cell], Any], checks: Checks, length: int | None, cell: Cell) -> Found:
    value = read(cell)
    if not isinstance(value, str):
        return Found(None, value)
    if length is not None and len(value) > length:
        return Found(None, CellFault("C5", f"共{len(value)}字，超过本列{length}字的上限；请精简，或把补充内容移到备注"))
    if len(value) <= _LONGEST_TEST:
        if checks.is_filler(value):
            return Found(None, mark="filler")
        if checks.is_test(value):
            return Found(value, mark="test")
    return Found(value)


def _optional(checks: Checks, read: Callable[[Cell], Any]) -> Callable[[Cell], Any]:
    """A column that may be empty: 无 and / count as empty."""

    def value(cell: Cell) -> Any:
        return None if isinstance(cell, str) and checks.is_filler(cell.strip()) else read(cell)

    return value


# Codes ---------------------------------------------------------------------------------------------------------------

_ID_CARD = re.compile(r"[1-9]\d{5}(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]")
_OLD_ID_CARD = re.compile(r"[1-6]\d{5}\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}")


def _uscc(cell: Cell, *, placeholder: bool = False) -> str | CellFault | None:
    """A 统一社会信用代码; the 17 zeros with X come back as they are, for the rule of the subject's kind."""
    code = cells.code(cell)
    if not isinstance(code, str):
        return code
    if placeholder and uscc.is_placeholder(code):
        return uscc.PLACEHOLDER
    return _checked(uscc.check_uscc, code)


def _checked(check: Callable[[str], str], code: str) -> str | CellFault:
    """Runs a check whose message may repeat the code, but never one that may be a person's number."""
    try:
        return check(code)
    except Invalid as refusal:
        if _ID_CARD.fullmatch(code) or _OLD_ID_CARD.fullmatch(code):
            return CellFault("R2", "填的像是居民身份证号码；自然人请填“证件号码”一栏，单位请按执照填写代码")
        return CellFault("R2", refusal.message)


def _identifier(check: Callable[[str], str], cell: Cell) -> str | CellFault | None:
    code = cells.code(cell)
    return _checked(check, code) if isinstance(code, str) else code


def _registration_number(code: str) -> str:
    """工商注册号; after 2015 the column often repeats the 18-character code, which is its successor."""
    return uscc.check_uscc(code) if len(code) == 18 else uscc.check_registration_number(code)


def _tax_number(code: str) -> str:
    """税务登记号: 15 digits (division and organisation code), a personal number of 15 to 20, or the 18-character code."""
    if len(code) not in (15, 17, 18, 20) or not code.isalnum():
        raise Invalid(f"税务登记号应为15位或18位，本格为{len(code)}位；请核对，没有的可不填")
    return code


# Columns of the 2016 list --------------------------------------------------------------------------------------------


def _old_state(cell: Cell) -> str | CellFault | None:
    """当前状态 of the 2016 list: only 0 (正常) may come in; it is 1 (有效) in today's numbers."""
    value = cells.text(cell, lines=False)
    if not isinstance(value, str):
        return value
    if value in ("0", "正常"):
        return "1"
    return CellFault("R13", f"2016版“当前状态”为{_digit(value)}；只收0（正常），已撤销或有异议的请在系统内撤下或标注")


def _old_use(cell: Cell) -> str | CellFault | None:
    """信息使用范围 of the 2016 list: only 0 (公示) may come in, as the others may not be shown."""
    value = cells.text(cell, lines=False)
    if not isinstance(value, str):
        return value
    if value in ("0", "公示"):
        return value
    return CellFault("R13", f"2016版“信息使用范围”为{_digit(value)}；双公示只收0（公示）的数据")


def _digit(value: str) -> str:
    """A number of the list may be told; other words may be a name that slipped into the column."""
    return f"“{value}”" if len(value) == 1 else "其他内容"


_OLD_LISTS: dict[str, Callable[[Cell], Any]] = {
    "XK_ZT16": _old_state,
    "CF_ZT": _old_state,
    "XK_SYFW": _old_use,
    "CF_SYFW": _old_use,
}


class Flagged(NamedTuple):
    """必填标志 of one kind of subject: the columns that must and that must not be filled, and ways to pick their values."""

    needed: tuple[str, ...]
    none: tuple[str, ...]
    must: Callable[[dict[str, Any]], tuple[Any, ...]]
    must_not: Callable[[dict[str, Any]], tuple[Any, ...]]


def _picker(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def required_of(checks: Checks, kind: Kind) -> dict[str, Flagged]:
    """Gives for each subject kind the columns that must and that must not be filled."""
    names = {
        "enterprise": "legal_person",
        "individual_business": "individual_business",
        "practitioner": "natural_person",
    }
    answer: dict[str, Flagged] = {}
    for subject, name in names.items():
        flags = {
            column.target or column.code: str(checks.required.get(column.code, column.required)[name])
            for column in fields.table(kind).national
        }
        must, none = (tuple(t for t, f in flags.items() if f == flag) for flag in ("M", "-"))
        answer[subject] = Flagged(must, none, _picker(must), _picker(none))
    return answer
