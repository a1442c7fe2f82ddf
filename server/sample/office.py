"""办公室 what the sample's other facts are made with: the rules, the agencies in store, and one way to date and to name.

Pure once made. Not for the two national tables: they go through the import like any bureau's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any
from uuid import UUID, uuid4

from server.catalogue.rules import Item, Measure, Measures, Refusal
from server.disclosure.facts import fact_of
from server.disclosure.rules import Disclosure, Fact
from server.errors import WrongSetting
from server.imports.law import Law, Rules
from server.sample.decisions import Decisions
from server.sample.timeline import Timeline
from server.sample.vocabulary import Vocabulary
from server.sample.world import ENTERPRISE, INDIVIDUAL, PERSON, Business, Home, Party, Person, Vehicle, World

Row = dict[str, Any]
#: Column of each kind of subject; every row of a table carries the same columns.
SUBJECT_KEYS = {ENTERPRISE: "enterprise_id", INDIVIDUAL: "individual_business_id", PERSON: "practitioner_id"}


@dataclass(frozen=True, slots=True)
class Imported:
    """引用 of a row that the import makes: its id is looked up when the fact is written."""

    table: str
    key: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """计划写入 one row of a table on its day; an ``Imported`` may stand for an id."""

    day: date
    table: str
    row: Row


def disclosure_columns(found: Disclosure, source_unit: UUID | None) -> Row:
    """Gives the columns of disclosure of a fact that nobody has taken down or disputed yet."""
    return {
        "scope": found.scope,
        "disclosed_from": found.disclosed_from,
        "disclosed_until": found.disclosed_until,
        "withdrawn_on": None,
        "withdrawal": None,
        "disputed_on": None,
        "terms_edition": found.terms_edition,
        "source_unit_id": source_unit,
    }


@dataclass
class Office:
    """办公室 with all that the makers of facts ask for; ``ids`` are the subjects' by the invented party or vehicle."""

    world: World
    decisions: Decisions
    timeline: Timeline
    words: Vocabulary
    rules: Rules
    measures: Measures
    secret: str
    agencies: Mapping[str, UUID]
    ids: dict[Party | Vehicle, UUID] = field(default_factory=dict)
    planned: list[Planned] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.law = Law(self.rules, self.timeline.until)
        self.random = Random("xintu sample facts")
        self._disclosures: dict[Fact, Disclosure] = {}
        self._items: dict[tuple[Any, ...], Item] = {}
        self._list_numbers = 0
        for party in (*self.world.parties, *self.world.vehicles):
            if isinstance(party, Vehicle) or party.registered:
                self.ids[party] = uuid4()

    def plan(self, day: date, table: str, row: Row, *, source: str | None, scope: str | None = None) -> UUID:
        """Dates a fact by the rules and plans it for ``day``; ``source`` is the sending agency's code; gives its id."""
        found = self._disclosure(fact_of(table, row, known_on=day, catalogue_scope=scope))
        if found.faults:
            raise WrongSetting(f"示例数据 {table} 不合公示规则：{found.faults[0].message}")
        id_ = row.get("id") or uuid4()
        dates = disclosure_columns(found, self.agencies[source] if source else None)
        self.planned.append(Planned(day, table, row | {"id": id_} | dates))
        return UUID(str(id_))

    def plan_child(self, day: date, table: str, row: Row) -> None:
        """Plans a row that goes with its parent."""
        self.planned.append(Planned(day, table, {"id": uuid4()} | row))

    def _disclosure(self, fact: Fact) -> Disclosure:
        if fact not in self._disclosures:
            self._disclosures[fact] = self.rules.terms.disclosure(fact)
        return self._disclosures[fact]

    def item(self, kind: str, subject_kind: str, agency: str, on: date) -> Item:
        """Gives the catalogue item of an act or list; the sample keeps to the catalogue (目录之外非信用)."""
        key = (kind, subject_kind, agency, "", on)
        if key not in self._items:
            found = self.rules.catalogue.item_for(*key)
            if isinstance(found, Refusal):
                raise WrongSetting(f"示例数据不合目录：{found.message}")
            self._items[key] = found
        return self._items[key]

    def measure(self, code: str, subject_kind: str, on: date) -> Measure | None:
        """Gives a measure that the list of the day has for such a subject (清单之外不惩戒), or None."""
        found = self.measures.check(code, subject_kind, on)
        return None if isinstance(found, Refusal) else found

    def next_list_number(self) -> int:
        """The running number of list decisions."""
        self._list_numbers += 1
        return self._list_numbers

    def subject(self, party: Party | Vehicle, *keys: str) -> Row:
        """Gives the subject columns of a row: all of ``keys`` null but the party's own."""
        own = "vehicle_id" if isinstance(party, Vehicle) else SUBJECT_KEYS[party.kind]
        return dict.fromkeys(keys) | {own: self.ids[party]}

    def persons(self, party: Party) -> tuple[str, ...]:
        """The natural persons a row about a party names."""
        if isinstance(party, Person):
            return (party.name,)
        return (party.representative.name,) if party.kind == INDIVIDUAL else ()

    def public(self, text: str, party: Party) -> str:
        """Gives the public form of a free text about a party."""
        return self.rules.masking.mask_text(text, self.persons(party))

    def registered(self) -> list[Party]:
        """Subjects that stand in the register from the first day."""
        return [party for party in self.world.parties if party.registered]

    def firms(self) -> list[Business]:
        """Firms in business."""
        return [b for b in self.world.businesses if b.kind == ENTERPRISE and b.state == "active"]


def home_of(party: Party | Vehicle) -> Home:
    """Gives the bureau that answers for a party."""
    return party.owner.home if isinstance(party, Vehicle) else party.home
