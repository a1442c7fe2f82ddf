"""编译 compile: turns one operation into ONE statement that returns the finished JSON text. Never tests scope or dates.

The statement holds only names of this program and output keys (GraphQL names, as literals); every value of a request
is bound. Which rows exist is the door's decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
)
from graphql.execution.values import get_argument_values

from schema.nodes import LARGEST_PAGE, page_size, read_cursor, read_global_id
from schema.plan.asking import VALUES
from schema.plan.binding import Bind, Reader
from schema.plan.cost import (
    COUNT,
    LONGEST_STATEMENT,
    MOST_CALLS,
    MOST_ROWS,
    PAST,
    RELATION,
    ROOT_PAGE,
    SHORT_LIST,
    VALUES_A_ROW,
    VALUES_OF_A_ROW,
    Part,
    priced,
    refuse_beyond,
    too_long,
)
from schema.plan.frames import Frame, Given, Plan
from schema.plan.limits import check_texts
from schema.plan.mapping import (
    Asked,
    ByGlobalId,
    Choice,
    Column,
    Constant,
    Expression,
    GlobalId,
    Many,
    ManyByGlobalId,
    One,
    Page,
    PagePart,
    Said,
    Same,
)
from schema.plan.registry import Registry, arguments
from schema.plan.selections import Fields, Selections
from schema.plan.sql import COUNTED, Beyond, PageSql, global_id, json_object, text_literal
from schema.plan.weight import refuse_wide
from server.clock import today_in_shanghai
from server.errors import Invalid, TooLarge

#: ``{asked_agency}`` in an SQL text of a mapping is the value of the request that ``asking.VALUES`` names so.
ASKED = "asked_"
_NAME = re.compile(r"\{(\w+)\}")
#: Every relation writes at least this many characters into the statement.
_SHORTEST_RELATION = 60


@dataclass(slots=True)
class Compiler:
    """编译器 of one operation; used once."""

    registry: Registry
    selections: Selections
    binds: list[Bind] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    #: rows expected of the short lists that the part at hand stands under; four times as many under a past day
    expected: int = 1
    #: values of one row so far: the row's own, and those of objects made of the same row
    values: int = 0
    #: rows that are surely read, whatever the values
    least: int = 0
    aliases: int = 0
    length: int = 0
    simple: bool = True
    person: str | None = None
    #: connections that are the rows of a call
    calls: int = 0

    def root(self, kind: GraphQLObjectType, fields: Fields) -> Plan:
        """Compiles the root fields of a query."""
        return self._finish(self._fields(kind, fields, Frame()))

    def payload(self, definition: GraphQLField, node: list[FieldNode], results: Dict[str, str]) -> Plan:
        """Compiles what a mutation answers; ``results`` are the names and SQL types its root step gives back."""
        kind = get_named_type(definition.type)
        assert isinstance(kind, GraphQLObjectType)
        return self._finish(self._object(kind, node, Frame(results=tuple(results.items()))))

    def _finish(self, body: str) -> Plan:
        sql = f"SELECT {body}::text"
        if len(sql) > LONGEST_STATEMENT:
            raise too_long()
        refuse_wide(sql)
        binds = tuple(self.binds)
        asks = any(bind.asked for bind in binds)
        return Plan(sql, binds, priced(self.parts, binds), self.simple, self.person, asks)

    # values

    def add_bind(self, bind: Bind, sql_type: str) -> str:
        """Notes one bound value and gives its place in the statement."""
        check_texts(bind.value)
        self.binds.append(bind)
        self.simple = self.simple and bind.simple
        return f"${len(self.binds)}::{sql_type}"

    def find_person(self, read: Reader) -> None:
        """Notes that the statement looks a person up by number; once, and the number stands in a variable."""
        if self.person is not None:
            raise Invalid("一次请求只能按证件号码查一人；请分开发送", code="PERSON_ONCE")
        if read.variable is None:
            raise Invalid(
                "证件号码不能写在查询文本里；请声明一个变量，如 query ($number: String!)，在 variables 中给出",
                code="PERSON_BY_VARIABLE",
            )
        self.person = read.variable

    def _alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def _grow(self, characters: int) -> None:
        """Ends the work as soon as the statement is surely too long: types times levels can multiply a short document."""
        self.length += characters
        if self.length > LONGEST_STATEMENT:
            raise too_long()

    def _given(self, definition: GraphQLField, node: FieldNode) -> Given:
        declared = arguments(definition)
        values = get_argument_values(definition, node, self.selections.variables) if declared else {}
        named = {name: values.get(key) for name, (key, _) in declared.items()}
        return Given(self, definition, node, named, declared)

    def _text(self, sql: str, frame: Frame, given: Given, item: str = "") -> str:
        """Puts row, item and bound values into an SQL text of a mapping."""
        results = dict(frame.results)

        def place(found: re.Match[str]) -> str:
            name = found.group(1)
            if name == "row":
                return frame.alias
            if name == "item":
                return item
            if name.startswith(ASKED):
                return self._asked_value(name.removeprefix(ASKED))
            if name in results:
                return self.add_bind(Bind(lambda inputs: inputs.results.get(name)), results[name])
            return given.bind(name)

        return _NAME.sub(place, sql)

    def _count_rows(self, rows: int, *sizes: int) -> None:
        path = ".".join(self.path)
        self._grow(_SHORTEST_RELATION)
        part = Part(path, rows * self.expected, (*self.sizes, *sizes))
        self.parts += (Part(path, RELATION), part)
        self.least += RELATION + priced([part], self.binds).fixed
        if self.least > MOST_ROWS:
            # Whatever the values: the rest of a hopeless document is not compiled.
            least = [bind.value if bind.constant else 1 for bind in self.binds]
            refuse_beyond(self.least, priced(self.parts, self.binds), least)

    # objects and fields

    def _row(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: Frame) -> str:
        """An object that is a row, or a page: what it has more than a row's usual values is priced as rows."""
        outside, self.values = self.values, 0
        text = self._object(kind, nodes, frame)
        more = -(-max(self.values - VALUES_OF_A_ROW, 0) // VALUES_A_ROW)
        if more:
            self.parts.append(Part(".".join(self.path), more * self.expected, tuple(self.sizes)))
        self.values = outside
        return text

    def _object(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: Frame) -> str:
        return self._fields(kind, self.selections.of(kind, nodes), frame)

    def _fields(self, kind: GraphQLObjectType, fields: Fields, frame: Frame) -> str:
        pairs = []
        for key, nodes in fields.items():
            self.path.append(key)
            text = self._field(kind, nodes, frame)
            self._grow(len(key) + (0 if nodes[0].selection_set else len(text)))
            self.values += nodes[0].selection_set is None
            pairs.append((key, text))
            self.path.pop()
        return json_object(pairs)

    def _field(self, kind: GraphQLObjectType, nodes: list[FieldNode], frame: Frame) -> str:
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
            case Asked(value):
                return self._asked(value)
            case Same():
                return self._object(_object_type(definition), nodes, frame)
            case GlobalId():
                return global_id(self.registry.rows[kind.name].tag or "", frame.alias)
            case One(where, order):
                return self._one(_object_type(definition), nodes, where, frame, given, order)
            case Many() as many:
                return self._many(_object_type(definition), nodes, many, frame, given)
            case Page() as page:
                return self._page(_object_type(definition), nodes, page, frame, given)
            case Choice() as choice:
                return self._choice(nodes, choice, frame, given)
            case ByGlobalId():
                return self._by_global_id(definition, nodes, frame, given)
            case ManyByGlobalId():
                return self._many_by_global_id(definition, nodes, given)
            case PagePart(part):
                return self._page_part(part, definition, nodes, frame)
            case Said(name):
                assert frame.given is not None
                self._count_rows(0)
                return frame.given.bind(name)
        raise AssertionError(f"{kind.name}.{name} cannot be read")

    def _asked(self, name: str) -> str:
        """A value of the request itself; a plan that holds one reads no row for it, but is sent all the same."""
        self._count_rows(0)
        text = self._asked_value(name)
        return f"to_json({text})" if VALUES[name][0].endswith("[]") else text

    def _asked_value(self, name: str) -> str:
        sql_type, value = VALUES[name]
        return self.add_bind(Bind(lambda inputs: value(inputs.asking), asked=True), sql_type)

    def _at(self, frame: Frame, given: Given) -> str:
        """The day under which everything below is read: the field's own, or the one it stands under."""
        day = next((name for name, (_, declared) in given.declared.items() if declared.as_of), None)
        return given.bind(day, convert=past_day) if day is not None and given.has(day) else frame.at

    def _refuse_past(self, frame: Frame) -> None:
        """A past day is for one subject's own facts; what is not under a subject has no bound there."""
        if frame.at:
            raise Invalid(
                f"asOf 只用于一个主体自己的信息，{'.'.join(self.path)} 不在其内；请在另一个查询中取今天的",
                code="NOT_AS_OF",
            )

    def _one(
        self,
        kind: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        where: str,
        frame: Frame,
        given: Given,
        order: str = "",
    ) -> str:
        alias = self._alias()
        self._count_rows(1)
        below = Frame(alias, at=self._at(frame, given))
        view, shown = below.source(self.registry.rows[kind.name].view, alias)
        condition = self._text(where, frame, given, alias)
        outside = self.expected
        self.expected *= PAST if below.at and not frame.at else 1
        body = self._row(kind, nodes, below)
        self.expected = outside
        first = f" ORDER BY {self._text(order, frame, given, alias)}" if order else ""
        return f"(SELECT {body} FROM {view} {alias} WHERE {shown}{condition}{first} LIMIT 1)"

    def _many(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], many: Many, frame: Frame, given: Given) -> str:
        if many.source is not None and many.size is not None:
            self._refuse_past(frame)
        alias = self._alias()
        below = Frame(alias, at=frame.at)
        sizes: tuple[int, ...] = ()
        sized = ""
        if many.size is None:
            self._count_rows(SHORT_LIST * many.rows)
        else:
            # A value that stands nowhere has no type and is refused by the server.
            sized = f"{given.bind(many.size)} IS NOT NULL AND "
            sizes = (len(self.binds) - 1,)
            self._count_rows(many.rows, *sizes)
        own, shown = below.source(self.registry.rows[kind.name].view, alias)
        source = self._text(many.source or own, frame, given)
        match_ = [many.where, *(sql for name, sql in many.filters if given.has(name))]
        where = " AND ".join(self._text(sql, frame, given, alias) for sql in match_)
        order = self._text(many.order, frame, given, alias)
        outside = self.expected
        self.expected *= SHORT_LIST if many.size is None else 1
        self.sizes += sizes
        body = self._row(kind, nodes, below)
        del self.sizes[len(self.sizes) - len(sizes) :]
        self.expected = outside
        return (
            f"(SELECT coalesce(json_agg({body} ORDER BY {order}), '[]'::json)"
            f" FROM {source} {alias} WHERE {sized}{shown}{where})"
        )

    def _choice(self, nodes: Sequence[FieldNode], choice: Choice, frame: Frame, given: Given) -> str:
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

    def _by_global_id(self, definition: GraphQLField, nodes: Sequence[FieldNode], frame: Frame, given: Given) -> str:
        """Any row of the field's types: by the id argument, or by what a mutation's root step gave."""
        if frame.results:
            tag, row = (self._text(sql, frame, given) for sql in ("{record_tag}", "{record_id}"))
        else:
            tag = given.bind("id", "text", lambda value: read_global_id(value)[0])
            row = given.bind("id", "uuid", lambda value: read_global_id(value)[1])
        return self._row_of(definition, nodes, given, tag, row)

    def _many_by_global_id(self, definition: GraphQLField, nodes: Sequence[FieldNode], given: Given) -> str:
        """As many answers as ids, in their order, each a row or null."""
        alias = self._alias()
        tags = given.bind("ids", "text[]", lambda ids: [read_global_id(value)[0] for value in _few(ids)])
        rows = given.bind("ids", "uuid[]", lambda ids: [read_global_id(value)[1] for value in _few(ids)])
        self.sizes.append(len(self.binds) - 1)
        body = self._row_of(definition, nodes, given, f"{alias}.tag", f"{alias}.row")
        self.sizes.pop()
        source = f"unnest({tags}, {rows}) WITH ORDINALITY {alias}(tag, row, place)"
        return f"(SELECT coalesce(json_agg({body} ORDER BY {alias}.place), '[]'::json) FROM {source})"

    def _row_of(self, definition: GraphQLField, nodes: Sequence[FieldNode], given: Given, tag: str, row: str) -> str:
        abstract = get_named_type(definition.type)
        assert isinstance(abstract, GraphQLInterfaceType)
        possible = {kind.name for kind in self.registry.schema.get_possible_types(abstract)}
        cases = " ".join(
            f"WHEN '{letters}' THEN {self._one(kind, nodes, f'{{item}}.id = {row}', Frame(), given)}"
            for letters, kind in self.registry.tags.items()
            if kind.name in possible
        )
        return f"CASE {tag} {cases} END"

    # connections

    def _page(
        self, connection: GraphQLObjectType, nodes: Sequence[FieldNode], page: Page, frame: Frame, given: Given
    ) -> str:
        if given.has("first") and given.has("last"):
            raise Invalid("first 与 last 只能给一个：往后翻页用 first 和 after，往前翻页用 last 和 before")
        if page.today_only:
            self._refuse_past(frame)
        for name, other in page.needs:
            if given.has(name) and not given.has(other):
                raise Invalid(f"给出 {given.declared[name][0]} 时须同时给出 {given.declared[other][0]}；请补上")
        item = _object_type(_object_type(connection.fields["edges"]).fields["node"])
        inner, backward = self._alias(), given.has("last")
        limit = given.bind("last" if backward else "first", "bigint", page_size)
        size = len(self.binds) - 1
        if not frame.alias:
            price = ROOT_PAGE if page.price is None else page.price
            self.least += price
            self.parts.append(Part(".".join(self.path), price))
        self._count_rows(1, size)
        view, shown = frame.source(self.registry.rows[item.name].view, inner)
        if page.source is not None:
            view = self._call(page, page.source, frame, given, limit)
        match_ = [shown + self._text(page.where, frame, given, inner)]
        match_ += [self._text(sql, frame, given, inner) for name, sql in page.filters if given.has(name)]
        sql = PageSql(
            view=view,
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
            plain=not backward and "pageInfo" not in self._names(connection, nodes),
            called=page.source is not None,
        )
        self.sizes.append(size)
        body = self._row(connection, nodes, Frame(frame.alias, sql, item, at=frame.at, given=given))
        self.sizes.pop()
        # Every part that reads the page's rows is an aggregate over them; without one, no row need be read. Edges are
        # as many as rows even where nothing but their type is asked of them.
        read = f"{sql.alias}." in body or "edges" in self._names(connection, nodes)
        return f"(SELECT {body} FROM {sql.rows(read)} {sql.alias} HAVING true)"

    def _call(self, page: Page, source: str, frame: Frame, given: Given, limit: str) -> str:
        """The call that gives a page's rows, told how many and after which."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise TooLarge(f"一次请求最多检索 {MOST_CALLS} 次；请分几次发送", code="QUERY_TOO_LARGE", status=400)
        kind = page.key.sql_type
        after = f"NULL::{kind}"
        if given.has("after"):
            after = given.bind("after", kind, lambda value: read_cursor(value, kind)[0])
        return self._text(source.replace("{limit}", f"{limit} + 1").replace("{after_key}", after), frame, given)

    def _names(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> set[str]:
        return {same[0].name.value for same in self.selections.of(kind, nodes).values()}

    def _beyond(self, page: Page, given: Given, name: str, alias: str) -> Beyond | None:
        """The rows beyond one cursor: strictly after, or strictly before it, in the connection's own order."""
        if not given.has(name):
            return None
        kind = page.key.sql_type
        key = given.bind(name, kind, lambda value: read_cursor(value, kind)[0])
        row = given.bind(name, "uuid", lambda value: read_cursor(value, kind)[1])
        sign = "<" if page.descending is (name == "after") else ">"
        return Beyond(f"{page.key.of(alias)}, {alias}.id", sign, f"{key}, {row}")

    def _page_part(self, part: str, definition: GraphQLField, nodes: Sequence[FieldNode], frame: Frame) -> str:
        page, item = frame.page, frame.item
        assert page is not None
        assert item is not None
        match part:
            case "edges":
                body = self._object(_object_type(definition), nodes, frame)
                return page.edges(body)
            case "node":
                return self._object(item, nodes, Frame(page.alias, at=frame.at))
            case "cursor":
                return page.cursor
            case "info":
                return self._object(_object_type(definition), nodes, frame)
            case "has_next":
                self._count_look(page.before if page.backward else None, frame)
                return page.has_next
            case "has_previous":
                self._count_look(None if page.backward else page.after, frame)
                return page.has_previous
            case "start" | "end":
                return page.end(first=part == "start")
            case "total" | "capped":
                # A count stands beside the page, not under its rows.
                self.parts.append(Part(".".join(self.path), COUNT * self.expected, tuple(self.sizes[:-1])))
                return f"least({page.count}, {COUNTED})" if part == "total" else f"({page.count} > {COUNTED})"
        raise AssertionError(part)

    def _count_look(self, cursor: Beyond | None, frame: Frame) -> None:
        """A look at what lies on the other side of a cursor reads the connection once more, for each alias of it."""
        if cursor is None:
            return
        path = ".".join(self.path)
        rows = 1 if frame.alias else ROOT_PAGE
        self.parts += (Part(path, RELATION), Part(path, rows * self.expected, tuple(self.sizes[:-1])))


def past_day(day: date) -> date:
    """Takes a day up to today; raises ``Invalid`` for a later one, of which nothing is known yet."""
    today = today_in_shanghai()
    if day > today:
        raise Invalid(f"asOf 须是过去的一天或今天（{today.isoformat()}），收到 {day.isoformat()}；请改正")
    return day


def _few(ids: list[str]) -> list[str]:
    if len(ids) > LARGEST_PAGE:
        raise Invalid(f"一次最多取 {LARGEST_PAGE} 个对象，收到 {len(ids)} 个 ids；请分几次查询")
    return ids


def _object_type(definition: GraphQLField) -> GraphQLObjectType:
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind
