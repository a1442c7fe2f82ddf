"""排名次 deals the ranks of all names and counts in how many a token stands, by what the public door shows and nothing else.

To be run every night: names that are new since then stand at the end. Not for parsing names: the rows are taken as they
are. What a name is found by is kept with each write (``server/journal/name_index.py``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from server.database.connection import set_state
from server.database.roles import TABLES_SCHEMA, WRITER, door_schema, quote, role_name
from server.disclosure.columns import FIRMS
from server.disclosure.doors import TABLES, Rows
from server.errors import Conflict
from server.journal.name_index import COLUMNS, TABLE
from server.migrate.config import credentials
from server.migrate.names import ASIDE, DEALT, index_aside_as_declared, make_aside, take_place
from server.migrate.plan import Plan
from server.migrate.service import LOCK
from server.viewer import Door

#: A token of fewer names is not counted: whoever asks takes it for rare.
RAREST = 5
#: How long readers may be kept waiting at once, how long they are left alone after, and how often this is tried.
MOMENT, PAUSE_SECONDS, TRIES = "100ms", 0.3, 100
#: How long to wait for readers that began before the new table was there: none of the doors lets one read for longer.
SNAPSHOT_SECONDS = 60
#: How long to wait for them while writes wait as well: most reads are over by then, and a write gives up after a minute.
HELD_SECONDS = 5

_PUBLIC = door_schema(Door.PUBLIC)
_ASIDE = f"{TABLES_SCHEMA}.{ASIDE}"
_GRAMS = f"{TABLES_SCHEMA}.gram_df_aside"
#: Transactions that may read by an older snapshot. The writer's are none: each of its statements takes a new one.
_READING = (
    "SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'virtualxid'"
    " AND l.granted AND a.datname = current_database() AND a.usename <> $1 AND a.pid <> ALL ($2::int[])"
)
#: What makes a firm known.
_FACTS = tuple(
    t.name for t in TABLES if t.fact and t.rows is Rows.DISCLOSED and {*FIRMS} <= {c.name for c in t.columns}
)


@dataclass(frozen=True, slots=True)
class Dealt:
    """名次: how many names have one, how many of these the public sees, and how many tokens were counted."""

    names: int
    public: int
    tokens: int


def _deal() -> str:
    """Active firms first, then those of which more is public; what is hidden stands behind them all.

    Equals follow their random ids: whatever they have in common, were it the length of their names, would gather names of
    one word far from the first ranks, where common words are looked for.
    """
    facts = " UNION ALL ".join(
        f"SELECT coalesce({', '.join(FIRMS)}) AS id FROM {_PUBLIC}.{quote(table)}" for table in _FACTS
    )
    order = "p.id IS NULL, p.state IS DISTINCT FROM 'active', k.facts DESC NULLS LAST, s.id"
    columns = [c for c in COLUMNS if c != "rank"]
    return (
        f"WITH known AS (SELECT f.id, count(*) AS facts FROM ({facts}) f WHERE f.id IS NOT NULL GROUP BY f.id),"
        f" dealt AS (SELECT s.id, row_number() OVER (ORDER BY {order}) AS rank FROM {TABLE} s"
        f" LEFT JOIN {_PUBLIC}.name_search p ON p.id = s.id LEFT JOIN known k ON k.id = p.id)"
        f" INSERT INTO {_ASIDE} ({', '.join(columns)}, rank)"
        f" SELECT {', '.join(f's.{c}' for c in columns)}, d.rank FROM dealt d JOIN {TABLE} s ON s.id = d.id ORDER BY d.rank"
    )


def _count() -> str:
    """The number of names that hold each token; the empty one is the number of all."""
    return (
        f"INSERT INTO {_GRAMS} SELECT g.gram, count(*) FROM {_PUBLIC}.name_search s, unnest(s.tokens) g (gram)"
        f" WHERE length(g.gram) BETWEEN 1 AND 100 GROUP BY g.gram HAVING count(*) >= {RAREST}"
        f" UNION ALL SELECT '', count(*) FROM {_PUBLIC}.name_search"
    )


def _catch_up() -> str:
    """What was written since revision ``$1`` follows: who was dealt a rank keeps it, who is new stands at the end."""
    columns = [c for c in COLUMNS if c != "rank"]
    newer = ", ".join(f"{c} = excluded.{c}" for c in columns)
    return (
        f"INSERT INTO {_ASIDE} ({', '.join(columns)}, rank) SELECT {', '.join(f's.{c}' for c in columns)},"
        " coalesce(a.rank, $2 + row_number() OVER (ORDER BY a.rank IS NOT NULL, s.rank))"
        f" FROM {TABLE} s LEFT JOIN {_ASIDE} a ON a.id = s.id WHERE s.revision > $1"
        f" ON CONFLICT (id) DO UPDATE SET {newer}"
    )


async def order_names(plan: Plan, *, say: Callable[[str], object] = lambda _: None) -> Dealt:
    """Deals the ranks anew and puts them in place; needs the owner. Writes wait while what came meanwhile is caught up.

    Raises ``Conflict`` when a reader never let the new table in; everything then stands as before.
    """
    connection, aside = await _connect(plan), await _connect(plan)
    work = _Work(connection, aside, role_name(plan.roles_prefix, WRITER))
    try:
        # No migration meanwhile; given back when the connection closes.
        await connection.execute(f"SELECT pg_advisory_lock({LOCK})")
        say("排名次")
        revision = await _build(connection)
        await _older_readers_gone(work, SNAPSHOT_SECONDS)
        await connection.execute(f"VACUUM (ANALYZE) {_ASIDE}")
        say("换上新名次")
        return await _put_in_place(work, revision)
    finally:
        await aside.close()
        # Where the server is gone, the next run or migration clears up.
        if not connection.is_closed():
            await connection.execute(f"DROP TABLE IF EXISTS {_ASIDE}, {_GRAMS}")
            await connection.close()


@dataclass(frozen=True, slots=True)
class _Work:
    """The connection that deals and swaps, the one that commits rows while the first holds writes up, the writer's role."""

    connection: asyncpg.Connection
    aside: asyncpg.Connection
    writer: str


async def _connect(plan: Plan) -> asyncpg.Connection:
    return await asyncpg.connect(
        **credentials(plan.url), server_settings={"search_path": TABLES_SCHEMA, "statement_timeout": "0"}
    )


async def _build(connection: asyncpg.Connection) -> int:
    """Makes the tables aside from one snapshot; gives its revision."""
    async with connection.transaction(isolation="repeatable_read"):
        revision: int = await connection.fetchval("SELECT revision FROM journal.head")
        await connection.execute("SET LOCAL work_mem = '128MB'")
        await make_aside(connection)
        await connection.execute(_deal())
        await index_aside_as_declared(connection)
        await connection.execute(f"DROP TABLE IF EXISTS {_GRAMS}; CREATE TABLE {_GRAMS} (gram text, df integer)")
        await connection.execute(_count())
        return revision


async def _older_readers_gone(work: _Work, seconds: int) -> None:
    """Waits for those who began to read before the rows aside were committed: once in place, they were nowhere for them,
    and whoever asked would be told of no firm.
    """
    own = [work.connection.get_server_pid(), work.aside.get_server_pid()]
    older = {row[0] for row in await work.aside.fetch(_READING, work.writer, own)}
    for _ in range(seconds * 10):
        if not older:
            return
        await asyncio.sleep(0.1)
        older &= {row[0] for row in await work.aside.fetch(_READING, work.writer, own)}


async def _put_in_place(work: _Work, revision: int) -> Dealt:
    connection = work.connection
    async with connection.transaction():
        # Autovacuum would make the exclusive lock wait; readers and writers do not mind this one.
        await connection.execute(f"LOCK TABLE {TABLE}, {_ASIDE} IN SHARE UPDATE EXCLUSIVE MODE")
        await connection.execute("SELECT FROM journal.head FOR UPDATE")
        last: int = await connection.fetchval(f"SELECT coalesce(max(rank), 0) FROM {_ASIDE}")
        # Committed before the swap is, or there would be snapshots that hold these rows in neither table.
        if await work.aside.execute(_catch_up(), revision, last) != "INSERT 0 0":
            await _older_readers_gone(work, HELD_SECONDS)
        await connection.execute(f"DELETE FROM {TABLES_SCHEMA}.gram_df")
        await connection.execute(f"INSERT INTO {TABLES_SCHEMA}.gram_df (gram, df) SELECT gram, df FROM {_GRAMS}")
        at = await connection.fetchval("SELECT now()")
        await set_state(connection, DEALT, json.dumps({"at": at.isoformat(), "last": last}))
        await _swap(connection)
        tokens, public = await connection.fetchrow(
            f"SELECT count(*) - 1, max(df) FILTER (WHERE gram = '') FROM {TABLES_SCHEMA}.gram_df"
        )
    await connection.execute(f"ANALYZE {TABLES_SCHEMA}.gram_df")
    return Dealt(last, public, tokens)


async def _swap(connection: asyncpg.Connection) -> None:
    """Waits for a moment in which no reader holds the views: whoever comes while it waits is kept waiting too."""
    for _ in range(TRIES):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{MOMENT}'")
                await take_place(connection, doors=True)
                return
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(PAUSE_SECONDS)
    raise Conflict("一直有查询占用名称索引，新名次没有换上，原来的照旧。请稍后（最好在夜间）再试。")
