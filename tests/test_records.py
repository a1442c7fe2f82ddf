"""撤下与认定: what an officer does to a record in store, on the real database."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.records.service import override_severity, withdraw
from server.viewer import PUBLIC, Door, Duty, Viewer
from tests.importing import LICENCE, PENALTY, PERSON, Bureau, open_bureau, public_penalties
from tests.support import TODAY, TrialDatabase


@pytest.fixture
async def bureau(database: TrialDatabase, tmp_path: Path) -> Bureau:
    """A bureau of the test's own."""
    return await open_bureau(database, tmp_path)


async def test_a_withdrawal_hides_at_once_and_is_on_record(bureau: Bureau) -> None:
    """行政处罚法 art. 48: an annulled penalty is taken down, and the journal says by whom and why."""
    await bureau.bring(PENALTY)
    record = await bureau.one("id FROM penalty")
    take_down = (bureau.database, bureau.clerk, record, "annulled", f"法院撤销，联系人13800138000、{PERSON}")

    done = await withdraw(*take_down, idempotency_key="w1")
    again = await withdraw(*take_down, idempotency_key="w1")

    assert done == again
    assert (done.withdrawn_on, done.withdrawal, done.table) == (TODAY, "annulled", "penalty")
    assert await public_penalties(bureau) == 0
    reason = await bureau.one("reason FROM journal.transaction ORDER BY revision DESC LIMIT 1")
    assert "法院撤销" in reason
    assert PERSON not in reason
    assert "13800138000" not in reason
    with pytest.raises(Conflict):
        await withdraw(*take_down)
    with pytest.raises(Conflict):
        await withdraw(*take_down[:3], "mistaken", "另一个理由", idempotency_key="w1")


async def test_only_the_own_agencys_clerk_takes_down(bureau: Bureau) -> None:
    """Unknown and foreign records are refused alike; a withdrawal needs a known reason in words."""
    await bureau.bring(PENALTY)
    record = await bureau.one("id FROM penalty")
    stranger = bureau.officer(bureau.other)

    messages = set()
    for which in (record, uuid4()):
        with pytest.raises(NotFound) as refused:
            await withdraw(bureau.database, stranger, which, "annulled", "理由")
        messages.add(refused.value.message)
    assert len(messages) == 1
    for viewer in (PUBLIC, bureau.officer(bureau.agency, Duty.AUDITOR), Viewer(Door.GOVERNMENT)):
        with pytest.raises(Forbidden):
            await withdraw(bureau.database, viewer, record, "annulled", "理由")
        with pytest.raises(Forbidden):
            await bureau.bring(PENALTY, viewer=viewer)
    for withdrawal, reason in (("lifted", "理由"), ("annulled", " ")):
        with pytest.raises(Invalid):
            await withdraw(bureau.database, bureau.clerk, record, withdrawal, reason)
    assert await public_penalties(bureau) == 1


async def test_a_class_set_by_hand_is_taken_back_by_hand(bureau: Bureau) -> None:
    """The officer's reason is on record and masked; without the override the rule's class and term hold again."""
    await bureau.bring(PENALTY, LICENCE)
    penalty, licence = await bureau.one("id FROM penalty"), await bureau.one("id FROM licence")
    by_hand = (bureau.database, bureau.rules.terms, bureau.rules.masking, bureau.clerk)

    await override_severity(*by_hand, penalty, "minor", f"首次且轻微，当事人{PERSON}", idempotency_key="s1")
    await override_severity(*by_hand, penalty, "minor", f"首次且轻微，当事人{PERSON}", idempotency_key="s1")

    assert await bureau.one("disclosed_until FROM penalty") == date(2026, 9, 8)
    assert await bureau.one("count(*) FROM journal.transaction WHERE action = 'records.classify'") == 1
    async with bureau.database.read(bureau.clerk) as connection:
        assert PERSON not in await connection.fetchval("SELECT severity_reason FROM penalty")
    await override_severity(*by_hand, penalty, None, "认定有误")
    assert await bureau.one("(severity_override, disclosed_until) FROM penalty") == (None, date(2027, 6, 8))
    with pytest.raises(Invalid):
        await override_severity(*by_hand, licence, "minor", "许可没有程度")
    with pytest.raises(Invalid):
        await override_severity(*by_hand, penalty, "huge", "没有这一类")
