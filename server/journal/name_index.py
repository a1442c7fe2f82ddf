"""名称索引 keeps ``name_search`` in the transaction that changes a subject, so that who is renamed is found by the new name.

Not for filling a whole index anew (``server/migrate/names.py``), nor for the order of hits (``server/jobs/names.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import asyncpg

from server.database.roles import TABLES_SCHEMA
from server.errors import Conflict

#: Subjects parsed at a time: a revision may hold tens of thousands.
CHUNK = 2_000
#: Letters of an index key: PostgreSQL refuses keys of more than 2,700 bytes, and nobody types as many.
LONGEST = 200
TABLE = f"{TABLES_SCHEMA}.name_search"
#: What a row has of its subject as it is.
COPIED = (
    "name",
    "division_code",
    "sector",
    "state",
    "scope",
    "disclosed_from",
    "disclosed_until",
    "withdrawn_on",
    "source_unit_id",
)
#: The subjects that have names to be found, by the name of their table.
KINDS = {"enterprise": "enterprise_id", "individual_business": "individual_business_id"}
COLUMNS = ("id", "kind", *KINDS.values(), *COPIED, "revision", "rank", "core", "brand", "tokens")
#: Key in ``reference_state`` of the edition of words by which the index was made.
STATE = "names"


async def complete(connection: asyncpg.Connection) -> int:
    """Brings the rows of all subjects that the open revision has changed up to date; gives how many there were.

    Call it after the last change and before the commit, which the database refuses otherwise. Raises ``Conflict`` when
    the index was made by other words than this process has.
    """
    done = after = 0
    while rows := await connection.fetch(_CHANGED, after, CHUNK):
        if done == 0:
            await _refuse_other_words(connection)
        await _bring(connection, rows)
        done, after = done + len(rows), rows[-1]["n"]
    return done


@cache
def edition() -> str:
    """Gives a hash of the code and data that parse names: a row made by another is found by other words."""
    digest = hashlib.sha256()
    folder = Path(__file__).parents[1] / "names"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def search_rows(subjects: Sequence[Mapping[str, Any]], ranks: Iterator[int]) -> list[tuple[Any, ...]]:
    """Gives the rows of ``name_search`` in the order of ``COLUMNS``; who has a ``rank`` keeps it, others take the next."""
    # Only here: the words are large, and most processes write no name.
    from server.names.parts import parse
    from server.names.tokens import filter_tokens, index_tokens

    rows = []
    for subject in subjects:
        name, kind = parse(subject["name"]), subject["kind"]
        filters = filter_tokens(kind, subject["division_code"], subject["sector"], subject["state"])
        rank = next(ranks) if subject["rank"] is None else subject["rank"]
        row = (subject["id"], kind, *(subject["id"] if kind == each else None for each in KINDS))
        row += (*_copied(subject), subject["revision"], rank, name.core[:LONGEST], name.brand[:LONGEST])
        rows.append((*row, [*(t for t in index_tokens(name) if len(t) <= LONGEST), *filters]))
    return rows


async def _refuse_other_words(connection: asyncpg.Connection) -> None:
    stored = await connection.fetchval(f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = $1", STATE)
    if stored != edition():
        raise Conflict("名称词库与数据库中的不同，没有写入。请先运行 python -m server migrate，再重新启动服务。")


async def _bring(connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Copies what may have changed beside the name; writes anew what is found by the name."""
    for kind in KINDS:
        if same := [row["id"] for row in rows if row["same"] and row["kind"] == kind]:
            await connection.execute(_COPY_AGAIN.format(kind=kind), same)
    changed = [row for row in rows if not row["same"]]
    if known := [row["id"] for row in changed if row["rank"] is not None]:
        await connection.execute(f"DELETE FROM {TABLE} WHERE id = ANY ($1)", known)
    if changed:
        last = await connection.fetchval(f"SELECT coalesce(max(rank), 0) FROM {TABLE}")
        last = max([last, *(row["rank"] for row in changed if row["rank"] is not None)])
        await insert(connection, "name_search", search_rows(changed, _following(last)))


async def insert(connection: asyncpg.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Copies rows in the order of ``COLUMNS`` into ``name_search`` or a table of its form."""
    await connection.copy_records_to_table(table, schema_name=TABLES_SCHEMA, columns=COLUMNS, records=rows)


def _following(last: int) -> Iterator[int]:
    """Writes are serial, so that no other takes these ranks."""
    while True:
        last += 1
        yield last


_copied = itemgetter(*COPIED)
_CHANGED = "SELECT * FROM journal.changed_names($1, $2)"
_COPY_AGAIN = (
    f"UPDATE {TABLE} i SET ({', '.join(COPIED)}, revision) = ROW ({', '.join(f's.{c}' for c in COPIED)}, s.revision_from)"
    f" FROM {TABLES_SCHEMA}.{{kind}} s WHERE s.id = i.id AND s.id = ANY ($1)"
)
