"""Rows for tests: valid facts of every kind, with what a test does not care about filled in. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from server.database.connection import Database
from server.journal.actions import Action
from server.journal.service import Write, write

Row = dict[str, Any]
DAY = date(2026, 6, 1)


def disclosed(source_unit: UUID | None, **changes: Any) -> Row:
    """The columns every disclosed fact has: public, since ``DAY``, without end."""
    row: Row = {
        "id": uuid4(),
        "scope": "public",
        "disclosed_from": DAY,
        "disclosed_until": None,
        "withdrawn_on": None,
        "withdrawal": None,
        "disputed_on": None,
        "terms_edition": "test@2026-01-01",
        "source_unit_id": source_unit,
    }
    return row | changes


def agency(code: str = "370117", parent: Mapping[str, Any] | None = None, **changes: Any) -> Row:
    """行政机关; its lineage follows from ``parent``."""
    id_ = uuid4()
    row = disclosed(None, id=id_, code=code, name=f"示例交通运输局{code}", uscc=None, division_code=code[:6])
    row |= {"parent_id": parent and parent["id"], "lineage": [id_, *(parent["lineage"] if parent else [])]}
    return row | changes


def enterprise(source_unit: UUID, uscc: str = "91370117MA0000001A", **changes: Any) -> Row:
    """企业."""
    row = disclosed(source_unit, uscc=uscc, name="钢城示例运输有限公司", legal_representative="示例甲")
    row |= {"registration_number": None, "division_code": "370117", "sector": "道路货运", "state": "active"}
    return row | changes


def individual_business(source_unit: UUID, uscc: str = "92370117MA0000001B", **changes: Any) -> Row:
    """个体工商户."""
    row = disclosed(source_unit, uscc=uscc, registration_number=None, name="钢城区示例汽修部")
    row |= {"owner_name": "欧阳示例", "owner_name_public": "欧阳**", "division_code": "370117"}
    return row | {"sector": None, "state": "active"} | changes


def practitioner(source_unit: UUID, key: str = "k1", **changes: Any) -> Row:
    """从业人员: scope ``government``, so the public knows him only beside a fact of his."""
    row = disclosed(source_unit, scope="government", name="张示例", name_public="张**", certificate_type="身份证")
    row |= {"certificate_number": "990101199001011234", "certificate_number_public": "990101********1234"}
    return row | {"certificate_key": key, "qualification": "道路货物运输驾驶员"} | changes


def vehicle(source_unit: UUID, plate: str = "鲁A12345", **changes: Any) -> Row:
    """车辆."""
    row = disclosed(source_unit, plate=plate, colour="yellow", transport_certificate="370117000001", purpose="freight")
    row |= {"enterprise_id": None, "individual_business_id": None, "practitioner_id": None}
    return row | {"division_code": "370117", "state": "active"} | changes


def _record(source_unit: UUID, number: str, **changes: Any) -> Row:
    row = disclosed(source_unit, subject_name="钢城示例运输有限公司", subject_name_public="钢城示例运输有限公司")
    row |= {"subject_kind": "enterprise", "subject_uscc": "91370117MA0000001A", "enterprise_id": None}
    row |= {"individual_business_id": None, "practitioner_id": None, "document_name": "决定书"}
    row |= {"document_number": number, "decided_on": DAY, "valid_from": DAY, "valid_until": None}
    row |= {"authority_name": "示例交通运输局", "authority_uscc": "11370117004260000X"}
    row |= {"source_unit_name": "示例交通运输局", "source_unit_uscc": "11370117004260000X"}
    row |= {"catalogue_edition": "2024", "catalogue_item": "2024:T", "reported_on": DAY, "due_on": DAY}
    row |= {"due_provisional": False, "late_working_days": 0, "remark": None, "remark_public": None}
    return row | changes


NATIONAL = (
    "subject_registration_number",
    "subject_organisation_code",
    "subject_tax_number",
    "subject_institution_number",
    "subject_society_number",
    "legal_representative",
    "legal_representative_public",
    "legal_representative_certificate_type",
    "legal_representative_certificate_number",
    "subject_certificate_type",
    "subject_certificate_number",
)


def licence(source_unit: UUID, number: str = "示例许〔2026〕1号", **changes: Any) -> Row:
    """行政许可."""
    row = _record(source_unit, number) | dict.fromkeys(NATIONAL)
    row |= {"licence_kind": "普通", "certificate_name": "道路运输经营许可证", "certificate_number": "370117000001"}
    row |= {"certificate_number_public": "370117000001", "content": "道路普通货物运输", "state": "1"}
    return row | {"content_public": "道路普通货物运输"} | changes


def penalty(source_unit: UUID, number: str = "示例罚〔2026〕1号", **changes: Any) -> Row:
    """行政处罚."""
    row = _record(source_unit, number) | dict.fromkeys(NATIONAL)
    for name in ("violation", "facts", "basis", "content"):
        row |= {name: f"示例{name}", f"{name}_public": f"示例{name}"}
    row |= {"penalty_kinds": ["罚款"], "fine_yuan": None, "confiscated_yuan": None, "revoked_certificate": None}
    row |= {"revoked_certificate_public": None, "file_disclosed_until": None, "severity": "general"}
    row |= {"severity_override": None, "severity_reason": None, "severity_reason_public": None}
    return row | changes


def act(source_unit: UUID, kind: str = "inspection", number: str = "示例检〔2026〕1号", **changes: Any) -> Row:
    """其他行政行为."""
    row = _record(source_unit, number) | {"kind": kind, "category": None, "content": "示例", "content_public": "示例"}
    row |= {"basis": None, "basis_public": None, "amount_yuan": None, "result": "合格", "result_public": "合格"}
    return row | changes


SUBJECTS = ("enterprise_id", "individual_business_id", "practitioner_id")


def rating(source_unit: UUID, **changes: Any) -> Row:
    """信用评价结果."""
    row = disclosed(source_unit) | dict.fromkeys((*SUBJECTS, "vehicle_id"))
    row |= {"standard": "road_enterprise_quality", "standard_version": date(2006, 1, 1), "grade": "AAA"}
    row |= {"period_from": date(2025, 1, 1), "period_until": date(2025, 12, 31), "score": 925}
    return row | {"effective_from": DAY, "effective_until": None} | changes


def list_entry(source_unit: UUID, **changes: Any) -> Row:
    """名单条目."""
    row = disclosed(source_unit) | dict.fromkeys((*SUBJECTS, "vehicle_id"))
    row |= {"kind": "overload", "criterion": "1", "reason": "示例", "reason_public": "示例", "batch": "2026Q2"}
    row |= {"document_number": "示例认〔2026〕1号", "authority_name": "示例交通运输局", "listed_on": DAY}
    return row | {"listed_until": None, "catalogue_edition": "2024", "catalogue_item": "2024:T"} | changes


def commitment(source_unit: UUID, **changes: Any) -> Row:
    """信用承诺."""
    row = disclosed(source_unit) | dict.fromkeys(SUBJECTS)
    row |= {
        "kind": "主动公示",
        "matter": "守法经营",
        "content": "示例",
        "content_public": "示例",
        "breach_duty": "示例",
    }
    return row | {"signed_on": DAY, "valid_until": None, "state": "open", "authority_name": "示例局"} | changes


def benefit_product(source_unit: UUID, code: str = "XYX", **changes: Any) -> Row:
    """信易+ 产品."""
    row = disclosed(source_unit, code=code, name="信易行", content="示例", eligibility="AAA", policy_title="示例办法")
    row |= {"policy_document_number": None, "operator_name": "示例局", "valid_from": DAY, "valid_until": None}
    return row | changes


def benefit_grant(source_unit: UUID, product: UUID, **changes: Any) -> Row:
    """信易+ 授予."""
    row = disclosed(source_unit) | dict.fromkeys(SUBJECTS) | {"benefit_product_id": product, "granted_on": DAY}
    return row | {"granted_until": None, "grade": "AAA", "value_yuan": None} | changes


def authorisation(source_unit: UUID, partner: str, **changes: Any) -> Row:
    """授权查询."""
    row = disclosed(source_unit, scope="authorised") | dict.fromkeys(SUBJECTS) | {"partner": partner}
    return row | {"valid_from": DAY, "valid_until": date(2027, 1, 1)} | changes


async def put(write_: Write, table: str, *rows: Row) -> Row:
    """Writes rows inside an open write and gives the first back."""
    await write_.insert(table, rows)
    return rows[0]


def sample_write(database: Database, reason: str = "测试数据") -> Any:
    """Opens a write as tests do."""
    return write(database, "测试", Action.SAMPLE, reason)
