"""恶意的输入 hostile input: what an attacker found, each once as a test. Bounds that hold for all: see ``test_bounds.py``."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest

from schema.api import registry
from schema.nodes import read_cursor, read_global_id
from schema.plan.asking import Asking
from schema.plan.cost import CHARACTERS_A_POINT, MOST_ROWS
from schema.plan.documents import Refused
from schema.plan.messages import in_chinese
from schema.plan.run import Executor
from server.database.connection import Database
from server.errors import CreditError, Invalid
from server.settings import Address
from server.viewer import PUBLIC
from tests.test_bounds import read, steps

ROW = UUID(int=1)


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(f"{text}|{ROW}".encode()).decode()


@pytest.mark.parametrize(
    ("sql_type", "key"),
    [
        ("text", "\0"),
        ("int", "2147483648"),
        ("timestamptz", "0001-01-01 00:00:00+14:00"),
        ("timestamptz", "9999-12-31 23:59:59-14:00"),
    ],
)
def test_a_forged_cursor_that_the_driver_cannot_send_is_refused_before(sql_type: str, key: str) -> None:
    """Each was answered 500; nobody but an attacker writes them."""
    with pytest.raises(Invalid):
        read_cursor(cursor(key), sql_type)


def test_a_forged_id_is_an_unknown_one_whatever_its_letters() -> None:
    """U+0000 in its first two bytes was answered 500."""
    assert read_global_id(base64.urlsafe_b64encode(b"\0\0" + ROW.bytes).decode()) == ("", None)
    assert read_global_id(base64.urlsafe_b64encode(b"EN" + ROW.bytes).decode()) == ("EN", ROW)


def spreads(fragments: int, body: str, kind: str, opening: str, closing: str = "}") -> str:
    """A document that spreads so many fragments of the same body side by side."""
    names = " ".join(f"...f{n}" for n in range(fragments))
    return opening + names + closing + "".join(f"fragment f{n} on {kind}{{{body}}}" for n in range(fragments))


PAIRS = {
    "equal fields of many fragments": spreads(29, "service{today}" * 10, "Query", "{"),
    "many fragments under equal fields": "{"
    + ("service{" + " ".join(f"...f{n}" for n in range(40)) + "}") * 19
    + "}"
    + "".join(f"fragment f{n} on Service{{today}}" for n in range(40)),
    "long arguments": spreads(20, f'enterprise(uscc:"{"a" * 70}"){{name}}' * 3, "Query", "{"),
    "the same spreads again and again": "{"
    + "".join(f"a{k}:service{{" + " ".join(f"...f{n}" for n in range(14)) + "}" for k in range(70))
    + "}"
    + "".join(f"fragment f{n} on Service{{today}}" for n in range(14)),
    "a cycle walked backwards": '{...f0 z:agency(code:"1"){...f57}}fragment f0 on Agency{code ...f1}'
    + "".join(
        f"fragment f{n} on Agency{{n:parent{{...f{n + 1}}}a:parent{{...f{n - 1}}}b:parent{{...f{n - 1}}}}}"
        for n in range(1, 57)
    )
    + "fragment f57 on Agency{a:parent{...f56}b:parent{...f56}}",
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_compared_in_pairs_is_bounded_before_it_is(name: str) -> None:
    """Four kilobytes of equal fields in fragments took graphql-core's overlap rule more than a second (5,000,000 steps)."""
    text = PAIRS[name]

    assert len(text) <= 8_192
    assert steps(read(text)) < 800_000


@pytest.mark.parametrize(
    "text",
    [
        spreads(30, "id name", "Enterprise", '{enterprise(uscc:"x"){', "}}"),
        spreads(10, "service{today revision}", "Query", "{"),
    ],
)
def test_people_s_documents_do_not_meet_the_bound_of_pairs(text: str) -> None:
    """Programs made of components ask the same of one object from thirty places."""
    assert Executor(registry()).documents.read(text).operations


def test_a_cycle_of_fragments_is_told_as_one() -> None:
    """The count of pairs must end in it, and leave it to the rule that names it."""
    text = '{agency(code:"1"){...f}}fragment f on Agency{code parent{...f}}'
    with pytest.raises(Refused, match="片段 f 引用了自己"):
        Executor(registry()).documents.read(text)


def rows_of(text: str) -> int:
    """Gives the price of a document with no variables."""
    return Executor(registry()).warm(Executor(registry()).documents.read(text), {}).cost.rows([None] * 100)


def test_many_values_of_one_row_are_priced_as_more_rows() -> None:
    """Four kilobytes asked for 1,900 texts of each of a hundred rows at the price of a hundred: a second, 6 MB."""
    usual = "{ penalties(first: 100) { edges { node { facts documentNumber disclosure { from until } } } } }"
    wide = " ".join(f"a{n}: facts" for n in range(390))
    five = " ".join(f"p{n}: penalties(first: 100) {{ edges {{ node {{ ...F }} }} }}" for n in range(5))
    objects = " ".join(f"d{n}: disclosure {{ from until disputed }}" for n in range(100))

    assert rows_of(usual) == rows_of("{ penalties(first: 100) { edges { node { facts } } } }")
    assert rows_of(f"{{ penalties(first: 100) {{ edges {{ node {{ {wide} }} }} }} }}") > 10_000
    assert rows_of(f"{{ penalties(first: 100) {{ edges {{ node {{ {objects} }} }} }} }}") > 8_000
    assert rows_of(f"{{ {five} }} fragment F on Penalty {{ {wide} }}") > MOST_ROWS


def test_each_look_at_the_other_side_of_a_cursor_is_priced() -> None:
    """A hundred aliases of ``hasPreviousPage`` were a hundred reads of the connection at the price of one."""
    page = f'penalties(first: 3, after: "{cursor("2026-01-01")}")'
    one, more = (
        rows_of(f"{{ {page} {{ pageInfo {{ {' '.join(f'a{n}: hasPreviousPage' for n in range(times))} }} }} }}")
        for times in (1, 31)
    )
    assert more > one + 30 * 200
    assert rows_of("{ penalties { pageInfo { hasPreviousPage } } }") < one


class Points:
    """A purse that notes what is spent."""

    limit = left = MOST_ROWS
    resets_in = 0

    def __init__(self) -> None:
        self.spent: list[int] = []

    def spend(self, points: int) -> None:
        self.spent.append(points)

    async def look_up_person(self, database: Database) -> None:
        raise AssertionError("nobody is looked up here")


async def test_a_known_document_that_is_refused_pays_for_each_compilation() -> None:
    """What is refused while it is compiled is not kept: a tenth of a second again for each request, at five points."""
    wide = " ".join(f"a{n}: id" for n in range(380))
    text = f"{{ {' '.join(f'p{n}: enterprises {{ edges {{ node {{ ...F }} }} }}' for n in range(5))} }}"
    text += f" fragment F on Enterprise {{ {wide} }}"
    executor, purse = Executor(registry()), Points()
    asking: Any = Asking(purse=purse)
    for _ in range(3):
        document = executor.document(text, asking)
        with pytest.raises(CreditError):
            await executor.answer(Database(Address("nowhere", 1, "x"), "s"), PUBLIC, document, {}, asking=asking)

    assert purse.spent == [len(text) // CHARACTERS_A_POINT] * 3


@pytest.mark.parametrize(
    "text",
    [
        "{990101199001011234}",
        '{"990101199001011234"}',
        '{penalties(decidedFrom:"990101199001011234"){totalCount}}',
        "{service @a990101199001011234{today}}",
        "query($n:String!){enterprise(uscc:$m990101199001011234){name}}",
        "{enterprise(uscc:990101199001011234){name}}",
    ],
)
def test_a_person_s_number_in_the_wrong_place_is_not_told_back(text: str) -> None:
    """Messages are logged and shown by the programs of others; the number belongs in a variable and nowhere else."""
    with pytest.raises(Refused) as found:
        Executor(registry()).documents.read(text)

    told = " ".join([found.value.message, *(in_chinese(error.message) for error in found.value.errors)])
    assert "990101199001011234" not in told
    assert "199001011" not in told
