"""标量 scalars: dates, moments and exact numbers as text. Not for conversion to SQL: arguments say that themselves."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from strawberry.file_uploads import Upload

Json = NewType("Json", object)


def _date(value: Any) -> date:
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("日期须写作 2026-11-20")
    return date.fromisoformat(value)


SCALARS: dict[object, Any] = {
    date: strawberry.scalar(
        name="Date", description="日期 date，ISO 8601：2026-11-20", serialize=date.isoformat, parse_value=_date
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="时刻 date-time，ISO 8601，带时区：2026-11-20T09:30:00+08:00",
        serialize=datetime.isoformat,
        parse_value=datetime.fromisoformat,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="精确小数 decimal：以文本传送，不失精度；金额单位元，评分单位分",
        serialize=str,
        parse_value=lambda value: Decimal(str(value)),
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="任意 JSON 值 JSON：如国家标准数据项代码与单元格文本的对应",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="上传文件 upload：按 graphql-multipart-request-spec 发送，须带请求头 X-Xintu-Upload: 1",
        serialize=lambda value: None,
        parse_value=lambda value: value,
    ),
}
