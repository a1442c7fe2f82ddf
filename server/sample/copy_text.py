"""COPY 文本 rows in the text form that PostgreSQL's COPY reads. Not for reading it.

What a process of its own makes goes to the server as it is: the one that writes has enough to do with the names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from operator import itemgetter
from typing import Any
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as DriverUUID

from server.journal.service import Write

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: str) -> str:
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


def _array(values: Sequence[str]) -> str:
    """Of texts alone, each in double quotes."""
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return _text("{" + ",".join(quoted) + "}")


#: The forms of all types that facts have.
_FORMS: dict[type, Callable[[Any], str]] = {
    str: _text,
    type(None): lambda _: "\\N",
    bool: lambda value: "t" if value else "f",
    int: str,
    Decimal: str,
    date: date.isoformat,
    UUID: str,
    DriverUUID: str,
    list: _array,
}


@dataclass(frozen=True, slots=True)
class CopyText:
    """表的各行 as text, with the columns they have."""

    columns: tuple[str, ...]
    rows: int
    text: bytes

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> CopyText:
        """Gives at least one row as text; all carry the same columns. Raises ``KeyError`` for a type no fact has."""
        columns = tuple(rows[0])
        forms = _FORMS
        lines = ["\t".join([forms[type(v)](v) for v in values]) for values in map(itemgetter(*columns), rows)]
        return cls(columns, len(lines), ("\n".join(lines) + "\n").encode())

    async def put(self, w: Write, table: str) -> int:
        """Copies the rows into a fact table; gives how many."""
        await w.connection.copy_to_table(table, source=BytesIO(self.text), columns=list(self.columns), format="text")
        return self.rows
