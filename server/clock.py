"""时钟 the day in China. Not for moments in the database: PostgreSQL gives those.

Nothing else reads the clock for a day; rules take their day as an argument.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today_in_shanghai() -> date:
    """Gives the calendar day in Asia/Shanghai, whatever the machine's own zone."""
    return datetime.now(SHANGHAI).date()
