"""示例 examples of the API: the documents of ``site/queries/examples`` with their words, run as a partner would.

Not for pages of the site. A page runs them through the public door; what needs a key or a person's number is only shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, OperationDefinitionNode, parse

from schema.plan.asking import Asking, Purse
from schema.plan.documents import Document
from schema.plan.run import Answer, Executor
from server.database.connection import Database
from server.pages.render import SITE
from server.viewer import PUBLIC, Viewer

FOLDER = SITE / "queries" / "examples"
_KEYS = {"name", "title", "text", "variables", "take", "needs", "key"}
#: Variables by the name of their example.
Given = Mapping[str, Mapping[str, Any]]
#: In a way to a value: the first thing of a list that has the rest of the way.
ANY = "*"


@dataclass(frozen=True, slots=True)
class Example:
    """示例: ``take`` fills a variable from the answer of an earlier example (its name, then the way to the value).

    ``needs`` says why a page does not run it itself, empty when it does; ``key``: it is an officer's. ``roots`` are the
    root fields it asks for.
    """

    name: str
    title: str
    text: str
    document: str
    variables: dict[str, Any] = field(default_factory=dict)
    take: dict[str, list[str | int]] = field(default_factory=dict)
    needs: str = ""
    key: bool = False
    roots: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The address below the site's prefix."""
        return f"/api/examples/{self.name}"

    def body(self, variables: Mapping[str, Any]) -> str:
        """Gives the request's body in one line, as ``curl`` sends it."""
        lines = [line for line in self.document.splitlines() if not line.lstrip().startswith("#")]
        given = {"query": " ".join(" ".join(lines).split())} | ({"variables": dict(variables)} if variables else {})
        return json.dumps(given, ensure_ascii=False)


def read_examples(texts: list[dict[str, Any]]) -> dict[str, Example]:
    """Gives the examples in the order of ``site/texts/api.yaml``; raises for a key that nobody reads."""
    found: dict[str, Example] = {}
    for given in texts:
        if set(given) - _KEYS:
            raise KeyError(f"api.yaml: {given['name']}: {sorted(set(given) - _KEYS)}")
        document = (FOLDER / f"{given['name']}.graphql").read_text("utf-8")
        found[given["name"]] = Example(**given, document=document, roots=_roots(document))
    return found


def _roots(text: str) -> tuple[str, ...]:
    operation = next(one for one in parse(text).definitions if isinstance(one, OperationDefinitionNode))
    return tuple(node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode))


@dataclass(slots=True)
class Ran:
    """一次运行 the variables as sent, and the answer."""

    variables: dict[str, Any]
    answer: Answer

    @property
    def data(self) -> Any:
        """The answer's data as values."""
        return json.loads(self.answer.data)


class Examples:
    """示例的运行: documents are read at the first run and kept by the executor."""

    def __init__(self, executor: Executor, database: Database, examples: Mapping[str, Example]) -> None:
        self.executor, self.database, self.examples = executor, database, examples

    async def run(
        self, example: Example, viewer: Viewer = PUBLIC, given: Given | None = None, purse: Purse | None = None
    ) -> Ran:
        """Runs one, and before it those it takes values from; ``given`` replaces variables, by the example's name.

        Raises ``CreditError`` kinds as any query. A value that the earlier answer does not have is sent as null.
        """
        variables = example.variables | dict((given or {}).get(example.name, {}))
        for variable, (source, *way) in example.take.items():
            earlier = await self.run(self.examples[str(source)], viewer, given, purse)
            variables[variable] = value_at(earlier.data, way)
        document: Document = self.executor.documents.read(example.document)
        asking = Asking(viewer, purse)
        return Ran(variables, await self.executor.answer(self.database, viewer, document, variables, asking=asking))


def value_at(data: Any, way: list[str | int]) -> Any:
    """Gives the value at the end of a way of keys, places and ``ANY``, or None where it ends early."""
    if not way:
        return data
    step, *rest = way
    if isinstance(data, dict):
        return value_at(data.get(step), rest)
    if not isinstance(data, list):
        return None
    if step == ANY:
        return next((found for one in data if (found := value_at(one, rest)) is not None), None)
    return value_at(data[step], rest) if isinstance(step, int) and step < len(data) else None
