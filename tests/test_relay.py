"""Relay 规范 Relay's server specification to the letter: global object identification and cursor connections.

Asked over HTTP as a client does. The rules of paging are the specification's own algorithm, run over the whole list;
every page the server gives is compared with what it computes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count, product
from typing import Any, NamedTuple

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_required_argument,
)

from schema.nodes import global_id
from server.accounts.service import MOST_QUOTA, KeyRole, issue_key
from tests.serving import client_of
from tests.support import TrialDatabase
from tests.world import USCC, World, build

#: The four arguments of a connection field, as the specification names and types them.
PAGING = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
#: Turned forward alone, which the specification leaves a server; what is searched for must be said.
FORWARD = {"Query.search": ["text"]}
PAGE = "{ edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
#: Pages asked in one request: far below every bound of a document.
AT_ONCE = 8
_partners = count(1)


class Asker:
    """Sends documents as one client, and gives their data."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def post(self, query: str, **variables: Any) -> tuple[int, Any]:
        """Gives the status and the whole answer."""
        answer = await self.client.post("/graphql", json={"query": query, "variables": variables})
        return answer.status_code, answer.json()

    async def data(self, query: str, **variables: Any) -> Any:
        """Gives the data of an answer without errors."""
        status, told = await self.post(query, **variables)
        assert status == 200, told
        assert "errors" not in told
        return told["data"]


@asynccontextmanager
async def asking(database: TrialDatabase) -> AsyncIterator[Asker]:
    async with client_of(database) as client:
        # A partner who may ask more in a minute than anybody asks here, through the public door.
        name = f"示例合作方{next(_partners)}"
        key = await issue_key(database, label=name, role=KeyRole.PARTNER, partner=name, quota_per_minute=MOST_QUOTA)
        client.headers["authorization"] = f"Bearer {key}"
        yield Asker(client)


async def introspected(asker: Asker) -> GraphQLSchema:
    """Gives the schema as a client knows it."""
    return build_client_schema(await asker.data(get_introspection_query(descriptions=False)))


class Place(NamedTuple):
    """Where a connection stands."""

    owner: str
    name: str
    field: GraphQLField


def connections(schema: GraphQLSchema) -> Iterator[Place]:
    """Gives every connection field that a query can reach."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                if get_named_type(field.type).name.endswith("Connection"):
                    yield Place(kind.name, name, field)


def fields_of(kind: GraphQLNamedType | None) -> dict[str, str]:
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    return {name: str(field.type) for name, field in kind.fields.items()}


async def test_connections_edges_and_page_info_have_the_specified_forms(database: TrialDatabase) -> None:
    """A client's Relay compiler refuses a schema that differs in one type."""
    async with asking(database) as asker:
        schema = await introspected(asker)

    assert fields_of(schema.type_map["PageInfo"]) == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }
    places = list(connections(schema))
    assert len(places) > 30
    for place in places:
        where = f"{place.owner}.{place.name}"
        kind = get_named_type(place.field.type)
        assert str(place.field.type) == f"{kind.name}!", where
        taken = {name: str(arg.type) for name, arg in place.field.args.items() if name in PAGING}
        forward = {name: PAGING[name] for name in ("first", "after")}
        assert taken == (forward if where in FORWARD else PAGING), where
        required = [name for name, arg in place.field.args.items() if is_required_argument(arg)]
        assert required == FORWARD.get(where, []), where
    for kind in schema.type_map.values():
        if kind.name.endswith("Connection"):
            item = kind.name.removesuffix("Connection")
            told = fields_of(kind)
            assert (told["edges"], told["pageInfo"]) == (f"[{item}Edge!]!", "PageInfo!")
            assert fields_of(schema.type_map[f"{item}Edge"]) == {"cursor": "String!", "node": f"{item}!"}
            assert not isinstance(schema.type_map[item], GraphQLList | GraphQLNonNull)


async def test_only_connections_take_paging_arguments_and_every_long_list_is_one(database: TrialDatabase) -> None:
    """``first`` on something else, or an unbounded list of objects with ids, would be neither one nor the other."""
    async with asking(database) as asker:
        schema = await introspected(asker)

    kinds = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)]
    fields = [(kind, name, field) for kind in kinds if kind.name[:2] != "__" for name, field in kind.fields.items()]
    for kind, name, field in fields:
        if not get_named_type(field.type).name.endswith("Connection"):
            assert PAGING.keys().isdisjoint(field.args), f"{kind.name}.{name}"
    lists = {
        f"{kind.name}.{name}"
        for kind, name, field in fields
        if "[" in str(field.type) and "Node" in interfaces(get_named_type(field.type))
    }
    assert lists == {"Query.nodes"}


def interfaces(kind: GraphQLNamedType) -> set[str]:
    """Gives the interfaces of a type, itself among them when it is one."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return set()
    return {one.name for one in kind.interfaces} | ({kind.name} if isinstance(kind, GraphQLInterfaceType) else set())


async def test_node_and_nodes_have_the_specified_forms(database: TrialDatabase) -> None:
    """Relay's store reads every object again by these two fields."""
    async with asking(database) as asker:
        schema = await introspected(asker)

    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert fields_of(node) == {"id": "ID!"}
    query = fields_of(schema.query_type)
    assert schema.query_type is not None
    arguments = {name: schema.query_type.fields[name].args for name in ("node", "nodes")}
    assert query["node"] == "Node"
    assert {name: str(arg.type) for name, arg in arguments["node"].items()} == {"id": "ID!"}
    # A plural identifying root field: one argument, a list; a list of the same length, whose entries may be null.
    assert query["nodes"] == "[Node]!"
    assert {name: str(arg.type) for name, arg in arguments["nodes"].items()} == {"ids": "[ID!]!"}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and "id" in kind.fields and kind.name[:2] != "__":
            assert "Node" in interfaces(kind), f"{kind.name} has an id by which it cannot be read"


async def everything(asker: Asker, world: World) -> dict[str, str]:
    """Gives the type of every object of the world by its id, found on the ways that lead from a firm."""
    told = await asker.data(
        """query ($uscc: String!) { enterprise(uscc: $uscc) { ...I sourceUnit { ...I parent { ...I } }
          licences { edges { node { ...I } } } penalties { edges { node { ...I } } } acts { edges { node { ...I } } }
          ratings { edges { node { ...I } } } commitments { edges { node { ...I } } }
          listEntries { edges { node { ...I } } } grants { edges { node { ...I product { ...I } } } }
          vehicles { edges { node { ...I driver { ...I } } } } } }
        fragment I on Node { __typename id }""",
        uscc=USCC,
    )
    found: dict[str, str] = {}

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            if "id" in value:
                assert found.setdefault(value["id"], value["__typename"]) == value["__typename"]
            for inner in value.values():
                gather(inner)
        elif isinstance(value, list):
            for inner in value:
                gather(inner)

    gather(told)
    for tag, name in (("IB", "IndividualBusiness"), ("AG", "Agency"), ("PR", "Practitioner")):
        found[global_id(tag, world.ids[tag])] = name
    return found


async def test_an_object_read_by_its_id_is_the_same_object(database: TrialDatabase) -> None:
    """What a client keeps is the id alone; ids are unique over all types, and the same for every reader and process."""
    world = await build(database)
    async with asking(database) as asker:
        found = await everything(asker, world)
        assert len(set(found.values())) >= 11
        assert len(found) > 20
        for id_, kind in found.items():
            assert await asker.data("query ($id: ID!) { node(id: $id) { __typename id } }", id=id_) == {
                "node": {"__typename": kind, "id": id_}
            }
    async with asking(database) as later:
        key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117")
        later.client.headers["authorization"] = f"Bearer {key}"
        ids = list(found)
        told = await later.data("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)
    assert [(each["id"], each["__typename"]) for each in told["nodes"]] == list(found.items())


async def test_nodes_answers_one_entry_for_each_id_in_their_order(database: TrialDatabase) -> None:
    """A client matches entries by place: unknown, hidden, malformed and repeated ids each keep theirs."""
    world = await build(database)
    firm, penalty = global_id("EN", world.enterprise), global_id("PE", world.ids["PE"])
    hidden, nobody = global_id("PE", world.hidden_penalty), global_id("PR", world.ids["hidden person"])
    wrong_type = global_id("LI", world.enterprise)
    ids = [penalty, hidden, firm, "?", penalty, nobody, "", wrong_type, firm]
    async with asking(database) as asker:
        told = await asker.data(
            """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Penalty { documentNumber }
              ... on Enterprise { uscc } } empty: nodes(ids: []) { id } }""",
            ids=ids,
        )
        refused = [await asker.post(f"{{ nodes(ids: {ids}) {{ id }} }}") for ids in ("null", "[null]")]

    a, b = (
        {"__typename": "Penalty", "id": penalty, "documentNumber": "罚0号"},
        {"__typename": "Enterprise", "id": firm, "uscc": USCC},
    )
    assert told == {"nodes": [a, None, b, None, a, None, None, None, b], "empty": []}
    assert [status for status, _ in refused] == [400, 400]


class Case(NamedTuple):
    """The arguments of one page."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None

    def text(self) -> str:
        """Gives them as they stand in a document."""
        given = {
            name: f'"{value}"' if isinstance(value, str) else value
            for name, value in self._asdict().items()
            if value is not None
        }
        return "(" + ", ".join(f"{name}: {value}" for name, value in given.items()) + ")" if given else ""


def applied(cursors: list[str], case: Case) -> list[str]:
    """ApplyCursorsToEdges."""
    start = cursors.index(case.after) + 1 if case.after else 0
    end = cursors.index(case.before) if case.before else len(cursors)
    return cursors[start:end]


def specified(cursors: list[str], case: Case) -> dict[str, Any]:
    """EdgesToReturn, HasNextPage and HasPreviousPage; where «efficiently» leaves a choice, this server knows."""
    edges = applied(cursors, case)
    # Without either, the server gives a first page of its own usual size (documented: 20).
    first = 20 if case.first is None and case.last is None else case.first
    shown = edges[:first] if first is not None else edges[max(0, len(edges) - (case.last or 0)) :]
    has_next = len(edges) > first if first is not None else case.before is not None
    has_previous = len(edges) > case.last if case.last is not None else case.after is not None
    return {
        "edges": [{"cursor": cursor} for cursor in shown],
        "pageInfo": {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": shown[0] if shown else None,
            "endCursor": shown[-1] if shown else None,
        },
    }


def cases(cursors: list[str], sizes: tuple[int, ...], marks: tuple[int, ...]) -> list[Case]:
    """Gives every combination of these sizes and of the cursors at these places; ``first`` and ``last`` never both."""
    places = [None, *dict.fromkeys(cursors[mark] for mark in marks if -len(cursors) <= mark < len(cursors))]
    ends = [(None, None), *((size, None) for size in sizes), *((None, size) for size in sizes)]
    return [Case(first, after, last, before) for (first, last), after, before in product(ends, places, places)]


async def assert_specified(
    asker: Asker, before: str, field: str, after: str, wanted: list[Case], all_: list[str]
) -> None:
    """Asks all pages of one connection, several in a request, and compares each with the specification's."""
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        pages = " ".join(f"p{n}: {field}{case.text()} {PAGE}" for n, case in enumerate(some))
        told = inside(await asker.data(f"{before} {pages} {after}"))
        for n, case in enumerate(some):
            assert told[f"p{n}"] == specified(all_, case), (field, case)


def inside(data: Any) -> Any:
    """Gives the object that holds the pages: the root, or what ``at`` leads to."""
    return data.get("at", data)


async def test_pages_are_those_the_specification_computes(database: TrialDatabase) -> None:
    """Every mixture of ``first``, ``after``, ``last`` and ``before``, over rows with equal dates."""
    await build(database)
    head, tail = f'{{ at: enterprise(uscc: "{USCC}") {{', "} }"
    async with asking(database) as asker:
        told = inside(await asker.data(f"{head} licences {PAGE} {tail}"))
        cursors = [edge["cursor"] for edge in told["licences"]["edges"]]
        assert len(cursors) == len(set(cursors)) == 7

        wanted = cases(cursors, (0, 1, 3, 7, 8, 100), (0, 3, 6))
        assert len(wanted) == 208
        await assert_specified(asker, head, "licences", tail, wanted, cursors)


async def test_every_connection_keeps_the_rules(database: TrialDatabase) -> None:
    """The root's and each object's, whatever they are ordered by, with rows and without."""
    world = await build(database)
    ids = {tag: global_id(tag, row) for tag, row in world.ids.items() if len(tag) == 2}
    seen: dict[str, int] = {}
    async with asking(database) as asker:
        schema = await introspected(asker)
        objects = {
            (await asker.data("query ($id: ID!) { node(id: $id) { __typename } }", id=id_))["node"]["__typename"]: id_
            for id_ in ids.values()
        }
        for place in connections(schema):
            if f"{place.owner}.{place.name}" in FORWARD:
                continue
            if place.owner == "Query":
                head, tail = "{", "}"
            elif place.owner in objects:
                head, tail = f'{{ at: node(id: "{objects[place.owner]}") {{ ... on {place.owner} {{', "} } }"
            else:
                # Interfaces, whose types stand here, and what only officers see; forms of both are tested above.
                continue
            told = inside(await asker.data(f"{head} {place.name} {PAGE} {tail}"))
            cursors = [edge["cursor"] for edge in told[place.name]["edges"]]
            seen[f"{place.owner}.{place.name}"] = len(cursors)
            await assert_specified(asker, head, place.name, tail, cases(cursors, (0, 1, 2), (0,)), cursors)

    assert len(seen) > 30
    assert sum(count > 1 for count in seen.values()) >= 8
    assert 0 in seen.values()


async def test_a_search_is_turned_forward_by_the_same_rules(database: TrialDatabase) -> None:
    """Its hits stand in an order of their own, and its cursors are as good as any."""
    await build(database)
    async with asking(database) as asker:
        asked = 'search(text: "示例", first: $first, after: $after)'
        text = f"query ($first: Int, $after: String) {{ {asked} {PAGE} }}"
        told = await asker.data(text)
        cursors = [edge["cursor"] for edge in told["search"]["edges"]]
        assert len(cursors) > 1
        for first, mark in product((None, 0, 1, 2), (None, *cursors)):
            told = await asker.data(text, first=first, after=mark)
            assert told["search"] == specified(cursors, Case(first, mark, None, None)), (first, mark)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("first: -1", "0 到 100"),
        ("last: -1", "0 到 100"),
        ("first: 101", "0 到 100"),
        ("first: 1, last: 1", "first 与 last 只能给一个"),
        ('after: "nonsense"', "游标无效"),
        ('before: ""', "游标无效"),
    ],
)
async def test_what_the_specification_calls_an_error_is_one(database: TrialDatabase, arguments: str, says: str) -> None:
    """A negative size must throw; both sizes are «strongly discouraged», and a client that sends both is mistaken."""
    await build(database)
    async with asking(database) as asker:
        status, told = await asker.post(f"{{ enterprises({arguments}) {{ edges {{ cursor }} }} }}")

    assert status == 400
    assert "data" not in told
    assert says in told["errors"][0]["message"]


async def test_null_arguments_are_as_if_they_were_not_given(database: TrialDatabase) -> None:
    """Clients send every variable of their operation, most of them null."""
    await build(database)
    text = """query ($f: Int, $a: String, $l: Int, $b: String) {
      enterprises(first: $f, after: $a, last: $l, before: $b) { edges { node { uscc } } } }"""
    async with asking(database) as asker:
        told = await asker.data(text, f=None, a=None, l=None, b=None)
        backward = await asker.data(text, f=None, a=None, l=1, b=None)
        bare = await asker.data("{ enterprises { edges { node { uscc } } } }")

    assert told == bare
    assert len(bare["enterprises"]["edges"]) == 2
    assert backward["enterprises"]["edges"] == bare["enterprises"]["edges"][1:]
