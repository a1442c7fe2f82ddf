"""内置数据库 tests: `make serve` is the first thing anyone sees of the service, and it must come up every time."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from server.database.embedded import start_embedded
from server.errors import WrongSetting
from server.settings import CHECKOUT

START = """
import asyncio, sys
from pathlib import Path
from server.database.embedded import start_embedded

found = asyncio.run(start_embedded(Path(sys.argv[1])))
print(found.owner_url, found.secret)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own user can reach, unlike pytest's."""
    made = Path(tempfile.mkdtemp(prefix="xintu-test-"))
    yield made
    shutil.rmtree(made)


async def test_it_starts_stops_and_keeps_its_data_and_secret(folder: Path) -> None:
    """A second start is the same database; a leftover of a killed one does not stop it."""
    first = await start_embedded(folder)
    connection = await asyncpg.connect(first.owner_url)
    await connection.execute("CREATE TABLE kept AS SELECT '信途' AS name")
    await connection.close()
    assert (await start_embedded(folder)).address == first.address  # while it runs: connects only
    first.stop()

    # What a killed machine leaves: a process number that now belongs to another, and a list half written.
    cluster = folder / "postgres"
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n1700000000\n5432\n{cluster}\n\n1 1\nready\n")
    (cluster / ".handle_pids.json").write_text("[1, ")
    second = await start_embedded(folder)
    connection = await asyncpg.connect(second.owner_url)
    try:
        assert await connection.fetchval("SELECT name FROM kept") == "信途"
        assert await connection.fetchval("SELECT lower('ÄĀ') || current_setting('server_encoding')") == "äāUTF8"
    finally:
        await connection.close()
        second.stop()
        second.stop()

    assert second.secret == first.secret
    assert len(first.secret) >= 32
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert first.secret not in repr(first)
    assert not (cluster / "postmaster.pid").exists()


async def test_two_starts_at_once_in_a_deep_folder_share_one_server(folder: Path) -> None:
    """Somebody runs `make serve` twice, in a folder whose path is too long for a socket."""
    deep = folder / ("deep" * 30)
    # A locale that cannot hold UTF-8 and another port for the client tools are ordinary on a bureau's machine.
    environment = {**os.environ, "LC_ALL": "zh_CN.GBK", "PGPORT": "5999", "PYTHONPATH": str(CHECKOUT)}

    async def start() -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", START, str(deep)), env=environment, stdout=-1, stderr=-1
        )
        out, errors = await process.communicate()
        return process.returncode, out.decode(), errors.decode()

    both = await asyncio.gather(start(), start())

    assert [(code, errors) for code, _, errors in both] == [(0, "")] * 2
    assert both[0][1] == both[1][1]
    assert not (deep / "postgres" / "postmaster.pid").exists()  # the last one out stopped it


async def test_a_folder_that_is_a_file_is_refused(folder: Path) -> None:
    """The message names the setting, not a trace."""
    (folder / "file").write_text("")

    with pytest.raises(WrongSetting, match="XINTU_DATA_DIR"):
        await start_embedded(folder / "file")
