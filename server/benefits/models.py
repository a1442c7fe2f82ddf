"""信易+ tables of products and grants. Not for eligibility: predicates come as dated YAML later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from tortoise import fields
from tortoise.fields import Field

from server.database.columns import link, text_or_none
from server.disclosure.models import Disclosed
from server.subjects.models import OfParty


class BenefitProduct(Disclosed):
    """信易+ 产品: 信易行, 信易贷, 信易租, 信易批, 信易保 …"""

    #: 产品代码
    code: Field[str] = fields.TextField()
    #: 产品名称
    name: Field[str] = fields.TextField()
    #: 激励内容
    content: Field[str] = fields.TextField()
    #: 适用条件 in words
    eligibility: Field[str] = fields.TextField()
    #: 政策文件名称
    policy_title: Field[str] = fields.TextField()
    #: 政策文号
    policy_document_number: Field[str | None] = text_or_none()
    #: 实施单位
    operator_name: Field[str] = fields.TextField()
    #: 开始日
    valid_from: Field[date] = fields.DateField()
    #: 结束日, first day not valid
    valid_until: Field[date | None] = fields.DateField(null=True)

    class Meta:
        table = "benefit_product"


class BenefitGrant(OfParty):
    """信易+ 授予: a product given to a subject, with the grade it had on that day."""

    benefit_product_id: UUID
    benefit_product = link("BenefitProduct")
    #: 授予日
    granted_on: Field[date] = fields.DateField()
    #: 终止日, first day not held
    granted_until: Field[date | None] = fields.DateField(null=True)
    #: 授予时等级
    grade: Field[str | None] = text_or_none()
    #: 优惠金额（元）
    value_yuan: Field[Decimal | None] = fields.DecimalField(max_digits=20, decimal_places=2, null=True)

    class Meta:
        table = "benefit_grant"
