"""查从业人员 the form for persons: who is found, what nobody may learn, and that a typed number stays nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from schema.nodes import global_id
from server.identifiers.certificates import person_key
from server.pages.forms import MOST_BYTES
from tests import factory as make
from tests.serving import client_of, on_a_port
from tests.support import SECRET, TrialDatabase
from tests.test_pages import Outline

#: Invented: a region that does not exist, right check digits.
SHOWN, HIDDEN, UNKNOWN = "990101199001010019", "990101199001010027", "990101199001010035"
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
async def house(trial_database: Any) -> AsyncIterator[TrialDatabase]:
    """One database for the module, with the people in it: its tests only read, and few of them count."""
    async with trial_database() as database:
        await people(database)
        yield database


async def people(database: TrialDatabase) -> None:
    """Writes a driver with a rating and one without anything public."""
    async with make.sample_write(database) as write:
        home = (await make.put(write, "agency", make.agency()))["id"]
        shown = make.practitioner(home, person_key(SECRET, "身份证", SHOWN))
        hidden = make.practitioner(home, person_key(SECRET, "身份证", HIDDEN))
        await make.put(write, "practitioner", shown, hidden)
        await make.put(write, "rating", make.rating(home, practitioner_id=shown["id"], standard="taxi_driver"))


def form(number: str, kind: str = "ID_CARD") -> str:
    return urlencode({"certificateType": kind, "certificateNumber": number})


async def post(client: Any, content: str | bytes, headers: Mapping[str, str] = FORM) -> Any:
    return await client.post("/practitioner", content=content, headers=headers)


async def counted(database: TrialDatabase) -> int:
    return int(await database.as_owner("SELECT count(*) FROM xintu.attempt"))


@pytest.mark.parametrize("prefix", ["", "/credit"])
async def test_a_number_leads_to_the_random_address_of_the_person(house: TrialDatabase, prefix: str) -> None:
    """The address in the bar, the history and the next request must not tell the number."""
    key = person_key(SECRET, "身份证", SHOWN)
    person = global_id("PR", await house.as_owner("SELECT id FROM xintu.practitioner WHERE certificate_key = $1", key))
    async with client_of(house, path_prefix=prefix) as client:
        for typed in (SHOWN, f"\0{SHOWN}\u200b", f" {SHOWN[:6]} {SHOWN[6:14]} {SHOWN[14:]} ", "９" + SHOWN[1:]):
            answer = await client.post(f"{prefix}/practitioner", content=form(typed), headers=FORM)
            assert (answer.status_code, answer.headers["location"]) == (303, f"{prefix}/practitioner/{person}")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.content == b""


async def test_unknown_and_not_shown_are_one_answer(house: TrialDatabase) -> None:
    """«This man is known to the bureau» is itself what may not be told; each costs one look-up."""
    before = await counted(house)
    async with client_of(house) as client:
        hidden, unknown = await post(client, form(HIDDEN)), await post(client, form(UNKNOWN))
        other_kind = await post(client, form("E12345678", "PASSPORT"))

    assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content)
    assert dict(hidden.headers) == dict(unknown.headers)
    assert "没有查到可以公示的信息" in unknown.text
    assert {"value": "PASSPORT", "selected": None} in Outline(other_kind.text).all("option")
    assert await counted(house) == before + 3
    for answer in (hidden, unknown, other_kind):
        assert answer.headers["cache-control"] == "no-store"
        assert HIDDEN not in answer.text
        assert all(field.get("value", "") == "" for field in Outline(answer.text).all("input") if "id" in field)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        ("", "ID_CARD", "为空"),
        ("99010119900101001", "ID_CARD", "实际为 17 位"),
        (SHOWN[:-1] + "8", "ID_CARD", "校验码不对"),
        ("990101199013010019", "ID_CARD", "不是真实的出生日期"),
        (SHOWN, "HOME_RETURN_PERMIT", "字母 H 或 M"),
        ("\ud800" * 3, "ID_CARD", "实际为"),
        ("张三", "PASSPORT", "5 至 20 位"),
    ],
)
async def test_a_wrong_number_is_told_what_is_wrong_and_not_shown_back(
    house: TrialDatabase, number: str, kind: str, words: str
) -> None:
    """Somebody else reads over the shoulder, or prints the page; and a slip of the hand is no look-up."""
    before = await counted(house)
    body = urlencode({"certificateType": kind, "certificateNumber": number}, errors="surrogatepass")
    async with client_of(house) as client:
        answer = await post(client, body)

    page = Outline(answer.text)
    assert answer.status_code == 400
    assert words in page.text
    assert not number or number not in answer.text
    [field] = [one for one in page.all("input") if one.get("id") == "number"]
    assert (field.get("value"), field["aria-invalid"]) == (None, "true")
    assert "number-fault" in (field["aria-describedby"] or "")
    assert await counted(house) == before


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, form(UNKNOWN), 403),
        ({"sec-fetch-site": "same-site"}, form(UNKNOWN), 403),
        ({"sec-fetch-site": ""}, form(UNKNOWN), 403),
        ({"origin": "https://elsewhere.example"}, form(UNKNOWN), 403),
        ({"origin": "null"}, form(UNKNOWN), 403),
        ({"origin": "http://["}, form(UNKNOWN), 403),
        ({"origin": "http://test"}, form(UNKNOWN), 200),
        ({}, form(UNKNOWN), 200),
        ({"content-type": "application/json"}, '{"certificateNumber": "1"}', 415),
        ({"content-type": "multipart/form-data; boundary=x"}, "--x--", 415),
        ({}, form("9" * MOST_BYTES), 413),
        ({}, "&".join(f"a{n}=1" for n in range(40)), 413),
        ({}, b"\xff\xfe=%ED%A0%80&certificateNumber=%ff", 400),
    ],
)
async def test_only_a_small_form_of_our_own_page_is_taken(
    house: TrialDatabase, headers: dict[str, str], content: str | bytes, status: int
) -> None:
    """Another site's page could use up the look-ups of its visitors; a large body could fill the memory."""
    before = await counted(house)
    given = {"content-type": FORM["content-type"]} | headers
    async with client_of(house) as client:
        answer = await post(client, content, given)

    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert len(Outline(answer.text).all("h1")) == 1
    assert await counted(house) - before == (status == 200)


async def test_who_tries_number_after_number_is_told_when_he_may_go_on(database: TrialDatabase) -> None:
    """A county has ten million possible numbers; the count holds for every process, and the page says how long."""
    await people(database)
    async with client_of(database) as client:
        tried = [await post(client, form(UNKNOWN if n % 2 else HIDDEN)) for n in range(20)]
        refused = await post(client, form(SHOWN))
        refused_unknown = await post(client, form(UNKNOWN))

    assert {answer.status_code for answer in tried} == {200}
    assert (refused.status_code, refused.content) == (429, refused_unknown.content)
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    page = Outline(refused.text)
    assert "每小时最多 20 次" in page.text
    assert "后再试" in page.text
    assert SHOWN not in refused.text


async def test_a_form_of_the_page_never_goes_into_an_address(house: TrialDatabase) -> None:
    """The page itself sends by POST, asks the browser to keep nothing, and takes no number from an address."""
    before = await counted(house)
    async with client_of(house) as client:
        answer = await client.get("/practitioner", params={"certificateNumber": SHOWN, "certificateType": "ID_CARD"})
        head = await client.head("/practitioner")
        slash = await client.get("/practitioner/")
        put = await client.put("/practitioner", content=form(SHOWN), headers=FORM)
        from_box = Outline((await client.get("/practitioner?from=search")).text)

    page = Outline(answer.text)
    [own] = [one for one in page.all("form") if one["method"] == "post"]
    assert (own["action"], own["autocomplete"]) == ("/practitioner", "off")
    [field] = [one for one in page.all("input") if one.get("id") == "number"]
    assert (field["autocomplete"], field["spellcheck"], field.get("value")) == ("off", "false", None)
    assert SHOWN not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin", "older browsers name the page's origin only then"
    assert (head.status_code, head.content) == (200, b"")
    assert (slash.status_code, slash.headers["location"]) == (308, "/practitioner")
    assert put.status_code == 405
    assert "没有用来查询，也没有记录" in from_box.text
    assert await counted(house) == before


async def test_a_typed_number_stays_in_no_log_and_no_table(
    database: TrialDatabase, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither what the serving process prints nor what the database keeps may hold it — faults and refusals included."""
    await people(database)
    kept = [UNKNOWN, UNKNOWN[:17], UNKNOWN.lower()]
    async with on_a_port(database) as base, client_of(database) as client:
        import httpx2

        async with httpx2.AsyncClient(base_url=base) as outside:
            for path in (f"/practitioner/{UNKNOWN}", f"/enterprise/{UNKNOWN}", f"/{UNKNOWN}", f"/find?code={UNKNOWN}"):
                await outside.get(path)
            await post(outside, form(UNKNOWN))
            await post(outside, form(UNKNOWN), FORM | {"content-type": "text/plain"})
            await outside.put(f"/practitioner?x={UNKNOWN}")
        await database.as_owner("DROP FUNCTION door_public.find_person(text)")
        broken = await post(client, form(UNKNOWN))
    printed = "".join(capfd.readouterr())
    tables = await database.as_owner(
        "SELECT string_agg(format('%I.%I', schemaname, tablename), ' ') FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    holding = [
        table
        for table in tables.split()
        if await database.as_owner(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE ANY ($1)", [f"%{kept[1]}%"])
    ]

    assert broken.status_code == 500
    assert '"event": "fault"' in printed
    assert '"route": "/practitioner"' in printed
    assert [one for one in kept if one in printed + broken.text] == []
    assert holding == []
    assert await counted(database) == 2
