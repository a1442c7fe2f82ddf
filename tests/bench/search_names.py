"""检索的名称 a database of so many names for the benchmark of the search: firms and shops of the mass sample, no facts.

Written through the journal, as every name is, so that ``name_search`` is what a bureau's own would be. Kept between runs
like the city; the names are those of the spoiled set.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from server.database.connection import Database
from server.sample.bulk import Told
from server.sample.mass import write_names
from server.sample.mass_subjects import Counts, MassSubjects
from server.sample.world import ENTERPRISE
from server.settings import CHECKOUT
from tests.bench.place import Content

#: The last day of the names' past: any will do, but the same each time.
_UNTIL = date(2026, 6, 30)
#: So many names tell one way of making them from another.
_SOME = 200


async def _build(owner_url: str, database: Database, names: int, told: Told) -> None:
    await write_names(owner_url, database, names, _UNTIL, told)


def _some_names(names: int) -> bytes:
    """Some of the very firms, all over the numbers: another way of making them gives others."""
    world = MassSubjects(Counts.of_names(names))
    numbers = range(1, world.counts.enterprise + 1, max(1, world.counts.enterprise // _SOME))
    firms = (world.business(ENTERPRISE, number) for number in numbers)
    return "".join(f"{firm.uscc}{firm.name}{firm.division_code}{firm.sector}{firm.state}" for firm in firms).encode()


NAMES = Content(lambda names: names, _build, _some_names)


def folder_of(names: int) -> Path:
    """Gives where a database of so many names is kept."""
    return CHECKOUT / ".data" / f"bench-names-{names}"
