"""映射 mapping: what SQL answers each field of the GraphQL schema. Not for building statements: see ``compile.py``.

A field is declared once: ``uscc: str = column("统一社会信用代码 …")`` gives it its description for the schema and
its mapping for the plans. In SQL texts ``{row}`` is the row the field stands on, ``{item}`` the row a relation
leads to, ``{asked_name}`` a value of the request itself (``asking.VALUES``), and ``{name}`` the value of the argument
``name``, or a part made of it; values are always bound, never written into the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

MAPPING = "xintu.mapping"
ROW = "__xintu_row__"


@dataclass(frozen=True, slots=True)
class Row:
    """一行 the view whose row a GraphQL type is; ``tag`` (two letters) opens its global id, None = no id."""

    view: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """列 a column of the row; ``as_text`` for numbers that JSON must carry exactly (money, points, revisions)."""

    name: str
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """表达式 an SQL expression over the row; may take values of the request."""

    sql: str


@dataclass(frozen=True, slots=True)
class Constant:
    """常量 a text that needs no row."""

    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """请求的值 a value of the request itself, bound and never written into the statement: see ``asking.VALUES``."""

    name: str


@dataclass(frozen=True, slots=True)
class Same:
    """同行对象 an object made of columns of the same row."""


@dataclass(frozen=True, slots=True)
class GlobalId:
    """永久标识 base64url of the type's two letters and the random uuid (24 characters, no padding)."""


@dataclass(frozen=True, slots=True)
class One:
    """一对一 at most one row of the target's view; null when unknown or not shown here, without telling which.

    ``order`` says which row is meant where several can meet ``where``; empty where only one can.
    """

    where: str
    order: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """一对多 a short list, bounded by its nature (points of a rating); ``source`` replaces the target's view.

    ``rows`` are the rows that one item costs; ``size`` names the argument that says how many items there may be, else
    ``SHORT_LIST`` are expected. ``filters`` are as in ``Page``.
    """

    where: str
    order: str
    source: str | None = None
    rows: int = 1
    size: str | None = None
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """排序键 a column that orders a connection, with its SQL type for the cursor; never null, and public."""

    name: str
    sql_type: str

    def of(self, alias: str) -> str:
        """Gives the ordered expression; text is ordered by code point, so that every server agrees."""
        collate = ' COLLATE "C"' if self.sql_type == "text" else ""
        return f"{alias}.{self.name}{collate}"


@dataclass(frozen=True, slots=True)
class Page:
    """连接 a keyset connection: rows of the target's view that meet ``where``, ordered by ``key`` and then id.

    ``filters`` are further conditions, each used only when its argument is given; ``needs`` are pairs of arguments, the
    first of which is refused without the second (a grade without its standard would read every grade). ``today_only``:
    refused under a past day, as it leads away from the one subject that bounds it.

    ``source`` is a set-returning call in place of the target's view, in which ``{limit}`` (rows that are asked for, one
    beyond the page included) and ``{after_key}`` (the cursor's key, or null) may stand; it gives its rows in the order of
    the key and can neither be paged backward nor counted. ``price``: what it costs beside its rows.
    """

    where: str
    key: Key
    descending: bool = True
    filters: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    today_only: bool = False
    source: str | None = None
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """多态边 leads to the first key column that is not null, each with its own type.

    ``hidden`` is the type (of constants only) that stands for a row this door does not show.
    """

    options: tuple[tuple[str, str], ...]
    hidden: str | None = None
    hidden_when: str = "false"


@dataclass(frozen=True, slots=True)
class ByGlobalId:
    """按永久标识 any row type, by the two letters in the id argument."""


@dataclass(frozen=True, slots=True)
class ManyByGlobalId:
    """按多个永久标识 as ``ByGlobalId`` for the list in the argument ``ids``, in its order; null where there is nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """所问 what the connection was asked: an argument of it, or a part made of one; bound, and read from nowhere."""

    name: str


@dataclass(frozen=True, slots=True)
class PagePart:
    """连接的部件 a part that the compiler makes of a connection: edges, node, cursor, pageInfo …"""

    part: str


@dataclass(frozen=True, slots=True)
class Action:
    """变更 the root step of a mutation: the name under which the service call is registered."""

    name: str


Mapping = (
    Column
    | Expression
    | Constant
    | Asked
    | Same
    | GlobalId
    | One
    | Many
    | Page
    | Choice
    | ByGlobalId
    | ManyByGlobalId
    | PagePart
    | Said
    | Action
)


@dataclass(frozen=True, slots=True)
class Argument:
    """参数 an argument of a field: ``sql_type`` names what it is bound as, ``convert`` makes the bound value.

    ``convert`` raises ``Invalid`` with a Chinese message that says what to do. ``personal``: a person's number, taken by
    POST and as a variable only, once a request, counted, and bound as the keyed hash that ``find_person`` compares.
    ``as_of``: a past day; everything under the field is read as it stood then. ``deprecated``: see ``mapped``. ``parts``:
    further values made of the same argument, each by a name of its own, with its SQL type and how it is made.
    """

    name: str
    annotation: Any
    description: str
    sql_type: str = "text"
    convert: Callable[[Any], Any] = field(default=lambda value: value)
    default: Any = strawberry.UNSET
    personal: bool = False
    as_of: bool = False
    deprecated: str | None = None
    parts: Dict[str, tuple[str, Callable[[Any], Any]]] = field(default_factory=dict)

    def strawberry(self) -> StrawberryArgument:
        """Gives the form the schema is printed from."""
        return StrawberryArgument(
            python_name=self.name,
            graphql_name=None,
            type_annotation=StrawberryAnnotation(self.annotation),
            description=self.description,
            deprecation_reason=self.deprecated,
            default=self.default,
            metadata={MAPPING: self},
        )


def mapped(
    description: str,
    mapping: Mapping,
    *,
    name: str | None = None,
    arguments: Sequence[Argument] = (),
    deprecated: str | None = None,
) -> Any:
    """Declares one field: its description in the schema, its arguments, and its mapping.

    ``deprecated`` says since when, until when and what to use instead: «2026-11-20 起弃用，2027-05-20 停用：改用 …»; the
    field is answered until then (see ``evolution.py``).
    """
    declared = strawberry.field(
        description=description, name=name, deprecation_reason=deprecated, metadata={MAPPING: mapping}
    )
    if arguments:
        declared.arguments = [argument.strawberry() for argument in arguments]
    return declared


def column(
    description: str, name: str, *, as_text: bool = False, graphql: str | None = None, deprecated: str | None = None
) -> Any:
    """Declares a field that is the column ``name``."""
    return mapped(description, Column(name, as_text), name=graphql, deprecated=deprecated)


def expression(description: str, sql: str, *, deprecated: str | None = None) -> Any:
    """Declares a field that is an SQL expression over ``{row}``."""
    return mapped(description, Expression(sql), deprecated=deprecated)


def row(view: str, tag: str | None = None) -> Callable[[type], type]:
    """Says of which view a type's objects are rows, and the two letters that open their global ids."""
    if tag is not None and len(tag.encode()) != 2:
        raise ValueError("two letters, so that an id is 24 characters without padding")

    def declare(cls: type) -> type:
        setattr(cls, ROW, Row(view, tag))
        return cls

    return declare
