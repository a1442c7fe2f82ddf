"""SQL 片段 pieces of statements: objects, ids, cursors, and the statement of one page. Not for choosing what to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schema.plan.mapping import Key

#: ``json_build_object`` ends at 100 arguments.
KEYS_AT_ONCE = 50
#: ``totalCount`` is exact up to here.
COUNTED = 10_000


def text_literal(text: str) -> str:
    """Gives a text as an SQL literal (names and constants of this program only)."""
    return "'" + text.replace("'", "''") + "'"


def json_object(pairs: Sequence[tuple[str, str]]) -> str:
    """Gives an object of any number of keys in their order.

    ``||`` on jsonb would lose the order; ``row_to_json`` is a tenth faster but cuts keys at 63 bytes (both tried).
    """
    groups = [pairs[i : i + KEYS_AT_ONCE] for i in range(0, len(pairs), KEYS_AT_ONCE)] or [[]]
    built = [f"json_build_object({', '.join(f'{text_literal(k)}, {v}' for k, v in group)})" for group in groups]
    if len(built) == 1:
        return built[0]
    inner = " || ', ' || ".join(f"left(substr({one}::text, 2), -1)" for one in built)
    return f"('{{' || {inner} || '}}')::json"


def global_id(tag: str, alias: str) -> str:
    """Gives base64url of the type's two letters and the row's uuid: 18 bytes, so 24 characters without padding."""
    return f"translate(encode('\\x{tag.encode().hex()}'::bytea || uuid_send({alias}.id), 'base64'), '+/', '-_')"


@dataclass(frozen=True, slots=True)
class Beyond:
    """游标之外 the rows strictly on one side of a cursor: the order's columns, ``<`` or ``>``, and the cursor's values."""

    columns: str
    sign: str
    values: str

    @property
    def inside(self) -> str:
        """The condition of the rows that are asked for."""
        return f"({self.columns}) {self.sign} ({self.values})"

    @property
    def outside(self) -> str:
        """The condition of all others, as an index can hold it: ``NOT`` would be a filter over every row."""
        return f"({self.columns}) {'>=' if self.sign == '<' else '<='} ({self.values})"


@dataclass(frozen=True, slots=True)
class PageSql:
    """一页的语句 the rows of one page of a connection, from three nested levels.

    The innermost reads at most one row more than the page along the index; the middle numbers them in the order they
    were read; aggregates stand over the outermost, ``alias``. ``backward`` reads from the far end. ``plain``: nobody asks
    for what lies beyond the page, so that its rows alone are read, once, in the order in which they are told (a sixth
    less work of the whole statement, measured). ``called``: the rows come from a call that has the cursor already.
    """

    view: str
    key: Key
    descending: bool
    backward: bool
    inner: str
    middle: str
    alias: str
    match: str
    limit: str
    after: Beyond | None = None
    before: Beyond | None = None
    plain: bool = False
    called: bool = False

    def _order(self, alias: str, way: str | None = None) -> str:
        way = way or ("DESC" if self.descending is not self.backward else "ASC")
        by_id = f"{alias}.id {way}"
        return by_id if self.key.name == "id" else f"{self.key.of(alias)} {way}, {by_id}"

    def rows(self, read: bool) -> str:
        """Gives the source of the page's rows; when nothing reads them, one that finds none but has every value."""
        where = " AND ".join([self.match, *(one.inside for one in (self.after, self.before) if one)])
        more = self.limit if self.plain else f"{self.limit} + 1"
        most = more if read else f"0 * {self.limit}"
        inner, middle = self.inner, self.middle
        rows = f"SELECT {inner}.* FROM {self.view} {inner} WHERE {where} ORDER BY {self._order(inner)} LIMIT {most}"
        if self.plain:
            return f"({rows})"
        return f"(SELECT {middle}.*, row_number() OVER (ORDER BY {self._order(middle)}) AS xn FROM ({rows}) {middle})"

    @property
    def within(self) -> str:
        """The condition that leaves out the one row beyond the page."""
        return f"{self.alias}.xn <= {self.limit}"

    def edges(self, body: str) -> str:
        """The list of the page's edges; a plain page's rows come in order already."""
        if self.plain:
            return f"coalesce(json_agg({body}), '[]'::json)"
        return f"coalesce(json_agg({body} {self.ordered()}) FILTER (WHERE {self.within}), '[]'::json)"

    @property
    def cursor(self) -> str:
        """The cursor of a row: base64url of its key and id, public columns both."""
        text = f"convert_to({self.alias}.{self.key.name}::text || '|' || {self.alias}.id::text, 'UTF8')"
        return f"translate(encode({text}, 'base64'), E'+/\\n', '-_')"

    @property
    def count(self) -> str:
        """The number of all rows, counted no further than one beyond ``COUNTED``."""
        # In the connection's order, or the planner would count along any index that happens to be small.
        order = f"ORDER BY {self._order(self.inner)} LIMIT {COUNTED + 1}"
        rows = f"SELECT 1 FROM {self.view} {self.inner} WHERE {self.match} {order}"
        return f"(SELECT count(*) FROM ({rows}) {self.inner})"

    def ordered(self, *, forward: bool = True) -> str:
        """The order of the connection over the numbered rows, or its reverse."""
        return f"ORDER BY {self.alias}.xn {'ASC' if forward is not self.backward else 'DESC'}"

    def end(self, *, first: bool) -> str:
        """The cursor of the page's first or last row; null when it has none."""
        return f"(array_agg({self.cursor} {self.ordered(forward=first)}) FILTER (WHERE {self.within}))[1]"

    @property
    def has_next(self) -> str:
        """Whether rows follow the page."""
        return self._passed(self.before) if self.backward else self._more

    @property
    def has_previous(self) -> str:
        """Whether rows stand before the page."""
        return self._more if self.backward else self._passed(self.after)

    @property
    def _more(self) -> str:
        return f"coalesce(bool_or({self.alias}.xn > {self.limit}), false)"

    def _passed(self, cursor: Beyond | None) -> str:
        if cursor is None or self.called:
            # A call's cursor was given by an earlier page, which therefore stands before this one.
            return "false" if cursor is None else "true"
        # In order from the cursor on, so that the first row found ends the search; EXISTS would begin anywhere.
        near = self._order(self.inner, "ASC" if cursor.sign == "<" else "DESC")
        rows = f"FROM {self.view} {self.inner} WHERE {self.match} AND {cursor.outside} ORDER BY {near} LIMIT 1"
        return f"coalesce((SELECT true {rows}), false)"
