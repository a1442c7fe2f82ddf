"""任务与目录命令 ``job …`` and ``catalogue …``. Not for deciding: services do."""

from __future__ import annotations

from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from server.catalogue.rules import Catalogue, Measures
from server.cli.place import find_place, opened
from server.cli.shell import bar, console, do, operator
from server.clock import today_in_shanghai
from server.jobs.names import order_names
from server.jobs.purge import purge
from server.jobs.recompute import recompute_disclosure
from server.migrate.config import credentials
from server.settings import Settings, load_settings

job = typer.Typer(help="后台任务。", no_args_is_help=True)
catalogue = typer.Typer(help="目录与措施清单。", no_args_is_help=True)


@job.command("recompute-disclosure")
def job_recompute_disclosure() -> None:
    """公示规则变更后，重算全部数据的公示期限（只改有变化的行，留有日志）。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (place, database):
            with bar() as progress:
                task = progress.add_task("重算", total=None)
                counts = await recompute_disclosure(
                    database,
                    place.rules,
                    operator(),
                    progress=lambda table, rows: progress.update(task, description=f"重算 {table}", advance=rows),
                )
        changed = {table: n for table, n in counts.items() if n}
        console.print("改动：" + ("，".join(f"{table} {n} 行" for table, n in changed.items()) or "无") + "。")
        return 0

    do(work)


@job.command("purge")
def job_purge() -> None:
    """删除已过保存期限的访问日志、查人计次、幂等键、导入批次和已处理的待更正数据。需要所有者的地址。"""

    async def work(settings: Settings) -> int:
        connection = await asyncpg.connect(**credentials((await find_place(settings)).plan().url))
        try:
            counts = await purge(connection, today_in_shanghai(), settings.rules_dir)
        finally:
            await connection.close()
        console.print("已删除：" + ("，".join(f"{table} {n} 行" for table, n in counts.items() if n) or "无") + "。")
        return 0

    do(work)


@job.command("order-names")
def job_order_names() -> None:
    """给全部名称重排名次（在营、公开信息多的在前）并重数词频。每晚运行一次，期间照常查询。需要所有者的地址。"""

    async def work(settings: Settings) -> int:
        dealt = await order_names((await find_place(settings)).plan(), say=console.print)
        console.print(f"{dealt.names} 个名称已排名次，其中公众可见 {dealt.public} 个；词频 {dealt.tokens} 条。")
        return 0

    do(work)


@catalogue.command("diff")
def catalogue_diff_command(
    old: Annotated[str, typer.Argument(help="旧版，如 2022")],
    new: Annotated[str, typer.Argument(help="新版，如 2024")],
    measures: Annotated[bool, typer.Option("--measures", help="比较措施清单而非信息目录")] = False,
) -> None:
    """比较目录（或措施清单）的两个版本：新增、取消、改动的事项。"""
    rules_dir = load_settings().rules_dir
    found = (Measures if measures else Catalogue).load(rules_dir).diff(old, new)
    table = Table("", "代码", "名称", title=f"{old} → {new}")
    for word, items in (("新增", found.added), ("取消", found.removed), ("改动", found.changed)):
        for code, name in items:
            table.add_row(word, code, name)
    Console().print(table)
