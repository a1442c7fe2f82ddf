"""行校验 the row checks R1–R12 of the national tables as pure functions. Not for single cells (``normal``), for what
terms and catalogue say (``law``: R9, NOT_IN_CATALOGUE) and for other rows (``judge``, ``meeting``: R6, R15).

Each check takes the draft of a row and says what is wrong by ``say(rule, column, message with remedy)``. How strictly a
rule is taken stands in ``checks.yaml``. Source of the rules: domain/08 §8.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from server.errors import Invalid
from server.identifiers import certificates, uscc
from server.imports import fields
from server.imports.agencies import Agencies, Agency
from server.imports.book import Checks
from server.imports.cells import YUAN_IN_WAN
from server.imports.normal import Draft, Normaliser, required_of
from server.imports.rows import Kind, RawRow, SheetStart

_ENTERPRISE, _INDIVIDUAL, _PERSON = "enterprise", "individual_business", "practitioner"
_KIND_NAMES = {_ENTERPRISE: "法人及非法人组织", _INDIVIDUAL: "个体工商户", _PERSON: "自然人"}
#: What the list of 2016 had no column for and a record can do without.
_NOT_IN_2016 = frozenset({"document_name", "valid_from"})
_FILLED = {"subject_kind", "authority_uscc", "source_unit_uscc", "state"}
#: 当前状态 of the 2016 list; 0, like a blank, is 正常.
_MARK_OF_2016 = {Kind.LICENCE: "XK_ZT16", Kind.PENALTY: "CF_ZT"}
_CERTIFICATE = ("subject_certificate_type", "subject_certificate_number")
_REPRESENTATIVE_CERTIFICATE = ("legal_representative_certificate_type", "legal_representative_certificate_number")

Say = Callable[[str, str | None, str], None]


_ORGANS = (("authority_uscc", "authority_name"), ("source_unit_uscc", "source_unit_name"))
#: Organs of a file are few; a file with more than this is no bureau's, and its memory is not ours to spend.
_REMEMBERED = 10_000


class _Bounded(dict[Any, Any]):
    """Forgets all when it is full."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self) >= _REMEMBERED:
            self.clear()
        super().__setitem__(key, value)


class Checker:
    """校验器 for the rows that one agency sends on one day. It remembers cells: keep it for a whole file."""

    def __init__(self, checks: Checks, agencies: Agencies, today: date) -> None:
        self.checks = checks
        self.agencies = agencies
        self.today = today
        self.normal = Normaliser(checks)
        self._only_2016 = {kind: frozenset(f.code for f in fields.table(kind).fields if f.extra) for kind in Kind}
        self._required = {kind: required_of(checks, kind) for kind in Kind}
        self._organ_faults: dict[tuple[str, str], tuple[str, bool, str] | None] = _Bounded()
        self._sources: dict[tuple[str, str, str, str], Agency | None] = _Bounded()

    def check(self, raw: RawRow, sheet: SheetStart) -> Draft:
        """Gives the draft of a row with every fault the row shows by itself."""
        draft = self.normal.draft(raw)
        values = draft.values

        def say(rule: str, target: str | None, message: str) -> None:
            if target is None or target not in draft.unread:
                self.normal.report(draft, target, rule, message)

        is_2016 = sheet.edition == 2016 or not self._only_2016[raw.kind].isdisjoint(raw.cells)
        if sheet.edition == 2016:
            self._fill_2016(draft, sheet)
        subject = values["subject_kind"]
        self._filled(draft, subject, is_2016, say)
        if subject is not None:
            self._identity(values, subject, draft.unread, say)
            _representative(values, subject, draft, self.today, say)
        _dates(raw.kind, values, self.today, say)
        if raw.kind is Kind.PENALTY:
            _amounts(values, self.checks, draft.unread, say)
            _revoked(values, self.checks, draft.unread, say)
        else:
            _certificate(values, draft.unread, say)
        self._organs(values, say)
        return draft

    def source_of(self, draft: Draft) -> Agency | None:
        """Gives the agency of the tree that answers for a row; None when it is another's."""
        v = draft.values
        key = (v["source_unit_uscc"], v["source_unit_name"], v["authority_uscc"], v["authority_name"])
        if key not in self._sources:
            self._sources[key] = self.agencies.source_of(
                self.agencies.find(key[0], key[1]), self.agencies.find(key[2], key[3])
            )
        return self._sources[key]

    def _fill_2016(self, draft: Draft, sheet: SheetStart) -> None:
        """What the list of 2016 had no column for and what other columns tell surely.

        It also goes into the cells, with a column of that list as its mark: a row that comes back keeps it.
        """
        values, kind, cells = draft.values, draft.raw.kind, draft.raw.cells
        absent = {self.normal.target_of(kind, code) for code in sheet.absent}
        if "subject_kind" in absent:
            values["subject_kind"] = _kind_of_2016(values, self.checks)
        for organ in ("authority", "source_unit"):
            name = values[f"{organ}_name"]
            if f"{organ}_uscc" in absent and values[f"{organ}_uscc"] is None and name is not None:
                known = self.agencies.find_by_name(name)
                values[f"{organ}_uscc"] = known and known.uscc
        if "state" in absent:
            values["state"] = values.get("XK_ZT16") or "1"
        for target in absent & _FILLED:
            if values.get(target) is not None:
                word = self.checks.subject_kinds.word_of(values[target]) if target == "subject_kind" else values[target]
                cells[self.normal.code_of(kind, target)] = word
        cells.setdefault(_MARK_OF_2016[kind], "0")

    def _filled(self, draft: Draft, subject: str | None, is_2016: bool, say: Say) -> None:
        """R1, R11 and what belongs to other kinds of subject (R3)."""
        values, marks = draft.values, draft.marks
        required = self._required[draft.raw.kind]
        columns = required[subject or _ENTERPRISE]
        picked = columns.must(values)
        for target in [t for t, v in zip(columns.needed, picked, strict=True) if v is None] if None in picked else ():
            if target not in draft.unread:
                self._missing(draft, target, subject, is_2016, say)
        for target, mark in marks.items():
            if mark == "test" and target in columns.needed:
                say("R11", target, "像是测试数据；请填写真实内容，测试行请删去")
        if subject is None:
            return
        for target, value in zip(columns.none, columns.must_not(values), strict=True):
            if value is not None:
                rule = "R3" if subject == _PERSON or target in _CERTIFICATE else "R1"
                say(rule, target, f"{_KIND_NAMES[subject]}不填本列；请清空，或核对行政相对人类别是否填错")

    def _missing(self, draft: Draft, target: str, subject: str | None, is_2016: bool, say: Say) -> None:
        if draft.marks.get(target) == "filler":
            say("R11", target, "必填列不能填“无”“/”等占位内容；请填写真实内容")
            return
        if is_2016 and target in _NOT_IN_2016:
            return
        if subject is None and target in ("subject_uscc", "legal_representative"):
            return  # whether they are needed depends on the kind, which is the fault to tell
        rule = "R4" if target == "legal_representative" else "R3" if target in _CERTIFICATE else "R1"
        say(rule, target, _MISSING.get(target, "必填列为空；请按决定书填写"))

    def _identity(self, values: dict[str, Any], subject: str, unread: set[str], say: Say) -> None:
        """R2 and R3: the code of an organisation, the certificate of a person."""
        code = values["subject_uscc"]
        if subject == _PERSON:
            _person(values, unread, self.today, say)
        elif code == uscc.PLACEHOLDER:
            if subject == _ENTERPRISE:
                say(
                    "R2",
                    "subject_uscc",
                    "17个0加X只用于没有代码的个体工商户；法人及非法人组织请填写18位统一社会信用代码",
                )
        elif code is not None:
            individual = code.startswith(self.checks.individual_prefixes)
            if subject == _INDIVIDUAL and not individual:
                say(
                    "R2", "subject_uscc", "个体工商户的代码以92开头；请核对代码，或把行政相对人类别改为法人及非法人组织"
                )
            elif subject == _ENTERPRISE and individual:
                say("R2", "subject_uscc", "92开头的是个体工商户的代码；请核对代码，或把行政相对人类别改为个体工商户")

    def _organs(self, values: dict[str, Any], say: Say) -> None:
        """R2 and R10 for both organs."""
        for uscc_, name_ in _ORGANS:
            pair = values[uscc_], values[name_]
            if None in pair:
                continue
            if pair not in self._organ_faults:
                self._organ_faults[pair] = self._organ_fault(*pair)
            found = self._organ_faults[pair]
            if found is not None:
                rule, is_name, message = found
                say(rule, name_ if is_name else uscc_, message)

    def _organ_fault(self, code: str, name: str) -> tuple[str, bool, str] | None:
        """Gives rule, whether it is told at the name, and message; the same few organs stand in every row."""
        if not code.startswith(self.checks.organ_prefixes):
            return "R2", False, "行政机关的统一社会信用代码以1开头；请核对是否填成了相对人的代码"
        fault = self.agencies.name_fault(code, name)
        if fault is not None:
            return "R10", True, fault
        if self.agencies.find(code, name) is None:
            return "R10_UNKNOWN", False, "该机关代码没有登记，无从核对；请核对代码，新机关请先登记"
        return None


_MISSING = {
    "subject_kind": "必填列为空；请填法人及非法人组织、个体工商户或自然人",
    "subject_uscc": "必填列为空；请填18位统一社会信用代码，没有代码的个体工商户填17个0加X",
    "legal_representative": "法人及非法人组织、个体工商户必须填写法定代表人（经营者）姓名",
    "subject_certificate_type": "自然人必须填写证件类型，如身份证",
    "subject_certificate_number": "自然人必须填写证件号码",
    "valid_until": "必填列为空；长期有效的请填2099/12/31",
    "state": "必填列为空；请填1（有效）或2（无效）",
    "authority_uscc": "必填列为空；请填决定机关的18位统一社会信用代码",
    "source_unit_name": "必填列为空；请填报送这条数据的机关全称",
    "source_unit_uscc": "必填列为空；请填报送机关的18位统一社会信用代码",
    "authority_name": "必填列为空；请填决定机关全称",
}


def _kind_of_2016(values: dict[str, Any], checks: Checks) -> str | None:
    if values["subject_certificate_number"] is not None:
        return _PERSON
    code = values["subject_uscc"]
    if code is None:
        return None
    return _INDIVIDUAL if code == uscc.PLACEHOLDER or code.startswith(checks.individual_prefixes) else _ENTERPRISE


def _person(values: dict[str, Any], unread: set[str], today: date, say: Say) -> None:
    """R3: the certificate of a natural person, by its type."""
    type_, number = values["subject_certificate_type"], values["subject_certificate_number"]
    if type_ is None or number is None or not unread.isdisjoint(_CERTIFICATE):
        return
    try:
        certificates.check_certificate(certificates.CertificateType(type_), number, today)
    except Invalid as refusal:
        say("R3", "subject_certificate_number", refusal.message)


def _representative(values: dict[str, Any], subject: str, draft: Draft, today: date, say: Say) -> None:
    """The legal representative's document: real files leave it empty, so it is only a hint."""
    if subject == _PERSON:
        return
    type_, number = (values[column] for column in _REPRESENTATIVE_CERTIFICATE)
    rule = "R4_CERTIFICATE"
    if type_ is None and number is None:
        if draft.unread.isdisjoint(_REPRESENTATIVE_CERTIFICATE):
            say(rule, _REPRESENTATIVE_CERTIFICATE[1], "未填法定代表人的证件类型和号码；如有请补充")
    elif type_ is None or number is None:
        say(rule, _REPRESENTATIVE_CERTIFICATE[type_ is not None], "法定代表人的证件类型和号码应同时填写")
    else:
        try:
            certificates.check_certificate(certificates.CertificateType(type_), number, today)
        except Invalid as refusal:
            say(rule, _REPRESENTATIVE_CERTIFICATE[1], refusal.message)


def _dates(kind: Kind, values: dict[str, Any], today: date, say: Say) -> None:
    """R5: a decision lies not in the future, and a term does not end before it begins."""
    decided, until = values["decided_on"], values["valid_until"]
    if decided is not None and decided > today:
        say("R5", "decided_on", f"决定日期{_written(decided)}晚于今天（{_written(today)}）；请核对")
    begins = values["valid_from"] if kind is Kind.LICENCE else decided
    if begins is not None and until is not None and begins > until:
        name = "有效期自" if kind is Kind.LICENCE else "处罚决定日期"
        say("R5", "valid_until", f"早于{name}（{_written(begins)}）；请核对两个日期")


def _written(day: date) -> str:
    return f"{day.year}/{day.month}/{day.day}"


_YUAN_IN_TEXT = re.compile(r"(\d[\d,]*(?:\.\d+)?)元")


def _amounts(values: dict[str, Any], checks: Checks, unread: set[str], say: Say) -> None:
    """R7: a fine has an amount and an amount a fine; the same for what is confiscated."""
    kinds = values["penalty_kinds"]
    if kinds is None:
        return
    for target, words, what in (
        ("fine_yuan", checks.penalties.fines, "罚款"),
        ("confiscated_yuan", checks.penalties.confiscations, "没收"),
    ):
        if target in unread:
            continue
        amount: Decimal | None = values[target]
        if not words.isdisjoint(kinds):
            if not amount:
                say("R7", target, f"处罚类别含{what}，金额须大于0；请按万元填写，如2000元填0.2")
            elif what == "罚款":
                _unit(amount, values["content"], target, say)
        elif amount:
            say("R7", target, f"处罚类别不含{what}，却填了{what}金额；请核对处罚类别，或清空金额")


def _unit(amount: Decimal, content: str | None, target: str, say: Say) -> None:
    """An amount that stands in the decision as so many yuan was typed into a column of 万元 as it is."""
    if content is None or amount < YUAN_IN_WAN:
        return
    typed = amount / YUAN_IN_WAN
    for match in _YUAN_IN_TEXT.finditer(content):
        stated = Decimal(match[1].replace(",", ""))
        if stated == typed:
            say(
                "R7",
                target,
                f"处罚内容写的是{match[1]}元，本列以万元为单位，应填{(stated / YUAN_IN_WAN).normalize():f}",
            )
            return


def _revoked(values: dict[str, Any], checks: Checks, unread: set[str], say: Say) -> None:
    """R8: the certificate that was suspended or revoked is named, and only then."""
    kinds = values["penalty_kinds"]
    if kinds is None or "revoked_certificate" in unread:
        return
    named = values["revoked_certificate"] is not None
    if not checks.penalties.certificates.isdisjoint(kinds):
        if not named:
            say("R8", "revoked_certificate", "处罚类别含暂扣或吊销，须填写证照名称及编号")
    elif named:
        say("R8", "revoked_certificate", "处罚类别不含暂扣或吊销，不应填写证照；请核对处罚类别，或清空本列")


def _certificate(values: dict[str, Any], unread: set[str], say: Say) -> None:
    """R1 for a licence that issues a certificate: name and number stand together."""
    pair = ("certificate_name", "certificate_number")
    if not unread.isdisjoint(pair):
        return
    name, number = (values[column] for column in pair)
    if name is not None and number is None:
        say("R1", pair[1], "填了许可证书名称，须同时填写许可编号")
    elif number is not None and name is None:
        say("R1", pair[0], "填了许可编号，须同时填写许可证书名称")
