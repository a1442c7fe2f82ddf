"""大规模示例的各表 the rows of the many subjects above the told story, with their facts. Pure. Not for stories: who looks at
one firm long enough sees dice; the told part has those.

Each row follows from its subject's number, so that the same number of subjects gives the same facts on every machine,
in chunks of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from server.sample.mass_acts import MassActs
from server.sample.mass_goodwill import MassGoodwill
from server.sample.mass_law import MassLaw
from server.sample.mass_party import MassParty, party_of_business, party_of_person
from server.sample.mass_results import MassResults
from server.sample.mass_subjects import KINDS, Counts, MassSubjects, business_row, person_row, vehicle_row
from server.sample.office import Row
from server.sample.vocabulary import vocabulary
from server.sample.world import ENTERPRISE, INDIVIDUAL, PERSON


@dataclass(frozen=True, slots=True)
class RowsSheet:
    """一张表 of subjects' numbers, of each of whom ``rows`` makes rows by table, parents before children."""

    title: str
    last: int
    rows: Callable[[int], Mapping[str, list[Row]]]

    def make(self, first: int, last: int) -> dict[str, list[Row]]:
        """Makes the rows of some subjects."""
        made: dict[str, list[Row]] = {}
        for number in range(first, last + 1):
            for table, rows in self.rows(number).items():
                made.setdefault(table, []).extend(rows)
        return made


def subject_sheets(law: MassLaw, counts: Counts, secret: str) -> list[RowsSheet]:
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


def fact_sheets(law: MassLaw, counts: Counts, products: Mapping[str, UUID]) -> list[RowsSheet]:
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
