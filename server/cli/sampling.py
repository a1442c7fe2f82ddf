"""示例数据 writes the sample with a progress bar, for ``serve`` on an empty database and for ``sample``."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from server.cli.place import Place
from server.clock import today_in_shanghai
from server.database.connection import Database
from server.sample.service import write_sample


def _bar() -> Progress:
    """A bar for work that knows its share but not its rows."""
    return Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=Console(stderr=True))


async def write_sample_with_progress(place: Place, database: Database, subjects: int) -> list[str]:
    """Writes the sample with a progress bar; gives the lines that tell of it: where to look, demo keys, a file to try."""
    plan = place.plan()
    await database.set_state("sample", "writing")
    with _bar() as bar:
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
    await database.set_state("sample", "done")
    return counts.lines()
