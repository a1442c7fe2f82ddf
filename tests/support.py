"""What tests share beside fixtures: the day, the trial database with the owner's hand, the server's own statements."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from server.database.connection import Database
from server.migrate.config import credentials
from server.settings import Address

SECRET = "a secret for tests only, forty characters"
#: The day most tests live in; a test that needs another sets it.
TODAY = date(2026, 6, 15)


class TrialDatabase(Database):
    """The application's own ``Database``, and beside it the owner's hand that a trial database allows."""

    def __init__(self, url: str, prefix: str) -> None:
        found = credentials(url)
        super().__init__(Address(found["host"], found["port"], found["database"]), SECRET, prefix=prefix)
        self.url = url

    async def owner(self) -> asyncpg.Connection:
        """Opens a connection as the owner; the caller closes it."""
        return await asyncpg.connect(**credentials(self.url))

    async def as_owner(self, sql: str, *args: Any) -> Any:
        """Runs one statement as the owner and gives its first value."""
        connection = await self.owner()
        try:
            return await connection.fetchval(sql, *args)
        finally:
            await connection.close()

    async def set_today(self, day: date | None) -> None:
        """Fixes the trial day; ``None`` frees it."""
        await self.as_owner("UPDATE journal.trial SET day = $1", day)


def at_database(url: str, name: str) -> str:
    """Gives the same server's URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def run_as_owner(url: str, *statements: str) -> None:
    """Runs statements outside a transaction as the owner of the server."""
    connection = await asyncpg.connect(**credentials(url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
