"""代价 cost: an estimate of the rows a plan reads, known before it runs. Not for time, and not for what is shown.

Rows are what the database reads; what it must parse and keep grows with the statement, so each relation has a price
even when it finds nothing, and the statement's length has a bound of its own.
"""

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
#: Each relation's price, read or not: planning one takes about as long as reading this many rows.
RELATION = 10
#: A value of the schema itself costs a part of a row: graphql-core makes it in some microseconds.
VALUES_A_ROW = 3
#: Characters of one statement. The firm's page has 17,000; the server needs about a kilobyte for each while it plans.
LONGEST_STATEMENT = 64_000


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


def too_long() -> TooLarge:
    """Gives the refusal of a statement longer than ``LONGEST_STATEMENT``."""
    return TooLarge(
        f"查询过大：展开后的查询语句超过 {LONGEST_STATEMENT // 1000} kB，请减少别名、字段或嵌套，分几次查询",
        code="QUERY_TOO_LARGE",
        status=400,
    )
