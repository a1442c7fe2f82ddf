"""定日规则 the strict loader of the law as dated YAML: entries, their versions by date, a source beside each value.

Not for what a value means: each room gives the shape of its own file. The form is told in ``server/decisions/0004``.

A bureau adds or replaces by a folder of the same tree (``rules_dir``): an entry of the bureau with the key of a shipped
one replaces it whole, another key is added, and ``about`` of the bureau's file replaces what it names. Every refusal is
``WrongSetting`` with file, line, key and remedy.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import cast

from server.dated.reader import Bad, Node, read
from server.errors import Invalid, WrongSetting

ABOUT = "about"
MARKS = ("verified", "known", "uncertain")
BEFORE = ("first", "refuse")
UNITS = ("months", "days", "working_days", "years", "yuan", "points", "percent", "characters", "times")


class Kind(StrEnum):
    """值的种类 what may stand at a field of a version or an entry."""

    TEXT = "文字"
    FLAG = "true 或 false"
    WHOLE = "不小于 0 的整数"
    DECIMAL = "数字"
    DAY = "日期（2026-04-01）"
    TEXTS = "文字的列表"
    ROWS = "条目的列表"


@dataclass(frozen=True, slots=True)
class Field:
    """字段: ``required`` must stand there, ``nullable`` may be ``null``; ``rows`` are the fields of a list's rows."""

    kind: Kind
    required: bool = True
    nullable: bool = False
    one_of: tuple[str, ...] = ()
    rows: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """文件形状: fields of an entry and of a version; ``on_change`` must stand in every version but the first."""

    version: Mapping[str, Field]
    entry: Mapping[str, Field] = field(default_factory=dict)
    on_change: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """依据: where a value stands. ``mark`` tells how well it is known: verified, known (not looked up), uncertain."""

    title: str
    document_number: str | None
    article: str | None
    published_on: date | None
    url: str | None
    mark: str
    note: str | None

    def line(self) -> str:
        """Gives the source in one Chinese line for a citizen."""
        number = f"（{self.document_number}）" if self.document_number else ""
        return f"《{self.title}》{number}{self.article or ''}" + ("（待核实）" if self.mark == "uncertain" else "")


@dataclass(frozen=True, slots=True)
class Version:
    """版本: the values in force from a day; an ``abolished`` one has none."""

    valid_from: date
    values: Mapping[str, object]
    source: Source
    abolished: bool = False

    def text(self, name: str) -> str:
        """Gives a text; the shape has made sure that it is one."""
        return cast(str, self.values[name])

    def text_or_none(self, name: str) -> str | None:
        """Gives a text that may be left out."""
        return cast("str | None", self.values[name])

    def flag(self, name: str) -> bool:
        """Gives true or false; left out is false."""
        return bool(self.values[name])

    def whole(self, name: str) -> int | None:
        """Gives a whole number in the entry's unit, or None."""
        return cast("int | None", self.values[name])

    def texts(self, name: str) -> tuple[str, ...]:
        """Gives a list of texts; left out is empty."""
        return cast("tuple[str, ...]", self.values[name] or ())

    def rows(self, name: str) -> tuple[Mapping[str, object], ...]:
        """Gives the rows of a list; left out is empty."""
        return cast("tuple[Mapping[str, object], ...]", self.values[name] or ())


@dataclass(frozen=True, slots=True)
class Entry:
    """条目: one dated rule with all its versions, oldest first."""

    key: str
    term: str
    unit: str | None
    reviewed_on: date
    values: Mapping[str, object]
    versions: tuple[Version, ...]
    before: str
    file: str

    def find_version(self, on: date) -> Version | None:
        """Gives the version in force on a day; None when it is abolished, or nothing holds before the first."""
        place = bisect_right(self.versions, on, key=lambda v: v.valid_from) - 1
        if place < 0:
            if self.before == "refuse":
                return None
            place = 0
        version = self.versions[place]
        return None if version.abolished else version

    def until(self, version: Version) -> date | None:
        """Gives the first day on which a version of this entry holds no more; None = in force still."""
        later = (v.valid_from for v in self.versions if v.valid_from > version.valid_from)
        return next(later, None)

    def version_on(self, on: date) -> Version:
        """Gives the version in force on a day; raises ``Invalid`` when none is."""
        version = self.find_version(on)
        if version is None:
            first = self.versions[0].valid_from
            raise Invalid(
                f"“{self.term}”在 {on} 没有生效的规定（最早自 {first} 起）；请核对日期，或由管理员补充规则文件"
            )
        return version


@dataclass(frozen=True, slots=True)
class DatedFile:
    """规则文件: its entries in the order they stand, shipped ones first, and the hash of everything that counts."""

    name: str
    entries: Mapping[str, Entry]
    edition_hash: str

    def __getitem__(self, key: str) -> Entry:
        return self.entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)


@dataclass(frozen=True, slots=True)
class _About:
    """文件说明: what the header says for all entries."""

    first_law_on: date
    before: str
    sources: Mapping[str, Mapping[str, object]]


def load(name: str, shape: Shape, shipped: Path, rules_dir: Path | None = None) -> DatedFile:
    """Gives the file ``name`` (relative, as ``disclosure/terms.yaml``) from ``shipped``, with the bureau's on top.

    Raises ``WrongSetting`` for whatever breaks the form, in either file.
    """
    try:
        about, entries = _read_file(read(shipped), name, shape, None)
    except Bad as bad:
        raise _refusal(name, bad) from bad
    own = None if rules_dir is None else rules_dir / name
    if own is not None and own.is_file():
        try:
            _, added = _read_file(read(own), name, shape, about)
        except Bad as bad:
            raise _refusal(f"（本局）{name}", bad) from bad
        entries = {**entries, **added}
    return DatedFile(name, entries, hash_of({key: _canonical(entry) for key, entry in entries.items()}))


def refuse_unknown_files(rules_dir: Path | None, known: Collection[str]) -> None:
    """Refuses a bureau's file that no room reads: a mistyped name would otherwise change nothing, unseen."""
    if rules_dir is None:
        return
    for path in sorted(rules_dir.rglob("*.y*ml")):
        name = path.relative_to(rules_dir).as_posix()
        if name not in known:
            raise WrongSetting(
                f"规则文件 {name} 没有任何模块读取；请改为下列名称之一，或移走：{'、'.join(sorted(known))}"
            )


def hash_of(content: object) -> str:
    """Gives the SHA-256 of a content in one fixed text form, so that layout and comments of a file change nothing."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(entry: Entry) -> dict[str, object]:
    # The day of the last review and remarks are for people: they change no row.
    versions = {
        v.valid_from.isoformat(): [v.values, v.source.line(), v.source.url, v.abolished] for v in entry.versions
    }
    return {"term": entry.term, "unit": entry.unit, "before": entry.before, **dict(entry.values), "versions": versions}


def _refusal(name: str, bad: Bad) -> WrongSetting:
    place = f"第 {bad.line} 行" + (f"“{bad.key}”" if bad.key else "")
    return WrongSetting(f"规则文件 {name} {place}：{bad.what}；{bad.remedy}")


def _read_file(root: Node, name: str, shape: Shape, shipped: _About | None) -> tuple[_About, dict[str, Entry]]:
    pairs = root.pairs()
    about = _read_about(pairs.pop(ABOUT, None), root, shipped)
    return about, {key: _read_entry(key, node, name, shape, about) for key, node in pairs.items()}


def _read_about(node: Node | None, root: Node, shipped: _About | None) -> _About:
    if node is None:
        if shipped is None:
            raise Bad(root.line, ABOUT, "缺少文件说明", f"请在文件开头写明 {ABOUT}: term、first_law_on、before_first")
        return shipped
    must = shipped is None
    pairs = node.only({"term": must, "first_law_on": must, "before_first": must, "sources": False})
    sources = dict(shipped.sources) if shipped else {}
    if "sources" in pairs:
        sources |= {key: _source_fields(n, whole=True) for key, n in pairs["sources"].pairs().items()}
    first_law_on = shipped.first_law_on if shipped else date.min
    before = shipped.before if shipped else BEFORE[0]
    if "first_law_on" in pairs:
        first_law_on = pairs["first_law_on"].day()
    if "before_first" in pairs:
        rule = pairs["before_first"].only({"rule": True, "source": True})
        before = rule["rule"].choice(BEFORE)
        _read_source(rule["source"], sources)
    return _About(first_law_on, before, sources)


SOURCE_FIELDS = {
    "title": Field(Kind.TEXT),
    "document_number": Field(Kind.TEXT, required=False),
    "article": Field(Kind.TEXT, required=False),
    "published_on": Field(Kind.DAY, required=False),
    "url": Field(Kind.TEXT, required=False),
    "mark": Field(Kind.TEXT, one_of=MARKS),
    "note": Field(Kind.TEXT, required=False),
}


def _source_fields(node: Node, whole: bool) -> dict[str, object]:
    needed = {key: whole and f.required for key, f in SOURCE_FIELDS.items()}
    pairs = node.only(needed if whole else {"of": False, **needed})
    return {key: n.text() if key == "of" else _value(n, SOURCE_FIELDS[key]) for key, n in pairs.items()}


def _read_source(node: Node, sources: Mapping[str, Mapping[str, object]]) -> Source:
    """A source in full, or ``{of: name, article: …}``: one of ``about.sources`` with what is said anew."""
    said = _source_fields(node, whole=False)
    name = said.pop("of", None)
    if name is not None:
        if name not in sources:
            known = "、".join(sources) or "（无）"
            raise Bad(node.line, node.key, f"依据“{name}”不在 about.sources 中", f"请在那里写明，或改用：{known}")
        said = {**sources[str(name)], **said}
    for key, f in SOURCE_FIELDS.items():
        if f.required and said.get(key) is None:
            raise Bad(node.line, node.key, f"依据缺少 {key}", f"请补上 {key}（mark 为 {'、'.join(MARKS)} 之一）")
    return Source(**{key: said.get(key) for key in SOURCE_FIELDS})  # type: ignore[arg-type]


def _read_entry(key: str, node: Node, name: str, shape: Shape, about: _About) -> Entry:
    fixed = {"term": True, "reviewed_on": True, "versions": True, "unit": False, "note": False}
    pairs = node.only({**fixed, **{k: f.required for k, f in shape.entry.items()}})
    unit = pairs["unit"].choice(UNITS) if "unit" in pairs else None
    versions = _read_versions(pairs["versions"], shape, about)
    values = {k: _value(pairs[k], f) if k in pairs else None for k, f in shape.entry.items()}
    number = next((v.valid_from for v in versions if _holds_number(v.values)), None)
    if unit is None and (number is not None or _holds_number(values)):
        raise Bad(node.line, key, "有数字而没有单位", f"请写明 unit，可用：{'、'.join(UNITS)}")
    term, reviewed_on = pairs["term"].text(), pairs["reviewed_on"].day()
    return Entry(key, term, unit, reviewed_on, values, versions, about.before, name)


def _read_versions(node: Node, shape: Shape, about: _About) -> tuple[Version, ...]:
    versions: list[Version] = []
    for text, child in node.pairs().items():
        day = child.key_day()
        if versions and day <= versions[-1].valid_from:
            raise Bad(
                child.key_line, text, "版本日期没有从早到晚排列", f"请把 {day} 移到 {versions[-1].valid_from} 之前"
            )
        if day < about.first_law_on:
            wrong = f"早于最早的法律依据 {about.first_law_on}"
            raise Bad(child.key_line, text, wrong, "请核对年份；确有更早的依据时改写 about.first_law_on")
        versions.append(_read_version(day, child, shape, about, changes=bool(versions)))
    if not versions:
        raise Bad(node.line, node.key, "没有任何版本", "请至少写一个带日期和依据的版本")
    return tuple(versions)


def _read_version(day: date, node: Node, shape: Shape, about: _About, *, changes: bool) -> Version:
    if "source" not in node.pairs():
        raise Bad(node.key_line, node.key, "缺少依据", "请写 source: {title: …, mark: …}，或 {of: …, article: …}")
    source = _read_source(node.pairs()["source"], about.sources)
    if source.published_on is not None and day < source.published_on:
        wrong = f"早于依据的发布日期 {source.published_on}"
        raise Bad(node.key_line, node.key, wrong, "请核对版本日期和 published_on")
    if "abolished" in node.pairs():
        pairs = node.only({"source": True, "abolished": True})
        if not pairs["abolished"].flag():
            raise Bad(node.line, "abolished", "只能为 true", "没有废止时请删去这一行")
        return Version(day, {}, source, abolished=True)
    fields = {**shape.version, **(shape.on_change if changes else {})}
    pairs = node.only({"source": True, **{k: f.required for k, f in fields.items()}})
    values = {k: _value(pairs[k], f) if k in pairs else None for k, f in fields.items()}
    return Version(day, dict.fromkeys(shape.on_change) | values, source)


def _value(node: Node, f: Field) -> object:
    if node.is_null():
        if f.nullable:
            return None
        raise Bad(node.line, node.key, "不能为空", f"应为{f.kind.value}")
    match f.kind:
        case Kind.TEXT:
            return node.choice(f.one_of) if f.one_of else node.text()
        case Kind.FLAG:
            return node.flag()
        case Kind.WHOLE:
            return node.whole()
        case Kind.DECIMAL:
            return node.decimal()
        case Kind.DAY:
            return node.day()
        case Kind.TEXTS:
            return tuple(n.choice(f.one_of) if f.one_of else n.text() for n in node.items())
        case Kind.ROWS:
            return tuple(_row(n, f.rows) for n in node.items())


def _row(node: Node, fields: Mapping[str, Field]) -> dict[str, object]:
    pairs = node.only({k: f.required for k, f in fields.items()})
    return {k: _value(pairs[k], f) if k in pairs else None for k, f in fields.items()}


def _holds_number(values: Mapping[str, object]) -> bool:
    for item in values.values():
        if isinstance(item, int | Decimal) and not isinstance(item, bool):
            return True
        if isinstance(item, tuple) and any(isinstance(r, Mapping) and _holds_number(r) for r in item):
            return True
    return False
