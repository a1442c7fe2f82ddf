"""示例数据 writes the sample with a progress bar, for ``serve`` on an empty database and for ``sample``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from server.cli.place import Place
from server.clock import today_in_shanghai
from server.database.connection import Database
from server.errors import Conflict
from server.jobs.names import order_names
from server.sample.service import refuse_number, write_sample

#: A part of a sample is good for nothing, and facts are never deleted.
_ANEW = "请删除数据文件夹（XINTU_DATA_DIR）或换一个空库，然后重新运行。"


@contextmanager
def _interrupted() -> Iterator[None]:
    """Says what to do after Ctrl+C in the middle."""
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(f"\n写入示例数据中断，库中只有一部分。{_ANEW}", file=sys.stderr)
        raise


def _bar() -> Progress:
    """A bar for work that knows its share but not its rows."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


async def write_sample_with_progress(place: Place, database: Database, subjects: int) -> list[str]:
    """Writes the sample with a progress bar; gives the lines that tell of it: where to look, demo keys, a file to try."""
    plan = place.plan()
    if await database.state("sample") == "writing":
        raise Conflict(f"示例数据上次没有写完，库中只有一部分。{_ANEW}")
    refuse_number(subjects)
    # What has facts already is refused below and must not be taken for a sample that was interrupted.
    if not await database.has_facts():
        await database.set_state("sample", "writing")
    with _bar() as bar, _interrupted():
        task = bar.add_task("写入示例数据", total=1.0)
        counts = await write_sample(
            plan.url,
            database,
            subjects=subjects,
            until=place.settings.today or today_in_shanghai(),
            folder=place.settings.data_dir / "sample",
            rules_dir=place.settings.rules_dir,
            progress=lambda what, done: bar.update(task, description=what, completed=done),
        )
        # New names stand at the end of every search until their ranks are dealt.
        await order_names(plan, say=lambda what: bar.update(task, description=what))
    await database.set_state("sample", "done")
    return counts.lines()
