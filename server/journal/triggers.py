"""版本触发器 history tables and triggers of the fact tables, generated from their real columns. Not for the journal's
own tables: see ``tables.sql``.

They are made from the columns the database has, not from the declaration of doors: a column that no door shows is
versioned and hashed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from server.database.roles import TABLES_SCHEMA, quote


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One column as PostgreSQL describes it (``format_type``)."""

    name: str
    type: str


#: The salt is hashed in front of the payload, not inside it.
OUTSIDE_PAYLOAD = frozenset({"salt"})

COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attname COLLATE "C"
"""


async def fact_columns(connection: asyncpg.Connection, table: str, schema: str = TABLES_SCHEMA) -> list[FactColumn]:
    """Gives the columns of a table in name order; empty when there is no such table."""
    rows = await connection.fetch(COLUMNS, f"{schema}.{quote(table)}")
    return [FactColumn(row["name"], row["type"]) for row in rows]


def text_form(column: FactColumn, alias: str) -> str:
    """Gives the SQL of a column's one text form, which outlives a widening of its type."""
    name = f"{alias}.{quote(column.name)}"
    if column.type.startswith("numeric"):
        return f"trim_scale({name})::text"
    if column.type == "bytea":
        return f"encode({name}, 'hex')"
    if column.type == "date":
        return f"to_char({name}, 'YYYY-MM-DD')"
    if column.type.startswith("timestamp with time zone"):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"{name}::text"


def payload(columns: list[FactColumn], alias: str) -> str:
    """Gives the SQL of a version as text: ``name=length:value;`` of each column that is not null, in name order.

    A null column leaves no trace, so a new nullable column changes no hash.
    """
    parts = []
    for column in columns:
        if column.name in OUTSIDE_PAYLOAD:
            continue
        form = text_form(column, alias)
        parts.append(f"coalesce('{column.name}=' || length({form}) || ':' || {form} || ';', '')")
    # Long || chains are deep expression trees; concat of groups keeps the planner quick.
    groups = [", ".join(parts[i : i + 50]) for i in range(0, len(parts), 50)]
    return "concat(" + ", ".join(f"concat({g})" for g in groups) + ")"


def version_hash(columns: list[FactColumn], alias: str) -> str:
    """Gives the SQL of SHA-256(salt ‖ payload)."""
    return f"sha256({alias}.salt || convert_to({payload(columns, alias)}, 'UTF8'))"


def seal_statements(schema: str = "journal") -> list[str]:
    """Gives the statements that (re)make the trigger which seals a revision at its commit."""
    return [
        f"DROP TRIGGER IF EXISTS seal ON {schema}.transaction",
        f"CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON {schema}.transaction"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal.seal()",
    ]


def function_statements(table: str, columns: list[FactColumn]) -> list[str]:
    """Gives the statements that (re)make the functions of one fact table's triggers, with explicit column lists."""
    names = ", ".join(quote(c.name) for c in columns)
    entries = (
        f"INSERT INTO journal.entry (revision, table_name, id, operation, hash)"
        f" SELECT rev, '{table}', n.id, '{{}}', {version_hash(columns, 'n')} FROM new_rows n"
    )
    forged = (
        "IF EXISTS (SELECT FROM new_rows n WHERE n.revision_from <> rev) THEN"
        " RAISE EXCEPTION 'a forged revision' USING ERRCODE = 'XJ001'; END IF;"
    )
    head = (
        "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $trigger$ "
        "DECLARE rev bigint := journal.current_revision(); BEGIN "
    )
    inserted = f"{forged} {entries.format('I')}; RETURN NULL; END $trigger$"
    updated = (
        f"{forged} IF EXISTS (SELECT FROM old_rows o WHERE o.revision_from = rev) THEN"
        f" RAISE EXCEPTION 'a row of {table} is changed twice in one revision' USING ERRCODE = 'XJ002'; END IF;"
        f" INSERT INTO history.{quote(table)} ({names}, revision_until) SELECT {names}, rev FROM old_rows;"
        f" {entries.format('U')}; RETURN NULL; END $trigger$"
    )
    return [
        f"CREATE OR REPLACE FUNCTION journal.{quote(table + '_inserted')}() RETURNS trigger {head}{inserted}",
        f"CREATE OR REPLACE FUNCTION journal.{quote(table + '_updated')}() RETURNS trigger {head}{updated}",
    ]


def trigger_statements(table: str, schema: str = TABLES_SCHEMA) -> list[str]:
    """Gives the statements that (re)make one fact table's triggers."""
    fact = f"{schema}.{quote(table)}"
    triggers = {
        "version_stamp": "BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION journal.stamp()",
        "version_insert": "AFTER INSERT ON {} REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
        f" EXECUTE FUNCTION journal.{quote(table + '_inserted')}()",
        "version_update": "AFTER UPDATE ON {} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT"
        f" EXECUTE FUNCTION journal.{quote(table + '_updated')}()",
        "version_delete": "BEFORE DELETE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_delete()",
    }
    statements = []
    for name, body in triggers.items():
        statements.append(f"DROP TRIGGER IF EXISTS {name} ON {fact}")
        statements.append(f"CREATE TRIGGER {name} {body.format(fact)}")
    return statements


def history_statements(table: str, columns: list[FactColumn], kept: list[FactColumn]) -> list[str]:
    """Gives the statements that make or widen ``history.<table>``; ``kept`` are the columns it has already.

    History never loses a column: one that the fact table dropped stays, with the values of its old versions.
    """
    history = f"history.{quote(table)}"
    if not kept:
        listed = ", ".join(f"{quote(c.name)} {c.type}" for c in columns)
        return [
            f"CREATE TABLE {history} ({listed}, revision_until bigint NOT NULL, PRIMARY KEY (id, revision_from))",
            f"COMMENT ON TABLE {history} IS '{table} 的历史版本 superseded versions, written by triggers alone'",
        ]
    have = {c.name: c.type for c in kept}
    statements = []
    for column in columns:
        if column.name not in have:
            statements.append(f"ALTER TABLE {history} ADD COLUMN {quote(column.name)} {column.type}")
        elif have[column.name] != column.type:
            statements.append(f"ALTER TABLE {history} ALTER COLUMN {quote(column.name)} TYPE {column.type}")
    return statements
