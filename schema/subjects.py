"""信用主体 subjects: enterprise, individual business, practitioner, vehicle, each with its records."""

from typing import Annotated, Any

import strawberry

from schema.agencies import Agency
from schema.benefits import BenefitGrant
from schema.commitments import Commitment
from schema.enums import ListKind, RecordKind, SubjectState, enum_sql
from schema.lists import ListEntry
from schema.nodes import PAGING, Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Argument, Key, One, Page, column, expression, mapped, row
from schema.ratings import Rating
from schema.records import Act, Licence, Penalty

_ACT_KIND = Argument("kind", RecordKind | None, "只取此种类 kind", convert=lambda kind: kind.value)
_LIST_KIND = Argument("kind", ListKind | None, "只取此种名单 kind", convert=lambda kind: kind.value)


def _under(description: str, owner: str, key: str, *extra: Argument) -> Any:
    """A connection of the rows whose key ``owner`` leads to this subject, newest first."""
    filters = tuple((argument.name, f"{{item}}.{argument.name} = {{{argument.name}}}") for argument in extra)
    page = Page(f"{{item}}.{owner} = {{row}}.id", Key(key, "date"), filters=filters)
    return mapped(description, page, arguments=(*PAGING, *extra))


def _licences(owner: str) -> Any:
    return _under("行政许可 licences，新的在前", owner, "decided_on")


def _penalties(owner: str) -> Any:
    return _under("行政处罚 penalties，新的在前", owner, "decided_on")


def _acts(owner: str) -> Any:
    return _under("其他行政行为 acts，新的在前", owner, "decided_on", _ACT_KIND)


def _ratings(owner: str) -> Any:
    return _under("信用评价结果 ratings，新的在前", owner, "effective_from")


def _list_entries(owner: str) -> Any:
    return _under("名单条目 list entries，新的在前", owner, "listed_on", _LIST_KIND)


def _commitments(owner: str) -> Any:
    return _under("信用承诺 commitments，新的在前", owner, "signed_on")


def _grants(owner: str) -> Any:
    return _under("信易+ 授予 grants，新的在前", owner, "granted_on")


@strawberry.interface(description="信用主体 subject：企业、个体工商户、从业人员的公共部分")
class Subject(Node):
    """信用主体."""

    licences: Connection[Licence] = _licences("subject_id")
    penalties: Connection[Penalty] = _penalties("subject_id")
    acts: Connection[Act] = _acts("subject_id")
    ratings: Connection[Rating] = _ratings("subject_id")
    list_entries: Connection[ListEntry] = _list_entries("subject_id")
    commitments: Connection[Commitment] = _commitments("subject_id")
    grants: Connection[BenefitGrant] = _grants("subject_id")


@strawberry.type(description="企业 enterprise：法人及非法人组织")
@row("enterprise", "EN")
class Enterprise(Subject):
    """企业."""

    uscc: str = column("统一社会信用代码 uscc（GB 32100）", "uscc")
    name: str = column("企业名称 name", "name")
    legal_representative: str | None = column("法定代表人 legal representative", "legal_representative")
    registration_number: str | None = column("工商注册号 registration number", "registration_number")
    division_code: str = column("登记地行政区划代码 division code", "division_code")
    sector: str | None = column("经营领域 sector", "sector")
    state: SubjectState | None = expression("经营状态 state", enum_sql(SubjectState, "state"))
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    licences: Connection[Licence] = _licences("enterprise_id")
    penalties: Connection[Penalty] = _penalties("enterprise_id")
    acts: Connection[Act] = _acts("enterprise_id")
    ratings: Connection[Rating] = _ratings("enterprise_id")
    list_entries: Connection[ListEntry] = _list_entries("enterprise_id")
    commitments: Connection[Commitment] = _commitments("enterprise_id")
    grants: Connection[BenefitGrant] = _grants("enterprise_id")
    vehicles: Connection[Annotated["Vehicle", strawberry.lazy("schema.subjects")]] = mapped(
        "车辆 vehicles",
        Page("{item}.enterprise_id = {row}.id", Key("plate", "text"), descending=False),
        arguments=PAGING,
    )


@strawberry.type(description="个体工商户 individual business；经营者是自然人，一律脱敏")
@row("individual_business", "IB")
class IndividualBusiness(Subject):
    """个体工商户."""

    uscc: str | None = column("统一社会信用代码 uscc；未换发的为 null", "uscc")
    registration_number: str | None = column("工商注册号 registration number", "registration_number")
    name: str = column("字号名称 name", "name")
    owner_name: str | None = column("经营者 owner name，已脱敏", "owner_name")
    division_code: str = column("登记地行政区划代码 division code", "division_code")
    sector: str | None = column("经营领域 sector", "sector")
    state: SubjectState | None = expression("经营状态 state", enum_sql(SubjectState, "state"))
    licences: Connection[Licence] = _licences("individual_business_id")
    penalties: Connection[Penalty] = _penalties("individual_business_id")
    acts: Connection[Act] = _acts("individual_business_id")
    ratings: Connection[Rating] = _ratings("individual_business_id")
    list_entries: Connection[ListEntry] = _list_entries("individual_business_id")
    commitments: Connection[Commitment] = _commitments("individual_business_id")
    grants: Connection[BenefitGrant] = _grants("individual_business_id")


@strawberry.type(description="从业人员 practitioner：自然人，一律脱敏")
@row("practitioner", "PR")
class Practitioner(Subject):
    """从业人员."""

    name: str = column("姓名 name，已脱敏", "name")
    certificate_type: str = column("证件类型 certificate type", "certificate_type")
    certificate_number: str = column("证件号码 certificate number，已脱敏", "certificate_number")
    qualification: str | None = column("从业资格类别 qualification", "qualification")
    licences: Connection[Licence] = _licences("practitioner_id")
    penalties: Connection[Penalty] = _penalties("practitioner_id")
    acts: Connection[Act] = _acts("practitioner_id")
    ratings: Connection[Rating] = _ratings("practitioner_id")
    list_entries: Connection[ListEntry] = _list_entries("practitioner_id")
    commitments: Connection[Commitment] = _commitments("practitioner_id")
    grants: Connection[BenefitGrant] = _grants("practitioner_id")


@strawberry.type(description="车辆 vehicle：车牌号与车牌颜色一起识别")
@row("vehicle", "VE")
class Vehicle(Node):
    """车辆."""

    plate: str = column("车牌号 plate", "plate")
    colour: str = column("车牌颜色 colour", "colour")
    transport_certificate: str | None = column("道路运输证号 transport certificate", "transport_certificate")
    purpose: str = column("用途 purpose", "purpose")
    division_code: str = column("行政区划代码 division code", "division_code")
    state: str = column("营运状态 state", "state")
    holder: Party | None = party("所属经营者 holder：企业或个体工商户", "Enterprise", "IndividualBusiness")
    driver: Party | None = party("车主或驾驶员 driver；依法不公开的为 null", "Practitioner")
    ratings: Connection[Rating] = _ratings("vehicle_id")
    list_entries: Connection[ListEntry] = _list_entries("vehicle_id")


@strawberry.type
class SubjectQuery:
    """信用主体的查询根."""

    enterprise: Enterprise | None = mapped(
        "按统一社会信用代码查企业 enterprise；没有或不公开都为 null",
        One("{item}.uscc = {uscc}"),
        arguments=[
            Argument("uscc", str, "统一社会信用代码 uscc，18 位", convert=lambda value: value.strip().upper()),
        ],
    )
    enterprises: Connection[Enterprise] = mapped(
        "可以公开的企业 enterprises；次序固定而无业务含义",
        Page("true", Key("id", "uuid"), descending=False),
        arguments=PAGING,
    )
