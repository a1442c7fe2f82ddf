"""读取 one file through a child process that may die of it: sheets, notes and batches of raw rows, or a polite refusal.

Parent side: never imports calamine, never holds more than one batch. Not for checking rows (see ``check``).
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

from server.disclosure.masking import mask_text
from server.imports.limits import LIMITS, Limits
from server.imports.refusals import CODES, Refused, broken_off, out_of_memory, out_of_time
from server.imports.rows import Damage, Item, Kind, Level, RawRow, SheetNote, SheetStart, Spoilt

_ROOT = Path(__file__).resolve().parents[2]
#: A batch is about 1 MB; a longer frame comes from no child of ours.
_LONGEST_FRAME = 256 << 20
_READ_BYTES = 1 << 20
#: A child that has closed its pipe is ending; longer than this it is not ours any more.
_GRACE_SECONDS = 5
#: One heap for all threads: every further one reserves 64 MB of the child's address space.
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "PYTHONDONTWRITEBYTECODE": "1"}
_OUT_OF_MEMORY = (b"memory allocation", b"MemoryError")


def read_table(path: str | os.PathLike[str], *, limits: Limits = LIMITS) -> Iterator[Item]:
    """Gives what the file holds, in its order. Closing the generator ends the child.

    Raises ``Refused`` (a ``CreditError``): FILE_TYPE, FILE_ENCRYPTED, FILE_TOO_LARGE, FILE_UNREADABLE, FILE_TIMEOUT,
    or, after the notes of all sheets, NO_TABLE. It may come after some batches: what was read till then may be kept,
    the same file imported again changes nothing.
    """
    with Reading(path, limits) as reading:
        yield from reading


async def aread_table(path: str | os.PathLike[str], *, limits: Limits = LIMITS) -> AsyncIterator[Item]:
    """As ``read_table`` for the event loop: waits in a thread. Use with ``contextlib.aclosing``."""
    # Starting takes a few milliseconds; in a thread, a cancellation could lose the child it has just made.
    reading = Reading(path, limits)
    try:
        while (item := await asyncio.to_thread(reading.next_item)) is not None:
            yield item
    finally:
        reading.close()


def child_command(path: str, limits: Limits) -> list[str]:
    """Gives the command line of the child."""
    return [sys.executable, "-X", "utf8", "-m", "server.imports.child", json.dumps(limits.as_dict()), path]


class Reading:
    """读取过程: the child process and what came from it so far. A context manager; ``close`` may come at any time."""

    def __init__(self, path: str | os.PathLike[str], limits: Limits = LIMITS) -> None:
        if not Path(path).is_file():
            raise Refused("FILE_UNREADABLE", f"找不到文件“{Path(path).name}”：请核对文件名和位置")
        self._limits = limits
        self._waited = 0.0
        self._tables = 0
        self._faults: list[str] = []
        self._ended = False
        self._lock = Lock()
        # Messages of a dying child; a file without a name, so that nothing is left behind.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 — closed in close()
        self._child = subprocess.Popen(
            child_command(os.path.abspath(path), limits),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            cwd=_ROOT,
            # No secret of the server is in the environment of a process that reads strangers' files.
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", **_FRUGAL},
        )

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Item]:
        while (item := self.next_item()) is not None:
            yield item

    def next_item(self) -> Item | None:
        """Gives the next item, None after the last; raises ``Refused``."""
        with self._lock:
            if self._ended:
                return None
            frame = self._frame()
        try:
            item = self._item(frame)
        except (KeyError, TypeError, ValueError):
            self.close()
            raise broken_off() from None
        except Refused:
            self.close()
            raise
        if item is None:
            self.close()
            self._require_table()
        return item

    def _item(self, frame: dict[str, Any]) -> Item | None:
        match frame["t"]:
            case "rows":
                return _rows(frame)
            case "start":
                self._tables += 1
                return _start(frame)
            case "note":
                note = _note(frame)
                if note.level is Level.FAULT or note.rule == "NOT_A_TABLE":
                    self._faults.append(note.message)
                return note
            case "end":
                return None
            case "refused" if frame["code"] in CODES:
                raise Refused(frame["code"], str(frame["message"]))
            case _:
                raise broken_off()

    def close(self) -> None:
        """Ends the child and its pipe. Never waits for the child's goodwill."""
        self._child.kill()
        with self._lock:
            self._ended = True
            self._child.wait()
            if self._child.stdout:
                self._child.stdout.close()
            self._messages.close()

    def _require_table(self) -> None:
        if not self._tables:
            reasons = "；".join(self._faults[:3]) or "所有工作表都是空的"
            message = f"文件里没有可读取的行政许可或行政处罚表：{reasons}。请核对是否选错文件，改正后再导入"
            raise Refused("NO_TABLE", message)

    def _frame(self) -> dict[str, Any]:
        try:
            length = int.from_bytes(self._bytes(4), "big")
            if length > _LONGEST_FRAME:
                raise broken_off()
            frame: dict[str, Any] = json.loads(self._bytes(length), object_hook=_special)
        except (EOFError, ValueError, RecursionError):
            raise self._end_of_child() from None
        return frame if isinstance(frame, dict) else {}

    def _bytes(self, count: int) -> bytes:
        """Reads so many bytes; waits no longer than the limit in all."""
        assert self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        parts = []
        while count:
            started = time.monotonic()
            ready, _, _ = select.select([pipe], [], [], max(self._limits.wait_seconds - self._waited, 0))
            self._waited += time.monotonic() - started
            if not ready:
                self._child.kill()
                raise out_of_time()
            part = os.read(pipe, min(count, _READ_BYTES))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _end_of_child(self) -> Refused:
        """Says why a child ended without a word: by its exit status and its last messages."""
        try:
            status = self._child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return broken_off()
        self._messages.seek(0)
        words = self._messages.read(_READ_BYTES)
        if status == -signal.SIGXCPU:
            return out_of_time()
        if any(word in words for word in _OUT_OF_MEMORY) or status == -signal.SIGKILL:
            return out_of_memory()
        return broken_off()


def _special(value: dict[str, Any]) -> Any:
    """Turns the marks of dates and spoilt cells back; see ``child``."""
    if "d" in value:
        return date.fromordinal(value["d"])
    if "m" in value:
        return datetime.fromisoformat(value["m"])
    if "x" in value:
        return Spoilt(Damage(value["x"][0]), value["x"][1])
    return value


def _rows(frame: dict[str, Any]) -> list[RawRow]:
    kind, sheet, codes = Kind(frame["k"]), frame["s"], [sys.intern(code) for code in frame["c"]]
    return [
        RawRow(kind, sheet, number, {code: value for code, value in zip(codes, row, strict=True) if value != ""})
        for number, row in zip(frame["n"], frame["r"], strict=True)
    ]


def _start(frame: dict[str, Any]) -> SheetStart:
    return SheetStart(
        frame["sheet"],
        Kind(frame["kind"]),
        frame["edition"],
        frame["header_row"],
        frame["rows_estimated"],
        tuple(frame["columns"]),
        tuple(frame["absent"]),
    )


def _note(frame: dict[str, Any]) -> SheetNote:
    # Headers and names of sheets are the clerk's own words, and a note is kept with its batch.
    message, sheet = mask_text(frame["message"]), mask_text(frame["sheet"])
    return SheetNote(sheet, Level(frame["level"]), frame["rule"], message, tuple(frame["rows"]))
