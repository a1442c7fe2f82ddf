"""检索的测量: ``python -m server bench search``. Times in the database, the work over HTTP, and spoiled names. No test.

``--names 10000 --names 100000 --names 1000000`` gives the growth. ``--spoiled dev|held|both`` asks the stored set, which
is made over a million names; over fewer names a set is made of those, by the same rules.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.table import Table

from server.errors import CreditError
from tests.bench import meters, page_speed, search_times, speed
from tests.bench.place import Place, console, prepare
from tests.bench.search_names import NAMES, folder_of
from tests.bench.search_times import QUERY, Timed, asking
from tests.bench.search_words import Asked, Words
from tests.spoiled import asking as spoiled_names
from tests.spoiled import making
from tests.spoiled.fair import firms_of

#: Questions of each kind.
EACH = 60
#: Of each kind so many times as many questions are asked over HTTP, all different.
LOADED_TIMES = 4
#: What the issue asks for.
MOST_TIMES = 2.5
SEARCH, BOTH = "search", "both"
#: Misses that are told.
MISSES = 200
Aim = tuple[str, float, float]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench search", description="测量检索")
    parser.add_argument("--names", type=int, action="append", help="数据库里有多少个名称，可重复（看增长）")
    parser.add_argument("--each", type=int, default=EACH, help="每类问题问几个")
    parser.add_argument("--seed", type=int, help="问题的种子；默认每次不同")
    parser.add_argument("--rounds", type=int, default=5, help="HTTP 的轮数，0 为不测")
    parser.add_argument("--seconds", type=float, default=2.0, help="每轮几秒")
    parser.add_argument("--spoiled", choices=(making.DEV, making.HELD, BOTH), help="问错写的名称；dev 列出没找对的")
    parser.add_argument("--make-spoiled", action="store_true", help="重新生成错写名称集（几分钟）")
    parser.add_argument("--folder", type=Path, help="数据库放在哪里；默认 .data/bench-names-名称数")
    return parser.parse_args()


async def _times(place: Place, each: int, seed: int) -> tuple[list[Timed], list[Timed], list[Asked]]:
    """Asks the database: what people ask, what costs most, and gives questions for the load."""
    common = await search_times.common_words(place)
    words, others = (Words(place.subjects, number, common) for number in (seed, seed + 1))
    with console.status("检索") as status:
        async with asking(place) as asker:
            warming = others.mixed(3) + others.costly(3)[-3:]
            mixed = await search_times.measure(asker, warming, words.mixed(each), status.update)
            costly = await search_times.measure(asker, (), words.costly(each), status.update)
            costly += await search_times.turn_pages(asker, common[:3])
    return mixed, costly, others.mixed(each * LOADED_TIMES)


def measure_times(place: Place, each: int, seed: int) -> tuple[list[Timed], list[Asked]]:
    """Prints how long the database takes; gives all times, and other questions."""
    mixed, costly, load = asyncio.run(_times(place, each, seed))
    title = f"检索，数据库内毫秒：{place.subjects:,} 个名称，种子 {seed}"
    _print(search_times.table(mixed + costly, title))
    _print(search_times.costliest(costly))
    return mixed + costly, load


def measure_speed(place: Place, load: list[Asked], rounds: int, seconds: float) -> list[Aim]:
    """Prints the work over HTTP beside its two floors, and gives the aims."""
    path = place.folder / f"{SEARCH}.requests"
    lines = [json.dumps({"query": QUERY, "variables": asked.variables}, ensure_ascii=False).encode() for asked in load]
    path.write_bytes(b"\n".join(lines))
    with console.status("检索的速度"), speed.started(place, {SEARCH: path}) as bench:
        result = speed.measure(bench, rounds, seconds, operations={SEARCH: MOST_TIMES})
    _print(result.table())
    return list(result.verdicts())


def measure_page(place: Place, load: list[Asked], rounds: int, seconds: float) -> list[Aim]:
    """Prints the work for the page of search results, and gives its aim."""
    addresses = list(dict.fromkeys(f"/search?q={quote(asked.text)}" for asked in load))
    with console.status("检索结果的网页"):
        measured, notes = page_speed.measure(place, {"检索结果": addresses}, rounds, seconds)
    _print(page_speed.table(measured, f"网页（每次回答）：{place.subjects:,} 个名称"))
    for note in notes:
        console.print(note, highlight=False)
    return page_speed.verdicts(measured)


def measure(place: Place, given: argparse.Namespace) -> tuple[list[Timed], list[Aim]]:
    """Measures one database; ``given`` has each, seed, rounds and seconds."""
    seed = given.seed if given.seed is not None else int(time.time())
    timed, load = measure_times(place, given.each, seed)
    aims: list[Aim] = search_times.verdicts(timed)
    try:
        if given.rounds:
            aims += measure_speed(place, load, given.rounds, given.seconds)
            aims += measure_page(place, load, given.rounds, given.seconds)
    except RuntimeError as refused:
        # So slow that the service told somebody to come back later: there is no figure, but the others stand.
        console.print(str(refused).splitlines()[0][:300], style="red", markup=False)
        aims.append(("检索，HTTP：有回答不是 200", 1, 0))
    return timed, aims


def _lines(names: int) -> list[making.Line]:
    """The stored set, or one made of the fewer names that there are."""
    if names == making.NAMES:
        return making.stored(BOTH)
    return making.make(firms_of(names), min(making.LINES, names // 5))


async def _spoiled(place: Place, lines: list[making.Line]) -> spoiled_names.Outcome:
    async with asking(place) as asker:
        return await spoiled_names.evaluate(asker.firms, lines)


def measure_spoiled(place: Place, halves: Sequence[str]) -> list[Aim]:
    """Prints how often the right firm is found, and for the half one tunes by what was missed."""
    aims: list[Aim] = []
    with console.status("错写的名称"):
        lines = _lines(place.subjects)
    for half in halves:
        with console.status(f"错写的名称 {half}"):
            outcome = asyncio.run(_spoiled(place, [line for line in lines if line.half == half]))
        _print(outcome.table(f"错写的名称：{place.subjects:,} 个名称，{half}"))
        if half == making.DEV:
            for line, at, first in outcome.misses[:MISSES]:
                print(f"{line.kind}\t{line.text}\t应为 {line.firm.name}\t排在 {at or '—'}\t第一是 {first or '—'}")
        for words, most, least in (("第一", 1, spoiled_names.LEAST_FIRST), ("前三", 3, spoiled_names.LEAST_THREE)):
            aims.append((f"错写的名称 {half}：不在{words}，百分之", 100 - outcome.share(most), 100 - least))
    return aims


def growth(times: dict[int, list[Timed]]) -> Table:
    """Gives times by how many names there are."""
    report = Table("名称", "p50", "p95", "p99", "最坏", "处理器", title="检索随名称数的增长，毫秒")
    for names, timed in times.items():
        walls = [one.wall if one.again is None else min(one.wall, one.again) for one in timed]
        figures = [search_times.percentile(walls, percent) for percent in (50, 95, 99)]
        cpu = sum(one.cpu for one in timed) / len(timed)
        report.add_row(f"{names:,}", *(f"{figure:.2f}" for figure in (*figures, max(walls), cpu)))
    return report


def _make_spoiled() -> None:
    with console.status("生成错写名称集"):
        making.store(making.make(firms_of(making.NAMES), making.LINES))
    console.print("tests/spoiled/dev.tsv、held.tsv 已重新生成。")


def main() -> int:
    """Runs what was asked for and prints it; gives the exit code."""
    given = _arguments()
    if given.make_spoiled:
        _make_spoiled()
        return 0
    times: dict[int, list[Timed]] = {}
    aims: list[Aim] = []
    for names in given.names or [making.NAMES if given.spoiled else 100_000]:
        try:
            place = asyncio.run(prepare(given.folder or folder_of(names), names, NAMES))
        except CreditError as error:
            console.print(error.message, style="red", markup=False)
            return 1
        try:
            console.print(f"{names:,} 个名称；{meters.machine()}；负载 {meters.others_running():.1f}", highlight=False)
            if given.spoiled:
                aims = measure_spoiled(place, (making.DEV, making.HELD) if given.spoiled == BOTH else (given.spoiled,))
            else:
                times[names], aims = measure(place, given)
        finally:
            place.embedded.stop()
    if len(times) > 1:
        _print(growth(times))
    _print(speed.aims_table(aims))
    return 0


def _print(table: Table) -> None:
    Console(width=max(console.width, 150)).print(table)


if __name__ == "__main__":
    sys.exit(main())
