"""查询根 Query: where every read begins. A new root field is one more mapping here."""

from datetime import date

import strawberry

from schema.agencies import Agency
from schema.imports import STATE, Correction, ImportBatch
from schema.nodes import PAGING, Connection, Node, read_global_id, read_id_of
from schema.plan.mapping import Argument, ByGlobalId, Key, One, Page, column, mapped, row
from schema.subjects import Enterprise

_BATCH = Argument("id", strawberry.ID, "永久标识 id", "uuid", convert=lambda value: read_id_of("BA", value))


@strawberry.type(description="服务状态 service：今天是哪一天，数据到哪个修订")
@row("head")
class Service:
    """服务状态."""

    today: date = column("今天 today：公示按这一天判断", "today")
    revision: str = column("修订号 revision：每次写入加一", "revision", as_text=True)


@strawberry.type(description="查询 query：公众可直接查询；带接口密钥时可看到依法可以看到的更多信息")
class Query:
    """查询根."""

    enterprise: Enterprise | None = mapped(
        "按统一社会信用代码查企业 enterprise；没有或不公开都为 null",
        One("{item}.uscc = {uscc}"),
        arguments=[
            Argument("uscc", str, "统一社会信用代码 uscc，18 位", convert=lambda value: value.strip().upper()),
        ],
    )
    enterprises: Connection[Enterprise] = mapped(
        "可以公开的企业 enterprises；次序固定而无业务含义",
        Page("true", Key("id", "uuid"), descending=False),
        arguments=PAGING,
    )
    agency: Agency | None = mapped(
        "按机关代码查机关 agency", One("{item}.code = {code}"), arguments=[Argument("code", str, "机关代码 code")]
    )
    node: Node | None = mapped(
        "按永久标识取任一对象 node；没有或不公开都为 null",
        ByGlobalId(),
        arguments=[Argument("id", strawberry.ID, "永久标识 id", convert=read_global_id)],
    )
    service: Service | None = mapped("服务状态 service", One("true"))
    import_batch: ImportBatch | None = mapped(
        "导入批次 import batch；只有所属机关的经办人可见", One("{item}.id = {id}"), arguments=[_BATCH]
    )
    corrections: Connection[Correction] = mapped(
        "待更正数据 corrections，先入队的在前；只有所属机关的经办人可见",
        Page(
            "true",
            Key("created_at", "timestamptz"),
            descending=False,
            filters=(("state", "{item}.state = {state}"),),
        ),
        arguments=(*PAGING, STATE),
    )
