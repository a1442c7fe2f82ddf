"""信用信息 tables of the ten kinds of administrative acts (十公示). Not for ratings, lists or commitments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field

from server.database.columns import text_or_none
from server.disclosure.models import Disclosed
from server.subjects.models import OfParty


class RecordKind(StrEnum):
    """十公示 the ten kinds of acts (notice 000 item 5). Stored keys never change."""

    LICENCE = "licence"  # 行政许可
    PENALTY = "penalty"  # 行政处罚
    COMPULSION = "compulsion"  # 行政强制
    CONFIRMATION = "confirmation"  # 行政确认
    LEVY = "levy"  # 行政征收
    PAYMENT = "payment"  # 行政给付
    ADJUDICATION = "adjudication"  # 行政裁决
    COMPENSATION = "compensation"  # 行政补偿
    REWARD = "reward"  # 行政奖励
    INSPECTION = "inspection"  # 行政监督检查


class Record(OfParty):
    """行政行为 what all ten kinds share (十公示 common core)."""

    #: 行政相对人名称, as sent
    subject_name: Field[str] = fields.TextField()
    #: 行政相对人名称, public form
    subject_name_public: Field[str] = fields.TextField()
    #: 行政相对人类别
    subject_kind: Field[str] = fields.TextField()
    #: 行政相对人代码_1 统一社会信用代码
    subject_uscc: Field[str | None] = text_or_none()
    #: 决定文书名称
    document_name: Field[str | None] = text_or_none()
    #: 决定文书号, unique with the organ
    document_number: Field[str] = fields.TextField()
    #: 决定日期
    decided_on: Field[date] = fields.DateField()
    #: 有效期自
    valid_from: Field[date | None] = fields.DateField(null=True)
    #: 有效期至 (last valid day); null = long term (2099/12/31)
    valid_until: Field[date | None] = fields.DateField(null=True)
    #: 决定机关
    authority_name: Field[str] = fields.TextField()
    #: 决定机关统一社会信用代码
    authority_uscc: Field[str] = fields.TextField()
    #: 数据来源单位
    source_unit_name: Field[str] = fields.TextField()
    #: 数据来源单位统一社会信用代码
    source_unit_uscc: Field[str] = fields.TextField()
    #: 目录版本 edition of the catalogue in force on the decision date
    catalogue_edition: Field[str] = fields.TextField()
    #: 目录事项
    catalogue_item: Field[str] = fields.TextField()
    #: 首次报送日 first day the row was in store
    reported_on: Field[date] = fields.DateField()
    #: 应公示截止日: the seventh working day after the decision
    due_on: Field[date] = fields.DateField()
    #: 截止日为暂定: the calendar of a year it runs through is not published yet
    due_provisional: Field[bool] = fields.BooleanField()
    #: 迟报工作日数, 0 = on time
    late_working_days: Field[int] = fields.IntField()
    #: 备注; never public
    remark: Field[str | None] = text_or_none()
    #: 备注, masked form for the own agency
    remark_public: Field[str | None] = text_or_none()

    class Meta(Disclosed.Meta):
        abstract = True


class NationalRecord(Record):
    """双公示 the identity columns both national tables carry beyond the core (2018 list and its aliases)."""

    #: 行政相对人代码_2 工商注册号
    subject_registration_number: Field[str | None] = text_or_none()
    #: 行政相对人代码_3 组织机构代码
    subject_organisation_code: Field[str | None] = text_or_none()
    #: 行政相对人代码_4 税务登记号
    subject_tax_number: Field[str | None] = text_or_none()
    #: 行政相对人代码_5 事业单位证书号
    subject_institution_number: Field[str | None] = text_or_none()
    #: 行政相对人代码_6 社会组织登记证号
    subject_society_number: Field[str | None] = text_or_none()
    #: 法定代表人, as sent (of an individual business: a natural person)
    legal_representative: Field[str | None] = text_or_none()
    #: 法定代表人, public form: in full for a firm, masked for an individual business
    legal_representative_public: Field[str | None] = text_or_none()
    #: 法定代表人证件类型; no door
    legal_representative_certificate_type: Field[str | None] = text_or_none()
    #: 法定代表人证件号码; no door
    legal_representative_certificate_number: Field[str | None] = text_or_none()
    #: 自然人证件类型; no door
    subject_certificate_type: Field[str | None] = text_or_none()
    #: 自然人证件号码; no door
    subject_certificate_number: Field[str | None] = text_or_none()

    class Meta(Record.Meta):
        abstract = True


class Licence(NationalRecord):
    """行政许可 (national table of 28 columns)."""

    #: 许可类别: 普通, 特许, 认可, 核准, 登记, 其他-…
    licence_kind: Field[str] = fields.TextField()
    #: 许可证书名称
    certificate_name: Field[str | None] = text_or_none()
    #: 许可编号, as sent
    certificate_number: Field[str | None] = text_or_none()
    #: 许可编号, public form (masked when it is a personal number)
    certificate_number_public: Field[str | None] = text_or_none()
    #: 许可内容, as sent
    content: Field[str] = fields.TextField()
    #: 许可内容, public form
    content_public: Field[str] = fields.TextField()
    #: 当前状态: 1 valid, 2 invalid
    state: Field[str] = fields.TextField()

    class Meta:
        table = "licence"


class Penalty(NationalRecord):
    """行政处罚 (national table of 30 columns)."""

    #: 违法行为类型, as sent
    violation: Field[str] = fields.TextField()
    #: 违法行为类型, public form
    violation_public: Field[str] = fields.TextField()
    #: 违法事实, as sent
    facts: Field[str] = fields.TextField()
    #: 违法事实, public form
    facts_public: Field[str] = fields.TextField()
    #: 处罚依据, law and article, as sent
    basis: Field[str] = fields.TextField()
    #: 处罚依据, public form
    basis_public: Field[str] = fields.TextField()
    #: 处罚类别, one or more
    penalty_kinds: Field[list[str]] = ArrayField("text")
    #: 处罚内容, as sent
    content: Field[str] = fields.TextField()
    #: 处罚内容, public form
    content_public: Field[str] = fields.TextField()
    #: 罚款金额（元）; the national table counts in 万元
    fine_yuan: Field[Decimal | None] = fields.DecimalField(max_digits=20, decimal_places=2, null=True)
    #: 没收违法所得、非法财物的金额（元）
    confiscated_yuan: Field[Decimal | None] = fields.DecimalField(max_digits=20, decimal_places=2, null=True)
    #: 暂扣或吊销证照名称及编号, as sent
    revoked_certificate: Field[str | None] = text_or_none()
    #: 暂扣或吊销证照名称及编号, public form
    revoked_certificate_public: Field[str | None] = text_or_none()
    #: 公示截止期 as the file gives it (last day shown)
    file_disclosed_until: Field[date | None] = fields.DateField(null=True)
    #: 失信程度: minor 轻微, general 一般, serious 严重 — by the rule table
    severity: Field[str] = fields.TextField()
    #: 人工认定的失信程度; stays whatever a later file says
    severity_override: Field[str | None] = text_or_none()
    #: 人工认定的理由
    severity_reason: Field[str | None] = text_or_none()
    #: 人工认定的理由, public form
    severity_reason_public: Field[str | None] = text_or_none()

    class Meta:
        table = "penalty"


class Act(Record):
    """其他行政行为 the eight further kinds of the ten publicities (十公示)."""

    #: 行为种类: a ``RecordKind`` but licence and penalty
    kind: Field[str] = fields.TextField()
    #: 类别
    category: Field[str | None] = text_or_none()
    #: 内容, as sent
    content: Field[str] = fields.TextField()
    #: 内容, public form
    content_public: Field[str] = fields.TextField()
    #: 依据
    basis: Field[str | None] = text_or_none()
    #: 依据, public form
    basis_public: Field[str | None] = text_or_none()
    #: 金额（元）: 征收, 给付, 补偿, 奖励
    amount_yuan: Field[Decimal | None] = fields.DecimalField(max_digits=20, decimal_places=2, null=True)
    #: 结果: 监督检查
    result: Field[str | None] = text_or_none()
    #: 结果, public form
    result_public: Field[str | None] = text_or_none()

    class Meta:
        table = "act"
