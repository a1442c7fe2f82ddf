"""读取拒绝 the few ways a file is refused as a whole, each with what the clerk should do. Not for faults of rows."""

from __future__ import annotations

from typing import NoReturn

from server.errors import CreditError

#: code → HTTP status
CODES = {
    "FILE_TOO_LARGE": 413,
    "FILE_ENCRYPTED": 400,
    "FILE_UNREADABLE": 400,
    "FILE_TYPE": 400,
    "FILE_TIMEOUT": 413,
    "NO_TABLE": 400,
}

SAVE_AS = "请用 Excel 或 WPS 打开该文件，另存为“Excel 工作簿（*.xlsx）”后再导入"
SPLIT = "请把数据分成几个文件（每个不超过 10 万行）再导入"


class Refused(CreditError):
    """拒绝读取: the file is not read; ``code`` is one of ``CODES``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code, status=CODES[code])


def refuse(code: str, message: str) -> NoReturn:
    """Raises the refusal."""
    raise Refused(code, message)


def out_of_memory() -> Refused:
    """The child reached its memory limit."""
    return Refused(
        "FILE_TOO_LARGE",
        f"读取该文件所需内存超过限制：{SPLIT}；若行数不多，请删去数据以外的空白行列（如误填的最末行、最末列单元格）后另存",
    )


def out_of_time() -> Refused:
    """The child reached its time limit."""
    return Refused(
        "FILE_TIMEOUT", f"读取该文件超时：{SPLIT}；若行数不多，请新建工作簿，只粘贴数据（选择性粘贴—数值）后另存"
    )


def broken_off() -> Refused:
    """The child died of something else."""
    return Refused("FILE_UNREADABLE", f"文件内容已损坏，读取中断：{SAVE_AS}；仍不行请重新导出")
