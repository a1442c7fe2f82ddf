"""国家表格 writes decisions as the .xlsx a bureau would send: both national tables, in the headers of 2016, 2018 or today.

Not for reading tables: see ``imports``. The files stay in the data folder, so that a clerk can look at them and import
them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from server.imports import fields
from server.imports.rows import Kind

Row = Mapping[str, Any]
_SHEETS = {Kind.LICENCE: "行政许可", Kind.PENALTY: "行政处罚"}
_WIDTH = 18
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 — Excel's times have no zone

#: The licence table of 2016: (header, column of the store or a fixed text).
_LICENCE_2016: tuple[tuple[str, str | None], ...] = (
    ("行政许可决定文书号", "document_number"),
    ("项目名称", "document_name"),
    ("审批类别", "licence_kind"),
    ("许可内容", "content"),
    ("行政相对人名称", "subject_name"),
    ("行政相对人代码_1（统一社会信用代码）", "subject_uscc"),
    ("行政相对人代码_2（组织机构代码）", "subject_organisation_code"),
    ("行政相对人代码_3（工商登记码）", "subject_registration_number"),
    ("行政相对人代码_4（税务登记号）", "subject_tax_number"),
    ("行政相对人代码_5（居民身份证号）", "subject_certificate_number"),
    ("法定代表人姓名", "legal_representative"),
    ("许可决定日期", "decided_on"),
    ("许可截止期", "valid_until"),
    ("许可机关", "authority_name"),
    ("当前状态", None),
    ("地方编码", None),
    ("数据更新时间戳", None),
    ("备注", "remark"),
)
_ALWAYS_2016 = {"当前状态": "0"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """一张表: rows of one kind under the headers of one edition of the list."""

    kind: Kind
    edition: int
    rows: Sequence[Row]

    def columns(self) -> list[tuple[str, str | None]]:
        """Gives (header, column of the store)."""
        if self.edition == 2016 and self.kind is Kind.LICENCE:
            return list(_LICENCE_2016)
        found: list[tuple[str, str | None]] = []
        for each in fields.table(self.kind).national:
            if self.edition < 2020 and each.target == "legal_representative_certificate_type":
                continue
            header = each.name
            if self.edition < 2020 and each.target == "legal_representative_certificate_number":
                header = "法定代表人身份证号"
            found.append((header, each.target))
        return found


def write_tables(path: Path, title: str, sheets: Sequence[Sheet], *, dates_as_text: bool = False) -> None:
    """Writes one workbook; a title stands above the header and a line for the signature below the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False}) as book:
        # A file that says when it was made would be another file each time.
        book.set_properties({"created": _MADE, "comments": "示例数据，纯属虚构"})
        forms = {"date": book.add_format({"num_format": "yyyy/mm/dd"}), "head": book.add_format({"bold": True})}
        for sheet in sheets:
            _write(book.add_worksheet(_SHEETS[sheet.kind]), title, sheet, forms, dates_as_text)


def _write(page: Any, title: str, sheet: Sheet, forms: Mapping[str, Any], dates_as_text: bool) -> None:
    columns = sheet.columns()
    page.set_column(0, len(columns) - 1, _WIDTH)
    page.write_string(0, 0, f"{title}{_SHEETS[sheet.kind]}信息", forms["head"])
    for place, (header, _) in enumerate(columns):
        page.write_string(1, place, header, forms["head"])
    for number, row in enumerate(sheet.rows, start=2):
        for place, (header, target) in enumerate(columns):
            value = row.get(target) if target is not None else _ALWAYS_2016.get(header)
            _cell(page, number, place, value, forms, dates_as_text)
    page.write_string(len(sheet.rows) + 2, 0, "填报人：示例")


def _cell(page: Any, row: int, column: int, value: Any, forms: Mapping[str, Any], dates_as_text: bool) -> None:
    if value is None:
        return
    if isinstance(value, date):
        if dates_as_text:
            page.write_string(row, column, f"{value:%Y/%m/%d}")
        else:
            page.write_datetime(row, column, value, forms["date"])
    elif isinstance(value, str):
        page.write_string(row, column, value)
    else:
        page.write_number(row, column, value)
