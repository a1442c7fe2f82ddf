"""检索 the search through the API and the doors: what is found, in which order, what is suggested, and what is never told."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from stdnum.cn.uscc import calc_check_digit

from schema.api import registry
from schema.plan.run import Executor
from server.database.connection import Database
from server.errors import CreditError
from server.identifiers.uscc import organisation_check_character
from server.viewer import PUBLIC, Door, Viewer
from tests import factory as make
from tests.serving import client_of
from tests.support import TODAY, TrialDatabase

PERSON = "990101199001010012"
#: Firms by number, all of the bureau 370117, but for the last two. The order of ranks is that of writing.
FIRMS: dict[str, dict[str, Any]] = {
    "平顶山市鲁山县兴达运输有限公司": {"division_code": "410423"},
    "平顶山兴达物流有限公司": {"division_code": "410400", "state": "closed"},
    "兴达（鲁山）货物运输有限责任公司": {"division_code": "410423"},
    "钢城区安捷危险货物运输有限公司": {},
    "钢城安捷出租汽车有限公司": {"sector": "巡游出租"},
    "莱芜永通汽车维修有限公司": {},
    "永通DHL国际货代有限公司": {},
    "重庆长安汽车客运有限公司": {"division_code": "500000"},
    "钢城安捷运输有限公司": {},
    "济南百胜客运有限公司": {},
}
SHOPS = ("钢城安捷汽修部", "百胜驾校")
HIDDEN: dict[str, dict[str, Any]] = {
    "鲁山金秋运输有限公司": {"scope": "government"},
    "鲁山银冬运输有限公司": {"disclosed_from": date(2026, 6, 20)},
    "鲁山铜夏运输有限公司": {"withdrawn_on": date(2026, 6, 10), "withdrawal": "mistaken"},
    "鲁山铁春运输有限公司": {"withdrawn_on": date(2026, 6, 10), "withdrawal": "repaired"},
    "鲁山锡秋运输有限公司": {"disclosed_until": TODAY},
}
TEXT = """query ($text: String!, $kind: SearchKind, $division: String, $sector: String, $first: Int, $after: String) {
  search(text: $text, kind: $kind, division: $division, sector: $sector, first: $first, after: $after) {
    reading fault pageInfo { hasNextPage endCursor }
    edges { cursor node { matched subject { __typename ... on Enterprise { name } ... on IndividualBusiness { name }
      ... on Vehicle { plate colour } } } } } }"""


def uscc(number: int, head: str = "91") -> str:
    """Gives a right code with a right organisation code inside."""
    organisation = f"MA{number:06}"
    body = f"{head}370117{organisation}{organisation_check_character(organisation)}"
    return f"{body}{calc_check_digit(body)}"


@dataclass
class City:
    """What the tests ask of."""

    database: TrialDatabase
    agency: UUID
    codes: dict[str, str]

    def officer(self) -> Viewer:
        """One who sees everything of the bureau."""
        return Viewer(Door.AGENCY, "经办甲", agency=self.agency, agency_code="370117")

    async def search(self, text: str, viewer: Viewer = PUBLIC, **given: Any) -> Any:
        """Asks as the endpoint does."""
        return await search(self.database, text, viewer, **given)

    async def found(self, text: str, viewer: Viewer = PUBLIC, **given: Any) -> list[tuple[str, str]]:
        """Gives how and what, in order."""
        return told(await self.search(text, viewer, **given))


async def search(database: Database, text: str, viewer: Viewer = PUBLIC, **given: Any) -> Any:
    """Gives the connection."""
    executor = Executor(registry())
    answer = await executor.answer(database, viewer, executor.documents.read(TEXT), {"text": text, **given})
    return json.loads(answer.body())["data"]["search"]


def told(answer: Any) -> list[tuple[str, str]]:
    """Gives (how it matched, name or plate with colour) of each hit."""
    found = []
    for edge in answer["edges"]:
        subject = edge["node"]["subject"]
        found.append((edge["node"]["matched"], subject.get("name") or f"{subject['plate']} {subject['colour']}"))
    return found


@pytest.fixture(scope="module")
async def city(trial_database: Any) -> AsyncIterator[City]:
    """One database for the module: its tests leave it as it was."""
    async with trial_database() as database:
        async with make.sample_write(database) as write:
            bureau = make.agency("370117")
            await make.put(write, "agency", bureau)
            home, codes = bureau["id"], {}
            for number, (name, more) in enumerate((FIRMS | HIDDEN).items(), 101):
                codes[name] = uscc(number)
                await make.put(write, "enterprise", make.enterprise(home, codes[name], name=name, **more))
            for number, name in enumerate(SHOPS, 151):
                codes[name] = uscc(number, "92")
                await make.put(write, "individual_business", make.individual_business(home, codes[name], name=name))
            await make.put(
                write,
                "vehicle",
                make.vehicle(home, "鲁A12345", colour="blue"),
                make.vehicle(home, "鲁A12345", colour="yellow", division_code="410423"),
                make.vehicle(home, "鲁A54321", scope="government"),
            )
        yield City(database, home, codes)


@pytest.fixture(params=[9_900_000, 3_000], ids=["in nearly all", "in some"])
async def counted(city: City, request: pytest.FixtureRequest) -> AsyncIterator[City]:
    """The same, as if there were ten million names, and every word in so many: the other shapes of every question."""
    owner = await city.database.owner()
    await owner.execute(
        f"INSERT INTO xintu.gram_df SELECT DISTINCT t, {request.param} FROM xintu.name_search, unnest(tokens) t;"
        "UPDATE xintu.gram_df SET df = 10000000 WHERE gram = ''"
    )
    yield city
    await owner.execute("DELETE FROM xintu.gram_df WHERE gram <> ''; UPDATE xintu.gram_df SET df = 0")
    await owner.close()


# what is found


@pytest.mark.parametrize(
    ("typed", "reading", "first"),
    [
        ("平顶山市鲁山县兴达运输有限公司", "NAME", ("EXACT", "平顶山市鲁山县兴达运输有限公司")),
        ("平頂山魯山興達運輸", "NAME", ("EXACT", "平顶山市鲁山县兴达运输有限公司")),
        ("兴达(鲁山)货物运输有限公司", "NAME", ("EXACT", "兴达（鲁山）货物运输有限责任公司")),
        ("鲁山 兴达", "NAME", ("BRAND", "平顶山市鲁山县兴达运输有限公司")),
        ("鲁山 兴达 货物运输", "NAME", ("BRAND", "兴达（鲁山）货物运输有限责任公司")),
        ("钢城安捷汽修部", "NAME", ("EXACT", "钢城安捷汽修部")),
        ("物流兴达", "NAME", ("BRAND", "平顶山兴达物流有限公司")),
        ("钢城区", "NAME", ("PREFIX", "钢城区安捷危险货物运输有限公司")),
        ("危货", "NAME", ("WORDS", "钢城区安捷危险货物运输有限公司")),
        ("胜", "NAME", ("WORDS", "济南百胜客运有限公司")),
        ("dhl", "INITIALS", ("WORDS", "永通DHL国际货代有限公司")),
        ("pdslsxd", "INITIALS", ("INITIALS", "平顶山市鲁山县兴达运输有限公司")),
        ("AJCZ", "INITIALS", ("INITIALS", "钢城安捷出租汽车有限公司")),
        ("cqca", "INITIALS", ("INITIALS", "重庆长安汽车客运有限公司")),
        (uscc(104), "USCC", ("CODE", "钢城区安捷危险货物运输有限公司")),
        (uscc(104)[8:17], "ORGANISATION_CODE", ("CODE", "钢城区安捷危险货物运输有限公司")),
        (f"{uscc(152, '92')[8:16]}-{uscc(152, '92')[16]}", "ORGANISATION_CODE", ("CODE", "百胜驾校")),
        ("鲁a·12345", "PLATE", ("PLATE", "鲁A12345 BLUE")),
        ("鲁A12345 黄", "PLATE", ("PLATE", "鲁A12345 YELLOW")),
    ],
)
async def test_each_kind_of_thing_is_found(city: City, typed: str, reading: str, first: tuple[str, str]) -> None:
    """One box: nobody asks first whether what he holds is a name, a code or a plate."""
    answer = await city.search(typed)

    assert (answer["reading"], answer["fault"]) == (reading, None)
    assert told(answer)[:1] == [first]


async def test_a_plate_without_colour_is_of_every_colour(city: City) -> None:
    """Blue and yellow of one number are two vehicles."""
    assert await city.found("鲁A12345") == [("PLATE", "鲁A12345 BLUE"), ("PLATE", "鲁A12345 YELLOW")]


async def test_a_wrong_code_or_plate_finds_nothing_and_says_what_is_wrong(city: City) -> None:
    """A letter read wrong from a licence on the wall is the commonest mistake; the answer names it."""
    for typed, says in ((uscc(104)[:17] + "A", "校验码应为"), ("鲁A1234", "6 位"), ("60003734-2", "应为 1")):
        answer = await city.search(typed)
        assert says in answer["fault"]
        assert answer["edges"] == []


# order, pages, filters

ANY = ("安捷", "钢城", "运输", "兴达 鲁山", "有限公司", "物流 出租汽车", "山", "平顶山", "平顶山兴达物流", "客运")
ANY += ("as", "aj", "ys")


async def test_better_matches_come_first_and_each_name_once(city: City) -> None:
    """Tiers: the whole name, the brand, the beginning, all words; a name stands in its best one alone."""
    found = await city.found("钢城安捷")

    assert [how for how, _ in found] == ["BRAND"] * 4
    assert found[0] == ("BRAND", "钢城区安捷危险货物运输有限公司")
    prefix = await city.found("钢城安")
    assert {how for how, _ in prefix} == {"PREFIX"}
    both = await city.found("安捷运输")
    assert both[0] == ("BRAND", "钢城区安捷危险货物运输有限公司")
    assert len(dict(found)) <= len(found) == len(set(found))


@pytest.mark.parametrize("text", ANY)
async def test_pages_of_two_are_the_whole_without_loss_or_repeat(city: City, text: str) -> None:
    """A page may end within a tier or between two."""
    whole = await city.found(text, first=100)
    seen: list[tuple[str, str]] = []
    after = None
    while True:
        page = await city.search(text, first=2, after=after)
        seen += told(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == whole


async def test_common_words_are_found_as_rare_ones_are(city: City, counted: City) -> None:
    """Three ways to run one question: the same names in the same tiers; how a common word was written does not count."""
    owner = await city.database.owner()
    common = {text: _in_tiers(await counted.found(text, first=100)) for text in ANY}
    await owner.execute("UPDATE xintu.gram_df SET df = 0 WHERE gram = ''")
    await owner.close()

    assert {text: _in_tiers(await city.found(text, first=100)) for text in ANY} == common
    assert sum(map(len, common["运输"].values())) == 4


def _in_tiers(found: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Gives the names of each tier but likeness, for which common guesses are not made."""
    tiers = dict.fromkeys(how for how, _ in found if how != "SIMILAR")
    return {how: sorted(name for other, name in found if other == how) for how in tiers}


async def test_common_words_are_paged_without_loss_or_repeat(counted: City) -> None:
    """The cursor is a place in the order, however the page is found."""
    for text in ANY:
        whole, seen, after = await counted.found(text, first=100), [], None
        while page := await counted.search(text, first=1, after=after):
            seen += told(page)
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == whole, text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": "INDIVIDUAL_BUSINESS"}, {"钢城安捷汽修部"}),
        ({"kind": "VEHICLE"}, set()),
        ({"sector": "巡游出租"}, {"钢城安捷出租汽车有限公司"}),
        ({"division": "41"}, set()),
        ({"division": "3701", "kind": "ENTERPRISE", "sector": "巡游出租"}, {"钢城安捷出租汽车有限公司"}),
    ],
)
async def test_filters_hold_for_names(city: City, given: dict[str, str], expected: set[str]) -> None:
    """A filter that is given is used, alone and with others."""
    assert {name for _, name in await city.found("安捷", **given)} == expected


async def test_filters_hold_for_codes_and_plates(city: City) -> None:
    """Who asks for the firms of a place is not shown another one's because he typed its code."""
    assert await city.found(uscc(101), division="41") != []
    assert await city.found(uscc(101), division="37") == []
    assert await city.found(uscc(101), kind="VEHICLE") == []
    assert await city.found(uscc(105), sector="巡游出租") != []
    assert await city.found("鲁A12345", division="410423") == [("PLATE", "鲁A12345 YELLOW")]
    assert await city.found("鲁A12345", kind="ENTERPRISE") == []
    assert await city.found("鲁A12345", sector="道路货运") == []


@pytest.mark.parametrize(
    ("given", "says"),
    [({"division": "379"}, "2、4 或 6 位"), ({"division": "99"}, "GB/T 2260"), ({"sector": " "}, "为空")],
)
async def test_a_filter_that_means_nothing_is_refused(city: City, given: dict[str, str], says: str) -> None:
    """As in every other list: a mistyped filter is not a wish for everything."""
    with pytest.raises(CreditError, match=says):
        await city.search("安捷", **given)


async def test_a_cursor_of_another_question_does_no_harm(city: City) -> None:
    """Cursors are public numbers; somebody will send any."""
    cursor = (await city.search("运输", first=1))["pageInfo"]["endCursor"]

    assert set(await city.found("安捷", after=cursor)) <= set(await city.found("安捷"))
    with pytest.raises(CreditError, match="游标无效"):
        await city.search("安捷", after="x")


# likeness


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("平顶山鲁山兴大运输", "平顶山市鲁山县兴达运输有限公司"),
        ("平顶山鲁山新达运输有限公司", "平顶山市鲁山县兴达运输有限公司"),
        ("平顶山鲁山兴达运愉", "平顶山市鲁山县兴达运输有限公司"),
        ("平顶山鲁山兴兴达运输", "平顶山市鲁山县兴达运输有限公司"),
        ("平顶山鲁山达兴运输", "平顶山市鲁山县兴达运输有限公司"),
        ("河南平顶山鲁山兴达运输", "平顶山市鲁山县兴达运输有限公司"),
        ("刚城安捷出租汽车", "钢城安捷出租汽车有限公司"),
        ("济南百胜货运", "济南百胜客运有限公司"),
        ("pingdingshanshi lushanxian xingda yunshu", "平顶山市鲁山县兴达运输有限公司"),
        ("chongqing changan", "重庆长安汽车客运有限公司"),
    ],
)
async def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(city: City, typed: str, meant: str) -> None:
    """An old person types by ear, a clerk from a fax: both know the firm, neither its characters."""
    assert (await city.found(typed))[:1] == [("SIMILAR", meant)]


async def test_likeness_is_told_only_when_nothing_else_is_found_and_of_five_at_most(city: City) -> None:
    """A suggestion beside a hit would look like another firm of the same name."""
    assert {how for how, _ in await city.found("安捷")} == {"BRAND"}
    suggested = await city.search("钢城安杰", first=2)
    rest = await city.search("钢城安杰", after=suggested["pageInfo"]["endCursor"])

    assert {how for how, _ in told(suggested) + told(rest)} == {"SIMILAR"}
    assert len(told(suggested) + told(rest)) <= 5
    assert told(suggested) + told(rest) == await city.found("钢城安杰")


async def test_nonsense_is_like_nothing(city: City) -> None:
    """A suggestion for anything is a suggestion of nothing."""
    for text in ("龘靐齉爩", "龘" * 100, " ".join("龘靐齉爩麤" * 10), "zzzz zzzz", "x" * 100, "aj" * 50):
        assert await city.found(text) == []


async def test_words_of_the_trade_alone_are_like_no_firm(city: City) -> None:
    """They are rightly written: whoever has one of two is not who was meant, and all who have one are very many."""
    assert await city.found("驾驶员培训 危险货物运输") == []


async def test_codes_and_plates_are_never_like_another(city: City) -> None:
    """The firm of a number that was typed wrong is somebody else's."""
    for typed in (uscc(104)[:16] + "0" + uscc(104)[17], "鲁A12346", "60003734-1"):
        assert await city.found(typed) == []


# what is never told


@pytest.mark.parametrize("name", HIDDEN)
async def test_a_hidden_firm_is_neither_found_nor_suggested_nor_counted(city: City, name: str) -> None:
    """Withdrawn, repaired, not yet or no longer shown, or for authorities only: as unknown as one that never was."""
    initials = {"金": "lsjqys", "银": "lsydys", "铜": "lstxys", "铁": "lstcys", "锡": "lsxqys"}[name[2]]
    for typed in (name, name[2:4], name[:4], city.codes[name], city.codes[name][8:17], initials, f"{name[:3]}球运输"):
        assert name not in {found for _, found in await city.found(typed)}, typed
    assert name not in {found for _, found in await city.found("运输", first=100)}

    assert (await city.found(name, city.officer()))[0] == ("EXACT", name)
    assert (await city.found(city.codes[name], city.officer())) == [("CODE", name)]
    assert name in {found for _, found in await city.found("运输", city.officer(), first=100)}


async def test_a_hidden_vehicle_is_found_by_those_who_may_see_it_alone(city: City) -> None:
    """Its plate is as public as it is."""
    assert await city.found("鲁A54321") == []
    assert await city.found("鲁A54321", city.officer()) == [("PLATE", "鲁A54321 YELLOW")]


async def test_what_is_suggested_depends_on_the_door(city: City) -> None:
    """The officer is reminded of a firm that the public may not know of."""
    assert ("SIMILAR", "鲁山金秋运输有限公司") in await city.found("鲁山金球运输", city.officer())
    assert await city.found("鲁山金球运输") == await city.found("鲁山龘球运输")


async def test_a_name_that_is_changed_is_found_by_the_new_one_at_once(city: City) -> None:
    """Between the change and a nightly job a firm would be found by a name it no longer has."""
    id_ = await city.database.as_owner("SELECT id FROM xintu.enterprise WHERE name = '济南百胜客运有限公司'")
    for name in ("济南千虹客运有限公司", "济南百胜客运有限公司"):
        async with make.sample_write(city.database) as write:
            await write.update("enterprise", id_, {"name": name})
        assert await city.found(name) == [("EXACT", name)]


class Recording(TrialDatabase):
    """Keeps what is sent to the database."""

    def __init__(self, other: TrialDatabase) -> None:
        super().__init__(other.url, other.prefix)
        self.sent: list[str] = []

    async def fetch_text(self, viewer: Viewer, sql: str, *args: Any, once: bool = False) -> str | None:
        """As the real one."""
        self.sent.append(f"{sql} {args}")
        return await super().fetch_text(viewer, sql, *args, once=once)


async def test_a_personal_number_reaches_neither_the_database_nor_a_log(
    city: City, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The database's own log, ours, and the error a client reports: in none of them stands what somebody typed."""
    caplog.set_level(logging.DEBUG)
    recording = Recording(city.database)
    try:
        answer = await search(recording, PERSON)
        again = await search(recording, f"钢城示例 {PERSON} 13900007777")
    finally:
        await recording.close()
    async with client_of(city.database) as client:
        query = {"query": TEXT, "variables": json.dumps({"text": PERSON})}
        got = await client.get("/graphql", params=query)
        posted = await client.post("/graphql", json={"query": TEXT, "variables": {"text": PERSON}})

    assert answer["reading"] == again["reading"] == "PERSONAL_NUMBER"
    assert answer["edges"] == again["edges"] == []
    assert got.json()["data"] == posted.json()["data"] == {"search": answer}
    assert recording.sent
    written = capfd.readouterr()
    # The test's own client tells of the address it asks.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    for text in (*recording.sent, *logged, written.out, written.err, got.text):
        assert "9901011990" not in text
        assert "1390000" not in text


# what people type


@pytest.mark.parametrize(
    "text", ["%", "_", "安%", "\\", "'", "安捷'; DROP TABLE x; --", '"', "{a}", "$1", "安\u200b捷"]
)
async def test_signs_mean_nothing_but_themselves(city: City, text: str) -> None:
    """A percent sign is no wish for everything, a quote no end of a statement."""
    found = await city.found(text)

    assert len(found) < len(FIRMS)
    assert all("安捷" in name or how == "SIMILAR" or "安" in name for how, name in found)


@pytest.mark.parametrize("text", ["安捷\x00", "\ud800"])
async def test_what_the_database_cannot_hold_is_refused(city: City, text: str) -> None:
    """As in every other argument."""
    with pytest.raises(CreditError, match="U\\+0000"):
        await city.search(text)
