"""一个大些的世界 the small world and beside it what only a comparison of all doors needs: a second bureau, persons by number,
corrections in the queue, an authorisation, everything withdrawn or disputed or not yet shown, and a past. All invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from server.identifiers.certificates import person_key
from server.viewer import PUBLIC, Door, Duty, Viewer
from tests import factory as make
from tests.support import SECRET, TODAY, TrialDatabase
from tests.world import OTHER_USCC, USCC, World, build

#: The days on which the world was written and changed.
BUILT, CHANGED, CHANGED_AGAIN = date(2026, 6, 3), date(2026, 6, 8), date(2026, 6, 12)
#: Days to ask of: before everything, at and between the changes, today.
DAYS = ("2026-05-31", "2026-06-03", "2026-06-07", "2026-06-08", "2026-06-11", "2026-06-12", "2026-06-15")

FAR_USCC, SHOP_USCC, OLD_SHOP = "91410402MA0000003X", "92370117MA0000001B", "370117600000009"
NUMBER, PASSPORT, UNKNOWN_NUMBER = "990101199001010012", "E12345678", "990101199001010000"
FORMER_NUMBER = "990101199001010029"
AUTHORITY = "11370117004260000X"
PARTNER = "示例银行"
ODD = '“引号” "x" \\n \'; -- 𠮷😀\u2028\u2029é\ttab'


@dataclass(frozen=True)
class Wide:
    """What the tests name of it."""

    small: World
    far: UUID
    ids: dict[str, UUID]

    def viewers(self) -> dict[str, Viewer]:
        """One viewer for each way to read."""
        clerk = frozenset({Duty.CLERK, Duty.REVIEWER})
        return {
            "public": PUBLIC,
            "subject": Viewer(Door.SUBJECT, "示例企业", subject=self.small.enterprise),
            "partner": Viewer(Door.SUBJECT, "示例银行的系统", partner=PARTNER),
            "officer": Viewer(Door.AGENCY, "经办甲", agency=self.small.agency, agency_code="370117", duties=clerk),
            "officer of another": Viewer(Door.AGENCY, "外局", agency=self.far, agency_code="410400"),
            "government": Viewer(Door.GOVERNMENT, "测试机关"),
        }


async def build_wide(database: TrialDatabase) -> Wide:
    """Writes it on three trial days and ends on ``TODAY``."""
    await database.set_today(BUILT)
    small = await build(database)
    known = {
        table: await database.as_owner(f"SELECT array_agg(id ORDER BY position) FROM xintu.{table}")
        for table in ("catalogue_item", "measure_item", "disclosure_term")
    }
    firm: dict[str, Any] = {"enterprise_id": small.enterprise}
    shop: dict[str, Any] = {"individual_business_id": small.ids["IB"]}
    home = small.agency
    async with make.sample_write(database) as write:
        bureau = make.agency("410400", division_code="410400")
        unit = make.agency("410400-01", bureau, division_code="410400")
        await make.put(write, "agency", bureau)
        await make.put(write, "agency", unit)
        far = bureau["id"]
        coaches = make.enterprise(far, FAR_USCC, name=ODD, division_code="410402", sector="道路客运")
        others = [
            make.enterprise(home, f"9137011{n}MA000001{n}Y", name=f"同城第{n}", division_code=code, sector=sector)
            for n, (code, sector) in enumerate(
                (("370117", "道路客运"), ("370102", None), ("370117", "道路货运"), ("110101", "道路货运"))
            )
        ]
        unseen = make.enterprise(home, "91370117MA0000009Z", scope="government", state="closed")
        await make.put(write, "enterprise", coaches, *others, unseen)
        old_shop = make.individual_business(home, uscc=None, registration_number=OLD_SHOP, division_code="370102")
        await make.put(write, "individual_business", old_shop)
        driver = make.practitioner(home, person_key(SECRET, "身份证", NUMBER), name="王示例", name_public="王**")
        abroad = make.practitioner(
            far,
            person_key(SECRET, "护照号", PASSPORT),
            certificate_type="护照号",
            certificate_number_public="E1*******",
        )
        former = make.practitioner(home, person_key(SECRET, "身份证", FORMER_NUMBER), name_public="前**")
        await make.put(write, "practitioner", driver, abroad, former)
        of_driver: dict[str, Any] = {"practitioner_id": driver["id"]}
        cars = [
            make.vehicle(home, "冀A00003", colour="blue", purpose="bus", division_code="130102", **shop),
            make.vehicle(home, "鲁AD12345", colour="green", purpose="taxi", **firm, **of_driver),
            make.vehicle(far, "豫D00002", practitioner_id=abroad["id"], enterprise_id=coaches["id"]),
            make.vehicle(home, "鲁A00009", scope="government", **firm),
            make.vehicle(home, "鲁A00010", withdrawn_on=BUILT, withdrawal="mistaken", **firm),
        ]
        await make.put(write, "vehicle", *cars)
        item, term = known["catalogue_item"][3], known["disclosure_term"][0]
        real = {"catalogue_item": item, "catalogue_edition": item.partition(":")[0], "terms_edition": term}
        licences = [
            make.licence(home, "店许1号", state="2", **shop, **real),
            make.licence(home, "撤1号", **firm, withdrawn_on=date(2026, 6, 10), withdrawal="annulled"),
            make.licence(home, "政1号", scope="government", **firm),
            make.licence(home, "授1号", scope="authorised", **firm, content=ODD, content_public=ODD),
            make.licence(far, "远1号", **firm, decided_on=date(2026, 5, 2)),
            make.licence(home, "人许1号", subject_kind="practitioner", **of_driver, scope="government"),
        ]
        await make.put(write, "licence", *licences)
        penalties = [
            make.penalty(
                home, "店罚1号", **shop, **real, severity="serious", severity_override="minor", severity_reason="示例"
            ),
            make.penalty(
                home, "异1号", **firm, disputed_on=BUILT, remark="内部", remark_public="内部", facts_public=ODD
            ),
            make.penalty(home, "修1号", **firm, withdrawn_on=date(2026, 6, 9), withdrawal="repaired"),
            make.penalty(home, "后1号", **firm, disclosed_from=date(2026, 6, 20)),
            make.penalty(home, "授2号", scope="authorised", **firm),
            make.penalty(far, "远2号", **firm, fine_yuan=Decimal("0.10"), penalty_kinds=["警告", "罚款"]),
            make.penalty(far, "远3号", enterprise_id=coaches["id"], decided_on=date(2025, 12, 31)),
            make.penalty(home, "无名", subject_kind="practitioner", subject_name_public="某**"),
            make.penalty(home, "人罚1号", scope="government", subject_kind="practitioner", **of_driver),
        ]
        await make.put(write, "penalty", *penalties)
        kinds = ("compulsion", "confirmation", "levy", "payment", "adjudication", "compensation", "reward")
        acts = [
            make.act(home, kind, f"行{n}", amount_yuan=Decimal(n) / 4, **(firm if n % 2 else shop))
            for n, kind in enumerate(kinds)
        ]
        acts.append(make.act(far, "inspection", "远检", result="不合格", result_public="不合格", **firm))
        await make.put(write, "act", *acts)
        year_2024 = {"period_from": date(2024, 1, 1), "period_until": date(2024, 12, 31)}
        ratings = [
            make.rating(home, grade="AA", score=Decimal("88.50"), **shop),
            make.rating(home, standard="taxi_driver", standard_version=date(2022, 1, 1), grade="AAA", **of_driver),
            make.rating(home, vehicle_id=cars[1]["id"], grade="A", score=None),
            make.rating(far, enterprise_id=coaches["id"], grade="B", **year_2024),
            make.rating(home, scope="authorised", grade="A", standard="road_passenger", **year_2024, **firm),
            make.rating(home, grade="D", disclosed_until=date(2026, 6, 14), **firm, standard="taxi_enterprise"),
        ]
        await make.put(write, "rating", *ratings)
        basis = {"id": uuid4(), "rating_id": ratings[0]["id"], "licence_id": None, "act_id": None}
        await make.put(write, "rating_basis", basis | {"penalty_id": penalties[0]["id"]})
        entries = [
            make.list_entry(home, kind="serious", listed_on=date(2026, 3, 31), **shop, catalogue_item=item),
            make.list_entry(home, kind="honest", listed_on=date(2026, 4, 1), vehicle_id=cars[1]["id"]),
            make.list_entry(far, kind="focus", listed_on=date(2026, 6, 30), **firm, disclosed_from=BUILT),
            make.list_entry(home, kind="overload", listed_until=date(2026, 6, 20), **of_driver, scope="government"),
        ]
        await make.put(write, "list_entry", *entries)
        measures = [
            {"id": uuid4(), "list_entry_id": entries[0]["id"], "measure_edition": "2025", "measure_item": measure}
            for measure in known["measure_item"][5:2:-1]
        ]
        await make.put(write, "list_measure", *measures)
        evidence = {"id": uuid4(), "list_entry_id": entries[0]["id"]}
        await make.put(
            write,
            "list_evidence",
            evidence | {"penalty_id": penalties[0]["id"], "act_id": None},
            evidence | {"id": uuid4(), "penalty_id": None, "act_id": acts[0]["id"]},
        )
        await make.put(
            write,
            "commitment",
            make.commitment(home, kind="信用修复", state="kept", **firm, signed_on=date(2026, 5, 30)),
            make.commitment(home, kind="信用修复", state="broken", **shop, content_public=ODD),
            make.commitment(far, kind="主动公示", state="partly", scope="authorised", **firm),
        )
        loan = make.benefit_product(far, "XYD", name="信易贷", valid_until=date(2027, 1, 1))
        secret = make.benefit_product(home, "XYZ", scope="government", name="信易租")
        await make.put(write, "benefit_product", loan, secret)
        await make.put(
            write,
            "benefit_grant",
            make.benefit_grant(far, loan["id"], value_yuan=Decimal("100000.00"), **shop),
            make.benefit_grant(home, secret["id"], granted_on=date(2026, 5, 1), **firm),
            make.benefit_grant(home, loan["id"], granted_on=date(2026, 5, 1), practitioner_id=driver["id"]),
        )
        await make.put(write, "authorisation", make.authorisation(home, PARTNER, **firm))
    queue = await _queue(database, home)
    ids = {"LI": licences[0], "PE": penalties[1], "RA": ratings[1], "VE": cars[1], "LE": entries[0], "BP": loan}
    ids |= {"PR": driver, "AG": bureau, "EN": coaches, "IB": old_shop, "AC": acts[1]}
    ids |= {"hidden licence": licences[1], "hidden penalty": penalties[3], "hidden firm": unseen, "hidden car": cars[3]}
    ids |= {"bus": cars[0], "shop's rating": ratings[0], "former": former}
    found = {name: row["id"] for name, row in ids.items()} | queue
    await _change(database, found | {"firm": small.enterprise, "penalty": small.ids["PE"], "licence": small.ids["LI"]})
    return Wide(small, far, found)


async def _queue(database: TrialDatabase, home: UUID) -> dict[str, UUID]:
    """Two batches and five corrections of the bureau, in equal and in different states."""
    batches, corrections = [uuid4() for _ in range(2)], [uuid4() for _ in range(5)]
    async with database.writer() as connection:
        for n, batch in enumerate(batches):
            await connection.execute(
                "INSERT INTO import_batch (id, agency_id, actor, file_name, file_hash, state, started_at, rows_total,"
                " rows_new, rows_changed, rows_unchanged, rows_rejected, notes) VALUES ($1, $2, $3, '双公示.xlsx', $4,"
                " 'done', timestamptz '2026-06-03 08:00:00.12+08' + make_interval(hours => $5), 9, 4, 0, 0, 5, $6)",
                batch,
                home,
                "经办甲",
                f"hash{n}",
                n,
                '[{"列": "备注"}, "\\u2028", 1.50, null]',
            )
        for n, correction in enumerate(corrections):
            await connection.execute(
                "INSERT INTO correction (id, batch_id, agency_id, kind, sheet, row_number, document_number, cells, faults,"
                " fingerprint, state, created_at) VALUES ($1, $2, $3, $4, '处罚', $5, $6, $7, $8, $9, $10,"
                " timestamptz '2026-06-03 09:00:00.5+08' + make_interval(secs => $11))",
                correction,
                batches[n // 4],
                home,
                ("penalty", "licence")[n % 2],
                7 - n // 2,
                None if n else f"退{n}",
                None if n % 2 else '{"CF_WSH": "x", "CF_SY": "“𠮷”"}',
                '[{"column": "CF_WSH", "rule": "format", "message": "请改正", "fatal": true}, {"rule": "late"}]',
                f"print{n}",
                ("open", "dropped")[n % 2],
                (n // 2) * 1.25,
            )
    return {"BA": batches[0], "CR": corrections[0], "other batch": batches[1]}


async def _change(database: TrialDatabase, ids: dict[str, UUID]) -> None:
    """Two days of corrections, so that the past differs from today in every kind of way."""
    withdrawn = {"withdrawn_on": CHANGED_AGAIN, "withdrawal": "mistaken"}
    changes: dict[date, tuple[tuple[str, str, dict[str, Any]], ...]] = {
        CHANGED: (
            ("enterprise", "firm", {"name": "钢城改名运输有限公司", "sector": "道路客运"}),
            ("penalty", "penalty", {"fine_yuan": Decimal("1.00"), "disputed_on": None}),
            ("vehicle", "VE", {"practitioner_id": None}),
            ("licence", "LI", {"state": "1"}),
        ),
        CHANGED_AGAIN: (
            ("penalty", "penalty", {"fine_yuan": Decimal("2.00")}),
            ("licence", "licence", withdrawn),
            ("vehicle", "bus", {"plate": "冀A00004"}),
            ("rating", "shop's rating", {"grade": "A"}),
            ("practitioner", "PR", {"qualification": "出租汽车驾驶员"}),
            ("practitioner", "former", withdrawn),
        ),
    }
    for day, some in changes.items():
        await database.set_today(day)
        async with make.sample_write(database) as write:
            for table, name, values in some:
                await write.update(table, ids[name], values)
    await database.set_today(TODAY)


__all__ = ["OTHER_USCC", "USCC", "Wide", "build_wide"]
