"""信用主体 tables of agencies, enterprises, individual businesses, practitioners, vehicles. Not for their acts."""

from __future__ import annotations

from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field

from server.database.columns import link, text_or_none
from server.disclosure.models import Disclosed


class Agency(Disclosed):
    """行政机关 a bureau or one of its units, by its GB/T 2260 code."""

    #: 机关代码: six-digit division code, units append "-01" and so on
    code: Field[str] = fields.TextField()
    #: 机关名称
    name: Field[str] = fields.TextField()
    #: 统一社会信用代码; null for an internal section without one
    uscc: Field[str | None] = text_or_none()
    #: 行政区划代码 GB/T 2260
    division_code: Field[str] = fields.TextField()
    #: 上级机关
    parent_id: UUID | None
    parent = link("Agency", null=True)
    #: 机关谱系: this agency and all above it; a tree is the rows whose lineage holds its root
    lineage: Field[list[UUID]] = ArrayField("uuid")

    class Meta:
        table = "agency"


class Enterprise(Disclosed):
    """企业 a legal person or other organisation (法人及非法人组织)."""

    #: 统一社会信用代码 GB 32100
    uscc: Field[str] = fields.TextField()
    #: 企业名称
    name: Field[str] = fields.TextField()
    #: 法定代表人: public in full for a firm
    legal_representative: Field[str | None] = text_or_none()
    #: 工商注册号
    registration_number: Field[str | None] = text_or_none()
    #: 登记地行政区划代码, positions 3–8 of the code
    division_code: Field[str] = fields.TextField()
    #: 经营领域: 道路货运, 道路客运, 出租汽车 …; null when no record tells
    sector: Field[str | None] = text_or_none()
    #: 经营状态: active 存续, closed 注销
    state: Field[str] = fields.TextField()

    class Meta:
        table = "enterprise"


class IndividualBusiness(Disclosed):
    """个体工商户. Its owner is a natural person and is masked at every door."""

    #: 统一社会信用代码; null for an old one known by registration number only
    uscc: Field[str | None] = text_or_none()
    #: 工商注册号
    registration_number: Field[str | None] = text_or_none()
    #: 字号名称
    name: Field[str] = fields.TextField()
    #: 经营者 (natural person), unmasked; no door shows it
    owner_name: Field[str | None] = text_or_none()
    #: 经营者, public form
    owner_name_public: Field[str | None] = text_or_none()
    #: 登记地行政区划代码
    division_code: Field[str] = fields.TextField()
    #: 经营领域
    sector: Field[str | None] = text_or_none()
    #: 经营状态
    state: Field[str] = fields.TextField()

    class Meta:
        table = "individual_business"


class Practitioner(Disclosed):
    """从业人员 a natural person, practitioner or other person a record names (自然人)."""

    #: 姓名, unmasked; only ``unmask`` gives it
    name: Field[str] = fields.TextField()
    #: 姓名, public form
    name_public: Field[str] = fields.TextField()
    #: 证件类型
    certificate_type: Field[str] = fields.TextField()
    #: 证件号码, unmasked; only ``unmask`` gives it
    certificate_number: Field[str] = fields.TextField()
    #: 证件号码, public form
    certificate_number_public: Field[str] = fields.TextField()
    #: 查找键: HMAC-SHA-256(secret, type and normalised number), hexadecimal; no door shows it
    certificate_key: Field[str] = fields.TextField()
    #: 从业资格类别
    qualification: Field[str | None] = text_or_none()

    class Meta:
        table = "practitioner"


class Vehicle(Disclosed):
    """车辆, identified by plate and plate colour together (GA 36, JT/T 697.7)."""

    #: 车牌号
    plate: Field[str] = fields.TextField()
    #: 车牌颜色: blue, yellow, black, white, green, yellow_green, gradient_green, other
    colour: Field[str] = fields.TextField()
    #: 道路运输证号
    transport_certificate: Field[str | None] = text_or_none()
    #: 用途: taxi 巡游出租, ride_hailing 网约, freight, passenger, dangerous, bus, coaching, other
    purpose: Field[str] = fields.TextField()
    #: 所属企业
    enterprise_id: UUID | None
    enterprise = link("Enterprise", null=True)
    #: 所属个体工商户
    individual_business_id: UUID | None
    individual_business = link("IndividualBusiness", null=True)
    #: 车主或当班驾驶员 (natural person)
    practitioner_id: UUID | None
    practitioner = link("Practitioner", null=True)
    #: 行政区划代码
    division_code: Field[str] = fields.TextField()
    #: 营运状态
    state: Field[str] = fields.TextField()

    class Meta:
        table = "vehicle"


class OfParty(Disclosed):
    """相对人的事实: a fact of one enterprise, individual business or natural person; a CHECK holds it to one of them.

    Three keys of their own kind, not one of unknown kind: each is a real foreign key with its own index.
    """

    enterprise_id: UUID | None
    enterprise = link("Enterprise", null=True)
    individual_business_id: UUID | None
    individual_business = link("IndividualBusiness", null=True)
    practitioner_id: UUID | None
    practitioner = link("Practitioner", null=True)

    class Meta(Disclosed.Meta):
        abstract = True
