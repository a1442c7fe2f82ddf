"""代价 cost: an estimate of the rows a plan reads, known before it runs. Not for time, and not for what is shown.

Rows are what the database reads; what it must parse and keep grows with the statement, so each relation has a price
even when it finds nothing, and the statement's length has a bound of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from schema.plan.binding import Bind
from server.errors import TooLarge

#: Rows one request may read: twenty firms with twenty records each and what hangs on them, many times over.
MOST_ROWS = 20_000
#: A short list's estimate: indicators of a standard, measures of an entry.
SHORT_LIST = 20
#: A count's estimate: it reads at most 10,001 index entries, each much cheaper than a row.
COUNT = 500
#: A root connection's price beside its rows: at either end it may pass over some thousand index entries of rows that are
#: hidden since the horizon (公示视界; measured: 0.2 ms). So at most a hundred stand in one request.
ROOT_PAGE = 200
#: Calls that one request may hold: each takes as long as a large request (a misspelt name, 60 ms), whatever it gives.
MOST_CALLS = 4
#: Each relation's price, read or not: planning one takes about as long as reading this many rows.
RELATION = 10
#: A row of the past is found by four look-ups: the version, its current row, the days of two revisions.
PAST = 4
#: A value of the schema itself costs a part of a row: graphql-core makes it in some microseconds.
VALUES_A_ROW = 3
#: Values that a row's price holds: the widest record has some forty, most queries ask for ten. More of one row, by
#: aliases or as objects of the same row, cost rows of their own, or four kilobytes ask for 400 texts of each row.
VALUES_OF_A_ROW = 40
#: What every request costs beside its rows, and each so many characters of a document that is new to the process:
#: reading, checking and compiling one takes as long as reading these rows.
REQUEST = 5
CHARACTERS_A_POINT = 8
#: Characters of one statement. The firm's page has 17,000; the server needs about a kilobyte for each while it plans.
LONGEST_STATEMENT = 64_000


@dataclass(frozen=True, slots=True)
class Part:
    """代价的一部分: ``rows`` times the page sizes (places in the bound values) it stands under."""

    path: str
    rows: int
    sizes: tuple[int, ...] = ()


class TooCostly(TooLarge):
    """代价超限 told with the numbers, so that a program can make its request smaller by itself."""

    code = "COST_LIMIT_EXCEEDED"
    status = 400

    def __init__(self, message: str, rows: int, largest: str, largest_rows: int) -> None:
        super().__init__(message)
        self.rows, self.largest, self.largest_rows = rows, largest, largest_rows


@dataclass(frozen=True, slots=True)
class Cost:
    """代价 of a plan, ready to be told for any values: ``fixed`` rows, and sums of rows under the same page sizes."""

    parts: tuple[Part, ...]
    fixed: int
    terms: tuple[tuple[int, tuple[int, ...]], ...]

    def rows(self, values: Sequence[object]) -> int:
        """Gives the estimated rows for these bound values."""
        total = self.fixed
        for rows, sizes in self.terms:
            for place in sizes:
                rows *= _size(values[place])
            total += rows
        return total

    def beside(self, others: Sequence[Part]) -> Cost:
        """Gives the cost of the plan together with parts that no size multiplies."""
        return Cost((*self.parts, *others), self.fixed + sum(part.rows for part in others), self.terms)

    def largest(self, values: Sequence[object]) -> tuple[str, int]:
        """Gives the path of the part that costs most, and its rows."""
        paths: Counter[str] = Counter()
        for part in self.parts:
            rows = part.rows
            for place in part.sizes:
                rows *= _size(values[place])
            paths[part.path] += rows
        return max(paths.items(), key=lambda found: found[1], default=("", 0))


def _size(value: object) -> int:
    return len(value) if isinstance(value, list) else value if isinstance(value, int) else 1


def priced(parts: Sequence[Part], binds: Sequence[Bind]) -> Cost:
    """Gives the cost of a plan; sizes that no request can change are multiplied now."""
    sums: Counter[tuple[int, ...]] = Counter()
    for part in parts:
        rows = part.rows
        for place in part.sizes:
            if binds[place].constant:
                rows *= _size(binds[place].value)
        sums[tuple(place for place in part.sizes if not binds[place].constant)] += rows
    return Cost(tuple(parts), sums.pop((), 0), tuple((rows, sizes) for sizes, rows in sums.items()))


def refuse_beyond(rows: int, cost: Cost, values: Sequence[object]) -> None:
    """Refuses more rows than one request may read, naming the largest part."""
    if rows > MOST_ROWS:
        path, most = cost.largest(values)
        raise TooCostly(
            f"查询过大：估计读取 {rows} 行，上限 {MOST_ROWS} 行；最大的部分是 {path}（{most} 行），"
            "请减小 first 或分几次查询",
            rows,
            path,
            most,
        )


def too_long() -> TooLarge:
    """Gives the refusal of a statement longer than ``LONGEST_STATEMENT``."""
    return TooLarge(
        f"查询过大：展开后的查询语句超过 {LONGEST_STATEMENT // 1000} kB，请减少别名、字段或嵌套，分几次查询",
        code="QUERY_TOO_LARGE",
        status=400,
    )
