"""门面 the README's commands and examples are run: what it promises a newcomer is what he gets."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.settings import CHECKOUT, table

README = (CHECKOUT / "README.md").read_text("utf-8")
#: The first start makes the database and the sample.
STARTS_WITHIN_SECONDS = 120


def examples() -> list[tuple[str, list[str]]]:
    """Gives each ``$ command`` of the console blocks with the pieces of text that must come out, in order."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip():
                found[-1][1].extend(piece for piece in line.split("…") if piece.strip())
    return found


@dataclass(frozen=True)
class Running:
    """The service, started as the README says."""

    port: int
    data_dir: Path
    log: Path

    def environment(self) -> dict[str, str]:
        return os.environ | {"XINTU_DATA_DIR": str(self.data_dir), "PYTHONIOENCODING": "utf-8"}

    def adapted(self, command: str) -> str:
        """The README's command with this test's port and folder in place of the defaults."""
        command = command.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}").replace(".data/", f"{self.data_dir}/")
        return command.replace(".venv/bin/python", sys.executable)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """``python -m server serve`` with a data folder of its own; the sample lies in it as in the README."""
    folder = tmp_path_factory.mktemp("readme")
    service = Running(free_port(), folder / "d", folder / "log")
    with service.log.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve"],
            cwd=CHECKOUT,
            env=service.environment() | {"XINTU_PORT": str(service.port)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(service, process)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert not (service.data_dir / "postgres" / "postmaster.pid").exists(), "the database outlived its service"


def _wait(service: Running, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, service.log.read_text("utf-8")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(service.log.read_text("utf-8"))


def test_every_example_of_the_tour_does_what_the_readme_says(running: Running) -> None:
    """The tour is run in its order: look, query, import with one bad row, import again, look, check."""
    assert len(examples()) >= 5
    for command, pieces in examples():
        done = subprocess.run(
            ["sh", "-c", running.adapted(command)],
            cwd=CHECKOUT,
            env=running.environment() | {"COLUMNS": "400"},
            capture_output=True,
            timeout=120,
            check=False,
        )
        output = (done.stdout + done.stderr).decode("utf-8")
        place = 0
        for piece in pieces:
            assert piece in output[place:], f"{command}\nshould show «{piece}» and shows:\n{output}"
            place = output.index(piece, place) + len(piece)


def test_the_addresses_of_the_tour_answer(running: Running) -> None:
    """Every address a reader may click is there."""
    addresses = set(re.findall(r"<(http://127\.0\.0\.1:8000/[^>]*)>", README))
    assert len(addresses) >= 2
    for address in addresses:
        with urllib.request.urlopen(running.adapted(address), timeout=10) as answer:
            assert answer.status == 200, address


def test_the_start_tells_where_to_look_and_how_to_import(running: Running) -> None:
    """A newcomer reads the terminal before the README."""
    told = running.log.read_text("utf-8")
    for words in (f"http://127.0.0.1:{running.port}/", "/graphql", "-m server import", "演示密钥", "虚构"):
        assert words in told


def test_the_settings_table_is_the_one_the_settings_give() -> None:
    """A setting is explained once, where it is declared."""
    assert table().strip() in README


def test_every_command_the_readme_names_exists() -> None:
    """No command is promised that typer does not know."""
    from typer.main import get_command

    from server.cli.commands import app

    root = get_command(app)
    named = set(re.findall(r"-m server ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)", README)) | {
        "job recompute-disclosure",
        "catalogue diff",
    }
    assert "check" in {name.split()[0] for name in named}
    for name in named:
        command = root
        for word in name.split():
            assert word in getattr(command, "commands", {word: command}), name
            command = getattr(command, "commands", {word: command})[word]


@pytest.mark.parametrize("target", ["serve", "test", "help", "test-external", "bench"])
def test_every_make_target_the_readme_may_name_exists(target: str) -> None:
    """``make -n`` knows them."""
    done = subprocess.run(["make", "-n", target], cwd=CHECKOUT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_every_file_the_readme_points_at_exists() -> None:
    """«法律变了，改哪里» must lead somewhere."""
    paths = {p for p in re.findall(r"`((?:server|site|tests|schema)/[\w./*-]+)`", README) if "*" not in p}
    assert len(paths) > 8
    for path in paths:
        assert (CHECKOUT / path).exists(), path
