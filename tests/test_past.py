"""过去 what each door answers for a past day, on the real database (design.md §3, decision 0005)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from graphql import get_named_type

from schema.api import registry
from schema.plan.mapping import Many, One, Page
from schema.plan.registry import arguments
from server.disclosure.doors import BY_NAME, FACTS
from server.disclosure.past import history_keys, past_name
from server.disclosure.views import READING_DOORS, views_of
from server.migrate.check import structure_faults
from server.migrate.history import index_definitions
from server.migrate.service import migrate
from server.viewer import PUBLIC, Door, Viewer
from tests import factory
from tests.factory import Row, put, sample_write
from tests.past_model import Past, Reader, read_past
from tests.support import TODAY, TrialDatabase
from tests.test_plan import ask
from tests.world import USCC, build

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


# the sentence of design.md §3, on generated histories


TEXT = {"grade": ["A", "AA", "B"], "name": ["甲", "乙"], "content_public": ["一", "二"], "indicator": ["x", "y"]}


class Author:
    """Writes a random history of every fact table: a few rows of each, each changed now and then, day by day."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids: dict[str, list[UUID]] = {}

    def _day(self) -> date:
        return TODAY + timedelta(days=self.random.randint(-2, 9))

    def disclosure(self) -> Row:
        """Random columns of disclosure."""
        withdrawn = self.random.random() < 0.1
        return {
            "scope": self.random.choice(["public"] * 4 + ["government", "authorised"]),
            "disclosed_from": min(self._day() for _ in range(4)),
            "disclosed_until": self._day() if self.random.random() < 0.3 else None,
            "withdrawn_on": TODAY if withdrawn else None,
            "withdrawal": "repaired" if withdrawn else None,
        }

    def party(self, keys: Sequence[str]) -> Row:
        """One of the subjects, the others empty."""
        key = self.random.choice(keys)
        return dict.fromkeys(keys) | {key: self.random.choice(self.ids[key.removesuffix("_id")])}

    def changes(self, table: str, old: Mapping[str, Any]) -> Row:
        """A random new version of a row, and always a new one."""
        declared = BY_NAME[table]
        new: Row = {name: self.random.choice(texts) for name, texts in TEXT.items() if name in old}
        if declared.parent is None:
            new |= self.disclosure() | {"terms_edition": str(self.random.random())}
        else:
            new[f"{declared.parent}_id"] = self.random.choice(self.ids[declared.parent])
        if table not in ("agency", "benefit_product") and "source_unit_id" in old and self.random.random() < 0.3:
            new["source_unit_id"] = self.random.choice(self.ids["agency"])
        if table == "vehicle" and self.random.random() < 0.5:
            new["practitioner_id"] = self.random.choice([None, *self.ids["practitioner"]])
        if table == "authorisation":
            new |= {"partner": self.random.choice(["银行", "保险"]), "valid_until": self._day() + timedelta(days=4)}
            new["valid_from"] = new["valid_until"] - timedelta(days=6)
        keys = [key for key in declared.subjects if key != "id"]
        if keys and self.random.random() < 0.2:
            new |= self.party(keys)
        if declared.targets:
            new |= dict.fromkeys(declared.targets)
            target = self.random.choice(declared.targets)
            new[target] = self.random.choice(self.ids[target.removesuffix("_id")])
        return new

    def rows(self, b: Bureau) -> dict[str, list[Row]]:
        """The first versions, by table in the order of their keys."""
        home = b.home["id"]
        made: dict[str, list[Row]] = {
            "agency": [factory.agency(f"410400-0{n}", b.other) for n in range(8)],
            "enterprise": [factory.enterprise(home, f"U{n}") for n in range(4)],
            "individual_business": [factory.individual_business(home, f"I{n}") for n in range(8)],
            "practitioner": [factory.practitioner(home, f"k{n}") for n in range(6)],
            "benefit_product": [factory.benefit_product(home, f"B{n}") for n in range(3)],
            "vehicle": [factory.vehicle(home, f"鲁A0000{n}") for n in range(6)],
            "licence": [factory.licence(home, f"许{n}") for n in range(10)],
            "penalty": [factory.penalty(home, f"罚{n}") for n in range(15)],
            "act": [factory.act(home, number=f"检{n}") for n in range(10)],
            "rating": [factory.rating(home, standard=f"s{n}") for n in range(12)],
            "list_entry": [factory.list_entry(home) for _ in range(10)],
            "commitment": [factory.commitment(home) for _ in range(10)],
            "authorisation": [factory.authorisation(home, "银行") for _ in range(6)],
        }
        made["benefit_grant"] = [factory.benefit_grant(home, made["benefit_product"][0]["id"]) for _ in range(6)]
        made["rating_point"] = [
            {"id": uuid4(), "rating_id": None, "indicator": "x", "position": n, "points": Decimal(n), "full_points": n}
            for n in range(16)
        ]
        made["rating_basis"] = [{"id": uuid4(), "rating_id": None} for _ in range(30)]
        made["list_measure"] = [
            {"id": uuid4(), "list_entry_id": None, "measure_edition": "2025", "measure_item": "2025:X"}
            for _ in range(5)
        ]
        made["list_evidence"] = [{"id": uuid4(), "list_entry_id": None} for _ in range(20)]
        return made

    async def begin(self, database: TrialDatabase, b: Bureau) -> dict[str, dict[UUID, Row]]:
        """Writes the first version of every row."""
        made = self.rows(b)
        self.ids = {table: [row["id"] for row in rows] for table, rows in made.items()}
        self.ids["enterprise"].append(b.firm["id"])
        self.ids["agency"] += [a["id"] for a in (b.home, b.unit, b.other)]
        state: dict[str, dict[UUID, Row]] = {}
        async with sample_write(database) as w:
            for table, rows in made.items():
                keys = [key for key in BY_NAME[table].subjects if key != "id"]
                first = [row | (self.party(keys) if keys else {}) | self.changes(table, row) for row in rows]
                if table == "rating_point":
                    first = [row | {"indicator": str(n)} for n, row in enumerate(first)]
                await w.insert(table, first)
                state[table] = {row["id"]: row for row in first}
        return state

    async def go_on(self, database: TrialDatabase, state: Mapping[str, Mapping[UUID, Row]]) -> None:
        """One revision that changes some rows of every table."""
        async with sample_write(database) as w:
            for table, rows in state.items():
                for id_, old in rows.items():
                    if self.random.random() < 0.2:
                        new = self.changes(table, old)
                        new.pop("indicator", None)
                        await w.update(table, id_, new)


LENGTH = 6


@dataclass
class History:
    """A written history, its model, and its days."""

    bureau: Bureau
    past: Past
    days: list[date]

    def reader(self, viewer: Viewer) -> Reader:
        """The model's answer for a viewer."""
        return Reader(self.past, viewer)


async def history_of(database: TrialDatabase, seed: int) -> History:
    """Writes up to two revisions on each of ``LENGTH`` days."""
    author = Author(seed)
    b = await bureau_of(database)
    state = await author.begin(database, b)
    days = days_from(TODAY, LENGTH)
    for day in days:
        await database.set_today(day)
        for _ in range(author.random.choice([0, 1, 2])):
            await author.go_on(database, state)
    await database.set_today(days[-1])
    return History(b, await read_past(database), [TODAY - timedelta(days=1), *days])


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_door_shows_of_each_day_what_the_sentence_of_the_design_says(database, seed) -> None:
    """Versions whose revisions hold the day's last one, dated by themselves, and for the public and subjects nothing
    whose current version is not theirs to see: the model in Python and the views agree on every table, door and day."""
    history = await history_of(database, seed)
    seen: dict[tuple[str, str], int] = {}
    for name, viewer in history.bureau.viewers.items():
        reader = history.reader(viewer)
        async with database.read(viewer) as connection:
            for table in FACTS:
                for day in history.days:
                    sql = f"SELECT x.id, x.revision_from FROM {past_name(table)} x WHERE {ON_DAY}"
                    rows = [tuple(row) for row in await connection.fetch(sql, day)]
                    right = {(id_, v["revision_from"]) for id_, v in reader.rows(table, day).items()}
                    assert len(rows) == len(set(rows)), (name, table, day)
                    assert set(rows) == right, (name, table, day)
                    seen[name, table] = seen.get((name, table), 0) + len(rows)
    assert min(seen.values()) > 0, "a table that nobody saw compares nothing"


@pytest.mark.parametrize("seed", [4])
async def test_the_past_of_today_is_the_door_of_today(database, seed) -> None:
    """Row by row and column by column, in every table and door: a date is no second way to read."""
    history = await history_of(database, seed)
    compared = 0
    for viewer in history.bureau.viewers.values():
        async with database.read(viewer) as connection:
            for table in FACTS:
                columns = ", ".join(sorted(c.name for c in BY_NAME[table].columns))
                now = {tuple(r) for r in map(_hashable, await connection.fetch(f"SELECT {columns} FROM {table}"))}
                sql = f"SELECT {columns} FROM {past_name(table)} x WHERE {ON_DAY}"
                then = [tuple(_hashable(r)) for r in await connection.fetch(sql, history.past.today)]
                assert len(then) == len(now)
                assert set(then) == now
                compared += len(now)
    assert compared > 200


def _hashable(row: asyncpg.Record) -> tuple[Any, ...]:
    return tuple(tuple(cell) if isinstance(cell, list) else cell for cell in row.values())


@pytest.mark.parametrize("seed", [5])
async def test_a_masked_cell_of_the_past_is_a_public_form_of_that_fact(database, seed) -> None:
    """No door tells of any version a cell that was never made for the public."""
    history = await history_of(database, seed)
    secret = {"张示例", "990101199001011234", "欧阳示例"}
    cells = 0
    for viewer in history.bureau.viewers.values():
        async with database.read(viewer) as connection:
            for table in FACTS:
                for row in await connection.fetch(f"SELECT * FROM {past_name(table)}"):
                    texts = {cell for cell in row.values() if isinstance(cell, str)}
                    assert not texts & secret, table
                    cells += len(texts)
    assert cells > 1000


# through the API


EVERYTHING = """fragment Everything on Enterprise {
  id uscc name legalRepresentative state sourceUnit { code name }
  licences { edges { cursor node { id documentNumber content state ...R } } }
  penalties { totalCount edges { node { id fineYuan facts remark ...R } } }
  acts { edges { node { id kind result ...R } } }
  ratings { edges { node { id grade score points { indicator points }
    party { ... on Enterprise { name } }
    bases { edges { node { record { id documentNumber } } } } } } }
  listEntries { edges { node { id kind reason measures { itemId } evidence { edges { node { record { id } } } } } } }
  commitments { edges { node { id matter } } }
  grants { edges { node { id product { code name } } } }
  vehicles { edges { node { plate driver { __typename ... on Practitioner { name } } } } }
}
fragment R on Record { disclosure { from until basis disputed term } party { ... on Enterprise { name } } }"""


async def test_a_query_as_of_today_answers_what_it_answers_without_a_date(database) -> None:
    """Every relation of a firm is asked of today's date and of none, through every door: one answer."""
    world = await build(database)
    text = "query F($u: String!, $d: Date) { enterprise(uscc: $u, asOf: $d) { ...Everything } }" + EVERYTHING
    for viewer in (
        PUBLIC,
        Viewer(Door.GOVERNMENT, "政务"),
        world.officer(),
        Viewer(Door.SUBJECT, "本人", subject=world.enterprise),
    ):
        now, then = [
            (await ask(database, text, {"u": USCC, "d": day}, viewer))["enterprise"]
            for day in (None, TODAY.isoformat())
        ]
        assert now == then
        assert len(now["penalties"]["edges"]) >= 3


async def test_a_query_as_of_a_past_day_is_answered_as_of_that_day_all_the_way_down(database) -> None:
    """Name, fine, points and edges of then, by one argument at the subject; what was repaired since is public nowhere."""
    world = await build(database)
    later = TODAY + timedelta(days=10)
    await change(database, later, "enterprise", world.enterprise, name="新名运输有限公司")
    await change(database, later, "penalty", world.ids["PE"], fine_yuan=Decimal(1))
    text = """query F($u: String!, $d: Date) { enterprise(uscc: $u, asOf: $d) { name
      penalties(first: 10) { totalCount edges { node { fineYuan party { ... on Enterprise { name } } } } }
      ratings(first: 1) { edges { node { bases { edges { node { record { ... on Penalty { fineYuan } } } } } } } } } }"""

    async def told(day: date | None, viewer: Viewer = PUBLIC) -> tuple[Any, ...]:
        firm = (await ask(database, text, {"u": USCC, "d": day and day.isoformat()}, viewer))["enterprise"]
        if firm is None:
            return ()
        penalties = [edge["node"] for edge in firm["penalties"]["edges"]]
        (rating,) = firm["ratings"]["edges"]
        records = [edge["node"]["record"] for edge in rating["node"]["bases"]["edges"]]
        return (
            {firm["name"], *(p["party"]["name"] for p in penalties)},
            firm["penalties"]["totalCount"],
            sorted(p["fineYuan"] for p in penalties),
            [record["fineYuan"] for record in records if "fineYuan" in record],
        )

    old = "钢城\"示例\\运输'有限公司\u2028"
    then = ({old}, 3, ["2000.50", "2001.50", "2002.50"], ["2000.50"])
    now = ({"新名运输有限公司"}, 3, ["1.00", "2001.50", "2002.50"], ["1.00"])
    assert await told(TODAY - timedelta(days=1)) == ()
    assert await told(later - timedelta(days=1)) == then
    assert await told(later) == await told(None) == now

    await change(database, later, "penalty", world.ids["PE"], withdrawn_on=later, withdrawal="repaired")
    assert await told(later - timedelta(days=1)) == ({old}, 2, ["2001.50", "2002.50"], [])
    assert await told(later - timedelta(days=1), Viewer(Door.GOVERNMENT, "政务")) == then


def test_every_relation_under_a_subject_is_looked_up_by_a_key_that_history_has() -> None:
    """A date must not turn a look-up by index into a reading of all versions."""
    found = set()
    for (kind, name), mapping in registry().mappings.items():
        if not isinstance(mapping, One | Many | Page) or (isinstance(mapping, Many) and mapping.source):
            continue
        definition = registry().schema.type_map[kind].fields[name]
        if kind == "Query" and not any(declared.as_of for _, declared in arguments(definition).values()):
            continue
        target = get_named_type(definition.type)
        target = (
            get_named_type(target.fields["edges"].type).fields["node"].type if isinstance(mapping, Page) else target
        )
        table = registry().rows[get_named_type(target).name].view
        if table not in FACTS:
            continue
        key = re.match(r"\{item\}\.(\w+) = ", mapping.where)
        assert key is not None, f"{kind}.{name}"
        keys = {columns[0] for columns in history_keys(table)} | {"id"}
        assert key[1] in keys, f"{kind}.{name}: {table}.{key[1]}"
        found.add((table, key[1]))
    assert len(found) > 30


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
