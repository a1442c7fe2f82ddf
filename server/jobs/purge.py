"""到期清除 deletes what is no fact and has outlived its days, from ``retention.yaml``. Not for facts: they are kept for ever.

Run as the owner: the writer's role may not delete from the access log, nor forget who asked how often.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import asyncpg

from server.database.roles import TABLES_SCHEMA
from server.dated import Field, Kind, Shape, load

RETENTION = "jobs/retention.yaml"
_SHAPE = Shape(version={"kept": Field(Kind.WHOLE)})
#: Which rows of a table have begun to age, and since when; children before parents.
AGED = {
    "access_log": "at < $1",
    "attempt": "at < $1",
    "idempotency_key": "created_at < $1",
    "correction": "state <> 'open' AND settled_at < $1",
    "import_batch": "finished_at < $1 AND NOT EXISTS (SELECT FROM {schema}.correction c WHERE c.batch_id = t.id)",
}


def kept_days(on: date, rules_dir: Path | None = None) -> dict[str, int]:
    """Gives for each table how many days its rows are kept, by the rules of a day."""
    file = load(RETENTION, _SHAPE, Path(__file__).parent / "retention.yaml", rules_dir)
    return {table: file[table].version_on(on).whole("kept") or 0 for table in AGED}


async def purge(connection: asyncpg.Connection, on: date, rules_dir: Path | None = None) -> dict[str, int]:
    """Deletes what is due, in one transaction; gives the number of rows per table."""
    days = kept_days(on, rules_dir)
    counts = {}
    async with connection.transaction():
        for table, aged in AGED.items():
            before = on - timedelta(days=days[table])
            condition = aged.format(schema=TABLES_SCHEMA)
            done = await connection.execute(f"DELETE FROM {TABLES_SCHEMA}.{table} t WHERE {condition}", before)
            counts[table] = int(done.split()[-1])
    return counts
