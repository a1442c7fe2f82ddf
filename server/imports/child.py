"""读取子进程 reads one file under hard limits and writes what it finds to its standard output. Not for anything else.

Run as ``python -m server.imports.child LIMITS PATH`` by ``reader``, without secrets in its environment. Each frame is four
bytes of length and JSON: JSON, because the parent must not trust a process that reads strangers' files.
"""

from __future__ import annotations

import gc
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from server.imports.limits import Limits, confine
from server.imports.refusals import Refused, broken_off, out_of_memory

#: Signs that some text may be spoilt: an escaped control character, forbidden ones, the plus of 9.1E+17. They are looked
#: for in the finished JSON, because looking at three million cells one by one would take a second.
_SIGNS = ("\\u", "\x7f", "\ufffd", "\ufffe", "\uffff", "+")
_C1 = re.compile("[\x80-\x9f]")

#: Share of its memory beyond which a child's failure is taken for want of it.
_NEARLY_FULL = 0.75


def main(arguments: list[str]) -> int:
    """Reads the file named last; a refusal is a frame, too."""
    limits = Limits(**json.loads(arguments[0]))
    confine(limits)
    # Millions of short-lived lists and no cycles: the collector would only walk them, again and again.
    gc.disable()
    out = sys.stdout.buffer
    try:
        _read(Path(arguments[1]), limits, out)
        _write(out, _encode({"t": "end"}))
    except BrokenPipeError:
        return 1
    except BaseException as error:  # pyo3 raises its panics past Exception
        refusal = _refusal(error, limits)
        _write(out, _encode({"t": "refused", "code": refusal.code, "message": refusal.message}))
    return 0


def _refusal(error: BaseException, limits: Limits) -> Refused:
    if isinstance(error, Refused):
        return error
    # The kind alone: the text of an error may repeat cells.
    print(type(error).__name__, file=sys.stderr)
    return out_of_memory() if isinstance(error, MemoryError) or _is_full(limits) else broken_off()


def _is_full(limits: Limits) -> bool:
    """Says whether memory was short: then calamine panics and threads do not start, with errors of any kind."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return False
    peak = re.search(r"VmPeak:\s*(\d+) kB", status)
    return peak is not None and int(peak[1]) * 1024 > _NEARLY_FULL * limits.memory_bytes


def _read(path: Path, limits: Limits, out: BinaryIO) -> None:
    # Imported under the limits: calamine and the tables count into the child's memory.
    from server.imports.body import Batch
    from server.imports.rows import SheetStart
    from server.imports.sheets import read_sheet

    for source in _sources(path, limits):
        for piece in read_sheet(source):
            if isinstance(piece, Batch):
                _write(out, _encode_batch(piece))
            else:
                kind = "start" if isinstance(piece, SheetStart) else "note"
                _write(out, _encode({"t": kind, **_printable(asdict(piece))}))


def _printable(piece: dict[str, Any]) -> dict[str, Any]:
    """Takes out of names and headers the characters no database holds; values are marked instead, see ``spoil_texts``."""
    from server.imports.body import FORBIDDEN

    return {key: FORBIDDEN.sub("", value) if isinstance(value, str) else value for key, value in piece.items()}


def _sources(path: Path, limits: Limits) -> Iterator[Any]:
    from server.imports.formats import Format, detect

    found = detect(path, limits)
    if found is Format.TEXT:
        from server.imports.delimited import open_text

        named_excel = path.suffix.lower() in (".xls", ".xlsx", ".et")
        hint = "文件名是 Excel，内容其实是文本表，已按文本表读取" if named_excel else None
        return open_text(path, limits, hint)
    from server.imports.excel import open_excel

    return open_excel(path, found, limits)


def _encode_batch(batch: Any) -> bytes:
    from server.imports.body import FORBIDDEN, spoil_texts

    frame = {
        "t": "rows",
        "k": batch.kind,
        "s": FORBIDDEN.sub("", batch.sheet),
        "c": batch.codes,
        "n": batch.numbers,
        "r": batch.rows,
    }
    text = _dump(frame)
    if any(sign in text for sign in _SIGNS) or _C1.search(text):
        spoil_texts(batch)
        text = _dump(frame)
    return text.encode("utf-8", "replace")


def _encode(frame: dict[str, Any]) -> bytes:
    return _dump(frame).encode("utf-8", "replace")


def _dump(frame: dict[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"), default=_special)


def _special(value: Any) -> dict[str, Any]:
    if isinstance(value, datetime):
        return {"m": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.toordinal()}
    return {"x": [value.damage, value.text]}


def _write(out: BinaryIO, payload: bytes) -> None:
    out.write(len(payload).to_bytes(4, "big"))
    out.write(payload)
    out.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
