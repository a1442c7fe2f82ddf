"""查询文档 documents: parse, check and validate once, and keep the result. Not for SQL: see ``compile.py``."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)

from schema.plan.limits import LIMITS, Limits, check_document, check_text
from schema.plan.messages import in_chinese
from schema.plan.overlaps import check_overlaps
from server.errors import CreditError, TooLarge

if TYPE_CHECKING:
    from schema.plan.variables import Plain

K = TypeVar("K")
V = TypeVar("V")

#: The fields that ask for the schema itself, and how often one document may; the whole schema comes with one.
INTROSPECTION = {"__schema": 1, "__type": 5}
#: Errors told at once; more would answer a small wrong request with a large body.
MOST_ERRORS = 5


class Refused(CreditError):
    """查询被拒 a document or its variables break the rules; ``errors`` are told all, each with its place."""

    code = "GRAPHQL_VALIDATION_FAILED"

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(in_chinese(errors[0].message), code=code)
        self.errors = errors[:MOST_ERRORS]


class Bounded(Generic[K, V]):
    """有界缓存 keeps the entries used last: ``most`` of them, and no more than ``characters`` together.

    One event loop uses it, so it needs no lock.
    """

    def __init__(self, most: int, characters: int) -> None:
        self.most, self.characters = most, characters
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._taken = 0

    def find(self, key: K) -> V | None:
        """Gives the entry and makes it the newest, or None."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def keep(self, key: K, entry: V, characters: int) -> V:
        """Keeps an entry of this size and drops the oldest beyond the bounds."""
        self._taken += characters - self._entries.pop(key, (entry, 0))[1]
        self._entries[key] = (entry, characters)
        while len(self._entries) > self.most or self._taken > self.characters:
            self._taken -= self._entries.popitem(last=False)[1][1]
        return entry

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True, slots=True)
class Document:
    """已验证的文档: operations, fragments, and the variables whose values change the plan."""

    hash: bytes
    characters: int
    document: DocumentNode
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    switches: frozenset[str]
    introspections: int
    #: quick checks of the operations' variables, made when an operation is first asked for
    plain: dict[str | None, Plain | None] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Gives the named operation, or the only one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise Refused([GraphQLError("Must provide operation name")], "OPERATION_RESOLUTION_FAILURE")
        found = self.operations.get(name)
        if found is None:
            raise Refused([GraphQLError("Unknown operation named")], "OPERATION_RESOLUTION_FAILURE")
        return found


class _Switches(Visitor):
    """Finds the variables used in @skip and @include, and how often the schema itself is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.asked: Counter[str] = Counter()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.asked[node.name.value] += node.name.value in INTROSPECTION

    def enter_directive(self, node: object, *_: object) -> None:
        for argument in getattr(node, "arguments", ()):
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)


@dataclass(slots=True)
class Documents:
    """文档缓存: by text; 500 hold every program a bureau's partners run.

    A parsed document takes some fifty bytes a character of its text, and the collector's pauses grow with what is kept, so
    the texts together are bounded too: a program's document has about a thousand characters.
    """

    schema: GraphQLSchema
    limits: Limits = LIMITS
    known: Bounded[str, Document] = field(default_factory=lambda: Bounded(500, 250_000))

    def read(self, text: str) -> Document:
        """Gives the validated document; raises ``Refused`` or ``TooLarge`` with what is wrong and where."""
        return self.find(text) or self.known.keep(text, self._read(text), len(text))

    def find(self, text: str) -> Document | None:
        """Gives the document where it is known already; a new one costs a hundred times more."""
        return self.known.find(text)

    def _read(self, text: str) -> Document:
        check_text(text, self.limits)
        try:
            document = parse(text, no_location=False)
        except GraphQLError as error:
            raise Refused([error], "GRAPHQL_PARSE_FAILED") from error
        check_document(document, self.limits)
        check_overlaps(document, self.limits)
        errors = validate(self.schema, document, max_errors=MOST_ERRORS, hide_suggestions=True)
        if errors:
            raise Refused(errors, "GRAPHQL_VALIDATION_FAILED")
        # What is kept has no places: two thirds of a parsed document are tokens, and the collector walks them all.
        document = parse(text, no_location=True)
        operations = {
            d.name.value if d.name else None: d for d in document.definitions if isinstance(d, OperationDefinitionNode)
        }
        if not operations:
            raise Refused([GraphQLError("Must provide an operation.")], "OPERATION_RESOLUTION_FAILURE")
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        switches = _Switches()
        visit(document, switches)
        for name, most in INTROSPECTION.items():
            if switches.asked[name] > most:
                raise TooLarge(
                    f"查询过大：一个文档中 {name} 最多 {most} 次，请分几次查询", code="QUERY_TOO_LARGE", status=400
                )
        asked = switches.asked.total()
        digest = hashlib.sha256(text.encode()).digest()
        return Document(digest, len(text), document, operations, fragments, frozenset(switches.names), asked)


def is_query(operation: OperationDefinitionNode) -> bool:
    """Says whether an operation only reads."""
    return operation.operation is OperationType.QUERY
