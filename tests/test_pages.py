"""网页 pages: what a citizen sees, what he is told when something is wrong, and what no page may hold."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from html.parser import HTMLParser
from ipaddress import ip_network
from typing import Any

import pytest

from schema.plan.cost import REQUEST
from server.pages.render import SITE, day, number, yuan
from server.pages.urls import PAGES
from server.pages.visitors import MOST_POINTS
from server.viewer import PUBLIC
from tests import factory as make
from tests.serving import client_of
from tests.support import TrialDatabase
from tests.world import OTHER_USCC, USCC, build


@pytest.fixture(scope="module")
async def house(trial_database: Any) -> AsyncIterator[TrialDatabase]:
    """One database for the module: these tests only read."""
    async with trial_database() as database:
        await build(database)
        yield database


class Outline(HTMLParser):
    """What of a page the tests look at: its tags, and the text that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


#: Templates that are no page by themselves.
SHARED = {"base", "parts", "error", "facts", "subject"}


def test_every_page_of_the_table_and_every_query_and_template_is_used() -> None:
    """A page listed nowhere is tested by nobody."""
    assert [page.path for page in PAGES] == [
        "/",
        "/enterprise/{uscc}",
        "/search",
        "/practitioner",
        "/individual-business/{uscc}",
        "/individual-business/id/{id}",
        "/practitioner/{id}",
        "/vehicle/{plate}/{colour}",
        "/why/{id}",
    ]
    templates = {page.template or page.name for page in PAGES}
    assert {path.stem for path in (SITE / "queries").glob("*.graphql")} == {page.name for page in PAGES}
    assert {path.stem for path in (SITE / "templates").glob("*.html")} == templates | SHARED
    assert list(SITE.rglob("*.py")) == []


@pytest.mark.parametrize(
    ("path", "status", "indexed"),
    [
        ("/", 200, True),
        (f"/enterprise/{USCC}", 200, False),
        ("/enterprise/91110000600037341L", 404, False),
        ("/enterprise/123", 404, False),
        ("/search", 200, False),
        ("/search?q=示例", 200, False),
        ("/search?q=没有这个名字", 200, False),
        ("/practitioner", 200, True),
        ("/nothing/here", 404, False),
        (f"/enterprise/{USCC}?licences=wrong", 400, False),
    ],
)
async def test_every_page_is_whole_chinese_and_small(
    house: TrialDatabase, path: str, status: int, indexed: bool
) -> None:
    """One head, one heading, landmarks, no script, no foreign address, and at most 30 KB — refusals included."""
    async with client_of(house) as client:
        answer = await client.get(path)
    page = Outline(answer.text)

    assert answer.status_code == status
    assert page.all("html") == [{"lang": "zh-CN"}]
    assert [len(page.all(tag)) for tag in ("h1", "main", "title", "footer")] == [1, 1, 1, 1]
    assert re.search(r"[\u4e00-\u9fff]", page.all("meta")[2]["content"] or "")
    assert page.all("script") == page.all("style") == page.all("iframe") == []
    assert not any("style" in attributes or any(k.startswith("on") for k in attributes) for _, attributes in page.tags)
    assert "http" not in answer.text.replace("http-equiv", "")
    assert len(answer.content) <= 30_000
    noindex = {"name": "robots", "content": "noindex, noarchive"} in page.all("meta")
    assert (noindex, "x-robots-tag" in answer.headers) == (not indexed, not indexed)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes.get("for") for attributes in page.all("label")}
    fields = [*page.all("input"), *page.all("select")]
    assert all(field["id"] in labelled for field in fields if field.get("type") != "hidden")


async def test_the_firms_page_shows_what_the_public_door_shows_and_its_dates(database: TrialDatabase) -> None:
    """The main job of the house: each record with from when, until when and who sent it — and nothing else."""
    world = await build(database)
    async with make.sample_write(database) as write:
        term = await write.connection.fetchrow("SELECT id, basis FROM disclosure_term WHERE basis <> '' LIMIT 1")
        until = make.penalty(
            world.agency,
            "罚有期",
            terms_edition=term["id"],
            enterprise_id=world.enterprise,
            disclosed_until=date(2026, 11, 20),
            fine_yuan=20000,
        )
        await make.put(write, "penalty", until)
    async with client_of(database) as client:
        text = Outline((await client.get(f"/enterprise/{USCC}")).text).text
        await database.set_today(date(2026, 11, 19))
        before = Outline((await client.get(f"/enterprise/{USCC}")).text).text
        await database.set_today(date(2026, 11, 20))
        after = Outline((await client.get(f"/enterprise/{USCC}")).text).text

    for words in ("罚有期", "2026年11月20日（当日起不再显示）", "长期公示", "20,000 元", "2,000.50 元", "有异议"):
        assert words in text
    for words in (term["basis"], "数源单位", "示例交通运输局", "7 条", "AAA", "925 分", "评价依据（3 条）"):
        assert words in text
    assert "罚过期" not in text, "a penalty is not shown from its stop day on, nor as a rating's basis"
    assert "罚人" not in text
    assert ("罚有期" in before, "罚有期" in after) == (True, False)


async def test_the_page_tells_whether_a_decision_was_reported_in_time(database: TrialDatabase) -> None:
    """The bureau is itself judged by this; a day that hangs on a calendar not yet published says so."""
    world = await build(database)
    of_firm = {"enterprise_id": world.enterprise, "decided_on": date(2026, 6, 10)}
    async with make.sample_write(database) as write:
        late = make.licence(world.agency, "迟", due_on=date(2026, 6, 12), late_working_days=2, **of_firm)
        open_ = make.licence(
            world.agency, "暂", due_on=date(2027, 1, 8), due_provisional=True, late_working_days=0, **of_firm
        )
        await make.put(write, "licence", late, open_)
    async with client_of(database) as client:
        html = (await client.get(f"/enterprise/{USCC}")).text
    records = {
        number: Outline(part).text
        for part in html.split("<article")
        for number in ("迟", "暂")
        if f"<dd>{number}</dd>" in part
    }

    assert "应公示截止 2026年6月12日，迟报 2 个工作日" in records["迟"].replace("截止2", "截止 2")
    assert "应公示截止 2027年1月8日（暂定），按时" in records["暂"].replace("截止2", "截止 2")


async def test_a_firm_without_records_says_so_for_each_kind(database: TrialDatabase) -> None:
    """An empty place looks like a fault; the page says that nothing is disclosed now."""
    await build(database)
    async with client_of(database) as client:
        text = Outline((await client.get(f"/enterprise/{OTHER_USCC}")).text).text

    for words in (
        "没有正在公示的行政许可",
        "没有正在公示的行政处罚",
        "不在任何正在公示的名单中",
        "没有正在公示的信用承诺",
    ):
        assert words in text


async def test_more_records_than_a_page_holds_are_turned_to_without_script(database: TrialDatabase) -> None:
    """A firm with a thousand permits must not need a large page."""
    world = await build(database)
    async with make.sample_write(database) as write:
        rows = [make.licence(world.agency, f"续{n:02d}", enterprise_id=world.enterprise) for n in range(15)]
        await make.put(write, "licence", *rows)
    seen: list[str] = []
    async with client_of(database) as client:
        path: str | None = f"/enterprise/{USCC}"
        while path:
            html = (await client.get(path)).text
            section = html.split('<section id="licences"')[1].split("</section>")[0]
            seen += re.findall(r"<dd>((?:续|许)\d+号?)</dd>", section)
            found = re.search(r'href="([^"]+)">下一页行政许可', section)
            path = found and found[1]

    assert len(seen) == len(set(seen)) == 22


async def test_an_unchanged_page_is_not_sent_again_and_a_changed_one_is(database: TrialDatabase) -> None:
    """A stale copy of a penalty that was repaired an hour ago would be a wrong done by the bureau."""
    world = await build(database)
    path = f"/enterprise/{USCC}"
    async with client_of(database) as client:
        first = await client.get(path)
        same = await client.get(path, headers={"if-none-match": first.headers["etag"]})
        async with make.sample_write(database) as write:
            hidden: dict[str, Any] = {"withdrawn_on": write.day, "withdrawal": "repaired"}
            await write.update("penalty", world.ids["PE"], hidden)
        changed = await client.get(path, headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert (same.status_code, same.content) == (304, b"")
    assert (changed.status_code, "罚0号" in first.text, "罚0号" in changed.text) == (200, True, False)


async def test_a_small_letter_in_the_address_leads_to_the_one_address(house: TrialDatabase) -> None:
    """One page has one address, or caches and links disagree."""
    async with client_of(house) as client:
        answer = await client.get(f"/enterprise/{USCC.lower()}")

    assert (answer.status_code, answer.headers["location"]) == (308, f"/enterprise/{USCC}")


@pytest.mark.parametrize("prefix", ["", "/credit"])
async def test_an_address_with_a_slash_at_its_end_leads_to_the_one_without(house: TrialDatabase, prefix: str) -> None:
    """The location is made of the table: the asker's Host, or a second slash, would lead readers away from the site."""
    async with client_of(house, path_prefix=prefix) as client:
        for path in (f"/enterprise/{USCC}/", f"/enterprise/{USCC.lower()}/", f"/enterprise/{USCC.lower()}"):
            answer = await client.get(f"{prefix}{path}?licences=x", headers={"host": "elsewhere.example"})
            assert (answer.status_code, answer.headers["location"]) == (308, f"{prefix}/enterprise/{USCC}")
        wrong = await client.get(f"http://test{prefix}//elsewhere.example/")
        bare = await client.get(prefix or "/")

    assert wrong.status_code == 404
    assert (bare.status_code, bare.headers.get("location")) == ((308, f"{prefix}/") if prefix else (200, None))


async def test_head_gives_what_get_gives_without_the_page(house: TrialDatabase) -> None:
    """Monitoring asks so."""
    async with client_of(house) as client:
        for path in ("/", f"/enterprise/{USCC}", "/practitioner", "/nothing", "/enterprise/1"):
            got, head = await client.get(path), await client.head(path)
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert head.headers.get("etag") == got.headers.get("etag")


async def test_odd_input_is_refused_like_any_wrong_input(house: TrialDatabase) -> None:
    """What a driver, a template or a header cannot hold must not come so far."""
    odd = ["%00", "a%00b", "%ED%A0%80", "%FF", "%E2%80%AE", "长" * 5000, "9" * 5000, "..%2F..", "%0d%0aX: 1"]
    async with client_of(house) as client:
        for one in odd:
            paths = (f"/enterprise/{one}", f"/{one}", f"/enterprise/{USCC}?licences={one}", f"/practitioner?from={one}")
            answers = [await client.get(path) for path in paths]
            assert [answer.status_code for answer in answers] == [404, 404, 400, 200], one
            for answer in answers:
                assert len(answer.content) < 10_000
                assert len(Outline(answer.text).all("h1")) == 1
                assert "x" not in answer.headers


async def test_a_real_service_shows_no_sample_and_no_unfilled_text(database: TrialDatabase) -> None:
    """The words for a trial would make a bureau's true records look invented."""
    await build(database)
    real = {"env": "production", "sample": 0, "database_host": "db/xintu", "secret": "s" * 40}
    async with client_of(database, **real) as client:
        pages = [(await client.get(path)).text for path in ("/", f"/enterprise/{USCC}")]
    async with client_of(database) as client:
        trial = (await client.get("/")).text

    assert "虚构" in trial
    assert USCC in trial
    for page in pages:
        assert "虚构" not in page
        assert "部署时" not in page
    assert USCC not in pages[0]


async def test_who_opens_page_after_page_is_told_when_he_may_go_on(database: TrialDatabase) -> None:
    """A reader is no programmer: he is told of pages and seconds, not of points; other addresses are not touched."""
    await build(database)
    firm = f"/enterprise/{USCC}"
    async with client_of(
        database, public_points=3 * (MOST_POINTS + REQUEST), trusted_proxies=[ip_network("203.0.113.0/24")]
    ) as client:
        answers = [await client.get(firm) for _ in range(4)]
        other = await client.get(firm, headers={"x-forwarded-for": "198.51.100.1"})

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert other.status_code == 200, "what a page costs is bounded, however much its query might read"
    assert answers[3].headers["cache-control"] == "no-store"
    text = Outline(answers[3].text).text
    assert f"请在 {answers[3].headers['retry-after']} 秒后再试" in text
    assert not any(word in text for word in ("first", "点", "密钥"))


def test_dates_money_and_points_are_written_as_people_write_them() -> None:
    """Figures with the scale of a column look like a machine's."""
    assert [day("2026-11-20"), day(date(2026, 1, 2))] == ["2026年11月20日", "2026年1月2日"]
    assert [yuan(t) for t in ("2000.00", "0.50", "1234567.80", None)] == [
        "2,000 元",
        "0.50 元",
        "1,234,567.80 元",
        None,
    ]
    assert [number(t) for t in ("925.000", "9.500", "100", "0.125")] == ["925", "9.5", "100", "0.125"]
    assert PUBLIC.door == "public"
