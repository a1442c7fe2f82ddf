"""大规模示例的用语 what ``data/mass.yaml`` adds to the vocabulary of the told story. Not law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from server.sample.vocabulary import DATA

_FILE = "mass.yaml"
#: Weights of having none, one, two … by kind of subject.
Counts = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Province:
    """省 as a firm's name and a plate have it."""

    name: str
    plate: str


@dataclass(frozen=True, slots=True)
class Endings:
    """行业词 endings of names in one sector."""

    firms: tuple[str, ...]
    shops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RatingWords:
    """示例评价: shares of grades by sector (``person`` for persons); ``months_to_effect`` after the end of the year."""

    standard: str
    version: date
    months_to_effect: int
    grades: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class MassWords:
    """用语 and shares; ``shares`` of a hundred subjects, vehicles beside them; ``home_percent`` of businesses.

    ``forms`` are of a hundred firms; ``licences`` to ``ratings`` are weights of having none, one, two … of them, by kind
    of subject; ``fates`` are of ten thousand, ``listed_percent`` of those of whom a list may speak.
    """

    shares: Mapping[str, int]
    home_percent: int
    provinces: Mapping[str, Province]
    known_brands: frozenset[str]
    endings: Mapping[str, Endings]
    shop_shares: Mapping[str, int]
    forms: Mapping[str, int]
    bracket_one_in: int
    late_per_ten_thousand: Mapping[str, int]
    licences: Counts
    penalties: Counts
    acts: Counts
    commitments: Counts
    ratings: Counts
    granted_percent: int
    fates: Mapping[str, Mapping[str, int]]
    listed_percent: Mapping[str, int]
    authorised_per_ten_thousand: int
    rating: RatingWords


@cache
def mass_words() -> MassWords:
    """Gives the shipped words; a fault in them is a programming fault."""
    raw: dict[str, Any] = yaml.safe_load((DATA / _FILE).read_text("utf-8"))
    made = {
        "provinces": {code: Province(**entry) for code, entry in raw["provinces"].items()},
        "known_brands": frozenset(raw["known_brands"]),
        "endings": {key: Endings(tuple(e["firms"]), tuple(e["shops"])) for key, e in raw["endings"].items()},
        "rating": RatingWords(**raw["rating"]),
    }
    return MassWords(**raw | made)
