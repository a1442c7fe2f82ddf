"""大规模示例的承诺、信易+ 和授权 commitments, grants and authorised queries of one subject. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from server.disclosure.rules import add_months
from server.sample.dice import Dice, Shares, identity
from server.sample.goodwill import PARTNER
from server.sample.mass_law import MassLaw
from server.sample.mass_party import PARTY_KEYS, MassParty
from server.sample.mass_words import mass_words
from server.sample.office import Row
from server.sample.vocabulary import vocabulary
from server.sample.world import PERSON

_DAY = timedelta(days=1)
_YEAR = 12
_HUNDRED, _TEN_THOUSAND = 100, 10_000
#: What dice are thrown for.
_COMMITMENT, _GRANT, _AUTHORISATION = 41, 42, 43
_STATES = ("kept", "open", "kept", "partly", "broken")
_GOOD = ("AAA", "AA")


class MassGoodwill:
    """承诺和激励 by subject; ``products`` are ids of products that have not ended, by code."""

    def __init__(self, law: MassLaw, products: Mapping[str, UUID]) -> None:
        self.law = law
        self.words = vocabulary()
        mass = mass_words()
        self._counts = {kind: Shares(dict(enumerate(weights))) for kind, weights in mass.commitments.items()}
        self._granted = mass.granted_percent
        self._authorised = mass.authorised_per_ten_thousand
        self._products = [(words, products[words.code]) for words in self.words.products if words.code in products]

    def commitments(self, party: MassParty) -> list[Row]:
        """Gives what a subject promised."""
        dice = Dice(_COMMITMENT, party.serial(0))
        return [self._commitment(party, place, dice) for place in range(self._counts[party.kind].draw(dice))]

    def _commitment(self, party: MassParty, place: int, dice: Dice) -> Row:
        words = dice.of(self.words.commitments)
        day = dice.of(self.law.workdays)
        until = words.months and add_months(day, words.months) - _DAY
        content = words.content.format(name=party.name, person=party.driver, phone=party.phone())
        state = dice.of(_STATES)
        names_somebody = party.kind == PERSON or "{phone}" in words.content
        row = party.keys(*PARTY_KEYS) | {
            "id": identity("commitment", party.serial(place)),
            "kind": words.kind,
            "matter": words.matter,
            "content": content,
            "content_public": self.law.masking.mask_text(content, party.persons) if names_somebody else content,
            "breach_duty": self.words.breach,
            "signed_on": day,
            "valid_until": until,
            # What has no end is not kept before it.
            "state": "open" if until is None and state != "broken" else state,
            "authority_name": party.home.bureau.name,
        }
        return self.law.dated("commitment", row, day, party.home.bureau.code)

    def grants(self, party: MassParty, grade: str | None) -> list[Row]:
        """Gives the product a subject of a good grade holds, if it does."""
        dice = Dice(_GRANT, party.serial(0))
        if grade not in _GOOD or dice.below(_HUNDRED) >= self._granted or not self._products:
            return []
        words, product = dice.of(self._products)
        day = dice.of(self.law.workdays)
        row = party.keys(*PARTY_KEYS) | {
            "id": identity("benefit_grant", party.serial(0)),
            "benefit_product_id": product,
            "granted_on": day,
            "granted_until": add_months(day, _YEAR),
            "grade": grade,
            "value_yuan": Decimal(50 * (1 + dice.below(40))) if dice.one_in(2) else None,
        }
        return [self.law.dated("benefit_grant", row, day, words.operator)]

    def authorisations(self, party: MassParty) -> list[Row]:
        """Gives the authorised query of the few who let the partner ask."""
        dice = Dice(_AUTHORISATION, party.serial(0))
        if dice.below(_TEN_THOUSAND) >= self._authorised:
            return []
        day = self.law.workdays[-1 - dice.below(_HUNDRED)]
        row = party.keys(*PARTY_KEYS) | {
            "id": identity("authorisation", party.serial(0)),
            "partner": PARTNER,
            "valid_from": day,
            "valid_until": add_months(day, _YEAR),
        }
        return [self.law.dated("authorisation", row, day, party.home.bureau.code)]
