"""参数 arguments that several connections share: filters by agency, division, day, quarter and year, and their SQL.

A filter that is given is used or refused, never ignored. Each stands for equality or a range on columns that open an
index in ``server/migrate/indexes.py``. Not for paging: see ``nodes.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from schema.nodes import PAGING
from schema.plan.mapping import Argument, Key, Page
from server.errors import Invalid
from server.identifiers.divisions import known_division

#: Years that a calendar filter takes; PostgreSQL refuses others with an error of its own.
FIRST_YEAR, LAST_YEAR = 1949, 2199


@dataclass(frozen=True, slots=True)
class Filter:
    """过滤条件 an argument, its condition on ``{item}``, and the other argument it is refused without."""

    argument: Argument
    sql: str
    needs: str | None = None


def page(where: str, key: Key, *filters: Filter, descending: bool = True, today_only: bool = False) -> dict[str, Any]:
    """Gives mapping and arguments of a connection with these filters, for ``mapped``."""
    return {
        "mapping": Page(
            where,
            key,
            descending=descending,
            filters=tuple((one.argument.name, one.sql) for one in filters),
            needs=tuple((one.argument.name, one.needs) for one in filters if one.needs),
            today_only=today_only,
        ),
        "arguments": (*PAGING, *(one.argument for one in filters)),
    }


def not_blank(what: str, *, required: bool = False) -> Callable[[str], str]:
    """Gives a conversion that refuses an empty value: an empty filter is a mistake, not a wish for everything."""
    space = " " if what[-1].isascii() else ""
    advice = "请给出内容" if required else "请给出内容，或去掉这个参数"

    def convert(value: str) -> str:
        if not value.strip():
            raise Invalid(f"{what}{space}为空；{advice}")
        return value.strip()

    return convert


def _division(value: str) -> str:
    code = value.strip()
    if not re.fullmatch(r"(?:[0-9]{2}){1,3}", code):
        raise Invalid("行政区划代码须为 2、4 或 6 位数字，如 37、3701、370117；请改正")
    if not known_division(code.ljust(6, "0")):
        raise Invalid(f"行政区划代码 {code} 不在国家标准 GB/T 2260 中；请核对后再试")
    # 370000 is the whole province, 370100 the whole city.
    return re.sub(r"(?:00){1,2}$", "", code)


def read_year(value: int) -> int:
    """Takes a year that a calendar can hold; raises ``Invalid`` for any other."""
    if not FIRST_YEAR <= value <= LAST_YEAR:
        raise Invalid(f"年份须在 {FIRST_YEAR} 到 {LAST_YEAR} 之间，收到 {value}；请改正")
    return value


def _quarter(value: str) -> date:
    found = re.fullmatch(r"([0-9]{4})Q([1-4])", value.strip().upper())
    if found is None:
        raise Invalid("季度须写作 2026Q3（年份、字母 Q、1 至 4）；请改正")
    return date(read_year(int(found[1])), 3 * int(found[2]) - 2, 1)


def read_month(value: str) -> date:
    """Gives the first day of a month written 2026-01; raises ``Invalid``."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", value.strip())
    if found is None:
        raise Invalid("月份须写作 2026-01；请改正")
    return date(read_year(int(found[1])), int(found[2]), 1)


def number_of(what: str, most: int) -> Callable[[int], int]:
    """Gives a conversion that takes 1 to ``most``."""

    def convert(value: int) -> int:
        if not 1 <= value <= most:
            raise Invalid(f"{what}须在 1 到 {most} 之间，收到 {value}；请改正")
        return value

    return convert


#: ':' follows '9': every code that begins with the prefix, as a range that an index holds.
DIVISION = Filter(
    Argument(
        "division",
        str | None,
        "行政区划 division：2、4 或 6 位代码（GB/T 2260），含其下全部；不认识的代码被拒绝",
        convert=_division,
    ),
    '{item}.division_code COLLATE "C" >= {division} AND {item}.division_code COLLATE "C" < {division} || \':\'',
)
SECTOR = Filter(
    Argument(
        "sector",
        str | None,
        "经营领域 sector：与 sector 字段完全一致；没有填写的查不到",
        convert=not_blank("经营领域 sector"),
    ),
    "{item}.sector = {sector}",
)
AGENCY = Filter(
    Argument(
        "agency",
        str | None,
        "数源单位 agency：机关代码，只取此单位自己报送的，不含下级",
        convert=not_blank("机关代码 agency"),
    ),
    "{item}.source_unit_id = (SELECT source_.id FROM agency source_ WHERE source_.code = {agency})",
)
QUARTER = Filter(
    Argument("quarter", str | None, "季度 quarter：列入日期在此季度之内，写作 2026Q3", "date", convert=_quarter),
    "{item}.listed_on >= {quarter} AND {item}.listed_on < {quarter} + interval '3 months'",
)
YEAR = Filter(
    Argument("year", int | None, "评价年度 year：评价周期末日所在的年份", "int", convert=read_year),
    "{item}.period_until >= make_date({year}, 1, 1) AND {item}.period_until < make_date({year} + 1, 1, 1)",
)


def equal(
    name: str, annotation: Any, description: str, convert: Callable[[Any], Any], needs: str | None = None
) -> Filter:
    """Gives a filter by the value of the column of the same name."""
    argument = Argument(name, annotation, description, convert=convert)
    return Filter(argument, f"{{item}}.{name} = {{{name}}}", needs)


def days(column: str, stem: str, term: str) -> tuple[Filter, Filter]:
    """Gives the two ends of a range of days, both included."""
    return (
        Filter(
            Argument(f"{stem}_from", date | None, f"{term}不早于 {stem} from，含当日", "date"),
            f"{{item}}.{column} >= {{{stem}_from}}",
        ),
        Filter(
            Argument(f"{stem}_to", date | None, f"{term}不晚于 {stem} to，含当日", "date"),
            f"{{item}}.{column} <= {{{stem}_to}}",
        ),
    )
