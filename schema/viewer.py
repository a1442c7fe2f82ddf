"""查询者 viewer: what this service takes the asker for, and what he may still spend. Not for how a key is checked."""

import strawberry

from schema.agencies import Agency
from schema.enums import Duty, ViewerDoor
from schema.plan.mapping import Asked, One, mapped, row
from schema.subjects import Enterprise, IndividualBusiness, Practitioner


@strawberry.type(description="查询者 viewer：本服务认定的您是谁、从哪一扇门看、本分钟还有多少额度")
@row("head")
class Viewer:
    """查询者."""

    name: str | None = mapped("名称 name：密钥登记的名称；公众为 null", Asked("actor"))
    door: ViewerDoor = mapped("门 door", Asked("door"))
    agency: Agency | None = mapped("所属机关 agency；不是工作人员时为 null", One("{item}.id = {asked_agency}"))
    duties: list[Duty] = mapped("岗位 duties；不是工作人员时为空", Asked("duties"))
    partner_code: str | None = mapped(
        "合作方代码 partner code；不是合作方，或没有有效的授权时为 null", Asked("partner")
    )
    enterprise: Enterprise | None = mapped(
        "密钥所属的企业 enterprise；不是信用主体时为 null", One("{item}.id = {asked_subject}")
    )
    individual_business: IndividualBusiness | None = mapped(
        "密钥所属的个体工商户 individual business", One("{item}.id = {asked_subject}")
    )
    practitioner: Practitioner | None = mapped(
        "密钥所属的从业人员 practitioner，已脱敏", One("{item}.id = {asked_subject}")
    )
    points_limit: int | None = mapped("每分钟额度 points limit，以 extensions.cost 的行数计", Asked("points_limit"))
    points_left: int | None = mapped("本分钟剩余额度 points left", Asked("points_left"))
    points_reset_in: int | None = mapped("额度恢复还需的秒数 points reset in", Asked("points_reset_in"))


@strawberry.type
class ViewerQuery:
    """查询者的查询根."""

    viewer: Viewer = mapped("查询者 viewer：我是谁，还有多少额度", One("true"))
