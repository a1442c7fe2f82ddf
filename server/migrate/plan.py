"""迁移的计划 what one run is asked to do, and whether there is anything to do. Not for doing it: see ``service.py``.

Apart from it, so that a start that finds the database as it should be loads no ORM.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import asyncpg

from server.database.roles import TABLES_SCHEMA
from server.migrate.config import credentials
from server.migrate.horizon import refuse_day_before, stored_horizon, wanted_horizon

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run is asked to do. ``prefix`` begins the roles' names; ``today`` fixes a trial database's day.

    ``horizon`` is a trial's 公示视界, for tests; a production database takes its own from the clock.
    """

    url: str
    secret: str | None
    trial: bool
    today: date | None = None
    rules_dir: Path | None = None
    migrations: str = "migrations"
    prefix: str | None = None
    horizon: date | None = None

    @property
    def database(self) -> str:
        """The database's name."""
        return str(credentials(self.url)["database"])

    @property
    def roles_prefix(self) -> str:
        """The beginning of the roles' names."""
        return self.prefix or self.database


def fingerprint(plan: Plan) -> str:
    """Gives a hash of everything a run depends on: code and data of the house, migrations, the bureau's rules.

    An equal fingerprint in the database means that there is nothing to do, so that a second start is quick.
    """
    digest = hashlib.sha256(repr((plan.trial, plan.roles_prefix, plan.secret is not None, plan.horizon)).encode())
    folders = [ROOT / "server", ROOT / plan.migrations.replace(".", "/"), ROOT / "site" / "texts"]
    folders += [plan.rules_dir] if plan.rules_dir else []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".yaml", ".sql", ".json", ".csv", ".tsv", ".txt"} and path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


async def is_current(plan: Plan) -> bool:
    """Says whether the database already is what this checkout declares, with this month's horizon."""
    connection = await asyncpg.connect(**credentials(plan.url))
    try:
        if await connection.fetchval("SELECT to_regclass($1)", f"{TABLES_SCHEMA}.reference_state") is None:
            return False
        stored = await connection.fetchval(
            f"SELECT content FROM {TABLES_SCHEMA}.reference_state WHERE id = 'fingerprint'"
        )
        wanted = await wanted_horizon(connection, trial=plan.trial, asked=plan.horizon)
        return bool(stored == fingerprint(plan)) and await stored_horizon(connection) == wanted
    finally:
        await connection.close()


async def set_trial_day(plan: Plan) -> None:
    """Fixes a trial database's day to ``plan.today``, or frees it; a production database has none to set.

    Raises ``WrongSetting`` for a day before the database's horizon.
    """
    if not plan.trial:
        return
    connection = await asyncpg.connect(**credentials(plan.url))
    try:
        await refuse_day_before(connection, plan.today, await stored_horizon(connection))
        await connection.execute("UPDATE journal.trial SET day = $1", plan.today)
    finally:
        await connection.close()
