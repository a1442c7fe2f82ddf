"""信用承诺 commitments."""

from datetime import date

import strawberry

from schema.agencies import Agency
from schema.arguments import AGENCY, days, equal, page
from schema.disclosure import Disclosure, disclosure
from schema.enums import CommitmentKind, CommitmentState, enum_sql, stored_key
from schema.nodes import Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Key, One, column, expression, mapped, row


@strawberry.type(description="信用承诺 commitment")
@row("commitment", "CO")
class Commitment(Node):
    """信用承诺."""

    kind: CommitmentKind | None = expression("承诺类型 kind", enum_sql(CommitmentKind, "kind"))
    party: Party | None = party("承诺人 party", "Enterprise", "IndividualBusiness", "Practitioner")
    matter: str = column("承诺事项 matter", "matter")
    content: str = column("承诺内容 content；含个人信息的已脱敏", "content")
    breach_duty: str = column("违诺责任 breach duty", "breach_duty")
    signed_on: date = column("签署日期 signed on", "signed_on")
    valid_to: date | None = column("有效期至 valid to：最后有效的一天，含当日；null 为长期", "valid_until")
    state: CommitmentState | None = expression("履约状态 state", enum_sql(CommitmentState, "state"))
    authority_name: str = column("受理单位 authority name", "authority_name")
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    disclosure: Disclosure = disclosure()


COMMITMENT_KIND = equal("kind", CommitmentKind | None, "只取此种承诺 kind", stored_key)
SIGNED = days("signed_on", "signed", "签署日期")


@strawberry.type
class CommitmentQuery:
    """信用承诺的查询根."""

    commitments: Connection[Commitment] = mapped(
        "可以公开的信用承诺 commitments，按签署日期，新的在前",
        **page("true", Key("signed_on", "date"), COMMITMENT_KIND, AGENCY, *SIGNED),
    )
