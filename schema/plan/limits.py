"""界限 linear checks of a document before and after it is parsed. Not for cost in rows: see ``cost.py``.

graphql-core's parser recurses and its overlap rule is quadratic (3.6 KB: 407 ms), so both see only what passed here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from server.errors import Invalid, TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """查询的界限, generous for people's queries; each stops a growth that is more than linear."""

    #: bytes of a request's body: 200 aliases of 80 characters with arguments are about 40,000; a row of cells typed
    #: anew in Chinese is larger
    body: int = 262_144
    #: tokens of a document
    tokens: int = 6_000
    #: nested braces, brackets and parentheses; the usual introspection query has 15
    depth: int = 24
    #: fields after all fragments are spread, which bounds the statement
    fields: int = 2_000
    aliases: int = 400
    directives: int = 100
    #: the same response name again in one selection set, for the quadratic overlap rule: once for each type of a node
    equal_names: int = 20
    #: fragments, for the same rule, which compares them in pairs
    fragments: int = 60
    #: pairs of equal response names and of spreads that meet once all is merged, for the same rule: 6 µs each
    overlaps: int = 10_000
    #: bytes of one uploaded table
    upload: int = 32_000_000
    #: values in the variables
    variables: int = 1_000


LIMITS = Limits()

#: A string that does not end runs to the end of its line (a block string: of the document), so that no text is
#: read twice.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\"""|\\|"(?!""))*+(?:"""|\Z)|"(?:[^"\\\n\r]|\\.)*+"?|\#[^\n\r]*+|\.\.\.|[_A-Za-z][_0-9A-Za-z]*+'
    r"|-?[0-9][0-9.eE+\-]*+|[!$&()\[\]{}:=@|]"
)
_OPEN, _CLOSE = frozenset("{[("), frozenset("}])")


def check_text(text: str, limits: Limits = LIMITS) -> None:
    """Refuses a document with too many tokens, too deep nesting or too many directives, before it is parsed."""
    depth = deepest = tokens = directives = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] == "#":
            continue
        tokens += 1
        if token in _OPEN:
            depth += 1
            deepest = max(deepest, depth)
        elif token in _CLOSE:
            depth -= 1
        elif token == "@":
            directives += 1
        if tokens > limits.tokens:
            raise too_many("词元", limits.tokens)
    if deepest > limits.depth:
        raise TooLarge(f"查询嵌套过深：最多 {limits.depth} 层，请拆成几次查询", code="QUERY_TOO_LARGE", status=400)
    if directives > limits.directives:
        raise too_many("指令", limits.directives)


def too_many(what: str, most: int) -> TooLarge:
    """Gives the refusal of a document with more than ``most`` of something."""
    return TooLarge(f"查询过大：{what}最多 {most} 个，请拆成几次查询", code="QUERY_TOO_LARGE", status=400)


class _Count:
    """Counts along the document once; a fragment's own count is reused, so that spreading is not expanded."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self.limits = limits
        self.aliases = 0
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self.known: dict[str, tuple[int, int]] = {}

    def of(self, selections: SelectionSetNode) -> tuple[int, int]:
        """Gives (fields, depth) of a selection set with its fragments spread."""
        names: Counter[str] = Counter()
        fields, depth = self._walk(selections, names)
        if names and max(names.values()) > self.limits.equal_names:
            raise too_many("同一选择集中的同名字段", self.limits.equal_names)
        return fields, depth

    def _walk(self, selections: SelectionSetNode, names: Counter[str]) -> tuple[int, int]:
        fields, depth = 0, 1
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self.aliases += node.alias is not None
                names[(node.alias or node.name).value] += 1
                inner = self.of(node.selection_set) if node.selection_set else (0, 0)
                fields, depth = fields + 1 + inner[0], max(depth, 1 + inner[1])
            elif isinstance(node, InlineFragmentNode):
                inner = self._walk(node.selection_set, names)
                fields, depth = fields + inner[0], max(depth, inner[1])
            elif isinstance(node, FragmentSpreadNode):
                inner = self._fragment(node.name.value)
                fields, depth = fields + inner[0], max(depth, inner[1])
            if fields > self.limits.fields:
                raise too_many("展开后的字段", self.limits.fields)
        return fields, depth

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self.known:
            self.known[name] = (0, 0)  # a cycle ends here; validation names it
            definition = self.fragments.get(name)
            if definition is not None:
                self.known[name] = self.of(definition.selection_set)
        return self.known[name]


def check_document(document: DocumentNode, limits: Limits = LIMITS) -> None:
    """Refuses a parsed document whose fragments, aliases, fields or equal names are too many. Linear in its size."""
    count = _Count(document, limits)
    if len(count.fragments) > limits.fragments:
        raise too_many("片段", limits.fragments)
    fields = depth = 0
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            inner = count.of(definition.selection_set)
            fields, depth = fields + inner[0], max(depth, inner[1])
        elif isinstance(definition, FragmentDefinitionNode):
            count._fragment(definition.name.value)
    if fields > limits.fields:
        raise too_many("展开后的字段", limits.fields)
    if depth > limits.depth:
        raise TooLarge(f"查询嵌套过深：最多 {limits.depth} 层，请拆成几次查询", code="QUERY_TOO_LARGE", status=400)
    if count.aliases > limits.aliases:
        raise too_many("别名", limits.aliases)


def check_texts(values: Any, limits: Limits = LIMITS) -> None:
    """Refuses U+0000, lone surrogates and too many values anywhere inside; walks without recursion."""
    waiting, seen = [values], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > limits.variables:
            raise TooLarge(
                f"variables 过大：最多 {limits.variables} 个值，请拆成几次请求", code="QUERY_TOO_LARGE", status=400
            )
        if isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and not _is_storable(value):
            raise Invalid("文本中不能有空字符 U+0000 或不成对的代理字符，请删去后再试", code="BAD_REQUEST")


def _is_storable(text: str) -> bool:
    """Says whether PostgreSQL can hold the text. A lone surrogate has no UTF-8; the encoder finds it in one go."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
