"""主体网页 the pages of subjects and of single records: what stands on them, what never may, and how they lead to each other.

One wide world, read through every address that its rows have; what the public door hides is looked for in all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from schema.fragments import read_query
from schema.nodes import global_id
from server.pages.render import SITE
from server.viewer import PUBLIC
from tests import factory as make
from tests.serving import client_of
from tests.support import TrialDatabase
from tests.test_pages import Outline
from tests.wide_world import build_wide
from tests.world import USCC

#: Table → letters of its global ids, for everything that has a page of its own under /why.
TAGS = {
    "licence": "LI",
    "penalty": "PE",
    "act": "AC",
    "rating": "RA",
    "list_entry": "LE",
    "commitment": "CO",
    "benefit_grant": "BG",
    "benefit_product": "BP",
    "enterprise": "EN",
    "individual_business": "IB",
    "practitioner": "PR",
    "vehicle": "VE",
}
FACTS = tuple(TAGS)[:7]
KINDS = ("enterprise", "individual-business", "practitioner", "vehicle")
#: Room enough for a test that opens a hundred pages in a minute.
MANY = {"public_points": 1_000_000_000}
FAR, SHOP = "91410402MA0000003G", "92370117MA0000001H"


@dataclass
class Town:
    """The wide world with every page of it."""

    database: TrialDatabase
    client: Any
    shown: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    all: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: path → page, each followed to its last cursor
    subjects: dict[str, list[str]] = field(default_factory=dict)
    whys: dict[str, str] = field(default_factory=dict)

    def pages(self) -> list[str]:
        """Every page's text."""
        return [page for pages in self.subjects.values() for page in pages] + list(self.whys.values())

    def hidden(self, table: str) -> list[dict[str, Any]]:
        """The rows that the public door does not show."""
        return [row for row in self.all[table] if row["id"] not in self.shown[table]]


def subject_path(town: Town, row: dict[str, Any]) -> str | None:
    """The page on which a fact must stand, or None when its subject is not shown."""
    for column, table in (
        ("enterprise_id", "enterprise"),
        ("individual_business_id", "individual_business"),
        ("practitioner_id", "practitioner"),
        ("vehicle_id", "vehicle"),
    ):
        if row.get(column) is not None:
            owner = town.shown[table].get(row[column])
            return path_of(table, owner) if owner else None
    return None


def path_of(table: str, row: dict[str, Any]) -> str:
    """A subject's one address."""
    if table == "vehicle":
        return f"/vehicle/{quote(row['plate'])}/{row['colour']}"
    if table == "enterprise" or (table == "individual_business" and row["uscc"]):
        return f"/{table.replace('_', '-')}/{row['uscc']}"
    id_ = global_id(TAGS[table], UUID(row["id"]))
    return f"/individual-business/id/{id_}" if table == "individual_business" else f"/practitioner/{id_}"


def why_path(table: str, id_: str) -> str:
    """Where a row is explained."""
    return f"/why/{global_id(TAGS[table], UUID(id_))}"


async def whole(client: Any, path: str) -> list[str]:
    """Opens a page and every further page of each of its sections."""
    pages, waiting, seen = [], [path], set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = await client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        pages.append(answer.text)
        waiting += [unescape(link) for link in re.findall(r'href="([^"]+\?[^"#]+)#', answer.text)]
    return pages


@pytest.fixture(scope="module")
async def town(trial_database: Any) -> AsyncIterator[Town]:
    """The wide world, its codes mended so that they can stand in an address; the tests only read it."""
    async with trial_database() as database:
        wide = await build_wide(database)
        async with make.sample_write(database) as write:
            await write.update("individual_business", wide.small.ids["IB"], {"uscc": SHOP})
            await write.update("enterprise", wide.ids["EN"], {"uscc": FAR})
        async with client_of(database, **MANY) as client:
            town = Town(database, client)
            await _read(town)
            yield town


async def _read(town: Town) -> None:
    """Reads all rows, shown and stored, and opens every page that the shown ones have."""
    for table in TAGS:
        text = await town.database.fetch_text(PUBLIC, f"SELECT coalesce(json_agg(t), '[]')::text FROM {table} t")
        town.shown[table] = {row["id"]: row for row in json.loads(text or "[]")}
        rows = await town.database.as_owner(f"SELECT coalesce(json_agg(t), '[]')::text FROM xintu.{table} t")
        town.all[table] = json.loads(rows)
    for table in ("enterprise", "individual_business", "practitioner", "vehicle"):
        for row in town.shown[table].values():
            path = path_of(table, row)
            # Some firms of the world have codes that no import takes, and so no address.
            if (await town.client.get(path)).status_code == 200:
                town.subjects[path] = await whole(town.client, path)
    for table, shown in town.shown.items():
        for id_ in shown:
            answer = await town.client.get(why_path(table, id_))
            assert answer.status_code == 200, (table, id_)
            town.whys[why_path(table, id_)] = answer.text


def test_the_world_has_something_of_every_kind(town: Town) -> None:
    """What the next tests look at must be there, shown and hidden, or they look at nothing."""
    assert all(town.shown[table] for table in TAGS)
    assert {table for table in TAGS if town.hidden(table)} >= {"licence", "penalty", "rating", "list_entry", "vehicle"}
    kinds = {row["kind"] for row in town.shown["act"].values()}
    assert len(kinds) == 8
    assert {row["kind"] for row in town.shown["list_entry"].values()} >= {"serious", "honest", "focus"}
    assert {path.split("/")[1] for path in town.subjects} == set(KINDS)


@pytest.mark.parametrize("table", FACTS)
def test_every_record_stands_on_its_subjects_page_and_leads_to_its_own(town: Town, table: str) -> None:
    """A record that is disclosed but stands on no page is not disclosed."""
    looked = 0
    for id_, row in town.shown[table].items():
        path = subject_path(town, row)
        if path is None or path not in town.subjects:
            continue
        looked += 1
        link = f'href="{why_path(table, id_)}"'
        assert sum(link in page for page in town.subjects[path]) >= 1, (table, row)
    assert looked > 0


def test_no_row_that_is_hidden_has_a_page_or_a_link(town: Town) -> None:
    """Expired, repaired, withdrawn, not yet disclosed, for offices only: no address tells that it exists."""
    pages = town.pages()
    ids = [(table, row["id"]) for table in TAGS for row in town.hidden(table)]
    assert len(ids) >= 15
    for table, id_ in ids:
        assert not any(global_id(TAGS[table], UUID(id_)) in page or id_ in page for page in pages), (table, id_)


def test_no_text_of_a_hidden_row_and_no_persons_name_or_number_stands_anywhere(town: Town) -> None:
    """The strings themselves: document numbers, plates, codes, products of what is hidden; persons in full; remarks."""
    secrets: set[str] = set()
    for table, column in (
        ("licence", "document_number"),
        ("penalty", "document_number"),
        ("act", "document_number"),
        ("vehicle", "plate"),
        ("enterprise", "uscc"),
        ("benefit_product", "name"),
    ):
        shown = {row[column] for row in town.shown[table].values()}
        secrets |= {row[column] for row in town.hidden(table)} - shown
    for row in town.all["practitioner"]:
        # Some keys of the world are two letters, which any random id may hold.
        keys = {key for key in (row["certificate_key"],) if len(key) > 20}
        secrets |= {row["name"], row["certificate_number"], *keys} - {row["name_public"]}
    secrets |= {row["owner_name"] for row in town.all["individual_business"]} | {"内部", "severity_reason"}
    text = "\n".join(unescape(page) for page in town.pages())

    assert {
        "罚过期",
        "撤1号",
        "政1号",
        "修1号",
        "后1号",
        "授2号",
        "人罚1号",
        "鲁A00009",
        "信易租",
        "欧阳示例",
    } <= secrets
    assert {secret for secret in secrets if secret in text} == set()
    for seen in ("异1号", "欧阳**", "张**", "990101********1234", "信易贷", "远2号"):
        assert seen in text, "what is looked for must be found where it may stand"


async def test_hidden_and_unknown_are_answered_with_the_same_bytes(town: Town) -> None:
    """An answer that differs tells that something is there."""
    hidden = [why_path(table, row["id"]) for table in TAGS for row in town.hidden(table)]
    unknown = await town.client.get(why_path("penalty", str(uuid4())))
    answers = [await town.client.get(path) for path in hidden]
    others = [await town.client.get(why_path(table, str(uuid4()))) for table in TAGS]

    assert unknown.status_code == 404
    assert len(hidden) >= 15
    for answer in answers + others:
        assert (answer.status_code, answer.content) == (404, unknown.content)
        assert dict(answer.headers) == dict(unknown.headers)


async def test_hidden_and_unknown_subjects_are_answered_alike(town: Town) -> None:
    """A hidden person, car or firm is an unknown one."""
    unknown = {"practitioner": f"/practitioner/{global_id('PR', uuid4())}", "vehicle": "/vehicle/京A99999/yellow"}
    blank = {kind: await town.client.get(path) for kind, path in unknown.items()}
    hidden = [path_of(table, row) for table in unknown for row in town.hidden(table)]
    answers = {path: await town.client.get(path) for path in hidden}

    assert len(hidden) >= 3
    for path, answer in answers.items():
        assert (answer.status_code, answer.content) == (404, blank[path.split("/")[1]].content)


@pytest.mark.parametrize(
    "path",
    [
        "/why/x",
        "/why/QUdBR0FHQUdBR0FHQUdBR0FH",
        f"/why/{global_id('AG', uuid4())}",
        f"/practitioner/{global_id('EN', uuid4())}",
        "/vehicle/鲁A12345/purple",
        "/vehicle/12345/yellow",
        "/individual-business/id/SUI",
    ],
)
async def test_a_wrong_address_is_not_found(town: Town, path: str) -> None:
    """An id of another kind, a word that is no colour: a page that says so, and no fault."""
    answer = await town.client.get(path)

    assert answer.status_code == 404
    assert "没有找到" in answer.text


def test_every_page_is_whole_and_its_links_hold(town: Town) -> None:
    """One heading, unique anchors, no script, no foreign resource; every link inside a page has its end, every other its page."""
    known = set(town.whys) | set(town.subjects)
    for html in town.pages():
        page = Outline(html)
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert [len(page.all(tag)) for tag in ("h1", "main", "title", "footer")] == [1, 1, 1, 1]
        assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]
        assert page.all("script") == page.all("style") == page.all("iframe") == page.all("img") == []
        assert {"name": "robots", "content": "noindex, noarchive"} in page.all("meta")
        assert not any("style" in attributes for _, attributes in page.tags)
        assert len(html.encode()) < 60_000
        for link in page.all("a"):
            href = link["href"] or ""
            if href.startswith("#"):
                assert href[1:] in ids, href
            elif re.match(r"/(why|enterprise|individual-business|practitioner|vehicle)/", href):
                path = href.partition("#")[0].partition("?")[0]
                # Three firms of the world have invented codes with a wrong check character, which no import takes.
                assert path in known or path.startswith("/enterprise/"), href


def test_no_two_links_of_a_page_say_the_same_and_lead_elsewhere(town: Town) -> None:
    """Who hears the links read aloud must tell one from another."""
    for path, pages in town.subjects.items():
        links = re.findall(r'<a href="(/why/[^"]+)">(.*?)</a>', pages[0], re.DOTALL)
        said: dict[str, set[str]] = {}
        for href, words in links:
            said.setdefault(re.sub(r"<[^>]+>", "", words), set()).add(href)
        assert [words for words, hrefs in said.items() if len(hrefs) > 1] == [], path


async def test_persons_pages_are_kept_by_nobody(town: Town) -> None:
    """A copy in a cache or a search engine outlives the term of disclosure."""
    paths = [path for path in town.subjects if path.startswith("/practitioner/")]
    paths += [path for path in town.whys if path.startswith("/why/Uk")]
    answers = [await town.client.get(path) for path in paths]

    assert len(answers) >= 3
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, noarchive"


def test_a_car_and_its_firm_lead_to_each_other_and_to_a_driver_only_where_he_is_shown(town: Town) -> None:
    """The edge to a person whom the law hides is not there at all."""
    cars = {row["plate"]: path_of("vehicle", row) for row in town.shown["vehicle"].values()}
    car, other = ("".join(town.subjects[cars[plate]]) for plate in ("鲁A00002", "豫D00001"))
    firm = "".join(town.subjects[f"/enterprise/{USCC}"])

    assert f'href="/enterprise/{USCC}"' in car
    assert f'href="{cars["鲁A00002"]}"' in firm
    assert re.search(r'车主或驾驶员</dt><dd><a href="/practitioner/[^"]+">张\*\*</a>', car)
    assert "/practitioner/" not in other
    assert "李" not in Outline(other).text


async def test_links_stand_under_the_prefix(town: Town) -> None:
    """Behind a portal's path, one link to the bare root leads to the portal's own page."""
    paths = [next(path for path in town.subjects if path.startswith(f"/{kind}/")) for kind in KINDS]
    paths += [next(path for path in town.whys if path.startswith(f"/why/{letters}")) for letters in ("UE", "Uk", "TE")]
    async with client_of(town.database, path_prefix="/credit", **MANY) as client:
        pages = [Outline((await client.get(f"/credit{path}")).text) for path in paths]

    for page in pages:
        assert len(page.all("a")) > 5
        for link in page.all("a"):
            assert (link["href"] or "").startswith(("/credit/", "#")), link
        for sheet in page.all("link"):
            assert (sheet["href"] or "").startswith("/credit/static/")


async def test_an_old_shop_without_a_code_has_a_page_by_its_random_id(town: Town) -> None:
    """The code came in 2015; what was decided of older shops is still disclosed."""
    row = next(row for row in town.shown["individual_business"].values() if row["uscc"] is None)
    page = Outline(town.subjects[path_of("individual_business", row)][0])

    assert row["registration_number"] in page.text
    assert "欧阳**" in page.text


async def test_a_list_entry_is_explained_by_criterion_evidence_and_measures(town: Town) -> None:
    """What follows from a list must be named with its law, and its evidence must be there to be read."""
    entry = next(row for row in town.shown["list_entry"].values() if row["kind"] == "serious")
    text = Outline(town.whys[why_path("list_entry", entry["id"])]).text
    contents = await town.database.as_owner(
        "SELECT array_agg(i.content) FROM xintu.list_measure m JOIN xintu.measure_item i ON i.id = m.measure_item"
        " WHERE m.list_entry_id = $1",
        UUID(entry["id"]),
    )

    for words in ("严重失信主体名单", "认定标准1", "店罚1号", "行0", "列入名单", *contents):
        assert words in text, words
    assert len(contents) == 3


async def test_subjects_and_products_are_explained_too(town: Town) -> None:
    """A firm asks why it is on this site at all; a person learns that his page goes with what it shows."""
    texts = {
        table: Outline(town.whys[why_path(table, next(iter(town.shown[table])))]).text
        for table in ("enterprise", "individual_business", "practitioner", "vehicle", "benefit_product")
    }

    assert "《企业信息公示暂行条例》" in texts["enterprise"]
    assert "登记信息依法公开" in texts["individual_business"]
    assert "这些信息停止公示后，网页也随之消失" in texts["practitioner"]
    assert "营运车辆" in texts["vehicle"]
    assert "适用条件" in texts["benefit_product"]


# — queries of several pages ————————————————————————————————————————————————————————————————————————————————————————


def test_a_query_gets_the_fragments_it_uses_each_once(tmp_path: Path) -> None:
    """A fragment that nobody uses is refused by the validation, and so is one that stands twice."""
    (tmp_path / "fragments").mkdir()
    (tmp_path / "fragments" / "a.graphql").write_text(
        "# words\nfragment A on T {\n  ...B\n}\n\nfragment B on T {\n  b # ...C\n}\n\nfragment C on T {\n  c\n}\n",
        "utf-8",
    )
    page = tmp_path / "page.graphql"
    page.write_text("{ t { ...A ...B ...D ... on T { d } } }\nfragment D on T { d }\n", "utf-8")
    text = read_query(page)

    assert re.findall(r"fragment (\w+)", text) == ["D", "A", "B"]
    (tmp_path / "fragments" / "b.graphql").write_text("fragment C on T { c }", "utf-8")
    with pytest.raises(ValueError, match="fragment C stands twice"):
        read_query(page)


def test_every_shared_fragment_is_used_by_a_page() -> None:
    """What no page asks any more is dead text."""
    declared = {
        name
        for file in (SITE / "queries" / "fragments").glob("*.graphql")
        for name in re.findall(r"^fragment (\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    used = {
        name
        for file in (SITE / "queries").glob("*.graphql")
        for name in re.findall(r"^fragment (\w+)", read_query(file), re.MULTILINE)
    }

    assert declared <= used
    assert len(declared) > 10
