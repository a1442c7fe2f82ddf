"""存取 how records are found and changed in bulk inside a write. Not for deciding what may change: see the services."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from server.database.roles import quote
from server.disclosure.masking import Masking, names
from server.journal.service import Write
from server.records.numbers import EXPRESSION
from server.subjects.service import INDIVIDUAL, PERSON

#: The organ's code and 文号: unique within a table (domain/08 R6).
Key = tuple[str, str]
_TABLES = ("licence", "penalty", "act")


def persons_of(columns: Mapping[str, Any]) -> tuple[str, ...]:
    """Gives the natural persons a record names, one name each: the subject himself, or an individual business's owners;
    never a firm's legal representative, who stands in public registers by his office.
    """
    kind = columns["subject_kind"]
    cell = (
        columns["subject_name"] if kind == PERSON else columns["legal_representative"] if kind == INDIVIDUAL else None
    )
    return () if cell is None else names(cell)


def persons_covered(masking: Masking, row: Mapping[str, Any], columns: Iterable[str]) -> tuple[str, ...]:
    """Gives the names that the public forms of a row in store cover, whoever it named when they were made.

    They outlive the cells they came from: a record that once named a person and now a firm still has them in its text.
    """
    found: dict[str, None] = {}
    for column in columns:
        text, public = row[column], row[f"{column}_public"]
        if text is None or text == public:
            continue
        plain = masking.mask_text(text)
        if len(plain) == len(public):
            found |= dict.fromkeys(plain[m.start() - 1 : m.end()] for m in _COVERED.finditer(_marked(plain, public)))
    return tuple(found)


#: A character kept, then those covered.
_COVERED = re.compile(r"(?<=.)\0+", re.DOTALL)


def _marked(plain: str, public: str) -> str:
    return "".join("\0" if a != b else a for a, b in zip(plain, public, strict=True))


async def public_forms(
    connection: asyncpg.Connection, table: str, ids: Collection[UUID], columns: Collection[str]
) -> list[asyncpg.Record]:
    """Gives id, text and public form of the columns of records in store."""
    listed = ", ".join(f"{quote(c)}, {quote(f'{c}_public')}" for c in columns)
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT id, {listed} FROM {quote(table)} WHERE id = ANY ($1)", list(ids)
    )
    return rows


async def find_by_match(
    connection: asyncpg.Connection, table: str, keys: Iterable[str], columns: Collection[str]
) -> list[asyncpg.Record]:
    """Gives the records in store whose 文号 has one of the match keys, whoever decided, with the columns asked for."""
    listed = ", ".join(map(quote, columns))
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {listed} FROM {quote(table)} WHERE {EXPRESSION} = ANY ($1)", list(keys)
    )
    return rows


#: What an officer or the law has done to a record, that a row under another number must not undo.
_HANDLED = {"licence": "withdrawal IS NOT NULL", "penalty": "(withdrawal IS NOT NULL OR severity_override IS NOT NULL)"}


async def find_handled(
    connection: asyncpg.Connection, table: str, days: Iterable[date], columns: Collection[str]
) -> list[asyncpg.Record]:
    """Gives the records decided on these days that were taken down or classified by hand; they are few."""
    listed = ", ".join(map(quote, columns))
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {listed} FROM {quote(table)} WHERE {_HANDLED[table]} AND decided_on = ANY ($1)", list(days)
    )
    return rows


async def latest_decisions(
    connection: asyncpg.Connection, subject_column: str, subjects: Collection[UUID], without: Collection[UUID]
) -> dict[UUID, date]:
    """Gives the day of the newest decision on each subject, leaving out the records ``without``."""
    each = " UNION ALL ".join(
        f"SELECT {subject_column} AS subject, decided_on FROM {table}"
        f" WHERE {subject_column} = ANY ($1) AND NOT id = ANY ($2)"
        for table in _TABLES
    )
    rows = await connection.fetch(
        f"SELECT subject, max(decided_on) AS newest FROM ({each}) a GROUP BY subject", list(subjects), list(without)
    )
    return {row["subject"]: row["newest"] for row in rows}


async def change(write: Write, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Makes new versions of many records in one statement; all rows carry ``id`` and the same columns."""
    if not rows:
        return
    columns = [quote(c) for c in rows[0] if c != "id"]
    await write.connection.execute(
        f"UPDATE {quote(table)} t SET ({', '.join(columns)}) = ROW ({', '.join(f'r.{c}' for c in columns)})"
        f" FROM jsonb_populate_recordset(NULL::{quote(table)}, $1::jsonb) r WHERE t.id = r.id",
        json.dumps([dict(row) for row in rows], ensure_ascii=False, default=_plain),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
