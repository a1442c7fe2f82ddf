"""目录之外非信用，清单之外不惩戒: every row is covered by exactly one item, every measure stands in the list of its day."""

from __future__ import annotations

import time
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from server.catalogue.editions import Edition
from server.catalogue.models import CatalogueItem, MeasureItem
from server.catalogue.reference import catalogue_rows, edition_hash, measure_rows
from server.catalogue.rules import KINDS, Catalogue, Item, Measure, Measures, Refusal, licence_words
from server.errors import NotFound, WrongSetting
from server.lists.models import ListKind
from server.records.models import RecordKind
from tests.law_cases import RULES, cases, rules_dir

CATALOGUE = Catalogue.load()
MEASURES = Measures.load()
ON = date(2026, 5, 10)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "catalogue" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def answer_of(case: dict[str, Any]) -> Item | Measure | Refusal:
    asked = dict(case["given"])
    if "measure" in asked:
        return Measures.load(rules_dir(case)).check(asked["measure"], asked["subject_kind"], case["on"])
    asked = {"agency_code": "410400", **asked}
    return Catalogue.load(rules_dir(case)).item_for(**asked, on=case["on"])


@pytest.mark.parametrize("case", cases("catalogue"), ids=lambda c: c["name"])
def test_the_gate_of_catalogue_and_list(case: dict[str, Any]) -> None:
    """What an ordinary row is called in the bureaus finds its one item; what is outside comes back with the reason."""
    answer = answer_of(case)
    if isinstance(answer, Refusal):
        assert "refused" in case["expect"], answer.message
        assert case["expect"]["refused"] in answer.message
        assert answer.code == ("OUT_OF_LIST" if "measure" in case["given"] else "NOT_IN_CATALOGUE")
    else:
        assert case["expect"] == {"item": answer.id}


def test_every_item_of_the_newest_edition_has_a_case() -> None:
    """An item that no case reaches may be spelt so that no row ever does."""
    reached = {case["expect"].get("item") for case in cases("catalogue")}
    items = {item.id for item in CATALOGUE.items_of("2024") if item.code.startswith(("CF", "XK-0", "XK-11", "XK-12"))}
    assert items <= reached


def test_every_kind_of_record_and_list_has_an_item() -> None:
    """All ten publicities, ratings, commitments and lists can be stored in every edition (F022)."""
    assert set(KINDS) == {*RecordKind, "rating", "commitment", *(f"list.{kind}" for kind in ListKind)}
    for edition in CATALOGUE.editions():
        assert {kind for item in CATALOGUE.items_of(edition.id) for c in item.covers for kind in c.kinds} == set(KINDS)


def test_two_items_name_both_and_tell_what_to_do() -> None:
    """The clerk must know between which two he has to choose."""
    refusal = CATALOGUE.item_for("penalty", "enterprise", "410400", "未取得道路运输经营许可擅自超限运输", ON)
    assert isinstance(refusal, Refusal)
    assert refusal.items == ("2024:CF-01", "2024:CF-02")
    assert refusal.message == (
        "行政处罚（法人及非法人组织）“未取得道路运输经营许可擅自超限运输”同时属于目录中的 CF-01 违法超限超载运输、"
        "CF-02 未取得许可从事道路运输经营，无法归入一项；请把名称写明为其中一项，或分成两条填报"
    )


def test_a_refusal_repeats_no_personal_number() -> None:
    """A clerk may have put a person's number into the wrong cell: it must not come back in a message or a log."""
    refusal = CATALOGUE.item_for("licence", "enterprise", "410400", "张三990101199001011011" + "长" * 500, ON)
    assert isinstance(refusal, Refusal)
    assert "990101199001011011" not in refusal.message
    assert len(refusal.message) < 200


def test_a_licence_without_a_certificate_is_found_by_document_and_content() -> None:
    """许可证书名称 is required only where a certificate is issued (08 §8.1)."""
    assert licence_words("道路运输证", "准予行政许可决定书", "普通货运") == "道路运输证"
    words = licence_words(" ", "涉路施工行政许可决定书", "准予埋设管线")
    assert words == "涉路施工行政许可决定书 准予埋设管线"
    item = CATALOGUE.item_for("licence", "enterprise", "410400", words, ON)
    assert isinstance(item, Item)
    assert item.code == "XK-09"
    assert licence_words(None, None, None) == ""


def test_an_edition_ends_the_one_before() -> None:
    """Editions of a series follow each other without gap or overlap (F001)."""
    by_series: dict[str, list[Edition]] = {}
    for edition in (*CATALOGUE.editions(), *MEASURES.editions()):
        by_series.setdefault(edition.series, []).append(edition)
    assert set(by_series) == {"catalogue.national", "measures.national"}
    for editions in by_series.values():
        assert [e.id for e in editions] == ["2021", "2022", "2024"]
        assert [e.valid_until for e in editions] == [*(e.valid_from for e in editions[1:]), None]


def test_the_difference_of_two_editions_lists_what_came_went_and_changed(tmp_path: Path) -> None:
    """F003: a policy officer compares editions before he lets the new one in."""
    assert CATALOGUE.diff("2021", "2022").added == (("XK-18", "公路养护作业单位资质"),)
    assert CATALOGUE.diff("2021", "2022").removed == (("XK-19", "机动车驾驶员培训经营许可"),)
    assert CATALOGUE.diff("2022", "2024").removed == (("CF-17", "伪造、冒用防疫应急运输通行证"),)
    assert CATALOGUE.diff("2024", "2022").added == CATALOGUE.diff("2022", "2024").removed
    own = """
GL-04:
  term: 纳入重点监管范围
  series: measures.national
  reviewed_on: 2026-11-20
  versions:
    2021-12-16: {content: 提高抽查比例, %s}
    2024-02-18: {content: 提高抽查频次, %s}
"""
    rest = "targets: 失信主体, subject_kinds: [enterprise], legal_basis: 甲, authority: 乙, source: {of: ed2021}"
    changed = Measures.load(write(tmp_path, "measures.yaml", own % (rest, rest)))
    assert changed.diff("2022", "2024").changed == (("GL-04", "纳入重点监管范围"),)
    assert changed.diff("2021", "2022").changed == ()
    with pytest.raises(NotFound, match="没有版本“2023”；现有：2021、2022、2024"):
        CATALOGUE.diff("2021", "2023")


def test_the_reference_rows_fit_their_tables() -> None:
    """``migrate`` loads them as they are; an item stands once in each edition that has it."""
    for rows, model in ((catalogue_rows(), CatalogueItem), (measure_rows(), MeasureItem)):
        assert rows
        assert all(set(row) == set(model._meta.fields_map) for row in rows)
        ids = [str(row["id"]) for row in rows]
        assert len(ids) == len(set(ids))
        assert max(map(len, ids)) <= 100
    by_id = {row["id"]: row for row in catalogue_rows()}
    assert by_id["2022:XK-02"]["edition_until"] == date(2024, 2, 18)
    assert by_id["2024:XK-02"]["edition_until"] is None
    assert "2022:XK-19" not in by_id


def test_a_local_supplement_stands_beside_the_national_catalogue() -> None:
    """吕梁, 涪陵 … have their own: national items stay, the hash tells the difference."""
    folder = RULES / "local_catalogue"
    local = Catalogue.load(folder)
    assert [item.id for item in local.items_of("示例市2025")] == ["示例市2025:DF-01"]
    assert {i.id for i in local.items_of("2024")} == {i.id for i in CATALOGUE.items_of("2024")}
    assert edition_hash(folder) != edition_hash()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "measures.yaml",
            "GL-09: {term: 甲, series: measures.nowhere, reviewed_on: 2026-11-20, versions: {2024-02-18: {content: 甲,"
            " targets: 乙, subject_kinds: [enterprise], legal_basis: 丙, authority: 丁, source: {of: ed2021}}}}",
            "没有目录 measures.nowhere；可用：measures.national",
        ),
        (
            "measures.yaml",
            "GL-09: {term: 甲, series: measures.national, reviewed_on: 2026-11-20, versions: {2024-02-19: {content: 甲,"
            " targets: 乙, subject_kinds: [enterprise], legal_basis: 丙, authority: 丁, source: {of: ed2021}}}}",
            "版本日期 2024-02-19 不是任何一版的生效日",
        ),
        (
            "measure_editions.yaml",
            'measures.local: {term: 甲, reviewed_on: 2026-11-20, versions: {2025-01-01: {edition: "2024",'
            " source: {title: 甲, mark: known}}}}",
            "版本名“2024”重复",
        ),
    ],
)
def test_a_supplement_that_hangs_in_the_air_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    """An item in no edition would never be in force, and nobody would see it."""
    with pytest.raises(WrongSetting, match=words):
        Measures.load(write(tmp_path, name, text + "\n"))


def test_an_item_may_not_yield_to_one_that_does_not_exist(tmp_path: Path) -> None:
    """A mistyped code would quietly turn precedence off."""
    own = (Path(__file__).with_name("data") / "rules/local_catalogue/catalogue/catalogue.yaml").read_text("utf-8")
    folder = write(tmp_path, "catalogue.yaml", own.replace("      source:", "      yields_to: [XX-01]\n      source:"))
    editions = (RULES / "local_catalogue/catalogue/catalogue_editions.yaml").read_text("utf-8")
    with pytest.raises(WrongSetting, match="“DF-01”：yields_to 中没有事项 XX-01"):
        Catalogue.load(write(folder, "catalogue_editions.yaml", editions))


def test_words_of_one_item_never_fall_into_two() -> None:
    """Each word by which an item is found leads to that item or to the one it yields to: no word alone is ambiguous."""
    for edition in CATALOGUE.editions():
        for item in CATALOGUE.items_of(edition.id):
            for cover in item.covers:
                for kind, word in ((k, w) for k in cover.kinds for w in cover.words_any):
                    found = CATALOGUE.item_for(kind, item.subject_kinds[0], "410400", word, edition.valid_from)
                    assert isinstance(found, Item), f"{edition.id} {item.code} {word}"
                    assert found.code == item.code or found.code in item.yields_to


def test_nothing_yields_in_a_circle() -> None:
    """Two items that yield to each other would both give way, and the row would have none."""
    for a, b in combinations(CATALOGUE.items_of("2024"), 2):
        assert not (a.code in b.yields_to and b.code in a.yields_to), (a.code, b.code)


def test_the_gate_is_fast_enough_for_bulk_import() -> None:
    """100,000 rows pass it in a few seconds at most (issue: 8,000 rows a second overall)."""
    begun = time.process_time()
    for _ in range(1_000):
        CATALOGUE.item_for("penalty", "enterprise", "410400", "未取得道路运输经营许可，擅自从事道路货物运输经营", ON)
    assert time.process_time() - begun < 0.2
