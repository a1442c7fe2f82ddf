"""命令 every command but ``serve``, with help in Chinese. Not for what they do: each calls one service.

Exit codes: 0 done, 1 refused or faults found (the text says what to do), 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import getpass
import runpy
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from server.accounts.service import DEFAULT_QUOTA, KeyRole, issue_key, list_keys, revoke_key
from server.catalogue.rules import Catalogue, Measures
from server.cli.place import find_place, opened
from server.cli.sampling import write_sample_with_progress
from server.database.connection import Database
from server.disclosure.rules import Terms
from server.errors import CreditError, Invalid
from server.imports.law import Rules
from server.jobs.recompute import recompute_disclosure, stale_rows
from server.migrate.anchors import anchor_faults, note_anchor
from server.migrate.check import structure_faults
from server.migrate.config import credentials
from server.migrate.definitions import definition_faults, reference_faults
from server.migrate.journal_check import journal_faults
from server.migrate.service import migrate, role_script
from server.settings import CHECKOUT, Environment, Settings, load_settings
from server.subjects.agencies import import_agencies
from server.viewer import Door, Duty, Viewer

app = typer.Typer(
    help="信途：交通运输局信用服务。设置见 README.md。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
agency = typer.Typer(help="机关：导入、查看。", no_args_is_help=True)
account = typer.Typer(help="账户：签发、查看、吊销接口密钥。", no_args_is_help=True)
job = typer.Typer(help="后台任务。", no_args_is_help=True)
catalogue = typer.Typer(help="目录与措施清单。", no_args_is_help=True)
app.add_typer(agency, name="agency")
app.add_typer(account, name="account")
app.add_typer(job, name="job")
app.add_typer(catalogue, name="catalogue")
#: Progress and messages go to the error stream, so that ``--report json`` can be piped.
console = Console(stderr=True)


def run() -> None:
    """Runs the command line; an expected refusal is one Chinese text and exit code 1, never a trace."""
    try:
        app()
    except CreditError as error:
        console.print(error.message, style="red", markup=False, highlight=False)
        sys.exit(1)


def _do(work: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    raise typer.Exit(asyncio.run(work(load_settings())))


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def operator() -> str:
    """Gives the name under which the command line writes to the journal."""
    return f"命令行:{getpass.getuser()}"


@app.command("serve")
def serve_command() -> None:
    """启动服务（空的试用库会先建库并写入示例数据）。"""
    from server.cli.serve import serve

    raise typer.Exit(serve())


@app.command("migrate")
def migrate_command(
    print_roles: Annotated[bool, typer.Option("--print-roles", help="只打印建角色的 SQL，供数据库管理员执行")] = False,
) -> None:
    """把数据库升级到当前版本：一个事务，失败则一切如旧。"""

    async def work(settings: Settings) -> int:
        plan = (await find_place(settings)).plan()
        if print_roles:
            print(";\n".join(role_script(plan)) + ";")
            return 0
        await migrate(plan, say=console.print)
        console.print("完成。")
        return 0

    _do(work)


@app.command("check")
def check_command(
    journal: Annotated[
        bool, typer.Option("--journal", help="读全库：核对全部修订、版本和日志的哈希，并按现行规则重算每一行")
    ] = False,
    anchors: Annotated[
        Path | None,
        typer.Option("--anchors", help="锚点文件：核对以前记下的修订，再记下现在的。放在数据库所有者改不到的地方"),
    ] = None,
) -> None:
    """核对数据库：门、权限、函数、触发器、规则；--journal 和 --anchors 查出绕过日志的改动。需要所有者的地址。"""

    async def work(settings: Settings) -> int:
        place = await find_place(settings)
        plan = place.plan()
        connection = await asyncpg.connect(**credentials(plan.url))
        try:
            faults = await structure_faults(connection, prefix=plan.roles_prefix, trial=plan.trial)
            faults += await definition_faults(connection, prefix=plan.roles_prefix, trial=plan.trial)
            faults += await reference_faults(connection, plan.rules_dir)
            if journal:
                faults += await journal_faults(connection, progress=lambda step: console.print(f"  {step}"))
            if anchors is not None:
                faults += await anchor_faults(connection, anchors)
                await note_anchor(connection, anchors)
        finally:
            await connection.close()
        if place.secret is not None:
            database = place.database()
            faults += await _rule_faults(database, Rules.load(settings.rules_dir), deep=journal)
            await database.close()
        for fault in faults:
            console.print(fault, style="red", markup=False, highlight=False)
        console.print(f"发现 {len(faults)} 处问题。" if faults else "核对通过。")
        return 1 if faults else 0

    _do(work)


async def _rule_faults(database: Database, rules: Rules, *, deep: bool) -> list[str]:
    """Says whether the rule files here, those the database has loaded, and (``deep``) every row agree."""
    faults = await database.ready()
    if await database.state("disclosure_loaded") != rules.hash:
        return [*faults, "规则文件与数据库中的规则不同：请运行 python -m server migrate。"]
    if deep:
        for table, count in (await stale_rows(database, rules)).items():
            faults.append(f"{table} 有 {count} 行与现行规则不符：请运行 python -m server job recompute-disclosure。")
    return faults


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="双公示表格：.xlsx、.xls、.csv", metavar="文件")],
    agency_code: Annotated[str | None, typer.Option("--agency", help="为哪个机关导入，如 370117")] = None,
    report: Annotated[str | None, typer.Option("--report", help="json：把逐行结果以 JSON Lines 写到标准输出")] = None,
    corrections: Annotated[
        Path | None, typer.Option("--corrections", help="退回数据的 .xlsx 写到哪里；默认在原文件旁")
    ] = None,
) -> None:
    """导入行政许可、行政处罚两张全国表。好的行入库，有错的行退回更正；同一文件再导一次不会改变任何数据。"""
    from server.cli.importing import import_files

    if report not in (None, "json"):
        raise typer.BadParameter("目前只有 json", param_hint="--report")

    async def work(settings: Settings) -> int:
        viewer = Viewer(Door.AGENCY, operator(), duties=frozenset({Duty.CLERK}))
        return await import_files(
            settings, console, viewer, files, agency_code=agency_code, json_report=report == "json", target=corrections
        )

    _do(work)


@agency.command("import")
def agency_import(
    file: Annotated[Path, typer.Argument(help=".csv：机关代码,机关名称,统一社会信用代码,上级机关代码")],
) -> None:
    """导入机关。不在示例五局之内的局由此开始。"""

    async def work(settings: Settings) -> int:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise Invalid(f"读不到文件 {file.name}。请核对路径和权限。") from error
        async with opened(settings) as (_, database):
            counts = await import_agencies(database, Terms.load(settings.rules_dir), operator(), content, file.name)
        console.print(f"机关：新增 {counts.added}，更改 {counts.changed}，未变 {counts.unchanged}。")
        return 0

    _do(work)


@agency.command("list")
def agency_list() -> None:
    """列出全部机关。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database), database.writer() as connection:
            rows = await connection.fetch("SELECT code, name, uscc FROM agency ORDER BY code")
        table = Table("机关代码", "机关名称", "统一社会信用代码")
        for row in rows:
            table.add_row(row["code"], row["name"], row["uscc"] or "—")
        Console().print(table)
        return 0

    _do(work)


@account.command("issue")
def account_issue(
    label: Annotated[str, typer.Option(help="名称，会写入操作日志")],
    role: Annotated[KeyRole, typer.Option(help="身份")],
    agency_code: Annotated[str | None, typer.Option("--agency", help="机关代码（工作人员、政府机关）")] = None,
    duty: Annotated[list[Duty], typer.Option(help="岗位（工作人员），可多次")] = [Duty.CLERK],  # noqa: B006 — typer reads it, nobody changes it
    subject: Annotated[str | None, typer.Option(help="主体标识（信用主体、终端车队）")] = None,
    partner: Annotated[str | None, typer.Option(help="合作方名称（合作方）")] = None,
    quota: Annotated[int, typer.Option(help="每分钟限额（点）", min=1)] = DEFAULT_QUOTA,
) -> None:
    """签发一把接口密钥。密钥只显示这一次。"""

    async def work(settings: Settings) -> int:
        try:
            subject_id = UUID(subject) if subject else None
        except ValueError as error:
            raise Invalid("--subject 应为主体的标识（UUID）。") from error
        async with opened(settings) as (_, database):
            key = await issue_key(
                database,
                label=label,
                role=role,
                agency_code=agency_code,
                duties=duty,
                subject=subject_id,
                partner=partner,
                quota_per_minute=quota,
            )
        console.print("请立即保存，此后无法再次查看：")
        print(key)
        return 0

    _do(work)


@account.command("list")
def account_list() -> None:
    """列出全部密钥的名称和状态（不含密钥本身）。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            lines = await list_keys(database)
        table = Table("名称", "身份", "机关", "岗位", "签发", "状态")
        for line in lines:
            state = f"{line.revoked_at:%Y-%m-%d} 吊销" if line.revoked_at else "有效"
            created = f"{line.created_at:%Y-%m-%d}"
            table.add_row(line.label, line.role, line.agency_code or "—", "、".join(line.duties) or "—", created, state)
        Console().print(table)
        return 0

    _do(work)


@account.command("revoke")
def account_revoke(label: Annotated[str, typer.Argument(help="名称")]) -> None:
    """吊销一把密钥，立即生效。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            await revoke_key(database, label)
        console.print(f"已吊销“{label}”。")
        return 0

    _do(work)


@app.command("sample")
def sample_command(
    subjects: Annotated[int, typer.Option(help="示例主体数", min=20)] = 60,
) -> None:
    """向空的试用库写入示例数据（纯属虚构，按真实分布）。"""

    async def work(settings: Settings) -> int:
        if settings.env is not Environment.TRIAL:
            raise Invalid("正式环境不能写入示例数据（XINTU_ENV=production）。")
        async with opened(settings) as (place, database):
            lines = await write_sample_with_progress(place, database, subjects)
        print("\n".join(lines))
        return 0

    _do(work)


@job.command("recompute-disclosure")
def job_recompute_disclosure() -> None:
    """公示规则变更后，重算全部数据的公示期限（只改有变化的行，留有日志）。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            with _bar() as bar:
                task = bar.add_task("重算", total=None)
                counts = await recompute_disclosure(
                    database,
                    Rules.load(settings.rules_dir),
                    operator(),
                    progress=lambda table, rows: bar.update(task, description=f"重算 {table}", advance=rows),
                )
        changed = {table: n for table, n in counts.items() if n}
        console.print("改动：" + ("，".join(f"{table} {n} 行" for table, n in changed.items()) or "无") + "。")
        return 0

    _do(work)


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


@app.command("bench")
def bench_command(
    name: Annotated[str, typer.Argument(help="哪一项：import")] = "import",
    rows: Annotated[int, typer.Option(help="行数", min=100)] = 100_000,
) -> None:
    """测量速度（同一次运行中的比值）。"""
    script = CHECKOUT / "tests" / "bench" / f"{name}_bench.py"
    if not script.is_file():
        raise typer.BadParameter(f"没有名为 {name} 的测量", param_hint="NAME")
    sys.argv = [str(script), "--rows", str(rows)]
    sys.path.insert(0, str(CHECKOUT / "tests"))
    runpy.run_path(str(script), run_name="__main__")
