"""来源表 one sheet as the formats give it: rows of raw values, before anything is known of it. Child side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from server.imports.damage import SpoiltCells

#: One row: its number as Excel counts, and its values; "" is blank.
NumberedRow: TypeAlias = tuple[int, list[Any]]


@dataclass(slots=True)
class Source:
    """来源表. ``height`` bounds the number of rows from above; ``hint`` is a warning about the whole sheet."""

    name: str
    height: int
    rows: Iterator[NumberedRow]
    #: spoilt cells that the values do not tell of, by row and column from 0
    spoilt: SpoiltCells = field(default_factory=dict)
    #: columns covered by merged cells, by row from 0; the first cell of each is not among them
    covered: dict[int, set[int]] = field(default_factory=dict)
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """略过的表: a sheet that is not read, and why."""

    name: str
    reason: str
