"""查询者与当日 who asks and on which day, as SQL: what the views of today and those of the past have in common.

Not for which rows a door shows: see ``views.py`` and ``past.py``.
"""

from __future__ import annotations

from server.database.roles import TABLES_SCHEMA, quote
from server.disclosure.doors import Table


def setting(name: str, cast: str) -> str:
    """Gives a viewer's setting; an empty one is null and adds nothing."""
    # A scalar subquery is evaluated once per statement.
    return f"(SELECT nullif(current_setting('xintu.{name}', true), '')::{cast})"


def today() -> str:
    """Gives the day of the transaction by the database's clock; a view reads it with its owner's right."""
    return "(SELECT c.today FROM journal.clock c)"


def own_subject(table: Table, alias: str = "t") -> str:
    """本主体: whether a row of a table is the asking subject's own, by any of its keys."""
    viewer = setting("viewer_subject", "uuid")
    return " OR ".join(f"{alias}.{quote(c)} = {viewer}" for c in table.subjects) or "false"


def authorised_subjects() -> str:
    """授权查询: the subjects whose authorisation of the viewer's partner lives today."""
    day = today()
    return (
        f"SELECT coalesce(a.enterprise_id, a.individual_business_id, a.practitioner_id)"
        f" FROM {TABLES_SCHEMA}.authorisation a WHERE a.partner = {setting('viewer_partner', 'text')}"
        f" AND a.withdrawn_on IS NULL AND a.valid_from <= {day} AND a.valid_until > {day}"
    )


def own_tree(column: str, alias: str = "t") -> str:
    """本机关及下级: the rows of the viewer's agency and of all below it."""
    viewer = setting("viewer_agency", "uuid")
    return f"{alias}.{column} IN (SELECT a.id FROM {TABLES_SCHEMA}.agency a WHERE {viewer} = ANY (a.lineage))"
