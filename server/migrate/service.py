"""迁移 brings a database to what this checkout declares, in one transaction. Not for serving.

Order: roles → drop doors → migrations one by one (each with its history and triggers) → reference data → doors and
grants → check. Readers wait for the commit; a failure anywhere leaves everything as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, cast

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations import operations as ops
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.migration import Migration
from tortoise.transactions import in_transaction

from server.database.roles import (
    ROLES,
    TABLES_SCHEMA,
    WRITER,
    create_statements,
    door_schema,
    quote,
    role_name,
    setting_statements,
)
from server.disclosure.doors import FACTS, HIDDEN, TABLES
from server.disclosure.views import door_statements, functions_of
from server.errors import WrongSetting
from server.journal.actions import Action
from server.journal.service import begin
from server.journal.triggers import (
    FactColumn,
    fact_columns,
    history_statements,
    trigger_statements,
)
from server.migrate.check import structure_faults
from server.migrate.config import APP, CONNECTION, MODELS, credentials, tortoise_config
from server.migrate.reference import load_reference
from server.viewer import Door

ROOT = Path(__file__).resolve().parents[2]
#: Two migrations at once wait for each other; the number is ours alone in the database.
LOCK = 0x78696E7475
REFERENCE_TABLES = ("disclosure_term", "catalogue_item", "measure_item", "roof_light_star")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run is asked to do. ``prefix`` begins the roles' names; ``today`` fixes a trial database's day."""

    url: str
    secret: str | None
    trial: bool
    today: date | None = None
    rules_dir: Path | None = None
    migrations: str = "migrations"
    prefix: str | None = None

    @property
    def database(self) -> str:
        """The database's name."""
        return str(credentials(self.url)["database"])

    @property
    def roles_prefix(self) -> str:
        """The beginning of the roles' names."""
        return self.prefix or self.database


def fingerprint(plan: Plan) -> str:
    """Gives a hash of everything a run depends on: code and data of the house, migrations, the bureau's rules.

    An equal fingerprint in the database means that there is nothing to do, so that a second start is quick.
    """
    digest = hashlib.sha256(repr((plan.trial, plan.roles_prefix, plan.secret is not None)).encode())
    folders = [ROOT / "server", ROOT / plan.migrations.replace(".", "/")]
    folders += [plan.rules_dir] if plan.rules_dir else []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".yaml", ".sql", ".json", ".csv"} and path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


async def is_current(plan: Plan) -> bool:
    """Says whether the database already is what this checkout declares."""
    connection = await asyncpg.connect(**credentials(plan.url))
    try:
        if await connection.fetchval("SELECT to_regclass($1)", f"{TABLES_SCHEMA}.reference_state") is None:
            return False
        stored = await connection.fetchval(
            f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = 'fingerprint'"
        )
        return bool(stored == fingerprint(plan))
    finally:
        await connection.close()


async def migrate(plan: Plan, *, say: Callable[[str], object] = lambda _: None) -> None:
    """Runs everything in one transaction; raises ``WrongSetting`` with what to do when it cannot be done."""
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(plan.url, plan.migrations))
        async with in_transaction(CONNECTION) as transaction:
            connection = cast(asyncpg.Connection, transaction._connection)
            await connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
            after = await _run(plan, connection, transaction, say)
    await _after_commit(plan, after)


async def _after_commit(plan: Plan, statements: list[str]) -> None:
    """Builds the indexes that cannot be built inside a transaction, and sets a trial database's day."""
    connection = await asyncpg.connect(**credentials(plan.url), server_settings={"search_path": TABLES_SCHEMA})
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
    await set_trial_day(plan)


async def set_trial_day(plan: Plan) -> None:
    """Fixes a trial database's day to ``plan.today``, or frees it; a production database has none to set."""
    if not plan.trial:
        return
    connection = await asyncpg.connect(**credentials(plan.url))
    try:
        await connection.execute("UPDATE journal.trial SET day = $1", plan.today)
    finally:
        await connection.close()


async def _run(plan: Plan, connection: asyncpg.Connection, transaction: Any, say: Callable[[str], object]) -> list[str]:
    say("角色与架构")
    await _ensure_roles(plan, connection)
    await _ensure_schemas(plan, connection)
    say("数据表")
    after = await _run_migrations(plan, connection, transaction, say)
    say("历史版本与触发器")
    await renew_triggers(connection)
    say("规则与目录")
    await load_reference(connection, plan.rules_dir)
    say("门与权限")
    await _make_doors(plan, connection)
    await connection.execute(
        f"INSERT INTO {TABLES_SCHEMA}.reference_state (id, content) VALUES ('fingerprint', $1)"
        " ON CONFLICT (id) DO UPDATE SET content = excluded.content",
        fingerprint(plan),
    )
    say("核对")
    faults = await structure_faults(connection, prefix=plan.roles_prefix, trial=plan.trial)
    if faults:
        raise WrongSetting("迁移后核对未通过，已全部撤回：\n" + "\n".join(faults))
    return after


async def _ensure_roles(plan: Plan, connection: asyncpg.Connection) -> None:
    """Creates the roles, or accepts those that a DBA made; says how when neither is possible."""
    names = [role_name(plan.roles_prefix, role) for role in ROLES]
    may = await connection.fetchval("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    if may and plan.secret:
        for statement in [
            *create_statements(plan.roles_prefix, plan.secret),
            *setting_statements(plan.roles_prefix, plan.database),
        ]:
            await connection.execute(statement)
        return
    present = set(
        await connection.fetchval("SELECT array_agg(rolname) FROM pg_roles WHERE rolname = ANY ($1)", names) or ()
    )
    if missing := [name for name in names if name not in present]:
        raise WrongSetting(
            f"缺少数据库角色 {'、'.join(missing)}。请设置 XINTU_SECRET 并以可建角色的账户运行，"
            "或由数据库管理员执行 python -m server migrate --print-roles 的输出后重试。"
        )


def role_script(plan: Plan) -> list[str]:
    """Gives the statements a DBA runs when the owner may not create roles."""
    return [
        *create_statements(plan.roles_prefix, plan.secret),
        *setting_statements(plan.roles_prefix, plan.database),
    ]


async def _ensure_schemas(plan: Plan, connection: asyncpg.Connection) -> None:
    for door in Door:
        await connection.execute(f"DROP SCHEMA IF EXISTS {door_schema(door)} CASCADE")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {TABLES_SCHEMA}")
    await connection.execute(resources.files("server.journal").joinpath("journal.sql").read_text("utf-8"))
    for action in Action:
        await connection.execute("INSERT INTO journal.action VALUES ($1) ON CONFLICT DO NOTHING", action.value)
    await connection.execute(clock_functions(plan.trial))


def clock_functions(trial: bool) -> str:
    """Gives the database's two clocks: a write's moment, and the day a read happens on (one day per transaction).

    In production they read no setting and no table; a trial's day is the owner's to set.
    """
    shanghai = "AT TIME ZONE 'Asia/Shanghai'"
    moment, today, prepare = "SELECT clock_timestamp()", f"SELECT (now() {shanghai})::date", ""
    if trial:
        prepare = (
            "CREATE TABLE IF NOT EXISTS journal.trial (one boolean PRIMARY KEY DEFAULT true CHECK (one), day date);"
            "INSERT INTO journal.trial (day) VALUES (NULL) ON CONFLICT DO NOTHING;"
        )
        fixed = f"(t.day + (clock_timestamp() {shanghai})::time) {shanghai}"
        moment = f"SELECT coalesce({fixed}, clock_timestamp()) FROM journal.trial t"
        today = f"SELECT coalesce(t.day, (now() {shanghai})::date) FROM journal.trial t"
    head = "LANGUAGE sql {} SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$ {} $body$;"
    return (
        f"{prepare} CREATE OR REPLACE FUNCTION journal.moment() RETURNS timestamptz {head.format('VOLATILE', moment)}"
        f" CREATE OR REPLACE FUNCTION journal.today() RETURNS date {head.format('STABLE', today)}"
        " REVOKE ALL ON FUNCTION journal.moment(), journal.today() FROM PUBLIC"
    )


async def _run_migrations(
    plan: Plan, connection: asyncpg.Connection, transaction: Any, say: Callable[[str], object]
) -> list[str]:
    """Applies what is pending, one migration at a time, so that history and triggers follow each change of columns."""
    executor = MigrationExecutor(
        transaction, {APP: {"models": MODELS, "migrations": plan.migrations, "default_connection": CONNECTION}}
    )
    # applied_migrations() answers [] on any error, and inside a transaction that error would end it.
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLES_SCHEMA}.tortoise_migrations (id serial PRIMARY KEY, app varchar(255)"
        " NOT NULL, name varchar(255) NOT NULL, applied_at timestamptz NOT NULL, UNIQUE (app, name))"
    )
    pending: list[PlanStep] = await executor.plan([MigrationTarget(APP, "__latest__")])
    after: list[str] = []
    for step in pending:
        if not step.migration.atomic:
            after += _index_builds(step.migration)
            await executor.recorder.record_applied(APP, step.migration.name)
            continue
        if after:
            raise WrongSetting(f"迁移 {step.migration.name} 排在提交后才建的索引之后。请把建索引的迁移移到最后。")
        say(f"  {step.migration.name}")
        before = await _all_fact_columns(connection)
        emptied = await _empty_dropped_columns(connection, step.migration)
        await executor.migrate([MigrationTarget(APP, step.migration.name)])
        await _refuse_unseen_changes(connection, step.migration.name, before, emptied)
        await renew_triggers(connection)
    return after


def _index_builds(migration: Migration) -> list[str]:
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


async def _all_fact_columns(connection: asyncpg.Connection) -> dict[str, dict[str, str]]:
    return {t: {c.name: c.type for c in await fact_columns(connection, t)} for t in FACTS}


async def _empty_dropped_columns(connection: asyncpg.Connection, migration: Migration) -> set[tuple[str, str]]:
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
        await begin(connection, "migrate", Action.MIGRATE, f"结构变更 {name}")


def _table_of(model_name: str) -> str:
    """Gives a model's table name: migrations name models, and every table is the model's name in snake case."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in model_name).lstrip("_")


async def _stored_name(connection: asyncpg.Connection, table: str, field: str) -> str | None:
    names = {c.name for c in await fact_columns(connection, table)}
    return next((n for n in (field, f"{field}_id") if n in names), None)


async def _refuse_unseen_changes(
    connection: asyncpg.Connection, name: str, before: dict[str, dict[str, str]], emptied: set[tuple[str, str]]
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


async def renew_triggers(connection: asyncpg.Connection) -> None:
    """Makes history tables and triggers fit the fact tables' present columns."""
    for table in FACTS:
        columns: list[FactColumn] = await fact_columns(connection, table)
        if not columns:
            continue
        kept = await fact_columns(connection, table, "history")
        statements = history_statements(table, columns, kept) + trigger_statements(table, columns)
        await connection.execute(";\n".join(statements))
    await connection.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA journal FROM PUBLIC")


async def _make_doors(plan: Plan, connection: asyncpg.Connection) -> None:
    """Makes the doors' views and functions, and grants each role what it may do and nothing else."""
    database = quote(plan.database)
    everyone = ", ".join(quote(role_name(plan.roles_prefix, role)) for role in ROLES)
    await connection.execute(
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {everyone};"
        "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    )
    for door in Door:
        schema, role = door_schema(door), quote(role_name(plan.roles_prefix, door.value))
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.execute(";\n".join(door_statements(door)))
        functions = ", ".join(f"{schema}.{quote(name)}" for name in sorted(functions_of(door)))
        await connection.execute(
            f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC; GRANT USAGE ON SCHEMA {schema} TO {role};"
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}; GRANT EXECUTE ON FUNCTION {functions} TO {role}"
        )
    await _grant_writer(connection, quote(role_name(plan.roles_prefix, WRITER)))


async def _grant_writer(connection: asyncpg.Connection, writer: str) -> None:
    def tables(names: tuple[str, ...]) -> str:
        return ", ".join(f"{TABLES_SCHEMA}.{quote(name)}" for name in names)

    plain = tuple(t.name for t in TABLES if not t.fact and t.name not in REFERENCE_TABLES)
    work = (*plain, *(name for name in HIDDEN if name not in {"reference_state", "access_log", *REFERENCE_TABLES}))
    await connection.execute(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {TABLES_SCHEMA} FROM {writer};"
        f"GRANT USAGE ON SCHEMA {TABLES_SCHEMA}, journal TO {writer};"
        f"GRANT EXECUTE ON FUNCTION journal.begin(text, text, text), journal.today() TO {writer};"
        f"GRANT SELECT, INSERT, UPDATE ON {tables(FACTS)} TO {writer};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables(work)} TO {writer};"
        f"GRANT SELECT, INSERT ON {TABLES_SCHEMA}.access_log TO {writer};"
        f"GRANT SELECT, INSERT, UPDATE ON {TABLES_SCHEMA}.reference_state TO {writer};"
        f"GRANT SELECT ON {tables(REFERENCE_TABLES)} TO {writer}"
    )
