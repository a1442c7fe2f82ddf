"""变更根 Mutation: the three writes of an officer, and the root step of each. What they do is the services' work.

A payload is answered by a plan through the caller's own door after the commit, like any read. What writes is loaded at
the first write: rules, models and the workbook's writer take a tenth of a reading process's memory.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from schema.enums import Withdrawal
from schema.imports import Correction, ImportBatch
from schema.nodes import read_global_id, read_id_of
from schema.plan.mapping import Action, Argument, ByGlobalId, One, expression, mapped
from schema.plan.run import RootStep
from schema.records import Record
from schema.requests import keep_upload
from schema.scalars import Json
from server.database.connection import Database
from server.errors import Invalid, NotFound
from server.viewer import Viewer

if TYPE_CHECKING:
    from server.imports.law import Rules

_KEY = Argument("idempotency_key", str, "幂等键 idempotency key：每次操作自拟一个，重发同一操作时不变")
_TAGS = {"licence": "LI", "penalty": "PE", "act": "AC"}


@strawberry.type(description="导入结果 import file payload")
class ImportFilePayload:
    """导入结果."""

    batch: ImportBatch | None = mapped("导入批次 batch", One("{item}.id = {batch}"))
    repeated: bool = expression("重复的请求 repeated：为真表示幂等键已用过，没有再次导入", "{repeated}")


@strawberry.type(description="更正结果 correct row payload")
class CorrectRowPayload:
    """更正结果."""

    record: Record | None = mapped("入库的信用信息 record；仍有错误时为 null", ByGlobalId())
    correction: Correction | None = mapped(
        "待更正数据 correction：现在的状态和剩余的错误", One("{item}.id = {correction}")
    )


@strawberry.type(description="撤下结果 withdraw record payload")
class WithdrawRecordPayload:
    """撤下结果."""

    record: Record | None = mapped("已撤下的信用信息 record：公众从此看不到", ByGlobalId())


@strawberry.type(description="变更 mutation：只有本机关经办人可用；每次请求只做一件")
class Mutation:
    """变更根."""

    import_file: ImportFilePayload = mapped(
        "导入双公示文件 import file：.xlsx、.xls 或 .csv",
        Action("import_file"),
        arguments=[
            Argument("file", Upload, "文件 file：按 graphql-multipart-request-spec 上传"),
            Argument("agency", str | None, "机关代码 agency：本机关或下级；不给时为本机关"),
            _KEY,
        ],
    )
    correct_row: CorrectRowPayload = mapped(
        "更正一行 correct row：改正退回的数据，全部改对即入库",
        Action("correct_row"),
        arguments=[
            Argument("id", strawberry.ID, "待更正数据的永久标识 id"),
            Argument("cells", Json, '改正的单元格 cells：国家标准数据项代码与文本，如 {"XK_WSH": "…"}'),
            _KEY,
        ],
    )
    withdraw_record: WithdrawRecordPayload = mapped(
        "撤下一条信用信息 withdraw record：立即停止公示",
        Action("withdraw_record"),
        arguments=[
            Argument("id", strawberry.ID, "信用信息的永久标识 id"),
            Argument("withdrawal", Withdrawal, "撤下原因 withdrawal"),
            Argument("reason", str, "理由 reason：记入日志"),
            _KEY,
        ],
    )


class Steps:
    """根步骤: the service calls, with the rules they need, loaded at the first write."""

    def __init__(self, rules_dir: Path | None) -> None:
        self.rules_dir = rules_dir
        self._rules: Rules | None = None

    @property
    def rules(self) -> "Rules":
        """The bureau's rules."""
        if self._rules is None:
            from server.imports.law import Rules

            self._rules = Rules.load(self.rules_dir)
        return self._rules

    def by_name(self) -> dict[str, RootStep]:
        """Gives the steps by the name their mapping has, with what they give to the payload."""
        record = {"record_tag": "text", "record_id": "uuid"}
        return {
            "import_file": RootStep(self.import_file, {"batch": "uuid", "repeated": "boolean"}),
            "correct_row": RootStep(self.correct_row, record | {"correction": "uuid"}),
            "withdraw_record": RootStep(self.withdraw_record, record),
        }

    async def import_file(self, database: Database, viewer: Viewer, given: Mapping[str, Any]) -> dict[str, Any]:
        """Imports an upload; raises what ``imports.service.import_file`` raises."""
        from server.imports.service import import_file

        upload = given["file"]
        if not isinstance(upload, UploadFile):
            raise Invalid("没有收到文件：请按 graphql-multipart-request-spec 上传")
        with await keep_upload(upload) as kept:
            result = await import_file(
                database,
                self.rules,
                viewer,
                Path(kept.name),
                upload.filename or "",
                agency_code=given.get("agency"),
                idempotency_key=given["idempotency_key"],
            )
        return {"batch": result.batch_id, "repeated": result.repeated}

    async def correct_row(self, database: Database, viewer: Viewer, given: Mapping[str, Any]) -> dict[str, Any]:
        """Puts a waiting row in with its cells typed anew; raises what ``correct_row`` raises."""
        from server.imports.corrections import correct_row

        correction, cells = read_id_of("CR", given["id"]), given["cells"]
        if correction is None:
            raise NotFound("没有找到这条待更正数据；请刷新列表后重试")
        if not isinstance(cells, dict) or not all(isinstance(text, str) for text in cells.values()):
            raise Invalid('cells 须是一个对象，写国家标准数据项代码和改正后的文本，如 {"XK_WSH": "…"}；请改正后再试')
        result = await correct_row(
            database, self.rules, viewer, correction, cells, idempotency_key=given["idempotency_key"]
        )
        tag = _TAGS[str(result.table)] if result.record_id else ""
        return {"correction": correction, "record_tag": tag, "record_id": result.record_id}

    async def withdraw_record(self, database: Database, viewer: Viewer, given: Mapping[str, Any]) -> dict[str, Any]:
        """Takes a record down, with what rests on it; raises what ``repair.service.take_down`` raises."""
        from server.repair.service import take_down

        tag, record = read_global_id(given["id"])
        if record is None or tag not in _TAGS.values():
            raise NotFound("没有找到这条记录；请核对记录编号，且只能操作本机关的数据")
        withdrawal, key = given["withdrawal"].value, given["idempotency_key"]
        result = await take_down(database, viewer, record, withdrawal, given["reason"], idempotency_key=key)
        return {"record_tag": _TAGS[result.table], "record_id": result.record_id}
