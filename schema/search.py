"""检索 search: one box for firms, individual businesses and vehicles. Not for persons: those are found by number alone.

What was typed is read in ``server/search/questions.py``; the door's own ``find_subjects`` finds, and the subjects are read
once more through the door's views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from schema.arguments import DIVISION, SECTOR
from schema.enums import SearchKind, SearchMatch, SearchReading, enum_sql, stored_key
from schema.nodes import Edge, PageInfo
from schema.plan.mapping import Argument, Choice, Key, Page, PagePart, Said, expression, mapped, row
from schema.subjects import Enterprise, IndividualBusiness, Vehicle
from server.search.questions import Question, read

#: What finding costs beside the rows it gives: a misspelt name reads some thousand index entries and three hundred names.
FINDING = 1_000

SearchSubject = Annotated[
    Enterprise | IndividualBusiness | Vehicle,
    strawberry.union("SearchSubject", description="检索到的主体 search subject：企业、个体工商户或车辆"),
]


@strawberry.type(description="检索结果 search hit：检索到的一个主体，以及它怎样对上输入的内容")
@row("subject_hit")
class SearchHit:
    """检索结果."""

    matched: SearchMatch = expression("对上的方式 matched", enum_sql(SearchMatch, "matched"))
    subject: SearchSubject | None = mapped(
        "主体 subject：检索之后恰好停止公示的为 null",
        Choice(
            (
                ("enterprise_id", "Enterprise"),
                ("individual_business_id", "IndividualBusiness"),
                ("vehicle_id", "Vehicle"),
            )
        ),
    )


@strawberry.type(
    description="检索连接 search connection：先是对得最准的，同样准的以较知名的在前；只能往后翻页，不计总数"
)
class SearchHitConnection:
    """检索连接."""

    edges: list[Edge[SearchHit]] = mapped("边 edges：本页结果", PagePart("edges"))
    page_info: PageInfo = mapped("翻页信息 page info", PagePart("info"))
    reading: SearchReading = mapped("读法 reading：输入的内容被当作什么", Said("text_reading"))
    fault: str | None = mapped(
        "错处 fault：输入的代码、车牌或其他内容哪里不对、怎样改；没有错处为 null", Said("text_fault")
    )


def _part(sql_type: str, of: Callable[[Question], Any]) -> tuple[str, Callable[[str], Any]]:
    return sql_type, lambda text: of(read(text))


def _optional(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


_TEXT = Argument(
    "text",
    str,
    "输入的内容 text：名称或其中的字（繁体、全角、括号均可）、拼音首字母或全拼、统一社会信用代码、组织机构代码、车牌号；"
    "不超过 100 个字。个人的证件号码不在这里查，也不作记录",
    parts={
        "text_reading": _part("text", lambda question: question.reading.name),
        "text_fault": _part("text", lambda question: question.fault),
        "text_key": _part("text", lambda question: question.reading.value),
        "text_code": _part("text", lambda question: question.code),
        "text_colour": _part("text", lambda question: question.colour),
        "text_tokens": _part("text[]", lambda question: None if question.tokens is None else list(question.tokens)),
        "text_core": _part("text", lambda question: question.core),
        "text_brand": _part("text", lambda question: question.brand),
        "text_written": _part("text[]", lambda question: [f"%{word}%" for word in question.written]),
        "text_initials": _part("text", lambda question: question.initials),
        "text_guesses": _part("text[]", lambda question: list(question.guesses.tokens)),
        "text_sounds": _part("text[]", lambda question: list(question.guesses.sounds)),
        "text_shapes": _part("text[]", lambda question: list(question.guesses.shapes)),
        "text_weights": _part("int[]", lambda question: list(question.guesses.weights)),
    },
)
_KIND = Argument("kind", SearchKind | None, "种类 kind：只查这一种", convert=_optional(stored_key))
_DIVISION = Argument(
    "division", str | None, DIVISION.argument.description, convert=_optional(DIVISION.argument.convert)
)
_SECTOR = Argument("sector", str | None, SECTOR.argument.description, convert=_optional(SECTOR.argument.convert))

_FIRST = Argument("first", int | None, "取前若干条 first：0–100，不给时为 20", "int")
_AFTER = Argument("after", str | None, "从此游标之后取 after")

_FOUND = (
    "find_subjects({text_key}, {text_code}, {text_colour}, {text_tokens}, {text_core}, {text_brand}, {text_written},"
    " {text_initials}, {text_guesses}, {text_sounds}, {text_shapes}, {text_weights}, {kind}, {division}, {sector},"
    " {limit}, {after_key})"
)


@strawberry.type
class SearchQuery:
    """检索的查询根."""

    search: SearchHitConnection = mapped(
        "检索 search：在一个框里找企业、个体工商户和车辆；什么都没有对上的名称，给出几个相近的。从业人员另按证件号码查",
        Page("true", Key("place", "bigint"), descending=False, source=_FOUND, price=FINDING),
        arguments=(_TEXT, _KIND, _DIVISION, _SECTOR, _FIRST, _AFTER),
    )
