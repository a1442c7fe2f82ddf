"""门与权限 makes the doors' schemas, views, functions and clocks, and grants each role what it may do, nothing else.

Not for what a view says: see ``server/disclosure/views.py``.
"""

from __future__ import annotations

from datetime import date

import asyncpg

from server.database.roles import ROLES, TABLES_SCHEMA, WRITER, door_schema, quote, role_name
from server.disclosure import views
from server.disclosure.doors import FACTS, HIDDEN, TABLES, Rows
from server.search.functions import search_functions, search_statements
from server.viewer import Door

#: What the service adds to and never takes back, or it could forget whom it let see what, and how often.
LOGS = ("access_log", "attempt")
REFERENCE_TABLES = (*(t.name for t in TABLES if t.rows is Rows.REFERENCE), "roof_light_star")


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
        f"{prepare} {clock_view(trial)};"
        f" CREATE OR REPLACE FUNCTION journal.moment() RETURNS timestamptz {head.format('VOLATILE', moment)}"
        f" CREATE OR REPLACE FUNCTION journal.today() RETURNS date {head.format('STABLE', today)}"
        " REVOKE ALL ON FUNCTION journal.moment(), journal.today() FROM PUBLIC"
    )


def clock_view(trial: bool, schema: str = "journal") -> str:
    """Gives the statement that makes the day of a read as a view: the planner spreads it, where each call of
    ``journal.today()`` takes as long as reading a row, and a page's statement asks for the day sixty times.
    """
    real = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
    today = f"coalesce(t.day, {real}) AS today FROM journal.trial t" if trial else f"{real} AS today"
    return f"CREATE OR REPLACE VIEW {schema}.clock AS SELECT {today}"


def door_statements(door: Door, horizon: date | None) -> list[str]:
    """Gives the statements that make one door anew in its (empty) schema: its views, then what searches in them."""
    return [*views.door_statements(door, horizon), *search_statements(door)]


def functions_of(door: Door) -> frozenset[str]:
    """Gives the names of all functions a door's role may call."""
    return views.functions_of(door) | search_functions(door)


async def make_doors(connection: asyncpg.Connection, database: str, prefix: str, horizon: date | None) -> None:
    """Makes the doors' views and functions, and grants each role what it may do and nothing else."""
    name = quote(database)
    everyone = ", ".join(quote(role_name(prefix, role)) for role in ROLES)
    await connection.execute(
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {everyone};"
        "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    )
    for door in Door:
        schema, role = door_schema(door), quote(role_name(prefix, door.value))
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.execute(";\n".join(door_statements(door, horizon)))
        functions = ", ".join(f"{schema}.{quote(name)}" for name in sorted(functions_of(door)))
        await connection.execute(
            f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC; GRANT USAGE ON SCHEMA {schema} TO {role};"
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}; GRANT EXECUTE ON FUNCTION {functions} TO {role}"
        )
    await _grant_writer(connection, quote(role_name(prefix, WRITER)))


async def _grant_writer(connection: asyncpg.Connection, writer: str) -> None:
    def tables(names: tuple[str, ...]) -> str:
        return ", ".join(f"{TABLES_SCHEMA}.{quote(name)}" for name in names)

    plain = tuple(t.name for t in TABLES if not t.fact and t.name not in REFERENCE_TABLES)
    work = (*plain, *(name for name in HIDDEN if name not in {"reference_state", *LOGS, *REFERENCE_TABLES}))
    await connection.execute(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {TABLES_SCHEMA} FROM {writer};"
        f"GRANT USAGE ON SCHEMA {TABLES_SCHEMA}, journal TO {writer};"
        f"GRANT EXECUTE ON FUNCTION journal.begin(text, text, text), journal.changed_names(bigint, integer),"
        f" journal.today() TO {writer};"
        f"GRANT SELECT, INSERT, UPDATE ON {tables(FACTS)} TO {writer};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables(work)} TO {writer};"
        f"GRANT SELECT, INSERT ON {tables(LOGS)} TO {writer};"
        f"GRANT SELECT, INSERT, UPDATE ON {TABLES_SCHEMA}.reference_state TO {writer};"
        f"GRANT SELECT ON {tables(REFERENCE_TABLES)} TO {writer}"
    )
