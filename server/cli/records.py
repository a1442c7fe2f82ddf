"""记录命令 ``record …``: an officer's hand on one record, for the operator of the server. Not for deciding: services do."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from schema.nodes import read_global_id
from server.cli.place import opened
from server.cli.shell import clerk_of, console, do
from server.disclosure.kinds import Withdrawal
from server.errors import Invalid
from server.records.service import override_severity
from server.repair.service import take_down
from server.settings import Settings

app = typer.Typer(help="记录：撤下、认定失信程度。", no_args_is_help=True)


@app.command("withdraw")
def record_withdraw(
    record_id: Annotated[str, typer.Argument(help="记录标识（接口中的 id）")],
    withdrawal: Annotated[Withdrawal, typer.Option("--as", help="撤下原因")],
    reason: Annotated[str, typer.Option(help="理由，永久写入日志")],
    agency_code: Annotated[str, typer.Option("--agency", help="机关代码")],
) -> None:
    """撤下一条记录：立即停止公示，依据它的评价和名单一并撤下或标注。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (_, database):
            viewer = await clerk_of(database, agency_code)
            done = await take_down(database, viewer, _record_id(record_id), withdrawal, reason)
        told = f"已撤下；一并撤下评价 {len(done.ratings)} 项、名单 {len(done.entries)} 条，标注异议 {len(done.disputed)} 条。"
        console.print(told, markup=False)
        return 0

    do(work)


@app.command("classify")
def record_classify(
    record_id: Annotated[str, typer.Argument(help="处罚标识（接口中的 id）")],
    severity: Annotated[str, typer.Option(help="minor 轻微、general 一般、serious 严重、rule 恢复按规则")],
    reason: Annotated[str, typer.Option(help="理由，永久写入日志")],
    agency_code: Annotated[str, typer.Option("--agency", help="机关代码")],
) -> None:
    """人工认定一条处罚的失信程度，公示期限随之重算；以后的文件不会改动它。"""

    async def work(settings: Settings) -> int:
        async with opened(settings) as (place, database):
            viewer = await clerk_of(database, agency_code)
            asked = None if severity == "rule" else severity
            await override_severity(
                database, place.rules.terms, place.rules.masking, viewer, _record_id(record_id), asked, reason
            )
        console.print("已认定，公示期限已重算。")
        return 0

    do(work)


def _record_id(text: str) -> UUID:
    """Reads a record's id as the API gives it, or its bare UUID."""
    _, found = read_global_id(text)
    try:
        return found or UUID(text)
    except ValueError as error:
        raise Invalid("记录标识应为接口中的 id，或 UUID。") from error
