"""核对 whether a database is what the declaration says: doors, privileges, triggers, editions. Not for the journal's
hashes: see ``journal_check.py``.
"""

from __future__ import annotations

import asyncpg

from server.database.roles import TABLES_SCHEMA, WRITER, door_schema, role_name
from server.disclosure.doors import FACTS, HIDDEN, TABLES
from server.disclosure.views import views_of
from server.journal.triggers import fact_columns
from server.migrate.doors import functions_of
from server.migrate.history import index_faults
from server.migrate.horizon import stored_horizon
from server.migrate.indexes import read_index_faults
from server.viewer import Door

TRIGGERS = ("version_stamp", "version_insert", "version_update", "version_delete")

#: Every relation outside the system's schemas on which a role holds any privilege, with the kinds held.
RELATIONS = """
SELECT n.nspname AS schema, c.relname AS name,
    array_remove(ARRAY[
        CASE WHEN has_table_privilege($1, c.oid, 'SELECT') OR has_any_column_privilege($1, c.oid, 'SELECT')
            THEN 'SELECT' END,
        CASE WHEN has_table_privilege($1, c.oid, 'INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER')
            OR has_any_column_privilege($1, c.oid, 'INSERT,UPDATE,REFERENCES') THEN 'WRITE' END], NULL) AS held
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""

FUNCTIONS = """
SELECT n.nspname AS schema, p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND has_function_privilege($1, p.oid, 'EXECUTE')
"""

SCHEMAS = """
SELECT nspname AS name, has_schema_privilege($1, oid, 'CREATE') AS may_create FROM pg_namespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND has_schema_privilege($1, oid, 'USAGE,CREATE')
"""

ROLE = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful,
    EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS member,
    has_database_privilege($1, current_database(), 'CREATE,TEMP') AS may_create
FROM pg_roles r WHERE rolname = $1
"""


async def structure_faults(connection: asyncpg.Connection, *, prefix: str, trial: bool) -> list[str]:
    """Gives what is wrong with doors, roles, triggers and history, one Chinese sentence each; empty when all is well."""
    faults = await _clock_faults(connection, trial)
    for door in Door:
        faults += await _door_faults(connection, door, role_name(prefix, door.value))
    faults += await _writer_faults(connection, role_name(prefix, WRITER))
    for table in FACTS:
        faults += await _fact_faults(connection, table)
    faults += await _declaration_faults(connection)
    faults += await index_faults(connection)
    return faults + await read_index_faults(connection, await stored_horizon(connection))


async def _clock_faults(connection: asyncpg.Connection, trial: bool) -> list[str]:
    sources = await connection.fetch(
        "SELECT prosrc FROM pg_proc WHERE oid IN (to_regprocedure('journal.moment()'), to_regprocedure('journal.today()'))"
    )
    if len(sources) != 2:
        return ["缺少函数 journal.moment 或 journal.today：请运行 python -m server migrate。"]
    view = await connection.fetchval("SELECT pg_get_viewdef(to_regclass('journal.clock'))")
    if view is None:
        return ["缺少视图 journal.clock：请运行 python -m server migrate。"]
    if not trial and any("journal.trial" in source for source in (view, *(row["prosrc"] for row in sources))):
        return ["生产库使用了试用库的“今天”：请以 XINTU_ENV=production 重新运行 python -m server migrate。"]
    return []


async def _door_faults(connection: asyncpg.Connection, door: Door, role: str) -> list[str]:
    schema = door_schema(door)
    faults = await _role_faults(connection, role, {schema})
    views = views_of(door)
    for row in await connection.fetch(RELATIONS, role):
        allowed = {"SELECT"} if row["schema"] == schema and row["name"] in views else set()
        if excess := set(row["held"]) - allowed:
            faults.append(f"角色 {role} 对 {row['schema']}.{row['name']} 多出权限 {'、'.join(sorted(excess))}。")
    for row in await connection.fetch(FUNCTIONS, role):
        if row["schema"] != schema or row["name"] not in functions_of(door):
            faults.append(f"角色 {role} 可以调用未声明的函数 {row['schema']}.{row['name']}。")
    for name, columns in views.items():
        shown = {c.name for c in await fact_columns(connection, name, schema)}
        if shown != columns:
            faults.append(f"视图 {schema}.{name} 的列与声明不符：{'、'.join(sorted(shown ^ columns))}。")
    return faults


async def _role_faults(connection: asyncpg.Connection, role: str, schemas: set[str]) -> list[str]:
    row = await connection.fetchrow(ROLE, role)
    if row is None:
        return [f"缺少角色 {role}：请运行 python -m server migrate。"]
    faults = []
    if row["powerful"] or row["member"] or row["may_create"]:
        faults.append(f"角色 {role} 权限过大（超级用户、建库建角色、成员关系或建表权限）：请由数据库管理员收回。")
    for schema in await connection.fetch(SCHEMAS, role):
        if schema["name"] not in schemas or schema["may_create"]:
            faults.append(f"角色 {role} 可以进入或改动架构 {schema['name']}。")
    return faults


async def _writer_faults(connection: asyncpg.Connection, role: str) -> list[str]:
    faults = await _role_faults(connection, role, {TABLES_SCHEMA, "journal"})
    for row in await connection.fetch(RELATIONS, role):
        if row["held"] and row["schema"] != TABLES_SCHEMA:
            faults.append(f"写入角色 {role} 不应接触 {row['schema']}.{row['name']}。")
    for name in FACTS:
        if await connection.fetchval(
            "SELECT has_table_privilege($1, $2, 'DELETE,TRUNCATE')", role, f"{TABLES_SCHEMA}.{name}"
        ):
            faults.append(f"写入角色 {role} 不应能删除事实表 {name} 的行。")
    return faults


async def _fact_faults(connection: asyncpg.Connection, table: str) -> list[str]:
    enabled = {
        row["tgname"]
        for row in await connection.fetch(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgenabled = 'O'",
            f"{TABLES_SCHEMA}.{table}",
        )
    }
    faults = [f"事实表 {table} 缺少触发器 {name}：写入将不留历史。" for name in TRIGGERS if name not in enabled]
    kept = {c.name for c in await fact_columns(connection, table, "history")}
    for column in await fact_columns(connection, table):
        if column.name not in kept:
            faults.append(f"历史表 history.{table} 缺少列 {column.name}：请运行 python -m server migrate。")
    return faults


async def undeclared_columns(connection: asyncpg.Connection) -> dict[str, set[str]]:
    """Gives, per table, the columns the declaration forgets (shown to nobody) and those it names that do not exist."""
    found = {}
    declared = {
        t.name: {c.name for c in t.columns} | {c.source for c in t.columns if c.source} | set(t.private) for t in TABLES
    }
    declared |= {name: set(columns) for name, columns in HIDDEN.items()}
    for table, names in declared.items():
        real = {c.name for c in await fact_columns(connection, table)}
        if names ^ real:
            found[table] = names ^ real
    return found


async def _declaration_faults(connection: asyncpg.Connection) -> list[str]:
    return [
        f"表 {table} 有列未在门的声明中写明（任何人都看不到）：{'、'.join(sorted(names))}。"
        for table, names in (await undeclared_columns(connection)).items()
    ]
