"""耐力 the nastiest requests one by one on a large database: how long the service works for each. Not for finding them.

Each is sent as it stands, then each time under other names, so that the service and PostgreSQL do all work anew. Time is
what both took of the processors, to the nanosecond: other programs on the machine cannot add to it. An answer and a
refusal are both fine; more than ``MOST_MS`` of work, or a fault, is not.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from schema.nodes import global_id
from tests.bench import meters, nasty
from tests.bench.place import Place, free_port, service

#: What the issue allows a request of at most 8 KB.
MOST_MS = 250.0
#: Half of them the same request, half of them new ones.
REPEATS = 20
_JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}


@dataclass(slots=True)
class Endured:
    """一个恶意请求的结果: the worst of its times in milliseconds, and how it was answered."""

    name: str
    server: float = 0.0
    database: float = 0.0
    total: float = 0.0
    wall: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def is_too_long(self) -> bool:
        """Says whether it broke the bound, or the service."""
        return self.total > MOST_MS or any(answer.startswith("5") for answer in self.answers)

    def add(self, answer: str, server: float, database: float, wall: float) -> None:
        """Counts one answer; the parts told are those of the worst."""
        self.answers[answer] = self.answers.get(answer, 0) + 1
        self.wall = max(self.wall, wall)
        if server + database > self.total:
            self.server, self.database, self.total = server, database, server + database


def _send(connection: http.client.HTTPConnection, body: bytes) -> str:
    """Sends one request and gives its status and the code of its first error."""
    connection.request("POST", "/graphql", body, _JSON)
    response = connection.getresponse()
    content = response.read()
    if response.status == 200:
        return "200"
    return f"{response.status} {json.loads(content)['errors'][0]['extensions']['code']}"


async def known_rows(place: Place) -> nasty.Known:
    """Gives codes and global ids that exist: of firms, whose rows lead everywhere."""
    firms = await place.firms(100)
    return nasty.Known(tuple(uscc for uscc, _ in firms), tuple(global_id("EN", id_) for _, id_ in firms))


def endure(place: Place, known: nasty.Known, progress: Callable[[str], Any], repeats: int = REPEATS) -> list[Endured]:
    """Sends them all to a service that has seen none of them."""
    port = free_port()
    results: dict[str, Endured] = {}
    with service(place, port) as process:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        # What the first request of all pays for (connections, lazy imports) is the start's, not its own.
        for _ in range(8):
            _send(connection, nasty.body_of("{service{today}agencies{totalCount}}"))
        for number in range(repeats):
            seed = 10_001 + max(number - repeats // 2, 0)
            for one in nasty.requests(seed, known):
                progress(one.name)
                result = results.setdefault(one.name, Endured(one.name))
                server, database = _work(process.pid, place)
                began = time.perf_counter()
                answer = _send(connection, one.body)
                wall = time.perf_counter() - began
                server_after, database_after = _work(process.pid, place)
                result.add(answer, (server_after - server) * 1000, (database_after - database) * 1000, wall * 1000)
        connection.close()
    return sorted(results.values(), key=lambda result: -result.total)


def _work(pid: int, place: Place) -> tuple[float, float]:
    return meters.exact_seconds(pid), meters.exact_seconds(families=(place.postmaster,))


def table(results: list[Endured], most: int = 25) -> Table:
    """Gives the report: the worst, and every one that broke the bound."""
    report = Table(
        "恶意查询",
        "服务 ms",
        "数据库 ms",
        "合计 ms",
        "等待 ms",
        "回答",
        title=f"恶意查询 {len(results)} 种，每种最坏的一次",
    )
    for place, result in enumerate(results):
        if place < most or result.is_too_long:
            cells = (f"{figure:.1f}" for figure in (result.server, result.database, result.total, result.wall))
            answers = "、".join(f"{answer} × {count}" for answer, count in result.answers.items())
            report.add_row(result.name, *cells, answers, style="red" if result.is_too_long else None)
    return report
