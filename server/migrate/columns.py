"""列的变更 guards around one migration: facts change through the journal even when it is the schema that changes.

Not for running migrations: see ``service.py``.
"""

from __future__ import annotations

import asyncpg
from tortoise.migrations import operations as ops
from tortoise.migrations.migration import Migration

from server.database.roles import TABLES_SCHEMA, quote
from server.disclosure.doors import FACTS
from server.errors import WrongSetting
from server.journal.actions import Action
from server.journal.service import begin
from server.journal.triggers import fact_columns

#: Columns and types of every fact table.
Columns = dict[str, dict[str, str]]


def index_builds(migration: Migration) -> list[str]:
    """Gives the statements of a migration that runs after the commit; nothing but index builds may do that."""
    statements = []
    for operation in migration.operations:
        sql = getattr(operation, "sql", None)
        if not isinstance(sql, str) or not sql.strip().upper().startswith(
            ("CREATE INDEX CONC", "CREATE UNIQUE INDEX CONC")
        ):
            raise WrongSetting(
                f"迁移 {migration.name} 设了 atomic = False，但其中不只是 CREATE INDEX CONCURRENTLY。"
                "请去掉 atomic = False，或把建索引单独成一个迁移。"
            )
        statements.append(sql)
    return statements


async def all_fact_columns(connection: asyncpg.Connection) -> Columns:
    """Gives the columns of every fact table as they are now."""
    return {t: {c.name: c.type for c in await fact_columns(connection, t)} for t in FACTS}


async def empty_dropped_columns(connection: asyncpg.Connection, migration: Migration) -> set[tuple[str, str]]:
    """Before a column goes, a journalled write empties it: the old values stay in history and old hashes stay true."""
    emptied = set()
    for operation in migration.operations:
        if not isinstance(operation, ops.RemoveField):
            continue
        table = _table_of(operation.model_name)
        column = await _stored_name(connection, table, operation.name)
        if table not in FACTS or column is None:
            continue
        await connection.execute(
            f"ALTER TABLE {TABLES_SCHEMA}.{quote(table)} ALTER COLUMN {quote(column)} DROP NOT NULL"
        )
        if await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM {TABLES_SCHEMA}.{quote(table)} WHERE {quote(column)} IS NOT NULL)"
        ):
            await _begin_once(connection, migration.name)
            await connection.execute(
                f"UPDATE {TABLES_SCHEMA}.{quote(table)} SET {quote(column)} = NULL WHERE {quote(column)} IS NOT NULL"
            )
        emptied.add((table, column))
    return emptied


async def _begin_once(connection: asyncpg.Connection, name: str) -> None:
    """Begins the revision of this transaction if no step before has."""
    begun = await connection.fetchval("SELECT xact = pg_current_xact_id_if_assigned() FROM journal.head")
    if not begun:
        await begin(connection, "migrate", Action.MIGRATE, f"结构变更 {name}", law=None)


def _table_of(model_name: str) -> str:
    """Gives a model's table name: migrations name models, and every table is the model's name in snake case."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in model_name).lstrip("_")


async def _stored_name(connection: asyncpg.Connection, table: str, field: str) -> str | None:
    names = {c.name for c in await fact_columns(connection, table)}
    return next((n for n in (field, f"{field}_id") if n in names), None)


async def refuse_unseen_changes(
    connection: asyncpg.Connection, name: str, before: Columns, emptied: set[tuple[str, str]]
) -> None:
    """Refuses what would change facts past the journal: a column dropped unseen, or a new one filled by its default."""
    for table, columns in before.items():
        now = {c.name for c in await fact_columns(connection, table)}
        for column in columns.keys() - now:
            if (table, column) not in emptied:
                raise WrongSetting(
                    f"迁移 {name} 用 SQL 直接删除了事实表 {table} 的列 {column}。请改用 ops.RemoveField，旧值才会先进入历史。"
                )
        for column in now - columns.keys() if columns else ():
            filled = await connection.fetchval(
                f"SELECT EXISTS (SELECT FROM {TABLES_SCHEMA}.{quote(table)} WHERE {quote(column)} IS NOT NULL)"
            )
            if filled:
                raise WrongSetting(
                    f"迁移 {name} 新增列 {table}.{column} 时直接填了值，历史将对不上。"
                    "请先增加可空列，再用另一个迁移经 journal.begin 填写。"
                )
