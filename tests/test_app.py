"""应用 HTTP manners: media types, statuses, bounds, keys, uploads, files, headers, health."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_network
from typing import Any

import asyncpg
import pytest

from schema.nodes import global_id
from schema.plan.cost import RELATION
from schema.replies import chosen_type
from server.accounts.service import KeyRole, issue_key
from server.pages.manners import client_address
from server.viewer import Duty
from tests import factory as make
from tests.serving import client_of
from tests.support import TrialDatabase
from tests.test_imports_service import BUREAU, FIRM, LICENCE
from tests.world import USCC, World, build

RESPONSE = "application/graphql-response+json"
QUERY = "query ($u: String!) { enterprise(uscc: $u) { name } }"


async def key_of(database: TrialDatabase, world: World) -> dict[str, str]:
    """Gives the header of an officer's key."""
    key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117", duties=[Duty.CLERK])
    return {"authorization": f"Bearer {key}"}


async def test_both_media_types_with_their_statuses(database: TrialDatabase) -> None:
    """A client that knows the new type reads the status, one that does not reads the body (GraphQL over HTTP)."""
    await build(database)
    good, bad = {"query": QUERY, "variables": {"u": USCC}}, {"query": "{ nothing }"}
    async with client_of(database) as client:

        async def ask(body: Any, accept: str | None) -> tuple[int, str, Any]:
            headers = {"accept": accept} if accept else {"accept": ""}
            answer = await client.post("/graphql", json=body, headers=headers)
            return answer.status_code, answer.headers["content-type"].split(";")[0], answer.json()

        for accept, kind in ((RESPONSE, RESPONSE), ("application/json", "application/json"), ("*/*", RESPONSE)):
            status, media, told = await ask(good, accept)
            assert (status, media, "errors" in told) == (200, kind, False)
            assert told["data"]["enterprise"]["name"].startswith("钢城")
            assert told["extensions"]["cost"]["rows"] == RELATION + 1
        assert (await ask(bad, RESPONSE))[:2] == (400, RESPONSE)
        status, media, told = await ask(bad, "application/json;q=0.9, text/html")
        assert (status, media) == (200, "application/json")
        assert told["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
        assert told["errors"][0]["locations"] == [{"line": 1, "column": 3}]
        assert (await ask(good, "text/html"))[0] == 406


def test_the_better_weighted_media_type_wins() -> None:
    """A client's preference is its to state."""
    assert chosen_type("application/json;q=0.5, application/graphql-response+json;q=0.4") == "application/json"
    assert chosen_type("application/graphql-response+json, application/json;q=0.9") == RESPONSE
    assert chosen_type(None) == RESPONSE


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b" " * 262_145, "application/json", 413, "TOO_LARGE"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 400, "BAD_REQUEST"),
        (b'[{"query": "{ service { today } }"}]', "application/json", 400, "BATCHING_NOT_SUPPORTED"),
        (b'{"query": 1}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{ service { today } }", "variables": []}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "\\ud800"}', "application/json", 400, "BAD_REQUEST"),
        (
            b'{"query": "{ service { today } }", "variables": {"a": ["\\u0000"]}}',
            "application/json",
            400,
            "BAD_REQUEST",
        ),
        (b"\xff", "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{ service { today } }", "variables": {"a": NaN}}', "application/json", 400, "BAD_REQUEST"),
        (b"query=x", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"{ service { today } }", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"{ service { today } }", "application/graphql", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"query": "{}"}', "application/json; charset=gbk", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 403, "UPLOAD_HEADER_MISSING"),
    ],
)
async def test_what_is_no_graphql_request_is_refused_alike_for_both_media_types(
    database: TrialDatabase, body: bytes, kind: str, status: int, code: str
) -> None:
    """Each of these has crashed or fooled some server; the refusal is a 4xx with a code, never a trace."""
    async with client_of(database) as client:
        for accept in (RESPONSE, "application/json"):
            answer = await client.post("/graphql", content=body, headers={"content-type": kind, "accept": accept})
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)
            assert answer.headers["cache-control"] == "no-store"


async def test_a_hundred_thousand_nested_arrays_are_answered_with_400(database: TrialDatabase) -> None:
    """As a value in variables they fit the body's bound, and must not exhaust the interpreter's stack."""
    body = b'{"query": "{ service { today } }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    async with client_of(database) as client:
        answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


async def test_get_reads_and_never_writes(database: TrialDatabase) -> None:
    """A link must not be able to change anything."""
    await build(database)
    mutation = (
        'mutation { withdrawRecord(id: "x", withdrawal: MISTAKEN, reason: "x", idempotencyKey: "k") { __typename } }'
    )
    async with client_of(database) as client:
        read = await client.get("/graphql", params={"query": QUERY, "variables": json.dumps({"u": USCC})})
        write = await client.get("/graphql", params={"query": mutation})

    assert read.json()["data"]["enterprise"] is not None
    assert (write.status_code, write.headers["allow"]) == (405, "POST")


async def test_another_method_is_refused_in_the_shape_of_every_other_refusal(database: TrialDatabase) -> None:
    """A program that sent PUT reads JSON; a page in Chinese would break its parser instead of telling it why."""
    async with client_of(database) as client:
        answers = [await client.request(method, "/graphql") for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "X")]

    for answer in answers:
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
        assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("prefix", ["", "/credit"])
async def test_no_redirect_repeats_the_host_that_the_asker_named(database: TrialDatabase, prefix: str) -> None:
    """A link to this site that ends at another one is how visitors are led to a false page."""
    ways = {f"/enterprise/{USCC}/": f"{prefix}/enterprise/{USCC}", f"/find?code={USCC}": f"{prefix}/search?q={USCC}"}
    strange = {"/enterprise/%2F%2Fevil.example/": None, "//evil.example/": None, "/graphql/": None, "/nothing/": None}
    if prefix:
        ways |= {"": f"{prefix}/"}
    async with client_of(database, path_prefix=prefix) as client:
        for path, leads_to in (ways | strange).items():
            answer = await client.get(f"http://test{prefix}{path}", headers={"host": "evil.example"})
            assert answer.headers.get("location") == leads_to, path
            assert answer.status_code in ((303, 308) if leads_to else (404,))


class Dripping:
    """A file that is sent piece by piece, and counts what was taken of it."""

    def __init__(self, content: bytes) -> None:
        self.content, self.taken = content, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.content), 65_536):
            self.taken = at
            yield self.content[at : at + 65_536]


async def test_a_file_is_not_read_from_one_who_may_not_import(database: TrialDatabase) -> None:
    """Thirty megabytes kept for everyone who asks without a key would fill the disk of the bureau."""
    await build(database)
    other = await issue_key(database, label="审核", role=KeyRole.OFFICER, agency_code="370117", duties=[Duty.REVIEWER])
    head = {"content-type": "multipart/form-data; boundary=x", "x-xintu-upload": "1", "content-length": "31000000"}
    async with client_of(database) as client:
        for key in ({}, {"authorization": f"Bearer {other}"}):
            file = Dripping(b"x" * 31_000_000)
            answer = await client.post("/graphql", content=file, headers=head | key)
            assert (answer.status_code, file.taken) == (403, 0)
            assert "请用经办人员的密钥" in answer.json()["errors"][0]["message"]


async def test_a_nul_inside_the_document_reaches_no_driver(database: TrialDatabase) -> None:
    """GraphQL's own escapes make a U+0000 that the check of the request's JSON cannot see."""
    async with client_of(database) as client:
        answer = await client.post("/graphql", json={"query": '{ enterprise(uscc: "\\u0000") { name } }'})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_a_key_opens_its_door_and_a_wrong_one_opens_none(database: TrialDatabase) -> None:
    """A partner whose key was revoked must learn so, not silently read as the public."""
    world = await build(database)
    hidden = {
        "query": "query ($i: ID!) { node(id: $i) { id } }",
        "variables": {"i": global_id("PE", world.hidden_penalty)},
    }
    async with client_of(database) as client:
        public = await client.post("/graphql", json=hidden)
        officer = await client.post("/graphql", json=hidden, headers=await key_of(database, world))
        for wrong in ("Bearer nobody", "Basic eDp5", "Bearer"):
            answer = await client.post("/graphql", json=hidden, headers={"authorization": wrong})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")

    assert public.json()["data"] == {"node": None}
    assert officer.json()["data"]["node"] is not None


async def test_a_withdrawn_record_is_answered_through_the_officers_door_and_gone_for_the_public(
    database: TrialDatabase,
) -> None:
    """The payload is a read after the commit: it shows what now is, to whom may see it; a repeat changes nothing."""
    world = await build(database)
    penalty = global_id("PE", world.ids["PE"])
    body = {
        "query": """mutation ($i: ID!, $k: String!) { withdrawRecord(id: $i, withdrawal: ANNULLED, reason: "复议撤销",
          idempotencyKey: $k) { record { id ... on Penalty { disclosure { withdrawal withdrawnOn } } } } }""",
        "variables": {"i": penalty, "k": "k1"},
    }
    async with client_of(database) as client:
        key = await key_of(database, world)
        stranger = await client.post("/graphql", json=body)
        first = await client.post("/graphql", json=body, headers=key)
        again = await client.post("/graphql", json=body, headers=key)
        seen = await client.post(
            "/graphql", json={"query": "query ($i: ID!) { node(id: $i) { id } }", "variables": {"i": penalty}}
        )

    assert stranger.status_code == 403
    assert first.json()["data"]["withdrawRecord"]["record"] == {
        "id": penalty,
        "disclosure": {"withdrawal": "ANNULLED", "withdrawnOn": "2026-06-15"},
    }
    assert again.json() == first.json()
    assert seen.json()["data"] == {"node": None}


async def test_only_one_write_a_request(database: TrialDatabase) -> None:
    """A second step that fails would leave the first done behind an error."""
    step = '{}: withdrawRecord(id: "x", withdrawal: MISTAKEN, reason: "x", idempotencyKey: "k") {{ __typename }}'
    async with client_of(database) as client:
        answer = await client.post("/graphql", json={"query": f"mutation {{ {step.format('a')} {step.format('b')} }}"})

    assert answer.status_code == 400
    assert "只做一件" in answer.json()["errors"][0]["message"]


UPLOAD = """mutation ($f: Upload!) { importFile(file: $f, idempotencyKey: "u1") {
  repeated batch { id state rowsTotal rowsNew rowsRejected
    corrections { totalCount edges { node { id state cells faults { column rule message } } } } } } }"""
CORRECT = """mutation ($i: ID!, $c: JSON!, $k: String!) { correctRow(id: $i, cells: $c, idempotencyKey: $k) {
  record { __typename id documentNumber } correction { state cells } } }"""


def multipart(name: str, content: bytes, query: str = UPLOAD) -> dict[str, Any]:
    """The parts of an upload (graphql-multipart-request-spec)."""
    operations = json.dumps({"query": query, "variables": {"f": None}})
    return {"data": {"operations": operations, "map": '{"0": ["variables.f"]}'}, "files": {"0": (name, content)}}


def table(*rows: Mapping[str, str]) -> bytes:
    """A clerk's .csv with the national codes as header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def test_a_clerks_file_goes_in_and_its_bad_row_is_put_right(database: TrialDatabase) -> None:
    """The whole way: upload, batch through the own door, the waiting row, its correction, the public's view."""
    async with make.sample_write(database) as write:
        await make.put(write, "agency", make.agency(uscc=BUREAU, name="示例交通运输局"))
    key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117", duties=[Duty.CLERK])
    headers = {"authorization": f"Bearer {key}"}
    file = table(LICENCE, LICENCE | {"XK_WSH": "示交许〔2026〕2号", "XK_JDRQ": "2026/6/31"})
    async with client_of(database) as client:
        sent = await client.post("/graphql", headers=headers | {"x-xintu-upload": "1"}, **multipart("许可.csv", file))
        told = sent.json()["data"]["importFile"]
        batch = told["batch"]
        waiting = batch["corrections"]["edges"][0]["node"]
        again = await client.post("/graphql", headers=headers | {"x-xintu-upload": "1"}, **multipart("许可.csv", file))
        public = await client.post("/graphql", json={"query": "{ corrections { totalCount } }"})
        variables = {"i": waiting["id"], "c": {"XK_JDRQ": "2026/6/9"}, "k": "c1"}
        right = await client.post("/graphql", headers=headers, json={"query": CORRECT, "variables": variables})
        firm = "query ($u: String!) { enterprise(uscc: $u) { licences { totalCount } } }"
        seen = await client.post("/graphql", json={"query": firm, "variables": {"u": FIRM}})

    assert (told["repeated"], batch["state"]) == (False, "DONE")
    assert (batch["rowsTotal"], batch["rowsNew"], batch["rowsRejected"]) == (2, 1, 1)
    assert batch["corrections"]["totalCount"] == 1
    assert waiting["cells"]["XK_JDRQ"] == "2026/6/31"
    assert any(fault["column"] == "XK_JDRQ" and fault["message"] for fault in waiting["faults"])
    assert again.json()["data"]["importFile"]["repeated"] is True
    assert public.json()["data"] == {"corrections": {"totalCount": 0}}
    assert right.json()["data"]["correctRow"]["record"]["documentNumber"] == "示交许〔2026〕2号"
    assert right.json()["data"]["correctRow"]["correction"] == {"state": "SETTLED", "cells": None}
    assert seen.json()["data"] == {"enterprise": {"licences": {"totalCount": 2}}}


async def test_an_upload_without_its_header_or_of_another_kind_is_refused(database: TrialDatabase) -> None:
    """A form of another site can send files and cookies, but not that header; a picture is no table."""
    world = await build(database)
    async with client_of(database) as client:
        key = await key_of(database, world)
        upload = key | {"x-xintu-upload": "1"}
        without = await client.post("/graphql", headers=key, **multipart("a.csv", b"x"))
        wrong = multipart("a.csv", b"x")
        wrong["data"]["map"] = '{"0": ["variables.g", "variables.f"]}'
        misplaced = await client.post("/graphql", headers=upload, **wrong)
        picture = await client.post("/graphql", headers=upload, **multipart("../a.txt", b"\x00not a table"))

    assert (without.status_code, misplaced.status_code, picture.status_code) == (403, 400, 400)
    assert picture.json()["errors"][0]["extensions"]["code"] == "FILE_TYPE"


async def test_while_the_database_is_away_every_door_says_when_to_come_again(database: TrialDatabase) -> None:
    """503 with Retry-After, back at once when it returns, and no trace of the driver in any answer."""
    await build(database)
    address = database.address
    async with client_of(database) as client:
        assert (await client.get("/readyz")).status_code == 200
        await database.close()
        database.address = type(address)("127.0.0.1", 1, address.database)
        page, api, ready, live = [
            await client.get("/"),
            await client.post(
                "/graphql", json={"query": "{ service { today } }"}, headers={"accept": "application/json"}
            ),
            await client.get("/readyz"),
            await client.get("/healthz"),
        ]
        await database.close()
        database.address = address
        back = await client.get("/")

    assert [a.status_code for a in (page, api, ready, live, back)] == [503, 503, 503, 200, 200]
    assert page.headers["retry-after"] == api.headers["retry-after"] == "2"
    assert api.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert all("127.0.0.1" not in a.text and "Connect" not in a.text for a in (page, api, ready))


async def test_a_fault_is_logged_and_told_without_its_text(
    database: TrialDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A driver's message holds statements and values; it belongs in the log."""

    async def broken(*_: Any) -> str:
        raise asyncpg.PostgresSyntaxError("secret 990101199001011234\nDETAIL: 990101199001011234")

    monkeypatch.setattr(database, "fetch_text", broken)
    async with client_of(database) as client:
        api = await client.post("/graphql", json={"query": "{ service { today } }"})
        page = await client.get("/")

    assert (api.status_code, page.status_code) == (500, 500)
    assert "secret" not in api.text + page.text
    assert "content-security-policy" in page.headers
    logs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    faults = [entry for entry in logs if entry["event"] == "fault"]
    assert [entry["route"] for entry in faults] == ["/graphql", "/"]
    assert "990101199001011234" not in str(faults), "a driver's details repeat whole rows"


async def test_every_answer_carries_the_security_headers_and_the_log_no_query(
    database: TrialDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """A code in the query string may be a person's; the log must not keep what the law lets nobody keep."""
    await build(database)
    paths = ("/", "/nothing", "/healthz", f"/enterprise/{USCC}", "/find?code=990101199001011234")
    async with client_of(database) as client:
        answers = [await client.get(path) for path in paths]
        icon = answers[0].text.split('rel="icon" href="')[1].split('"')[0]
        answers.append(await client.get(icon))
        answers.append(await client.get("/graphql?query={service{today}}&variables={}&code=990101199001011234"))
    lines = capsys.readouterr().out
    logs = [json.loads(line) for line in lines.splitlines()]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    requests = [entry for entry in logs if entry["event"] == "request"]
    known = ["/", "-", "/healthz", "/enterprise/{uscc}", "/find", "/static/{file}", "/graphql"]
    assert [entry["route"] for entry in requests] == known
    fields = {"method", "route", "status", "ms", "client", "event", "level", "timestamp"}
    assert all(entry.keys() == fields and entry["client"] == "203.0.113.9" for entry in requests)
    assert "990101" not in lines
    assert "990101" not in answers[4].text, "a person's number is not shown back"


async def test_files_carry_their_hash_for_ever_and_come_compressed(database: TrialDatabase) -> None:
    """A changed stylesheet has another name, so that no reader sees a page in yesterday's clothes."""
    async with client_of(database) as client:
        page = await client.get("/nothing")
        address = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        style = await client.get(address, headers={"accept-encoding": "br"})
        plain = await client.get(address, headers={"accept-encoding": "identity"})
        same = await client.get(address, headers={"if-none-match": style.headers["etag"]})
        outside = await client.get("/static/../pyproject.toml")

    assert "immutable" in style.headers["cache-control"]
    assert style.headers["content-encoding"] == "br"
    assert len(plain.content) > 3 * int(style.headers["content-length"])
    assert plain.headers["content-type"].replace('"', "") == "text/css; charset=utf-8"
    assert (same.status_code, outside.status_code) == (304, 404)


async def test_the_path_prefix_is_on_every_address(database: TrialDatabase) -> None:
    """A bureau may put the site under a path of its domain; a link that forgets it leaves the site."""
    await build(database)
    async with client_of(database, path_prefix="/credit") as client:
        home = await client.get("/credit/")
        firm = await client.get(f"/credit/enterprise/{USCC}")
        found = await client.get(f"/credit/find?code={USCC}")
        api = await client.post("/credit/graphql", json={"query": "{ service { today } }"})
        probe = await client.get("/healthz")

    for page in (home, firm):
        assert page.status_code == 200
        links = [part.split('"')[0] for part in page.text.replace('action="', 'href="').split('href="')[1:]]
        assert [link for link in links if not link.startswith(("/credit/", "#"))] == []
    assert found.headers["location"] == f"/credit/search?q={USCC}"
    assert (api.status_code, probe.status_code) == (200, 200)


def test_the_client_is_the_last_address_that_is_no_trusted_proxy() -> None:
    """What stands further left is the client's own word: believed, it would let him blame another."""
    trusted = [ip_network("10.0.0.0/8")]

    def client(peer: str, forwarded: str) -> str:
        scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
        return client_address(scope, trusted)

    assert client("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert client("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.2.3.4") == "198.51.100.7"
    assert client("10.0.0.1", "") == "10.0.0.1"
    assert client("10.0.0.1", "unknown") == "unknown"
