"""信易+ benefit products and grants."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from schema.agencies import Agency
from schema.arguments import AGENCY, Filter, days, not_blank, page
from schema.disclosure import Disclosure, disclosure
from schema.nodes import Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Argument, Key, One, column, mapped, row

_NEWEST = Key("granted_on", "date")
GRANTED = days("granted_on", "granted", "授予日")
_PRODUCT = Filter(
    Argument("product", str | None, "产品代码 product", convert=not_blank("产品代码 product")),
    "{item}.benefit_product_id = (SELECT product_.id FROM benefit_product product_ WHERE product_.code = {product})",
)


@strawberry.type(description="信易+ 产品 benefit product：信易行、信易贷、信易租、信易批、信易保等")
@row("benefit_product", "BP")
class BenefitProduct(Node):
    """信易+ 产品."""

    code: str = column("产品代码 code", "code")
    name: str = column("产品名称 name", "name")
    content: str = column("激励内容 content", "content")
    eligibility: str = column("适用条件 eligibility", "eligibility")
    policy_title: str = column("政策文件名称 policy title", "policy_title")
    policy_document_number: str | None = column("政策文号 policy document number", "policy_document_number")
    operator_name: str = column("实施单位 operator name", "operator_name")
    valid_from: date = column("开始日 valid from", "valid_from")
    valid_until: date | None = column("结束日 valid until：失效的第一天", "valid_until")
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    disclosure: Disclosure = disclosure()
    grants: Connection[Annotated["BenefitGrant", strawberry.lazy("schema.benefits")]] = mapped(
        "此产品的授予 grants，按授予日，新的在前",
        **page("{item}.benefit_product_id = {row}.id", _NEWEST, *GRANTED, today_only=True),
    )


@strawberry.type(description="信易+ 授予 benefit grant：主体获得的一项激励")
@row("benefit_grant", "BG")
class BenefitGrant(Node):
    """信易+ 授予."""

    party: Party | None = party("获得者 party", "Enterprise", "IndividualBusiness", "Practitioner")
    product: BenefitProduct | None = mapped("产品 product", One("{item}.id = {row}.benefit_product_id"))
    granted_on: date = column("授予日 granted on", "granted_on")
    granted_until: date | None = column("终止日 granted until：不再享有的第一天", "granted_until")
    grade: str | None = column("授予时等级 grade", "grade")
    value_yuan: Decimal | None = column("优惠金额 value，元", "value_yuan", as_text=True)
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    disclosure: Disclosure = disclosure()


@strawberry.type
class BenefitQuery:
    """信易+ 的查询根."""

    benefit_product: BenefitProduct | None = mapped(
        "按产品代码查信易+ 产品 benefit product；没有或不公开都为 null",
        One("{item}.code = {code}"),
        arguments=[Argument("code", str, "产品代码 code")],
    )
    benefit_products: Connection[BenefitProduct] = mapped(
        "可以公开的信易+ 产品 benefit products，按产品代码",
        **page("true", Key("code", "text"), descending=False),
    )
    grants: Connection[BenefitGrant] = mapped(
        "可以公开的信易+ 授予 grants，按授予日，新的在前", **page("true", _NEWEST, _PRODUCT, AGENCY, *GRANTED)
    )
