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
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values
from graphql.type.directives import GraphQLIncludeDirective, GraphQLSkipDirective

from schema.nodes import page_size, read_cursor
from schema.plan.cost import COUNT, SHORT_LIST, Part
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
from server.errors import Invalid

#: ``json_build_object`` ends at 100 arguments.
KEYS_AT_ONCE = 50
#: ``totalCount`` is exact up to here.
COUNTED = 10_000

_NAME = re.compile(r"\{(\w+)\}")


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
class _Sheet:
    """One page of a connection while compiling: its rows' alias, its item type and its ready parts."""

    alias: str
    item: GraphQLObjectType
    cursor: str
    within: str
    count: str
    has_next: str
    has_previous: str
    backward: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a selection set stands: its row, or its page, or the results of a mutation."""

    alias: str = ""
    sheet: _Sheet | None = None
    results: tuple[tuple[str, str], ...] = ()


def text_literal(text: str) -> str:
    """Gives a text as an SQL literal (names and constants of this program only)."""
    return "'" + text.replace("'", "''") + "'"


def json_object(pairs: Sequence[tuple[str, str]]) -> str:
    """Gives an object of any number of keys in their order; ``||`` on jsonb would lose the order."""
    groups = [pairs[i : i + KEYS_AT_ONCE] for i in range(0, len(pairs), KEYS_AT_ONCE)] or [[]]
    built = [f"json_build_object({', '.join(f'{text_literal(k)}, {v}' for k, v in group)})" for group in groups]
    if len(built) == 1:
        return built[0]
    inner = " || ', ' || ".join(f"left(substr({one}::text, 2), -1)" for one in built)
    return f"('{{' || {inner} || '}}')::json"


@dataclass(slots=True)
class Compiler:
    """编译器 of one operation; used once."""

    registry: Registry
    fragments: Dict[str, FragmentDefinitionNode]
    variables: VariableValues
    sources: list[tuple[GraphQLField, FieldNode] | None] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    aliases: int = 0

    def root(self, kind: GraphQLObjectType, fields: Dict[str, list[FieldNode]]) -> Plan:
        """Compiles the root fields of a query."""
        return self._finish(self._fields(kind, fields, _Frame()))

    def payload(self, definition: GraphQLField, node: list[FieldNode], results: Dict[str, str]) -> Plan:
        """Compiles what a mutation answers; ``results`` are the names and SQL types its root step gives back."""
        kind = get_named_type(definition.type)
        assert isinstance(kind, GraphQLObjectType)
        self.sources.append(None)
        return self._finish(self._object(kind, node, _Frame(results=tuple(results.items()))))

    def _finish(self, body: str) -> Plan:
        return Plan(f"SELECT {body}::text", tuple(self.sources), tuple(self.binds), tuple(self.parts))

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

    def _given(self, definition: GraphQLField, node: FieldNode) -> _Given:
        return _Given(self, definition, node, get_argument_values(definition, node, self.variables))

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
        self.parts.append(Part(".".join(self.path), rows, (*self.sizes, *sizes)))

    # selections

    def collect(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Gives the fields of an object type by response name, fragments spread, @skip and @include applied."""
        found: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selections in sets:
            self._collect(kind, selections, found, visited)
        return found

    def _collect(
        self, kind: GraphQLObjectType, selections: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._matches(kind, node.type_condition.name.value):
                    self._collect(kind, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._matches(kind, fragment.type_condition.name.value):
                    self._collect(kind, fragment.selection_set, found, seen)

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"] is True:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (include and include["if"] is False)

    def _matches(self, kind: GraphQLObjectType, condition: str) -> bool:
        if condition == kind.name:
            return True
        abstract = self.registry.schema.type_map[condition]
        if isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType):
            return self.registry.schema.is_sub_type(abstract, kind)
        return False

    # objects and fields

    def _object(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: _Frame) -> str:
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        return self._fields(kind, self.collect(kind, sets), frame)

    def _fields(self, kind: GraphQLObjectType, fields: Dict[str, list[FieldNode]], frame: _Frame) -> str:
        pairs = []
        for key, nodes in fields.items():
            self.path.append(key)
            pairs.append((key, self._field(kind, nodes, frame)))
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
                return self._text(sql, frame, given)
            case Constant(value):
                return text_literal(value) + "::text"
            case Same():
                return self._object(_object_type(definition), nodes, frame)
            case GlobalId():
                return _global_id(self.registry.rows[kind.name].tag or "", frame.alias)
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
        view, inner, middle, outer = self.registry.rows[item.name].view, self._alias(), self._alias(), self._alias()
        backward = given.has("last")
        limit = given.bind("last" if backward else "first", "bigint", page_size)
        size = len(self.binds) - 1
        self._count_rows(1, size)
        match_ = [self._text(page.where, frame, given, inner)]
        match_ += [self._text(sql, frame, given, inner) for name, sql in page.filters if given.has(name)]
        count = " AND ".join(match_)
        after, before = (self._beyond(page, given, name, inner) for name in ("after", "before"))
        where = " AND ".join([*match_, *(one for one in (after, before) if one)])
        down = page.descending is not backward
        key = page.key
        order = "{0} {2}, {1}.id {2}" if key.name != "id" else "{1}.id {2}"

        def ordered(alias: str) -> str:
            return order.format(key.of(alias), alias, "DESC" if down else "ASC")

        more = f"coalesce(bool_or({outer}.xn > {limit}), false)"
        passed = [
            f"EXISTS (SELECT 1 FROM {view} {inner} WHERE {count} AND NOT {one})" if one else "false"
            for one in (after, before)
        ]
        sheet = _Sheet(
            alias=outer,
            item=item,
            cursor=_cursor(key.name, outer),
            within=f"{outer}.xn <= {limit}",
            count=f"(SELECT count(*) FROM (SELECT 1 FROM {view} {inner} WHERE {count} LIMIT {COUNTED + 1}) {inner})",
            has_next=passed[1] if backward else more,
            has_previous=more if backward else passed[0],
            backward=backward,
        )
        self.sizes.append(size)
        body = self._object(connection, nodes, _Frame(frame.alias, sheet))
        self.sizes.pop()
        # Every part that reads the page's rows is an aggregate over them; without one, no row need be read.
        most = f"{limit} + 1" if f"{outer}." in body else f"0 * {limit}"
        rows = f"SELECT {inner}.* FROM {view} {inner} WHERE {where} ORDER BY {ordered(inner)} LIMIT {most}"
        numbered = f"SELECT {middle}.*, row_number() OVER (ORDER BY {ordered(middle)}) AS xn FROM ({rows}) {middle}"
        return f"(SELECT {body} FROM ({numbered}) {outer} HAVING true)"

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
        sheet = frame.sheet
        assert sheet is not None
        order = f"ORDER BY {sheet.alias}.xn {'DESC' if sheet.backward else 'ASC'}"
        against = f"ORDER BY {sheet.alias}.xn {'ASC' if sheet.backward else 'DESC'}"
        match part:
            case "edges":
                body = self._object(_object_type(definition), nodes, frame)
                return f"coalesce(json_agg({body} {order}) FILTER (WHERE {sheet.within}), '[]'::json)"
            case "node":
                return self._object(sheet.item, nodes, _Frame(sheet.alias))
            case "cursor":
                return sheet.cursor
            case "info":
                return self._object(_object_type(definition), nodes, frame)
            case "has_next":
                return sheet.has_next
            case "has_previous":
                return sheet.has_previous
            case "start" | "end":
                way = order if part == "start" else against
                return f"(array_agg({sheet.cursor} {way}) FILTER (WHERE {sheet.within}))[1]"
            case "total":
                self.parts.append(Part(".".join(self.path), COUNT, tuple(self.sizes[:-1])))
                return f"least({sheet.count}, {COUNTED})"
            case "capped":
                self.parts.append(Part(".".join(self.path), COUNT, tuple(self.sizes[:-1])))
                return f"({sheet.count} > {COUNTED})"
        raise AssertionError(part)


def _object_type(definition: GraphQLField) -> GraphQLObjectType:
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind


def _global_id(tag: str, alias: str) -> str:
    return f"translate(encode('\\x{tag.encode().hex()}'::bytea || uuid_send({alias}.id), 'base64'), '+/', '-_')"


def _cursor(key: str, alias: str) -> str:
    text = f"convert_to({alias}.{key}::text || '|' || {alias}.id::text, 'UTF8')"
    return f"translate(encode({text}, 'base64'), E'+/\\n', '-_')"
