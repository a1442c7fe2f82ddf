"""变量 variables: the values of a repeated operation, checked quickly where that is plain. Not for what may be wrong:

graphql-core checks everything that is not plain, and says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values

from schema.plan.documents import MOST_ERRORS, Refused
from schema.plan.limits import check_texts

_LARGEST_INT = 2**31


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_int(value: object) -> bool:
    return type(value) is int and -_LARGEST_INT <= value < _LARGEST_INT


def _is_flag(value: object) -> bool:
    return type(value) is bool


_PLAIN: dict[object, Callable[[object], bool]] = {
    GraphQLString: _is_text,
    GraphQLID: _is_text,
    GraphQLInt: _is_int,
    GraphQLBoolean: _is_flag,
}


@dataclass(frozen=True, slots=True)
class Plain:
    """平常的变量 of an operation whose variables are all plain scalars: (name, may be null, check), in order of names."""

    checks: tuple[tuple[str, bool, Callable[[object], bool]], ...]
    defaults: Dict[str, Any]

    def coerced(self, given: Dict[str, Any]) -> dict[str, Any] | None:
        """Gives the values as graphql-core would, or None where it must look itself."""
        values = {}
        for name, nullable, check in self.checks:
            if name in given:
                value = given[name]
                if not (nullable if value is None else check(value)):
                    return None
                values[name] = value
            elif name in self.defaults:
                values[name] = self.defaults[name]
            elif not nullable:
                return None
        return values


def plain_variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Plain | None:
    """Gives the quick check of an operation's variables; None when one of them is not plain or a default is wrong."""
    checks = []
    for definition in operation.variable_definitions or ():
        inner = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
        kind = type_from_ast(schema, inner) if isinstance(inner, NamedTypeNode) else None
        check = _PLAIN.get(kind)
        if check is None:
            return None
        checks.append((definition.variable.name.value, not isinstance(definition.type, NonNullTypeNode), check))
    optional = [one for one in operation.variable_definitions or () if one.default_value is not None]
    told = get_variable_values(schema, optional, {})
    if isinstance(told, list):
        return None
    check_texts(told.coerced)
    return Plain(tuple(sorted(checks, key=lambda one: one[0])), told.coerced)


def all_variables(schema: GraphQLSchema, operation: OperationDefinitionNode, given: Dict[str, Any]) -> VariableValues:
    """Gives the values as graphql-core checks them; raises ``Refused`` with what is wrong, and ``Invalid`` for U+0000."""
    coerced = get_variable_values(
        schema, operation.variable_definitions or (), dict(given), max_errors=MOST_ERRORS, hide_suggestions=True
    )
    if isinstance(coerced, list):
        raise Refused(coerced, "BAD_USER_INPUT")
    check_texts([value for value in coerced.coerced.values() if isinstance(value, str | list | dict)])
    return coerced


def shape(values: Dict[str, Any]) -> tuple[Any, ...]:
    """What of the variables decides a statement: which are there and not null, and the same inside input objects."""
    return tuple((name, _shape(values[name])) for name in sorted(values))


def _shape(value: Any) -> Any:
    return shape(value) if isinstance(value, dict) else value is not None
