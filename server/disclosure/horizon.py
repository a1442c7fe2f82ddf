"""公示视界 a day before which a row's disclosure had surely ended: such rows are left out of the public's indexes.

The horizon decides nothing that is shown. It is never later than today, so that «ends after today» says «ends after the
horizon» as well; the public's view says both, because the planner can compare only the second with an index. Not for
which day it is: ``migrate`` sets it (``server/migrate/horizon.py``). Decision 0008 says why it is there.
"""

from __future__ import annotations

from datetime import date, timedelta

#: Facts whose disclosure ends by itself (``terms.yaml``), so that after some years most rows are hidden. Registers never
#: end, and of benefit products there are some dozens.
EXPIRING: tuple[str, ...] = ("licence", "penalty", "act", "rating", "list_entry", "commitment", "benefit_grant")


def until(alias: str = "") -> str:
    """Gives the first day a fact is not shown, as an expression of an index: ``IS NULL OR > today`` is none."""
    return f"coalesce({alias}disclosed_until, 'infinity'::date)"


def horizon_on(today: date) -> date:
    """Gives the horizon that is set on a day: the first of the month before, so that a clock put right by some days
    does not fall behind it."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def beyond(horizon: date | None, alias: str = "") -> str:
    """Gives the condition that a row's disclosure ends after the horizon; all do where there is none."""
    return f"{until(alias)} > DATE '{horizon or '-infinity'}'"


def public_rows(horizon: date | None) -> str:
    """Gives the predicate of the public's indexes: it follows from the public's view of an ``EXPIRING`` table."""
    return f"scope = 'public' AND withdrawn_on IS NULL AND {beyond(horizon)}"
