"""节点与连接 Node, connections and cursors: what every list and every object with an id shares (Relay's forms)."""

import base64
import binascii
import re
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import strawberry

from schema.plan.mapping import Argument, ByGlobalId, GlobalId, ManyByGlobalId, PagePart, mapped
from server.errors import Invalid

T = TypeVar("T")

#: Largest page of a connection (issue 3: first ≤ 100); a page of 20 fills a screen.
LARGEST_PAGE = 100
USUAL_PAGE = 20


@strawberry.interface(description="节点 Node：有永久标识的对象，可用 node(id) 再次取得")
class Node:
    """节点."""

    id: strawberry.ID = mapped("永久标识 global id：随机且不变，不含业务信息", GlobalId())


@strawberry.type(description="翻页信息 PageInfo")
class PageInfo:
    """翻页信息."""

    has_next_page: bool = mapped("后面还有 has next page：为真时用 endCursor 作 after 继续取", PagePart("has_next"))
    has_previous_page: bool = mapped(
        "前面还有 has previous page：为真时用 startCursor 作 before 往回取", PagePart("has_previous")
    )
    start_cursor: str | None = mapped("首条游标 start cursor；本页为空时为 null", PagePart("start"))
    end_cursor: str | None = mapped("末条游标 end cursor；本页为空时为 null", PagePart("end"))


@strawberry.type(description="边 edge：一条结果和它的游标")
class Edge(Generic[T]):
    """边."""

    cursor: str = mapped("游标 cursor：作 after 或 before 用，内容不作保证", PagePart("cursor"))
    node: T = mapped("结果 node", PagePart("node"))


@strawberry.type(description="连接 connection：按次序分页的结果；游标翻页，新增数据不会使结果重复或遗漏")
class Connection(Generic[T]):
    """连接."""

    edges: list[Edge[T]] = mapped("边 edges：本页结果", PagePart("edges"))
    page_info: PageInfo = mapped("翻页信息 page info", PagePart("info"))
    total_count: int = mapped("总数 total count：可见的全部条数，数到 10000 为止；查询它才会计数", PagePart("total"))
    total_count_capped: bool = mapped("总数封顶 total count capped：为真表示实际多于 10000 条", PagePart("capped"))


def page_size(value: int | None) -> int:
    """Gives the number of rows asked for; refuses what is not between 0 and 100."""
    if value is None:
        return USUAL_PAGE
    if not 0 <= value <= LARGEST_PAGE:
        raise Invalid(f"每页条数须在 0 到 {LARGEST_PAGE} 之间，收到 {value}；请减小 first 或 last 并用游标翻页")
    return value


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?")


_LARGEST = {"int": 2**31, "bigint": 2**63}


def _key(text: str, sql_type: str) -> Any:
    if sql_type == "date":
        return date.fromisoformat(text)
    if sql_type in _LARGEST:
        if not -_LARGEST[sql_type] <= (number := int(text)) < _LARGEST[sql_type]:
            raise ValueError(text)
        return number
    if sql_type == "uuid":
        return UUID(text)
    if sql_type == "timestamptz":
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)
        # In UTC, as it is bound: near the first and the last year there is no such moment.
        return datetime.fromisoformat(text).astimezone(UTC)
    if "\0" in text:
        raise ValueError("a text that PostgreSQL cannot hold")
    return text


def read_cursor(cursor: str, sql_type: str) -> tuple[Any, UUID]:
    """Takes a cursor apart into the ordering key and the row's uuid; refuses what this service has not made."""
    try:
        text = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
        key, _, row = text.rpartition("|")
        return _key(key, sql_type), UUID(row)
    except (ValueError, binascii.Error, OverflowError) as error:
        raise Invalid("游标无效：请使用本接口返回的 endCursor 或 startCursor，不要自行构造") from error


def read_global_id(value: str) -> tuple[str, UUID | None]:
    """Takes a global id apart into the type's two letters and the uuid; an impossible id is an unknown one."""
    try:
        raw = base64.b64decode(value.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return "", None
    if len(raw) != 18 or not raw[:2].isalpha():
        return "", None
    return raw[:2].decode("ascii"), UUID(bytes=raw[2:])


def read_id_of(tag: str, value: str) -> UUID | None:
    """Gives the uuid in a global id of the type with these two letters; None for any other."""
    found, row = read_global_id(value)
    return row if found == tag else None


def global_id(tag: str, row: UUID) -> str:
    """Gives the global id of a row (the same as the plans make in SQL)."""
    return base64.b64encode(tag.encode() + row.bytes, altchars=b"-_").decode()


PAGING = (
    Argument("first", int | None, "取前若干条 first：0–100，不给时为 20；与 last 只能给一个", "int"),
    Argument("after", str | None, "从此游标之后取 after"),
    Argument("last", int | None, "取后若干条 last：0–100；与 first 只能给一个", "int"),
    Argument("before", str | None, "取到此游标之前 before"),
)


@strawberry.type
class NodeQuery:
    """节点的查询根."""

    node: Node | None = mapped(
        "按永久标识取任一对象 node；没有或不公开都为 null",
        ByGlobalId(),
        arguments=[Argument("id", strawberry.ID, "永久标识 id", convert=read_global_id)],
    )
    nodes: list[Node | None] = mapped(
        f"按永久标识取多个对象 nodes：与 ids 同序；没有或不公开的为 null；一次最多 {LARGEST_PAGE} 个",
        ManyByGlobalId(),
        arguments=[Argument("ids", list[strawberry.ID], "永久标识 ids")],
    )
