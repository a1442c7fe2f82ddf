"""公示期限参考数据 the rows of ``disclosure_term`` and the hash of all disclosure rules; pure, ``migrate`` loads them."""

from __future__ import annotations

from pathlib import Path

from server.dated import MARKS, hash_of
from server.disclosure.masking import MASKING, Masking
from server.disclosure.persons import PERSONS
from server.disclosure.rules import TERMS, Term, Terms
from server.disclosure.severity import SEVERITY, Severities

#: What this room reads from a bureau's folder of rules.
FILES: tuple[str, ...] = (TERMS, PERSONS, SEVERITY, MASKING)
_CHANGE = {"new": "此前作出的决定改按新规定", "shorter": "此前作出的决定按新旧规定中较短者"}


def term_rows(rules_dir: Path | None = None) -> list[dict[str, object]]:
    """Gives one row for each term a fact can stand under, columns as ``DisclosureTerm``; raises ``WrongSetting``."""
    return [_row(term) | {"position": n} for n, term in enumerate(Terms.load(rules_dir).all(), start=1)]


def edition_hash(rules_dir: Path | None = None) -> str:
    """Gives the hash of what decides scope and dates: terms, persons, classes. When it changes, rows are recomputed."""
    return hash_of([Terms.load(rules_dir).edition_hash, Severities.load(rules_dir).edition_hash])


def masking_hash(rules_dir: Path | None = None) -> str:
    """Gives the hash of the masking policy. When it changes, public forms are written anew."""
    return Masking.load(rules_dir).edition_hash


def _row(term: Term) -> dict[str, object]:
    return {
        "id": term.id,
        "key": term.entry.key,
        "term": term.entry.term,
        "valid_from": term.version.valid_from,
        "valid_until": term.entry.until(term.version),
        "shown": term.shown,
        "starts": term.version.text("starts"),
        "ends": term.version.text("ends"),
        "repair_opens": term.version.text("repair_opens"),
        "shortest_months": term.months("shortest_term"),
        "longest_months": term.months("longest_term"),
        "basis": _basis(term),
        "url": term.version.source.url,
        "mark": _mark(term),
    }


def _mark(term: Term) -> str:
    """How well the term is known: as the least certain of the sources and of what they do to earlier acts."""
    marks = [term.version.source.mark]
    for version in term.later:
        marks += [version.source.mark, version.text("earlier_acts_mark")]
    return max(marks, key=MARKS.index)


def _basis(term: Term) -> str:
    """One line a citizen can read: the source of the version, then what later versions do to earlier acts."""
    parts = [term.version.source.line()]
    for version in term.later:
        change = _CHANGE[version.text("earlier_acts")]
        doubt = "（待核实）" if version.text("earlier_acts_mark") == "uncertain" else ""
        parts.append(f"自 {version.valid_from} 起{change}{doubt}：{version.source.line()}")
    return "；".join(parts)
