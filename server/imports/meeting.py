"""对照 what the store says to a good row: new, unchanged, its correction, or another decision under its 文号.

A 文号 is looked for in every way of writing it. Two decisions never become one record, and what was taken down or
classified by hand does not come back under another number. Not for writing: see ``chunk``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg

from server.disclosure.kinds import Withdrawal
from server.imports.record import SENT, SUBJECT, Record, party_of
from server.imports.rows import Kind
from server.records import store
from server.records.numbers import match_key
from server.records.service import WITHDRAWALS
from server.subjects import service as subjects
from server.subjects.service import Party

_SUBJECT_COLUMNS = ("enterprise_id", "individual_business_id", "practitioner_id")
_KEPT = ("id", "source_unit_id", "reported_on", "disclosed_until", "withdrawn_on", "withdrawal")
#: What a clerk writes into 备注 when the decision is not the one in store.
ANOTHER = "另一决定"
#: What makes a decision, beside its subject and day; a clerk's correction changes one of them at a time.
_SUBSTANCE = {Kind.LICENCE: ("content",), Kind.PENALTY: ("content", "facts")}
_AMOUNTS = itemgetter("fine_yuan", "confiscated_yuan")
_SIGNS = re.compile(r"[\W_]+")

#: Rule and message of a fault.
Told = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Met:
    """对照结果: the record in store a row is about, and what forbids the row to go in."""

    old: Mapping[str, Any] | None
    fault: Told | None = None
    is_same: bool = False


@dataclass
class Meeting:
    """对照 of one chunk's rows of one table. ``own`` are the agencies whose records the importing one may change."""

    kind: Kind
    secret: str
    own: frozenset[UUID]
    #: the rows were typed into an entry of the queue, their 文号 perhaps too: it never says which record is meant
    typed: bool = False
    _by_match: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=dict)
    _handled: dict[date, list[Mapping[str, Any]]] = field(default_factory=dict)

    async def load(self, connection: asyncpg.Connection, records: Sequence[Record]) -> None:
        """Looks up all rows of the chunk: once by number, and once for what was taken down on their days."""
        columns = [*_KEPT, *SENT[self.kind], *_SUBJECT_COLUMNS]
        if self.kind is Kind.PENALTY:
            columns.append("severity_override")
        for row in await store.find_by_match(connection, self.kind.value, {r.match for r in records}, columns):
            key = (row["authority_uscc"], match_key(row["document_number"]))
            self._by_match.setdefault(key, []).append(row)
        days = {
            r.columns["decided_on"] for r in records if (r.columns["authority_uscc"], r.match) not in self._by_match
        }
        if days:
            for row in await store.find_handled(connection, self.kind.value, days, columns):
                if row["source_unit_id"] in self.own:
                    self._handled.setdefault(row["decided_on"], []).append(row)

    def meet(self, record: Record) -> Met:
        """Gives what the store says to a row."""
        old = self._old(record)
        if old is None:
            return Met(None, self._again(record) if self._handled else None)
        if old["source_unit_id"] not in self.own:
            message = "该文号的记录由其他机关报送，本机关不能更改；请核对文号和机关代码"
            return Met(old, ("OTHER_AGENCY", message))
        if _PICK[self.kind](record.columns) == _PICK[self.kind](old):
            return Met(old, is_same=True)
        return Met(old, self._another(record, old))

    def _old(self, record: Record) -> Mapping[str, Any] | None:
        """Of several ways of writing one number in store: the row's own, else the one taken down."""
        found = self._by_match.get((record.columns["authority_uscc"], record.match), [])
        number = record.columns["document_number"]
        return min(found, key=lambda o: (o["document_number"] != number, o["withdrawal"] is None), default=None)

    def _another(self, record: Record, old: Mapping[str, Any]) -> Told | None:
        """R6: another decision must not overwrite the one in store. One that was sent by mistake may be replaced: it
        stays hidden.
        """
        if old["withdrawal"] == Withdrawal.MISTAKEN:
            return None
        new = record.columns
        if self.typed and self._differs(new, old, ("decided_on", *_SUBSTANCE[self.kind])):
            return "R6", "该文号的记录已在库，日期、事实或内容与本行不同；请核对文号，要更正原记录请用文件导入"
        if self._who(record.party()) != self._who(party_of(old, old["source_unit_id"])):
            others = [name for name in SENT[self.kind] if name not in SUBJECT and name != "document_number"]
            if self._differs(new, old, others) or _is_stranger(record.party(), self.secret):
                return "R6", "该文号已用于另一相对人的决定；请核对文号。若确为更正相对人，其余内容须与原记录一致"
            return None
        if new["decided_on"] != old["decided_on"] and self._differs(new, old, _SUBSTANCE[self.kind]):
            return "R6", (
                f"该文号已用于{old['decided_on']}的决定，日期和内容都与本行不同；请核对文号。"
                "原记录填错的，请先更正决定日期、再更正内容；误报的，请先撤下原记录"
            )
        return None

    def _differs(self, new: Mapping[str, Any], old: Mapping[str, Any], names: Sequence[str]) -> bool:
        return any(new[name] != old[name] for name in names)

    def _again(self, record: Record) -> Told | None:
        """A decision in store that the law or an officer has dealt with comes as a new one, under another number."""
        new = record.columns
        rows = self._handled.get(new["decided_on"], ())
        if not rows or ANOTHER in (new["remark"] or ""):
            return None
        who = self._who(record.party())
        for old in rows:
            if self._who(party_of(old, old["source_unit_id"])) == who and _SAME[self.kind](new, old):
                return "R6_WITHDRAWN", _told_again(old)
        return None

    def _who(self, party: Party) -> tuple[str | None, ...]:
        return subjects.identity(party, self.secret) or ("name", party.name, party.representative)


def _is_stranger(party: Party, secret: str) -> bool:
    """Tells whether nothing identifies the party: such a row never takes over another's record."""
    return subjects.identity(party, secret) is None


def _told_again(old: Mapping[str, Any]) -> str:
    another = f"如确为另一决定，请在备注中注明“{ANOTHER}”"
    number = old["document_number"]
    if old["withdrawal"] is None:
        return f"同一相对人同日同内容的决定已在库（文号{number}），且已人工认定失信程度；请核对文号。{another}"
    why = WITHDRAWALS[Withdrawal(old["withdrawal"])]
    return f"该决定（文号{number}）已于{old['withdrawn_on']}因{why}撤下，不再公示；请勿再报。{another}"


def _same_licence(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return bool(
        new["certificate_number"] == old["certificate_number"] and _plain(new["content"]) == _plain(old["content"])
    )


def _same_penalty(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    amounts = _AMOUNTS(new)
    return (any(amounts) and amounts == _AMOUNTS(old)) or _plain(new["content"]) == _plain(old["content"])


_SAME: Mapping[Kind, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    Kind.LICENCE: _same_licence,
    Kind.PENALTY: _same_penalty,
}
_PICK = {kind: itemgetter(*names) for kind, names in SENT.items()}


def _plain(text: str) -> str:
    return _SIGNS.sub("", text)
