"""撤下与连带 on the real database: what rests on a record that is taken down does not stay behind."""

from __future__ import annotations

from uuid import uuid4

import pytest

from server.disclosure.kinds import Withdrawal
from server.errors import Conflict
from server.repair.service import take_down
from server.viewer import PUBLIC, Door, Duty, Viewer
from tests import factory
from tests.factory import Row, put, sample_write
from tests.support import TODAY, TrialDatabase


class Case:
    """A firm with two penalties, a rating that counted the first, and lists that rest on one or both."""

    bureau: Row
    penalties: list[Row]
    rating: Row
    #: rests on the first penalty alone
    single: Row
    #: rests on both
    double: Row
    clerk: Viewer


async def case_of(database: TrialDatabase) -> Case:
    case = Case()
    async with sample_write(database) as w:
        case.bureau = await put(w, "agency", factory.agency())
        bureau = case.bureau["id"]
        firm = (await put(w, "enterprise", factory.enterprise(bureau)))["id"]
        case.penalties = [
            await put(w, "penalty", factory.penalty(bureau, f"第{n}号", enterprise_id=firm)) for n in (1, 2)
        ]
        first, second = (p["id"] for p in case.penalties)
        case.rating = await put(w, "rating", factory.rating(bureau, enterprise_id=firm))
        basis = {"rating_id": case.rating["id"], "licence_id": None, "penalty_id": first, "act_id": None}
        await put(w, "rating_basis", {"id": uuid4()} | basis)
        case.single = await put(w, "list_entry", factory.list_entry(bureau, enterprise_id=firm))
        case.double = await put(w, "list_entry", factory.list_entry(bureau, enterprise_id=firm, kind="focus"))
        for entry, penalty in ((case.single, first), (case.double, first), (case.double, second)):
            edge = {"id": uuid4(), "list_entry_id": entry["id"], "penalty_id": penalty, "act_id": None}
            await put(w, "list_evidence", edge)
    case.clerk = Viewer(Door.AGENCY, "经办", agency=bureau, duties=frozenset({Duty.CLERK}))
    return case


async def test_repairing_a_penalty_takes_down_what_rests_on_it_in_the_same_revision(database) -> None:
    """F099: hide, stop sharing, lift and rerate at once; a repaired penalty must not live on in a grade or a list."""
    case = await case_of(database)
    done = await take_down(database, case.clerk, case.penalties[0]["id"], Withdrawal.REPAIRED, "已履行并承诺")
    assert (done.ratings, done.entries, done.disputed) == (
        (case.rating["id"],),
        (case.single["id"],),
        (case.double["id"],),
    )
    async with database.read(PUBLIC) as connection:
        assert await connection.fetchval("SELECT count(*) FROM rating") == 0
        rows = await connection.fetch("SELECT id, disputed_on FROM list_entry")
        assert [r["document_number"] for r in await connection.fetch("SELECT document_number FROM penalty")] == [
            "第2号"
        ]
    assert [tuple(r) for r in rows] == [(case.double["id"], TODAY)]
    revisions = "SELECT count(DISTINCT revision) FROM journal.entry WHERE operation = 'U'"
    assert await database.as_owner(revisions) == 1


async def test_an_entry_goes_with_its_last_evidence(database) -> None:
    """Marked as disputed while evidence is left, down when none is."""
    case = await case_of(database)
    for penalty in case.penalties:
        await take_down(database, case.clerk, penalty["id"], Withdrawal.ANNULLED, "复议撤销")
    async with database.read(PUBLIC) as connection:
        assert await connection.fetchval("SELECT count(*) FROM list_entry") == 0
    stands = "SELECT withdrawal FROM xintu.list_entry WHERE id = $1"
    assert await database.as_owner(stands, case.double["id"]) == "annulled"


async def test_a_record_that_nothing_rests_on_goes_alone(database) -> None:
    """The second penalty counts in no rating."""
    case = await case_of(database)
    done = await take_down(database, case.clerk, case.penalties[1]["id"], Withdrawal.MISTAKEN, "误报")
    assert (done.ratings, done.entries, done.disputed) == ((), (), (case.double["id"],))
    with pytest.raises(Conflict):
        await take_down(database, case.clerk, case.penalties[1]["id"], Withdrawal.MISTAKEN, "误报")


async def test_a_repeated_request_takes_down_once(database) -> None:
    """The same idempotency key answers the same and writes nothing."""
    case = await case_of(database)
    for _ in range(2):
        done = await take_down(
            database, case.clerk, case.penalties[0]["id"], Withdrawal.REPAIRED, "已履行", idempotency_key="k1"
        )
        assert done.withdrawn_on == TODAY
    assert await database.as_owner("SELECT revision FROM journal.head") == 2
