"""界限 bounds: what one request may cost is known before it is done, and grows no faster than the document.

Steps are counted, not timed: a count is the same on a busy machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from schema.api import registry
from schema.fragments import read_query
from schema.plan.asking import Asking
from schema.plan.run import Executor
from schema.plan.weight import LARGEST_SPREAD, spread, spread_views
from server.database.connection import Database
from server.errors import CreditError
from server.pages.render import SITE
from server.pages.urls import PAGES
from server.settings import Address
from server.viewer import PUBLIC


def steps(work: Callable[[], object]) -> int:
    """Counts the calls, of Python and of C functions, that a piece of work makes."""
    counted = 0

    def count(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def read(text: str) -> Callable[[], None]:
    """Gives the work of taking a document in: all checks, parsing, validation, and its plan; refusals count too."""
    executor = Executor(registry())

    def work() -> None:
        try:
            document = executor.documents.read(text)
            executor.warm(document, {"u": "91370117MA0000001L", "s": True})
        except CreditError:
            pass

    return work


def many(part: str, times: int, before: str = "{ ", after: str = " }") -> str:
    return before + " ".join(part.replace("%", str(n)) for n in range(times)) + after


#: Each gives a document that grows with n, about 40 to 80 characters a unit.
FAMILIES: dict[str, Callable[[int], str]] = {
    "fields under aliases": lambda n: many('a%: enterprise(uscc: "91370117MA0000001L") { name uscc }', n),
    "one field again and again": lambda n: many("service { today } service { today revision }", n),
    "equal names with arguments": lambda n: many('enterprise(uscc: "91370117MA0000001L") { name }', n),
    "nesting": lambda n: '{ agency(code: "370117") ' + "{ parent " * n + "{ code }" + " }" * n + " }",
    "brackets": lambda n: "{ node(id: " + "[" * n + "]" * n + ") { id } }",
    "fragments in a row": lambda n: (
        "{ ...f0 } "
        + " ".join(f"fragment f{i} on Query {{ a{i}: service {{ today }} ...f{i + 1} }}" for i in range(n))
        + f" fragment f{n} on Query {{ z: service {{ today }} }}"
    ),
    "fragments spread twice": lambda n: (
        "{ ...f0 } "
        + " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(n))
        + f" fragment f{n} on Query {{ z: service {{ today }} }}"
    ),
    "fragments that nobody spreads": lambda n: (
        "{ service { today } } " + many("fragment f% on Enterprise { name }", n, "", "")
    ),
    "inline fragments": lambda n: many("... on Query { ... @include(if: true) { service { today } } }", n),
    "fragments on every type": lambda n: (
        '{ node(id: "x") { '
        + " ".join(
            f"... on {kind} {{ a{i}: id }}"
            for i in range(n)
            for kind in ("Enterprise", "Vehicle", "Licence", "Penalty")
        )
        + " } }"
    ),
    "directives": lambda n: "{ service { " + many("today @skip(if: false) @include(if: true)", n, "", "") + " } }",
    "variables": lambda n: many("$v%: String", n, "query (", ") { service { today } }"),
    "used variables": lambda n: (
        many("$v%: String!", n, "query (", ") { ") + many("a%: enterprise(uscc: $v%) { name }", n, "", " }")
    ),
    "operations": lambda n: many("query q% { service { today } }", n, "", ""),
    "a long string": lambda n: '{ enterprise(uscc: "' + '\\u0041\\n\\"信' * n * 3 + '") { name } }',
    "a block string": lambda n: '{ enterprise(uscc: """' + '\\""" " \n' * n * 4 + '""") { name } }',
    "a string without end": lambda n: '{ enterprise(uscc: "' + "x" * n * 50,
    "comments": lambda n: "#信途\n" * n * 8 + "{ service { today } }",
    "a long number": lambda n: "{ enterprises(first: " + "9" * n * 50 + ") { totalCount } }",
    "unknown fields": lambda n: many("nothing%", n),
    "unknown arguments": lambda n: many("service(x%: 1) { today }", n),
    "meta fields": lambda n: many("t%: __typename", n),
    "conflicting fields": lambda n: many("a: service { today } a: __typename b%: service { today }", n),
    "lists of objects": lambda n: "{ node(id: {a: [" + "{b: [1, 2]}, " * n + "]}) { id } }",
    "deep objects": lambda n: "{ node(id: " + "{a: " * n + "1" + "}" * n + ") { id } }",
    "connections": lambda n: many("c%: enterprises(first: 1) { edges { node { name } } }", n),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_taking_a_document_in_costs_no_more_than_its_length(family: str) -> None:
    """A check whose work grows with the square of the document is a way to stop the service with eight kilobytes.

    Four times the document may take six times the steps: more growth than that is no longer linear with a fixed part.
    """
    make = FAMILIES[family]
    steps(read(make(2)))  # the first call of anything pays for what is made once

    small, large = steps(read(make(12))), steps(read(make(48)))

    assert large <= 6 * small + 2_000, (small, large)


@pytest.mark.parametrize("family", FAMILIES)
def test_eight_kilobytes_of_anything_are_taken_in_or_refused_within_a_bound(family: str) -> None:
    """Whatever fills the largest anonymous request, its work is bounded: some 100 steps for each character.

    A million steps are about an eighth of a second of CPython.
    """
    make = FAMILIES[family]
    times = 8
    while len(make(times * 2).encode()) <= 8_192:
        times *= 2
    text = make(times)

    assert steps(read(text)) < 800_000, len(text)


def refused(text: str) -> CreditError:
    """Gives the refusal of a document that is compiled, and never sent."""
    executor = Executor(registry())
    with pytest.raises(CreditError) as found:
        executor.warm(executor.documents.read(text), {})
    return found.value


def test_a_statement_that_is_short_but_spreads_wide_is_refused() -> None:
    """A person's view looks into ten others: eight kilobytes of parties took PostgreSQL a quarter of a second to plan."""
    kinds = "Enterprise", "IndividualBusiness", "Practitioner"
    inner = "documentNumber"
    for level in range(3):
        inner = (
            "party { "
            + " ".join(
                f"... on {k} {{ {k}{level}: penalties(first: 1) {{ edges {{ node {{ {inner} }} }} }} }}" for k in kinds
            )
            + " }"
        )
    text = "{ " + " ".join(f"{a}: penalties(first: 1) {{ edges {{ node {{ {inner} }} }} }}" for a in "ab") + " }"

    assert len(text) < 8_000
    assert refused(text).code == "QUERY_TOO_LARGE"


def test_the_weight_of_a_view_holds_all_that_it_looks_into() -> None:
    """A view left out of the sum would be a way around the bound."""
    views = spread_views()

    assert views["practitioner"] > views["penalty"] + views["licence"] + views["act"] + views["rating"]
    assert views["past_penalty"] > views["penalty"]
    assert spread("SELECT FROM practitioner t1") > views["practitioner"]


def test_what_the_pages_ask_is_far_from_the_bounds() -> None:
    """The bounds stop attacks; a page that grows by a column must not meet them."""
    executor = Executor(registry())
    for page in PAGES:
        document = executor.documents.read(read_query(SITE / "queries" / f"{page.name}.graphql"))
        for variables in page.examples():
            plan = executor.warm(document, variables)
            assert spread(plan.sql) < LARGEST_SPREAD / 2, (page.name, variables)


def test_a_hopeless_document_is_refused_before_it_is_compiled_whole() -> None:
    """A refusal that costs as much as an answer is no protection."""
    once = "a%: penalties(first: 100) { edges { node { party { __typename ... on Enterprise { name } } } } }"
    half, whole = (steps(read(many(once, times))) for times in (40, 80))

    assert refused(many(once, 80)).code == "COST_LIMIT_EXCEEDED"
    assert whole < 2 * half


def test_a_request_may_search_a_few_times_only() -> None:
    """What a search takes its price does not tell: eight kilobytes would hold forty misspelt names."""
    once = 'a%: search(text: "安快") { reading }'

    executor = Executor(registry())
    executor.warm(executor.documents.read(many(once, 4)), {})
    assert refused(many(once, 5)).message == "一次请求最多检索 4 次；请分几次发送"


def test_every_type_of_a_node_may_be_asked_by_the_same_name() -> None:
    """A partner who keeps ids of many kinds asks each kind for what it has."""
    kinds = sorted(kind.name for kind in registry().tags.values())
    text = "query ($u: ID!) { node(id: $u) { " + " ".join(f"... on {kind} {{ id }}" for kind in kinds) + " } }"
    executor = Executor(registry())

    assert len(kinds) > 12
    assert executor.warm(executor.documents.read(text), {"u": "x"}).reads


@pytest.mark.parametrize(
    "inner",
    [
        "grants { edges { node { product { grants { totalCount } } } } }",
        'sourceUnit { recordCounts(kind: PENALTY, fromMonth: "2026-01") { count } }',
    ],
)
def test_a_past_day_does_not_lead_away_from_its_subject(inner: str) -> None:
    """The past of one firm is bounded by the firm; the past of all that ever had a product is not."""
    firm = 'enterprise(uscc: "91370117MA0000001L"{}) { ' + inner + " }"

    assert refused("{ " + firm.replace("{}", ', asOf: "2026-01-31"', 1) + " }").code == "NOT_AS_OF"
    executor = Executor(registry())
    assert executor.warm(executor.documents.read("{ " + firm.replace("{}", "", 1) + " }"), {}).reads


def test_a_day_to_come_is_refused_as_a_past_day() -> None:
    """Whoever asks how a firm will stand tomorrow must not take today's rows for the answer."""
    assert "过去的一天" in refused('{ enterprise(uscc: "91370117MA0000001L", asOf: "2999-01-01") { name } }').message


class Counted:
    """A purse of a hundred thousand points."""

    limit, resets_in = 100_000, 0

    def __init__(self) -> None:
        self.left = self.limit

    def spend(self, points: int) -> None:
        self.left -= points

    async def look_up_person(self, database: Database) -> None:
        raise AssertionError("nobody is looked up here")


class Kept(Database):
    """A database that keeps the values it is sent: what they are is the question, not what is read."""

    sent: tuple[Any, ...] = ()

    async def fetch_text(self, viewer: Any, sql: str, *args: Any, once: bool = False) -> str:
        self.sent = args
        return "{}"


async def test_the_points_left_are_told_after_the_request_has_paid() -> None:
    """A program that plans by what it is told would else send one request too many."""
    executor, database, purse = Executor(registry()), Kept(Address("nowhere", 1, "x"), "s"), Counted()
    document = executor.documents.read("{ viewer { pointsLeft } }")

    answer = await executor.answer(database, PUBLIC, document, {}, asking=Asking(purse=purse))

    assert purse.left < purse.limit
    assert purse.left in database.sent
    assert answer.rows > 0


async def test_a_known_document_costs_less_than_a_new_one() -> None:
    """Taking a document in costs a hundred times an answer: whoever sends ever new ones must pay for it."""
    executor, purse = Executor(registry()), Counted()
    text = "{ " + " ".join(f"a{n}: service {{ today }}" for n in range(50)) + " }"

    executor.document(text, Asking(purse=purse))
    first, purse.left = purse.left, purse.limit
    executor.document(text, Asking(purse=purse))

    assert first <= purse.limit - len(text) // 10
    assert purse.left == purse.limit
