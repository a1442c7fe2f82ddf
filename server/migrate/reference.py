"""参考数据 loads the law as data into reference tables, so that doors and queries can join it. Not for reading YAML:
each room reads its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from server.catalogue import reference as catalogue
from server.database.connection import set_state
from server.database.roles import TABLES_SCHEMA, quote
from server.dated import refuse_unknown_files
from server.disclosure import reference as disclosure
from server.imports import book
from server.imports.law import Rules
from server.ratings import stars

#: Every YAML file that a room reads from a bureau's folder.
FILES = (*disclosure.FILES, *catalogue.FILES, *stars.FILES, book.NAME, "jobs/retention.yaml")


async def load_reference(connection: asyncpg.Connection, rules_dir: Path | None) -> None:
    """Replaces the reference tables, and notes the disclosure rules that are loaded now.

    A database without facts has nothing to recompute: there the loaded rules count as applied.
    """
    refuse_unknown_files(rules_dir, FILES)
    await _replace(connection, "disclosure_term", disclosure.term_rows(rules_dir))
    await _replace(connection, "catalogue_item", catalogue.catalogue_rows(rules_dir))
    await _replace(connection, "measure_item", catalogue.measure_rows(rules_dir))
    await _replace(connection, "roof_light_star", stars.star_rows(rules_dir))
    edition = Rules.load(rules_dir).hash
    await set_state(connection, "disclosure_loaded", edition)
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM journal.transaction)"):
        await set_state(connection, "disclosure_applied", edition)


async def _replace(connection: asyncpg.Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    await connection.execute(f"DELETE FROM {TABLES_SCHEMA}.{quote(table)}")
    if rows:
        columns = list(rows[0])
        await connection.copy_records_to_table(
            table, schema_name=TABLES_SCHEMA, columns=columns, records=[tuple(row[c] for c in columns) for row in rows]
        )
