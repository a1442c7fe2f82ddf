"""代价 cost: an estimate of the rows a plan reads, known before it runs. Not for time, and not for what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import TooLarge

#: Rows one request may read: twenty firms with twenty records each and what hangs on them, many times over.
MOST_ROWS = 20_000
#: A short list's estimate: indicators of a standard, measures of an entry.
SHORT_LIST = 20
#: A count's estimate: it reads at most 10,001 index entries, each much cheaper than a row.
COUNT = 500


@dataclass(frozen=True, slots=True)
class Part:
    """代价的一部分: ``rows`` times the page sizes (places in the bound values) it stands under."""

    path: str
    rows: int
    sizes: tuple[int, ...] = ()


def rows_read(parts: Sequence[Part], values: Sequence[object]) -> int:
    """Gives the estimated rows; raises ``TooLarge`` naming the largest part when they are more than allowed."""
    total, largest, most = 0, "", -1
    for part in parts:
        rows = part.rows
        for place in part.sizes:
            size = values[place]
            rows *= size if isinstance(size, int) else 1
        total += rows
        if rows > most:
            largest, most = part.path, rows
    if total > MOST_ROWS:
        raise TooLarge(
            f"查询过大：估计读取 {total} 行，上限 {MOST_ROWS} 行；最大的部分是 {largest}（{most} 行），"
            "请减小 first 或分几次查询",
            code="COST_LIMIT_EXCEEDED",
            status=400,
        )
    return total
