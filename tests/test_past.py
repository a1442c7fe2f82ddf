"""过去 what each door answers for a past day, on the real database (design.md §3, decision 0005)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from server.disclosure.doors import BY_NAME, FACTS
from server.disclosure.past import past_name
from server.disclosure.views import READING_DOORS, views_of
from server.migrate.check import structure_faults
from server.migrate.history import index_definitions
from server.migrate.service import migrate
from server.viewer import PUBLIC, Door, Viewer
from tests import factory
from tests.factory import Row, put, sample_write
from tests.support import TODAY, TrialDatabase

ON_DAY = "x.shown_from <= $1 AND (x.shown_until IS NULL OR x.shown_until > $1)"


@dataclass(frozen=True)
class Bureau:
    """Who asks in these tests."""

    home: Row
    unit: Row
    other: Row
    firm: Row

    @property
    def viewers(self) -> dict[str, Viewer]:
        """One viewer for each way to read."""
        return {
            "public": PUBLIC,
            "subject": Viewer(Door.SUBJECT, "主体", subject=self.firm["id"]),
            "partner": Viewer(Door.SUBJECT, "合作方", partner="银行"),
            "government": Viewer(Door.GOVERNMENT, "政务"),
            "officer": Viewer(Door.AGENCY, "经办", agency=self.home["id"]),
            "officer of another": Viewer(Door.AGENCY, "外局", agency=self.other["id"]),
        }


async def bureau_of(database: TrialDatabase) -> Bureau:
    """Two bureaus, a unit and a firm, known since ``TODAY``."""
    async with sample_write(database) as w:
        home = await put(w, "agency", factory.agency("370117"))
        unit = await put(w, "agency", factory.agency("370117-01", home))
        other = await put(w, "agency", factory.agency("410400"))
        firm = await put(w, "enterprise", factory.enterprise(home["id"], name="旧名运输有限公司"))
    return Bureau(home, unit, other, firm)


async def on(database: TrialDatabase, viewer: Viewer, table: str, day: date, columns: str = "*") -> list[Any]:
    """The rows of a table as a viewer reads them of a day."""
    sql = f"SELECT {columns} FROM {past_name(table)} x WHERE {ON_DAY}"
    async with database.read(viewer) as connection:
        return list(await connection.fetch(sql, day))


async def one(database: TrialDatabase, viewer: Viewer, table: str, day: date, column: str) -> Any:
    """One column of the only row of a day, or None when there is none; two rows are a fault."""
    rows = await on(database, viewer, table, day, column)
    assert len(rows) <= 1
    return rows[0][0] if rows else None


async def change(database: TrialDatabase, day: date, table: str, id_: UUID, **values: Any) -> None:
    """One write on a trial day."""
    await database.set_today(day)
    async with sample_write(database) as w:
        await w.update(table, id_, values)


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


# what an officer tells at the counter


async def test_a_penalty_published_corrected_and_repaired_is_told_by_each_door_as_it_may(database) -> None:
    """The heart: what was known on a day stays answerable to authorities; what was repaired is shown on no date again."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        row = factory.penalty(b.unit["id"], enterprise_id=b.firm["id"], fine_yuan=Decimal(2000))
        penalty = await put(w, "penalty", row | {"disclosed_from": TODAY + timedelta(days=1)})
    corrected, repaired = date(2026, 7, 15), date(2026, 9, 1)
    await change(database, corrected, "penalty", penalty["id"], fine_yuan=Decimal(1000))

    async def fines(days: Sequence[date]) -> dict[str, list[Decimal | None]]:
        return {
            name: [await one(database, viewer, "penalty", day, "fine_yuan") for day in days]
            for name, viewer in b.viewers.items()
        }

    days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1), corrected - timedelta(days=1), corrected]
    everyone = [None, None, Decimal(2000), Decimal(2000), Decimal(1000)]
    own = [None, Decimal(2000), Decimal(2000), Decimal(2000), Decimal(1000)]
    assert await fines(days) == dict.fromkeys(b.viewers, everyone) | {"subject": own, "officer": own}

    await change(database, repaired, "penalty", penalty["id"], withdrawn_on=repaired, withdrawal="repaired")
    days += [repaired - timedelta(days=1), repaired]
    nothing: list[Decimal | None] = [None] * 7
    everyone, own = [*everyone, Decimal(1000), None], [*own, Decimal(1000), Decimal(1000)]
    assert await fines(days) == {
        "public": nothing,
        "partner": nothing,
        "subject": own,
        "government": everyone,
        "officer of another": everyone,
        "officer": own,
    }


async def test_what_has_expired_today_is_public_on_no_past_day(database) -> None:
    """F026: the stop day counts from today's calendar; a date in the query does not turn it back."""
    b = await bureau_of(database)
    stop = TODAY + timedelta(days=5)
    async with sample_write(database) as w:
        await put(w, "penalty", factory.penalty(b.home["id"], enterprise_id=b.firm["id"], disclosed_until=stop))
    viewers = b.viewers
    assert len(await on(database, PUBLIC, "penalty", TODAY)) == 1
    await database.set_today(stop)
    for day in (TODAY, stop - timedelta(days=1), stop):
        assert await on(database, PUBLIC, "penalty", day) == []
        assert len(await on(database, viewers["government"], "penalty", day)) == (day < stop)
        assert len(await on(database, viewers["subject"], "penalty", day)) == 1


async def test_a_version_that_was_not_public_then_is_not_public_now(database) -> None:
    """A fact may have become public later; on the days before it was for authorities only."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        row = factory.penalty(b.home["id"], enterprise_id=b.firm["id"], scope="government")
        penalty = await put(w, "penalty", row)
    later = TODAY + timedelta(days=3)
    await change(database, later, "penalty", penalty["id"], scope="public")
    seen = {
        name: [len(await on(database, b.viewers[name], "penalty", day)) for day in (TODAY, later)]
        for name in ("public", "partner", "government", "subject")
    }
    assert seen == {"public": [0, 1], "partner": [0, 1], "government": [1, 1], "subject": [1, 1]}


async def test_a_rating_that_was_replaced_is_read_with_the_points_it_had(database) -> None:
    """A rerating leaves the old result readable with its own points, and never both results on one day."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        rating = await put(w, "rating", factory.rating(b.home["id"], enterprise_id=b.firm["id"], score=Decimal(925)))
        point = {
            "id": uuid4(),
            "rating_id": rating["id"],
            "indicator": "安全",
            "position": 1,
            "full_points": Decimal(100),
        }
        await put(w, "rating_point", point | {"points": Decimal(75)})
    later = TODAY + timedelta(days=30)
    await database.set_today(later)
    async with sample_write(database) as w:
        await w.update("rating", rating["id"], {"score": Decimal(900), "grade": "AA"})
        await w.update("rating_point", point["id"], {"points": Decimal(50)})
    for name, viewer in b.viewers.items():
        told = [
            (
                await one(database, viewer, "rating", day, "grade"),
                await one(database, viewer, "rating_point", day, "points"),
            )
            for day in (TODAY, later - timedelta(days=1), later)
        ]
        assert told == [("AAA", 75), ("AAA", 75), ("AA", 50)], name


async def test_a_firm_is_told_by_the_name_it_had(database) -> None:
    """The public may know the firm today, so it may know what it was called; before it came there is nothing."""
    b = await bureau_of(database)
    later = TODAY + timedelta(days=10)
    await change(database, later, "enterprise", b.firm["id"], name="新名运输有限公司")
    for viewer in b.viewers.values():
        days = [TODAY - timedelta(days=1), TODAY, later - timedelta(days=1), later]
        names = [await one(database, viewer, "enterprise", day, "name") for day in days]
        assert names == [None, "旧名运输有限公司", "旧名运输有限公司", "新名运输有限公司"]


async def test_of_several_corrections_on_one_day_only_the_last_has_a_day(database) -> None:
    """As of a day means at its end: what stood for an hour is a version of the journal, not of any day."""
    b = await bureau_of(database)
    day = TODAY + timedelta(days=1)
    for name in ("午前名", "午间名", "晚间名"):
        await change(database, day, "enterprise", b.firm["id"], name=name)
    async with database.read(b.viewers["officer"]) as connection:
        rows = await connection.fetch("SELECT name, shown_from, shown_until FROM past_enterprise ORDER BY shown_from")
    assert [tuple(row) for row in rows] == [("旧名运输有限公司", TODAY, day), ("晚间名", day, None)]


async def test_a_leap_day_is_a_day(database) -> None:
    """Half-open spans over 29 February: replaced on the first of March, still told on the 29th."""
    await database.set_today(date(2028, 2, 28))
    b = await bureau_of(database)
    await change(database, date(2028, 2, 29), "enterprise", b.firm["id"], name="闰日名")
    await change(database, date(2028, 3, 1), "enterprise", b.firm["id"], name="三月名")
    days = days_from(date(2028, 2, 28), 3)
    names = [await one(database, PUBLIC, "enterprise", day, "name") for day in days]
    assert names == ["旧名运输有限公司", "闰日名", "三月名"]


async def test_a_trial_day_set_back_tells_today_what_the_door_shows_today(database) -> None:
    """Whatever the clock does, today by its date and today without one are the same answer."""
    b = await bureau_of(database)
    await change(database, TODAY + timedelta(days=9), "enterprise", b.firm["id"], name="新名运输有限公司")
    back = TODAY + timedelta(days=4)
    await database.set_today(back)
    async with database.read(PUBLIC) as connection:
        assert await connection.fetchval("SELECT name FROM enterprise") == "新名运输有限公司"
    days = [TODAY, back - timedelta(days=1), back]
    names = [await one(database, PUBLIC, "enterprise", day, "name") for day in days]
    assert names == ["旧名运输有限公司", "旧名运输有限公司", "新名运输有限公司"]


# persons


async def person_with_a_rating(database: TrialDatabase, b: Bureau, first: date) -> Row:
    """A driver whose rating is public from a day."""
    async with sample_write(database) as w:
        person = await put(w, "practitioner", factory.practitioner(b.home["id"]))
        rating = factory.rating(b.home["id"], practitioner_id=person["id"], disclosed_from=first)
        await put(w, "rating", rating)
    return person


async def test_a_person_who_changed_his_name_is_told_by_the_masked_name_of_then(database) -> None:
    """Of the past too a person is masked, in every door."""
    b = await bureau_of(database)
    person = await person_with_a_rating(database, b, TODAY)
    later = TODAY + timedelta(days=2)
    await change(database, later, "practitioner", person["id"], name="欧阳示例", name_public="欧阳**")
    for viewer in b.viewers.values():
        names = [await one(database, viewer, "practitioner", day, "name") for day in (TODAY, later)]
        assert names == ["张**", "欧阳**"]


async def test_a_person_is_public_only_on_days_of_a_public_fact_of_his(database) -> None:
    """A driver rated in public today was not thereby known to the public before; to authorities he was."""
    b = await bureau_of(database)
    known = TODAY + timedelta(days=3)
    person = await person_with_a_rating(database, b, known)
    await database.set_today(known)
    viewers = b.viewers
    for day, public in ((TODAY, 0), (known - timedelta(days=1), 0), (known, 1)):
        assert len(await on(database, PUBLIC, "practitioner", day)) == public
        assert len(await on(database, viewers["government"], "practitioner", day)) == 1
    him = Viewer(Door.SUBJECT, "本人", subject=person["id"])
    assert len(await on(database, him, "practitioner", TODAY)) == 1


async def test_a_vehicle_gives_its_driver_only_on_days_on_which_he_was_known(database) -> None:
    """The edge is cut where the person begins to be shown; the vehicle itself is told on all its days."""
    b = await bureau_of(database)
    known = TODAY + timedelta(days=3)
    person = await person_with_a_rating(database, b, known)
    async with sample_write(database) as w:
        await put(w, "vehicle", factory.vehicle(b.home["id"], practitioner_id=person["id"]))
    await database.set_today(known)
    drivers = [await one(database, PUBLIC, "vehicle", day, "practitioner_id") for day in (TODAY, known)]
    assert drivers == [None, person["id"]]
    assert len(await on(database, PUBLIC, "vehicle", TODAY)) == 1


async def test_a_text_masked_more_strictly_since_is_read_as_it_is_masked_now(database) -> None:
    """A mask mended today must not be undone by yesterday's date; a text that was another keeps its own mask."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        row = factory.penalty(
            b.home["id"], enterprise_id=b.firm["id"], facts="司机张示例超载", facts_public="司机张示例超载"
        )
        penalty = await put(w, "penalty", row)
    later = TODAY + timedelta(days=1)
    await change(
        database, later, "penalty", penalty["id"], facts_public="司机张**超载", content="更正", content_public="更正"
    )
    for viewer in b.viewers.values():
        assert await one(database, viewer, "penalty", TODAY, "facts") == "司机张**超载"
        assert await one(database, viewer, "penalty", TODAY, "content") == "示例content"


async def test_a_fact_written_of_the_wrong_subject_is_not_shown_under_it_again(database) -> None:
    """Once corrected, the mistake is the authorities' to know: neither the public nor the wrong subject is told."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        right = await put(w, "enterprise", factory.enterprise(b.home["id"], "91370117MA0000002P"))
        penalty = await put(w, "penalty", factory.penalty(b.home["id"], enterprise_id=b.firm["id"]))
    later = TODAY + timedelta(days=1)
    await change(database, later, "penalty", penalty["id"], enterprise_id=right["id"])
    seen = {
        name: [await one(database, viewer, "penalty", day, "enterprise_id") for day in (TODAY, later)]
        for name, viewer in b.viewers.items()
    }
    told, hidden = [b.firm["id"], right["id"]], [None, right["id"]]
    assert seen == dict.fromkeys(("government", "officer", "officer of another"), told) | dict.fromkeys(
        ("public", "subject", "partner"), hidden
    )


async def test_who_once_held_a_vehicle_is_told_no_more_of_it_than_the_public(database) -> None:
    """Own is what is the subject's today: the seller reads no day of the vehicle on which it was not yet disclosed."""
    b = await bureau_of(database)
    first, sold = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    async with sample_write(database) as w:
        buyer = await put(w, "enterprise", factory.enterprise(b.home["id"], "91370117MA0000002P"))
        row = factory.vehicle(b.home["id"], enterprise_id=b.firm["id"], disclosed_from=first)
        vehicle = await put(w, "vehicle", row)
    seller = b.viewers["subject"]
    assert len(await on(database, seller, "vehicle", TODAY)) == 1
    await change(database, sold, "vehicle", vehicle["id"], enterprise_id=buyer["id"])
    for viewer in (seller, PUBLIC):
        holders = [await one(database, viewer, "vehicle", day, "enterprise_id") for day in (TODAY, first, sold)]
        assert holders == [None, b.firm["id"], buyer["id"]]


async def test_a_renewed_authorisation_opens_no_day_between_its_end_and_its_renewal(database) -> None:
    """授权查询: the partner reads his authorisation of the days on which it held, whatever it was renewed to since."""
    b = await bureau_of(database)
    ended, renewed = TODAY + timedelta(days=2), TODAY + timedelta(days=5)
    async with sample_write(database) as w:
        row = factory.authorisation(b.home["id"], "银行", enterprise_id=b.firm["id"], valid_until=ended)
        authorisation = await put(w, "authorisation", row)
    await change(database, renewed, "authorisation", authorisation["id"], valid_until=TODAY + timedelta(days=30))
    days = (TODAY, ended - timedelta(days=1), ended, renewed - timedelta(days=1), renewed)
    seen = [len(await on(database, b.viewers["partner"], "authorisation", day)) for day in days]
    assert seen == [1, 1, 0, 0, 1]


async def test_a_remark_of_the_past_is_for_the_own_tree_only(database) -> None:
    """备注 is as little public of last year's version as of today's."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        row = factory.penalty(b.unit["id"], enterprise_id=b.firm["id"], remark="内部", remark_public="内部")
        penalty = await put(w, "penalty", row)
    await change(database, TODAY + timedelta(days=1), "penalty", penalty["id"], remark="改", remark_public="改")
    remarks = {name: await one(database, viewer, "penalty", TODAY, "remark") for name, viewer in b.viewers.items()}
    assert remarks == dict.fromkeys(b.viewers) | {"officer": "内部"}


# what holds it in place


def test_the_past_has_the_columns_of_today_and_its_days() -> None:
    """Private columns are in no view of the past either; the device door has none at all."""
    for door in READING_DOORS:
        views = views_of(door)
        for table in FACTS:
            shown = views[past_name(table)]
            assert shown == views[table] | {"shown_from", "shown_until"}
            assert not shown & set(BY_NAME[table].private)
    assert not [name for name in views_of(Door.DEVICE) if name.startswith("past_")]


async def test_no_role_reads_history_but_through_the_past_of_its_door(database) -> None:
    """History holds the cells no door shows."""
    await bureau_of(database)
    for door in READING_DOORS:
        async with database.read(Viewer(door)) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT * FROM history.enterprise")
    async with database.read(Viewer(Door.DEVICE)) as connection:
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM past_vehicle")


async def test_a_missing_index_of_history_is_found_and_made_again(database, template, plan_of) -> None:
    """An old database gets them by its next ``migrate``; ``check`` says so until then."""
    name = "penalty_by_enterprise"
    assert name in index_definitions()
    owner = await database.owner()
    try:
        check = {"prefix": template.name, "trial": True}
        assert await structure_faults(owner, **check) == []
        for wrong in ("", f"CREATE INDEX {name} ON history.penalty (practitioner_id)"):
            await owner.execute(f"DROP INDEX IF EXISTS history.{name}; {wrong}")
            faults = await structure_faults(owner, **check)
            assert [fault for fault in faults if name in fault] == faults != []
        await migrate(plan_of(database))
        assert await structure_faults(owner, **check) == []
    finally:
        await owner.close()


async def test_the_past_of_one_subject_is_read_by_its_rows_and_not_by_the_table(database) -> None:
    """Fifty penalties of a firm among 50,000 versions: by the doors' generic plan only what is the firm's is read."""
    b = await bureau_of(database)
    async with sample_write(database) as w:
        rows = [factory.penalty(b.home["id"], f"罚{n}", enterprise_id=b.firm["id"]) for n in range(50)]
        await w.insert("penalty", rows)
        ratings = [factory.rating(b.home["id"], standard=f"s{n}", enterprise_id=b.firm["id"]) for n in range(50)]
        await w.insert("rating", ratings)
        points = ({"id": uuid4(), "rating_id": r["id"], "indicator": "x", "position": 1} for r in ratings)
        await w.insert("rating_point", [point | {"points": 1, "full_points": 1} for point in points])
    tables = ("enterprise", "penalty", "rating", "rating_point")
    await database.set_today(TODAY + timedelta(days=1))
    async with sample_write(database) as w:
        for table in tables:
            await w.connection.execute(f"UPDATE {table} SET id = id")
    await crowd(database, tables)
    asked = (
        ("penalty", "enterprise_id", b.firm["id"], 50),
        ("enterprise", "id", b.firm["id"], 1),
        ("enterprise", "uscc", b.firm["uscc"], 1),
        ("rating_point", "rating_id", ratings[7]["id"], 1),
    )
    for viewer in b.viewers.values():
        for table, key, asked_for, count in asked:
            async with database.read(viewer) as connection:
                sql = f"SELECT x.* FROM {past_name(table)} x WHERE {ON_DAY} AND x.{key} = $2"
                assert len(await connection.fetch(sql, TODAY, asked_for)) == count
                assert await rows_read(connection, sql, TODAY, asked_for) <= 30 * count, (viewer, table)


async def crowd(database: TrialDatabase, tables: Sequence[str]) -> None:
    """Fills tables and history with the rows of others, past the journal: only their number matters here."""
    owner = await database.owner()
    try:
        await owner.execute("SET session_replication_role = replica")
        for table in tables:
            others = {"id", "enterprise_id", "rating_id", "uscc", "document_number", "standard"}
            for schema, copies in (("xintu", 250), ("history", 750)):
                names = [
                    row["name"]
                    for row in await owner.fetch(
                        "SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
                        f"{schema}.{table}",
                    )
                ]
                chosen = ", ".join("gen_random_uuid()" if name in others else name for name in names)
                await owner.execute(
                    f"INSERT INTO {schema}.{table} ({', '.join(names)})"
                    f" SELECT {chosen} FROM {schema}.{table}, generate_series(1, {copies})"
                )
        await owner.execute(
            "INSERT INTO journal.transaction (revision, at, actor, action, reason, previous)"
            " SELECT 1000 + n, t.at, actor, action, reason, previous"
            " FROM journal.transaction t, generate_series(1, 5000) n WHERE t.revision = 1; ANALYZE"
        )
    finally:
        await owner.close()


async def rows_read(connection: asyncpg.Connection, sql: str, *arguments: Any) -> int:
    """The rows that a statement's plan takes from tables, kept or passed over; the plan is the roles' generic one."""
    assert await connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
    await connection.execute(f"PREPARE asked AS {sql}")
    given = ", ".join(f"'{argument}'" for argument in arguments)
    (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked({given})"))
    await connection.execute("DEALLOCATE asked")
    return _rows_of(plan["Plan"])


def _rows_of(node: Mapping[str, Any]) -> int:
    passed = sum(int(node.get(key, 0)) for key in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
    own = (int(node["Actual Rows"]) + passed) * int(node["Actual Loops"]) if "Relation Name" in node else 0
    return own + sum(_rows_of(child) for child in node.get("Plans", ()))
