"""待更正队列 the rows that did not go in, kept with the clerk's own cells until they are settled. Not for judging them.

The same bad row is one open entry however often its file comes, by a keyed hash of its cells. An entry is settled, and
its cells purged, when a later file brings its row in good order; entries that this very run has seen bad again stay.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from server.disclosure.masking import mask_text
from server.imports.normal import Draft, Normaliser
from server.imports.record import SENT, sent_values
from server.imports.rows import Damage, Kind, RawRow, Spoilt, cell_text
from server.imports.verdict import Fault
from server.records.numbers import match_key

OPEN, SETTLED, DROPPED = "open", "settled", "dropped"
#: Taken before the journal's head by whoever touches the queue, so that no two wait for each other.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('correction ' || $1::text, 0))"
#: A spoilt cell is kept as its text; its rule tells that it was spoilt, so that it is not taken for typed text.
_DAMAGES = {"C1": Damage.CHARACTERS, "C4": Damage.DIGITS, "C6": Damage.ERROR}
#: With more patterns of faults than this, entries without a usable 文号 are left to the clerk.
_MOST_PATTERNS = 8


def texts_of(raw: RawRow) -> dict[str, str]:
    """Gives the clerk's own cells as texts."""
    return {code: cell_text(cell) for code, cell in raw.cells.items()}


def cells_of(texts: Mapping[str, str], faults: Iterable[Fault], given: Mapping[str, str]) -> dict[str, Any]:
    """Gives the cells of an entry with those a clerk has typed anew; what was spoilt and not typed anew stays so."""
    spoilt = {f.column: _DAMAGES[f.rule] for f in faults if f.column is not None and f.rule in _DAMAGES}
    cells: dict[str, Any] = {
        code: Spoilt(spoilt[code], text) if code in spoilt else text for code, text in texts.items()
    }
    cells |= given
    return {code: cell for code, cell in cells.items() if not isinstance(cell, str) or cell.strip()}


def fingerprint(secret: str, kind: str, texts: Mapping[str, str]) -> str:
    """Gives the keyed hash of a row's cells, hexadecimal; it says nothing of the persons in them."""
    plain = json.dumps([kind, sorted(texts.items())], ensure_ascii=False)
    return hmac.new(secret.encode(), plain.encode(errors="replace"), hashlib.sha256).hexdigest()


def faults_json(faults: Iterable[Fault]) -> str:
    """Gives faults as they are stored."""
    plain = [{"column": f.column, "rule": f.rule, "message": f.message, "fatal": f.fatal} for f in faults]
    return json.dumps(plain, ensure_ascii=False)


def faults_of(stored: str) -> tuple[Fault, ...]:
    """Gives stored faults back."""
    return tuple(Fault(f["column"], f["rule"], f.get("message", ""), f["fatal"]) for f in json.loads(stored))


def usable_number(number: str | None) -> str | None:
    """Gives a 文号 that may stand outside the cells, which are purged: none in which a person's number may hide."""
    return number if number is None or mask_text(number) == number else None


async def lock(connection: asyncpg.Connection, agency: UUID) -> None:
    """Holds the queue of an agency till the transaction ends; call it before the revision begins."""
    await connection.execute(_LOCK, str(agency))


async def keep(connection: asyncpg.Connection, secret: str, agency: UUID, batch: UUID, drafts: Sequence[Draft]) -> None:
    """Puts bad rows into the queue, inside the caller's locked transaction; a row that waits already is only seen again."""
    if not drafts:
        return
    rows: dict[str, tuple[Any, ...]] = {}
    for draft in drafts:
        raw, texts = draft.raw, texts_of(draft.raw)
        number = usable_number(draft.values.get("document_number"))
        print_ = fingerprint(secret, raw.kind, texts)
        content = (raw.sheet, raw.row_number, number, json.dumps(texts, ensure_ascii=False), faults_json(draft.faults))
        rows[print_] = (raw.kind.value, *content)
    waiting = {
        row["fingerprint"]: row["id"]
        for row in await connection.fetch(
            "SELECT id, fingerprint FROM correction WHERE agency_id = $1 AND state = $2 AND fingerprint = ANY ($3)",
            agency,
            OPEN,
            list(rows),
        )
    }
    await connection.executemany(
        "UPDATE correction SET batch_id = $2, sheet = $3, row_number = $4, faults = $5 WHERE id = $1",
        [(id_, batch, rows[p][1], rows[p][2], rows[p][5]) for p, id_ in waiting.items()],
    )
    now = await connection.fetchval("SELECT now()")
    await connection.copy_records_to_table(
        "correction",
        columns=(
            "id", "batch_id", "agency_id", "kind", "sheet", "row_number", "document_number", "cells", "faults",
            "fingerprint", "state", "created_at",
        ),
        records=[
            (uuid4(), batch, agency, *row, print_, OPEN, now) for print_, row in rows.items() if print_ not in waiting
        ],
    )  # fmt: skip


#: Where a fault may lie beside the column it is told at: kinds or amount, the one day or the other.
_BESIDE = {
    "R2": ("subject_kind",),
    "R3": ("subject_kind",),
    "R5": ("decided_on", "valid_from", "valid_until"),
    "R7": ("penalty_kinds",),
    "R8": ("penalty_kinds",),
    "R10": ("authority_name", "authority_uscc", "source_unit_name", "source_unit_uscc"),
}


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An open entry: its values in the order of ``SENT``, and at which places the good row must agree."""

    id: UUID
    values: tuple[Any, ...]
    agree: tuple[int, ...]

    def is_of(self, values: tuple[Any, ...]) -> bool:
        return all(self.values[place] == values[place] for place in self.agree)

    @property
    def rest(self) -> tuple[Any, ...]:
        return tuple(self.values[place] for place in self.agree)


@dataclass
class Settling:
    """了结: which open entries of earlier runs the good rows of this one answer.

    A good row answers an entry when it agrees with it in every cell that was not at fault; the same 文号 is never
    enough, as two organs have the same numbers and a number may be mistyped.
    """

    numbers: dict[tuple[Kind, str], list[_Waiting]] = field(default_factory=dict)
    #: table and places that must agree → values there → entries; for entries without a usable 文号
    patterns: dict[tuple[Kind, tuple[int, ...]], dict[tuple[Any, ...], list[UUID]]] = field(default_factory=dict)
    #: entry → the record that settles it
    found: dict[UUID, UUID] = field(default_factory=dict)

    @classmethod
    async def load(cls, connection: asyncpg.Connection, agency: UUID, normal: Normaliser) -> Settling:
        """Reads the open entries of an agency."""
        settling = cls()
        for row in await connection.fetch(
            "SELECT id, kind, cells, faults FROM correction WHERE agency_id = $1 AND state = $2", agency, OPEN
        ):
            settling._add(row, normal)
        return settling

    def _add(self, row: Mapping[str, Any], normal: Normaliser) -> None:
        kind, faults = Kind(row["kind"]), faults_of(row["faults"])
        draft = normal.draft(RawRow(kind, "", 0, cells_of(json.loads(row["cells"]), faults, {})))
        number = draft.values["document_number"]
        wrong = {normal.target_of(kind, f.column) for f in faults if f.fatal and f.column is not None}
        is_known = number is not None and "document_number" not in wrong
        if is_known:  # whoever mends a row also fills in what was only a hint
            wrong |= {normal.target_of(kind, f.column) for f in faults if f.column is not None}
            wrong |= {column for f in faults if f.fatal for column in _BESIDE.get(f.rule, ())}
        agree = tuple(place for place, name in enumerate(SENT[kind]) if name not in wrong)
        waiting = _Waiting(row["id"], sent_values(draft), agree)
        if is_known:
            self.numbers.setdefault((kind, match_key(number)), []).append(waiting)
        elif (kind, agree) in self.patterns or len(self.patterns) < _MOST_PATTERNS:
            self.patterns.setdefault((kind, agree), {}).setdefault(waiting.rest, []).append(row["id"])

    def good(self, draft: Draft, record: UUID) -> None:
        """Tells that a row is in store now, as which record."""
        if not self.numbers and not self.patterns:
            return
        kind, values = draft.raw.kind, sent_values(draft)
        for waiting in self.numbers.get((kind, match_key(draft.values["document_number"])), ()):
            if waiting.is_of(values):
                self.found[waiting.id] = record
        for (of, agree), entries in self.patterns.items():
            if of is kind:
                self.found |= dict.fromkeys(entries.get(tuple(values[place] for place in agree), ()), record)

    async def settle(self, connection: asyncpg.Connection, agency: UUID, batch: UUID) -> None:
        """Settles what was found, but for what this run has seen bad again."""
        if self.found:
            await lock(connection, agency)
            await connection.execute(
                f"UPDATE correction SET state = '{SETTLED}', settled_by = f.record, {_PURGE}"
                " FROM unnest($1::uuid[], $2::uuid[]) AS f (entry, record)"
                f" WHERE id = f.entry AND state = '{OPEN}' AND batch_id <> $3",
                list(self.found),
                list(self.found.values()),
                batch,
            )


#: An entry that has ended keeps no cell, no number and of its faults the column and the rule.
_PURGE = (
    "cells = NULL, document_number = NULL, settled_at = now(), faults = coalesce((SELECT jsonb_agg(e.fault - 'message'"
    " ORDER BY e.place) FROM jsonb_array_elements(faults) WITH ORDINALITY AS e (fault, place)), '[]')"
)


async def end(connection: asyncpg.Connection, entry: UUID, record: UUID | None) -> None:
    """Ends an entry: settled by a record, or dropped without one."""
    await connection.execute(
        f"UPDATE correction SET state = $2, settled_by = $3, {_PURGE} WHERE id = $1",
        entry,
        DROPPED if record is None else SETTLED,
        record,
    )
