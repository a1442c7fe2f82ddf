"""计数 counts by group: records by kind and month, ratings by year and grade. Not for single rows: see the connections.

Each group is counted along an index, at most one entry beyond ``COUNTED``; then it says that there are more. A group
without rows is told with 0, so that a chart has no gaps.
"""

from __future__ import annotations

from typing import Any

import strawberry

from schema.arguments import not_blank, number_of, read_month, read_year
from schema.enums import RecordKind, enum_sql, stored_key
from schema.plan.cost import COUNT
from schema.plan.mapping import Argument, Many, column, expression, mapped, row
from schema.plan.sql import COUNTED

#: Two years of months; six years of a standard of at most six grades: both stay below what one request may cost.
MOST_MONTHS, MOST_YEARS, GRADES = 24, 6, 6


@strawberry.type(description="行政行为计数 record count：一个月内一类行政行为的条数，按决定日期")
@row("record_count")
class RecordCount:
    """行政行为计数."""

    month: str = column("月份 month：2026-01", "month")
    kind: RecordKind = expression("种类 kind（十公示）", enum_sql(RecordKind, "kind"))
    count: int = column("条数 count：可见的条数，数到 10000 为止", "n")
    capped: bool = column("条数封顶 capped：为真表示实际多于 10000 条", "capped")


@strawberry.type(description="评价结果计数 rating count：一个评价年度内一个等级的评价结果的条数")
@row("rating_count")
class RatingCount:
    """评价结果计数."""

    year: int = column("评价年度 year：评价周期末日所在的年份", "year")
    grade: str = column("信用等级 grade：按该标准自己的等级", "grade")
    count: int = column("条数 count：可见的条数，数到 10000 为止", "n")
    capped: bool = column("条数封顶 capped：为真表示实际多于 10000 条", "capped")


_MONTHS = """
(SELECT to_char(m.first, 'YYYY-MM') AS month, {{kind}} AS kind, least(c.n, {counted}) AS n, c.n > {counted} AS capped, m.first
FROM (
    SELECT ({{from_month}} + make_interval(months => i))::date AS first,
        ({{from_month}} + make_interval(months => i + 1))::date AS next
    FROM generate_series(0, {{months}} - 1) i
) m
CROSS JOIN LATERAL (
    SELECT CASE {{kind}} WHEN 'licence' THEN {licences} WHEN 'penalty' THEN {penalties} ELSE {acts} END AS n OFFSET 0
) c)"""

_YEARS = """
(SELECT y.year, g.grade, least(c.n, {counted}) AS n, c.n > {counted} AS capped, g.position
FROM (SELECT {{from_year}} + i AS year FROM generate_series(0, {{years}} - 1) i) y
CROSS JOIN (
    SELECT e.value ->> 'grade' AS grade, min(e.ordinality) AS position
    FROM rating_standard s, jsonb_array_elements(s.grades) WITH ORDINALITY e WHERE s.key = {{standard}} GROUP BY 1
) g
CROSS JOIN LATERAL (SELECT {ratings} AS n OFFSET 0) c)"""


def _count(view: str, where: str) -> str:
    return f"(SELECT count(*) FROM (SELECT FROM {view} x WHERE {where} LIMIT {COUNTED + 1}) x)"


def record_counts(also: str = "") -> Any:
    """Declares the counts of one kind by month; ``also`` is a further condition on ``x``."""
    days = "x.decided_on >= m.first AND x.decided_on < m.next" + also
    source = _MONTHS.format(
        counted=COUNTED,
        licences=_count("licence", days),
        penalties=_count("penalty", days),
        acts=_count("act", f"x.kind = {{kind}} AND {days}"),
    )
    return mapped(
        "行政行为按月计数 record counts，早的月份在前；没有的月份为 0",
        Many("true", "{item}.first", source=source, rows=COUNT, size="months"),
        arguments=[
            Argument("kind", RecordKind, "种类 kind", convert=stored_key),
            Argument("from_month", str, "首月 from month，写作 2026-01", "date", convert=read_month),
            Argument(
                "months",
                int,
                f"月数 months：1 到 {MOST_MONTHS}，不给时为 12",
                "int",
                convert=number_of("月数 months ", MOST_MONTHS),
                default=12,
            ),
        ],
    )


def rating_counts(also: str = "") -> Any:
    """Declares the counts of one standard by year and grade; ``also`` is a further condition on ``x``."""
    match = (
        "x.standard = {standard} AND x.grade = g.grade"
        " AND x.period_until >= make_date(y.year, 1, 1) AND x.period_until < make_date(y.year + 1, 1, 1)"
    )
    source = _YEARS.format(counted=COUNTED, ratings=_count("rating", match + also))
    return mapped(
        "评价结果按年度、等级计数 rating counts，早的年度在前，好的等级在前；没有的为 0；不认识的标准为空",
        Many("true", "{item}.year, {item}.position, {item}.grade", source=source, rows=COUNT * GRADES, size="years"),
        arguments=[
            Argument("standard", str, "评价标准 standard：代码", convert=not_blank("评价标准 standard", required=True)),
            Argument("from_year", int, "首个评价年度 from year", "int", convert=read_year),
            Argument(
                "years",
                int,
                f"年数 years：1 到 {MOST_YEARS}，不给时为 3",
                "int",
                convert=number_of("年数 years ", MOST_YEARS),
                default=3,
            ),
        ],
    )


@strawberry.type
class CountQuery:
    """计数的查询根."""

    record_counts: list[RecordCount] = record_counts()
    rating_counts: list[RatingCount] = rating_counts()
