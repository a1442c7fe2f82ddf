"""导入 batches and the correction queue. No facts: personal cells are purged when a row is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import link, text_or_none


class ImportBatch(Model):
    """批次: one run of one file or upload."""

    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    agency_id: UUID
    agency = link("Agency")
    #: 操作者
    actor: Field[str] = fields.TextField()
    #: 文件名, without its folder
    file_name: Field[str] = fields.TextField()
    #: 文件摘要 SHA-256, hexadecimal
    file_hash: Field[str] = fields.TextField()
    #: 状态: running 进行中, done 完成, failed 失败
    state: Field[str] = fields.TextField()
    #: 失败原因 for a clerk
    failure: Field[str | None] = text_or_none()
    #: 开始时刻
    started_at: Field[datetime] = fields.DatetimeField()
    #: 结束时刻
    finished_at: Field[datetime | None] = fields.DatetimeField(null=True)
    #: 总行数
    rows_total: Field[int] = fields.IntField(default=0)
    #: 新增
    rows_new: Field[int] = fields.IntField(default=0)
    #: 更正
    rows_changed: Field[int] = fields.IntField(default=0)
    #: 未变
    rows_unchanged: Field[int] = fields.IntField(default=0)
    #: 退回
    rows_rejected: Field[int] = fields.IntField(default=0)
    #: 迟报: new rows after their deadline
    rows_late: Field[int] = fields.IntField(default=0, db_default=0)
    #: 工作表级提示: unknown columns, sheets passed over, masked
    notes: Field[Any] = fields.JSONField(default=list)

    class Meta:
        table = "import_batch"


class Correction(Model):
    """待更正数据 (退回数据): a row that did not go in, with the clerk's own cells until it is settled."""

    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    batch_id: UUID
    batch = link("ImportBatch")
    agency_id: UUID
    agency = link("Agency")
    #: 表: licence or penalty
    kind: Field[str] = fields.TextField()
    #: 工作表
    sheet: Field[str] = fields.TextField()
    #: 行号 as Excel counts
    row_number: Field[int] = fields.IntField()
    #: 文号 (no personal data); null when unreadable
    document_number: Field[str | None] = text_or_none()
    #: 原始单元格: national column code → text; purged when settled
    cells: Field[Any] = fields.JSONField(null=True)
    #: 错误清单: column, rule, message
    faults: Field[Any] = fields.JSONField()
    #: 同一行的指纹: the same bad row twice is one queue entry
    fingerprint: Field[str] = fields.TextField()
    #: 状态: open 待更正, settled 已更正, dropped 已放弃
    state: Field[str] = fields.TextField()
    #: 入队时刻
    created_at: Field[datetime] = fields.DatetimeField()
    #: 处理时刻
    settled_at: Field[datetime | None] = fields.DatetimeField(null=True)
    #: 入库记录: licence or penalty that settled the row
    settled_by: Field[UUID | None] = fields.UUIDField(null=True)

    class Meta:
        table = "correction"


class IdempotencyKey(Model):
    """幂等键: a repeated key writes once and answers the same."""

    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    #: 操作者 and key together are unique
    actor: Field[str] = fields.TextField()
    #: 幂等键
    key: Field[str] = fields.TextField()
    #: 请求摘要: the same key for other input is refused
    request_hash: Field[str] = fields.TextField()
    #: 结果 id
    result_id: Field[UUID] = fields.UUIDField()
    #: 时刻
    created_at: Field[datetime] = fields.DatetimeField()

    class Meta:
        table = "idempotency_key"
