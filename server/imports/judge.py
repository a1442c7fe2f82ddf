"""判定 one row of a file from raw cells to a record that may go in, or to a draft with its faults.

It puts the checks of the row (``checks``), what the law says (``law``: NOT_IN_CATALOGUE, R9, R14) and the rows before it
in the same file (R6, R15) in their order. Pure; not for what is in store already: see ``chunk``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.catalogue.rules import Item, Refusal
from server.disclosure.masking import Masking
from server.imports.agencies import Agencies, Agency
from server.imports.checks import Checker
from server.imports.law import Law, Rules
from server.imports.normal import Draft
from server.imports.record import FREE, SENT, Record, sent_values
from server.imports.rows import Kind, RawRow, SheetStart
from server.records.numbers import match_key
from server.records.store import Key, persons_of

_ORGANS = ("source_unit_uscc", "source_unit_name", "authority_uscc", "authority_name")


@dataclass(frozen=True, slots=True)
class Repeated:
    """重复行: the same as an earlier row of the file in every column; it counts once (R15)."""

    draft: Draft


#: What becomes of a row: a record to go in, a draft with faults to wait, or a repetition to pass over.
Judged = Record | Draft | Repeated


#: A place in a file: the row's number, which Excel keeps below 2**20, and the sheet's before it.
_ROW_BITS, _PLACE_BITS = 24, 40
_PLACE = (1 << _PLACE_BITS) - 1
_USUAL = re.compile("([^0-9〔〕]{1,20})〔[0-9]{4}〕[0-9]{1,5}号")
_NUMBER = SENT[Kind.PENALTY].index("document_number")


def _without_number(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Both tables have the number at the same place."""
    return values[:_NUMBER] + values[_NUMBER + 1 :]


class Judge:
    """判定者 for one file. ``overrides`` are the classes officers have set by hand, by organ's code and 文号."""

    def __init__(
        self, rules: Rules, agencies: Agencies, today: date, overrides: Mapping[Key, str] | None = None
    ) -> None:
        self.law = Law(rules, today)
        self.checker = Checker(rules.book.checks_on(today), agencies, today)
        self._masking: Masking = rules.masking
        self._today = today
        #: short name of an organ in a 文号 → whether it names a person
        self._organs: dict[str, bool] = {}
        self._overrides = {(organ, match_key(n)): severity for (organ, n), severity in (overrides or {}).items()}
        #: hash of organ and 文号 → hash of the row and place, in one number: this grows with the file
        self._seen: dict[int, int] = {}
        self._sheets: list[str] = []

    def judge(self, raw: RawRow, sheet: SheetStart) -> Judged:
        """Gives what becomes of the row, all by itself."""
        draft = self.checker.check(raw, sheet)
        source = self._source(draft)
        if source is None or draft.values["subject_kind"] is None or draft.values["decided_on"] is None:
            return draft
        item = self._item(draft, source)
        if item is None or draft.fatal:
            return draft
        override = self._override(draft) if self._overrides else None
        record = self.law.record(draft, source, item, self._today, override)
        self._disclosure_faults(record)
        self._personal_data(record)
        return draft if draft.fatal else self._first(record)

    def report(self, draft: Draft, rule: str, target: str | None, message: str) -> None:
        """Adds a fault that something outside the row has shown."""
        self.checker.normal.report(draft, target, rule, message)

    def _override(self, draft: Draft) -> str | None:
        return self._overrides.get((draft.values["authority_uscc"], match_key(draft.values["document_number"])))

    def _source(self, draft: Draft) -> Agency | None:
        values = draft.values
        if any(values[column] is None for column in _ORGANS):
            return None
        source = self.checker.source_of(draft)
        if source is None:
            own = self.checker.agencies.root.name
            self.report(
                draft,
                "OTHER_AGENCY",
                "source_unit_uscc",
                f"数据来源单位和决定机关都须是{own}或其下属单位；请由产生数据的机关导入，或核对机关代码",
            )
        return source

    def _item(self, draft: Draft, source: Agency) -> Item | None:
        values, kind = draft.values, draft.raw.kind
        words = ("violation",) if kind is Kind.PENALTY else ("certificate_name", "document_name", "content")
        if all(values[column] is None for column in words):
            return None
        item = self.law.item_of(draft, source)
        if isinstance(item, Refusal):
            self.report(draft, "NOT_IN_CATALOGUE", words[0], item.message)
            return None
        return item

    def _disclosure_faults(self, record: Record) -> None:
        for fault in record.disclosure.faults:
            self.report(record.draft, "R9", "file_disclosed_until", fault.message)

    def _personal_data(self, record: Record) -> None:
        """R14: what is masked in the texts is told, so that the clerk may write it better; a 文号 cannot be masked."""
        draft, columns = record.draft, record.columns
        if self._names_a_person(columns["document_number"], persons_of(draft.values)):
            self.report(
                draft, "R14_NUMBER", "document_number", "文号中像是含有证件号码、电话或当事人姓名；请按决定书填写文号"
            )
        for column in FREE[record.kind]:
            value = columns[column]
            if value != columns[f"{column}_public"] and self._masking.mask_text(value) != value:
                self.report(
                    draft, "R14", column, "含有疑似证件号码、电话或姓名，对外一律遮挡；请尽量不在正文中写个人信息"
                )

    def _names_a_person(self, number: str, persons: tuple[str, ...]) -> bool:
        """Nine digits are too few for anybody's number, so that of a usual 文号 only the organ's short name counts."""
        usual = None if persons else _USUAL.fullmatch(number)
        if usual is None:
            return self._masking.names_a_person(number, persons)
        organ = usual[1]
        if organ not in self._organs:
            self._organs[organ] = self._masking.names_a_person(f"{organ}〔2000〕1号")
        return self._organs[organ]

    def _first(self, record: Record) -> Judged:
        """R6 and R15 inside the file: the first row of a 文号 counts."""
        key = hash((record.kind, record.columns["authority_uscc"], record.match))
        content = hash((record.match, *_without_number(sent_values(record.draft))))
        raw, draft = record.draft.raw, record.draft
        if raw.sheet not in self._sheets:
            self._sheets.append(raw.sheet)
        here = self._sheets.index(raw.sheet) << _ROW_BITS | raw.row_number
        this = content << _PLACE_BITS | here
        before = self._seen.setdefault(key, this)
        if before == this:
            return record
        sheet, row = divmod(before & _PLACE, 1 << _ROW_BITS)
        place = f"第{row}行" if self._sheets[sheet] == raw.sheet else f"工作表“{self._sheets[sheet]}”第{row}行"
        if before >> _PLACE_BITS == content:
            self.report(draft, "R15", None, f"与{place}完全相同，只计一次；请删去重复的行")
            return draft if draft.fatal else Repeated(draft)
        self.report(draft, "R6", "document_number", f"文号与{place}相同而内容不同；一个文号只对应一个决定，请核对文号")
        return draft if draft.fatal else record
