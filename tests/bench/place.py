"""测量的地方 the database of a size, kept between runs, and the processes of one run. Not for what is measured.

``.data/bench-N`` is made once and used again while the migrations and the generator are the same; what else the house
declares (doors, indexes, reference data) ``migrate`` brings up to date each time, and how names are found the nightly
order of names. It is a production database: its doors take the day from the clock, as a bureau's do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from server.database.connection import Database
from server.database.embedded import Embedded, start_embedded
from server.errors import Conflict
from server.jobs import names
from server.journal.name_index import edition
from server.migrate.plan import Plan, is_current
from server.migrate.service import migrate
from server.sample.bulk import Told
from server.settings import CHECKOUT
from server.viewer import PUBLIC
from tests.bench import city

console = Console(stderr=True)
#: Points a minute that no load reaches: the limits themselves stay on the way and are paid.
POINTS = 1_000_000_000
START_SECONDS = 120.0
#: From a cold disk a door has time for so many rows.
_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Content:
    """内容 what stands in a database of some size: how many rows, who writes them, and what tells them from others."""

    rows: Callable[[int], int]
    build: Callable[[str, Database, int, Told], Awaitable[None]]
    told_apart_by: Callable[[int], bytes]

    def fingerprint(self, size: int) -> str:
        """Gives a hash of all that decides what is in the tables."""
        migrations = sorted((CHECKOUT / "migrations").glob("*.py"))
        return _hash(str(size).encode(), self.told_apart_by(size), *(path.read_bytes() for path in migrations))


CITY = Content(city.rows_in_all, city.build, lambda _: Path(city.__file__).read_bytes())


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """地点 a running PostgreSQL with the benchmark's rows."""

    folder: Path
    embedded: Embedded
    subjects: int

    @property
    def postmaster(self) -> int:
        """The number of PostgreSQL's first process, parent of all back ends."""
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])

    def database(self) -> Database:
        """Opens connections as the service has them."""
        return Database(self.embedded.address, self.embedded.secret)

    async def firms(self, most: int) -> list[tuple[str, UUID]]:
        """Gives codes and ids of firms that the public may see, in no order that an index has."""
        found = await self.shown("enterprise", "uscc, id", city.some_ids(self.subjects, most))
        return sorted(((row["uscc"], row["id"]) for row in found), key=lambda firm: firm[1])

    async def shown(self, table: str, columns: str, ids: list[UUID]) -> list[Any]:
        """Gives those of some rows that the public may see."""
        database, found = self.database(), []
        for start in range(0, len(ids), _AT_ONCE):
            async with database.read(PUBLIC) as connection:
                sql = f"SELECT {columns} FROM {table} WHERE id = ANY ($1)"
                found += await connection.fetch(sql, ids[start : start + _AT_ONCE])
        await database.close()
        return found

    def told(self) -> dict[str, Any]:
        """Gives what another process needs to connect."""
        address = self.embedded.address
        return {
            "host": address.host,
            "port": address.port,
            "database": address.database,
            "secret": self.embedded.secret,
        }

    def environment(self, port: int) -> dict[str, str]:
        """Gives the settings of a production service on this database, with points that no load uses up."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XINTU_")}
        address = self.embedded.address
        return kept | {
            "XINTU_ENV": "production",
            "XINTU_SAMPLE": "0",
            "XINTU_PORT": str(port),
            "XINTU_SECRET": self.embedded.secret,
            "XINTU_DATABASE_HOST": f"{address.host}:{address.port}/{address.database}",
            "XINTU_PUBLIC_POINTS": str(POINTS),
        }


async def prepare(folder: Path, size: int, content: Content = CITY) -> Place:
    """Starts PostgreSQL in the folder and makes the rows, unless they are there; raises ``Conflict`` when it is in use."""
    mark = folder / "fingerprint"
    filled = _drop_if_old(folder, content.fingerprint(size))
    embedded = await start_embedded(folder)
    place = Place(folder, embedded, size)
    plan = Plan(url=embedded.owner_url, secret=embedded.secret, trial=False)
    if not await is_current(plan):
        await migrate(plan)
    if not filled:
        await _fill(place, content)
        mark.write_text(content.fingerprint(size))
    await _order(place, plan)
    return place


def _drop_if_old(folder: Path, wanted: str) -> bool:
    """Says whether the folder holds these very rows; one that holds others, or only a part, goes."""
    mark, lock = folder / "fingerprint", folder / "postgres" / "postmaster.pid"
    if mark.exists() and mark.read_text() == wanted:
        return True
    if lock.exists() and Path(f"/proc/{lock.read_text().split()[0]}").exists():
        raise Conflict(f"测量用的数据库 {folder.name} 是旧的，但正在使用；请等另一次测量结束后重试。")
    if folder.exists():
        console.print(f"{folder.name} 的结构或生成方法已变，重新生成。")
        shutil.rmtree(folder)
    return False


async def _fill(place: Place, content: Content) -> None:
    database = place.database()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("生成数据", total=content.rows(place.subjects))

        def told(table: str, rows: int) -> None:
            bar.update(task, description=f"生成数据 {table}", advance=rows)

        await content.build(place.embedded.owner_url, database, place.subjects, told)
    await database.close()


def _dealing() -> str:
    """Gives a hash of how names are parsed and dealt."""
    return _hash(edition().encode(), Path(names.__file__).read_bytes())


async def _order(place: Place, plan: Plan) -> None:
    """Deals the ranks of names, as a bureau does each night, unless it was done since they are dealt as they are."""
    mark, wanted = place.folder / "names", _dealing()
    if not mark.exists() or mark.read_text() != wanted:
        with console.status("排名次"):
            await names.order_names(plan)
        mark.write_text(wanted)


def free_port() -> int:
    """Gives a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], environment: dict[str, str] | None = None, log: Path | None = None
) -> Iterator[Any]:
    """Runs a process of this checkout, its output in a file or a pipe, and ends it."""
    target: Any = log.open("wb") if log else subprocess.PIPE
    try:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=target,
            text=not log,
        )
    finally:
        if log:
            target.close()
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def wait_for(port: int, process: Any) -> None:
    """Waits until somebody listens; raises ``RuntimeError`` when the process ends before or takes too long."""
    end = time.perf_counter() + START_SECONDS
    while time.perf_counter() < end and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise RuntimeError("the server did not start")


class Worker:
    """助手 a process that takes one JSON line a round and gives one back: the load, and the bare SQL."""

    def __init__(self, process: Any) -> None:
        self.process = process

    def tell(self, job: dict[str, Any]) -> None:
        """Sends a line."""
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()

    def ask(self, **job: Any) -> dict[str, Any]:
        """Runs a round and gives its figures; raises ``RuntimeError`` when the worker ended."""
        self.tell(job)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a worker of the benchmark ended; see its message above")
        return dict(json.loads(line))


@contextmanager
def service(place: Place, port: int) -> Iterator[Any]:
    """Runs ``python -m server serve`` as shipped; its access log goes to a file."""
    with running(["-m", "server", "serve"], place.environment(port), place.folder / "serve.log") as process:
        wait_for(port, process)
        yield process
