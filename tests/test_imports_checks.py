"""行校验: each check on both sides of its boundary, as cases an officer can read. The store: ``test_imports_service``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import WrongSetting
from server.imports import cells, fields
from server.imports.agencies import Agencies, Agency
from server.imports.book import Book
from server.imports.cells import CellFault
from server.imports.judge import Judge, Judged, Repeated
from server.imports.law import Rules
from server.imports.record import Record
from server.imports.rows import Cell, Damage, Kind, RawRow, SheetStart, Spoilt
from server.imports.verdict import Fault

CASES = Path(__file__).parent / "cases" / "imports"
TODAY = date(2026, 6, 15)
BUREAU, BRIGADE, OTHER = (UUID(int=n) for n in (1, 2, 3))
AGENCIES = (
    Agency(BUREAU, "990117", "示例交通运输局", "11990117004260001N", (BUREAU,)),
    Agency(BRIGADE, "990117-01", "示例执法大队", "12990117004260002N", (BRIGADE, BUREAU)),
    Agency(OTHER, "990118", "另一交通运输局", "11990118004260003B", (OTHER,)),
)
OVERRIDES = {("11990117004260001N", "示交罚〔2026〕99号"): "serious"}
#: Words that tell a clerk what to do.
REMEDY = re.compile("请|须|应|如有")


def cases(name: str) -> Any:
    return yaml.safe_load((CASES / name).read_text("utf-8"))


@cache
def rules() -> Rules:
    return Rules.load()


@cache
def rows() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = cases("rows.yaml")
    return loaded


def judge() -> Judge:
    return Judge(rules(), Agencies(AGENCIES, BUREAU), TODAY, OVERRIDES)


def raw_row(name: str, changes: Mapping[str, Any], number: int = 2) -> RawRow:
    kind = Kind.LICENCE if name.startswith("许可") else Kind.PENALTY
    codes = {column.name: column.code for column in fields.table(kind).fields}
    given_ = {codes[title]: _cell(value) for title, value in (rows()[name] | dict(changes)).items()}
    return RawRow(kind, "表", number, {code: cell for code, cell in given_.items() if cell is not None})


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return Spoilt(Damage(value["damage"]), value["text"])
    return value  # type: ignore[no-any-return]


def sheet(raw: RawRow, edition: int = 2018, absent: tuple[str, ...] = ()) -> SheetStart:
    return SheetStart("表", raw.kind, edition, 1, 10, tuple(raw.cells), absent)


def faults_of(judged: Judged) -> list[Fault]:
    return judged.faults if not isinstance(judged, Record | Repeated) else judged.draft.faults


def told(kind: Kind, faults: list[Fault], fatal: bool) -> Counter[str]:
    return Counter(f"{f.rule} {fields.table(kind).name_of(f.column)}" for f in faults if f.fatal is fatal)


@pytest.mark.parametrize("case", cases("checks.yaml"), ids=lambda case: case["name"])
def test_a_row_is_judged_as_the_case_says(case: dict[str, Any]) -> None:
    """Each of R1–R15 on both sides; a message says what to do and repeats no personal number."""
    name = case.get("row", "处罚企业")
    judging = judge()
    for number, before in enumerate(case.get("before", ()), 10):
        first = raw_row(name, before, number)
        judging.judge(first, sheet(first))
    raw = raw_row(name, case.get("cells", {}))

    judged = judging.judge(raw, sheet(raw))

    faults = faults_of(judged)
    assert told(raw.kind, faults, fatal=True) == Counter(case.get("faults", []))
    assert told(raw.kind, faults, fatal=False) == Counter(case.get("hints", []))
    assert isinstance(judged, Repeated) == case.get("repeated", False)
    assert isinstance(judged, Record) == (not case.get("faults") and not case.get("repeated"))
    for fault in faults:
        assert REMEDY.search(fault.message), fault.message
        assert not re.search(r"990101\d{12}|13800138000", fault.message), fault.message


#: Rules on what is in store: ``test_imports_meeting``.
OF_THE_STORE = {"R6_WITHDRAWN", "R9_WITHDRAWN", "R9_AGAIN"}


def test_every_rule_has_a_case_that_breaks_it() -> None:
    """A rule without a case could be lost in silence."""
    broken = {
        said.split()[0] for case in cases("checks.yaml") for said in (*case.get("faults", ()), *case.get("hints", ()))
    }

    assert broken | OF_THE_STORE == set(rules().book.checks_on(TODAY).severities)


READERS = {
    "日期": partial(cells.day, long_term=date(2099, 12, 31)),
    "金额": cells.money,
    "代码": cells.code,
    "文号": cells.document_number,
    "名称": cells.name,
    "文字": cells.text,
}


@pytest.mark.parametrize("case", cases("cells.yaml"), ids=lambda case: f"{case['as']}-{case['raw']!r}")
def test_a_cell_has_one_normal_form(case: dict[str, Any]) -> None:
    """What Excel and clerks write, and what it means; what is spoilt is told with its remedy."""
    found = READERS[case["as"]](case["raw"])

    if "fault" in case:
        assert isinstance(found, CellFault)
        assert found.rule == case["fault"]
        assert REMEDY.search(found.message)
        assert case.get("says", "") in found.message
    else:
        assert (None if found is None else str(found)) == case["value"]


@given(st.text(max_size=40) | st.integers() | st.floats() | st.booleans() | st.dates() | st.none())
@settings(max_examples=300, deadline=None)
def test_no_cell_breaks_a_reader(raw: Any) -> None:
    """A file may hold anything; a cell is a value or a fault, never an error, and never a character nobody can store."""
    for read in READERS.values():
        found = read(raw)
        assert found is None or isinstance(found, str | date | Decimal | CellFault)
        if isinstance(found, str):
            found.encode()
            assert "\0" not in found


@given(st.decimals(min_value=0, max_value=Decimal("9999999"), places=6, allow_nan=False, allow_infinity=False))
@settings(max_examples=200, deadline=None)
def test_money_is_exact_as_text_and_as_an_excel_number(wan: Decimal) -> None:
    """万元 with six decimals are whole fen; a double of Excel must give the same fen."""
    expected = wan * 10_000

    assert cells.money(str(wan)) == expected
    assert cells.money(float(wan)) == expected


def test_a_record_of_the_2016_list_gets_what_its_columns_tell() -> None:
    """An older list is not blamed for columns it never had: the kind follows from the code, the organ from its name."""
    raw = raw_row(
        "许可企业", dict.fromkeys(("行政相对人类别", "行政许可决定文书名称", "许可机关统一社会信用代码", "当前状态"))
    )
    raw.cells["XK_ZT16"] = "0"
    absent = ("XK_XDR_LB", "XK_XKWS", "XK_XKJGDM", "XK_ZT")

    judged = judge().judge(raw, sheet(raw, 2016, absent))

    assert isinstance(judged, Record)
    assert judged.columns["subject_kind"] == "enterprise"
    assert judged.columns["authority_uscc"] == "11990117004260001N"
    assert judged.columns["state"] == "1"
    raw.cells["XK_ZT16"] = "1"
    annulled = judge().judge(raw, sheet(raw, 2016, absent))
    assert "R13 当前状态（2016版）" in told(Kind.LICENCE, faults_of(annulled), fatal=True)


def _bureau_rules(folder: Path, text: str) -> Path:
    (folder / "imports").mkdir()
    (folder / "imports" / "checks.yaml").write_text(text, "utf-8")
    return folder


_ENTRY = """
{rule}:
  term: 本局的规定
  reviewed_on: 2026-06-01
  versions:
    2026-01-01:
      severity: {severity}
      source: {{title: 示例局内部规定, mark: verified}}
"""


def test_a_bureau_may_relax_a_check(tmp_path: Path) -> None:
    """Required flags are known, not verified: a bureau sets how strictly a check is taken."""
    folder = _bureau_rules(tmp_path, _ENTRY.format(rule="R8", severity="warning"))
    relaxed = Judge(Rules.load(folder), Agencies(AGENCIES, BUREAU), TODAY)
    raw = raw_row("处罚企业", {"暂扣或吊销证照名称及编号": "道路运输证"})

    judged = relaxed.judge(raw, sheet(raw))

    assert isinstance(judged, Record)
    assert "R8 暂扣或吊销证照名称及编号" in told(raw.kind, judged.draft.faults, fatal=False)


@pytest.mark.parametrize(
    "column", ["行政相对人类别", "处罚类别", "处罚决定日期", "罚款金额(万元)", "证件类型", "公示截止期"]
)
@pytest.mark.parametrize("slipped", ["张示例", "990101199001011230", "990101/19900101/1230", "张示例13800138000"])
def test_no_message_repeats_a_person_who_slipped_into_a_column(column: str, slipped: str) -> None:
    """Messages go to screens, logs and the queue; a clerk who pastes one column too far puts persons anywhere."""
    raw = raw_row("处罚企业", {column: slipped})

    told_ = [fault for fault in faults_of(judge().judge(raw, sheet(raw))) if fault.fatal]

    assert told_
    for fault in told_:
        assert not re.search(r"张示例|\d{10}|19900101", fault.message), fault.message


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("许可企业", "当前状态", "请填1（有效）或2（无效）"),
        ("处罚企业", "处罚机关统一社会信用代码", "18位统一社会信用代码"),
    ],
)
def test_an_empty_cell_says_what_belongs_there(row: str, column: str, words: str) -> None:
    """当前状态 and organs' codes stand in no decision: 请按决定书填写 would send the clerk to the wrong paper."""
    raw = raw_row(row, {column: None})

    [fault] = [fault for fault in faults_of(judge().judge(raw, sheet(raw))) if fault.fatal]

    assert words in fault.message


def test_a_deadline_may_differ_by_kind_of_act(tmp_path: Path) -> None:
    """A province that gives licences other days than penalties writes it down, not into the program."""
    entry = _ENTRY.format(rule="deadline.licence", severity="fault").replace("severity: fault", "working_days: 3")
    entry = entry.replace("  reviewed_on", "  unit: working_days\n  reviewed_on")
    own = Rules.load(_bureau_rules(tmp_path, entry))

    assert own.due(date(2026, 6, 8), "licence")[0] == date(2026, 6, 11)
    assert own.due(date(2026, 6, 8), "penalty")[0] == own.due(date(2026, 6, 8))[0] == date(2026, 6, 17)


def test_a_relaxed_check_lets_no_row_in_that_cannot_be_stored(tmp_path: Path) -> None:
    """Without its content or its organ a record is none, however mild the bureau."""
    folder = _bureau_rules(tmp_path, _ENTRY.format(rule="R1", severity="off"))
    relaxed = Judge(Rules.load(folder), Agencies(AGENCIES, BUREAU), TODAY)
    raw = raw_row("处罚企业", {"违法事实": None, "处罚有效期": None})

    judged = relaxed.judge(raw, sheet(raw))

    assert told(raw.kind, faults_of(judged), fatal=True) == Counter(["R1 违法事实"])


@pytest.mark.parametrize("rule", ["R6", "OTHER_AGENCY", "NOT_IN_CATALOGUE", "R14_NUMBER"])
def test_what_keeps_records_apart_cannot_be_relaxed(tmp_path: Path, rule: str) -> None:
    """Otherwise a bureau's file could overwrite another's records."""
    with pytest.raises(WrongSetting, match=rule):
        Book.load(_bureau_rules(tmp_path, _ENTRY.format(rule=rule, severity="warning")))


def test_a_word_with_two_meanings_is_refused_at_start(tmp_path: Path) -> None:
    """A code list that maps one word to two codes would file rows at random."""
    entry = _ENTRY.format(rule="codes.state", severity="fault").replace(
        "severity: fault", "codes: [{word: '1', aliases: [有效]}, {word: '2', aliases: [有效]}]"
    )

    with pytest.raises(WrongSetting, match="两个含义"):
        Book.load(_bureau_rules(tmp_path, entry))


def test_free_text_is_public_only_in_its_masked_form() -> None:
    """The public form is made when the row is judged; what was sent stays beside it for the own agency."""
    words = "当事人张示例（身份证990101199001011230，电话13800138000）驾驶货车"
    raw = raw_row("处罚个人", {"违法事实": words, "备注": words})

    judged = judge().judge(raw, sheet(raw))

    assert isinstance(judged, Record)
    assert judged.columns["facts"] == words
    for column in ("facts_public", "remark_public"):
        shown = judged.columns[column]
        assert "驾驶货车" in shown
        assert not any(secret in shown for secret in ("张示例", "990101199001011230", "13800138000"))
    assert judged.disclosure.scope == "government"
