"""编译 compile: turns one operation into ONE statement that returns the finished JSON text. Never tests scope or dates.

The statement holds only names of this program and output keys (GraphQL names, as literals); every value of a request
is bound. Which rows exist is the door's decision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values

from schema.nodes import page_size, read_cursor
from schema.plan.cost import COUNT, LONGEST_STATEMENT, RELATION, SHORT_LIST, Part, too_long
from schema.plan.mapping import (
    ByGlobalId,
    Choice,
    Column,
    Constant,
    Expression,
    GlobalId,
    Many,
    One,
    Page,
    PagePart,
    Same,
)
from schema.plan.registry import Registry, argument
from schema.plan.selections import Fields, Selections
from schema.plan.sql import COUNTED, PageSql, global_id, json_object, text_literal
from server.errors import Invalid

_NAME = re.compile(r"\{(\w+)\}")
#: Every relation writes at least this many characters into the statement.
_SHORTEST_RELATION = 60


class Bind(NamedTuple):
    """绑定值 one bound value: made from the arguments of the field at place ``source``."""

    source: int
    compute: Callable[[Dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """计划 the statement, how to make its values, and its cost."""

    sql: str
    sources: tuple[tuple[GraphQLField, FieldNode] | None, ...]
    binds: tuple[Bind, ...]
    parts: tuple[Part, ...]

    def values(self, variables: VariableValues, results: Dict[str, Any] | None = None) -> list[object]:
        """Gives the bound values of a request; raises ``Invalid`` or ``GraphQLError`` for a value that cannot be."""
        given = [
            (results or {}) if source is None else get_argument_values(source[0], source[1], variables)
            for source in self.sources
        ]
        return [bind.compute(given[bind.source]) for bind in self.binds]


@dataclass(slots=True)
class _Given:
    """The arguments of one field while compiling: which are there, and their places in the statement."""

    compiler: Compiler
    definition: GraphQLField
    node: FieldNode
    values: dict[str, Any]
    source: int | None = None

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def bind(self, name: str, sql_type: str | None = None, convert: Callable[[Any], object] | None = None) -> str:
        """Gives ``$n::type`` for an argument, converted in Python before it is bound."""
        declared = argument(self.definition, name)
        change = convert or declared.convert
        if self.source is None:
            self.source = self.compiler.add_source(self.definition, self.node)
        return self.compiler.add_bind(self.source, lambda given: change(given.get(name)), sql_type or declared.sql_type)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a selection set stands: its row, or its page, or the results of a mutation."""

    alias: str = ""
    page: PageSql | None = None
    item: GraphQLObjectType | None = None
    results: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Compiler:
    """编译器 of one operation; used once."""

    registry: Registry
    selections: Selections
    sources: list[tuple[GraphQLField, FieldNode] | None] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    aliases: int = 0
    length: int = 0

    def root(self, kind: GraphQLObjectType, fields: Fields) -> Plan:
        """Compiles the root fields of a query."""
        return self._finish(self._fields(kind, fields, _Frame()))

    def payload(self, definition: GraphQLField, node: list[FieldNode], results: Dict[str, str]) -> Plan:
        """Compiles what a mutation answers; ``results`` are the names and SQL types its root step gives back."""
        kind = get_named_type(definition.type)
        assert isinstance(kind, GraphQLObjectType)
        self.sources.append(None)
        return self._finish(self._object(kind, node, _Frame(results=tuple(results.items()))))

    def _finish(self, body: str) -> Plan:
        sql = f"SELECT {body}::text"
        if len(sql) > LONGEST_STATEMENT:
            raise too_long()
        return Plan(sql, tuple(self.sources), tuple(self.binds), tuple(self.parts))

    # values

    def add_source(self, definition: GraphQLField, node: FieldNode) -> int:
        """Notes a field whose arguments are needed, and gives its place."""
        self.sources.append((definition, node))
        return len(self.sources) - 1

    def add_bind(self, source: int, compute: Callable[[Dict[str, Any]], object], sql_type: str) -> str:
        """Notes one bound value and gives its place in the statement."""
        self.binds.append(Bind(source, compute))
        return f"${len(self.binds)}::{sql_type}"

    def _alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def _grow(self, characters: int) -> None:
        """Ends the work as soon as the statement is surely too long: types times levels can multiply a short document."""
        self.length += characters
        if self.length > LONGEST_STATEMENT:
            raise too_long()

    def _given(self, definition: GraphQLField, node: FieldNode) -> _Given:
        return _Given(self, definition, node, get_argument_values(definition, node, self.selections.variables))

    def _text(self, sql: str, frame: _Frame, given: _Given, item: str = "") -> str:
        """Puts row, item and bound values into an SQL text of a mapping."""
        results = dict(frame.results)

        def place(found: re.Match[str]) -> str:
            name = found.group(1)
            if name == "row":
                return frame.alias
            if name == "item":
                return item
            if name in results:
                return self.add_bind(0, lambda given: given.get(name), results[name])
            return given.bind(name)

        return _NAME.sub(place, sql)

    def _count_rows(self, rows: int, *sizes: int) -> None:
        path = ".".join(self.path)
        self._grow(_SHORTEST_RELATION)
        self.parts += (Part(path, RELATION), Part(path, rows, (*self.sizes, *sizes)))

    # objects and fields

    def _object(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: _Frame) -> str:
        return self._fields(kind, self.selections.of(kind, nodes), frame)

    def _fields(self, kind: GraphQLObjectType, fields: Fields, frame: _Frame) -> str:
        pairs = []
        for key, nodes in fields.items():
            self.path.append(key)
            text = self._field(kind, nodes, frame)
            self._grow(len(key) + (0 if nodes[0].selection_set else len(text)))
            pairs.append((key, text))
            self.path.pop()
        return json_object(pairs)

    def _field(self, kind: GraphQLObjectType, nodes: list[FieldNode], frame: _Frame) -> str:
        name = nodes[0].name.value
        if name == "__typename":
            return text_literal(kind.name) + "::text"
        definition = kind.fields[name]
        given = self._given(definition, nodes[0])
        match self.registry.mapping(kind.name, name):
            case Column(column, as_text):
                return f"{frame.alias}.{column}" + ("::text" if as_text else "")
            case Expression(sql):
                if "SELECT" in sql:
                    self._count_rows(1)
                return self._text(sql, frame, given)
            case Constant(value):
                return text_literal(value) + "::text"
            case Same():
                return self._object(_object_type(definition), nodes, frame)
            case GlobalId():
                return global_id(self.registry.rows[kind.name].tag or "", frame.alias)
            case One(where):
                return self._one(_object_type(definition), nodes, where, frame, given)
            case Many() as many:
                return self._many(_object_type(definition), nodes, many, frame, given)
            case Page() as page:
                return self._page(_object_type(definition), nodes, page, frame, given)
            case Choice() as choice:
                return self._choice(nodes, choice, frame, given)
            case ByGlobalId():
                return self._by_global_id(definition, nodes, frame, given)
            case PagePart(part):
                return self._page_part(part, definition, nodes, frame)
        raise AssertionError(f"{kind.name}.{name} cannot be read")

    def _one(
        self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], where: str, frame: _Frame, given: _Given
    ) -> str:
        alias = self._alias()
        self._count_rows(1)
        condition = self._text(where, frame, given, alias)
        body = self._object(kind, nodes, _Frame(alias))
        return f"(SELECT {body} FROM {self.registry.rows[kind.name].view} {alias} WHERE {condition} LIMIT 1)"

    def _many(
        self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], many: Many, frame: _Frame, given: _Given
    ) -> str:
        alias = self._alias()
        self._count_rows(SHORT_LIST)
        source = self._text(many.source or self.registry.rows[kind.name].view, frame, given)
        where, order = (self._text(sql, frame, given, alias) for sql in (many.where, many.order))
        body = self._object(kind, nodes, _Frame(alias))
        return f"(SELECT coalesce(json_agg({body} ORDER BY {order}), '[]'::json) FROM {source} {alias} WHERE {where})"

    def _choice(self, nodes: Sequence[FieldNode], choice: Choice, frame: _Frame, given: _Given) -> str:
        types = self.registry.schema.type_map
        hidden = types.get(choice.hidden or "")
        instead = self._object(hidden, nodes, frame) if isinstance(hidden, GraphQLObjectType) else "NULL::json"
        cases = []
        for column, name in choice.options:
            kind = types[name]
            assert isinstance(kind, GraphQLObjectType)
            found = self._one(kind, nodes, f"{{item}}.id = {{row}}.{column}", frame, given)
            if name == "Practitioner":
                found = f"coalesce({found}, {instead})"
            cases.append(f"WHEN {frame.alias}.{column} IS NOT NULL THEN {found}")
        return f"CASE {' '.join(cases)} WHEN {self._text(choice.hidden_when, frame, given)} THEN {instead} END"

    def _by_global_id(self, definition: GraphQLField, nodes: Sequence[FieldNode], frame: _Frame, given: _Given) -> str:
        """Any row of the field's types: by the id argument, or by what a mutation's root step gave."""
        if frame.results:
            tag, row = (self._text(sql, frame, given) for sql in ("{record_tag}", "{record_id}"))
        else:
            convert = argument(definition, "id").convert
            tag = given.bind("id", "text", lambda value: convert(value)[0])
            row = given.bind("id", "uuid", lambda value: convert(value)[1])
        abstract = get_named_type(definition.type)
        assert isinstance(abstract, GraphQLInterfaceType)
        possible = {kind.name for kind in self.registry.schema.get_possible_types(abstract)}
        cases = " ".join(
            f"WHEN '{letters}' THEN {self._one(kind, nodes, f'{{item}}.id = {row}', _Frame(), given)}"
            for letters, kind in self.registry.tags.items()
            if kind.name in possible
        )
        return f"CASE {tag} {cases} END"

    # connections

    def _page(
        self, connection: GraphQLObjectType, nodes: Sequence[FieldNode], page: Page, frame: _Frame, given: _Given
    ) -> str:
        if given.has("first") and given.has("last"):
            raise Invalid("first 与 last 只能给一个：往后翻页用 first 和 after，往前翻页用 last 和 before")
        item = _object_type(_object_type(connection.fields["edges"]).fields["node"])
        inner, backward = self._alias(), given.has("last")
        limit = given.bind("last" if backward else "first", "bigint", page_size)
        size = len(self.binds) - 1
        self._count_rows(1, size)
        match_ = [self._text(page.where, frame, given, inner)]
        match_ += [self._text(sql, frame, given, inner) for name, sql in page.filters if given.has(name)]
        sql = PageSql(
            view=self.registry.rows[item.name].view,
            key=page.key,
            descending=page.descending,
            backward=backward,
            inner=inner,
            middle=self._alias(),
            alias=self._alias(),
            match=" AND ".join(match_),
            limit=limit,
            after=self._beyond(page, given, "after", inner),
            before=self._beyond(page, given, "before", inner),
        )
        self.sizes.append(size)
        body = self._object(connection, nodes, _Frame(frame.alias, sql, item))
        self.sizes.pop()
        # Every part that reads the page's rows is an aggregate over them; without one, no row need be read.
        return f"(SELECT {body} FROM {sql.rows(f'{sql.alias}.' in body)} {sql.alias} HAVING true)"

    def _beyond(self, page: Page, given: _Given, name: str, alias: str) -> str | None:
        """The condition of one cursor: strictly after, or strictly before it, in the connection's own order."""
        if not given.has(name):
            return None
        kind = page.key.sql_type
        key = given.bind(name, kind, lambda value: read_cursor(value, kind)[0])
        row = given.bind(name, "uuid", lambda value: read_cursor(value, kind)[1])
        sign = "<" if page.descending is (name == "after") else ">"
        return f"({page.key.of(alias)}, {alias}.id) {sign} ({key}, {row})"

    def _page_part(self, part: str, definition: GraphQLField, nodes: Sequence[FieldNode], frame: _Frame) -> str:
        page, item = frame.page, frame.item
        assert page is not None
        assert item is not None
        match part:
            case "edges":
                body = self._object(_object_type(definition), nodes, frame)
                return f"coalesce(json_agg({body} {page.ordered()}) FILTER (WHERE {page.within}), '[]'::json)"
            case "node":
                return self._object(item, nodes, _Frame(page.alias))
            case "cursor":
                return page.cursor
            case "info":
                return self._object(_object_type(definition), nodes, frame)
            case "has_next":
                return page.has_next
            case "has_previous":
                return page.has_previous
            case "start" | "end":
                return page.end(first=part == "start")
            case "total" | "capped":
                # A count stands beside the page, not under its rows.
                self.parts.append(Part(".".join(self.path), COUNT, tuple(self.sizes[:-1])))
                return f"least({page.count}, {COUNTED})" if part == "total" else f"({page.count} > {COUNTED})"
        raise AssertionError(part)


def _object_type(definition: GraphQLField) -> GraphQLObjectType:
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind
