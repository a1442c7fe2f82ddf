"""「为什么公示」 what the page of one record says, to the day, and the turning of long sections, in a small world.

That nothing hidden stands on any page is looked for in ``test_subject_pages.py``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from schema.nodes import global_id
from server.disclosure.reference import term_rows
from server.disclosure.rules import Fact, Terms
from server.pages.why import repair_of
from tests import factory as make
from tests.serving import client_of
from tests.support import TODAY, TrialDatabase
from tests.test_pages import Outline
from tests.test_subject_pages import MANY, SHOP, whole, why_path
from tests.world import OTHER_USCC, World, build

NEW, MERGED = "penalty.general@2026-04-01", "penalty.general@2023-05-01+2026-04-01"


@dataclass
class Village:
    """The small world with the rows that the tests below ask for, each by its name."""

    world: World
    client: Any
    rows: dict[str, str]
    item: dict[str, Any]

    async def why(self, table: str, name: str | UUID) -> str:
        """The text of the page that explains a row."""
        answer = await self.client.get(why_path(table, self.rows.get(str(name), str(name))))
        assert answer.status_code == 200
        return Outline(answer.text).text


@pytest.fixture(scope="module")
async def village(trial_database: Any) -> AsyncIterator[Village]:
    """One database for the tests below, which only read."""
    async with trial_database() as database:
        world = await build(database)
        home, shop = world.agency, world.ids["IB"]
        of_shop: dict[str, Any] = {"individual_business_id": shop}
        of_firm: dict[str, Any] = {"enterprise_id": world.enterprise}
        async with make.sample_write(database) as write:
            terms = await write.connection.fetchval("SELECT array_agg(id) FROM disclosure_term")
            assert {NEW, MERGED} <= set(terms)
            item = await write.connection.fetchrow("SELECT id, name, edition_title FROM catalogue_item LIMIT 1")
            await write.update("individual_business", shop, {"uscc": SHOP})
            named = {
                "told": make.penalty(
                    home,
                    "释1号",
                    decided_on=date(2026, 5, 10),
                    disclosed_until=date(2027, 5, 10),
                    disputed_on=date(2026, 6, 3),
                    due_on=date(2026, 5, 19),
                    reported_on=date(2026, 5, 22),
                    late_working_days=3,
                    file_disclosed_until=date(2027, 5, 9),
                    source_unit_name="示例执法大队",
                    terms_edition=NEW,
                    catalogue_item=item["id"],
                    **of_firm,
                ),
                "open": make.penalty(home, "修开", decided_on=date(2026, 3, 1), terms_edition=MERGED, **of_firm),
                "before": make.penalty(home, "先开", decided_on=date(2025, 11, 1), terms_edition=MERGED, **of_firm),
            }
            await make.put(write, "penalty", *named.values())
            await make.put(write, "penalty", *(make.penalty(home, f"续罚{n:02}", **of_shop) for n in range(12)))
            await make.put(write, "vehicle", *(make.vehicle(home, f"鲁A100{n:02}", **of_shop) for n in range(31)))
            loan = make.benefit_product(home, "XYD", name="信易贷")
            grant = make.benefit_grant(home, loan["id"], value_yuan=Decimal("100000.00"), **of_firm)
            await make.put(write, "benefit_product", loan)
            await make.put(write, "benefit_grant", grant)
        rows = {name: str(row["id"]) for name, row in (named | {"grant": grant}).items()}
        async with client_of(database, **MANY) as client:
            yield Village(world, client, rows, dict(item))


async def test_long_sections_are_turned_one_by_one(village: Village) -> None:
    """Each section has its own cursor: thirty-one cars and twelve penalties are all met once."""
    path = f"/individual-business/{SHOP}"
    pages = await whole(village.client, path)
    cut = [await village.client.get(f"{path}?penalties={given}") for given in ("wrong", "x" * 301)]

    penalties = {number for page in pages for number in re.findall(r"<dd>(续罚\d\d)</dd>", page)}
    cars = {plate for page in pages for plate in re.findall(r"<b>(鲁A100\d\d)</b>", page)}
    assert (len(penalties), len(cars), len(pages)) == (12, 31, 3)
    assert sum("回到第一页" in page for page in pages) == 2
    assert [answer.status_code for answer in cut] == [400, 400]


async def test_a_subject_with_nothing_is_told_so_kindly(village: Village) -> None:
    """Each empty kind has its sentence; a person is told why there is so little."""
    person = f"/practitioner/{global_id('PR', village.world.ids['PR'])}"
    paths = (f"/enterprise/{OTHER_USCC}", person, "/vehicle/鲁A12345/yellow")
    firm, human, car = [Outline((await village.client.get(path)).text) for path in paths]

    for words in ("没有正在公示的行政处罚", "不在任何正在公示的名单中", "没有登记在名下的营运车辆"):
        assert words in firm.text
    assert "自然人的这些信息依法一般不向社会公开" in human.text
    assert "没有正在公示的信用评价结果" in car.text
    assert firm.all("article") == []


async def test_a_penalty_is_explained_to_the_day(village: Village) -> None:
    """What it is, since and until when, under which rule, by whom, how late, and from when repair may be asked for."""
    text = await village.why("penalty", "told")

    for words in (
        "行政处罚：示例violation",
        "从 2026年6月1日 起公示，到 2027年5月10日 停止",
        "2026年5月10日 作出决定",
        "2026年8月10日 起可以申请信用修复",
        "2026年8月10日起可以申请，早于这一天的申请不受理",
        "2026年6月3日 信息主体提出异议",
        "有异议",
        "迟了 3 个工作日",
        "报送表中写明公示到 2027年5月9日",
        "示例执法大队",
        "示例交通运输局",
        "《信用修复管理办法》",
        "最短公示期3 个月",
        "最长公示期12 个月",
        "释1号",
        village.item["name"],
        village.item["edition_title"],
    ):
        assert words in text, words


async def test_repair_that_is_open_says_so_and_a_licence_needs_none(village: Village) -> None:
    """A firm must not be told to wait for a day that has passed, nor to repair what is no fault."""
    licence = await village.why("licence", village.world.ids["LI"])

    assert "现在就可以申请（2026年6月1日起）" in await village.why("penalty", "open")
    assert "达到最短公示期后可以申请，具体日期请向认定单位询问" in await village.why("penalty", "before")
    assert "不需要修复" in licence
    assert "长期公示" in licence


async def test_a_rating_is_explained_by_what_is_still_shown(village: Village) -> None:
    """Standard, period, points in order, and bases: a penalty that has expired is not named by the rating it lowered."""
    text = await village.why("rating", village.world.ids["RA"])

    for words in ("2025年1月1日 至 2025年12月31日", "925 分", "AAA", "罚0号", "许0号", "检0", "只列出现在仍在公示的"):
        assert words in text, words
    assert re.search(r"指标1\s*9\.5\s*10\s*指标2\s*9\.5\s*10\s*指标3", text)
    assert "罚过期" not in text
    assert "评价结果不单独修复" in text


async def test_money_is_never_a_machines(village: Village) -> None:
    """A grant's money and days on its own page, as on its subject's."""
    text = await village.why("benefit_grant", "grant")

    assert "100,000 元" in text
    assert "授予激励" in text
    assert TODAY.isoformat() not in text


async def test_a_record_is_explained_until_the_day_before_it_stops(database: TrialDatabase) -> None:
    """On the stop day the explanation goes with the record."""
    world = await build(database)
    row = make.penalty(world.agency, "到期", enterprise_id=world.enterprise, disclosed_until=date(2026, 6, 20))
    async with make.sample_write(database) as write:
        await make.put(write, "penalty", row)
    path = why_path("penalty", str(row["id"]))
    async with client_of(database, **MANY) as client:
        await database.set_today(date(2026, 6, 19))
        last = await client.get(path)
        await database.set_today(date(2026, 6, 20))
        gone = await client.get(path)
        unknown = await client.get(why_path("penalty", str(uuid4())))

    assert "到 <b>2026年6月20日</b> 停止" in last.text
    assert (gone.status_code, gone.content) == (404, unknown.content)


def _disclosure(row: dict[str, object]) -> dict[str, Any]:
    """A term as the API tells it."""
    return {
        "edition": row["id"],
        "term": {
            "repairOpens": str(row["repair_opens"]).upper(),
            "shortestMonths": row["shortest_months"],
        },
    }


def _bureaus_own(folder: Path) -> Path:
    """A bureau's rules under which a later version shortens the shortest term from a year to two months."""
    source = "source: {title: 示例办法, document_number: 示例〔2026〕1号, published_on: 2023-01-05, mark: verified}"
    version = "shown: true, starts: in_store, ends: decided, longest_term: 36, repair_opens: shortest_term"
    (folder / "disclosure").mkdir()
    (folder / "disclosure" / "terms.yaml").write_text(
        "penalty.general:\n  term: 行政处罚（一般）\n  unit: months\n  reviewed_on: 2026-06-01\n  versions:\n"
        f"    2023-05-01: {{{version}, shortest_term: 12, {source}}}\n"
        f"    2026-04-01: {{{version}, shortest_term: 2, earlier_acts: shorter, earlier_acts_mark: verified, {source}}}\n",
        "utf-8",
    )
    return folder


@pytest.mark.parametrize("own", [False, True], ids=["shipped rules", "a bureau's own"])
def test_the_day_on_which_repair_opens_is_the_rules_own(own: bool, tmp_path: Path) -> None:
    """The page counts from what the API tells; the house counts from the law. Where both give a day, it is one day."""
    rules_dir = _bureaus_own(tmp_path) if own else None
    terms = Terms.load(rules_dir)
    rows = {str(row["id"]): row for row in term_rows(rules_dir)}
    told = untold = 0
    for kind, more in (
        ("penalty", {"severity": "general"}),
        ("penalty", {"severity": "serious"}),
        ("penalty", {"severity": "minor"}),
        ("list_entry", {"list_kind": "serious"}),
        ("list_entry", {"list_kind": "overload"}),
        ("list_entry", {"list_kind": "honest"}),
        ("licence", {}),
        ("inspection", {}),
    ):
        for days in range(0, 1800, 23):
            act = date(2022, 1, 31) + timedelta(days=days)
            rule = terms.disclosure(Fact(kind, decided_on=act, known_on=act, **more))
            repair = repair_of(_disclosure(rows[rule.terms_edition]), act)
            assert repair.possible == (rule.earliest_repair_on is not None), (kind, more, act)
            if repair.on is None:
                untold += 1
            else:
                told += 1
                assert repair.on == rule.earliest_repair_on, (kind, more, act)
    assert told > 100
    assert untold > 100
