"""机关与账户命令 ``agency …`` and ``account …``. Not for deciding: services do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from server.accounts.service import DEFAULT_QUOTA, MOST_QUOTA, KeyRole, issue_key, list_keys, revoke_key, set_quota
from server.accounts.viewers import KEPT_SECONDS
from server.cli.place import opened
from server.cli.shell import console, do, operator
from server.errors import Invalid
from server.settings import Settings
from server.subjects.agencies import import_agencies
from server.viewer import Duty

agency = typer.Typer(help="机关：导入、查看。", no_args_is_help=True)
Quota = Annotated[int, typer.Option(help="每分钟限额（点，即查询的代价）", min=1, max=MOST_QUOTA)]
account = typer.Typer(help="账户：签发、查看、吊销接口密钥。", no_args_is_help=True)


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
        async with opened(settings) as (place, database):
            counts = await import_agencies(database, place.rules.terms, operator(), content, file.name)
        console.print(f"机关：新增 {counts.added}，更改 {counts.changed}，未变 {counts.unchanged}。")
        return 0

    do(work)


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

    do(work)


@account.command("issue")
def account_issue(
    label: Annotated[str, typer.Option(help="名称，会写入操作日志")],
    role: Annotated[KeyRole, typer.Option(help="身份")],
    agency_code: Annotated[str | None, typer.Option("--agency", help="机关代码（工作人员、政府机关）")] = None,
    duty: Annotated[list[Duty], typer.Option(help="岗位（工作人员），可多次")] = [Duty.CLERK],  # noqa: B006 — typer reads it, nobody changes it
    subject: Annotated[str | None, typer.Option(help="主体标识（信用主体、终端车队）")] = None,
    partner: Annotated[str | None, typer.Option(help="合作方名称（合作方）")] = None,
    quota: Quota = DEFAULT_QUOTA,
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

    do(work)


@account.command("list")
def account_list() -> None:
    """列出全部密钥的名称和状态（不含密钥本身）。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            lines = await list_keys(database)
        table = Table("名称", "身份", "机关", "岗位", "限额", "签发", "状态")
        for line in lines:
            state = f"{line.revoked_at:%Y-%m-%d} 吊销" if line.revoked_at else "有效"
            created = f"{line.created_at:%Y-%m-%d}"
            duties = "、".join(line.duties) or "—"
            quota = f"{line.quota_per_minute} 点/分钟"
            table.add_row(line.label, line.role, line.agency_code or "—", duties, quota, created, state)
        Console().print(table)
        return 0

    do(work)


@account.command("quota")
def account_quota(
    label: Annotated[str, typer.Argument(help="名称")],
    quota: Annotated[int, typer.Argument(help="每分钟限额（点，即查询的代价）", min=1, max=MOST_QUOTA)],
) -> None:
    """改一把密钥每分钟的限额，几秒内生效。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            await set_quota(database, label, quota)
        console.print(f"“{label}”每分钟 {quota} 点，{KEPT_SECONDS} 秒内生效。")
        return 0

    do(work)


@account.command("revoke")
def account_revoke(label: Annotated[str, typer.Argument(help="名称")]) -> None:
    """吊销一把密钥，几秒内生效。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            await revoke_key(database, label)
        console.print(f"已吊销“{label}”，{KEPT_SECONDS} 秒内生效。")
        return 0

    do(work)
