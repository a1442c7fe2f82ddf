"""测量的地方 the database of a size, kept between runs, and the processes of one run. Not for what is measured.

``.data/bench-N`` is made once and used again while the migrations and the generator are the same; what else the house
declares (doors, indexes, reference data) ``migrate`` brings up to date each time. It is a production database: its
doors take the day from the clock, as a bureau's do.
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
from collections.abc import Iterator, Sequence
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
from server.migrate.plan import Plan, is_current
from server.migrate.service import migrate
from server.settings import CHECKOUT
from server.viewer import PUBLIC
from tests.bench import city

console = Console(stderr=True)
#: Points a minute that no load reaches: the limits themselves stay on the way and are paid.
POINTS = 1_000_000_000
START_SECONDS = 30.0
#: From a cold disk a door has time for so many rows.
_AT_ONCE = 250


def fingerprint(subjects: int) -> str:
    """Gives a hash of all that decides what is in the tables."""
    digest = hashlib.sha256(str(subjects).encode())
    for path in [*sorted((CHECKOUT / "migrations").glob("*.py")), Path(city.__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


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
        database, found = self.database(), []
        ids = city.firm_ids(self.subjects, most)
        for start in range(0, len(ids), _AT_ONCE):
            async with database.read(PUBLIC) as connection:
                sql = "SELECT uscc, id FROM enterprise WHERE id = ANY ($1)"
                found += await connection.fetch(sql, ids[start : start + _AT_ONCE])
        await database.close()
        return sorted(((row["uscc"], row["id"]) for row in found), key=lambda firm: firm[1])

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


async def prepare(folder: Path, subjects: int) -> Place:
    """Starts PostgreSQL in the folder and makes the rows, unless they are there; raises ``Conflict`` when it is in use."""
    mark = folder / "fingerprint"
    filled = _drop_if_old(folder, fingerprint(subjects))
    embedded = await start_embedded(folder)
    place = Place(folder, embedded, subjects)
    plan = Plan(url=embedded.owner_url, secret=embedded.secret, trial=False)
    if not await is_current(plan):
        await migrate(plan)
    if not filled:
        await _fill(place, subjects)
        mark.write_text(fingerprint(subjects))
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


async def _fill(place: Place, subjects: int) -> None:
    database = place.database()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("生成数据", total=city.rows_in_all(subjects))

        def told(table: str, rows: int) -> None:
            bar.update(task, description=f"生成数据 {table}", advance=rows)

        await city.build(place.embedded.owner_url, database, subjects, told)
    await database.close()


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
