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
from server.imports.normal import Draft
from server.imports.rows import Damage, RawRow, Spoilt, cell_text
from server.imports.verdict import Fault

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
    return tuple(Fault(f["column"], f["rule"], f["message"], f["fatal"]) for f in json.loads(stored))


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


@dataclass
class Settling:
    """了结: which open entries of earlier runs the good rows of this one answer."""

    numbers: dict[tuple[str, str], list[UUID]] = field(default_factory=dict)
    #: columns that were at fault → the other cells of the entry → its ids; for entries without a usable 文号
    patterns: dict[frozenset[str], dict[tuple[Any, ...], list[UUID]]] = field(default_factory=dict)
    found: set[UUID] = field(default_factory=set)

    @classmethod
    async def load(cls, connection: asyncpg.Connection, agency: UUID) -> Settling:
        """Reads the open entries of an agency."""
        settling = cls()
        for row in await connection.fetch(
            "SELECT id, kind, document_number, cells, faults FROM correction WHERE agency_id = $1 AND state = $2",
            agency,
            OPEN,
        ):
            faults = faults_of(row["faults"])
            doubtful = row["document_number"] is None or any(f.rule in ("R6", "R15", "R14_NUMBER") for f in faults)
            if not doubtful:
                settling.numbers.setdefault((row["kind"], row["document_number"]), []).append(row["id"])
            elif row["cells"] is not None:
                wrong = frozenset(f.column for f in faults if f.fatal and f.column is not None)
                if wrong in settling.patterns or len(settling.patterns) < _MOST_PATTERNS:
                    rest = _rest(row["kind"], json.loads(row["cells"]), wrong)
                    settling.patterns.setdefault(wrong, {}).setdefault(rest, []).append(row["id"])
        return settling

    def good(self, raw: RawRow, number: str) -> None:
        """Tells that a row is in store now."""
        self.found.update(self.numbers.get((raw.kind.value, number), ()))
        if self.patterns:
            texts = texts_of(raw)
            for wrong, entries in self.patterns.items():
                self.found.update(entries.get(_rest(raw.kind.value, texts, wrong), ()))

    async def settle(self, connection: asyncpg.Connection, agency: UUID, batch: UUID) -> None:
        """Settles what was found, but for what this run has seen bad again."""
        if self.found:
            await lock(connection, agency)
            await connection.execute(
                f"UPDATE correction SET {PURGE} WHERE id = ANY ($2) AND state = 'open' AND batch_id <> $3",
                SETTLED,
                list(self.found),
                batch,
            )


#: Ends an entry in the state ``$1``: its personal cells go.
PURGE = "state = $1, cells = NULL, settled_at = now()"


def _rest(kind: str, texts: Mapping[str, str], wrong: frozenset[str]) -> tuple[Any, ...]:
    return (kind, *sorted((code, text) for code, text in texts.items() if code not in wrong))
