"""执行 run: document → plan → door → finished JSON text. Not for HTTP manners: see ``schema/endpoint.py``.

graphql-core executes only introspection; a mutation's root step is one service call, and its payload is a plan through
the caller's door, read after the commit.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
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
from graphql.execution.values import VariableValues, get_argument_values

from schema.plan.asking import Asking, Purse
from schema.plan.binding import Inputs, PersonNumber
from schema.plan.compile import Compiler
from schema.plan.cost import CHARACTERS_A_POINT, MOST_ROWS, REQUEST, Part, refuse_beyond
from schema.plan.documents import Bounded, Document, Documents, Refused
from schema.plan.frames import Plan
from schema.plan.introspection import Introspection, is_introspection
from schema.plan.limits import check_texts
from schema.plan.mapping import Action
from schema.plan.registry import Registry, arguments
from schema.plan.selections import Selections
from schema.plan.variables import all_variables, plain_variables, shape
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
    """回答 the JSON text of ``data``, and the estimated rows; ``largest`` names the part that costs most (a dry run)."""

    data: str
    rows: int
    largest: tuple[str, int] | None = None

    def body(self) -> bytes:
        """Gives the whole response."""
        more = ""
        if self.largest is not None:
            path, rows = self.largest
            more = f',"largest":{{"path":{json.dumps(path, ensure_ascii=False)},"rows":{rows}}}'
        cost = f'{{"rows":{self.rows},"limit":{MOST_ROWS}{more}}}'
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

    def document(self, text: str, asking: Asking) -> Document:
        """Gives the validated document; one that is new to this process is paid for before the work is done.

        Raises ``Refused`` or ``TooLarge`` with what is wrong and where, ``TooMany`` when the purse is empty.
        """
        found = self.documents.find(text)
        if found is not None:
            return found
        if asking.purse is not None:
            asking.purse.spend(len(text) // CHARACTERS_A_POINT)
        return self.documents.read(text)

    async def answer(
        self,
        database: Database,
        viewer: Viewer,
        document: Document,
        variables: Dict[str, Any],
        operation_name: str | None = None,
        asking: Asking | None = None,
    ) -> Answer:
        """Answers one operation through the viewer's door.

        Raises ``Refused`` for variables that do not fit, ``CreditError`` kinds of services, ``TooCostly`` for cost,
        ``TooMany`` when the purse does not hold it.
        """
        operation = document.operation(operation_name)
        asking = asking or Asking(viewer)
        try:
            if operation.operation is OperationType.QUERY:
                return await self._query(database, asking, document, operation, variables)
            if operation.operation is OperationType.MUTATION:
                return await self._mutation(database, asking, document, operation, variables)
        except GraphQLError as error:
            raise Refused([error], "BAD_USER_INPUT") from error
        raise Invalid("本接口不支持订阅，请用查询")

    def warm(self, document: Document, variables: Dict[str, Any]) -> Plan:
        """Compiles the only operation of a document of ours now, for variables of this shape; it is prepared at once."""
        operation = document.operation(None)
        known = self._known(document, operation, self._coerced(document, operation, variables), variables)
        known.ours = True
        return known.plan

    def _coerced(
        self, document: Document, operation: OperationDefinitionNode, variables: Dict[str, Any]
    ) -> Dict[str, Any]:
        """Gives the checked variables: quickly where all are plain scalars, else as graphql-core has them."""
        name = operation.name.value if operation.name else None
        if name not in document.plain:
            document.plain[name] = plain_variables(self.registry.schema, operation)
        plain = document.plain[name]
        quick = None if plain is None else plain.coerced(variables)
        return all_variables(self.registry.schema, operation, variables).coerced if quick is None else quick

    def _known(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        coerced: Dict[str, Any],
        variables: Dict[str, Any],
        purse: Purse | None = None,
    ) -> _Known:
        """Gives the plan of a query, compiled once per document, operation and shape of variables.

        ``purse`` pays for a compilation: a plan that is refused is not kept, and of shapes there are ever new ones.
        """
        name = operation.name.value if operation.name else None
        switches = tuple(coerced.get(name) for name in document.switches) if document.switches else ()
        key = (document.hash, name, switches, shape(coerced))
        found = self.plans.find(key)
        if found is not None:
            return found
        if purse is not None:
            purse.spend(document.characters // CHARACTERS_A_POINT)
        kind = _root(self.registry.schema.query_type)
        selections = self._selections(document, all_variables(self.registry.schema, operation, variables))
        collected = selections.collect(kind, [operation.selection_set])
        fields = {key: nodes for key, nodes in collected.items() if not is_introspection(nodes)}
        plan = Compiler(self.registry, selections).root(kind, fields)
        return self.plans.keep(key, _Known(plan), len(plan.sql))

    def _selections(self, document: Document, variables: VariableValues) -> Selections:
        return Selections(self.registry.schema, document.fragments, variables)

    async def _query(
        self,
        database: Database,
        asking: Asking,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Dict[str, Any],
    ) -> Answer:
        # The price of a new document holds one compilation.
        purse = asking.purse if document.plain else None
        coerced = self._coerced(document, operation, variables)
        known = self._known(document, operation, coerced, variables, purse)
        plan, prepare = known.plan, known.prepare()
        full = None
        if not plan.simple or document.introspections:
            full = all_variables(self.registry.schema, operation, variables)
        inputs = Inputs(coerced, asking, {}, full)
        if plan.reads and not document.introspections:
            return await _run(plan, database, inputs, variables, prepare=prepare)
        return await self._beside(database, document, operation, inputs, variables, known, prepare=prepare)

    async def _beside(
        self,
        database: Database,
        document: Document,
        operation: OperationDefinitionNode,
        inputs: Inputs,
        variables: Dict[str, Any],
        known: _Known,
        *,
        prepare: bool,
    ) -> Answer:
        """Answers what the schema says of itself beside what the database says."""
        plan = known.plan
        values = inputs.variables or all_variables(self.registry.schema, operation, variables)
        kind = _root(self.registry.schema.query_type)
        selections = self._selections(document, values)
        fields = selections.collect(kind, [operation.selection_set])
        price = self.introspection.price(selections, fields)
        rows = sum(part.rows for part in price)
        read: dict[str, Any] = {}
        if plan.reads:
            answer = await _run(plan, database, inputs, variables, prepare=prepare, beside=price)
            if inputs.asking.dry:
                return answer
            read, rows = json.loads(answer.data), answer.rows
        else:
            refuse_beyond(rows, priced_alone := plan.cost.beside(price), [])
            spend(inputs.asking, rows)
            if inputs.asking.dry:
                return Answer("null", rows, priced_alone.largest([]))
        told = dict(self.introspection.answer(document, operation, values, fields)) if price else {}
        told |= {key: kind.name for key, nodes in fields.items() if nodes[0].name.value == "__typename"}
        told = read | told
        data = {key: told[key] for key in fields}
        return Answer(json.dumps(data, ensure_ascii=False, separators=(",", ":")), rows)

    async def _mutation(
        self,
        database: Database,
        asking: Asking,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Dict[str, Any],
    ) -> Answer:
        """Takes the root step; its payload is read after the step has committed."""
        coerced = all_variables(self.registry.schema, operation, variables)
        kind = _root(self.registry.schema.mutation_type)
        fields = self._selections(document, coerced).collect(kind, [operation.selection_set])
        if len(fields) > 1:
            # A second step that fails would leave the first done and the answer an error.
            raise Invalid("一次请求只做一件变更，请分开发送")
        pairs, rows = [], 0
        for key, nodes in fields.items():
            if nodes[0].name.value == "__typename":
                pairs.append(f"{json.dumps(key)}:{json.dumps(kind.name)}")
                continue
            answer = await self._step(database, asking, document, coerced, kind, nodes)
            if asking.dry:
                return answer
            pairs.append(f"{json.dumps(key)}:{answer.data}")
            rows += answer.rows
        return Answer("{" + ",".join(pairs) + "}", rows)

    async def _step(
        self,
        database: Database,
        asking: Asking,
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
        # The payload is compiled and priced before the step is taken: a refused selection must not leave a write behind.
        compiler = Compiler(self.registry, self._selections(document, variables))
        plan = compiler.payload(definition, nodes, step.results)
        unanswered = Inputs(variables.coerced, asking, {}, variables)
        nothing = [bind.compute(unanswered) for bind in plan.binds]
        rows = plan.cost.rows(nothing)
        refuse_beyond(rows, plan.cost, nothing)
        spend(asking, rows)
        if asking.dry:
            return Answer("null", rows, plan.cost.largest(nothing))
        values = get_argument_values(definition, nodes[0], variables)
        given = {name: values[key] for name, (key, _) in arguments(definition).items() if key in values}
        check_texts([value for value in given.values() if isinstance(value, str | dict | list)])
        results = await step.call(database, asking.viewer, given)
        answered = unanswered._replace(results=results)
        bound = [bind.compute(answered) for bind in plan.binds]
        return Answer(await database.fetch_text(asking.viewer, plan.sql, *bound, once=True) or "null", rows)


def _root(kind: GraphQLObjectType | None) -> GraphQLObjectType:
    assert kind is not None
    return kind


def spend(asking: Asking, rows: int) -> None:
    """Takes the price of one request from the purse, where there is one; raises ``TooMany``. A dry run reads no rows."""
    if asking.purse is not None:
        asking.purse.spend(REQUEST if asking.dry else rows + REQUEST)


async def _run(
    plan: Plan,
    database: Database,
    inputs: Inputs,
    variables: Dict[str, Any],
    *,
    prepare: bool,
    beside: Sequence[Part] = (),
) -> Answer:
    """Prices, pays and reads; ``beside`` is what the answer costs elsewhere."""
    values = [bind.value if bind.constant else bind.compute(inputs) for bind in plan.binds]
    cost = plan.cost.beside(beside) if beside else plan.cost
    rows = cost.rows(values)
    if rows > MOST_ROWS:
        refuse_beyond(rows, cost, values)
    asking = inputs.asking
    spend(asking, rows)
    if asking.dry:
        return Answer("null", rows, cost.largest(values))
    if plan.asks:
        values = [bind.compute(inputs) if bind.asked else value for bind, value in zip(plan.binds, values, strict=True)]
    if plan.person is not None:
        values = await _with_person(plan.person, database, inputs, variables, values)
    text = await database.fetch_text(asking.viewer, plan.sql, *values, once=not prepare)
    return Answer(text or "null", rows)


async def _with_person(
    variable: str, database: Database, inputs: Inputs, variables: Dict[str, Any], values: list[object]
) -> list[object]:
    """Puts the keyed hash in place of a person's number, once the look-up is allowed and counted."""
    if inputs.asking.by_get:
        raise Invalid("按证件号码查人只能用 POST 发送，以免号码留在网址里；请改请求方法后再试", code="PERSON_BY_POST")
    if variable not in variables:
        raise Invalid(
            f"证件号码不能写在查询文本里；请在 variables 中给出变量 ${variable}，不要用默认值",
            code="PERSON_BY_VARIABLE",
        )
    keyed = [value.key(database.secret) if isinstance(value, PersonNumber) else value for value in values]
    if inputs.asking.purse is not None:
        await inputs.asking.purse.look_up_person(database)
    return keyed
