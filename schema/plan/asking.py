"""提问 asking: who asks, by what method and with what purse. Not for what is answered, nor for how the purse is filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from server.database.connection import Database
from server.viewer import PUBLIC, Viewer


class Purse(Protocol):
    """额度 the points one asker may still spend in this minute; see ``server/accounts/limits.py``."""

    @property
    def limit(self) -> int:
        """每分钟限额 points a minute."""

    @property
    def left(self) -> int:
        """剩余 points left in this minute."""

    @property
    def resets_in(self) -> int:
        """恢复 seconds until ``left`` is ``limit`` again."""

    def spend(self, points: int) -> None:
        """Takes points, or raises ``TooMany`` (429)."""

    async def look_up_person(self, database: Database) -> None:
        """Counts one look-up of a person by number, or raises ``TooMany`` (429)."""


@dataclass(frozen=True, slots=True)
class Asking:
    """一次提问: ``by_get`` may not carry a person's number; ``dry`` asks for the cost alone."""

    viewer: Viewer = PUBLIC
    purse: Purse | None = None
    by_get: bool = False
    dry: bool = False


#: Values that ``Asked`` fields may name, with their SQL types.
VALUES: dict[str, tuple[str, Callable[[Asking], object]]] = {
    "actor": ("text", lambda asking: None if asking.viewer == PUBLIC else asking.viewer.actor),
    "door": ("text", lambda asking: asking.viewer.door.name),
    "agency_code": ("text", lambda asking: asking.viewer.agency_code),
    "agency": ("uuid", lambda asking: asking.viewer.agency),
    "subject": ("uuid", lambda asking: asking.viewer.subject),
    "partner": ("text", lambda asking: asking.viewer.partner),
    "duties": ("text[]", lambda asking: sorted(duty.name for duty in asking.viewer.duties)),
    "points_limit": ("int", lambda asking: asking.purse.limit if asking.purse else None),
    "points_left": ("int", lambda asking: asking.purse.left if asking.purse else None),
    "points_reset_in": ("int", lambda asking: asking.purse.resets_in if asking.purse else None),
}
