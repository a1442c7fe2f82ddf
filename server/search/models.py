"""检索名称 the tables by which names are found: derived from the subjects, no facts. Not for searching.

``server/journal/name_index.py`` keeps ``name_search`` in the transaction that changes a subject;
``server/jobs/names.py`` deals the ranks and counts the grams anew.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import text_or_none


class NameSearch(Model):
    """检索名称: one row per enterprise and individual business, as it stands now; derived, without history."""

    #: 主体标识: the enterprise's or individual business's own id
    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    #: 种类: enterprise 企业, individual_business 个体工商户
    kind: Field[str] = fields.TextField()
    #: 企业
    enterprise_id: Field[UUID | None] = fields.UUIDField(null=True)
    #: 个体工商户
    individual_business_id: Field[UUID | None] = fields.UUIDField(null=True)
    #: 名称 as the subject has it
    name: Field[str] = fields.TextField()
    #: 名称主干: normal form without organisation suffix
    core: Field[str] = fields.TextField()
    #: 字号; empty where none was made out
    brand: Field[str] = fields.TextField()
    #: 检索词: characters, pairs, words, brand, initials (=…), filters (@…)
    tokens: Field[list[str]] = ArrayField("text")
    #: 名次 from 1: dealt by what the public door shows; new names follow at the end
    rank: Field[int] = fields.IntField()
    #: 登记地行政区划代码
    division_code: Field[str] = fields.TextField()
    #: 经营领域
    sector: Field[str | None] = text_or_none()
    #: 经营状态
    state: Field[str] = fields.TextField()
    #: 修订: revision that made the subject's present version
    revision: Field[int] = fields.BigIntField()
    #: 公开范围
    scope: Field[str] = fields.TextField()
    #: 公示起
    disclosed_from: Field[date] = fields.DateField()
    #: 停止公示日
    disclosed_until: Field[date | None] = fields.DateField(null=True)
    #: 撤下日
    withdrawn_on: Field[date | None] = fields.DateField(null=True)
    #: 数源单位
    source_unit_id: Field[UUID] = fields.UUIDField()

    class Meta:
        table = "name_search"


class GramDf(Model):
    """词频 in how many names that the public sees a token stands, when ranks were last dealt; rare ones are left out."""

    #: 检索词; the empty one counts the names
    gram: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 名称数
    df: Field[int] = fields.IntField()

    class Meta:
        table = "gram_df"
