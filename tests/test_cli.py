"""命令行: what an operator types, run as he runs it, on a database of the test's own. The tour is in test_readme."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from server.jobs.purge import AGED, kept_days, purge
from server.settings import CHECKOUT
from tests.support import TODAY


class Shell:
    """Runs commands against one data folder, whose embedded database stays up between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "XINTU_DATA_DIR": str(folder / "d"),
            "COLUMNS": "300",
            "PYTHONIOENCODING": "utf-8",
        }

    def run(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).decode("utf-8")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A data folder with a migrated database and a sample; one more process keeps the server up for speed."""
    made = Shell(tmp_path_factory.mktemp("cli"))
    assert made.run("migrate")[0] == 0
    code, output = made.run("sample", "--subjects", "20")
    assert code == 0, output
    return made


def test_wrong_usage_wrong_settings_and_refusals_have_their_own_exit_codes(shell) -> None:
    """A script can tell «I called it wrongly» from «the data were refused»."""
    assert shell.run("nonsense")[0] == 2
    assert shell.run("import")[0] == 2
    code, output = shell.run("account", "revoke", "没有这把钥匙")
    assert code == 1
    assert "account list" in output
    assert "Traceback" not in output


def test_keys_are_issued_listed_and_revoked(shell) -> None:
    """The key stands alone on the output, so that it can be piped into a safe."""
    code, output = shell.run("account", "issue", "--label", "测试一号", "--role", "officer", "--agency", "370117")
    assert code == 0
    assert "xintu_" in output
    assert "测试一号" in shell.run("account", "list")[1]
    assert shell.run("account", "revoke", "测试一号")[0] == 0
    assert "吊销" in shell.run("account", "list")[1]


def test_agencies_are_imported_and_listed(shell, tmp_path) -> None:
    """A bureau that is not among the five starts here."""
    file = tmp_path / "机关.csv"
    file.write_text("机关代码,机关名称\n420106,武昌区交通运输局\n", "utf-8")
    assert "新增 1" in shell.run("agency", "import", str(file))[1]
    assert "武昌区交通运输局" in shell.run("agency", "list")[1]
    assert shell.run("agency", "import", str(tmp_path / "没有.csv"))[0] == 1


def test_rejected_rows_come_back_in_a_private_file_that_is_never_overwritten(shell, tmp_path) -> None:
    """It repeats the clerk's own cells, and it may be half mended already."""
    source = next((shell.folder / "d" / "sample").glob("试一试*.xlsx"))
    file = tmp_path / "表.xlsx"
    file.write_bytes(source.read_bytes())
    for _ in range(2):
        assert shell.run("import", str(file), "--agency", "370117")[0] == 1
    names = sorted(p.name for p in tmp_path.glob("*待更正*"))
    assert names == ["表-待更正-2.xlsx", "表-待更正.xlsx"]
    assert stat.S_IMODE((tmp_path / names[0]).stat().st_mode) == 0o600
    code, output = shell.run("corrections", str(tmp_path / names[0]), "--agency", "370117")
    assert (code, "已经存在" in output) == (1, True)
    assert shell.run("corrections", str(tmp_path / "全部.xlsx"), "--agency", "370117")[0] == 0
    code, output = shell.run("import", str(file), "--agency", "370117", "--corrections", "/nonexistent/x.xlsx")
    assert code == 1
    assert "Traceback" not in output


def test_check_notes_anchors_and_holds_them(shell, tmp_path) -> None:
    """The daily command of a bureau, twice."""
    anchors = tmp_path / "anchors.jsonl"
    for _ in range(2):
        code, output = shell.run("check", "--journal", "--anchors", str(anchors))
        assert code == 0, output
    noted = anchors.read_text("utf-8")
    assert noted.count("\n") == 1
    anchors.write_text(noted.replace('"hash": "', '"hash": "0'), "utf-8")
    code, output = shell.run("check", "--anchors", str(anchors))
    assert code == 1
    assert "锚点不符" in output


def test_other_rules_than_the_databases_are_refused_before_anything_is_written(shell, tmp_path) -> None:
    """Whoever forgets XINTU_RULES_DIR, or sets it too early, is told what to do."""
    (tmp_path / "disclosure").mkdir()
    own = CHECKOUT / "tests" / "data" / "rules" / "minor_shown" / "disclosure"
    for file in own.glob("*.yaml"):
        (tmp_path / "disclosure" / file.name).write_bytes(file.read_bytes())
    other = Shell(shell.folder)
    other.environment = shell.environment | {"XINTU_RULES_DIR": str(tmp_path)}
    file = next((shell.folder / "d" / "sample").glob("试一试*.xlsx"))
    fresh = tmp_path / "新表.xlsx"
    fresh.write_bytes(file.read_bytes())
    code, output = other.run("check")
    assert code == 1
    assert "python -m server migrate" in output
    assert other.run("job", "recompute-disclosure")[0] == 1


def test_ranks_of_names_are_dealt_from_the_command_line(shell) -> None:
    """The line of the nightly cron: it says how many names it dealt to, and needs nothing but the owner's address."""
    code, output = shell.run("job", "order-names")
    assert code == 0, output
    assert re.search(r"[1-9]\d* 个名称已排名次，其中公众可见 [1-9]\d* 个", output)
    assert shell.run("check")[0] == 0


async def test_what_has_outlived_its_days_is_purged_and_nothing_else(database) -> None:
    """访问日志 and the rest are kept for their days; facts are not in the list at all."""
    days = kept_days(TODAY)
    assert set(days) == set(AGED)
    assert all(days.values())
    owner: asyncpg.Connection = await database.owner()
    try:
        for age in (days["access_log"] - 1, days["access_log"] + 1):
            await owner.execute(
                "INSERT INTO xintu.access_log (id, at, actor, action, purpose)"
                " VALUES (gen_random_uuid(), $1, 'x', 'unmask', 'x')",
                TODAY - timedelta(days=age),
            )
        counts = await purge(owner, TODAY)
        assert counts == {"access_log": 1, "attempt": 0, "idempotency_key": 0, "correction": 0, "import_batch": 0}
        assert await owner.fetchval("SELECT count(*) FROM xintu.access_log") == 1
    finally:
        await owner.close()
