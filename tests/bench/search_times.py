"""检索的时间 how long the database takes for each question, over one connection of the public door. Not over HTTP.

The statement and its values are the service's own (see ``bare``). Each question is asked once: nothing has been asked
before but a few others, so that the connection has its plans. A slow one is asked again, to tell a hard question from
another program that wanted the processor.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from rich.table import Table

from schema.api import executor
from server.settings import CHECKOUT
from tests.bench import meters
from tests.bench.bare import connect, recorded
from tests.bench.place import Place
from tests.bench.search_words import COMMON, HOPELESS, Asked

QUERY = (CHECKOUT / "tests" / "bench" / "queries" / "search.graphql").read_text("utf-8")
#: What the issue asks for, in milliseconds.
MOST_P50, MOST_P99, MOST_WORST = 2.0, 25.0, 100.0
#: From here on a question is asked again.
SLOW_MS = 10.0
#: What stands for an answer that took longer than the door lets a statement take.
CUT_OFF = '{"search": {"edges": [], "pageInfo": {"hasNextPage": false}}}'
#: Pages of a common word that are turned.
PAGES = 20
TURNED = "翻页"


@dataclass(frozen=True, slots=True)
class Timed:
    """一次回答: milliseconds until the answer was read, and of the processor; ``again`` asked a second time."""

    asked: Asked
    wall: float
    cpu: float
    hits: int
    again: float | None = None


def firms_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Gives code and name of the firms and shops in an answer, the best first."""
    subjects = (edge["node"]["subject"] or {} for edge in answer["edges"])
    return [(one.get("uscc") or one.get("code") or "", one.get("name", "")) for one in subjects]


class Asker:
    """提问者 one connection of the public door with the search's statement."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection, self._plans = connection, executor(None)
        self._pid = connection.get_server_pid()

    async def answer(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Gives the ``search`` of the answer."""
        text, _, _ = await self._timed(variables)
        return dict(json.loads(text)["search"])

    async def firms(self, text: str) -> list[tuple[str, str]]:
        """Gives code and name of the firms and shops that a text brings, the best first."""
        return firms_of(await self.answer({"text": text}))

    async def time(self, asked: Asked) -> Timed:
        """Asks one question, a slow one twice."""
        text, wall, cpu = await self._timed(asked.variables)
        again = (await self._timed(asked.variables))[1] if wall > SLOW_MS else None
        return Timed(asked, wall, cpu, len(json.loads(text)["search"]["edges"]), again)

    async def _timed(self, variables: dict[str, Any]) -> tuple[str, float, float]:
        sql, values = await recorded(self._plans, json.dumps({"query": QUERY, "variables": variables}).encode())
        before, began = meters.exact_seconds(self._pid), time.perf_counter()
        try:
            text = await self._connection.fetchval(sql, *values)
        except asyncpg.QueryCanceledError:
            # The door's own bound of a statement: the service would answer that it is too busy.
            text = CUT_OFF
        wall = time.perf_counter() - began
        return text, wall * 1000, (meters.exact_seconds(self._pid) - before) * 1000


@asynccontextmanager
async def asking(place: Place) -> AsyncIterator[Asker]:
    """Opens the connection."""
    connection = await connect(place.told())
    try:
        yield Asker(connection)
    finally:
        await connection.close()


async def common_words(place: Place, most: int = 12) -> list[str]:
    """Gives the commonest words of two characters or more, by the document frequencies the search itself keeps."""
    connection = await connect(place.told())
    sql = r"SELECT gram FROM gram_df WHERE gram ~ '^[一-龥]{2,}$' ORDER BY df DESC, gram LIMIT $1"
    try:
        return [row["gram"] for row in await connection.fetch(sql, most)]
    finally:
        await connection.close()


async def measure(
    asker: Asker, warming: Iterable[Asked], questions: Iterable[Asked], told: Callable[[str], None]
) -> list[Timed]:
    """Asks all questions one after the other."""
    for asked in warming:
        await asker.time(asked)
    timed = []
    for asked in questions:
        told(f"{asked.kind} {asked.text}")
        timed.append(await asker.time(asked))
    return timed


async def turn_pages(asker: Asker, words: Iterable[str]) -> list[Timed]:
    """Turns the pages of some words, one after the other."""
    timed = []
    for word in words:
        after = None
        for _ in range(PAGES):
            asked = Asked(TURNED, word, {"after": after})
            timed.append(await asker.time(asked))
            page = (await asker.answer(asked.variables))["pageInfo"]
            if not page["hasNextPage"]:
                break
            after = page["endCursor"]
    return timed


def percentile(numbers: Iterable[float], percent: int) -> float:
    """Gives the number below which so many of a hundred lie."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def _row(timed: list[Timed]) -> list[str]:
    walls, cpus = [one.wall for one in timed], [one.cpu for one in timed]
    worst = max(timed, key=lambda one: one.wall)
    again = f"（再问 {worst.again:.1f}）" if worst.again is not None else ""
    found = sum(one.hits > 0 for one in timed) * 100 // len(timed)
    waited = [f"{percentile(walls, percent):.2f}" for percent in (50, 99)]
    worked = [f"{figure:.2f}" for figure in (percentile(cpus, 50), percentile(cpus, 99), max(cpus))]
    return [str(len(timed)), *waited, f"{worst.wall:.1f}{again}", *worked, f"{found}%", worst.asked.text]


def table(timed: list[Timed], title: str) -> Table:
    """Gives the report by kind."""
    heads = ("问题", "次", "p50", "p99", "最坏", "处理器 p50", "p99", "最坏", "有结果", "最坏的问题")
    report = Table(*heads, title=title)
    kinds: dict[str, list[Timed]] = defaultdict(list)
    for one in timed:
        kinds[one.asked.kind].append(one)
    for kind, some in kinds.items():
        report.add_row(kind, *_row(some))
    report.add_row("合计", *_row(timed), style="bold")
    return report


def costliest(timed: list[Timed]) -> Table:
    """Gives the commonest words and the hopeless pairs one by one."""
    report = Table("问题", "文字", "毫秒", "处理器", "结果", title="最常见的词与无望的组合")
    for one in timed:
        if one.asked.kind in (COMMON, HOPELESS):
            report.add_row(one.asked.kind, one.asked.text, f"{one.wall:.1f}", f"{one.cpu:.1f}", str(one.hits))
    return report


def verdicts(timed: list[Timed]) -> list[tuple[str, float, float]]:
    """Gives each aim: what, measured, at most. One asked again counts by the quicker time.

    Beside what a client waits stands what the processor worked: on a busy machine only that can be compared.
    """
    walls = [one.wall if one.again is None else min(one.wall, one.again) for one in timed]
    cpus = [one.cpu for one in timed]
    aims = []
    for words, percent, most in (("p50", 50, MOST_P50), ("p99", 99, MOST_P99), ("最坏", 100, MOST_WORST)):
        what = f"检索，数据库内{words}毫秒（其中处理器 {percentile(cpus, percent):.2f}）"
        aims.append((what, percentile(walls, percent), most))
    return aims
