"""索引 the indexes by which the doors read, made by ``migrate`` from one declaration. Not for what keeps rows unique.

Every connection reads along one of them in its own order, whatever filters are given: equal columns first, then the
order, then what else may be asked, then what lets hidden rows be passed over inside the index. Facts that expire have,
for connections at the root, one such index for each choice of filters with the public's rows alone, and one of all rows
for the doors that show others too: there the filters stand beside the order, which spares as many indexes at each
import. Constraints and keys to look rows up by stay in ``migrations/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import asyncpg

from server.database.roles import TABLES_SCHEMA, literal, quote
from server.disclosure.horizon import EXPIRING, public_rows
from server.disclosure.views import INDEX_INCLUDED, INDEX_KEYS, PUBLIC_INDEX_KEYS

#: Every name here begins so; an index of that kind that is no longer declared is dropped.
PREFIX = "read_"


@dataclass(frozen=True, slots=True)
class Index:
    """索引 ``keys`` and ``include`` are SQL; ``where`` makes it partial, ``public`` one of the public's rows alone.

    ``inverted``: by each element of an array, without a pending list, which every search would have to read whole.
    """

    name: str
    table: str
    keys: str
    include: str = ""
    where: str = ""
    public: bool = False
    inverted: bool = False

    def statement(self, horizon: date | None) -> str:
        """Gives the statement that makes it; kept as its comment, so that another declaration or horizon is seen."""
        include = f" INCLUDE ({self.include})" if self.include else ""
        condition = public_rows(horizon) if self.public else self.where
        where = f" WHERE {condition}" if condition else ""
        on = f"{TABLES_SCHEMA}.{quote(self.table)}"
        if self.inverted:
            return f"CREATE INDEX {quote(self.name)} ON {on} USING gin ({self.keys}) WITH (fastupdate = off){where}"
        return f"CREATE INDEX {quote(self.name)} ON {on} ({self.keys}){include}{where}"


def _code_point(column: str) -> str:
    """Connections order text by code point, so that every server agrees; see ``schema.plan.mapping.Key``."""
    return f'{column} COLLATE "C"' if column in ("division_code", "plate", "code") else column


def _read(table: str, *columns: str, beside: tuple[str, ...] = (), where: str = "") -> Index:
    """An index of rows of ``table`` equal in all ``columns`` but the last, which orders them; ties by id."""
    name = PREFIX + "_".join((table, *(column.removesuffix("_id") for column in columns)))
    keys = ", ".join((*map(_code_point, columns), "id", *beside, INDEX_KEYS))
    return Index(name, table, keys, INDEX_INCLUDED, where)


def _root(table: str, day: str, *choices: tuple[str, ...]) -> Iterator[Index]:
    """The indexes of a root connection ordered by ``day``; ``choices`` are the filters that may be given together,
    each with and without the source unit."""
    filters = tuple(dict.fromkeys(column for choice in choices for column in choice))
    keys = ", ".join((day, "id", SOURCE, *filters, INDEX_KEYS))
    yield Index(f"{PREFIX}{table}_all", table, keys, INDEX_INCLUDED)
    for choice in ((), *choices):
        for equal in (choice, (SOURCE, *choice)):
            name = PREFIX + "_".join((table, *(column.removesuffix("_id") for column in equal), day))
            keys = ", ".join((*equal, day, "id", PUBLIC_INDEX_KEYS))
            yield Index(name, table, keys, INDEX_INCLUDED, public=True)


def _plain(table: str, *columns: str, beside: tuple[str, ...] = ()) -> Index:
    """As ``_read`` for rows that have no disclosure of their own."""
    name = PREFIX + "_".join((table, *(column.removesuffix("_id") for column in columns)))
    return Index(name, table, ", ".join((*columns, "id", *beside)))


def _under(table: str, subjects: tuple[str, ...], day: str, *beside: str) -> Iterator[Index]:
    """One index for each kind of subject; what a subject's connection may be filtered by stands beside the order."""
    for subject in subjects:
        yield _read(table, f"{subject}_id", day, beside=beside, where=f"{subject}_id IS NOT NULL")


FIRMS = ("enterprise", "individual_business")
PARTIES = (*FIRMS, "practitioner")
SUBJECTS = (*PARTIES, "vehicle")
SOURCE = "source_unit_id"

INDEXES: tuple[Index, ...] = (
    _read("agency", "division_code"),
    _read("agency", "parent_id", "code"),
    *(_read(firm, "division_code") for firm in FIRMS),
    *(_read(firm, "sector", "division_code") for firm in FIRMS),
    _read("vehicle", "division_code"),
    _read("vehicle", "purpose", "division_code"),
    *(_read("vehicle", f"{firm}_id", "plate", where=f"{firm}_id IS NOT NULL") for firm in FIRMS),
    Index(
        f"{PREFIX}individual_business_registration",
        "individual_business",
        "registration_number",
        where="registration_number IS NOT NULL",
    ),
    # 组织机构代码: nine characters of the code, which older papers give alone.
    *(Index(f"{PREFIX}{firm}_organisation", firm, "substr(uscc, 9, 9)", where="uscc IS NOT NULL") for firm in FIRMS),
    Index(f"{PREFIX}name_search_tokens", "name_search", "tokens", inverted=True),
    # By code point, so that a beginning is a range.
    Index(f"{PREFIX}name_search_core", "name_search", "core text_pattern_ops, rank"),
    Index(f"{PREFIX}name_search_brand", "name_search", "brand, rank"),
    *_root("licence", "decided_on"),
    *_root("penalty", "decided_on"),
    *_root("act", "decided_on", ("kind",)),
    *_under("licence", PARTIES, "decided_on"),
    *_under("penalty", PARTIES, "decided_on"),
    *_under("act", PARTIES, "decided_on", "kind"),
    *_root("rating", "period_until", ("standard",), ("standard", "grade")),
    *_under("rating", SUBJECTS, "period_until", "standard", "grade"),
    _plain("rating_basis", "rating_id"),
    *_root("list_entry", "listed_on", ("kind",)),
    *_under("list_entry", SUBJECTS, "listed_on", "kind"),
    _plain("list_evidence", "list_entry_id"),
    *_root("commitment", "signed_on", ("kind",)),
    *_under("commitment", PARTIES, "signed_on", "kind"),
    _read("benefit_product", "code"),
    *_root("benefit_grant", "granted_on", ("benefit_product_id",)),
    *_under("benefit_grant", PARTIES, "granted_on"),
    _plain("correction", "created_at", beside=("state",)),
    _plain("correction", "batch_id", "row_number", beside=("state",)),
)


def _replaced() -> Iterator[str]:
    """Indexes of migration 0002 for which those above stand."""
    for table in EXPIRING:
        yield f"{table}_by_source"
        subjects = SUBJECTS if table in ("rating", "list_entry") else PARTIES
        yield from (f"{table}_by_{subject}" for subject in subjects)
    yield from ("licence_by_day", "penalty_by_day", "act_by_day", "benefit_grant_by_product")
    yield from ("vehicle_by_enterprise", "vehicle_by_individual_business")
    yield from ("rating_basis_by_rating", "list_evidence_by_entry", "correction_by_batch")


REPLACED: tuple[str, ...] = tuple(_replaced())

_STORED = f"""
SELECT c.relname AS name, obj_description(c.oid, 'pg_class') AS statement, i.indisvalid AND i.indisready AS usable
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = '{TABLES_SCHEMA}'::regnamespace
    AND (starts_with(c.relname, '{PREFIX}') OR c.relname = ANY ($1))
"""


async def make_read_indexes(connection: asyncpg.Connection, horizon: date | None) -> None:
    """Makes what is missing or was declared otherwise, drops what is replaced or no longer declared."""
    missing = {index.name: index for index in INDEXES}
    for row in await connection.fetch(_STORED, list(REPLACED)):
        found = missing.get(row["name"])
        if found is not None and row["statement"] == found.statement(horizon) and row["usable"]:
            del missing[found.name]
        else:
            await connection.execute(f"DROP INDEX {TABLES_SCHEMA}.{quote(row['name'])}")
    for index in missing.values():
        await _make(connection, index, horizon)


async def _make(connection: asyncpg.Connection, index: Index, horizon: date | None) -> None:
    statement = index.statement(horizon)
    await connection.execute(statement)
    await connection.execute(f"COMMENT ON INDEX {TABLES_SCHEMA}.{quote(index.name)} IS {literal(statement)}")


async def make_read_indexes_ahead(connection: asyncpg.Connection, old: date | None, new: date | None) -> None:
    """Makes the indexes that only another horizon changes, and puts the old ones aside for ``make_read_indexes`` to drop.

    Neither holds up a reader, so that a monthly ``migrate`` closes the doors for a moment only; writers wait.
    """
    if old == new or not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", TABLES_SCHEMA):
        return
    stored = {row["name"]: row["statement"] for row in await connection.fetch(_STORED, [])}
    for index in INDEXES:
        if index.public and stored.get(index.name) == index.statement(old):
            name = f"{TABLES_SCHEMA}.{quote(index.name)}"
            aside = f"{PREFIX}{await connection.fetchval('SELECT $1::text::regclass::oid', name)}"
            await connection.execute(f"ALTER INDEX {name} RENAME TO {quote(aside)}")
            await _make(connection, index, new)


async def read_index_faults(connection: asyncpg.Connection, horizon: date | None) -> list[str]:
    """Gives which declared indexes are missing, unusable or others than declared, one Chinese sentence each."""
    stored = {row["name"]: row for row in await connection.fetch(_STORED, list(REPLACED))}
    faults = []
    for index in INDEXES:
        row = stored.pop(index.name, None)
        if row is None:
            faults.append(f"缺少索引 {index.name}，查询会变慢：请运行 python -m server migrate。")
        elif not row["usable"] or row["statement"] != index.statement(horizon):
            faults.append(f"索引 {index.name} 不可用或与声明不符：请运行 python -m server migrate。")
    return faults + [f"索引 {name} 未在声明中，只拖慢写入：请运行 python -m server migrate。" for name in stored]
