"""信用承诺 table of commitments. Not for their templates."""

from __future__ import annotations

from datetime import date

from tortoise import fields
from tortoise.fields import Field

from server.subjects.models import OfParty


class Commitment(OfParty):
    """信用承诺: signed by a subject; kinds 审批替代, 容缺受理, 主动公示, 行业自律, 信用修复, 证明事项, 轻微免罚."""

    #: 承诺类型
    kind: Field[str] = fields.TextField()
    #: 承诺事项
    matter: Field[str] = fields.TextField()
    #: 承诺内容, as signed
    content: Field[str] = fields.TextField()
    #: 承诺内容, public form
    content_public: Field[str] = fields.TextField()
    #: 违诺责任
    breach_duty: Field[str] = fields.TextField()
    #: 签署日期
    signed_on: Field[date] = fields.DateField()
    #: 有效期至 (last valid day); null = long term
    valid_until: Field[date | None] = fields.DateField(null=True)
    #: 履约状态: open 履行中, kept 履约, partly 部分履约, broken 违诺
    state: Field[str] = fields.TextField()
    #: 受理单位
    authority_name: Field[str] = fields.TextField()

    class Meta:
        table = "commitment"
