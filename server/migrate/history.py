"""历史索引 the indexes by which superseded versions are found under one subject; ``migrate`` makes them, ``check`` looks.

Not for the history tables themselves: see ``server/journal/triggers.py``. Not for the indexes of current rows.
"""

from __future__ import annotations

import asyncpg

from server.database.roles import quote
from server.disclosure.doors import FACTS
from server.disclosure.past import history_keys

INDEXES = """
SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS body, i.indisvalid AS valid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'history'
"""


def index_definitions() -> dict[str, str]:
    """Gives every index by its name, in the words in which PostgreSQL prints it."""
    found = {}
    for table in FACTS:
        for columns in history_keys(table):
            name = f"{table}_by_{'_'.join(column.removesuffix('_id') for column in columns)}"
            found[name] = f"CREATE INDEX {name} ON history.{table} USING btree ({', '.join(columns)})"
    return found


async def make_indexes(connection: asyncpg.Connection) -> None:
    """Makes the indexes that are not there, of a new database and of an old one, and those that are not as declared."""
    real = {row["name"]: row["body"] for row in await connection.fetch(INDEXES)}
    for name, body in index_definitions().items():
        if real.get(name) == body:
            continue
        await connection.execute(f"DROP INDEX IF EXISTS history.{quote(name)}")
        await connection.execute(body)


async def index_faults(connection: asyncpg.Connection) -> list[str]:
    """Gives the indexes that are missing or not as declared, one Chinese sentence each."""
    real = {row["name"]: row["body"] for row in await connection.fetch(INDEXES) if row["valid"]}
    return [
        f"历史表的索引 history.{name} 缺失或与声明不符，查询过去会很慢：请运行 python -m server migrate。"
        for name, body in index_definitions().items()
        if real.get(name) != body
    ]
