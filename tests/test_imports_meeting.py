"""对照: what may become of a good row when the store knows its 文号, or its decision under another one. Real database."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from server.disclosure.kinds import Withdrawal
from server.imports.cells import document_number
from server.imports.corrections import correct_row, open_corrections
from server.imports.rows import SheetNote, SheetStart
from server.imports.verdict import RowResult
from server.records.numbers import EXPRESSION, match_key
from server.records.service import override_severity, withdraw
from tests.importing import (
    BRIGADE,
    LICENCE,
    OTHER_FIRM,
    PENALTY,
    PLACEHOLDER,
    Bureau,
    open_bureau,
    public_penalties,
    shop,
)
from tests.support import TrialDatabase

#: Ways of writing 示交罚〔2026〕1号.
VARIANTS = (
    "示交罚[2026]1号",
    "示交罚 〔2026〕 1 号",
    "示交罚〔2026〕第1号",
    "示交罚〔2026〕01号",
    "示交罚〔2026〕０1号",
    "示交罚〔2026〕1",
    "示交罚﹝2026﹞1號",
    "示交罚〔２０２６〕1号",
    "示交罚2026-1号",
    "示交罰〔2026〕1号",
    "示交罚〔2026〕1号。",
    "示交罚〔2026〕\u200b1号",
    "示交罚〔2026〕l号",
)


@pytest.fixture
async def bureau(database: TrialDatabase, tmp_path: Path) -> Bureau:
    """A bureau of the test's own."""
    return await open_bureau(database, tmp_path)


async def judged(bureau: Bureau, *rows: Mapping[str, str]) -> list[RowResult]:
    """Imports rows and gives what became of each."""
    heard: list[RowResult] = []

    def observe(items: list[SheetStart | SheetNote | RowResult]) -> None:
        heard.extend(item for item in items if isinstance(item, RowResult))

    await bureau.bring(*rows, observe=observe)
    return heard


async def rules_told(bureau: Bureau, *rows: Mapping[str, str]) -> list[tuple[str, str]]:
    """Gives verdict and rules told for each row, the hint on the representative's papers left out."""
    return [
        (row.verdict.value, ",".join(f.rule for f in row.faults if f.rule != "R4_CERTIFICATE"))
        for row in await judged(bureau, *rows)
    ]


async def take_down(bureau: Bureau, withdrawal: Withdrawal = Withdrawal.REPAIRED) -> UUID:
    record: UUID = await bureau.one("id FROM penalty")
    await withdraw(bureau.database, bureau.clerk, record, withdrawal, "已履行")
    return record


# The same number in other writing ------------------------------------------------------------------------------------


def test_all_ways_of_writing_a_number_have_one_key_and_other_numbers_another() -> None:
    """Too little folded and a repaired penalty comes back; too much, and two decisions become one."""
    assert {match_key(str(document_number(number))) for number in VARIANTS} == {match_key("示交罚〔2026〕1号")}
    others = [
        "示交罚〔2026〕11号",
        "示交罚〔2026〕1-1号",
        "示交罚〔2025〕1号",
        "示交许〔2026〕1号",
        "示交罚〔2026〕10号",
        "1",
        "号",
        "",
    ]
    assert len({match_key(number) for number in (*others, "示交罚〔2026〕1号")}) == len(others) + 1


async def test_the_key_in_sql_is_the_key_in_python(bureau: Bureau) -> None:
    """The index and the row in hand must fold alike, or the look-up misses silently."""
    dice = random.Random("文号")
    signs = "示交罚罰〔〕[]()第号號01029lIOo-—. 。年Aaz'\\|"
    usual = (f"{''.join(dice.choices(signs, k=4))}〔2026〕{dice.randrange(3000)}号" for _ in range(500))
    numbers = [*VARIANTS, *usual, *("".join(dice.choices(signs, k=dice.randrange(1, 14))) for _ in range(2000))]

    stored = await bureau.one(
        f"array_agg({EXPRESSION} ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS t (document_number, n)", numbers
    )

    assert [key or number for key, number in zip(stored, numbers, strict=True)] == [match_key(n) for n in numbers]
    for table in ("licence", "penalty"):
        connection = await bureau.database.owner()
        try:
            await connection.execute("SET search_path = xintu; SET enable_seqscan = off")
            plan = await connection.fetch(f"EXPLAIN SELECT 1 FROM {table} WHERE {EXPRESSION} = ANY ($1)", ["x", "y"])
        finally:
            await connection.close()
        assert f"{table}_match" in str(plan)


async def test_a_repaired_row_stays_hidden_in_every_writing_of_its_number(bureau: Bureau) -> None:
    """第1号, 01号 or 1號 is the decision that the law has taken down: it is no new record."""
    await bureau.bring(PENALTY)
    await take_down(bureau)

    for number in VARIANTS:
        [told] = await rules_told(bureau, PENALTY | {"CF_WSH": number})
        assert told in (("changed", "R9_WITHDRAWN"), ("unchanged", "R9_WITHDRAWN")), number

    assert await public_penalties(bureau) == 0
    assert await bureau.one("count(*) FROM penalty") == 1
    assert await bureau.one("withdrawal FROM penalty") == "repaired"


async def test_a_repaired_decision_does_not_come_back_under_another_number_or_organ(bureau: Bureau) -> None:
    """Same subject, day and content: the clerk is told, and says so in words when it is another decision."""
    await bureau.bring(PENALTY)
    await take_down(bureau)
    organ = {"CF_CFJG": "示例执法大队", "CF_CFJGDM": BRIGADE}
    other_number = PENALTY | {"CF_WSH": "示交罚〔2026〕77号"}

    told = await rules_told(bureau, PENALTY | organ, other_number)
    [result] = await judged(bureau, other_number)

    assert told == [("rejected", "R6_WITHDRAWN")] * 2
    assert "因信用修复撤下，不再公示" in str([f.message for f in result.faults])
    assert await public_penalties(bureau) == 0
    others = (
        other_number | {"BZ": "与1号不是同一案，另一决定"},
        PENALTY | {"CF_WSH": "示交罚〔2026〕78号", "CF_NR": "罚款人民币3000元", "CF_NR_FK": "0.3"},
    )
    assert [verdict for verdict, _ in await rules_told(bureau, *others)] == ["new", "new"]


async def test_an_officers_class_is_not_lost_under_another_writing_of_the_number(bureau: Bureau) -> None:
    """轻微 by an officer's hand hides a penalty; a number without 号 must not show it again."""
    await bureau.bring(PENALTY)
    record = await bureau.one("id FROM penalty")
    rules = bureau.rules
    await override_severity(bureau.database, rules.terms, rules.masking, bureau.clerk, record, "minor", "首次轻微")

    written = await rules_told(bureau, PENALTY | {"CF_WSH": "示交罚〔2026〕1"})
    renumbered = await rules_told(bureau, PENALTY | {"CF_WSH": "示交罚〔2026〕21号"})

    assert (written, renumbered) == ([("changed", "")], [("rejected", "R6_WITHDRAWN")])
    assert await bureau.one("array_agg(severity_override) FROM penalty") == ["minor"]


async def test_a_change_of_what_is_taken_down_says_that_it_stays_hidden(bureau: Bureau) -> None:
    """更正 1 would let the clerk believe that the public sees it."""
    await bureau.bring(PENALTY)
    await take_down(bureau, Withdrawal.MISTAKEN)

    [changed] = await judged(bureau, PENALTY | {"CF_SY": "驾驶货车超限运输，更正"})
    result = await bureau.bring(PENALTY)

    assert [f.message for f in changed.faults if f.rule == "R9_WITHDRAWN"] == [
        "该记录已于2026-06-15因误报撤下，更正后仍不公示；请核对当时的撤下是否有误"
    ]
    assert result.warnings == 1
    assert await public_penalties(bureau) == 0


async def test_a_correction_that_lengthens_an_ended_term_is_told(bureau: Bureau) -> None:
    """An expired penalty that comes back by a later day of decision must not come back unseen."""
    await bureau.bring(PENALTY | {"CF_JDRQ": "2025/6/14"})
    assert await public_penalties(bureau) == 0

    told = await rules_told(bureau, PENALTY | {"CF_JDRQ": "2025/6/18"})

    assert told == [("changed", "R9_AGAIN")]


# Another decision under a known number -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"CF_XDR_MC": "别家运输有限公司", "CF_XDR_SHXYM": OTHER_FIRM, "CF_SY": "无证经营"},
        {"CF_XDR_MC": "别家运输有限公司", "CF_XDR_SHXYM": OTHER_FIRM, "CF_YJ": "《道路运输条例》第六十三条"},
        {"CF_JDRQ": "2026/6/10", "CF_SY": "另一件事"},
        {"CF_JDRQ": "2026/6/10", "CF_NR": "罚款人民币9000元", "CF_NR_FK": "0.9"},
    ],
    ids=["别家别事", "别家别据", "同家另日另事", "同家另日另罚"],
)
async def test_another_decision_under_a_known_number_is_refused(bureau: Bureau, changes: dict[str, str]) -> None:
    """R6: one decision must never silently replace another."""
    await bureau.bring(PENALTY)

    assert await rules_told(bureau, PENALTY | changes) == [("rejected", "R6")]
    assert await bureau.one("count(*) FROM history.penalty") == 0


async def test_another_licence_under_a_known_number_is_refused(bureau: Bureau) -> None:
    """The same for licences, whose content is the decision."""
    await bureau.bring(LICENCE)

    told = await rules_told(bureau, LICENCE | {"XK_NR": "第二个许可", "XK_JDRQ": "2026/6/9"})

    assert told == [("rejected", "R6")]


@pytest.mark.parametrize(
    "changes", [{"CF_JDRQ": "2026/6/9"}, {"CF_SY": "更正后的事实"}, {"CF_NR": "罚款人民币2000元整"}]
)
async def test_one_correction_at_a_time_goes_in(bureau: Bureau, changes: dict[str, str]) -> None:
    """What a clerk really corrects: a day, or the words."""
    await bureau.bring(PENALTY)

    assert await rules_told(bureau, PENALTY | changes) == [("changed", "")]


@pytest.mark.parametrize("changes", [{"CF_SY": "李四海驾驶"}, {}])
async def test_two_strangers_without_a_code_never_overwrite_each_other(bureau: Bureau, changes: dict[str, str]) -> None:
    """17 zeros and X say nothing of who it is: only the name is left, and it differs."""
    await bureau.bring(shop(1, CF_XDR_SHXYM=PLACEHOLDER, CF_XDR_MC="张三丰货运部"))

    stranger = shop(1, CF_XDR_SHXYM=PLACEHOLDER, CF_XDR_MC="李四海货运部") | changes

    assert await rules_told(bureau, stranger) == [("rejected", "R6")]


async def test_a_row_typed_anew_does_not_change_the_record_of_another(bureau: Bureau) -> None:
    """correctRow with the number of a record in store is a slip, unless it is that very decision."""
    await bureau.bring(PENALTY | {"CF_SY": "原记录的事实"})
    await bureau.bring(PENALTY | {"CF_WSH": "示交罚〔2026〕2号", "CF_CFLB": "x", "CF_SY": "第二个决定"})
    entry = await bureau.one("id FROM correction")
    correct = (bureau.database, bureau.rules, bureau.clerk, entry)

    await correct_row(*correct, {"CF_WSH": "示交罚〔2026〕1号"})
    slip = await correct_row(*correct, {"CF_CFLB": "罚款"})
    same = await correct_row(*correct, {"CF_SY": "原记录的事实"})

    assert [f.rule for f in slip.faults if f.fatal] == ["R6"]
    assert same.record_id == await bureau.one("id FROM penalty")
    assert await bureau.one("facts FROM penalty") == "原记录的事实"


# What waits is not lost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "waiting",
    [
        {"CF_CFJG": "示例执法大队", "CF_CFJGDM": BRIGADE, "CF_SJLY": "示例执法大队", "CF_SJLYDM": BRIGADE},
        {"CF_XDR_MC": "另一家公司", "CF_XDR_SHXYM": OTHER_FIRM, "CF_SY": "另一事实"},
        {"CF_JDRQ": "2026/6/1"},
    ],
    ids=["别的机关", "别的相对人", "别的日期"],
)
async def test_a_good_row_does_not_settle_another_decision_of_the_same_number(
    bureau: Bureau, waiting: dict[str, str]
) -> None:
    """The number alone proves nothing: acknowledged work would be purged without a record of it."""
    await bureau.bring(PENALTY | {"CF_NR_FK": ""} | waiting)

    await bureau.bring(PENALTY)

    assert len(await open_corrections(bureau.database, bureau.clerk)) == 1


async def test_an_entry_is_settled_by_a_record_and_keeps_no_personal_word(bureau: Bureau) -> None:
    """Settled says by which record, and nothing is left of what the clerk typed."""
    secret = PENALTY | {"CF_NR_FK": "", "CF_SY": "驾驶员张三丰13800138000"}
    await bureau.bring(secret)

    await bureau.bring(secret | {"CF_NR_FK": "0.2", "CF_XDR_GSZC": ""})

    record = await bureau.one("id FROM penalty")
    assert await bureau.one("(state, settled_by, cells, document_number) FROM correction") == (
        "settled",
        record,
        None,
        None,
    )
    assert "message" not in await bureau.one("faults::text FROM correction")
    with pytest.raises(Exception, match="correction_settled_by"):
        await _forget(bureau)


async def _forget(bureau: Bureau) -> None:
    connection = await bureau.database.owner()
    try:
        await connection.execute("UPDATE xintu.correction SET settled_by = NULL")
    finally:
        await connection.close()


async def test_a_record_keeps_its_first_day_in_every_report(bureau: Bureau) -> None:
    """A row sent again is not late because of today."""
    await bureau.bring(PENALTY)
    await bureau.database.set_today(date(2026, 7, 30))

    [again] = await judged(bureau, PENALTY)
    [late] = await judged(bureau, PENALTY | {"CF_WSH": "示交罚〔2026〕2号"})

    assert (again.verdict.value, again.late_working_days) == ("unchanged", 0)
    assert late.late_working_days == 30
