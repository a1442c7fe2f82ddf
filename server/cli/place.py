"""数据库在哪里 the database a command works on: the embedded one, started when needed, or the one the settings name.

Not for what is done there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from server.database.connection import Database
from server.errors import WrongSetting
from server.imports.law import Rules
from server.migrate.config import credentials
from server.migrate.plan import Plan
from server.settings import Address, Environment, Settings, parse_database_host


@dataclass(frozen=True, slots=True)
class Place:
    """地点: address and secret for reading and writing; the owner's URL where this process may have it."""

    settings: Settings
    address: Address | None
    secret: str | None
    owner_url: str | None
    embedded: bool
    #: loaded once for the whole command
    rules: Rules

    def plan(self) -> Plan:
        """Gives the migration plan; raises ``WrongSetting`` where the owner's URL was not given."""
        if self.owner_url is None:
            raise WrongSetting("这条命令需要数据库所有者的地址：请设置 XINTU_DATABASE_URL 后重试。")
        return Plan(
            url=self.owner_url,
            secret=self.secret,
            trial=self.settings.env is Environment.TRIAL,
            today=self.settings.today,
            rules_dir=self.settings.rules_dir,
        )

    def database(self) -> Database:
        """Opens the application's own connections."""
        if self.address is None or self.secret is None:
            raise WrongSetting("请设置 XINTU_DATABASE_HOST 和 XINTU_SECRET 后重试。")
        return Database(self.address, self.secret, law=self.rules.hash)


async def find_place(settings: Settings) -> Place:
    """Finds the database; starts the embedded one when no external one is set."""
    rules = Rules.load(settings.rules_dir)
    if settings.database_host is None and settings.database_url is None:
        from server.database.embedded import start_embedded

        running = await start_embedded(settings.data_dir)
        return Place(settings, running.address, running.secret, running.owner_url, embedded=True, rules=rules)
    if settings.database_host is not None:
        address = parse_database_host(settings.database_host)
    else:
        found = credentials(settings.database_url or "")
        address = Address(found["host"], found["port"], found["database"])
    return Place(settings, address, settings.secret, settings.database_url, embedded=False, rules=rules)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Place, Database]]:
    """Gives the place and its open database for one command, and closes it."""
    place = await find_place(settings)
    database = place.database()
    try:
        yield place, database
    finally:
        await database.close()
