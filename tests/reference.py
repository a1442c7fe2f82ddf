"""慢速参照 a reference executor: graphql-core with one plain SQL statement per field. For comparing plans only.

It shares nothing with the compiler but the printed schema: relations, orders and cursors are told again here.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from graphql import GraphQLResolveInfo, build_schema, execute, parse

from schema.api import PRINTED
from server.database.connection import Database
from server.viewer import Viewer
from tests.reference_tables import RENAMED_TABLES, TABLE_ENUMS, ReferenceTables

VIEWS = {
    "Enterprise": ("enterprise", "EN"),
    "IndividualBusiness": ("individual_business", "IB"),
    "Practitioner": ("practitioner", "PR"),
    "Vehicle": ("vehicle", "VE"),
    "Agency": ("agency", "AG"),
    "Licence": ("licence", "LI"),
    "Penalty": ("penalty", "PE"),
    "Act": ("act", "AC"),
    "Rating": ("rating", "RA"),
    "ListEntry": ("list_entry", "LE"),
    "Commitment": ("commitment", "CO"),
    "BenefitProduct": ("benefit_product", "BP"),
    "BenefitGrant": ("benefit_grant", "BG"),
    "ImportBatch": ("import_batch", "BA"),
    "Correction": ("correction", "CR"),
}
#: connection field: item type, column that orders it, newest first
LISTS = {
    "licences": ("Licence", "decided_on", True),
    "penalties": ("Penalty", "decided_on", True),
    "acts": ("Act", "decided_on", True),
    "ratings": ("Rating", "period_until", True),
    "listEntries": ("ListEntry", "listed_on", True),
    "commitments": ("Commitment", "signed_on", True),
    "grants": ("BenefitGrant", "granted_on", True),
    "vehicles": ("Vehicle", "plate", False),
    "bases": ("RatingBasis", "id", False),
    "evidence": ("ListEvidence", "id", False),
    "enterprises": ("Enterprise", "division_code", False),
    "units": ("Agency", "code", False),
    "corrections": ("Correction", "created_at", False),
}
CHILD_VIEWS = {"RatingBasis": "rating_basis", "ListEvidence": "list_evidence"}
RENAMED = {"from": "disclosed_from", "until": "disclosed_until", "edition": "terms_edition"}
RENAMED_ON = {
    "Timeliness": {"provisional": "due_provisional"},
    "ListMeasure": {"edition": "measure_edition", "itemId": "measure_item"},
    **{kind: {"catalogueItemId": "catalogue_item"} for kind in ("Licence", "Penalty", "Act")},
    "Disclosure": RENAMED,
    **RENAMED_TABLES,
}
STATES = {("Licence", "1"): "VALID", ("Licence", "2"): "INVALID"}
ENUMS = {"kind", "scope", "state", "severity", "severity_override", "subject_kind", "withdrawal", *TABLE_ENUMS}
#: Values that a resolver of this file has made, not columns.
DERIVED = {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "disputed", "label"}
PLAIN = {("Commitment", "kind"), ("Measure", "kind"), ("Vehicle", "state")}


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower().lstrip("_")


def encode(tag_or_text: bytes) -> str:
    return base64.urlsafe_b64encode(tag_or_text).decode()


class Reference(ReferenceTables):
    """Runs documents against one door, a statement per field."""

    def __init__(self, database: Database, viewer: Viewer) -> None:
        self.database, self.viewer = database, viewer
        self.schema = build_schema(PRINTED.read_text())

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        async with self.database.read(self.viewer) as connection:
            return [dict(row) for row in await connection.fetch(sql, *args)]

    async def one(self, kind: str, column: str, value: Any) -> dict[str, Any] | None:
        view = VIEWS[kind][0] if kind in VIEWS else {"CatalogueItem": "catalogue_item", "Measure": "measure_item"}[kind]
        found = await self.rows(f"SELECT * FROM {view} WHERE {column} = $1", value)
        return found[0] | {"__typename": kind} if found else None

    async def run(self, text: str, variables: dict[str, Any]) -> Any:
        result = execute(
            self.schema,
            parse(text),
            root_value={"__typename": "Query"},
            variable_values=variables,
            field_resolver=self.resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )
        result = await result if hasattr(result, "__await__") else result
        assert not result.errors, result.errors
        return json.loads(json.dumps(result.data))

    async def resolve(self, row: dict[str, Any], info: GraphQLResolveInfo, **given: Any) -> Any:
        parent, name = info.parent_type.name, info.field_name
        special = getattr(self, f"_{snake(parent)}_{snake(name)}", None) or getattr(self, f"_any_{snake(name)}", None)
        if special is not None:
            return await special(row, **given)
        if name in LISTS:
            return await self.page(row, name, given)
        if parent.endswith(("Connection", "Edge")) or name in DERIVED:
            return row[name]
        return leaf(parent, RENAMED_ON.get(parent, {}).get(name, snake(name)), row)

    async def page(self, row: dict[str, Any], name: str, given: dict[str, Any]) -> dict[str, Any]:
        kind, column, newest_first = LISTS[name]
        view = VIEWS[kind][0] if kind in VIEWS else CHILD_VIEWS[kind]
        owner = {"Query": None, "Agency": "parent_id"}.get(row["__typename"], snake(row["__typename"]) + "_id")
        found = await self.rows(
            f"SELECT * FROM {view}" + (f" WHERE {owner} = $1" if owner else ""), *([row["id"]] if owner else [])
        )
        for argument in ("kind", "state"):
            if given.get(argument):
                found = [one for one in found if one[argument] == given[argument].lower()]
        found.sort(key=lambda one: (one[column], one["id"].bytes), reverse=newest_first)
        cursors = [encode(f"{one[column]}|{one['id']}".encode()) for one in found]
        start = cursors.index(given["after"]) + 1 if given.get("after") else 0
        end = cursors.index(given["before"]) if given.get("before") else len(found)
        if given.get("last") is not None:
            start = max(start, end - given["last"])
        else:
            end = min(end, start + (20 if given.get("first") is None else given["first"]))
        edges = [{"cursor": cursors[i], "node": found[i] | {"__typename": kind}} for i in range(start, max(start, end))]
        info = {"hasNextPage": end < len(found), "hasPreviousPage": start > 0}
        info |= {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        }
        return {"edges": edges, "pageInfo": info, "totalCount": len(found), "totalCountCapped": False}

    # root

    async def _query_enterprise(self, _row: Any, uscc: str) -> Any:
        return await self.one("Enterprise", "uscc", uscc)

    async def _query_agency(self, _row: Any, code: str) -> Any:
        return await self.one("Agency", "code", code)

    async def _query_import_batch(self, _row: Any, id: str) -> Any:
        found = await self._query_node(_row, id)
        return found if found and found["__typename"] == "ImportBatch" else None

    async def _query_node(self, _row: Any, id: str) -> Any:
        raw = base64.urlsafe_b64decode(id)
        for kind, (_, tag) in VIEWS.items():
            if raw[:2] == tag.encode():
                return await self.one(kind, "id", UUID(bytes=raw[2:]))
        return None

    async def _query_service(self, _row: Any) -> Any:
        return (await self.rows("SELECT today, revision::text AS revision FROM head"))[0]

    # edges

    async def _any_id(self, row: dict[str, Any]) -> str:
        return encode(VIEWS[row["__typename"]][1].encode() + row["id"].bytes)

    async def _any_party(self, row: dict[str, Any]) -> Any:
        for column, kind in (
            ("enterprise_id", "Enterprise"),
            ("individual_business_id", "IndividualBusiness"),
            ("practitioner_id", "Practitioner"),
            ("vehicle_id", "Vehicle"),
        ):
            if row.get(column):
                found = await self.one(kind, "id", row[column])
                hidden = {"__typename": "UndisclosedPerson", "label": "自然人（依法不公开）"}
                return found or (hidden if kind == "Practitioner" else None)
        return None

    async def _vehicle_holder(self, row: dict[str, Any]) -> Any:
        return await self._any_party(row | {"practitioner_id": None})

    async def _vehicle_driver(self, row: dict[str, Any]) -> Any:
        return await self._any_party({"practitioner_id": row["practitioner_id"]})

    async def _any_record(self, row: dict[str, Any]) -> Any:
        for kind in ("Licence", "Penalty", "Act"):
            if row.get(f"{kind.lower()}_id"):
                return await self.one(kind, "id", row[f"{kind.lower()}_id"])
        return None

    async def _any_source_unit(self, row: dict[str, Any]) -> Any:
        return await self.one("Agency", "id", row["source_unit_id"])

    async def _agency_parent(self, row: dict[str, Any]) -> Any:
        return await self.one("Agency", "id", row["parent_id"])

    async def _benefit_grant_product(self, row: dict[str, Any]) -> Any:
        return await self.one("BenefitProduct", "id", row["benefit_product_id"])

    async def _any_catalogue_item(self, row: dict[str, Any]) -> Any:
        return await self.one("CatalogueItem", "id", row["catalogue_item"])

    async def _list_measure_measure(self, row: dict[str, Any]) -> Any:
        return await self.one("Measure", "id", row["measure_item"])

    async def _any_disclosure(self, row: dict[str, Any]) -> Any:
        return row | {"disputed": row["disputed_on"] is not None}

    async def _any_timeliness(self, row: dict[str, Any]) -> Any:
        return row

    async def _disclosure_basis(self, row: dict[str, Any]) -> Any:
        found = await self.rows("SELECT basis FROM disclosure_term WHERE id = $1", row["terms_edition"])
        return found[0]["basis"] if found else None

    async def _disclosure_term(self, row: dict[str, Any]) -> Any:
        found = await self.rows("SELECT term FROM disclosure_term WHERE id = $1", row["terms_edition"])
        return found[0]["term"] if found else None

    async def _licence_kind(self, row: dict[str, Any]) -> str:
        return "LICENCE"

    async def _penalty_kind(self, row: dict[str, Any]) -> str:
        return "PENALTY"

    async def _rating_points(self, row: dict[str, Any]) -> Any:
        return await self.rows("SELECT * FROM rating_point WHERE rating_id = $1 ORDER BY position", row["id"])

    async def _list_entry_measures(self, row: dict[str, Any]) -> Any:
        sql = 'SELECT * FROM list_measure WHERE list_entry_id = $1 ORDER BY measure_item COLLATE "C", id'
        return await self.rows(sql, row["id"])


def leaf(parent: str, column: str, row: dict[str, Any]) -> Any:
    """Gives one column as JSON carries it."""
    value = row[column]
    if isinstance(value, str) and (parent, value) in STATES:
        return STATES[parent, value]
    if column in ENUMS and isinstance(value, str) and (parent, column) not in PLAIN:
        return value.upper()
    if column in ENUMS and isinstance(value, list):
        return [one.upper() for one in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
