"""大规模示例的用语 what ``data/mass.yaml`` adds to the vocabulary of the told story. Not law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from server.sample.vocabulary import DATA

_FILE = "mass.yaml"


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
class MassWords:
    """用语 and shares; ``shares`` of a hundred subjects, ``home_percent`` of businesses, ``forms`` of a hundred firms."""

    shares: Mapping[str, int]
    home_percent: int
    provinces: Mapping[str, Province]
    known_brands: frozenset[str]
    endings: Mapping[str, Endings]
    shop_shares: Mapping[str, int]
    forms: Mapping[str, int]
    bracket_one_in: int


@cache
def mass_words() -> MassWords:
    """Gives the shipped words; a fault in them is a programming fault."""
    raw: dict[str, Any] = yaml.safe_load((DATA / _FILE).read_text("utf-8"))
    return MassWords(
        shares=raw["shares"],
        home_percent=raw["home_percent"],
        provinces={code: Province(**entry) for code, entry in raw["provinces"].items()},
        known_brands=frozenset(raw["known_brands"]),
        endings={key: Endings(tuple(e["firms"]), tuple(e["shops"])) for key, e in raw["endings"].items()},
        shop_shares=raw["shop_shares"],
        forms=raw["forms"],
        bracket_one_in=raw["bracket_one_in"],
    )
