"""枚举 enums of the schema: stored key, GraphQL name and Chinese term in one place. Stored keys never change."""

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="公开范围 scope（共享、披露方式）")
class Scope(Enum):
    """公开范围."""

    PUBLIC = enum_value("public", description="社会公开 public")
    GOVERNMENT = enum_value("government", description="政务共享 government")
    AUTHORISED = enum_value("authorised", description="授权查询 authorised")


@strawberry.enum(description="撤下原因 withdrawal")
class Withdrawal(Enum):
    """撤下原因."""

    ANNULLED = enum_value("annulled", description="决定被撤销、变更或确认违法 annulled")
    REPAIRED = enum_value("repaired", description="信用修复 repaired")
    OBJECTION_UPHELD = enum_value("objection_upheld", description="异议成立 objection upheld")
    MISTAKEN = enum_value("mistaken", description="误报 mistaken")


@strawberry.enum(description="行政行为种类 record kind（十公示）")
class RecordKind(Enum):
    """十公示的种类."""

    LICENCE = enum_value("licence", description="行政许可 licence")
    PENALTY = enum_value("penalty", description="行政处罚 penalty")
    COMPULSION = enum_value("compulsion", description="行政强制 compulsion")
    CONFIRMATION = enum_value("confirmation", description="行政确认 confirmation")
    LEVY = enum_value("levy", description="行政征收 levy")
    PAYMENT = enum_value("payment", description="行政给付 payment")
    ADJUDICATION = enum_value("adjudication", description="行政裁决 adjudication")
    COMPENSATION = enum_value("compensation", description="行政补偿 compensation")
    REWARD = enum_value("reward", description="行政奖励 reward")
    INSPECTION = enum_value("inspection", description="行政监督检查 inspection")


@strawberry.enum(description="主体类别 subject kind（行政相对人类别）")
class SubjectKind(Enum):
    """主体类别."""

    ENTERPRISE = enum_value("enterprise", description="法人及非法人组织 enterprise")
    INDIVIDUAL_BUSINESS = enum_value("individual_business", description="个体工商户 individual business")
    PRACTITIONER = enum_value("practitioner", description="自然人 practitioner")
    VEHICLE = enum_value("vehicle", description="车辆 vehicle")


@strawberry.enum(description="失信程度 severity（按公示规则分档）")
class Severity(Enum):
    """失信程度."""

    MINOR = enum_value("minor", description="轻微 minor")
    GENERAL = enum_value("general", description="一般 general")
    SERIOUS = enum_value("serious", description="严重 serious")


@strawberry.enum(description="名单种类 list kind")
class ListKind(Enum):
    """名单种类."""

    SERIOUS = enum_value("serious", description="严重失信主体名单 serious")
    OVERLOAD = enum_value("overload", description="严重违法失信超限超载名单 overload")
    FOCUS = enum_value("focus", description="重点关注名单 focus")
    HONEST = enum_value("honest", description="守信激励名单 honest")


@strawberry.enum(description="许可状态 licence state")
class LicenceState(Enum):
    """许可状态."""

    VALID = enum_value("1", description="有效 valid")
    INVALID = enum_value("2", description="无效 invalid")


@strawberry.enum(description="履约状态 commitment state")
class CommitmentState(Enum):
    """履约状态."""

    OPEN = enum_value("open", description="履行中 open")
    KEPT = enum_value("kept", description="已履约 kept")
    PARTLY = enum_value("partly", description="部分履约 partly kept")
    BROKEN = enum_value("broken", description="违诺 broken")


@strawberry.enum(description="经营状态 subject state")
class SubjectState(Enum):
    """经营状态."""

    ACTIVE = enum_value("active", description="存续 active")
    CLOSED = enum_value("closed", description="注销 closed")


@strawberry.enum(description="批次状态 import state")
class ImportState(Enum):
    """批次状态."""

    RUNNING = enum_value("running", description="进行中 running")
    DONE = enum_value("done", description="完成 done")
    FAILED = enum_value("failed", description="失败 failed")


@strawberry.enum(description="待更正数据的状态 correction state")
class CorrectionState(Enum):
    """待更正数据的状态."""

    OPEN = enum_value("open", description="待更正 open")
    SETTLED = enum_value("settled", description="已更正 settled")
    DROPPED = enum_value("dropped", description="已放弃 dropped")


def enum_sql(kind: type[Enum], column: str) -> str:
    """Gives the SQL that turns a stored key into the GraphQL name; an unknown key gives null, never a wrong name."""
    cases = " ".join(f"WHEN '{member.value}' THEN '{member.name}'" for member in kind)
    return f"CASE {{row}}.{column} {cases} END"
