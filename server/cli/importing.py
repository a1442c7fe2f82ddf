"""导入命令 the ``import`` command: progress, the clerk's report and the returned workbook. Not for the import itself."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from server.cli.place import opened
from server.database.connection import Database
from server.errors import CreditError
from server.imports.corrections import write_corrections
from server.imports.law import Rules
from server.imports.report import write_report
from server.imports.rows import SheetNote
from server.imports.service import BatchResult, import_file
from server.imports.verdict import RowResult, Verdict
from server.settings import Settings
from server.viewer import Door, Duty, Viewer

#: Faults told on the screen; the workbook has them all.
TOLD = 10


@dataclass
class Seen:
    """看到的结果: what the command keeps of a file while it is read."""

    items: list[RowResult | SheetNote] = field(default_factory=list)

    def rejected(self) -> list[RowResult]:
        """The rows that came back."""
        return [i for i in self.items if isinstance(i, RowResult) and i.verdict is Verdict.REJECTED]


async def import_files(
    settings: Settings,
    console: Console,
    files: list[Path],
    agency_code: str | None,
    *,
    json_report: bool,
    target: Path | None,
) -> int:
    """Imports each file in turn; gives 1 when a file was refused or rows came back, so that scripts notice."""
    from server.cli.commands import operator

    rules = Rules.load(settings.rules_dir)
    viewer = Viewer(Door.AGENCY, operator(), duties=frozenset({Duty.CLERK}))
    worst = 0
    async with opened(settings) as (_, database):
        for path in files:
            try:
                worst |= await _one(database, rules, viewer, console, path, agency_code, json_report, target)
            except CreditError as error:
                console.print(f"{path.name}：{error.message}", style="red", markup=False, highlight=False)
                worst = 1
    return worst


async def _one(
    database: Database,
    rules: Rules,
    viewer: Viewer,
    console: Console,
    path: Path,
    agency_code: str | None,
    json_report: bool,
    target: Path | None,
) -> int:
    seen = Seen()
    with _progress(console, path.name) as progress:
        result = await import_file(
            database,
            rules,
            viewer,
            path,
            path.name,
            agency_code=agency_code,
            progress=progress,
            observe=lambda items: seen.items.extend(_kept(items, json_report)),
        )
    if json_report:
        write_report(sys.stdout, path.name, seen.items)
    _tell(console, result, seen)
    if result.rows_rejected:
        await _give_back(database, viewer, console, result, path, target)
    return 1 if result.rows_rejected else 0


def _kept(items: Sequence[RowResult | SheetNote], everything: bool) -> Iterator[RowResult | SheetNote]:
    """Good rows are kept for the JSON report alone: a large file must not be held whole for a summary."""
    for item in items:
        if everything or not isinstance(item, RowResult) or item.verdict is Verdict.REJECTED:
            yield item


@contextlib.contextmanager
def _progress(console: Console, name: str) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=None)
        yield lambda step: bar.update(task, completed=step.done, total=step.total)


def _tell(console: Console, result: BatchResult, seen: Seen) -> None:
    counts = {
        "总行数": result.rows_total,
        "新增": result.rows_new,
        "更正": result.rows_changed,
        "未变": result.rows_unchanged,
        "退回": result.rows_rejected,
        "忽略": result.rows_ignored,
    }
    console.print(f"{result.file_name}（{result.agency_code}）：" + "，".join(f"{k} {v}" for k, v in counts.items()))
    for note in result.notes:
        console.print(f"  工作表“{note.sheet}”：{note.message}", markup=False, highlight=False)
    rejected = seen.rejected()
    if not rejected:
        return
    table = Table(
        "工作表", "行", "文号", "列", "错误与更正办法", title=f"退回 {len(rejected)} 行（最多列出 {TOLD} 行）"
    )
    for row in rejected[:TOLD]:
        for fault in row.faults:
            table.add_row(
                row.sheet, str(row.row_number), row.document_number or "—", fault.column or "—", fault.message
            )
    console.print(table)


async def _give_back(
    database: Database, viewer: Viewer, console: Console, result: BatchResult, path: Path, target: Path | None
) -> None:
    place = target or path.with_name(f"{path.stem}-待更正.xlsx")
    officer = Viewer(
        Door.AGENCY, viewer.actor, agency=await _agency(database, result.agency_code), duties=viewer.duties
    )
    rows = await write_corrections(database, officer, place, batch_id=result.batch_id)
    console.print(f"  {rows} 行退回数据已写入 {place.name}：错误标为黄色并附说明，改正后再导入即可。", markup=False)


async def _agency(database: Database, code: str) -> Any:
    async with database.writer() as connection:
        return await connection.fetchval("SELECT id FROM agency WHERE code = $1", code)
