"""用语 the words the sample is made of, read from ``data/``. Not law: amounts and articles here only look like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).with_name("data")
AGENCIES = "agencies.csv"


@dataclass(frozen=True, slots=True)
class Bureau:
    """局: how a bureau's rows look; ``licensing`` and ``enforcement`` are the units that send them."""

    place: str
    document: str
    plate: str
    licensing: str
    enforcement: str
    share: int


@dataclass(frozen=True, slots=True)
class Sector:
    """经营领域: endings of names, and how many of a hundred subjects are in it."""

    name: str
    suffixes: tuple[str, ...]
    shops: tuple[str, ...]
    share: int


@dataclass(frozen=True, slots=True)
class LicenceWords:
    """一种许可: ``number`` tells what stands in 许可编号."""

    sectors: tuple[str, ...]
    subjects: tuple[str, ...]
    document: str
    kind: str
    certificate: str
    number: str
    word: str
    content: str
    months: int
    weight: int


@dataclass(frozen=True, slots=True)
class PenaltyWords:
    """一种处罚: ``fines`` and ``confiscated`` in yuan; ``plain`` for a decision on the spot."""

    id: str
    sectors: tuple[str, ...]
    subjects: tuple[str, ...]
    violation: str
    facts: str
    basis: str
    kinds: tuple[str, ...]
    fines: tuple[int, ...]
    content: str
    weight: int
    confiscated: tuple[int, ...] = ()
    revoked: str | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class ActWords:
    """一种其他行政行为; ``amounts`` in yuan; ``sectors`` of the firms it is about, none named for any subject."""

    document: str
    category: str
    content: str
    basis: str
    weight: int
    results: tuple[str, ...] = ()
    amounts: tuple[int, ...] = ()
    months: int | None = None
    sectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitmentWords:
    """一种承诺; ``months`` null is long term."""

    kind: str
    matter: str
    content: str
    months: int | None


@dataclass(frozen=True, slots=True)
class ProductWords:
    """一种信易+ 产品; ``operator`` is an agency's code."""

    code: str
    name: str
    content: str
    eligibility: str
    policy: str
    operator: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class GradeShape:
    """等级: lowest and highest score, and its share of the results."""

    grade: str
    lowest: int
    highest: int
    share: int


@dataclass(frozen=True, slots=True)
class RatingShape:
    """评价: how results of one standard look; ``people`` is the trade of the persons it rates, else firms of ``sectors``."""

    standard: str
    version: date
    mode: str
    sectors: tuple[str, ...]
    people: str | None
    effective_months: int
    effective_days: int
    step: int
    bonus: tuple[str, int, tuple[int, ...]] | None
    grades: tuple[GradeShape, ...]
    indicators: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ListShape:
    """名单: one way onto a list; ``measures`` are codes of the measure list."""

    kind: str
    subject: str
    criterion: str
    reason: str
    months: int
    share: int
    evidence: bool
    measures: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """用语 all of it."""

    remark: str
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    stems: tuple[str, ...]
    bureaus: Mapping[str, Bureau]
    sectors: Mapping[str, Sector]
    licences: tuple[LicenceWords, ...]
    penalties: tuple[PenaltyWords, ...]
    places: tuple[str, ...]
    stations: tuple[str, ...]
    acts: Mapping[str, tuple[ActWords, ...]]
    commitments: tuple[CommitmentWords, ...]
    breach: str
    products: tuple[ProductWords, ...]
    brands: tuple[str, ...] = field(default=())
    ratings: tuple[RatingShape, ...] = field(default=())
    lists: tuple[ListShape, ...] = field(default=())


def _frozen(raw: Any) -> Any:
    return tuple(map(_frozen, raw)) if isinstance(raw, list) else raw


def _made(kind: type[Any], raw: Mapping[str, Any]) -> Any:
    return kind(**{name: _frozen(entry) for name, entry in raw.items()})


def _load(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((DATA / name).read_text("utf-8"))
    return raw


@cache
def vocabulary() -> Vocabulary:
    """Gives the shipped words; a fault in them is a programming fault."""
    raw = _load("vocabulary.yaml")
    return Vocabulary(
        **{
            name: _frozen(raw[name])
            for name in ("remark", "surnames", "given", "stems", "places", "stations", "breach")
        },
        bureaus={code: _made(Bureau, entry) for code, entry in raw["bureaus"].items()},
        sectors={key: _made(Sector, entry) for key, entry in raw["sectors"].items()},
        licences=tuple(_made(LicenceWords, entry) for entry in raw["licences"]),
        penalties=tuple(_made(PenaltyWords, entry) for entry in raw["penalties"]),
        acts={kind: tuple(_made(ActWords, entry) for entry in some) for kind, some in raw["acts"].items()},
        commitments=tuple(_made(CommitmentWords, entry) for entry in raw["commitments"]),
        products=tuple(_made(ProductWords, entry) for entry in raw["products"]),
        brands=_brands(),
        ratings=tuple(_rating(standard, entry) for standard, entry in _load("ratings.yaml").items()),
        lists=tuple(_made(ListShape, entry) for entry in _load("lists.yaml")["lists"]),
    )


def _brands() -> tuple[str, ...]:
    lines = (DATA / "brands.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _rating(standard: str, raw: Mapping[str, Any]) -> RatingShape:
    bonus = raw["bonus"]
    return RatingShape(
        standard=standard,
        version=raw["version"],
        mode=raw["mode"],
        sectors=tuple(raw.get("sectors", ())),
        people=raw.get("people"),
        effective_months=raw["effective"]["months"],
        effective_days=raw["effective"]["days"],
        step=raw["step"],
        bonus=bonus and (bonus["indicator"], bonus["full"], tuple(bonus["given"])),
        grades=tuple(GradeShape(g["grade"], g["from"], g["to"], g["share"]) for g in raw["grades"]),
        indicators=tuple((entry["indicator"], entry["full"]) for entry in raw["indicators"]),
    )
