"""同名字段 overlaps: bounds what graphql-core compares in pairs, before it does. Not for whether equal names agree.

Its rule compares every two fields of one response name that are merged, wherever they stand in the text, and every two
spreads beside each other: twenty fragments with twenty equal fields each took it a second (4 KB).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.plan.limits import LIMITS, Limits, too_many

#: Arguments are printed for each comparison: so many of their characters cost as much as comparing two bare fields.
_CHARACTERS_A_PAIR = 4

#: A selection set and the fragments through which it was reached, so that a cycle ends.
_Set = tuple[SelectionSetNode, frozenset[str]]


@dataclass(slots=True)
class _Pairs:
    """Counts the pairs of one document, level by level of merged selection sets; linear in the fields once spread."""

    fragments: dict[str, FragmentDefinitionNode]
    most: int
    #: levels of a document that has no cycle; one with a cycle is refused afterwards
    deepest: int
    pairs: int = 0
    reached: set[str] = field(default_factory=set)

    def of(self, sets: Sequence[_Set], level: int = 0) -> None:
        """Counts the pairs in these selection sets merged, and in all below them."""
        if level > self.deepest:
            return
        waiting, spreads = list(sets), 0
        seen: set[str] = set()
        found: dict[str, list[tuple[FieldNode, frozenset[str]]]] = {}
        while waiting:
            selections, through = waiting.pop()
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append((node, through))
                elif isinstance(node, InlineFragmentNode):
                    waiting.append((node.selection_set, through))
                elif isinstance(node, FragmentSpreadNode):
                    spreads += 1
                    name = node.name.value
                    if name in self.fragments and name not in seen and name not in through:
                        seen.add(name)
                        waiting.append((self.fragments[name].selection_set, through | {name}))
        self.reached |= seen
        self._add(1 + spreads * (spreads - 1) // 2)
        for same in found.values():
            if len(same) > 1:
                self._add(len(same) * (len(same) - 1) // 2 * max(_weight(node) for node, _ in same))
            below = [(node.selection_set, through) for node, through in same if node.selection_set is not None]
            if below:
                self.of(below, level + 1)

    def _add(self, pairs: int) -> None:
        self.pairs += pairs
        if self.pairs > self.most:
            raise too_many("两两比较的同名字段和片段", self.most)


def _weight(node: FieldNode) -> int:
    if not node.arguments or node.arguments[0].loc is None or node.arguments[-1].loc is None:
        return 1
    return 1 + (node.arguments[-1].loc.end - node.arguments[0].loc.start) // _CHARACTERS_A_PAIR


def check_overlaps(document: DocumentNode, limits: Limits = LIMITS) -> None:
    """Refuses a document in which too many equal response names or spreads meet; its depth is checked before."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    pairs = _Pairs(fragments, limits.overlaps, limits.depth)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            pairs.of([(definition.selection_set, frozenset())])
    for name, fragment in fragments.items():
        if name not in pairs.reached:
            pairs.of([(fragment.selection_set, frozenset((name,)))])
