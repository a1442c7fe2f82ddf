"""后台任务: a change of the law reaches the facts that stand, through the journal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from server.disclosure.facts import DATED, fact_of
from server.disclosure.rules import Terms
from server.errors import Invalid, WrongSetting
from server.jobs.recompute import recompute_disclosure
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
    counts = await recompute_disclosure(database, rules_dir, "测试")
    assert counts["penalty"] == 1
    assert await database.as_owner("SELECT disclosed_until FROM xintu.penalty") == date(2026, 11, 10)
    assert await database.as_owner("SELECT disclosed_until FROM history.penalty") == date(2027, 5, 10)
    assert await database.ready() == []
    again = await recompute_disclosure(database, rules_dir, "测试")
    assert again["penalty"] == 0
    owner = await database.owner()
    assert await journal_faults(owner) == []
    await owner.close()


async def test_the_job_refuses_rules_that_the_database_has_not_loaded(database, tmp_path) -> None:
    """Python and reference tables must speak of the same edition."""
    with pytest.raises(WrongSetting) as raised:
        await recompute_disclosure(database, bureau_rules(tmp_path, 6), "测试")
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
