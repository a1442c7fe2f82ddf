"""修订 the only way to write facts: one transaction, one revision, one moment, with actor, action and reason.

Not for reading: doors do that. The database itself refuses a write that goes past this module.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg

from server.database.connection import Database
from server.database.roles import quote
from server.errors import Conflict
from server.journal.actions import Action
from server.journal.name_index import complete


@dataclass(frozen=True, slots=True)
class Write:
    """写入: an open journalled transaction; it commits when the block ends and rolls back when the block raises."""

    connection: asyncpg.Connection
    revision: int
    #: today by the database
    day: date

    async def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Copies rows into a fact table; all rows carry the same columns; ``revision_from`` and ``salt`` are left out."""
        if not rows:
            return
        columns = list(rows[0])
        await self.connection.copy_records_to_table(table, columns=columns, records=map(itemgetter(*columns), rows))

    async def update(self, table: str, id: UUID, values: Mapping[str, Any]) -> None:
        """Makes a new version of one fact; raises ``KeyError`` when there is no such row."""
        settings = ", ".join(f"{quote(name)} = ${n}" for n, name in enumerate(values, start=2))
        done = await self.connection.execute(
            f"UPDATE {quote(table)} SET {settings} WHERE id = $1", id, *values.values()
        )
        if done != "UPDATE 1":
            raise KeyError(f"{table} {id}")


@asynccontextmanager
async def write(database: Database, actor: str, action: Action, reason: str) -> AsyncIterator[Write]:
    """Begins a write, waits for the one before it, and is acknowledged when the block has ended without an error.

    Read what the write depends on inside the block: no other write can come between.
    """
    async with database.writer() as connection, connection.transaction():
        yield await begin(connection, actor, action, reason, law=database.law)
        await complete(connection)


async def begin(connection: asyncpg.Connection, actor: str, action: Action, reason: str, *, law: str | None) -> Write:
    """Begins the revision of a transaction that is already open on ``connection``; whoever does so also calls
    ``name_index.complete`` before the commit.

    ``law`` is the hash of the rules the writer goes by, or None for a write that asks no rule (a migration). Raises
    ``Conflict`` when the database has loaded others, or when a trial day lies before the last revision's.
    """
    try:
        row = await connection.fetchrow(_BEGIN, actor, action.value, reason)
    except asyncpg.PostgresError as error:
        if error.sqlstate == _DAY_BEFORE:
            raise Conflict(
                "试用库的“今天”（XINTU_TODAY）早于库中最后一次写入的日期，不能写入。请把它设为更晚的日期，或不设。"
            ) from error
        raise
    if law is not None and await connection.fetchval(_LOADED) not in (None, law):
        raise Conflict("规则文件与数据库中的规则不同，没有写入。请先运行 python -m server migrate，再重新启动服务。")
    return Write(connection, row["revision"], row["day"])


_BEGIN = "SELECT revision, day FROM journal.begin($1, $2, $3)"
_LOADED = "SELECT content FROM reference_state WHERE id = 'disclosure_loaded'"
_DAY_BEFORE = "XJ003"
