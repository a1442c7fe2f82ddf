"""慢速参照的参考表 how the reference executor answers the lists of reference data. Part of ``reference.py`` only."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

#: field of the API: column, where the names differ
RENAMED_TABLES = {
    "DisclosureTerm": {"edition": "id"},
    "GlossaryTerm": {"identifier": "id"},
    "Edition": {"title": "edition_title", "validFrom": "edition_from", "validUntil": "edition_until"},
}
TABLE_ENUMS = {"nature", "mark", "starts", "ends", "repair_opens", "subject_kinds"}


def in_force(row: dict[str, Any], on: date, start: str = "valid_from", end: str = "valid_until") -> bool:
    """Tells whether a version holds on a day: half-open, as everywhere."""
    return bool(row[start] <= on and (row[end] is None or on < row[end]))


class ReferenceTables:
    """Whole tables, chosen from and ordered in Python."""

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def _edition_rows(self, table: str, edition: str | None) -> list[dict[str, Any]]:
        today = (await self.rows("SELECT today FROM head"))[0]["today"]
        found = await self.rows(f"SELECT * FROM {table}")
        found.sort(key=lambda row: (row["edition_title"], row["edition_from"], row["position"]))
        if edition is not None:
            return [row for row in found if row["edition"] == edition]
        return [row for row in found if in_force(row, today, "edition_from", "edition_until")]

    async def _query_catalogue(self, _row: Any, edition: Any = None, **given: Any) -> Any:
        found = await self._edition_rows("catalogue_item", edition)
        if given.get("catalogueClass") is not None:
            found = [row for row in found if row["catalogue_class"] == given["catalogueClass"]]
        if given.get("nature") is not None:
            found = [row for row in found if row["nature"].upper() == given["nature"]]
        return found

    async def _query_measures(self, _row: Any, edition: Any = None, kind: Any = None) -> Any:
        found = await self._edition_rows("measure_item", edition)
        return [row for row in found if kind is None or row["kind"] == kind]

    async def _editions(self, table: str) -> list[dict[str, Any]]:
        found = await self.rows(f"SELECT edition_title, edition, edition_from, edition_until FROM {table}")
        once = {row["edition_title"] + row["edition"]: row for row in found}
        return sorted(once.values(), key=lambda row: (row["edition_title"], row["edition_from"]))

    async def _query_catalogue_editions(self, _row: Any) -> Any:
        return await self._editions("catalogue_item")

    async def _query_measure_editions(self, _row: Any) -> Any:
        return await self._editions("measure_item")

    async def _versions(self, table: str, given: dict[str, Any]) -> list[dict[str, Any]]:
        found = await self.rows(f"SELECT * FROM {table} ORDER BY position")
        if given.get("key") is not None:
            found = [row for row in found if row["key"] == given["key"]]
        if given.get("inForceOn") is not None:
            found = [row for row in found if in_force(row, date.fromisoformat(given["inForceOn"]))]
        return found

    async def _query_standards(self, _row: Any, **given: Any) -> Any:
        found = await self._versions("rating_standard", given)
        if given.get("subjectKind") is not None:
            found = [row for row in found if given["subjectKind"].lower() in row["subject_kinds"]]
        return found

    async def _query_disclosure_terms(self, _row: Any, **given: Any) -> Any:
        return await self._versions("disclosure_term", given)

    async def _query_glossary(self, _row: Any, identifier: Any = None) -> Any:
        found = await self.rows("SELECT * FROM glossary_term ORDER BY position")
        return [row for row in found if identifier is None or row["id"] == identifier]

    async def _standard_grades(self, row: dict[str, Any]) -> Any:
        grades = json.loads(row["grades"]) if isinstance(row["grades"], str) else row["grades"]
        return [grade | {"position": n} for n, grade in enumerate(grades, start=1)]

    async def _rating_applied_standard(self, row: dict[str, Any]) -> Any:
        found = await self.rows(
            "SELECT * FROM rating_standard WHERE key = $1 AND valid_from = $2", row["standard"], row["standard_version"]
        )
        return found[0] if found else None

    async def _rating_standard_name(self, row: dict[str, Any]) -> Any:
        found = await self._rating_applied_standard(row)
        return found["name"] if found else None

    async def _rating_grade_meaning(self, row: dict[str, Any]) -> Any:
        found = await self._rating_applied_standard(row)
        grades = await self._standard_grades(found) if found else []
        return next((grade["meaning"] for grade in grades if grade["grade"] == row["grade"]), None)
