"""导入报告 ``--report json``: one JSON object a line, for programs and for tests. Masked: it may be kept in a log.

Not for clerks: see ``workbook``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, TextIO

from server.imports.fields import table
from server.imports.rows import SheetNote, SheetStart
from server.imports.verdict import Fault, RowResult, Verdict


class Report:
    """报告 of one file: ``add`` each thing as it comes, then ``close``, which writes the totals.

    Lines by ``type``: file, sheet, note, row, totals. A row has file, sheet, row, document_number, verdict, faults (column,
    column_name, rule, message, fatal), values (normalised, masked) and its deadline. The clerk's own cells are never here.
    """

    def __init__(self, stream: TextIO, file_name: str) -> None:
        self._stream, self._file_name = stream, file_name
        self._counts: Counter[Verdict] = Counter()
        self._notes = self._late = 0
        self._line({"type": "file", "file": file_name})

    def add(self, item: SheetStart | SheetNote | RowResult) -> None:
        """Writes one line."""
        if isinstance(item, RowResult):
            self._counts[item.verdict] += 1
            self._late += item.verdict is Verdict.NEW and bool(item.late_working_days)
            self._line(_row(self._file_name, item))
        elif isinstance(item, SheetNote):
            self._notes += 1
            self._line(
                {
                    "type": "note",
                    "file": self._file_name,
                    "sheet": item.sheet,
                    "level": item.level,
                    "rule": item.rule,
                    "message": item.message,
                    "rows": list(item.rows),
                }
            )
        else:
            self._line(_sheet(self._file_name, item))

    def close(self, counts: Mapping[Verdict, int] | None = None, failure: str | None = None) -> None:
        """Writes the totals: those given, else of the rows added. ``failure`` says in Chinese why a file broke off."""
        shown = self._counts if counts is None else counts
        totals = {each.value: shown.get(each, 0) for each in Verdict}
        self._line(
            {
                "type": "totals",
                "file": self._file_name,
                **totals,
                "late": self._late,
                "notes": self._notes,
                "failure": failure,
            }
        )

    def _line(self, value: dict[str, Any]) -> None:
        self._stream.write(json.dumps(value, ensure_ascii=False) + "\n")


def _sheet(file_name: str, start: SheetStart) -> dict[str, Any]:
    return {
        "type": "sheet",
        "file": file_name,
        "sheet": start.sheet,
        "kind": start.kind,
        "edition": start.edition,
        "header_row": start.header_row,
        "columns": list(start.columns),
        "absent": list(start.absent),
    }


def _row(file_name: str, result: RowResult) -> dict[str, Any]:
    return {
        "type": "row",
        "file": file_name,
        "sheet": result.sheet,
        "row": result.row_number,
        "kind": result.kind,
        "document_number": result.document_number,
        "verdict": result.verdict,
        "faults": [_fault(result, fault) for fault in result.faults],
        "values": dict(result.values_masked),
        "due_on": result.due_on.isoformat() if result.due_on else None,
        "due_provisional": result.due_provisional,
        "late_working_days": result.late_working_days,
    }


def _fault(result: RowResult, fault: Fault) -> dict[str, Any]:
    return {
        "column": fault.column,
        "column_name": table(result.kind).name_of(fault.column),
        "rule": fault.rule,
        "message": fault.message,
        "fatal": fault.fatal,
    }
