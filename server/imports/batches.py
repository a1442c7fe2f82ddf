"""批次 the row of each import run: begun, counted, ended. Not for the rows of the file.

While a run lives it holds an advisory lock on its id. A batch that says ``running`` and whose lock is free was left by
a crash: ``mark_abandoned`` says so, and the same file imported again finishes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from server.database.connection import Database
from server.imports.rows import Level, SheetNote
from server.imports.verdict import Verdict
from server.viewer import Viewer

RUNNING, DONE, FAILED = "running", "done", "failed"
_ABANDONED = "程序中途停止，之前写入的行都已保存；请重新导入同一文件，系统会补完其余的行"
_LOCK = "hashtextextended('import ' || $1::text, 0)"


@dataclass(slots=True)
class Counts:
    """行数: how the rows of a run ended. ``ignored`` repeat an earlier row and stand among the unchanged in store."""

    total: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    ignored: int = 0
    warnings: int = 0
    #: new rows that came after their deadline
    late: int = 0

    def by_verdict(self) -> dict[Verdict, int]:
        """Gives the counts as workbook and report show them."""
        return {
            Verdict.NEW: self.new,
            Verdict.CHANGED: self.changed,
            Verdict.UNCHANGED: self.unchanged,
            Verdict.REJECTED: self.rejected,
            Verdict.IGNORED: self.ignored,
        }


@dataclass(slots=True)
class BatchResult:
    """导入结果 of one file."""

    batch_id: UUID
    file_name: str
    agency_code: str
    state: str = RUNNING
    counts: Counts = field(default_factory=Counts)
    notes: list[SheetNote] = field(default_factory=list)
    failure: str | None = None
    #: this answer repeats an earlier one (idempotency key)
    repeated: bool = False

    @property
    def rows_total(self) -> int:
        """总行数."""
        return self.counts.total

    @property
    def rows_new(self) -> int:
        """新增."""
        return self.counts.new

    @property
    def rows_changed(self) -> int:
        """更正."""
        return self.counts.changed

    @property
    def rows_unchanged(self) -> int:
        """未变, repetitions inside the file not counted."""
        return self.counts.unchanged

    @property
    def rows_rejected(self) -> int:
        """退回."""
        return self.counts.rejected

    @property
    def rows_ignored(self) -> int:
        """文件内重复."""
        return self.counts.ignored

    @property
    def rows_late(self) -> int:
        """迟报: new rows that came after their deadline."""
        return self.counts.late

    @property
    def warnings(self) -> int:
        """提示."""
        return self.counts.warnings


async def start(
    connection: asyncpg.Connection, agency: UUID, agency_code: str, actor: str, file_name: str, file_hash: str
) -> BatchResult:
    """Begins a batch and takes its lock on this connection."""
    result = BatchResult(uuid4(), file_name, agency_code)
    await connection.execute(f"SELECT pg_advisory_lock({_LOCK})", str(result.batch_id))
    await connection.execute(
        "INSERT INTO import_batch (id, agency_id, actor, file_name, file_hash, state, started_at, rows_total, rows_new,"
        " rows_changed, rows_unchanged, rows_rejected, notes)"
        " VALUES ($1, $2, $3, $4, $5, $6, now(), 0, 0, 0, 0, 0, '[]')",
        result.batch_id,
        agency,
        actor,
        file_name,
        file_hash,
        RUNNING,
    )
    return result


async def count(connection: asyncpg.Connection, batch_id: UUID, counts: Counts) -> None:
    """Writes the counts so far, in the transaction of the rows they count."""
    await connection.execute(
        "UPDATE import_batch SET rows_total = $2, rows_new = $3, rows_changed = $4, rows_unchanged = $5,"
        " rows_rejected = $6, rows_late = $7 WHERE id = $1",
        batch_id,
        counts.total,
        counts.new,
        counts.changed,
        counts.unchanged + counts.ignored,
        counts.rejected,
        counts.late,
    )


async def end(connection: asyncpg.Connection, result: BatchResult, state: str, failure: str | None = None) -> None:
    """Ends a batch in its state, with the notes of its sheets."""
    result.state, result.failure = state, failure
    await connection.execute(
        "UPDATE import_batch SET state = $2, failure = $3, finished_at = now(), notes = $4 WHERE id = $1",
        result.batch_id,
        state,
        failure,
        json.dumps([_plain(note) for note in result.notes], ensure_ascii=False),
    )


async def unlock(connection: asyncpg.Connection, result: BatchResult) -> None:
    """Gives the lock back: connections outlive a run."""
    await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})", str(result.batch_id))


async def mark_abandoned(database: Database) -> int:
    """Ends as failed the batches a crash left ``running``; gives their number. Runs that live are left alone."""
    marked = 0
    async with database.writer() as connection:
        for row in await connection.fetch("SELECT id FROM import_batch WHERE state = $1", RUNNING):
            async with connection.transaction():
                key = f"SELECT pg_try_advisory_xact_lock({_LOCK})"
                if await connection.fetchval(key, str(row["id"])):
                    done = await connection.execute(
                        "UPDATE import_batch SET state = $2, failure = $3, finished_at = now()"
                        " WHERE id = $1 AND state = $4",
                        row["id"],
                        FAILED,
                        _ABANDONED,
                        RUNNING,
                    )
                    marked += done == "UPDATE 1"
    return marked


async def find_batch(database: Database, viewer: Viewer, batch_id: UUID) -> BatchResult | None:
    """Gives a batch of the viewer's own tree, or None for an unknown one and another agency's alike."""
    async with database.writer() as connection:
        row = await connection.fetchrow(
            "SELECT b.*, a.code FROM import_batch b JOIN agency a ON a.id = b.agency_id"
            " WHERE b.id = $1 AND ($2::uuid IS NULL OR $2 = ANY (a.lineage))",
            batch_id,
            viewer.agency,
        )
    if row is None:
        return None
    counts = Counts(
        total=row["rows_total"],
        new=row["rows_new"],
        changed=row["rows_changed"],
        unchanged=row["rows_unchanged"],
        rejected=row["rows_rejected"],
        late=row["rows_late"],
    )
    notes = [_note(note) for note in json.loads(row["notes"])]
    return BatchResult(
        row["id"], row["file_name"], row["code"], row["state"], counts, notes, row["failure"], repeated=True
    )


def _plain(note: SheetNote) -> dict[str, Any]:
    return {
        "sheet": note.sheet,
        "level": note.level.value,
        "rule": note.rule,
        "message": note.message,
        "rows": list(note.rows),
    }


def _note(plain: dict[str, Any]) -> SheetNote:
    rows: Sequence[int] = plain["rows"]
    return SheetNote(plain["sheet"], Level(plain["level"]), plain["rule"], plain["message"], tuple(rows))
