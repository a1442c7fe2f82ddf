"""公示 the columns from which every door computes what it shows. Not for the rules that fill them: ``rules.py``."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tortoise import fields
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import link, text_or_none
from server.journal.models import Versioned


class Disclosed(Versioned):
    """可公示的事实: a fact with its scope and its half-open term of disclosure, computed when it is written."""

    #: 公开范围
    scope: Field[str] = fields.TextField()
    #: 公示起: first day shown
    disclosed_from: Field[date] = fields.DateField()
    #: 停止公示日: first day not shown; null = long term
    disclosed_until: Field[date | None] = fields.DateField(null=True)
    #: 撤下日: hides at once
    withdrawn_on: Field[date | None] = fields.DateField(null=True)
    #: 撤下原因
    withdrawal: Field[str | None] = text_or_none()
    #: 异议标注日: shown, and marked as disputed
    disputed_on: Field[date | None] = fields.DateField(null=True)
    #: 公示期限版本: id of the ``disclosure_term`` that set the dates
    terms_edition: Field[str] = fields.TextField()
    #: 数源单位: the agency that sent the row and may see it unpublished
    source_unit_id: UUID | None
    source_unit = link("Agency", null=True)

    class Meta(Versioned.Meta):
        abstract = True


class DisclosureTerm(Model):
    """公示期限版本: what a fact's ``terms_edition`` names, with its source."""

    #: e.g. ``penalty.general@2026-04-01``
    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 条目, e.g. ``penalty.general``
    key: Field[str] = fields.TextField()
    #: 次序 in the rule file, from 1
    position: Field[int] = fields.IntField()
    #: 事项
    term: Field[str] = fields.TextField()
    #: 生效日
    valid_from: Field[date] = fields.DateField()
    #: 失效日: acts from this day stand under a later version; null = in force
    valid_until: Field[date | None] = fields.DateField(null=True)
    #: 社会公开: false where the public sees no such fact
    shown: Field[bool] = fields.BooleanField()
    #: 公示起算: in_store, effective
    starts: Field[str] = fields.TextField()
    #: 公示截止: decided, valid_until, effective_until, listed_until, never
    ends: Field[str] = fields.TextField()
    #: 可申请修复: shortest_term, next_day, none
    repair_opens: Field[str] = fields.TextField()
    #: 最短公示期（月）
    shortest_months: Field[int | None] = fields.IntField(null=True)
    #: 最长公示期（月）
    longest_months: Field[int | None] = fields.IntField(null=True)
    #: 依据: title, number and article in one line
    basis: Field[str] = fields.TextField()
    #: 依据网址
    url: Field[str | None] = text_or_none()
    #: 核实程度: verified, known, uncertain — of the least certain source that counts
    mark: Field[str] = fields.TextField()

    class Meta:
        table = "disclosure_term"


class ReferenceState(Model):
    """参考数据状态: one row per key, e.g. the hash of the disclosure rules loaded and of those last applied."""

    id: Field[str] = fields.CharField(max_length=100, primary_key=True)
    #: 内容
    content: Field[str] = fields.TextField()

    class Meta:
        table = "reference_state"
