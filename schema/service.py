"""服务状态 service: what day the doors judge by, and up to which revision the data are."""

from datetime import date

import strawberry

from schema.plan.mapping import One, column, mapped, row


@strawberry.type(description="服务状态 service：今天是哪一天，数据到哪个修订")
@row("head")
class Service:
    """服务状态."""

    today: date = column("今天 today：公示按这一天判断", "today")
    revision: str = column("修订号 revision：每次写入加一", "revision", as_text=True)


@strawberry.type
class ServiceQuery:
    """服务状态的查询根."""

    service: Service = mapped("服务状态 service", One("true"))
