"""速度 the two operations under load, beside the two floors measured in the same run. Not for what they should be.

Each round goes through the constant answer, the service and the bare SQL, one after the other and in turn first, so that
whatever else the machine does falls on all of them; what is told are medians of rounds, and ratios. Every request has
other variables: ``enterprise`` another code of 5,000 drawn from all firms, ``list`` another cursor of 5,000.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from server.settings import CHECKOUT
from tests.bench import meters
from tests.bench.place import Place, Worker, free_port, running, service, wait_for

QUERIES = CHECKOUT / "tests" / "bench" / "queries"
#: Different variables of each operation.
DIFFERENT = 5_000
#: What the issue asks for: how many times the two floors, by operation.
OPERATIONS = {"enterprise": 1.5, "list": 1.5}
MOST_P99_MS = 20.0
#: From this share of a processor on, the load itself may be what limits.
BUSY_CLIENT = 0.85
CONSTANT, PRODUCT, BARE = "固定回答", "信途", "裸 SQL"


@dataclass(frozen=True, slots=True)
class Figures:
    """一轮的数字 per answer, in milliseconds; ``own`` is the process that answers (of the bare SQL: that asks)."""

    rate: float
    p50: float
    p99: float
    own: float
    database: float
    client: float


@dataclass(slots=True)
class Speed:
    """速度 what came of all rounds, by operation, connections and what answered."""

    rounds: dict[tuple[str, int, str], list[Figures]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    #: how many times the floors each operation may take
    most: Mapping[str, float] = field(default_factory=lambda: OPERATIONS)

    def figure(self, operation: str, connections: int, what: str, name: str) -> float:
        """Gives the median of one figure."""
        return median(getattr(one, name) for one in self.rounds[operation, connections, what])

    def cpu(self, operation: str, connections: int, what: str) -> float:
        """Gives the processor time of one answer, server and PostgreSQL together."""
        return sum(self.figure(operation, connections, what, name) for name in ("own", "database"))

    def times(self, operation: str, connections: int) -> float:
        """Gives how many times the two floors together the service takes: the ratio of each round, its median."""
        ratios = []
        keys = ((operation, connections, what) for what in (PRODUCT, CONSTANT, BARE))
        for product, constant, bare in zip(*(self.rounds[key] for key in keys), strict=True):
            ratios.append((product.own + product.database) / (constant.own + bare.own + bare.database))
        return median(ratios)

    def table(self) -> Table:
        """Gives the report."""
        table = Table(
            "查询",
            "连接",
            "谁回答",
            "次/秒",
            "p50 ms",
            "p99 ms",
            "进程 ms",
            "数据库 ms",
            "合计 ms",
            title="速度（每次回答）",
        )
        for operation, connections, what in self.rounds:
            rate, p50, p99, own, database = (
                self.figure(operation, connections, what, name) for name in ("rate", "p50", "p99", "own", "database")
            )
            cells = [
                f"{rate:,.0f}",
                f"{p50:.2f}",
                f"{p99:.2f}",
                f"{own:.3f}",
                f"{database:.3f}",
                f"{own + database:.3f}",
            ]
            if what == BARE:
                cells[1:3] = ["", ""]
            table.add_row(operation, str(connections), what, *cells)
        return table

    def verdicts(self) -> Iterator[tuple[str, float, float]]:
        """Gives each aim: what, measured, at most."""
        pairs = dict.fromkeys((operation, connections) for operation, connections, _ in self.rounds)
        for operation, connections in pairs:
            times = self.times(operation, connections)
            yield f"{operation}，{connections} 连接：处理器时间 ÷（固定回答 + 裸 SQL）", times, self.most[operation]
            if connections > 1 and operation in OPERATIONS:
                p99 = self.figure(operation, connections, PRODUCT, "p99")
                yield f"{operation}，{connections} 连接：p99 毫秒", p99, MOST_P99_MS


def aims_table(aims: list[tuple[str, float, float]]) -> Table:
    """Gives the report of aims: what, measured, at most."""
    table = Table("目标", "测得", "至多", "", title="目标")
    for what, measured, most in aims:
        reached = measured <= most
        table.add_row(
            what, f"{measured:.2f}", f"{most:g}", "达到" if reached else "未达到", style=None if reached else "red"
        )
    return table


async def write_bodies(place: Place) -> dict[str, Path]:
    """Writes a file of requests for each operation, one body a line; gives their paths."""
    firms = await place.firms(DIFFERENT)
    variables: dict[str, list[dict[str, str]]] = {
        "enterprise": [{"uscc": uscc} for uscc, _ in firms],
        "list": [{"after": urlsafe_b64encode(f"{id_}|{id_}".encode()).decode()} for _, id_ in firms],
    }
    paths = {}
    for operation, different in variables.items():
        query = (QUERIES / f"{operation}.graphql").read_text("utf-8")
        lines = [json.dumps({"query": query, "variables": one}, ensure_ascii=False).encode() for one in different]
        paths[operation] = place.folder / f"{operation}.requests"
        paths[operation].write_bytes(b"\n".join(lines))
    return paths


@dataclass(slots=True)
class Bench:
    """测量 the running processes of one measurement."""

    place: Place
    paths: dict[str, Path]
    product: Any
    constant: Any
    bare: Any
    loader: Worker
    asker: Worker
    product_port: int
    constant_port: int
    sizes: dict[str, int] = field(default_factory=dict)

    def warm(self, operation: str, seconds: float) -> None:
        """Asks everything once, so that no round reads from the disk, and learns how long an answer is."""
        left = float(len(self.paths[operation].read_bytes().splitlines()))
        while left > 0:
            left -= self.load(PRODUCT, operation, 8, seconds).rate * seconds
        for what in (CONSTANT, BARE):
            self.load(what, operation, 8, seconds)

    def load(self, what: str, operation: str, connections: int, seconds: float) -> Figures:
        """Runs one round; raises ``RuntimeError`` when an answer was not 200."""
        bodies = str(self.paths[operation])
        process = {CONSTANT: self.constant, PRODUCT: self.product, BARE: self.bare}[what]
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode} between two rounds")
        own, database = meters.seconds(process.pid), meters.family_seconds(self.place.postmaster)
        if what == BARE:
            readers = min(connections, self.place.database().readers)
            result = self.asker.ask(bodies=bodies, connections=readers, seconds=seconds)
        else:
            path = "/graphql" if what == PRODUCT else f"/{self.sizes[operation]}"
            port = self.product_port if what == PRODUCT else self.constant_port
            result = self.loader.ask(path=path, port=port, bodies=bodies, connections=connections, seconds=seconds)
            if set(result["statuses"]) != {"200"}:
                raise RuntimeError(f"{what} {operation} 有回答不是 200：{result['statuses']} {result['refused']}")
            if what == PRODUCT:
                self.sizes[operation] = round(result["bytes"])
        answers = max(result["answers"], 1)
        own, database = meters.seconds(process.pid) - own, meters.family_seconds(self.place.postmaster) - database
        if what == BARE:
            own = result["client_cpu"]
        return Figures(
            rate=answers / result["seconds"],
            p50=result.get("p50", 0.0),
            p99=result.get("p99", 0.0),
            own=own / answers * 1000,
            database=0.0 if what == CONSTANT else database / answers * 1000,
            client=result["client_cpu"] / result["seconds"],
        )


@contextmanager
def started(place: Place, paths: dict[str, Path]) -> Iterator[Bench]:
    """Starts the service, the constant answer, the bare SQL and the load, each in a process of its own."""
    with ExitStack() as stack:
        ports = free_port(), free_port()
        product = stack.enter_context(service(place, ports[0]))
        constant = stack.enter_context(running(["-m", "tests.bench.constant", str(ports[1])]))
        bare = stack.enter_context(running(["-m", "tests.bench.bare"]))
        loader = stack.enter_context(running(["-m", "tests.bench.load"]))
        wait_for(ports[1], constant)
        asker = Worker(bare)
        asker.tell(place.told())
        yield Bench(place, paths, product, constant, bare, Worker(loader), asker, *ports)


def measure(
    bench: Bench,
    rounds: int,
    seconds: float,
    connections: tuple[int, ...] = (1, 32),
    operations: Mapping[str, float] = OPERATIONS,
) -> Speed:
    """Runs all rounds of the operations, each of which may take so many times its floors."""
    speed = Speed(most=operations)
    for operation in operations:
        bench.warm(operation, min(seconds, 1.0))
        for number in range(rounds):
            for count in connections:
                order = (CONSTANT, PRODUCT, BARE)
                for what in order[number % 3 :] + order[: number % 3]:
                    figures = bench.load(what, operation, count, seconds)
                    speed.rounds[operation, count, what].append(figures)
                    if figures.client > BUSY_CLIENT and what != BARE:
                        speed.notes.append(
                            f"{operation}、{count} 连接、{what}：发送请求的进程用满了一个处理器，次/秒受它所限"
                        )
    speed.notes = list(dict.fromkeys(speed.notes))
    return speed
