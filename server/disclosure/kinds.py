"""公开范围与撤下原因 the words that a fact's disclosure is stored in. Apart from the tables, so that reading loads no ORM."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """公开范围 (disclosure way): catalogue attribute 共享/披露方式."""

    PUBLIC = "public"  # 社会公开
    GOVERNMENT = "government"  # 政务共享
    AUTHORISED = "authorised"  # 授权查询


class Withdrawal(StrEnum):
    """撤下原因: why a fact stopped being shown before its term."""

    ANNULLED = "annulled"  # 决定被撤销、变更或确认违法
    REPAIRED = "repaired"  # 信用修复
    OBJECTION_UPHELD = "objection_upheld"  # 异议成立
    MISTAKEN = "mistaken"  # 误报
