"""账户 API keys, authorisations, access log, counted attempts. Not for sessions and passwords: they come with accounts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field
from tortoise.models import Model

from server.database.columns import link, text_or_none
from server.subjects.models import OfParty


class Authorisation(OfParty):
    """授权查询: a subject lets a partner read its scope ``authorised`` until a day."""

    #: 被授权方: the partner's stable name
    partner: Field[str] = fields.TextField()
    #: 授权起
    valid_from: Field[date] = fields.DateField()
    #: 授权止, first day not authorised
    valid_until: Field[date] = fields.DateField()

    class Meta:
        table = "authorisation"


class ApiKey(Model):
    """接口密钥: SHA-256 of 256 random bits; the key itself is shown once and kept nowhere. No fact."""

    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    #: 密钥摘要
    key_hash: Field[bytes] = fields.BinaryField()
    #: 名称, unique, written to the journal as actor
    label: Field[str] = fields.CharField(max_length=100, unique=True)
    #: 身份: officer, partner, government, subject, device
    role: Field[str] = fields.TextField()
    #: 岗位 of an officer
    duties: Field[list[str]] = ArrayField("text")
    #: 所属机关 of an officer or government body
    agency_id: UUID | None
    agency = link("Agency", null=True)
    #: 主体 a subject's own key reads for
    subject_id: Field[UUID | None] = fields.UUIDField(null=True)
    #: 合作方
    partner: Field[str | None] = text_or_none()
    #: 每分钟限额（点）
    quota_per_minute: Field[int] = fields.IntField()
    #: 签发时刻
    created_at: Field[datetime] = fields.DatetimeField()
    #: 吊销时刻
    revoked_at: Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta:
        table = "api_key"


class AccessLog(Model):
    """访问日志: who saw an unmasked person, when and for what. No fact; kept for its retention days."""

    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    #: 时刻
    at: Field[datetime] = fields.DatetimeField()
    #: 查询者
    actor: Field[str] = fields.TextField()
    #: 机关
    agency_id: Field[UUID | None] = fields.UUIDField(null=True)
    #: 行为: unmask …
    action: Field[str] = fields.TextField()
    #: 对象
    target_id: Field[UUID | None] = fields.UUIDField(null=True)
    #: 目的
    purpose: Field[str] = fields.TextField()

    class Meta:
        table = "access_log"


class Attempt(Model):
    """计次: who looked up a person by number (or logged in) when, never whom; found and unknown alike. No fact."""

    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    #: 种类: person 按证件号查人, login 登录
    kind: Field[str] = fields.TextField()
    #: 查询者: key:label, or address:HMAC; never an address
    asker: Field[str] = fields.TextField()
    #: 公众: without a key, also counted all together
    anonymous: Field[bool] = fields.BooleanField()
    #: 时刻
    at: Field[datetime] = fields.DatetimeField()

    class Meta:
        table = "attempt"
