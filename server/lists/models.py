"""名单 tables of list entries. Not for who gets on a list: those rules come later."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.fields import Field

from server.database.columns import link, text_or_none
from server.journal.models import Versioned
from server.subjects.models import OfParty


class ListKind(StrEnum):
    """名单种类."""

    SERIOUS = "serious"  # 严重失信主体名单
    OVERLOAD = "overload"  # 严重违法失信超限超载名单
    FOCUS = "focus"  # 重点关注名单
    HONEST = "honest"  # 守信激励名单


class ListEntry(OfParty):
    """名单条目: half-open from ``listed_on`` to ``listed_until``."""

    #: 名单种类
    kind: Field[str] = fields.TextField()
    vehicle_id: UUID | None
    vehicle = link("Vehicle", null=True)
    #: 认定标准条款
    criterion: Field[str] = fields.TextField()
    #: 列入事由, as written
    reason: Field[str] = fields.TextField()
    #: 列入事由, public form
    reason_public: Field[str] = fields.TextField()
    #: 公示批次, e.g. 2026Q3
    batch: Field[str | None] = text_or_none()
    #: 认定文书号
    document_number: Field[str] = fields.TextField()
    #: 认定机关
    authority_name: Field[str] = fields.TextField()
    #: 列入日期
    listed_on: Field[date] = fields.DateField()
    #: 移出日期, first day not listed
    listed_until: Field[date | None] = fields.DateField(null=True)
    #: 目录版本
    catalogue_edition: Field[str] = fields.TextField()
    #: 目录事项
    catalogue_item: Field[str] = fields.TextField()

    class Meta:
        table = "list_entry"


class ListMeasure(Versioned):
    """惩戒或激励措施 applied by an entry; must stand in the measure list of its date (清单之外不惩戒)."""

    list_entry_id: UUID
    list_entry = link("ListEntry")
    #: 清单版本
    measure_edition: Field[str] = fields.TextField()
    #: 清单事项
    measure_item: Field[str] = fields.TextField()

    class Meta:
        table = "list_measure"


class ListEvidence(Versioned):
    """列入依据: an edge to the fact; shown only where the fact itself is shown."""

    list_entry_id: UUID
    list_entry = link("ListEntry")
    penalty_id: UUID | None
    penalty = link("Penalty", null=True)
    act_id: UUID | None
    act = link("Act", null=True)

    class Meta:
        table = "list_evidence"
