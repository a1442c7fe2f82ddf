"""导入 one file of the national tables, from its bytes to committed records: the order of steps. Not for reading
(``reader``), judging (``judge``) and writing (``chunk``) themselves.

A chunk is checked in slices while the chunk before it is being written and the next is being read. Each is one
transaction, so that a crash loses at most what its batch never counted; the same file again changes nothing in store.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast
from uuid import UUID

import asyncpg

from server.database.connection import AWAY, Database
from server.errors import CreditError, Invalid, NotFound, Unavailable
from server.imports import batches
from server.imports.agencies import Agencies, Agency
from server.imports.batches import BatchResult, find_batch, mark_abandoned
from server.imports.chunk import Context, Outcome, write_chunk
from server.imports.judge import Judge, Judged
from server.imports.law import Rules
from server.imports.queue import Settling
from server.imports.reader import aread_table
from server.imports.refusals import Refused
from server.imports.results import row_result
from server.imports.rows import Item, RawRow, SheetNote, SheetStart
from server.imports.verdict import RowResult
from server.imports.whose import agency_of_file, choose_agency, load_agencies
from server.records.once import find_answer, keep_answer, request_hash
from server.records.service import require_clerk
from server.records.store import Key
from server.viewer import Viewer

__all__ = ["BatchResult", "Progress", "find_batch", "import_file", "mark_abandoned"]

#: Rows of one revision; the design allows 5,000 (§3). Two chunks are in memory at a time, and other writes wait for one.
CHUNK = 1_000
#: Batches of about a megabyte read ahead of the checks.
_READ_AHEAD = 2
#: More imports at once than this would leave no writer's connection for anything else.
_AT_ONCE = asyncio.Semaphore(2)
_LONGEST_NAME = 200
_ASK_AGAIN_SECONDS = 0.2
#: Rows checked between two turns of the event loop, about two milliseconds. Not a thread: on two cores the fight for
#: Python's lock cost a quarter of the whole, and made the loop wait longer than this.
_SLICE = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """进度: rows done, and how many the sheets seen so far may have at most."""

    done: int
    total: int | None


Observe = Callable[[Sequence[SheetStart | SheetNote | RowResult]], None]


async def import_file(
    database: Database,
    rules: Rules,
    viewer: Viewer,
    path: Path,
    file_name: str,
    *,
    agency_code: str | None = None,
    idempotency_key: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    observe: Observe | None = None,
) -> BatchResult:
    """Imports one file for the viewer's agency, or for the one of ``agency_code`` inside his tree.

    The local operator (a viewer without an agency) names an agency or leaves it to the file, whose rows then must
    name one bureau. Raises ``Forbidden``, ``NotFound`` for an agency that is unknown or not his, the reader's refusals,
    ``Unavailable`` when the database goes away; what was written till then stays, and the batch says so.
    """
    require_clerk(viewer)
    await mark_abandoned(database)
    file_hash = await asyncio.to_thread(_hash, path)
    hash_ = request_hash({"do": "import", "file": file_hash, "agency": agency_code})
    async with (
        _AT_ONCE,
        _old_objects_at_rest(),
        database.writer() as connection,
        _only_one(connection, viewer, idempotency_key),
    ):
        answer = await find_answer(connection, viewer.actor, idempotency_key, hash_)
        if answer is not None:
            return await _before(database, viewer, answer)
        run = _Run(database, connection, rules, viewer, progress, observe)
        name = rules.masking.mask_text(_plain_name(file_name))
        result = await run.import_(path, name, file_hash, agency_code)
        await keep_answer(connection, viewer.actor, idempotency_key, hash_, result.batch_id)
        return result


async def _before(database: Database, viewer: Viewer, batch_id: UUID) -> BatchResult:
    found = await find_batch(database, viewer, batch_id)
    if found is None:
        raise NotFound("没有找到这次导入；请重新导入文件")
    return found


@asynccontextmanager
async def _old_objects_at_rest() -> AsyncIterator[None]:
    """Keeps the collector from walking through the whole program for every few thousand rows: a sixth of the time.

    What is made meanwhile is collected as ever; two imports at once only end this a little early for each other.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@asynccontextmanager
async def _only_one(connection: asyncpg.Connection, viewer: Viewer, key: str | None) -> AsyncIterator[None]:
    """Lets one request of an idempotency key run at a time: the second waits for the answer of the first."""
    if key is None:
        yield
        return
    lock = "hashtextextended('once ' || $1::text || ' ' || $2::text, 0)"
    # Asked again and again: waiting in the database would end at its statement timeout.
    while not await connection.fetchval(f"SELECT pg_try_advisory_lock({lock})", viewer.actor, key):  # noqa: ASYNC110
        await asyncio.sleep(_ASK_AGAIN_SECONDS)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(f"SELECT pg_advisory_unlock({lock})", viewer.actor, key)


class _Run:
    """一次导入: reads ahead, checks in slices, writes chunk after chunk on one connection."""

    def __init__(
        self,
        database: Database,
        connection: asyncpg.Connection,
        rules: Rules,
        viewer: Viewer,
        progress: Callable[[Progress], None] | None,
        observe: Observe | None,
    ) -> None:
        self._database = database
        self._connection = connection
        self._rules = rules
        self._viewer = viewer
        self._progress = progress
        self._observe = observe
        self._sheet: SheetStart | None = None
        self._sheets: dict[str, SheetStart] = {}
        #: not yet told to the observer
        self._heard: list[SheetStart | SheetNote] = []
        self._expected: int | None = None
        self._context: Context | None = None

    async def import_(self, path: Path, file_name: str, file_hash: str, agency_code: str | None) -> BatchResult:
        connection, viewer = self._connection, self._viewer
        agencies = await load_agencies(connection)
        self._today = await today(self._database, viewer)
        root = choose_agency(agencies, viewer, agency_code)
        async with aclosing(cast(AsyncGenerator[Item, None], aread_table(path))) as items:
            first: list[Item] = []
            if root is None:
                first, root = await agency_of_file(items, agencies)
            result = await batches.start(connection, root.id, root.code, viewer.actor, file_name, file_hash)
            try:
                self._context = await self._open(result, agencies, root)
                await self._write_all(first, items)
                await self._finish()
            except BaseException as error:
                await self._fail(result, error)
                # A connection cut inside a COPY shows as one of the driver's own faults.
                if isinstance(error, asyncpg.InternalClientError):
                    connection.terminate()
                    raise Unavailable("写入时与数据库的连接中断，请稍后重新导入同一文件") from error
                raise
            finally:
                if not connection.is_closed():
                    await batches.unlock(connection, result)
        return result

    async def _open(self, result: BatchResult, agencies: Sequence[Agency], root: Agency) -> Context:
        judge = Judge(self._rules, Agencies(agencies, root.id), self._today, await load_overrides(self._connection))
        return Context(
            rules=self._rules,
            judge=judge,
            result=result,
            settling=await Settling.load(self._connection, root.id, judge.checker.normal),
            secret=self._database.secret,
            law_hash=self._database.law,
            actor=self._viewer.actor,
            agency=root.id,
            # The file's name stays with the batch: in the journal nothing is ever taken out.
            reason=f"导入批次{result.batch_id}",
        )

    async def _write_all(self, first: list[Item], items: AsyncIterator[Item]) -> None:
        writing: asyncio.Task[None] | None = None
        waiting: list[RawRow] = []
        try:
            async with aclosing(_ahead(first, items)) as ahead:
                async for item in ahead:
                    if not isinstance(item, list):
                        self._hear(item)
                        continue
                    waiting += item
                    while len(waiting) >= CHUNK:
                        chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
                        writing = await self._next(chunk, writing)
            while waiting:
                chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
                writing = await self._next(chunk, writing)
        finally:
            # What was judged is written even when reading breaks off: the batch counts it, and nothing is lost.
            if writing is not None:
                await writing

    async def _next(self, chunk: list[RawRow], writing: asyncio.Task[None] | None) -> asyncio.Task[None]:
        judged = await self._judge(chunk)
        if writing is not None:
            await writing
        return asyncio.create_task(self._write(judged))

    async def _judge(self, chunk: list[RawRow]) -> list[Judged]:
        assert self._context is not None
        judge, sheets = self._context.judge.judge, self._sheets
        judged: list[Judged] = []
        for at in range(0, len(chunk), _SLICE):
            judged += [judge(raw, sheets[raw.sheet]) for raw in chunk[at : at + _SLICE]]
            await asyncio.sleep(0)
        return judged

    async def _write(self, judged: list[Judged]) -> None:
        assert self._context is not None
        outcomes = await write_chunk(self._connection, self._context, judged)
        self._tell(outcomes)

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        assert self._context is not None
        if self._observe is not None:
            law = self._context.law
            heard, self._heard = self._heard, []
            self._observe([*heard, *(row_result(outcome, law, self._today) for outcome in outcomes)])
        if self._progress is not None:
            self._progress(Progress(self._context.result.counts.total, self._expected))

    def _hear(self, item: SheetStart | SheetNote) -> None:
        self._heard.append(item)
        if isinstance(item, SheetStart):
            self._sheets[item.sheet] = item
            self._expected = (self._expected or 0) + item.rows_estimated
        elif self._context is not None:
            self._context.result.notes.append(item)

    async def _finish(self) -> None:
        assert self._context is not None
        context = self._context
        async with self._connection.transaction():
            await context.settling.settle(self._connection, context.agency, context.result.batch_id)
            await batches.end(self._connection, context.result, batches.DONE)
        self._tell(())

    async def _fail(self, result: BatchResult, error: BaseException) -> None:
        """Says in the batch where it stopped; when the connection is gone, the next start says it."""
        done = result.counts.total
        kept = f"前{done}行已处理并保存；" if done else ""
        if isinstance(error, Refused) and not done:
            message = error.message  # it says itself what to do with the file
        else:
            why = error.message if isinstance(error, CreditError) else "写入中断"
            message = f"{why}。{kept}请处理后重新导入同一文件，系统会补完其余的行"
        if self._connection.is_closed():
            result.state, result.failure = batches.FAILED, message
            return
        try:
            await batches.end(self._connection, result, batches.FAILED, message)
        except (*AWAY, asyncpg.PostgresError, asyncpg.InternalClientError):
            result.state, result.failure = batches.FAILED, message


async def _ahead(first: list[Item], items: AsyncIterator[Item]) -> AsyncGenerator[Item, None]:
    """Gives the items while the next ones are being read: the child works on while rows are checked and written."""
    queue: asyncio.Queue[Item | BaseException | None] = asyncio.Queue(_READ_AHEAD)

    async def read() -> None:
        try:
            async for item in items:
                await queue.put(item)
            await queue.put(None)
        except Exception as error:
            await queue.put(error)

    reading = asyncio.create_task(read())
    try:
        for item in first:
            yield item
        while (found := await queue.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def today(database: Database, viewer: Viewer) -> date:
    """Gives the day by the database, through the viewer's door."""
    async with database.read(viewer) as connection:
        day: date = await connection.fetchval("SELECT today()")
    return day


async def load_overrides(connection: asyncpg.Connection) -> dict[Key, str]:
    """Gives the classes officers have set by hand: few, as each is one officer's decision."""
    rows = await connection.fetch(
        "SELECT authority_uscc, document_number, severity_override FROM penalty WHERE severity_override IS NOT NULL"
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise Invalid("文件不存在或不能读取；请核对文件名和位置") from None


def _plain_name(name: str) -> str:
    """The name without its folder and without what cannot be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[-_LONGEST_NAME:] or "未命名文件"
