"""网页的速度 how long the service and the database work for each page of the site. Not for how a page looks.

The page of search results is measured over names as firms have them (see ``search_bench``): those of the city are too like.
Each page is asked for at other addresses than the last time, all of them different. What is told is the processor time of
one answer, of the service and of PostgreSQL apart; other programs on the machine cannot add to it.
"""

from __future__ import annotations

import http.client
import random
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from rich.table import Table

from schema.nodes import global_id
from tests.bench import city, meters
from tests.bench.place import Place, Worker, free_port, running, service

#: What the issue asks for: of the processor, service and database together.
MOST_MS = 5.0
#: Addresses of each page, and how many are asked at once.
DIFFERENT, CONNECTIONS = 400, 8


@dataclass(frozen=True, slots=True)
class Paged:
    """一页的数字: per answer, in milliseconds; ``size`` in bytes as sent."""

    page: str
    rate: float
    p50: float
    p99: float
    own: float
    database: float
    size: float

    @property
    def total(self) -> float:
        """The processor time of one answer."""
        return self.own + self.database


class Addresses:
    """网址 of each page about rows of the city, other ones for another seed."""

    def __init__(self, place: Place, seed: int, different: int) -> None:
        self._place, self._random, self._different = place, random.Random(seed), different

    def pages(self) -> dict[str, Callable[[], Awaitable[list[str]]]]:
        """Gives by page what tells its addresses."""
        return {
            "首页": self._home,
            "企业": lambda: self._rows("enterprise", "uscc", lambda row: f"/enterprise/{row['uscc']}"),
            "个体工商户": lambda: self._rows(
                "individual_business", "uscc", lambda row: f"/individual-business/{row['uscc']}"
            ),
            "从业人员": lambda: self._rows(
                "practitioner", "id", lambda row: f"/practitioner/{global_id('PR', row['id'])}"
            ),
            "车辆": lambda: self._rows(
                "vehicle", "plate, colour", lambda row: f"/vehicle/{quote(row['plate'])}/{row['colour']}"
            ),
            "为什么公示（处罚）": lambda: self._rows("penalty", "id", lambda row: f"/why/{global_id('PE', row['id'])}"),
            "为什么公示（评价）": lambda: self._rows("rating", "id", lambda row: f"/why/{global_id('RA', row['id'])}"),
        }

    async def _home(self) -> list[str]:
        return ["/"]

    async def _rows(self, table: str, columns: str, address: Callable[..., str]) -> list[str]:
        ids = city.some_ids(self._place.subjects, self._different * 2, table, self._random.randrange(1_000_000))
        return [address(row) for row in await self._place.shown(table, columns, ids)][: self._different]


def _answered(port: int, addresses: list[str]) -> tuple[list[str], dict[int, int]]:
    """Asks for each once, so that no round reads from the disk; gives those that are pages, and counts of all answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    found, statuses = [], dict[int, int]()
    for address in addresses:
        connection.request("GET", address)
        response = connection.getresponse()
        response.read()
        statuses[response.status] = statuses.get(response.status, 0) + 1
        if response.status == 200:
            found.append(address)
    connection.close()
    return found, statuses


async def addresses_of(place: Place, seed: int, different: int) -> dict[str, list[str]]:
    """Gives at most so many addresses of each page."""
    return {page: await some() for page, some in Addresses(place, seed, different).pages().items()}


def measure(
    place: Place, addresses: dict[str, list[str]], rounds: int, seconds: float
) -> tuple[list[Paged], list[str]]:
    """Measures all pages; gives their figures, and what could not be measured."""
    measured, notes = [], []
    with ExitStack() as stack:
        port = free_port()
        process = stack.enter_context(service(place, port))
        loader = Worker(stack.enter_context(running(["-m", "tests.bench.load"])))
        for page, some in addresses.items():
            found, statuses = _answered(port, some)
            if set(statuses) != {200}:
                notes.append(f"{page}：{len(some)} 个网址的回答是 {statuses}，只测 200 的")
            if found:
                path = place.folder / f"page-{len(measured)}.requests"
                path.write_text("\n".join(found))
                job = {"path": "", "port": port, "bodies": str(path), "connections": CONNECTIONS, "seconds": seconds}
                pids = process.pid, place.postmaster
                measured.append(_median(page, [_round(loader, job, *pids) for _ in range(max(1, rounds))]))
    return measured, notes


def _round(loader: Worker, job: dict[str, object], own: int, postmaster: int) -> tuple[float, ...]:
    before = meters.seconds(own), meters.family_seconds(postmaster)
    result = loader.ask(**job)
    if set(result["statuses"]) != {"200"}:
        raise RuntimeError(f"有回答不是 200：{result['statuses']} {result['refused']}")
    answers = max(result["answers"], 1)
    spent = meters.seconds(own) - before[0], meters.family_seconds(postmaster) - before[1]
    figures = (answers / result["seconds"], result["p50"], result["p99"])
    return (*figures, *(one / answers * 1000 for one in spent), result["bytes"])


def _median(page: str, rounds: list[tuple[float, ...]]) -> Paged:
    return Paged(page, *(median(figures) for figures in zip(*rounds, strict=True)))


def table(measured: list[Paged], title: str) -> Table:
    """Gives the report."""
    report = Table("网页", "次/秒", "p50 ms", "p99 ms", "服务 ms", "数据库 ms", "合计 ms", "字节", title=title)
    for one in measured:
        cells = (one.p50, one.p99, one.own, one.database, one.total)
        report.add_row(one.page, f"{one.rate:,.0f}", *(f"{cell:.2f}" for cell in cells), f"{one.size:,.0f}")
    return report


def growth(by_size: dict[int, list[Paged]]) -> Table:
    """Gives the processor time of each page by how many subjects there are."""
    report = Table("网页", *(f"{size:,}" for size in by_size), title="网页随主体数的增长，处理器毫秒（服务 + 数据库）")
    pages = dict.fromkeys(one.page for measured in by_size.values() for one in measured)
    for page in pages:
        cells = []
        for measured in by_size.values():
            one = next((one for one in measured if one.page == page), None)
            cells.append(f"{one.own:.2f} + {one.database:.2f}" if one else "")
        report.add_row(page, *cells)
    return report


def verdicts(measured: list[Paged]) -> list[tuple[str, float, float]]:
    """Gives each aim: what, measured, at most."""
    return [(f"网页 {one.page}：处理器毫秒", one.total, MOST_MS) for one in measured]
