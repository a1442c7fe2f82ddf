"""执行 run: document → plan → door → finished JSON text. Not for HTTP manners: see ``schema/endpoint.py``.

graphql-core executes only introspection; a mutation's root step is one service call, and its payload is a plan through
the caller's door, read after the commit.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from schema.plan.compile import Compiler, Plan
from schema.plan.cost import MOST_ROWS, rows_read
from schema.plan.documents import MOST_ERRORS, Bounded, Document, Documents, Refused
from schema.plan.introspection import Introspection, is_introspection
from schema.plan.limits import check_texts
from schema.plan.mapping import Action
from schema.plan.registry import Registry, argument
from schema.plan.selections import Selections
from server.database.connection import Database
from server.errors import Invalid
from server.viewer import Viewer

#: From this use on, and up to this length, a statement stays prepared on the server, where each character takes some
#: two hundred bytes until it is closed: a program repeats its documents, which are short; one who wants to fill the
#: memory must not be able to. The pages' own statements are prepared at once.
PREPARED_FROM = 3
LONGEST_PREPARED = 8_000

#: What an action gives back: the values its payload's mapping names.
Results = Dict[str, Any]
ActionCall = Callable[[Database, Viewer, Dict[str, Any]], Awaitable[Results]]


@dataclass(frozen=True, slots=True)
class RootStep:
    """变更的根步骤: the service call, and the names and SQL types of what it gives to the payload."""

    call: ActionCall
    results: Dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """回答 the JSON text of ``data``, and the estimated rows."""

    data: str
    rows: int

    def body(self) -> bytes:
        """Gives the whole response."""
        cost = f'{{"rows":{self.rows},"limit":{MOST_ROWS}}}'
        return f'{{"data":{self.data},"extensions":{{"cost":{cost}}}}}'.encode()


@dataclass(slots=True)
class _Known:
    """A plan, how often it was asked for while it is kept, and whether it is a page's."""

    plan: Plan
    uses: int = 0
    ours: bool = False

    def prepare(self) -> bool:
        """Counts one use; says whether the statement is worth keeping prepared."""
        self.uses += 1
        return self.ours or (self.uses >= PREPARED_FROM and len(self.plan.sql) <= LONGEST_PREPARED)


def _shape(value: Any) -> Any:
    """What of a variable decides the statement: whether it is there, and the same of an input object's fields."""
    if isinstance(value, dict):
        return tuple(sorted((name, _shape(inner)) for name, inner in value.items()))
    return value is not None


@dataclass(slots=True)
class Executor:
    """执行器: one per process, with its document and plan caches, both bounded."""

    registry: Registry
    steps: Dict[str, RootStep] = field(default_factory=dict)
    documents: Documents = field(init=False)
    introspection: Introspection = field(init=False)
    #: 4,000,000 characters of statements: as many as 500 plans of usual length have together.
    plans: Bounded[Any, _Known] = field(default_factory=lambda: Bounded(500, 4_000_000))

    def __post_init__(self) -> None:
        self.documents = Documents(self.registry.schema)
        self.introspection = Introspection(self.registry.schema)

    async def answer(
        self,
        database: Database,
        viewer: Viewer,
        document: Document,
        variables: Dict[str, Any],
        operation_name: str | None = None,
    ) -> Answer:
        """Answers one operation through the viewer's door.

        Raises ``Refused`` for variables that do not fit, ``CreditError`` kinds of services, ``TooLarge`` for cost.
        """
        operation = document.operation(operation_name)
        coerced = self._coerce(operation, variables)
        if operation.operation is OperationType.SUBSCRIPTION:
            raise Invalid("本接口不支持订阅，请用查询")
        try:
            if operation.operation is OperationType.MUTATION:
                return await self._mutation(database, viewer, document, operation, coerced)
            return await self._query(database, viewer, document, operation, coerced)
        except GraphQLError as error:
            raise Refused([error], "BAD_USER_INPUT") from error

    def _coerce(self, operation: OperationDefinitionNode, variables: Dict[str, Any]) -> VariableValues:
        coerced = get_variable_values(
            self.registry.schema,
            operation.variable_definitions or (),
            dict(variables),
            max_errors=MOST_ERRORS,
            hide_suggestions=True,
        )
        if isinstance(coerced, list):
            raise Refused(coerced, "BAD_USER_INPUT")
        return coerced

    def warm(self, document: Document, variables: Dict[str, Any]) -> Plan:
        """Compiles the only operation of a document of ours now, for variables of this shape; it is prepared at once."""
        operation = document.operation(None)
        known = self._known(document, operation, self._coerce(operation, variables))
        known.ours = True
        return known.plan

    def _known(self, document: Document, operation: OperationDefinitionNode, variables: VariableValues) -> _Known:
        """Gives the plan of a query, compiled once per document, operation and shape of variables."""
        key = self._key(document, operation, variables)
        found = self.plans.find(key)
        if found is not None:
            return found
        kind = _root(self.registry.schema.query_type)
        selections = self._selections(document, variables)
        collected = selections.collect(kind, [operation.selection_set])
        fields = {key: nodes for key, nodes in collected.items() if not is_introspection(nodes)}
        plan = Compiler(self.registry, selections).root(kind, fields)
        return self.plans.keep(key, _Known(plan), len(plan.sql))

    def _selections(self, document: Document, variables: VariableValues) -> Selections:
        return Selections(self.registry.schema, document.fragments, variables)

    def _key(self, document: Document, operation: OperationDefinitionNode, variables: VariableValues) -> Any:
        values = variables.coerced
        switches = tuple((name, values.get(name)) for name in sorted(document.switches))
        name = operation.name.value if operation.name else None
        return document.hash, name, switches, _shape(values)

    async def _query(
        self,
        database: Database,
        viewer: Viewer,
        document: Document,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> Answer:
        known = self._known(document, operation, variables)
        plan, prepare = known.plan, known.prepare()
        if plan.parts and not document.introspections:
            return await _run(plan, database, viewer, plan.values(variables), prepare=prepare)
        # What needs no row is never sent to the database.
        kind = _root(self.registry.schema.query_type)
        selections = self._selections(document, variables)
        fields = selections.collect(kind, [operation.selection_set])
        price = self.introspection.price(selections, fields)
        values = plan.values(variables)
        rows = rows_read([*plan.parts, *price], values)
        told = dict(self.introspection.answer(document, operation, variables, fields)) if price else {}
        told |= {key: kind.name for key, nodes in fields.items() if nodes[0].name.value == "__typename"}
        if plan.parts:
            read = await _run(plan, database, viewer, values, prepare=prepare)
            told = json.loads(read.data) | told
        data = {key: told[key] for key in fields}
        return Answer(json.dumps(data, ensure_ascii=False, separators=(",", ":")), rows)

    async def _mutation(
        self,
        database: Database,
        viewer: Viewer,
        document: Document,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> Answer:
        """Takes the root steps one after the other; each payload is read after its step has committed."""
        kind = _root(self.registry.schema.mutation_type)
        fields = self._selections(document, variables).collect(kind, [operation.selection_set])
        if len(fields) > 1:
            # A second step that fails would leave the first done and the answer an error.
            raise Invalid("一次请求只做一件变更，请分开发送")
        pairs, rows = [], 0
        for key, nodes in fields.items():
            if nodes[0].name.value == "__typename":
                pairs.append(f"{json.dumps(key)}:{json.dumps(kind.name)}")
                continue
            answer = await self._step(database, viewer, document, variables, kind, nodes)
            pairs.append(f"{json.dumps(key)}:{answer.data}")
            rows += answer.rows
        return Answer("{" + ",".join(pairs) + "}", rows)

    async def _step(
        self,
        database: Database,
        viewer: Viewer,
        document: Document,
        variables: VariableValues,
        kind: GraphQLObjectType,
        nodes: list[FieldNode],
    ) -> Answer:
        name = nodes[0].name.value
        definition = kind.fields[name]
        mapping = self.registry.mapping(kind.name, name)
        assert isinstance(mapping, Action)
        step = self.steps[mapping.name]
        # The payload is compiled before the step is taken: a refused selection must not leave a write behind.
        compiler = Compiler(self.registry, self._selections(document, variables))
        plan = compiler.payload(definition, nodes, step.results)
        values = get_argument_values(definition, nodes[0], variables)
        given = {argument(definition, key).name: value for key, value in values.items()}
        check_texts([value for value in given.values() if isinstance(value, str | dict | list)])
        results = await step.call(database, viewer, given)
        return await _run(plan, database, viewer, plan.values(variables, results), prepare=False)


def _root(kind: GraphQLObjectType | None) -> GraphQLObjectType:
    assert kind is not None
    return kind


async def _run(plan: Plan, database: Database, viewer: Viewer, values: list[object], *, prepare: bool) -> Answer:
    rows = rows_read(plan.parts, values)
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise Invalid("文本中不能有空字符 U+0000，请删去后再试")
    text = await database.fetch_text(viewer, plan.sql, *values, once=not prepare)
    return Answer(text or "null", rows)
