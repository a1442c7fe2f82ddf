"""限额: nobody spends twice, nobody is refused for ever, and nobody walks through the numbers of persons."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.plan.asking import VALUES, Asking
from server.accounts.attempts import NAME, Attempts
from server.accounts.limits import Buckets, Limits, Purse, network_of
from server.accounts.service import KeyRole, issue_key, list_keys, set_quota, viewer_for
from server.errors import Forbidden, NotFound, TooMany, WrongSetting
from server.pages.manners import client_address
from server.settings import Settings
from server.viewer import PUBLIC, Door, Viewer
from tests.serving import client_of
from tests.support import TrialDatabase

SECOND = 1_000_000_000
ADDRESS = "203.0.113.9"
PHONE = "2001:db8:1:2:3:4:5:6"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000 * SECOND

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def limits_of(clock: Clock, points: int = 600, rules_dir: Path | None = None, **changes: int) -> Limits:
    return Limits(points, Attempts.load(rules_dir, now=clock), now=clock, **changes)


def refused(purse: Purse, points: int) -> TooMany:
    with pytest.raises(TooMany) as raised:
        purse.spend(points)
    return raised.value


def told(purse: Purse) -> tuple[int, int, int]:
    return purse.limit, purse.left, purse.resets_in


def test_what_is_told_is_what_holds() -> None:
    """A client paces itself by the headers: they must be true at each moment."""
    clock = Clock()
    purse = limits_of(clock).purse(PUBLIC, ADDRESS)
    assert told(purse) == (600, 600, 0)

    purse.spend(150)
    assert told(purse) == (600, 450, 15)
    clock.wait(5)
    assert told(purse) == (600, 500, 10)
    purse.spend(500)
    assert told(purse) == (600, 0, 60)
    assert refused(purse, 1).retry_after_seconds == 1
    clock.wait(60)
    assert told(purse) == (600, 600, 0)


def test_what_a_request_says_of_itself_is_the_purses_word() -> None:
    """``viewer { quota }`` answers from the same numbers as the headers."""
    purse = limits_of(Clock()).purse(PUBLIC, ADDRESS)
    purse.spend(100)

    asking = Asking(PUBLIC, purse)

    assert [VALUES[f"points_{name}"][1](asking) for name in ("limit", "left", "reset_in")] == [600, 500, 10]


def test_the_refusal_says_what_when_and_what_to_do() -> None:
    """A developer who meets it at night needs no one to ask."""
    purse = limits_of(Clock()).purse(PUBLIC, ADDRESS)
    purse.spend(550)

    error = refused(purse, 200)

    assert (error.status, error.code, error.retry_after_seconds) == (429, "RATE_LIMITED", 15)
    for words in ("每分钟 600 点", "现余 50 点", "要 200 点", "15 秒后", "first", "申请密钥"):
        assert words in error.message


@given(
    limit=st.integers(1, 100_000), more=st.integers(0, 100_000), rest=st.floats(0, 50), points=st.integers(0, 100_000)
)
def test_after_the_seconds_told_the_request_passes_and_not_before(
    limit: int, more: int, rest: float, points: int
) -> None:
    """Retry-After that is too short makes clients hammer; too long, and it is a lie as well."""
    clock = Clock()
    purse = limits_of(clock, limit).purse(PUBLIC, ADDRESS)
    purse.spend(limit + more)
    clock.wait(rest)
    points = max(points, purse.left + 1)

    seconds = refused(purse, points).retry_after_seconds

    clock.wait(seconds - 1)
    assert refused(purse, points).retry_after_seconds == 1
    clock.wait(1)
    purse.spend(points)
    assert purse.left < limit


def test_no_edge_lets_anyone_spend_twice() -> None:
    """With a window that begins anew each minute, 1,200 points would pass within two seconds at its edge."""
    clock = Clock()
    purse = limits_of(clock).purse(PUBLIC, ADDRESS)
    spent: list[tuple[int, int]] = []
    for _ in range(1_800):
        for points in (97, 13, 1):
            while points <= purse.left:
                purse.spend(points)
                spent.append((clock.now, points))
        clock.wait(0.1)

    for start in range(0, len(spent), 7):
        begun, total = spent[start][0], 0
        for at, points in spent[start:]:
            total += points
            assert total <= 600 + 600 * (at - begun) / (60 * SECOND)
    assert sum(points for _, points in spent) > 2_300, "what is allowed is given"


def test_a_request_larger_than_a_minutes_points_is_answered_and_paid() -> None:
    """Refusing it for ever would make a small limit useless; a discount would make large requests cheap."""
    clock = Clock()
    purse = limits_of(clock).purse(PUBLIC, ADDRESS)
    purse.spend(1)
    assert refused(purse, 3_000).retry_after_seconds == 1
    clock.wait(1)

    purse.spend(3_000)

    assert told(purse) == (600, 0, 300)
    assert refused(purse, 600).retry_after_seconds == 300
    assert refused(purse, 3_000).retry_after_seconds == 300
    clock.wait(241)
    assert purse.left == 10
    clock.wait(59)
    purse.spend(3_000)


def test_nothing_is_free() -> None:
    """The smallest request could otherwise be sent without end."""
    purse = limits_of(Clock(), 10).purse(PUBLIC, ADDRESS)
    for _ in range(10):
        purse.spend(0)
    assert refused(purse, 0).retry_after_seconds == 6


def test_two_processes_together_give_one_limit() -> None:
    """A balancer sends an asker to each in turn; together they must not give twice as much, nor promise it."""
    clock = Clock()
    purses = [limits_of(clock, processes=2).purse(PUBLIC, ADDRESS) for _ in range(2)]
    passed = 0
    for _ in range(100):
        for purse in purses:
            try:
                purse.spend(10)
                passed += 10
            except TooMany:
                assert purse.left < 10
    assert passed == 600
    assert [purse.limit for purse in purses] == [300, 300]


def test_more_processes_than_points_leave_something() -> None:
    """A share of nothing would divide by zero at the first request."""
    assert limits_of(Clock(), 3, processes=4).purse(PUBLIC, ADDRESS).limit == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ADDRESS, ADDRESS, True),
        (ADDRESS, "203.0.113.10", False),
        (PHONE, "2001:db8:1:2:ffff::1", True),
        (PHONE, "2001:db8:1:3::1", False),
        (ADDRESS, f"::ffff:{ADDRESS}", True),
        (ADDRESS, f"64:ff9b::{ADDRESS}", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("unknown", "203.0.113.9:1234", True),
        ("\udcff", "a\0b", True),
        ("unknown", ADDRESS, False),
    ],
)
def test_a_household_is_one_asker(one: str, other: str, same: bool) -> None:
    """A phone changes the last half of its IPv6 address at will; the first half is given to it."""
    assert (network_of(one) == network_of(other)) is same


@pytest.mark.parametrize("said", ["198.51.100.1", "198.51.100.1, 192.0.2.7", "x", "10.0.0.1", ""])
def test_a_forged_header_changes_no_bucket(said: str) -> None:
    """Left of what our own proxy wrote, X-Forwarded-For is the client's word; else each request would have a new limit."""
    clock = Clock()
    limits, trusted = limits_of(clock), (ip_network("10.0.0.0/8"),)
    forwarded = ", ".join(part for part in (said, ADDRESS) if part)
    headers = [(b"x-forwarded-for", forwarded.encode())]
    proxied = {"type": "http", "client": ("10.0.0.2", 1), "headers": headers}
    direct = {"type": "http", "client": (ADDRESS, 1), "headers": [(b"x-forwarded-for", said.encode())]}

    limits.purse(PUBLIC, client_address(proxied, trusted)).spend(400)
    limits.purse(PUBLIC, client_address(direct, trusted)).spend(200)

    assert limits.purse(PUBLIC, ADDRESS).left == 0


def test_a_crowd_of_addresses_grows_no_table_and_empties_no_other_bucket() -> None:
    """An attacker has 65,536 networks of IPv6 for the price of one; memory and the buckets of others are not his."""
    clock = Clock()
    limits = limits_of(clock, most_askers=1_000)
    key = Viewer(Door.PUBLIC, "合作方", quota_per_minute=600)
    limits.purse(key, ADDRESS).spend(600)
    limits.purse(PUBLIC, ADDRESS).spend(600)

    for n in range(999):
        limits.purse(PUBLIC, f"2001:db8:0:{n:x}::1").spend(1)
    assert limits.purse(PUBLIC, ADDRESS).left == 0, "as many others as there are places"

    for n in range(999, 5_000):
        limits.purse(PUBLIC, f"2001:db8:0:{n:x}::1").spend(600)
    assert len(limits.addresses) == 1_000
    assert limits.purse(key, ADDRESS).left == 0, "keys are apart"


def test_who_rested_longest_is_pushed_out_first() -> None:
    """He has the least to win: his bucket is nearly full again."""
    clock, buckets = Clock(), Buckets(3)
    for asker in ("a", "b", "c", "a", "d"):
        buckets.put(asker, clock() + 60 * SECOND, clock())
    assert {asker: buckets.full_at(asker) > 0 for asker in "abcd"} == {"a": True, "b": False, "c": True, "d": True}


def test_a_table_shrinks_when_the_crowd_has_gone() -> None:
    """A full bucket is what an unknown asker has: it need not be kept."""
    clock, buckets = Clock(), Buckets(1_000)
    for n in range(1_000):
        buckets.put(str(n), clock() + 60 * SECOND, clock())
    clock.wait(60)
    for n in range(1_000, 1_600):
        buckets.put(str(n), clock() + SECOND, clock())
    assert len(buckets) == 600


def test_reading_a_purse_keeps_nothing() -> None:
    """Only who spends is remembered."""
    limits = limits_of(Clock())
    assert told(limits.purse(PUBLIC, ADDRESS)) == (600, 600, 0)
    assert len(limits.addresses) == 0


async def test_a_keys_own_quota_counts(database: TrialDatabase) -> None:
    """What ``account issue --quota`` and ``account quota`` say is what holds, from whatever address, at every door."""
    limits = limits_of(Clock())
    keys = {
        role: await issue_key(database, label=role, role=role, partner="银行", subject=None, quota_per_minute=n)
        for n, role in ((500, KeyRole.PARTNER), (700, KeyRole.GOVERNMENT))
    }
    viewers = {role: await viewer_for(database, key) for role, key in keys.items()}

    limits.purse(viewers[KeyRole.PARTNER], ADDRESS).spend(300)

    assert told(limits.purse(viewers[KeyRole.PARTNER], PHONE)) == (500, 200, 36)
    assert told(limits.purse(viewers[KeyRole.GOVERNMENT], ADDRESS)) == (700, 700, 0)
    assert limits.purse(PUBLIC, ADDRESS).left == 600
    assert "提高这把密钥的限额" in refused(limits.purse(viewers[KeyRole.PARTNER], ADDRESS), 400).message

    await set_quota(database, "partner", 1_000)
    assert limits.purse(await viewer_for(database, keys[KeyRole.PARTNER]), ADDRESS).limit == 1_000
    assert {line.label: line.quota_per_minute for line in await list_keys(database)} == {
        "partner": 1_000,
        "government": 700,
    }
    with pytest.raises(NotFound):
        await set_quota(database, "没有", 1)


def test_the_settings_make_the_limits() -> None:
    """What the README's table says reaches the process."""
    limits = Limits.of(Settings(processes=4, public_points=8_000))
    assert limits.purse(PUBLIC, ADDRESS).limit == 2_000


# Persons: counted in the table, for all processes together.

OFFICER = Viewer(Door.AGENCY, "经办甲", quota_per_minute=600)


def bureau(folder: Path, **bounds: tuple[int, int]) -> Path:
    """A bureau's own numbers, as it would write them; what it leaves out stays as shipped."""
    lines = []
    for key, (per_hour, per_day) in bounds.items():
        version = f"{{per_hour: {per_hour}, per_day: {per_day}, source: {{title: 本局规定, mark: known}}}}"
        lines.append(f"person.{key}:\n  term: x\n  unit: times\n  reviewed_on: 2026-11-20\n  versions:")
        lines.append(f"    2026-01-01: {version}")
    (folder / "accounts").mkdir(exist_ok=True)
    (folder / NAME).write_text("\n".join(lines), "utf-8")
    return folder


async def looked_up(purse: Purse, database: TrialDatabase, times: int) -> TooMany | None:
    """Looks up so many persons; gives the refusal that ended it early."""
    for _ in range(times):
        try:
            await purse.look_up_person(database)
        except TooMany as error:
            return error
    return None


async def rest(database: TrialDatabase, clock: Clock, seconds: int) -> None:
    """Lets time pass in this process and in the database, whose own clock nobody can move."""
    clock.wait(seconds)
    await database.as_owner("UPDATE xintu.attempt SET at = at - make_interval(secs => $1)", seconds)


async def test_persons_are_counted_over_all_processes(database: TrialDatabase, tmp_path: Path) -> None:
    """Two processes must not let an asker see twice as many persons."""
    rules, clock = bureau(tmp_path, anonymous=(3, 5)), Clock()
    other = TrialDatabase(database.url, database.prefix)
    try:
        here = limits_of(clock, rules_dir=rules).purse(PUBLIC, PHONE)
        there = limits_of(clock, rules_dir=rules).purse(PUBLIC, "2001:db8:1:2::99")
        assert await looked_up(here, database, 2) is None
        assert await looked_up(there, other, 1) is None
        for purse, through in ((here, database), (there, other)):
            error = await looked_up(purse, through, 1)
            assert error is not None
            assert 3590 < error.retry_after_seconds <= 3600
    finally:
        await other.close()
    for words in ("这个地址每小时最多 3 次", "查不到也计次", "约 60 分钟后", "申请密钥"):
        assert words in error.message


async def test_twenty_at_once_pass_no_bound_together(database: TrialDatabase, tmp_path: Path) -> None:
    """Each alone sees room for one more: only one after the other may count."""
    rules, clock = bureau(tmp_path, anonymous=(7, 50), anonymous_together=(9, 50)), Clock()
    other = TrialDatabase(database.url, database.prefix)
    try:
        one = [limits_of(clock, rules_dir=rules).purse(PUBLIC, ADDRESS) for _ in range(20)]
        turns = [looked_up(purse, (database, other)[n % 2], 1) for n, purse in enumerate(one)]
        assert (await asyncio.gather(*turns)).count(None) == 7
        many = [limits_of(clock, rules_dir=rules).purse(PUBLIC, f"192.0.2.{n}") for n in range(20)]
        turns = [looked_up(purse, (database, other)[n % 2], 1) for n, purse in enumerate(many)]
        assert (await asyncio.gather(*turns)).count(None) == 2
    finally:
        await other.close()
    assert await database.as_owner("SELECT count(*) FROM xintu.attempt") == 9


async def test_after_the_seconds_told_the_next_person_is_found(database: TrialDatabase, tmp_path: Path) -> None:
    """Any hour and any day, not the calendar's: nobody gets a new day at midnight. Refused ones do not count."""
    clock = Clock()
    purse = limits_of(clock, rules_dir=bureau(tmp_path, anonymous=(2, 3))).purse(PUBLIC, ADDRESS)
    assert await looked_up(purse, database, 1) is None
    await rest(database, clock, 600)
    assert await looked_up(purse, database, 1) is None
    hour = await looked_up(purse, database, 1)
    assert hour is not None
    assert 2990 < hour.retry_after_seconds <= 3000, "the first of the two leaves the hour"

    await rest(database, clock, hour.retry_after_seconds - 5)
    assert await looked_up(purse, database, 1) is not None
    await rest(database, clock, 5)
    assert await looked_up(purse, database, 1) is None
    day = await looked_up(purse, database, 1)
    assert day is not None
    assert "每天最多 3 次" in day.message
    await rest(database, clock, day.retry_after_seconds)
    assert await looked_up(purse, database, 1) is None


async def test_a_botnet_does_not_walk_through_the_numbers(database: TrialDatabase, tmp_path: Path) -> None:
    """A thousand addresses are no thousand times more; who has a key goes on."""
    rules = bureau(tmp_path, anonymous=(2, 5), anonymous_together=(6, 50))
    limits = limits_of(Clock(), rules_dir=rules)
    refusals = [await looked_up(limits.purse(PUBLIC, f"192.0.2.{n}"), database, 1) for n in range(10)]
    assert refusals.count(None) == 6
    assert refusals[9] is not None
    assert "全体公众合计每小时最多 6 次" in refusals[9].message
    assert await looked_up(limits.purse(OFFICER, "192.0.2.1"), database, 7) is None


async def test_a_refused_asker_keeps_no_connection_busy(database: TrialDatabase, tmp_path: Path) -> None:
    """A flood of refused look-ups must not keep keys from being checked: it is answered without the database."""
    clock = Clock()
    limits = limits_of(clock, rules_dir=bureau(tmp_path, anonymous=(1, 9), anonymous_together=(2, 9)))
    purse, another = limits.purse(PUBLIC, ADDRESS), limits.purse(PUBLIC, "192.0.2.1")
    assert await looked_up(purse, database, 1) is None
    first = await looked_up(purse, database, 1)
    assert await looked_up(another, database, 1) is None
    assert await looked_up(limits.purse(PUBLIC, "192.0.2.2"), database, 1) is not None
    await database.as_owner("ALTER TABLE xintu.attempt RENAME TO gone")

    clock.wait(100)
    again = await looked_up(purse, database, 1)
    third = await looked_up(limits.purse(PUBLIC, "192.0.2.3"), database, 1)

    assert first is not None
    assert again is not None
    assert again.retry_after_seconds == first.retry_after_seconds - 100
    assert third is not None
    assert "全体公众合计" in third.message
    with pytest.raises(asyncpg.UndefinedTableError):
        await limits.purse(OFFICER, ADDRESS).look_up_person(database)


async def test_the_table_knows_who_asked_and_never_for_whom(database: TrialDatabase) -> None:
    """A copy of the database tells no address of a citizen and no person looked up."""
    limits = limits_of(Clock())
    await limits.purse(PUBLIC, ADDRESS).look_up_person(database)
    await limits.purse(PUBLIC, PHONE).look_up_person(database)
    await limits.purse(OFFICER, ADDRESS).look_up_person(database)

    stored = await database.as_owner("SELECT json_agg(a ORDER BY at)::text FROM xintu.attempt a")
    askers = await database.as_owner("SELECT array_agg(asker ORDER BY at) FROM xintu.attempt")

    assert ADDRESS not in stored
    assert network_of(ADDRESS).hex() not in stored
    assert [asker.split(":")[0] for asker in askers] == ["address", "address", "key"]
    assert len(set(askers)) == 3
    assert askers[2] == "key:经办甲"
    columns = (
        "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND attrelid = $1::regclass"
    )
    assert await database.as_owner(columns, "xintu.attempt") == ["id", "kind", "asker", "anonymous", "at"]


async def test_the_service_cannot_forget_who_asked(database: TrialDatabase) -> None:
    """A hole in the service must not empty the count as well."""
    await limits_of(Clock()).purse(PUBLIC, ADDRESS).look_up_person(database)
    async with database.writer() as connection:
        for statement in ("DELETE FROM attempt", "UPDATE attempt SET at = now()", "TRUNCATE attempt"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


@pytest.mark.parametrize(
    ("viewer", "group"),
    [
        (OFFICER, "officer"),
        (Viewer(Door.GOVERNMENT, "k", quota_per_minute=1), "government"),
        (Viewer(Door.SUBJECT, "k", partner="银行", quota_per_minute=1), "partner"),
        (Viewer(Door.PUBLIC, "k", quota_per_minute=1), "partner"),
        (Viewer(Door.SUBJECT, "k", subject=UUID(int=1), quota_per_minute=1), "subject"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_each_kind_of_key_has_its_own_number(
    database: TrialDatabase, tmp_path: Path, viewer: Viewer, group: str
) -> None:
    """An officer works through a list of drivers; a partner with or without a live authorisation is one and the same."""
    limits = limits_of(Clock(), rules_dir=bureau(tmp_path, **{group: (4, 9)}))
    assert await looked_up(limits.purse(viewer, ADDRESS), database, 4) is None
    error = await looked_up(limits.purse(viewer, PHONE), database, 1)
    assert error is not None
    assert "这把密钥每小时最多 4 次" in error.message


async def test_a_bureau_may_close_the_look_up_to_the_public(database: TrialDatabase, tmp_path: Path) -> None:
    """Nought is a number: nobody without a key, and officers as ever."""
    limits = limits_of(Clock(), rules_dir=bureau(tmp_path, anonymous=(0, 0)))
    with pytest.raises(Forbidden, match="没有向您这一类查询者开放"):
        await limits.purse(PUBLIC, ADDRESS).look_up_person(database)
    assert await looked_up(limits.purse(OFFICER, ADDRESS), database, 1) is None


def test_a_number_cannot_be_abolished(tmp_path: Path) -> None:
    """Without one, anybody could try all numbers: the service does not start."""
    folder = bureau(tmp_path, anonymous=(1, 1))
    text = (folder / NAME).read_text("utf-8").replace("per_hour: 1, per_day: 1", "abolished: true")
    (folder / NAME).write_text(text, "utf-8")
    with pytest.raises(WrongSetting, match=r"person\.anonymous 不能废止"):
        Limits.of(Settings(rules_dir=folder))


def test_officers_may_look_up_more_than_anybody_and_the_public_least() -> None:
    """The shipped numbers keep their order when one of them is changed."""
    rules = Attempts.load().rules
    newest = {key: rules[key].versions[-1] for key in rules}
    for name in ("per_hour", "per_day"):
        order = [newest[f"person.{group}"].whole(name) or 0 for group in ("anonymous", "subject", "partner", "officer")]
        assert order == sorted(order)
        assert order[0] > 0


# The whole way, over HTTP.


async def test_the_api_refuses_with_when_to_come_again_and_tells_each_answers_rest(database: TrialDatabase) -> None:
    """The limits are nothing if the entrance does not ask for them."""
    key = await issue_key(database, label="政务", role=KeyRole.GOVERNMENT, quota_per_minute=9_000)
    query = {"query": "{ viewer { pointsLimit pointsLeft } }"}
    async with client_of(database, public_points=1_000, processes=2) as client:
        first = await client.post("/graphql", json=query)
        forged = [
            (await client.post("/graphql", json=query, headers={"x-forwarded-for": f"192.0.2.{n}"})) for n in range(120)
        ]
        keyed = await client.post("/graphql", json=query, headers={"authorization": f"Bearer {key}"})

    viewer = first.json()["data"]["viewer"]
    assert viewer["pointsLimit"] == 500
    assert first.headers["ratelimit-policy"] == '"points";q=500;w=60'
    left = int(first.headers["ratelimit"].split(";")[1].removeprefix("r="))
    assert 0 < left <= viewer["pointsLeft"] <= 500, "an answer's own price may be taken after it was written"
    statuses = [answer.status_code for answer in forged]
    assert statuses == sorted(statuses), "once refused, a forged header opens nothing"
    assert statuses[-1] == 429
    assert 1 <= int(forged[-1].headers["retry-after"]) <= 60
    assert forged[-1].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert keyed.json()["data"]["viewer"]["pointsLimit"] == 4_500


async def test_the_api_counts_persons_found_and_unknown_alike(database: TrialDatabase, tmp_path: Path) -> None:
    """An unknown number must cost what a known one costs, or trying is free."""
    query = "query ($number: String!) { practitioner(certificateNumber: $number) { name } }"
    statuses = []
    async with client_of(database, rules_dir=bureau(tmp_path, anonymous=(2, 9))) as client:
        for number in ("990101199001011234", "990101199001011235", "990101199001011236"):
            answer = await client.post("/graphql", json={"query": query, "variables": {"number": number}})
            statuses.append(answer.status_code)

    assert statuses == [200, 200, 429], answer.text
    assert int(answer.headers["retry-after"]) > 3500
    assert await database.as_owner("SELECT count(*) FROM xintu.attempt") == 2
