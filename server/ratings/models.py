"""信用评价 tables of rating results, and the register of the standards they follow. Not for computing them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import link, text_or_none
from server.journal.models import Versioned
from server.subjects.models import OfParty


class Rating(OfParty):
    """信用评价结果: one subject, one standard, one period."""

    vehicle_id: UUID | None
    vehicle = link("Vehicle", null=True)
    #: 评价标准
    standard: Field[str] = fields.TextField()
    #: 标准版本: day from which that version holds
    standard_version: Field[date] = fields.DateField()
    #: 评价周期首日
    period_from: Field[date] = fields.DateField()
    #: 评价周期末日, included
    period_until: Field[date] = fields.DateField()
    #: 评价得分（分）; null for a direct grade
    score: Field[Decimal | None] = fields.DecimalField(max_digits=9, decimal_places=3, null=True)
    #: 信用等级, in the letters of its standard
    grade: Field[str] = fields.TextField()
    #: 生效日
    effective_from: Field[date] = fields.DateField()
    #: 失效日, first day not in force
    effective_until: Field[date | None] = fields.DateField(null=True)

    class Meta:
        table = "rating"


class RatingPoint(Versioned):
    """指标得分: points of one indicator, made when the rating is written."""

    rating_id: UUID
    rating = link("Rating")
    #: 指标 in the order of the standard
    indicator: Field[str] = fields.TextField()
    #: 顺序
    position: Field[int] = fields.IntField()
    #: 得分（分）
    points: Field[Decimal] = fields.DecimalField(max_digits=9, decimal_places=3)
    #: 满分（分）
    full_points: Field[Decimal] = fields.DecimalField(max_digits=9, decimal_places=3)

    class Meta:
        table = "rating_point"


class RatingBasis(Versioned):
    """评价依据: an edge to the fact that counted; shown only where the fact itself is shown."""

    rating_id: UUID
    rating = link("Rating")
    licence_id: UUID | None
    licence = link("Licence", null=True)
    penalty_id: UUID | None
    penalty = link("Penalty", null=True)
    act_id: UUID | None
    act = link("Act", null=True)

    class Meta:
        table = "rating_basis"


class RoofLightStar(Model):
    """亮星对照 reference: stars a grade of a standard lights (GRADE_MAP), loaded from ``stars.yaml``. No fact."""

    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 评价标准
    standard: Field[str] = fields.TextField()
    #: 信用等级
    grade: Field[str] = fields.TextField()
    #: 亮星数, 0–5
    stars: Field[int] = fields.IntField()

    class Meta:
        table = "roof_light_star"


class RatingStandard(Model):
    """评价标准 reference: one version of a rating standard, loaded from ``standards.yaml``. No fact."""

    #: key and first day, e.g. ``taxi_driver@2022-05-27``
    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 标准代码, as in ``rating.standard``
    key: Field[str] = fields.TextField()
    #: 次序 in the register, from 1; versions of one standard stand together, oldest first
    position: Field[int] = fields.IntField()
    #: 标准名称
    name: Field[str] = fields.TextField()
    #: 施行日, as in ``rating.standard_version``
    valid_from: Field[date] = fields.DateField()
    #: 失效日, first day not in force; null = in force
    valid_until: Field[date | None] = fields.DateField(null=True)
    #: 主体类型
    subject_kinds: Field[list[str]] = ArrayField("text")
    #: 评价对象 in words
    targets: Field[str] = fields.TextField()
    #: 发布机关
    issuer: Field[str] = fields.TextField()
    #: 文号
    document_number: Field[str | None] = text_or_none()
    #: 依据: title, number and article in one line
    basis: Field[str] = fields.TextField()
    #: 依据网址
    url: Field[str | None] = text_or_none()
    #: 评价周期 in words
    cycle: Field[str] = fields.TextField()
    #: 等级: best first, each with ``grade`` and ``meaning``
    grades: Field[Any] = fields.JSONField()
    #: 结果有效期 in words; null = the source tells none
    validity: Field[str | None] = text_or_none()
    #: 核实程度: verified, known, uncertain
    mark: Field[str] = fields.TextField()
    #: 待核实说明: what is not certain
    note: Field[str | None] = text_or_none()

    class Meta:
        table = "rating_standard"
