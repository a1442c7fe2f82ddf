"""设置 tests: a service that starts with half of what was meant is worse than one that does not start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from server import clock
from server.errors import WrongSetting
from server.settings import (
    CHECKOUT,
    Address,
    Environment,
    Settings,
    describe,
    load_settings,
    parse_database_host,
    table,
)

SECRET = "0123456789abcdef0123456789abcdef"
PRODUCTION = {
    "XINTU_ENV": "production",
    "XINTU_SAMPLE": "0",
    "XINTU_DATABASE_HOST": "database/xintu",
    "XINTU_SECRET": SECRET,
}

Load = Callable[..., Settings]


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Gives a function that loads the settings from the given variables alone."""

    def load(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return load


def test_everything_has_a_default(settings_of: Load) -> None:
    """`make serve` on a fresh machine sets nothing."""
    settings = settings_of()

    assert (settings.host, settings.port, settings.sample) == ("127.0.0.1", 8000, 60)
    assert settings.data_dir == CHECKOUT / ".data"
    assert settings.env is Environment.TRIAL
    assert settings.uses_embedded_database
    assert settings.address is None
    assert settings.today is None


def test_every_setting_is_read(settings_of: Load, tmp_path: Path) -> None:
    """Each variable of the README's table must do something."""
    settings = settings_of(
        XINTU_HOST="0.0.0.0",
        XINTU_PORT="9000",
        XINTU_DATA_DIR=str(tmp_path / "new"),
        XINTU_DATABASE_URL="postgresql://owner:p%40ss@db:5433/xintu",
        XINTU_DATABASE_HOST="db:5433/xintu",
        XINTU_SECRET=SECRET,
        XINTU_RULES_DIR=str(tmp_path),
        XINTU_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8, ::1",
        XINTU_PATH_PREFIX="/credit/x",
        XINTU_PROCESSES="4",
        XINTU_PUBLIC_POINTS="5000",
        XINTU_SAMPLE="25",
        XINTU_TODAY="2026-06-15",
        XINTU_ENV="trial",
    )

    assert (settings.host, settings.port, settings.sample) == ("0.0.0.0", 9000, 25)
    assert settings.data_dir == tmp_path / "new"
    assert settings.address == Address("db", 5433, "xintu")
    assert settings.rules_dir == tmp_path
    assert settings.trusted_proxies == tuple(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "::1")))
    assert settings.path_prefix == "/credit/x"
    assert (settings.processes, settings.public_points) == (4, 5000)
    assert settings.today == date(2026, 6, 15)
    assert not settings.uses_embedded_database
    assert SECRET not in repr(settings)
    assert "p%40ss" not in repr(settings)


def test_an_empty_variable_is_no_setting(settings_of: Load) -> None:
    """Compose files hand over variables that nobody filled in."""
    assert settings_of(XINTU_PORT="", XINTU_TODAY="", XINTU_SECRET="").port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XINTU_HOST", "http://localhost"),
        ("XINTU_PORT", "0"),
        ("XINTU_PORT", "http"),
        ("XINTU_DATABASE_HOST", "localhost"),
        ("XINTU_DATABASE_HOST", "localhost:99999/xintu"),
        ("XINTU_DATABASE_HOST", "localhost/Xintu;DROP"),
        ("XINTU_RULES_DIR", "no-such-folder"),
        ("XINTU_TRUSTED_PROXIES", "proxy.example"),
        ("XINTU_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("XINTU_PATH_PREFIX", "/credit/"),
        ("XINTU_PATH_PREFIX", "credit"),
        ("XINTU_PROCESSES", "0"),
        ("XINTU_PUBLIC_POINTS", "0"),
        ("XINTU_SAMPLE", "-1"),
        ("XINTU_SAMPLE", "19"),
        ("XINTU_TODAY", "15.6.2026"),
        ("XINTU_TODAY", "1700000000"),
        ("XINTU_TODAY", "2026-02-30"),
        ("XINTU_ENV", "prod"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(settings_of: Load, name: str, value: str) -> None:
    """The administrator corrects it by the message alone."""
    allowed = next(row.allowed for row in describe() if row.name == name)

    with pytest.raises(WrongSetting) as refusal:
        settings_of(**{name: value})

    assert f"{name}={value} 不对；应为：{allowed}" in refusal.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XINTU_SECRET", "hunter2"),
        ("XINTU_SECRET", "change-me-change-me-change-me-change-me"),
        ("XINTU_DATABASE_URL", "mysql://owner:hunter2@db/xintu"),
        ("XINTU_DATABASE_URL", "postgresql://owner:hunter2@db"),
        ("XINTU_DATABASE_URL", "postgresql://owner:change-me@db/xintu"),
        ("XINTU_DATABASE_HOST", "postgresql://owner:hunter2@db/xintu"),
    ],
)
def test_a_secret_is_never_repeated(settings_of: Load, name: str, value: str) -> None:
    """Messages of a failed start end in logs and tickets."""
    with pytest.raises(WrongSetting) as refusal:
        settings_of(**{name: value})

    assert name in refusal.value.message
    assert "hunter2" not in refusal.value.message
    assert value not in refusal.value.message


def test_a_mistyped_name_is_refused_with_the_right_one(settings_of: Load) -> None:
    """XINTU_PROT=9000 would otherwise be silently forgotten; its value may be a secret."""
    with pytest.raises(WrongSetting, match="没有 XINTU_SECRETS 这项设置；是否要写 XINTU_SECRET？") as refusal:
        settings_of(XINTU_SECRETS="hunter2")

    assert "hunter2" not in refusal.value.message


def test_all_faults_are_told_at_once(settings_of: Load) -> None:
    """Nobody should have to start five times to learn of five mistakes."""
    with pytest.raises(WrongSetting) as refusal:
        settings_of(XINTU_PORT="x", XINTU_SAMPLE="y", XINTU_NONSENSE="z")

    assert refusal.value.message.count("·") == 3


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"XINTU_DATABASE_HOST": "db/xintu"}, "须设置 XINTU_SECRET"),
        ({"XINTU_DATABASE_URL": "postgresql://o:p@db/xintu"}, "须设置 XINTU_SECRET"),
        ({"XINTU_SECRET": SECRET}, "请同时设置 XINTU_DATABASE_HOST"),
        (
            {**PRODUCTION, "XINTU_DATABASE_URL": "postgresql://o:p@db/other"},
            "XINTU_DATABASE_URL 与 XINTU_DATABASE_HOST 写的不是同一个数据库",
        ),
        ({**PRODUCTION, "XINTU_TODAY": "2026-06-15"}, "XINTU_TODAY=2026-06-15 不对；正式环境"),
        ({**PRODUCTION, "XINTU_SAMPLE": "60"}, "XINTU_SAMPLE=60 不对；正式环境"),
        ({"XINTU_ENV": "production", "XINTU_SAMPLE": "0"}, "正式环境须用外部 PostgreSQL"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(
    settings_of: Load, variables: dict[str, str], words: str
) -> None:
    """Sample data or a fixed day in a real database would be shown to citizens as facts."""
    with pytest.raises(WrongSetting) as refusal:
        settings_of(**variables)

    assert words in refusal.value.message


def test_a_production_service_starts(settings_of: Load) -> None:
    """The refusals above must leave a way."""
    settings = settings_of(**PRODUCTION)

    assert settings.is_production
    assert settings.address == Address("database", 5432, "xintu")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("db/xintu", Address("db", 5432, "xintu")),
        ("10.0.0.5:5433/xintu", Address("10.0.0.5", 5433, "xintu")),
        ("[::1]:5433/xintu", Address("::1", 5433, "xintu")),
        ("/var/run/postgresql/xintu", Address("/var/run/postgresql", 5432, "xintu")),
        ("/var/run/postgresql:5433/xintu", Address("/var/run/postgresql", 5433, "xintu")),
    ],
)
def test_a_database_is_named_by_host_or_socket(text: str, address: Address) -> None:
    """Both forms of the README."""
    assert parse_database_host(text) == address


def test_the_table_tells_every_setting() -> None:
    """The README's table is this one: a setting without a meaning would be a riddle there."""
    rows = list(describe())

    assert [row.name for row in rows] == [f"XINTU_{name.upper()}" for name in Settings.model_fields]
    assert all(row.default and row.allowed and row.meaning for row in rows)
    assert str(CHECKOUT) not in table()
    assert table().count("\n") == len(rows) + 1


def test_the_day_is_the_one_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 00:30 in Beijing it is still yesterday in UTC: a day's mistake in every term."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2026, 6, 14, 16, 30, tzinfo=UTC).astimezone(clock.SHANGHAI if tz is clock.SHANGHAI else UTC)

    monkeypatch.setattr(clock, "datetime", Clock)

    assert clock.today_in_shanghai() == date(2026, 6, 15)
