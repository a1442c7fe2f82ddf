"""迁移 brings a database to what this checkout declares, in one transaction. Not for serving.

Order: roles → drop doors → migrations one by one (each with its history and triggers) → reference data → doors and
grants → check. Readers wait for the commit; a failure anywhere leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any, cast

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.transactions import in_transaction

from server.database.connection import set_state
from server.database.roles import (
    ROLES,
    TABLES_SCHEMA,
    create_statements,
    door_schema,
    role_name,
    setting_statements,
)
from server.disclosure.doors import FACTS
from server.errors import WrongSetting
from server.journal.actions import Action
from server.journal.triggers import (
    FactColumn,
    fact_columns,
    function_statements,
    history_statements,
    seal_statements,
    trigger_statements,
)
from server.migrate.check import structure_faults
from server.migrate.columns import all_fact_columns, empty_dropped_columns, index_builds, refuse_unseen_changes
from server.migrate.config import APP, CONNECTION, MODELS, credentials, tortoise_config
from server.migrate.doors import clock_functions, make_doors
from server.migrate.history import make_indexes
from server.migrate.horizon import refuse_day_before, store_horizon, stored_horizon, wanted_horizon
from server.migrate.indexes import make_read_indexes, make_read_indexes_ahead
from server.migrate.names import bring_names, make_names_ahead
from server.migrate.plan import Plan, fingerprint, set_trial_day
from server.migrate.reference import load_reference
from server.viewer import Door

#: Two migrations at once wait for each other; the number is ours alone in the database.
LOCK = 0x78696E7475


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


async def _run(plan: Plan, connection: asyncpg.Connection, transaction: Any, say: Callable[[str], object]) -> list[str]:
    horizon = await wanted_horizon(connection, trial=plan.trial, asked=plan.horizon)
    if plan.trial:
        await refuse_day_before(connection, plan.today, horizon)
    say("角色与架构")
    await _ensure_roles(plan, connection)
    # Before the doors are taken down: so long as indexes are built and names parsed, the public still reads.
    await make_read_indexes_ahead(connection, await stored_horizon(connection), horizon)
    await make_names_ahead(connection, say=say)
    await _ensure_schemas(plan, connection)
    say("数据表")
    after = await _run_migrations(plan, connection, transaction, say)
    say("历史版本与触发器")
    await renew_triggers(connection)
    await make_indexes(connection)
    say("索引")
    await bring_names(connection, say=say)
    await make_read_indexes(connection, horizon)
    say("规则与目录")
    await load_reference(connection, plan.rules_dir)
    say("门与权限")
    await make_doors(connection, plan.database, plan.roles_prefix, horizon)
    await store_horizon(connection, horizon)
    await set_state(connection, "fingerprint", fingerprint(plan))
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
    for file in ("tables.sql", "functions.sql"):
        await connection.execute(resources.files("server.journal").joinpath(file).read_text("utf-8"))
    await connection.execute(";\n".join(seal_statements()))
    for action in Action:
        await connection.execute("INSERT INTO journal.action VALUES ($1) ON CONFLICT DO NOTHING", action.value)
    await connection.execute(clock_functions(plan.trial))


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
    empty = not any((await all_fact_columns(connection)).values())
    if pending and empty and all(step.migration.atomic for step in pending):
        # Nothing is there whose history could be lost, and Tortoise builds its state anew at each call.
        say(f"  {pending[0].migration.name} … {pending[-1].migration.name}")
        await executor.migrate([MigrationTarget(APP, "__latest__")])
        return []
    after: list[str] = []
    for step in pending:
        if not step.migration.atomic:
            after += index_builds(step.migration)
            await executor.recorder.record_applied(APP, step.migration.name)
            continue
        if after:
            raise WrongSetting(f"迁移 {step.migration.name} 排在提交后才建的索引之后。请把建索引的迁移移到最后。")
        say(f"  {step.migration.name}")
        before = await all_fact_columns(connection)
        emptied = await empty_dropped_columns(connection, step.migration)
        await executor.migrate([MigrationTarget(APP, step.migration.name)])
        await refuse_unseen_changes(connection, step.migration.name, before, emptied)
        await renew_triggers(connection)
    return after


async def renew_triggers(connection: asyncpg.Connection) -> None:
    """Makes history tables and triggers fit the fact tables' present columns."""
    for table in FACTS:
        columns: list[FactColumn] = await fact_columns(connection, table)
        if not columns:
            continue
        kept = await fact_columns(connection, table, "history")
        statements = history_statements(table, columns, kept) + function_statements(table, columns)
        statements += trigger_statements(table)
        await connection.execute(";\n".join(statements))
    await connection.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA journal FROM PUBLIC")
