"""角色 one login role per door and one writer; their names, passwords and settings. Not for grants: see ``migrate``."""

from __future__ import annotations

import hashlib
import hmac

from server.viewer import Door

#: Owner's tables, journal and history live in schemas of their own; a door role has no USAGE on any of them.
TABLES_SCHEMA = "xintu"
WRITER = "writer"
ROLES: tuple[str, ...] = (WRITER, *(door.value for door in Door))

#: A read that takes longer is a fault of ours; a write may wait for the one before it.
READ_TIMEOUT = "2s"
WRITE_TIMEOUT = "60s"


def role_name(prefix: str, role: str) -> str:
    """Gives the cluster-wide name of a role; ``prefix`` is the database's name, so that bureaus can share a server."""
    return f"{prefix}_{role}"


def role_password(secret: str, name: str) -> str:
    """Derives a role's password from ``XINTU_SECRET``, so that nothing else need be stored or handed over."""
    return hmac.new(secret.encode(), f"role:{name}".encode(), hashlib.sha256).hexdigest()


def door_schema(door: Door) -> str:
    """Gives the schema that holds a door's views."""
    return f"door_{door.value}"


def quote(name: str) -> str:
    """Quotes an identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quotes a string constant for SQL (``standard_conforming_strings`` is on in every supported version)."""
    return "'" + text.replace("'", "''") + "'"


def create_statements(prefix: str, secret: str | None) -> list[str]:
    """Gives the statements that create each role once and set its password; without a secret, a place to fill in."""
    statements = []
    for role in ROLES:
        name = role_name(prefix, role)
        password = role_password(secret, name) if secret else "在此填写由 XINTU_SECRET 导出的口令"
        statements.append(
            f"DO $role$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(name)}) THEN"
            f" CREATE ROLE {quote(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS;"
            f" END IF; END $role$"
        )
        statements.append(f"ALTER ROLE {quote(name)} PASSWORD {literal(password)}")
    return statements


def setting_statements(prefix: str, database: str) -> list[str]:
    """Gives the per-database settings of each role: time zone, date form, search path, read-only, time-outs."""
    statements = []
    for role in ROLES:
        target = f"ALTER ROLE {quote(role_name(prefix, role))} IN DATABASE {quote(database)} SET"
        settings = {
            "TimeZone": literal("Asia/Shanghai"),
            "DateStyle": literal("ISO, YMD"),
            "jit": "off",
            "statement_timeout": literal(WRITE_TIMEOUT if role == WRITER else READ_TIMEOUT),
            "idle_in_transaction_session_timeout": literal("60s"),
            "search_path": TABLES_SCHEMA if role == WRITER else door_schema(Door(role)),
            "default_transaction_read_only": "off" if role == WRITER else "on",
            # An acknowledged write must survive a crash of the machine.
            "synchronous_commit": "on",
        }
        if role != WRITER:
            # A plan's statement is long: planning it anew costs more than reading (a firm's page 17 ms against 7), and a
            # custom plan sorts a large firm's records where the generic one walks the index.
            settings["plan_cache_mode"] = "force_generic_plan"
            # Every connection has an index in its own order (``server/migrate/indexes.py``). Without the values the
            # planner guesses how many rows there are, and would now and then read a table whole, or sort.
            settings |= {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
        statements += [f"{target} {name} = {setting}" for name, setting in settings.items()]
    return statements
