"""过去的模型比对 the views of the past against a plain model, on generated histories of every fact table."""

from __future__ import annotations

import random
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
from server.viewer import Viewer
from tests import factory
from tests.factory import Row, sample_write
from tests.past_model import Past, Reader, read_past
from tests.support import TODAY, TrialDatabase
from tests.test_past import ON_DAY, Bureau, bureau_of, days_from

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
