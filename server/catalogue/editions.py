"""目录与清单的版本 which edition is in force on a day, and what stands in each; pure. Not for the gates (``rules.py``).

A series is one catalogue or list with its editions, each ending the one before. A bureau's local supplement is a series
of its own beside the national one. An entry stands in every edition of its series from its first version until abolished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from server.dated import DatedFile, Entry, Field, Kind, Shape, Source, Version, load
from server.errors import NotFound, WrongSetting

SERIES = "series"
_SHAPE = Shape(version={"edition": Field(Kind.TEXT)})


@dataclass(frozen=True, slots=True)
class Edition:
    """版本 of a catalogue or list; ``valid_until`` is the first day not in force, None = in force still."""

    id: str
    series: str
    title: str
    valid_from: date
    valid_until: date | None
    source: Source


@dataclass(frozen=True, slots=True)
class EditionDiff:
    """版本差异 (F003): codes and names of what one edition has and the other has not, or has otherwise."""

    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str], ...]


class Editions:
    """各版本 of all series of one file, and the entries that stand in them."""

    def __init__(self, file: DatedFile, entries: DatedFile) -> None:
        self.edition_hash = (file.edition_hash, entries.edition_hash)
        self._series = {series: _editions(entry) for series, entry in file.entries.items()}
        self._before = {series: entry.before for series, entry in file.entries.items()}
        self._by_id: dict[str, Edition] = {}
        for edition in self.all():
            if edition.id in self._by_id:
                raise WrongSetting(f"规则文件 {file.name}：版本名“{edition.id}”重复；请给地方目录（清单）另取名称")
            self._by_id[edition.id] = edition
        for entry in entries.entries.values():
            self._check(entry)

    def all(self) -> Iterator[Edition]:
        """Gives all editions, series by series, oldest first."""
        for editions in self._series.values():
            yield from editions

    def get(self, id: str) -> Edition:
        """Gives an edition; raises ``NotFound``."""
        edition = self._by_id.get(id)
        if edition is None:
            raise NotFound(f"没有版本“{id}”；现有：{'、'.join(self._by_id)}")
        return edition

    def in_force(self, on: date) -> tuple[Edition, ...]:
        """Gives the edition of each series in force on a day; before the first one, what the file says of that."""
        found = []
        for series, editions in self._series.items():
            current = [e for e in editions if e.valid_from <= on]
            if current:
                found.append(current[-1])
            elif self._before[series] == "first":
                found.append(editions[0])
        return tuple(found)

    def version_in(self, edition: Edition, entry: Entry) -> Version | None:
        """Gives what an edition says of an entry; None when it does not stand there."""
        if entry.values[SERIES] != edition.series:
            return None
        said = [v for v in entry.versions if v.valid_from <= edition.valid_from]
        return None if not said or said[-1].abolished else said[-1]

    def _check(self, entry: Entry) -> None:
        editions = self._series.get(str(entry.values[SERIES]))
        if editions is None:
            known = "、".join(self._series)
            raise WrongSetting(f"规则文件 {entry.file}“{entry.key}”：没有目录 {entry.values[SERIES]}；可用：{known}")
        days = {e.valid_from for e in editions}
        for version in entry.versions:
            if version.valid_from not in days:
                wrong = f"版本日期 {version.valid_from} 不是任何一版的生效日"
                listed = "、".join(str(day) for day in sorted(days))
                raise WrongSetting(f"规则文件 {entry.file}“{entry.key}”：{wrong}；可用：{listed}")


def load_editions(name: str, entries: DatedFile, rules_dir: Path | None) -> Editions:
    """Gives the editions of the file ``name`` with the entries that stand in them; raises ``WrongSetting``."""
    shipped = Path(__file__).with_name(Path(name).name)
    return Editions(load(name, _SHAPE, shipped, rules_dir), entries)


def _editions(entry: Entry) -> tuple[Edition, ...]:
    starts = [v.valid_from for v in entry.versions]
    ends = [*starts[1:], None]
    pairs = zip(entry.versions, ends, strict=True)
    return tuple(
        Edition(v.text("edition"), entry.key, entry.term, v.valid_from, end, v.source)
        for v, end in pairs
        if not v.abolished
    )
