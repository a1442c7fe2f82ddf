"""示例数据 the invented past of a trial: the same each time, behind every door, clean, and nobody's."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.accounts.service import KeyRole, viewer_for
from server.catalogue.rules import Measures
from server.database.roles import ROLES, TABLES_SCHEMA, quote, role_name, setting_statements
from server.disclosure.doors import FACTS, TABLES
from server.disclosure.views import READING_DOORS
from server.errors import Conflict, Invalid
from server.identifiers.certificates import check_id_card, id_card_region_is_known
from server.identifiers.plates import check_plate
from server.identifiers.uscc import check_uscc
from server.imports.law import Rules
from server.imports.rows import Kind
from server.imports.service import import_file
from server.jobs.recompute import recompute_disclosure
from server.migrate.check import structure_faults
from server.migrate.journal_check import journal_faults
from server.sample.acts import plan_acts
from server.sample.aftermath import make_aftermath
from server.sample.decisions import make_decisions
from server.sample.goodwill import plan_goodwill
from server.sample.lists import plan_lists
from server.sample.mistakes import MISTAKES, spoil
from server.sample.office import Office
from server.sample.ratings import plan_ratings
from server.sample.register import plan_register
from server.sample.service import SampleCounts, write_sample
from server.sample.timeline import make_timeline
from server.sample.vocabulary import vocabulary
from server.sample.world import World, make_world, units
from server.viewer import Door, Duty, Viewer
from tests.support import SECRET, TODAY, TrialDatabase, at_database, run_as_owner

SUBJECTS = 60
#: Under older orders and editions, through 2026, and into a year whose holidays are not published yet.
DAYS = [date(2023, 6, 1), date(2024, 7, 1), *(date(2026, month, 17) for month in range(1, 13)), date(2027, 2, 28)]


@dataclass(frozen=True)
class Sample:
    """A written sample with its database."""

    database: TrialDatabase
    counts: SampleCounts
    world: World

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """What the owner reads."""
        connection = await self.database.owner()
        try:
            return list(
                await connection.fetch(f"SET search_path = {TABLES_SCHEMA}") or await connection.fetch(sql, *args)
            )
        finally:
            await connection.close()

    async def values(self, sql: str) -> set[Any]:
        """The first column of what the owner reads."""
        return {row[0] for row in await self.rows(sql)}


async def written(server_url: str, template: Any, name: str, folder: Path) -> Sample:
    """A sample in a database of its own, which the caller drops."""
    await run_as_owner(
        server_url,
        f"CREATE DATABASE {name} TEMPLATE {template.name}",
        *setting_statements(template.name, name),
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        *(f"GRANT CONNECT ON DATABASE {name} TO {quote(role_name(template.name, role))}" for role in ROLES),
    )
    database = TrialDatabase(at_database(server_url, name), template.name)
    counts = await write_sample(database.url, database, subjects=SUBJECTS, until=TODAY, folder=folder)
    return Sample(database, counts, make_world(SUBJECTS, vocabulary()))


@pytest.fixture(scope="module")
async def sample(server_url: str, template: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sample]:
    """One sample that the reading tests share; a test that writes makes its own."""
    name = f"xintu_sample_{os.getpid()}"
    try:
        made = await written(server_url, template, name, tmp_path_factory.mktemp("sample"))
        yield made
        await made.database.close()
    finally:
        await run_as_owner(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def natural_facts(sample: Sample) -> dict[str, list[str]]:
    """Every fact with natural names in the place of ids, and without salts and revisions."""
    tables = {t: await sample.rows(f"SELECT * FROM {quote(t)}") for t in FACTS}
    keys = {
        "agency": ("code",), "enterprise": ("uscc",), "individual_business": ("uscc", "registration_number"),
        "practitioner": ("certificate_number",), "vehicle": ("plate",), "licence": ("authority_uscc", "document_number"),
        "penalty": ("authority_uscc", "document_number"), "act": ("document_number",), "list_entry": ("document_number",),
        "benefit_product": ("code",),
    }  # fmt: skip
    names = {row["id"]: f"{t} {[row[c] for c in keys[t]]}" for t in keys for row in tables[t]}

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(part) for part in value]
        return names.get(value, "another") if isinstance(value, UUID) else value

    def text(row: Any) -> str:
        return str([(c, plain(v)) for c, v in row.items() if c not in ("id", "salt", "revision_from")])

    for row in tables["rating"]:
        names[row["id"]] = text(row)
    return {t: sorted(text(row) for row in rows) for t, rows in tables.items()}


async def test_the_same_sample_has_the_same_facts_and_dates(sample, server_url, template, tmp_path) -> None:
    """A test, a picture in the handbook or a bug report made on a sample must fit everybody's (design §3)."""
    name = f"xintu_sample_again_{os.getpid()}"
    try:
        again = await written(server_url, template, name, tmp_path)
        first, second = await natural_facts(sample), await natural_facts(again)
        await again.database.close()
    finally:
        await run_as_owner(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    assert sum(map(len, first.values())) > 800
    assert first == second
    assert again.counts.rejected == sample.counts.rejected


@pytest.mark.parametrize("door", READING_DOORS)
async def test_every_table_has_something_behind_every_door(sample, door) -> None:
    """Whoever tries the system meets no empty page; authorisations are for the two who made them."""
    bureau = await sample.rows("SELECT id FROM agency WHERE code = '370117'")
    firm = await sample.rows("SELECT enterprise_id FROM authorisation WHERE enterprise_id IS NOT NULL")
    viewer = Viewer(door, "查", agency=bureau[0][0], subject=firm[0][0], duties=frozenset({Duty.CLERK}))
    empty = set()
    async with sample.database.read(viewer) as connection:
        for table in TABLES:
            if not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {quote(table.name)})"):
                empty.add(table.name)
    own = {"import_batch", "correction"} if door is not Door.AGENCY else set()
    assert empty <= own | ({"authorisation"} if door in (Door.PUBLIC, Door.GOVERNMENT, Door.AGENCY) else set())


async def test_taxis_light_stars(sample) -> None:
    """The roof light's door has nothing else to show."""
    async with sample.database.read(Viewer(Door.DEVICE, "灯")) as connection:
        lights = await connection.fetch("SELECT plate, stars FROM roof_light")
    assert sample.counts.taxi_plate in {light["plate"] for light in lights}
    assert {light["stars"] for light in lights} >= {5, None}


STATES = {
    "SELECT DISTINCT kind FROM list_entry": {"serious", "overload", "focus", "honest"},
    "SELECT DISTINCT kind FROM act": {
        "compulsion", "confirmation", "levy", "payment", "adjudication", "compensation", "reward", "inspection",
    },
    "SELECT DISTINCT state FROM licence": {"1", "2"},
    "SELECT DISTINCT state FROM commitment": {"open", "kept", "partly", "broken"},
    "SELECT DISTINCT state FROM enterprise": {"active", "closed"},
    "SELECT DISTINCT coalesce(severity_override, severity) FROM penalty": {"minor", "general", "serious"},
    "SELECT DISTINCT withdrawal FROM penalty": {"repaired", "objection_upheld", "mistaken", None},
    "SELECT DISTINCT withdrawal FROM licence": {"annulled", None},
    "SELECT DISTINCT disputed_on IS NOT NULL FROM penalty": {True, False},
    "SELECT DISTINCT disclosed_until <= date '2026-06-15' FROM penalty WHERE scope = 'public'": {True, False},
    "SELECT DISTINCT disclosed_until <= date '2026-06-15' FROM licence WHERE disclosed_until IS NOT NULL": {True, False},
    "SELECT DISTINCT listed_until <= date '2026-06-15' FROM list_entry": {True, False},
    "SELECT DISTINCT late_working_days > 0 FROM licence": {True, False},
    "SELECT DISTINCT scope FROM penalty": {"public", "government"},
    "SELECT DISTINCT subject_kind FROM penalty": {"enterprise", "individual_business", "practitioner"},
    "SELECT DISTINCT grade FROM rating WHERE standard = 'road_enterprise_quality'": {"AAA", "AA", "A", "B"},
    "SELECT DISTINCT standard FROM rating": {"road_enterprise_quality", "taxi_driver", "driver_integrity"},
    "SELECT DISTINCT state FROM correction": {"open", "settled"},
    "SELECT DISTINCT decided_on < date '2026-04-01' FROM penalty": {True, False},
    "SELECT DISTINCT num_nonnulls(enterprise_id, individual_business_id, practitioner_id) FROM licence": {0, 1},
}  # fmt: skip


@pytest.mark.parametrize("sql", STATES)
async def test_every_list_kind_and_state_occurs(sample, sql) -> None:
    """A state that no sample has is one that nobody looks at before it is real; 0 subjects is the 17 zeros with X."""
    assert await sample.values(sql) == STATES[sql]


async def test_points_sum_to_the_score_and_stay_within_bounds(sample) -> None:
    """A result that cannot be added up by hand would discredit the rest."""
    wrong = await sample.rows(
        "SELECT r.standard, r.score, sum(p.points) FROM rating r JOIN rating_point p ON p.rating_id = r.id"
        " GROUP BY r.id HAVING sum(p.points) <> r.score OR bool_or(p.points < 0 OR p.points > p.full_points)"
    )
    assert wrong == []
    assert (
        await sample.rows("SELECT FROM rating r WHERE NOT EXISTS (SELECT FROM rating_point WHERE rating_id = r.id)")
        == []
    )
    assert await sample.values("SELECT count(*) > 5 FROM rating_basis") == {True}


@pytest.mark.parametrize("door", READING_DOORS)
async def test_no_personal_number_of_the_sample_is_readable(sample, door) -> None:
    """The sample plants ID numbers and phones in facts, remarks, reasons and permits' numbers: all must be covered."""
    bureau = await sample.rows("SELECT id FROM agency WHERE code = '370117'")
    texts = []
    async with sample.database.read(
        Viewer(door, "查", agency=bureau[0][0], duties=frozenset({Duty.CLERK}))
    ) as connection:
        for table in TABLES:
            for row in await connection.fetch(f"SELECT * FROM {quote(table.name)}"):
                # The correction queue repeats the clerk's own cells to his own agency: the one exception.
                texts += [
                    str(value) for column, value in row.items() if (table.name, column) != ("correction", "cells")
                ]
    text = "\n".join(texts)
    numbers = sample.world.personal_numbers()
    stored = "SELECT facts, remark FROM penalty UNION ALL SELECT content, remark FROM act"
    planted = str(await sample.rows(f"{stored} UNION ALL SELECT certificate_number, remark FROM licence"))
    assert sum(number in planted for number in numbers) > 20, "the plant must be in the store for this to say anything"
    assert {number for number in numbers if number in text} == set()
    heads = {person.name for person in sample.world.extras}
    assert {p.name for p in sample.world.people if p.name in text and p.name not in heads} == set()


async def test_check_and_journal_are_clean_afterwards(sample, template) -> None:
    """The sample goes the way of every write: nothing past the journal, nothing under other rules."""
    connection = await sample.database.owner()
    try:
        assert await structure_faults(connection, prefix=template.name, trial=True) == []
        assert await journal_faults(connection) == []
        assert await sample.database.ready() == []
        days = await connection.fetch(
            "SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM journal.transaction ORDER BY revision"
        )
        trial = await connection.fetchval("SELECT day FROM journal.trial")
    finally:
        await connection.close()
    assert days[0]["day"] == date(2025, 2, 17)
    assert days[-1]["day"] < TODAY == trial


async def test_rules_would_date_every_fact_the_same_today(sample) -> None:
    """What the sample writes directly is dated by the same rules as what officers write."""
    changed = await recompute_disclosure(sample.database, Rules.load(), "测试")
    assert set(changed.values()) == {0}


async def test_every_fact_says_that_it_is_invented(sample) -> None:
    """A screenshot of a sample must not pass for a record of a real firm."""
    for table in ("licence", "penalty", "act"):
        assert await sample.values(f"SELECT DISTINCT remark LIKE '示例数据，纯属虚构%' FROM {table}") == {True}


async def test_honest_mistakes_wait_in_the_queue_and_nothing_else_does(sample) -> None:
    """Only the rows meant to be wrong come back, each with the rule that finds it; some are mended later."""
    faults = [json.loads(row[0]) for row in await sample.rows("SELECT faults FROM correction")]
    rules = {fault["rule"] for some in faults for fault in some if fault["fatal"]}
    assert rules == {"NOT_IN_CATALOGUE", "R1", "R2", "R7", "R10", "R11", "R13", "C2", "C4"}
    told = "".join(f["message"] for some in faults for f in some if f["rule"] == "NOT_IN_CATALOGUE")
    assert "不属于" in told
    assert "同时属于" in told
    assert "新版目录中删去" in told
    assert sample.counts.rejected == len(MISTAKES) == len(faults)
    assert sample.counts.corrected >= 2


async def test_demonstration_keys_open_their_doors(sample) -> None:
    """The keys are told once; one that opens nothing would be told in vain."""
    doors = {key.role: (await viewer_for(sample.database, key.key)).door for key in sample.counts.keys}
    assert doors == {
        KeyRole.OFFICER: Door.AGENCY,
        KeyRole.GOVERNMENT: Door.GOVERNMENT,
        KeyRole.PARTNER: Door.SUBJECT,
        KeyRole.SUBJECT: Door.SUBJECT,
        KeyRole.DEVICE: Door.DEVICE,
    }
    partner = next(key for key in sample.counts.keys if key.role == KeyRole.PARTNER)
    async with sample.database.read(await viewer_for(sample.database, partner.key)) as connection:
        scopes = {row[0] for row in await connection.fetch("SELECT scope FROM benefit_grant")}
    assert "authorised" in scopes, "the authorisation must open what the public does not see"
    assert any(key.key in line for key in sample.counts.keys for line in sample.counts.lines())


async def test_the_file_to_try_has_three_good_rows_and_a_bad_one(database, tmp_path) -> None:
    """The tour of the README imports it."""
    counts = await write_sample(database.url, database, subjects=20, until=TODAY, folder=tmp_path)
    id_ = await database.as_owner(f"SELECT id FROM {TABLES_SCHEMA}.agency WHERE code = '370117'")
    clerk = Viewer(Door.AGENCY, "经办", agency=id_, agency_code="370117", duties=frozenset({Duty.CLERK}))
    result = await import_file(database, Rules.load(), clerk, counts.try_file, counts.try_file.name)
    assert (result.rows_new, result.rows_rejected) == (3, 1)
    with pytest.raises(Conflict, match="库中已有数据"):
        await write_sample(database.url, database, subjects=20, until=TODAY, folder=tmp_path)


async def test_too_few_subjects_are_refused(database, tmp_path) -> None:
    """With fewer not every kind would occur."""
    with pytest.raises(Invalid, match="至少 20 个"):
        await write_sample(database.url, database, subjects=3, until=TODAY, folder=tmp_path)


async def test_a_production_database_is_refused(database, tmp_path) -> None:
    """Invented records of a real bureau would be a lie with its seal."""
    await database.as_owner(
        "CREATE OR REPLACE FUNCTION journal.moment() RETURNS timestamptz LANGUAGE sql VOLATILE SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT clock_timestamp()'"
    )
    with pytest.raises(Conflict, match="正式库"):
        await write_sample(database.url, database, subjects=20, until=TODAY, folder=tmp_path)


async def test_the_trial_day_is_put_back_after_an_error(database, tmp_path, monkeypatch) -> None:
    """A trial left in the year before would refuse every later write."""
    monkeypatch.setattr("server.sample.service.plan_lists", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await write_sample(database.url, database, subjects=20, until=TODAY, folder=tmp_path)
    assert await database.as_owner("SELECT day FROM journal.trial") == TODAY


@pytest.mark.parametrize("subjects", [20, 60, 2000])
def test_invented_numbers_pass_every_check_and_belong_to_nobody(subjects) -> None:
    """A valid number of a real region could be somebody's."""
    world = make_world(subjects, vocabulary())
    people = (*world.people, *world.extras)
    for person in people:
        assert check_id_card(person.id_card, TODAY) == person.id_card
        assert not id_card_region_is_known(person.id_card)
    codes = [b.uscc for b in world.businesses if b.uscc] + [u.uscc for u in units().values() if u.uscc]
    assert all(check_uscc(code) == code and code[8:10] == "XT" for code in codes)
    plates = [vehicle.plate for vehicle in world.vehicles]
    assert all(check_plate(plate) == plate for plate in plates)
    for made in (
        codes,
        plates,
        [p.id_card for p in people],
        [b.name for b in world.businesses if b.kind == "enterprise"],
    ):
        assert len(set(made)) == len(made)


@pytest.mark.parametrize("until", DAYS)
def test_a_sample_can_be_planned_for_any_day(until) -> None:
    """`make serve` is run on any day: the rules, editions and holidays of its past must all fit."""
    words, rules = vocabulary(), RULES
    world = make_world(SUBJECTS, words)
    timeline = make_timeline(until, world.homes, rules.calendar)
    decisions = make_decisions(world, timeline, words)
    spoil(decisions, world, timeline)
    agencies = {code: uuid4() for code in units()}
    office = Office(world, decisions, timeline, words, rules, Measures.load(), SECRET, agencies)
    plan_register(office)
    plan_acts(office)
    grades = plan_ratings(office)
    plan_lists(office, grades)
    plan_goodwill(office, grades)

    days = [r.day for r in timeline.rounds]
    assert days == sorted(set(days))
    assert timeline.first < days[0]
    assert days[-1] < until
    assert all(timeline.first - timedelta(days=60) < d.decided_on < d.round.day for d in decisions.all)
    assert all(plan.day <= until for plan in office.planned)
    assert {p.row["kind"] for p in office.planned if p.table == "list_entry"} == {
        "serious",
        "overload",
        "focus",
        "honest",
    }
    tables = {p.table for p in office.planned}
    assert tables == set(FACTS) - {"agency", "licence", "penalty"}
    assert {e.what for e in make_aftermath(decisions, timeline)} == {
        "repaired", "annulled", "objection_upheld", "mistaken", "disputed", "minor",
    }  # fmt: skip
    assert {d.mistake for d in decisions.all} == {*MISTAKES, None}
    late = [d for d in decisions.all if rules.calendar.add_workdays(d.decided_on, 7).day < d.round.day]
    assert len([d for d in late if d.kind is Kind.LICENCE]) > 0
    assert len(late) < len(decisions.all) / 10


RULES = Rules.load()
