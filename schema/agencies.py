"""机关 Agency: bureaus and their units, by code."""

from typing import Annotated

import strawberry

from schema.arguments import DIVISION, page
from schema.counts import RatingCount, RecordCount, rating_counts, record_counts
from schema.nodes import PAGING, Connection, Node
from schema.plan.mapping import Argument, Key, One, Page, column, mapped, row

_OWN = " AND x.source_unit_id = {row}.id"


@strawberry.type(description="行政机关 agency：交通运输局及其所属单位")
@row("agency", "AG")
class Agency(Node):
    """机关."""

    code: str = column("机关代码 code：六位行政区划代码，所属单位后加 -01 等", "code")
    name: str = column("机关名称 name", "name")
    uscc: str | None = column("统一社会信用代码 uscc；内设机构可无", "uscc")
    division_code: str = column("行政区划代码 division code（GB/T 2260）", "division_code")
    parent: Annotated["Agency", strawberry.lazy("schema.agencies")] | None = mapped(
        "上级机关 parent", One("{item}.id = {row}.parent_id")
    )
    units: Connection[Annotated["Agency", strawberry.lazy("schema.agencies")]] = mapped(
        "所属单位 units", Page("{item}.parent_id = {row}.id", Key("code", "text"), descending=False), arguments=PAGING
    )
    record_counts: list[RecordCount] = record_counts(_OWN)
    rating_counts: list[RatingCount] = rating_counts(_OWN)


@strawberry.type
class AgencyQuery:
    """机关的查询根."""

    agency: Agency | None = mapped(
        "按机关代码查机关 agency", One("{item}.code = {code}"), arguments=[Argument("code", str, "机关代码 code")]
    )
    agencies: Connection[Agency] = mapped(
        "可以公开的机关 agencies，按行政区划代码",
        **page("true", Key("division_code", "text"), DIVISION, descending=False),
    )
