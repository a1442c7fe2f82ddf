"""网页的测量: ``python -m server bench page --subjects 10000 --subjects 100000``. Processor time of each page. No test."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.table import Table

from server.errors import CreditError
from server.settings import CHECKOUT
from tests.bench import meters, page_speed, speed
from tests.bench.place import Place, console, prepare


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench page", description="测量网页")
    parser.add_argument("--subjects", type=int, action="append", help="数据库里有多少个主体，可重复（看增长）")
    parser.add_argument("--rounds", type=int, default=5, help="轮数，取中位数")
    parser.add_argument("--seconds", type=float, default=2.0, help="每轮几秒")
    parser.add_argument("--addresses", type=int, default=page_speed.DIFFERENT, help="每种网页几个网址")
    parser.add_argument("--seed", type=int, help="网址的种子；默认每次不同")
    return parser.parse_args()


def measure(place: Place, given: argparse.Namespace) -> list[page_speed.Paged]:
    """Prints the figures of all pages over one database, and gives them; ``given`` as of ``_arguments``."""
    chosen = given.seed if given.seed is not None else int(time.time())
    addresses = asyncio.run(page_speed.addresses_of(place, chosen, given.addresses))
    with console.status("网页"):
        measured, notes = page_speed.measure(place, addresses, given.rounds, given.seconds)
    _print(page_speed.table(measured, f"网页（每次回答）：{place.subjects:,} 个主体，种子 {chosen}"))
    for note in notes:
        console.print(note, highlight=False)
    return measured


def main() -> int:
    """Runs what was asked for and prints it; gives the exit code."""
    given = _arguments()
    by_size: dict[int, list[page_speed.Paged]] = {}
    for subjects in given.subjects or [100_000]:
        try:
            place = asyncio.run(prepare(CHECKOUT / ".data" / f"bench-{subjects}", subjects))
        except CreditError as error:
            console.print(error.message, style="red", markup=False)
            return 1
        try:
            console.print(
                f"{subjects:,} 个主体；{meters.machine()}；负载 {meters.others_running():.1f}", highlight=False
            )
            by_size[subjects] = measure(place, given)
        finally:
            place.embedded.stop()
    if len(by_size) > 1:
        _print(page_speed.growth(by_size))
    _print(speed.aims_table(page_speed.verdicts(list(by_size.values())[-1])))
    return 0


def _print(table: Table) -> None:
    Console(width=max(console.width, 150)).print(table)


if __name__ == "__main__":
    sys.exit(main())
