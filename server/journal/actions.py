"""行为 the closed list of reasons for which facts change, as ``room.verb``. Not for who may do them: see accounts."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """操作类型: the database refuses a write under any other name. Retired values stay, with a comment."""

    MIGRATE = "migrate.columns"  # 结构变更随带的数据改写
    SAMPLE = "sample.write"  # 写入示例数据
    AGENCY_IMPORT = "agency.import"  # 导入机关
    RECORDS_IMPORT = "import.records"  # 导入双公示数据
    RECORDS_CORRECT = "records.correct"  # 更正
    RECORDS_WITHDRAW = "records.withdraw"  # 撤下
    RECORDS_CLASSIFY = "records.classify"  # 人工认定失信程度
    DISCLOSURE_RECOMPUTE = "disclosure.recompute"  # 公示规则变更后重算
    AUTHORISATION_GRANT = "authorisation.grant"  # 授权查询
