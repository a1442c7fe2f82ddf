"""慢速参照 a reference executor: graphql-core over whole views, chosen from in Python. For comparing plans only.

It shares nothing with the compiler but the printed schema: relations, orders, filters, cursors and the past are told again
here, in plain words. It knows each field and each argument by name, and is not made when the schema has one it does not
know. It reads each view once, so the database must not change while it lives.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from inspect import isawaitable
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    build_schema,
    execute,
    get_named_type,
    get_nullable_type,
    parse,
)

from schema.api import PRINTED
from server.database.connection import Database
from server.viewer import Viewer
from tests.reference_facts import (
    CERTIFICATES,
    COMMITMENTS,
    CONNECTIONS,
    FACT_LEAVES,
    Paging,
    ReferenceFacts,
    ReferenceRoots,
)
from tests.reference_search import ReferenceSearch
from tests.reference_tables import TABLE_LEAVES, ReferenceTables

#: type: its view, and the letters of its global ids
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
    "RatingPoint": ("rating_point", ""),
    "RatingBasis": ("rating_basis", ""),
    "ListEntry": ("list_entry", "LE"),
    "ListMeasure": ("list_measure", ""),
    "ListEvidence": ("list_evidence", ""),
    "Commitment": ("commitment", "CO"),
    "BenefitProduct": ("benefit_product", "BP"),
    "BenefitGrant": ("benefit_grant", "BG"),
    "ImportBatch": ("import_batch", "BA"),
    "Correction": ("correction", "CR"),
    "CatalogueItem": ("catalogue_item", ""),
    "Measure": ("measure_item", ""),
    "Standard": ("rating_standard", ""),
    "DisclosureTerm": ("disclosure_term", ""),
    "GlossaryTerm": ("glossary_term", ""),
    "Service": ("head", ""),
    "NameSearch": ("name_search", ""),
}
#: Views without a past: they are the same on every day.
TIMELESS = {
    "ImportBatch",
    "Correction",
    "CatalogueItem",
    "Measure",
    "Standard",
    "DisclosureTerm",
    "GlossaryTerm",
    "Service",
    "NameSearch",
}
#: Enums whose stored keys are not their names in small letters.
STORED = {
    "LicenceState": {"1": "VALID", "2": "INVALID"},
    "CommitmentKind": {word: name for name, word in COMMITMENTS.items()},
    "CertificateType": {word: name for name, word in CERTIFICATES.items()},
}
CHINA = ZoneInfo("Asia/Shanghai")

Row = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """How one field is answered, and the arguments it takes."""

    answer: Callable[..., Any]
    arguments: frozenset[str] = frozenset()


def snake(name: str) -> str:
    """Gives the column that a field is named after."""
    return re.sub(r"([A-Z])", r"_\1", name).lower()


class Reference(ReferenceRoots, ReferenceSearch, ReferenceFacts, ReferenceTables):
    """Runs documents against one door, for one viewer."""

    letters: ClassVar = {tag: kind for kind, (_, tag) in VIEWS.items() if tag}

    def __init__(self, database: Database, viewer: Viewer, purse: Any = None) -> None:
        self.database, self.viewer, self.purse = database, viewer, purse
        self.schema = build_schema(PRINTED.read_text("utf-8"))
        self._read: dict[tuple[str, date | None], list[Row]] = {}
        self.ways: dict[tuple[str, str], Way] = {}
        self._know()

    async def run(self, text: str, variables: dict[str, Any] | None = None) -> Any:
        """Gives ``data``; any error is a fault of the test."""
        told = execute(
            self.schema,
            parse(text),
            root_value={"__typename": "Query", "at": None},
            variable_values=variables or {},
            field_resolver=self._resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )
        result = await told if isawaitable(told) else told
        assert not result.errors, result.errors
        return json.loads(json.dumps(result.data))

    # reading

    async def all(self, kind: str, at: date | None) -> list[Row]:
        """Gives every row of a type that the door shows, today or of a past day."""
        day = None if kind in TIMELESS else at
        if (kind, day) not in self._read:
            view = VIEWS[kind][0]
            sql, given = f"SELECT * FROM {view}", []
            if day is not None:
                sql = f"SELECT * FROM past_{view} WHERE daterange(shown_from, shown_until, '[)') @> $1::date"
                given = [day]
            async with self.database.read(self.viewer) as connection:
                found = [dict(row) for row in await connection.fetch(sql, *given)]
            assert len({row.get("id") for row in found}) == len(found), f"{view}: one version a day"
            self._read[kind, day] = found
        return [row | {"__typename": kind, "at": at} for row in self._read[kind, day]]

    async def one(self, type_: str, at: date | None, **wanted: Any) -> Row | None:
        """Gives the only row with these values, or None; None as a value matches nothing."""
        if None in wanted.values():
            return None
        found = [row for row in await self.all(type_, at) if all(row[name] == v for name, v in wanted.items())]
        assert len(found) < 2, f"{type_} {wanted}: {len(found)} rows"
        return found[0] if found else None

    # fields

    def _know(self) -> None:
        """Notes how each field is answered; what the schema has and this file has not is told at once."""
        for kind, names in (FACT_LEAVES | TABLE_LEAVES).items():
            for name in names.split():
                field, _, column = name.partition("=")
                self.ways[kind, field] = Way(self._leaf(kind, field, column or snake(field)))
        for (kind, field), paging in CONNECTIONS.items():
            self.ways[kind, field] = Way(self._page(paging), frozenset(paging.arguments))
        for (kind, field), (answer, *arguments) in (self.relations() | self.search_relations()).items():
            assert (kind, field) not in self.ways, f"{kind}.{field} is told twice"
            self.ways[kind, field] = Way(answer, frozenset(arguments))
        for kind in self._objects():
            for field in self.schema.type_map[kind].fields:
                if kind.endswith(("Connection", "Edge")) or kind == "PageInfo":
                    self.ways[kind, field] = Way(lambda row, field=field: row[field])
                if field == "id":
                    self.ways[kind, field] = Way(
                        lambda row: encode(VIEWS[row["__typename"]][1].encode() + row["id"].bytes)
                    )
        known = {(kind, field): set(way.arguments) for (kind, field), way in self.ways.items()}
        asked = {
            (kind, field): set(definition.args)
            for kind in self._objects()
            for field, definition in self.schema.type_map[kind].fields.items()
        }
        assert known == asked, {name: (known.get(name), asked.get(name)) for name in known.keys() ^ asked.keys()} | {
            name: (known[name], asked[name]) for name in known.keys() & asked.keys() if known[name] != asked[name]
        }

    def _objects(self) -> list[str]:
        """The object types that queries reach."""
        return [
            name
            for name, kind in self.schema.type_map.items()
            if isinstance(kind, GraphQLObjectType)
            and not name.startswith("__")
            and name != "Mutation"
            and not name.endswith("Payload")
        ]

    async def _resolve(self, row: Row, info: GraphQLResolveInfo, **given: Any) -> Any:
        way = self.ways[info.parent_type.name, info.field_name]
        assert given.keys() <= way.arguments
        answer = way.answer(row, **given)
        return await answer if isawaitable(answer) else answer

    def _leaf(self, kind: str, field: str, column: str) -> Callable[[Row], Any]:
        definition = self.schema.type_map[kind].fields[field]
        return lambda row: told(definition.type, row[column])

    def _page(self, paging: Paging) -> Callable[..., Any]:
        async def page(row: Row, **given: Any) -> Row:
            found = await self.all(paging.kind, row["at"])
            if paging.owner:
                found = [one for one in found if one[paging.owner] == row["id"]]
            for name, wanted in given.items():
                if wanted is not None and name not in PAGING:
                    keep = await self.filter(paging, name, wanted, row["at"])
                    found = [one for one in found if keep(one)]
            return page_of(found, paging, given)

        return page


PAGING = ("first", "after", "last", "before")


def told(kind: Any, value: Any) -> Any:
    """Gives a column as JSON carries it, by the type of its field; a value of any other kind is a fault."""
    if value is None:
        return None
    whole, named = get_nullable_type(kind), get_named_type(kind)
    if isinstance(whole, GraphQLList):
        assert isinstance(value, list)
        return [scalar(named, one) for one in value]
    return scalar(named, value)


def scalar(kind: GraphQLNamedType, value: Any) -> Any:
    """Gives one value as JSON carries it."""
    if isinstance(kind, GraphQLEnumType):
        name = STORED[kind.name][value] if kind.name in STORED else value.upper()
        assert name in kind.values
        return name
    expected, form = {
        "String": (str, str),
        "Int": (int, int),
        "Boolean": (bool, bool),
        "Date": (date, date.isoformat),
        "DateTime": (datetime, moment),
        "Decimal": (Decimal, str),
        "JSON": (str, json.loads),
    }[kind.name]
    assert type(value) is expected, (kind.name, value)
    return form(value)


def moment(value: datetime) -> str:
    """Gives a moment of the zone of China, its fraction without zeros at the end."""
    there = value.astimezone(CHINA)
    fraction = f".{there:%f}".rstrip("0").rstrip(".")
    return f"{there:%Y-%m-%dT%H:%M:%S}{fraction}+08:00"


def encode(raw: bytes) -> str:
    """Gives base64url."""
    return base64.urlsafe_b64encode(raw).decode()


def key_text(value: Any) -> str:
    """Gives the ordering value as it stands in a cursor."""
    if isinstance(value, datetime):
        return moment(value).replace("T", " ").removesuffix(":00")
    return str(value)


def place(value: Any, row: UUID) -> tuple[Any, bytes]:
    """Gives what orders a connection: text by code point, ids by their bytes, equal values by id."""
    return (value.bytes if isinstance(value, UUID) else value, row.bytes)


def read_place(cursor: str, kind: type) -> tuple[Any, bytes]:
    """Gives the place that a cursor names."""
    text, _, row = base64.urlsafe_b64decode(cursor).decode().rpartition("|")
    value = (
        text if kind is str else int(text) if kind is int else UUID(text) if kind is UUID else kind.fromisoformat(text)
    )
    return place(value, UUID(row))


def page_of(found: list[Row], paging: Paging, given: dict[str, Any]) -> Row:
    """Gives one page as the cursor connections specification computes it; where that leaves a choice, the usual 20."""
    at = {row["id"]: place(row[paging.key], row["id"]) for row in found}
    whole = sorted(found, key=lambda row: at[row["id"]], reverse=paging.newest_first)
    start, end = 0, len(whole)
    if given.get("after") is not None:
        mark = read_place(given["after"], paging.key_type)
        start = sum(at[row["id"]] == mark or (at[row["id"]] < mark) is not paging.newest_first for row in whole)
    if given.get("before") is not None:
        mark = read_place(given["before"], paging.key_type)
        end = sum(at[row["id"]] != mark and (at[row["id"]] < mark) is not paging.newest_first for row in whole)
    applied = whole[start:end]
    last = given.get("last")
    if last is not None:
        shown = applied[max(0, len(applied) - last) :]
        has_next, has_previous = end < len(whole) and given.get("before") is not None, len(applied) > last
    else:
        first = 20 if given.get("first") is None else given["first"]
        shown = applied[:first]
        has_next, has_previous = len(applied) > first, start > 0
    edges = [{"node": row, "cursor": encode(f"{key_text(row[paging.key])}|{row['id']}".encode())} for row in shown]
    info = {
        "hasNextPage": has_next,
        "hasPreviousPage": has_previous,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"edges": edges, "pageInfo": info, "totalCount": len(whole), "totalCountCapped": False}
