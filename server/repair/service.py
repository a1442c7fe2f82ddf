"""撤下与连带 what goes down with a record: repair, annulment and upheld objections reach the ratings and lists built on it.

One service, one revision: «终止公示、停止共享和使用、更新评价、解除措施» happen together or not at all (信用修复管理办法
art. 4; 国办发〔2025〕22号). Not for accepting applications: that comes with the repair procedure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.database.connection import Database
from server.database.roles import quote
from server.disclosure.kinds import Withdrawal
from server.disclosure.views import standing
from server.journal.service import Write
from server.records.service import withdraw
from server.viewer import Viewer

#: Which edge of a list entry points at which record; a licence is no evidence for a list.
EVIDENCE = ("penalty", "act")


@dataclass(frozen=True, slots=True)
class TakenDown:
    """撤下结果: the record, and what went down or is marked as disputed with it, in the same revision."""

    record_id: UUID
    table: str
    withdrawn_on: date
    withdrawal: str
    #: 评价 that counted the record: down until they are made anew
    ratings: tuple[UUID, ...] = ()
    #: 名单 entries without any other evidence: down
    entries: tuple[UUID, ...] = ()
    #: 名单 entries with other evidence left: marked as disputed until an officer decides
    disputed: tuple[UUID, ...] = ()


async def take_down(
    database: Database,
    viewer: Viewer,
    record_id: UUID,
    withdrawal: Withdrawal | str,
    reason: str,
    *,
    idempotency_key: str | None = None,
) -> TakenDown:
    """Takes a record down at once, and what rests on it with it; raises what ``records.service.withdraw`` raises."""
    ratings: list[UUID] = []
    entries: list[UUID] = []
    disputed: list[UUID] = []

    async def follow(w: Write, table: str, why: Withdrawal) -> None:
        down = {"withdrawn_on": w.day, "withdrawal": why.value}
        for id_ in await _ratings(w, table, record_id):
            await w.update("rating", id_, down)
            ratings.append(id_)
        for id_, others in await _entries(w, table, record_id):
            await w.update("list_entry", id_, {"disputed_on": w.day} if others else down)
            (disputed if others else entries).append(id_)

    done = await withdraw(
        database, viewer, record_id, withdrawal, reason, idempotency_key=idempotency_key, follow=follow
    )
    return TakenDown(
        record_id, done.table, done.withdrawn_on, done.withdrawal, tuple(ratings), tuple(entries), tuple(disputed)
    )


async def _ratings(w: Write, table: str, record_id: UUID) -> list[UUID]:
    """Gives the ratings that stand and counted the record."""
    rows = await w.connection.fetch(
        f"SELECT DISTINCT r.id FROM rating r JOIN rating_basis b ON b.rating_id = r.id"
        f" WHERE b.{quote(table + '_id')} = $1 AND {standing('r')}",
        record_id,
    )
    return [row["id"] for row in rows]


async def _entries(w: Write, table: str, record_id: UUID) -> list[tuple[UUID, bool]]:
    """Gives the list entries that stand on the record, and whether other evidence of theirs still stands."""
    if table not in EVIDENCE:
        return []
    others = " OR ".join(
        f"EXISTS (SELECT FROM list_evidence o JOIN {quote(kind)} f ON f.id = o.{quote(kind + '_id')}"
        f" WHERE o.list_entry_id = l.id AND f.id <> $1 AND {standing('f')})"
        for kind in EVIDENCE
    )
    rows = await w.connection.fetch(
        f"SELECT l.id, ({others}) AS others FROM list_entry l WHERE {standing('l')}"
        f" AND EXISTS (SELECT FROM list_evidence e WHERE e.list_entry_id = l.id AND e.{quote(table + '_id')} = $1)",
        record_id,
    )
    return [(row["id"], row["others"]) for row in rows]
