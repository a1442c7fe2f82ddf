"""限额 limits: points of cost a minute for each key and each client address, kept in this process alone. Not for what a
query costs (``schema/plan/cost.py``), nor for headers (``schema/endpoint.py``).

Each asker has a bucket that holds one minute's points and fills continuously. It has no window, so no edge at which it
could be spent twice: at once at most the limit, over t seconds at most the limit and t/60 of it. What is kept of a bucket
is one number, the moment at which it is full again; from it limit, points left and seconds to wait follow exactly, and a
full bucket is what an unknown asker has, so it need not be kept. Answered is what is told: the share of this process.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton

from server.accounts.attempts import Asker, AttemptKind, Attempts
from server.database.connection import Database
from server.errors import TooMany
from server.settings import Settings
from server.viewer import Viewer

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
#: Buckets kept at most, of addresses and of keys each. Some 250 bytes each make 5 MB; only who spent in the last minute
#: is in the table, and a county's service with 20,000 callers in one minute is under attack.
MOST_ASKERS = 20_000
#: No request is free, or the smallest could be sent without end.
LEAST_POINTS = 1

#: IPv4 inside IPv6 (::ffff:0:0/96, and 64:ff9b::/96 as translators write it) counts as the IPv4 address it is.
_IPV4_IN_IPV6 = (inet_pton(AF_INET6, "::ffff:0:0")[:12], inet_pton(AF_INET6, "64:ff9b::")[:12])


def network_of(address: str) -> bytes:
    """Gives whom an address counts as: IPv4 itself, IPv6 by its /64, which one household or phone has for itself.

    What is no address (a proxy's «unknown») is one asker together.
    """
    try:
        if ":" not in address:
            return inet_pton(AF_INET, address)
        packed = inet_pton(AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):
        return b""
    return packed[12:] if packed[:12] in _IPV4_IN_IPV6 else packed[:8]


class Buckets:
    """额度桶: for each asker the moment (ns) at which his bucket is full again; a bounded table, each step O(1).

    In the order of the last spending. Who asks from ever new addresses pushes out buckets only when more than ``most``
    addresses spend within a minute; the one that rested longest goes first. That wins him nothing: for one bucket filled
    anew he needs ``most`` others, each with a limit of its own that he could have spent.
    """

    def __init__(self, most: int = MOST_ASKERS) -> None:
        self.most = most
        self._full_at: OrderedDict[str | bytes, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def full_at(self, asker: str | bytes) -> int:
        """Gives the moment at which the asker's bucket is full; 0 for one who is not known."""
        return self._full_at.get(asker, 0)

    def put(self, asker: str | bytes, full_at: int, now: int) -> None:
        """Keeps a bucket, and drops two old full ones at most, so that the table shrinks again after a crowd."""
        table = self._full_at
        table[asker] = full_at
        table.move_to_end(asker)
        for _ in range(2):
            oldest = next(iter(table))
            if table[oldest] > now:
                break
            del table[oldest]
        if len(table) > self.most:
            table.popitem(last=False)


@dataclass(slots=True)
class Purse:
    """额度: the points of one asker and his look-ups of persons, for one request; see ``schema/plan/asking.py``."""

    #: points a minute in this process
    limit: int
    #: the key's label, or the network of the address
    asker: str | bytes
    _viewer: Viewer
    _buckets: Buckets
    _attempts: Attempts
    _now: Callable[[], int]

    def _empty(self) -> int:
        """Gives how much of the bucket is spent, in the nanoseconds that fill it again."""
        return max(self._buckets.full_at(self.asker) - self._now(), 0)

    @property
    def left(self) -> int:
        """剩余: points that can be spent at once."""
        return max(MINUTE - self._empty(), 0) * self.limit // MINUTE

    @property
    def resets_in(self) -> int:
        """恢复: whole seconds until ``left`` is ``limit`` again."""
        return -(-self._empty() // SECOND)

    def spend(self, points: int) -> None:
        """Takes points, or raises ``TooMany`` with the seconds after which the same request passes.

        What costs more than a whole minute's points is answered from a full bucket, which then takes longer than a minute
        to fill: nobody is refused for ever, and nobody gets more points by asking for many at once.
        """
        price = max(points, LEAST_POINTS) * MINUTE // self.limit
        now = self._now()
        begins = max(self._buckets.full_at(self.asker), now)
        wait = begins + min(price, MINUTE) - (now + MINUTE)
        if wait > 0:
            raise self._too_many(points, -(-wait // SECOND))
        self._buckets.put(self.asker, begins + price, now)

    def _too_many(self, points: int, seconds: int) -> TooMany:
        whose, more = ("这个地址", "经常使用的应用请向主管部门申请密钥")
        if isinstance(self.asker, str):
            whose, more = ("这把密钥", "经常不够用时，请主管部门提高这把密钥的限额")
        return TooMany(
            f"{whose}的查询额度暂时用完：每分钟 {self.limit} 点，现余 {self.left} 点，这次查询要 {points} 点。"
            f"请在 {seconds} 秒后再试，或减小 first、少查几项；{more}",
            seconds,
        )

    async def look_up_person(self, database: Database) -> None:
        """Counts one look-up of a person by number, found or not; raises ``TooMany`` with when the next one passes."""
        await self._attempts.count(database, AttemptKind.PERSON, Asker.of(self._viewer, self.asker))


class Limits:
    """限额 one per process, used on its event loop alone. ``now`` gives nanoseconds that never go back."""

    def __init__(
        self,
        public_points: int,
        attempts: Attempts,
        *,
        processes: int = 1,
        most_askers: int = MOST_ASKERS,
        now: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.public_points, self.processes, self.now = public_points, processes, now
        self.attempts = attempts
        # Apart, so that no crowd of addresses can push a key out.
        self.addresses, self.keys = Buckets(most_askers), Buckets(most_askers)

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Gives the limits of a serving process; raises ``WrongSetting`` when a rule file is wrong."""
        return cls(settings.public_points, Attempts.load(settings.rules_dir), processes=settings.processes)

    def purse(self, viewer: Viewer, address: str) -> Purse:
        """Gives the purse of a request: that of the viewer's key, or of the client's address when he has none."""
        quota = viewer.quota_per_minute
        asker, buckets = (network_of(address), self.addresses) if quota is None else (viewer.actor, self.keys)
        # A process that promised the whole would, with its neighbours, give several times as much.
        share = max((quota or self.public_points) // self.processes, 1)
        return Purse(share, asker, viewer, buckets, self.attempts, self.now)
