"""导入服务: what an import promises, on the real database. Row checks by themselves: ``test_imports_checks``."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.iso7064 import mod_11_10

from server.disclosure.kinds import Withdrawal
from server.errors import Conflict, CreditError, Forbidden, Invalid, NotFound
from server.imports import service
from server.imports.batches import find_batch, mark_abandoned
from server.imports.corrections import open_corrections
from server.imports.report import Report
from server.imports.rows import SheetNote, SheetStart
from server.imports.service import import_file
from server.imports.verdict import RowResult, Verdict
from server.journal.actions import Action
from server.journal.service import write
from server.records.service import override_severity, withdraw
from server.viewer import PUBLIC, Door, Viewer
from tests.importing import (
    BAD,
    BRIGADE,
    BUREAU,
    FIRM,
    LICENCE,
    OTHER_BUREAU,
    OTHER_FIRM,
    PENALTY,
    PERSON,
    PLACEHOLDER,
    SHOP,
    Bureau,
    open_bureau,
    person,
    public_penalties,
    shop,
    uscc,
)
from tests.support import TODAY, TrialDatabase


@pytest.fixture
async def bureau(database: TrialDatabase, tmp_path: Path) -> Bureau:
    """A bureau of the test's own."""
    return await open_bureau(database, tmp_path)


async def test_a_good_row_becomes_a_record_with_subject_term_and_deadline(bureau: Bureau) -> None:
    """The main job: from a clerk's row to a record that the public door shows on its day."""
    result = await bureau.bring(PENALTY)

    assert (result.state, result.rows_total, result.rows_new) == ("done", 1, 1)
    async with bureau.database.read(PUBLIC) as connection:
        row = await connection.fetchrow("SELECT * FROM penalty")
        firm = await connection.fetchrow("SELECT * FROM enterprise")
    assert row["fine_yuan"] == 2000
    assert row["reported_on"] == TODAY
    assert row["due_on"] == date(2026, 6, 17)
    assert row["late_working_days"] == 0
    assert row["disclosed_from"] == TODAY
    assert row["disclosed_until"] == date(2027, 6, 8)
    assert row["catalogue_item"].startswith(row["catalogue_edition"])
    assert row["enterprise_id"] == firm["id"]
    assert (firm["uscc"], firm["name"], firm["legal_representative"]) == (FIRM, "钢城示例运输有限公司", "示例甲")


async def test_importing_the_same_file_again_changes_nothing(bureau: Bureau) -> None:
    """Clerks send the same file twice; the journal must not fill with revisions that changed nothing."""
    await bureau.bring(PENALTY, LICENCE)
    before = await bureau.revision()

    again = await bureau.bring(PENALTY, LICENCE)

    assert (again.rows_unchanged, again.rows_new, again.rows_changed) == (2, 0, 0)
    assert await bureau.revision() == before
    assert await bureau.one("count(*) FROM penalty") == 1
    assert await bureau.one("count(*) FROM history.penalty") == 0


async def test_a_corrected_row_becomes_a_new_version(bureau: Bureau) -> None:
    """A correction keeps the old version and the day the record first came."""
    await bureau.bring(PENALTY)
    await bureau.database.set_today(date(2026, 6, 18))

    result = await bureau.bring(PENALTY | {"CF_NR": "罚款人民币3000元", "CF_NR_FK": "0.3"})

    assert (result.rows_changed, result.rows_new) == (1, 0)
    assert await bureau.one("fine_yuan FROM penalty") == 3000
    assert await bureau.one("fine_yuan FROM history.penalty") == 2000
    assert await bureau.one("reported_on FROM penalty") == TODAY
    assert await bureau.one("late_working_days FROM penalty") == 0
    assert await bureau.one("disclosed_from FROM penalty") == TODAY


async def test_a_late_row_says_by_how_many_working_days(bureau: Bureau) -> None:
    """Seven working days from the decision (发改办财金〔2018〕424号); the first day in store counts."""
    await bureau.bring(PENALTY | {"CF_JDRQ": "2026/4/29"})

    row = await bureau.one("(due_on, late_working_days, due_provisional) FROM penalty")
    assert row == (date(2026, 5, 12), 24, False)


async def test_a_deadline_beyond_the_loaded_calendar_is_marked_provisional(bureau: Bureau) -> None:
    """The holidays of 2027 are published in November 2026: before, a date is never guessed as certain."""
    await bureau.database.set_today(date(2026, 12, 30))

    await bureau.bring(PENALTY | {"CF_JDRQ": "2026/12/30"})

    assert await bureau.one("due_provisional FROM penalty") is True


@pytest.mark.parametrize("withdrawal", [Withdrawal.REPAIRED, Withdrawal.ANNULLED])
async def test_a_repaired_row_stays_hidden_when_a_later_file_brings_it_again(
    bureau: Bureau, withdrawal: Withdrawal
) -> None:
    """What the law has taken down never comes back by a routine file, as it is or with other words."""
    await bureau.bring(PENALTY)
    record = await bureau.one("id FROM penalty")
    assert await public_penalties(bureau) == 1
    await withdraw(bureau.database, bureau.clerk, record, withdrawal, "申请人已履行义务")

    same = await bureau.bring(PENALTY)
    changed = await bureau.bring(PENALTY | {"CF_SY": "另一种写法的违法事实"})

    assert (same.rows_unchanged, changed.rows_changed) == (1, 1)
    assert await public_penalties(bureau) == 0
    assert await bureau.one("withdrawal FROM penalty") == withdrawal.value


async def test_an_officers_class_stays_whatever_a_later_file_says(bureau: Bureau) -> None:
    """The department classifies; the rule table only proposes. The term follows the officer's class."""
    await bureau.bring(PENALTY)
    record = await bureau.one("id FROM penalty")
    rules = bureau.rules
    await override_severity(
        bureau.database, rules.terms, rules.masking, bureau.clerk, record, "serious", "造成重大损失"
    )
    assert await bureau.one("disclosed_until FROM penalty") == date(2029, 6, 8)

    # 公示截止期 of three years is later than the rule's class allows, but not than the officer's.
    result = await bureau.bring(PENALTY | {"CF_SY": "另一种写法", "CF_GSJZQ": "2029/6/7"})

    assert result.rows_changed == 1
    assert await bureau.one("severity_override FROM penalty") == "serious"
    assert await bureau.one("severity FROM penalty") == "general"
    assert await bureau.one("disclosed_until FROM penalty") == date(2029, 6, 8)


async def test_the_earlier_of_rule_and_file_ends_the_disclosure(bureau: Bureau) -> None:
    """公示截止期 is the last day shown; a later one than the rule's is a fault of the row (R9)."""
    early = PENALTY | {"CF_GSJZQ": "2026/12/31"}
    late = PENALTY | {"CF_WSH": "示交罚〔2026〕2号", "CF_GSJZQ": "2027/6/9"}

    result = await bureau.bring(early, late)

    assert (result.rows_new, result.rows_rejected) == (1, 1)
    assert await bureau.one("disclosed_until FROM penalty") == date(2027, 1, 1)
    [waiting] = await open_corrections(bureau.database, bureau.clerk)
    assert [fault.rule for fault in waiting.faults if fault.fatal] == ["R9"]


async def test_a_row_of_another_agency_is_refused(bureau: Bureau) -> None:
    """谁产生谁提供: one bureau never writes, or overwrites, what another answers for."""
    foreign = PENALTY | {
        "CF_CFJG": "另一交通运输局",
        "CF_CFJGDM": OTHER_BUREAU,
        "CF_SJLY": "另一交通运输局",
        "CF_SJLYDM": OTHER_BUREAU,
    }
    await bureau.bring(foreign, viewer=bureau.officer(bureau.other))
    before = await bureau.revision()

    result = await bureau.bring(foreign | {"CF_SY": "改写别人的记录"})
    mixed = await bureau.bring(foreign | {"CF_SJLY": "示例交通运输局", "CF_SJLYDM": BUREAU, "CF_SY": "冒名"})

    assert (result.rows_rejected, mixed.rows_rejected) == (1, 1)
    assert await bureau.revision() == before
    waiting = await open_corrections(bureau.database, bureau.clerk)
    assert {f.rule for row in waiting for f in row.faults if f.fatal} == {"OTHER_AGENCY"}
    assert await open_corrections(bureau.database, bureau.officer(bureau.other)) == []


async def test_a_brigade_sends_what_its_bureau_decided(bureau: Bureau) -> None:
    """Penalties found by the brigade carry the bureau's name: the brigade is their source unit."""
    row = PENALTY | {"CF_SJLY": "示例执法大队", "CF_SJLYDM": BRIGADE}

    result = await bureau.bring(row, viewer=bureau.officer(bureau.brigade))

    assert result.rows_new == 1
    assert await bureau.one("source_unit_id FROM penalty") == bureau.brigade


async def test_the_placeholder_identifies_nobody_and_merges_no_strangers(bureau: Bureau) -> None:
    """17 zeros and X stand for many shops without a code: none may carry another's penalty."""
    rows = [shop(n, CF_XDR_SHXYM=PLACEHOLDER, CF_XDR_MC=f"示例汽修部{n}") for n in (1, 2)]

    result = await bureau.bring(*rows)

    assert result.rows_new == 2
    assert await bureau.one("count(*) FROM individual_business") == 0
    assert await bureau.one("count(individual_business_id) FROM penalty") == 0
    assert await bureau.one("count(subject_uscc) FROM penalty") == 0


async def test_a_shop_known_by_its_old_number_is_the_same_when_its_code_comes(bureau: Bureau) -> None:
    """An old 工商注册号 identifies a shop without a code, and its new code joins it."""
    old = {"CF_XDR_GSZC": "99011700000001" + mod_11_10.calc_check_digit("99011700000001")}
    await bureau.bring(shop(1, CF_XDR_SHXYM=PLACEHOLDER, **old))
    assert await bureau.one("uscc FROM individual_business") is None

    await bureau.bring(shop(2, **old))

    assert await bureau.one("count(*) FROM individual_business") == 1
    assert await bureau.one("uscc FROM individual_business") == SHOP
    assert await bureau.one("count(DISTINCT individual_business_id) FROM penalty") == 1


async def test_a_person_is_found_by_number_and_kept_from_the_public(bureau: Bureau) -> None:
    """One person for all his rows, masked; his penalties are for government, and he is unknown to the public."""
    await bureau.bring(person(1))
    await bureau.bring(person(2, CF_XDR_ZJHM=f" {PERSON.lower()} "))

    assert await bureau.one("count(*) FROM practitioner") == 1
    assert await bureau.one("name_public FROM practitioner") == "张**"
    async with bureau.database.read(PUBLIC) as connection:
        assert await connection.fetchval("SELECT count(*) FROM penalty") == 0
        assert await connection.fetchval("SELECT count(*) FROM practitioner") == 0
    async with bureau.database.read(bureau.clerk) as connection:
        names = await connection.fetch("SELECT DISTINCT subject_name FROM penalty")
    assert [row["subject_name"] for row in names] == ["张**"]


async def test_no_door_shows_what_was_planted_in_the_texts(bureau: Bureau) -> None:
    """Clerks write numbers, phones and owners into every column; the public forms are made when the row is written."""
    words = f"业主欧阳示例（身份证{PERSON}，电话13800138000）"
    planted = dict.fromkeys(("CF_WFXW", "CF_SY", "CF_YJ", "CF_NR", "BZ"), words)
    row = shop(1, **planted) | {"CF_XDR_MC": "欧阳示例汽修部", "CF_CFLB": f"罚款;其他-{words}", "CF_XDR_SWDJ": PERSON}
    row["CF_WFXW"] = f"货运车辆超限运输，{words}"
    row["CF_NR"] = f"罚款人民币2000元，{words}"
    licence = LICENCE | {"XK_XDR_LB": "个体工商户", "XK_XDR_SHXYM": SHOP, "XK_FRDB": "欧阳示例", "BZ": words}
    licence |= {"XK_XDR_MC": "欧阳示例汽修部", "XK_XKWS": f"许可决定书 {words}"[:60], "XK_XKLB": f"其他-{words}"}
    licence |= {"XK_XKZS": f"道路运输经营许可证 {words}"[:60], "XK_XKBH": PERSON, "XK_NR": f"道路普通货物运输 {words}"}

    result = await bureau.bring(row, licence)

    assert result.rows_new == 2
    for viewer in (PUBLIC, Viewer(Door.GOVERNMENT), bureau.clerk):
        async with bureau.database.read(viewer) as connection:
            for table in ("penalty", "licence", "individual_business"):
                seen = str([dict(r) for r in await connection.fetch(f"SELECT * FROM {table}")])
                assert "汽修部" in seen
                for secret in (PERSON, "13800138000", "欧阳示例"):
                    assert secret not in seen, (viewer.door, table, secret)


async def test_only_a_newer_decision_renames_a_firm(bureau: Bureau) -> None:
    """A file of old rows must not give a firm its former name back."""
    await bureau.bring(PENALTY)
    older = PENALTY | {"CF_WSH": "示交罚〔2026〕2号", "CF_JDRQ": "2026/6/1", "CF_XDR_MC": "钢城旧名运输有限公司"}
    newer = PENALTY | {"CF_WSH": "示交罚〔2026〕3号", "CF_JDRQ": "2026/6/10", "CF_XDR_MC": "钢城新名运输有限公司"}

    await bureau.bring(older)
    assert await bureau.one("name FROM enterprise") == "钢城示例运输有限公司"
    await bureau.bring(newer)

    assert await bureau.one("name FROM enterprise") == "钢城新名运输有限公司"
    assert await bureau.one("name FROM history.enterprise") == "钢城示例运输有限公司"
    before = await bureau.revision()
    assert (await bureau.bring(older, newer, PENALTY)).rows_unchanged == 3
    assert await bureau.revision() == before


async def test_another_subject_under_a_known_number_is_refused(bureau: Bureau) -> None:
    """R6: a slip in a 文号 must not put one firm's penalty on another's page."""
    await bureau.bring(PENALTY)
    other = PENALTY | {"CF_XDR_MC": "别家运输有限公司", "CF_XDR_SHXYM": OTHER_FIRM}

    slip = await bureau.bring(other | {"CF_NR": "罚款人民币5000元", "CF_NR_FK": "0.5"})
    corrected = await bureau.bring(other)

    assert (slip.rows_rejected, slip.rows_changed) == (1, 0)
    assert corrected.rows_changed == 1, "word for word the same decision: the clerk corrects the subject"
    assert await bureau.one("subject_uscc FROM penalty") == OTHER_FIRM


async def test_a_repeated_row_counts_once_and_a_repeated_number_is_refused(bureau: Bureau) -> None:
    """R15 and R6 inside one file; brackets of another kind do not make another number."""
    other = PENALTY | {"CF_SY": "另一件事", "CF_WSH": "示交罚[2026]1号"}

    result = await bureau.bring(PENALTY, PENALTY, other)

    assert (result.rows_new, result.rows_ignored, result.rows_rejected) == (1, 1, 1)
    again = await bureau.bring(PENALTY, PENALTY, other)
    assert (again.rows_unchanged, again.rows_ignored, again.rows_rejected) == (1, 1, 1)
    assert await bureau.one("count(*) FROM correction WHERE state = 'open'") == 1


async def test_a_row_outside_the_catalogue_waits(bureau: Bureau) -> None:
    """目录之外非信用: it is no credit information, so it does not go in."""
    result = await bureau.bring(
        LICENCE | {"XK_XKZS": "", "XK_XKBH": "", "XK_XKWS": "食品经营许可决定书", "XK_NR": "食品经营"}
    )

    assert result.rows_rejected == 1
    [waiting] = await open_corrections(bureau.database, bureau.clerk)
    assert [fault.rule for fault in waiting.faults if fault.fatal] == ["NOT_IN_CATALOGUE"]


# Broken off, at once, again ------------------------------------------------------------------------------------------


def _many(count: int) -> list[dict[str, str]]:
    return [PENALTY | {"CF_WSH": f"示交罚〔2026〕{n}号"} for n in range(1, count + 1)]


async def test_two_imports_at_once_make_no_duplicates(bureau: Bureau) -> None:
    """Two clerks press the button together: what is new is asked only when no other write can come between."""
    rows = [*_many(20), *(person(n) for n in range(100, 110))]

    first, second = await asyncio.gather(bureau.bring(*rows), bureau.bring(*rows))

    assert sorted((first.rows_new, second.rows_new)) == [0, 30]
    assert await bureau.one("count(*) FROM penalty") == 30
    assert await bureau.one("count(*) FROM practitioner") == 1


class _Crash(RuntimeError):
    pass


async def test_a_crash_between_chunks_loses_nothing(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was committed stays, the batch says where it stopped, and the same file finishes the rest."""
    monkeypatch.setattr(service, "CHUNK", 4)

    def crash(progress: service.Progress) -> None:
        if progress.done >= 8:
            raise _Crash

    with pytest.raises(_Crash):
        await bureau.bring(*_many(20), progress=crash)

    stored = await bureau.one("count(*) FROM penalty")
    assert 8 <= stored < 20
    assert await bureau.one("rows_new FROM import_batch") == stored
    assert await bureau.one("state FROM import_batch") == "failed"
    assert f"前{stored}行" in await bureau.one("failure FROM import_batch")
    again = await bureau.bring(*_many(20))
    assert (again.rows_unchanged, again.rows_new) == (stored, 20 - stored)


async def test_a_lost_database_leaves_a_batch_that_the_next_start_ends(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch must not stand as running for ever, nor a living one be called dead."""
    monkeypatch.setattr(service, "CHUNK", 4)
    loop = asyncio.get_running_loop()
    cut: list[asyncio.Task[Any]] = []

    def cut_off(progress: service.Progress) -> None:
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xintu writer'"
        if not cut:
            assert progress.done == 4
            cut.append(loop.create_task(bureau.database.as_owner(f"{kill} AND datname = current_database()")))

    with pytest.raises(CreditError) as refused:
        await bureau.bring(*_many(400), progress=cut_off)

    assert refused.value.code == "UNAVAILABLE"
    assert await bureau.one("state FROM import_batch") == "running"
    assert await mark_abandoned(bureau.database) == 1
    assert "重新导入" in await bureau.one("failure FROM import_batch")
    assert (await bureau.bring(*_many(400))).state == "done"
    assert await bureau.one("count(*) FROM penalty") == 400


async def test_a_living_import_is_not_called_abandoned(bureau: Bureau) -> None:
    """A second server process starts while an import runs."""
    marked: list[asyncio.Task[int]] = []

    def start_another(progress: service.Progress) -> None:
        marked.append(asyncio.create_task(mark_abandoned(bureau.database)))

    result = await bureau.bring(*_many(3), progress=start_another)

    assert await marked[0] == 0
    assert result.state == "done"


async def test_a_refused_file_stands_as_a_failed_batch(bureau: Bureau) -> None:
    """A wrong file is refused in words, and the attempt is on record."""
    path = bureau.folder / "图片.xlsx"
    path.write_bytes(b"\x89PNG\r\n" + b"0" * 200)

    with pytest.raises(CreditError) as refused:
        await import_file(bureau.database, bureau.rules, bureau.clerk, path, "C:\\局\\图片.xlsx")

    assert await bureau.one("state FROM import_batch") == "failed"
    assert await bureau.one("file_name FROM import_batch") == "图片.xlsx"
    assert await bureau.one("failure FROM import_batch") == refused.value.message, "not: import the same file again"


async def test_a_repeated_key_imports_once_and_answers_the_same(bureau: Bureau) -> None:
    """A program that lost the answer asks again; the same key for another file is a mistake of the program."""
    path = bureau.file([PENALTY])
    first = await import_file(bureau.database, bureau.rules, bureau.clerk, path, "甲.xlsx", idempotency_key="k1")
    again = await import_file(bureau.database, bureau.rules, bureau.clerk, path, "甲.xlsx", idempotency_key="k1")

    assert (again.batch_id, again.rows_new, again.repeated) == (first.batch_id, 1, True)
    assert await bureau.one("count(*) FROM import_batch") == 1
    with pytest.raises(Conflict):
        await bureau.bring(LICENCE, idempotency_key="k1")


async def test_the_operator_leaves_the_agency_to_the_file_or_names_it(bureau: Bureau) -> None:
    """``python -m server import FILE`` without --agency: the rows name their one bureau."""
    operator = bureau.officer(None)

    found = await bureau.bring(PENALTY | {"CF_SJLY": "示例执法大队", "CF_SJLYDM": BRIGADE}, viewer=operator)
    named = await bureau.bring(LICENCE, viewer=operator, agency_code="990117-01")

    assert found.agency_code == "990117"
    assert (named.agency_code, named.rows_rejected) == ("990117-01", 1)
    unknown = PENALTY | {"CF_SJLYDM": uscc("11990119004260004"), "CF_CFJGDM": uscc("11990119004260004")}
    with pytest.raises(Invalid, match="--agency"):
        await bureau.bring(unknown, viewer=operator)
    for code in ("990118", "999999"):
        with pytest.raises(NotFound):
            await bureau.bring(PENALTY, agency_code=code)


async def test_results_for_a_report_are_masked(bureau: Bureau) -> None:
    """A report may lie in a log: it says everything of the row but its persons."""
    heard: list[RowResult] = []

    await bureau.bring(
        person(1),
        person(2, CF_JDRQ="明天"),
        observe=lambda items: heard.extend(i for i in items if isinstance(i, RowResult)),
    )

    assert [row.verdict for row in heard] == [Verdict.NEW, Verdict.REJECTED]
    assert (heard[0].due_on, heard[0].late_working_days) == (date(2026, 6, 17), 0)
    assert heard[0].values_masked["subject_name"] == "张**"
    for row in heard:
        shown = str(row.values_masked) + str(row.faults)
        assert PERSON not in shown
        assert "张示例" not in shown


async def test_a_report_tells_sheets_and_late_rows(bureau: Bureau, tmp_path: Path) -> None:
    """A program that reads the report learns which list it was, and what came after its deadline."""
    stream = io.StringIO()
    report = Report(stream, "双公示.xlsx")

    def observe(items: Sequence[SheetStart | SheetNote | RowResult]) -> None:
        for item in items:
            report.add(item)

    result = await bureau.bring(
        PENALTY, PENALTY | {"CF_WSH": "示交罚〔2026〕2号", "CF_JDRQ": "2026/4/29"}, observe=observe
    )
    report.close()

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["type"] for line in lines] == ["file", "sheet", "row", "row", "totals"]
    assert (lines[1]["edition"], lines[1]["kind"]) == (2018, "penalty")
    assert (lines[-1]["late"], result.rows_late) == (1, 1)
    found = await find_batch(bureau.database, bureau.clerk, result.batch_id)
    assert found is not None
    assert found.rows_late == 1


async def test_lateness_through_a_year_not_loaded_is_provisional(bureau: Bureau) -> None:
    """The days between a known deadline and a report in an unknown year cannot be counted for certain."""
    await bureau.database.set_today(date(2027, 2, 1))

    await bureau.bring(PENALTY | {"CF_JDRQ": "2026/12/1"})

    assert await bureau.one("due_provisional FROM penalty") is True


async def test_an_officer_of_an_agency_taken_off_the_register_imports_nothing(bureau: Bureau) -> None:
    """His key outlives his agency; the file must not choose another bureau for him."""
    async with write(bureau.database, "测试", Action.AGENCY_IMPORT, "撤销机关") as w:
        await w.update("agency", bureau.other, {"withdrawn_on": w.day, "withdrawal": "annulled"})

    with pytest.raises(Forbidden):
        await bureau.bring(PENALTY, viewer=bureau.officer(bureau.other))

    assert await bureau.one("count(*) FROM penalty") == 0


async def test_an_import_ends_what_a_crash_left_running(bureau: Bureau) -> None:
    """The command line starts no server: its next import says that the one before it broke off."""
    await bureau.bring(PENALTY)
    await bureau.database.as_owner("UPDATE xintu.import_batch SET state = 'running', finished_at = NULL")

    await bureau.bring(PENALTY)

    assert await bureau.one("array_agg(state ORDER BY started_at) FROM import_batch") == ["failed", "done"]


async def test_the_journal_names_a_batch_and_never_a_file(bureau: Bureau) -> None:
    """A file is called after a person now and then, and nothing is ever taken out of the journal."""
    name = f"张示例{PERSON}处罚13800138000.xlsx"

    result = await import_file(bureau.database, bureau.rules, bureau.clerk, bureau.file([PENALTY]), name)

    assert (
        await bureau.one("reason FROM journal.transaction ORDER BY revision DESC LIMIT 1")
        == f"导入批次{result.batch_id}"
    )
    kept = await bureau.one("file_name FROM import_batch")
    assert PERSON not in kept
    assert "13800138000" not in kept


async def test_a_batch_is_found_by_its_own_agency_only(bureau: Bureau) -> None:
    """Counts of another bureau's work are not ours to tell."""
    result = await bureau.bring(PENALTY, BAD | {"CF_WSH": "示交罚〔2026〕5号"})

    found = await find_batch(bureau.database, bureau.clerk, result.batch_id)

    assert found is not None
    assert (found.rows_new, found.rows_rejected, found.state) == (1, 1, "done")
    assert await find_batch(bureau.database, bureau.officer(bureau.other), result.batch_id) is None
