"""名单 list entries with their measures and evidence."""

from datetime import date

import strawberry

from schema.agencies import Agency
from schema.arguments import AGENCY, QUARTER, days, equal, page
from schema.catalogue import CatalogueItem, Measure
from schema.disclosure import Disclosure, disclosure
from schema.enums import ListKind, enum_sql, stored_key
from schema.nodes import PAGING, Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Choice, Key, Many, One, Page, column, expression, mapped, row
from schema.records import Record


@strawberry.type(description="名单措施 list measure：对名单主体采取的惩戒或激励措施")
@row("list_measure")
class ListMeasure:
    """名单措施."""

    edition: str = column("清单版本 edition", "measure_edition")
    measure: Measure | None = mapped("措施 measure", One("{item}.id = {row}.measure_item"))


@strawberry.type(description="列入依据 list evidence：列入名单所依据的一条信用信息")
@row("list_evidence")
class ListEvidence:
    """列入依据."""

    record: Record | None = mapped("信用信息 record", Choice((("penalty_id", "Penalty"), ("act_id", "Act"))))


@strawberry.type(description="名单条目 list entry")
@row("list_entry", "LE")
class ListEntry(Node):
    """名单条目."""

    kind: ListKind | None = expression("名单种类 kind", enum_sql(ListKind, "kind"))
    party: Party | None = party("列入主体 party", "Enterprise", "IndividualBusiness", "Practitioner", "Vehicle")
    criterion: str = column("认定标准条款 criterion", "criterion")
    reason: str = column("列入事由 reason；含个人信息的已脱敏", "reason")
    batch: str | None = column("公示批次 batch", "batch")
    document_number: str = column("认定文书号 document number", "document_number")
    authority_name: str = column("认定机关 authority name", "authority_name")
    listed_on: date = column("列入日期 listed on", "listed_on")
    listed_until: date | None = column("移出日期 listed until：不再列入的第一天", "listed_until")
    catalogue_item: CatalogueItem | None = mapped(
        "目录事项 catalogue item",
        One("{item}.id = {row}.catalogue_item"),
    )
    measures: list[ListMeasure] = mapped(
        "措施 measures", Many("{item}.list_entry_id = {row}.id", '{item}.measure_item COLLATE "C", {item}.id')
    )
    evidence: Connection[ListEvidence] = mapped(
        "列入依据 evidence：只列出此处可以看到的信息",
        Page("{item}.list_entry_id = {row}.id", Key("id", "uuid"), descending=False),
        arguments=PAGING,
    )
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    disclosure: Disclosure = disclosure()


LIST_KIND = equal("kind", ListKind | None, "只取此种名单 kind", stored_key)
LISTED = days("listed_on", "listed", "列入日期")


@strawberry.type
class ListQuery:
    """名单的查询根."""

    list_entries: Connection[ListEntry] = mapped(
        "可以公开的名单条目 list entries，按列入日期，新的在前",
        **page("true", Key("listed_on", "date"), LIST_KIND, QUARTER, AGENCY, *LISTED),
    )
