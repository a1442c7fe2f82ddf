"""Fixtures of the whole suite: one real PostgreSQL a session, one migrated database a test. No mocks above it.

``XINTU_TEST_DATABASE_URL`` names an external server's owner (``make test-external``); without it the embedded one runs.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from server.database.roles import ROLES, quote, role_name, setting_statements
from server.migrate.plan import Plan
from server.migrate.service import migrate
from tests.support import SECRET, TODAY, TrialDatabase, at_database, run_as_owner

# The service's own variables must not leak into what a test sets up.
for _name in [n for n in os.environ if n.startswith("XINTU_") and n != "XINTU_TEST_DATABASE_URL"]:
    del os.environ[_name]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def server_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The owner's URL of a running PostgreSQL."""
    external = os.environ.get("XINTU_TEST_DATABASE_URL")
    if external:
        yield external
        return
    from server.database.embedded import start_embedded

    running = await start_embedded(tmp_path_factory.mktemp("pg"))
    # Each dropped database waits for the disk otherwise, tens of seconds on a busy one; nobody keeps what tests write.
    await run_as_owner(running.owner_url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    try:
        yield running.owner_url
    finally:
        running.stop()


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


@pytest.fixture(scope="session")
def trial_database(server_url: str, template: Template) -> Any:
    """Opens empty migrated databases on ``TODAY``: for a test, or for a module whose tests only read."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[TrialDatabase]:
        name = f"{template.name}_{next(_numbers)}"
        await run_as_owner(
            server_url,
            f"CREATE DATABASE {name} TEMPLATE {template.name}",
            *setting_statements(template.name, name),
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            *(f"GRANT CONNECT ON DATABASE {name} TO {quote(role_name(template.name, role))}" for role in ROLES),
        )
        database = TrialDatabase(at_database(server_url, name), template.name)
        try:
            yield database
        finally:
            await database.close()
            await run_as_owner(server_url, f"DROP DATABASE {name} WITH (FORCE)")

    return opened


@pytest.fixture
async def database(trial_database: Any) -> AsyncIterator[TrialDatabase]:
    """An empty migrated database of the test's own, on ``TODAY``."""
    async with trial_database() as opened:
        yield opened


@pytest.fixture
def plan_of(template: Template) -> Any:
    """Gives the migration plan of a test's own database, changed as the test asks."""

    def make(database: TrialDatabase, **changes: Any) -> Plan:
        return replace(template.plan, url=database.url, prefix=template.name, **changes)

    return make
