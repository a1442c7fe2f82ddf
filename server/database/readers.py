"""读连接 the dedicated connections of one door. Not for writing, and not for what is read.

A driver's pool asks more of the processor to lend a connection than PostgreSQL takes to answer (measured: twice as much),
as it wraps each in a proxy and resets it. These are lent as they are: nothing but transaction-local state is ever set.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import asyncpg

from server.errors import Unavailable

#: How long a request waits for the database before it is told to come again.
WAIT_SECONDS = 2.0
#: After so many loans, or so many idle seconds, a connection is closed: what its backend has grown by goes back.
LOANS = 20_000
IDLE_SECONDS = 600.0


class Readers:
    """读连接池: at most ``most`` connections, opened when they are needed; the one used last is lent first.

    A connection that comes back while others wait goes straight to the one who waits longest: were it laid down first, a
    request that comes just then would take it, and the waiting would begin anew (measured: p99 110 ms at a median of 2).
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], most: int) -> None:
        self._connect, self._most = connect, most
        self._idle: list[tuple[asyncpg.Connection, float]] = []
        self._loans: dict[asyncpg.Connection, int] = {}
        self._opening = 0
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()

    async def take(self) -> asyncpg.Connection:
        """Lends a connection; raises the driver's error when none can be opened, ``Unavailable`` after ``WAIT_SECONDS``."""
        while True:
            while self._idle:
                connection, _ = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._forget(connection)
            if len(self._loans) + self._opening < self._most:
                return await self._open()
            if (handed := await self._wait()) is not None:
                return handed

    def give(self, connection: asyncpg.Connection) -> None:
        """Takes a connection back; one that has served long, or is broken, is closed."""
        loans = self._loans.get(connection, LOANS) + 1
        if loans >= LOANS or connection.is_closed():
            self.drop(connection)
            return
        self._loans[connection] = loans
        if self._hand(connection):
            return
        now = time.monotonic()
        self._idle.append((connection, now))
        if now - self._idle[0][1] > IDLE_SECONDS:
            self.drop(self._idle.pop(0)[0])

    def drop(self, connection: asyncpg.Connection) -> None:
        """Closes a connection at once and lets another be opened in its place."""
        connection.terminate()
        self._forget(connection)
        self._hand(None)

    def drop_idle(self) -> None:
        """Closes every connection that is not lent."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            self.drop(connection)

    def idle(self) -> int:
        """Gives how many connections are open and not lent."""
        return len(self._idle)

    async def close(self) -> None:
        """Closes every connection that is not lent; a lent one is closed when it comes back."""
        idle, self._idle = self._idle, []
        self._loans.clear()
        for connection, _ in idle:
            await connection.close(timeout=WAIT_SECONDS)

    def _forget(self, connection: asyncpg.Connection) -> None:
        self._loans.pop(connection, None)

    async def _open(self) -> asyncpg.Connection:
        self._opening += 1
        try:
            connection = await self._connect()
        except BaseException:
            self._opening -= 1
            # Whoever waits learns by his own attempt that the server is away.
            self._hand(None)
            raise
        self._opening -= 1
        self._loans[connection] = 0
        return connection

    async def _wait(self) -> asyncpg.Connection | None:
        """Waits for its turn: a connection that was handed over, or None where another may be opened."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[asyncpg.Connection | None] = loop.create_future()
        self._waiting.append(turn)
        # Cheaper than a timeout's context, and every request of a busy process waits.
        bell = loop.call_later(WAIT_SECONDS, _ring, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            self._pass_on(turn)
            raise
        finally:
            bell.cancel()

    def _pass_on(self, turn: asyncio.Future[asyncpg.Connection | None]) -> None:
        """Gives on what was handed to one who went away at that very moment."""
        if turn.cancelled() or turn.exception() is not None:
            return
        handed = turn.result()
        if handed is None:
            self._hand(None)
        else:
            self.give(handed)

    def _hand(self, connection: asyncpg.Connection | None) -> bool:
        """Hands a connection, or the right to open one, to the one who waits longest; False when nobody waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False


def _ring(turn: asyncio.Future[asyncpg.Connection | None]) -> None:
    if not turn.done():
        turn.set_exception(Unavailable("数据库繁忙，请稍后再试。"))
