"""内省 introspection: what the schema says of itself, made by graphql-core and kept, as it never changes. Not for data.

The price is known before the work is done: graphql-core's own rule bounds only how deep lists stand in lists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues

from schema.plan.cost import VALUES_A_ROW, Part
from schema.plan.documents import INTROSPECTION, Bounded, Document, Refused
from schema.plan.selections import Fields, Selections

#: Places from which any one type may be reached: below them a list is as long as the longest.
_TO_ONE_TYPE = frozenset(
    ("type", "ofType", "interfaces", "possibleTypes", "queryType", "mutationType", "subscriptionType")
)


class _Length(NamedTuple):
    """The length of a list over all of the schema's types, and of the longest."""

    mean: float
    longest: int


def is_introspection(nodes: Sequence[FieldNode]) -> bool:
    """Says whether a root field asks for the schema itself."""
    return nodes[0].name.value in INTROSPECTION


@dataclass(slots=True)
class Introspection:
    """内省: one per process. Answers are kept by document and variables; 2,000,000 characters are a dozen whole schemas."""

    schema: GraphQLSchema
    lengths: dict[str, _Length] = field(init=False)
    kept: Bounded[bytes, dict[str, Any]] = field(default_factory=lambda: Bounded(100, 2_000_000))

    def __post_init__(self) -> None:
        kinds = list(self.schema.type_map.values())
        composite = (GraphQLObjectType, GraphQLInterfaceType)
        fields = [len(kind.fields) if isinstance(kind, composite) else 0 for kind in kinds]
        inputs = [len(kind.fields) if isinstance(kind, GraphQLInputObjectType) else 0 for kind in kinds]
        values = [len(getattr(kind, "values", ())) for kind in kinds]
        parents = [len(getattr(kind, "interfaces", ())) for kind in kinds]
        abstract = [kind for kind in kinds if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)]
        possible = [len(self.schema.get_possible_types(kind)) for kind in abstract]
        given = [len(one.args) for kind in kinds if isinstance(kind, composite) for one in kind.fields.values()]
        given += [len(directive.args) for directive in self.schema.directives]
        self.lengths = {
            "types": _Length(len(kinds), len(kinds)),
            "directives": _Length(len(self.schema.directives), len(self.schema.directives)),
            "fields": _length(fields, len(kinds)),
            "inputFields": _length(inputs, len(kinds)),
            "enumValues": _length(values, len(kinds)),
            "interfaces": _length(parents, len(kinds)),
            "possibleTypes": _length(possible, len(kinds)),
            "args": _length(given, len(given)),
        }

    def price(self, selections: Selections, fields: Fields) -> list[Part]:
        """Gives what each root field's values cost, as rows."""
        parts = []
        for key, nodes in fields.items():
            if is_introspection(nodes):
                kind = self.schema.type_map["__Schema" if nodes[0].name.value == "__schema" else "__Type"]
                values = self._values(selections, kind, nodes, whole=nodes[0].name.value == "__schema")
                parts.append(Part(key, int(values / VALUES_A_ROW)))
        return parts

    def _values(self, selections: Selections, kind: Any, nodes: Sequence[FieldNode], *, whole: bool) -> float:
        """The number of values below; ``whole`` while each list is met once for every type, so that the mean is exact."""
        total = 0.0
        for same in selections.of(kind, nodes).values():
            name = same[0].name.value
            total += 1
            if name == "__typename" or is_leaf_type(inner := get_named_type(kind.fields[name].type)):
                continue
            length = self.lengths.get(name, _Length(1, 1))
            below = self._values(selections, inner, same, whole=whole and name not in _TO_ONE_TYPE)
            total += (length.mean if whole else length.longest) * (1 + below)
        return total

    def answer(
        self, document: Document, operation: OperationDefinitionNode, variables: VariableValues, fields: Fields
    ) -> Dict[str, Any]:
        """Answers ``__schema`` and ``__type`` by graphql-core, which sees these root fields only."""
        values = json.dumps(variables.coerced, default=str, sort_keys=True)
        name = operation.name.value if operation.name else ""
        key = hashlib.sha256(document.hash + f"{name}|{values}".encode()).digest()
        found = self.kept.find(key)
        if found is not None:
            return found
        told = self._execute(document, operation, variables, fields)
        return self.kept.keep(key, told, len(json.dumps(told)))

    def _execute(
        self, document: Document, operation: OperationDefinitionNode, variables: VariableValues, fields: Fields
    ) -> dict[str, Any]:
        only = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(
                selections=tuple(node for nodes in fields.values() if is_introspection(nodes) for node in nodes)
            ),
        )
        given = {name: source.value for name, source in variables.sources.items()}
        result = execute_sync(
            self.schema,
            DocumentNode(definitions=(only, *document.fragments.values())),
            variable_values={name: value for name, value in given.items() if name in variables.coerced},
        )
        if result.errors:
            raise Refused(list(result.errors), "BAD_USER_INPUT")
        return result.data or {}


def _length(lengths: list[int], over: int) -> _Length:
    return _Length(sum(lengths) / max(over, 1), max(lengths, default=0))
