"""大规模示例 the many subjects above the told story and their facts, by COPY through the journal. Not for stories: who
looks at one firm long enough sees dice; the told part has those.

Each row follows from its subject's number, so that the same number of subjects gives the same facts on every machine,
and nothing but one chunk is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from server.catalogue.rules import Measures
from server.database.connection import Database
from server.imports.law import Rules
from server.journal.service import Write
from server.sample.bulk import Sheet, Told, fill, without_reading_indexes
from server.sample.mass_law import MassLaw
from server.sample.mass_subjects import KINDS, Counts, MassSubjects, business_row, person_row, vehicle_row
from server.sample.office import Row
from server.sample.vocabulary import AGENCIES, DATA, vocabulary
from server.sample.world import ENTERPRISE, INDIVIDUAL, PERSON
from server.subjects.agencies import import_agencies

ACTOR, REASON = "示例数据", "示例数据，纯属虚构"
#: Subjects of one revision: one chunk and the next are in memory at once.
_STEP = 5_000


@dataclass(frozen=True, slots=True)
class RowsSheet:
    """一张表 of subjects' numbers, of each of whom ``rows`` makes rows by table, parents before children."""

    title: str
    last: int
    rows: Callable[[int], Mapping[str, list[Row]]]
    first: int = 1
    step: int = _STEP

    def make(self, first: int, last: int) -> dict[str, list[Row]]:
        """Makes the rows of some subjects."""
        made: dict[str, list[Row]] = {}
        for number in range(first, last + 1):
            for table, rows in self.rows(number).items():
                made.setdefault(table, []).extend(rows)
        return made

    async def put(self, w: Write, made: dict[str, list[Row]]) -> int:
        """Writes them in one revision."""
        for table, rows in made.items():
            await w.insert(table, rows)
        return sum(map(len, made.values()))


def subject_sheets(law: MassLaw, counts: Counts, secret: str) -> list[Sheet]:
    """Gives the registers of a mass: firms, individual businesses, practitioners, vehicles, in this order."""
    world = MassSubjects(counts)
    sectors = {key: sector.name for key, sector in vocabulary().sectors.items()}

    def business(kind: str, number: int) -> dict[str, list[Row]]:
        found = world.business(kind, number)
        row = business_row(law.masking, found, sectors[found.sector])
        return {kind: [law.dated(kind, row, law.first, found.home.licensing.code)]}

    def person(number: int) -> dict[str, list[Row]]:
        found = world.person(number)
        row = person_row(law.masking, secret, found)
        return {PERSON: [law.dated(PERSON, row, law.first, found.home.licensing.code)]}

    def vehicle(number: int) -> dict[str, list[Row]]:
        found = world.vehicle(number)
        return {"vehicle": [law.dated("vehicle", vehicle_row(found), law.first, found.home.licensing.code)]}

    makers: dict[str, Callable[[int], dict[str, list[Row]]]] = {
        ENTERPRISE: lambda number: business(ENTERPRISE, number),
        INDIVIDUAL: lambda number: business(INDIVIDUAL, number),
        PERSON: person,
        "vehicle": vehicle,
    }
    titles = dict(zip(KINDS, ("企业", "个体工商户", "从业人员", "车辆"), strict=True))
    return [RowsSheet(titles[kind], getattr(world.counts, kind), makers[kind]) for kind in KINDS]


async def mass_law(database: Database, rules_dir: Path | None, until: date) -> MassLaw:
    """Loads the rules for a database that has the shipped agencies."""
    async with database.writer() as connection:
        agencies: dict[str, UUID] = dict(await connection.fetch("SELECT code, id FROM agency"))
    return MassLaw(Rules.load(rules_dir), Measures.load(rules_dir), agencies, until)


async def write_names(owner_url: str, database: Database, names: int, until: date, told: Told) -> None:
    """Fills an empty migrated database with so many named subjects alone, firms and individual businesses: what search
    is measured on. ``until`` is the last day of their past.
    """
    await import_agencies(database, Rules.load().terms, ACTOR, (DATA / AGENCIES).read_bytes(), AGENCIES)
    law = await mass_law(database, None, until)
    async with without_reading_indexes(owner_url, told):
        for sheet in subject_sheets(law, Counts.of_names(names), database.secret):
            await fill(database, sheet, ACTOR, REASON, told)
