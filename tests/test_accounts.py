"""账户: keys are hashed, told once, revocable, and each opens exactly one door."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from server.accounts.service import KeyRole, issue_key, list_keys, revoke_key, viewer_for
from server.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.viewer import Door, Duty
from tests import factory
from tests.factory import put, sample_write
from tests.support import TODAY


async def test_a_key_is_told_once_and_stored_only_as_a_hash(database) -> None:
    """A copy of the database opens nothing."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
    key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117")
    stored = await database.as_owner("SELECT row_to_json(k)::text FROM xintu.api_key k")
    assert key not in stored
    assert key.removeprefix("xintu_") not in stored
    viewer = await viewer_for(database, key)
    assert (viewer.door, viewer.agency, viewer.actor) == (Door.AGENCY, bureau["id"], "经办甲")
    assert viewer.duties == {Duty.CLERK}
    assert [line.label for line in await list_keys(database)] == ["经办甲"]


async def test_an_unknown_and_a_revoked_key_are_refused_alike(database) -> None:
    """Nobody learns that a key once was good; revocation is immediate."""
    key = await issue_key(database, label="政务", role=KeyRole.GOVERNMENT)
    assert (await viewer_for(database, key)).door is Door.GOVERNMENT
    await revoke_key(database, "政务")
    messages = []
    for wrong in (key, key + "x", "", "xintu_"):
        with pytest.raises(Unauthenticated) as raised:
            await viewer_for(database, wrong)
        messages.append(raised.value.message)
    assert len(set(messages)) == 1
    with pytest.raises(NotFound):
        await revoke_key(database, "政务")


async def test_a_partner_without_a_live_authorisation_is_the_public(database) -> None:
    """授权查询 opens a door for its days only; the subject's authorisation of another partner opens none."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
        firm = await put(w, "enterprise", factory.enterprise(bureau["id"]))
        await put(
            w,
            "authorisation",
            factory.authorisation(bureau["id"], "银行", enterprise_id=firm["id"], valid_until=TODAY.replace(day=20)),
        )
    bank = await issue_key(database, label="银行一号", role=KeyRole.PARTNER, partner="银行")
    insurer = await issue_key(database, label="保险一号", role=KeyRole.PARTNER, partner="保险")
    assert (await viewer_for(database, bank)).door is Door.SUBJECT
    assert (await viewer_for(database, insurer)).door is Door.PUBLIC
    async with database.read(await viewer_for(database, bank)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM authorisation") == 1
    await database.set_today(TODAY.replace(day=20))
    assert (await viewer_for(database, bank)).door is Door.PUBLIC


async def test_every_role_opens_its_own_door(database) -> None:
    """A subject reads itself, a device only roof lights."""
    subject = uuid4()
    own = await issue_key(database, label="主体", role=KeyRole.SUBJECT, subject=subject)
    lamp = await issue_key(database, label="顶灯", role=KeyRole.DEVICE, subject=subject)
    viewer, device = await viewer_for(database, own), await viewer_for(database, lamp)
    assert (viewer.door, viewer.subject) == (Door.SUBJECT, subject)
    assert (device.door, device.fleet) == (Door.DEVICE, subject)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"role": KeyRole.OFFICER}, Invalid, "--agency"),
        ({"role": KeyRole.OFFICER, "agency_code": "999999"}, NotFound, "agency import"),
        ({"role": KeyRole.SUBJECT}, Invalid, "--subject"),
        ({"role": KeyRole.PARTNER}, Invalid, "--partner"),
        ({"role": KeyRole.GOVERNMENT, "label": " "}, Invalid, "--label"),
        ({"role": KeyRole.GOVERNMENT, "label": "anonymous"}, Invalid, "系统自用"),
        ({"role": KeyRole.GOVERNMENT, "label": "命令行:root"}, Invalid, "系统自用"),
        ({"role": KeyRole.GOVERNMENT, "label": "张三13800001111"}, Invalid, "永久写入"),
    ],
)
async def test_a_key_that_lacks_something_is_refused_with_what_to_do(database, changes, kind, words) -> None:
    """The message names the option that is missing."""
    with pytest.raises(kind) as raised:
        await issue_key(database, **({"label": "x"} | changes))
    assert words in raised.value.message


async def test_a_label_is_used_once(database) -> None:
    """The label stands in the journal as actor, so it must name one key."""
    await issue_key(database, label="政务", role=KeyRole.GOVERNMENT)
    with pytest.raises(Conflict):
        await issue_key(database, label="政务", role=KeyRole.GOVERNMENT)


async def test_the_key_of_an_abolished_agency_opens_nothing(database) -> None:
    """Taking an agency down takes its officers' door down with it."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
    key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117")
    assert (await viewer_for(database, key)).agency == bureau["id"]
    async with sample_write(database) as w:
        await w.update("agency", bureau["id"], {"withdrawn_on": TODAY, "withdrawal": "mistaken"})
    with pytest.raises(Unauthenticated):
        await viewer_for(database, key)


async def test_waiting_writes_keep_no_reader_out(database) -> None:
    """While one write holds the journal and others wait, keys are still checked and readiness answers."""
    key = await issue_key(database, label="政务", role=KeyRole.GOVERNMENT)
    async with sample_write(database):
        waiting = [asyncio.create_task(_one_more(database, n)) for n in range(3)]
        await asyncio.sleep(0.1)
        assert (await viewer_for(database, key)).door is Door.GOVERNMENT
        assert await database.ready() == []
    await asyncio.gather(*waiting)


async def _one_more(database, n: int) -> None:
    async with sample_write(database) as w:
        await put(w, "agency", factory.agency(f"37011{n}"))
