"""接口文档 API reference: what the schema says of itself, in the form the pages show. Not for rendering or routes.

Made of the GraphQLSchema alone, so that a type, an argument or a word can stand nowhere else and go stale there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    print_ast,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast

from schema.nodes import PAGING

#: The four arguments of every connection, told once instead of in each of its hundred places.
PAGING_NAMES = frozenset(argument.name for argument in PAGING)
_SORTS: tuple[tuple[type[Any], str], ...] = (
    (GraphQLObjectType, "object"),
    (GraphQLInterfaceType, "interface"),
    (GraphQLUnionType, "union"),
    (GraphQLInputObjectType, "input"),
    (GraphQLEnumType, "enum"),
    (GraphQLScalarType, "scalar"),
)


@dataclass(frozen=True, slots=True)
class TypeName:
    """类型的写法 how a type is written around its name: ``[`` Enterprise ``!]!``."""

    before: str
    name: str
    after: str

    @property
    def text(self) -> str:
        """The whole."""
        return self.before + self.name + self.after


@dataclass(frozen=True, slots=True)
class Member:
    """成员 a field, argument, input field or enum value. ``default`` is written as in a query, None without one."""

    name: str
    text: str
    type: TypeName | None = None
    default: str | None = None
    deprecated: str | None = None
    arguments: tuple[Member, ...] = ()
    #: a connection, whose four paging arguments are not among ``arguments``
    paged: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """用处 a place that gives or takes a type."""

    kind: str
    member: str
    argument: str | None = None


@dataclass(slots=True)
class Kind:
    """类型 one type. ``members`` are its fields or values, ``possible`` what an interface or a union may be."""

    name: str
    sort: str
    text: str
    members: tuple[Member, ...] = ()
    interfaces: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    uses: list[Use] = field(default_factory=list)

    @property
    def is_paging(self) -> bool:
        """Whether it is one of the forms that every connection has."""
        return self.name.endswith(("Connection", "Edge"))


class Reference:
    """接口文档: every type by name, in the alphabet's order, with where it is used."""

    def __init__(self, schema: GraphQLSchema) -> None:
        assert schema.query_type is not None
        self.query = schema.query_type.name
        self.mutation = schema.mutation_type.name if schema.mutation_type else ""
        named = sorted(schema.type_map.items())
        self.kinds = {name: _kind(schema, kind) for name, kind in named if not name.startswith("__")}
        for name, uses in _uses(self.kinds).items():
            self.kinds[name].uses = uses

    def of(self, *sorts: str) -> list[Kind]:
        """Gives the types of these sorts but the roots."""
        return [k for k in self.kinds.values() if k.sort in sorts and k.name not in (self.query, self.mutation)]

    def path(self, name: str, member: str = "") -> str:
        """Gives the address of a type, or of one of its members, below the site's prefix."""
        # Whole names, as a field may be called like a part of the page («content»).
        anchor = f"#{name}.{member}" if member else ""
        if name in (self.query, self.mutation):
            return f"/api/{'queries' if name == self.query else 'mutations'}{anchor}"
        if self.kinds[name].sort in ("enum", "scalar"):
            return f"/api/{self.kinds[name].sort}s{anchor or '#' + name}"
        return f"/api/types/{name}{anchor}"

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Gives (name, address, description) of every type and member; the paging forms as types only."""
        for kind in self.kinds.values():
            yield kind.name, self.path(kind.name), kind.text
            for member in () if kind.is_paging else kind.members:
                yield f"{kind.name}.{member.name}", self.path(kind.name, member.name), member.text

    def deprecations(self) -> list[tuple[str, str, str]]:
        """Gives (name, address, reason) of what will be taken away."""
        found = []
        for kind in self.kinds.values():
            for member in kind.members:
                for one in (member, *member.arguments):
                    if one.deprecated is not None:
                        name = f"{kind.name}.{member.name}" + (f"({one.name}:)" if one is not member else "")
                        found.append((name, self.path(kind.name, member.name), one.deprecated))
        return found

    def compact(self) -> dict[str, Any]:
        """Gives what the console needs: per type its sort, text, fields ``[type, text, {argument: [type, text]}]``."""
        types: dict[str, Any] = {}
        for kind in self.kinds.values():
            fields = {m.name: _compact(m) for m in kind.members if m.type is not None}
            values = {m.name: m.text for m in kind.members if m.type is None}
            one = {"sort": kind.sort, "text": kind.text, "fields": fields, "values": values, "possible": kind.possible}
            types[kind.name] = {name: value for name, value in one.items() if value}
        return {"query": self.query, "mutation": self.mutation, "types": types, "paging": _paging()}


def _compact(member: Member) -> list[Any]:
    arguments = {one.name: [one.type.text if one.type else "", one.text] for one in member.arguments}
    return [member.type.text if member.type else "", member.text, arguments, *([1] if member.paged else [])]


def _paging() -> dict[str, str]:
    return {argument.name: argument.description for argument in PAGING}


def _kind(schema: GraphQLSchema, kind: GraphQLNamedType) -> Kind:
    sort = next(name for base, name in _SORTS if isinstance(kind, base))
    members: tuple[Member, ...] = ()
    interfaces: tuple[str, ...] = ()
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        members = tuple(_field(name, one) for name, one in kind.fields.items())
        interfaces = tuple(one.name for one in kind.interfaces)
    elif isinstance(kind, GraphQLInputObjectType):
        members = tuple(_argument(name, one) for name, one in kind.fields.items())
    elif isinstance(kind, GraphQLEnumType):
        members = tuple(
            Member(name, one.description or "", deprecated=one.deprecation_reason) for name, one in kind.values.items()
        )
    possible: tuple[str, ...] = ()
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        possible = tuple(sorted(one.name for one in schema.get_possible_types(kind)))
    return Kind(kind.name, sort, kind.description or "", members, interfaces, possible)


def _field(name: str, one: GraphQLField) -> Member:
    paged = set(one.args) >= PAGING_NAMES
    arguments = tuple(_argument(key, it) for key, it in one.args.items() if not (paged and key in PAGING_NAMES))
    text = one.description or ""
    return Member(name, text, _type_name(one.type), None, one.deprecation_reason, arguments, paged)


def _argument(name: str, one: GraphQLArgument | GraphQLInputField) -> Member:
    value = get_default_value_ast(one)
    default = print_ast(value) if value is not None else None
    return Member(name, one.description or "", _type_name(one.type), default, one.deprecation_reason)


def _type_name(kind: Any) -> TypeName:
    name = get_named_type(kind).name
    before, _, after = str(kind).partition(name)
    return TypeName(before, name, after)


def _uses(kinds: Mapping[str, Kind]) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = defaultdict(list)
    for kind in kinds.values():
        for member in kind.members:
            if member.type is not None:
                found[member.type.name].append(Use(kind.name, member.name))
            for argument in member.arguments:
                if argument.type is not None:
                    found[argument.type.name].append(Use(kind.name, member.name, argument.name))
    return found
