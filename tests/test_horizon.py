"""公示视界: what ended long ago costs the public nothing, and what is shown does not change by it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from schema.api import registry
from schema.plan.cost import MOST_ROWS, ROOT_PAGE, TooCostly
from schema.plan.run import Executor
from server.database.connection import set_state
from server.disclosure.horizon import EXPIRING, horizon_on
from server.errors import WrongSetting
from server.migrate.check import structure_faults
from server.migrate.definitions import definition_faults
from server.migrate.horizon import KEY, OLD_DAYS, horizon_faults, horizon_notices, stored_horizon
from server.migrate.indexes import INDEXES, make_read_indexes_ahead, read_index_faults
from server.migrate.plan import is_current, set_trial_day
from server.migrate.service import migrate
from server.viewer import PUBLIC, Door, Viewer
from tests import factory as make
from tests.crowd import multiply
from tests.support import TODAY, TrialDatabase
from tests.test_indexes import EXPIRED, FIRM, PAGE, build, connections, explain, filtered

#: As ``migrate`` sets it on the tests' day.
HORIZON = date(2026, 5, 1)
#: Penalties that ended before the horizon, and since; ``SHOWN`` are shown.
BEFORE, SINCE = 50_000, 2_000
#: Pages of 8 kB that one question may read: the entries of those ended since, and the rows it tells.
FEW = 60
#: Older than every penalty that is shown, newer than some that are not.
OLD_END = base64.urlsafe_b64encode(b"2021-06-01|00000000-0000-4000-8000-000000000000").decode()
ROWS = "edges { node { documentNumber } }"
#: Filters that together leave none out, so that as many rows are hidden as without.
NONE_OUT = ("", 'agency: "370117"', 'decidedFrom: "2020-01-01"', 'decidedTo: "2026-06-30", agency: "370117"')


def questions() -> list[str]:
    """Gives what is slowest to ask of many hidden rows, with each combination of filters."""
    found = []
    for filters in NONE_OUT:
        also = f", {filters}" if filters else ""
        found.append(f"{{ penalties(last: 1{also}) {{ pageInfo {{ hasPreviousPage }} {ROWS} }} }}")
        found.append(f'{{ penalties(first: 1, after: "{OLD_END}"{also}) {{ pageInfo {{ hasNextPage }} {ROWS} }} }}')
        found.append(f'{{ penalties(first: 1, before: "{OLD_END}"{also}) {{ {ROWS} }} }}')
        found.append(f"{{ penalties{f'({filters})' if filters else ''} {{ totalCount }} }}")
    counts = '(kind: PENALTY, fromMonth: "2021-01", months: 24) { count }'
    return [*found, f"{{ recordCounts{counts} }}", f'{{ agency(code: "370117") {{ recordCounts{counts} }} }}']


async def crowded(database: TrialDatabase, before: int, since: int) -> None:
    """Fills the tables; of penalties many ended before the horizon, some since."""
    await build(database, penalties=before)
    async with make.sample_write(database) as write:
        home = await write.connection.fetchval("SELECT id FROM agency WHERE code = '370117'")
        row = await make.put(write, "penalty", make.penalty(home, "示例罚〔2023〕9号"))
        days = {"disclosed_from": "date '2023-06-01'", "decided_on": "date '2023-06-01' + g % 30"}
        number, until = "'L' || g", "date '2026-05-01' + 1 + g % 40"
        await multiply(write.connection, "penalty", row, since, document_number=number, disclosed_until=until, **days)
    await database.as_owner("VACUUM (ANALYZE) xintu.penalty")


async def buffers(database: TrialDatabase) -> dict[str, int]:
    """Gives the pages that each question reads through the public door, with the generic plan of its role."""
    async with database.read(PUBLIC) as connection:
        assert await connection.fetchval("SELECT current_setting('plan_cache_mode')") == "force_generic_plan"
        return {question: (await explain(connection, question)).buffers for question in questions()}


async def test_what_ended_before_the_horizon_costs_the_public_nothing(database: TrialDatabase, plan_of: Any) -> None:
    """Rows expire for decades and are never deleted: 130 aliases of the slowest page fit into a request of 8 KB."""
    await crowded(database, BEFORE, SINCE)
    everything = await buffers(database)

    await migrate(plan_of(database, horizon=HORIZON))
    await database.as_owner("ANALYZE xintu.penalty")
    few = await buffers(database)

    assert max(few.values()) <= FEW, few
    slow = {question: (read, few[question]) for question, read in everything.items() if read > 3 * FEW}
    # Each month of a count by months is looked up by itself, with a horizon or without.
    fewer = {question: pair for question, pair in slow.items() if pair[0] >= 10 * pair[1] or "months" in question}
    assert fewer == slow
    # Without the horizon whoever asks at the old end, or for a count, passes over all of them.
    assert len(slow) >= 2 * len(NONE_OUT)


async def test_every_root_connection_of_the_public_reads_an_index_of_the_horizon(
    database: TrialDatabase, plan_of: Any
) -> None:
    """One combination of filters that the planner takes to the index of all rows is as slow as if there were no other."""
    await build(database)
    await migrate(plan_of(database, horizon=HORIZON))
    public = {index.name for index in INDEXES if index.public}
    found, asked = [], 0
    async with database.read(PUBLIC) as connection:
        for name, page in connections("Query").items():
            if view_of(name) not in EXPIRING:
                continue
            for filters in filtered("Query", name, page):
                for way in ("first: 5", "last: 5", ""):
                    arguments = ", ".join(filter(None, (way, filters)))
                    body = "edges { cursor }" if way else "totalCount"
                    text = f"{{ {name}{f'({arguments})' if arguments else ''} {{ {body} }} }}"
                    read = {one for one in (await explain(connection, text)).indexes if f"read_{view_of(name)}" in one}
                    asked += 1
                    if not read or read - public:
                        found.append(f"{text}: {read}")
    assert found == [], "\n".join(found)
    assert asked > 100


def view_of(name: str) -> str:
    """Gives the view that a root connection reads."""
    item = registry().schema.type_map["Query"].fields[name].type.of_type.name  # type: ignore[union-attr]
    return registry().rows[item.removesuffix("Connection")].view


async def test_officers_and_subjects_still_see_their_own_expired_rows_along_an_index(
    database: TrialDatabase, plan_of: Any
) -> None:
    """The horizon is the public's: an agency answers for what it published years ago, a firm keeps what is its own."""
    await build(database)
    await migrate(plan_of(database, horizon=HORIZON))
    home = await database.as_owner("SELECT id FROM xintu.agency WHERE code = '370117'")
    firm = await database.as_owner("SELECT id FROM xintu.enterprise WHERE uscc = $1", FIRM)
    viewers = {
        Viewer(Door.AGENCY, "经办", agency=home): EXPIRED,
        Viewer(Door.SUBJECT, "主体", subject=firm): EXPIRED,
        Viewer(Door.GOVERNMENT, "政务"): 0,
    }
    for viewer, expired in viewers.items():
        async with database.read(viewer) as connection:
            own = await connection.fetchval("SELECT count(*) FROM penalty WHERE disclosed_until < $1", HORIZON)
            assert own == expired, viewer.door
            assert await ways_not_along_an_index(connection, viewer) == []


async def ways_not_along_an_index(connection: asyncpg.Connection, viewer: Viewer) -> list[str]:
    """Reads every root connection of what expires with any filters, from both ends."""
    found = []
    for name, page in connections("Query").items():
        if view_of(name) not in EXPIRING:
            continue
        for filters in filtered("Query", name, page):
            for way in (f"first: {PAGE}", f"last: {PAGE}"):
                text = f"{{ {name}({', '.join(filter(None, (way, filters)))}) {{ edges {{ cursor }} }} }}"
                told = await explain(connection, text, viewer)
                # The own tree is some dozens of agencies, read once.
                if told.sorted > PAGE + 1 or set(told.whole_tables) - {"agency"}:
                    found.append(f"{text}: sorts {told.sorted}, whole {told.whole_tables}")
    return found


async def test_a_later_horizon_remakes_views_and_indexes_and_check_compares_them(
    database: TrialDatabase, plan_of: Any, template: Any
) -> None:
    """Views and indexes must name the same day, or the public's reads fall back to the index of all rows."""
    plan = plan_of(database, horizon=HORIZON)
    owner = await database.owner()
    try:
        for horizon in (HORIZON, date(2026, 6, 1), None):
            await migrate(replace(plan, horizon=horizon))

            named = await owner.fetchval("SELECT pg_get_indexdef('xintu.read_penalty_decided_on'::regclass)")
            view = await owner.fetchval("SELECT pg_get_viewdef('door_public.penalty'::regclass)")
            assert (f"'{horizon or '-infinity'}'::date" in named, f"'{horizon or '-infinity'}'::date" in view) == (
                True,
            ) * 2
            assert await stored_horizon(owner) == horizon
            assert await structure_faults(owner, prefix=template.name, trial=True) == []
            assert await definition_faults(owner, prefix=template.name, trial=True) == []
            assert await is_current(replace(plan, horizon=horizon))
        assert not await is_current(plan)
        await set_state(owner, KEY, "2026-06-01")
        public = [index.name for index in INDEXES if index.public]
        assert len(await read_index_faults(owner, date(2026, 6, 1))) == len(public)
        assert len(await definition_faults(owner, prefix=template.name, trial=True)) == len(EXPIRING)
    finally:
        await owner.close()


async def test_the_indexes_of_another_horizon_are_made_while_the_doors_stand(
    database: TrialDatabase, plan_of: Any
) -> None:
    """A monthly ``migrate`` that took the doors down first would close the site for as long as the indexes take."""
    await migrate(plan_of(database, horizon=HORIZON))
    later = date(2026, 6, 1)
    owner = await database.owner()
    transaction = owner.transaction()
    await transaction.start()
    try:
        await make_read_indexes_ahead(owner, HORIZON, later)

        async with database.read(PUBLIC) as connection:
            assert await connection.fetchval("SELECT count(*) FROM penalty") == 0
        aside = [index for index in INDEXES if index.public]
        faults = await read_index_faults(owner, later)
        assert len(faults) == len(aside)
        assert all("未在声明中" in fault for fault in faults)
    finally:
        await transaction.rollback()
        await owner.close()


@pytest.mark.parametrize(
    ("today", "horizon"),
    [
        (date(2026, 11, 20), date(2026, 10, 1)),
        (date(2026, 11, 1), date(2026, 10, 1)),
        (date(2026, 10, 31), date(2026, 9, 1)),
        (date(2027, 1, 15), date(2026, 12, 1)),
        (date(2026, 3, 31), date(2026, 2, 1)),
    ],
)
def test_the_horizon_is_the_first_day_of_the_month_before(today: date, horizon: date) -> None:
    """One to two months old: a clock put right by days stays behind it."""
    assert horizon_on(today) == horizon


async def test_production_takes_its_horizon_from_the_clock_and_says_when_it_is_old(
    database: TrialDatabase, plan_of: Any
) -> None:
    """Nobody sets a day by hand; whoever forgets to run ``migrate`` is told, and still sees what is right."""
    plan = plan_of(database, trial=False, horizon=date(2999, 1, 1))
    owner = await database.owner()
    try:
        today = await owner.fetchval("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")
        assert len(await horizon_notices(owner, trial=False)) == 1
        assert await horizon_notices(owner, trial=True) == []

        await migrate(plan)

        assert await stored_horizon(owner) == horizon_on(today)
        assert await is_current(plan)
        assert await horizon_notices(owner, trial=False) == []
        await set_state(owner, KEY, (today - timedelta(days=OLD_DAYS + 1)).isoformat())
        (notice,) = await horizon_notices(owner, trial=False)
        assert "每月运行一次 python -m server migrate" in notice
        assert not await is_current(plan)
    finally:
        await owner.close()


async def test_a_day_before_the_horizon_is_refused(database: TrialDatabase, plan_of: Any) -> None:
    """Before the horizon the public would not be shown all that it may see."""
    before = HORIZON - timedelta(days=1)
    with pytest.raises(WrongSetting) as early:
        await migrate(plan_of(database, horizon=TODAY + timedelta(days=1)))
    await migrate(plan_of(database, horizon=HORIZON))

    with pytest.raises(WrongSetting) as refused:
        await set_trial_day(plan_of(database, today=before))
    await set_trial_day(plan_of(database, today=HORIZON))

    assert str(TODAY) in early.value.message
    assert all(part in refused.value.message for part in ("XINTU_TODAY", str(before), str(HORIZON)))
    owner = await database.owner()
    try:
        assert await horizon_faults(owner) == []
        await database.set_today(before)
        (fault,) = await horizon_faults(owner)
        assert "时钟" in fault
    finally:
        await owner.close()


async def cost(text: str) -> int:
    """Gives what a document costs; raises where it is refused."""
    executor = Executor(registry())
    return (await executor.answer(Nobody(), PUBLIC, executor.documents.read(text), {})).rows  # type: ignore[arg-type]


class Nobody:
    """A database that answers nothing: only the price is asked."""

    async def fetch_text(self, *_: Any, **__: Any) -> str:
        return "{}"


async def test_a_connection_at_the_root_has_a_price_of_its_own() -> None:
    """So many stand in a request and no more; under a subject a connection passes over that subject's own rows alone."""
    pages = [f"a{n}: penalties(last: 1) {{ edges {{ cursor }} }}" for n in range(MOST_ROWS // ROOT_PAGE)]
    under = 'enterprise(uscc: "91370117MA0000001L") { penalties(last: 1) { edges { cursor } } }'

    with pytest.raises(TooCostly):
        await cost("{ " + " ".join(pages) + " }")

    assert ROOT_PAGE < await cost("{ " + pages[0] + " }") < 2 * ROOT_PAGE
    assert await cost("{ " + " ".join(pages[:30]) + " }") < MOST_ROWS
    assert await cost("{ " + under + " }") < ROOT_PAGE
