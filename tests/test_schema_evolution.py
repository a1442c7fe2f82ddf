"""接口演进 evolution: a published schema changes only as the changelog promises, and the promise is really kept."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import strawberry
from graphql import build_schema, print_schema

from schema.api import graphql_schema
from schema.evolution import (
    CHANGELOG,
    PUBLISHED,
    Snapshot,
    changes,
    elements,
    faults,
    period_of,
    section,
    snapshots,
    unknown_names,
    unmentioned,
)
from schema.plan.mapping import Argument, One, column, expression, mapped
from schema.publish import NOTHING, days, main, publish
from server.clock import today_in_shanghai
from server.errors import Invalid

FIRST = date(2026, 11, 20)
PERIOD = timedelta(days=180)
TOLD = '@deprecated(reason: "2026-11-20 起弃用，2027-05-20 停用：改用 title")'
SMALL = """
interface Node { id: ID! }
type Query { firm(uscc: String!, old: Int): Firm  firms(first: Int = 20): [Firm!]! any: Any }
type Firm implements Node { id: ID! name: String! grade: Grade seal: Seal }
type Seal { colour: String }
type Truck { plate: String }
union Any = Firm | Truck
enum Grade { A B }
type Mutation { rename(id: ID!): Firm }
"""
CHANGES = """# 日志

弃用期 deprecation period：180 天

## 未发布 unpublished

- 新增 `Firm.title`
"""


def published(*texts: tuple[date, str]) -> list[Snapshot]:
    return [Snapshot(on, build_schema(text)) for on, text in texts]


def refused(new: str, *earlier: tuple[date, str], on: date = date(2027, 6, 1)) -> list[str]:
    """Gives what is refused of a small schema after the published ones."""
    return faults(published(*(earlier or ((FIRST, SMALL),))), build_schema(new), on, PERIOD)


def test_the_schema_of_today_keeps_the_promise() -> None:
    """Partners' programs run for years: what breaks them must be announced first (issue 3)."""
    words = CHANGELOG.read_text("utf-8")
    known, current = snapshots(), graphql_schema()

    assert faults(known, current, today_in_shanghai(), period_of(words)) == []
    if known:
        found = changes(known[-1].schema, current)
        assert unmentioned(found, known[-1].schema, current, section(words)) == [], f"name it in {CHANGELOG.name}"
    schemas = [current, *(one.schema for one in known)]
    assert unknown_names(words, schemas) == [], "a name that no schema has"


def test_the_changelog_and_the_snapshots_tell_the_same_days() -> None:
    """A snapshot taken away, or a day nobody can compare with, would end the protection unseen."""
    words = CHANGELOG.read_text("utf-8")

    assert days(words) == sorted((one.on for one in snapshots()), reverse=True)
    assert {file.suffix for file in PUBLISHED.glob("*")} <= {".graphql"}
    # Before the first publication the changelog says so; from then on that sentence stands under its day.
    assert days(words) or "首次发布" in section(words)
    assert days(words)[-1:] in ([], [FIRST])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (" seal: Seal", " title: String seal: Seal", None),
        ("type Mutation", "type Late { a: Int } extend type Query { late: Late } type Mutation", None),
        ("old: Int", "old: Int, new: Int", None),
        ("B }", "B C }", None),
        ("seal: Seal", "seal: Seal!", None),
        ("uscc: String!", "uscc: String", None),
        ("seal: Seal", "", "Firm.seal"),
        (", old: Int", "", "Query.firm(old:)"),
        ("A B", "A", "Grade.B"),
        ("old: Int", "old: Int!", "Query.firm(old:)"),
        ("old: Int", "old: Int, must: Int!", "Query.firm(must:)"),
        ("old: Int", "old: Float", "Query.firm(old:)"),
        ("first: Int = 20", "first: Int = 50", "Query.firms(first:)"),
        ("name: String!", "name: String", "Firm.name"),
        ("grade: Grade", "grade: String", "Firm.grade"),
        ("= Firm | Truck", "= Firm", "Truck"),
        ("type Firm implements Node", "type Firm", "Firm"),
        ("type Mutation { rename(id: ID!): Firm }", "", "Mutation"),
    ],
)
def test_what_breaks_a_client_is_refused_and_what_adds_is_not(old: str, new: str, named: str | None) -> None:
    """The check itself must be able to fail, at every kind of change."""
    assert SMALL.count(old) == 1

    told = refused(SMALL.replace(old, new))

    assert [fault for fault in told if named is None or fault.startswith(f"{named} ")] == told
    assert bool(told) is (named is not None)


DEPRECATED = SMALL.replace("name: String!", f"name: String! {TOLD}")
GONE = SMALL.replace("name: String!", "")


@pytest.mark.parametrize(
    ("what", "earlier", "on", "passes"),
    [
        ("never deprecated", [(FIRST, SMALL)], date(2030, 1, 1), False),
        ("deprecated long enough", [(FIRST, DEPRECATED)], date(2027, 5, 20), True),
        ("a day too early", [(FIRST, DEPRECATED)], date(2027, 5, 19), False),
        ("told late, though dated back", [(FIRST, SMALL), (date(2027, 5, 1), DEPRECATED)], date(2027, 5, 20), False),
        ("told late, and waited", [(FIRST, SMALL), (date(2027, 5, 1), DEPRECATED)], date(2027, 10, 28), True),
        (
            "taken back in between",
            [(FIRST, DEPRECATED), (date(2027, 1, 1), SMALL), (date(2027, 5, 1), DEPRECATED)],
            date(2027, 6, 1),
            False,
        ),
        ("told twice", [(FIRST, DEPRECATED), (date(2027, 3, 1), DEPRECATED)], date(2027, 5, 20), True),
        ("taken back at last", [(FIRST, DEPRECATED), (date(2027, 3, 1), SMALL)], date(2030, 1, 1), False),
    ],
)
def test_only_what_was_deprecated_in_published_schemas_for_the_period_may_go(
    what: str, earlier: list[tuple[date, str]], on: date, passes: bool
) -> None:
    """A date written back, or a deprecation nobody was given, is no notice."""
    told = refused(GONE, *earlier, on=on)

    assert (told == []) is passes, (what, told)
    assert passes or told[0].startswith("Firm.name 是破坏性变更")


@pytest.mark.parametrize(
    ("old", "to"),
    [(" B }", f" B {TOLD} }}"), ("old: Int", f"old: Int {TOLD}"), ("seal: Seal", f"seal: Seal {TOLD}")],
)
def test_values_arguments_and_types_go_the_same_way(old: str, to: str) -> None:
    """A type goes with the last deprecated field that leads to it."""
    new = SMALL.replace(old, " }" if old == " B }" else "").replace(", )", ")")
    new = new.replace("type Seal { colour: String }", "") if old == "seal: Seal" else new

    assert refused(new) != []
    assert refused(new, (FIRST, SMALL.replace(old, to))) == []


def test_a_type_does_not_go_while_an_undeprecated_way_leads_to_it() -> None:
    """A union's member and an interface's type reach clients that never named a field."""
    new = SMALL.replace("| Truck", "").replace("type Truck { plate: String }", "")

    assert [fault.split(" ")[0] for fault in refused(new)] == ["Truck", "Truck"]


@pytest.mark.parametrize(
    ("reason", "passes"),
    [
        ("2026-11-20 起弃用，2027-05-20 停用：改用 title", True),
        ("改用 title", False),
        ("2026-11-20 起弃用，2027-01-01 停用：改用 title", False),
    ],
)
def test_a_deprecation_says_since_when_and_until_when(reason: str, passes: bool) -> None:
    """«Deprecated» without a day is no notice a partner can plan with; the period holds for all."""
    told = refused(SMALL.replace("name: String!", f'name: String! @deprecated(reason: "{reason}")'))

    assert (told == []) is passes


REASON = "2026-11-20 起弃用，2027-05-20 停用：改用 title"


@strawberry.interface
class Named:
    """What several types have."""

    name: str = column("名称", "name", deprecated=REASON)


@strawberry.type
class Firm(Named):
    """A type that has it from there."""

    sign: str = expression("标志", "1", deprecated=REASON)


@strawberry.type
class Root:
    """A field and an argument of it."""

    firm: Firm | None = mapped(
        "企业",
        One("true"),
        arguments=[Argument("old", str | None, "旧", deprecated=REASON)],
        deprecated=REASON,
    )


def test_every_kind_of_mapped_element_can_be_deprecated() -> None:
    """A promise that the types cannot write down would be broken at the first change."""
    schema = strawberry.Schema(Root)._schema

    deprecated = {at for at, (why, _) in elements(build_schema(print_schema(schema))).items() if why == REASON}
    assert deprecated == {"Firm.name", "Named.name", "Firm.sign", "Root.firm", "Root.firm(old:)"}
    assert faults([], schema, FIRST, PERIOD) == []


def test_every_change_is_named_in_the_changelog() -> None:
    """A new field that no partner hears of is used by none."""
    old = build_schema(SMALL)
    new = build_schema(
        SMALL.replace("seal: Seal", f"title: String seal: Seal {TOLD}")
        .replace("id: ID! }", "id: ID! since: String }")
        .replace("id: ID! name", "id: ID! since: String name")
        .replace("type Mutation", "type LateConnection { e: LateEdge } type LateEdge { c: Int } type Mutation")
        .replace("any: Any", "any: Any late: LateConnection")
    )
    found = changes(old, new)
    assert {change.coordinate for change in found} == {
        "Firm.seal", "Firm.since", "Firm.title", "LateConnection", "LateEdge", "Node.since", "Query.late",
    }  # fmt: skip

    all_but_one = "`Firm.seal` `Node.since` `LateConnection` `Query.late` Firm.title"
    assert unmentioned(found, old, new, all_but_one) == ["Field Firm.title was added."]
    assert unmentioned(found, old, new, all_but_one.replace("Firm.title", "`Firm.title`")) == []
    assert len(unmentioned(found, old, new, "")) == 7
    assert unknown_names("`Firm.titel` `Firm.seal` `null` `schema.publish`", [old]) == ["Firm.titel"]


def test_publishing_writes_a_snapshot_once_and_dates_the_changelog(tmp_path: Path) -> None:
    """The snapshot is what partners got: a second hand on it would change history."""
    log = tmp_path / "CHANGELOG.md"
    log.write_text(CHANGES, "utf-8")

    written = publish(SMALL, FIRST, tmp_path, log)

    assert written.read_text("utf-8") == SMALL
    assert days(log.read_text("utf-8")) == [FIRST]
    assert section(log.read_text("utf-8")) == NOTHING
    assert section(log.read_text("utf-8"), "## 2026-11-20") == "- 新增 `Firm.title`"
    titled = SMALL.replace("seal", "title: String seal")
    for text, on, why in (
        (titled, FIRST, "已发布的接口不能改写"),
        (titled, date(2027, 1, 1), "变更日志没有写到"),
        (SMALL, date(2027, 1, 1), "没有要发布的变化"),
        (GONE, date(2027, 1, 1), "Firm.name 是破坏性变更"),
    ):
        with pytest.raises(Invalid, match=why):
            publish(text, on, tmp_path, log)
    log.write_text(log.read_text("utf-8").replace(NOTHING, "- 新增 `Firm.title`", 1), "utf-8")
    publish(titled, date(2027, 1, 1), tmp_path, log)
    assert days(log.read_text("utf-8")) == [date(2027, 1, 1), FIRST]
    assert [one.on for one in snapshots(tmp_path)] == [FIRST, date(2027, 1, 1)]


@pytest.mark.parametrize("arguments", [[], ["heute"], ["2026-11-20", "2026-11-21"]])
def test_the_command_says_how_it_is_used(arguments: list[str]) -> None:
    """A wrong day must not become a file's name."""
    with pytest.raises(SystemExit, match="用法"):
        main(arguments)


def test_the_period_is_read_from_the_changelog() -> None:
    """One number, where partners read it."""
    assert period_of(CHANGELOG.read_text("utf-8")) >= PERIOD
    with pytest.raises(Invalid, match="弃用期"):
        period_of("nothing")
    with pytest.raises(Invalid, match="未发布"):
        section("## 2026-11-20\n")
