"""试用日期 the owner's hand on the day of an empty trial database. Not for services: they never move a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import asyncpg

from server.database.roles import TABLES_SCHEMA, quote
from server.disclosure.doors import FACTS
from server.errors import Conflict
from server.migrate.config import credentials


class Clock:
    """试用日期: the owner's hand on the trial day."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def set(self, day: date | None) -> None:
        """Moves the trial day; ``None`` frees it."""
        await self._connection.execute("UPDATE journal.trial SET day = $1", day)

    async def counts(self) -> dict[str, int]:
        """Gives the rows of every fact table."""
        tables = " UNION ALL ".join(f"SELECT '{t}', count(*) FROM {TABLES_SCHEMA}.{quote(t)}" for t in FACTS)
        return {row[0]: row[1] for row in await self._connection.fetch(tables)}

    async def refuse_unless_empty(self) -> None:
        """Raises ``Conflict`` for a production database and for one that holds facts."""
        source = await self._connection.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'moment'")
        if source is None or "journal.trial" not in source:
            raise Conflict("示例数据只能写入试用库；这个库是正式库（XINTU_ENV=production），没有写入。")
        full = " OR ".join(f"EXISTS (SELECT FROM {TABLES_SCHEMA}.{quote(t)})" for t in FACTS)
        if await self._connection.fetchval(f"SELECT {full}"):
            raise Conflict(
                "库中已有数据，没有写入示例数据。示例只写入空的试用库：请另设 XINTU_DATA_DIR 或换一个空库后重试。"
            )


@asynccontextmanager
async def trial_clock(owner_url: str) -> AsyncIterator[Clock]:
    """Lends the clock of an empty trial database and puts the day back at the end."""
    connection = await asyncpg.connect(**credentials(owner_url))
    try:
        clock = Clock(connection)
        await clock.refuse_unless_empty()
        before = await connection.fetchval("SELECT day FROM journal.trial")
        try:
            yield clock
        finally:
            await clock.set(before)
    finally:
        await connection.close()
