"""绑定 binding: how each value of a statement is made from a request. Not for what the values are used for.

graphql-core checks a document's variables; this says once, while compiling, where each value comes from, so that a
repeated document pays for a dictionary look-up and not for its arguments being read anew.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLField, ValueNode, VariableNode, Visitor, visit
from graphql.execution.values import VariableValues, get_argument_values

from schema.plan.asking import Asking
from schema.plan.limits import check_texts
from server.errors import Invalid
from server.identifiers.certificates import person_key


class Inputs(NamedTuple):
    """一次请求的输入: coerced variables, who asks, and what a mutation's root step gave."""

    coerced: Dict[str, Any]
    asking: Asking
    results: Dict[str, Any]
    #: needed by values in whose literal a variable stands
    variables: VariableValues | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """绑定值 one bound value; a ``constant`` is the same in every request of the plan; ``asked`` tells of the asker."""

    compute: Callable[[Inputs], object]
    constant: bool = False
    value: object = None
    simple: bool = True
    asked: bool = False


def constant(value: object) -> Bind:
    """Gives the bind of a value that no request changes."""
    return Bind(lambda _inputs: value, constant=True, value=value)


@dataclass(frozen=True, slots=True)
class Reader:
    """读取 where an argument's value comes from: a constant, the variable named ``variable``, or a mixed literal."""

    read: Callable[[Inputs], Any]
    variable: str | None = None
    fixed: bool = False
    value: Any = None
    simple: bool = True

    def converted(self, convert: Callable[[Any], object]) -> Bind:
        """Gives the bind of the value once ``convert`` has made of it what is bound; a constant is converted now."""
        if self.fixed:
            # Before it is converted: what drops such characters would hide that they were there.
            check_texts(self.value)
            return constant(convert(self.value))
        read = self.read
        return Bind(lambda inputs: convert(read(inputs)), simple=self.simple)


@dataclass(frozen=True, slots=True)
class PersonNumber:
    """证件号码 as given; only its keyed hash reaches the database."""

    type: str
    number: str

    def key(self, secret: str) -> str:
        """Gives the keyed hash that ``find_person`` compares; raises ``Invalid`` without the number in the message."""
        return person_key(secret, self.type, self.number)


class _Variables(Visitor):
    """Finds whether a variable stands in a literal."""

    found = False

    def enter_variable(self, *_: object) -> None:
        self.found = True


def _mentions_variable(node: ValueNode) -> bool:
    variables = _Variables()
    visit(node, variables)
    return variables.found


def reader(definition: GraphQLField, node: FieldNode, name: str, value: Any) -> Reader:
    """Gives where the argument ``name`` comes from; ``value`` is what it is for the variables of the compilation.

    Whether a variable is given at all decides the plan (its shape), so that a missing one is a constant here.
    """
    given = next((one.value for one in node.arguments or () if one.name.value == name), None)
    if given is None or not _mentions_variable(given):
        return Reader(lambda _inputs: value, fixed=True, value=value)
    if isinstance(given, VariableNode):
        variable = given.name.value
        return Reader(lambda inputs: inputs.coerced.get(variable, value), variable=variable)

    def mixed(inputs: Inputs) -> Any:
        assert inputs.variables is not None
        return get_argument_values(definition, node, inputs.variables).get(name)

    return Reader(mixed, simple=False)


def person_number(number: Reader, type_: Reader) -> Reader:
    """Gives the reader of a person's number together with the kind of its certificate."""

    def read(inputs: Inputs) -> PersonNumber:
        given = number.read(inputs)
        if not isinstance(given, str) or not given.strip():
            raise Invalid("没有给出证件号码；请在 variables 中给出完整的证件号码")
        return PersonNumber(str(type_.read(inputs) or ""), given)

    return Reader(read, variable=number.variable, simple=number.simple and type_.simple)
