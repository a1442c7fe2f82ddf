"""索引: every connection reads in its own order along an index, whatever it is filtered by, and passes over hidden rows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLObjectType

from schema.api import registry
from schema.plan.mapping import Key, Page
from schema.plan.registry import arguments
from schema.plan.run import Executor
from server.database.roles import literal, role_name, role_password
from server.disclosure.doors import FACTS
from server.migrate.indexes import INDEXES, make_read_indexes, read_index_faults
from server.viewer import PUBLIC, Viewer
from tests import factory as make
from tests.crowd import multiply
from tests.support import SECRET, TrialDatabase

#: Rows that are long expired, and rows that are shown: what a bureau has of a kind after some years.
EXPIRED, SHOWN = 2_000, 50
MANY = 20_000
PAGE = 5
#: Rows a page may fetch and throw away: the one beyond the page.
BESIDE = 2
FIRM = "91370117MA0000001L"
FILTERS: dict[str, str] = {
    "division": '"3701"',
    "sector": '"道路货运"',
    "purpose": "FREIGHT",
    "agency": '"370117"',
    "standard": '"taxi_driver"',
    "grade": '"AAA"',
    "year": "2025",
    "quarter": '"2026Q2"',
    "product": '"XYX"',
    "decidedFrom": '"2020-01-01"',
    "decidedTo": '"2026-06-30"',
    "listedFrom": '"2020-01-01"',
    "listedTo": '"2026-06-30"',
    "signedFrom": '"2020-01-01"',
    "signedTo": '"2026-06-30"',
    "grantedFrom": '"2020-01-01"',
    "grantedTo": '"2026-06-30"',
}
KINDS = {"acts": "INSPECTION", "listEntries": "OVERLOAD", "commitments": "VOLUNTARY"}
UNREACHABLE = "Query.corrections is the own agency's only: the public door finds nothing there"


@dataclass
class Asked:
    """A database that keeps the statements it is asked, instead of a mock: they are run by hand, and explained."""

    statements: list[tuple[str, Sequence[Any]]] = field(default_factory=list)

    async def fetch_text(self, _viewer: Any, sql: str, *args: Any, once: bool = False) -> str:
        self.statements.append((sql, args))
        return "{}"


async def statement(text: str, viewer: Viewer) -> tuple[str, Sequence[Any]]:
    """Gives the one statement that a document becomes, and its values."""
    executor, asked = Executor(registry()), Asked()
    await executor.answer(asked, viewer, executor.documents.read(text), {})  # type: ignore[arg-type]
    return asked.statements[0]


@dataclass(frozen=True)
class Explained:
    """What a door did for one statement, with the generic plan that its role is bound to."""

    nodes: list[dict[str, Any]]
    buffers: int

    @property
    def sorted(self) -> int:
        """The most rows that were sorted at once."""
        return max((n["Actual Rows"] for n in self.nodes if n["Node Type"].endswith("Sort")), default=0)

    @property
    def thrown_away(self) -> int:
        """Rows of facts fetched and then left out."""
        return sum(self.left_out.values())

    @property
    def left_out(self) -> dict[str, int]:
        """The same by where and why; reference tables are a page or two each and do not count."""
        names = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
        found = {}
        for node in self.nodes:
            if node.get("Relation Name", FACTS[0]) in FACTS:
                where = f"{node.get('Index Name', node['Node Type'])} {node.get('Filter', node.get('Join Filter'))}"
                found[where] = sum(int(node.get(name, 0) * node["Actual Loops"]) for name in names)
        return {where: rows for where, rows in found.items() if rows}

    @property
    def whole_tables(self) -> list[str]:
        """Tables of facts read from end to end, or through an index without its order."""
        bad = [node for node in self.nodes if node["Node Type"] in ("Seq Scan", "Bitmap Heap Scan")]
        return [node["Relation Name"] for node in bad if node["Actual Loops"] and node["Relation Name"] in FACTS]

    @property
    def indexes(self) -> set[str]:
        """The indexes that were read."""
        return {node["Index Name"] for node in self.nodes if "Index Name" in node and node["Actual Loops"]}


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


async def explain(reader: asyncpg.Connection, text: str, viewer: Viewer = PUBLIC) -> Explained:
    """Runs the statement of a document as the role of the viewer's door and tells how."""
    sql, values = await statement(text, viewer)
    given = ", ".join("NULL" if value is None else literal(str(value)) for value in values)
    await reader.execute(f"PREPARE explained AS {sql}")
    try:
        found = await reader.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE explained({given})")
    finally:
        await reader.execute("DEALLOCATE explained")
    plan = json.loads(found)[0]["Plan"]
    return Explained(list(_walk(plan)), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture
async def reader(database: TrialDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the public door's own role, with that role's own settings."""
    name = role_name(database.prefix, "public")
    connection = await asyncpg.connect(
        host=database.address.host,
        port=database.address.port,
        database=database.address.database,
        user=name,
        password=role_password(SECRET, name),
        statement_cache_size=0,
    )
    try:
        yield connection
    finally:
        await connection.close()


class Crowd:
    """一大群 rows of every kind: nearly all expired years ago, some shown, all of one agency, one firm and one kind."""

    def __init__(self, write: Any, home: UUID, firm: UUID) -> None:
        self.write, self.home, self.firm = write, home, firm

    async def add(self, table: str, row: make.Row, day: str | None, expired: int = EXPIRED, **changes: str) -> None:
        """Copies a shown row: first ``expired`` ones that are not shown any more, then the shown ones."""
        await make.put(self.write, table, row)
        old, new = dict(changes), {name: sql.replace("g", "(g + 1000000)") for name, sql in changes.items()}
        if day is not None:
            old[day], new[day] = "date '2021-01-01' + g % 1000", "date '2026-06-10' - g % 60"
        await multiply(
            self.write.connection,
            table,
            row,
            expired,
            disclosed_from="date '2021-01-01'",
            disclosed_until="date '2024-01-01'",
            **old,
        )
        await multiply(self.write.connection, table, row, SHOWN, **new)


async def build(database: TrialDatabase, penalties: int = EXPIRED, acts: int = EXPIRED) -> None:
    """Fills every table that a connection reads."""
    async with make.sample_write(database) as write:
        bureau = make.agency()
        await make.put(write, "agency", bureau)
        home = bureau["id"]
        firm = make.enterprise(home, FIRM, sector="道路货运")
        crowd = Crowd(write, home, firm["id"])
        await crowd.add("enterprise", firm, None, uscc="'E' || g")
        of_firm: dict[str, Any] = {"enterprise_id": firm["id"]}
        shop = make.individual_business(home, sector="道路货运")
        await crowd.add("individual_business", shop, None, uscc="'S' || g")
        await crowd.add("agency", make.agency("370117-01", bureau), None, code="'A' || g")
        await crowd.add("vehicle", make.vehicle(home, **of_firm), None, plate="'V' || g")
        number = "'N' || g"
        await crowd.add("licence", make.licence(home, **of_firm), "decided_on", document_number=number)
        await crowd.add("penalty", make.penalty(home, **of_firm), "decided_on", penalties, document_number=number)
        await crowd.add("act", make.act(home, **of_firm), "decided_on", acts, document_number=number)
        rating = make.rating(home, standard="taxi_driver", **of_firm)
        days = {"period_from": "date '1900-01-01' + g", "period_until": "date '2025-12-31' - g % 300"}
        days["grade"] = "(ARRAY['AAA', 'AA', 'A', 'B'])[1 + g % 4]"
        await crowd.add("rating", rating, "effective_from", **days)
        await crowd.add("list_entry", make.list_entry(home, **of_firm), "listed_on")
        await crowd.add("commitment", make.commitment(home, **of_firm), "signed_on")
        product = make.benefit_product(home)
        await crowd.add("benefit_product", product, None, code="'P' || g")
        await crowd.add("benefit_grant", make.benefit_grant(home, product["id"], **of_firm), "granted_on")
    await database.as_owner("ANALYZE")


def connections(type_name: str) -> dict[str, Page]:
    """Gives the connections of a type by field name, but those of other readers than the public, and those that are the
    rows of a call: what a search reads is bounded by its function and measured by the benchmark.
    """
    kind = registry().schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    found = {name: registry().mapping(type_name, name) for name in kind.fields}
    return {
        n: m
        for n, m in found.items()
        if isinstance(m, Page) and m.source is None and f"{type_name}.{n}" not in UNREACHABLE
    }


def filtered(type_name: str, name: str, page: Page) -> list[str]:
    """Gives every combination of filters that the schema allows, as GraphQL arguments."""
    definition = registry().schema.type_map[type_name].fields[name]  # type: ignore[union-attr]
    names = {own: key for own, (key, _) in arguments(definition).items()}
    filters = [one for one, _ in page.filters]
    found = []
    for size in range(len(filters) + 1):
        for chosen in combinations(filters, size):
            if all(need in chosen for one, need in page.needs if one in chosen):
                found.append(
                    ", ".join(
                        f"{names[one]}: {KINDS[name] if one == 'kind' else FILTERS[names[one]]}" for one in chosen
                    )
                )
    return found


def cursor(key: Key) -> str:
    """Gives a cursor that stands between the expired and the shown rows, or before all rows of a division."""
    value = "2025-06-01" if key.sql_type == "date" else "37011"
    text = f"{value}|00000000-0000-4000-8000-000000000000"
    return base64.urlsafe_b64encode(text.encode()).decode()


async def faults(reader: asyncpg.Connection, type_name: str, name: str, before: str, after: str) -> list[str]:
    """Reads a connection in every way and tells where it sorts, throws rows away or reads a table whole."""
    page, found = connections(type_name)[name], []
    at = cursor(page.key)
    for filters in filtered(type_name, name, page):
        ways = [f"first: {PAGE}", f"last: {PAGE}", f'first: {PAGE}, after: "{at}"', f'last: {PAGE}, before: "{at}"']
        for way in ways:
            field = f"{name}({', '.join(filter(None, (way, filters)))})"
            edges = "pageInfo { hasNextPage hasPreviousPage } edges { cursor node { id disclosure { until } } }"
            if name in ("enterprises", "individualBusinesses", "vehicles", "agencies"):
                edges = "pageInfo { hasNextPage hasPreviousPage } edges { cursor node { id } }"
            told = await explain(reader, f"{before}{field} {{ {edges} }}{after}")
            if told.sorted > PAGE + 1 or told.thrown_away > BESIDE or told.whole_tables:
                found.append(f"{field}: sorts {told.sorted}, throws away {told.left_out}, whole {told.whole_tables}")
        told = await explain(reader, f"{before}{name}{f'({filters})' if filters else ''} {{ totalCount }}{after}")
        if told.thrown_away > BESIDE or told.whole_tables:
            found.append(f"{name}({filters}) counting: throws away {told.left_out}, whole {told.whole_tables}")
    return found


def test_every_connection_under_a_row_has_an_index_that_begins_with_that_row_and_its_order() -> None:
    """The next kind of subject, or the next connection, would otherwise be read by skimming a table."""
    keys = [" ".join((index.table, index.keys)) for index in INDEXES]
    missing, seen = [], 0
    for (type_name, name), page in registry().mappings.items():
        owner = re.match(r"\{item\}\.(\w+) = \{row\}\.id", page.where) if isinstance(page, Page) else None
        if isinstance(page, Page) and owner is not None:
            seen += 1
            order = page.key.of("").removeprefix(".")
            wanted = f" {owner[1]}, {order}, id" if page.key.name != "id" else f" {owner[1]}, id"
            item = registry().schema.type_map[type_name].fields[name].type.of_type.name  # type: ignore[union-attr]
            view = registry().rows[item.removesuffix("Connection")].view
            if not any(key.startswith(view + wanted) for key in keys):
                missing.append(f"{type_name}.{name}: {view}{wanted}")
    assert missing == []
    assert seen > 25


async def test_every_root_connection_reads_along_an_index_with_any_filters(
    database: TrialDatabase, reader: asyncpg.Connection
) -> None:
    """One combination that sorts or skims a table is one request that stops the service for everybody."""
    await build(database)
    found = []
    for name in connections("Query"):
        found += await faults(reader, "Query", name, "{ ", " }")
    assert found == [], "\n".join(found)


async def test_every_connection_of_a_subject_and_every_count_reads_along_an_index(
    database: TrialDatabase, reader: asyncpg.Connection
) -> None:
    """A bus company has more expired penalties than a county has firms; a chart asks for twenty-four counts at once."""
    await build(database)
    found = []
    for name in connections("Enterprise"):
        found += await faults(reader, "Enterprise", name, f'{{ enterprise(uscc: "{FIRM}") {{ ', " } }")
    assert found == [], "\n".join(found)
    for kind in ("LICENCE", "PENALTY", "INSPECTION"):
        counts = f"""recordCounts(kind: {kind}, fromMonth: "2024-07", months: 24) {{ month count capped }}
          ratingCounts(standard: "taxi_driver", fromYear: 2024, years: 2) {{ year grade count capped }}"""
        for text in (f"{{ {counts} }}", f'{{ agency(code: "370117") {{ {counts} }} }}'):
            told = await explain(reader, text)
            assert (told.left_out, told.whole_tables) == ({}, []), text


async def test_twenty_thousand_hidden_rows_and_rows_of_another_kind_are_passed_over_inside_the_index(
    database: TrialDatabase, reader: asyncpg.Connection
) -> None:
    """Nearly all penalties are expired, and ``last`` begins where they lie; a bus company is inspected every day and
    rewarded once in ten years. Not one of the others may be fetched only to be left out."""
    await build(database, penalties=MANY, acts=MANY)
    rows = "edges { node { documentNumber } }"

    told = {
        "newest": await explain(reader, f"{{ penalties(first: 20) {{ {rows} }} }}"),
        "oldest": await explain(reader, f"{{ penalties(last: 20) {{ {rows} }} }}"),
        "oldest of an agency": await explain(reader, f'{{ penalties(last: 20, agency: "370117") {{ {rows} }} }}'),
        "oldest of a firm": await explain(
            reader, f'{{ enterprise(uscc: "{FIRM}") {{ penalties(last: 20) {{ {rows} }} }} }}'
        ),
        "another kind": await explain(
            reader, f'{{ enterprise(uscc: "{FIRM}") {{ acts(kind: REWARD) {{ totalCount {rows} }} }} }}'
        ),
    }

    assert {name: one.thrown_away for name, one in told.items()} == dict.fromkeys(told, 0)
    assert {name: one.whole_tables for name, one in told.items()} == {name: [] for name in told}
    # An entry takes some eighty bytes, a row five hundred: the table has eight times as many pages as the index.
    table = await database.as_owner("SELECT pg_relation_size('xintu.penalty') / 8192")
    assert told["newest"].buffers < 100
    assert max(one.buffers for one in told.values()) < table / 4


async def test_migrate_makes_what_is_missing_and_drops_what_is_not_declared(database: TrialDatabase) -> None:
    """An index lost by hand makes one page slow; nobody would look for it there."""
    owner = await database.owner()
    try:
        await owner.execute("DROP INDEX xintu.read_penalty_decided_on")
        await owner.execute("CREATE INDEX read_old ON xintu.penalty (severity)")
        await owner.execute("CREATE INDEX penalty_by_day ON xintu.penalty (decided_on)")
        await owner.execute("COMMENT ON INDEX xintu.read_act_decided_on IS 'another declaration'")
        found = await read_index_faults(owner, None)

        await make_read_indexes(owner, None)

        assert sorted(fault.split("，")[0].split("：")[0] for fault in found) == [
            "索引 penalty_by_day 未在声明中",
            "索引 read_act_decided_on 不可用或与声明不符",
            "索引 read_old 未在声明中",
            "缺少索引 read_penalty_decided_on",
        ]
        assert await read_index_faults(owner, None) == []
    finally:
        await owner.close()
