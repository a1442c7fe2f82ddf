"""参考数据 loads the law as data into reference tables, so that doors and queries can join it. Not for reading YAML:
each room reads its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from server.accounts import attempts
from server.catalogue import glossary
from server.catalogue import reference as catalogue
from server.database.connection import set_state
from server.database.roles import TABLES_SCHEMA, quote
from server.dated import refuse_unknown_files
from server.disclosure import reference as disclosure
from server.disclosure.doors import REFERENCE_ROWS
from server.disclosure.persons import PERSONS, Persons
from server.errors import WrongSetting
from server.imports import book
from server.imports.law import Rules
from server.ratings import standards, stars
from server.ratings.standards import Standards

#: Every YAML file that a room reads from a bureau's folder.
FILES = (
    *disclosure.FILES,
    *catalogue.FILES,
    *standards.FILES,
    *stars.FILES,
    *attempts.FILES,
    book.NAME,
    "jobs/retention.yaml",
)


async def load_reference(connection: asyncpg.Connection, rules_dir: Path | None) -> None:
    """Replaces the reference tables, and notes the disclosure rules that are loaded now.

    A database without facts has nothing to recompute: there the loaded rules count as applied.
    """
    refuse_unknown_files(rules_dir, FILES)
    for table, rows in reference_rows(rules_dir).items():
        await _replace(connection, table, rows)
    edition = Rules.load(rules_dir).hash
    await set_state(connection, "disclosure_loaded", edition)
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM journal.transaction)"):
        await set_state(connection, "disclosure_applied", edition)


def reference_rows(rules_dir: Path | None) -> dict[str, list[dict[str, object]]]:
    """Gives the rows of every reference table; raises ``WrongSetting`` for a rule file that breaks the form."""
    known = Standards.load(rules_dir)
    known.refuse_unknown(stars.STARS, stars.standards(rules_dir))
    known.refuse_unknown(PERSONS, sorted(Persons.load(rules_dir).public_standards()))
    tables = {
        "disclosure_term": disclosure.term_rows(rules_dir),
        "catalogue_item": catalogue.catalogue_rows(rules_dir),
        "measure_item": catalogue.measure_rows(rules_dir),
        "rating_standard": standards.standard_rows(rules_dir),
        "roof_light_star": stars.star_rows(rules_dir),
        "glossary_term": glossary.term_rows(),
    }
    for table, most in REFERENCE_ROWS.items():
        if len(tables[table]) > most:
            raise WrongSetting(
                f"参考表 {table} 将有 {len(tables[table])} 行，最多 {most} 行；请从本局的规则文件中删去不再需要的条目或版本"
            )
    return tables


async def _replace(connection: asyncpg.Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    await connection.execute(f"DELETE FROM {TABLES_SCHEMA}.{quote(table)}")
    if rows:
        columns = list(rows[0])
        await connection.copy_records_to_table(
            table, schema_name=TABLES_SCHEMA, columns=columns, records=[tuple(row[c] for c in columns) for row in rows]
        )
