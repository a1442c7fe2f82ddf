"""信用评价 tables of rating results. Not for computing them: the standards come as dated YAML later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from tortoise import fields
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import link
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
