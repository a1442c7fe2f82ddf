"""分段写入 puts a chunk of judged rows into the store in one transaction: facts, queue and counts together.

Good rows are one revision of the journal. Which of them are new is asked after the revision has begun, when no other
write can come between; if none is new or changed, there is no revision. Not for judging rows: see ``judge``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from server.disclosure.kinds import Withdrawal
from server.imports import batches, queue
from server.imports.batches import BatchResult, Counts
from server.imports.judge import Judge, Judged, Repeated
from server.imports.law import Law, Rules
from server.imports.meeting import Meeting
from server.imports.normal import Draft
from server.imports.queue import Settling
from server.imports.record import FREE, Record
from server.imports.rows import Kind
from server.imports.verdict import Verdict
from server.journal.actions import Action
from server.journal.name_index import complete
from server.journal.service import Write, begin
from server.records import store
from server.records.service import WITHDRAWALS
from server.subjects import service as subjects
from server.subjects.service import Identity, Party, Registrar, Subject

_UUID_BYTES = 16


@dataclass
class Context:
    """一次导入 what all its chunks share."""

    rules: Rules
    judge: Judge
    result: BatchResult
    settling: Settling
    secret: str
    #: hash of the rules this process goes by; the journal refuses a write under others than the database has loaded
    law_hash: str | None
    actor: str
    agency: UUID
    action: Action = Action.RECORDS_IMPORT
    reason: str = ""
    #: the row was typed into an entry of the queue
    typed: bool = False
    #: the agencies whose records this one may change
    own: frozenset[UUID] = frozenset()

    def __post_init__(self) -> None:
        agencies = self.judge.checker.agencies
        self.own = frozenset(agency.id for agency in agencies.all if agencies.is_own(agency))

    @property
    def law(self) -> Law:
        """The rules with their memory."""
        return self.judge.law


@dataclass(frozen=True, slots=True)
class Outcome:
    """行结果: what became of a row, and its record in store if it has one."""

    draft: Draft
    verdict: Verdict
    record_id: UUID | None = None
    #: the record's first day in store
    reported_on: date | None = None
    #: working days after the deadline, of a new record
    late: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """归处: what becomes of a good row, its record, and that record's first day in store."""

    verdict: Verdict
    record_id: UUID | None = None
    reported_on: date | None = None


@dataclass(slots=True)
class Change:
    """更正: a record and the row in store that it makes a new version of."""

    record: Record
    old: Mapping[str, Any]


@dataclass(slots=True)
class Sorted:
    """分类: what the store says to the good rows of a chunk."""

    new: list[Record] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    #: by identity of the draft
    places: dict[int, Place] = field(default_factory=dict)


class _NothingToWriteError(Exception):
    """Every row is in store already: the revision that had begun is taken back."""


async def write_chunk(connection: asyncpg.Connection, context: Context, judged: Sequence[Judged]) -> list[Outcome]:
    """Writes a chunk and gives each row's outcome, in the chunk's order.

    An error leaves the store, the queue and the counts as they were before the chunk.
    """
    async with connection.transaction():
        await queue.lock(connection, context.agency)
        outcomes = await put_in(connection, context, judged)
        bad = [outcome.draft for outcome in outcomes if outcome.verdict is Verdict.REJECTED]
        await queue.keep(connection, context.secret, context.agency, context.result.batch_id, bad)
        counts = _counted(context.result.counts, outcomes)
        await batches.count(connection, context.result.batch_id, counts)
    context.result.counts = counts
    for outcome in outcomes:
        if outcome.record_id is not None:
            context.settling.good(outcome.draft, outcome.record_id)
    return outcomes


async def put_in(connection: asyncpg.Connection, context: Context, judged: Sequence[Judged]) -> list[Outcome]:
    """Puts the good rows among the judged into the store, inside the caller's transaction; gives each row's outcome."""
    sorted_ = Sorted()
    records = [row for row in judged if isinstance(row, Record)]
    if records:
        await _facts(connection, context, records, sorted_)
    return [_outcome(row, sorted_) for row in judged]


async def _facts(connection: asyncpg.Connection, context: Context, records: list[Record], sorted_: Sorted) -> None:
    try:
        async with connection.transaction():
            w = await begin(connection, context.actor, context.action, context.reason, law=context.law_hash)
            known = await _mask_past(w, context, records)
            for kind in Kind:
                await _sort(w, context, kind, [record for record in records if record.kind is kind], sorted_)
            if not sorted_.new and not sorted_.changed:
                raise _NothingToWriteError
            await _store(w, context, sorted_, await _subjects(w, context, sorted_, known))
            await complete(connection)
    except _NothingToWriteError:
        pass


async def _mask_past(w: Write, context: Context, records: Sequence[Record]) -> dict[Identity, set[str]]:
    """Covers in each record also the natural persons whom other records of its subject name: a former owner's name
    stands in the shop's name and in prose. Gives the persons by subject.
    """
    people = (record for record in records if record.columns["subject_kind"] != subjects.ENTERPRISE)
    parties = [(record, record.party()) for record in people]
    aliases = subjects.aliases(party for _, party in parties)
    named: list[tuple[Record, Identity, Party]] = []
    for record, party in parties:
        each = subjects.identity(party, context.secret)
        if each is not None:
            named.append((record, aliases.get(each, each), party))
    found = await subjects.find(w.connection, {each: party for _, each, party in named})
    known = {each: set(subject.persons) for each, subject in found.items()}
    for _, each, party in named:
        known.setdefault(each, set()).update(subjects.persons_of(party))
    for record, each, _ in named:
        context.law.mask_also(record, known[each])
    return known


async def _mask_changed(w: Write, context: Context, kind: Kind, changed: Sequence[Change]) -> None:
    """Covers also whom the record in store names, or has named before: it may have been a person's and be a firm's now."""
    columns = FREE[kind]
    forms = await store.public_forms(w.connection, kind.value, [change.old["id"] for change in changed], columns)
    covered = {row["id"]: store.persons_covered(context.rules.masking, row, columns) for row in forms}
    for change in changed:
        context.law.mask_also(change.record, {*store.persons_of(change.old), *covered[change.old["id"]]})


async def _sort(w: Write, context: Context, kind: Kind, records: list[Record], into: Sorted) -> None:
    """Compares rows with the store; what must not go in gets its fault, what goes in hidden is told so."""
    if not records:
        return
    meeting = Meeting(kind, context.secret, context.own, context.typed)
    await meeting.load(w.connection, records)
    changed: list[Change] = []
    random = os.urandom(_UUID_BYTES * len(records))  # once for all: a call for each is a tenth of the writing
    for number, record in enumerate(records):
        met = meeting.meet(record)
        old = met.old
        if met.fault is not None:
            context.judge.report(record.draft, met.fault[0], "document_number", met.fault[1])
            into.places[id(record.draft)] = Place(Verdict.REJECTED)
            continue
        if old is None:
            at = number * _UUID_BYTES
            id_ = UUID(bytes=random[at : at + _UUID_BYTES], version=4)
            into.places[id(record.draft)] = Place(Verdict.NEW, id_, w.day)
            into.new.append(record)
            continue
        into.places[id(record.draft)] = Place(
            Verdict.UNCHANGED if met.is_same else Verdict.CHANGED, old["id"], old["reported_on"]
        )
        if old["withdrawn_on"] is not None:
            why = WITHDRAWALS[Withdrawal(old["withdrawal"])]
            told = f"该记录已于{old['withdrawn_on']}因{why}撤下，更正后仍不公示；请核对当时的撤下是否有误"
            context.judge.report(record.draft, "R9_WITHDRAWN", None, told)
        if not met.is_same:
            changed.append(Change(record, old))
    if changed:
        await _mask_changed(w, context, kind, changed)
    into.changed += changed


async def _subjects(
    w: Write, context: Context, sorted_: Sorted, persons: Mapping[Identity, Collection[str]]
) -> dict[int, tuple[str, UUID]]:
    """Finds or makes the subjects of new and changed rows; gives by identity of the record its column and id.

    A subject takes other names only from a decision newer than all others on it: an old row never renames it.
    """
    records = [*sorted_.new, *(change.record for change in sorted_.changed)]
    parties = [record.party() for record in records]
    aliases = subjects.aliases(parties)
    named = [
        (record, subjects.identity(party, context.secret), party)
        for record, party in zip(records, parties, strict=True)
    ]
    known = [(record, aliases.get(each, each), party) for record, each, party in named if each is not None]
    wanted = subjects.newest((each, party) for _, each, party in known)
    found = {
        each: replace(subject, persons=tuple(persons.get(each, ())))
        for each, subject in (await subjects.find(w.connection, wanted)).items()
    }
    registrar = Registrar(w, context.rules.terms, context.rules.masking, persons)
    ids = {each: subject.id for each, subject in found.items()}
    ids |= await registrar.create({each: party for each, party in wanted.items() if each not in found})
    await _rename(w, registrar, [(found[each], wanted[each]) for each in found], [c.old["id"] for c in sorted_.changed])
    return {id(record): (f"{party.kind}_id", ids[each]) for record, each, party in known}


async def _rename(
    w: Write, registrar: Registrar, pairs: Sequence[tuple[Subject, Party]], changed: Sequence[UUID]
) -> None:
    candidates: dict[UUID, tuple[Subject, Party]] = {}
    for subject, party in sorted(pairs, key=lambda pair: pair[1].decided_on):
        if registrar.differences(subject, party, newer=True):
            candidates[subject.id] = (subject, party)
    for table in subjects.TABLES:
        ids = [id_ for id_, (subject, _) in candidates.items() if subject.table == table]
        newest = await store.latest_decisions(w.connection, f"{table}_id", ids, changed) if ids else {}
        for id_ in ids:
            subject, party = candidates[id_]
            await registrar.rename(subject, party, newer=id_ not in newest or party.decided_on > newest[id_])


async def _store(w: Write, context: Context, sorted_: Sorted, subject_of: Mapping[int, tuple[str, UUID]]) -> None:
    for kind in Kind:
        made = [_new_row(w, context, r, sorted_, subject_of) for r in sorted_.new if r.kind is kind]
        await w.insert(kind.value, made)
        changed = [_changed_row(w, context, c, subject_of) for c in sorted_.changed if c.record.kind is kind]
        await store.change(w, kind.value, changed)


def _new_row(
    w: Write, context: Context, record: Record, sorted_: Sorted, subject_of: Mapping[int, tuple[str, UUID]]
) -> dict[str, Any]:
    row = record.columns
    row |= _placed(context, record, subject_of, w.day, None)
    row["id"] = sorted_.places[id(record.draft)].record_id
    row["reported_on"] = w.day
    return row


def _changed_row(
    w: Write, context: Context, change: Change, subject_of: Mapping[int, tuple[str, UUID]]
) -> dict[str, Any]:
    """The new version; the day it first came, a withdrawal and an officer's class stay as they are."""
    record, old = change.record, change.old
    row = record.columns
    row |= _placed(context, record, subject_of, old["reported_on"], old.get("severity_override"))
    row["id"] = old["id"]
    ended, until = old["disclosed_until"], row["disclosed_until"]
    if ended is not None and ended <= w.day and (until is None or until > w.day):
        last = "长期公示" if until is None else f"公示至{until}前一日"
        told = f"该记录已于{ended}停止公示，更正后将重新公示（{last}）；请核对决定日期和公示截止期"
        context.judge.report(record.draft, "R9_AGAIN", None, told)
    return row


def _placed(
    context: Context,
    record: Record,
    subject_of: Mapping[int, tuple[str, UUID]],
    reported_on: date,
    override: str | None,
) -> dict[str, Any]:
    """What a record gets from its subject and from its first day in store."""
    columns = record.columns
    severity = override or columns.get("severity")
    found = context.law.disclosure(record.kind, columns, severity, reported_on, record.catalogue_scope)
    _, provisional, late = context.law.deadline(columns["decided_on"], record.kind, reported_on)
    row: dict[str, Any] = {
        "enterprise_id": None,
        "individual_business_id": None,
        "practitioner_id": None,
        "scope": found.scope,
        "disclosed_from": found.disclosed_from,
        "disclosed_until": found.disclosed_until,
        "terms_edition": found.terms_edition,
        "late_working_days": late or 0,
        "due_provisional": provisional,
    }
    subject = subject_of.get(id(record))
    if subject is not None:
        row[subject[0]] = subject[1]
    return row


def _outcome(row: Judged, sorted_: Sorted) -> Outcome:
    if isinstance(row, Repeated):
        return Outcome(row.draft, Verdict.IGNORED)
    if isinstance(row, Draft):
        return Outcome(row, Verdict.REJECTED)
    place = sorted_.places[id(row.draft)]
    late = row.columns["late_working_days"] if place.verdict is Verdict.NEW else 0
    return Outcome(row.draft, place.verdict, place.record_id, place.reported_on, late)


def _counted(before: Counts, outcomes: Sequence[Outcome]) -> Counts:
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    warned = sum(1 for o in outcomes if o.draft.faults and o.verdict is not Verdict.REJECTED)
    return Counts(
        total=before.total + len(outcomes),
        new=before.new + verdicts[Verdict.NEW],
        changed=before.changed + verdicts[Verdict.CHANGED],
        unchanged=before.unchanged + verdicts[Verdict.UNCHANGED],
        rejected=before.rejected + verdicts[Verdict.REJECTED],
        ignored=before.ignored + verdicts[Verdict.IGNORED],
        warnings=before.warnings + warned,
        late=before.late + sum(1 for o in outcomes if o.late),
    )
