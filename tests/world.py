"""一个小世界 one bureau's rows of every kind, for tests of plans and pages. All of it is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from server.database.connection import Database
from server.viewer import Door, Viewer
from tests import factory as make

USCC = "91370117MA0000001L"
OTHER_USCC = "91370117MA0000002P"


@dataclass(frozen=True)
class World:
    """What a test needs to name of it."""

    agency: UUID
    enterprise: UUID
    hidden_penalty: UUID
    ids: dict[str, UUID]

    def officer(self) -> Viewer:
        """An officer of the bureau."""
        return Viewer(Door.AGENCY, actor="测试经办人", agency=self.agency)


async def build(database: Database) -> World:
    """Writes it in one revision."""
    async with make.sample_write(database) as write:
        bureau = make.agency()
        unit = make.agency("370117-01", bureau)
        await make.put(write, "agency", bureau)
        await make.put(write, "agency", unit)
        home = bureau["id"]
        firm = make.enterprise(home, USCC, name="钢城\"示例\\运输'有限公司\u2028")
        other = make.enterprise(home, OTHER_USCC, name="示例客运有限公司")
        shop = make.individual_business(home)
        shown, unknown = make.practitioner(home, "k1"), make.practitioner(home, "k2", name="李示例", name_public="李**")
        await make.put(write, "enterprise", firm, other)
        await make.put(write, "individual_business", shop)
        await make.put(write, "practitioner", shown, unknown)
        of_firm: dict[str, Any] = {"enterprise_id": firm["id"]}
        licences = [make.licence(home, f"许{n}号", decided_on=date(2026, 6, 1 + n // 2), **of_firm) for n in range(7)]
        await make.put(write, "licence", *licences, make.licence(home, "店", individual_business_id=shop["id"]))
        penalties = [
            make.penalty(
                home, f"罚{n}号", fine_yuan=Decimal("2000.50") + n, disputed_on=None if n else make.DAY, **of_firm
            )
            for n in range(3)
        ]
        expired = make.penalty(home, "罚过期", disclosed_until=date(2026, 6, 15), **of_firm)
        person = make.penalty(
            home, "罚人", scope="government", subject_kind="practitioner", practitioner_id=unknown["id"]
        )
        await make.put(write, "penalty", *penalties, expired, person)
        acts = [
            make.act(home, kind, f"检{n}", **of_firm) for n, kind in enumerate(("inspection", "reward", "inspection"))
        ]
        await make.put(write, "act", *acts)
        ratings = [
            make.rating(home, effective_from=date(2026, 6, 1), **of_firm),
            make.rating(
                home,
                effective_from=date(2025, 6, 1),
                period_from=date(2024, 1, 1),
                period_until=date(2024, 12, 31),
                score=None,
                grade="B",
                **of_firm,
            ),
            make.rating(home, practitioner_id=shown["id"], standard="taxi_driver"),
        ]
        await make.put(write, "rating", *ratings)
        await make.put(
            write,
            "rating_point",
            *(
                {
                    "id": uuid4(),
                    "rating_id": ratings[0]["id"],
                    "indicator": f"指标{n}",
                    "position": n,
                    "points": Decimal("9.5"),
                    "full_points": Decimal(10),
                }
                for n in (2, 1, 3)
            ),
        )
        bases = [
            ("penalty_id", penalties[0]),
            ("penalty_id", expired),
            ("licence_id", licences[0]),
            ("act_id", acts[0]),
        ]
        await make.put(
            write,
            "rating_basis",
            *(
                {"id": uuid4(), "rating_id": ratings[0]["id"], "licence_id": None, "penalty_id": None, "act_id": None}
                | {column: row["id"]}
                for column, row in bases
            ),
        )
        entry = make.list_entry(home, **of_firm)
        await make.put(write, "list_entry", entry)
        await make.put(
            write,
            "list_evidence",
            {"id": uuid4(), "list_entry_id": entry["id"], "penalty_id": penalties[0]["id"], "act_id": None},
        )
        await make.put(
            write,
            "list_measure",
            {"id": uuid4(), "list_entry_id": entry["id"], "measure_edition": "2025", "measure_item": "2025:X"},
        )
        await make.put(write, "commitment", make.commitment(home, **of_firm))
        product = make.benefit_product(home)
        await make.put(write, "benefit_product", product)
        await make.put(write, "benefit_grant", make.benefit_grant(home, product["id"], **of_firm))
        vehicles = [
            make.vehicle(home, "鲁A12345", **of_firm),
            make.vehicle(home, "豫D00001", enterprise_id=firm["id"], practitioner_id=unknown["id"]),
            make.vehicle(home, "鲁A00002", enterprise_id=firm["id"], practitioner_id=shown["id"]),
        ]
        await make.put(write, "vehicle", *vehicles)
    ids = {"LI": licences[0]["id"], "PE": penalties[0]["id"], "AC": acts[0]["id"], "RA": ratings[0]["id"]}
    ids |= {"EN": firm["id"], "IB": shop["id"], "PR": shown["id"], "VE": vehicles[2]["id"], "AG": unit["id"]}
    ids |= {"LE": entry["id"], "BP": product["id"]}
    return World(
        home, firm["id"], expired["id"], ids | {"hidden person": unknown["id"], "his vehicle": vehicles[1]["id"]}
    )
