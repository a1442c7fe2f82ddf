"""慢速参照的参考表 how the reference executor answers the lists of reference data. Part of ``reference.py`` only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

Row = dict[str, Any]

#: type: fields that are columns, ``field=column`` where the names differ
TABLE_LEAVES = {
    "CatalogueItem": "editionTitle edition editionFrom editionUntil code name catalogueClass nature scope subjectKinds"
    " provider updateCycle legalBasis source url mark",
    "Measure": "editionTitle edition editionFrom editionUntil code kind content targets subjectKinds legalBasis authority"
    " source url mark",
    "Edition": "title=edition_title edition validFrom=edition_from validUntil=edition_until",
    "Standard": "key name validFrom validUntil subjectKinds targets issuer documentNumber basis url cycle validity mark"
    " note",
    "Grade": "grade meaning position",
    "DisclosureTerm": "edition=id key term validFrom validUntil shown starts ends repairOpens shortestMonths longestMonths"
    " basis url mark",
    "GlossaryTerm": "identifier=id term english definition source",
    "Service": "today",
}


def in_force(row: Row, on: date, start: str = "valid_from", end: str = "valid_until") -> bool:
    """Tells whether a version holds on a day: half-open, as everywhere."""
    return bool(row[start] <= on and (row[end] is None or on < row[end]))


class ReferenceTables:
    """Whole tables, chosen from and ordered in Python."""

    all: Callable[[str, date | None], Awaitable[list[Row]]]

    async def today(self) -> date:
        """Gives the day the doors judge by."""
        (head,) = await self.all("Service", None)
        day: date = head["today"]
        return day

    async def _edition_rows(self, kind: str, edition: str | None) -> list[Row]:
        today = await self.today()
        found = await self.all(kind, None)
        found.sort(key=lambda row: (row["edition_title"], row["edition_from"], row["position"]))
        if edition is not None:
            return [row for row in found if row["edition"] == edition]
        return [row for row in found if in_force(row, today, "edition_from", "edition_until")]

    async def _catalogue(
        self, _row: Row, edition: Any = None, catalogueClass: Any = None, nature: Any = None
    ) -> list[Row]:
        return [
            row
            for row in await self._edition_rows("CatalogueItem", edition)
            if catalogueClass is None or row["catalogue_class"] == catalogueClass
            if nature is None or row["nature"].upper() == nature
        ]

    async def _measures(self, _row: Row, edition: Any = None, kind: Any = None) -> list[Row]:
        return [row for row in await self._edition_rows("Measure", edition) if kind is None or row["kind"] == kind]

    def _editions(self, kind: str) -> Callable[[Row], Awaitable[list[Row]]]:
        async def editions(_row: Row) -> list[Row]:
            once = {row["edition_title"] + row["edition"]: row for row in await self.all(kind, None)}
            return sorted(once.values(), key=lambda row: (row["edition_title"], row["edition_from"]))

        return editions

    async def _versions(self, kind: str, key: str | None, on: str | None) -> list[Row]:
        found = sorted(await self.all(kind, None), key=lambda row: row["position"])
        return [
            row
            for row in found
            if key is None or row["key"] == key
            if on is None or in_force(row, date.fromisoformat(on))
        ]

    async def _standards(self, _row: Row, key: Any = None, inForceOn: Any = None, subjectKind: Any = None) -> list[Row]:
        found = await self._versions("Standard", key, inForceOn)
        return [row for row in found if subjectKind is None or subjectKind.lower() in row["subject_kinds"]]

    async def _terms(self, _row: Row, key: Any = None, inForceOn: Any = None) -> list[Row]:
        return await self._versions("DisclosureTerm", key, inForceOn)

    async def _glossary(self, _row: Row, identifier: Any = None) -> list[Row]:
        found = sorted(await self.all("GlossaryTerm", None), key=lambda row: row["position"])
        return [row for row in found if identifier is None or row["id"] == identifier]

    @staticmethod
    def grades(standard: Row) -> list[Row]:
        """Gives the grades of a standard, the best first."""
        return [
            {"grade": one["grade"], "meaning": one["meaning"], "position": n}
            for n, one in enumerate(json.loads(standard["grades"]), start=1)
        ]

    async def _applied(self, row: Row) -> Row | None:
        standards = await self.all("Standard", None)
        versions = [s for s in standards if (s["key"], s["valid_from"]) == (row["standard"], row["standard_version"])]
        assert len(versions) < 2
        return versions[0] if versions else None

    async def _standard_name(self, row: Row) -> Any:
        found = await self._applied(row)
        return found["name"] if found else None

    async def _grade_meaning(self, row: Row) -> Any:
        found = await self._applied(row)
        meanings = [one["meaning"] for one in self.grades(found) if one["grade"] == row["grade"]] if found else []
        return meanings[0] if meanings else None

    async def _term(self, row: Row, column: str) -> Any:
        """Gives the basis or the name of the rule by which a fact is shown; null where the register has not that rule."""
        found = [one for one in await self.all("DisclosureTerm", None) if one["id"] == row["terms_edition"]]
        return found[0][column] if found else None
