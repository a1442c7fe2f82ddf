"""测量用的城市 a database of any size for the benchmark, written in SQL through the journal. Not the sample: nobody looks at it.

The same number of subjects gives the same ids, dates and texts on every machine: all of it is computed from the row's
number. Seven of ten subjects are firms; each has three ratings and about two decisions. Half of all penalties have run
out, and of everything some rows are repaired, withdrawn or for the government alone, so that the doors have to skip.
Live rows stay live until 2032, so that a kept database measures the same whatever the day. All of it is invented.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from stdnum.cn.uscc import calc_check_digit

from server.database.connection import Database
from server.identifiers.uscc import ALPHABET
from server.journal.service import Write
from server.sample.bulk import Told, fill, without_reading_indexes

#: Rows of one revision.
CHUNK = 50_000
#: Two cities, each with nine counties.
DIVISIONS = tuple(
    f"370{n}"
    for n in (100, 102, 103, 104, 105, 112, 113, 114, 115, 116, 200, 202, 203, 211, 212, 213, 214, 215, 281, 283)
)
_ARRAY = "(ARRAY['" + "','".join(DIVISIONS) + "'])"
_SECTORS = "(ARRAY['道路货运','道路客运','出租汽车','机动车维修','驾驶员培训'])"
_GRADES = "(ARRAY['AAA','AA','A','A','B'])"
_WORDS = "(ARRAY['安快','顺达','鸿运','通途','捷安','恒信','广源','长风','远大','同心'])"
Columns = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """一张表: so many rows; each column an SQL expression of the row's number ``n`` and of what ``derived`` names."""

    table: str
    rows: int
    columns: Columns
    derived: str = ""
    step: int = CHUNK

    @property
    def title(self) -> str:
        """The table, for the progress bar."""
        return self.table

    @property
    def first(self) -> int:
        """Agencies count from nought."""
        return 0 if self.table == "agency" else 1

    @property
    def last(self) -> int:
        """The last number."""
        return self.first + self.rows - 1

    async def made(self, first: int, last: int) -> tuple[int, int]:
        """The server makes the rows itself."""
        return first, last

    async def put(self, w: Write, made: tuple[int, int]) -> int:
        """Writes the rows of these numbers."""
        first, last = made
        await w.connection.execute(self.statement(), first, last)
        return last - first + 1

    def statement(self) -> str:
        """Gives the INSERT of the rows from ``$1`` to ``$2``."""
        derived = f", LATERAL (SELECT {self.derived}) d" if self.derived else ""
        return (
            f"INSERT INTO {self.table} ({', '.join(self.columns)}) SELECT {', '.join(self.columns.values())}"
            f" FROM generate_series($1::int, $2::int) n{derived}"
        )


def _pick(salt: int, choices: int, number: str = "n") -> str:
    """SQL of a number from 0 to ``choices`` − 1 that a row's number decides, the same on every PostgreSQL."""
    return f"abs(hashint4extended({number}, {salt}) % {choices})::int"


def _id(kind: str, number: str = "n") -> str:
    return f"md5('{kind}' || {number})::uuid"


def _sum(body: str, alphabet: str, weight: str) -> str:
    return (
        f"(SELECT sum((strpos('{alphabet}', substr({body}, i, 1)) - 1) * {weight}) FROM generate_series(1, 17) i)::int"
    )


def _uscc(prefix: str, number: str) -> str:
    """SQL of a code with its right check character (GB 32100)."""
    body = f"('{prefix}' || {_ARRAY}[1 + {number} % {len(DIVISIONS)}] || 'MA' || lpad(({number})::text, 7, '0'))"
    total = _sum(body, ALPHABET, "power(3, i - 1)::bigint % 31")
    return f"{body} || substr('{ALPHABET}', 1 + (31 - {total} % 31) % 31, 1)"


def _organ(division: str) -> str:
    body = f"11{division}004260001"
    return body + str(calc_check_digit(body))


def _disclosed(kind: str, term: str, since: str, expired: int = 5) -> Columns:
    """Scope and dates: of a hundred rows so many have run out, five are repaired, three for the government alone."""
    fate = _pick(1, 100)
    return {
        "id": _id(kind),
        "scope": f"CASE WHEN {fate} >= 97 THEN 'government' ELSE 'public' END",
        "disclosed_from": since,
        "disclosed_until": f"CASE WHEN {fate} < {expired} THEN date '2025-06-01' + {_pick(2, 300)}"
        f" WHEN {fate} < 75 THEN date '2032-01-01' + {_pick(3, 1000)} END",
        "withdrawn_on": f"CASE WHEN {fate} BETWEEN 90 AND 94 THEN date '2026-03-01' + {_pick(4, 90)} END",
        "withdrawal": f"CASE WHEN {fate} BETWEEN 90 AND 94 THEN 'repaired' END",
        "terms_edition": f"(SELECT max(id) FROM disclosure_term WHERE id LIKE '{term}@%')",
        "source_unit_id": _id("agency", f"(n % {len(DIVISIONS)})"),
    }


def _party(firms: int, shops: int, persons: int) -> str:
    """Of twenty facts sixteen are of firms, two of shops, two of persons."""
    return (
        f"CASE WHEN {_pick(5, 20)} < 16 THEN 1 + {_pick(6, firms)} END AS firm,"
        f" CASE WHEN {_pick(5, 20)} IN (16, 17) THEN 1 + {_pick(6, shops)} END AS shop,"
        f" CASE WHEN {_pick(5, 20)} > 17 THEN 1 + {_pick(6, persons)} END AS person"
    )


_OF_PARTY = {
    "enterprise_id": _id("enterprise", "firm"),
    "individual_business_id": _id("shop", "shop"),
    "practitioner_id": _id("person", "person"),
}
_FIRM_NAME = f"'钢城示例' || {_WORDS}[1 + {{0}} % 10] || {{0}} || '号运输有限公司'"
_SHOP_NAME = f"'钢城示例' || {_WORDS}[1 + {{0}} % 10] || {{0}} || '号汽修部'"


def _record(kind: str, term: str, number: str, expired: int) -> Columns:
    """What a decision of any kind carries."""
    day = f"date '2024-01-01' + {_pick(8, 900)}"
    catalogue = "(SELECT max(id) FROM catalogue_item WHERE edition = '2024')"
    name = f"coalesce({_FIRM_NAME.format('firm')}, {_SHOP_NAME.format('shop')}, '张示例')"
    return {
        **_disclosed(kind, term, day, expired),
        **_OF_PARTY,
        "subject_name": name,
        "subject_name_public": f"CASE WHEN person IS NULL THEN {name} ELSE '张**' END",
        "subject_kind": "CASE WHEN firm IS NOT NULL THEN 'enterprise' WHEN shop IS NOT NULL THEN 'individual_business'"
        " ELSE 'practitioner' END",
        "subject_uscc": f"coalesce({_uscc('91', 'firm')}, {_uscc('92', 'shop')})",
        "document_name": "'行政决定书'",
        "document_number": f"'示交{number}〔' || (2024 + n % 3) || '〕' || n || '号'",
        "decided_on": day,
        "valid_from": day,
        "authority_name": "'示例交通运输局'",
        "authority_uscc": f"'{_organ(DIVISIONS[0])}'",
        "source_unit_name": "'示例交通运输局'",
        "source_unit_uscc": f"'{_organ(DIVISIONS[0])}'",
        "catalogue_edition": "'2024'",
        "catalogue_item": catalogue,
        "reported_on": f"{day} + 3",
        "due_on": f"{day} + 9",
        "due_provisional": "false",
        "late_working_days": "0",
    }


def _free(*names: str, text: str) -> Columns:
    """The two forms of a free text."""
    return {form: f"'{text}，第' || n || '项'" for name in names for form in (name, f"{name}_public")}


def sheets(subjects: int) -> list[Sheet]:
    """Gives the tables in the order they must be written, for so many subjects."""
    firms, shops = subjects * 7 // 10, max(subjects // 10, 1)
    persons = subjects - firms - shops
    party = _party(firms, shops, persons)
    subject = {"sector": f"{_SECTORS}[1 + {_pick(7, 5)}]", "state": "'active'"}
    subject |= {"division_code": f"{_ARRAY}[1 + n % {len(DIVISIONS)}]"}
    body = "'990101' || to_char(date '1960-01-01' + n % 16000, 'YYYYMMDD') || lpad((n / 16000)::text, 3, '0')"
    total = _sum(f"({body})", "0123456789", "(power(2, 18 - i)::int % 11)")
    certificate = f"{body} || substr('10X98765432', 1 + {total} % 11, 1)"
    of_firm = {"enterprise_id": _id("enterprise", "firm")}
    spread = f"1 + {_pick(6, firms)} AS firm"
    year = "(2023 + (n - 1) % 3)"
    return [
        Sheet(
            "enterprise",
            firms,
            _disclosed("enterprise", "enterprise", "date '2023-01-01'", 2)
            | subject
            | {"uscc": _uscc("91", "n"), "name": _FIRM_NAME.format("n"), "legal_representative": "'李示例' || n"},
        ),
        Sheet(
            "individual_business",
            shops,
            _disclosed("shop", "individual_business", "date '2023-01-01'", 2)
            | subject
            | {"uscc": _uscc("92", "n"), "name": _SHOP_NAME.format("n")}
            | {"owner_name": "'欧阳示例'", "owner_name_public": "'欧阳**'"},
        ),
        Sheet(
            "practitioner",
            persons,
            _disclosed("person", "practitioner", "date '2023-01-01'", 2)
            | {"scope": "'government'", "name": "'张示例'", "name_public": "'张**'", "certificate_type": "'身份证'"}
            | {"certificate_number": certificate, "certificate_key": "md5('key' || n)"}
            | {"certificate_number_public": "'990101********' || lpad((n % 10000)::text, 4, '0')"}
            | {"qualification": "'道路货物运输驾驶员'"},
        ),
        Sheet(
            "vehicle",
            firms // 2,
            _disclosed("vehicle", "vehicle", "date '2023-01-01'")
            | {
                "plate": "'鲁' || substr('ABCDEFGHJKLMNPQRSTUVWXYZ', 1 + n / 100000, 1) || lpad((n % 100000)::text, 5, '0')"
            }
            | {"colour": "'yellow'", "purpose": "'freight'", "state": "'active'", **of_firm}
            | {"practitioner_id": f"CASE WHEN n % 4 = 0 THEN {_id('person', f'1 + {_pick(9, persons)}')} END"}
            | {"division_code": subject["division_code"], "transport_certificate": "'3701' || lpad(n::text, 8, '0')"},
            spread,
        ),
        Sheet(
            "licence",
            firms,
            _record("licence", "licence", "许", 10)
            | _free("content", text="准予从事道路普通货物运输经营")
            | {"licence_kind": "'普通'", "certificate_name": "'道路运输经营许可证'", "state": "'1'"}
            | {"certificate_number": "n::text", "certificate_number_public": "n::text"},
            party,
        ),
        Sheet(
            "penalty",
            firms,
            _record("penalty", "penalty.general", "罚", 55)
            | _free("violation", text="货运车辆超限运输")
            | _free("facts", text="当事人驾驶重型半挂牵引车行驶至省道，经检测车货总质量超过限定标准")
            | _free("basis", text="《中华人民共和国公路法》第七十六条")
            | _free("content", text="责令改正，罚款人民币贰仟元整")
            | {"penalty_kinds": "ARRAY['罚款']", "fine_yuan": f"100 * {_pick(10, 300)}", "severity": "'general'"},
            party,
        ),
        Sheet(
            "act",
            firms // 3,
            _record("act", "inspection", "检", 10)
            | _free("content", text="对车辆技术档案进行监督检查")
            | _free("result", text="合格")
            | {"kind": "'inspection'"},
            party,
        ),
        Sheet(
            "rating",
            firms * 3,
            _disclosed("rating", "rating", f"make_date({year} + 1, 3, 1)")
            | {"enterprise_id": _id("enterprise", "(1 + (n - 1) / 3)"), "standard": "'road_enterprise_quality'"}
            | {"standard_version": "date '2006-01-01'", "score": f"700 + {_pick(11, 300)}"}
            | {"period_from": f"make_date({year}, 1, 1)", "period_until": f"make_date({year}, 12, 31)"}
            | {"effective_from": f"make_date({year} + 1, 3, 1)", "grade": f"{_GRADES}[1 + {_pick(12, 5)}]"},
        ),
        # Four indicators of each firm's latest rating.
        Sheet(
            "rating_point",
            firms * 4,
            {"id": _id("point"), "rating_id": _id("rating", "(3 * (1 + (n - 1) / 4))"), "position": "1 + n % 4"}
            | {"indicator": "'指标' || (1 + n % 4)", "points": f"{_pick(13, 25)}", "full_points": "25"},
        ),
        Sheet(
            "rating_basis",
            firms // 5,
            {"id": _id("basis"), "rating_id": _id("rating", "(3 * n)"), "penalty_id": _id("penalty")},
        ),
        Sheet(
            "list_entry",
            firms // 6,
            _disclosed("entry", "list.overload", f"date '2024-06-01' + {_pick(8, 800)}", 40)
            | {"kind": "(ARRAY['serious','overload','focus','honest'])[1 + n % 4]", "criterion": "'第一项'", **of_firm}
            | _free("reason", text="一年内违法超限运输超过三次")
            | {"batch": "'2025Q' || (1 + n % 4)", "document_number": "'示交认〔2025〕' || n || '号'"}
            | {"authority_name": "'示例交通运输局'", "listed_on": f"date '2024-06-01' + {_pick(8, 800)}"}
            | {
                "catalogue_edition": "'2024'",
                "catalogue_item": "(SELECT max(id) FROM catalogue_item WHERE edition = '2024')",
            },
            spread,
        ),
        Sheet("list_measure", firms // 6, {"id": _id("measure"), "list_entry_id": _id("entry")} | _MEASURE),
        Sheet(
            "list_evidence",
            firms // 6,
            {"id": _id("evidence"), "list_entry_id": _id("entry"), "penalty_id": _id("penalty")},
        ),
        Sheet(
            "commitment",
            firms // 3,
            _disclosed("commitment", "commitment", f"date '2024-06-01' + {_pick(8, 800)}")
            | {
                **of_firm,
                "kind": "'主动公示'",
                "matter": "'守法经营'",
                "breach_duty": "'依法承担责任'",
                "state": "'open'",
            }
            | _free("content", text="自觉守法经营，接受社会监督")
            | {"signed_on": f"date '2024-06-01' + {_pick(8, 800)}", "authority_name": "'示例交通运输局'"},
            spread,
        ),
        Sheet(
            "benefit_product",
            5,
            _disclosed("product", "benefit_product", "date '2024-01-01'", 0)
            | {"scope": "'public'", "withdrawn_on": "NULL::date", "withdrawal": "NULL::text", "code": "'XY' || n"}
            | {"name": "'信易' || n", "content": "'示例优惠'", "eligibility": "'AAA'", "policy_title": "'示例办法'"}
            | {"operator_name": "'示例局'", "valid_from": "date '2024-01-01'"},
        ),
        Sheet(
            "benefit_grant",
            firms // 3,
            _disclosed("grant", "benefit_grant", f"date '2024-06-01' + {_pick(8, 800)}")
            | {**of_firm, "benefit_product_id": _id("product", "(1 + n % 5)"), "grade": "'AAA'"}
            | {"granted_on": f"date '2024-06-01' + {_pick(8, 800)}", "value_yuan": f"{_pick(14, 5000)}"},
            spread,
        ),
    ]


_MEASURE = {
    "measure_edition": "(SELECT max(edition) FROM measure_item)",
    "measure_item": "(SELECT max(id) FROM measure_item WHERE edition = (SELECT max(edition) FROM measure_item))",
}


def _agencies() -> Sheet:
    """The first of each ten is the city above the other nine."""
    parent = f"CASE WHEN n % 10 > 0 THEN {_id('agency', '(n / 10 * 10)')} END"
    columns: Columns = _disclosed("agency", "agency", "date '2023-01-01'", 0)
    columns |= {"id": _id("agency", "n"), "scope": "'public'", "withdrawn_on": "NULL::date", "withdrawal": "NULL::text"}
    columns |= {"code": f"{_ARRAY}[1 + n]", "division_code": f"{_ARRAY}[1 + n]", "name": "'示例交通运输局' || n"}
    columns |= {"source_unit_id": "NULL::uuid", "parent_id": parent}
    columns["lineage"] = f"array_remove(ARRAY[{_id('agency', 'n')}, {parent}], NULL)"
    return Sheet("agency", len(DIVISIONS), columns)


async def build(owner_url: str, database: Database, subjects: int, progress: Told) -> None:
    """Fills an empty migrated database; ``progress`` is told the table and how many rows were written."""
    async with without_reading_indexes(owner_url, progress):
        for sheet in [_agencies(), *sheets(subjects)]:
            await fill(database, sheet, "测量", "测量用的数据，纯属虚构", progress)


def rows_in_all(subjects: int) -> int:
    """Gives how many rows ``build`` writes."""
    return sum(sheet.rows for sheet in [_agencies(), *sheets(subjects)])


#: How the ids of a table's rows begin, where not with its own name.
_ID_WORDS = {"individual_business": "shop", "practitioner": "person", "list_entry": "entry"}


def some_ids(subjects: int, most: int, table: str = "enterprise", first: int = 0) -> list[UUID]:
    """Gives the ids of some rows spread over all of a table; some of those rows no door shows to the public.

    ``first`` is where among them to begin: another one gives others.
    """
    rows = next(sheet.rows for sheet in sheets(subjects) if sheet.table == table)
    # A prime step goes through all numbers before one comes twice.
    numbers = (1 + (first + number) * 7_919 % rows for number in range(min(most, rows)))
    texts = (f"{_ID_WORDS.get(table, table)}{number}" for number in numbers)
    return [UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()) for text in texts]
