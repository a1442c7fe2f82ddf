"""迁移配置 what Tortoise needs to own tables and migrations. Not for serving: reads and writes do not use the ORM."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from server.database.roles import TABLES_SCHEMA

CONNECTION = "owner"
APP = "xintu"
MODELS = [
    f"server.{room}.models"
    for room in (
        "disclosure",
        "catalogue",
        "subjects",
        "accounts",
        "records",
        "commitments",
        "ratings",
        "lists",
        "benefits",
        "imports",
        "search",
    )
]

#: Modes of ``sslmode`` that do not check who answers; asyncpg takes them as they are.
_PLAIN_SSL = {"disable", "allow", "prefer", "require"}


def credentials(url: str) -> dict[str, Any]:
    """Takes an owner URL (``postgresql://user:password@host:port/database?host=…``) apart for asyncpg."""
    parts = urlsplit(url)
    query = {name: entries[-1] for name, entries in parse_qs(parts.query).items()}
    found: dict[str, Any] = {
        "host": query.get("host") or parts.hostname or "localhost",
        "port": int(query.get("port") or parts.port or 5432),
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")),
    }
    mode = query.get("sslmode")
    if mode:
        found["ssl"] = mode if mode in _PLAIN_SSL else ssl.create_default_context()
    return found


def tortoise_config(url: str, migrations: str = "migrations") -> dict[str, Any]:
    """Gives the ORM's configuration for one owner connection; one pool of one connection, as a migration needs."""
    return {
        "connections": {
            CONNECTION: {
                "engine": "tortoise.backends.asyncpg",
                "credentials": {
                    **credentials(url),
                    "minsize": 1,
                    "maxsize": 1,
                    "server_settings": {
                        "application_name": "xintu migrate",
                        "search_path": TABLES_SCHEMA,
                        "TimeZone": "Asia/Shanghai",
                        "DateStyle": "ISO, YMD",
                        "statement_timeout": "0",
                    },
                },
            }
        },
        "apps": {APP: {"models": MODELS, "default_connection": CONNECTION, "migrations": migrations}},
        "use_tz": True,
        "timezone": "Asia/Shanghai",
    }


#: For ``python -m tortoise -c server.migrate.config.TORTOISE_ORM makemigrations``, which reads models and files only.
TORTOISE_ORM = tortoise_config("postgresql://owner@localhost/xintu")
