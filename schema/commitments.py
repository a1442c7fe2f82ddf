"""信用承诺 commitments."""

from datetime import date

import strawberry

from schema.agencies import Agency
from schema.disclosure import Disclosure, disclosure
from schema.enums import CommitmentState, enum_sql
from schema.nodes import Node
from schema.parties import Party, party
from schema.plan.mapping import One, column, expression, mapped, row


@strawberry.type(description="信用承诺 commitment")
@row("commitment", "CO")
class Commitment(Node):
    """信用承诺."""

    kind: str = column("承诺类型 kind", "kind")
    party: Party | None = party("承诺人 party", "Enterprise", "IndividualBusiness", "Practitioner")
    matter: str = column("承诺事项 matter", "matter")
    content: str = column("承诺内容 content；含个人信息的已脱敏", "content")
    breach_duty: str = column("违诺责任 breach duty", "breach_duty")
    signed_on: date = column("签署日期 signed on", "signed_on")
    valid_until: date | None = column("有效期至 valid until：最后有效的一天；null 为长期", "valid_until")
    state: CommitmentState | None = expression("履约状态 state", enum_sql(CommitmentState, "state"))
    authority_name: str = column("受理单位 authority name", "authority_name")
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    disclosure: Disclosure = disclosure()
