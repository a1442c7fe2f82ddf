"""界限之二 what the nastiest requests really read: no more rows than they were priced at, on a city with much to skip."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg

from schema.api import registry
from schema.nodes import global_id
from schema.plan.cost import MOST_ROWS, REQUEST
from schema.plan.run import Executor
from server.database.connection import Database
from server.database.roles import literal
from server.errors import CreditError
from server.settings import Address
from server.viewer import PUBLIC
from tests.bench import city, nasty
from tests.support import TrialDatabase

#: Entries of an index that are counted or passed over are told as a row each twenty: see ``schema.plan.cost.COUNT``.
ENTRIES_A_ROW = 20
SUBJECTS = 1_500


class Priced(Database):
    """A database that keeps the statement and its values, and answers nothing: they are explained by hand."""

    def __init__(self) -> None:
        super().__init__(Address("nowhere", 1, "nothing"), "a secret of nobody's, forty characters long")
        self.statements: list[tuple[str, Sequence[Any]]] = []

    async def fetch_text(self, _viewer: Any, sql: str, *args: Any, once: bool = False) -> str:
        self.statements.append((sql, args))
        return "{}"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        items = ",".join("NULL" if one is None else json.dumps(str(one)) for one in value)
        return literal("{" + items + "}")
    return literal(str(value))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def rows_read(node: dict[str, Any]) -> float:
    """Gives the rows that one node of a plan took from a table or an index, those it threw away too."""
    kind = node["Node Type"]
    if not kind.endswith("Scan") or kind in ("Subquery Scan", "Function Scan", "CTE Scan"):
        return 0
    removed = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
    rows = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return float(rows / ENTRIES_A_ROW if kind == "Index Only Scan" else rows)


async def _known(reader: asyncpg.Connection) -> nasty.Known:
    codes = await reader.fetch("SELECT uscc, id FROM enterprise ORDER BY uscc LIMIT 60")
    penalties = await reader.fetch("SELECT id FROM penalty ORDER BY decided_on, id LIMIT 20")
    ids = [global_id("EN", row["id"]) for row in codes[:20]] + [global_id("PE", row["id"]) for row in penalties]
    return nasty.Known(tuple(row["uscc"] for row in codes), tuple(ids))


async def _explain(reader: asyncpg.Connection, sql: str, values: Sequence[Any]) -> float:
    await reader.execute(f"PREPARE explained AS {sql}")
    given = f"({', '.join(map(_literal, values))})" if values else ""
    try:
        plan = json.loads(await reader.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE explained{given}"))
    finally:
        await reader.execute("DEALLOCATE explained")
    return sum(rows_read(node) for node in _walk(plan[0]["Plan"]))


async def test_no_request_of_eight_kilobytes_reads_more_rows_than_it_was_priced_at(database: TrialDatabase) -> None:
    """The price is what limits an unknown asker: where it is too low, eight kilobytes can hold up everybody else.

    Every request of the benchmark's collection is compiled, priced, and where it is not refused explained with the
    public door's own role: what its nodes took from tables and indexes is compared with the price.
    """
    await city.build(database.url, database, SUBJECTS, lambda _table, _rows: None)
    executor, answered, refused, dearer = Executor(registry()), 0, 0, {}
    async with database._reading(PUBLIC.door) as reader:
        for one in nasty.requests(31_415, await _known(reader)):
            priced = Priced()
            try:
                given = json.loads(one.body)
                document = executor.documents.read(given["query"])
                answer = await executor.answer(priced, PUBLIC, document, given.get("variables") or {})
            except (CreditError, ValueError, KeyError, TypeError, RecursionError):
                refused += 1
                continue
            assert answer.rows <= MOST_ROWS, one.name
            for sql, values in priced.statements:
                answered += 1
                read = await _explain(reader, sql, values)
                if read > answer.rows + REQUEST:
                    dearer[one.name] = (round(read), answer.rows)

    assert dearer == {}
    assert answered > 40, "a collection of requests that are all refused proves nothing of the others"
    assert refused > 40
