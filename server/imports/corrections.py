"""更正 what a clerk does with the rows that wait: take them back as a workbook, type a row anew, give one up.

The queue repeats the clerk's own cells to his own agency tree only. Not for putting rows in the queue: see ``queue``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import asyncpg

from server.database.connection import Database
from server.errors import Conflict, Invalid, NotFound
from server.identifiers.text import quoted
from server.imports import batches, fields, queue
from server.imports.agencies import Agencies
from server.imports.chunk import Context, Outcome, put_in
from server.imports.judge import Judge
from server.imports.law import Law, Rules
from server.imports.queue import Settling
from server.imports.rows import Kind, RawRow, SheetStart
from server.imports.service import load_overrides, today
from server.imports.verdict import Fault, RowResult, Verdict
from server.imports.whose import load_agencies
from server.imports.workbook import write_workbook
from server.journal.actions import Action
from server.records.once import find_answer, keep_answer, request_hash
from server.records.service import require_clerk
from server.viewer import Viewer

_LONGEST_CELL = 10_000
_DECIDED_ON = {Kind.LICENCE: "XK_JDRQ", Kind.PENALTY: "CF_JDRQ"}
_SELECT = (
    "SELECT c.*, a.code AS agency_code FROM correction c JOIN agency a ON a.id = c.agency_id"
    " WHERE ($1::uuid IS NULL OR $1 = ANY (a.lineage))"
)


@dataclass(frozen=True, slots=True)
class Corrected:
    """更正结果: the record that came of the row, or what is still wrong with it."""

    record_id: UUID | None
    table: str
    faults: tuple[Fault, ...] = ()


async def open_corrections(
    database: Database, viewer: Viewer, *, batch_id: UUID | None = None, rules: Rules | None = None
) -> list[RowResult]:
    """Gives the open entries of the viewer's own tree in the order they came, with the clerk's own cells.

    With ``rules`` each says when its decision is due, and how late it would be today.
    """
    require_clerk(viewer)
    day = await today(database, viewer)
    law = None if rules is None else Law(rules, day)
    async with database.writer() as connection:
        rows = await connection.fetch(
            f"{_SELECT} AND c.state = 'open' AND ($2::uuid IS NULL OR c.batch_id = $2)"
            " ORDER BY c.created_at, c.sheet, c.row_number, c.id",
            viewer.agency,
            batch_id,
        )
    return [_waiting(row, law, day) for row in rows]


def _waiting(row: asyncpg.Record, law: Law | None, day: date) -> RowResult:
    result = RowResult(
        kind=Kind(row["kind"]),
        sheet=row["sheet"],
        row_number=row["row_number"],
        document_number=row["document_number"],
        verdict=Verdict.REJECTED,
        faults=queue.faults_of(row["faults"]),
        cells=json.loads(row["cells"]),
    )
    if law is not None:
        decided_on = law.day(result.cells.get(_DECIDED_ON[result.kind]))
        result.due_on, result.due_provisional, result.late_working_days = law.deadline(decided_on, result.kind, day)
    return result


async def write_corrections(
    database: Database,
    viewer: Viewer,
    target: Path | BinaryIO,
    *,
    batch_id: UUID | None = None,
    file_name: str = "待更正数据.xlsx",
    rules: Rules | None = None,
) -> int:
    """Writes the open entries as the workbook that goes back to the clerk; gives their number.

    For one batch the workbook also says how all its rows ended and what became of cells outside them; with ``rules``,
    when each decision is due.
    """
    results = await open_corrections(database, viewer, batch_id=batch_id, rules=rules)
    batch = None if batch_id is None else await batches.find_batch(database, viewer, batch_id)
    counts = {Verdict.REJECTED: len(results)} if batch is None else batch.counts.by_verdict()
    await asyncio.to_thread(write_workbook, target, file_name, results, batch.notes if batch else (), counts)
    return len(results)


async def correct_row(
    database: Database,
    rules: Rules,
    viewer: Viewer,
    correction_id: UUID,
    cells: Mapping[str, str],
    *,
    idempotency_key: str | None = None,
) -> Corrected:
    """Puts a waiting row in with the cells typed anew, by column code; an empty text empties a cell.

    With faults left, the entry stays open with the new cells. Raises ``NotFound`` for an unknown entry and another
    agency's alike, ``Conflict`` for one that is settled, ``Invalid`` for a column the table does not have.
    """
    require_clerk(viewer)
    hash_ = request_hash({"do": "correct", "correction": correction_id, "cells": dict(cells)})
    day = await today(database, viewer)
    async with (
        database.writer() as connection,
        connection.transaction(),
        _entry(connection, viewer, correction_id) as row,
    ):
        answer = await find_answer(connection, viewer.actor, idempotency_key, hash_)
        if answer == correction_id:
            return Corrected(None, row["kind"], queue.faults_of(row["faults"]))
        if answer is not None:
            return Corrected(answer, row["kind"])
        if row["state"] != queue.OPEN:
            raise Conflict("这一行已经处理过，不能再更正；如需修改请导入更正后的文件")
        raw = _row_of(row, cells)
        context = await _context(connection, database, rules, viewer, row, day)
        outcome = await _put_in(connection, context, raw)
        if outcome.record_id is None:
            await _still_wrong(connection, database, row, raw, outcome)
            # The answer of a try that left faults is the entry itself.
            await keep_answer(connection, viewer.actor, idempotency_key, hash_, correction_id)
            return Corrected(None, row["kind"], tuple(outcome.draft.faults))
        await queue.end(connection, correction_id, outcome.record_id)
        await keep_answer(connection, viewer.actor, idempotency_key, hash_, outcome.record_id)
        return Corrected(outcome.record_id, row["kind"], tuple(outcome.draft.faults))


async def drop_correction(database: Database, viewer: Viewer, correction_id: UUID) -> None:
    """Gives a waiting row up: its cells are purged. Raises as ``correct_row`` does."""
    require_clerk(viewer)
    async with (
        database.writer() as connection,
        connection.transaction(),
        _entry(connection, viewer, correction_id) as row,
    ):
        if row["state"] == queue.SETTLED:
            raise Conflict("这一行已经更正入库，不能放弃")
        if row["state"] == queue.OPEN:
            await queue.end(connection, correction_id, None)


@asynccontextmanager
async def _entry(connection: asyncpg.Connection, viewer: Viewer, correction_id: UUID) -> AsyncIterator[asyncpg.Record]:
    """Lends an entry of the viewer's own tree, with its queue held till the transaction ends."""
    agency = await connection.fetchval("SELECT agency_id FROM correction WHERE id = $1", correction_id)
    if agency is not None:
        await queue.lock(connection, agency)
    row = await connection.fetchrow(f"{_SELECT} AND c.id = $2 FOR UPDATE OF c", viewer.agency, correction_id)
    if row is None:
        raise NotFound("没有找到这条待更正数据；请刷新列表后重试")
    yield row


def _row_of(row: asyncpg.Record, cells: Mapping[str, str]) -> RawRow:
    kind = Kind(row["kind"])
    known = {column.code for column in fields.table(kind).fields}
    for code, text in cells.items():
        if code not in known:
            raise Invalid(f"{fields.table(kind).name}表没有{quoted(code)}这一列；请使用国家目录的列代码")
        if len(text) > _LONGEST_CELL:
            raise Invalid(f"{code}的内容超过{_LONGEST_CELL}字；请精简")
    stored: dict[str, str] = json.loads(row["cells"])
    return RawRow(kind, row["sheet"], row["row_number"], queue.cells_of(stored, queue.faults_of(row["faults"]), cells))


async def _context(
    connection: asyncpg.Connection, database: Database, rules: Rules, viewer: Viewer, row: asyncpg.Record, day: date
) -> Context:
    agencies = Agencies(await load_agencies(connection), row["agency_id"])
    judge = Judge(rules, agencies, day, await load_overrides(connection))
    return Context(
        rules=rules,
        judge=judge,
        result=batches.BatchResult(row["batch_id"], "", row["agency_code"]),
        settling=Settling(),
        secret=database.secret,
        law_hash=database.law,
        actor=viewer.actor,
        agency=row["agency_id"],
        action=Action.RECORDS_CORRECT,
        typed=True,
        reason=f"更正退回的数据（批次{row['batch_id']}第{row['row_number']}行）",
    )


async def _put_in(connection: asyncpg.Connection, context: Context, raw: RawRow) -> Outcome:
    sheet = SheetStart(raw.sheet, raw.kind, 2018, 0, 1, tuple(raw.cells), ())
    judged = context.judge.judge(raw, sheet)
    [outcome] = await put_in(connection, context, [judged])
    return outcome


async def _still_wrong(
    connection: asyncpg.Connection, database: Database, row: asyncpg.Record, raw: RawRow, outcome: Outcome
) -> None:
    """Keeps what the clerk has typed. If that very row waits already, this entry gives way to the other."""
    texts = queue.texts_of(raw)
    print_ = queue.fingerprint(database.secret, raw.kind, texts)
    twin = await connection.fetchval(
        "SELECT id FROM correction WHERE agency_id = $1 AND fingerprint = $2 AND state = $3 AND id <> $4",
        row["agency_id"],
        print_,
        queue.OPEN,
        row["id"],
    )
    if twin is not None:
        await queue.end(connection, row["id"], None)
        return
    await connection.execute(
        "UPDATE correction SET cells = $2, faults = $3, document_number = $4, fingerprint = $5 WHERE id = $1",
        row["id"],
        json.dumps(texts, ensure_ascii=False),
        queue.faults_json(outcome.draft.faults),
        queue.usable_number(outcome.draft.values["document_number"]),
        print_,
    )
