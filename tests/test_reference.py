"""参考数据 what the house judges by is told to everyone: catalogue, measures, standards, terms and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from schema import enums
from schema.api import graphql_schema
from server.catalogue import glossary
from server.catalogue.reference import catalogue_rows, measure_rows
from server.dated import MARKS
from server.disclosure.doors import REFERENCE_ROWS
from server.disclosure.persons import Persons
from server.disclosure.reference import term_rows
from server.errors import WrongSetting
from server.migrate.plan import fingerprint
from server.migrate.reference import reference_rows
from server.migrate.service import migrate
from server.ratings import stars
from server.ratings.standards import STANDARDS, SUBJECT_KINDS, Standards, standard_rows
from server.sample.vocabulary import vocabulary
from tests import factory as make
from tests.law_cases import cases
from tests.support import TODAY
from tests.test_plan import GOVERNMENT, ask
from tests.world import USCC, build

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SITE = Path(__file__).resolve().parents[1] / "site"
ALL = """{
  standards { key name validFrom validUntil subjectKinds targets issuer documentNumber basis url cycle validity mark note
    grades { grade meaning position } }
  disclosureTerms { edition key term validFrom validUntil shown starts ends repairOpens shortestMonths longestMonths
    basis url mark }
  glossary { identifier term english definition source }
}"""
OWN = """
our_excavators:
  term: 本局养护企业信用评价
  reviewed_on: 2026-11-20
  versions:
    2026-01-01:
      subject_kinds: [enterprise]
      targets: 养护企业
      issuer: 本局
      cycle: 每年一次
      grades: [{grade: 甲, meaning: 好}, {grade: 乙, meaning: 差}]
      source: {title: 本局养护企业信用评价办法, mark: verified}
    2026-06-01:
      abolished: true
      source: {title: 关于废止的通知, mark: verified}
"""


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def told(row: dict[str, Any], renamed: dict[str, str], upper: tuple[str, ...] = ()) -> dict[str, Any]:
    """Gives a row of the rule files as the API must tell it."""
    found = {}
    for column, value in row.items():
        said = value.isoformat() if isinstance(value, date) else value
        if column in upper and said is not None:
            said = [one.upper() for one in said] if isinstance(said, list) else str(said).upper()
        found[renamed.get(column, camel(column))] = said
    return found


def bureau(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


# what is told


async def test_the_public_is_told_every_standard_term_and_word_with_its_source(database) -> None:
    """Whoever is judged may read by what: each row of the rule files is there, in order, and says where it stands."""
    got = await ask(database, ALL)

    standards = [told(row, {}, ("mark", "subject_kinds")) for row in standard_rows()]
    terms = [told(row, {"id": "edition"}, ("mark", "starts", "ends", "repair_opens")) for row in term_rows()]
    words = [told(row, {"id": "identifier"}) for row in glossary.term_rows()]
    for row in (*standards, *terms, *words):
        row.pop("position")
    for row in standards:
        row.pop("id")
        grades = yaml.safe_load(row["grades"])
        row["grades"] = [grade | {"position": n} for n, grade in enumerate(grades, start=1)]
    assert got == {"standards": standards, "disclosureTerms": terms, "glossary": words}
    assert len(standards) > 20
    for row in (*standards, *terms):
        assert row["basis"].startswith("《")
    assert all(row["source"] for row in words)


async def test_the_catalogue_is_told_edition_by_edition(database) -> None:
    """“目录之外非信用” can only be held against the bureau by who can read the catalogue, the old editions too."""
    got = await ask(
        database,
        """{ now: catalogue { ...Item } old: catalogue(edition: "2021") { ...Item } none: catalogue(edition: "1999") { code }
             bad: catalogue(nature: NEGATIVE) { nature } class: catalogue(catalogueClass: "行政管理信息") { catalogueClass }
             measures { edition code kind source mark subjectKinds } one: measures(kind: "限制市场或行业准入") { kind }
             catalogueEditions { title edition validFrom validUntil } measureEditions { edition } }
           fragment Item on CatalogueItem { editionTitle edition editionFrom editionUntil code name catalogueClass nature
             scope subjectKinds provider updateCycle legalBasis source url mark }""",
    )
    upper = ("nature", "scope", "mark", "subject_kinds")
    for name, edition in (("now", "2024"), ("old", "2021")):
        rows = [told(row, {}, upper) for row in catalogue_rows() if row["edition"] == edition]
        for row in rows:
            del row["id"], row["position"]
        assert got[name] == rows
        assert rows
    assert got["none"] == []
    assert {row["nature"] for row in got["bad"]} == {"NEGATIVE"}
    assert {row["catalogueClass"] for row in got["class"]} == {"行政管理信息"}
    assert [row["code"] for row in got["measures"]] == [r["code"] for r in measure_rows() if r["edition"] == "2024"]
    assert {row["kind"] for row in got["one"]} == {"限制市场或行业准入"}
    assert [row["edition"] for row in got["catalogueEditions"]] == ["2021", "2022", "2024"]
    assert [row["validUntil"] is None for row in got["catalogueEditions"]] == [False, False, True]
    assert [row["edition"] for row in got["measureEditions"]] == ["2021", "2022", "2024"]


async def test_every_door_reads_the_same_reference_data(database) -> None:
    """The law has no secret part."""
    world = await build(database)

    public = await ask(database, ALL)

    assert await ask(database, ALL, viewer=world.officer()) == public
    assert await ask(database, ALL, viewer=GOVERNMENT) == public


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('standards(key: "taxi_driver")', ["2011-01-01", "2018-05-14", "2022-05-27"]),
        ('standards(key: "taxi_driver", inForceOn: "2018-05-14")', ["2018-05-14"]),
        ('standards(key: "taxi_driver", inForceOn: "2018-05-13")', ["2011-01-01"]),
        ('standards(key: "taxi_driver", inForceOn: "2010-12-31")', []),
        ('standards(key: "taxi_driver", subjectKind: ENTERPRISE)', []),
        ('standards(key: "nobody")', []),
        ('disclosureTerms(key: "penalty.general", inForceOn: "2026-03-31")', ["2023-05-01"]),
        ('disclosureTerms(key: "penalty.general", inForceOn: "2026-04-01")', ["2026-04-01"]),
    ],
)
async def test_a_standard_and_a_term_are_found_by_key_and_day(database, query: str, expected: list[str]) -> None:
    """An act is judged by what was in force on its day: both ends of a version to the very day."""
    got = await ask(database, "{ found: " + query + " { validFrom } }")

    assert [row["validFrom"] for row in got["found"]] == expected


async def test_a_rating_leads_to_the_version_of_the_standard_it_was_made_under(database) -> None:
    """A grade says nothing without its scale; where the register does not know the version, nothing is made up."""
    await build(database)

    got = await ask(
        database,
        """query ($uscc: String!) { enterprise(uscc: $uscc) { ratings { edges { node { standardKey grade standardName
             gradeMeaning standard { key validFrom grades { grade } } } } } } }""",
        {"uscc": USCC},
    )
    found = {edge["node"]["grade"]: edge["node"] for edge in got["enterprise"]["ratings"]["edges"]}
    assert {grade: node["gradeMeaning"] for grade, node in found.items()} == {"AAA": "优良", "B": "不合格"}
    assert found["AAA"]["standardName"] == "道路运输企业质量信誉考核"
    assert found["AAA"]["standard"] == {
        "key": "road_enterprise_quality",
        "validFrom": "2006-01-01",
        "grades": [{"grade": grade} for grade in ("AAA", "AA", "A", "B")],
    }


async def test_a_rating_under_a_version_that_nobody_registered_says_no_more_than_it_is(database) -> None:
    """Old imports name versions of before: null, and the rating itself is still told."""
    world = await build(database)
    async with make.sample_write(database) as write:
        unknown = make.rating(world.agency, enterprise_id=world.enterprise, effective_from=date(2026, 6, 10))
        await make.put(write, "rating", unknown | {"standard": "of_old", "grade": "优"})

    got = await ask(
        database,
        """query ($uscc: String!) { enterprise(uscc: $uscc) { ratings { edges { node {
             standardKey grade standardName gradeMeaning standard { name } } } } } }""",
        {"uscc": USCC},
    )
    nodes = [edge["node"] for edge in got["enterprise"]["ratings"]["edges"]]
    assert next(node for node in nodes if node["standardKey"] == "of_old") == {
        "standardKey": "of_old",
        "grade": "优",
        "standardName": None,
        "gradeMeaning": None,
        "standard": None,
    }


# a bureau's own


async def test_a_standard_that_a_bureau_adds_is_told_and_one_it_abolishes_ends(database, plan_of, tmp_path) -> None:
    """A bureau rates by its own measures too, without a change of the program."""
    await migrate(plan_of(database, rules_dir=bureau(tmp_path, STANDARDS, OWN)))

    got = await ask(database, '{ standards(key: "our_excavators") { name validUntil basis grades { grade meaning } } }')

    assert got["standards"] == [
        {
            "name": "本局养护企业信用评价",
            "validUntil": "2026-06-01",
            "basis": "《本局养护企业信用评价办法》",
            "grades": [{"grade": "甲", "meaning": "好"}, {"grade": "乙", "meaning": "差"}],
        }
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (STANDARDS, OWN.replace("our_excavators", "本局标准"), ("本局标准", "代码不合格", "小写字母")),
        (STANDARDS, OWN.replace("grade: 乙", "grade: 甲"), ("our_excavators", "等级 甲 重复", "删去一处")),
        (STANDARDS, OWN.replace("grade: 乙", f"grade: {'乙' * 21}"), ("our_excavators", "过长", "简称")),
        (STANDARDS, OWN.replace("[enterprise]", "[]"), ("our_excavators", "subject_kinds 是空的", "enterprise")),
        (STANDARDS, OWN.replace("[enterprise]", "[company]"), ("subject_kinds", "company", "可用：enterprise")),
        (STANDARDS, OWN.replace("      cycle: 每年一次\n", ""), ("2026-01-01", "缺少 cycle", "请补上 cycle")),
        (STANDARDS, OWN.replace("      cycle:", "      cicle: 年\n      cycle:"), ("cicle", "不认识的名称", "cycle")),
        (STANDARDS, OWN.replace("2026-01-01", "1999-01-01"), ("1999-01-01", "早于最早的法律依据", "first_law_on")),
        (
            "ratings/stars.yaml",
            "taxi_drivers:\n  term: 亮星\n  unit: points\n  reviewed_on: 2026-11-20\n  versions:\n    2022-01-01:\n"
            "      stars: [{grade: AAA, stars: 5}]\n      source: {title: 示例办法, mark: known}\n",
            ("ratings/stars.yaml", "没有评价标准 taxi_drivers", "请改为 ratings/standards.yaml 中的代码"),
        ),
    ],
)
def test_a_wrong_register_is_refused_naming_key_and_remedy(tmp_path: Path, name: str, text: str, words: Any) -> None:
    """The administrator mends the file by what the message says."""
    with pytest.raises(WrongSetting) as refused:
        reference_rows(bureau(tmp_path, name, text))

    for word in words:
        assert word in refused.value.message


def test_a_table_too_long_for_its_cost_is_refused(tmp_path: Path) -> None:
    """The API answers with whole tables at a price known before: none may outgrow it."""
    many = "".join(OWN.replace("our_excavators", f"standard_{n}") for n in range(REFERENCE_ROWS["rating_standard"]))

    with pytest.raises(WrongSetting, match=r"rating_standard 将有 \d+ 行，最多 300 行；请从本局的规则文件中删去"):
        reference_rows(bureau(tmp_path, STANDARDS, many))


async def test_the_price_of_a_whole_table_is_the_most_it_may_hold(database) -> None:
    """A cost below what is read would let twenty aliases read what the limit forbids."""
    from server.errors import CreditError

    aliases = " ".join(f"a{n}: catalogue {{ code }}" for n in range(20))

    with pytest.raises(CreditError) as refused:
        await ask(database, f"{{ {aliases} }}")

    assert refused.value.code == "COST_LIMIT_EXCEEDED"
    assert all(len(rows) <= REFERENCE_ROWS.get(table, 1_000) for table, rows in reference_rows(None).items())


# one list of everything


def used_standards() -> Iterator[tuple[str, str]]:
    """Every place outside the register that names a standard."""
    yield from (("stars.yaml", key) for key in stars.standards())
    yield from (("persons.yaml", key) for key in Persons.load().public_standards())
    yield from (("sample/data/ratings.yaml", shape.standard) for shape in vocabulary().ratings)
    for case in cases("disclosure"):
        if case["given"].get("standard"):
            yield case["name"], case["given"]["standard"]
    yield "factory", make.rating(make.agency()["id"])["standard"]


def test_nobody_names_a_standard_that_the_register_does_not_know() -> None:
    """A key misspelt in one file would be a rating nobody publishes, or a light nobody sees."""
    known = Standards.load().keys()
    used = list(used_standards())

    assert {key for _, key in used} >= {"road_enterprise_quality", "taxi_driver", "driver_integrity"}
    assert [(place, key) for place, key in used if key not in known] == []


def test_grades_of_lights_and_of_the_sample_are_grades_of_their_standard() -> None:
    """A grade that its standard has not could never be rated, or would show as nothing."""
    register = Standards.load()

    for row in stars.star_rows():
        assert row["grade"] in register.grades(row["standard"], TODAY)
    versions = {(row["key"], row["valid_from"]) for row in standard_rows()}
    for shape in vocabulary().ratings:
        assert (shape.standard, shape.version) in versions
        assert tuple(grade.grade for grade in shape.grades) == register.grades(shape.standard, shape.version)


def test_every_standard_names_its_rated_its_source_and_how_certain_it_is() -> None:
    """What is not certain must say so: a bureau rates real firms by it."""
    for row in standard_rows():
        assert row["subject_kinds"], row["id"]
        assert set(row["subject_kinds"]) <= set(SUBJECT_KINDS)
        assert row["mark"] in MARKS
        assert row["mark"] == "verified" or row["note"], f"{row['id']}: say what is not certain"
        assert ("（待核实）" in row["basis"]) == (row["mark"] == "uncertain")


def named(kind: object) -> bool:
    """Tells whether a type is a word of the trade, and not one of GraphQL's own forms."""
    if not isinstance(kind, GraphQLObjectType | GraphQLEnumType | GraphQLInterfaceType | GraphQLUnionType):
        return False
    forms = ("Connection", "Edge", "Payload")
    return not kind.name.startswith("__") and not kind.name.endswith(forms) and kind.name not in GRAPHQL_OWN


GRAPHQL_OWN = ("Query", "Mutation", "Subscription", "PageInfo")


def test_every_type_and_enum_of_the_schema_is_a_word_of_the_glossary() -> None:
    """A partner who meets a word must find what it means, in one place (style.md, Glossary)."""
    words = {row["id"]: row for row in glossary.term_rows()}
    kinds = [kind for kind in graphql_schema().type_map.values() if named(kind)]

    assert len(kinds) > 40
    assert [kind.name for kind in kinds if kind.name not in words] == [], "add it to site/texts/glossary.yaml"


def test_the_glossary_is_written_as_one() -> None:
    """One term, one identifier, one sentence, one source; the Chinese of a law, the English of its name."""
    rows = glossary.term_rows()

    for column in ("id", "term", "english"):
        values = [row[column] for row in rows]
        assert sorted({value for value in values if values.count(value) > 1}) == [], column
    for row in rows:
        assert CHINESE.search(row["definition"]), row["id"]
        assert CHINESE.search(row["term"]), row["id"]
        assert not CHINESE.search(row["english"]), row["id"]
        assert 6 <= len(row["definition"]) <= 80, row["id"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Penalty: {term: 处罚, english: penalty, definition: 没有句号, source: 法}\n", ("Penalty", "句号")),
        ("Penalty: {term: 处罚, english: penalty, definition: 一句。二句。, source: 法}\n", ("Penalty", "一句话")),
        ("Penalty: {term: 处罚, english: penalty, definition: 一句。}\n", ("Penalty", "缺少 source", "请补上 source")),
        ("行政处罚: {term: 处罚, english: penalty, definition: 一句。, source: 法}\n", ("行政处罚", "标识符不合格")),
        ("A1: {term: 甲, english: a, definition: 一。, source: 法}\nA1: {term: 乙}\n", ("A1", "重复")),
    ],
)
def test_a_wrong_glossary_is_refused_naming_line_and_remedy(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """Whoever adds a word sees at once what is missing."""
    path = tmp_path / "glossary.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(WrongSetting) as refused:
        glossary.term_rows(path)

    assert "第 " in refused.value.message
    for word in words:
        assert word in refused.value.message


def test_a_list_of_kinds_is_told_by_the_names_of_its_enum() -> None:
    """``enums_sql`` writes a key in capitals: right only while every name is its key in capitals."""
    for member in enums.SubjectKind:
        assert member.name == member.value.upper()


def test_a_changed_word_makes_the_database_stale(plan_of, database, monkeypatch, tmp_path) -> None:
    """The glossary is loaded by ``migrate``: a start that did not notice a new word would fail its own check."""
    from server.migrate import plan as plans

    plan = plan_of(database)
    (tmp_path / "site/texts").mkdir(parents=True)
    monkeypatch.setattr(plans, "ROOT", tmp_path)
    before = fingerprint(plan)
    (tmp_path / "site/texts/glossary.yaml").write_text("x: 1\n", encoding="utf-8")

    assert fingerprint(plan) != before
