"""计次 attempts: what is dear to guess (a person by his number; later log-ins) is counted in a table, for all processes
together, under the numbers of ``limits.yaml``. Not for points of cost: see ``limits.py``.

Found and unknown count alike, or the count would tell which is which. A row says who asked and when, never what for: no
number, no hash of one and no name of a person looked up; a client's address only as a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from server.clock import today_in_shanghai
from server.database.connection import Database
from server.dated import DatedFile, Field, Kind, Shape, load
from server.errors import Forbidden, TooMany, WrongSetting
from server.viewer import Door, Viewer

NAME = "accounts/limits.yaml"
FILES = (NAME,)
_SHAPE = Shape(version={"per_hour": Field(Kind.WHOLE), "per_day": Field(Kind.WHOLE)})
#: Any hour and any day, not those of the calendar: at midnight nobody may ask twice.
_SPANS = {"per_hour": 3600, "per_day": 86_400}
_WORDS = {3600: "每小时", 86_400: "每天"}
#: Refusals remembered at most; a forgotten one is only asked of the database again.
_MOST_REMEMBERED = 5_000
_SECOND = 1_000_000_000

#: Whoever counts waits for the others, and only the statement after this sees what they wrote.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('attempt ' || $1::text, 0))"
#: $1 kind, $2 asker, $3 anonymous, $4 and $5 the asker's own bounds, $6 and $7 those of all anonymous askers together.
#: A bound is full while the ``most``-th newest attempt lies inside its span, and free again when that one leaves it.
COUNT = """
WITH filled AS (
    SELECT false AS together, b.most, b.seconds, o.at + make_interval(secs => b.seconds) AS again
    FROM unnest($4::int[], $5::int[]) AS b (most, seconds) CROSS JOIN LATERAL (
        SELECT a.at FROM attempt a WHERE a.kind = $1 AND a.asker = $2 ORDER BY a.at DESC OFFSET b.most - 1 LIMIT 1) o
    WHERE o.at + make_interval(secs => b.seconds) > statement_timestamp()
    UNION ALL
    SELECT true, b.most, b.seconds, o.at + make_interval(secs => b.seconds)
    FROM unnest($6::int[], $7::int[]) AS b (most, seconds) CROSS JOIN LATERAL (
        SELECT a.at FROM attempt a WHERE a.kind = $1 AND a.anonymous ORDER BY a.at DESC OFFSET b.most - 1 LIMIT 1) o
    WHERE o.at + make_interval(secs => b.seconds) > statement_timestamp()
), counted AS (
    INSERT INTO attempt (id, kind, asker, anonymous, at)
    SELECT gen_random_uuid(), $1, $2, $3, statement_timestamp() WHERE NOT EXISTS (SELECT FROM filled)
)
SELECT together, most, seconds, ceil(extract(epoch FROM again - statement_timestamp()))::int AS wait
FROM filled ORDER BY again DESC LIMIT 1
"""


class AttemptKind(StrEnum):
    """计次种类 what is counted."""

    PERSON = "person"  # 按证件号查人
    LOGIN = "login"  # 登录


@dataclass(frozen=True, slots=True)
class Asker:
    """谁在问: ``group`` names the limits that hold; ``name`` is a key's label, or the packed network of an address."""

    group: str
    name: str | bytes

    @classmethod
    def of(cls, viewer: Viewer, name: str | bytes) -> Asker:
        """Gives the asker of a request; who has no key is ``anonymous``."""
        if isinstance(name, bytes):
            return cls("anonymous", name)
        match viewer.door:
            case Door.AGENCY:
                return cls("officer", name)
            case Door.GOVERNMENT:
                return cls("government", name)
            case Door.SUBJECT if viewer.subject is not None:
                return cls("subject", name)
            case _:
                return cls("partner", name)

    @property
    def anonymous(self) -> bool:
        """Says whether only an address is known."""
        return self.group == "anonymous"

    def stored(self, secret: str) -> str:
        """Gives what the table keeps: a key's label, or HMAC of the address, which nobody without the secret can undo."""
        if isinstance(self.name, str):
            return f"key:{self.name}"
        return "address:" + hmac.new(secret.encode(), b"attempt:" + self.name, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class _Full:
    """已满的限额: ``together`` is the one of all anonymous askers; free again at ``until`` of this process's clock."""

    together: bool
    most: int
    seconds: int
    until: int


class Attempts:
    """计次 one per process: the numbers, and who need not ask the database again before his time."""

    def __init__(self, rules: DatedFile, *, now: Callable[[], int] = time.monotonic_ns) -> None:
        self.rules, self.now = rules, now
        self._full: OrderedDict[tuple[AttemptKind, str | bytes | None], _Full] = OrderedDict()

    @classmethod
    def load(cls, rules_dir: Path | None = None, *, now: Callable[[], int] = time.monotonic_ns) -> Attempts:
        """Gives the shipped numbers with the bureau's on top; raises ``WrongSetting`` for a wrong or abolished one."""
        rules = load(NAME, _SHAPE, Path(__file__).with_name("limits.yaml"), rules_dir)
        for key in rules:
            if any(version.abolished for version in rules[key].versions):
                raise WrongSetting(
                    f"规则文件 {NAME} 的 {key} 不能废止：没有次数，谁都可以逐个试号码。请写明 per_hour 和 per_day。"
                )
        return cls(rules, now=now)

    async def count(self, database: Database, kind: AttemptKind, asker: Asker) -> None:
        """Counts one attempt, or raises ``TooMany`` with when the next one passes; a refused one does not count.

        No two askers pass a bound together: they count one after the other, in whatever process. Raises ``Forbidden``
        where the bureau allows none at all.
        """
        # A flood of refused ones must not keep the few connections of the desk busy.
        for name in (asker.name, None) if asker.anonymous else (asker.name,):
            known = self._full.get((kind, name))
            if known is not None and known.until > self.now():
                raise self._refusal(known, asker)
        full = await self._counted(database, kind, asker)
        if full is not None:
            self._full[kind, None if full.together else asker.name] = full
            if len(self._full) > _MOST_REMEMBERED:
                self._full.popitem(last=False)
            raise self._refusal(full, asker)

    async def _counted(self, database: Database, kind: AttemptKind, asker: Asker) -> _Full | None:
        """Counts the attempt and gives None, or gives the bound that is full the longest and counts nothing."""
        own = self._bounds(kind, asker.group)
        together = self._bounds(kind, "anonymous_together") if asker.anonymous else {}
        if 0 in (*own.values(), *together.values()):
            raise Forbidden("本局没有向您这一类查询者开放这项查询；请向主管部门咨询")
        bounds = [list(part) for one in (own, together) for part in (one.values(), one.keys())]
        who = asker.stored(database.secret)
        async with database.desk() as connection, connection.transaction():
            await connection.execute(LOCK, kind.value)
            row = await connection.fetchrow(COUNT, kind.value, who, asker.anonymous, *bounds)
        if row is None:
            return None
        return _Full(row["together"], row["most"], row["seconds"], self.now() + row["wait"] * _SECOND)

    def _bounds(self, kind: AttemptKind, group: str) -> dict[int, int]:
        """Gives seconds → most attempts, by the rules of today."""
        version = self.rules[f"{kind}.{group}"].version_on(today_in_shanghai())
        return {seconds: version.whole(name) or 0 for name, seconds in _SPANS.items()}

    def _refusal(self, full: _Full, asker: Asker) -> TooMany:
        wait = max(-(-(full.until - self.now()) // _SECOND), 1)
        whose = "全体公众合计" if full.together else "这个地址" if asker.anonymous else "这把密钥"
        more = "经常需要查询的单位请向主管部门申请密钥" if asker.anonymous else "经常不够用时，请向主管部门说明用途"
        return TooMany(
            f"按证件号查人的次数已满：{whose}{_WORDS[full.seconds]}最多 {full.most} 次（查不到也计次）。"
            f"请在{_after(wait)}后再试；{more}",
            wait,
        )


def _after(seconds: int) -> str:
    """Gives a wait for people, never shorter than it is: seconds, minutes or hours."""
    for size, word in ((3600, "小时"), (60, "分钟")):
        if seconds > size:
            return f"约 {-(-seconds // size)} {word}"
    return f" {seconds} 秒"
