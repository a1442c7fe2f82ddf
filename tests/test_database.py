"""迁移与连接 on the real database: migrations keep doors, history and hashes; a failure changes nothing."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from server.database.connection import Database
from server.errors import Unavailable, WrongSetting
from server.migrate.check import structure_faults
from server.migrate.config import APP, CONNECTION, MODELS, tortoise_config
from server.migrate.journal_check import journal_faults
from server.migrate.plan import Plan, fingerprint, is_current
from server.migrate.service import migrate, role_script
from server.settings import Address
from server.viewer import PUBLIC
from tests import factory
from tests.factory import Row, put, sample_write
from tests.support import SECRET, TrialDatabase, at_database, run_as_owner

SHIPPED = Path(__file__).resolve().parents[1] / "migrations"
HEAD = """from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("xintu", "{before}")]
"""

WithMigrations = Callable[..., str]


@pytest.fixture
def with_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WithMigrations]:
    """Makes a copy of the shipped migrations with more behind them, as a package of its own; gives its name."""
    made: list[str] = []

    def make(*bodies: str) -> str:
        name = f"migrations_of_test_{tmp_path.name}_{len(made)}".replace("-", "_")
        folder = tmp_path / name
        shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("__pycache__"))
        before = sorted(p.stem for p in SHIPPED.glob("0*.py"))[-1]
        for n, body in enumerate(bodies, start=900):
            stem = f"{n:04}_test"
            (folder / f"{stem}.py").write_text(HEAD.format(before=before) + body, encoding="utf-8")
            before = stem
        importlib.invalidate_caches()
        made.append(name)
        return name

    monkeypatch.syspath_prepend(str(tmp_path))
    yield make
    for name in list(sys.modules):
        if name.split(".")[0] in made:
            del sys.modules[name]


async def bureau_with_penalty(database: TrialDatabase) -> tuple[Row, Row]:
    """A bureau with one penalty that was corrected once, so that there is history."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
        penalty = await put(
            w, "penalty", factory.penalty(bureau["id"], fine_yuan=2000, remark="旧备注", remark_public="旧备注")
        )
    async with sample_write(database) as w:
        await w.update("penalty", penalty["id"], {"facts": "更正", "facts_public": "更正"})
    return bureau, penalty


async def all_faults(database: TrialDatabase, plan: Plan, *, forgotten: str | None = None) -> list[str]:
    """What ``check`` and ``check --journal`` say, but for a column the test itself added."""
    owner = await database.owner()
    try:
        faults = await structure_faults(owner, prefix=plan.roles_prefix, trial=True) + await journal_faults(owner)
    finally:
        await owner.close()
    return [f for f in faults if forgotten is None or forgotten not in f]


NEW_COLUMN = "    operations = [ops.AddField(model_name='Penalty', name='note', field=fields.TextField(null=True))]\n"
WIDEN = (
    "    operations = [ops.AlterField(model_name='Penalty', name='fine_yuan',"
    " field=fields.DecimalField(max_digits=24, decimal_places=4, null=True))]\n"
)
DROP = "    operations = [ops.RemoveField(model_name='Penalty', name='remark')]\n"


async def declared(monkeypatch: pytest.MonkeyPatch, *, without: str = "", private: str = "") -> None:
    """Changes the declaration of ``penalty`` as the commit that carries such a migration would."""
    from dataclasses import replace

    from server.disclosure import doors, past, views
    from server.migrate import check
    from server.migrate import doors as grants

    def change(table: doors.Table) -> doors.Table:
        if table.name != "penalty":
            return table
        columns = tuple(c for c in table.columns if c.name != without)
        kept = tuple(n for n in table.private if n != f"{without}_public") + ((private,) if private else ())
        return replace(table, columns=columns, private=(*kept, f"{without}_public") if without else kept)

    tables = tuple(change(t) for t in doors.TABLES)
    for module in (doors, views, check, grants):
        monkeypatch.setattr(module, "TABLES", tables)
    names = {table.name: table for table in tables}
    monkeypatch.setattr(past, "BY_NAME", names)
    for module in (past, views):
        monkeypatch.setattr(module, "PAST_TABLES", tuple(names[table.name] for table in past.PAST_TABLES))


async def test_adding_a_column_keeps_doors_history_and_old_hashes(
    database, plan_of, with_migrations, monkeypatch
) -> None:
    """A new nullable column leaves no trace in a payload, so everything written before still verifies."""
    bureau, penalty = await bureau_with_penalty(database)
    await declared(monkeypatch, private="note")
    plan = plan_of(database, migrations=with_migrations(NEW_COLUMN))
    await migrate(plan)
    async with sample_write(database) as w:
        await w.update("penalty", penalty["id"], {"note": "新列"})
        await put(w, "penalty", factory.penalty(bureau["id"], "第2号", note="新行"))
    assert await database.as_owner("SELECT count(*) FROM history.penalty WHERE note IS NULL") == 2
    assert await all_faults(database, plan) == []


async def test_widening_a_column_keeps_old_hashes(database, plan_of, with_migrations) -> None:
    """A value's text form does not depend on how wide its column is."""
    _, penalty = await bureau_with_penalty(database)
    plan = plan_of(database, migrations=with_migrations(WIDEN))
    await migrate(plan)
    async with sample_write(database) as w:
        await w.update("penalty", penalty["id"], {"fine_yuan": "2000.1234"})
    assert await all_faults(database, plan) == []
    kept = "SELECT string_agg(fine_yuan::text, ' ' ORDER BY revision_from) FROM history.penalty"
    assert await database.as_owner(kept) == "2000.0000 2000.0000"


async def test_dropping_a_column_puts_its_values_into_history_first(
    database, plan_of, with_migrations, monkeypatch
) -> None:
    """What the house has once known of a decision can still be told as of a past day."""
    await bureau_with_penalty(database)
    await declared(monkeypatch, without="remark")
    plan = plan_of(database, migrations=with_migrations(DROP))
    await migrate(plan)
    assert (
        await database.as_owner("SELECT array_agg(remark ORDER BY revision_from) FROM history.penalty")
        == ["旧备注"] * 2
    )
    assert (
        await database.as_owner("SELECT action FROM journal.transaction ORDER BY revision DESC LIMIT 1")
        == "migrate.columns"
    )
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'xintu' AND table_name = 'penalty'"
    assert await database.as_owner(columns + " AND column_name = 'remark'") == 0
    assert await all_faults(database, plan) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("    operations = [ops.RunSQL('ALTER TABLE penalty DROP COLUMN remark CASCADE')]\n", "RemoveField"),
        ("    operations = [ops.RunSQL(\"ALTER TABLE penalty ADD COLUMN note text DEFAULT 'x'\")]\n", "journal.begin"),
        ("    atomic = False\n    operations = [ops.RunSQL('CREATE TABLE y (z int)')]\n", "atomic = False"),
    ],
)
async def test_a_migration_that_goes_past_the_journal_is_refused(
    database, plan_of, with_migrations, body, words
) -> None:
    """Facts change through the journal even when it is the schema that changes."""
    await bureau_with_penalty(database)
    with pytest.raises(WrongSetting) as raised:
        await migrate(plan_of(database, migrations=with_migrations(body)))
    assert words in raised.value.message


async def test_a_migration_that_fails_at_its_last_step_changes_nothing(database, plan_of, with_migrations) -> None:
    """Readers go on through the old doors as if nothing had been tried."""
    await bureau_with_penalty(database)
    state = (
        "SELECT md5(string_agg(t.x, '|' ORDER BY t.x)) FROM (SELECT pg_get_viewdef(c.oid) || c.relacl::text AS x FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'door%' UNION ALL"
        " SELECT table_name || column_name || data_type FROM information_schema.columns"
        " WHERE table_schema IN ('xintu', 'history')"
        " UNION ALL SELECT content FROM xintu.reference_state UNION ALL SELECT name FROM xintu.tortoise_migrations"
        " UNION ALL SELECT revision::text FROM journal.head) t"
    )
    before = await database.as_owner(state)
    broken = "    operations = [ops.RunSQL('SELECT 1 / 0')]\n"
    with pytest.raises(Exception, match="division by zero"):
        await migrate(plan_of(database, migrations=with_migrations(NEW_COLUMN, DROP, broken)))
    assert await database.as_owner(state) == before
    async with database.read(PUBLIC) as connection:
        assert await connection.fetchval("SELECT count(*) FROM penalty") == 1


async def first_migrations(url: str, upto: str) -> None:
    """Brings a database to an older state, as the release of that day did, without doors."""
    await run_as_owner(url, "CREATE SCHEMA xintu")
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(url))
        apps = {APP: {"models": MODELS, "migrations": "migrations", "default_connection": CONNECTION}}
        await MigrationExecutor(context.db(CONNECTION), apps).migrate([MigrationTarget(APP, upto)])


async def test_later_migrations_run_over_rows_that_were_there_before(server_url, template) -> None:
    """A bureau updates with its data in place: a new column must not ask old rows for a value they cannot have."""
    name = f"{template.name}_old"
    await run_as_owner(server_url, f"CREATE DATABASE {name}")
    plan = Plan(url=at_database(server_url, name), secret=SECRET, trial=True, prefix=template.name)
    try:
        await first_migrations(plan.url, "0002_constraints")
        await run_as_owner(
            plan.url,
            # Their agency is of no interest here, so the foreign key is not checked.
            "SET session_replication_role = replica; INSERT INTO xintu.import_batch (id, agency_id, actor, file_name,"
            " file_hash, state, started_at, rows_total, rows_new, rows_changed, rows_unchanged, rows_rejected, notes)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'x', 'x', 'done', now(), 1, 1, 0, 0, 0, '[]')",
        )
        await migrate(plan)
        old = TrialDatabase(plan.url, template.name)
        assert await old.as_owner("SELECT rows_late FROM xintu.import_batch") == 0
        assert await all_faults(old, plan) == []
    finally:
        await run_as_owner(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_an_index_is_built_after_the_commit(database, plan_of, with_migrations) -> None:
    """The one kind of step that cannot run inside the transaction."""
    body = (
        "    atomic = False\n"
        "    operations = [ops.RunSQL('CREATE INDEX CONCURRENTLY penalty_of_test ON penalty (severity)')]\n"
    )
    await migrate(plan_of(database, migrations=with_migrations(body)))
    assert await database.as_owner(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'xintu.penalty_of_test'::regclass"
    )


async def test_readers_see_the_old_doors_until_the_commit(database, plan_of) -> None:
    """A migration while the site is up: a read waits or answers, it never meets a half-made door."""
    await bureau_with_penalty(database)

    async def read() -> int:
        async with database.read(PUBLIC) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM penalty"))

    running = asyncio.create_task(migrate(plan_of(database)))
    seen = []
    while not running.done():
        seen.append(await read())
        await asyncio.sleep(0.005)
    await running
    assert seen
    assert set(seen) == {1}


async def test_two_migrations_at_once_wait_for_each_other(database, plan_of) -> None:
    """Two processes of one deployment start together."""
    plan = plan_of(database)
    await asyncio.gather(migrate(plan), migrate(plan))
    assert await all_faults(database, plan) == []


async def test_a_current_database_is_recognised(database, plan_of, tmp_path) -> None:
    """A second start need not migrate; new rules or other code must."""
    plan = plan_of(database)
    await migrate(plan)
    assert await is_current(plan)
    (tmp_path / "disclosure").mkdir()
    (tmp_path / "disclosure" / "terms.yaml").write_text("x: 1\n", encoding="utf-8")
    changed = plan_of(database, rules_dir=tmp_path)
    assert fingerprint(changed) != fingerprint(plan)
    assert not await is_current(changed)


async def test_a_bureaus_file_that_no_room_reads_is_refused(database, plan_of, tmp_path) -> None:
    """A mistyped name would otherwise change nothing, unseen."""
    (tmp_path / "disclosure").mkdir()
    (tmp_path / "disclosure" / "term.yaml").write_text("x: 1\n", encoding="utf-8")
    with pytest.raises(WrongSetting) as raised:
        await migrate(plan_of(database, rules_dir=tmp_path))
    assert "disclosure/term.yaml" in raised.value.message


async def test_a_database_administrator_can_make_the_roles(server_url, database, template) -> None:
    """Where the owner may not create roles, ``migrate --print-roles`` tells the DBA what to run."""
    name = f"{template.name}_dba"
    plan = Plan(url=at_database(server_url, name), secret=SECRET, trial=True)
    owner = f"{name}_owner"
    roles = [f'"{name}_{role}"' for role in ("writer", "public", "subject", "government", "agency", "device")]
    await run_as_owner(
        server_url, f"CREATE ROLE {owner} LOGIN PASSWORD 'owner of a test'", f"CREATE DATABASE {name} OWNER {owner}"
    )
    try:
        scheme, rest = plan.url.split("://", 1)
        limited = f"{scheme}://{owner}:owner%20of%20a%20test@{rest.rsplit('@', 1)[1]}"
        with pytest.raises(WrongSetting) as raised:
            await migrate(Plan(url=limited, secret=SECRET, trial=True))
        assert "--print-roles" in raised.value.message
        await run_as_owner(server_url, *role_script(plan))
        await migrate(Plan(url=limited, secret=None, trial=True))
        opened = Database(Address(database.address.host, database.address.port, name), SECRET)
        assert await opened.fetch_text(PUBLIC, "SELECT current_user::text") == f"{name}_public"
        await opened.close()
    finally:
        await run_as_owner(
            server_url,
            f"DROP DATABASE {name} WITH (FORCE)",
            *(f"DROP ROLE IF EXISTS {role}" for role in roles),
            f"DROP ROLE {owner}",
        )


async def test_role_settings_hold_in_every_session(database) -> None:
    """Time zone, date form, read-only and time-outs come with the role, not with good manners of the client."""
    async with database.read(PUBLIC) as connection:
        found = await connection.fetchrow(
            "SELECT current_setting('TimeZone'), current_setting('DateStyle'), current_setting('statement_timeout'),"
            " current_setting('search_path'), current_setting('default_transaction_read_only')"
        )
    assert tuple(found) == ("Asia/Shanghai", "ISO, YMD", "2s", "door_public", "on")


async def test_a_server_that_is_away_is_unavailable(database) -> None:
    """The driver's text never reaches a client; the service says to come again."""
    gone = Database(Address("/nonexistent", 5432, "xintu"), SECRET)
    with pytest.raises(Unavailable) as raised:
        await gone.fetch_text(PUBLIC, "SELECT '1'")
    assert "nonexistent" not in raised.value.message
    await gone.close()


async def test_a_connection_that_was_cut_is_replaced(database) -> None:
    """PostgreSQL restarts: a reader whose connection it cut while it stood idle is read to all the same."""
    assert await asyncio.gather(*(database.fetch_text(PUBLIC, "SELECT 'a'") for _ in range(4))) == ["a"] * 4
    await database.as_owner(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    assert [await database.fetch_text(PUBLIC, "SELECT 'b'") for _ in range(3)] == ["b"] * 3


async def test_more_readers_than_connections_wait_for_their_turn(database) -> None:
    """Thirty requests at once are usual; none may be refused or hang because four are being read to."""
    statement = "SELECT pg_sleep(0.01)::text || pg_backend_pid()"
    answers = await asyncio.gather(*(database.fetch_text(PUBLIC, statement) for _ in range(30)))
    assert len(set(answers)) <= database.readers


async def test_a_reader_who_leaves_while_he_is_read_to_leaves_no_broken_connection(database) -> None:
    """A cancelled read has an answer still on its way: whoever came next on that connection would get it."""
    reading = asyncio.create_task(database.fetch_text(PUBLIC, "SELECT pg_sleep(1)::text || 'old'"))
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await database.fetch_text(PUBLIC, "SELECT 'new'") == "new"


async def test_a_refused_statement_leaves_the_connection_usable(database) -> None:
    """A division by zero is the statement's fault; the connection behind it is not thrown away."""
    first = await database.fetch_text(PUBLIC, "SELECT pg_backend_pid()::text")
    with pytest.raises(asyncpg.PostgresError):
        await database.fetch_text(PUBLIC, "SELECT (1 / 0)::text")
    assert await database.fetch_text(PUBLIC, "SELECT pg_backend_pid()::text") == first


async def test_doors_are_never_left_with_another_viewers_settings(database) -> None:
    """Settings live for one transaction: the next request on the same connection starts empty."""
    from server.viewer import Door, Viewer

    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
    one = Viewer(Door.AGENCY, "经办", agency=bureau["id"])
    async with database.read(one) as connection:
        assert await connection.fetchval("SELECT current_setting('xintu.viewer_agency')") == str(bureau["id"])
    async with database.read(Viewer(Door.AGENCY)) as connection:
        assert await connection.fetchval("SELECT current_setting('xintu.viewer_agency')") == ""


async def test_a_slow_statement_is_cut_off(database) -> None:
    """No single request may hold a connection for long."""
    with pytest.raises(Unavailable):
        async with database.read(PUBLIC) as connection:
            await connection.execute("SET LOCAL statement_timeout = '20ms'")
            await connection.fetchval("SELECT pg_sleep(1)")


async def test_the_owner_can_read_what_is_kept(database) -> None:
    """Guards the tests above: the state they compare is really there."""
    await bureau_with_penalty(database)
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.as_owner("SELECT 1 FROM history.nothing")
    assert await database.as_owner("SELECT count(*) FROM history.penalty") == 1
