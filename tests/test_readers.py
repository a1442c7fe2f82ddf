"""读连接 tests of how a door's few connections go round among many requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from server.database.readers import Readers
from server.migrate.config import credentials
from tests.support import TrialDatabase


@pytest.fixture
async def readers(database: TrialDatabase) -> AsyncIterator[Readers]:
    """One connection for all."""
    one = Readers(lambda: asyncpg.connect(**credentials(database.url)), 1)
    yield one
    await one.close()


async def test_a_connection_that_comes_back_goes_to_who_waits_longest(readers: Readers) -> None:
    """Else whoever comes just then is served first, and under load some wait a hundred times longer than others."""
    order: list[str] = []

    async def ask(name: str) -> None:
        connection = await readers.take()
        order.append(name)
        readers.give(connection)

    lent = await readers.take()
    waiting = [asyncio.create_task(ask(name)) for name in ("first", "second")]
    await asyncio.sleep(0)

    readers.give(lent)
    await ask("late")  # asks before the others had a chance to run
    await asyncio.gather(*waiting)

    assert order == ["first", "second", "late"]
    assert readers.idle() == 1


async def test_a_connection_handed_to_one_who_went_away_is_not_lost(readers: Readers) -> None:
    """A client that hangs up at that very moment must not take a connection with it."""
    lent = await readers.take()
    gone, next_ = (asyncio.create_task(readers.take()) for _ in range(2))
    await asyncio.sleep(0)

    readers.give(lent)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    assert gone.cancelled()
    assert await asyncio.wait_for(next_, 1) is lent
    readers.give(lent)
    assert readers.idle() == 1
