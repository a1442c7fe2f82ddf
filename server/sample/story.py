"""示例故事 a world, its days and decisions, and the national tables written from them. Not for writing facts: ``service``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from server.imports.rows import Kind
from server.sample.decisions import Decision, Decisions, make_decisions, make_trial_rows
from server.sample.mistakes import MISTAKES, spoil, spoilt_values
from server.sample.office import Row
from server.sample.tables import Sheet, write_tables
from server.sample.timeline import Round, Timeline, make_timeline
from server.sample.vocabulary import Vocabulary, vocabulary
from server.sample.world import World, make_world
from server.workdays.calendar import Calendar

TRY_FILE = "试一试-双公示.xlsx"


@dataclass(frozen=True)
class Story:
    """故事: all that is decided before the first row is written, and the tables in their folder."""

    world: World
    timeline: Timeline
    decisions: Decisions
    words: Vocabulary
    files: dict[Round, Path]
    try_file: Path


def make_story(calendar: Calendar, subjects: int, until: date, folder: Path) -> Story:
    """Makes the world and its decisions, and writes the tables its bureaus will send."""
    words = vocabulary()
    world = make_world(subjects, words)
    timeline = make_timeline(until, world.homes, calendar)
    decisions = make_decisions(world, timeline, words)
    spoil(decisions, world, timeline)
    files = {round_: _write_file(round_, decisions, world, folder) for round_ in timeline.rounds}
    return Story(world, timeline, decisions, words, files, _write_try_file(world, timeline, words, folder))


def _write_file(round_: Round, decisions: Decisions, world: World, folder: Path) -> Path:
    """Writes what a bureau sends in a round, mistakes and late corrections among it."""
    rows: dict[Kind, list[Row]] = {kind: [] for kind in Kind}
    for decision in decisions.all:
        if decision.round is round_:
            rows[decision.kind].append(_sent(decision, world))
        elif decision.corrected_in is round_:
            rows[decision.kind].append(decision.values)
    # The list of 2016 had no amounts, so that its penalties could not say what a fine was.
    editions = {Kind.LICENCE: round_.edition, Kind.PENALTY: max(round_.edition, 2018)}
    path = folder / f"{round_.day:%Y-%m-%d}-{round_.home.words.place}-双公示.xlsx"
    sheets = [Sheet(kind, editions[kind], rows[kind]) for kind in Kind if rows[kind]]
    write_tables(path, round_.home.bureau.name, sheets, dates_as_text=round_.number % 2 == 1)
    return path


def _sent(decision: Decision, world: World) -> Row:
    return spoilt_values(decision, world) if decision.mistake is not None else decision.values


def _write_try_file(world: World, timeline: Timeline, words: Vocabulary, folder: Path) -> Path:
    """Writes a table that was not imported yet, with one bad row."""
    rows = make_trial_rows(world, timeline, words)
    bad = rows[-1]
    values = [d.values for d in rows[:-1]] + [bad.values | MISTAKES["check character"][2](bad, world)]
    path = folder / TRY_FILE
    write_tables(path, world.homes[0].bureau.name, [Sheet(Kind.LICENCE, 2020, values)])
    return path
