"""公示视界 sets the day of ``server/disclosure/horizon.py``, keeps it in ``reference_state``, and says when it is wrong.

Not for the views and indexes that name the day: see ``doors.py`` and ``indexes.py``.
"""

from __future__ import annotations

from datetime import date

import asyncpg

from server.database.connection import set_state
from server.database.roles import TABLES_SCHEMA
from server.disclosure.horizon import horizon_on
from server.errors import WrongSetting

KEY = "horizon"
#: Right after ``migrate`` it is one to two months old; older than this, ``migrate`` was forgotten for a month at least.
OLD_DAYS = 100
#: The real day: a trial's own may be set to any.
_TODAY = "SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date"


async def wanted_horizon(connection: asyncpg.Connection, *, trial: bool, asked: date | None) -> date | None:
    """Gives the horizon that ``migrate`` sets now: in production by the clock; a trial's day may go back, so it has none
    but the one that is asked for.

    It follows from the clock alone: one that a wrong clock set too late is put right by the next ``migrate``.
    """
    return asked if trial else horizon_on(await connection.fetchval(_TODAY))


async def stored_horizon(connection: asyncpg.Connection) -> date | None:
    """Gives the horizon that the views and indexes were made with."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{TABLES_SCHEMA}.reference_state") is None:
        return None
    text = await connection.fetchval(f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = $1", KEY)
    return date.fromisoformat(text) if text else None


async def store_horizon(connection: asyncpg.Connection, horizon: date | None) -> None:
    """Notes the horizon that the views and indexes are made with."""
    await set_state(connection, KEY, "" if horizon is None else horizon.isoformat())


async def refuse_day_before(connection: asyncpg.Connection, day: date | None, horizon: date | None) -> None:
    """Refuses to live on a day (``None``: the real one) before the horizon: the public would not be shown all it may see."""
    if horizon is None:
        return
    day = day or await connection.fetchval(_TODAY)
    if day < horizon:
        raise WrongSetting(
            f"日期 {day} 早于公示视界 {horizon}：公众会看不到当天本应公示的内容。"
            f"请把 XINTU_TODAY 改为不早于 {horizon} 的日期，或先以更早的视界（试用库可不设）重新 migrate。"
        )


async def horizon_faults(connection: asyncpg.Connection) -> list[str]:
    """Says whether the database's day is before its horizon; nothing else about it can hide what is to be shown."""
    horizon = await stored_horizon(connection)
    today = await connection.fetchval("SELECT today FROM journal.clock")
    if horizon is None or today >= horizon:
        return []
    return [
        f"数据库的日期 {today} 早于公示视界 {horizon}，公众会看不到当天本应公示的内容："
        "请核对数据库服务器的时钟，再运行 python -m server migrate。"
    ]


async def horizon_notices(connection: asyncpg.Connection, *, trial: bool) -> list[str]:
    """Says that the horizon was not moved on for long. No fault: what is shown is right, it only takes longer."""
    if trial:
        return []
    horizon, today = await stored_horizon(connection), await connection.fetchval(_TODAY)
    if horizon is not None and (today - horizon).days <= OLD_DAYS:
        return []
    since = "尚未设定" if horizon is None else f"停在 {horizon}"
    return [f"提示：公示视界{since}，公众的列表查询会越来越慢：请每月运行一次 python -m server migrate。"]
