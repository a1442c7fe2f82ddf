"""名称索引的重建与核对 makes ``name_search`` anew beside the one that is read, puts it in its place, and says what is wrong.

Readers are held up only while the new table takes the old one's place. Not for keeping it with each write:
``server/journal/name_index.py``. Not for the order of hits: ``server/jobs/names.py``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from server.database.connection import set_state
from server.database.roles import TABLES_SCHEMA, literal, quote
from server.disclosure.doors import BY_NAME
from server.disclosure.views import READING_DOORS, view_statement
from server.journal.name_index import COPIED, KINDS, STATE, TABLE, complete, edition, insert, search_rows
from server.journal.triggers import fact_columns
from server.migrate.indexes import INDEXES

ASIDE = "name_search_aside"
#: Begins the names of its indexes until it takes the place.
_PREFIX = "aside_"
#: Names parsed at a time, and how many until the next word of progress.
CHUNK, TELL = 5_000, 100_000
#: Key in ``reference_state`` of the last dealing: when, and the last rank dealt.
DEALT = "names_dealt"
#: Fewer names than these are found in any order; of more, so many may follow at the end of the ranks.
FEW, SHARE = 1_000, 0.2
#: Older than this, the nightly job was forgotten.
OLD_DAYS = 14

_SUBJECTS = " UNION ALL ".join(
    f"SELECT '{kind}' AS kind, id, {', '.join(COPIED)}, revision_from AS revision FROM {TABLES_SCHEMA}.{kind}"
    for kind in KINDS
)
_INDEXES = """
SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS statement, i.indisprimary AS "primary",
    quote_nullable(obj_description(c.oid, 'pg_class')) AS comment
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::text::regclass ORDER BY 1
"""
_GRANTS = f"""
SELECT a.grantee::regrole::text AS grantee, string_agg(a.privilege_type, ', ') AS held
FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = '{TABLE}'::regclass AND a.grantee <> c.relowner GROUP BY 1
"""


async def bring_names(connection: asyncpg.Connection, *, say: Callable[[str], object]) -> None:
    """Makes the index fit the subjects and this checkout's words, inside ``migrate``'s transaction; the doors are down."""
    made = await fact_columns(connection, ASIDE)
    if made != await fact_columns(connection, "name_search") if made else await outdated(connection):
        await fill_aside(connection, say=say)
        made = await fact_columns(connection, ASIDE)
    if made:
        await take_place(connection, doors=False)
    await set_state(connection, STATE, edition())
    if await connection.fetchval("SELECT xact = pg_current_xact_id_if_assigned() FROM journal.head"):
        await complete(connection)


async def make_names_ahead(connection: asyncpg.Connection, *, say: Callable[[str], object]) -> None:
    """Does the long part of ``bring_names`` while the public still reads; fact writes wait from here on."""
    if not await fact_columns(connection, "name_search"):
        return
    await connection.execute(f"DROP TABLE IF EXISTS {TABLES_SCHEMA}.{ASIDE}")
    await connection.execute("SELECT FROM journal.head FOR UPDATE")
    if await outdated(connection):
        await fill_aside(connection, say=say)


async def outdated(connection: asyncpg.Connection) -> bool:
    """Says whether the index was made by other words, or does not fit the subjects."""
    stored = await connection.fetchval(f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = $1", STATE)
    if stored is not None and stored != edition():
        return True
    return any(await _differences(connection))


async def _differences(connection: asyncpg.Connection) -> asyncpg.Record:
    """Counts subjects without a row, rows without a subject, and rows that are not as their subject."""
    columns = ("kind", *COPIED, "revision")
    subject, row = (", ".join(f"{alias}.{c}" for c in columns) for alias in "si")
    return await connection.fetchrow(
        f"SELECT count(*) FILTER (WHERE i.id IS NULL) AS missing, count(*) FILTER (WHERE s.id IS NULL) AS excess,"
        f" count(*) FILTER (WHERE s.id = i.id AND ({subject}) IS DISTINCT FROM ({row})) AS other"
        f" FROM ({_SUBJECTS}) s FULL JOIN {TABLE} i ON i.id = s.id"
    )


async def name_faults(connection: asyncpg.Connection) -> list[str]:
    """Gives what is wrong with the index, one Chinese sentence each; empty when every name is found as it stands."""
    remedy = "请查明原因，再运行 python -m server migrate 重建。"
    missing, excess, other = await _differences(connection)
    faults = [f"名称索引缺少 {missing} 个主体，检索不到它们：{remedy}"] if missing else []
    faults += [f"名称索引多出 {excess} 行没有主体的名称：{remedy}"] if excess else []
    faults += [f"名称索引有 {other} 行的名称、状态、公示日期等与主体不符：{remedy}"] if other else []
    stored = await connection.fetchval(f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = $1", STATE)
    if stored != edition():
        faults.append("名称索引是按另一版名称词库建的，会漏掉名称：请运行 python -m server migrate 重建。")
    return faults


async def dealing_notices(connection: asyncpg.Connection) -> list[str]:
    """Says that ranks were dealt too long ago. No fault: every name is found, only not in the best order, nor so soon."""
    text = await connection.fetchval(f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = $1", DEALT)
    dealt: dict[str, Any] = json.loads(text) if text else {"last": 0}
    names, new, now = await connection.fetchrow(
        f"SELECT count(*), count(*) FILTER (WHERE rank > $1), now() FROM {TABLE}", dealt["last"]
    )
    days: int | None = (now - datetime.fromisoformat(dealt["at"])).days if text else None
    if names < FEW or (new <= SHARE * names and days is not None and days <= OLD_DAYS):
        return []
    since = "尚未排过名次" if days is None else f"上次排名次是 {days} 天前，此后新增 {new} 个"
    return [
        f"提示：{names} 个名称{since}，检索的先后次序和速度都会变差：请每晚运行一次 python -m server job order-names。"
    ]


async def make_aside(connection: asyncpg.Connection) -> None:
    """Makes an empty table of the same form beside ``name_search``, still without indexes."""
    aside = f"{TABLES_SCHEMA}.{ASIDE}"
    await connection.execute(
        f"DROP TABLE IF EXISTS {aside};"
        f"CREATE TABLE {aside} (LIKE {TABLE} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)"
    )
    comment = await connection.fetchval(f"SELECT quote_literal(obj_description('{TABLE}'::regclass, 'pg_class'))")
    await connection.execute(f"COMMENT ON TABLE {aside} IS {comment or 'NULL'}")
    for grant in await connection.fetch(_GRANTS):
        await connection.execute(f"GRANT {grant['held']} ON {aside} TO {grant['grantee']}")


async def index_aside(connection: asyncpg.Connection) -> None:
    """Gives the filled table the indexes of ``name_search``; a sort in memory makes them some times sooner."""
    await connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for index in await connection.fetch(_INDEXES, TABLE):
        name = _PREFIX + index["name"]
        await connection.execute(
            index["statement"].replace(
                f" INDEX {index['name']} ON {TABLE} ", f" INDEX {name} ON {TABLES_SCHEMA}.{ASIDE} "
            )
        )
        await connection.execute(f"COMMENT ON INDEX {TABLES_SCHEMA}.{quote(name)} IS {index['comment']}")
        if index["primary"]:
            await connection.execute(
                f"ALTER TABLE {TABLES_SCHEMA}.{ASIDE} ADD CONSTRAINT {quote(name)} PRIMARY KEY USING INDEX {quote(name)}"
            )
    await connection.execute(f"ANALYZE {TABLES_SCHEMA}.{ASIDE}")


async def index_aside_as_declared(connection: asyncpg.Connection) -> None:
    """Does the same, and makes the indexes that are declared but were left away while very many names were written."""
    await index_aside(connection)
    standing = {index["name"] for index in await connection.fetch(_INDEXES, TABLE)}
    for index in INDEXES:
        if index.table == "name_search" and index.name not in standing:
            aside = replace(index, name=_PREFIX + index.name, table=ASIDE)
            await connection.execute(aside.statement(None))
            comment = literal(index.statement(None))
            await connection.execute(f"COMMENT ON INDEX {TABLES_SCHEMA}.{quote(aside.name)} IS {comment}")


async def fill_aside(connection: asyncpg.Connection, *, say: Callable[[str], object]) -> None:
    """Parses every subject's name anew, in the order of the present ranks; needs the journal's head, so that none is new."""
    await make_aside(connection)
    await connection.execute(
        f"DECLARE all_names NO SCROLL CURSOR FOR SELECT s.*, NULL::int AS rank FROM ({_SUBJECTS}) s"
        f" LEFT JOIN {TABLE} i ON i.id = s.id ORDER BY i.rank NULLS LAST, s.id"
    )
    ranks, done = itertools.count(1), 0
    while rows := await connection.fetch(f"FETCH {CHUNK} FROM all_names"):
        await insert(connection, ASIDE, search_rows(rows, ranks))
        done += len(rows)
        if done % TELL == 0:
            say(f"  名称索引：已处理 {done} 个名称")
    await connection.execute("CLOSE all_names")
    await index_aside(connection)


async def take_place(connection: asyncpg.Connection, *, doors: bool) -> None:
    """Puts the table made aside in the place of ``name_search``; with ``doors`` the views there are follow it."""
    indexes = await connection.fetch(_INDEXES, f"{TABLES_SCHEMA}.{ASIDE}")
    if doors:
        for door in READING_DOORS:
            statement = view_statement(door, BY_NAME["name_search"], None).replace("CREATE", "CREATE OR REPLACE", 1)
            await connection.execute(statement.replace(f'{TABLES_SCHEMA}."name_search"', f"{TABLES_SCHEMA}.{ASIDE}"))
    await connection.execute(f"DROP TABLE {TABLE}; ALTER TABLE {TABLES_SCHEMA}.{ASIDE} RENAME TO name_search")
    for index in indexes:
        name = quote(index["name"].removeprefix(_PREFIX))
        await connection.execute(f"ALTER INDEX {TABLES_SCHEMA}.{quote(index['name'])} RENAME TO {name}")
