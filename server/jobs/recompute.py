"""重算公示期限 rewrites the facts whose disclosure a changed edition of the rules changes. Not for new facts: whoever
writes them asks the same rule.

Journalled, in chunks; until it has run to its end, ``check`` and readiness say that facts stand under old rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from server.database.connection import Database
from server.database.roles import quote
from server.disclosure.facts import DATED, fact_of
from server.errors import WrongSetting
from server.imports.law import Rules
from server.journal.actions import Action
from server.journal.service import write

#: Rows in one revision; a longer write would keep all others waiting.
CHUNK = 5000
COMPUTED = ("scope", "disclosed_from", "disclosed_until", "terms_edition")


#: Tables whose rows also carry a deadline, which a newly published calendar may move.
RECORDS = ("licence", "penalty", "act")


def recomputed(rules: Rules, table: str, row: Mapping[str, Any], scopes: Mapping[str, str]) -> dict[str, Any]:
    """Gives the columns of a row that the rules would write otherwise today; empty when it stands as it should."""
    now = dict(row)
    if table == "penalty":
        now["severity"] = rules.severity(row)
    if table in RECORDS:
        now["due_on"], provisional = rules.due(row["decided_on"], table)
        now["late_working_days"] = rules.calendar.workdays_late(now["due_on"], row["reported_on"])
        now["due_provisional"] = provisional or not rules.calendar.covers(row["decided_on"], row["reported_on"])
    # A row that came into the store on a day keeps that day as its first; registers and ratings began with theirs.
    known_on = row.get("reported_on") or row["disclosed_from"]
    shown = rules.terms.disclosure(
        fact_of(table, now, known_on=known_on, catalogue_scope=scopes.get(row.get("catalogue_item", "")))
    )
    now |= {name: getattr(shown, name) for name in COMPUTED}
    return {name: value for name, value in now.items() if value != row[name]}


async def stale_rows(database: Database, rules: Rules) -> dict[str, int]:
    """Gives per table how many rows the rules would write otherwise today: what ``check`` tells, without writing."""
    counts = {}
    async with database.writer() as connection:
        scopes = await _scopes(connection)
        for table in DATED:
            last, stale = UUID(int=0), 0
            while rows := await _chunk(connection, table, last):
                stale += sum(1 for row in rows if recomputed(rules, table, row, scopes))
                last = rows[-1]["id"]
            if stale:
                counts[table] = stale
    return counts


async def _scopes(connection: asyncpg.Connection) -> dict[str, str]:
    return {row["id"]: row["scope"] for row in await connection.fetch("SELECT id, scope FROM catalogue_item")}


async def recompute_disclosure(
    database: Database, rules: Rules, actor: str, *, progress: Callable[[str, int], object] = lambda *_: None
) -> dict[str, int]:
    """Rewrites what a changed edition changes; gives the number of new versions per table.

    Raises ``WrongSetting`` when the loaded rules are not the ones ``migrate`` put into the database.
    """
    async with database.writer() as connection:
        scopes = await _scopes(connection)
    if await database.state("disclosure_loaded") != rules.hash:
        raise WrongSetting("数据库中的规则与当前规则文件不同。请先运行 python -m server migrate，再重算。")
    counts = {}
    for table in DATED:
        counts[table] = await _table(database, rules, table, scopes, actor, progress)
    await database.set_state("disclosure_applied", rules.hash)
    return counts


async def _table(
    database: Database,
    rules: Rules,
    table: str,
    scopes: Mapping[str, str],
    actor: str,
    progress: Callable[[str, int], object],
) -> int:
    """Walks a table in key order; each chunk that has something to change is one write."""
    changed, last = 0, UUID(int=0)
    while True:
        async with database.writer() as connection:
            rows = await _chunk(connection, table, last)
        if not rows:
            return changed
        last = rows[-1]["id"]
        if any(recomputed(rules, table, row, scopes) for row in rows):
            changed += await _rewrite(database, rules, table, [row["id"] for row in rows], scopes, actor)
        progress(table, len(rows))


async def _chunk(connection: asyncpg.Connection, table: str, after: UUID) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await connection.fetch(
        f"SELECT * FROM {quote(table)} WHERE id > $1 ORDER BY id LIMIT {CHUNK}", after
    )
    return found


async def _rewrite(
    database: Database, rules: Rules, table: str, ids: list[UUID], scopes: Mapping[str, str], actor: str
) -> int:
    changed = 0
    async with write(database, actor, Action.DISCLOSURE_RECOMPUTE, f"公示规则变更后重算 {table}") as w:
        # Read again inside the write: another may have come between.
        for row in await w.connection.fetch(f"SELECT * FROM {quote(table)} WHERE id = ANY ($1)", ids):
            if values := recomputed(rules, table, row, scopes):
                await w.update(table, row["id"], values)
                changed += 1
    return changed
