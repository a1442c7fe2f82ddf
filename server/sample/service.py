"""示例数据 fills an empty trial database with sixteen months of a used system. Not for production: it refuses that.

The trial day moves forward day by day: agencies and registers on the first; then each bureau's national tables through
the real import, and acts, ratings, lists and commitments month by month; at last some records are taken down or
disputed. Above ten thousand subjects only some are told so; the others are drawn (``mass``), on the last day. The same
number of subjects and the same day give the same facts and dates (design.md §3), not the same ids.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from server.catalogue.rules import Measures
from server.database.connection import Database
from server.database.roles import quote
from server.errors import Invalid
from server.imports.law import Rules
from server.imports.service import import_file
from server.journal.actions import Action
from server.journal.service import write
from server.records.service import override_severity
from server.repair.service import take_down
from server.sample.acts import plan_acts
from server.sample.aftermath import DISPUTED, MINOR, Event, make_aftermath
from server.sample.bulk import Told
from server.sample.clock import Clock, trial_clock
from server.sample.goodwill import plan_goodwill
from server.sample.keys import DemoKey, issue_keys
from server.sample.lists import plan_lists
from server.sample.mass import mass_steps, write_mass
from server.sample.office import Imported, Office, Planned, Row
from server.sample.ratings import plan_ratings
from server.sample.register import plan_register
from server.sample.story import Story, make_story
from server.sample.timeline import Round
from server.sample.vocabulary import AGENCIES, DATA
from server.sample.world import Business, Home
from server.subjects.agencies import import_agencies
from server.viewer import Door, Duty, Viewer

FEWEST, MOST = 20, 1_000_000
#: Up to so many all are told, each with its story, through the import; beyond, a told part and the mass, whose ratings
#: are drawn.
MOST_TOLD, TOLD_OF_MANY = 10_000, 2_000
#: Share of the bar for the told part of a large sample.
_TOLD_SHARE = 0.1
_ACTOR = "示例数据"
#: One revision holds at most so many rows (design §3).
_CHUNK = 5_000
#: Parents before children.
_ORDER = (
    "enterprise",
    "individual_business",
    "practitioner",
    "vehicle",
    "act",
    "rating",
    "rating_point",
    "rating_basis",
    "list_entry",
    "list_measure",
    "list_evidence",
    "commitment",
    "benefit_product",
    "benefit_grant",
    "authorisation",
)
#: Facts beside acts, as whoever started a sample is told of them.
_OTHER_FACTS = ("rating", "list_entry", "list_measure", "list_evidence", "commitment", "benefit_grant", "authorisation")
Progress = Callable[[str, float], object]


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """结果: subjects asked for, rows per table, runs of the import, the demonstration's keys (told this once) and where to
    look first.
    """

    asked: int
    rows: dict[str, int]
    imports: int
    rejected: int
    corrected: int
    keys: tuple[DemoKey, ...]
    enterprise_name: str
    enterprise_uscc: str
    taxi_plate: str
    taxi_colour: str
    try_file: Path

    def lines(self) -> list[str]:
        """What whoever started it is told."""
        subjects = _subjects(self.rows)
        nameless = self.asked - subjects
        unknown = f"（另有 {nameless} 个个体工商户没有任何代码，只有许可处罚等记录）" if nameless else ""
        others = sum(self.rows[name] for name in _OTHER_FACTS)
        acts = sum(self.rows[name] for name in ("licence", "penalty", "act"))
        told = [
            f"示例数据（纯属虚构）：主体 {subjects}{unknown}、另有车辆 {self.rows['vehicle']}、许可处罚等 {acts} 条、"
            f"评价名单承诺等 {others} 条；"
            f"双公示表 {self.imports} 份经真实导入，退回 {self.rejected} 行，其中已更正 {self.corrected} 行",
            f"先看：{self.enterprise_name}（{self.enterprise_uscc}）；顶灯：{self.taxi_plate}",
        ]
        told.append(f"试一试导入（三行可入库、一行有错）：.venv/bin/python -m server import '{_near(self.try_file)}'")
        return told + [f"演示密钥 {key.what}：{key.key}" for key in self.keys]


def _subjects(rows: Mapping[str, int]) -> int:
    """Gives how many subjects there are: vehicles are none."""
    return sum(rows[name] for name in ("enterprise", "individual_business", "practitioner"))


def _near(path: Path) -> Path:
    """The path as one types it from where the command was started."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


async def write_sample(
    owner_url: str,
    database: Database,
    *,
    subjects: int,
    until: date,
    folder: Path,
    rules_dir: Path | None = None,
    progress: Progress = lambda _what, _done: None,
) -> SampleCounts:
    """Writes a sample of so many subjects whose past ends on ``until``, today of the trial database.

    Subjects are firms, individual businesses and practitioners; vehicles stand beside them. Of those told some
    individual businesses have no code at all, and so records but no subject: up to ``MOST_TOLD`` they are missing from
    the number, above the mass makes up for them.

    The tables stay in ``folder``. Raises ``Conflict`` for a database that is no trial or is not empty, ``Invalid`` for
    too few or too many subjects. The trial day is put back to what it was, also after an error.
    """
    refuse_number(subjects)
    told = subjects if subjects <= MOST_TOLD else TOLD_OF_MANY
    share = 1.0 if told == subjects else _TOLD_SHARE
    progress("生成示例", 0.0)
    rules = await asyncio.to_thread(Rules.load, rules_dir)
    measures = await asyncio.to_thread(Measures.load, rules_dir)
    async with trial_clock(owner_url) as clock:
        story = await asyncio.to_thread(make_story, rules.calendar, told, until, folder)
        writer = _Writer(database, rules, measures, story, clock, lambda what, done: progress(what, done * share))
        await writer.write()
        if told < subjects:
            await clock.set(until)
            more = subjects - _subjects(await clock.counts())
            await write_mass(owner_url, database, more, until, _told(more, progress), rules_dir)
        rows = await clock.counts()
    progress("完成", 1.0)
    return await writer.counted(subjects, rows)


def refuse_number(subjects: int) -> None:
    """Raises ``Invalid`` for fewer subjects than show everything, or more than have plates and names."""
    if subjects < FEWEST:
        raise Invalid(f"示例主体数 {subjects} 太少：至少 {FEWEST} 个才能各类都有；不要示例数据请设 XINTU_SAMPLE=0。")
    if subjects > MOST:
        raise Invalid(f"示例主体数 {subjects} 太多：最多 {MOST} 个；请改小 XINTU_SAMPLE 或 --subjects。")


def _told(subjects: int, progress: Progress) -> Told:
    """Turns what ``write_mass`` tells of so many subjects into the sample's own progress."""
    steps, rows, done = mass_steps(subjects), 0, 0

    def told(what: str, more: int) -> None:
        nonlocal rows, done
        rows, done = rows + more, done + 1
        written = f"（已写入 {rows:,} 行）" if more else ""
        progress(f"{what}{written}", _TOLD_SHARE + (1 - _TOLD_SHARE) * min(done / steps, 1.0))

    return told


class _Writer:
    """写入 one sample, step after step, in the order of days."""

    def __init__(
        self, database: Database, rules: Rules, measures: Measures, story: Story, clock: Clock, progress: Progress
    ) -> None:
        self.database = database
        self.rules = rules
        self.measures = measures
        self.story = story
        self.clock = clock
        self.progress = progress
        self.rejected = 0
        self.agencies: dict[str, UUID] = {}
        self.office: Office

    async def write(self) -> None:
        first = self.story.timeline.first
        await self.clock.set(first)
        await import_agencies(self.database, self.rules.terms, _ACTOR, (DATA / AGENCIES).read_bytes(), AGENCIES)
        async with self.database.writer() as connection:
            self.agencies = {r["code"]: r["id"] for r in await connection.fetch("SELECT code, id FROM agency")}
        self.office = await asyncio.to_thread(self._plan)
        steps = self._agenda()
        for n, (day, what, step) in enumerate(steps):
            self.progress(what, n / len(steps))
            await self.clock.set(day)
            await step()

    def _plan(self) -> Office:
        story = self.story
        office = Office(
            story.world,
            story.decisions,
            story.timeline,
            story.words,
            self.rules,
            self.measures,
            self.database.secret,
            self.agencies,
        )
        plan_register(office)
        plan_acts(office)
        grades = plan_ratings(office)
        plan_lists(office, grades)
        plan_goodwill(office, grades)
        return office

    def _agenda(self) -> list[tuple[date, str, Callable[[], Awaitable[None]]]]:
        """Registers come first, on one day imports before what refers to them, events last."""
        planned: dict[date, list[Planned]] = defaultdict(list)
        for plan in self.office.planned:
            planned[plan.day].append(plan)
        steps: list[tuple[date, int, str, Callable[[], Awaitable[None]]]] = []
        for round_, path in self.story.files.items():
            what = f"导入 {round_.home.words.place} {round_.day}"
            steps.append((round_.day, 0, what, partial(self._import, round_, path)))
        for day, plans in planned.items():
            steps.append((day, 1, f"写入 {day}", partial(self._write_facts, plans)))
        for event in make_aftermath(self.story.decisions, self.story.timeline):
            steps.append((event.day, 2, "撤下与异议", partial(self._carry_out, event)))
        steps.sort(key=lambda s: s[:2])
        return [(day, what, step) for day, _, what, step in steps]

    def _clerk(self, home: Home) -> Viewer:
        return Viewer(
            Door.AGENCY,
            f"示例-{home.words.place}经办人",
            agency=self.agencies[home.code],
            agency_code=home.code,
            duties=frozenset({Duty.CLERK}),
        )

    async def _import(self, round_: Round, path: Path) -> None:
        result = await import_file(self.database, self.rules, self._clerk(round_.home), path, path.name)
        self.rejected += result.rows_rejected

    async def _write_facts(self, plans: Sequence[Planned]) -> None:
        tables: dict[str, list[Row]] = {}
        for plan in plans:
            tables.setdefault(plan.table, []).append(plan.row)
        await self._look_up(tables)
        chunks = [
            (table, tables[table][start : start + _CHUNK])
            for table in _ORDER
            if table in tables
            for start in range(0, len(tables[table]), _CHUNK)
        ]
        while chunks:
            size = 0
            async with write(self.database, _ACTOR, Action.SAMPLE, "示例数据，纯属虚构") as w:
                while chunks and (size == 0 or size + len(chunks[0][1]) <= _CHUNK):
                    table, rows = chunks.pop(0)
                    size += len(rows)
                    await w.insert(table, rows)

    async def _look_up(self, tables: dict[str, list[Row]]) -> None:
        """Puts ids in the place of what refers to imported rows."""
        wanted = {v for rows in tables.values() for row in rows for v in row.values() if isinstance(v, Imported)}
        if not wanted:
            return
        found = await self._ids(wanted)
        for rows in tables.values():
            for row in rows:
                row.update({c: found[v] for c, v in row.items() if isinstance(v, Imported)})

    async def _ids(self, wanted: set[Imported]) -> dict[Imported, UUID]:
        found: dict[Imported, UUID] = {}
        async with self.database.writer() as connection:
            for table in {w.table for w in wanted}:
                numbers = [w.key[1] for w in wanted if w.table == table]
                sql = f"SELECT authority_uscc, document_number, id FROM {quote(table)} WHERE document_number = ANY ($1)"
                found |= {Imported(table, (r[0], r[1])): r[2] for r in await connection.fetch(sql, numbers)}
        return found

    async def _carry_out(self, event: Event) -> None:
        decision = event.decision
        record = Imported(decision.kind.value, decision.key)
        id_ = (await self._ids({record}))[record]
        clerk = self._clerk(decision.party.home)
        if event.what == MINOR:
            rules = self.rules
            await override_severity(self.database, rules.terms, rules.masking, clerk, id_, MINOR, event.reason)
        elif event.what == DISPUTED:
            async with write(self.database, clerk.actor, Action.SAMPLE, event.reason) as w:
                await w.update(decision.kind.value, id_, {"disputed_on": w.day})
        else:
            await take_down(self.database, clerk, id_, event.what, event.reason)

    async def counted(self, asked: int, rows: dict[str, int]) -> SampleCounts:
        """Issues the demonstration's keys and sums up."""
        async with self.database.writer() as connection:
            settled: Any = await connection.fetchval("SELECT count(*) FROM correction WHERE state = 'settled'")
        world = self.story.world
        show = next(p for p in self.story.decisions.heavy if isinstance(p, Business))
        fleet = next(b for b in world.businesses if b.sector == "taxi" and b.home is world.homes[0])
        taxi = next((v for v in fleet.vehicles if v.driver is not None), fleet.vehicles[0])
        keys = await issue_keys(self.database, self.office, show, fleet)
        return SampleCounts(
            asked,
            rows,
            len(self.story.files),
            self.rejected,
            int(settled),
            keys,
            show.name,
            str(show.uscc),
            taxi.plate,
            taxi.colour,
            self.story.try_file,
        )
