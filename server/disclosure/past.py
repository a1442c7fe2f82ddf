"""过去 the views ``past_<table>`` of every reading door: each version it may show, with the days on which it did.

A row of such a view stands from ``shown_from`` to before ``shown_until`` (null = open): the version was the one in force
at the end of those days, and the door showed it. Today's rows are the door's own. Decision 0005 says who may see what of
the past. Not for the rows of today: see ``views.py``, which gives this module its condition on them.
"""

from __future__ import annotations

from server.database.roles import TABLES_SCHEMA, door_schema, quote
from server.disclosure.columns import Column
from server.disclosure.doors import BY_NAME, FACTS, REVEALING, Rows, Table
from server.disclosure.viewing import authorised_subjects, own_subject, own_tree, setting, today
from server.viewer import Door

SPAN = ("shown_from", "shown_until")
#: The function that tells on which days a door showed any fact of a person.
PERSON_DAYS = "person_days"
#: Doors through which a date opens nothing whose current row they do not show.
BOUND_TO_TODAY = (Door.PUBLIC, Door.SUBJECT)

#: What is looked up under one subject otherwise than by the subject's key or an id: the natural keys of subjects, and the
#: few relations between other rows. A test holds this against the relations of the API.
OTHER_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "agency": (("code",), ("uscc",), ("parent_id",)),
    "enterprise": (("uscc",),),
    "individual_business": (("uscc",), ("registration_number",)),
    "vehicle": (("plate", "colour"), ("practitioner_id",)),
    "benefit_grant": (("benefit_product_id",),),
}

#: Facts in the order their views are made; persons come after all facts that may reveal them.
PAST_TABLES: tuple[Table, ...] = tuple(BY_NAME[name] for name in FACTS)

_NEVER = "'{}'::datemultirange"


def past_name(table: str) -> str:
    """Gives the name of the view of a table's past."""
    return f"past_{table}"


def history_keys(table: str) -> tuple[tuple[str, ...], ...]:
    """Gives the columns by which versions of a fact are looked up under one subject, beside the id: their indexes."""
    declared = BY_NAME[table]
    keys = [(column,) for column in declared.subjects if column != "id"]
    keys += [(f"{declared.parent}_id",)] if declared.parent else []
    return (*keys, *OTHER_KEYS.get(table, ()))


def past_columns(table: Table) -> frozenset[str]:
    """Gives the columns of the view of a table's past."""
    return frozenset((*(c.name for c in table.columns), *SPAN))


def past_statements(door: Door, table: Table, seen_today: str) -> list[str]:
    """Gives the statements that make the view of one table's past in one door.

    ``seen_today`` is the condition on the current row ``t`` under which the door shows it today.
    """
    statements = []
    match table.rows:
        case Rows.PERSON:
            statements.append(_person_days(door))
            body = _person(door, table, seen_today)
        case Rows.CHILD | Rows.EDGE:
            body = _child(door, table, seen_today)
        case _:
            body = _disclosed(door, table, seen_today)
    if table.person_edges:
        body = _with_person_edge(door, table, body)
    return [*statements, f"CREATE VIEW {_past(door, table.name)} AS {body}"]


def _past(door: Door, table: str) -> str:
    return f"{door_schema(door)}.{quote(past_name(table))}"


def _stored(table: Table) -> list[str]:
    """The table's columns that its past is read from; a masked one with its public form."""
    return list(dict.fromkeys(name for c in table.columns for name in (c.name, c.source or c.name)))


def _versions(table: Table) -> str:
    """Current rows and superseded ones alike, as ``v``; conditions on columns reach the indexes of both."""
    names = ", ".join(map(quote, _stored(table)))
    name = quote(table.name)
    return (
        f"(SELECT {names}, NULL::bigint AS revision_until FROM {TABLES_SCHEMA}.{name}"
        f" UNION ALL SELECT {names}, revision_until FROM history.{name}) v"
    )


def _lateral(select: str, alias: str, *, left: bool = False) -> str:
    # OFFSET 0 keeps each look-up one probe of an index a version: as a join the planner might read whole tables for it.
    return f" {'LEFT' if left else 'INNER'} JOIN LATERAL ({select} OFFSET 0) {alias} ON true"


def _in_force() -> str:
    """``d``: the days at whose end the version was in force; of two revisions on one day only the last has a day."""

    def day(revision: str) -> str:
        # A revision of after today (midnight passed since this transaction began, or a trial's day was set back) counts
        # as of today: whoever sees its rows today must find them on today's date.
        return (
            f"(SELECT least((x.at AT TIME ZONE 'Asia/Shanghai')::date, {today()})"
            f" FROM journal.transaction x WHERE x.revision = v.{revision})"
        )

    return _lateral(f"SELECT {day('revision_from')} AS first, {day('revision_until')} AS until", "d")


def _current(door: Door, table: Table, seen_today: str) -> str:
    """``t``: the current row of the version's fact, where the door is bound to what it shows today."""
    names = ", ".join(f"t.{quote(name)}" for name in _stored(table))
    select = f"SELECT {names} FROM {TABLES_SCHEMA}.{quote(table.name)} t WHERE t.id = v.id"
    if door not in BOUND_TO_TODAY:
        return _lateral(select, "t") if any(c.source for c in table.columns) else ""
    return _lateral(f"{select} AND ({seen_today})", "t")


def _same_subject(door: Door, table: Table) -> str:
    """A fact that was first written of another subject is not shown under the wrong one again.

    Registers name themselves, and a vehicle may well have had another holder.
    """
    if door not in BOUND_TO_TODAY or "id" in table.subjects:
        return ""
    return "".join(f" AND v.{quote(c)} IS NOT DISTINCT FROM t.{quote(c)}" for c in table.subjects)


def _column(door: Door, column: Column) -> str:
    name = quote(column.name)
    stored = f"v.{name}"
    if column.source:
        # A text that has since been masked more strictly is read as it is masked now.
        public = quote(column.source)
        stored = f"CASE WHEN v.{name} IS NOT DISTINCT FROM t.{name} THEN t.{public} ELSE v.{public} END"
    if column.own_only:
        own = own_tree("source_unit_id", "v") if door is Door.AGENCY else "false"
        stored = f"CASE WHEN {own} THEN {stored} END"
    return f"{stored} AS {name}"


def _columns(door: Door, table: Table) -> str:
    return ", ".join(_column(door, c) for c in table.columns)


def _own(door: Door, table: Table) -> str:
    """Whether all versions are shown whatever their dates: the subject's own, the own tree's."""
    match door:
        case Door.SUBJECT:
            return f"(({own_subject(table, 'v')}) AND ({own_subject(table, 't')}))"
        case Door.AGENCY:
            return f"({own_tree('source_unit_id', 'v')})"
        case _:
            return "false"


def _authorised(door: Door, table: Table) -> str:
    if door is not Door.SUBJECT:
        return "false"
    if table.name == "authorisation":
        return f"(v.partner = {setting('viewer_partner', 'text')})"
    subjects = authorised_subjects()
    matches = " OR ".join(f"v.{quote(c)} IN ({subjects})" for c in table.subjects)
    return f"(v.scope = 'authorised' AND ({matches}))" if matches else "false"


def _scope(door: Door) -> str:
    return "v.scope = 'public'" if door in BOUND_TO_TODAY else "v.scope IN ('public', 'government')"


def _disclosed(door: Door, table: Table, seen_today: str) -> str:
    """Facts with dates of their own: the days of the version's own disclosure, or all where it is the viewer's own."""
    own, authorised = _own(door, table), _authorised(door, table)
    # An authorisation opens nothing after its end, not even itself.
    ends = ", v.valid_until" if table.name == "authorisation" and door is Door.SUBJECT else ""
    days = (
        f"SELECT CASE WHEN {own} THEN d.first ELSE greatest(d.first, v.disclosed_from) END AS shown_from,"
        f" CASE WHEN {own} THEN d.until WHEN {_scope(door)} THEN least(d.until, v.disclosed_until)"
        f" ELSE least(d.until, v.disclosed_until{ends}) END AS shown_until"
    )
    return (
        f"SELECT {_columns(door, table)}, s.shown_from, s.shown_until FROM {_versions(table)}"
        f"{_current(door, table, seen_today)}{_in_force()}{_lateral(days, 's')}"
        f" WHERE ({own} OR (({_scope(door)} OR {authorised}) AND v.withdrawn_on IS NULL)){_same_subject(door, table)}"
        " AND (s.shown_until IS NULL OR s.shown_until > s.shown_from)"
    )


def _child(door: Door, table: Table, seen_today: str) -> str:
    """Rows that go with their parent, and edges only on days on which the fact they point to was shown too."""
    shown = [("p", table.parent or "", f"{table.parent}_id")]
    shown += [(f"g{n}", target.removesuffix("_id"), target) for n, target in enumerate(table.targets)]
    joins = "".join(
        _lateral(
            f"SELECT x.shown_from, x.shown_until FROM {_past(door, name)} x WHERE x.id = v.{quote(key)}",
            alias,
            left=alias != "p",
        )
        for alias, name, key in shown
    )
    found = "".join(f" AND (v.{quote(key)} IS NULL OR {alias}.shown_from IS NOT NULL)" for alias, _, key in shown[1:])
    first = ", ".join(["d.first", *(f"{alias}.shown_from" for alias, *_ in shown)])
    until = ", ".join(["d.until", *(f"{alias}.shown_until" for alias, *_ in shown)])
    days = f"SELECT greatest({first}) AS shown_from, least({until}) AS shown_until"
    return (
        f"SELECT {_columns(door, table)}, s.shown_from, s.shown_until FROM {_versions(table)}"
        f"{_current(door, table, seen_today)}{_in_force()}{joins}{_lateral(days, 's')}"
        f" WHERE (s.shown_until IS NULL OR s.shown_until > s.shown_from){found}"
    )


def _all_days(spans: str) -> str:
    """The days of several spans together, overlapping or not."""
    return f"(SELECT coalesce(range_agg(daterange(f.shown_from, f.shown_until)), {_NEVER}) FROM ({spans}) f)"


def _person_days(door: Door) -> str:
    """The days on which the door showed a fact of a person's: tells no more than the views that it reads.

    A function, because a statement asks for persons at many edges and would be planned with all their facts at each.
    """
    facts = " UNION ALL ".join(
        f"SELECT x.shown_from, x.shown_until FROM {_past(door, name)} x WHERE x.practitioner_id = person"
        for name in REVEALING
    )
    return (
        f"CREATE FUNCTION {door_schema(door)}.{PERSON_DAYS}(person uuid) RETURNS datemultirange LANGUAGE plpgsql STABLE"
        f" SET search_path = pg_catalog, pg_temp AS $body$ BEGIN RETURN {_all_days(facts)}; END $body$"
    )


def _person(door: Door, table: Table, seen_today: str) -> str:
    """Persons: on the days on which the door showed a fact of theirs; to authorities on their own days as well."""
    scoped = _authorised(door, table) if door in BOUND_TO_TODAY else _scope(door)
    # A row whose end lies before its beginning is shown on no day; as a range it would be an error.
    dates = (
        f"CASE WHEN v.disclosed_until <= v.disclosed_from THEN {_NEVER}"
        " ELSE datemultirange(daterange(v.disclosed_from, v.disclosed_until)) END"
    )
    days = " + ".join(
        f"CASE WHEN {condition} THEN {span} ELSE {_NEVER} END"
        for condition, span in (
            ("v.withdrawn_on IS NULL", f"{door_schema(door)}.{PERSON_DAYS}(v.id)"),
            (f"v.withdrawn_on IS NULL AND {scoped}", dates),
            (_own(door, table), "datemultirange(daterange(NULL, NULL))"),
        )
    )
    spans = f"SELECT unnest(datemultirange(daterange(d.first, d.until)) * ({days})) AS days"
    return (
        f"SELECT {_columns(door, table)}, lower(s.days) AS shown_from, upper(s.days) AS shown_until"
        f" FROM {_versions(table)}{_current(door, table, seen_today)}{_in_force()}{_lateral(spans, 's')}"
    )


def _with_person_edge(door: Door, table: Table, body: str) -> str:
    """Cuts a row's days where the person it points to begins or ends being shown; on the others the edge is empty."""
    (edge,) = table.person_edges
    key = f"b.{quote(edge)}"
    shown = f"SELECT x.shown_from, x.shown_until FROM {_past(door, 'practitioner')} x WHERE x.id = {key}"
    names = ", ".join(
        f"CASE WHEN s.days <@ m.known THEN {key} END AS {quote(edge)}" if c.name == edge else f"b.{quote(c.name)}"
        for c in table.columns
    )
    known = f"SELECT datemultirange(daterange(b.shown_from, b.shown_until)) AS days, {_all_days(shown)} AS known"
    pieces = "SELECT unnest(m.days * m.known) AS days UNION ALL SELECT unnest(m.days - m.known)"
    return (
        f"SELECT {names}, lower(s.days) AS shown_from, upper(s.days) AS shown_until"
        f" FROM ({body}) b{_lateral(known, 'm')} CROSS JOIN LATERAL ({pieces}) s"
    )
