"""连接 a pool of connections for each door and one for the writer. Not for writing facts: see ``server/journal``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import asyncpg

from server.database.readers import IDLE_SECONDS, LOANS, WAIT_SECONDS, Readers
from server.database.roles import TABLES_SCHEMA, WRITER, role_name, role_password
from server.errors import CreditError, Unavailable
from server.settings import Address
from server.viewer import Door, Viewer

#: Prepared statements kept per connection, and the length of the longest that is: views spread and planned, the server
#: keeps some two hundred bytes for each character (measured). The longest page's has 17,000.
STATEMENTS = 50
LONGEST_PREPARED = 20_000

#: A pool beside the writer's, for short questions: writes that wait for one another must not keep keys from being checked.
DESK = "desk"
#: How long a read waits for an answer: longer than the server's own bound of a statement, for when it stands still.
ANSWER_SECONDS = 3.0

#: Connections per pool.
SIZES = {WRITER: 4, DESK: 2}

#: What the driver raises when the server is away, restarting, out of connections or too slow.
AWAY = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)

#: Of these the connection was cut: another may be answered.
CUT = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

SET_VIEWER = "SELECT " + ", ".join(
    f"set_config('{name}', ${n}, true)" for n, name in enumerate(Viewer(Door.PUBLIC).settings(), start=1)
)


@contextmanager
def away_is_unavailable() -> Iterator[None]:
    """Turns the driver's connection errors into ``Unavailable``; its texts never reach a client."""
    try:
        yield
    except AWAY as error:
        raise Unavailable("数据库暂时无法访问，请稍后再试。") from error


async def set_state(connection: asyncpg.Connection, key: str, content: str) -> None:
    """Writes one line of ``reference_state`` on any connection that may; ``migrate`` does so as the owner."""
    await connection.execute(
        f"INSERT INTO {TABLES_SCHEMA}.reference_state (id, content) VALUES ($1, $2)"
        " ON CONFLICT (id) DO UPDATE SET content = excluded.content",
        key,
        content,
    )


def _still_good(connection: asyncpg.Connection, error: BaseException) -> bool:
    """Says whether a connection may be lent again after an error: only where the server itself refused a statement."""
    refused = isinstance(error, asyncpg.PostgresError | CreditError) and not isinstance(error, CUT)
    return refused and not connection.is_closed()


async def _fetch(connection: asyncpg.Connection, sql: str, args: tuple[Any, ...], once: bool) -> str | None:
    if not once:
        return cast("str | None", await connection.fetchval(sql, *args))
    # The unnamed statement: the next one takes its place.
    unnamed = await connection.prepare(sql, name="")
    return cast("str | None", await unnamed.fetchval(*args))


async def _keep(_: asyncpg.Connection) -> None:
    """Leaves a returned connection as it is: nothing but transaction-local state is ever set on it."""


class Database:
    """数据库: what the rest of the house holds. Reads go through a door, writes through the writer.

    ``prefix`` begins the names of the roles; it is the database's name unless a test reads a clone. ``law`` is the hash of
    the rules this process has loaded: a write under other rules than the database's is refused (``journal.write``).
    """

    def __init__(
        self, address: Address, secret: str, *, law: str | None = None, prefix: str | None = None, readers: int = 4
    ) -> None:
        self.address = address
        self.secret = secret
        self.law = law
        self.prefix = prefix or address.database
        self.readers = readers
        self._pools: dict[str, asyncpg.Pool] = {}
        self._doors: dict[Door, Readers] = {}
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Closes every connection; a second call does nothing."""
        pools, self._pools = self._pools, {}
        doors, self._doors = self._doors, {}
        for readers in doors.values():
            await readers.close()
        for pool in pools.values():
            await pool.close()

    async def _pool(self, role: str) -> asyncpg.Pool:
        if role not in self._pools:
            async with self._opening:
                if role not in self._pools:
                    self._pools[role] = await self._open(role)
        return self._pools[role]

    async def _open(self, role: str) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            **self._credentials(role),
            min_size=0,
            max_size=SIZES[role],
            reset=_keep,
            max_queries=LOANS,
            max_inactive_connection_lifetime=IDLE_SECONDS,
        )

    def _credentials(self, role: str) -> dict[str, Any]:
        """Gives what both the pools and the doors' own connections connect with."""
        name = role_name(self.prefix, WRITER if role == DESK else role)
        return {
            "host": self.address.host,
            "port": self.address.port,
            "database": self.address.database,
            "user": name,
            "password": role_password(self.secret, name),
            "timeout": WAIT_SECONDS,
            "statement_cache_size": STATEMENTS,
            "max_cacheable_statement_size": LONGEST_PREPARED,
            "server_settings": {"application_name": f"xintu {role}"},
        }

    @asynccontextmanager
    async def _connection(self, role: str) -> AsyncIterator[asyncpg.Connection]:
        with away_is_unavailable():
            pool = await self._pool(role)
            async with pool.acquire(timeout=WAIT_SECONDS) as connection:
                try:
                    yield connection
                except asyncpg.InternalClientError:
                    # The driver met the end of a connection that the server cut just then; it must not be lent again.
                    connection.terminate()
                    raise

    def _readers(self, door: Door) -> Readers:
        found = self._doors.get(door)
        if found is None:

            async def connect() -> asyncpg.Connection:
                return await asyncpg.connect(**self._credentials(door.value), command_timeout=ANSWER_SECONDS)

            found = self._doors[door] = Readers(connect, self.readers)
        return found

    @asynccontextmanager
    async def _reading(self, door: Door) -> AsyncIterator[asyncpg.Connection]:
        """Lends one of the door's connections; one on which anything but an error of the server happened is dropped."""
        readers = self._readers(door)
        with away_is_unavailable():
            connection = await readers.take()
            try:
                yield connection
            except BaseException as error:
                if _still_good(connection, error):
                    readers.give(connection)
                else:
                    readers.drop(connection)
                raise
            readers.give(connection)

    async def fetch_text(self, viewer: Viewer, sql: str, *args: Any, once: bool = False) -> str | None:
        """Runs one statement that returns one text, through the viewer's door; null when it returns no row.

        ``once``: the statement is not expected again and is not kept prepared. Raises ``Unavailable`` when the database
        is away or the statement exceeds its time.
        """
        if viewer.door is Door.PUBLIC:
            return await self._fetch_public(sql, args, once)
        async with self.read(viewer) as connection:
            return await _fetch(connection, sql, args, once)

    async def _fetch_public(self, sql: str, args: tuple[Any, ...], once: bool) -> str | None:
        """Without context managers: this is every public answer's way, and each costs as much as the reading itself.

        A connection that the server cut while it stood idle is no reason to send a reader away: he is read to once more.
        """
        readers = self._readers(Door.PUBLIC)
        again = readers.idle() > 0
        while True:
            connection = None
            try:
                connection = await readers.take()
                text = await _fetch(connection, sql, args, once)
            except BaseException as error:
                if connection is not None and _still_good(connection, error):
                    readers.give(connection)
                elif connection is not None:
                    readers.drop(connection)
                if not isinstance(error, AWAY):
                    raise
                if again and connection is not None and isinstance(error, CUT):
                    again = False
                    # The others were cut with it.
                    readers.drop_idle()
                    continue
                raise Unavailable("数据库暂时无法访问，请稍后再试。") from error
            readers.give(connection)
            return text

    @asynccontextmanager
    async def read(self, viewer: Viewer, *, readonly: bool = True) -> AsyncIterator[asyncpg.Connection]:
        """Opens a transaction in the viewer's door with that viewer's settings, one snapshot for all its reads.

        ``readonly=False`` is for ``unmask`` alone, which writes the access log.
        """
        async with (
            self._reading(viewer.door) as connection,
            connection.transaction(isolation="repeatable_read", readonly=readonly),
        ):
            if not readonly:
                # The role's default is read-only, and the driver only ever asks for READ ONLY.
                await connection.execute("SET TRANSACTION READ WRITE")
            await connection.execute(SET_VIEWER, *viewer.settings().values())
            yield connection

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[asyncpg.Connection]:
        """Lends a connection of the writer role, without a transaction; facts go through ``journal.write``."""
        async with self._connection(WRITER) as connection:
            yield connection

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[asyncpg.Connection]:
        """Lends a connection of the writer role for a short question that is no fact: a key, a state."""
        async with self._connection(DESK) as connection:
            yield connection

    async def state(self, key: str) -> str | None:
        """Gives one line of ``reference_state``, e.g. the hash of the disclosure rules that ``migrate`` loaded."""
        async with self.desk() as connection:
            return cast(
                "str | None", await connection.fetchval("SELECT content FROM reference_state WHERE id = $1", key)
            )

    async def set_state(self, key: str, content: str) -> None:
        """Writes one line of ``reference_state``."""
        async with self.desk() as connection:
            await set_state(connection, key, content)

    async def has_facts(self) -> bool:
        """Says whether any fact was ever written."""
        async with self._reading(Door.PUBLIC) as connection:
            return bool(await connection.fetchval("SELECT revision > 0 FROM head"))

    async def ready(self) -> list[str]:
        """Gives why this database should not be read from yet, one Chinese sentence each; empty when it may.

        Raises ``Unavailable`` when it is away.
        """
        loaded, applied = await self.state("disclosure_loaded"), await self.state("disclosure_applied")
        if loaded == applied:
            return []
        return ["公示规则已更新，库中数据仍按旧规则：请运行 python -m server job recompute-disclosure。"]
