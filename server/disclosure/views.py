"""门的视图 the SQL of every door, generated from the declaration in ``doors.py``. Not for the rules that fill the dates.

Reading is one predicate on dates. This module is the only place that writes it in SQL; ``rules.visible`` is the same
sentence in Python, and a test over generated rows holds the two together.
"""

from __future__ import annotations

from datetime import date

from server.database.roles import TABLES_SCHEMA, door_schema, literal, quote
from server.disclosure.columns import Column
from server.disclosure.doors import REVEALING, TABLES, Rows, Table
from server.disclosure.horizon import EXPIRING, beyond, until
from server.disclosure.past import BOUND_TO_TODAY, PAST_TABLES, PERSON_DAYS, past_columns, past_name, past_statements
from server.disclosure.viewing import authorised_subjects, own_subject, own_tree, setting, today
from server.viewer import Door

#: Doors that show tables; the device door has one view of its own.
READING_DOORS: tuple[Door, ...] = (Door.PUBLIC, Door.SUBJECT, Door.GOVERNMENT, Door.AGENCY)

#: What follows the order in an index of the public's rows: those it hides are passed over inside the index. The plain
#: column at the end lets a count be answered from the index alone.
PUBLIC_INDEX_KEYS = f"({until()}), disclosed_from"
INDEX_INCLUDED = "disclosed_until"
#: The same in an index by which every door reads.
INDEX_KEYS = f"scope, withdrawn_on, {PUBLIC_INDEX_KEYS}"


def standing(alias: str) -> str:
    """Gives the SQL condition that a fact was not taken down: for services, which see all rows and must not count those."""
    return f"{quote(alias)}.withdrawn_on IS NULL"


def _live(door: Door) -> str:
    """公示期内: not withdrawn, begun, and before the first day it is not shown (half-open)."""
    day = today()
    return f"t.withdrawn_on IS NULL AND t.disclosed_from <= {day} AND {until('t.')} > {day}"


def _authorised(door: Door, table: Table) -> str:
    """授权查询: rows of scope ``authorised`` of the subjects whose authorisation of the viewer's partner lives today."""
    day = today()
    if table.name == "authorisation":
        # The partner reads his own authorisations, not those of the subject to others.
        return f"t.partner = {setting('viewer_partner', 'text')} AND {_live(door)} AND t.valid_until > {day}"
    subjects = authorised_subjects()
    matches = " OR ".join(f"t.{quote(c)} IN ({subjects})" for c in table.subjects)
    return f"t.scope = 'authorised' AND {_live(door)} AND ({matches})" if matches else "false"


def _has_duty(duty: str) -> str:
    """岗位: the viewer's own duties, as the application set them for this transaction."""
    return f"{literal(duty)} = ANY (string_to_array({setting('viewer_duties', 'text')}, ','))"


def _revealed(door: Door) -> str:
    """A person is known to a reader who sees a fact of him."""
    schema = door_schema(door)
    return " OR ".join(
        f"EXISTS (SELECT FROM {schema}.{quote(name)} f WHERE f.practitioner_id = t.id)" for name in REVEALING
    )


def _disclosed_rows(door: Door, table: Table) -> str:
    if table.rows is Rows.PERSON:
        public = f"(t.withdrawn_on IS NULL AND ({_revealed(door)}))"
    else:
        public = f"(t.scope = 'public' AND {_live(door)})"
    government = f"(t.scope IN ('public', 'government') AND {_live(door)})"
    match door:
        case Door.PUBLIC:
            return public
        case Door.SUBJECT:
            return f"{public} OR ({own_subject(table)}) OR ({_authorised(door, table)})"
        case Door.GOVERNMENT:
            return f"{public} OR {government}" if table.rows is Rows.PERSON else government
        case Door.AGENCY:
            return f"{public} OR {government} OR {own_tree('source_unit_id')}"
        case _:
            raise ValueError(f"door {door} shows no tables")


def _child_rows(door: Door, table: Table) -> str:
    schema = door_schema(door)
    assert table.parent is not None
    shown = [f"EXISTS (SELECT FROM {schema}.{quote(table.parent)} p WHERE p.id = t.{quote(table.parent + '_id')})"]
    for target in table.targets:
        name = quote(target.removesuffix("_id"))
        key = quote(target)
        shown.append(f"(t.{key} IS NULL OR EXISTS (SELECT FROM {schema}.{name} g WHERE g.id = t.{key}))")
    return " AND ".join(shown)


def row_condition(door: Door, table: Table) -> str:
    """Gives the SQL condition on ``t`` under which a door shows a row of a table."""
    match table.rows:
        case Rows.DISCLOSED | Rows.PERSON:
            return _disclosed_rows(door, table)
        case Rows.CHILD | Rows.EDGE:
            return _child_rows(door, table)
        case Rows.REFERENCE:
            return "true"
        case Rows.OWN:
            own = own_tree("agency_id") if door is Door.AGENCY else "false"
            return f"{own} AND {_has_duty(table.duty)}" if table.duty else own


def _column(door: Door, table: Table, column: Column) -> str:
    name, source = quote(column.name), f"t.{quote(column.source or column.name)}"
    if column.own_only:
        own = own_tree("source_unit_id") if door is Door.AGENCY else "false"
        return f"CASE WHEN {own} THEN {source} END AS {name}"
    if column.name in table.person_edges:
        persons = f"{door_schema(door)}.practitioner"
        return f"(SELECT p.id FROM {persons} p WHERE p.id = {source}) AS {name}"
    return f"{source} AS {name}"


def view_statement(door: Door, table: Table, horizon: date | None) -> str:
    """Gives ``CREATE VIEW`` of one table in one door: declared columns only, so a forgotten one is shown to nobody."""
    columns = ", ".join(_column(door, table, c) for c in table.columns)
    condition = row_condition(door, table)
    if door is Door.PUBLIC and table.name in EXPIRING:
        # Says no more than the rest: it is what the planner proves an index of the public's rows by.
        condition += f" AND {beyond(horizon, 't.')}"
    return (
        f"CREATE VIEW {door_schema(door)}.{quote(table.name)} AS SELECT {columns}"
        f" FROM {TABLES_SCHEMA}.{quote(table.name)} t WHERE {condition}"
    )


def _function(door: Door, signature: str, returns: str, body: str, *, volatile: str = "STABLE") -> str:
    return (
        f"CREATE FUNCTION {door_schema(door)}.{signature} RETURNS {returns} LANGUAGE sql {volatile} SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS $body$ {body} $body$"
    )


def _today_function(door: Door) -> str:
    return _function(door, "today()", "date", "SELECT journal.today()")


def _find_person(door: Door) -> str:
    """按证件号查人: compares a keyed hash, and gives the id only where the door shows the person, today or of a past day.

    The view that is read with the id, today's or the past one, says whether there is anything to tell.
    """
    views = ["practitioner"] if door in BOUND_TO_TODAY else ["practitioner", past_name("practitioner")]
    shown = " OR ".join(f"EXISTS (SELECT FROM {door_schema(door)}.{quote(view)} v WHERE v.id = p.id)" for view in views)
    return _function(
        door,
        "find_person(key text)",
        "uuid",
        f"SELECT p.id FROM {TABLES_SCHEMA}.practitioner p WHERE p.certificate_key = key AND ({shown})",
    )


def _unmask() -> str:
    """查看完整身份: one person of the own tree, with a purpose, written to the access log first."""
    tree = (
        f"SELECT a.id FROM {TABLES_SCHEMA}.agency a"
        f" WHERE nullif(current_setting('xintu.viewer_agency', true), '')::uuid = ANY (a.lineage)"
    )
    own = " OR ".join(
        f"EXISTS (SELECT FROM {TABLES_SCHEMA}.{quote(name)} f"
        f" WHERE f.practitioner_id = p.id AND f.source_unit_id IN ({tree}))"
        for name in REVEALING
    )
    return f"""
CREATE FUNCTION {door_schema(Door.AGENCY)}.unmask(
    id uuid, purpose text, OUT name text, OUT certificate_type text, OUT certificate_number text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    IF purpose IS NULL OR purpose !~ '\\S\\S' THEN
        RAISE EXCEPTION 'a purpose is needed' USING ERRCODE = 'XJ005';
    END IF;
    IF nullif(current_setting('xintu.viewer_actor', true), '') IS NULL
        OR nullif(current_setting('xintu.viewer_agency', true), '') IS NULL THEN
        RAISE EXCEPTION 'an officer is needed' USING ERRCODE = 'XJ005';
    END IF;
    SELECT p.name, p.certificate_type, p.certificate_number
    INTO unmask.name, unmask.certificate_type, unmask.certificate_number
    FROM {TABLES_SCHEMA}.practitioner p
    WHERE p.id = unmask.id AND (p.source_unit_id IN ({tree}) OR {own});
    INSERT INTO {TABLES_SCHEMA}.access_log (id, at, actor, agency_id, action, target_id, purpose)
    VALUES (gen_random_uuid(), clock_timestamp(), current_setting('xintu.viewer_actor'),
        current_setting('xintu.viewer_agency')::uuid,
        CASE WHEN unmask.name IS NULL THEN 'unmask.refused' ELSE 'unmask' END, unmask.id, unmask.purpose);
END $body$"""


def _head_view(door: Door) -> str:
    return f"CREATE VIEW {door_schema(door)}.head AS SELECT h.revision, {today()} AS today FROM journal.head h"


def _roof_light_view() -> str:
    """顶灯: a taxi's stars by the rating in force of the driver on it; no person in it.

    States and times are for the fleet that owns the vehicle alone.
    """
    door = Door.DEVICE
    fleet = f"t.enterprise_id = {setting('viewer_fleet', 'uuid')}"
    live = _live(door)
    return f"""
CREATE VIEW {door_schema(door)}.roof_light AS
SELECT t.plate, t.colour, r.stars,
    CASE WHEN {fleet} THEN t.state END AS state,
    CASE WHEN {fleet} THEN r.since END AS since,
    CASE WHEN {fleet} THEN r.until END AS until,
    r.revision
FROM {TABLES_SCHEMA}.vehicle t
LEFT JOIN LATERAL (
    SELECT s.stars, g.effective_from AS since, g.effective_until AS until, g.revision_from AS revision
    FROM (SELECT t.* FROM {TABLES_SCHEMA}.rating t
        WHERE t.scope = 'public' AND {live}) g
    JOIN {TABLES_SCHEMA}.roof_light_star s ON s.standard = g.standard AND s.grade = g.grade
    WHERE g.practitioner_id = t.practitioner_id ORDER BY g.effective_from DESC, g.id LIMIT 1
) r ON true
WHERE t.purpose = 'taxi' AND t.scope = 'public' AND {live}"""


def door_statements(door: Door, horizon: date | None) -> list[str]:
    """Gives the statements that make one door anew in its (empty) schema; ``horizon`` is never later than today."""
    statements = [_today_function(door), _head_view(door)]
    if door is Door.DEVICE:
        return [*statements, _roof_light_view()]
    statements += [view_statement(door, table, horizon) for table in TABLES]
    for table in PAST_TABLES:
        statements += past_statements(door, table, row_condition(door, table))
    statements.append(_find_person(door))
    if door is Door.AGENCY:
        statements.append(_unmask())
    return statements


def functions_of(door: Door) -> frozenset[str]:
    """Gives the names of the functions a door's role may call."""
    names = {"today"}
    if door is not Door.DEVICE:
        names |= {"find_person", PERSON_DAYS}
    if door is Door.AGENCY:
        names.add("unmask")
    return frozenset(names)


def views_of(door: Door) -> dict[str, frozenset[str]]:
    """Gives the views of a door with their columns, for ``check`` and for the plans' mapping."""
    if door is Door.DEVICE:
        light = frozenset({"plate", "colour", "stars", "state", "since", "until", "revision"})
        return {"head": frozenset({"revision", "today"}), "roof_light": light}
    views = {t.name: frozenset(c.name for c in t.columns) for t in TABLES}
    views |= {past_name(t.name): past_columns(t) for t in PAST_TABLES}
    return {"head": frozenset({"revision", "today"}), **views}
