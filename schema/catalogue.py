"""目录与措施清单 catalogue items and measures as other types point to them."""

from datetime import date

import strawberry

from schema.plan.mapping import column, row


@strawberry.type(description="目录事项 catalogue item：公共信用信息目录某一版本的事项")
@row("catalogue_item")
class CatalogueItem:
    """目录事项."""

    edition: str = column("目录版本 edition", "edition")
    edition_from: date = column("版本生效日 edition from", "edition_from")
    edition_until: date | None = column("版本失效日 edition until：失效的第一天", "edition_until")
    code: str = column("事项代码 code", "code")
    name: str = column("事项名称 name", "name")
    catalogue_class: str = column("类别 catalogue class", "catalogue_class")
    nature: str = column("信息性质 nature", "nature")
    provider: str = column("提供单位 provider", "provider")
    update_cycle: str = column("更新周期 update cycle", "update_cycle")
    legal_basis: str = column("法律依据 legal basis", "legal_basis")


@strawberry.type(description="措施清单事项 measure：失信惩戒或守信激励措施清单某一版本的事项")
@row("measure_item")
class Measure:
    """措施."""

    edition: str = column("清单版本 edition", "edition")
    code: str = column("事项代码 code", "code")
    kind: str = column("措施种类 kind", "kind")
    content: str = column("措施内容 content", "content")
    targets: str = column("对象 targets", "targets")
    legal_basis: str = column("法律依据 legal basis", "legal_basis")
    authority: str = column("实施主体 authority", "authority")
