"""准备环境 makes ``.venv`` and installs what the lock file names, with the standard library alone. Not for serving.

Run by the Makefile as ``python3 -I server/bootstrap.py [--dev]`` on a machine that has nothing but Python. Every file
is checked against its hash; nothing is installed again until the lock file changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
#: Which locks are installed, by their hash. The locks agree on every version, and the second holds all of the first.
STAMP = VENV / "installed.json"
LOCKS = ("requirements.lock", "requirements-dev.lock")
#: Debian's packages for the browser tests, each with the test that tells whether its part is there.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(arguments: list[str]) -> None:
    """Prepares ``.venv`` for the service, or with ``--dev`` for the tests; ends the process with what to do."""
    if sys.version_info < (3, 11):  # noqa: UP036 — the one module that an older Python may meet
        sys.exit(
            f"信途需要 Python 3.11 或更新，当前是 {sys.version.split()[0]}。请安装后用 make PYTHON=python3.11 … 运行。"
        )
    dev = arguments == ["--dev"]
    if arguments and not dev:
        sys.exit(f"不认识的参数 {' '.join(arguments)}；可用：--dev")
    wanted = {name: _hash(name) for name in LOCKS[: 2 if dev else 1]}
    if not (PYTHON.exists() and wanted.items() <= _installed().items()):
        make_venv(PYTHON)
        install(LOCKS[1] if dev else LOCKS[0], PYTHON)
        STAMP.write_text(json.dumps(wanted))
    if dev:
        _ensure_browser()


def _hash(name: str) -> str:
    return hashlib.sha256((CHECKOUT / name).read_bytes()).hexdigest()


def _installed() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _uv() -> str | None:
    inside = VENV / "bin" / "uv"
    return shutil.which("uv") or (str(inside) if inside.exists() else None)


def make_venv(python: Path) -> None:
    """Makes the virtual environment that this interpreter is to be of, unless it is there and new enough."""
    if python.exists() and _runs(str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        return
    folder = python.parents[1]
    print(f"· 建立虚拟环境 {folder.name}", flush=True)
    uv = shutil.which("uv")
    if uv and _runs(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)):
        return
    try:
        venv.create(folder, clear=True, with_pip=True, symlinks=True)
    except (subprocess.CalledProcessError, OSError):
        # Debian keeps the part of the standard library that brings pip in a package of its own.
        if not _apt_install("python3-venv"):
            sys.exit(
                "不能建立虚拟环境：缺少 Python 的 venv 部分。Debian、Ubuntu 请运行 sudo apt-get install python3-venv。"
            )
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)


def install(lock: str, python: Path) -> None:
    """Installs a lock file of the checkout into an interpreter's environment, each file checked against its hash."""
    print(f"· 按 {lock} 安装依赖（逐个核对哈希；第一次需要联网，约半分钟）", flush=True)
    uv = _uv()
    if uv and _runs(uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", lock):
        return
    if uv:
        print("· uv 没有成功，改用 pip", flush=True)
        # An environment made by uv has no pip yet; where it has, this does nothing.
        subprocess.run([str(python), "-m", "ensurepip"], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not _runs(*pip, "--require-hashes", "-r", lock):
        sys.exit("依赖没有装上：请检查网络，或 pip 的镜像设置（pip config list），然后重新运行同一命令。")


def _ensure_browser() -> None:
    """Sees to a browser and a Chinese font for the browser tests; says what to install where it may not do so."""
    wanted = []
    if not any(map(shutil.which, BROWSERS)):
        wanted.append("chromium")
    if not _has_chinese_font():
        wanted.append("fonts-noto-cjk")
    if wanted and not _apt_install(*wanted):
        packages = " ".join(wanted)
        print(f"· 浏览器测试缺少 {packages}，请安装（sudo apt-get install {packages}），否则这些测试会失败。")


def _has_chinese_font() -> bool:
    fc_list = shutil.which("fc-list")
    if fc_list is None:
        return False
    return bool(subprocess.run([fc_list, ":lang=zh-cn", "family"], capture_output=True, check=False).stdout.strip())


def _apt_install(*packages: str) -> bool:
    """Installs Debian packages as root; tells whether that worked."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print(f"· 安装系统软件包 {' '.join(packages)}", flush=True)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = (apt, "install", "--yes", "-qq", "--no-install-recommends", *packages)
    return _runs(*install) or (_runs(apt, "update", "-qq") and _runs(*install))


def _runs(*command: str) -> bool:
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
