"""大规模示例的名称 names of firms and individual businesses: region, brand, industry, form of organisation. Pure.

A name follows from its number among so many; no two are the same, and one brand stands in many regions. The told story
has its own regions, so that its names never come again here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from server.sample.brands import Spread, brands
from server.sample.dice import Dice, Shares
from server.sample.mass_words import mass_words
from server.sample.regions import Region, regions, short
from server.sample.vocabulary import vocabulary
from server.sample.world import ENTERPRISE

#: What the dice of a name are thrown for.
_NAME = 1
_HUNDRED, _MIX = 100, 61
#: A prime longer than the list of regions: one brand's regions are spread over the country, each brand begins elsewhere.
_STRIDE, _START = 10_007, 7_919
#: Every so many firms is a freight firm, of whom those that overload again and again are taken.
HEAVY_ONE_IN = 80


@dataclass(frozen=True, slots=True)
class Title:
    """名称 with what it was made of; ``sector`` is a key of the vocabulary."""

    text: str
    region: Region
    brand: str
    sector: str


@dataclass(frozen=True, slots=True)
class _Stock:
    """What names are made of, once for all: regions of the bureaus' own provinces, all others, and brands."""

    home: tuple[Region, ...]
    other: tuple[Region, ...]
    brands: tuple[str, ...]


class Names:
    """名称 of ``count`` businesses of one kind; numbers begin with 1."""

    def __init__(self, kind: str, count: int) -> None:
        words = mass_words()
        self._stock = _stock()
        self._is_firm = kind == ENTERPRISE
        # Of each hundred in a row the same places are at home, mixed with the others.
        self._at_home = [place * _MIX % _HUNDRED < words.home_percent for place in range(_HUNDRED)]
        # How many before a place stand in the same list of regions.
        self._before = [self._at_home[:place].count(self._at_home[place]) for place in range(_HUNDRED)]
        self._homes = sum(self._at_home)
        at_home = count // _HUNDRED * self._homes + sum(self._at_home[: count % _HUNDRED])
        self._spreads = tuple(Spread(some, len(self._stock.brands)) for some in (at_home, count - at_home))
        sectors = {key: sector.share for key, sector in vocabulary().sectors.items()}
        self._sectors = Shares(sectors if self._is_firm else words.shop_shares)
        self._forms = Shares(words.forms)

    def of(self, number: int) -> Title:
        """Gives the name of a business."""
        hundreds, place = divmod(number - 1, _HUNDRED)
        home = self._at_home[place]
        of_hundred = self._homes if home else _HUNDRED - self._homes
        rank, turn = self._spreads[not home].of(hundreds * of_hundred + self._before[place])
        list_ = self._stock.home if home else self._stock.other
        region = list_[(rank * _START + turn * _STRIDE) % len(list_)]
        dice = Dice(_NAME + self._is_firm, number)
        sector = "freight" if self._is_firm and is_heavy(number) else self._sectors.draw(dice)
        brand = self._stock.brands[rank]
        return Title(self._text(region.text, brand, sector, dice), region, brand, sector)

    def _text(self, region: str, brand: str, sector: str, dice: Dice) -> str:
        endings = mass_words().endings[sector]
        if not self._is_firm:
            return f"{region}{brand}{dice.of(endings.shops)}"
        tail = dice.of(endings.firms) + self._forms.draw(dice)
        bracketed = dice.one_in(mass_words().bracket_one_in)
        return f"{brand}（{region}）{tail}" if bracketed else f"{region}{brand}{tail}"


def is_heavy(firm: int) -> bool:
    """Tells whether a firm is one of those that overload again and again."""
    return firm % HEAVY_ONE_IN == 7


@cache
def _stock() -> _Stock:
    words, told = mass_words(), vocabulary()
    found = regions(
        {code: province.name for code, province in words.provinces.items()},
        without=frozenset(bureau.place for bureau in told.bureaus.values()),
    )
    homes = {code[:2] for code in told.bureaus}
    places = {short(region.text) for region in found}
    return _Stock(
        tuple(region for region in found if region.code[:2] in homes),
        tuple(region for region in found if region.code[:2] not in homes),
        tuple(brands(told.brands, words.known_brands | places)),
    )
