"""选择集 selections: which fields an operation asks of an object type, once fragments are spread. Not for their SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_directive_values
from graphql.type.directives import GraphQLIncludeDirective, GraphQLSkipDirective

Fields = dict[str, list[FieldNode]]


@dataclass(frozen=True, slots=True)
class Selections:
    """选择集 of one request: its fragments, and the variables that @skip and @include look at."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues
    #: what @skip and @include said of a node (by its identity): an interface's fields are met once for each type
    said: dict[int, bool] = field(default_factory=dict)

    def of(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Fields:
        """Gives the fields that these nodes together ask of their object, by response name in document order."""
        return self.collect(kind, [node.selection_set for node in nodes if node.selection_set is not None])

    def collect(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Fields:
        """Gives the fields of an object type by response name, fragments spread, @skip and @include applied."""
        found: Fields = {}
        visited: set[str] = set()
        for selections in sets:
            self._collect(kind, selections, found, visited)
        return found

    def _collect(self, kind: GraphQLObjectType, selections: SelectionSetNode, found: Fields, seen: set[str]) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._matches(kind, node.type_condition.name.value):
                    self._collect(kind, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._matches(kind, fragment.type_condition.name.value):
                    self._collect(kind, fragment.selection_set, found, seen)

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        said = self.said.get(id(node))
        if said is None:
            said = self.said[id(node)] = self._asked_for(node)
        return said

    def _asked_for(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"] is True:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (include and include["if"] is False)

    def _matches(self, kind: GraphQLObjectType, condition: str) -> bool:
        if condition == kind.name:
            return True
        abstract = self.schema.type_map[condition]
        if isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(abstract, kind)
        return False
