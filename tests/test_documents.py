"""特别的文档 documents of unusual form: very wide, oddly written, spread, merged, switched, repeated; each answered right."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from schema.api import registry
from schema.nodes import LARGEST_PAGE, read_global_id
from schema.plan import run
from schema.plan.compile import Compiler
from server.viewer import PUBLIC
from tests import factory as make
from tests.asker import Asker, City, answered, city_of, refusal, told
from tests.documents import connections
from tests.support import TrialDatabase
from tests.wide_world import ODD, USCC

MISSING = "91110000600037341L"


@pytest.fixture(scope="module")
async def city(trial_database: Any) -> AsyncIterator[City]:
    """One database for the module: its tests only read."""
    async with trial_database() as database:
        yield await city_of(database)


@pytest.fixture
def officer(city: City) -> Asker:
    """An officer sees most."""
    return city.askers["officer"]


# wide


async def test_two_hundred_long_aliases_are_all_answered(officer: Asker) -> None:
    """PostgreSQL cuts names at 63 bytes: aliases that differ only after that must each keep their own value."""
    aliases = [f"{'a' * 76}{n:04}" for n in range(200)]
    codes = [MISSING if n % 3 else USCC for n in range(200)]
    fields = (
        f'{alias}: enterprise(uscc: "{code}") {{ {alias}: uscc }}' for alias, code in zip(aliases, codes, strict=True)
    )

    data = await answered(officer, "{ " + " ".join(fields) + " }")

    assert list(data) == aliases
    assert [data[alias] for alias in aliases] == [
        {alias: USCC} if code == USCC else None for alias, code in zip(aliases, codes, strict=True)
    ]


@pytest.mark.parametrize("kind", ["Penalty", "Licence", "Enterprise", "Rating", "ImportBatch"])
async def test_more_than_a_hundred_fields_at_one_level_keep_their_values_and_their_order(
    officer: Asker, city: City, kind: str
) -> None:
    """``json_build_object`` ends at 100 arguments, which is 50 fields; the 51st must not be lost or misplaced."""
    declared = registry().schema.type_map[kind]
    assert isinstance(declared, GraphQLObjectType)
    leaves = [name for name, field in declared.fields.items() if is_leaf_type(get_named_type(field.type))]
    keys = [f"{name}{n}" for n in range(130 // len(leaves) + 1) for name in leaves]
    body = " ".join(f"{key}: {key.rstrip('0123456789')}" for key in keys)

    data = await answered(
        officer, f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {body} }} }} }}", {"ids": city.ids}
    )

    rows = [row for row in data["nodes"] if row]
    assert len(keys) >= 130
    assert rows
    assert all(list(row) == keys for row in rows)


async def test_sixty_fields_that_lead_on_are_answered_at_one_level(officer: Asker) -> None:
    """Not columns alone: objects, lists and connections side by side, each with rows of its own."""
    some = (
        "licences(first: 1) { edges { node { documentNumber } } }",
        "penalties(last: 1) { edges { cursor node { fineYuan } } }",
        "ratings(first: 2) { edges { node { grade disclosure { from } } } }",
        "sourceUnit { code }",
        "vehicles(first: 2) { pageInfo { endCursor } }",
        "name",
    )
    text = " ".join(f"f{n}: {some[n % len(some)]}" for n in range(60))

    data = await answered(officer, f'{{ enterprise(uscc: "{USCC}") {{ {text} }} }}')

    assert list(data["enterprise"]) == [f"f{n}" for n in range(60)]
    assert told(data) >= 80


# texts

TEXTS = (
    ODD,
    "中文“弯引号”、顿号",
    "\"直引号\" \\反斜杠\\ '单引号'",
    "行分隔\u2028段分隔\u2029",
    "𠮷野家😀👨‍👩‍👧",
    "$1 {row} {item} %s ::text --",
)


async def test_every_kind_of_text_is_found_and_given_back_as_it_is(database: TrialDatabase) -> None:
    """As data, as a variable, as a literal, in a filter and inside a cursor: no character may be lost or read as SQL."""
    async with make.sample_write(database) as write:
        bureau = await make.put(write, "agency", make.agency())
        for number, text in enumerate(TEXTS):
            shop = make.individual_business(bureau["id"], uscc=None, registration_number=str(number), name=text)
            await make.put(write, "individual_business", shop | {"sector": text.strip()})
            await make.put(write, "benefit_product", make.benefit_product(bureau["id"], text, name=text))
    asker = Asker(database, PUBLIC)
    body = "{ totalCount edges { node { sector name } } }"
    for text in TEXTS:
        literal = json.dumps(text, ensure_ascii=False)
        escaped = json.dumps(text)
        document = f"""query ($t: String!, $u: String = {literal}) {{
          a: individualBusinesses(sector: $t) {body} b: individualBusinesses(sector: {literal}) {body}
          c: individualBusinesses(sector: $u) {body}
          benefitProduct(code: $t) {{ code name }} other: benefitProduct(code: {literal}) {{ code }}
          missing: benefitProduct(code: "x{literal[1:]}) {{ code }} }}"""
        data = await answered(asker, document, {"t": text})
        found = {"totalCount": 1, "edges": [{"node": {"sector": text.strip(), "name": text}}]}
        assert data == {
            "a": found,
            "b": found,
            "c": found,
            "benefitProduct": {"code": text, "name": text},
            "other": {"code": text},
            "missing": None,
        }
        if all(ord(character) < 0x10000 for character in text):
            same = await answered(asker, f"{{ benefitProduct(code: {escaped}) {{ code }} }}")
            assert same == {"benefitProduct": {"code": text}}
    await _walk_texts(asker)


async def _walk_texts(asker: Asker) -> None:
    """Pages over products one by one, forward and backward, by cursors that hold those texts."""
    text = """query ($f: Int, $a: String, $l: Int, $b: String) { benefitProducts(first: $f, after: $a, last: $l, before: $b) {
      edges { node { code } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"""
    for size, cursor, end, more in (
        ("f", "a", "endCursor", "hasNextPage"),
        ("l", "b", "startCursor", "hasPreviousPage"),
    ):
        seen, at = [], None
        for _ in range(len(TEXTS) + 1):
            page = (await answered(asker, text, {size: 1, cursor: at}))["benefitProducts"]
            seen += [edge["node"]["code"] for edge in page["edges"]]
            at = page["pageInfo"][end]
            if not page["pageInfo"][more]:
                break
        # By code point, which is not the order of UTF-16 nor that of any language.
        assert seen == sorted(TEXTS, reverse=size == "l")


# selections


async def test_a_field_asked_for_twice_is_answered_once_with_both_selections(officer: Asker) -> None:
    """Tools put fragments together without looking: the specification merges what has one name and equal arguments."""
    text = """query ($u: String!, $n: Int = 2) {
      enterprise(uscc: $u) { licences(first: $n) { totalCount } ...A name }
      enterprise(uscc: $u) { ...B name id }
      ... on Query { enterprise(uscc: $u) { licences(first: $n) { edges { node { ...C } } } } } }
    fragment A on Enterprise { licences(first: $n) { edges { cursor node { documentNumber } } } }
    fragment B on Subject { licences(first: $n) { edges { node { disclosure { from } id } } pageInfo { hasNextPage } } }
    fragment C on Record { disclosure { scope } party { ... on Enterprise { name } } ... on Licence { state } }"""

    firm = (await answered(officer, text, {"u": USCC}))["enterprise"]

    assert list(firm) == ["licences", "name", "id"]
    assert list(firm["licences"]) == ["totalCount", "edges", "pageInfo"]
    edge = firm["licences"]["edges"][0]
    assert list(edge) == ["cursor", "node"]
    assert list(edge["node"]) == ["documentNumber", "disclosure", "id", "party", "state"]
    assert list(edge["node"]["disclosure"]) == ["from", "scope"]
    refused = await refusal(
        officer,
        text.replace("... on Query { enterprise(uscc: $u)", '... on Query { enterprise(uscc: "x")'),
        {"u": USCC},
    )
    assert refused.code == "GRAPHQL_VALIDATION_FAILED"


async def test_switches_leave_out_what_they_say_and_nothing_else(officer: Asker) -> None:
    """@skip wins over nothing, @include over nothing: a field stays only where both let it; an empty object stays one."""
    text = """query ($yes: Boolean!, $no: Boolean = false, $u: String!) {
      a: enterprise(uscc: $u) { name @skip(if: $yes) ... @include(if: $no) { uscc } }
      b: enterprise(uscc: $u) @include(if: $no) { name }
      c: enterprise(uscc: $u) { name @include(if: $yes) @skip(if: $no) uscc @include(if: $yes) @skip(if: $yes)
        ...F @skip(if: $no) }
      d: acts(first: 2) { edges { node @skip(if: $yes) { kind } } totalCount @include(if: $no) } }
    fragment F on Enterprise { state }"""

    on = await answered(officer, text, {"yes": True, "u": USCC})
    off = await answered(officer, text, {"yes": False, "no": True, "u": USCC})

    assert on["a"] == {}
    assert "b" not in on
    assert list(on["c"]) == ["name", "state"]
    assert on["d"] == {"edges": [{}, {}]}
    assert list(off["a"]) == ["name", "uscc"]
    assert off["c"] == {}
    assert off["d"]["totalCount"] > 2


async def test_null_for_an_optional_variable_is_the_same_as_leaving_it_out(officer: Asker) -> None:
    """Generated clients send every variable of an operation, most of them null; null is no filter and no size."""
    text = """query ($f: Int, $l: Int, $a: String, $b: String, $k: ListKind, $q: String, $d: Date, $s: String, $day: Date,
      $u: String!) { enterprise(uscc: $u, asOf: $day) {
        listEntries(first: $f, last: $l, after: $a, before: $b, kind: $k, quarter: $q, listedFrom: $d, listedTo: $d) {
          totalCount edges { node { kind } } }
        ratings(standard: $s, grade: $s, year: $f) { totalCount } } }"""

    left_out = await answered(officer, text, {"u": USCC})
    nulls = await answered(officer, text, {"u": USCC} | dict.fromkeys(("f", "l", "a", "b", "k", "q", "d", "s", "day")))

    assert nulls == left_out
    assert told(nulls) >= 4


async def test_introspection_is_answered_beside_data(officer: Asker) -> None:
    """Client generators ask for the schema; the order of keys stays the document's."""
    text = """{ a: service { today } __type(name: "Enterprise") { name } b: __typename
      __schema { queryType { name fields(includeDeprecated: true) { name } } } c: service { __typename } }"""

    data = await answered(officer, text)

    assert data["a"] == {"today": "2026-06-15"}
    assert list(data) == ["a", "__type", "b", "__schema", "c"]


# connections


async def test_pages_stand_inside_pages_forward_and_backward(officer: Asker) -> None:
    """A cursor's condition of one level must not touch another's, nor its direction."""
    inner = "edges { cursor node { documentNumber party { ... on Enterprise { %s } } } } pageInfo { %s } totalCount"
    flags = "hasNextPage hasPreviousPage startCursor endCursor"
    third = f"acts(last: 2, kind: INSPECTION) {{ edges {{ node {{ documentNumber }} }} pageInfo {{ {flags} }} }}"
    text = f"""query ($a: String, $b: String) {{ enterprises(first: 8, division: "370117") {{ edges {{ node {{ uscc
      newest: licences(first: 2, after: $a) {{ {inner % (third, flags)} }}
      oldest: licences(last: 2, before: $b) {{ {inner % (third, flags)} }} }} }} }} }}"""

    whole = await answered(officer, text)
    firm = next(edge["node"] for edge in whole["enterprises"]["edges"] if edge["node"]["newest"]["totalCount"] > 4)
    again = await answered(
        officer,
        text,
        {"a": firm["newest"]["pageInfo"]["endCursor"], "b": firm["oldest"]["pageInfo"]["startCursor"]},
    )

    assert firm["newest"]["pageInfo"]["hasNextPage"]
    assert firm["oldest"]["pageInfo"]["hasPreviousPage"]
    next_ = next(edge["node"] for edge in again["enterprises"]["edges"] if edge["node"]["uscc"] == firm["uscc"])
    shown = [[edge["cursor"] for edge in page["edges"]] for page in (*_pages(firm), *_pages(next_))]
    assert [len(page) for page in shown] == [2, 2, 2, 2]
    assert len({cursor for page in shown for cursor in page}) == 8


def _pages(firm: dict[str, Any]) -> tuple[Any, Any]:
    return firm["newest"], firm["oldest"]


async def test_every_connection_is_walked_from_both_ends(officer: Asker, city: City) -> None:
    """With the reference at each step: two at a time forward, then two at a time back; the same rows both ways."""
    types = {tag: kind.name for tag, kind in registry().tags.items()}
    owners: dict[str, list[str | None]] = {"Query": [None]}
    for id_ in city.ids:
        owners.setdefault(types.get(read_global_id(id_)[0], ""), []).append(id_)
    long = 0
    # A search has no way back; its pages are walked in test_search.py.
    for kind, name in connections().keys() - {("Query", "search")}:
        for id_ in owners.get(kind, []):
            forward, backward = await _walk(officer, kind, name, id_), await _walk(officer, kind, name, id_, back=True)
            assert forward == backward[::-1], f"{kind}.{name}"
            assert len(set(forward)) == len(forward)
            long += len(forward) > 2
    assert long >= 15


async def _walk(asker: Asker, kind: str, name: str, id_: str | None, *, back: bool = False) -> list[str]:
    """Gives the cursors of a whole connection in the order in which its pages of two give them."""
    size, cursor, end, more = ("last", "before", "start", "Previous") if back else ("first", "after", "end", "Next")
    page = f"{name}({size}: 2, {cursor}: $at) {{ edges {{ cursor }} pageInfo {{ {end}Cursor has{more}Page }} }}"
    body = page if id_ is None else f'node(id: "{id_}") {{ ... on {kind} {{ {page} }} }}'
    seen: list[str] = []
    at = None
    while True:
        answer = await answered(asker, f"query ($at: String) {{ {body} }}", {"at": at})
        row = answer if id_ is None else answer["node"]
        if row is None:
            return []
        some = [edge["cursor"] for edge in row[name]["edges"]]
        seen += reversed(some) if back else some
        at = row[name]["pageInfo"][f"{end}Cursor"]
        if not row[name]["pageInfo"][f"has{more}Page"]:
            return seen


async def test_a_cursor_stays_a_place_where_a_filter_leaves_its_row_out(officer: Asker) -> None:
    """A client that narrows a list while paging keeps its place; whether more stands behind it is told of what is left."""
    whole = await answered(officer, "{ acts { edges { cursor node { kind decidedOn } } } }")
    cursors = [edge["cursor"] for edge in whole["acts"]["edges"]]
    flags = "{ edges { cursor } pageInfo { hasNextPage hasPreviousPage } totalCount }"
    some = " ".join(
        f"{size}{n}_{kind}: acts({size}: 1, {side}: {json.dumps(cursors[n])}, kind: {kind}) {flags}"
        for n in (0, len(cursors) // 2, len(cursors) - 1)
        for kind in ("INSPECTION", "LEVY", "REWARD")
        for size, side in (("first", "after"), ("last", "before"))
    )

    told_of = await answered(officer, f"{{ {some} }}")

    seen = {(bool(page["edges"]), *page["pageInfo"].values()) for page in told_of.values()}
    assert len(seen) >= 4, "with rows and without, on both sides"


async def test_the_total_is_counted_only_when_it_is_asked_for(officer: Asker) -> None:
    """A count may read 10,000 entries of an index for an answer of twenty rows."""
    text = """query ($s: Boolean!, $i: Boolean!) { penalties(first: 1) { edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount @skip(if: $s) totalCountCapped @include(if: $i) } }"""
    document = officer.executor.documents.read(text)

    def counts(**switches: bool) -> int:
        return officer.executor.warm(document, switches).sql.count("count(*)")

    assert counts(s=True, i=False) == 0
    assert counts(s=False, i=False) == 1
    assert counts(s=True, i=True) == 1
    assert "totalCount" not in (await answered(officer, text, {"s": True, "i": False}))["penalties"]
    total = (await answered(officer, text, {"s": False, "i": True}))["penalties"]
    assert total["totalCount"] > 10
    assert total["totalCountCapped"] is False


# ids


async def test_a_hundred_ids_are_answered_in_their_order_with_what_is_repeated_or_hidden(
    officer: Asker, city: City
) -> None:
    """A client matches by place; the hundredth is answered, the hundred-and-first refused."""
    ids = [city.ids[n % len(city.ids)] for n in range(LARGEST_PAGE)]
    text = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Record { documentNumber
      sourceUnit { code } } ... on Subject { penalties(first: 1) { edges { node { id } } } } } }"""

    found = (await answered(officer, text, {"ids": ids}))["nodes"]
    refused = await refusal(officer, text, {"ids": [*ids, ids[0]]})

    assert len(found) == len(ids)
    assert all(row is None or row["id"] == id_ for row, id_ in zip(found, ids, strict=True))
    assert [row for row, id_ in zip(found, ids, strict=True) if id_ == ids[0]] == [found[0]] * ids.count(ids[0])
    assert ids.count(ids[0]) > 1
    assert None in found
    assert refused.code == "INVALID"
    assert "100" in refused.message


async def test_ids_may_stand_in_the_document_beside_a_variable(officer: Asker, city: City) -> None:
    """A list literal with a variable in it is a value like any other."""
    some = f'"{city.ids[0]}", $id, "?", $id'
    text = f"query ($id: ID!) {{ nodes(ids: [{some}]) {{ id }} none: nodes(ids: []) {{ id }} }}"

    data = await answered(officer, text, {"id": city.ids[1]})

    assert [row and row["id"] for row in data["nodes"]] == [city.ids[0], city.ids[1], None, city.ids[1]]
    assert data["none"] == []


# plans


async def test_a_plan_is_compiled_once_per_document_and_shape_of_variables(
    officer: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan per document is what makes reads fast; a plan for the wrong shape is what makes them wrong."""
    compiled: list[Compiler] = []

    def counted(*given: Any) -> Compiler:
        compiled.append(Compiler(*given))
        return compiled[-1]

    monkeypatch.setattr(run, "Compiler", counted)
    asker = Asker(officer.database, officer.viewer)
    text = """query Q($u: String!, $k: ActKind, $n: Int = 5, $s: Boolean!) { enterprise(uscc: $u) {
      acts(kind: $k, first: $n) { edges { node { kind } } } name @skip(if: $s) } }"""

    async def ask(**variables: Any) -> int:
        await answered(asker, text, {"u": USCC, "s": False} | variables)
        return len(compiled)

    assert await ask() == 1
    assert await ask(u=MISSING) == await ask(n=0) == await ask(n=100) == 1
    assert await ask(k="REWARD") == await ask(k="INSPECTION", n=1) == 2, "with a filter it is another statement"
    assert await ask(s=True) == 3, "without the field it is another statement"
    assert await ask(n=None) == await ask(n=None, u=MISSING) == 4, "null is not the default"
    before = len(compiled)
    assert await ask() == await ask(k="LEVY") == await ask(s=True) == before, "all are kept"
