"""命令 every command but ``serve``, with help in Chinese. Not for what they do: each calls one service.

Exit codes: 0 done, 1 refused or faults found (the text says what to do), 2 wrong usage.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from server.cli import jobs, records, registers
from server.cli.place import find_place, opened
from server.cli.sampling import write_sample_with_progress
from server.cli.shell import clerk_of, console, do, operator
from server.database.connection import Database
from server.errors import CreditError, Invalid
from server.imports.law import Rules
from server.jobs.recompute import stale_rows
from server.migrate.anchors import anchor_faults, note_anchor
from server.migrate.check import structure_faults
from server.migrate.config import credentials
from server.migrate.definitions import definition_faults, reference_faults
from server.migrate.horizon import horizon_notices
from server.migrate.journal_check import journal_faults
from server.migrate.names import dealing_notices, name_faults
from server.migrate.service import migrate, role_script
from server.settings import CHECKOUT, Environment, Settings
from server.viewer import Door, Duty, Viewer

app = typer.Typer(
    help="信途：交通运输局信用服务。设置见 README.md。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(registers.agency, name="agency")
app.add_typer(registers.account, name="account")
app.add_typer(records.app, name="record")
app.add_typer(jobs.job, name="job")
app.add_typer(jobs.catalogue, name="catalogue")


def run() -> None:
    """Runs the command line; an expected refusal is one Chinese text and exit code 1, never a trace."""
    try:
        app()
    except CreditError as error:
        console.print(error.message, style="red", markup=False, highlight=False)
        sys.exit(1)


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

    do(work)


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
            faults += await name_faults(connection)
            notices = await horizon_notices(connection, trial=plan.trial) + await dealing_notices(connection)
            if journal:
                faults += await journal_faults(connection, progress=lambda step: console.print(f"  {step}"))
            if anchors is not None:
                faults += await anchor_faults(connection, anchors)
                await note_anchor(connection, anchors)
        finally:
            await connection.close()
        if place.secret is not None:
            database = place.database()
            faults += await _rule_faults(database, place.rules, deep=journal)
            await database.close()
        for notice in notices:
            console.print(notice, markup=False, highlight=False)
        for fault in faults:
            console.print(fault, style="red", markup=False, highlight=False)
        console.print(f"发现 {len(faults)} 处问题。" if faults else "核对通过。")
        return 1 if faults else 0

    do(work)


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
    if corrections is not None and len(files) > 1:
        raise typer.BadParameter(
            "一次导入多个文件时，退回数据各写在原文件旁，不能指定同一个文件", param_hint="--corrections"
        )

    async def work(settings: Settings) -> int:
        viewer = Viewer(Door.AGENCY, operator(), duties=frozenset({Duty.CLERK}))
        return await import_files(
            settings, console, viewer, files, agency_code=agency_code, json_report=report == "json", target=corrections
        )

    do(work)


@app.command("corrections")
def corrections_command(
    target: Annotated[Path, typer.Argument(help="写到哪个 .xlsx（不覆盖已有文件）")],
    agency_code: Annotated[str, typer.Option("--agency", help="机关代码")],
) -> None:
    """把一个机关全部待更正的行写成 .xlsx，错处标色并附说明；改正后用 import 再导入。"""
    from server.cli.importing import give_back

    async def work(settings: Settings) -> int:
        async with opened(settings) as (place, database):
            viewer = await clerk_of(database, agency_code)
            rows = await give_back(database, place.rules, viewer, target, None, target.name)
        console.print(f"{rows} 行待更正数据已写入 {target.name}。", markup=False)
        return 0

    do(work)


@app.command("sample")
def sample_command(
    subjects: Annotated[
        int,
        typer.Option(
            help="示例主体数（企业、个体工商户和从业人员，车辆另计），20 到 1000000；超过一万时大部分按分布抽取"
        ),
    ] = 60,
) -> None:
    """向空的试用库写入示例数据（纯属虚构，按真实分布）。"""

    async def work(settings: Settings) -> int:
        if settings.env is not Environment.TRIAL:
            raise Invalid("正式环境不能写入示例数据（XINTU_ENV=production）。")
        async with opened(settings) as (place, database):
            lines = await write_sample_with_progress(place, database, subjects)
        print("\n".join(lines))
        return 0

    do(work)


@app.command("bench", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def bench_command(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[api|import|search|page] [选项]", help="哪一项，和它的选项")
    ] = None,
) -> None:
    """测量：bench api（接口，默认）、import（导入）、search（检索，错写的名称）、page（网页）；加 --help 看选项。"""
    name, *options = words if words and not words[0].startswith("-") else ["api", *(words or [])]
    script = CHECKOUT / "tests" / "bench" / f"{name}_bench.py"
    if not script.is_file():
        raise typer.BadParameter(f"没有名为 {name} 的测量；可用 api、import、search、page", param_hint="NAME")
    sys.argv = [f"bench {name}", *options]
    sys.path.insert(0, str(CHECKOUT))
    runpy.run_path(str(script), run_name="__main__")
