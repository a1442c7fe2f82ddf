"""接口的速度: ``make bench``. Two operations beside their two floors, the nastiest requests, start and memory, pages, search.

Not a test of speed: machines differ, so the figures are ratios of one run, and the aims are told beside them. Only one
thing makes it fail: a request of at most 8 KB on which the service worked longer than the bound, or a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.table import Table

from server.errors import CreditError
from server.settings import CHECKOUT
from tests.bench import endurance, meters, page_bench, page_speed, search_bench, speed, start
from tests.bench.place import Place, console, prepare
from tests.bench.search_names import NAMES, folder_of

PARTS = ("speed", "start", "nasty", "pages", "search")
#: More processes than this wanting one of the processors leave too little for three that measure.
BUSY = 3.0
#: What, measured, and at most.
Aim = tuple[str, float, float]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench api", description="测量接口的速度")
    parser.add_argument("--subjects", type=int, default=100_000, help="数据库里有多少个主体，如 1000000")
    parser.add_argument("--rounds", type=int, default=5, help="轮数，取中位数")
    parser.add_argument("--seconds", type=float, default=2.0, help="每轮几秒")
    parser.add_argument("--repeats", type=int, default=endurance.REPEATS, help="每个恶意查询发几次")
    parser.add_argument("--starts", type=int, default=start.STARTS, help="启动几次")
    parser.add_argument("--answers", type=int, default=start.ANSWERS, help="回答多少次之后看内存")
    parser.add_argument("--each", type=int, default=search_bench.EACH, help="检索：每类问题问几个")
    parser.add_argument("--addresses", type=int, default=page_speed.DIFFERENT, help="网页：每种几个网址")
    parser.add_argument("--seed", type=int, help="检索和网页：问什么，由它决定；默认每次不同")
    parser.add_argument("--part", choices=PARTS, action="append", help="只测一部分，可重复")
    parser.add_argument("--folder", type=Path, help="数据库放在哪里；默认 .data/bench-主体数，留着下次用")
    return parser.parse_args()


async def _prepared(folder: Path, subjects: int) -> tuple[Place, dict[str, Path]]:
    place = await prepare(folder, subjects)
    return place, await speed.write_bodies(place)


def _speed(place: Place, paths: dict[str, Path], given: argparse.Namespace) -> list[Aim]:
    with console.status("速度"), speed.started(place, paths) as bench:
        result = speed.measure(bench, given.rounds, given.seconds)
    _print(result.table())
    for note in result.notes:
        console.print(note)
    return list(result.verdicts())


def _start(place: Place, paths: dict[str, Path], given: argparse.Namespace) -> list[Aim]:
    with console.status("启动与内存"):
        begun = start.measure(place, paths, given.starts, given.answers)
    memory = f"回答 {begun.answers:,} 次后的内存 MB（RSS；PSS {begun.pss:.0f}，首次回答时 {begun.fresh_pss:.0f}）"
    return [
        (f"从启动到首次回答，秒（其中处理器 {begun.cpu_seconds:.2f}）", begun.seconds, start.MOST_START_SECONDS),
        (memory, begun.rss, start.MOST_MEMORY_MB),
    ]


def _nasty(place: Place, repeats: int) -> tuple[bool, Aim]:
    """Says whether one was too long, and gives the worst."""
    known = asyncio.run(endurance.known_rows(place))
    with console.status("恶意查询") as status:
        results = endurance.endure(place, known, lambda name: status.update(f"恶意查询 {name}"), repeats)
    _print(endurance.table(results))
    worst = ("最坏的恶意查询，处理器毫秒", results[0].total, endurance.MOST_MS)
    return any(result.is_too_long for result in results), worst


def _pages(place: Place, given: argparse.Namespace) -> list[Aim]:
    return list(page_speed.verdicts(page_bench.measure(place, given)))


def _over_city(parts: Sequence[str], folder: Path, given: argparse.Namespace) -> tuple[list[Aim], bool]:
    """Measures what needs subjects with their facts; says too whether a nasty request was too long."""
    place, paths = asyncio.run(_prepared(folder, given.subjects))
    aims: list[Aim] = []
    broken = False
    try:
        if "speed" in parts:
            aims += _speed(place, paths, given)
        if "start" in parts:
            aims += _start(place, paths, given)
        if "nasty" in parts:
            broken, worst = _nasty(place, given.repeats)
            aims.append(worst)
        if "pages" in parts:
            aims += _pages(place, given)
    finally:
        place.embedded.stop()
    return aims, broken


def _over_names(given: argparse.Namespace) -> list[Aim]:
    """Measures the search over as many names, without facts."""
    folder = given.folder.with_name(f"{given.folder.name}-names") if given.folder else folder_of(given.subjects)
    place = asyncio.run(prepare(folder, given.subjects, NAMES))
    try:
        return search_bench.measure(place, given)[1]
    finally:
        place.embedded.stop()


def main() -> int:
    """Runs what was asked for and prints it; gives the exit code."""
    given = _arguments()
    parts = given.part or PARTS
    folder = given.folder or CHECKOUT / ".data" / f"bench-{given.subjects}"
    busy = meters.others_running()
    console.print(f"{given.subjects:,} 个主体；{meters.machine()}；开始时负载 {busy:.1f}", highlight=False)
    aims: list[Aim] = []
    broken = False
    try:
        if set(parts) - {"search"}:
            aims, broken = _over_city(parts, folder, given)
        if "search" in parts:
            aims += _over_names(given)
    except CreditError as error:
        console.print(error.message, style="red", markup=False)
        return 1
    _print(speed.aims_table(aims))
    if (load := max(busy, meters.others_running())) > BUSY:
        console.print(
            f"机器还有别的负担（负载 {load:.1f}）：等待时间和次/秒会偏坏，处理器时间的比值较可信。", highlight=False
        )
    return 1 if broken else 0


def _print(table: Table) -> None:
    """Prints a report to the standard output, whole even where that is no terminal."""
    Console(width=max(console.width, 150)).print(table)


if __name__ == "__main__":
    sys.exit(main())
