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
from schema.plan.run import Executor
from server.errors import CreditError


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
