"""导入 import batches and the correction queue: the own agency's only; every other reader gets null and empty lists."""

from datetime import datetime

import strawberry

from schema.agencies import Agency
from schema.enums import CorrectionState, ImportState, RecordKind, enum_sql
from schema.nodes import PAGING, Connection, Node, read_id_of
from schema.plan.mapping import Argument, Key, Many, One, Page, column, expression, mapped, row
from schema.scalars import Json

_BATCH = Argument("id", strawberry.ID, "永久标识 id", "uuid", convert=lambda value: read_id_of("BA", value))
STATE = Argument("state", CorrectionState | None, "只取此状态 state", convert=lambda state: state.value)


@strawberry.type(description="错误 fault：哪一列违反哪条规则，怎样改正")
@row("jsonb_array_elements")
class Fault:
    """错误."""

    column: str | None = expression("列 column：表头或国家标准代码", "({row}.value ->> 'column')")
    rule: str | None = expression("规则 rule：代码", "({row}.value ->> 'rule')")
    message: str | None = expression("说明 message：错在哪里，怎样改正", "({row}.value ->> 'message')")
    fatal: bool | None = expression("必须改正 fatal：为假的只是提示", "({row}.value ->> 'fatal')::boolean")


@strawberry.type(description="待更正数据 correction：未能入库、退回更正的一行；本机关经办人可见")
@row("correction", "CR")
class Correction(Node):
    """待更正数据."""

    kind: RecordKind | None = expression("表 kind：许可或处罚", enum_sql(RecordKind, "kind"))
    sheet: str = column("工作表 sheet", "sheet")
    row_number: int = column("行号 row number：与 Excel 一致", "row_number")
    document_number: str | None = column("决定文书号 document number；读不出时为 null", "document_number")
    cells: Json | None = column("原始单元格 cells：国家标准数据项代码与文本；更正后清除", "cells")
    faults: list[Fault] = mapped(
        "错误 faults",
        Many("true", "{item}.ordinality", source="jsonb_array_elements({row}.faults) WITH ORDINALITY"),
    )
    state: CorrectionState | None = expression("状态 state", enum_sql(CorrectionState, "state"))
    created_at: datetime = column("入队时刻 created at", "created_at")
    settled_at: datetime | None = column("处理时刻 settled at", "settled_at")


@strawberry.type(description="导入批次 import batch：一个文件的一次导入；本机关可见")
@row("import_batch", "BA")
class ImportBatch(Node):
    """导入批次."""

    agency: Agency | None = mapped("机关 agency", One("{item}.id = {row}.agency_id"))
    actor: str = column("操作者 actor", "actor")
    file_name: str = column("文件名 file name", "file_name")
    state: ImportState | None = expression("状态 state", enum_sql(ImportState, "state"))
    failure: str | None = column("失败原因 failure", "failure")
    started_at: datetime = column("开始时刻 started at", "started_at")
    finished_at: datetime | None = column("结束时刻 finished at", "finished_at")
    rows_total: int = column("总行数 rows total", "rows_total")
    rows_new: int = column("新增 rows new", "rows_new")
    rows_changed: int = column("更正 rows changed", "rows_changed")
    rows_unchanged: int = column("未变 rows unchanged", "rows_unchanged")
    rows_rejected: int = column("退回 rows rejected", "rows_rejected")
    rows_late: int = column("其中迟报 rows late：新增行中晚于应公示截止日报送的", "rows_late")
    notes: Json = column("提示 notes：未知列、跳过的工作表等", "notes")
    corrections: Connection[Correction] = mapped(
        "待更正数据 corrections，按行号",
        Page(
            "{item}.batch_id = {row}.id",
            Key("row_number", "int"),
            descending=False,
            filters=(("state", "{item}.state = {state}"),),
        ),
        arguments=(*PAGING, STATE),
    )


@strawberry.type
class ImportQuery:
    """导入的查询根."""

    import_batch: ImportBatch | None = mapped(
        "导入批次 import batch；只有所属机关的经办人可见", One("{item}.id = {id}"), arguments=[_BATCH]
    )
    corrections: Connection[Correction] = mapped(
        "待更正数据 corrections，先入队的在前；只有所属机关的经办人可见",
        Page(
            "true",
            Key("created_at", "timestamptz"),
            descending=False,
            filters=(("state", "{item}.state = {state}"),),
        ),
        arguments=(*PAGING, STATE),
    )
