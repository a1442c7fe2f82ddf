"""计划 plans: one statement that answers exactly what the document asks, through the viewer's own door."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import (
    build_client_schema,
    get_introspection_query,
)

from schema.api import registry
from schema.fragments import read_query
from schema.nodes import global_id
from schema.plan.cost import MOST_ROWS
from schema.plan.documents import Bounded
from schema.plan.run import PREPARED_FROM, Executor
from server.database.connection import LONGEST_PREPARED, STATEMENTS, Database
from server.errors import CreditError
from server.pages.render import SITE
from server.pages.urls import PAGES
from server.settings import Address
from server.viewer import PUBLIC, Door, Viewer
from tests.support import TrialDatabase
from tests.world import USCC, build

GOVERNMENT = Viewer(Door.GOVERNMENT, actor="测试机关")


async def ask(database: Database, text: str, variables: dict[str, Any] | None = None, viewer: Viewer = PUBLIC) -> Any:
    """Asks as the endpoint does, and gives ``data``."""
    executor = Executor(registry())
    answer = await executor.answer(database, viewer, executor.documents.read(text), variables or {})
    return json.loads(answer.body())["data"]


async def test_pages_follow_each_other_without_gap_or_repeat(database: TrialDatabase) -> None:
    """Equal dates are common in government data: the cursor must break ties, forward and backward."""
    await build(database)
    text = """query ($u: String!, $f: Int, $a: String, $l: Int, $b: String) { enterprise(uscc: $u) {
      licences(first: $f, after: $a, last: $l, before: $b) {
        edges { node { documentNumber } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""

    async def walk(size: str, cursor: str, end: str, more: str) -> list[str]:
        seen: list[str] = []
        at: str | None = None
        while True:
            page = (await ask(database, text, {"u": USCC, size: 3, cursor: at}))["enterprise"]["licences"]
            numbers = [edge["node"]["documentNumber"] for edge in page["edges"]]
            seen = seen + numbers if size == "f" else numbers + seen
            assert page["pageInfo"]["hasPreviousPage" if size == "f" else "hasNextPage"] is (at is not None)
            if not page["pageInfo"][more]:
                return seen
            at = page["pageInfo"][end]

    forward = await walk("f", "a", "endCursor", "hasNextPage")
    backward = await walk("l", "b", "startCursor", "hasPreviousPage")

    assert len(set(forward)) == 7
    assert forward == backward


@pytest.mark.parametrize("asked", ["__typename", "node { __typename }", "node { licences(first: 0) { __typename } }"])
async def test_edges_are_as_many_as_rows_where_nothing_of_a_row_is_asked(database: TrialDatabase, asked: str) -> None:
    """A client that only counts edges, or whose @include left nothing, was told that there are none."""
    await build(database)
    text = f"{{ enterprises(first: 2) {{ edges {{ {asked} }} }} }}"

    data = await ask(database, text)

    assert len(data["enterprises"]["edges"]) == 2


async def test_hidden_and_unknown_look_alike(database: TrialDatabase) -> None:
    """An answer that differs tells that a repaired or expired record exists."""
    world = await build(database)
    hidden, person = global_id("PE", world.hidden_penalty), global_id("PR", world.ids["hidden person"])
    unknown = global_id("PE", world.enterprise)

    answers = await ask(
        database,
        """query ($a: ID!, $b: ID!, $c: ID!) {
          a: node(id: $a) { id } b: node(id: $b) { id } c: node(id: $c) { id } d: node(id: "?") { id } }""",
        {"a": hidden, "b": unknown, "c": person},
    )
    seen_inside = await ask(database, "query ($a: ID!) { node(id: $a) { id } }", {"a": hidden}, world.officer())

    assert answers == {"a": None, "b": None, "c": None, "d": None}
    assert seen_inside == {"node": {"id": hidden}}


async def test_an_edge_to_a_hidden_person_gives_no_id_and_no_error(database: TrialDatabase) -> None:
    """A taxi is public, its owner need not be: the edge must not tell who, nor break the answer about the taxi."""
    world = await build(database)
    text = """query ($a: ID!, $b: ID!) { a: node(id: $a) { ...V } b: node(id: $b) { ...V } }
      fragment V on Vehicle { plate driver { __typename } }"""
    ids = {"a": global_id("VE", world.ids["VE"]), "b": global_id("VE", world.ids["his vehicle"])}

    data = await ask(database, text, ids)

    assert data["a"] == {"plate": "鲁A00002", "driver": {"__typename": "Practitioner"}}
    assert data["b"] == {"plate": "豫D00001", "driver": None}


async def test_values_are_bound_and_never_written_into_the_statement(database: TrialDatabase) -> None:
    """Quotes, Chinese and dollar signs in a value must find nothing, not break the statement."""
    await build(database)
    for value in ("' OR '1'='1", "$1", "钢城'; DROP TABLE x; --", '"', "\\", "{row}"):
        assert await ask(database, "query ($u: String!) { enterprise(uscc: $u) { name } }", {"u": value}) == {
            "enterprise": None
        }


def fragments(number: int) -> str:
    """Gives a small valid document of so many fragments."""
    names = range(number)
    spread = " ".join(f"...f{n}" for n in names)
    return f"{{ service {{ {spread} }} }} " + " ".join(f"fragment f{n} on Service {{ a{n}: today }}" for n in names)


#: With its sizes as literals it is refused before the rest of it is compiled.
LARGE = """query ($u: String!, $f: Int) { enterprise(uscc: $u) { licences(first: $f) { edges { node { party {
  ... on Enterprise { penalties(first: $f) { edges { node { id } } }
    ratings(first: $f) { edges { node { points { points } } } } } } } } } } }"""


@pytest.mark.parametrize(
    ("text", "variables", "code", "says"),
    [
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED", "没有字段 nothing"),
        ("{ service { today }", {}, "GRAPHQL_PARSE_FAILED", "语法错误"),
        ("query ($u: String!) { enterprise(uscc: $u) { name } }", {}, "BAD_USER_INPUT", "变量 $u"),
        ("query ($u: Int) { corrections(first: $u) { totalCount } }", {"u": "x"}, "BAD_USER_INPUT", "变量 $u"),
        ("{ corrections(first: 101) { totalCount } }", {}, "INVALID", "0 到 100"),
        ('{ corrections(after: "x") { edges { cursor } } }', {}, "INVALID", "游标无效"),
        ("{ corrections(first: 1, last: 1) { totalCount } }", {}, "INVALID", "只能给一个"),
        ("query A { service { today } } query B { service { today } }", {}, "OPERATION_RESOLUTION_FAILURE", "几个操作"),
        ("{" * 40 + "}" * 40, {}, "QUERY_TOO_LARGE", "嵌套过深"),
        ("{ " + "a: __typename " * 6001 + "}", {}, "QUERY_TOO_LARGE", "词元"),
        ("{ " + "service { today } " * 21 + "}", {}, "QUERY_TOO_LARGE", "同名字段"),
        ("{ service { today " + "@skip(if: false) " * 101 + "} }", {}, "QUERY_TOO_LARGE", "指令"),
        (fragments(61), {}, "QUERY_TOO_LARGE", "片段"),
        ("{ " + " ".join(f"a{n}: service {{ today }}" for n in range(401)) + "}", {}, "QUERY_TOO_LARGE", "别名"),
        (LARGE.replace("$f", "100").replace(", 100: Int", ""), {"u": USCC}, "COST_LIMIT_EXCEEDED", "party.penalties"),
        (LARGE, {"u": USCC, "f": 100}, "COST_LIMIT_EXCEEDED", "points"),
    ],
)
async def test_a_wrong_or_too_large_query_is_refused_in_chinese(
    database: TrialDatabase, text: str, variables: dict[str, Any], code: str, says: str
) -> None:
    """A partner's programmer reads the message, a program reads the code; neither sees SQL."""
    with pytest.raises(CreditError) as refused:
        await ask(database, text, variables)

    assert refused.value.code == code
    assert says in refused.value.message


async def test_as_many_fragments_as_are_told_are_taken(database: TrialDatabase) -> None:
    """A generated client writes a fragment for each of its views; the bound the reference tells must be the real one."""
    data = await ask(database, fragments(60))

    assert len(data["service"]) == 60


async def test_fragments_that_multiply_are_refused_before_they_are_spread() -> None:
    """Thirty lines can ask for a thousand million fields; counting must not cost what spreading would."""
    again = "licences {{ edges {{ node {{ party {{ ...F{0} }} }} }} }}"
    two = "fragment F{1} on Enterprise {{ x: " + again + " y: " + again + " }}"
    levels = [two.format(n + 1, n) for n in range(40)]
    text = '{ enterprise(uscc: "x") { ...F0 } }' + "".join(levels) + "fragment F40 on Enterprise { name }"

    with pytest.raises(CreditError) as refused:
        Executor(registry()).documents.read(text)

    assert refused.value.code == "QUERY_TOO_LARGE"


class NoDatabase(Database):
    """A database that must not be asked."""

    def __init__(self) -> None:
        super().__init__(Address("nowhere", 1, "none"), "")

    async def fetch_text(self, *_: Any, **__: Any) -> str | None:
        raise AssertionError("asked")


async def test_what_needs_no_row_is_answered_without_the_database() -> None:
    """The schema is the same for all and never changes; the usual question of client generators fits the limits."""
    executor = Executor(registry())
    whole = get_introspection_query(input_value_deprecation=True)

    async def run(text: str) -> Any:
        return await executor.answer(NoDatabase(), PUBLIC, executor.documents.read(text), {})

    names, first, again = await run("{ __typename a: __typename }"), await run(whole), await run(whole)

    assert (json.loads(names.data), names.rows) == ({"__typename": "Query", "a": "Query"}, 0)
    assert build_client_schema(json.loads(first.data)).type_map.keys() == registry().schema.type_map.keys()
    assert first == again
    assert 1_000 < first.rows < MOST_ROWS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ " + " ".join(f"a{n}: __schema {{ description }}" for n in range(2)) + " }", "QUERY_TOO_LARGE"),
        ("{ " + " ".join(f'a{n}: __type(name: "X") {{ name }}' for n in range(6)) + " }", "QUERY_TOO_LARGE"),
        (
            "{ __schema { " + " ".join(f"a{n}: types {{ ...F }}" for n in range(55)) + " } } "
            "fragment F on __Type { fields { name description args { name description } } enumValues { name } }",
            "COST_LIMIT_EXCEEDED",
        ),
        (
            "{ __schema { types { fields { "
            + " ".join(f"a{n}: type {{ fields {{ name }} }}" for n in range(5))
            + " } } } }",
            "COST_LIMIT_EXCEEDED",
        ),
    ],
)
async def test_the_schema_is_not_told_many_times_in_one_answer(text: str, code: str) -> None:
    """A kilobyte that asks for megabytes stops every other request of the process meanwhile."""
    executor = Executor(registry())
    with pytest.raises(CreditError) as refused:
        await executor.answer(NoDatabase(), PUBLIC, executor.documents.read(text), {})

    assert refused.value.code == code


def firms(number: int, count: int) -> str:
    """A document unlike every other: firms under aliases of its own."""
    one = 'enterprise(uscc: "{0}") {{ licences(first: 1) {{ edges {{ node {{ id disclosure {{ basis }} }} }} }} }}'
    return "{ " + " ".join(f"a{number}_{n}: {one.format(USCC)}" for n in range(count)) + " }"


async def test_documents_sent_once_leave_no_prepared_statement_behind(database: TrialDatabase) -> None:
    """Each keeps megabytes on the server: 120 different documents took four gigabytes before this was bounded."""
    await build(database)
    database.readers = 1  # so that all share the connection whose statements are looked at
    executor = Executor(registry())

    async def prepared(text: str, times: int) -> int:
        for _ in range(times):
            await executor.answer(database, PUBLIC, executor.documents.read(text), {})
        return int(
            await database.fetch_text(PUBLIC, "SELECT count(*)::text FROM pg_prepared_statements", once=True) or ""
        )

    for number in range(8):
        assert await prepared(firms(number, 5), 1) == 0
    assert await prepared(firms(0, 20), PREPARED_FROM + 1) == 0, "a long one is not kept however often it comes"
    assert await prepared("{ service { today } }", PREPARED_FROM) == 1
    counts = [await prepared(f"{{ a{n}: service {{ today }} }}", PREPARED_FROM) for n in range(STATEMENTS + 5)]
    assert (counts[0], max(counts)) == (2, STATEMENTS)


async def test_the_pages_statements_fit_what_stays_prepared() -> None:
    """A page whose statement outgrew the bound would silently be planned anew for each visitor."""
    executor = Executor(registry())
    lengths = []
    for page in PAGES:
        document = executor.documents.read(read_query(SITE / "queries" / f"{page.name}.graphql"))
        lengths += [len(executor.warm(document, variables).sql) for variables in page.examples()]

    assert max(lengths) <= LONGEST_PREPARED


async def test_a_statement_has_a_bound_that_holds_while_it_is_made() -> None:
    """Types times levels multiply: a kilobyte of text must not become a megabyte of SQL, nor the work of making it."""
    again = "... on Subject {{ licences(first: 1) {{ edges {{ node {{ party {{ {0} }} }} }} }} }}"
    inner = "__typename"
    for _ in range(3):
        inner = again.format(inner)
    for text in (firms(0, 150), f'{{ node(id: "x") {{ ... on Record {{ party {{ {inner} }} }} {inner} }} }}'):
        executor = Executor(registry())
        with pytest.raises(CreditError) as refused:
            executor.warm(executor.documents.read(text), {})
        assert refused.value.code == "QUERY_TOO_LARGE"
        assert "64 kB" in refused.value.message


def test_a_cache_is_bounded_by_number_and_by_size() -> None:
    """Documents of a hundred kilobytes fill the memory long before there are five hundred."""
    cache: Bounded[int, str] = Bounded(3, 100)
    for key in range(3):
        cache.keep(key, "x", 10)
    cache.keep(0, "y", 60)
    assert [cache.find(key) for key in range(3)] == ["y", "x", "x"]
    cache.keep(3, "x", 35)
    assert [cache.find(key) for key in range(4)] == [None, "x", "x", "x"], "the one used longest ago goes first"
    cache.keep(4, "x", 101)
    assert len(cache) == 0, "what is larger than the whole cache is not kept"
