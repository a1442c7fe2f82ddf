"""大规模示例 writes the many subjects above the told story and their facts, by COPY through the journal.

Not for what the rows are: see ``mass_sheets``; not for the told part: see ``service``.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg

from server.database.connection import Database
from server.imports.law import Rules
from server.sample.bulk import INDEXES, Told, fill, without_reading_indexes
from server.sample.mass_order import STEP, MassOrder, ordered
from server.sample.mass_subjects import KINDS, Counts
from server.sample.vocabulary import AGENCIES, DATA
from server.subjects.agencies import import_agencies

ACTOR, REASON = "示例数据", "示例数据，纯属虚构"


async def write_mass(
    owner_url: str, database: Database, subjects: int, until: date, told: Told, rules_dir: Path | None = None
) -> None:
    """Adds so many subjects with their facts to the told story, on ``until``, the last day of its past.

    Reading is slow until it has ended, and searching until ``order_names`` has dealt the ranks; after an error the
    database is good for nothing but being made anew.
    """
    async with database.writer() as connection:
        products = dict(await connection.fetch("SELECT code, id FROM benefit_product WHERE valid_until IS NULL"))
        agencies = await _agencies(connection)
    order = MassOrder(Counts.of(subjects), until, rules_dir, database.secret, agencies, products)
    await _write(owner_url, database, order, told)


async def write_names(owner_url: str, database: Database, names: int, until: date, told: Told) -> None:
    """Fills an empty migrated database with so many named subjects alone, firms and individual businesses: what search
    is measured on. ``until`` is the last day of their past.
    """
    await import_agencies(database, Rules.load().terms, ACTOR, (DATA / AGENCIES).read_bytes(), AGENCIES)
    async with database.writer() as connection:
        agencies = await _agencies(connection)
    await _write(
        owner_url, database, MassOrder(Counts.of_names(names), until, None, database.secret, agencies, None), told
    )


async def _agencies(connection: asyncpg.Connection) -> dict[str, UUID]:
    return dict(await connection.fetch("SELECT code, id FROM agency"))


async def _write(owner_url: str, database: Database, order: MassOrder, told: Told) -> None:
    with ordered(order) as sheets:
        async with without_reading_indexes(owner_url, told):
            for sheet in sheets:
                await fill(database, sheet, ACTOR, REASON, told)


def mass_steps(subjects: int) -> int:
    """Gives about how many things ``write_mass`` tells of: twice each chunk of subjects, and the indexes."""
    counts = Counts.of(subjects)
    numbers: list[int] = [getattr(counts, kind) for kind in KINDS]
    return sum(2 * (number // STEP + 1) for number in numbers) + INDEXES
