"""裸 SQL the very statement of a plan through asyncpg alone, with the values the service binds. Not a server of anything.

The other floor under the service: what the driver and PostgreSQL take when nobody asks over HTTP and nothing is checked.
The statement and the values come from the service's own executor, which is handed a recorder in place of the database.
It takes one JSON line a round on its standard input and gives one JSON line back.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import asyncpg
import uvloop

from schema.api import executor
from schema.plan.asking import Asking
from schema.plan.run import Executor
from server.database.connection import Database
from server.database.roles import role_name, role_password
from server.viewer import PUBLIC, Door


class Recorder:
    """记录 stands where the database does and keeps what it was asked."""

    secret = ""

    def __init__(self) -> None:
        self.sql = ""
        self.values: tuple[Any, ...] = ()

    async def fetch_text(self, _viewer: Any, sql: str, *values: Any, once: bool = False) -> str:
        """Keeps the statement and its values."""
        self.sql, self.values = sql, values
        return "null"


async def recorded(plans: Executor, body: bytes) -> tuple[str, tuple[Any, ...]]:
    """Gives the statement and the values by which the service answers one request."""
    given, recorder = json.loads(body), Recorder()
    document = plans.document(given["query"], Asking())
    await plans.answer(cast(Database, recorder), PUBLIC, document, given.get("variables") or {})
    return recorder.sql, recorder.values


def _lines(path: str) -> list[bytes]:
    return Path(path).read_bytes().splitlines()


class Bare:
    """连接 the connections of this process, each with the statement of one operation prepared."""

    def __init__(self, place: dict[str, Any]) -> None:
        self.place, self.plans = place, executor(None)
        self.values: dict[str, tuple[str, Any]] = {}
        self.opened: list[asyncpg.Connection] = []

    async def load(self, bodies: str, connections: int, seconds: float) -> dict[str, object]:
        """Runs one round over so many connections and gives its figures."""
        if bodies not in self.values:
            self.values[bodies] = await self._recorded(_lines(bodies))
        sql, values = self.values[bodies]
        # Kept open: what a back end took would be told late if it ended with the round.
        while len(self.opened) < connections:
            self.opened.append(await connect(self.place))
        prepared = [await connection.prepare(sql) for connection in self.opened[:connections]]
        for statement in prepared:
            await statement.fetchval(*next(values))
        began, cpu = time.perf_counter(), time.process_time()
        counts = await asyncio.gather(*(self._repeat(statement, values, began + seconds) for statement in prepared))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        return {"answers": sum(counts), "seconds": took, "client_cpu": cpu}

    async def _recorded(self, bodies: list[bytes]) -> tuple[str, Any]:
        pairs = [await recorded(self.plans, body) for body in bodies]
        return pairs[0][0], cycle([values for _, values in pairs])

    async def _repeat(self, statement: Any, values: Any, end: float) -> int:
        count = 0
        while time.perf_counter() < end:
            await statement.fetchval(*next(values))
            count += 1
        return count


async def connect(told: dict[str, Any]) -> asyncpg.Connection:
    """Opens a connection of the public door; ``told`` says where the database is (``Place.told``)."""
    name = role_name(told["database"], Door.PUBLIC.value)
    return await asyncpg.connect(
        host=told["host"],
        port=told["port"],
        database=told["database"],
        user=name,
        password=role_password(told["secret"], name),
    )


async def main() -> None:
    """Serves rounds; the first line says where the database is."""
    bare = Bare(json.loads(sys.stdin.readline()))
    while line := sys.stdin.readline():
        job = json.loads(line)
        print(json.dumps(await bare.load(job["bodies"], job["connections"], job["seconds"])), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
