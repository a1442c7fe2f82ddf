"""后台任务: a change of the law reaches the facts that stand, through the journal."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from server.disclosure.facts import DATED, fact_of
from server.disclosure.rules import Terms
from server.errors import Conflict, Invalid, WrongSetting
from server.imports.law import Rules
from server.jobs.recompute import recompute_disclosure, stale_rows
from server.migrate.journal_check import journal_faults
from server.migrate.service import migrate
from tests import factory
from tests.factory import put, sample_write
from tests.support import TODAY

SHIPPED = Path(__file__).resolve().parents[1] / "server" / "disclosure" / "terms.yaml"


def bureau_rules(folder: Path, longest_months: int) -> Path:
    """A bureau's own term for general penalties, as it would write it: one entry, replaced whole."""
    shipped = yaml.safe_load(SHIPPED.read_text("utf-8"))
    entry = shipped["penalty.general"]
    newest = max(entry["versions"])
    entry["versions"][newest]["longest_term"] = longest_months
    (folder / "disclosure").mkdir()
    own = {"about": shipped["about"], "penalty.general": entry}
    (folder / "disclosure" / "terms.yaml").write_text(yaml.safe_dump(own, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


async def penalty_in_store(database) -> dict:
    """A general penalty with the dates the shipped rules give it."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
        row = factory.penalty(bureau["id"], fine_yuan=5000, decided_on=date(2026, 5, 10), reported_on=date(2026, 5, 12))
        shown = Terms.load().disclosure(fact_of("penalty", row, known_on=row["reported_on"]))
        row |= {
            "scope": shown.scope,
            "disclosed_from": shown.disclosed_from,
            "disclosed_until": shown.disclosed_until,
            "terms_edition": shown.terms_edition,
        }
        return await put(w, "penalty", row)


async def test_a_changed_term_reaches_the_facts_that_stand(database, plan_of, tmp_path) -> None:
    """Until the job has run, readiness says that facts stand under old rules; afterwards they carry the new dates."""
    row = await penalty_in_store(database)
    assert row["disclosed_until"] == date(2027, 5, 10)
    rules_dir = bureau_rules(tmp_path, 6)
    await migrate(plan_of(database, rules_dir=rules_dir))
    assert "recompute-disclosure" in (await database.ready())[0]
    counts = await recompute_disclosure(database, Rules.load(rules_dir), "测试")
    assert counts["penalty"] == 1
    assert await database.as_owner("SELECT disclosed_until FROM xintu.penalty") == date(2026, 11, 10)
    assert await database.as_owner("SELECT disclosed_until FROM history.penalty") == date(2027, 5, 10)
    assert await database.ready() == []
    again = await recompute_disclosure(database, Rules.load(rules_dir), "测试")
    assert again["penalty"] == 0
    owner = await database.owner()
    assert await journal_faults(owner) == []
    await owner.close()


async def test_the_job_refuses_rules_that_the_database_has_not_loaded(database, tmp_path) -> None:
    """Python and reference tables must speak of the same edition."""
    with pytest.raises(WrongSetting) as raised:
        await recompute_disclosure(database, Rules.load(bureau_rules(tmp_path, 6)), "测试")
    assert "migrate" in raised.value.message


@pytest.mark.parametrize("table", [t for t in DATED if t in factory.__dict__])
def test_the_rule_can_be_asked_for_every_dated_table(table) -> None:
    """What the job walks must be what the rule knows: a table it cannot answer for would stop it midway."""
    from uuid import uuid4

    make = getattr(factory, table)
    arguments = {"agency": (), "authorisation": (uuid4(), "银行"), "benefit_grant": (uuid4(), uuid4())}
    row = make(*arguments.get(table, (uuid4(),)))
    shown = Terms.load().disclosure(fact_of(table, row, known_on=TODAY))
    assert shown.scope in ("public", "government", "authorised")


def test_every_dated_table_has_rows_in_the_test_above() -> None:
    """Guards the parametrisation: none falls out unseen."""
    assert {t for t in DATED if t in factory.__dict__} == set(DATED)


def test_a_table_that_goes_with_its_parent_has_no_term() -> None:
    """Points and edges are shown with what they hang on."""
    with pytest.raises(Invalid):
        fact_of("rating_point", {}, known_on=TODAY)


async def test_a_process_with_other_rules_cannot_write(database, plan_of, tmp_path) -> None:
    """A service that was not restarted after a change of the law would show what the law now hides."""
    database.law = Rules.load().hash
    await penalty_in_store(database)
    await migrate(plan_of(database, rules_dir=bureau_rules(tmp_path, 6)))
    with pytest.raises(Conflict) as raised:
        await penalty_in_store(database)
    assert "migrate" in raised.value.message
    assert await database.as_owner("SELECT count(*) FROM xintu.penalty") == 1


async def test_check_finds_rows_that_stand_under_other_rules(database) -> None:
    """Whoever wrote them: the dates of every row can be computed again."""
    row = await penalty_in_store(database)
    await recompute_disclosure(database, Rules.load(), "测试")
    assert await stale_rows(database, Rules.load()) == {}
    async with sample_write(database) as w:
        await w.update("penalty", row["id"], {"disclosed_until": date(2099, 1, 1)})
    assert await stale_rows(database, Rules.load()) == {"penalty": 1}


def next_year(folder: Path) -> Path:
    """The notice for 2027, in short: its first three days are off, the Monday after them is worked as ever."""
    days = [{"name": "元旦", "date": f"2027-01-0{n}", "isOffDay": True} for n in (1, 2, 3)]
    (folder / "workdays" / "data").mkdir(parents=True)
    content = json.dumps({"year": 2027, "papers": ["https://example.invalid/1"], "days": days})
    (folder / "workdays" / "data" / "2027.json").write_text(content, "utf-8")
    return folder


async def test_a_provisional_deadline_becomes_final_when_its_year_is_published(database, plan_of, tmp_path) -> None:
    """The notice for a year comes in the November before: until then a deadline that runs into it is only provisional."""
    rules = Rules.load()
    decided = date(2026, 12, 30)
    await database.set_today(decided)
    due, provisional = rules.due(decided)
    assert provisional
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
        row = factory.penalty(bureau["id"], decided_on=decided, reported_on=decided, due_on=due, due_provisional=True)
        await put(w, "penalty", row)
    folder = next_year(tmp_path)
    await migrate(plan_of(database, rules_dir=folder, today=decided))
    assert "recompute-disclosure" in (await database.ready())[0]
    await recompute_disclosure(database, Rules.load(folder), "测试")
    stored = await database.as_owner("SELECT due_on || ' ' || due_provisional FROM xintu.penalty")
    assert stored == f"{Rules.load(folder).due(decided)[0]} false"
