"""信用评价 ratings: result, points per indicator, and the facts it rests on."""

from datetime import date
from decimal import Decimal

import strawberry

from schema.agencies import Agency
from schema.arguments import AGENCY, YEAR, equal, not_blank, page
from schema.disclosure import Disclosure, disclosure
from schema.nodes import PAGING, Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Choice, Key, Many, One, Page, column, expression, mapped, row
from schema.records import Record
from schema.reference import Standard

_APPLIED = "s_.id = {row}.standard || '@' || {row}.standard_version"
_MEANING = f"""(SELECT g_.value ->> 'meaning' FROM rating_standard s_, jsonb_array_elements(s_.grades) g_
    WHERE {_APPLIED} AND g_.value ->> 'grade' = {{row}}.grade)"""


@strawberry.type(description="指标得分 rating point")
@row("rating_point")
class RatingPoint:
    """指标得分."""

    indicator: str = column("指标 indicator", "indicator")
    position: int = column("顺序 position：评价标准中的次序", "position")
    points: Decimal = column("得分 points，分", "points", as_text=True)
    full_points: Decimal = column("满分 full points，分", "full_points", as_text=True)


@strawberry.type(description="评价依据 rating basis：计入评价的一条信用信息")
@row("rating_basis")
class RatingBasis:
    """评价依据."""

    record: Record | None = mapped(
        "信用信息 record",
        Choice((("licence_id", "Licence"), ("penalty_id", "Penalty"), ("act_id", "Act"))),
    )


@strawberry.type(description="信用评价结果 rating：一个主体按一个标准在一个周期的结果")
@row("rating", "RA")
class Rating(Node):
    """信用评价结果."""

    party: Party | None = party("评价对象 party", "Enterprise", "IndividualBusiness", "Practitioner", "Vehicle")
    standard_key: str = column("评价标准代码 standard key", "standard")
    standard_version: date = column("标准版本 standard version：该版本的施行日", "standard_version")
    standard_name: str | None = expression(
        "标准名称 standard name；登记册中没有该版本的为 null",
        f"(SELECT s_.name FROM rating_standard s_ WHERE {_APPLIED})",
    )
    standard: Standard | None = mapped(
        "评价标准 standard：登记册中的该版本；没有的为 null",
        One("{item}.id = {row}.standard || '@' || {row}.standard_version"),
    )
    period_from: date = column("评价周期首日 period from", "period_from")
    period_to: date = column("评价周期末日 period to：含当日", "period_until")
    score: Decimal | None = column("评价得分 score，分；直接定级的为 null", "score", as_text=True)
    grade: str = column("信用等级 grade：按各标准自己的等级", "grade")
    grade_meaning: str | None = expression("等级含义 grade meaning；登记册中没有的为 null", _MEANING)
    effective_from: date = column("生效日 effective from", "effective_from")
    effective_until: date | None = column("失效日 effective until：失效的第一天", "effective_until")
    points: list[RatingPoint] = mapped(
        "指标得分 points", Many("{item}.rating_id = {row}.id", "{item}.position, {item}.id")
    )
    bases: Connection[RatingBasis] = mapped(
        "评价依据 bases：只列出此处可以看到的信息",
        Page("{item}.rating_id = {row}.id", Key("id", "uuid"), descending=False),
        arguments=PAGING,
    )
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    disclosure: Disclosure = disclosure()


STANDARD = equal("standard", str | None, "评价标准 standard：代码", not_blank("评价标准 standard"))
GRADE = equal("grade", str | None, "信用等级 grade：须同时给出 standard", not_blank("信用等级 grade"), needs="standard")


@strawberry.type
class RatingQuery:
    """信用评价的查询根."""

    ratings: Connection[Rating] = mapped(
        "可以公开的信用评价结果 ratings，按评价周期末日，新的在前",
        **page("true", Key("period_until", "date"), STANDARD, GRADE, YEAR, AGENCY),
    )
