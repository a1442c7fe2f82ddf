"""大规模示例的清单 all sheets of a mass from what was ordered, and who makes their rows: a process of its own for many.

Parsing the names of what is written keeps one processor busy, making the rows another. Not for writing them.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from server.catalogue.rules import Measures
from server.imports.law import Rules
from server.journal.service import Write
from server.sample.copy_text import CopyText
from server.sample.mass_law import MassLaw
from server.sample.mass_sheets import RowsSheet, fact_sheets, subject_sheets
from server.sample.mass_subjects import Counts

#: Subjects of one revision: a few chunks are in memory at once.
STEP = 5_000
#: For fewer subjects a process takes longer to begin than it spares.
_FEW = 20_000
Made = dict[str, CopyText]


@dataclass(frozen=True, slots=True)
class MassOrder:
    """订单: what the rows of a mass follow from; ``agencies`` and ``products`` are ids by code.

    Without ``products`` it is of registers alone.
    """

    counts: Counts
    until: date
    rules_dir: Path | None
    secret: str = field(repr=False)
    agencies: Mapping[str, UUID]
    products: Mapping[str, UUID] | None

    def sheets(self) -> list[RowsSheet]:
        """Gives the sheets, parents before children."""
        law = MassLaw(Rules.load(self.rules_dir), Measures.load(self.rules_dir), self.agencies, self.until)
        registers = subject_sheets(law, self.counts, self.secret)
        return registers if self.products is None else registers + fact_sheets(law, self.counts, self.products)

    def subjects(self) -> int:
        """Gives how many subjects it is of."""
        counts = self.counts
        return counts.enterprise + counts.individual_business + counts.practitioner + counts.vehicle


@dataclass(frozen=True, slots=True)
class OrderedSheet:
    """一张表 whose rows ``made_by`` makes elsewhere."""

    title: str
    last: int
    executor: Executor
    made_by: Callable[[int, int], Made]
    first: int = 1
    step: int = STEP

    async def made(self, first: int, last: int) -> Made:
        """Gives the rows of some subjects."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, self.made_by, first, last)

    async def put(self, w: Write, made: Made) -> int:
        """Writes them in one revision."""
        return sum([await text.put(w, table) for table, text in made.items()])


@contextmanager
def ordered(order: MassOrder) -> Iterator[list[OrderedSheet]]:
    """Gives the sheets of an order, with somebody to make them; ends him with the block."""
    sheets = order.sheets()
    if order.subjects() < _FEW:
        executor: Executor = ThreadPoolExecutor(1)
        makers: list[Callable[[int, int], Made]] = [_Here(sheet) for sheet in sheets]
    else:
        # Forking would copy this process with its open connections.
        executor = ProcessPoolExecutor(1, get_context("spawn"), _begin, (order,))
        makers = [_There(place) for place in range(len(sheets))]
    try:
        yield [
            OrderedSheet(sheet.title, sheet.last, executor, maker) for sheet, maker in zip(sheets, makers, strict=True)
        ]
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Here:
    """Makes rows in this process."""

    sheet: RowsSheet

    def __call__(self, first: int, last: int) -> Made:
        return {table: CopyText.of(rows) for table, rows in self.sheet.make(first, last).items() if rows}


@dataclass(frozen=True, slots=True)
class _There:
    """Makes rows in the process that ``_begin`` prepared; it goes there by its place."""

    place: int

    def __call__(self, first: int, last: int) -> Made:
        return _Here(_prepared[self.place])(first, last)


_prepared: list[RowsSheet] = []


def _begin(order: MassOrder) -> None:
    """Prepares the process; Ctrl+C is the other's business, who then ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prepared.extend(order.sheets())
