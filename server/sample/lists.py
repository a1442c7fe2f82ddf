"""示例名单 invented entries of all four lists, with measures of the list in force and edges to their evidence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from server.disclosure.rules import add_months
from server.sample.decisions import Decision
from server.sample.office import Imported, Office, home_of
from server.sample.ratings import RATED_KEYS
from server.sample.vocabulary import ListShape
from server.sample.world import PERSON, Business, Party, Person, Vehicle

_DAYS_TO_LIST = timedelta(days=10)
#: An entry rests on so many decisions at the least (交办公路〔2017〕8号: more than three).
_OVERLOADS = 4
#: Entries without evidence begin when the first results have taken effect.
_FIRST_MONTH = 5
Candidate = tuple[Party | Vehicle, Sequence[Decision]]


def plan_lists(office: Office, grades: Mapping[Party, str]) -> None:
    """Plans entries by every way onto a list that the vocabulary has; at least one each where somebody fits."""
    taken: set[Party | Vehicle] = set()
    penalties = office.decisions.penalties_of()
    for shape in office.words.lists:
        candidates = [c for c in _candidates(office, shape, penalties, grades) if c[0] not in taken]
        pool = len(office.world.vehicles if shape.subject == "vehicle" else office.registered())
        for n, (party, evidence) in enumerate(candidates[: max(1, pool * shape.share // 1000)]):
            taken.add(party)
            _plan(office, shape, n, party, evidence)


def _candidates(
    office: Office, shape: ListShape, penalties: Mapping[Party, list[Decision]], grades: Mapping[Party, str]
) -> list[Candidate]:
    if shape.kind == "overload":
        return _overloaders(office, shape, penalties)
    if shape.kind == "honest":
        return [(f, ()) for f in office.firms() if grades.get(f) == "AAA" and f not in penalties]
    if shape.subject == PERSON:
        return [(p, ()) for p in office.world.people if p.registered and p not in office.decisions.heavy]
    firms = [f for f in office.firms() if f in penalties and f not in office.decisions.heavy]
    if shape.kind == "serious":
        firms.sort(key=lambda f: f.sector != "dangerous")
    else:
        firms.sort(key=lambda f: -len(penalties[f]))
    return [(f, penalties[f]) for f in firms]


def _overloaders(office: Office, shape: ListShape, penalties: Mapping[Party, list[Decision]]) -> list[Candidate]:
    found: list[Candidate] = []
    for party in office.decisions.heavy:
        proof = [d for d in penalties.get(party, []) if d.id in ("overload", "suspend")]
        if len(proof) < _OVERLOADS or not party.registered:
            continue
        if shape.subject == "vehicle" and isinstance(party, Business) and party.vehicles:
            found.append((party.vehicles[0], proof))
        elif party.kind == shape.subject:
            found.append((party, proof))
    return found


def _plan(office: Office, shape: ListShape, n: int, party: Party | Vehicle, evidence: Sequence[Decision]) -> None:
    listed_on = _listed_on(office, n, evidence)
    if listed_on > office.timeline.until:
        return
    kind = "vehicle" if isinstance(party, Vehicle) else party.kind
    home = home_of(party)
    item = office.item(f"list.{shape.kind}", kind, home.bureau.code, listed_on)
    reason = _reason(shape, party)
    public = office.rules.masking.mask_text(reason, (party.name,) if isinstance(party, Person) else ())
    row = office.subject(party, *RATED_KEYS) | {
        "kind": shape.kind,
        "criterion": shape.criterion,
        "reason": reason,
        "reason_public": public,
        "batch": f"{listed_on.year}Q{(listed_on.month + 2) // 3}",
        "document_number": f"{home.words.document}认〔{listed_on.year}〕{office.next_list_number():04d}号",
        "authority_name": home.bureau.name,
        "listed_on": listed_on,
        "listed_until": add_months(listed_on, shape.months),
        "catalogue_edition": item.edition.id,
        "catalogue_item": item.id,
    }
    entry = office.plan(listed_on, "list_entry", row, source=home.bureau.code, scope=item.scope)
    for code in shape.measures:
        measure = office.measure(code, kind, listed_on)
        if measure is not None:
            child = {"list_entry_id": entry, "measure_edition": measure.edition.id, "measure_item": measure.id}
            office.plan_child(listed_on, "list_measure", child)
    for decision in evidence if shape.evidence else ():
        edge = {"list_entry_id": entry, "penalty_id": Imported("penalty", decision.key), "act_id": None}
        office.plan_child(listed_on, "list_evidence", edge)


def _listed_on(office: Office, n: int, evidence: Sequence[Decision]) -> date:
    """Some days after the last decision it rests on was sent, or in one month after the other."""
    timeline = office.timeline
    if not evidence:
        months = timeline.months()
        return months[(_FIRST_MONTH + n * 4) % len(months)]
    last = max(d.round.day for d in evidence)
    return min(timeline.workday(last + _DAYS_TO_LIST), timeline.back(timeline.until, 1))


def _reason(shape: ListShape, party: Party | Vehicle) -> str:
    if isinstance(party, Vehicle):
        return shape.reason.format(plate=party.plate)
    return shape.reason.format(name=party.name, number=party.id_card if isinstance(party, Person) else "")
