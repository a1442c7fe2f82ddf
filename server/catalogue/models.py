"""目录、清单与术语 reference tables, loaded from YAML by ``migrate``; never written by a service. No facts."""

from __future__ import annotations

from datetime import date

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import text_or_none


class CatalogueItem(Model):
    """目录事项: an item of one edition of the catalogue of public credit information."""

    #: edition and code, e.g. ``2024:XZ-01``
    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 目录名称
    edition_title: Field[str] = fields.TextField()
    #: 目录版本
    edition: Field[str] = fields.TextField()
    #: 版本生效日
    edition_from: Field[date] = fields.DateField()
    #: 版本失效日, first day not in force
    edition_until: Field[date | None] = fields.DateField(null=True)
    #: 次序 within the edition, from 1
    position: Field[int] = fields.IntField()
    #: 事项代码
    code: Field[str] = fields.TextField()
    #: 事项名称
    name: Field[str] = fields.TextField()
    #: 类别 of the national catalogue
    catalogue_class: Field[str] = fields.TextField()
    #: 信息性质: basic, positive, negative
    nature: Field[str] = fields.TextField()
    #: 共享方式
    scope: Field[str] = fields.TextField()
    #: 主体类型
    subject_kinds: Field[list[str]] = ArrayField("text")
    #: 提供单位 in words
    provider: Field[str] = fields.TextField()
    #: 更新周期
    update_cycle: Field[str] = fields.TextField()
    #: 法律依据
    legal_basis: Field[str] = fields.TextField()
    #: 出处: where the item stands, in one line
    source: Field[str] = fields.TextField()
    #: 出处网址
    url: Field[str | None] = text_or_none()
    #: 核实程度: verified, known, uncertain
    mark: Field[str] = fields.TextField()

    class Meta:
        table = "catalogue_item"


class MeasureItem(Model):
    """措施清单事项: a measure of one edition of the list."""

    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 清单名称
    edition_title: Field[str] = fields.TextField()
    #: 清单版本
    edition: Field[str] = fields.TextField()
    #: 版本生效日
    edition_from: Field[date] = fields.DateField()
    #: 版本失效日
    edition_until: Field[date | None] = fields.DateField(null=True)
    #: 次序 within the edition, from 1
    position: Field[int] = fields.IntField()
    #: 事项代码
    code: Field[str] = fields.TextField()
    #: 措施种类
    kind: Field[str] = fields.TextField()
    #: 措施内容
    content: Field[str] = fields.TextField()
    #: 对象
    targets: Field[str] = fields.TextField()
    #: 主体类型
    subject_kinds: Field[list[str]] = ArrayField("text")
    #: 法律依据
    legal_basis: Field[str] = fields.TextField()
    #: 实施主体
    authority: Field[str] = fields.TextField()
    #: 出处: where the item stands, in one line
    source: Field[str] = fields.TextField()
    #: 出处网址
    url: Field[str | None] = text_or_none()
    #: 核实程度: verified, known, uncertain
    mark: Field[str] = fields.TextField()

    class Meta:
        table = "measure_item"


class GlossaryTerm(Model):
    """术语: a word of this service, its English identifier, and what it means."""

    #: the identifier that code and API use, e.g. ``Penalty``, ``disclosed_until``
    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 次序, from 1
    position: Field[int] = fields.IntField()
    #: 术语
    term: Field[str] = fields.TextField()
    #: 英文
    english: Field[str] = fields.TextField()
    #: 含义 in one sentence
    definition: Field[str] = fields.TextField()
    #: 出处: a law and its article, or this system
    source: Field[str] = fields.TextField()

    class Meta:
        table = "glossary_term"
