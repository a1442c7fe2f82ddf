"""过去的查询 ``asOf`` through the API: one date at the subject, and everything under it is of that day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from graphql import get_named_type

from schema.api import registry
from schema.plan.mapping import Many, One, Page
from schema.plan.registry import arguments
from server.disclosure.doors import FACTS
from server.disclosure.past import history_keys
from server.viewer import PUBLIC, Door, Viewer
from tests.support import TODAY
from tests.test_past import change
from tests.test_plan import ask
from tests.world import USCC, build

EVERYTHING = """fragment Everything on Enterprise {
  id uscc name legalRepresentative state sourceUnit { code name }
  licences { edges { cursor node { id documentNumber content state ...R } } }
  penalties { totalCount edges { node { id fineYuan facts remark ...R } } }
  acts { edges { node { id kind result ...R } } }
  ratings { edges { node { id grade score points { indicator points }
    party { ... on Enterprise { name } }
    bases { edges { node { record { id documentNumber } } } } } } }
  listEntries { edges { node { id kind reason measures { edition } evidence { edges { node { record { id } } } } } } }
  commitments { edges { node { id matter } } }
  grants { edges { node { id product { code name } } } }
  vehicles { edges { node { plate driver { __typename ... on Practitioner { name } } } } }
}
fragment R on Record { disclosure { from until basis disputed termName } party { ... on Enterprise { name } } }"""


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
