"""校验结论 what the check says of a row, for the correction queue, the returned workbook and the report.

Not for making verdicts: see ``judge`` and ``meeting``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from server.imports.rows import Cell, Kind


class Verdict(StrEnum):
    """结论 what became of a row."""

    NEW = "new"  # 新增
    CHANGED = "changed"  # 更正
    UNCHANGED = "unchanged"  # 未变
    REJECTED = "rejected"  # 退回
    IGNORED = "ignored"  # 忽略, with a fault that says why


#: 结论的中文名, for workbook and screen.
VERDICT_NAMES = {
    Verdict.NEW: "新增",
    Verdict.CHANGED: "更正",
    Verdict.UNCHANGED: "未变",
    Verdict.REJECTED: "退回",
    Verdict.IGNORED: "忽略",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """错误: ``column`` is a field code (None: the whole row), ``rule`` a stable key (R1 … R15, NOT_IN_CATALOGUE …).

    ``message`` is Chinese, says what is wrong and what to do, and holds no unmasked personal number.
    """

    column: str | None
    rule: str
    message: str
    #: False: a hint that lets the row in
    fatal: bool = True


@dataclass(slots=True)
class RowResult:
    """行结论. ``cells`` are the clerk's own, unmasked; ``values_masked`` the normalised values as any log may show."""

    kind: Kind
    sheet: str
    row_number: int
    document_number: str | None
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    cells: Mapping[str, Cell] = field(default_factory=dict)
    values_masked: Mapping[str, str | None] = field(default_factory=dict)
    #: 应公示截止日 seventh working day after the decision; None when the row has no usable date
    due_on: date | None = None
    #: the calendar of a year it runs through is not published yet
    due_provisional: bool = False
    #: 迟报工作日数, 0 = on time
    late_working_days: int | None = None
