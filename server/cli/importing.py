"""导入命令 the ``import`` command: progress, the clerk's report and the returned workbook. Not for the import itself."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from server.cli.place import opened
from server.cli.shell import clerk_of
from server.database.connection import Database
from server.errors import CreditError, Invalid
from server.imports.corrections import write_corrections
from server.imports.fields import table as national_table
from server.imports.law import Rules
from server.imports.report import Report
from server.imports.rows import SheetNote, SheetStart
from server.imports.service import BatchResult, import_file
from server.imports.verdict import RowResult, Verdict
from server.migrate.names import dealing_notices
from server.settings import Settings
from server.viewer import Viewer

#: Rows told on the screen; the workbook has them all.
TOLD = 10


@dataclass
class Seen:
    """看到的结果: rejected rows for the screen, everything for the report, nothing else: a large file is not held whole."""

    report: Report | None
    rejected: list[RowResult] = field(default_factory=list)

    def add(self, items: Sequence[SheetStart | SheetNote | RowResult]) -> None:
        """Takes one chunk's results."""
        for item in items:
            if self.report is not None:
                self.report.add(item)
            if isinstance(item, RowResult) and item.verdict is Verdict.REJECTED and len(self.rejected) < TOLD:
                self.rejected.append(item)


@dataclass(frozen=True)
class Command:
    """导入命令: what stays the same for all files of one call."""

    database: Database
    rules: Rules
    viewer: Viewer
    console: Console
    agency_code: str | None
    json_report: bool
    target: Path | None

    async def run(self, path: Path) -> int:
        """Imports one file; gives 1 when it was refused or rows came back, so that scripts notice."""
        report = Report(sys.stdout, path.name) if self.json_report else None
        seen = Seen(report)
        try:
            with _progress(self.console, path.name) as progress:
                result = await import_file(
                    self.database,
                    self.rules,
                    self.viewer,
                    path,
                    path.name,
                    agency_code=self.agency_code,
                    progress=progress,
                    observe=seen.add,
                )
        except CreditError as error:
            if report is not None:
                report.close(failure=error.message)
            self.console.print(f"{path.name}：{error.message}", style="red", markup=False, highlight=False)
            return 1
        if report is not None:
            report.close()
        self._tell(result, seen)
        if result.rows_rejected:
            await self._give_back(result, path)
        return 1 if result.rows_rejected else 0

    def _tell(self, result: BatchResult, seen: Seen) -> None:
        counts = {
            "总行数": result.rows_total,
            "新增": result.rows_new,
            "更正": result.rows_changed,
            "未变": result.rows_unchanged,
            "退回": result.rows_rejected,
            "忽略": result.rows_ignored,
            "迟报": result.rows_late,
        }
        told = "，".join(f"{name} {number}" for name, number in counts.items())
        self.console.print(f"{result.file_name}（{result.agency_code}）：{told}")
        for note in result.notes:
            self.console.print(f"  工作表“{note.sheet}”：{note.message}", markup=False, highlight=False)
        if not seen.rejected:
            return
        more = f"，列出前 {TOLD} 行" if result.rows_rejected > TOLD else ""
        self.console.print(f"退回 {result.rows_rejected} 行{more}：", style="red")
        for row in seen.rejected:
            number = f"，文号 {row.document_number}" if row.document_number else ""
            self.console.print(
                f"  第 {row.row_number} 行（工作表“{row.sheet}”{number}）", markup=False, highlight=False
            )
            for fault in (f for f in row.faults if f.fatal):
                self.console.print(f"    {_column(row, fault.column)}：{fault.message}", markup=False, highlight=False)

    async def _give_back(self, result: BatchResult, path: Path) -> None:
        """Writes the rejected rows, faults in colour and in words, beside the file or where the clerk wants them."""
        place = self.target or free_name(path.with_name(f"{path.stem}-待更正.xlsx"))
        officer = await clerk_of(self.database, result.agency_code)
        rows = await give_back(self.database, self.rules, officer, place, result.batch_id, path.name)
        self.console.print(
            f"  {rows} 行退回数据已写入 {place.name}：错处标色并附说明，改正后再导入即可。", markup=False
        )


def free_name(place: Path) -> Path:
    """Gives the name, or the first with a number behind it that is not taken: a half-mended workbook is never overwritten."""
    numbered = (place.with_stem(f"{place.stem}-{n}") for n in itertools.count(2))
    return next(p for p in itertools.chain([place], numbered) if not p.exists())


async def give_back(
    database: Database, rules: Rules, viewer: Viewer, place: Path, batch_id: UUID | None, file_name: str
) -> int:
    """Writes open corrections as a workbook that only its owner can read: it repeats the clerk's own cells."""
    with _new_file(place) as out:
        return await write_corrections(database, viewer, out, batch_id=batch_id, file_name=file_name, rules=rules)


@contextlib.contextmanager
def _new_file(place: Path) -> Iterator[BinaryIO]:
    """Makes a file that nobody else may read; refuses to overwrite one."""
    try:
        with open(place, "xb", opener=_private) as out:
            yield out
    except FileExistsError as error:
        raise Invalid(f"{place.name} 已经存在，没有覆盖。请另取一个文件名。") from error
    except OSError as error:
        raise Invalid(f"写不了 {place.name}。请核对文件夹和权限，或另指一处。") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _column(row: RowResult, code: str | None) -> str:
    """Gives a column's Chinese name, as the clerk's header has it."""
    return "整行" if code is None else national_table(row.kind).field(code).name


async def import_files(
    settings: Settings,
    console: Console,
    viewer: Viewer,
    files: list[Path],
    *,
    agency_code: str | None,
    json_report: bool,
    target: Path | None,
) -> int:
    """Imports the files in turn; gives the exit code."""
    worst = 0
    async with opened(settings) as (place, database):
        command = Command(database, place.rules, viewer, console, agency_code, json_report, target)
        for path in files:
            worst |= await command.run(path)
        async with database.desk() as connection:
            # A first import brings more new names than a night's, which are found last and slowly.
            for notice in await dealing_notices(connection):
                console.print(notice, markup=False, highlight=False)
    return worst


@contextlib.contextmanager
def _progress(console: Console, name: str) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=None)
        yield lambda step: bar.update(task, completed=step.done, total=step.total)
        # The estimate counts title rows and notes too; the end is the end.
        bar.update(task, total=bar.tasks[task].completed)
