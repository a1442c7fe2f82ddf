"""数据接口的规矩 the API over HTTP, sentence by sentence: GraphQL over HTTP, known documents, CORS, points, dry runs.

``{ __typename }`` needs no row, so what concerns HTTP alone is asked of an application whose database is not there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.fragments import read_query
from schema.known import known_documents
from schema.nodes import global_id
from schema.plan.cost import MOST_ROWS, REQUEST
from schema.plan.documents import MOST_ERRORS, Documents
from schema.plan.limits import LIMITS
from schema.replies import ALWAYS, chosen_type
from schema.requests import from_query
from server.accounts.service import KeyRole, issue_key
from server.database.connection import Database
from server.errors import TooLarge, WrongSetting
from server.pages.render import SITE
from server.settings import Address
from server.viewer import Duty
from tests.serving import client_of
from tests.support import SECRET, TrialDatabase
from tests.world import USCC, build

RESPONSE, JSON = "application/graphql-response+json", "application/json"
HELLO = "{ __typename }"
UNKNOWN = global_id("PE", UUID("00000000-0000-4000-8000-000000000007"))
MUTATION = (
    f'mutation Withdraw {{ withdrawRecord(id: "{UNKNOWN}", withdrawal: MISTAKEN, reason: "x", idempotencyKey: "k")'
    " { __typename } }"
)
DRY = {"x-xintu-dry-run": "1"}
TWO = "query A { __typename } query B { __typename }"
TYPED = "query ($name: String!) { __type(name: $name) { name } }"


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Any]:
    """The service without its database, and with points enough for this whole file."""
    async with client_of(nowhere(), public_points=1_000_000_000) as one:
        yield one


def nowhere() -> Database:
    """A database that is not there."""
    return Database(Address("127.0.0.1", 1, "nowhere"), SECRET)


def digest(text: str) -> str:
    """Gives the name of a document."""
    return hashlib.sha256(text.encode()).hexdigest()


def code_of(answer: Any) -> str | None:
    """Gives the code of the first error, or None for an answer without errors."""
    errors = answer.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else None


@dataclass(frozen=True)
class Row:
    """One sentence of the specification with a request that shows it.

    ``status`` is for ``application/graphql-response+json``, ``legacy`` for ``application/json`` (the same if None).
    """

    sentence: str
    status: int
    legacy: int | None = None
    method: str = "POST"
    body: Any = field(default_factory=lambda: {"query": HELLO})
    parameters: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    allow: str | None = None


def wrong(name: str, *values: Any) -> list[Row]:
    """A parameter of the wrong type makes no well-formed request."""
    return [
        Row(f"SHOULD refuse {type(value).__name__} as {{{name}}}", 400, body={"query": HELLO, name: value})
        for value in values
    ]


def of(kind: str) -> dict[str, str]:
    """The header of a body's type."""
    return {"content-type": kind}


def get(sentence: str, status: int, legacy: int | None = None, allow: str | None = None, **parameters: str) -> Row:
    """A request by GET."""
    return Row(sentence, status, legacy, "GET", parameters=parameters, allow=allow)


#: GraphQL over HTTP: drafts up to 2025 and the audits of graphql-http. The edition of September 2026 recommends 422 for
#: some of the rows that have 400 here, which is of the same class: see decision 0005.
ROWS = [
    Row("A server MUST support requests by POST", 200),
    Row("MUST support POST with a body of UTF-8 JSON", 200, headers=of("application/json; charset=utf-8")),
    Row("MUST assume utf-8 where Content-Type names no encoding", 200, body='{"query": "{ __typename } # 信途"}'.encode()),
    Row("The names of media types are matched without regard to case", 200, headers=of("Application/JSON")),
    Row("SHOULD reject a POST without Content-Type", 415, headers=of("")),
    Row("SHOULD use 415 for a Content-Type that is not supported", 415, headers=of("application/graphql")),
    Row("a form is no request (CSRF)", 415, headers=of("application/x-www-form-urlencoded")),
    Row("text/plain is no request (CSRF)", 415, headers=of("text/plain")),
    Row("a multipart form without the custom header is refused (CSRF)", 403, headers=of("multipart/form-data; boundary=x")),
    Row("a compressed body is refused", 415, headers={"content-encoding": "gzip"}),
    Row("another encoding than UTF-8 is refused", 415, headers=of("application/json; charset=utf-16")),
    Row("MUST require a body on POST", 400, body=b""),
    Row("SHOULD use 400 when the JSON cannot be parsed", 400, body=b'{"query":'),
    Row("SHOULD use 400 when the body is not UTF-8", 400, body=b'{"query": "\xff"}'),
    Row("a number that no float holds is not accepted", 400, body=b'{"query": "{ __typename }", "variables": {"a": 1e999}}'),
    Row("SHOULD use 413 for a body that is too large", 413, body=b" " * 262_145),
    Row("a length that is no number is refused", 413, headers={"content-length": "9" * 5000}),
    Row("SHOULD use 400 for a request without {query}", 400, body={"qeury": HELLO}),
    Row("an empty {query} is none", 400, body={"query": ""}),
    Row("{query} of blanks is none", 400, body={"query": " \n"}),
    Row("a request is an object", 400, body="text"),
    Row("batching is not supported", 400, body=[{"query": HELLO}]),
    *wrong("query", {"obj": "ect"}, 0, False, ["array"]),
    *wrong("operationName", {"obj": "ect"}, 0, False, ["array"]),
    *wrong("variables", "string", 0, False, ["array"]),
    *wrong("extensions", "string", 0, False, ["array"]),
    Row("MUST allow null {variables}", 200, body={"query": HELLO, "variables": None}),
    Row("MUST allow null {operationName}", 200, body={"query": HELLO, "operationName": None}),
    Row("MUST allow null {extensions}", 200, body={"query": HELLO, "extensions": None}),
    Row("MUST allow a map as {variables}", 200, body={"query": TYPED, "variables": {"name": "Query"}}),
    Row("MUST allow a map as {extensions}", 200, body={"query": HELLO, "extensions": {"some": "value"}}),
    Row("MUST allow a string as {operationName}", 200, body={"query": TWO, "operationName": "B"}),
    Row("MUST ignore properties it does not understand", 200, body={"query": HELLO, "id": 1, "doc": {}}),
    Row("parameters in the address of a POST mean nothing", 400, body={}, parameters={"query": HELLO}),
    Row("a document that cannot be parsed: 400, and 200 for application/json", 400, 200, body={"query": "{"}),
    Row("a document that does not validate: 400, and 200 for application/json", 400, 200, body={"query": "{ nothing }"}),
    Row("an operation that cannot be determined: 400, and 200 for application/json", 400, 200, body={"query": TWO}),
    Row("an operation that is not there: 400, and 200", 400, 200, body={"query": TWO, "operationName": "C"}),
    Row("an empty {operationName} in JSON names no operation", 400, 200, body={"query": TWO, "operationName": ""}),
    Row("a variable that cannot be coerced: 400, and 200", 400, 200, body={"query": TYPED, "variables": {"name": 7}}),
    Row("a variable that is missing: 400, and 200", 400, 200, body={"query": TYPED}),
    Row("SHOULD use 401 for one who is not known, unless nobody can say", 503, headers={"authorization": "Bearer x"}),
    Row("SHOULD use 403 for what is not permitted", 403, body={"query": MUTATION}),
    Row("SHOULD use 503 when it cannot answer at this time", 503, body={"query": "{ service { today } }"}),
    get("MAY support requests by GET", 200, query=HELLO),
    get("{variables} are JSON in the address", 200, query=TYPED, variables='{"name": "Query"}'),
    get("{extensions} are JSON in the address", 200, query=HELLO, extensions='{"some": "value"}'),
    get("an empty {operationName} in the address is none", 200, query=HELLO, operationName=""),
    get("empty {variables} and {extensions} in the address are none", 200, query=HELLO, variables="", extensions=""),
    get("operationName=null names an operation", 200, query=f"query null {HELLO} {TWO}", operationName="null"),
    get("{operationName} chooses the operation", 200, query=TWO, operationName="A"),
    get("{variables} that are no JSON are refused", 400, query=TYPED, variables="{name}"),
    get("{variables} that are no object are refused", 400, query=TYPED, variables="[]"),
    get("{extensions} that are no object are refused", 400, query=HELLO, extensions="7"),
    get("a GET without {query} is refused", 400),
    get("unknown parameters are ignored", 200, query=HELLO, utm="x"),
    get("a mutation by GET MUST be refused; 405 is RECOMMENDED", 405, allow="POST", query=MUTATION),
    get("a mutation chosen by {operationName} as well", 405, allow="POST", query=TWO + MUTATION, operationName="Withdraw"),
    get("a query beside a mutation may be read", 200, query=TWO + MUTATION, operationName="A"),
    get("a subscription is none of ours", 400, 200, query="subscription { a }"),
    Row("SHOULD use 405 for another method, with Allow", 405, method="PUT", allow="GET, POST"),
    Row("HEAD is supported where GET is (RFC 9110)", 200, method="HEAD", body=b"", parameters={"query": HELLO}),
]  # fmt: skip


def sent(row: Row, accept: str) -> dict[str, Any]:
    """Gives the request of a row."""
    headers = {"accept": accept, "content-type": JSON} | dict(row.headers)
    if not headers["content-type"]:
        del headers["content-type"]
    asked: dict[str, Any] = {"headers": headers, "params": row.parameters}
    if row.method != "GET":
        asked["content"] = row.body if isinstance(row.body, bytes) else json.dumps(row.body).encode()
    return asked


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence)
async def test_graphql_over_http_to_the_letter(client: Any, row: Row) -> None:
    """Clients of every language rely on these sentences, not on us."""
    for accept, status in ((RESPONSE, row.status), (JSON, row.status if row.legacy is None else row.legacy)):
        answer = await client.request(row.method, "/graphql", **sent(row, accept))

        assert answer.status_code == status
        assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
        told = {"data": None} if row.method == "HEAD" else answer.json()
        # An answer has either data or errors, and a 2xx for graphql-response+json always has data.
        assert ("data" in told) != ("errors" in told)
        assert ("data" in told) == (row.status == 200)
        assert answer.headers.get("allow") == row.allow
        assert answer.headers["vary"] == "Accept, Authorization"
        assert answer.headers["cache-control"] == "no-store"
        assert "retry-after" in answer.headers if status == 503 else "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, RESPONSE),
        ("", RESPONSE),
        ("*/*", RESPONSE),
        ("application/*", RESPONSE),
        (RESPONSE, RESPONSE),
        (JSON, JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON}, {RESPONSE}", RESPONSE),
        (f"{RESPONSE};q=0.1, {JSON}", JSON),
        (f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE),
        ("text/html, application/json;q=0.8, */*;q=0.1", JSON),
        (f"{RESPONSE};q=0, */*", JSON),
        (f"{JSON};q=0, */*;q=0.5", RESPONSE),
        ("APPLICATION/JSON", JSON),
        ("text/html, " * 40 + JSON, JSON),
        ("text/html", None),
        (f"{RESPONSE};q=0", None),
        ("application/json;q=x", None),
    ],
)
async def test_the_accept_header_is_respected(client: Any, accept: str | None, chosen: str | None) -> None:
    """MUST answer in the highest of the client's media types, SHOULD use 406 when there is none."""
    headers = {"content-type": JSON, "accept": accept} if accept is not None else {"content-type": JSON}
    request = client.build_request("POST", "/graphql", json={"query": HELLO}, headers=headers)
    if accept is None:
        del request.headers["accept"]
    answer = await client.send(request)

    if chosen is None:
        assert (answer.status_code, code_of(answer)) == (406, "NOT_ACCEPTABLE")
    else:
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{chosen}; charset=utf-8")


async def test_two_lines_of_a_header_are_one(client: Any) -> None:
    """A proxy may split a list over lines; read alone, one of them would decide."""
    two = [("content-type", JSON), ("accept", "text/html"), ("accept", JSON)]
    answer = await client.post("/graphql", json={"query": HELLO}, headers=two)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")
    assert chosen_type("text/html, application/json") == JSON


async def test_a_parameter_given_twice_is_refused(client: Any) -> None:
    """Two readers of one address, a filter before us and we ourselves, must not read two requests."""
    answer = await client.get("/graphql?query=%7B__typename%7D&query=%7Bservice%7Btoday%7D%7D")
    broken = await client.get("/graphql?query=%ff")
    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")
    assert (broken.status_code, code_of(broken)) == (400, "BAD_REQUEST")


def test_an_address_that_is_too_long_is_refused() -> None:
    """SHOULD use 414; the client that met it knows that POST has no such bound."""
    with pytest.raises(TooLarge) as refused:
        from_query(b"query=" + b"a" * LIMITS.body, {})
    assert (refused.value.status, "改用 POST" in refused.value.message) == (414, True)


class Dropped:
    """A body whose sender goes away, or never stops."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


async def test_a_body_is_bounded_while_it_comes(client: Any) -> None:
    """A length may be missing; the bound holds for what is really sent."""
    many = Dropped(*[b" " * 65_536] * 5)
    pieces = Dropped(b'{"query": "{ __ty', b'pename }"}')
    large = await client.post("/graphql", content=many, headers={"content-type": JSON})
    good = await client.post("/graphql", content=pieces, headers={"content-type": JSON})
    assert (large.status_code, code_of(large)) == (413, "TOO_LARGE")
    assert good.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("nested", [False, True])
async def test_the_values_of_the_variables_are_counted(client: Any, nested: bool) -> None:
    """Each is looked at and coerced, beside what the document costs; lists inside lists count too."""

    async def answer(number: int) -> Any:
        values: Any = ["x"] * number
        query = "query ($ids: [ID!]!) { __typename a: nodes(ids: $ids) @skip(if: true) { id } }"
        given = {"ids": [values] if nested else values}
        return await client.post("/graphql", json={"query": query, "variables": given})

    few, many = await answer(900), await answer(1_001)

    assert code_of(few) == ("BAD_USER_INPUT" if nested else None)
    assert (many.status_code, code_of(many)) == (400, "QUERY_TOO_LARGE")
    assert "1000 个值" in many.json()["errors"][0]["message"]


# — known documents ————————————————————————————————————————————————————————————————————————————————————————————————


def persisted(text_or_hash: str, version: Any = 1) -> dict[str, Any]:
    """The extension that names a document."""
    return {"persistedQuery": {"version": version, "sha256Hash": text_or_hash}}


async def test_a_page_query_may_be_asked_for_by_its_hash(database: TrialDatabase) -> None:
    """Partner apps send 64 characters instead of a document, and a proxy may cache the GET."""
    await build(database)
    text = read_query(SITE / "queries" / "enterprise.graphql")
    variables = {"uscc": USCC}
    async with client_of(database, public_points=1_000_000) as client:
        full = await client.post("/graphql", json={"query": text, "variables": variables})
        by_post = await client.post("/graphql", json={"extensions": persisted(digest(text)), "variables": variables})
        address = {"extensions": json.dumps(persisted(digest(text))), "variables": json.dumps(variables)}
        by_get = await client.get("/graphql", params=address)
        both = await client.post(
            "/graphql", json={"query": text, "extensions": persisted(digest(text)), "variables": variables}
        )

    assert full.status_code == 200
    assert full.json()["data"]["enterprise"] is not None
    assert full.json() == by_post.json() == by_get.json() == both.json()


async def test_an_unknown_hash_is_told_and_never_registered(client: Any) -> None:
    """Whoever could add documents could fill the memory, or give another's hash his own text."""
    asked = {"extensions": persisted(digest(HELLO))}
    before = await client.post("/graphql", json=asked)
    with_text = await client.post("/graphql", json={"query": HELLO} | asked)
    after = await client.post("/graphql", json=asked)
    legacy = await client.post("/graphql", json=asked, headers={"accept": JSON})

    assert with_text.json()["data"] == {"__typename": "Query"}
    for answer, status in ((before, 400), (after, 400), (legacy, 200)):
        assert (answer.status_code, code_of(answer)) == (status, "PERSISTED_QUERY_NOT_FOUND")
        assert "已知文档" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "extension",
    [
        persisted(digest("{ other }")),
        persisted(digest(HELLO), 2),
        persisted(digest(HELLO), "1"),
        persisted(digest(HELLO).upper()),
        {"persistedQuery": {"version": 1}},
        {"persistedQuery": digest(HELLO)},
        {"persistedQuery": {"version": 1, "sha256Hash": 7}},
    ],
)
async def test_a_hash_that_does_not_fit_is_refused(client: Any, extension: Any) -> None:
    """The text and its name must be the same document, or one of them lies."""
    answer = await client.post("/graphql", json={"query": HELLO, "extensions": extension})
    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


def allow_list(folder: Path, content: Any) -> Path:
    """Writes an allow-list."""
    file = folder / "documents.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
    return file


async def test_the_allow_list_of_the_bureau_is_known(tmp_path: Path) -> None:
    """Client tools write it at build time; the bureau reviews it and names it in one setting."""
    text = "query Hello { __typename } # 合作方"
    mutation = "mutation Nothing { __typename }"
    file = allow_list(tmp_path, {digest(text): text, digest(mutation): mutation})
    async with client_of(nowhere(), documents=file) as client:
        known = await client.get("/graphql", params={"extensions": json.dumps(persisted(digest(text)))})
        written = await client.get("/graphql", params={"extensions": json.dumps(persisted(digest(mutation)))})
        # What is not on the list is answered as before: the list spares bytes, it forbids nothing.
        free = await client.post("/graphql", json={"query": HELLO})

    assert known.json()["data"] == free.json()["data"] == {"__typename": "Query"}
    assert (written.status_code, written.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "应为 JSON 对象"),
        ("{", "读不出"),
        ("[" * 100_000, "读不出"),
        ({"x": 1}, "文档须是文本"),
        ({"x": HELLO}, "不是文档的 SHA-256"),
        ({hashlib.sha1(HELLO.encode()).hexdigest(): HELLO}, "散列算法须设为 sha256"),
        ({digest("{ nothing }"): "{ nothing }"}, "没有字段 nothing"),
        ({digest("{"): "{"}, "语法错误"),
        ({digest(" " * 4_000_001): " " * 4_000_001}, "过大"),
    ],
)
def test_a_wrong_allow_list_stops_the_start(tmp_path: Path, documents: Documents, content: Any, told: str) -> None:
    """An app whose documents are refused one by one in the field is found out by its users."""
    with pytest.raises(WrongSetting, match=told):
        known_documents(documents, SITE / "queries", allow_list(tmp_path, content))


@pytest.fixture(scope="module")
def documents() -> Documents:
    """The documents of a schema that holds the site's own queries."""
    from schema.api import executor

    return executor(None).documents


def test_the_allow_list_takes_no_place_among_the_documents_in_use(tmp_path: Path, documents: Documents) -> None:
    """A long list, read at the start, must not fill the memory before anyone asks."""
    text = "{ __typename aliased: __typename }"
    known = known_documents(documents, SITE / "queries", allow_list(tmp_path, {digest(text): text}))
    assert known[digest(text)] == text
    assert len(known) == 1 + len(list((SITE / "queries").glob("*.graphql")))
    assert documents.known.find(bytes.fromhex(digest(text))) is None


# — other sites' pages ——————————————————————————————————————————————————————————————————————————————————————————————

ORIGIN = {"origin": "https://partner.example"}


def asks_before(method: str, headers: str = "") -> dict[str, str]:
    """The headers of a preflight."""
    asked = ORIGIN | {"access-control-request-method": method}
    return asked | {"access-control-request-headers": headers} if headers else asked


@pytest.mark.parametrize(
    ("method", "headers", "granted"),
    [
        ("POST", "content-type", True),
        ("POST", "Content-Type, X-Xintu-Dry-Run", True),
        ("GET", "", True),
        ("POST", "authorization", False),
        ("POST", "authorization,content-type", False),
        ("POST", "content-type,x-xintu-upload", False),
        ("PUT", "content-type", False),
        ("DELETE", "", False),
    ],
)
async def test_a_page_of_another_site_may_ask_without_a_key(
    client: Any, method: str, headers: str, granted: bool
) -> None:
    """A key inside a page would be every visitor's; so a page that wants to send one is not let through."""
    answer = await client.options("/graphql", headers=asks_before(method, headers))
    told = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["vary"] == "Access-Control-Request-Method, Access-Control-Request-Headers"
    assert told == (
        {
            "access-control-allow-origin": "*",
            "access-control-allow-methods": "GET, HEAD, POST",
            "access-control-allow-headers": "accept, content-type, x-xintu-dry-run",
            "access-control-max-age": "7200",
        }
        if granted
        else {}
    )
    assert "content-security-policy" in answer.headers
    assert "ratelimit" not in answer.headers, "it is the browser's question, not the asker's"


@pytest.mark.parametrize(
    ("method", "asked", "granted"),
    [
        ("POST", {"json": {"query": HELLO}}, True),
        ("GET", {"params": {"query": HELLO}}, True),
        ("POST", {"json": {"query": "{ nothing }"}}, True),
        ("POST", {"json": {"query": "{ service { today } }"}}, True),
        ("POST", {"json": {"query": HELLO}, "headers": {"authorization": "Bearer x"}}, False),
        ("POST", {"json": {"query": MUTATION}}, False),
        ("GET", {"params": {"query": MUTATION}}, False),
    ],
)
async def test_queries_without_a_key_are_readable_by_any_origin(
    client: Any, method: str, asked: dict[str, Any], granted: bool
) -> None:
    """What everyone may ask, every page may read; never with credentials, and never what a write answered."""
    headers = ORIGIN | asked.pop("headers", {})
    answer = await client.request(method, "/graphql", headers=headers, **asked)

    assert answer.headers.get("access-control-allow-origin") == ("*" if granted else None)
    assert "access-control-allow-credentials" not in answer.headers
    exposed = answer.headers.get("access-control-expose-headers", "").split(", ")
    assert exposed == (["retry-after", "ratelimit", "ratelimit-policy"] if granted else [""])


# — points ——————————————————————————————————————————————————————————————————————————————————————————————————————————


@pytest.mark.parametrize(
    ("method", "asked", "status"),
    [
        ("POST", {"json": {"query": HELLO}}, 200),
        ("GET", {"params": {"query": HELLO}}, 200),
        ("POST", {"json": {"query": HELLO}, "headers": DRY}, 200),
        ("POST", {"json": {"query": "{ nothing }"}}, 400),
        ("POST", {"content": b"{", "headers": {"content-type": JSON}}, 400),
        ("POST", {"json": {"query": MUTATION}}, 403),
        ("PUT", {}, 405),
        ("GET", {"params": {"query": MUTATION}}, 405),
        ("POST", {"json": {"query": HELLO}, "headers": {"accept": "text/html"}}, 406),
        ("POST", {"content": b" " * 300_000, "headers": {"content-type": JSON}}, 413),
        ("POST", {"content": b"x"}, 415),
        ("POST", {"json": {"query": "{ service { today } }"}}, 503),
        ("POST", {"json": {"query": HELLO}, "headers": {"authorization": "Bearer x"}}, 503),
    ],
)
async def test_every_answer_tells_the_points(client: Any, method: str, asked: dict[str, Any], status: int) -> None:
    """A program that knows what is left slows down by itself, instead of being refused."""
    answer = await client.request(method, "/graphql", **asked)

    assert answer.status_code == status
    assert answer.headers["ratelimit-policy"] == '"points";q=1000000000;w=60'
    assert re.fullmatch(r'"points";r=\d{1,10};t=\d{1,2}', answer.headers["ratelimit"])


async def test_junk_is_paid_like_a_request() -> None:
    """Free refusals would let anyone keep a process busy with what it must read to refuse."""
    async with client_of(nowhere(), public_points=10 * REQUEST) as client:
        junk = [await client.post("/graphql", content=b"{", headers={"content-type": JSON}) for _ in range(11)]
        page = await client.get("/healthz")

    assert [answer.status_code for answer in junk] == [400] * 10 + [429]
    last = junk[-1]
    assert code_of(last) == "RATE_LIMITED"
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert last.headers["ratelimit"].startswith('"points";r=')
    assert last.headers["access-control-allow-origin"] == "*", "a page must be able to read when to come again"
    assert page.status_code == 200


# — the cost alone ——————————————————————————————————————————————————————————————————————————————————————————————————

NESTED = "query ($u: String!) { enterprise(uscc: $u) { name penalties(first: 20) { edges { node { id } } } } }"


async def test_a_dry_run_tells_the_cost_and_reads_nothing(database: TrialDatabase) -> None:
    """Who writes a program learns what a query costs before it is spent."""
    await build(database)
    body = {"query": NESTED, "variables": {"u": USCC}}
    async with client_of(database) as client:
        real = await client.post("/graphql", json=body)
        dry = await client.post("/graphql", json=body, headers=DRY)
        await database.close()
        database.address = type(database.address)("127.0.0.1", 1, database.address.database)
        away = await client.post("/graphql", json=body, headers=DRY)

    cost = dry.json()["extensions"]["cost"]
    assert dry.json()["data"] is None
    assert (dry.status_code, "errors" in dry.json()) == (200, False)
    assert {name: cost[name] for name in ("rows", "limit")} == real.json()["extensions"]["cost"]
    assert cost["largest"]["path"].endswith("penalties")
    assert 0 < cost["largest"]["rows"] <= cost["rows"]
    assert away.json() == dry.json(), "it needs no database"


async def test_a_dry_run_is_paid_as_the_smallest_request() -> None:
    """Who asks for the price must not pay it."""

    def left(answer: Any) -> int:
        return int(answer.headers["ratelimit"].split(";")[1].removeprefix("r="))

    body = {"query": NESTED.replace("20", "100"), "variables": {"u": USCC}}
    # So few that hardly one comes back between the two.
    async with client_of(nowhere(), public_points=600) as client:
        first = await client.post("/graphql", json=body, headers=DRY)
        again = await client.post("/graphql", json=body, headers=DRY)

    assert first.json()["extensions"]["cost"]["rows"] > 10 * REQUEST
    assert 0 <= left(first) - left(again) <= REQUEST


async def test_a_refusal_for_cost_has_the_numbers_of_the_dry_run(client: Any) -> None:
    """Two numbers for one query would make the limit a guess."""
    part = "a{}: enterprises(first: 100) {{ edges {{ node {{ penalties(first: 100) {{ edges {{ node {{ id }} }} }} }} }} }}"
    dear = {"query": f"{{ {' '.join(part.format(n) for n in range(9))} }}"}
    real = await client.post("/graphql", json=dear)
    dry = await client.post("/graphql", json=dear, headers=DRY)

    cost = real.json()["extensions"]["cost"]
    assert (real.status_code, code_of(real)) == (400, "COST_LIMIT_EXCEEDED")
    assert real.json() == dry.json()
    assert cost["rows"] > cost["limit"] == MOST_ROWS
    assert cost["largest"]["path"] in real.json()["errors"][0]["message"]


async def test_a_dry_run_is_asked_for_by_one_word_and_writes_nothing(database: TrialDatabase) -> None:
    """A write that was meant as a trial must not be a write, nor a trial that was meant as one."""
    world = await build(database)
    key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117", duties=[Duty.CLERK])
    penalty = global_id("PE", world.ids["PE"])
    write = {"query": MUTATION.replace(UNKNOWN, penalty)}
    async with client_of(database) as client:
        vague = await client.post("/graphql", json={"query": HELLO}, headers={"x-xintu-dry-run": "true"})
        trial = await client.post("/graphql", json=write, headers=DRY | {"authorization": f"Bearer {key}"})
        read = await client.post("/graphql", json={"query": f'{{ node(id: "{penalty}") {{ id }} }}'})

    assert (vague.status_code, code_of(vague)) == (400, "BAD_REQUEST")
    assert trial.json()["data"] is None
    assert trial.json()["extensions"]["cost"]["rows"] >= 0
    assert read.json()["data"]["node"] == {"id": penalty}


# — what no error tells —————————————————————————————————————————————————————————————————————————————————————————————

#: Words of drivers, statements, files and helpful servers; a Chinese message needs none of them.
LEAKS = re.compile(
    r"Did you mean|suggest|Traceback|asyncpg|graphql-core|site-packages|\.py\b|/(?:usr|tmp|var|root|home)\b"
    r"|\bSELECT\b|\bFROM\b|door_|xintu\.|relation \"|PostgreSQL|127\.0\.0\.1|Connect call|Errno",
    re.IGNORECASE,
)
NASTY = [
    "{ enterprize { name } }",
    "{ enterprise(usc: 1) { nam } }",
    "query ($u: Strin!) { enterprise(uscc: $u) { name } }",
    "{ ... on Enterprize { name } }",
    "{ ...Nothing } fragment Nothin on Query { __typename }",
    '{ node(id: "x") { ... on Penalti { id } } }',
    "{ service @skipp(if: true) { today } }",
    "{ enterprises(firs: 1) { edges { node { nmae } } } }",
    "query ($u: String!) { enterprise(uscc: $v) { name } }",
    "{ records(kind: PENALTI) { totalCount } }",
    "mutation { withdrawRecords(id: 1) { id } }",
    "mutation { withdrawRecord(id: 1, withdrawal: MISTAKE) { id } }",
    "{ __schema { typs { name } } __type(nam: 1) { name } }",
    "{ service { today } ",
    '{ service { today(x: "\\uD800") } }',
    "{ " + " ".join(f"nothing{n}" for n in range(50)) + " }",
    "subscription { x }",
    "{ service { today } }",
]


@pytest.mark.parametrize("query", NASTY)
async def test_errors_are_few_chinese_and_tell_nothing_of_the_inside(client: Any, query: str) -> None:
    """A suggestion names what the asker may not know of; a driver's text names tables, hosts and values."""
    answer = await client.post("/graphql", json={"query": query})
    errors = answer.json()["errors"]

    assert 1 <= len(errors) <= MOST_ERRORS
    assert LEAKS.search(answer.text) is None
    for error in errors:
        assert error.keys() <= {"message", "locations", "extensions"}
        assert error["extensions"].keys() == {"code"}
        assert re.search(r"[\u4e00-\u9fff]{4}", error["message"]), error["message"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["query", "variables", "operationName", "extensions", "persistedQuery", "x"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | st.dictionaries(NAMES, JSON_VALUES, max_size=5).map(lambda value: json.dumps(value).encode()),
    accept=st.sampled_from([RESPONSE, JSON, "*/*"]) | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
async def test_no_request_makes_a_fault(client: Any, body: bytes, accept: str) -> None:
    """Whatever is sent is answered with a refusal that a program can read, never with a 500."""
    answer = await client.post("/graphql", content=body, headers={"content-type": JSON, "accept": accept})

    assert answer.status_code in (ALWAYS - {500}) | {200, 400}
    assert code_of(answer) != "INTERNAL"
    assert LEAKS.search(answer.text) is None
