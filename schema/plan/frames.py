"""编译中的位置 frames: where a selection set stands while it is compiled, and the arguments of its field. Not for SQL of fields:
see ``compile.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import FieldNode, GraphQLField, GraphQLObjectType

from schema.plan.binding import Bind, Reader, person_number, reader
from schema.plan.cost import Cost
from schema.plan.mapping import Argument
from schema.plan.sql import PageSql
from server.disclosure.doors import FACTS


@dataclass(frozen=True, slots=True)
class Plan:
    """计划 the statement, how to make its values, and its cost; ``person``: the variable with a person's number in it.

    ``simple``: the values need no more than the coerced variables, so that graphql-core need not be asked again.
    ``asks``: some tell of the asker, and are made once he has paid.
    """

    sql: str
    binds: tuple[Bind, ...]
    cost: Cost
    simple: bool
    person: str | None
    asks: bool

    @property
    def reads(self) -> bool:
        """Whether the database is asked at all: a statement of constants alone is never sent."""
        return bool(self.cost.parts)


class Statement(Protocol):
    """语句 what the arguments of a field need of the statement that is being made."""

    def add_bind(self, bind: Bind, sql_type: str) -> str:
        """Notes one bound value and gives its place."""

    def find_person(self, read: Reader) -> None:
        """Notes that a person is looked up by number."""


@dataclass(slots=True)
class Given:
    """参数 the arguments of one field while compiling: which are there, and their places in the statement."""

    statement: Statement
    definition: GraphQLField
    node: FieldNode
    values: dict[str, Any]
    declared: dict[str, tuple[str, Argument]]

    def has(self, name: str) -> bool:
        """Says whether an argument is given and not null."""
        return self.values.get(name) is not None

    def bind(self, name: str, sql_type: str | None = None, convert: Callable[[Any], object] | None = None) -> str:
        """Gives ``$n::type`` for an argument or a part made of one, converted in Python before it is bound."""
        for owner, (_, argument) in self.declared.items():
            if name in argument.parts:
                return self.bind(owner, *argument.parts[name])
        key, declared = self.declared[name]
        read = reader(self.definition, self.node, key, self.values.get(name))
        if declared.personal:
            read = person_number(read, self._other("certificate_type"))
            self.statement.find_person(read)
            return self.statement.add_bind(Bind(read.read), sql_type or declared.sql_type)
        return self.statement.add_bind(read.converted(convert or declared.convert), sql_type or declared.sql_type)

    def _other(self, name: str) -> Reader:
        return reader(self.definition, self.node, self.declared[name][0], self.values.get(name))


@dataclass(frozen=True, slots=True)
class Frame:
    """位置 where a selection set stands: its row, or its page, or the results of a mutation; ``at``: read as of that day;
    ``given``: the arguments of the connection it stands on."""

    alias: str = ""
    page: PageSql | None = None
    item: GraphQLObjectType | None = None
    results: tuple[tuple[str, str], ...] = ()
    at: str = ""
    given: Given | None = None

    def source(self, view: str, alias: str) -> tuple[str, str]:
        """Gives the view to read and a condition: the door's own view, or its past one on the day ``at``."""
        if not self.at or view not in FACTS:
            return view, ""
        shown = f"{alias}.shown_from <= {self.at} AND ({alias}.shown_until IS NULL OR {alias}.shown_until > {self.at})"
        return f"past_{view}", f"{shown} AND "
