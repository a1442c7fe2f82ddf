"""信用信息 what an officer does to a record in store: take it down, set its class by hand. Not for bringing records in
(``imports``), and not for what rests on it: whoever withdraws calls ``repair.service.take_down``, which calls this.

Duties in this landing: a clerk (经办) does both for records that his own agency tree sent. A record of another tree
and one that does not exist are answered alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from server.database.connection import Database
from server.database.roles import quote
from server.disclosure.facts import fact_of
from server.disclosure.kinds import Withdrawal
from server.disclosure.masking import Masking, mask_text
from server.disclosure.rules import Terms
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.journal.actions import Action
from server.journal.service import Write, write
from server.records.once import find_answer, keep_answer, request_hash
from server.records.store import persons_of
from server.viewer import Door, Duty, Viewer

TABLES = ("licence", "penalty", "act")
SEVERITIES = {"minor": "轻微", "general": "一般", "serious": "严重"}
_LONGEST_REASON = 500
WITHDRAWALS = {
    Withdrawal.ANNULLED: "决定被撤销、变更或确认违法",
    Withdrawal.REPAIRED: "信用修复",
    Withdrawal.OBJECTION_UPHELD: "异议成立",
    Withdrawal.MISTAKEN: "误报",
}


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """撤下结果: hidden from the next read on."""

    record_id: UUID
    table: str
    withdrawn_on: date
    withdrawal: str


#: What else the write does, given the record's table and the reason.
Follow = Callable[[Write, str, Withdrawal], Awaitable[None]]


class _Answered(Exception):
    """The request was answered before: the write that found it out is rolled back."""

    def __init__(self, result: UUID) -> None:
        super().__init__()
        self.result = result


def require_clerk(viewer: Viewer) -> None:
    """Refuses everyone but an officer with the duty 经办; raises ``Forbidden``."""
    if viewer.door is not Door.AGENCY or Duty.CLERK not in viewer.duties:
        raise Forbidden("只有本机关的经办人员可以导入、更正和撤下数据；请用经办人员的密钥重试")


async def withdraw(
    database: Database,
    viewer: Viewer,
    record_id: UUID,
    withdrawal: Withdrawal | str,
    reason: str,
    *,
    idempotency_key: str | None = None,
    follow: Follow | None = None,
) -> Withdrawn:
    """Takes a record down at once and for good (行政处罚法 art. 48: within three working days of an annulment).

    ``follow`` is what a higher room does in the same write: ``repair`` takes down what rests on the record.

    Raises ``Forbidden``, ``NotFound`` for an unknown record and for another agency's alike, ``Conflict`` for one that
    is down already, ``Invalid`` for a withdrawal or reason that says nothing.
    """
    require_clerk(viewer)
    why = _withdrawal(withdrawal)
    reason = _reason(reason)
    hash_ = request_hash({"do": "withdraw", "record": record_id, "withdrawal": why, "reason": reason})
    try:
        async with write(database, viewer.actor, Action.RECORDS_WITHDRAW, f"{WITHDRAWALS[why]}：{reason}") as w:
            await _stop_if_answered(w, viewer, idempotency_key, hash_)
            table, row = await _own_record(w.connection, viewer, record_id)
            if row["withdrawn_on"] is not None:
                said = WITHDRAWALS[Withdrawal(row["withdrawal"])]
                raise Conflict(f"该记录已于{row['withdrawn_on']}因{said}撤下，无需重复操作")
            await w.update(table, record_id, {"withdrawn_on": w.day, "withdrawal": why.value})
            if follow is not None:
                await follow(w, table, why)
            await keep_answer(w.connection, viewer.actor, idempotency_key, hash_, record_id)
            return Withdrawn(record_id, table, w.day, why.value)
    except _Answered as before:
        async with database.writer() as connection:
            table, row = await _own_record(connection, viewer, before.result)
        return Withdrawn(before.result, table, row["withdrawn_on"], row["withdrawal"])


async def override_severity(
    database: Database,
    terms: Terms,
    masking: Masking,
    viewer: Viewer,
    record_id: UUID,
    severity: str | None,
    reason: str,
    *,
    idempotency_key: str | None = None,
) -> UUID:
    """Sets the class of a penalty by hand, or takes that back with ``None``; its term is computed anew.

    A later file never changes it (国办发〔2025〕22号: the department classifies). Raises as ``withdraw`` does.
    """
    require_clerk(viewer)
    if severity is not None and severity not in SEVERITIES:
        raise Invalid(f"失信程度“{severity[:20]}”不存在；可填：{'、'.join(SEVERITIES)}")
    reason = _reason(reason)
    hash_ = request_hash({"do": "classify", "record": record_id, "severity": severity, "reason": reason})
    said = "恢复按规则认定" if severity is None else f"人工认定为{SEVERITIES[severity]}"
    try:
        async with write(database, viewer.actor, Action.RECORDS_CLASSIFY, f"{said}：{reason}") as w:
            await _stop_if_answered(w, viewer, idempotency_key, hash_)
            table, row = await _own_record(w.connection, viewer, record_id)
            if table != "penalty":
                raise Invalid("只有行政处罚有失信程度；请核对记录")
            await w.update(table, record_id, await _reclassified(w, terms, masking, row, severity, reason))
            await keep_answer(w.connection, viewer.actor, idempotency_key, hash_, record_id)
            return record_id
    except _Answered as before:
        return before.result


async def _reclassified(
    w: Write, terms: Terms, masking: Masking, row: Mapping[str, Any], severity: str | None, reason: str
) -> dict[str, Any]:
    scope = await w.connection.fetchval("SELECT scope FROM catalogue_item WHERE id = $1", row["catalogue_item"])
    fact = fact_of(
        "penalty", {**row, "severity_override": severity}, known_on=row["reported_on"], catalogue_scope=scope
    )
    found = terms.disclosure(fact)
    return {
        "severity_override": severity,
        # Taken back, the reason stands in the journal alone.
        "severity_reason": None if severity is None else reason,
        "severity_reason_public": None if severity is None else masking.mask_text(reason, persons_of(row)),
        "scope": found.scope,
        "disclosed_from": found.disclosed_from,
        "disclosed_until": found.disclosed_until,
        "terms_edition": found.terms_edition,
    }


async def _stop_if_answered(w: Write, viewer: Viewer, key: str | None, hash_: str) -> None:
    answer = await find_answer(w.connection, viewer.actor, key, hash_)
    if answer is not None:
        raise _Answered(answer)


async def _own_record(connection: asyncpg.Connection, viewer: Viewer, record_id: UUID) -> tuple[str, asyncpg.Record]:
    """Gives table and row of a record of the viewer's own tree; an operator without an agency has every tree."""
    for table in TABLES:
        row = await connection.fetchrow(
            f"SELECT t.* FROM {quote(table)} t JOIN agency a ON a.id = t.source_unit_id"
            " WHERE t.id = $1 AND ($2::uuid IS NULL OR $2 = ANY (a.lineage))",
            record_id,
            viewer.agency,
        )
        if row is not None:
            return table, row
    raise NotFound("没有找到这条记录；请核对记录编号，且只能操作本机关的数据")


def _withdrawal(withdrawal: Withdrawal | str) -> Withdrawal:
    try:
        return Withdrawal(withdrawal)
    except ValueError:
        raise Invalid(
            f"撤下原因“{str(withdrawal)[:20]}”不存在；可填：{'、'.join(w.value for w in Withdrawal)}"
        ) from None


def _reason(reason: str) -> str:
    """The reason stands in the journal for ever: it is masked, and free of what cannot be stored."""
    plain = "".join(c for c in reason if c.isprintable() or c == "\n").strip()
    if not plain:
        raise Invalid("请写明理由；理由会记入日志")
    if len(plain) > _LONGEST_REASON:
        raise Invalid(f"理由共{len(plain)}字，不能超过{_LONGEST_REASON}字；请精简")
    return mask_text(plain)
