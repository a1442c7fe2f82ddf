"""查询结果页 the one box: what is found, how it is narrowed and turned, what is told, and what no page or log may hold."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pytest

from server.identifiers.divisions import NO_DIVISION
from server.identifiers.uscc import organisation_code
from tests import factory as make
from tests.serving import client_of, on_a_port
from tests.support import TrialDatabase
from tests.test_pages import Outline
from tests.test_person_form import UNKNOWN as PERSON

FIRM, COACHES, HIDDEN, UNKNOWN = "91370117MA00000152", "91370117MA0000002P", "91370117MA0000003T", "91370117MA0000004X"


async def write_city(database: TrialDatabase) -> None:
    """Firms of one brand, many of another, one that is not shown, a shop without a code, a plate in two colours."""
    async with make.sample_write(database) as write:
        home: UUID = (await make.put(write, "agency", make.agency()))["id"]
        firms = [
            make.enterprise(home, FIRM, name="枣庄市顺达物流有限公司", division_code="370403", sector="道路货运"),
            make.enterprise(home, COACHES, name="济南顺达客运有限公司", division_code="370117", sector="道路客运"),
            make.enterprise(home, HIDDEN, name="枣庄市隐名物流有限公司", scope="government"),
        ]
        many = [make.enterprise(home, f"U{n:017d}", name=f"济南众合{n}号运输有限公司") for n in range(45)]
        shop = make.individual_business(home, "92370117MA0000001B", name="薛城区顺达货运部", division_code="370403")
        shop |= {"uscc": None, "registration_number": "370403600000001"}
        nowhere = make.individual_business(home, "92370117MA0000002Y", name="旧号汽修部", division_code=NO_DIVISION)
        nowhere |= {"uscc": None, "registration_number": "370403612345678"}
        await make.put(write, "enterprise", *firms, *many)
        await make.put(write, "individual_business", shop, nowhere)
        of_firm = {"enterprise_id": firms[0]["id"]}
        cars = [make.vehicle(home, "鲁D12345", colour=colour, **of_firm) for colour in ("yellow", "blue")]
        await make.put(write, "vehicle", *cars, make.vehicle(home, "鲁D00001", **of_firm))


@pytest.fixture(scope="module")
async def house(trial_database: Any) -> AsyncIterator[TrialDatabase]:
    """One database for the module: its tests only read."""
    async with trial_database() as database:
        await write_city(database)
        yield database


@pytest.fixture
async def client(house: TrialDatabase) -> AsyncIterator[Any]:
    async with client_of(house) as one:
        yield one


async def search(client: Any, q: str, **more: str) -> Any:
    return await client.get("/search", params={"q": q} | more)


def names(html: str) -> list[str]:
    """Gives what the results are called, in their order."""
    return [unescape(name) for name in re.findall(r'<p class="name"><a [^>]*>([^<]+)</a>', html)]


def link(html: str, words: str) -> str:
    """Gives where the link with these words leads."""
    return unescape(re.search(rf'<a href="([^"]+)"[^>]*>{words}</a>', html)[1])  # type: ignore[index]


@pytest.mark.parametrize("prefix", ["", "/credit"])
async def test_a_code_or_plate_that_one_subject_has_leads_straight_to_its_page(
    house: TrialDatabase, prefix: str
) -> None:
    """Who has the certificate in his hand wants the page and no list."""
    firm, car = f"/enterprise/{FIRM}", "/vehicle/%E9%B2%81D00001/yellow"
    typed = {FIRM: firm, f" {FIRM.lower()} ": firm, organisation_code(FIRM): firm, "鲁D00001": car, "鲁D·00001": car}
    typed |= {f"{organisation_code(FIRM)[:8]}-{FIRM[16]}": firm, "黄牌鲁D12345": "/vehicle/%E9%B2%81D12345/yellow"}
    async with client_of(house, path_prefix=prefix) as client:
        for text, path in typed.items():
            answer = await client.get(f"{prefix}/search", params={"q": text})
            assert (answer.status_code, answer.headers["location"]) == (303, prefix + path), text
        old = await client.get(f"{prefix}/find", params={"code": FIRM})
        slash = await client.get(f"{prefix}/search/", params={"q": "顺达"})
        page = await client.get(f"{prefix}/search", params={"q": "众合"})

    assert (old.status_code, old.headers["location"]) == (303, f"{prefix}/search?q={FIRM}")
    assert (slash.status_code, slash.headers["location"]) == (308, f"{prefix}/search")
    links = re.findall(r'(?:href|action)="([^"]+)"', page.text)
    assert [one for one in links if not one.startswith((f"{prefix}/", "#"))] == []


async def test_a_plate_in_several_colours_is_a_list(client: Any) -> None:
    """Two vehicles may have one number: the colour tells them apart, and the reader must choose."""
    answer = await search(client, "鲁d12345")

    assert answer.status_code == 200
    assert sorted(names(answer.text)) == ["鲁D12345（蓝牌）", "鲁D12345（黄牌）"]
    assert "/vehicle/%E9%B2%81D12345/blue" in answer.text


async def test_results_say_what_they_are_and_where(client: Any) -> None:
    """Firms of one brand are told apart by kind, place and state."""
    answer = await search(client, "顺达")
    text = Outline(answer.text).text

    assert sorted(names(answer.text)) == ["枣庄市顺达物流有限公司", "济南顺达客运有限公司", "薛城区顺达货运部"]
    for words in ("企业", "个体工商户", "山东省枣庄市薛城区", "存续", "道路货运", FIRM, "字号相符"):
        assert words in text
    assert "隐名" not in text
    assert re.search(r'href="/individual-business/id/[\w-]{24}"', answer.text)
    assert answer.headers["x-robots-tag"] == "noindex, noarchive"
    assert (await client.get(f"/enterprise/{FIRM}")).status_code == 200


async def test_a_shop_whose_old_number_tells_no_place_shows_none(client: Any) -> None:
    """A row of zeros where the place should be looks like a fault of the register."""
    answer = await search(client, "旧号")

    assert names(answer.text) == ["旧号汽修部"]
    assert NO_DIVISION not in answer.text
    page = await client.get(re.search(r'"(/individual-business/id/[^"]+)"', answer.text)[1])
    assert "旧号汽修部" in page.text
    assert NO_DIVISION not in page.text


async def test_filters_are_links_and_a_form_that_work_without_script(client: Any) -> None:
    """A brand of fifty firms is narrowed by kind, county and trade, each kept when another is chosen."""
    first = await search(client, "顺达")
    shops = await client.get(link(first.text, "个体工商户"))
    county = await search(client, "顺达", division="370403", sector="", kind="")
    both = await search(client, "顺达", division="3704", sector="道路货运")
    none = await search(client, "顺达", division="370102")
    again = await client.get(link(none.text, "去掉筛选"))

    assert names(shops.text) == ["薛城区顺达货运部"]
    assert sorted(names(county.text)) == ["枣庄市顺达物流有限公司", "薛城区顺达货运部"]
    assert names(both.text) == ["枣庄市顺达物流有限公司"]
    assert "division=3704" in link(both.text, "企业")
    chosen = [one["value"] for one in Outline(county.text).all("option") if "selected" in one]
    assert chosen == ["370403"]
    assert {"value": "370117"} in Outline(first.text).all("option"), "where the results are can be chosen"
    assert (names(none.text), "没有查到“顺达”" in none.text) == ([], True)
    assert names(again.text) == names(first.text)
    odd = await search(client, "顺达", kind="PERSON", division="99x", sector="道" * 200)
    assert names(odd.text) == names(first.text), "filters that are none of ours are left out"


async def test_every_result_is_reached_once_by_turning_the_pages(client: Any) -> None:
    """Without script, without numbers of pages that a change would shift."""
    seen, path, pages = [], "/search?q=众合", 0
    while True:
        answer = await client.get(path)
        assert len(answer.content) <= 15_000
        seen += names(answer.text)
        pages += 1
        if "下一页" not in answer.text:
            break
        path = link(answer.text, "下一页")
    assert (pages, len(seen), len(set(seen))) == (3, 45, 45)
    assert parse_qs(urlsplit(link(answer.text, "回到第一页")).query) == {"q": ["众合"]}
    wrong = await search(client, "众合", after="wrong")
    assert (wrong.status_code, "游标无效" in wrong.text) == (400, True)


async def test_a_misspelt_name_gets_suggestions_and_says_that_it_was_not_found(client: Any) -> None:
    """顺哒 sounds the same: the reader is asked, not told that this is what he meant."""
    answer = await search(client, "枣庄市顺哒物流有限公司")

    assert names(answer.text)[0] == "枣庄市顺达物流有限公司"
    assert "没有查到“枣庄市顺哒物流有限公司”，您要找的是不是" in answer.text
    assert answer.status_code == 200


async def test_a_wrong_code_is_told_what_is_wrong_beside_the_field(client: Any) -> None:
    """What was typed is still there to be mended, the field names its fault, and the next step is said."""
    wrong = FIRM[:-1] + "A"
    answer = await search(client, wrong)
    page = Outline(answer.text)
    [field] = [one for one in page.all("input") if one.get("id") == "q"]
    plate = Outline((await search(client, "鲁DI2345")).text)

    assert (field["value"], field["aria-invalid"], field["aria-describedby"]) == (wrong, "true", "q-hint q-fault")
    assert "校验码应为" in page.text
    assert "逐位核对" in page.text
    assert page.text.startswith(" 错误：")
    assert "没有这两个字母" in plate.text


async def test_nothing_found_says_what_to_try_next(client: Any) -> None:
    """An empty list looks like a fault."""
    page = Outline((await search(client, "完全没有的名字")).text)
    empty = Outline((await search(client, "  ")).text)

    for words in ("没有查到“完全没有的名字”", "检查有没有错字", "不写“有限公司”", "查从业人员"):
        assert words in page.text
    assert {"href": "/practitioner"} in page.all("a")
    assert ("没有查到" in empty.text, len(empty.all("h1"))) == (False, 1)


async def test_what_is_not_shown_is_answered_as_what_is_not_there(client: Any) -> None:
    """That a firm exists and is hidden is itself not to be told: status, headers and bytes, but for the typed words."""
    for hidden, unknown in (
        (HIDDEN, UNKNOWN),
        ("隐名物流", "查无物流"),
        ("枣庄市隐名物流有限公司", "枣庄市查无物流有限公司"),
    ):
        one, other = await search(client, hidden), await search(client, unknown)
        assert one.status_code == other.status_code == 200
        quoted = [str(parse_qs(urlsplit(str(a.request.url)).query)["q"][0]) for a in (one, other)]
        texts = [unescape(a.text).replace(q, "?") for a, q in zip((one, other), quoted, strict=True)]
        plain = [re.sub(r"q=(%[0-9A-F]{2}|\w)+", "q=?", text) for text in texts]
        assert plain[0] == plain[1]
        assert one.headers.keys() == other.headers.keys()


@pytest.mark.parametrize(
    "typed",
    [
        PERSON,
        f"张三 {PERSON}",
        f"{PERSON[:6]} {PERSON[6:14]} {PERSON[14:]}",
        "138=0013=8000",
        "13800138000",
        f"示例公司{FIRM}，张三{PERSON}",
        "９" + PERSON[1:],
    ],
)
async def test_a_persons_number_in_the_box_leads_to_the_form_and_is_repeated_nowhere(client: Any, typed: str) -> None:
    """The address in which the browser put it is left at once; the form says why."""
    for path, name in (("/search", "q"), ("/find", "code")):
        answer = await client.get(path, params={name: typed})
        assert (answer.status_code, answer.headers["location"]) == (303, "/practitioner?from=search")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content == b""
    assert typed not in (await search(client, "顺达", sector=typed)).text


async def test_odd_words_are_words_that_find_nothing(client: Any) -> None:
    """What a driver or a template cannot hold is refused, and no page grows with what was typed."""
    raw = [
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF%FE",
        "%E2%80%AE",
        "%F0%9F%9A%9A",
        "%25%25__%5C",
        "%22%3E%3Cscript%3E",
        "有" * 5000,
    ]
    for typed in [*raw, "X" * 5000, "*", "' OR 1=1 --"]:
        answer = await client.get(f"/search?q={typed}")
        assert answer.status_code in (200, 400), typed
        assert len(answer.content) < 10_000, typed
        assert (len(Outline(answer.text).all("h1")), "<script>" in answer.text) == (1, False)
    head = await client.head("/search?q=顺达")
    assert (head.status_code, head.content) == (200, b"")


async def test_an_unchanged_list_is_not_sent_again(client: Any) -> None:
    """Readers go back and forth between the list and its firms."""
    first = await search(client, "顺达")
    same = await client.get("/search?q=顺达", headers={"if-none-match": first.headers["etag"]})

    assert (first.headers["cache-control"], same.status_code, same.content) == ("no-cache", 304, b"")


async def test_no_typed_words_reach_a_log(house: TrialDatabase, capfd: pytest.CaptureFixture[str]) -> None:
    """Names of people are typed into every box; the log keeps the route and never what stands behind it."""
    typed = ["王小示例二", PERSON, "13800138000", "91370117MA0000001A", "鲁DI2345"]
    async with on_a_port(house) as base:
        import httpx2

        async with httpx2.AsyncClient(base_url=base) as outside:
            for one in typed:
                await search(outside, one)
                await outside.get("/find", params={"code": one})
                await search(outside, "顺达", sector=one, after=one)
    printed = "".join(capfd.readouterr())
    lines = await house.as_owner(
        "SELECT (SELECT count(*) FROM xintu.access_log) + (SELECT count(*) FROM xintu.attempt)"
    )

    assert printed.count('"route": "/search"') == 2 * len(typed)
    assert [one for one in typed if one in printed or quote(one) in printed] == []
    assert lines == 0
