"""启动服务 ``serve``: brings the embedded database up to date, fills it with the sample when it is empty, and answers.

With an external database nothing is migrated here: that takes the owner, whom a serving process never knows.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
import sys

from server.cli.place import Place, find_place
from server.database.connection import Database
from server.errors import CreditError, WrongSetting
from server.imports.batches import mark_abandoned
from server.migrate.plan import is_current, set_trial_day
from server.settings import Environment, Settings, load_settings


def serve() -> int:
    """Runs until it is told to stop; gives the exit code. What is wrong with the settings is printed, without a trace."""
    # uvicorn ends by raising the signal it was stopped with; unhandled, that would leave the embedded database running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = load_settings()
        with _listening(settings) as listener:
            place, sample = asyncio.run(_prepare(settings))
            _run(settings, place, sample, listener)
    except CreditError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


async def _prepare(settings: Settings) -> tuple[Place, list[str]]:
    place = await find_place(settings)
    if place.embedded:
        plan = place.plan()
        if not await is_current(plan):
            # Only here: a start that finds the database as it should be loads neither the ORM nor its migrations.
            from server.migrate.service import migrate

            print("正在准备数据库 …", flush=True)
            await migrate(plan, say=lambda step: print(f"  {step}", flush=True))
        await set_trial_day(plan)
    database = place.database()
    try:
        await _refuse_other_rules(database)
        sample = await _sample(place, database) if place.embedded and settings.sample else []
        await mark_abandoned(database)
    finally:
        await database.close()
    return place, sample


async def _refuse_other_rules(database: Database) -> None:
    """Every write would be refused under rules that the database has not loaded; better to say so at the start."""
    if await database.state("disclosure_loaded") != database.law:
        raise WrongSetting("数据库中的规则与当前规则文件不同。请先运行 python -m server migrate，再启动服务。")


async def _sample(place: Place, database: Database) -> list[str]:
    """Fills an empty trial database, so that the first look shows a used system; gives the lines that tell of it."""
    settings = place.settings
    if settings.env is not Environment.TRIAL:
        return []
    if await database.state("sample") == "writing":
        return ["示例数据上次没有写完。请停止服务，删除数据文件夹（XINTU_DATA_DIR）后重新启动。"]
    if await database.has_facts():
        return []
    from server.cli.sampling import write_sample_with_progress

    return await write_sample_with_progress(place, database, settings.sample)


def _listening(settings: Settings) -> socket.socket:
    """Takes the port before anything is prepared, so that a second start says so at once and changes nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise WrongSetting(_why_not_listening(settings, error)) from error
    return listener


def _why_not_listening(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"XINTU_PORT={settings.port} 已被占用，没有启动。信途可能已在运行；"
            f"也可换一个端口，如 make serve XINTU_PORT={settings.port + 1}。"
        )
    if error.errno == errno.EACCES:
        return f"XINTU_PORT={settings.port} 没有权限使用，没有启动。请用 1024 以上的端口，放在反向代理之后。"
    return f"XINTU_HOST={settings.host} 不是本机的地址，没有启动。应为本机的 IP 地址或主机名，如 127.0.0.1。"


def _run(settings: Settings, place: Place, sample: list[str], listener: socket.socket) -> None:
    import uvicorn

    from server.app import create_app
    from server.pages.wire import BoundedProtocol

    _greet(settings, sample)
    app = create_app(settings, place.database())
    # What is made by now lives as long as the process; each collection would look at it again, in the middle of an answer.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _greet(settings: Settings, sample: list[str]) -> None:
    address = f"http://{settings.host}:{settings.port}{settings.path_prefix}"
    lines = [
        "",
        f"信途已启动：{address}/",
        f"  公众网站    {address}/",
        f"  数据接口    {address}/graphql（POST，GraphQL）",
        "  导入双公示  .venv/bin/python -m server import 表格.xlsx --agency 370117",
        "  全部命令    .venv/bin/python -m server --help",
        "  停止        Ctrl+C",
    ]
    if settings.env is Environment.TRIAL:
        lines.insert(2, "  （试用环境，数据为示例，纯属虚构）")
    print("\n".join([*lines, *sample]), flush=True)
