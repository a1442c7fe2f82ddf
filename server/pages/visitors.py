"""访客的额度 what a visitor of the pages may spend: the points of his address, refused in a reader's words.

Not for the numbers: see ``server/accounts/limits.py``. A programmer is told of points and of ``first``, a reader when he
may go on.
"""

from __future__ import annotations

from dataclasses import dataclass

from schema.plan.asking import Purse
from server.database.connection import Database
from server.errors import TooMany

#: What a page costs at most: a hundred pages a minute for an address, of which an office or a mobile network has one. The
#: documents are ours and measured; the worst case that their price supposes (ten ratings of ten grounds) is no firm's.
MOST_POINTS = 600


@dataclass(frozen=True, slots=True)
class VisitorPurse:
    """访客的额度: another purse, with its own words for a refusal, and with the price of a page."""

    inner: Purse

    @property
    def limit(self) -> int:
        """每分钟限额."""
        return self.inner.limit

    @property
    def left(self) -> int:
        """剩余."""
        return self.inner.left

    @property
    def resets_in(self) -> int:
        """恢复."""
        return self.inner.resets_in

    def spend(self, points: int) -> None:
        """Takes points of one page, or raises ``TooMany`` that says when the same page may be asked for again."""
        try:
            self.inner.spend(min(points, MOST_POINTS))
        except TooMany as error:
            wait = error.retry_after_seconds
            raise TooMany(
                f"这个网络地址在一分钟内打开的网页太多（同一网络的人合在一起算），请在 {wait} 秒后再试。", wait
            ) from error

    async def look_up_person(self, database: Database) -> None:
        """Counts one look-up of a person; its refusal is worded for people already."""
        await self.inner.look_up_person(database)
