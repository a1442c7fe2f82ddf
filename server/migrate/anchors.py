"""锚点 the head of the journal, noted outside the database at each check: whoever rewrites the end of the chain there
cannot rewrite what was noted. Not for the chain itself: see ``journal_check.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import asyncpg

from server.errors import Invalid

HEAD = "SELECT revision, at::text AS at, encode(hash, 'hex') AS hash FROM journal.head"


async def anchor_faults(connection: asyncpg.Connection, file: Path) -> list[str]:
    """Gives the noted revisions that the database no longer has as noted, one Chinese sentence each."""
    faults = []
    for number, line in enumerate(_lines(file), start=1):
        try:
            noted = json.loads(line)
            revision, hash_ = int(noted["revision"]), str(noted["hash"])
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(f"锚点文件 {file.name} 第 {number} 行无法读取；请从备份恢复这个文件后重试。") from error
        found = await connection.fetchval(
            "SELECT encode(hash, 'hex') FROM journal.transaction WHERE revision = $1", revision
        )
        if revision and found != hash_:
            faults.append(f"修订 {revision} 与 {noted.get('at', '')} 记下的锚点不符：其后的日志被改写或截去。")
    return faults


async def note_anchor(connection: asyncpg.Connection, file: Path) -> None:
    """Appends today's head; the same head is noted once."""
    head = dict(await connection.fetchrow(HEAD))
    line = json.dumps(head, ensure_ascii=False)
    lines = _lines(file)
    if not lines or lines[-1] != line:
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []
