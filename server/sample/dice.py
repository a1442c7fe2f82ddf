"""示例骰子 draws that a number alone decides, the same on every machine and version. Not for secrets, not for ids that
must not be guessed.

``random.Random`` takes ten times as long to begin, and a million subjects each begin one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Generic, TypeVar, cast
from uuid import UUID

# The driver's own kind of UUID takes a tenth of the time to make.
from asyncpg.pgproto.pgproto import UUID as DriverUUID

_T = TypeVar("_T")

_MASK = (1 << 64) - 1
#: Knuth's multiplier and increment of a 64-bit congruence; the high bits are drawn from.
_TIMES, _PLUS, _HIGH = 6_364_136_223_846_793_005, 1_442_695_040_888_963_407, 33


class Dice:
    """骰子 of one number and purpose."""

    __slots__ = ("_state",)

    def __init__(self, purpose: int, number: int) -> None:
        state = (number * 0x9E3779B97F4A7C15 + purpose * 0xBF58476D1CE4E5B9) & _MASK
        state ^= state >> 31
        self._state = state * 0x94D049BB133111EB & _MASK

    def below(self, end: int) -> int:
        """Gives a whole number from 0 to ``end`` − 1."""
        self._state = (self._state * _TIMES + _PLUS) & _MASK
        return (self._state >> _HIGH) % end

    def one_in(self, count: int) -> bool:
        """Tells yes once in so many times."""
        return self.below(count) == 0

    def of(self, some: Sequence[_T]) -> _T:
        """Gives one of a sequence."""
        return some[self.below(len(some))]


class Shares(Generic[_T]):
    """份额 what is drawn by weight; ``weights`` are whole numbers, one for each."""

    __slots__ = ("_all", "_bounds")

    def __init__(self, weights: Mapping[_T, int]) -> None:
        self._all = list(weights)
        self._bounds = list(accumulate(weights.values()))

    def draw(self, dice: Dice) -> _T:
        """Gives one, as often as its weight says."""
        return self._all[bisect_right(self._bounds, dice.below(self._bounds[-1]))]


def identity(table: str, number: int) -> UUID:
    """Gives the id of the row of a table that has this number in the sample."""
    return cast(UUID, DriverUUID(blake2b(f"{table} {number}".encode(), digest_size=16).digest()))
