"""认出查询者: what is remembered of a key never opens a door longer than a few seconds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.accounts.service import KeyRole, issue_key, revoke_key, viewer_for
from server.accounts.viewers import KEPT_SECONDS, MOST_KEYS, Viewers
from server.errors import Unauthenticated
from server.viewer import Door
from tests import factory
from tests.factory import put, sample_write
from tests.support import TODAY


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_key_is_asked_for_once_in_some_seconds(database) -> None:
    """A partner's thousand requests a minute need not ask a thousand times whose key it is."""
    clock = Clock()
    viewers, key = Viewers(now=clock), await issue_key(database, label="政务", role=KeyRole.GOVERNMENT)
    first = await viewers(database, key)
    assert first == await viewer_for(database, key)
    await database.as_owner("ALTER TABLE xintu.api_key RENAME TO gone")

    clock.now += KEPT_SECONDS - 0.1
    assert await viewers(database, key) is first


async def test_a_revoked_key_opens_nothing_after_the_seconds_told(database) -> None:
    """``account revoke`` and README say how long; a wrong key is never remembered."""
    clock = Clock()
    viewers, key = Viewers(now=clock), await issue_key(database, label="政务", role=KeyRole.GOVERNMENT)
    await viewers(database, key)
    await revoke_key(database, "政务")
    clock.now += KEPT_SECONDS
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await viewers(database, key)


async def test_the_officers_of_an_abolished_agency_are_out_after_the_seconds_told(database) -> None:
    """The door of an agency that is no more closes as a revoked key's."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
    clock = Clock()
    viewers = Viewers(now=clock)
    key = await issue_key(database, label="经办甲", role=KeyRole.OFFICER, agency_code="370117")
    assert (await viewers(database, key)).door is Door.AGENCY
    async with sample_write(database) as w:
        await w.update("agency", bureau["id"], {"withdrawn_on": TODAY, "withdrawal": "mistaken"})
    clock.now += KEPT_SECONDS
    with pytest.raises(Unauthenticated):
        await viewers(database, key)


@pytest.mark.parametrize("how", ["expired", "withdrawn"])
async def test_a_partner_who_is_remembered_sees_no_more_than_his_authorisations_show(database, how: str) -> None:
    """The door joins live authorisations at each read: what ended shows nothing, not even for the seconds remembered."""
    async with sample_write(database) as w:
        bureau = await put(w, "agency", factory.agency())
        firm = await put(w, "enterprise", factory.enterprise(bureau["id"]))
        await put(w, "penalty", factory.penalty(bureau["id"], enterprise_id=firm["id"], scope="authorised"))
        grant = await put(
            w,
            "authorisation",
            factory.authorisation(
                bureau["id"], "银行", enterprise_id=firm["id"], valid_until=TODAY + timedelta(days=1)
            ),
        )
    viewers = Viewers(now=Clock())
    key = await issue_key(database, label="银行一号", role=KeyRole.PARTNER, partner="银行")
    remembered = await viewers(database, key)
    count = "SELECT count(*)::text FROM penalty"
    assert await database.fetch_text(remembered, count) == "1"

    if how == "expired":
        await database.set_today(TODAY + timedelta(days=1))
    else:
        async with sample_write(database) as w:
            await w.update("authorisation", grant["id"], {"withdrawn_on": TODAY, "withdrawal": "mistaken"})

    assert await viewers(database, key) is remembered
    assert await database.fetch_text(remembered, count) == "0"
    assert await database.fetch_text(remembered, "SELECT count(*)::text FROM authorisation") == "0"
    assert (await Viewers()(database, key)).door is Door.PUBLIC


async def test_what_is_remembered_is_bounded(database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come and go over years; the table does not grow with them."""
    assert MOST_KEYS >= 100
    monkeypatch.setattr("server.accounts.viewers.MOST_KEYS", 2)
    viewers = Viewers(now=Clock())
    for n in range(4):
        await viewers(database, await issue_key(database, label=f"政务{n}", role=KeyRole.GOVERNMENT))
    assert len(viewers._known) == 2
