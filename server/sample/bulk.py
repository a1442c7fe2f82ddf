"""成批写入 what fills a database of any size: numbered rows a range at a time, without the indexes that only reading needs.

Through the journal like every write; not for data that anybody waits for: readers are slow until the indexes are back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any, Protocol

import asyncpg

from server.database.connection import Database
from server.journal.actions import Action
from server.journal.name_index import TABLE
from server.journal.service import Write, write
from server.migrate.config import credentials

#: Told what is being done and how many more rows are in.
Told = Callable[[str, int], object]

#: Indexes that only make reading quicker: built at the end, by sorting, they take a fraction of the time.
_INDEXES = """
SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS table, pg_get_indexdef(indexrelid) AS statement,
    obj_description(indexrelid, 'pg_class') AS comment
FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace::regnamespace::text IN ('xintu', 'journal') AND NOT indisunique
"""
#: Chunks made before they are wanted: names are parsed after some and not after others.
_AHEAD = 2
#: About how many there are, for a bar.
INDEXES = 130
#: One sort of a million keys fits: the server's own default is for many at once.
_MEMORY = "SET maintenance_work_mem = '256MB'"
#: What is lost with the machine is made again; the journal's order does not depend on it.
_LAZY = "SET LOCAL synchronous_commit = off"


class Sheet(Protocol):
    """一张表 of numbered rows: ``last`` numbers from ``first``, of which ``step`` make one revision."""

    @property
    def title(self) -> str:
        """What is written, for the progress bar."""

    @property
    def first(self) -> int:
        """The first number."""

    @property
    def last(self) -> int:
        """The last number; below ``first`` for an empty sheet."""

    @property
    def step(self) -> int:
        """How many numbers make one revision."""

    def made(self, first: int, last: int) -> Coroutine[Any, Any, Any]:
        """Makes the rows of some numbers; asked for ahead."""

    async def put(self, w: Write, made: Any) -> int:
        """Writes what ``made`` gave; gives how many rows that were."""


async def fill(database: Database, sheet: Sheet, actor: str, reason: str, told: Told) -> int:
    """Writes a sheet, having the next rows made while the server takes the last; gives how many rows it wrote."""
    rows = 0
    async with aclosing(_ahead(sheet)) as chunks:
        async for made in chunks:
            async with write(database, actor, Action.SAMPLE, reason) as w:
                await w.connection.execute(_LAZY)
                written = await sheet.put(w, made)
            rows += written
            told(sheet.title, written)
    return rows


async def _ahead(sheet: Sheet) -> AsyncGenerator[Any, None]:
    """Gives what is made of all numbers in order; asks for a few chunks before they are wanted."""
    waiting: deque[asyncio.Task[Any]] = deque()
    try:
        for first in range(sheet.first, sheet.last + 1, sheet.step):
            waiting.append(asyncio.create_task(sheet.made(first, min(first + sheet.step - 1, sheet.last))))
            if len(waiting) > _AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()


@asynccontextmanager
async def without_reading_indexes(owner_url: str, told: Told) -> AsyncIterator[None]:
    """Drops every index but the unique ones, and builds them again at the end; then gathers the statistics.

    Those of names stay away until ``order_names`` deals the ranks, which makes that table anew with all its indexes: the
    caller runs it next. After an error all stay away: what was written is a part of something, and only good for being
    made anew.
    """
    owner = await asyncpg.connect(**credentials(owner_url))
    try:
        indexes = await owner.fetch(_INDEXES)
        for index in indexes:
            await owner.execute(f"DROP INDEX {index['name']}")
        yield
        await owner.execute(_MEMORY)
        for index in indexes:
            if index["table"] == TABLE:
                continue
            told(f"建索引 {index['name'].partition('.')[2]}", 0)
            await owner.execute(index["statement"])
            if index["comment"] is not None:
                comment = index["comment"].replace("'", "''")
                await owner.execute(f"COMMENT ON INDEX {index['name']} IS '{comment}'")
        told("整理", 0)
        await owner.execute("VACUUM (ANALYZE)")
        await owner.execute("CHECKPOINT")
    finally:
        await owner.close()
