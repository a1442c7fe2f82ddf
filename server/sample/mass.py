"""大规模示例 the many subjects above the told story and their facts, by COPY through the journal. Not for stories: who
looks at one firm long enough sees dice; the told part has those.

Each row follows from its subject's number, so that the same number of subjects gives the same facts on every machine,
and nothing but one chunk is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.catalogue.rules import Measures
from server.database.connection import Database
from server.imports.law import Rules
from server.journal.service import Write
from server.sample.bulk import INDEXES, Sheet, Told, fill, without_reading_indexes
from server.sample.mass_acts import MassActs
from server.sample.mass_goodwill import MassGoodwill
from server.sample.mass_law import MassLaw
from server.sample.mass_party import MassParty, party_of_business, party_of_person
from server.sample.mass_results import MassResults
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


def fact_sheets(law: MassLaw, counts: Counts, products: Mapping[str, UUID]) -> list[Sheet]:
    """Gives the facts of a mass, kind by kind of subject; ``products`` are ids by code of what may be granted."""
    world = MassSubjects(counts)
    acts = MassActs(law)
    results, goodwill = MassResults(law, acts), MassGoodwill(law, products)

    def of_party(party: MassParty) -> dict[str, list[Row]]:
        penalties, ratings = acts.penalties(party), results.ratings(party)
        grade = ratings[0]["grade"] if ratings else None
        return {
            "licence": acts.licences(party),
            "penalty": penalties,
            "act": acts.acts(party),
            "rating": ratings,
            **results.listed(party, penalties, grade),
            "commitment": goodwill.commitments(party),
            "benefit_grant": goodwill.grants(party, grade),
            "authorisation": goodwill.authorisations(party),
        }

    def of_business(kind: str) -> Callable[[int], dict[str, list[Row]]]:
        return lambda number: of_party(party_of_business(law, world.business(kind, number)))

    return [
        RowsSheet("企业的信用信息", counts.enterprise, of_business(ENTERPRISE)),
        RowsSheet("个体工商户的信用信息", counts.individual_business, of_business(INDIVIDUAL)),
        RowsSheet("从业人员的信用信息", counts.practitioner, lambda n: of_party(party_of_person(law, world.person(n)))),
        RowsSheet("车辆的名单", counts.vehicle, lambda n: results.of_vehicle(world.vehicle(n))),
    ]


@dataclass(frozen=True, slots=True)
class MassRules:
    """规则与日子: what the mass is made by; ``until`` is the last day of its past."""

    rules: Rules
    measures: Measures
    until: date

    async def law(self, database: Database) -> MassLaw:
        """Gives the law for a database that has the shipped agencies."""
        async with database.writer() as connection:
            agencies: dict[str, UUID] = dict(await connection.fetch("SELECT code, id FROM agency"))
        return MassLaw(self.rules, self.measures, agencies, self.until)


def mass_steps(subjects: int) -> int:
    """Gives about how many things ``write_mass`` tells of: twice each chunk of subjects, and the indexes."""
    counts = Counts.of(subjects)
    numbers: list[int] = [getattr(counts, kind) for kind in KINDS]
    return sum(2 * (number // _STEP + 1) for number in numbers) + INDEXES


async def write_names(owner_url: str, database: Database, names: int, until: date, told: Told) -> None:
    """Fills an empty migrated database with so many named subjects alone, firms and individual businesses: what search
    is measured on. ``until`` is the last day of their past.
    """
    rules = MassRules(Rules.load(), Measures.load(), until)
    await import_agencies(database, rules.rules.terms, ACTOR, (DATA / AGENCIES).read_bytes(), AGENCIES)
    law = await rules.law(database)
    async with without_reading_indexes(owner_url, told):
        for sheet in subject_sheets(law, Counts.of_names(names), database.secret):
            await fill(database, sheet, ACTOR, REASON, told)


async def write_mass(owner_url: str, database: Database, subjects: int, rules: MassRules, told: Told) -> None:
    """Adds so many subjects with their facts to the told story, on its last day.

    Reading is slow until it has ended; after an error the database is good for nothing but being made anew.
    """
    law = await rules.law(database)
    counts = Counts.of(subjects)
    async with database.writer() as connection:
        products = dict(await connection.fetch("SELECT code, id FROM benefit_product WHERE valid_until IS NULL"))
    async with without_reading_indexes(owner_url, told):
        for sheet in (*subject_sheets(law, counts, database.secret), *fact_sheets(law, counts, products)):
            await fill(database, sheet, ACTOR, REASON, told)
