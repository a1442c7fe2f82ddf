"""提问者 who asks the plans and the slow reference the same question, through every door of the wide world."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from schema.api import registry
from schema.nodes import global_id
from schema.plan.asking import Asking
from schema.plan.run import Executor
from server.database.connection import Database
from server.errors import CreditError
from server.viewer import Viewer
from tests.documents import cursor_documents, read_cursors
from tests.reference import Reference
from tests.support import TrialDatabase
from tests.test_breadth import Purse
from tests.wide_world import Wide, build_wide


@dataclass
class Asker:
    """One viewer: the plans of his own process, and the reference through his own door."""

    database: Database
    viewer: Viewer
    executor: Executor = field(default_factory=lambda: Executor(registry()))

    def __post_init__(self) -> None:
        self.reference = Reference(self.database, self.viewer, Purse())

    async def ask(self, text: str, variables: dict[str, Any]) -> Any:
        """Asks as the endpoint does, by POST, and gives ``data``."""
        document = self.executor.documents.read(text)
        asking = Asking(self.viewer, Purse())
        answer = await self.executor.answer(self.database, self.viewer, document, variables, asking=asking)
        return json.loads(answer.body())["data"]

    async def agree(self, text: str, variables: dict[str, Any]) -> Any:
        """Gives what both say, or the service's refusal: then the reference is not asked."""
        try:
            got = await self.ask(text, variables)
        except CreditError as refused:
            return refused
        expected = await self.reference.run(text, variables)
        assert got == expected, f"{text}\n{variables}"
        assert json.dumps(got) == json.dumps(expected), f"the order of keys is the document's: {text}"
        return got


@dataclass
class City:
    """The wide world, the ids that documents ask for, and the askers."""

    wide: Wide
    ids: list[str]
    askers: dict[str, Asker]

    async def cursors(self, asker: Asker) -> dict[tuple[str, str], list[str]]:
        """Gives the cursors of a first page of every connection, as this asker is given them."""
        answers = [await asker.agree(text, {"ids": self.ids} if "$ids" in text else {}) for text in cursor_documents()]
        return read_cursors(answers)


async def city_of(database: TrialDatabase) -> City:
    """Writes the wide world into an empty database."""
    wide = await build_wide(database)
    shown = [(tag, row) for tag, row in (*wide.small.ids.items(), *wide.ids.items()) if len(tag) == 2]
    ids = [global_id(tag, row) for tag, row in shown]
    ids += [global_id("LI", wide.ids["hidden licence"]), global_id("EN", wide.ids["hidden firm"]), "?", ""]
    return City(wide, ids, {who: Asker(database, viewer) for who, viewer in wide.viewers().items()})


def told(value: Any) -> int:
    """Counts what an answer says of rows: leaves that are neither null nor a name of a type nor a mere flag."""
    if isinstance(value, dict):
        return sum(told(inner) for key, inner in value.items() if "typename" not in key and "again" not in key)
    if isinstance(value, list):
        return sum(map(told, value))
    return value is not None and not isinstance(value, bool | CreditError)


async def answered(asker: Asker, text: str, variables: dict[str, Any] | None = None) -> Any:
    """Gives the answer in which plan and reference agree; a refusal is a fault."""
    answer = await asker.agree(text, variables or {})
    assert not isinstance(answer, CreditError), answer.message
    return answer


async def refusal(asker: Asker, text: str, variables: dict[str, Any] | None = None) -> CreditError:
    """Gives the refusal; an answer is a fault."""
    answer = await asker.agree(text, variables or {})
    assert isinstance(answer, CreditError), answer
    return answer
