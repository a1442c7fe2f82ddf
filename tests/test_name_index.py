"""名称索引: who is renamed is found by the new name from the same moment; hidden names leave no trace; no writer forgets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from server.errors import Conflict, Unavailable
from server.jobs import names as dealing
from server.jobs.names import order_names
from server.journal import name_index
from server.journal.actions import Action
from server.journal.name_index import edition
from server.journal.service import begin
from server.migrate.check import structure_faults
from server.migrate.definitions import definition_faults
from server.migrate.names import dealing_notices, name_faults
from server.migrate.service import migrate
from server.names.tokens import asked_tokens
from server.viewer import PUBLIC, Door, Viewer
from tests import factory
from tests.crowd import multiply
from tests.factory import Row, put, sample_write
from tests.support import TODAY, TrialDatabase


@asynccontextmanager
async def owner_of(database: TrialDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.owner()
    try:
        yield connection
    finally:
        await connection.close()


async def found(database: TrialDatabase, text: str, viewer: Viewer = PUBLIC) -> list[UUID]:
    """The subjects whose names carry all that a text asks for, by rank, as one door shows them."""
    async with database.read(viewer) as connection:
        rows = await connection.fetch(
            "SELECT id FROM name_search WHERE tokens @> $1 ORDER BY rank", list(asked_tokens(text))
        )
    return [row["id"] for row in rows]


async def bureau_with(database: TrialDatabase, *names: str) -> tuple[Row, list[Row]]:
    """One agency and a firm of each name, written in one revision."""
    bureau = factory.agency()
    firms = [factory.enterprise(bureau["id"], f"91370117MA{n:07}X", name=name) for n, name in enumerate(names)]
    async with sample_write(database) as w:
        await put(w, "agency", bureau)
        await w.insert("enterprise", firms)
    return bureau, firms


async def change(database: TrialDatabase, firm: Row, **values: object) -> None:
    async with sample_write(database) as w:
        await w.update("enterprise", firm["id"], values)


async def test_a_renamed_firm_is_found_by_its_new_name_and_not_by_the_old(database) -> None:
    """The index stands in the transaction of the name: there is no moment in which the two disagree."""
    _, (firm,) = await bureau_with(database, "平顶山市安快运输有限公司")
    assert await found(database, "平顶山安快") == [firm["id"]]
    await change(database, firm, name="平顶山市顺达物流有限公司")
    assert await found(database, "平顶山安快") == []
    assert await found(database, "顺达物流") == [firm["id"]]
    assert await database.as_owner("SELECT rank FROM xintu.name_search") == 1, "he keeps his place"


async def test_shops_are_found_as_firms_are(database) -> None:
    """An individual business is asked for by its sign."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
        shop = await put(w, "individual_business", factory.individual_business(bureau["id"], name="钢城区安快汽修部"))
    assert await found(database, "安快汽修") == [shop["id"]]
    row = await database.as_owner("SELECT to_jsonb(i) FROM xintu.name_search i")
    row = json.loads(row)
    assert (row["individual_business_id"], row["enterprise_id"]) == (str(shop["id"]), None)
    assert "@k:individual_business" in row["tokens"]


async def test_a_write_rolled_back_leaves_no_name(database) -> None:
    """A refused file must not be found by its firms."""
    bureau, _ = await bureau_with(database)
    with pytest.raises(ZeroDivisionError):
        async with sample_write(database) as w:
            await put(w, "enterprise", factory.enterprise(bureau["id"], name="平顶山市安快运输有限公司"))
            await name_index.complete(w.connection)
            raise ZeroDivisionError
    assert await database.as_owner("SELECT count(*) FROM xintu.name_search") == 0


HIDDEN = (
    {"scope": "government"},
    {"withdrawn_on": TODAY, "withdrawal": "mistaken"},
    {"disclosed_from": TODAY + timedelta(days=1)},
    {"disclosed_until": TODAY},
)


async def test_a_name_that_may_not_be_shown_is_not_in_the_public_door(database) -> None:
    """The index is read through the same predicate as the firm itself; the own agency finds it still."""
    bureau, (shown, *hidden) = await bureau_with(database, *(f"平顶山市{b}运输有限公司" for b in "安顺恒远通"))
    for firm, values in zip(hidden, HIDDEN, strict=True):
        await change(database, firm, **values)
    assert await found(database, "平顶山运输") == [shown["id"]]
    officer = Viewer(Door.AGENCY, "经办", agency=bureau["id"])
    assert await found(database, "平顶山运输", officer) == [shown["id"], *(firm["id"] for firm in hidden)]
    itself = Viewer(Door.SUBJECT, "企业", subject=hidden[0]["id"])
    assert await found(database, "平顶山运输", itself) == [shown["id"], hidden[0]["id"]]


async def test_state_and_dates_follow_the_subject(database) -> None:
    """A filter is a token of the row: a firm struck off must leave the active ones at once."""
    _, (firm,) = await bureau_with(database, "平顶山市安快运输有限公司")
    await change(database, firm, state="closed")
    async with owner_of(database) as owner:
        state, tokens = await owner.fetchrow("SELECT state, tokens FROM xintu.name_search")
        assert state == "closed"
        assert {"@t:closed"} == {t for t in tokens if t.startswith("@t:")}
        await change(database, firm, disclosed_until=date(2027, 1, 1))
        until = await owner.fetchval("SELECT disclosed_until FROM xintu.name_search")
        assert until == date(2027, 1, 1)
        assert await name_faults(owner) == []


async def test_a_revision_of_many_subjects_is_taken_in_pieces(database, monkeypatch) -> None:
    """An import may change tens of thousands at once; each is taken once, whatever piece it falls into."""
    monkeypatch.setattr(name_index, "CHUNK", 7)
    bureau, (firm,) = await bureau_with(database, "平顶山市安快运输有限公司")
    async with sample_write(database) as w:
        await multiply(w.connection, "enterprise", firm, 20, uscc="g::text", name="t.name || g")
        await put(w, "individual_business", factory.individual_business(bureau["id"]))
    async with sample_write(database) as w:
        await w.connection.execute("UPDATE enterprise SET name = '新' || name WHERE uscc <= '2'")
        await w.connection.execute("UPDATE enterprise SET registration_number = 'x' WHERE uscc > '2'")
    async with owner_of(database) as owner:
        assert await name_faults(owner) == []
        assert await owner.fetchval("SELECT array_agg(rank ORDER BY rank) FROM xintu.name_search") == [*range(1, 23)]


async def test_a_name_longer_than_an_index_takes_is_kept(database) -> None:
    """PostgreSQL refuses index keys of some thousand bytes: that must not stop an import."""
    name = "".join(chr(0x4E00 + n * 7 % 20_000) for n in range(3_000))
    _, (firm,) = await bureau_with(database, name)
    assert await found(database, name[:8]) == [firm["id"]]


async def test_a_commit_whose_names_are_not_indexed_is_refused(database) -> None:
    """No writer, not one with raw SQL and the owner's rights, can forget the index."""
    _, (firm,) = await bureau_with(database, "平顶山市安快运输有限公司")

    async def forget(connection: asyncpg.Connection, new: bool) -> None:
        async with connection.transaction():
            await begin(connection, "测试", Action.SAMPLE, "忘了索引", law=None)
            if new:
                await multiply(connection, "enterprise", firm, 1, uscc="'x'")
            else:
                await connection.execute("UPDATE enterprise SET name = 'x'")

    async with database.writer() as connection:
        for new in (True, False):
            with pytest.raises(asyncpg.PostgresError, match="name_search") as raised:
                await forget(connection, new)
            assert raised.value.sqlstate == "XJ006"
    assert await database.as_owner("SELECT revision FROM journal.head") == 1


async def test_the_writer_learns_of_its_own_changes_alone(database) -> None:
    """The journal is not the writer's to read; outside a revision the function has nothing to say."""
    await bureau_with(database, "平顶山市安快运输有限公司")
    async with database.writer() as connection:
        with pytest.raises(asyncpg.PostgresError) as raised:
            await connection.fetch("SELECT * FROM journal.changed_names(0, 10)")
        assert raised.value.sqlstate == "XJ001"
    async with sample_write(database) as w:
        assert await w.connection.fetch("SELECT * FROM journal.changed_names(0, 10)") == []


FAULTS = {
    "DELETE FROM xintu.name_search WHERE rank = 1": "缺少 1 个主体",
    "INSERT INTO xintu.name_search SELECT (jsonb_populate_record(i, jsonb_build_object('id', x, 'enterprise_id', x,"
    " 'rank', 9))).* FROM xintu.name_search i, gen_random_uuid() x WHERE rank = 1": "多出 1 行",
    "UPDATE xintu.name_search SET name = 'x' WHERE rank = 1": "有 1 行的名称",
    "UPDATE xintu.name_search SET state = 'closed' WHERE rank = 1": "有 1 行的名称",
    "UPDATE xintu.name_search SET disclosed_until = '2027-01-01' WHERE rank = 1": "有 1 行的名称",
    "UPDATE xintu.name_search SET kind = 'individual_business', enterprise_id = NULL, individual_business_id = id"
    " WHERE rank = 1": "有 1 行的名称",
    "UPDATE xintu.name_search SET revision = 9 WHERE rank = 1": "有 1 行的名称",
    "UPDATE xintu.reference_state SET content = 'x' WHERE id = 'names'": "另一版名称词库",
}


async def test_check_sees_each_fault_of_the_index(database) -> None:
    """A name that cannot be found looks like a firm without a record: whoever asks must be able to tell."""
    await bureau_with(database, "平顶山市安快运输有限公司", "平顶山市顺达运输有限公司")
    async with owner_of(database) as owner:
        assert await name_faults(owner) == []
        for tampering, told in FAULTS.items():
            transaction = owner.transaction()
            await transaction.start()
            assert (await owner.execute(tampering)).split()[-1] == "1", tampering
            (fault,) = await name_faults(owner)
            assert told in fault
            assert "python -m server migrate" in fault
            await transaction.rollback()


async def test_migrate_makes_an_index_that_does_not_fit_anew(database, plan_of) -> None:
    """A database of before the search, or one that was tampered with, is searched right after the next migration."""
    bureau, firms = await bureau_with(database, "平顶山市安快运输有限公司", "平顶山市顺达运输有限公司")
    async with sample_write(database) as w:
        await put(w, "individual_business", factory.individual_business(bureau["id"]))
    await order_names(plan_of(database))
    before = await ranks(database)
    async with owner_of(database) as owner:
        await owner.execute("DELETE FROM xintu.name_search WHERE rank = 1")
        await migrate(plan_of(database))
        assert await name_faults(owner) == []
        assert set(await ranks(database)) == set(before)
        await owner.execute("TRUNCATE xintu.name_search; DELETE FROM xintu.reference_state WHERE id LIKE 'names%'")
        await migrate(plan_of(database))
        assert await name_faults(owner) == []
        assert await structure_faults(owner, prefix=database.prefix, trial=True) == []
        assert await definition_faults(owner, prefix=database.prefix, trial=True) == []
    await change(database, firms[0], name="平顶山市恒信运输有限公司")
    assert sorted(await found(database, "平顶山运输")) == sorted(firm["id"] for firm in firms)


async def test_other_words_are_refused_until_the_index_is_made_by_them(database, plan_of) -> None:
    """A process started before an update would write names that the new words do not find."""
    _, (firm, _) = await bureau_with(database, "平顶山市安快运输有限公司", "平顶山市顺达运输有限公司")
    async with owner_of(database) as owner:
        await owner.execute("UPDATE xintu.reference_state SET content = 'old' WHERE id = 'names'")
        await owner.execute("UPDATE xintu.name_search SET tokens = '{}'")
        with pytest.raises(Conflict, match="migrate"):
            await change(database, firm, name="平顶山市新名运输有限公司")
        assert await found(database, "安快") == []
        told: list[str] = []
        await migrate(plan_of(database), say=told.append)
        assert await owner.fetchval("SELECT content FROM xintu.reference_state WHERE id = 'names'") == edition()
    assert await found(database, "安快") == [firm["id"]]
    await change(database, firm, name="平顶山市新名运输有限公司")
    assert await found(database, "新名") == [firm["id"]]


async def ranks(database: TrialDatabase) -> dict[UUID, int]:
    async with database.read(PUBLIC) as connection:
        return {row["id"]: row["rank"] for row in await connection.fetch("SELECT id, rank FROM name_search")}


async def grams(database: TrialDatabase) -> dict[str, int]:
    async with database.read(PUBLIC) as connection:
        return {row["gram"]: row["df"] for row in await connection.fetch("SELECT gram, df FROM gram_df")}


async def test_ranks_are_dealt_by_what_the_public_sees_and_by_nothing_else(database, plan_of) -> None:
    """Hidden must look like unknown: neither a place among the hits nor the count of a word may tell of what is hidden."""
    long, short = "平顶山市安快国际长途运输有限公司", "平顶山市安快运输有限公司"
    bureau, firms = await bureau_with(database, *(f"第{n}{short}" for n in range(6)), long, short, short, short)
    closed, known, hidden = firms[7], firms[8], firms[9]
    async with sample_write(database) as w:
        await w.update("enterprise", closed["id"], {"state": "closed"})
        await w.update("enterprise", hidden["id"], {"scope": "government"})
        await put(w, "penalty", factory.penalty(bureau["id"], "1", enterprise_id=known["id"]))
        await put(w, "penalty", factory.penalty(bureau["id"], "2", enterprise_id=closed["id"]))
    dealt = await order_names(plan_of(database))
    assert (dealt.names, dealt.public) == (10, 9)
    before, counted = await ranks(database), await grams(database)
    ordered = sorted(before, key=lambda id: before[id])
    assert ordered[0] == known["id"], "of whom more is known"
    assert ordered[-1] == closed["id"], "who is no more, though one fact is public"
    equals = [id for id in ordered if id not in (known["id"], closed["id"])]
    assert equals == sorted(equals), "equals by their ids, so that no word of theirs gathers anywhere"
    assert sorted(before.values()) == [*range(1, 10)], "the hidden one stands behind them all"
    assert (counted[""], counted["安快"], counted["@t:active"]) == (9, 9, 8)
    assert "长途" not in counted, "rare tokens are not counted"

    async with sample_write(database) as w:
        for n, kept in enumerate(({"scope": "government"}, {"withdrawn_on": TODAY, "withdrawal": "repaired"})):
            row = factory.penalty(bureau["id"], f"隐{n}", enterprise_id=firms[0]["id"])
            await put(w, "penalty", row | kept)
        later = factory.penalty(bureau["id"], "迟", enterprise_id=firms[0]["id"])
        await put(w, "penalty", later | {"disclosed_from": TODAY + timedelta(days=9)})
        again = factory.enterprise(bureau["id"], "91370117MA0000099X", name=short)
        await put(w, "enterprise", again | {"scope": "government"})
    await order_names(plan_of(database))
    assert await ranks(database) == before
    assert await grams(database) == counted


async def test_what_is_written_meanwhile_is_neither_lost_nor_held_up(database, plan_of, monkeypatch) -> None:
    """The long part of dealing lets facts be written: they are caught up before the new table is read."""
    bureau, (first, second) = await bureau_with(database, "平顶山市安快运输有限公司", "平顶山市顺达客运有限公司")
    new = factory.enterprise(bureau["id"], "91370117MA0000099X", name="平顶山市恒信物流有限公司")
    put_in_place = dealing._put_in_place

    async def write_first(*arguments: object) -> object:
        async with sample_write(database) as w:
            await w.update("enterprise", first["id"], {"name": "平顶山市广源运输有限公司"})
            await put(w, "enterprise", new)
        return await put_in_place(*arguments)

    monkeypatch.setattr(dealing, "_put_in_place", write_first)
    await order_names(plan_of(database))
    assert await found(database, "安快") == []
    assert await found(database, "广源") == [first["id"]]
    assert (await ranks(database))[new["id"]] == 3, "who is new follows at the end"
    await change(database, second, name="平顶山市顺达运输有限公司")
    async with owner_of(database) as owner:
        assert await name_faults(owner) == []
        assert await structure_faults(owner, prefix=database.prefix, trial=True) == []
        assert await definition_faults(owner, prefix=database.prefix, trial=True) == []
        assert await owner.fetchval("SELECT to_regclass('xintu.name_search_aside')") is None


async def test_readers_find_every_name_while_ranks_are_dealt(database, plan_of) -> None:
    """A firm that is not found for a moment is, for whoever asks, a firm without a record."""
    await bureau_with(database, *(f"平顶山市安快{n}号运输有限公司" for n in range(50)))
    done = asyncio.Event()
    seen: set[int] = set()
    turns = [0, 0]

    async def turn() -> None:
        text = "SELECT count(*)::text FROM name_search WHERE tokens @> ARRAY['安快']"
        seen.add(int(await database.fetch_text(PUBLIC, text) or 0))
        async with database.read(PUBLIC) as connection:
            await connection.fetchval("SELECT count(*) FROM enterprise")
            await asyncio.sleep(0.01)
            seen.add(await connection.fetchval(text.replace("::text", "")))

    async def reader(number: int) -> None:
        while not done.is_set():
            # Who is told to come again, as on a machine too busy for two seconds, was told nothing false.
            with suppress(Unavailable):
                await turn()
                turns[number] += 1

    readers = [asyncio.create_task(reader(number)) for number in range(2)]
    try:
        for dealt in range(1, 4):
            await order_names(plan_of(database))
            while min(turns) < 2 * dealt and not any(one.done() for one in readers):  # noqa: ASYNC110 — or their end
                await asyncio.sleep(0.01)
    finally:
        done.set()
        await asyncio.gather(*readers)
    assert seen == {50}


async def test_who_began_to_read_before_the_new_ranks_still_finds_the_newest_name(
    database, plan_of, monkeypatch
) -> None:
    """Names written while ranks are dealt come late into the new table: nobody may meet it who cannot see them there."""
    bureau, _ = await bureau_with(database, "平顶山市安快运输有限公司")
    new = factory.enterprise(bureau["id"], "91370117MA0000099X", name="平顶山市恒信物流有限公司")
    put_in_place = dealing._put_in_place

    async def read(begun: asyncio.Event) -> int:
        async with database.read(PUBLIC) as connection:
            assert await connection.fetchval("SELECT count(*) FROM enterprise") == 2
            begun.set()
            await asyncio.sleep(0.5)
            return int(await connection.fetchval("SELECT count(*) FROM name_search"))

    async def with_a_reader(*arguments: object) -> object:
        async with sample_write(database) as w:
            await put(w, "enterprise", new)
        begun = asyncio.Event()
        reading = asyncio.create_task(read(begun))
        await begun.wait()
        dealt = await put_in_place(*arguments)
        assert await reading == 2
        return dealt

    monkeypatch.setattr(dealing, "_put_in_place", with_a_reader)
    await order_names(plan_of(database))
    assert (await ranks(database))[new["id"]] == 2


async def test_a_reader_who_does_not_let_go_keeps_the_old_ranks(database, plan_of, monkeypatch) -> None:
    """The job gives up rather than keep the public waiting behind one reader, and leaves nothing behind."""
    monkeypatch.setattr(dealing, "TRIES", 2)
    monkeypatch.setattr(dealing, "SNAPSHOT_SECONDS", 1)
    await bureau_with(database, "平顶山市安快运输有限公司")
    async with database.read(PUBLIC) as connection:
        await connection.fetch("SELECT * FROM name_search")
        with pytest.raises(Conflict, match="再试"):
            await order_names(plan_of(database))
    assert len(await found(database, "安快")) == 1
    assert await grams(database) == {"": 0}
    async with owner_of(database) as owner:
        assert await owner.fetchval("SELECT to_regclass('xintu.name_search_aside')") is None
        assert await name_faults(owner) == []


async def test_check_says_when_ranks_were_dealt_too_long_ago(database, plan_of) -> None:
    """Names that are new since then come last and slowly: somebody has forgotten the nightly job."""
    _, (firm,) = await bureau_with(database, "平顶山市安快运输有限公司")
    async with owner_of(database) as owner:
        assert await dealing_notices(owner) == [], "a handful is found in any order"
        async with sample_write(database) as w:
            await multiply(w.connection, "enterprise", firm, 1_000, uscc="g::text")
        (notice,) = await dealing_notices(owner)
        assert "order-names" in notice
        await order_names(plan_of(database))
        assert await dealing_notices(owner) == []
        async with sample_write(database) as w:
            await multiply(w.connection, "enterprise", firm, 300, uscc="'x' || g")
        (notice,) = await dealing_notices(owner)
        assert "新增 300 个" in notice
        await order_names(plan_of(database))
        old = json.dumps({"at": "2026-01-01T00:00:00+08:00", "last": 1301})
        await owner.execute("UPDATE xintu.reference_state SET content = $1 WHERE id = 'names_dealt'", old)
        (notice,) = await dealing_notices(owner)
        assert "天前" in notice


async def test_a_foreign_row_cannot_stand_for_two_subjects(database) -> None:
    """Each row belongs to one subject, whose id it has: a hit leads to nobody else."""
    _, (firm,) = await bureau_with(database, "平顶山市安快运输有限公司")
    for values in ("enterprise_id = NULL", f"enterprise_id = '{uuid4()}'", "individual_business_id = id"):
        with pytest.raises(asyncpg.CheckViolationError):
            await database.as_owner(f"UPDATE xintu.name_search SET {values} WHERE id = $1", firm["id"])
