"""数据库不在时 what the API says while PostgreSQL is stopped or stands still, and how soon it is back.

A server of its own, so that no other test meets it stopped. The bounds leave room for a busy machine: what is promised
is two seconds and one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from server.database.connection import Database
from server.database.embedded import Embedded, start_embedded
from server.migrate.plan import Plan
from server.migrate.service import migrate
from tests.serving import client_of
from tests.support import TODAY

#: Longer than any request may take with the database away, and than the return may last.
NO_REQUEST_TAKES, NO_RETURN_TAKES = 6.0, 3.0
TODAY_IS = {"query": "{ service { today } }"}


class Told(NamedTuple):
    """One answer."""

    status: int
    retry_after: str | None
    code: str | None


@pytest.fixture(scope="module")
async def folder() -> AsyncIterator[Path]:
    """A data folder with a migrated database, its server stopped in the end."""
    made = Path(tempfile.mkdtemp(prefix="xintu-test-"))
    running = await start_embedded(made)
    try:
        await migrate(Plan(url=running.owner_url, secret=running.secret, trial=True, today=TODAY))
        yield made
    finally:
        (await start_embedded(made)).stop()
        shutil.rmtree(made)


async def ask(client: Any, **headers: str) -> Told:
    """Asks for what needs the database; fails when it is kept waiting."""
    async with asyncio.timeout(NO_REQUEST_TAKES):
        answer = await client.post("/graphql", json=TODAY_IS, headers=headers)
    errors = answer.json().get("errors")
    code = errors[0]["extensions"]["code"] if errors else None
    return Told(answer.status_code, answer.headers.get("retry-after"), code)


async def many(client: Any) -> list[Told]:
    """Asks forty times at once, more than there are connections; a quarter with keys never seen before."""
    keys = [{"authorization": f"Bearer xintu_{uuid4()}"} if n % 4 == 0 else {} for n in range(40)]
    return list(await asyncio.gather(*(ask(client, **key) for key in keys)))


def expect_away(answers: list[Told]) -> None:
    """Every one was told when to come again."""
    assert {(told.status, told.retry_after, told.code) for told in answers} == {(503, "2", "UNAVAILABLE")}


async def expect_back(client: Any) -> None:
    """It answers again, and keeps on doing so."""
    began = time.monotonic()
    while (await ask(client)).status != 200:
        assert time.monotonic() - began < NO_RETURN_TAKES
        await asyncio.sleep(0.05)
    # Not one of the connections that others hold may be a dead one.
    assert {told.status for told in await many(client)} == {200, 401}


async def opened(folder: Path) -> tuple[Embedded, Database]:
    """The running server and the service's database on it."""
    running = await start_embedded(folder)
    return running, Database(running.address, running.secret)


async def test_a_stopped_server_is_told_at_once_and_found_again(folder: Path) -> None:
    """A restart for an update must look like a restart: refusals with a time, then answers, without anyone's hand."""
    running, database = await opened(folder)
    async with client_of(database, public_points=1_000_000) as client:
        assert (await ask(client)).status == 200
        waiting = asyncio.create_task(keep_asking(client))
        await asyncio.to_thread(running.stop)
        expect_away(await many(client))
        expect_away(await many(client))
        await start_embedded(folder)
        await expect_back(client)
        waiting.cancel()
        seen = await waiting

    # Who asked all the while saw answers and refusals, nothing else.
    assert {told.status for told in seen} == {200, 503}
    assert all(told.retry_after == "2" for told in seen if told.status == 503)


async def keep_asking(client: Any) -> list[Told]:
    """Asks one after the other until it is cancelled."""
    seen = []
    try:
        while True:
            seen.append(await ask(client))
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        return seen


def processes_of(folder: Path) -> list[int]:
    """Gives the server's processes: the one that listens and its children."""
    listening = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{listening}/task/{listening}/children").read_text().split()
    return [listening, *map(int, children)]


@contextmanager
def standing_still(folder: Path) -> Iterator[None]:
    """Stops every process of the server without ending it, as a machine does that swaps or a network that is cut."""
    stopped = processes_of(folder)
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children of a process are read from /proc")
async def test_a_server_that_stands_still_keeps_nobody_waiting(folder: Path) -> None:
    """It takes connections and statements and says nothing: worse than being away, for nothing breaks by itself."""
    _, database = await opened(folder)
    async with client_of(database, public_points=1_000_000) as client:
        assert {told.status for told in await many(client)} == {200, 401}
        with standing_still(folder):
            expect_away(await many(client))
        await expect_back(client)
