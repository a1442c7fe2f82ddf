"""字号 brands by how common they are: those of ``brands.txt`` and two-character ones made of their stems. Pure.

A few are common and most are rare, as in a register: the brand of place k has its share ∝ 1 / (k + 60).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import accumulate
from math import gcd

#: The larger it is, the less the first brands have: so that even a million names have no brand twice in one region.
_FLATNESS = 60
#: A brand out of the file counts as much more often met than one made of two stems.
_KNOWN = 4
_SCALE = 1_000_000
#: A prime larger than any number of names, so that neighbours in number are no neighbours in brand.
_STEP = 2_147_483_647


def brands(known: Sequence[str], without: Collection[str]) -> list[str]:
    """Gives all brands, the commonest first; ``without`` are names of places and of real groups."""
    first, second = Counter(b[0] for b in known), Counter(b[1] for b in known)
    weights = {a + b: first[a] * second[b] for a in first for b in second if a != b and a + b not in without}
    weights |= {brand: _KNOWN * (1 + weights.get(brand, 0)) for brand in known}
    return sorted(weights, key=lambda brand: (-weights[brand], brand))


class Spread:
    """分布 deals ``count`` names out over places (brands) by their shares, each with its turn among that place's names."""

    def __init__(self, count: int, places: int) -> None:
        self._count = max(1, count)
        shares = list(accumulate(_SCALE // (place + _FLATNESS) for place in range(places)))
        self._bounds = [self._count * share // shares[-1] for share in shares]
        self._step = next(step for step in range(_STEP % self._count + 1, _STEP) if gcd(step, self._count) == 1)

    def of(self, number: int) -> tuple[int, int]:
        """Gives place and turn of a name; ``number`` from 0; no two numbers have the same."""
        dealt = number * self._step % self._count
        place = bisect_right(self._bounds, dealt)
        return place, dealt - (self._bounds[place - 1] if place else 0)
