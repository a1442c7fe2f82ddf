"""承诺、信易+ 和授权 invented commitments, incentive products and grants, and one authorised query. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from server.disclosure.rules import add_months
from server.sample.office import Office
from server.sample.world import Business, Party

PARTNER = "示例保险公司"
_KEYS = ("enterprise_id", "individual_business_id", "practitioner_id")
_DAY = timedelta(days=1)
_STATES = ("kept", "open", "kept", "partly", "broken")
_GRANT_MONTHS = 12
_YEAR = 12


def plan_goodwill(office: Office, grades: Mapping[Party, str]) -> None:
    """Plans all of it."""
    _plan_commitments(office)
    _plan_products(office, grades)
    _plan_authorisations(office)


def _plan_commitments(office: Office) -> None:
    """Every kind and every state at least once; about one commitment for every two subjects."""
    parties, months = office.registered(), office.timeline.months()
    count = max(len(office.words.commitments) * 2, len(parties) // 2)
    for n in range(count):
        words = office.words.commitments[n % len(office.words.commitments)]
        party = parties[n * 3 % len(parties)]
        day = months[n * 5 % len(months)]
        head = party.representative if isinstance(party, Business) else party
        content = words.content.format(name=party.name, person=f"{head.name[0]}某", phone=head.phone)
        until = words.months and add_months(day, words.months) - _DAY
        state = _STATES[n % len(_STATES)]
        row = office.subject(party, *_KEYS) | {
            "kind": words.kind,
            "matter": words.matter,
            "content": content,
            "content_public": office.public(content, party),
            "breach_duty": office.words.breach,
            "signed_on": day,
            "valid_until": until,
            "state": "open" if until is None and state != "broken" else state,
            "authority_name": party.home.bureau.name,
        }
        office.plan(day, "commitment", row, source=party.home.bureau.code)


def _plan_products(office: Office, grades: Mapping[Party, str]) -> None:
    """Products from the first day on; grants to those whose grade was good, and to drivers."""
    first = office.timeline.first
    homes = {home.code: home for home in office.world.homes}
    months = office.timeline.months()
    good = [p for p in office.registered() if grades.get(p) in ("AAA", "AA")]
    for n, words in enumerate(office.words.products):
        home = homes[words.operator]
        row = {
            "code": words.code,
            "name": words.name,
            "content": words.content,
            "eligibility": words.eligibility,
            "policy_title": words.policy,
            "policy_document_number": None,
            "operator_name": home.bureau.name,
            "valid_from": first,
            "valid_until": add_months(first, _YEAR) if words.ended else None,
        }
        product = office.plan(first, "benefit_product", row, source=home.bureau.code)
        for k, party in enumerate(good[n :: len(office.words.products)]):
            day = months[(n + k * 3) % len(months)]
            if words.ended and day >= add_months(first, _YEAR):
                continue
            grant = office.subject(party, *_KEYS) | {
                "benefit_product_id": product,
                "granted_on": day,
                "granted_until": add_months(day, _GRANT_MONTHS),
                "grade": grades[party],
                "value_yuan": Decimal(office.random.randrange(1, 40) * 50) if k % 2 else None,
            }
            office.plan(day, "benefit_grant", grant, source=home.bureau.code)


def authorising(office: Office) -> list[Party]:
    """Gives who lets the partner ask: a firm, and the first person with a grant, whose grants are ``authorised`` only."""
    granted = {p.row["practitioner_id"] for p in office.planned if p.table == "benefit_grant"}
    people: list[Party] = [p for p in office.world.people if p.registered and office.ids[p] in granted]
    return [office.firms()[0], *people[:1]]


def _plan_authorisations(office: Office) -> None:
    timeline = office.timeline
    day = timeline.back(timeline.until, 2)
    for party in authorising(office):
        row = office.subject(party, *_KEYS)
        row |= {"partner": PARTNER, "valid_from": day, "valid_until": _later(day)}
        office.plan(day, "authorisation", row, source=party.home.bureau.code)


def _later(day: date) -> date:
    return add_months(day, _YEAR)
