"""信用信息 records: the ten kinds of administrative acts, with the full national columns of licence and penalty."""

from datetime import date
from decimal import Decimal

import strawberry

from schema.agencies import Agency
from schema.arguments import AGENCY, Filter, days, equal, not_blank, page
from schema.catalogue import CatalogueItem
from schema.disclosure import Disclosure, Timeliness, disclosure
from schema.enums import ActKind, LicenceState, RecordKind, Severity, SubjectKind, enum_sql, stored_key
from schema.nodes import Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Argument, Key, One, Same, column, expression, mapped, row
from server.imports.cells import document_number

_KIND = "种类 kind（十公示）"


@strawberry.interface(description="信用信息 record：十类行政行为的公共部分（十公示）")
class Record(Node):
    """信用信息."""

    kind: RecordKind = expression(_KIND, enum_sql(RecordKind, "kind"))
    party: Party | None = party(
        "当事人 party：行政相对人",
        "Enterprise",
        "IndividualBusiness",
        "Practitioner",
        person_when="{row}.subject_kind = 'practitioner'",
    )
    subject_name: str = column("行政相对人名称 subject name；自然人已脱敏", "subject_name")
    subject_kind: SubjectKind | None = expression("行政相对人类别 subject kind", enum_sql(SubjectKind, "subject_kind"))
    subject_uscc: str | None = column("行政相对人统一社会信用代码 subject uscc", "subject_uscc")
    document_name: str | None = column("决定文书名称 document name", "document_name")
    document_number: str = column("决定文书号 document number", "document_number")
    decided_on: date = column("决定日期 decided on", "decided_on")
    valid_from: date | None = column("有效期自 valid from", "valid_from")
    valid_to: date | None = column("有效期至 valid to：最后有效的一天，含当日；null 为长期", "valid_until")
    authority_name: str = column("决定机关 authority name", "authority_name")
    authority_uscc: str = column("决定机关统一社会信用代码 authority uscc", "authority_uscc")
    source_unit_name: str = column("数源单位 source unit name", "source_unit_name")
    source_unit_uscc: str = column("数源单位统一社会信用代码 source unit uscc", "source_unit_uscc")
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    catalogue_edition: str = column("目录版本 catalogue edition", "catalogue_edition")
    catalogue_item: CatalogueItem | None = mapped(
        "目录事项 catalogue item",
        One("{item}.id = {row}.catalogue_item"),
    )
    disclosure: Disclosure = disclosure()
    timeliness: Timeliness = mapped("报送时效 timeliness", Same())
    remark: str | None = column("备注 remark：只给数源单位自己", "remark")


@strawberry.interface(description="双公示信息 national record：国家标准表中许可与处罚共有的相对人数据项")
class NationalRecord(Record):
    """双公示信息."""

    subject_registration_number: str | None = column(
        "行政相对人工商注册号 subject registration number", "subject_registration_number"
    )
    subject_organisation_code: str | None = column(
        "行政相对人组织机构代码 subject organisation code", "subject_organisation_code"
    )
    subject_tax_number: str | None = column("行政相对人税务登记号 subject tax number", "subject_tax_number")
    subject_institution_number: str | None = column(
        "行政相对人事业单位证书号 subject institution number", "subject_institution_number"
    )
    subject_society_number: str | None = column(
        "行政相对人社会组织登记证号 subject society number", "subject_society_number"
    )
    legal_representative: str | None = column(
        "法定代表人 legal representative；个体工商户的经营者已脱敏", "legal_representative"
    )


@strawberry.type(description="行政许可 licence（国家标准 28 项）")
@row("licence", "LI")
class Licence(NationalRecord):
    """行政许可."""

    kind: RecordKind = expression(_KIND, "'LICENCE'::text")
    licence_kind: str = column("许可类别 licence kind：普通、特许、认可、核准、登记、其他-…", "licence_kind")
    certificate_name: str | None = column("许可证书名称 certificate name", "certificate_name")
    certificate_number: str | None = column("许可编号 certificate number；含个人号码的已脱敏", "certificate_number")
    content: str = column("许可内容 content；含个人信息的已脱敏", "content")
    state: LicenceState | None = expression("当前状态 state", enum_sql(LicenceState, "state"))


@strawberry.type(description="行政处罚 penalty（国家标准 30 项）")
@row("penalty", "PE")
class Penalty(NationalRecord):
    """行政处罚."""

    kind: RecordKind = expression(_KIND, "'PENALTY'::text")
    violation: str = column("违法行为类型 violation", "violation")
    facts: str = column("违法事实 facts；含个人信息的已脱敏", "facts")
    basis: str = column("处罚依据 basis", "basis")
    penalty_kinds: list[str] = column("处罚类别 penalty kinds，可多个", "penalty_kinds")
    content: str = column("处罚内容 content；含个人信息的已脱敏", "content")
    fine_yuan: Decimal | None = column("罚款金额 fine，元", "fine_yuan", as_text=True)
    confiscated_yuan: Decimal | None = column(
        "没收违法所得、非法财物的金额 confiscated，元", "confiscated_yuan", as_text=True
    )
    revoked_certificate: str | None = column("暂扣或吊销证照名称及编号 revoked certificate", "revoked_certificate")
    file_disclosed_to: date | None = column(
        "报送的公示截止期 file disclosed to：报送表中给出的最后公示日，含当日", "file_disclosed_until"
    )
    severity: Severity | None = expression("失信程度 severity：按规则分档", enum_sql(Severity, "severity"))
    severity_override: Severity | None = expression(
        "人工认定的失信程度 severity override：优先于规则", enum_sql(Severity, "severity_override")
    )
    severity_reason: str | None = column("人工认定的理由 severity reason：只给数源单位自己", "severity_reason")


@strawberry.type(description="其他行政行为 act：十公示中许可、处罚以外的八类")
@row("act", "AC")
class Act(Record):
    """其他行政行为."""

    category: str | None = column("类别 category", "category")
    content: str = column("内容 content；含个人信息的已脱敏", "content")
    basis: str | None = column("依据 basis", "basis")
    amount_yuan: Decimal | None = column("金额 amount，元：征收、给付、补偿、奖励", "amount_yuan", as_text=True)
    result: str | None = column("结果 result：监督检查", "result")


DECIDED = days("decided_on", "decided", "决定日期")
ACT_KIND: Filter = equal("kind", ActKind | None, "只取此种类 kind", stored_key)
NEWEST = Key("decided_on", "date")


def _stored_number(value: str) -> str:
    """The form in which imports store a number: 〔2026〕 for [2026], half-width, without blanks."""
    found = document_number(not_blank("决定文书号 document number", required=True)(value))
    return found if isinstance(found, str) else value


_NUMBER = (
    Argument(
        "authority_uscc",
        str,
        "决定机关统一社会信用代码 authority uscc",
        convert=lambda value: not_blank("决定机关统一社会信用代码 authority uscc", required=True)(value).upper(),
    ),
    Argument("document_number", str, "决定文书号 document number；括号的写法不论", convert=_stored_number),
)
_BY_NUMBER = "{item}.authority_uscc = {authority_uscc} AND {item}.document_number = {document_number}"


@strawberry.type
class RecordQuery:
    """信用信息的查询根."""

    licence: Licence | None = mapped(
        "按决定机关和文书号查行政许可 licence；没有或不公开都为 null", One(_BY_NUMBER), arguments=_NUMBER
    )
    penalty: Penalty | None = mapped(
        "按决定机关和文书号查行政处罚 penalty；没有或不公开都为 null", One(_BY_NUMBER), arguments=_NUMBER
    )
    act: Act | None = mapped(
        "按种类、决定机关和文书号查其他行政行为 act；没有或不公开都为 null",
        One("{item}.kind = {kind} AND " + _BY_NUMBER),
        arguments=[Argument("kind", ActKind, "种类 kind", convert=stored_key), *_NUMBER],
    )
    licences: Connection[Licence] = mapped(
        "可以公开的行政许可 licences，按决定日期，新的在前", **page("true", NEWEST, AGENCY, *DECIDED)
    )
    penalties: Connection[Penalty] = mapped(
        "可以公开的行政处罚 penalties，按决定日期，新的在前", **page("true", NEWEST, AGENCY, *DECIDED)
    )
    acts: Connection[Act] = mapped(
        "可以公开的其他行政行为 acts，按决定日期，新的在前", **page("true", NEWEST, ACT_KIND, AGENCY, *DECIDED)
    )
