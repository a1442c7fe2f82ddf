"""映射总表 registry: every field reachable from the roots with its mapping; refuses to exist while one is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from schema.plan.mapping import MAPPING, ROW, Action, Argument, Choice, Column, Mapping, Page, Row
from server.disclosure.doors import BY_NAME
from server.errors import WrongSetting

_DEFINITION = "strawberry-definition"
#: Views that are not tables: their columns are known here.
_OTHER_VIEWS = {
    "head": frozenset({"revision", "today"}),
    "jsonb_array_elements": frozenset({"value", "ordinality"}),
    "record_count": frozenset({"month", "kind", "n", "capped"}),
    "rating_count": frozenset({"year", "grade", "n", "capped"}),
    "subject_hit": frozenset({"id", "place", "matched", "enterprise_id", "individual_business_id", "vehicle_id"}),
}


@dataclass(frozen=True, slots=True)
class Registry:
    """映射总表: mappings by (type, field), rows by type, types by the two letters of their ids."""

    schema: GraphQLSchema
    mappings: dict[tuple[str, str], Mapping]
    rows: dict[str, Row]
    tags: dict[str, GraphQLObjectType] = field(default_factory=dict)

    def mapping(self, type_name: str, field_name: str) -> Mapping:
        """Gives the mapping of a field; the registry's checks make it known."""
        return self.mappings[type_name, field_name]


def arguments(definition: GraphQLField) -> dict[str, tuple[str, Argument]]:
    """Gives our declarations of a field's arguments by their names in the mapping, each with its GraphQL name."""
    declared = {key: arg.extensions[_DEFINITION].metadata[MAPPING] for key, arg in definition.args.items()}
    return {found.name: (key, found) for key, found in declared.items()}


def _reachable(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """All object types that a read or a payload can reach, breadth first."""
    seen: set[str] = set()
    order: list[GraphQLObjectType] = []
    waiting: list[GraphQLNamedType] = [t for t in (schema.query_type, schema.mutation_type) if t]
    while waiting:
        kind = waiting.pop(0)
        if kind.name in seen:
            continue
        seen.add(kind.name)
        if isinstance(kind, GraphQLUnionType):
            waiting.extend(kind.types)
        elif isinstance(kind, GraphQLInterfaceType):
            waiting.extend(schema.get_possible_types(kind))
        elif isinstance(kind, GraphQLObjectType):
            order.append(kind)
            waiting.extend(get_named_type(f.type) for f in kind.fields.values())
    return order


def _columns(mapping: Mapping, target: Row | None) -> tuple[str, ...]:
    """The columns of a type's own row that a mapping names outright."""
    if isinstance(mapping, Column):
        return (mapping.name,)
    if isinstance(mapping, Choice):
        return tuple(name for name, _ in mapping.options)
    return ()


def _known(row: Row) -> frozenset[str]:
    if row.view in _OTHER_VIEWS:
        return _OTHER_VIEWS[row.view]
    if row.view not in BY_NAME:
        raise WrongSetting(f"接口映射有误：没有视图 {row.view}，请在 server/disclosure/doors.py 中声明")
    return frozenset(column.name for column in BY_NAME[row.view].columns)


def _origin(kind: GraphQLObjectType) -> Any:
    return kind.extensions[_DEFINITION].origin


def _row_of(kind: GraphQLObjectType) -> Row | None:
    found = vars(_origin(kind)).get(ROW)
    return found if isinstance(found, Row) else None


def _page_row(definition: GraphQLField, rows: dict[str, Row]) -> Row | None:
    connection = get_named_type(definition.type)
    assert isinstance(connection, GraphQLObjectType)
    edge = get_named_type(connection.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    return rows.get(get_named_type(edge.fields["node"].type).name)


def build(schema: GraphQLSchema) -> Registry:
    """Collects the mappings; raises ``WrongSetting`` naming each field that has none or names an unknown column."""
    types = _reachable(schema)
    rows = {kind.name: row for kind in types if (row := _row_of(kind))}
    # Objects on the same row (Disclosure) have no view of their own; the tests read each of them on real rows.
    mappings: dict[tuple[str, str], Mapping] = {}
    faults: list[str] = []
    for kind in types:
        row = rows.get(kind.name)
        for name, definition in kind.fields.items():
            declared = definition.extensions.get(_DEFINITION)
            mapping = declared.metadata.get(MAPPING) if declared else None
            if mapping is None:
                faults.append(f"{kind.name}.{name} 没有映射")
                continue
            mappings[kind.name, name] = mapping
            known = _known(row) if row else None
            missing = [c for c in _columns(mapping, row) if known is not None and c not in known]
            faults.extend(f"{kind.name}.{name} 所指的列 {c} 不在视图中" for c in missing)
            if isinstance(mapping, Page):
                target = _page_row(definition, rows)
                if target is None or mapping.key.name not in _known(target):
                    faults.append(f"{kind.name}.{name} 的排序键不在视图中")
            if isinstance(mapping, Action) and kind is not schema.mutation_type:
                faults.append(f"{kind.name}.{name} 不在变更根上")
    if faults:
        raise WrongSetting("接口映射有误，服务不能启动：" + "；".join(faults))
    tags = {row.tag: kind for kind in types if (row := rows.get(kind.name)) and row.tag}
    return Registry(schema, mappings, rows, tags)
