"""随机文档 random valid documents over the whole schema, the same for the same seed. For comparing two executors only.

They use every form that the language has for a query: variables with and without defaults, given, missing and null;
directives; named and inline fragments on objects, interfaces and unions; one field twice under one name; aliases of 80
characters; and as arguments values that are known to find something, and some that find nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from schema.api import registry
from tests.wide_world import (
    AUTHORITY,
    DAYS,
    FAR_USCC,
    FORMER_NUMBER,
    NUMBER,
    OLD_SHOP,
    PASSPORT,
    SHOP_USCC,
    UNKNOWN_NUMBER,
    USCC,
)

_SOME_DAYS = ("2026-06-01", "2026-06-03", "2025-12-31", "2026-05-02", "2026-03-31", "2030-01-01")

#: «field.argument» or «argument»: values that hit, and a few that miss; enums not told here take any of their values
VALUES: dict[str, tuple[Any, ...]] = {
    "enterprise.uscc": (USCC, USCC, USCC, " 91370117ma0000001l", FAR_USCC, "91370117MA0000009Z", "91110000600037341L"),
    "individualBusiness.uscc": (SHOP_USCC, SHOP_USCC, USCC),
    "registrationNumber": (OLD_SHOP, OLD_SHOP, "３70117600000009", "1"),
    "certificateNumber": (NUMBER, NUMBER, FORMER_NUMBER, PASSPORT, PASSPORT.lower(), UNKNOWN_NUMBER),
    "certificateType": ("ID_CARD", "ID_CARD", "PASSPORT"),
    "plate": ("鲁A00002", "鲁ad·12345", "豫D00001", "冀A00003", "冀A00004", "鲁A00009", "京A00000"),
    "colour": ("YELLOW", "YELLOW", "GREEN", "BLUE"),
    "agency.code": ("370117", "370117", "410400", "370117-01", "999999"),
    "benefitProduct.code": ("XYX", "XYD", "XYZ", "无此“产品”"),
    "authorityUscc": (AUTHORITY, AUTHORITY, AUTHORITY, AUTHORITY.lower(), USCC),
    "licence.documentNumber": ("许0号", "许 1号", "店许1号", "撤1号", "政1号", "授1号"),
    "penalty.documentNumber": ("罚0号", "店罚1号", "异1号", "修1号", "授2号", "罚人", "远2号"),
    "act.documentNumber": ("检0", "检1", "行1", "行6"),
    "act.kind": ("INSPECTION", "REWARD", "CONFIRMATION"),
    "acts.kind": ("INSPECTION", "INSPECTION", "REWARD", "LEVY"),
    "commitments.kind": ("VOLUNTARY", "VOLUNTARY", "REPAIR", "PROOF"),
    "measures.kind": ("限制市场或行业准入", "无"),
    "division": ("37", "3701", "370117", "370100", "410000", "11"),
    "sector": ("道路货运", " 道路客运 ", "无此'类"),
    "agency": ("370117", "370117", " 410400", "370117-01", "000000"),
    "product": ("XYX", "XYD", "XYZ", "无"),
    "standard": ("road_enterprise_quality", "road_enterprise_quality", "taxi_driver", "taxi_enterprise", "无"),
    "grade": ("AAA", "AA", "A", "B", "无"),
    "year": (2024, 2025, 2025, 1949, 2199),
    "quarter": ("2026Q1", "2026Q2", " 2026q2", "2020Q4"),
    "fromMonth": ("2025-12", "2026-04", "2026-05", " 2026-06"),
    "months": (1, 2, 6),
    "fromYear": (2023, 2024, 2199),
    "years": (1, 2, 3),
    "edition": ("2022", "2024", "2025", "无"),
    "catalogueClass": ("行政管理信息", "无"),
    "key": ("taxi_driver", "penalty.general", "无"),
    "identifier": ("Penalty", "asOf", "无"),
    "text": (
        "运输",
        "运输",
        "钢城",
        "钢城改名运输有限公司",
        "剛成改名運輸",
        "同城第",
        "同城地1",
        "gc",
        "tongcheng di",
        "汽修部 示例",
        USCC,
        SHOP_USCC.lower(),
        f"{USCC[:17]}0",
        "MA0000001",
        "鲁A00002",
        "鲁ad·12345 绿",
        NUMBER,
        '引号\' "x" \\ %_',
        "",
    ),
    "asOf": DAYS,
    "first": (0, 1, 2, 3),
    "last": (0, 1, 2, 3),
}
PAGING = ("first", "after", "last", "before")
#: Fields that lead on to rows, under one root field.
MOST_RELATIONS = 10
#: Root fields asked for more often than the others.
ROOTS = {
    "enterprise": 6,
    "individualBusiness": 3,
    "practitioner": 2,
    "vehicle": 3,
    "nodes": 3,
    "enterprises": 2,
    "agency": 2,
}


@dataclass
class Asked:
    """One document with its variables, and what the generator must remember while it writes it."""

    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    #: type: names of its fragments
    fragments: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    names: int = 0
    #: fields that lead on to rows, of one root field, so that a document stays within what one request may cost
    relations: int = 0
    person: bool = False

    def number(self) -> int:
        """Gives a number that nothing else in the document has."""
        self.names += 1
        return self.names


class Documents:
    """Makes documents. ``ids`` are global ids, ``cursors`` by (type, field) those of an earlier page of that connection."""

    def __init__(self, seed: int, ids: Sequence[str], cursors: Mapping[tuple[str, str], Sequence[str]]) -> None:
        self.dice, self.ids, self.cursors = random.Random(seed), ids, cursors
        self.schema = registry().schema
        self.asked = Asked()

    def query(self) -> tuple[str, dict[str, Any]]:
        """Gives the text of one query and its variables."""
        self.asked = Asked()
        assert self.schema.query_type
        body = self.selection(self.schema.query_type, 0)
        if self.chance(0.1):
            body = (
                body[:-1]
                + '__schema { queryType { name } } penalty: __type(name: "Penalty") { kind fields { name } } }'
            )
        head = f"query Q({', '.join(self.asked.definitions)})" if self.asked.definitions else "query Q"
        return "\n".join([f"{head} {body}", *self.asked.texts]), self.asked.variables

    def chance(self, share: float) -> bool:
        """Tells whether something of this probability comes about."""
        return self.dice.random() < share

    # selections

    def selection(self, kind: GraphQLNamedType, depth: int, at_once: int = 1) -> str:
        """Gives a selection set; ``at_once`` is how many rows the levels above may have."""
        parts = [self.dice.choice(("__typename", "again: __typename", "__typename again: __typename"))]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name in self.chosen(kind, depth, at_once):
                parts.append(self.field(kind, name, depth, at_once))
        if depth < 8:
            parts += self.fragments(kind, depth, at_once)
        self.dice.shuffle(parts)
        return "{ " + " ".join(part for part in parts if part) + " }"

    def chosen(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int, at_once: int) -> list[str]:
        """Chooses fields: of connections what leads to rows, of others a few."""
        names = sorted(kind.fields)
        if kind.name.endswith("Connection"):
            # A count costs as much as 500 rows, and as often as there are rows above it.
            shares = {
                "edges": 0.95,
                "pageInfo": 0.5,
                "totalCount": 0.4 if at_once <= 3 else 0.1,
                "totalCountCapped": 0.1,
                "reading": 0.3,
                "fault": 0.3,
            }
            return [name for name in names if self.chance(shares[name])]
        if kind.name.endswith("Edge"):
            return ["node", *(["cursor"] if self.chance(0.3) else [])]
        if depth == 0:
            return self.dice.sample([name for name in names for _ in range(ROOTS.get(name, 1))], 4)
        inner = [name for name in names if not is_leaf_type(get_named_type(kind.fields[name].type))]
        leaves = [name for name in names if name not in inner]
        if at_once > 3:
            inner = [name for name in inner if name not in ("recordCounts", "ratingCounts")]
        some = self.dice.sample(leaves, min(len(leaves), 4)) + self.dice.sample(inner, min(len(inner), 2))
        return some if depth < 10 else [name for name in some if name in leaves]

    def fragments(self, kind: GraphQLNamedType, depth: int, at_once: int) -> list[str]:
        """Gives inline fragments and spreads: on the types of an interface or union, on the interfaces of an object."""
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            types = sorted(self.schema.get_possible_types(kind), key=lambda each: each.name)
            interfaces = list(kind.interfaces) if isinstance(kind, GraphQLInterfaceType) else []
            others = [self.schema.type_map["Node"], *interfaces] if self.chance(0.3) else []
            if kind.name == "Record" and self.chance(0.5):
                others.append(self.schema.type_map["NationalRecord"])
            chosen = self.dice.sample(types, min(len(types), 3)) + others
        elif isinstance(kind, GraphQLObjectType) and self.chance(0.25):
            chosen = [self.dice.choice([kind, *kind.interfaces])]
        else:
            return []
        return [self.fragment(each, depth, at_once) for each in chosen]

    def fragment(self, kind: GraphQLNamedType, depth: int, at_once: int) -> str:
        """Gives one fragment: inline, with or without its type, or spread by name, perhaps one that was spread before."""
        known = self.asked.fragments.setdefault(kind.name, [])
        if known and self.chance(0.4):
            return f"...{self.dice.choice(known)}{self.directive()}"
        body = self.selection(kind, depth + 2, at_once)
        if self.chance(0.5):
            return f"... on {kind.name}{self.directive()} {body}"
        name = f"F{self.asked.number()}"
        self.asked.texts.append(f"fragment {name} on {kind.name} {body}")
        known.append(name)
        return f"...{name}{self.directive()}"

    def directive(self) -> str:
        """Gives @skip or @include, mostly such that the selection stays."""
        if not self.chance(0.12):
            return ""
        name, stays = self.dice.choice((("skip", False), ("include", True)))
        value = stays if self.chance(0.7) else not stays
        if self.chance(0.4):
            return f" @{name}(if: {json.dumps(value)})"
        variable = f"b{self.asked.number()}"
        if self.chance(0.5):
            self.asked.definitions.append(f"${variable}: Boolean! = {json.dumps(value)}")
        else:
            self.asked.definitions.append(f"${variable}: Boolean!")
            self.asked.variables[variable] = value
        return f" @{name}(if: ${variable})"

    def field(self, kind: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int, at_once: int) -> str:
        """Gives one field under a name of its own; sometimes twice, so that its selections are merged."""
        definition = kind.fields[name]
        connection = "first" in definition.args
        inner = get_named_type(definition.type)
        self.asked.relations = self.asked.relations * (depth > 0) + (not is_leaf_type(inner))
        if not is_leaf_type(inner) and (
            depth > 11 or (at_once > 30 and connection) or self.asked.relations > MOST_RELATIONS
        ):
            return ""
        given = self.arguments(kind, name, crowded=at_once > 1)
        if given is None:
            return ""
        alias = f"{name}_{self.asked.number()}"
        if self.chance(0.1):
            alias = alias.ljust(80, "x")
        head = f"{alias}: {name}" + (f"({', '.join(given)})" if given else "") + self.directive()
        if is_leaf_type(inner):
            return head
        below = at_once * (3 if connection or kind.name in ("RatingCount", "RecordCount") else 1)
        texts = [f"{head} {self.selection(inner, depth + 1, below)}"]
        if self.chance(0.1):
            texts.append(f"{head} {self.selection(inner, depth + 1, below)}")
        return " ".join(texts)

    # arguments

    def arguments(
        self, kind: GraphQLObjectType | GraphQLInterfaceType, name: str, *, crowded: bool
    ) -> list[str] | None:
        """Gives the arguments of a field, or None where it cannot be asked once more."""
        args = kind.fields[name].args
        if "certificateNumber" in args:
            if self.asked.person:
                return None
            self.asked.person = True
        wanted = [
            key
            for key, arg in args.items()
            if is_required_argument(arg) or key in ("months", "years") or self.chance(0.3)
        ]
        if "first" in args:
            wanted = [key for key in wanted if key not in PAGING]
            sizes = ("first", "first", "last", "") if not crowded else ("first", "last")
            size = self.dice.choice([size for size in sizes if not size or size in args])
            wanted += [size] if size else []
            for key in ("after", "before"):
                if key in args and self.cursors.get((kind.name, name)) and self.chance(0.3):
                    wanted.append(key)
        if "grade" in wanted and "standard" not in wanted:
            wanted.append("standard")
        # Without its size a page under many rows becomes too large; without its standard a grade is refused.
        fixed = {"first", "last", "months", "years", *(["standard"] if "grade" in wanted else [])}
        return [f"{key}: {self.value(kind, name, key, args[key], fixed=key in fixed)}" for key in wanted]

    def value(self, kind: GraphQLNamedType, name: str, key: str, arg: GraphQLArgument, *, fixed: bool) -> str:
        """Gives a value as it stands in the document, not null when ``fixed``: a literal, a variable, or a list with one."""
        if key == "ids":
            return self.several(arg)
        value = self.dice.choice(self.values(kind, name, key, arg))
        if key == "certificateNumber":
            return self.variable(arg, value, "given")
        if self.chance(0.6):
            return "null" if not fixed and self.chance(0.05) and self.nullable(arg) else self.literal(arg, value)
        ways = ["given", "given", "default", "nulled" if self.nullable(arg) and not fixed else "given"]
        return self.variable(arg, value, self.dice.choice(ways))

    def values(self, kind: GraphQLNamedType, name: str, key: str, arg: GraphQLArgument) -> Sequence[Any]:
        """Gives what may be chosen from."""
        named = get_named_type(arg.type)
        if key in ("after", "before"):
            return self.cursors[kind.name, name]
        if key == "id":
            return self.ids
        for known in (f"{name}.{key}", key):
            if known in VALUES:
                return VALUES[known]
        if named.name == "Date":
            return _SOME_DAYS
        assert isinstance(named, GraphQLEnumType), f"{kind.name}.{name}({key}:) needs values"
        return sorted(named.values)

    def nullable(self, arg: GraphQLArgument) -> bool:
        """Tells whether null may be given."""
        return not isinstance(arg.type, GraphQLNonNull)

    def literal(self, arg: GraphQLArgument, value: Any) -> str:
        """Gives a value as GraphQL writes it."""
        if isinstance(get_named_type(arg.type), GraphQLEnumType):
            return str(value)
        return json.dumps(value, ensure_ascii=False)

    def variable(self, arg: GraphQLArgument, value: Any, way: str) -> str:
        """Declares a variable: given, left to its default, overruling it, null, or missing."""
        name = f"v{self.asked.number()}"
        kind = str(arg.type)
        if way == "default":
            self.asked.definitions.append(f"${name}: {kind.rstrip('!')} = {self.literal(arg, value)}")
            if self.chance(0.3):
                self.asked.variables[name] = value
            return f"${name}"
        self.asked.definitions.append(f"${name}: {kind}")
        if way == "given":
            self.asked.variables[name] = value
        elif self.chance(0.5):
            self.asked.variables[name] = None
        return f"${name}"

    def several(self, arg: GraphQLArgument) -> str:
        """Gives some ids: known ones, one twice, an impossible one; as a list, a variable, or a list with one in it."""
        ids = [
            *self.dice.choices(self.ids, k=self.dice.randint(0, 4)),
            *self.dice.choice(((), ("?", ""), (self.ids[0],) * 2)),
        ]
        if self.chance(0.3):
            return self.variable(arg, ids, "given")
        texts = [json.dumps(one) for one in ids]
        if self.chance(0.3):
            name = f"v{self.asked.number()}"
            self.asked.definitions.append(f"${name}: ID!")
            self.asked.variables[name] = self.dice.choice(self.ids)
            texts.append(f"${name}")
        return f"[{', '.join(texts)}]"


def connections() -> dict[tuple[str, str], bool]:
    """Gives every connection of an object type, and whether it stands at the root."""
    kinds = registry().schema.type_map.values()
    return {
        (kind.name, name): kind.name == "Query"
        for kind in kinds
        if isinstance(kind, GraphQLObjectType)
        for name, definition in kind.fields.items()
        if "after" in definition.args and definition.args["after"].default_value is Undefined
    }


def cursor_documents(size: int = 6) -> list[str]:
    """Gives the documents that read a first page of every connection: at the root, and under the nodes ``$ids``."""
    texts = []
    by_kind: dict[str, list[str]] = {}
    for kind, name in connections():
        text = 'text: "运输", ' if name == "search" else ""
        by_kind.setdefault(kind, []).append(f"{name}({text}first: {size}) {{ edges {{ cursor }} }}")
    for kind, fields in by_kind.items():
        body = " ".join(fields)
        texts.append(
            f"{{ Query: __typename {body} }}"
            if kind == "Query"
            else f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {kind} {{ {body} }} }} }}"
        )
    return texts


def read_cursors(answers: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Gives the cursors in the answers to those documents, by type and field."""
    found: dict[tuple[str, str], list[str]] = {}
    for answer in answers:
        for row in answer.get("nodes", [answer]):
            for name, page in (row or {}).items():
                if isinstance(page, dict):
                    kind = row.get("__typename", "Query")
                    found.setdefault((kind, name), []).extend(edge["cursor"] for edge in page["edges"])
    return found
