"""接口 the schema: complete, described, printed, and the same words as the tables."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from schema import enums
from schema.api import PRINTED, graphql_schema, printed, registry
from schema.plan.mapping import Column, mapped, row
from schema.plan.registry import build
from server.disclosure.kinds import Scope, Withdrawal
from server.errors import WrongSetting
from server.lists.models import ListKind
from server.records.models import RecordKind
from server.subjects.kinds import SubjectKind


@strawberry.type
@row("enterprise", "EN")
class Firm:
    """A type with one field that nobody mapped, and one whose column no door shows."""

    name: str = strawberry.field(description="名称")
    salt: str = mapped("盐", Column("salt"))


@strawberry.type
class Unfinished:
    """A root that leads there."""

    firm: Firm = strawberry.field(description="企业")


CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_printed_schema_is_the_one_in_git() -> None:
    """Partners generate clients from the file: a change must be seen in review."""
    assert PRINTED.read_text("utf-8") == printed(), "write it anew: python -m schema.api"
    build_schema(PRINTED.read_text("utf-8"))


def test_everything_is_described_in_chinese() -> None:
    """The reference that officers and partners read is made of these words."""
    bare = []
    for kind in graphql_schema().type_map.values():
        if kind.name.startswith("__") or kind.name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        parts: list[tuple[str, Any]] = [(kind.name, kind)]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                parts.append((f"{kind.name}.{name}", field))
                parts += [(f"{kind.name}.{name}({key})", arg) for key, arg in getattr(field, "args", {}).items()]
        elif isinstance(kind, GraphQLEnumType):
            parts += [(f"{kind.name}.{name}", value) for name, value in kind.values.items()]
        bare += [name for name, part in parts if not CHINESE.search(part.description or "")]
    assert bare == []


def test_the_name_of_a_day_says_whether_the_day_itself_is_meant() -> None:
    """Two meanings of «until» would take or give partners a day, for years."""
    meant = {"Until": "第一天", "until": "第一天", "To": "含当日"}
    found, wrong = 0, []
    for kind in graphql_schema().type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        parts = [(name, field.description) for name, field in kind.fields.items()]
        parts += [(name, one.description) for field in kind.fields.values() for name, one in field.args.items()]
        for name, description in parts:
            if end := re.search(r"Until$|^until$|To$", name):
                found += 1
                wrong += [f"{kind.name} {name}"] if meant[end[0]] not in (description or "") else []
    assert wrong == []
    assert found > 20


def test_every_reachable_field_is_mapped_and_every_type_is_reachable_by_id() -> None:
    """A field without SQL would be found by the first partner who asks for it."""
    known = registry()

    assert len(known.mappings) > 300
    assert {kind.name for kind in known.tags.values()} >= {
        "Enterprise",
        "IndividualBusiness",
        "Practitioner",
        "Vehicle",
    }


def test_the_server_does_not_start_with_a_field_that_has_no_mapping_or_no_column() -> None:
    """Both must be named, so that whoever widened the schema knows where."""

    with pytest.raises(WrongSetting) as refused:
        build(strawberry.Schema(Unfinished)._schema)

    assert "Unfinished.firm 没有映射" in refused.value.message
    assert "Firm.name 没有映射" in refused.value.message
    assert "Firm.salt 所指的列 salt 不在视图中" in refused.value.message


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        (enums.Scope, Scope),
        (enums.Withdrawal, Withdrawal),
        (enums.RecordKind, RecordKind),
        (enums.SubjectKind, SubjectKind),
        (enums.ListKind, ListKind),
    ],
)
def test_enums_of_the_schema_are_those_of_the_tables(shown: type[Enum], stored: type[Enum]) -> None:
    """A kind stored but not named in the schema would come out as null."""
    assert {member.name: member.value for member in shown} == {member.name: member.value for member in stored}
