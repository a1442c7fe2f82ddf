"""Fixtures of the whole suite: one real PostgreSQL a session, one migrated database a test. No mocks above it.

``XINTU_TEST_DATABASE_URL`` names an external server's owner (``make test-external``); without it the embedded one runs.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from server.database.connection import Database
from server.database.roles import ROLES, quote, role_name, setting_statements
from server.migrate.config import credentials
from server.migrate.service import Plan, migrate
from server.settings import Address

# The service's own variables must not leak into what a test sets up.
for _name in [n for n in os.environ if n.startswith("XINTU_") and n != "XINTU_TEST_DATABASE_URL"]:
    del os.environ[_name]

SECRET = "a secret for tests only, forty characters"
#: The day most tests live in; a test that needs another sets it.
TODAY = date(2026, 6, 15)
_numbers = itertools.count(1)


class TrialDatabase(Database):
    """The application's own ``Database``, and beside it the owner's hand that a trial database allows."""

    def __init__(self, url: str, prefix: str) -> None:
        found = credentials(url)
        super().__init__(Address(found["host"], found["port"], found["database"]), SECRET, prefix=prefix)
        self.url = url

    async def owner(self) -> asyncpg.Connection:
        """Opens a connection as the owner; the caller closes it."""
        return await asyncpg.connect(**credentials(self.url))

    async def as_owner(self, sql: str, *args: Any) -> Any:
        """Runs one statement as the owner and gives its first value."""
        connection = await self.owner()
        try:
            return await connection.fetchval(sql, *args)
        finally:
            await connection.close()

    async def set_today(self, day: date | None) -> None:
        """Fixes the trial day; ``None`` frees it."""
        await self.as_owner("UPDATE journal.trial SET day = $1", day)


def at_database(url: str, name: str) -> str:
    """Gives the same server's URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def run_as_owner(url: str, *statements: str) -> None:
    """Runs statements outside a transaction as the owner of the server."""
    connection = await asyncpg.connect(**credentials(url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def server_url() -> AsyncIterator[str]:
    """The owner's URL of a running PostgreSQL."""
    external = os.environ.get("XINTU_TEST_DATABASE_URL")
    if external:
        yield external
        return
    from server.database.embedded import start_embedded

    # A short path: a socket's may have about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="xt"))
    running = await start_embedded(folder)
    try:
        yield running.owner_url
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Template:
    """A migrated, empty database that every test's own is a copy of."""

    url: str
    name: str
    plan: Plan


@pytest.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[Template]:
    """The migrated template, made once a session; its roles serve all copies."""
    name = f"xintu_{os.getpid()}"
    await run_as_owner(server_url, f"CREATE DATABASE {name}")
    plan = Plan(url=at_database(server_url, name), secret=SECRET, trial=True, today=TODAY)
    try:
        await migrate(plan)
        yield Template(plan.url, name, plan)
    finally:
        roles = [f"DROP ROLE IF EXISTS {quote(role_name(name, role))}" for role in ROLES]
        await run_as_owner(server_url, f"DROP DATABASE {name} WITH (FORCE)", *roles)


@pytest.fixture
async def database(server_url: str, template: Template) -> AsyncIterator[TrialDatabase]:
    """An empty migrated database of the test's own, on ``TODAY``."""
    name = f"{template.name}_{next(_numbers)}"
    await run_as_owner(
        server_url,
        f"CREATE DATABASE {name} TEMPLATE {template.name}",
        *setting_statements(template.name, name),
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        *(f"GRANT CONNECT ON DATABASE {name} TO {quote(role_name(template.name, role))}" for role in ROLES),
    )
    opened = TrialDatabase(at_database(server_url, name), template.name)
    try:
        yield opened
    finally:
        await opened.close()
        await run_as_owner(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def plan_of(template: Template) -> Any:
    """Gives the migration plan of a test's own database, changed as the test asks."""

    def make(database: TrialDatabase, **changes: Any) -> Plan:
        return replace(template.plan, url=database.url, prefix=template.name, **changes)

    return make
