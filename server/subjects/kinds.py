"""主体类别 the kinds of subjects as they are stored. Apart from the tables, so that reading loads no ORM."""

from __future__ import annotations

from enum import StrEnum


class SubjectKind(StrEnum):
    """行政相对人类别 (national column list of 2018)."""

    ENTERPRISE = "enterprise"  # 法人及非法人组织
    INDIVIDUAL_BUSINESS = "individual_business"  # 个体工商户
    PRACTITIONER = "practitioner"  # 自然人
    VEHICLE = "vehicle"  # 车辆
