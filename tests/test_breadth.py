"""广度: what the schema can be asked for: subjects by their numbers, connections with filters, counts, who is asking."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type

from schema.api import registry
from schema.nodes import global_id
from schema.plan.asking import Asking
from schema.plan.documents import Refused
from schema.plan.mapping import Same
from schema.plan.run import Executor
from server.clock import today_in_shanghai
from server.database.connection import Database
from server.disclosure.doors import BY_NAME
from server.errors import CreditError, Invalid
from server.identifiers.certificates import person_key
from server.settings import Address
from server.viewer import PUBLIC, Door, Viewer
from tests import factory as make
from tests.support import SECRET, TrialDatabase
from tests.world import USCC, build

AUTHORITY = "11370117004260000X"
NUMBER = "990101199001011234"
#: What is refused is refused before any database is asked.
NOWHERE = Database(Address("/nowhere", 5432, "xintu"), SECRET)


@dataclass
class Purse:
    """额度 that refuses nothing and remembers what was spent."""

    limit: int = 6000
    left: int = 5000
    resets_in: int = 30
    persons: int = 0
    spent: list[int] = field(default_factory=list)

    def spend(self, points: int) -> None:
        self.spent.append(points)

    async def look_up_person(self, database: Database) -> None:
        self.persons += 1


async def ask(
    database: Database,
    text: str,
    variables: dict[str, Any] | None = None,
    viewer: Viewer = PUBLIC,
    purse: Purse | None = None,
) -> Any:
    """Asks as the endpoint does, by POST, and gives ``data``."""
    executor = Executor(registry())
    asking = Asking(viewer, purse)
    answer = await executor.answer(database, viewer, executor.documents.read(text), variables or {}, asking=asking)
    return json.loads(answer.body())["data"]


async def test_subjects_records_and_products_are_found_by_their_own_numbers(database: TrialDatabase) -> None:
    """A partner knows the number on the paper in his hand, not an id of ours; he types it as people do."""
    await build(database)

    data = await ask(
        database,
        """{ firm: enterprise(uscc: " 91370117ma0000001l") { uscc }
          shop: individualBusiness(uscc: "92370117MA0000001B") { name }
          car: vehicle(plate: "鲁a·00002", colour: YELLOW) { plate colour purpose }
          otherColour: vehicle(plate: "鲁A00002", colour: BLUE) { plate }
          licence(authorityUscc: "11370117004260000x", documentNumber: "许 1号") { documentNumber }
          penalty(authorityUscc: "11370117004260000X", documentNumber: "罚1号") { documentNumber }
          act(kind: REWARD, authorityUscc: "11370117004260000X", documentNumber: "检1") { kind }
          otherKind: act(kind: LEVY, authorityUscc: "11370117004260000X", documentNumber: "检1") { kind }
          expired: penalty(authorityUscc: "11370117004260000X", documentNumber: "罚过期") { documentNumber }
          agency(code: "370117-01") { code }
          benefitProduct(code: "XYX") { code grants { totalCount } } }""",
    )

    assert data == {
        "firm": {"uscc": USCC},
        "shop": {"name": "钢城区示例汽修部"},
        "car": {"plate": "鲁A00002", "colour": "YELLOW", "purpose": "FREIGHT"},
        "otherColour": None,
        "licence": {"documentNumber": "许1号"},
        "penalty": {"documentNumber": "罚1号"},
        "act": {"kind": "REWARD"},
        "otherKind": None,
        "expired": None,
        "agency": {"code": "370117-01"},
        "benefitProduct": {"code": "XYX", "grants": {"totalCount": 1}},
    }


async def test_an_old_shop_is_found_by_its_registration_number(database: TrialDatabase) -> None:
    """Shops that never changed their licence have no code, and those that did are still asked for by the old number."""
    async with make.sample_write(database) as write:
        bureau = await make.put(write, "agency", make.agency())
        shop = make.individual_business(bureau["id"], uscc=None, registration_number="370117600000001")
        await make.put(write, "individual_business", shop)

    data = await ask(
        database,
        '{ individualBusinessByRegistration(registrationNumber: "３70117600000001") { uscc registrationNumber } }',
    )

    assert data["individualBusinessByRegistration"] == {"uscc": None, "registrationNumber": "370117600000001"}


async def test_of_shops_with_one_registration_number_the_same_is_always_given(database: TrialDatabase) -> None:
    """Registers hold a shop twice, before and after it got its code: which one is told must not depend on the disk."""
    async with make.sample_write(database) as write:
        bureau = await make.put(write, "agency", make.agency())
        for code in ("92370117MA0000001B", None, "92370117MA0000002C"):
            shop = make.individual_business(bureau["id"], uscc=code, registration_number="370117600000001")
            await make.put(write, "individual_business", shop | {"id": UUID(int=9 if code is None else int(code[-2]))})
    text = """query ($day: Date) {
      individualBusinessByRegistration(registrationNumber: "370117600000001", asOf: $day) { uscc } }"""

    found = [await ask(database, text, {"day": day}) for day in (None, today_in_shanghai().isoformat())]

    assert [one["individualBusinessByRegistration"] for one in found] == [{"uscc": None}] * 2


@pytest.mark.parametrize("kind", ["LICENCE", "PENALTY"])
@pytest.mark.parametrize(
    "field", ["acts(kind: %s) { totalCount }", 'act(kind: %s, authorityUscc: "1", documentNumber: "1") { id }']
)
def test_a_kind_that_no_act_has_is_refused_and_not_answered_with_nothing(field: str, kind: str) -> None:
    """Licences and penalties have fields of their own; «none» would be believed."""
    with pytest.raises(Refused, match=kind):
        Executor(registry()).documents.read("{ %s }" % (field % kind))


async def test_a_person_is_found_by_the_whole_number_and_shown_masked(database: TrialDatabase) -> None:
    """A roadside officer or an employer checks one person; nobody may learn a number or who else is in store."""
    async with make.sample_write(database) as write:
        bureau = await make.put(write, "agency", make.agency())
        shown = make.practitioner(bureau["id"], person_key(SECRET, "身份证", NUMBER))
        hidden = make.practitioner(bureau["id"], person_key(SECRET, "护照号", "E12345678"), certificate_type="护照号")
        await make.put(write, "practitioner", shown, hidden)
        await make.put(write, "rating", make.rating(bureau["id"], practitioner_id=shown["id"]))
    text = """query ($n: String!, $t: CertificateType! = ID_CARD) {
      practitioner(certificateNumber: $n, certificateType: $t) { name certificateNumber certificateType } }"""
    purse = Purse()

    found = await ask(database, text, {"n": NUMBER}, purse=purse)
    nobody = await ask(database, text, {"n": "990101199001011235"}, purse=purse)
    not_public = await ask(database, text, {"n": "E12345678", "t": "PASSPORT"}, purse=purse)

    masked = {"name": "张**", "certificateNumber": "990101********1234", "certificateType": "ID_CARD"}
    assert found == {"practitioner": masked}
    assert nobody == not_public == {"practitioner": None}
    assert purse.persons == 3


async def test_nodes_come_in_the_order_of_their_ids_and_hidden_ones_are_null(database: TrialDatabase) -> None:
    """A client puts answers back beside its ids; a gap, or another kind of nothing, would tell of a hidden record."""
    world = await build(database)
    ids = [
        global_id("PE", world.hidden_penalty),
        global_id("RA", world.ids["RA"]),
        "?",
        global_id("EN", world.enterprise),
        global_id("PE", world.enterprise),
        global_id("RA", world.ids["RA"]),
    ]

    data = await ask(database, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})

    assert data["nodes"] == [None, {"id": ids[1]}, None, {"id": ids[3]}, None, {"id": ids[1]}]
    with pytest.raises(Invalid, match="最多取 100 个"):
        await ask(database, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids * 17})


async def test_filters_keep_what_they_say_and_their_days_are_included(database: TrialDatabase) -> None:
    """A count that leaves out the last day of a quarter is wrong in every report."""
    async with make.sample_write(database) as write:
        bureau = await make.put(write, "agency", make.agency())
        unit = await make.put(write, "agency", make.agency("370117-01", bureau))
        home, other = bureau["id"], unit["id"]
        firms = [("370117", "道路货运"), ("370102", "道路货运"), ("360100", "道路客运"), ("371200", None)]
        # 仙桃: where a city would stand is 90, after every digit that is not 9.
        firms.append(("429004", None))
        for n, (division, sector) in enumerate(firms):
            await make.put(write, "enterprise", make.enterprise(home, f"U{n}", division_code=division, sector=sector))
        days = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 1)]
        for n, day in enumerate(days):
            source = other if n == 1 else home
            await make.put(write, "penalty", make.penalty(source, f"罚{n}", decided_on=day, enterprise_id=None))
            firm = make.enterprise(home, f"L{n}", division_code="110101")
            await make.put(write, "enterprise", firm)
            kind = "honest" if n == 2 else "overload"
            await make.put(
                write, "list_entry", make.list_entry(source, kind=kind, listed_on=day, enterprise_id=firm["id"])
            )
            year = {"period_from": date(2023 + n, 1, 1), "period_until": date(2023 + n, 12, 31)}
            await make.put(write, "rating", make.rating(source, enterprise_id=firm["id"], grade="AB"[n % 2], **year))

    async def total(field: str) -> int:
        return int((await ask(database, f"{{ a: {field} {{ totalCount }} }}"))["a"]["totalCount"])

    assert await total('enterprises(division: "37")') == 3
    assert await total('enterprises(division: "370000")') == 3
    assert await total('enterprises(division: "3701")') == 2
    assert await total('enterprises(division: "370117")') == 1
    assert await total('enterprises(division: "42")') == 1
    assert await total('enterprises(division: "37", sector: "道路货运")') == 2
    assert await total('enterprises(sector: "道路客运")') == 1
    assert await total('penalties(decidedFrom: "2026-04-01")') == 2
    assert await total('penalties(decidedTo: "2026-04-01")') == 2
    assert await total('penalties(decidedFrom: "2026-04-01", decidedTo: "2026-04-01")') == 1
    assert await total('penalties(agency: "370117-01")') == 1
    assert await total('penalties(agency: "370117")') == 2
    assert await total('penalties(agency: "999999")') == 0
    assert await total('listEntries(quarter: "2026Q1")') == 1
    assert await total('listEntries(quarter: "2026q2")') == 2
    assert await total('listEntries(quarter: "2026Q2", kind: OVERLOAD, agency: "370117-01")') == 1
    assert await total("ratings(year: 2024)") == 1
    assert await total('ratings(standard: "road_enterprise_quality", grade: "A")') == 2
    assert await total('ratings(standard: "road_enterprise_quality", grade: "A", year: 2023, agency: "370117")') == 1


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ('enterprises(division: "3")', "2、4 或 6 位"),
        ('enterprises(division: "")', "2、4 或 6 位"),
        ('enterprises(division: "99")', "GB/T 2260"),
        ('enterprises(sector: " ")', "为空"),
        ('licences(agency: "")', "为空"),
        ('ratings(grade: "AAA")', "standard"),
        ('ratings(standard: "")', "为空"),
        ("ratings(year: 12345)", "1949"),
        ('listEntries(quarter: "2026-3")', "2026Q3"),
        ('listEntries(quarter: "0001Q1")', "1949"),
        ('grants(product: "")', "为空"),
    ],
)
async def test_an_empty_or_impossible_filter_is_refused_and_never_ignored(field: str, words: str) -> None:
    """A filter that is dropped answers another question than was asked, and nobody sees it."""
    with pytest.raises(Invalid, match=words):
        await ask(NOWHERE, f"{{ {field} {{ totalCount }} }}")


async def test_groups_are_counted_with_their_gaps_and_for_an_agency_alone(database: TrialDatabase) -> None:
    """A chart needs every month, and a bureau wants its own."""
    await build(database)
    counts = """recordCounts(kind: LICENCE, fromMonth: "2026-05", months: 3) { month kind count capped }
      acts: recordCounts(kind: INSPECTION, fromMonth: "2026-06", months: 1) { kind count }
      ratingCounts(standard: "road_enterprise_quality", fromYear: 2024, years: 2) { year grade count }"""

    data = await ask(database, f'{{ {counts} unit: agency(code: "370117-01") {{ {counts} }} }}')

    unit = data.pop("unit")
    licences = [(one["month"], one["kind"], one["count"], one["capped"]) for one in data["recordCounts"]]
    assert licences == [(f"2026-{m}", "LICENCE", n, False) for m, n in (("05", 0), ("06", 8), ("07", 0))]
    assert data["acts"] == [{"kind": "INSPECTION", "count": 2}]
    grades = [(one["year"], one["grade"], one["count"]) for one in data["ratingCounts"]]
    assert [one for one in grades if one[2]] == [(2024, "B", 1), (2025, "AAA", 1)]
    assert len(grades) == 2 * len({grade for _, grade, _ in grades})
    assert grades[0][1] == "AAA", "the best grade comes first"
    assert [one["count"] for one in unit["recordCounts"]] == [0, 0, 0]
    assert sum(one["count"] for one in unit["ratingCounts"]) == 0


@pytest.mark.parametrize(
    "field",
    [
        'recordCounts(kind: LICENCE, fromMonth: "2026-13") { count }',
        'recordCounts(kind: LICENCE, fromMonth: "2026-01", months: 25) { count }',
        'recordCounts(kind: LICENCE, fromMonth: "2026-01", months: 0) { count }',
        'ratingCounts(standard: "", fromYear: 2025) { count }',
        'ratingCounts(standard: "taxi_driver", fromYear: 2025, years: 7) { count }',
    ],
)
async def test_counts_over_an_impossible_span_are_refused(field: str) -> None:
    """An endless span would read everything."""
    with pytest.raises(CreditError) as told:
        await ask(NOWHERE, f"{{ {field} }}")
    assert told.value.status == 400


async def test_the_viewer_is_told_who_he_is_and_what_he_may_still_spend(database: TrialDatabase) -> None:
    """A partner who is refused must be able to see whether his key, or its quota, is the reason."""
    world = await build(database)
    text = """{ viewer { name door duties partnerCode agency { code } enterprise { uscc } individualBusiness { uscc }
      pointsLimit pointsLeft pointsResetIn } }"""
    subject = Viewer(Door.SUBJECT, actor="示例企业", subject=world.enterprise)

    public = await ask(database, text)
    officer = await ask(database, text, viewer=world.officer(), purse=Purse())
    firm = await ask(database, text, viewer=subject)

    nothing = dict.fromkeys(("name", "partnerCode", "agency", "enterprise", "individualBusiness"))
    points = dict.fromkeys(("pointsLimit", "pointsLeft", "pointsResetIn"))
    assert public["viewer"] == nothing | points | {"door": "PUBLIC", "duties": []}
    assert officer["viewer"]["name"] == "测试经办人"
    assert officer["viewer"]["door"] == "AGENCY"
    assert officer["viewer"]["agency"] == {"code": "370117"}
    assert [officer["viewer"][name] for name in points] == [6000, 5000, 30]
    assert (firm["viewer"]["door"], firm["viewer"]["enterprise"]) == ("SUBJECT", {"uscc": USCC})


def leaves(kind: GraphQLObjectType, depth: int = 0) -> str:
    """Gives every field of a type that needs no further row, with what is nested in the same row."""
    parts = []
    for name, definition in kind.fields.items():
        inner = get_named_type(definition.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif isinstance(registry().mapping(kind.name, name), Same) and isinstance(inner, GraphQLObjectType):
            parts.append(f"{name} {{ {leaves(inner, depth + 1)} }}")
    return " ".join(parts)


def broken(kind: GraphQLObjectType, row: dict[str, Any]) -> list[str]:
    """Gives the fields that are null although the schema says that they never are."""
    found = []
    for name, definition in kind.fields.items():
        if name not in row:
            continue
        if row[name] is None and isinstance(definition.type, GraphQLNonNull):
            found.append(f"{kind.name}.{name}")
        inner = get_named_type(definition.type)
        if isinstance(row[name], dict) and isinstance(inner, GraphQLObjectType):
            found += broken(inner, row[name])
    return found


#: Columns that a CHECK wants although they may be null one by one.
NEEDED = {"id", "source_unit_id", "enterprise_id", "registration_number", "benefit_product_id"}
CHILDREN = ("rating_point", "list_measure")


async def barest_rows(database: TrialDatabase) -> dict[str, UUID]:
    """Writes one row of every fact with nothing in any column that may be empty; gives its id by table."""
    nullable = await database.as_owner(
        "SELECT array_agg(table_name || '.' || column_name) FROM information_schema.columns"
        " WHERE table_schema = 'xintu' AND is_nullable = 'YES'"
    )

    def bare(table: str, row: make.Row) -> make.Row:
        empty = {name for name in row if f"{table}.{name}" in nullable and name not in NEEDED}
        return row | dict.fromkeys(empty)

    async with make.sample_write(database) as write:
        bureau = await make.put(write, "agency", bare("agency", make.agency()))
        home = bureau["id"]
        firm = make.enterprise(home, USCC)
        of_firm: dict[str, Any] = {"enterprise_id": firm["id"]}
        product = make.benefit_product(home)
        rows = {
            "enterprise": firm,
            "individual_business": make.individual_business(home, registration_number="370117600000001"),
            "practitioner": make.practitioner(home, scope="public"),
            "vehicle": make.vehicle(home, **of_firm),
            "licence": make.licence(home, **of_firm),
            "penalty": make.penalty(home, **of_firm),
            "act": make.act(home, **of_firm),
            "rating": make.rating(home, **of_firm),
            "list_entry": make.list_entry(home, **of_firm),
            "commitment": make.commitment(home, **of_firm),
            "benefit_product": product,
            "benefit_grant": make.benefit_grant(home, product["id"], **of_firm),
        }
        for table, row in rows.items():
            await make.put(write, table, bare(table, row))
    return {"agency": home} | {table: row["id"] for table, row in rows.items()}


async def test_fields_that_are_never_null_are_not_null_even_of_the_barest_row(database: TrialDatabase) -> None:
    """A strict client breaks on the first null that the schema had ruled out, and takes the whole answer with it."""
    ids = await barest_rows(database)
    bureau = ids["agency"]
    viewers = {
        "public": PUBLIC,
        "subject": Viewer(Door.SUBJECT, actor="示例企业", subject=ids["enterprise"]),
        "government": Viewer(Door.GOVERNMENT, actor="测试机关"),
        "officer": Viewer(Door.AGENCY, actor="测试经办人", agency=bureau),
    }
    kinds = {known.rows[kind.name].view: (tag, kind) for known in [registry()] for tag, kind in known.tags.items()}
    assert set(ids) == {table for table in kinds if BY_NAME[table].fact}, "a new kind of row is to be tried here"
    found, seen = [], 0
    for table, row in ids.items():
        tag, kind = kinds[table]
        for who, viewer in viewers.items():
            text = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind.name} {{ {leaves(kind)} }} }} }}"
            node = (await ask(database, text, {"id": global_id(tag, row)}, viewer))["node"]
            if node is not None:
                seen += 1
                found += [f"{name} for {who}" for name in broken(kind, node)]
    assert found == []
    # All but the person, whom the public and other subjects do not know.
    assert seen == 4 * len(ids) - 2
