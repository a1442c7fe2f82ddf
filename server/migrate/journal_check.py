"""日志核对 proves that no fact, version or journal row was changed past the journal. Not for permissions: see ``check.py``.

Every version's hash is computed again from its salt and columns, every transaction's from its entries and the one before.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from server.database.roles import TABLES_SCHEMA, quote
from server.disclosure.doors import FACTS
from server.journal.triggers import fact_columns, version_hash

#: Faults told per kind; the first few show where to look.
TOLD = 20

#: The same sentence as ``journal.transaction_hash``, written out: a check must not trust a function of what it checks.
COMPUTED = """
(SELECT sha256(t.previous || convert_to(
    t.revision || '|' || to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || '|' || length(t.actor) || ':' || t.actor || '|' || length(t.action) || ':' || t.action
    || '|' || length(t.reason) || ':' || t.reason || E'\\n'
    || coalesce(string_agg(e.table_name || '|' || e.id || '|' || e.operation::text || '|' || encode(e.hash, 'hex'),
        E'\\n' ORDER BY e.n), ''), 'UTF8'))
 FROM journal.entry e WHERE e.revision = t.revision)
"""

REVISIONS = f"""
SELECT t.revision, t.at, t.hash, t.previous, t.entries,
    {COMPUTED} AS computed,
    lag(t.hash, 1, sha256('xintu')) OVER w AS before,
    lag(t.revision, 1, 0::bigint) OVER w AS revision_before,
    lag(t.at) OVER w AS at_before,
    (SELECT count(*) FROM journal.entry e WHERE e.revision = t.revision) AS counted
FROM journal.transaction t WINDOW w AS (ORDER BY t.revision)
"""

REVISION_FAULTS = f"""
SELECT revision,
    CASE WHEN revision <> revision_before + 1 THEN '修订号不连续'
         WHEN at <= at_before THEN '时刻早于上一修订'
         WHEN hash IS NULL THEN '没有封存'
         WHEN previous <> before THEN '与上一修订的哈希不相接'
         WHEN entries <> counted THEN '条目数不符'
         ELSE '哈希不符' END AS fault
FROM ({REVISIONS}) r
WHERE revision <> revision_before + 1 OR at <= at_before OR hash IS NULL OR previous <> before
    OR entries IS DISTINCT FROM counted OR computed IS DISTINCT FROM hash
ORDER BY revision LIMIT {TOLD}
"""

HEAD_FAULT = """
SELECT h.revision FROM journal.head h
LEFT JOIN journal.transaction t ON t.revision = (SELECT max(revision) FROM journal.transaction)
WHERE h.revision <> coalesce(t.revision, 0) OR h.hash <> coalesce(t.hash, sha256('xintu')) OR h.at <> coalesce(t.at, h.at)
"""


async def journal_faults(
    connection: asyncpg.Connection, *, progress: Callable[[str], object] = lambda _: None
) -> list[str]:
    """Gives what does not fit, one Chinese sentence each; empty when every hash is right. Reads every row once."""
    # The text form of dates must not depend on who asks.
    await connection.execute("SET datestyle = 'ISO, YMD'")
    progress("修订链")
    faults = [f"修订 {row['revision']}：{row['fault']}。" for row in await connection.fetch(REVISION_FAULTS)]
    if await connection.fetchval(HEAD_FAULT) is not None:
        faults.append("最新修订（journal.head）与修订链的末尾不符。")
    unknown = await connection.fetch(
        "SELECT DISTINCT table_name FROM journal.entry WHERE table_name <> ALL ($1)", list(FACTS)
    )
    faults += [f"日志提到不存在的事实表 {row['table_name']}。" for row in unknown]
    for table in FACTS:
        progress(table)
        faults += await _version_faults(connection, table)
    return faults


async def _version_faults(connection: asyncpg.Connection, table: str) -> list[str]:
    """Holds every version of a table against its entry, and the versions of each row against each other."""
    current = await fact_columns(connection, table)
    past = await fact_columns(connection, table, "history")
    past = [c for c in past if c.name != "revision_until"]
    versions = (
        f"SELECT t.id, t.revision_from, NULL::bigint AS revision_until, {version_hash(current, 't')} AS hash"
        f" FROM {TABLES_SCHEMA}.{quote(table)} t UNION ALL"
        f" SELECT h.id, h.revision_from, h.revision_until, {version_hash(past, 'h')} FROM history.{quote(table)} h"
    )
    query = f"""
WITH version AS MATERIALIZED (
    SELECT v.*, lead(revision_from) OVER w AS next_from, lag(revision_from) OVER w IS NULL AS first
    FROM ({versions}) v WINDOW w AS (PARTITION BY id ORDER BY revision_from)
)
SELECT coalesce(v.id, e.id) AS id, coalesce(v.revision_from, e.revision) AS revision,
    CASE WHEN v.id IS NULL THEN '日志有记录而版本不见了'
         WHEN e.id IS NULL THEN '版本没有日志记录'
         WHEN e.hash <> v.hash THEN '内容与日志的哈希不符'
         WHEN (e.operation = 'I') <> v.first THEN '首个版本与日志的操作不符'
         ELSE '版本的起止修订不相接' END AS fault
FROM version v
FULL JOIN (SELECT * FROM journal.entry WHERE table_name = $1) e ON e.id = v.id AND e.revision = v.revision_from
WHERE v.id IS NULL OR e.id IS NULL OR e.hash <> v.hash OR (e.operation = 'I') <> v.first
    OR v.next_from IS DISTINCT FROM v.revision_until
ORDER BY 2, 1 LIMIT {TOLD}"""
    rows = await connection.fetch(query, table)
    return [f"{table} {row['id']} 修订 {row['revision']}：{row['fault']}。" for row in rows]
