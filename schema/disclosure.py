"""公示信息 Disclosure and Timeliness: from when, until when, on what basis a record is shown, and whether in time."""

from datetime import date
from typing import Any

import strawberry

from schema.enums import Scope, Withdrawal, enum_sql
from schema.plan.mapping import One, Same, column, expression, mapped
from schema.reference import DisclosureTerm

_TERM = "(SELECT term_.{column} FROM disclosure_term term_ WHERE term_.id = {{row}}.terms_edition)"


@strawberry.type(description="公示信息 disclosure：公开范围、公示起止和依据，写入时按规则算定")
class Disclosure:
    """公示信息."""

    scope: Scope | None = expression("公开范围 scope", enum_sql(Scope, "scope"))
    from_: date = column("公示起 disclosed from：公示的第一天", "disclosed_from", graphql="from")
    until: date | None = column("停止公示日 disclosed until：不再公示的第一天；null 为长期公示", "disclosed_until")
    basis: str | None = expression("公示依据 basis：文件名称、文号和条款", _TERM.format(column="basis"))
    term_name: str | None = expression("公示事项 term name：所适用的公示规则的名称", _TERM.format(column="term"))
    term: DisclosureTerm | None = mapped(
        "公示期限 term：所适用的公示规则的这一版本；登记册中没有的为 null", One("{item}.id = {row}.terms_edition")
    )
    edition: str = column("公示规则版本 edition", "terms_edition")
    disputed: bool = expression(
        "有异议 disputed：信息主体提出异议，正在核实，期间照常公示并加标注", "({row}.disputed_on IS NOT NULL)"
    )
    disputed_on: date | None = column("异议标注日 disputed on", "disputed_on")
    withdrawn_on: date | None = column("撤下日 withdrawn on；公众看不到已撤下的信息", "withdrawn_on")
    withdrawal: Withdrawal | None = expression("撤下原因 withdrawal", enum_sql(Withdrawal, "withdrawal"))


@strawberry.type(description="报送时效 timeliness：双公示要求自决定之日起在法定期限内公示")
class Timeliness:
    """报送时效."""

    due_on: date = column("应公示截止日 due on：法定期限的最后一个工作日", "due_on")
    provisional: bool = column("截止日为暂定 provisional：跨入节假日安排尚未公布的年份", "due_provisional")
    reported_on: date = column("首次报送日 reported on", "reported_on")
    late_working_days: int = column("迟报工作日数 late working days：0 为按时", "late_working_days")


def disclosure() -> Any:
    """Declares the field every disclosed fact has."""
    return mapped("公示信息 disclosure", Same())
