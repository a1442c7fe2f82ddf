"""接口演进 evolution: what the schema may change, seen from the schemas already published. Not for writing them down.

The rule in words, and the length of the deprecation period, stand in ``CHANGELOG.md`` beside this file: partners read
it there, and this module reads its numbers there. ``publish.py`` writes a snapshot and dates the changelog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from operator import itemgetter
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)
from graphql.utilities.find_schema_changes import (
    BreakingChangeType,
    DangerousChangeType,
    SafeChangeType,
    SchemaChange,
    find_schema_changes,
)

from server.errors import Invalid

PUBLISHED = Path(__file__).with_name("published")
CHANGELOG = Path(__file__).with_name("CHANGELOG.md")
#: The changelog's headings: what is not yet published, and each day of publication.
UNPUBLISHED = "## 未发布 unpublished"
DAY_HEADING = re.compile(r"^## (\d{4}-\d\d-\d\d)$", re.MULTILINE)
_PERIOD = re.compile(r"^弃用期 deprecation period：(\d+) 天$", re.MULTILINE)

#: Removals that a deprecation announces; whatever else breaks a client has no way to be announced, and never passes.
REMOVALS = {
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
}
#: graphql-core calls these dangerous only, but the same call would get another answer.
NEW_ANSWERS = {
    DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
    DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE,
}
#: How a deprecation says since when and until when.
DEPRECATION = re.compile(r"(\d{4}-\d\d-\d\d) 起弃用，(\d{4}-\d\d-\d\d) 停用")
_COORDINATE = re.compile(r"@\w+(?:\(\w+:\))?|\b[A-Z]\w*\.[A-Za-z_]\w*(?:\(\w+:\))?")
_TYPE = re.compile(r"^(?:Standard scalar )?(\w+) ")
_QUOTED = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """已发布的接口 the schema as it was published on a day."""

    on: date
    schema: GraphQLSchema


@dataclass(frozen=True, slots=True)
class Change:
    """一处变化 a change of one element, named by its schema coordinate (``Query.firm(uscc:)``)."""

    coordinate: str
    kind: BreakingChangeType | DangerousChangeType | SafeChangeType | None
    description: str

    @property
    def breaks(self) -> bool:
        """Whether a client that was right before may fail or read something else."""
        return isinstance(self.kind, BreakingChangeType) or self.kind in NEW_ANSWERS


def snapshots(folder: Path = PUBLISHED) -> list[Snapshot]:
    """Gives what was published, the oldest first."""
    files = sorted(folder.glob("*.graphql"))
    return [Snapshot(date.fromisoformat(file.stem), build_schema(file.read_text("utf-8"))) for file in files]


def period_of(changelog: str) -> timedelta:
    """Gives the deprecation period that the changelog promises; raises ``Invalid`` where it does not."""
    found = _PERIOD.findall(changelog)
    if len(found) != 1:
        raise Invalid("接口变更日志须有一行“弃用期 deprecation period：… 天”，请补上")
    return timedelta(days=int(found[0]))


def section(changelog: str, heading: str = UNPUBLISHED) -> str:
    """Gives the text under a heading; raises ``Invalid`` when there is none."""
    parts = re.split(r"^(?=## )", changelog, flags=re.MULTILINE)
    found = [part.removeprefix(heading) for part in parts if part.split("\n")[0] == heading]
    if len(found) != 1:
        raise Invalid(f"接口变更日志须有且只有一节“{heading}”，请补上")
    return found[0].strip()


def elements(schema: GraphQLSchema) -> dict[str, tuple[str | None, str | None]]:
    """Gives every field, argument, enum value and input field by coordinate: its deprecation, and the type it gives."""
    return {
        at: (why, kind) for name, each in schema.type_map.items() if name[:2] != "__" for at, why, kind in _of(each)
    }


def _of(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None, str | None]]:
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield f"{kind.name}.{name}", value.deprecation_reason, None
    elif isinstance(kind, GraphQLInputObjectType):
        for name, given in kind.fields.items():
            yield f"{kind.name}.{name}", given.deprecation_reason, get_named_type(given.type).name
    elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field.deprecation_reason, get_named_type(field.type).name
            for key, argument in field.args.items():
                at = f"{kind.name}.{name}({key}:)"
                yield at, argument.deprecation_reason, get_named_type(argument.type).name


def changes(old: GraphQLSchema, new: GraphQLSchema) -> list[Change]:
    """Gives every change but those of descriptions, new and changed deprecations among them."""
    found = [
        _change(one) for one in find_schema_changes(old, new) if one.type is not SafeChangeType.DESCRIPTION_CHANGED
    ]
    before, after = elements(old), elements(new)
    for at in before.keys() & after.keys():
        if before[at][0] != after[at][0]:
            found.append(Change(at, None, f"Deprecation of {at} has changed to {after[at][0]!r}."))
    return sorted(found, key=lambda change: change.coordinate)


def _change(one: SchemaChange) -> Change:
    found = _COORDINATE.search(one.description) or _TYPE.search(one.description)
    assert found is not None, one.description
    return Change(found[found.re.groups], one.type, one.description)


def faults(published: Sequence[Snapshot], current: GraphQLSchema, on: date, period: timedelta) -> list[str]:
    """Gives what of the current schema may not be published on a day, in Chinese, with what to do; none is right."""
    wrong = [
        fault for at, (why, _) in elements(current).items() if why and (fault := _badly_deprecated(at, why, period))
    ]
    if not published:
        return wrong
    gone = _gone(published, on, period)
    found = changes(published[-1].schema, current)
    removed = {change.coordinate for change in found if change.kind is BreakingChangeType.TYPE_REMOVED}
    for change in found:
        if change.breaks and not _allowed(change, published[-1].schema, gone, removed):
            wrong.append(
                f"{change.coordinate} 是破坏性变更（{change.description}）：先用 @deprecated 写明起止日并发布，"
                f"满 {period.days} 天且到停用日后才能删除；不能弃用的，另加新的名称"
            )
    return wrong


def _badly_deprecated(at: str, why: str, period: timedelta) -> str | None:
    found = DEPRECATION.search(why)
    if found is None:
        return f"{at} 的弃用说明须含“年-月-日 起弃用，年-月-日 停用”，现为“{why}”"
    since, until = map(date.fromisoformat, found.groups())
    if until - since < period:
        return f"{at} 的弃用期不足 {period.days} 天：{since} 至 {until}，请推后停用日"
    return None


def _gone(published: Sequence[Snapshot], on: date, period: timedelta) -> set[str]:
    """Gives the elements that may be removed on a day: told long enough, without a break, and their last day over."""
    told = [(snapshot.on, elements(snapshot.schema)) for snapshot in reversed(published)]
    may = set()
    for at, (why, _) in told[0][1].items():
        found = DEPRECATION.search(why or "")
        if found is None:
            continue
        deprecated = [(day, bool(known.get(at, (None, None))[0])) for day, known in told]
        since = [day for day, _ in takewhile(itemgetter(1), deprecated)][-1]
        if date.fromisoformat(found[2]) <= on and since + period <= on:
            may.add(at)
    return may


def _allowed(change: Change, old: GraphQLSchema, gone: set[str], removed: set[str]) -> bool:
    if change.kind in REMOVALS:
        return change.coordinate in gone
    if change.kind is BreakingChangeType.TYPE_REMOVED:
        return _unreachable(change.coordinate, old, gone, removed)
    return False


def _unreachable(name: str, old: GraphQLSchema, gone: set[str], removed: set[str]) -> bool:
    """Says whether every way that led to a type was announced to end; a union or an interface announces nothing."""
    kind = old.type_map[name]
    if kind in (old.query_type, old.mutation_type, old.subscription_type):
        return False
    if isinstance(kind, GraphQLObjectType) and any(one.name not in removed for one in kind.interfaces):
        return False
    unions = [one for one in old.type_map.values() if isinstance(one, GraphQLUnionType) and kind in one.types]
    if any(one.name not in removed for one in unions):
        return False
    ways = [at for at, (_, gives) in elements(old).items() if gives == name]
    return all(at in gone or at.split("(")[0] in gone or at.split(".")[0] in removed for at in ways)


def unmentioned(found: Sequence[Change], old: GraphQLSchema, new: GraphQLSchema, text: str) -> list[str]:
    """Gives the changes that the changelog's section does not name between backticks.

    A name on an interface stands for all its types, a connection for its edge, a removed or new type for its parts.
    """
    named = set(_QUOTED.findall(text))
    return [
        change.description
        for change in found
        if not any(at in named for at in _covering(change.coordinate, (old, new)))
    ]


def _covering(coordinate: str, schemas: Sequence[GraphQLSchema]) -> Iterator[str]:
    yield coordinate
    owner, dot, rest = coordinate.partition(".")
    if not dot:
        yield re.sub(r"Edge$", "Connection", coordinate)
    for schema in schemas:
        kind = schema.type_map.get(owner)
        if dot and isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for interface in kind.interfaces:
                if rest.split("(")[0] in interface.fields:
                    yield f"{interface.name}.{rest}"


def unknown_names(text: str, schemas: Sequence[GraphQLSchema]) -> list[str]:
    """Gives the coordinates between backticks that no schema has: a misspelt name tells a partner nothing."""
    known = {at for schema in schemas for at in elements(schema)}
    return [
        name for name in _QUOTED.findall(text) if _COORDINATE.fullmatch(name) and name not in known and name[0] != "@"
    ]
