"""幂等 a repeated idempotency key writes once and answers the same. Not for telling whether two requests do the same:
the caller says so by ``request``, a plain description of everything that matters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from uuid import UUID, uuid4

import asyncpg

from server.errors import Conflict, Invalid

_LONGEST_KEY = 200


def request_hash(request: Mapping[str, object]) -> str:
    """Gives SHA-256 of a request, hexadecimal; the request itself, which may name persons, is not kept."""
    plain = json.dumps(request, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


async def find_answer(connection: asyncpg.Connection, actor: str, key: str | None, hash_: str) -> UUID | None:
    """Gives the id that answered the same request before; raises ``Conflict`` when the key served another one."""
    if key is None:
        return None
    if not key.strip() or len(key) > _LONGEST_KEY:
        raise Invalid(f"幂等键不能为空，且不超过{_LONGEST_KEY}个字符；请为每次操作生成一个新的键")
    row = await connection.fetchrow(
        "SELECT request_hash, result_id FROM idempotency_key WHERE actor = $1 AND key = $2", actor, key
    )
    if row is None:
        return None
    if row["request_hash"] != hash_:
        raise Conflict("这个幂等键已用于另一次内容不同的操作；请换一个新的键重试")
    answer: UUID = row["result_id"]
    return answer


async def keep_answer(connection: asyncpg.Connection, actor: str, key: str | None, hash_: str, result_id: UUID) -> None:
    """Keeps the answer in the same transaction as the write it answers."""
    if key is not None:
        await connection.execute(
            "INSERT INTO idempotency_key (id, actor, key, request_hash, result_id, created_at)"
            " VALUES ($1, $2, $3, $4, $5, now())",
            uuid4(),
            actor,
            key,
            hash_,
            result_id,
        )
