"""一大群行 many rows of one kind by ``INSERT … SELECT``: for tests of indexes, which need more rows than are worth naming."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from server.database.roles import quote

#: What a copy must not share with the row it is made from, or must not carry.
_OWN = {"id": "gen_random_uuid()"}
_STAMPED = ("revision_from", "salt")


async def multiply(
    connection: asyncpg.Connection, table: str, pattern: Mapping[str, Any], number: int, **changes: str
) -> None:
    """Copies the stored row ``pattern`` ``number`` times inside an open write; ``changes`` are SQL over ``g``, 1 to number."""
    made = _OWN | changes
    columns = [name for name in pattern if name not in _STAMPED]
    values = ", ".join(made.get(name, f"t.{quote(name)}") for name in columns)
    await connection.execute(
        f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))})"
        f" SELECT {values} FROM {quote(table)} t, generate_series(1, {number}) g WHERE t.id = $1",
        pattern["id"],
    )
