"""其他行政行为 invented acts of the eight kinds beside licence and penalty (十公示). Pure.

No national table is known for them, so that they are written directly, month by month.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from server.disclosure.rules import add_months
from server.sample.office import Office, Row
from server.sample.vocabulary import ActWords
from server.sample.world import ENTERPRISE, PERSON, Business, Party

_DAY = timedelta(days=1)
_IN_TIME, _LATE_ONE_IN = 6, 25
MARKS = {
    "inspection": "检",
    "compulsion": "强",
    "confirmation": "认",
    "levy": "征",
    "payment": "付",
    "adjudication": "裁",
    "compensation": "补",
    "reward": "奖",
}


def plan_acts(office: Office) -> None:
    """Plans about one act for every two subjects, every kind among them."""
    parties = [p for p in office.registered() if p.kind != PERSON or office.random.randrange(3) == 0]
    kinds = [kind for kind, some in office.words.acts.items() for w in some for _ in range(w.weight)]
    order = list(office.words.acts) + office.random.choices(kinds, k=max(0, len(parties) // 2 - len(MARKS)))
    months = office.timeline.months()
    firms = office.firms()
    fitting: dict[tuple[str, ...], list[Party]] = {}
    for n, kind in enumerate(order):
        words = office.random.choices(office.words.acts[kind], [w.weight for w in office.words.acts[kind]])[0]
        if words.sectors not in fitting:
            fitting[words.sectors] = [firm for firm in firms if firm.sector in words.sectors] or parties
        _plan(office, kind, n + 1, office.random.choice(fitting[words.sectors]), words, months[n % len(months)])


def _plan(office: Office, kind: str, number: int, party: Party, words: ActWords, day: date) -> None:
    before = office.random.randint(1, _IN_TIME) + (9 if office.random.randrange(_LATE_ONE_IN) == 0 else 0)
    decided_on = office.timeline.back(day, before)
    home = party.home
    item = office.item(kind, party.kind, home.enforcement.code, decided_on)
    row = _names(office, party) | _content(office, kind, party, words)
    due_on, provisional = office.law.due(decided_on)
    row |= office.subject(party, "enterprise_id", "individual_business_id", "practitioner_id")
    row |= {
        "kind": kind,
        "document_name": words.document,
        "document_number": f"{home.words.document}{MARKS[kind]}〔{decided_on.year}〕{number:05d}号",
        "decided_on": decided_on,
        "valid_from": decided_on,
        "valid_until": words.months and add_months(decided_on, words.months) - _DAY,
        "authority_name": home.bureau.name,
        "authority_uscc": home.bureau.uscc,
        "source_unit_name": home.enforcement.name,
        "source_unit_uscc": home.enforcement.uscc,
        "catalogue_edition": item.edition.id,
        "catalogue_item": item.id,
        "reported_on": day,
        "due_on": due_on,
        "due_provisional": provisional,
        "late_working_days": office.law.late(due_on, day),
        "remark": office.words.remark,
        "remark_public": office.words.remark,
    }
    office.plan(day, "act", row, source=home.enforcement.code, scope=item.scope)


def _names(office: Office, party: Party) -> Row:
    masking = office.rules.masking
    is_person = party.kind == PERSON
    return {
        "subject_name": party.name,
        "subject_name_public": masking.mask_name(party.name) if is_person else office.public(party.name, party),
        "subject_kind": party.kind,
        "subject_uscc": party.uscc if isinstance(party, Business) else None,
    }


def _content(office: Office, kind: str, party: Party, words: ActWords) -> Row:
    random = office.random
    vehicles = party.vehicles if isinstance(party, Business) else []
    plate = vehicles[0].plate if vehicles else "涉案"
    content = words.content.format(plate=plate)
    if kind == "inspection" and party.kind != ENTERPRISE and random.randrange(2) == 0:
        # What hurried inspectors write: the public form must cover it.
        holder = party.representative if isinstance(party, Business) else party
        content += f"；在场人员{holder.name}，电话{holder.phone}，身份证号{holder.id_card}"
    result = random.choice(words.results) if words.results else None
    amount = random.choice(words.amounts) if words.amounts else None
    return {
        "category": words.category,
        "content": content,
        "content_public": office.public(content, party),
        "basis": words.basis,
        "basis_public": words.basis,
        "amount_yuan": Decimal(amount) if amount else None,
        "result": result,
        "result_public": result,
    }
