"""目录与清单 reference tables, loaded from dated YAML by ``migrate``; never written by a service. No facts."""

from __future__ import annotations

from datetime import date

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field
from tortoise.models import Model


class CatalogueItem(Model):
    """目录事项: an item of one edition of the catalogue of public credit information."""

    #: edition and code, e.g. ``2024:XZ-01``
    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 目录版本
    edition: Field[str] = fields.TextField()
    #: 版本生效日
    edition_from: Field[date] = fields.DateField()
    #: 版本失效日, first day not in force
    edition_until: Field[date | None] = fields.DateField(null=True)
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

    class Meta:
        table = "catalogue_item"


class MeasureItem(Model):
    """措施清单事项: a measure of one edition of the list."""

    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 清单版本
    edition: Field[str] = fields.TextField()
    #: 版本生效日
    edition_from: Field[date] = fields.DateField()
    #: 版本失效日
    edition_until: Field[date | None] = fields.DateField(null=True)
    #: 事项代码
    code: Field[str] = fields.TextField()
    #: 措施种类
    kind: Field[str] = fields.TextField()
    #: 措施内容
    content: Field[str] = fields.TextField()
    #: 对象
    targets: Field[str] = fields.TextField()
    #: 法律依据
    legal_basis: Field[str] = fields.TextField()
    #: 实施主体
    authority: Field[str] = fields.TextField()

    class Meta:
        table = "measure_item"
