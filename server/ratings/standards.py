"""评价标准登记册 the rating standards this service knows, their versions and grades, from ``standards.yaml``; pure.

A rating names its standard by key and first day. Not for points, bands and vetoes: those are each standard's own rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import cast

from server.dated import Entry, Field, Kind, Shape, Version, load
from server.errors import NotFound, WrongSetting

STANDARDS = "ratings/standards.yaml"
FILES = (STANDARDS,)
SUBJECT_KINDS = ("enterprise", "individual_business", "practitioner", "vehicle")
#: A key is an identifier of the API: codes and addresses are made of it.
_KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")
#: Characters of a grade: it stands in tables and on roof lights.
_LONGEST_GRADE = 20
_SHAPE = Shape(
    version={
        "subject_kinds": Field(Kind.TEXTS, one_of=SUBJECT_KINDS),
        "targets": Field(Kind.TEXT),
        "issuer": Field(Kind.TEXT),
        "cycle": Field(Kind.TEXT),
        "validity": Field(Kind.TEXT, required=False),
        "grades": Field(Kind.ROWS, rows={"grade": Field(Kind.TEXT), "meaning": Field(Kind.TEXT)}),
    },
)


class Standards:
    """登记册 of all standards, in the order of the file."""

    def __init__(self, entries: Collection[Entry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        for entry in entries:
            _check(entry)

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Standards:
        """Gives the shipped register with the bureau's on top; raises ``WrongSetting`` naming file, place and remedy."""
        file = load(STANDARDS, _SHAPE, Path(__file__).with_name("standards.yaml"), rules_dir)
        return cls(list(file.entries.values()))

    def keys(self) -> tuple[str, ...]:
        """Gives the keys of all standards."""
        return tuple(self._entries)

    def grades(self, key: str, on: date) -> tuple[str, ...]:
        """Gives the grades of a standard, best first; raises ``NotFound``, or ``Invalid`` when none is in force then."""
        entry = self._entries.get(key)
        if entry is None:
            raise NotFound(f"没有评价标准 {key}；请改用：{'、'.join(self._entries)}")
        return tuple(grade for grade, _ in _grades(entry.version_on(on)))

    def versions(self) -> list[tuple[Entry, Version]]:
        """Gives every version of every standard, oldest first within one."""
        return [(entry, version) for entry in self._entries.values() for version in entry.versions]

    def refuse_unknown(self, file: str, keys: Collection[str]) -> None:
        """Refuses a rule file that names a standard the register does not know: it would change nothing, unseen."""
        for key in keys:
            if key not in self._entries:
                raise WrongSetting(
                    f"规则文件 {file}：没有评价标准 {key}；请改为 {STANDARDS} 中的代码，或在那里补上这一标准："
                    f"{'、'.join(self._entries)}"
                )


def standard_rows(rules_dir: Path | None = None) -> list[dict[str, object]]:
    """Gives one row for each version of each standard, columns as ``RatingStandard``; raises ``WrongSetting``."""
    found = [(entry, version) for entry, version in Standards.load(rules_dir).versions() if not version.abolished]
    return [_row(entry, version) | {"position": n} for n, (entry, version) in enumerate(found, start=1)]


def _row(entry: Entry, version: Version) -> dict[str, object]:
    source = version.source
    return {
        "id": f"{entry.key}@{version.valid_from}",
        "key": entry.key,
        "name": entry.term,
        "valid_from": version.valid_from,
        "valid_until": entry.until(version),
        "subject_kinds": list(version.texts("subject_kinds")),
        "targets": version.text("targets"),
        "issuer": version.text("issuer"),
        "document_number": source.document_number,
        "basis": source.line(),
        "url": source.url,
        "cycle": version.text("cycle"),
        "grades": _json(version),
        "validity": version.text_or_none("validity"),
        "mark": source.mark,
        "note": source.note,
    }


def _grades(version: Version) -> list[tuple[str, str]]:
    return [(cast(str, row["grade"]), cast(str, row["meaning"])) for row in version.rows("grades")]


def _json(version: Version) -> str:
    """The grades in the very text that PostgreSQL gives back for them, so that ``check`` may compare."""
    return json.dumps([{"grade": grade, "meaning": meaning} for grade, meaning in _grades(version)], ensure_ascii=False)


def _check(entry: Entry) -> None:
    if not _KEY.fullmatch(entry.key):
        raise _wrong(entry, "代码不合格", "请只用小写字母、数字和下划线，以字母开头，2 到 60 个字符")
    for version in entry.versions:
        if version.abolished:
            continue
        if not version.texts("subject_kinds"):
            raise _wrong(entry, f"{version.valid_from} 的 subject_kinds 是空的", f"可用：{'、'.join(SUBJECT_KINDS)}")
        grades = [grade for grade, _ in _grades(version)]
        twice = sorted({grade for grade in grades if grades.count(grade) > 1})
        if twice:
            raise _wrong(entry, f"{version.valid_from} 的等级 {twice[0]} 重复", "请删去一处，或改为正确的等级")
        long = [grade for grade in grades if len(grade) > _LONGEST_GRADE]
        if long:
            remedy = f"请写成 {_LONGEST_GRADE} 个字符以内的简称，说明写在 meaning"
            raise _wrong(entry, f"{version.valid_from} 的等级“{long[0][:_LONGEST_GRADE]}…”过长", remedy)


def _wrong(entry: Entry, what: str, remedy: str) -> WrongSetting:
    return WrongSetting(f"规则文件 {entry.file}“{entry.key}”：{what}；{remedy}")
