"""大规模示例 the drawn part of a large sample: the same each time, lawful row by row, all kinds in it, and nobody's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from server.catalogue.rules import Measures
from server.cli.place import Place
from server.cli.sampling import write_sample_with_progress
from server.database.roles import ROLES, quote, role_name, setting_statements
from server.disclosure.facts import fact_of
from server.errors import Conflict, Invalid
from server.identifiers.certificates import check_id_card, id_card_region_is_known
from server.identifiers.divisions import known_division
from server.identifiers.plates import check_plate
from server.identifiers.uscc import check_uscc
from server.imports.law import Rules
from server.jobs.names import order_names
from server.jobs.recompute import stale_rows
from server.journal.actions import Action
from server.journal.service import write
from server.migrate.check import structure_faults
from server.migrate.journal_check import journal_faults
from server.sample import service
from server.sample.copy_text import CopyText
from server.sample.decisions import make_decisions
from server.sample.dice import identity
from server.sample.mass_names import Names
from server.sample.mass_order import MassOrder, ordered
from server.sample.mass_subjects import KINDS, Counts, MassSubjects
from server.sample.mass_words import mass_words
from server.sample.office import Office
from server.sample.ratings import plan_ratings
from server.sample.register import plan_register
from server.sample.service import write_sample
from server.sample.timeline import make_timeline
from server.sample.vocabulary import AGENCIES as AGENCIES_FILE
from server.sample.vocabulary import DATA, vocabulary
from server.sample.world import make_world, units
from server.settings import load_settings
from server.subjects.agencies import import_agencies
from server.viewer import Door, Viewer
from tests.support import SECRET, TODAY, TrialDatabase, at_database, run_as_owner

TOLD, DRAWN = 40, 800
DRAWN_ROWS = 4_000
RULES, MEASURES = Rules.load(), Measures.load()
AGENCIES = {code: identity("agency", n) for n, code in enumerate(units())}
PRODUCTS = {words.code: identity("product", n) for n, words in enumerate(vocabulary().products) if not words.ended}
Rows = dict[str, list[dict[str, Any]]]
INDEX_NAMES = "SELECT indexname FROM pg_indexes WHERE schemaname IN ('xintu', 'journal')"


def order(subjects: int, until: date = TODAY) -> MassOrder:
    """An order without a database."""
    return MassOrder(Counts.of(subjects), until, None, SECRET, AGENCIES, PRODUCTS)


def made(subjects: int, until: date = TODAY, step: int = 5_000) -> Rows:
    """All rows by table, made in chunks of ``step`` numbers."""
    rows: Rows = {}
    for sheet in order(subjects, until).sheets():
        for first in range(1, sheet.last + 1, step):
            for table, some in sheet.make(first, min(first + step - 1, sheet.last)).items():
                rows.setdefault(table, []).extend(some)
    return rows


@pytest.fixture(scope="module")
def drawn() -> Rows:
    """The rows of a mass of four thousand."""
    return made(DRAWN_ROWS)


@pytest.fixture(scope="module")
async def database(server_url: str, template: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """A database with a told part and a small mass above it; the tests only read it."""
    name = f"xintu_mass_{os.getpid()}"
    try:
        await run_as_owner(
            server_url,
            f"CREATE DATABASE {name} TEMPLATE {template.name}",
            *setting_statements(template.name, name),
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            *(f"GRANT CONNECT ON DATABASE {name} TO {quote(role_name(template.name, role))}" for role in ROLES),
        )
        opened = TrialDatabase(at_database(server_url, name), template.name)
        folder, told = tmp_path_factory.mktemp("mass"), list[float]()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(service, "MOST_TOLD", TOLD)
            patch.setattr(service, "TOLD_OF_MANY", TOLD)
            counts = await write_sample(
                opened.url,
                opened,
                subjects=TOLD + DRAWN,
                until=TODAY,
                folder=folder,
                progress=lambda _, done: told.append(done),
            )
        assert told == sorted(told)
        assert told[-1] == 1.0
        assert "read_name_search_tokens" not in await values(opened, INDEX_NAMES)
        await order_names(replace(template.plan, url=opened.url, prefix=template.name))
        assert counts.lines()[0].startswith(f"示例数据（纯属虚构）：主体 {TOLD + DRAWN}、另有车辆 ")
        yield opened
        await opened.close()
    finally:
        await run_as_owner(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def values(database: TrialDatabase, sql: str) -> set[Any]:
    """What the owner reads, rows of one column as that column."""
    connection = await database.owner()
    try:
        await connection.execute("SET search_path = xintu")
        return {row[0] if len(row) == 1 else tuple(row) for row in await connection.fetch(sql)}
    finally:
        await connection.close()


async def test_check_finds_nothing_wrong_with_a_large_sample(database, template) -> None:
    """Every row stands as the rules would write it, nothing went past the journal, every index is back."""
    connection = await database.owner()
    try:
        assert await structure_faults(connection, prefix=template.name, trial=True) == []
        assert await journal_faults(connection) == []
    finally:
        await connection.close()
    assert await database.ready() == []
    assert await stale_rows(database, RULES) == {}


async def test_every_index_of_an_empty_database_stands_after_the_mass(database, server_url, template) -> None:
    """One that is not built again makes the service slow without a word."""
    sql = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname IN ('xintu', 'journal')"
    empty = TrialDatabase(template.url, template.name)
    wanted = await values(empty, sql)
    assert len(wanted) > 100
    assert await values(database, sql) == wanted
    await empty.close()


async def test_drawn_ratings_stand_under_the_invented_standard_and_explain_nothing(database) -> None:
    """A drawn result under a real standard, or with points, would pass for one that somebody worked out."""
    drawn_ids = "SELECT id FROM rating WHERE standard = 'sample'"
    assert len(await values(database, drawn_ids)) > DRAWN // 4
    assert await values(database, f"SELECT DISTINCT score FROM rating WHERE id IN ({drawn_ids})") == {None}
    assert await values(database, f"SELECT id FROM rating_point WHERE rating_id IN ({drawn_ids})") == set()
    assert await values(database, f"SELECT id FROM rating_basis WHERE rating_id IN ({drawn_ids})") == set()
    assert await values(
        database,
        "SELECT DISTINCT name LIKE '%虚构%', mark FROM rating_standard WHERE key = 'sample'",
    ) == {(True, "uncertain")}


def test_a_sample_of_ten_thousand_is_told_and_one_above_a_million_refused() -> None:
    """Drawn ratings begin above ten thousand; beyond a million the numbers of plates would run out."""
    assert service.MOST_TOLD == 10_000
    assert service.TOLD_OF_MANY <= service.MOST_TOLD
    service.refuse_number(1_000_000)
    for wrong in (19, 1_000_001):
        with pytest.raises(Invalid, match=str(wrong)):
            service.refuse_number(wrong)


async def test_a_sample_that_was_interrupted_is_not_written_on(database_of_its_own) -> None:
    """A part of a sample is good for nothing, and facts are never deleted: one must be told to begin anew."""
    database = database_of_its_own
    await database.set_state("sample", "writing")
    place = Place(load_settings(), None, SECRET, database.url, embedded=False, rules=RULES)

    with pytest.raises(Conflict, match="XINTU_DATA_DIR"):
        await write_sample_with_progress(place, database, 20)


async def test_a_sample_refused_for_its_number_or_its_database_leaves_no_trace(database, database_of_its_own) -> None:
    """The next start must not say that a sample was interrupted when none was begun."""
    for refused, subjects, word in ((database, 20, "已有数据"), (database_of_its_own, 2_000_000, "最多")):
        place = Place(load_settings(), None, SECRET, refused.url, embedded=False, rules=RULES)
        with pytest.raises((Conflict, Invalid), match=word):
            await write_sample_with_progress(place, refused, subjects)
        assert await refused.state("sample") is None


@pytest.fixture
async def database_of_its_own(trial_database: Any) -> AsyncIterator[TrialDatabase]:
    """An empty one."""
    async with trial_database() as opened:
        yield opened


def test_the_same_number_of_subjects_gives_the_same_rows_in_any_chunks() -> None:
    """A picture or a measurement made on a large sample must fit everybody's (design §3)."""
    rows = made(600)

    assert made(600, step=97) == rows
    assert sum(map(len, rows.values())) > 2_000


def test_shares_are_those_the_words_promise(drawn) -> None:
    """A sample of another mixture would show other pages and measure other plans."""
    facts = {t: rows for t, rows in drawn.items() if t not in KINDS}
    penalties = drawn["penalty"]
    general = [row for row in penalties if row["severity"] == "general"]
    late = [row["late_working_days"] > 0 for row in drawn["licence"]]
    expired = [row["disclosed_until"] <= TODAY for row in general]

    assert {kind: len(drawn[kind]) for kind in KINDS} == {
        "enterprise": 2_200, "individual_business": 800, "practitioner": 1_000, "vehicle": 400,
    }  # fmt: skip
    assert sum(map(len, facts.values())) >= 3 * DRAWN_ROWS
    assert 0.025 < sum(late) / len(late) < 0.047
    assert sum(row["late_working_days"] > 0 for row in penalties) < len(penalties) / 200
    assert 0.4 < sum(expired) / len(expired) < 0.6
    grades = Counter(row["grade"] for row in drawn["rating"] if row["enterprise_id"])
    assert grades["AAA"] > grades["AA"] > grades["A"] > grades["B"] > 0
    assert {row["standard"] for row in drawn["rating"]} == {"sample"}


def test_every_list_kind_and_state_is_drawn(drawn) -> None:
    """What a large sample has not, no search, page or measurement meets before it is real."""

    def found(table: str, *columns: str) -> set[Any]:
        return {tuple(row[c] for c in columns) if len(columns) > 1 else row[columns[0]] for row in drawn[table]}

    lists = {(row["kind"], next(k for k in row if k.endswith("_id") and row[k])) for row in drawn["list_entry"]}
    assert lists == {
        ("serious", "enterprise_id"), ("focus", "enterprise_id"), ("focus", "practitioner_id"),
        ("honest", "enterprise_id"), ("overload", "enterprise_id"), ("overload", "practitioner_id"),
        ("overload", "vehicle_id"),
    }  # fmt: skip
    assert found("act", "kind") == set(vocabulary().acts)
    assert found("penalty", "withdrawal") == {"repaired", "objection_upheld", "mistaken", None}
    assert found("penalty", "severity") == {"minor", "general", "serious"}
    assert {row["disputed_on"] is not None for row in drawn["penalty"]} == {True, False}
    assert found("licence", "withdrawal") == {"annulled", None}
    assert found("penalty", "scope") == {"public", "government"}
    assert found("benefit_grant", "scope") == {"public", "authorised"}
    assert found("commitment", "state") == {"open", "kept", "partly", "broken"}
    assert found("enterprise", "state") == {"active", "closed"}
    assert found("vehicle", "purpose") == {"taxi", "freight", "passenger", "dangerous", "coaching"}
    assert {row["listed_until"] <= TODAY for row in drawn["list_entry"]} == {True, False}
    entries = {row["id"]: row["kind"] for row in drawn["list_entry"]}
    evidence = {row["penalty_id"] for row in drawn["list_evidence"]}
    assert evidence <= {row["id"] for row in drawn["penalty"]}
    assert {entries[row["list_entry_id"]] for row in drawn["list_evidence"]} == {"serious", "focus", "overload"}
    assert {entries[row["list_entry_id"]] for row in drawn["list_measure"]} == {"serious", "focus", "overload"}
    assert {row["source_unit_id"] for rows in drawn.values() for row in rows if "scope" in row} >= {
        AGENCIES[unit.code]
        for home in MassSubjects(Counts.of(100)).homes
        for unit in (home.licensing, home.enforcement)
    }


def test_what_is_taken_down_was_shown_until_then(drawn) -> None:
    """A repair before its first day, or of what had run out, would contradict the term beside it."""
    taken = [(table, row) for table in ("licence", "penalty") for row in drawn[table] if row["withdrawn_on"]]
    for table, row in taken:
        assert row["disclosed_from"] < row["withdrawn_on"] < (row["disclosed_until"] or TODAY)
        assert row["withdrawn_on"] < TODAY
        if row["withdrawal"] == "repaired":
            found = RULES.terms.disclosure(fact_of(table, row, known_on=row["reported_on"]))
            assert found.earliest_repair_on is not None
            assert found.earliest_repair_on <= row["withdrawn_on"]
    assert len(taken) > 50


def test_public_forms_are_what_masking_makes_of_the_texts(drawn) -> None:
    """The mass spares the masker where a text names nobody; a wrong guess would publish somebody."""
    compared = 0
    for table in ("licence", "penalty", "act", "list_entry", "commitment"):
        for row in drawn[table]:
            persons = _persons(row)
            for column in [
                c for c in row if f"{c}_public" in row and c not in ("subject_name", "legal_representative")
            ]:
                text = row[column]
                assert row[f"{column}_public"] == (text and RULES.masking.mask_text(text, persons)), (table, column)
                compared += text is not None
        assert all(
            row["subject_name_public"] != row["subject_name"]
            for row in drawn[table]
            if row.get("subject_certificate_number")
        )
    assert compared > 8_000


def _persons(row: dict[str, Any]) -> tuple[str, ...]:
    """The natural persons a row is about: its reason or promise begins with the name, or it has the name."""
    if row["practitioner_id"] is None:
        return (
            (row["legal_representative"],)
            if row.get("individual_business_id") and "legal_representative" in row
            else ()
        )
    name = row.get("subject_name")
    if name is None:
        text = row.get("reason") or row["content"]
        name = text.partition("（" if "身份证号" in text else "本周期" if "本周期" in text else "承诺：")[0]
    return (name,)


@pytest.mark.parametrize("until", [date(2023, 6, 1), date(2026, 1, 5), date(2026, 4, 1), date(2027, 2, 28)])
def test_a_mass_can_be_made_for_any_day(until) -> None:
    """Rules, editions and holidays of its past must all fit, and nothing may lie in the future."""
    rows = made(300, until)
    assert all(row["reported_on"] < until for table in ("licence", "penalty", "act") for row in rows[table])
    assert all(row["disclosed_from"] < until for table in rows for row in rows[table] if "disclosed_from" in row)
    assert rows["list_entry"]
    assert rows["rating"]


def test_no_number_of_the_mass_is_anybodys(drawn) -> None:
    """A valid number of a real region could be somebody's; and nobody may be found under two."""
    people = drawn["practitioner"]
    for row in people:
        assert check_id_card(row["certificate_number"], TODAY) == row["certificate_number"]
        assert not id_card_region_is_known(row["certificate_number"])
        assert row["certificate_number"] not in row["certificate_number_public"]
    told = make_world(2_000, vocabulary())
    cards = [row["certificate_number"] for row in people] + [p.id_card for p in (*told.people, *told.extras)]
    codes = [row["uscc"] for kind in KINDS[:2] for row in drawn[kind]]
    codes += [business.uscc for business in told.businesses if business.uscc]
    plates = [row["plate"] for row in drawn["vehicle"]]
    assert [check_uscc(code) for code in codes] == codes
    assert {code[8:10] for code in codes} == {"XT"}
    assert [check_plate(plate) for plate in plates] == plates
    for numbers in (
        cards,
        codes,
        plates + [v.plate for v in told.vehicles],
        [row["certificate_key"] for row in people],
    ):
        assert len(set(numbers)) == len(numbers)


def test_plates_of_a_million_subjects_are_all_different() -> None:
    """A plate twice would stop the writing near its end."""
    world = MassSubjects(replace(Counts.of(1_000), vehicle=Counts.of(service.MOST).vehicle))
    numbers = [*range(1, 2_000), *range(9_000, 12_000), *range(98_001, 100_001)]
    found = {(vehicle.plate, vehicle.colour) for vehicle in map(world.vehicle, numbers)}
    assert len(found) == len(numbers)


def test_names_are_distinct_and_one_brand_stands_in_many_counties() -> None:
    """Search is measured on them: a register has few brands that all have and many that one has."""
    count = 40_000
    for kind in KINDS[:2]:
        names = Names(kind, count)
        titles = [names.of(number) for number in range(1, count + 1)]
        brands = Counter(title.brand for title in titles)
        commonest, most = brands.most_common(1)[0]
        common = [title.region.code for title in titles if title.brand == commonest]
        assert len({title.text for title in titles}) == count
        assert all(known_division(title.region.code, history=False) for title in titles[:2_000])
        assert len(brands) > 10_000
        assert most > 20 * sorted(brands.values())[len(brands) // 2]
        assert len(set(common)) > len(common) * 0.9
        assert not set(brands) & mass_words().known_brands - set(vocabulary().brands)
        assert all(RULES.masking.mask_text(title.text) == title.text for title in titles[:2_000])
    assert not {b.name for b in make_world(2_000, vocabulary()).businesses} & {title.text for title in titles}


async def test_the_told_part_of_a_large_sample_lights_every_star(database_of_its_own) -> None:
    """The mass has no results of real standards: who shows roof lights needs one taxi of each."""
    database, words = database_of_its_own, vocabulary()
    await import_agencies(database, RULES.terms, "示例数据", (DATA / AGENCIES_FILE).read_bytes(), AGENCIES_FILE)
    agencies = dict(await values(database, "SELECT code, id FROM agency"))
    world = make_world(service.TOLD_OF_MANY, words)
    timeline = make_timeline(TODAY, world.homes, RULES.calendar)
    office = Office(world, make_decisions(world, timeline, words), timeline, words, RULES, MEASURES, SECRET, agencies)
    plan_register(office)
    plan_ratings(office)
    async with write(database, "示例数据", Action.SAMPLE, "示例数据，纯属虚构") as w:
        for table in (*KINDS, "rating"):
            await w.insert(table, [plan.row for plan in office.planned if plan.table == table])
    stars = await values(database, "SELECT stars FROM roof_light_star")

    async with database.read(Viewer(Door.DEVICE, "灯")) as connection:
        lights = {row["stars"] for row in await connection.fetch("SELECT DISTINCT stars FROM roof_light")}

    assert stars == {5, 4, 3, 0}
    assert lights >= stars


def test_a_sheet_writes_parents_before_children() -> None:
    """Foreign keys are checked row by row."""
    for sheet in order(300).sheets():
        tables = list(sheet.make(1, sheet.last))
        for parent, child in (
            ("penalty", "list_evidence"),
            ("list_entry", "list_measure"),
            ("list_entry", "list_evidence"),
        ):
            assert child not in tables or parent not in tables or tables.index(parent) < tables.index(child)


async def test_a_process_of_its_own_makes_the_same_rows(monkeypatch) -> None:
    """A large sample is made there, a small one here: both must be one sample."""
    wanted = order(300)
    here = [sheet.make(1, sheet.last) for sheet in wanted.sheets()]
    monkeypatch.setattr("server.sample.mass_order._FEW", 0)

    with ordered(wanted) as sheets:
        there = [await sheet.made(1, sheet.last) for sheet in sheets]

    assert there == [{table: CopyText.of(rows) for table, rows in made.items() if rows} for made in here]
    assert sum(text.rows for made in there for text in made.values()) > 1_000


async def test_every_type_of_a_fact_comes_back_as_it_was_sent(database_of_its_own) -> None:
    """A text that is cut at a tab, or a null that becomes a word, would be found by nobody."""
    row = {
        "a": 'a\tb\\N\nc"d\r', "b": None, "c": True, "d": 7, "e": Decimal("12.50"), "f": TODAY,
        "g": identity("x", 1), "h": ['警告', 'a"b\\c', "NULL", "x,y", ""], "i": "", "j": "\\N", "k": "一\u3000二",
    }  # fmt: skip
    connection = await database_of_its_own.owner()
    await connection.execute(
        "CREATE TEMP TABLE sent (a text, b text, c bool, d int, e numeric, f date, g uuid, h text[], i text, j text, k text)"
    )
    text = CopyText.of([row, row])
    await connection.copy_to_table("sent", source=BytesIO(text.text), columns=list(text.columns), format="text")
    got = [dict(found) for found in await connection.fetch("SELECT * FROM sent")]
    await connection.close()
    assert got == [row, row]
