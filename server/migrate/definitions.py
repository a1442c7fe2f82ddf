"""定义核对 whether views, functions, triggers and role settings are word for word what ``migrate`` would make today.

A grant may be right while the view behind it was replaced. Everything is made anew beside the real one inside a
transaction that is rolled back, and the two texts are compared; readers are not held up. Not for privileges: ``check.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import asyncpg

from server.database.roles import ROLES, TABLES_SCHEMA, door_schema, quote, role_name, setting_statements
from server.disclosure.doors import FACTS
from server.journal.triggers import fact_columns, function_statements, seal_statements, trigger_statements
from server.migrate.doors import clock_functions, clock_view, door_statements
from server.migrate.horizon import horizon_faults, stored_horizon
from server.migrate.reference import reference_rows
from server.viewer import Door

VIEWS = "SELECT viewname AS name, definition AS body FROM pg_views WHERE schemaname = $1"
FUNCTIONS = """
SELECT p.proname AS name, p.prosrc || ' ' || p.prosecdef || ' ' || p.provolatile::text || ' ' || coalesce(p.proconfig::text, '')
    AS body
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1
"""
TRIGGERS = """
SELECT c.relname || '.' || t.tgname AS name, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text AS body
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = $1
"""
SETTINGS = """
SELECT r.rolname AS name, array_to_string(ARRAY(SELECT unnest(s.setconfig) ORDER BY 1), '; ') AS body
FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = current_database() AND r.rolname = ANY ($1)
"""


async def definition_faults(connection: asyncpg.Connection, *, prefix: str, trial: bool) -> list[str]:
    """Gives what differs from what ``migrate`` would make, one Chinese sentence each. Changes nothing."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        faults = await horizon_faults(connection)
        horizon = await stored_horizon(connection)
        faults += await _doors_faults(connection, horizon)
        faults += await _clock_faults(connection, trial)
        faults += await _journal_faults(connection, trial) + await _trigger_faults(connection)
        return faults + await _setting_faults(connection, prefix)
    finally:
        await transaction.rollback()


async def _bodies(connection: asyncpg.Connection, query: str, *args: Any) -> dict[str, str]:
    return {row["name"]: row["body"] for row in await connection.fetch(query, *args)}


def _differing(what: str, real: Mapping[str, str], right: Mapping[str, str]) -> list[str]:
    return [_fault(f"{what} {name}") for name in _other(real, right)]


def _other(real: Mapping[str, str], right: Mapping[str, str]) -> list[str]:
    return [name for name in sorted(real.keys() | right.keys()) if real.get(name) != right.get(name)]


def _fault(what: str) -> str:
    return f"{what} 与程序生成的不一致（可能被改动）：请查明原因，再运行 python -m server migrate 恢复。"


async def _doors_faults(connection: asyncpg.Connection, horizon: date | None) -> list[str]:
    """Gives one sentence for each view or function that differs, with all doors in which it does."""
    where: dict[str, list[str]] = {}
    for door in Door:
        for what in await _different_in(connection, door, horizon):
            where.setdefault(what, []).append(door_schema(door))
    return [_fault(f"{what}（{'、'.join(schemas)}）") for what, schemas in where.items()]


async def _different_in(connection: asyncpg.Connection, door: Door, horizon: date | None) -> list[str]:
    """Makes the door once more under another name; PostgreSQL prints both views in the same words."""
    schema, beside = door_schema(door), f"check_{door_schema(door)}"
    await connection.execute(f"CREATE SCHEMA {beside}")
    await connection.execute(";\n".join(door_statements(door, horizon)).replace(f"{schema}.", f"{beside}."))
    different = []
    for what, query in (("视图", VIEWS), ("函数", FUNCTIONS)):
        right = {n: body.replace(beside, schema) for n, body in (await _bodies(connection, query, beside)).items()}
        different += [f"{what} {name}" for name in _other(await _bodies(connection, query, schema), right)]
    return different


async def _clock_faults(connection: asyncpg.Connection, trial: bool) -> list[str]:
    """Makes the clock beside the real one: replacing that would hold up every reader."""
    await connection.execute("CREATE SCHEMA check_clock")
    await connection.execute(clock_view(trial, "check_clock"))
    right = await _bodies(connection, VIEWS, "check_clock")
    return _differing("视图 journal 中的", await _bodies(connection, VIEWS, "journal"), right)


async def _journal_faults(connection: asyncpg.Connection, trial: bool) -> list[str]:
    """Replaces functions by themselves, which locks no table: what changes by that was not what it should be."""
    functions = await _bodies(connection, FUNCTIONS, "journal")
    await connection.execute(resources.files("server.journal").joinpath("functions.sql").read_text("utf-8"))
    await connection.execute(clock_functions(trial).replace(clock_view(trial) + ";", ""))
    for table in FACTS:
        await connection.execute(";\n".join(function_statements(table, await fact_columns(connection, table))))
    return _differing("函数 journal 中的", functions, await _bodies(connection, FUNCTIONS, "journal"))


async def _trigger_faults(connection: asyncpg.Connection) -> list[str]:
    """Makes the triggers on empty tables of the same shape; one that is disabled or changed then differs."""
    beside = {TABLES_SCHEMA: f"check_{TABLES_SCHEMA}", "journal": "check_journal"}
    for schema in beside.values():
        await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.execute("CREATE TABLE check_journal.transaction (LIKE journal.transaction)")
    await connection.execute(";\n".join(seal_statements("check_journal")))
    for table in FACTS:
        shape = f"(LIKE {TABLES_SCHEMA}.{quote(table)})"
        await connection.execute(f"CREATE TABLE {beside[TABLES_SCHEMA]}.{quote(table)} {shape}")
        await connection.execute(";\n".join(trigger_statements(table, beside[TABLES_SCHEMA])))
    faults = []
    for schema, made in beside.items():
        right = {n: body.replace(made, schema) for n, body in (await _bodies(connection, TRIGGERS, made)).items()}
        faults += _differing("触发器", await _bodies(connection, TRIGGERS, schema), right)
    return faults


async def _setting_faults(connection: asyncpg.Connection, prefix: str) -> list[str]:
    """Sets the roles' settings once more; needs no right that the owner of the roles has not."""
    names = [role_name(prefix, role) for role in ROLES]
    real = await _bodies(connection, SETTINGS, names)
    database = await connection.fetchval("SELECT current_database()")
    right = {}
    for name in names:
        wanted = [s.split(" SET ", 1)[1] for s in setting_statements(prefix, database) if f" {quote(name)} " in s]
        right[name] = "; ".join(sorted(_as_stored(setting) for setting in wanted))
    return _differing("角色设置", real, right)


def _as_stored(setting: str) -> str:
    """``name = 'x'`` as PostgreSQL keeps it: ``name=x``."""
    name, value = setting.split(" = ", 1)
    return f"{name}={value.strip(chr(39))}"


async def reference_faults(connection: asyncpg.Connection, rules_dir: Path | None) -> list[str]:
    """Says which reference tables differ from the rule files that this checkout (and the bureau's folder) hold."""
    faults = []
    for table, rows in reference_rows(rules_dir).items():
        columns = sorted(rows[0])
        real = await connection.fetch(f"SELECT {', '.join(map(quote, columns))} FROM {TABLES_SCHEMA}.{quote(table)}")
        if {tuple(map(repr, row)) for row in real} != {tuple(repr(row[c]) for c in columns) for row in rows}:
            faults.append(f"参考表 {table} 与规则文件不一致：请运行 python -m server migrate。")
    return faults
