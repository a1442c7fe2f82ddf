"""修订日志 on the real database: nothing is overwritten unseen."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from server.errors import Conflict, Invalid
from server.journal.actions import Action
from server.journal.service import write
from server.migrate.anchors import anchor_faults, note_anchor
from server.migrate.journal_check import journal_faults
from tests.factory import agency, enterprise, penalty, put, sample_write
from tests.support import TODAY, TrialDatabase


async def faults_of(database: TrialDatabase) -> list[str]:
    """What ``check --journal`` says, read as the owner."""
    owner = await database.owner()
    try:
        return await journal_faults(owner)
    finally:
        await owner.close()


async def bureau_with_firm(database: TrialDatabase) -> tuple[dict, dict]:
    """One agency and one enterprise, written in one revision."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", agency())
        firm = await put(w, "enterprise", enterprise(bureau["id"]))
    return bureau, firm


@pytest.mark.parametrize(
    ("actor", "action", "reason"),
    [("", "sample.write", "x"), ("a", "sample.write", " "), (None, "sample.write", "x"), ("a", "drop.everything", "x")],
)
async def test_a_write_without_actor_action_or_reason_fails(database, actor, action, reason) -> None:
    """An answer to «who decided, and why» must exist for every version, so the database itself insists."""
    async with database.writer() as connection:
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)):
            async with connection.transaction():
                await connection.execute("SELECT journal.begin($1, $2, $3)", actor, action, reason)
    assert await database.as_owner("SELECT revision FROM journal.head") == 0


async def test_a_write_that_does_not_begin_a_revision_fails(database) -> None:
    """Raw SQL through the writer's login is no way around the journal, nor is a forged setting."""
    row = agency()
    async with database.writer() as connection:
        for forged in ("", "7"):
            with pytest.raises(asyncpg.PostgresError) as raised:
                async with connection.transaction():
                    await connection.execute("SELECT set_config('xintu.revision', $1, true)", forged)
                    await connection.copy_records_to_table("agency", columns=list(row), records=[tuple(row.values())])
            assert raised.value.sqlstate == "XJ001"


async def test_a_fact_cannot_be_deleted_or_truncated(database) -> None:
    """Taking down is withdrawing; even the owner is refused."""
    bureau, _ = await bureau_with_firm(database)
    async with database.writer() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM enterprise")
    for statement in ("DELETE FROM xintu.enterprise", "TRUNCATE xintu.enterprise CASCADE"):
        with pytest.raises(asyncpg.PostgresError) as raised:
            await database.as_owner(statement)
        assert raised.value.sqlstate == "XJ004"
    assert bureau["id"] == await database.as_owner("SELECT id FROM xintu.agency")


async def test_the_writer_cannot_touch_journal_or_history(database) -> None:
    """Whoever may write facts may not rewrite what was said of them."""
    await bureau_with_firm(database)
    async with database.writer() as connection:
        for statement in (
            "SELECT * FROM journal.head",
            "UPDATE journal.transaction SET reason = 'x'",
            "INSERT INTO journal.entry (revision, table_name, id, operation, hash)"
            " VALUES (1, 'x', gen_random_uuid(), 'I', '')",
            "SELECT * FROM history.enterprise",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_two_writers_at_once_get_two_revisions_without_a_hole(database) -> None:
    """Revisions are the commit order: a reader that has seen n has seen everything up to n."""
    bureau, _ = await bureau_with_firm(database)

    async def one(n: int) -> int:
        async with sample_write(database) as w:
            await put(w, "enterprise", enterprise(bureau["id"], uscc=f"X{n}"))
            await asyncio.sleep(0.01)
            if n == 3:
                raise RuntimeError("rolled back")
        return w.revision

    revisions = await asyncio.gather(*(one(n) for n in range(6)), return_exceptions=True)
    assert sorted(r for r in revisions if isinstance(r, int)) == [2, 3, 4, 5, 6]
    assert await database.as_owner("SELECT array_agg(revision ORDER BY at) FROM journal.transaction") == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert await faults_of(database) == []


async def test_history_and_entries_are_complete_after_copy_upsert_and_mass_update(database) -> None:
    """Whatever SQL changes a row, its old version is kept and its new one has an entry."""
    bureau, _ = await bureau_with_firm(database)
    rows = [penalty(bureau["id"], f"第{n}号") for n in range(200)]
    async with sample_write(database) as w:
        await w.insert("penalty", rows)
    async with sample_write(database) as w:
        await w.connection.execute("UPDATE penalty SET facts = facts || '（更正）' WHERE document_number LIKE '第1%'")
    async with sample_write(database) as w:
        columns = ", ".join(rows[0])
        fresh = columns.replace("id,", "gen_random_uuid(),", 1)
        await w.connection.execute(
            f"INSERT INTO penalty ({columns}, revision_from, salt) SELECT {fresh}, 0, '' FROM penalty"
            " WHERE document_number IN ('第2号', '第3号')"
            " ON CONFLICT (authority_uscc, document_number) DO UPDATE SET content = 'upsert'"
        )
    changed = sum(1 for n in range(200) if str(n).startswith("1"))
    assert await database.as_owner("SELECT count(*) FROM history.penalty") == changed + 2
    by_operation = "SELECT count(*) FROM journal.entry WHERE table_name = 'penalty' AND operation = $1"
    assert await database.as_owner(by_operation, b"I") == 200
    assert await database.as_owner(by_operation, b"U") == changed + 2
    old = await database.as_owner("SELECT facts FROM history.penalty h WHERE document_number = '第1号'")
    assert old == "示例facts"
    assert await faults_of(database) == []


async def test_a_row_is_changed_once_in_a_revision(database) -> None:
    """One revision, one moment: a second version of the same row in it would have no time of its own."""
    _, firm = await bureau_with_firm(database)
    with pytest.raises(asyncpg.PostgresError) as raised:
        async with sample_write(database) as w:
            await w.update("enterprise", firm["id"], {"name": "甲"})
            await w.update("enterprise", firm["id"], {"name": "乙"})
    assert raised.value.sqlstate == "XJ002"


async def test_moments_follow_the_trial_day_and_never_go_back(database) -> None:
    """A sample writes its past day by day; a write before the last revision's day would falsify the order."""
    await bureau_with_firm(database)
    await database.set_today(TODAY + timedelta(days=40))
    async with sample_write(database) as w:
        await put(w, "agency", agency("410400"))
    assert w.day == TODAY + timedelta(days=40)
    await database.set_today(TODAY)
    with pytest.raises(Conflict) as raised:
        async with sample_write(database):
            pass
    assert "XINTU_TODAY" in raised.value.message


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE xintu.enterprise SET name = name || '。'",
        "UPDATE xintu.enterprise SET revision_from = 2",
        "UPDATE xintu.enterprise SET salt = decode(repeat('00', 16), 'hex')",
        "UPDATE history.enterprise SET name = 'x'",
        "UPDATE history.enterprise SET revision_until = revision_until + 1",
        "DELETE FROM history.enterprise",
        "UPDATE journal.transaction SET reason = reason || ' ' WHERE revision = 1",
        "UPDATE journal.transaction SET actor = 'x' WHERE revision = 2",
        "UPDATE journal.transaction SET at = at + interval '1 microsecond' WHERE revision = 2",
        "UPDATE journal.transaction SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE revision = 3",
        "DELETE FROM journal.transaction WHERE revision = 3",
        "UPDATE journal.entry SET hash = set_byte(hash, 5, get_byte(hash, 5) # 1) WHERE revision = 1",
        "DELETE FROM journal.entry WHERE revision = 2",
        "UPDATE journal.entry SET id = gen_random_uuid() WHERE revision = 2",
        "UPDATE journal.head SET revision = 9",
    ],
)
async def test_one_changed_byte_in_fact_version_or_journal_is_found(database, tampering) -> None:
    """F015: who changes a row behind the service's back, with all rights and the triggers off, is still found."""
    _, firm = await bureau_with_firm(database)
    for n in range(2):
        async with sample_write(database) as w:
            await w.update("enterprise", firm["id"], {"name": f"第{n}次更名"})
    assert await faults_of(database) == []
    owner = await database.owner()
    try:
        await owner.execute("SET session_replication_role = replica")
        done = await owner.execute(tampering)
        assert done.split()[-1] != "0", "the tampering must have changed something"
    finally:
        await owner.close()
    assert await faults_of(database) != []


async def test_a_sealed_revision_takes_no_further_entry(database) -> None:
    """Sealing early by SET CONSTRAINTS must not leave entries that no hash covers."""
    with pytest.raises(asyncpg.PostgresError) as raised:
        async with write(database, "测试", Action.SAMPLE, "封存后再写") as w:
            await w.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            await put(w, "agency", agency())
    assert raised.value.sqlstate == "XJ002"


async def test_the_day_of_a_write_is_the_databases_day(database) -> None:
    """Services take today from the write, never from their own clock."""
    async with sample_write(database) as w:
        assert w.day == TODAY
    await database.set_today(None)
    async with sample_write(database) as w:
        assert w.day >= date(2026, 1, 1)


async def test_a_cut_or_rewritten_end_of_the_chain_is_found_by_its_anchor(database, tmp_path) -> None:
    """With all rights the end of a chain can be rewritten without a trace inside it; what was noted outside stays."""
    _, firm = await bureau_with_firm(database)
    async with sample_write(database) as w:
        await w.update("enterprise", firm["id"], {"name": "更名"})
    anchors = tmp_path / "anchors.jsonl"
    owner = await database.owner()
    try:
        await note_anchor(owner, anchors)
        await note_anchor(owner, anchors)
        assert len(anchors.read_text("utf-8").splitlines()) == 1
        assert await anchor_faults(owner, anchors) == []
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(
            "DELETE FROM journal.entry WHERE revision = 2; DELETE FROM journal.transaction WHERE revision = 2;"
            "UPDATE xintu.enterprise e SET name = h.name, salt = h.salt, revision_from = h.revision_from"
            " FROM history.enterprise h WHERE h.id = e.id; DELETE FROM history.enterprise;"
            "UPDATE journal.head SET revision = 1, hash = t.hash, at = t.at FROM journal.transaction t"
        )
        assert await journal_faults(owner) == [], "the cut leaves no trace inside"
        faults = await anchor_faults(owner, anchors)
        assert len(faults) == 1
        assert "修订 2" in faults[0]
        anchors.write_text("x\n", "utf-8")
        with pytest.raises(Invalid):
            await anchor_faults(owner, anchors)
    finally:
        await owner.close()
