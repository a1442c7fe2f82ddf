"""信用主体 subjects: enterprise, individual business, practitioner, vehicle, each with its records."""

from datetime import date
from typing import Annotated, Any

import strawberry

from schema.agencies import Agency
from schema.arguments import DIVISION, QUARTER, SECTOR, YEAR, Filter, equal, not_blank, page
from schema.benefits import GRANTED, BenefitGrant
from schema.commitments import COMMITMENT_KIND, SIGNED, Commitment
from schema.enums import CertificateType, PlateColour, SubjectState, VehiclePurpose, enum_sql, stored_key
from schema.lists import LIST_KIND, LISTED, ListEntry
from schema.nodes import Connection, Node
from schema.parties import Party, party
from schema.plan.mapping import Argument, Key, One, column, expression, mapped, row
from schema.ratings import GRADE, STANDARD, Rating
from schema.records import ACT_KIND, DECIDED, Act, Licence, Penalty
from server.identifiers.plates import normal_plate
from server.identifiers.text import normal_code

_PURPOSE = equal("purpose", VehiclePurpose | None, "用途 purpose", stored_key)
_PLATE = Key("plate", "text")
_DIVISION = Key("division_code", "text")


def _under(description: str, owner: str, key: str, *filters: Filter) -> Any:
    """A connection of the rows whose key ``owner`` leads to this subject, newest first."""
    return mapped(description, **page(f"{{item}}.{owner} = {{row}}.id", Key(key, "date"), *filters))


def _licences(owner: str) -> Any:
    return _under("行政许可 licences，新的在前", owner, "decided_on", *DECIDED)


def _penalties(owner: str) -> Any:
    return _under("行政处罚 penalties，新的在前", owner, "decided_on", *DECIDED)


def _acts(owner: str) -> Any:
    return _under("其他行政行为 acts，新的在前", owner, "decided_on", ACT_KIND, *DECIDED)


def _ratings(owner: str) -> Any:
    return _under("信用评价结果 ratings，按评价周期末日，新的在前", owner, "period_until", STANDARD, GRADE, YEAR)


def _list_entries(owner: str) -> Any:
    return _under("名单条目 list entries，新的在前", owner, "listed_on", LIST_KIND, QUARTER, *LISTED)


def _commitments(owner: str) -> Any:
    return _under("信用承诺 commitments，新的在前", owner, "signed_on", COMMITMENT_KIND, *SIGNED)


def _grants(owner: str) -> Any:
    return _under("信易+ 授予 grants，新的在前", owner, "granted_on", *GRANTED)


def _vehicles(owner: str) -> Any:
    where = f"{{item}}.{owner} = {{row}}.id"
    return mapped("车辆 vehicles，按车牌号", **page(where, _PLATE, descending=False))


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
    sector: str | None = column("经营领域 sector：由本局的名册填写，导入的数据没有此项，可能为 null", "sector")
    state: SubjectState | None = expression("经营状态 state", enum_sql(SubjectState, "state"))
    source_unit: Agency | None = mapped("数源单位 source unit", One("{item}.id = {row}.source_unit_id"))
    licences: Connection[Licence] = _licences("enterprise_id")
    penalties: Connection[Penalty] = _penalties("enterprise_id")
    acts: Connection[Act] = _acts("enterprise_id")
    ratings: Connection[Rating] = _ratings("enterprise_id")
    list_entries: Connection[ListEntry] = _list_entries("enterprise_id")
    commitments: Connection[Commitment] = _commitments("enterprise_id")
    grants: Connection[BenefitGrant] = _grants("enterprise_id")
    vehicles: Connection[Annotated["Vehicle", strawberry.lazy("schema.subjects")]] = _vehicles("enterprise_id")


@strawberry.type(description="个体工商户 individual business；经营者是自然人，一律脱敏")
@row("individual_business", "IB")
class IndividualBusiness(Subject):
    """个体工商户."""

    uscc: str | None = column("统一社会信用代码 uscc；未换发的为 null", "uscc")
    registration_number: str | None = column("工商注册号 registration number", "registration_number")
    name: str = column("字号名称 name", "name")
    owner_name: str | None = column("经营者 owner name，已脱敏", "owner_name")
    division_code: str = column("登记地行政区划代码 division code", "division_code")
    sector: str | None = column("经营领域 sector：由本局的名册填写，导入的数据没有此项，可能为 null", "sector")
    state: SubjectState | None = expression("经营状态 state", enum_sql(SubjectState, "state"))
    licences: Connection[Licence] = _licences("individual_business_id")
    penalties: Connection[Penalty] = _penalties("individual_business_id")
    acts: Connection[Act] = _acts("individual_business_id")
    ratings: Connection[Rating] = _ratings("individual_business_id")
    list_entries: Connection[ListEntry] = _list_entries("individual_business_id")
    commitments: Connection[Commitment] = _commitments("individual_business_id")
    grants: Connection[BenefitGrant] = _grants("individual_business_id")
    vehicles: Connection[Annotated["Vehicle", strawberry.lazy("schema.subjects")]] = _vehicles("individual_business_id")


@strawberry.type(description="从业人员 practitioner：自然人，一律脱敏")
@row("practitioner", "PR")
class Practitioner(Subject):
    """从业人员."""

    name: str = column("姓名 name，已脱敏", "name")
    certificate_type: CertificateType | None = expression(
        "证件类型 certificate type", enum_sql(CertificateType, "certificate_type")
    )
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
    colour: PlateColour | None = expression("车牌颜色 colour", enum_sql(PlateColour, "colour"))
    transport_certificate: str | None = column("道路运输证号 transport certificate", "transport_certificate")
    purpose: VehiclePurpose | None = expression("用途 purpose", enum_sql(VehiclePurpose, "purpose"))
    division_code: str = column("行政区划代码 division code", "division_code")
    state: SubjectState | None = expression("营运状态 state", enum_sql(SubjectState, "state"))
    holder: Party | None = party("所属经营者 holder：企业或个体工商户", "Enterprise", "IndividualBusiness")
    driver: Party | None = party("车主或驾驶员 driver；依法不公开的为 null", "Practitioner")
    ratings: Connection[Rating] = _ratings("vehicle_id")
    list_entries: Connection[ListEntry] = _list_entries("vehicle_id")


_AS_OF = Argument(
    "as_of",
    date | None,
    "截至日 as of：过去的一天；只显示今天依法仍可公开的信息在那一天的样子，撤下、到期、修复的不因此重现；"
    "完整的历史只供政府机关查询",
    "date",
    as_of=True,
)


def _subject(description: str, where: str, *arguments: Argument, order: str = "") -> Any:
    """One subject by its natural key, today's or as it stood on a past day."""
    return mapped(f"{description}；没有或不公开都为 null", One(where, order), arguments=(*arguments, _AS_OF))


def _code(name: str, description: str) -> Argument:
    present = not_blank(description.partition("，")[0], required=True)
    return Argument(name, str, description, convert=lambda value: normal_code(present(value)))


@strawberry.type
class SubjectQuery:
    """信用主体的查询根."""

    enterprise: Enterprise | None = _subject(
        "按统一社会信用代码查企业 enterprise",
        "{item}.uscc = {uscc}",
        _code("uscc", "统一社会信用代码 uscc，18 位"),
    )
    individual_business: IndividualBusiness | None = _subject(
        "按统一社会信用代码查个体工商户 individual business",
        "{item}.uscc = {uscc}",
        _code("uscc", "统一社会信用代码 uscc，18 位"),
    )
    individual_business_by_registration: IndividualBusiness | None = _subject(
        "按工商注册号查个体工商户 individual business by registration：几户同号的，取没有统一社会信用代码的",
        "{item}.registration_number = {registration_number}",
        _code("registration_number", "工商注册号 registration number"),
        order="{item}.uscc IS NOT NULL, {item}.id",
    )
    practitioner: Practitioner | None = _subject(
        "按证件号码查从业人员 practitioner：须用 POST、以变量给出完整号码，一次请求一人，按人次限额；结果脱敏",
        "{item}.id = find_person({certificate_number})",
        Argument(
            "certificate_number", str, "证件号码 certificate number：完整的号码，不作记录，只比对散列", personal=True
        ),
        Argument(
            "certificate_type",
            CertificateType,
            "证件类型 certificate type，不给时为居民身份证",
            default=CertificateType.ID_CARD,
        ),
    )
    vehicle: Vehicle | None = _subject(
        "按车牌号和车牌颜色查车辆 vehicle",
        "{item}.plate = {plate} AND {item}.colour = {colour}",
        Argument("plate", str, "车牌号 plate", convert=normal_plate),
        Argument("colour", PlateColour, "车牌颜色 colour", convert=stored_key),
    )
    enterprises: Connection[Enterprise] = mapped(
        "可以公开的企业 enterprises，按行政区划代码",
        **page("true", _DIVISION, DIVISION, SECTOR, descending=False),
    )
    individual_businesses: Connection[IndividualBusiness] = mapped(
        "可以公开的个体工商户 individual businesses，按行政区划代码",
        **page("true", _DIVISION, DIVISION, SECTOR, descending=False),
    )
    vehicles: Connection[Vehicle] = mapped(
        "可以公开的车辆 vehicles，按行政区划代码",
        **page("true", _DIVISION, DIVISION, _PURPOSE, descending=False),
    )
