"""账户 issues, finds and revokes API keys. Not for what a viewer may see: his door decides that.

A key is 256 random bits; only its SHA-256 is stored, so that a copy of the database opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID, uuid4

import asyncpg

from server.database.connection import Database
from server.disclosure.masking import mask_text
from server.disclosure.views import standing
from server.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.subjects.agencies import get_agency_id
from server.viewer import Door, Duty, Viewer

PREFIX = "xintu_"
#: Points of cost a minute unless the key says otherwise: more than three times what one address without a key has,
#: for behind a key stand several people. Some four hundred usual queries a minute.
DEFAULT_QUOTA = 200_000
#: A larger one limits nothing.
MOST_QUOTA = 1_000_000_000
#: Actors that are no key; the command line writes as «命令行:…».
RESERVED = frozenset({"anonymous", "migrate", "示例数据", "system"})


class KeyRole(StrEnum):
    """身份 of a key. Each opens exactly one door."""

    OFFICER = "officer"  # 工作人员
    GOVERNMENT = "government"  # 其他政府机关
    PARTNER = "partner"  # 合作方
    SUBJECT = "subject"  # 信用主体
    DEVICE = "device"  # 终端


@dataclass(frozen=True, slots=True)
class KeyLine:
    """一行密钥 as ``account list`` shows it; never the key."""

    label: str
    role: str
    agency_code: str | None
    duties: tuple[str, ...]
    quota_per_minute: int
    created_at: datetime
    revoked_at: datetime | None


def key_hash(key: str) -> bytes:
    """Gives what is stored of a key. The key is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(key.encode()).digest()


async def viewer_for(database: Database, key: str) -> Viewer:
    """Gives the viewer of a key; raises ``Unauthenticated`` for an unknown and for a revoked one alike."""
    async with database.desk() as connection:
        row = await connection.fetchrow(
            "SELECT k.label, k.role, k.duties, k.agency_id, k.subject_id, k.partner, k.quota_per_minute,"
            " a.code AS agency_code"
            " FROM api_key k LEFT JOIN agency a ON a.id = k.agency_id WHERE k.key_hash = $1 AND k.revoked_at IS NULL"
            # The officers of an abolished agency have no door any more.
            f" AND (k.agency_id IS NULL OR {standing('a')})",
            key_hash(key),
        )
    if row is None:
        raise Unauthenticated("密钥无效或已吊销。请核对 Authorization 头，或向主管部门申请新的密钥。")
    return await _viewer(database, row)


async def _viewer(database: Database, row: asyncpg.Record) -> Viewer:
    actor, quota = row["label"], row["quota_per_minute"]
    match KeyRole(row["role"]):
        case KeyRole.OFFICER:
            duties = frozenset(Duty(d) for d in row["duties"])
            return Viewer(Door.AGENCY, actor, row["agency_id"], row["agency_code"], duties, quota_per_minute=quota)
        case KeyRole.GOVERNMENT:
            return Viewer(Door.GOVERNMENT, actor, agency_code=row["agency_code"], quota_per_minute=quota)
        case KeyRole.SUBJECT:
            return Viewer(Door.SUBJECT, actor, subject=row["subject_id"], quota_per_minute=quota)
        case KeyRole.DEVICE:
            return Viewer(Door.DEVICE, actor, fleet=row["subject_id"], quota_per_minute=quota)
        case KeyRole.PARTNER:
            partner = Viewer(Door.SUBJECT, actor, partner=row["partner"], quota_per_minute=quota)
            # Without a live authorisation a partner is the public, and his answers may be cached as the public's.
            live = await database.fetch_text(partner, "SELECT 'yes' WHERE EXISTS (SELECT FROM authorisation)")
            return partner if live else Viewer(Door.PUBLIC, actor, quota_per_minute=quota)


async def issue_key(
    database: Database,
    *,
    label: str,
    role: KeyRole,
    agency_code: str | None = None,
    duties: Collection[Duty] = (Duty.CLERK,),
    subject: UUID | None = None,
    partner: str | None = None,
    quota_per_minute: int = DEFAULT_QUOTA,
) -> str:
    """Gives a new key, which is told this once; raises ``Conflict`` for a label in use, ``Invalid`` for what is missing."""
    _check_label(label)
    if role is KeyRole.OFFICER and agency_code is None:
        raise Invalid("工作人员的密钥要写明所属机关（--agency 机关代码）。")
    if role is KeyRole.SUBJECT and subject is None:
        raise Invalid("信用主体的密钥要写明主体（--subject 标识）。")
    if role is KeyRole.PARTNER and partner is None:
        raise Invalid("合作方的密钥要写明合作方名称（--partner）。")
    key = PREFIX + secrets.token_urlsafe(32)
    async with database.desk() as connection:
        agency = None if agency_code is None else await get_agency_id(connection, agency_code)
        try:
            await connection.execute(
                "INSERT INTO api_key (id, key_hash, label, role, duties, agency_id, subject_id, partner,"
                " quota_per_minute, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                uuid4(),
                key_hash(key),
                label.strip(),
                role.value,
                sorted(d.value for d in duties) if role is KeyRole.OFFICER else [],
                agency,
                subject,
                partner,
                quota_per_minute,
                datetime.now(UTC),
            )
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"名称“{label}”已经用过（吊销的也算，日志里仍有它）。请换一个名称，如 {label}2。") from error
    return key


def _check_label(label: str) -> None:
    """The label becomes the actor in the journal for ever: it must name one key and no person's number."""
    if not label.strip():
        raise Invalid("密钥需要一个名称（--label），它会写入操作日志。")
    if label.strip().lower() in RESERVED or ":" in label:
        raise Invalid(f"名称“{label}”由系统自用。请换一个名称（--label），如 经办甲。")
    if mask_text(label) != label:
        raise Invalid("名称（--label）中像是有证件号码或电话，而它会永久写入操作日志。请只写岗位和称呼，如 经办甲。")


async def revoke_key(database: Database, label: str) -> None:
    """Revokes a key; serving processes know within ``viewers.KEPT_SECONDS``.

    Raises ``NotFound`` when no live key has that label.
    """
    async with database.desk() as connection:
        done = await connection.execute(
            "UPDATE api_key SET revoked_at = $2 WHERE label = $1 AND revoked_at IS NULL", label, datetime.now(UTC)
        )
    if done == "UPDATE 0":
        raise _no_live_key(label)


async def set_quota(database: Database, label: str, quota_per_minute: int) -> None:
    """Gives a live key another quota, in points a minute; raises ``NotFound`` when no live key has that label."""
    async with database.desk() as connection:
        done = await connection.execute(
            "UPDATE api_key SET quota_per_minute = $2 WHERE label = $1 AND revoked_at IS NULL", label, quota_per_minute
        )
    if done == "UPDATE 0":
        raise _no_live_key(label)


def _no_live_key(label: str) -> NotFound:
    return NotFound(f"没有名称为“{label}”的有效密钥。用 python -m server account list 查看全部密钥。")


async def list_keys(database: Database) -> list[KeyLine]:
    """Gives all keys, newest first, without anything from which a key could be made."""
    async with database.desk() as connection:
        rows = await connection.fetch(
            "SELECT k.label, k.role, a.code AS agency_code, k.duties, k.quota_per_minute, k.created_at, k.revoked_at"
            " FROM api_key k LEFT JOIN agency a ON a.id = k.agency_id ORDER BY k.created_at DESC"
        )
    return [KeyLine(**{**row, "duties": tuple(row["duties"])}) for row in rows]
