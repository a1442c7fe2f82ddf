"""生成的查询 generated queries: through every door, the plan and the slow reference executor give the same JSON."""

from __future__ import annotations

import json
import random
import re
from collections.abc import AsyncIterator
from typing import Any
from zlib import crc32

import pytest
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    build_schema,
    is_required_argument,
    parse,
    parse_value,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, nodes, queries

from schema.api import PRINTED, registry
from schema.plan.run import Executor
from server.errors import CreditError
from server.viewer import PUBLIC
from tests.asker import City, answered, city_of, told
from tests.documents import Documents
from tests.test_breadth import NOWHERE
from tests.wide_world import DAYS, FORMER_NUMBER, NUMBER, USCC

WHO = ("public", "subject", "partner", "officer", "officer of another", "government")
#: A document may ask for more than one request may read, or for a past that is not one subject's; everything else that the
#: generator writes is to be answered.
TOO_MUCH = {"COST_LIMIT_EXCEEDED", "QUERY_TOO_LARGE", "NOT_AS_OF"}
RANDOM, GENERATED = 30, 25


@pytest.fixture(scope="module")
async def city(trial_database: Any) -> AsyncIterator[City]:
    """One database for the module: its tests only read."""
    async with trial_database() as database:
        yield await city_of(database)


# written by hand, and at random

DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    (
        """query Firm($uscc: String!, $first: Int = 2, $more: Boolean!, $less: Boolean = true) {
          firm: enterprise(uscc: $uscc) {
            ...Names
            id __typename
            ... on Subject { licences(first: $first) { ...Page edges { cursor node { ...R } } } }
            newest: licences(last: 1) { edges { node { documentNumber } } }
            penalties { totalCount edges { node { ...R fineYuan disclosure { from until basis disputed termName } } } }
            acts(kind: INSPECTION) { edges { node { kind result @include(if: $more) basis @skip(if: $less) } } }
            vehicles { edges { node { plate holder { ... on Enterprise { uscc } } driver { __typename } } } }
          }
          none: enterprise(uscc: "91110000600037341L") { name }
          service { today }
        }
        fragment Names on Enterprise { name 名: name }
        fragment Page on LicenceConnection { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount }
        fragment R on Record { documentNumber kind party { __typename ... on Enterprise { name } }
          timeliness { dueOn provisional lateWorkingDays reportedOn } }""".replace("名: name", "b: name"),
        {"uscc": USCC, "more": True},
    ),
    (
        """query ($uscc: String!) { enterprise(uscc: $uscc) {
            ratings { edges { node { grade score points { indicator points }
              bases { totalCount edges { node { record { __typename documentNumber ... on Penalty { facts } } } } } } } }
            listEntries(kind: OVERLOAD) { edges { node { kind reason measures { edition measure { content } }
              evidence { edges { node { record { id } } } } } } }
            commitments { edges { node { kind state } } }
            grants { edges { node { product { name policyTitle } grade } } }
            sourceUnit { name parent { name } units { edges { node { code } } } } } }""",
        {"uscc": USCC},
    ),
]


@pytest.mark.parametrize("who", WHO)
async def test_plan_and_reference_executor_agree(city: City, who: str) -> None:
    """A compiled statement has a hundred ways to be subtly wrong; a slow, plain executor must see the same."""
    asker = city.askers[who]
    generated = Documents(20261120, city.ids, await city.cursors(asker))
    rich = 0
    for text, variables in [*DOCUMENTS, *(generated.query() for _ in range(RANDOM))]:
        answer = await asker.agree(text, variables)
        assert not isinstance(answer, CreditError) or answer.code in TOO_MUCH, f"{answer}: {text} {variables}"
        rich += told(answer) >= 10
    assert rich > RANDOM // 3, "the documents must reach data, or agreeing means nothing"


# the past

RECORDS = """licences { totalCount pageInfo { endCursor } edges { cursor node { documentNumber state
  disclosure { from until withdrawnOn } party { __typename ... on Enterprise { name sector } } } } }
  penalties { edges { node { documentNumber fineYuan disclosure { disputed } sourceUnit { code } } } }"""
RATINGS = """ratings(first: 4) { edges { node { grade points { points }
  bases(first: 5) { edges { node { record { documentNumber ... on Penalty { fineYuan } } } } } } } }"""
OTHERS = """listEntries(first: 4) { edges { node { kind measures { edition } evidence { edges { node { record { id } } } } } } }
  commitments { totalCount } grants { edges { node { product { name } } } }"""
VEHICLES = """vehicles(first: 5) { totalCount edges { node { plate holder { ... on Enterprise { name } }
  driver { ... on Practitioner { name qualification } } } } }"""
FIRM, SHOP = (
    'enterprise(uscc: "91370117MA0000001L", asOf: $d)',
    'individualBusiness(uscc: "92370117MA0000001B", asOf: $d)',
)
PERSON, CAR = (
    "practitioner(certificateNumber: $n, asOf: $d)",
    "plate driver { __typename } ratings { edges { node { grade } } }",
)
PAST = (
    *(f"{FIRM} {{ name sector {body} }}" for body in (RECORDS, RATINGS, OTHERS, VEHICLES)),
    *(f"{SHOP} {{ name {body} }}" for body in (RECORDS, RATINGS, OTHERS, VEHICLES)),
    *(f"{PERSON} {{ name qualification {body} }}" for body in (RECORDS, RATINGS)),
    f'a: vehicle(plate: "鲁AD12345", colour: GREEN, asOf: $d) {{ {CAR} }}'
    f' b: vehicle(plate: "冀A00003", colour: BLUE, asOf: $d) {{ {CAR} }}'
    f' c: vehicle(plate: "冀A00004", colour: BLUE, asOf: $d) {{ {CAR} }}',
)


@pytest.mark.parametrize("who", WHO)
async def test_subjects_are_answered_as_of_every_day(city: City, who: str) -> None:
    """On a day of change itself two versions meet: one of them is that day's, for every row under the subject."""
    asker = city.askers[who]
    answers = []
    for field in PAST:
        given = {"n": NUMBER} if "$n" in field else {}
        head = "query ($d: Date!" + (", $n: String!)" if given else ")")
        for day in DAYS:
            answers.append(json.dumps(await answered(asker, f"{head} {{ {field} }}", given | {"d": day})))

    assert len(set(answers)) >= 20, "the days differ"


async def test_a_person_withdrawn_since_is_found_by_number_of_a_past_day_by_authorities_alone(city: City) -> None:
    """Authorities answer for what they knew on a day, however they ask; to others he is as unknown as anyone."""
    text = "query ($n: String!, $d: Date) { practitioner(certificateNumber: $n, asOf: $d) { name } }"
    for who, asker in city.askers.items():
        then, now = [
            (await answered(asker, text, {"n": FORMER_NUMBER, "d": day}))["practitioner"] for day in (DAYS[2], None)
        ]
        assert then == ({"name": "前**"} if who in ("officer", "officer of another", "government") else None)
        assert now == ({"name": "前**"} if who == "officer" else None), "his own agency sees what it took down"


# written by hypothesis

SCHEMA = build_schema(PRINTED.read_text("utf-8"))
DATES = st.dates().map(lambda day: nodes.String(day.isoformat()))


def drawn(count: int, mode: Mode) -> list[str]:
    """Draws documents, always the same ones."""
    found: list[str] = []

    # All health checks: they judge the speed of one draw, and a schema of eighty types is slow to draw from.
    @settings(
        max_examples=count, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(queries(SCHEMA, custom_scalars={"Date": DATES}, allow_x00=False, mode=mode))
    def draw(text: str) -> None:
        found.append(text)

    draw()
    return found


@pytest.fixture(scope="module")
def drawn_queries() -> list[str]:
    """Valid documents, enough for every door to have its own."""
    return drawn(GENERATED * len(WHO), Mode.POSITIVE)


class Known(Visitor):
    """Puts values that are known to find something in place of most that were drawn; the same ones for the same text."""

    def __init__(self, types: TypeInfo, documents: Documents, seed: int) -> None:
        super().__init__()
        self.types, self.documents, self.dice = types, documents, random.Random(seed)
        self.variables: dict[str, str] = {}

    def leave_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        """Chooses the arguments of one field anew."""
        kind, definition = self.types.get_parent_type(), self.types.get_field_def()
        if not node.arguments or kind is None or definition is None:
            return None
        name = node.name.value
        dice, chosen = self.dice, []
        backward = dice.random() < 0.3
        for given_ in node.arguments:
            key = given_.name.value
            arg = definition.args[key]
            if key in ("after", "before") and not self.documents.cursors.get((kind.name, name)):
                continue
            optional = not is_required_argument(arg)
            if key == ("first" if backward else "last") or (optional and dice.random() < 0.8 and key not in SIZES):
                continue
            if key == "certificateNumber" and not self.variables:
                self.variables["number"] = NUMBER
                value: ValueNode = parse_value("$number")
            elif key == "ids":
                value = parse_value(self.documents.literal(arg, dice.choices(self.documents.ids, k=3)))
            else:
                some = (1, 2, 3) if key in SIZES else self.documents.values(kind, name, key, arg)
                value = parse_value(self.documents.literal(arg, dice.choice(some)))
            chosen.append(ArgumentNode(name=NameNode(value=key), value=value))
        if any(one.name.value == "grade" for one in chosen) and not any(one.name.value == "standard" for one in chosen):
            chosen = [one for one in chosen if one.name.value != "grade"]
        return FieldNode(
            name=node.name,
            alias=node.alias,
            directives=node.directives,
            selection_set=node.selection_set,
            arguments=tuple(chosen),
        )


SIZES = ("first", "last", "months", "years")


def with_known_values(text: str, documents: Documents) -> tuple[str, dict[str, str]]:
    """Gives the document with known values in three of four, the others as they were drawn."""
    seed = crc32(text.encode())
    if seed % 4 == 0:
        return text, {}
    types = TypeInfo(SCHEMA)
    known = Known(types, documents, seed)
    document: DocumentNode = visit(parse(text), TypeInfoVisitor(types, known))
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    head = "query ($number: String!) " if known.variables else "query "
    return head + print_ast(operation.selection_set), known.variables


@pytest.mark.parametrize("who", WHO)
async def test_generated_queries_are_answered_as_the_reference_answers_them(
    city: City, drawn_queries: list[str], who: str
) -> None:
    """A generator that knows nothing of this service asks what nobody here thought of; a refusal is told in Chinese."""
    asker = city.askers[who]
    documents = Documents(0, city.ids, await city.cursors(asker))
    answered = rich = 0
    for text, variables in (with_known_values(each, documents) for each in drawn_queries[WHO.index(who) :: len(WHO)]):
        answer = await asker.agree(text, variables)
        if isinstance(answer, CreditError):
            assert re.search(r"[\u4e00-\u9fff]", answer.message), f"{answer}: {text}"
            assert re.fullmatch(r"[A-Z_]+", answer.code)
            assert answer.status == 400
            continue
        answered += 1
        rich += told(answer) >= 2
    assert answered >= GENERATED // 2
    assert rich >= GENERATED // 5, "the documents must reach data, or agreeing means nothing"


async def test_a_document_with_one_fault_is_refused_and_never_answered() -> None:
    """What the schema forbids must not reach the compiler; what is refused says so in Chinese, and how to mend it."""
    executor = Executor(registry())
    codes = {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"}
    seen = 0
    for text in drawn(100, Mode.NEGATIVE):
        with pytest.raises(CreditError) as refused:
            await executor.answer(NOWHERE, PUBLIC, executor.documents.read(text), {})
        assert refused.value.code in codes, f"{refused.value.message}: {text}"
        assert re.search(r"[\u4e00-\u9fff]", refused.value.message), text
        seen += 1
    assert seen >= 60
