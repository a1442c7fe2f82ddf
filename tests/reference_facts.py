"""慢速参照的信用信息 how the reference executor answers subjects, their facts, lists of them and counts. Part of it only."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from server.viewer import PUBLIC, Viewer
from tests.reference_tables import ReferenceTables
from tests.support import SECRET, TrialDatabase

Row = dict[str, Any]

RECORD = (
    "subjectName subjectKind subjectUscc documentName documentNumber decidedOn validFrom validTo=valid_until"
    " authorityName authorityUscc sourceUnitName sourceUnitUscc catalogueEdition remark"
)
NATIONAL = (
    " subjectRegistrationNumber subjectOrganisationCode subjectTaxNumber subjectInstitutionNumber subjectSocietyNumber"
    " legalRepresentative"
)
#: type: fields that are columns, ``field=column`` where the names differ
FACT_LEAVES = {
    "Enterprise": "uscc name legalRepresentative registrationNumber divisionCode sector state",
    "IndividualBusiness": "uscc registrationNumber name ownerName divisionCode sector state",
    "Practitioner": "name certificateType certificateNumber qualification",
    "Vehicle": "plate colour transportCertificate purpose divisionCode state",
    "Agency": "code name uscc divisionCode",
    "Licence": RECORD + NATIONAL + " licenceKind certificateName certificateNumber content state",
    "Penalty": RECORD
    + NATIONAL
    + " violation facts basis penaltyKinds content fineYuan confiscatedYuan revokedCertificate"
    " fileDisclosedTo=file_disclosed_until severity severityOverride severityReason",
    "Act": RECORD + " kind category content basis amountYuan result",
    "Rating": "standardKey=standard standardVersion periodFrom periodTo=period_until score grade effectiveFrom effectiveUntil",
    "RatingPoint": "indicator position points fullPoints",
    "ListEntry": "kind criterion reason batch documentNumber authorityName listedOn listedUntil",
    "ListMeasure": "edition=measure_edition",
    "Commitment": "kind matter content breachDuty signedOn validTo=valid_until state authorityName",
    "BenefitProduct": "code name content eligibility policyTitle policyDocumentNumber operatorName validFrom validUntil",
    "BenefitGrant": "grantedOn grantedUntil grade valueYuan",
    "Disclosure": "scope from=disclosed_from until=disclosed_until edition=terms_edition disputedOn withdrawnOn withdrawal",
    "Timeliness": "dueOn provisional=due_provisional reportedOn lateWorkingDays",
    "ImportBatch": "actor fileName state failure startedAt finishedAt rowsTotal rowsNew rowsChanged rowsUnchanged"
    " rowsRejected rowsLate notes",
    "Correction": "kind sheet rowNumber documentNumber cells state createdAt settledAt",
    "Fault": "column rule message fatal",
}
HIDDEN = {"__typename": "UndisclosedPerson"}
EMPTY_FAULT = dict.fromkeys(("column", "rule", "message", "fatal"))
#: The words under which certificates' numbers are hashed.
CERTIFICATES = {
    "ID_CARD": "身份证",
    "PASSPORT": "护照号",
    "HOME_RETURN_PERMIT": "港澳居民来往内地通行证",
    "MAINLAND_TRAVEL_PERMIT": "台湾居民来往大陆通行证",
    "PERMANENT_RESIDENT": "外国人永久居留身份证",
}
#: The words under which kinds of commitments are stored.
COMMITMENTS = {
    "APPROVAL": "审批替代",
    "MISSING_DOCUMENTS": "容缺受理",
    "VOLUNTARY": "主动公示",
    "SELF_DISCIPLINE": "行业自律",
    "REPAIR": "信用修复",
    "PROOF": "证明事项",
    "MINOR_VIOLATION": "轻微免罚",
}


@dataclass(frozen=True)
class Paging:
    """One connection: what it lists, whose (a column with the id of the object it hangs on), ordered by what, filtered how."""

    kind: str
    owner: str | None
    key: str
    key_type: type
    newest_first: bool
    filters: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """All arguments of the field."""
        return ("first", "after", "last", "before", *self.filters)


def _connections() -> dict[tuple[str, str], Paging]:
    decided = ("decidedFrom", "decidedTo")
    dated = {
        "licences": ("Licence", "decided_on", decided),
        "penalties": ("Penalty", "decided_on", decided),
        "acts": ("Act", "decided_on", ("kind", *decided)),
        "ratings": ("Rating", "period_until", ("standard", "grade", "year")),
        "listEntries": ("ListEntry", "listed_on", ("kind", "quarter", "listedFrom", "listedTo")),
        "commitments": ("Commitment", "signed_on", ("kind", "signedFrom", "signedTo")),
        "grants": ("BenefitGrant", "granted_on", ("grantedFrom", "grantedTo")),
    }
    found = {}
    for name, (kind, key, filters) in dated.items():
        more = ("agency", "product") if name == "grants" else ("agency",)
        found["Query", name] = Paging(kind, None, key, date, True, (*filters, *more))
        for subject in ("Enterprise", "IndividualBusiness", "Practitioner"):
            owner = {"IndividualBusiness": "individual_business_id"}.get(subject, f"{subject.lower()}_id")
            found[subject, name] = Paging(kind, owner, key, date, True, filters)
        if name in ("ratings", "listEntries"):
            found["Vehicle", name] = Paging(kind, "vehicle_id", key, date, True, filters)
    found["BenefitProduct", "grants"] = Paging(
        "BenefitGrant", "benefit_product_id", "granted_on", date, True, ("grantedFrom", "grantedTo")
    )
    by_text = partial(Paging, key_type=str, newest_first=False)
    for name, kind, filters in (
        ("enterprises", "Enterprise", ("division", "sector")),
        ("individualBusinesses", "IndividualBusiness", ("division", "sector")),
        ("vehicles", "Vehicle", ("division", "purpose")),
        ("agencies", "Agency", ("division",)),
    ):
        found["Query", name] = by_text(kind, None, "division_code", filters=filters)
    found["Query", "benefitProducts"] = by_text("BenefitProduct", None, "code")
    found["Agency", "units"] = by_text("Agency", "parent_id", "code")
    found["Enterprise", "vehicles"] = by_text("Vehicle", "enterprise_id", "plate")
    found["IndividualBusiness", "vehicles"] = by_text("Vehicle", "individual_business_id", "plate")
    found["Rating", "bases"] = Paging("RatingBasis", "rating_id", "id", UUID, False)
    found["ListEntry", "evidence"] = Paging("ListEvidence", "list_entry_id", "id", UUID, False)
    found["ImportBatch", "corrections"] = Paging("Correction", "batch_id", "row_number", int, False, ("state",))
    found["Query", "corrections"] = Paging("Correction", None, "created_at", datetime, False, ("state",))
    return found


#: (type, field): how it pages
CONNECTIONS = _connections()


def typed(text: str) -> str:
    """Gives a code as it is stored: half-width capitals without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def quarter_of(day: date) -> str:
    """Gives 2026Q3."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def global_id(text: str) -> tuple[str, UUID | None]:
    """Gives the letters and the uuid of a global id; an impossible one is an unknown one."""
    if not re.fullmatch("[A-Za-z0-9_-]{24}", text):
        return "", None
    raw = urlsafe_b64decode(text)
    return raw[:2].decode("latin-1"), UUID(bytes=raw[2:])


class ReferenceFacts(ReferenceTables):
    """Edges between facts, filters and counts."""

    one: Callable[..., Awaitable[Row | None]]

    async def filter(self, paging: Paging, name: str, wanted: Any, at: date | None) -> Callable[[Row], bool]:
        """Gives whether a row is kept by one filter."""
        for end, keeps in (("From", date.__ge__), ("To", date.__le__)):
            if name.endswith(end):
                column, day = f"{name.removesuffix(end)}_on", date.fromisoformat(wanted)
                return lambda row: keeps(row[column], day)
        if name == "agency":
            source = await self.one("Agency", at, code=wanted.strip())
            return lambda row: source is not None and row["source_unit_id"] == source["id"]
        if name == "product":
            product = await self.one("BenefitProduct", at, code=wanted.strip())
            return lambda row: product is not None and row["benefit_product_id"] == product["id"]
        if name == "division":
            code = wanted.strip()
            while code.endswith("00") and len(code) > 2:
                code = code[:-2]
            return lambda row: row["division_code"].startswith(code)
        if name == "quarter":
            return lambda row: quarter_of(row["listed_on"]) == wanted.strip().upper()
        if name == "year":
            return lambda row: row["period_until"].year == wanted
        if name == "kind" and paging.kind == "Commitment":
            return lambda row: row[name] == COMMITMENTS[wanted]
        if name in ("kind", "state", "purpose"):
            return lambda row: row[name] == wanted.lower()
        assert name in ("sector", "standard", "grade"), name
        return lambda row: row[name] == wanted.strip()

    # edges

    async def _party(self, row: Row) -> Row | None:
        at = row["at"]
        for column, kind in (
            ("enterprise_id", "Enterprise"),
            ("individual_business_id", "IndividualBusiness"),
            ("practitioner_id", "Practitioner"),
            ("vehicle_id", "Vehicle"),
        ):
            if row.get(column) is not None:
                found = await self.one(kind, at, id=row[column])
                return HIDDEN if found is None and kind == "Practitioner" else found
        # A record of a person whom the register does not have.
        return HIDDEN if row.get("subject_kind") == "practitioner" else None

    async def _record(self, row: Row) -> Row | None:
        for kind in ("Licence", "Penalty", "Act"):
            if row.get(f"{kind.lower()}_id") is not None:
                return await self.one(kind, row["at"], id=row[f"{kind.lower()}_id"])
        return None

    def _leads(self, kind: str, column: str, key: str = "id") -> Callable[[Row], Awaitable[Row | None]]:
        return lambda row: self.one(kind, row["at"], **{key: row[column]})

    async def _points(self, row: Row) -> list[Row]:
        found = [one for one in await self.all("RatingPoint", row["at"]) if one["rating_id"] == row["id"]]
        return sorted(found, key=lambda one: (one["position"], one["id"].bytes))

    async def _measures_of(self, row: Row) -> list[Row]:
        found = [one for one in await self.all("ListMeasure", row["at"]) if one["list_entry_id"] == row["id"]]
        return sorted(found, key=lambda one: (one["measure_item"], one["id"].bytes))

    async def _record_counts(self, row: Row, kind: str, fromMonth: str, months: int) -> list[Row]:
        table = {"LICENCE": "Licence", "PENALTY": "Penalty"}.get(kind, "Act")
        found = [one for one in await self.all(table, row["at"]) if table != "Act" or one["kind"].upper() == kind]
        if row["__typename"] == "Agency":
            found = [one for one in found if one["source_unit_id"] == row["id"]]
        days = [one["decided_on"].isoformat() for one in found]
        year, month = fromMonth.strip().split("-")
        first = int(year) * 12 + int(month) - 1
        names = [f"{n // 12}-{n % 12 + 1:02}" for n in range(first, first + months)]
        return [
            {"month": name, "kind": kind, "count": sum(day.startswith(name) for day in days), "capped": False}
            for name in names
        ]

    async def _rating_counts(self, row: Row, standard: str, fromYear: int, years: int) -> list[Row]:
        versions = [one for one in await self.all("Standard", None) if one["key"] == standard.strip()]
        best: dict[str, int] = {}
        for version in versions:
            for grade in self.grades(version):
                best[grade["grade"]] = min(grade["position"], best.get(grade["grade"], 99))
        found = [one for one in await self.all("Rating", row["at"]) if one["standard"] == standard.strip()]
        if row["__typename"] == "Agency":
            found = [one for one in found if one["source_unit_id"] == row["id"]]
        return [
            {
                "year": year,
                "grade": grade,
                "count": sum(one["grade"] == grade and one["period_until"].year == year for one in found),
                "capped": False,
            }
            for year in range(fromYear, fromYear + years)
            for grade in sorted(best, key=lambda grade: (best[grade], grade))
        ]

    def fact_relations(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Gives every field of facts that is neither a column nor a connection."""
        unit, same = self._leads("Agency", "source_unit_id"), lambda row: row
        item = self._leads("CatalogueItem", "catalogue_item")
        told: dict[tuple[str, str], tuple[Any, ...]] = {}
        for kind in ("Licence", "Penalty", "Act"):
            told |= {(kind, "catalogueItem"): (item,), (kind, "timeliness"): (same,)}
        for kind in ("Licence", "Penalty", "Act", "Rating", "ListEntry", "Commitment", "BenefitGrant"):
            told[kind, "party"] = (self._party,)
        for kind in (
            "Licence",
            "Penalty",
            "Act",
            "Rating",
            "ListEntry",
            "Commitment",
            "BenefitGrant",
            "BenefitProduct",
        ):
            told |= {(kind, "sourceUnit"): (unit,), (kind, "disclosure"): (same,)}
        for kind in ("Agency", "Query"):
            told[kind, "recordCounts"] = (self._record_counts, "kind", "fromMonth", "months")
            told[kind, "ratingCounts"] = (self._rating_counts, "standard", "fromYear", "years")
        for kind, names in {"RecordCount": "month kind count capped", "RatingCount": "year grade count capped"}.items():
            told |= {(kind, name): (lambda row, name=name: row[name],) for name in names.split()}
        return told | {
            ("Licence", "kind"): (lambda row: "LICENCE",),
            ("Penalty", "kind"): (lambda row: "PENALTY",),
            ("Enterprise", "sourceUnit"): (unit,),
            ("Agency", "parent"): (self._leads("Agency", "parent_id"),),
            ("Vehicle", "holder"): (lambda row: self._party(row | {"practitioner_id": None}),),
            ("Vehicle", "driver"): (
                lambda row: self._party({"at": row["at"], "practitioner_id": row["practitioner_id"]}),
            ),
            ("UndisclosedPerson", "label"): (lambda row: "自然人（依法不公开）",),
            ("Disclosure", "basis"): (lambda row: self._term(row, "basis"),),
            ("Disclosure", "termName"): (lambda row: self._term(row, "term"),),
            ("Disclosure", "term"): (self._leads("DisclosureTerm", "terms_edition"),),
            ("Disclosure", "disputed"): (lambda row: row["disputed_on"] is not None,),
            ("Rating", "points"): (self._points,),
            ("Rating", "standard"): (self._applied,),
            ("Rating", "standardName"): (self._standard_name,),
            ("Rating", "gradeMeaning"): (self._grade_meaning,),
            ("RatingBasis", "record"): (self._record,),
            ("ListEvidence", "record"): (self._record,),
            ("ListEntry", "catalogueItem"): (item,),
            ("ListEntry", "measures"): (self._measures_of,),
            ("ListMeasure", "measure"): (self._leads("Measure", "measure_item"),),
            ("BenefitGrant", "product"): (self._leads("BenefitProduct", "benefit_product_id"),),
            ("ImportBatch", "agency"): (self._leads("Agency", "agency_id"),),
            ("Correction", "faults"): (lambda row: [EMPTY_FAULT | one for one in json.loads(row["faults"])],),
            ("Standard", "grades"): (self.grades,),
        }


class ReferenceRoots(ReferenceFacts):
    """Where every read begins, and who is asking."""

    database: Any
    viewer: Viewer
    purse: Any
    #: two letters: the type whose global ids they open
    letters: ClassVar[dict[str, str]]

    async def _subject(self, kind: str, column: str, wanted: str, asOf: str | None) -> Row | None:
        return await self.one(kind, asOf and date.fromisoformat(asOf), **{column: typed(wanted)})

    async def _practitioner(
        self, _row: Row, certificateNumber: str, certificateType: str, asOf: str | None = None
    ) -> Row | None:
        """By the keyed hash of type and number, of which the owner alone knows whose it is."""
        word = CERTIFICATES[certificateType]
        key = hmac.new(SECRET.encode(), f"{word}:{typed(certificateNumber)}".encode(), hashlib.sha256).hexdigest()
        assert isinstance(self.database, TrialDatabase)
        person = await self.database.as_owner("SELECT id FROM xintu.practitioner WHERE certificate_key = $1", key)
        return await self.one("Practitioner", asOf and date.fromisoformat(asOf), id=person)

    async def _vehicle(self, _row: Row, plate: str, colour: str, asOf: str | None = None) -> Row | None:
        wanted = re.sub(r"[·•・.-]", "", typed(plate))
        return await self.one("Vehicle", asOf and date.fromisoformat(asOf), plate=wanted, colour=colour.lower())

    def _by_number(self, table: str) -> Callable[..., Awaitable[Row | None]]:
        async def find(_row: Row, authorityUscc: str, documentNumber: str, kind: str | None = None) -> Row | None:
            number = "".join(documentNumber.split()).translate(str.maketrans("[]()（）", "〔〕〔〕〔〕"))
            wanted: Row = {"authority_uscc": authorityUscc.strip().upper(), "document_number": number}
            return await self.one(table, None, **wanted, **({"kind": kind.lower()} if kind else {}))

        return find

    async def _node(self, _row: Row, id: str) -> Row | None:
        letters, row = global_id(id)
        kind = self.letters.get(letters)
        return await self.one(kind, None, id=row) if kind else None

    async def _nodes(self, row: Row, ids: list[str]) -> list[Row | None]:
        return [await self._node(row, id) for id in ids]

    async def _import_batch(self, row: Row, id: str) -> Row | None:
        found = await self._node(row, id)
        return found if found and found["__typename"] == "ImportBatch" else None

    async def _service(self, _row: Row) -> Row:
        (head,) = await self.all("Service", None)
        return head

    def _himself(self, kind: str, column: str) -> Callable[[Row], Awaitable[Row | None]]:
        return lambda row: self.one(kind, None, id=getattr(self.viewer, column))

    def _purse(self, name: str) -> Callable[[Row], Any]:
        return lambda row: None if self.purse is None else getattr(self.purse, name)

    def relations(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Gives how every field is answered that is neither a column nor a connection, and its arguments."""
        viewer = self.viewer
        roots: dict[str, tuple[Any, ...]] = {
            "enterprise": (
                lambda row, uscc, asOf=None: self._subject("Enterprise", "uscc", uscc, asOf),
                "uscc",
                "asOf",
            ),
            "individualBusiness": (
                lambda row, uscc, asOf=None: self._subject("IndividualBusiness", "uscc", uscc, asOf),
                "uscc",
                "asOf",
            ),
            "individualBusinessByRegistration": (
                lambda row, registrationNumber, asOf=None: self._subject(
                    "IndividualBusiness", "registration_number", registrationNumber, asOf
                ),
                "registrationNumber",
                "asOf",
            ),
            "practitioner": (self._practitioner, "certificateNumber", "certificateType", "asOf"),
            "vehicle": (self._vehicle, "plate", "colour", "asOf"),
            "agency": (lambda row, code: self.one("Agency", None, code=code), "code"),
            "benefitProduct": (lambda row, code: self.one("BenefitProduct", None, code=code), "code"),
            "licence": (self._by_number("Licence"), "authorityUscc", "documentNumber"),
            "penalty": (self._by_number("Penalty"), "authorityUscc", "documentNumber"),
            "act": (self._by_number("Act"), "kind", "authorityUscc", "documentNumber"),
            "node": (self._node, "id"),
            "nodes": (self._nodes, "ids"),
            "importBatch": (self._import_batch, "id"),
            "service": (self._service,),
            "viewer": (lambda row: row,),
            "catalogue": (self._catalogue, "edition", "catalogueClass", "nature"),
            "catalogueEditions": (self._editions("CatalogueItem"),),
            "measures": (self._measures, "edition", "kind"),
            "measureEditions": (self._editions("Measure"),),
            "standards": (self._standards, "key", "inForceOn", "subjectKind"),
            "disclosureTerms": (self._terms, "key", "inForceOn"),
            "glossary": (self._glossary, "identifier"),
        }
        himself: dict[str, Any] = {
            "name": lambda row: None if viewer == PUBLIC else viewer.actor,
            "door": lambda row: viewer.door.name,
            "duties": lambda row: sorted(duty.name for duty in viewer.duties),
            "partnerCode": lambda row: viewer.partner,
            "agency": self._himself("Agency", "agency"),
            "enterprise": self._himself("Enterprise", "subject"),
            "individualBusiness": self._himself("IndividualBusiness", "subject"),
            "practitioner": self._himself("Practitioner", "subject"),
            "pointsLimit": self._purse("limit"),
            "pointsLeft": self._purse("left"),
            "pointsResetIn": self._purse("resets_in"),
        }
        return (
            self.fact_relations()
            | {("Query", name): answer for name, answer in roots.items()}
            | {("Viewer", name): (answer,) for name, answer in himself.items()}
            | {("Service", "revision"): (lambda row: str(row["revision"]),)}
        )
