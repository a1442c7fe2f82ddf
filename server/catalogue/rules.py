"""目录与清单的两道门 NOT_IN_CATALOGUE and OUT_OF_LIST (F001–F003): “目录之外非信用，清单之外不惩戒”; pure.

The items stand in ``catalogue.yaml``, the measures in ``measures.yaml``. Not for terms: a row that passes is shown by
``disclosure``. A row must be covered by exactly one item of the editions in force on its date.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import cast

from server.catalogue.editions import SERIES, Edition, EditionDiff, Editions, load_editions
from server.dated import DatedFile, Entry, Field, Kind, Shape, Source, Version, hash_of, load
from server.disclosure.masking import mask_text
from server.errors import WrongSetting

CATALOGUE, CATALOGUE_EDITIONS = "catalogue/catalogue.yaml", "catalogue/catalogue_editions.yaml"
MEASURES, MEASURE_EDITIONS = "catalogue/measures.yaml", "catalogue/measure_editions.yaml"
#: So much of a name is repeated in a message.
_SHOWN = 40
NOT_IN_CATALOGUE, OUT_OF_LIST = "NOT_IN_CATALOGUE", "OUT_OF_LIST"
KINDS = {
    "licence": "行政许可",
    "penalty": "行政处罚",
    "compulsion": "行政强制",
    "confirmation": "行政确认",
    "levy": "行政征收",
    "payment": "行政给付",
    "adjudication": "行政裁决",
    "compensation": "行政补偿",
    "reward": "行政奖励",
    "inspection": "行政监督检查",
    "rating": "信用评价",
    "commitment": "信用承诺",
    "list.serious": "严重失信主体名单",
    "list.overload": "超限超载名单",
    "list.focus": "重点关注名单",
    "list.honest": "守信激励名单",
}
SUBJECT_KINDS = {
    "enterprise": "法人及非法人组织",
    "individual_business": "个体工商户",
    "practitioner": "自然人",
    "vehicle": "车辆",
}
_TEXT = Field(Kind.TEXT)
_WORDS = Field(Kind.TEXTS, required=False)
_SUBJECTS = Field(Kind.TEXTS, one_of=tuple(SUBJECT_KINDS))
_ITEM = Shape(
    entry={SERIES: _TEXT},
    version={
        "catalogue_class": _TEXT,
        "nature": Field(Kind.TEXT, one_of=("basic", "positive", "negative")),
        "scope": Field(Kind.TEXT, one_of=("public", "government", "authorised")),
        "subject_kinds": _SUBJECTS,
        "provider": _TEXT,
        "update_cycle": _TEXT,
        "legal_basis": _TEXT,
        "covers": Field(
            Kind.ROWS,
            rows={
                "kinds": Field(Kind.TEXTS, one_of=tuple(KINDS)),
                "words_any": _WORDS,
                "words_none": _WORDS,
                "agencies": _WORDS,
            },
        ),
        "yields_to": _WORDS,
    },
)
_MEASURE = Shape(
    entry={SERIES: _TEXT},
    version={
        "content": _TEXT,
        "targets": _TEXT,
        "subject_kinds": _SUBJECTS,
        "legal_basis": _TEXT,
        "authority": _TEXT,
    },
)


@dataclass(frozen=True, slots=True)
class _Row:
    """What the gate needs to know of a row; ``words`` in the form of ``_plain``."""

    kind: str
    subject_kind: str
    agency_code: str
    words: str


@dataclass(frozen=True, slots=True)
class Cover:
    """覆盖: the rows an item speaks of; empty means any."""

    kinds: tuple[str, ...]
    words_any: tuple[str, ...]
    words_none: tuple[str, ...]
    agencies: tuple[str, ...]

    def matches(self, row: _Row) -> bool:
        """Tells whether a row is covered."""
        return (
            row.kind in self.kinds
            and (not self.words_any or any(word in row.words for word in self.words_any))
            and not any(word in row.words for word in self.words_none)
            and (not self.agencies or row.agency_code.startswith(self.agencies))
        )


@dataclass(frozen=True, slots=True)
class Item:
    """目录事项 of one edition."""

    edition: Edition
    code: str
    name: str
    catalogue_class: str
    nature: str
    scope: str
    subject_kinds: tuple[str, ...]
    provider: str
    update_cycle: str
    legal_basis: str
    covers: tuple[Cover, ...]
    yields_to: tuple[str, ...]
    source: Source

    @property
    def id(self) -> str:
        """Gives edition and code, e.g. ``2024:XK-01``."""
        return f"{self.edition.id}:{self.code}"

    def matches(self, row: _Row) -> bool:
        """Tells whether the item covers a row."""
        return row.subject_kind in self.subject_kinds and any(c.matches(row) for c in self.covers)


@dataclass(frozen=True, slots=True)
class Measure:
    """惩戒措施 of one edition of the measure list."""

    edition: Edition
    code: str
    kind: str
    content: str
    targets: str
    subject_kinds: tuple[str, ...]
    legal_basis: str
    authority: str
    source: Source

    @property
    def id(self) -> str:
        """Gives edition and code, e.g. ``2024:GL-04``."""
        return f"{self.edition.id}:{self.code}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """不予通过: code, message for the clerk, and the ids of the items it speaks of."""

    code: str
    message: str
    items: tuple[str, ...] = ()


class Catalogue:
    """公共信用信息目录 all editions."""

    def __init__(self, editions: Editions, entries: DatedFile) -> None:
        self._editions = editions
        self._items = {e.id: _items(editions, e, entries) for e in editions.all()}
        self._by_kind = {
            (edition, kind): tuple(i for i in items if any(kind in c.kinds for c in i.covers))
            for edition, items in self._items.items()
            for kind in KINDS
        }
        self.edition_hash = hash_of(editions.edition_hash)
        for entry in entries.entries.values():
            _check_yields(entry, entries)

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Catalogue:
        """Gives the shipped catalogue with the bureau's supplement; raises ``WrongSetting``."""
        entries = load(CATALOGUE, _ITEM, Path(__file__).with_name("catalogue.yaml"), rules_dir)
        return cls(load_editions(CATALOGUE_EDITIONS, entries, rules_dir), entries)

    def editions(self) -> tuple[Edition, ...]:
        """Gives all editions, oldest first within a series."""
        return tuple(self._editions.all())

    def items_of(self, edition_id: str) -> tuple[Item, ...]:
        """Gives the items of an edition; raises ``NotFound``."""
        return self._items[self._editions.get(edition_id).id]

    def diff(self, a: str, b: str) -> EditionDiff:
        """Gives what edition ``b`` adds to, removes from and changes in edition ``a``; raises ``NotFound``."""
        return _diff(self.items_of(a), self.items_of(b))

    def item_for(self, kind: str, subject_kind: str, agency_code: str, words: str, on: date) -> Item | Refusal:
        """Gives the one item that covers a row on its date, or why none does.

        ``words`` is 许可证书名称 of a licence (``licence_words``), 违法行为类型 of a penalty, empty for others;
        ``agency_code`` is that of the agency that sends the row.
        """
        row = _Row(kind, subject_kind, agency_code, _plain(words))
        in_force = self._editions.in_force(on)
        found = self._covering(in_force, row)
        if len(found) == 1:
            return found[0]
        about = _about(row, words)
        if found:
            both = "、".join(f"{i.code} {i.name}" for i in found)
            message = f"{about}同时属于目录中的 {both}，无法归入一项；请把名称写明为其中一项，或分成两条填报"
            return Refusal(NOT_IN_CATALOGUE, message, tuple(i.id for i in found))
        return self._unknown(about, row, in_force)

    def _covering(self, editions: Iterable[Edition], row: _Row) -> list[Item]:
        items = [i for e in editions for i in self._by_kind.get((e.id, row.kind), ()) if i.matches(row)]
        codes = {i.code for i in items}
        return [i for i in items if codes.isdisjoint(i.yields_to)]

    def _unknown(self, about: str, row: _Row, in_force: tuple[Edition, ...]) -> Refusal:
        """Says as much as is known of why nothing covers the row: another kind of subject, a later or an earlier edition."""
        for kind, who in SUBJECT_KINDS.items():
            for item in self._covering(in_force, replace(row, subject_kind=kind)):
                message = f"{about}所属事项 {item.code} {item.name} 只收录{who}的信息；请核对行政相对人类别"
                return Refusal(NOT_IN_CATALOGUE, message, (item.id,))
        began = max((e.valid_from for e in in_force), default=date.min)
        later = self._covering((e for e in self._editions.all() if e.valid_from > began), row)
        if later:
            item = later[0]
            first = item.edition.valid_from
            message = f"{about}所属事项 {item.code} {item.name} 自 {first} 起才列入目录；请核对决定日期"
            return Refusal(NOT_IN_CATALOGUE, message, (item.id,))
        earlier = self._covering((e for e in self._editions.all() if e.valid_from < began), row)
        if earlier:
            item = earlier[-1]
            day = item.edition.valid_until
            message = f"{about}所属事项 {item.code} {item.name} 已从 {day} 起的新版目录中删去，不再是信用信息；请勿填报"
            return Refusal(NOT_IN_CATALOGUE, message, (item.id,))
        titles = _titles(in_force) or "目录（当日没有生效的版本）"
        remedy = "请核对名称；确属本局信用信息的，由管理员增补地方目录"
        return Refusal(NOT_IN_CATALOGUE, f"{about}不属于{titles}的任何事项，不入库；{remedy}")


class Measures:
    """失信惩戒措施清单 all editions."""

    def __init__(self, editions: Editions, entries: DatedFile) -> None:
        self._editions = editions
        self._items = {e.id: _measures(editions, e, entries) for e in editions.all()}
        self.edition_hash = hash_of(editions.edition_hash)

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Measures:
        """Gives the shipped list with the bureau's supplement; raises ``WrongSetting``."""
        entries = load(MEASURES, _MEASURE, Path(__file__).with_name("measures.yaml"), rules_dir)
        return cls(load_editions(MEASURE_EDITIONS, entries, rules_dir), entries)

    def editions(self) -> tuple[Edition, ...]:
        """Gives all editions, oldest first within a series."""
        return tuple(self._editions.all())

    def items_of(self, edition_id: str) -> tuple[Measure, ...]:
        """Gives the measures of an edition; raises ``NotFound``."""
        return self._items[self._editions.get(edition_id).id]

    def diff(self, a: str, b: str) -> EditionDiff:
        """Gives what edition ``b`` adds to, removes from and changes in edition ``a``; raises ``NotFound``."""
        return _diff(self.items_of(a), self.items_of(b))

    def check(self, code: str, subject_kind: str, on: date) -> Measure | Refusal:
        """Gives the measure if the list in force on the date of the decision allows it to such a subject, or why not."""
        in_force = self._editions.in_force(on)
        for edition in in_force:
            for measure in self._items[edition.id]:
                if measure.code == code:
                    return measure if subject_kind in measure.subject_kinds else _not_to(measure, subject_kind)
        if not in_force:
            return Refusal(OUT_OF_LIST, f"{on} 尚无生效的惩戒措施清单，不得实施措施 {code}；请核对决定日期")
        known = [m for e in self._editions.all() for m in self._items[e.id] if m.code == code]
        was = f"（曾列于 {known[-1].edition.id} 版）" if known else ""
        return Refusal(
            OUT_OF_LIST,
            f"措施“{code}”{was}不在 {on} 生效的{_titles(in_force)}之内，不得实施；请改用清单内的措施",
            tuple(m.id for m in known[-1:]),
        )


def licence_words(certificate_name: str | None, document_name: str | None, content: str | None) -> str:
    """Gives the words by which a licence is found in the catalogue: 许可证书名称, or without one 文书名称 and 许可内容."""
    if certificate_name and certificate_name.strip():
        return certificate_name
    return " ".join(part for part in (document_name, content) if part)


def _not_to(measure: Measure, subject_kind: str) -> Refusal:
    allowed = "、".join(SUBJECT_KINDS[k] for k in measure.subject_kinds)
    who = SUBJECT_KINDS.get(subject_kind, subject_kind)
    message = f"措施 {measure.code} {measure.kind} 不适用于{who}，只适用于{allowed}；请改用清单内的其他措施"
    return Refusal(OUT_OF_LIST, message, (measure.id,))


def _about(row: _Row, words: str) -> str:
    # A clerk may have typed a person's number where a name of a permit belongs: it must not come back in a message.
    shown = mask_text(words.strip())
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return f"{KINDS.get(row.kind, row.kind)}（{SUBJECT_KINDS.get(row.subject_kind, row.subject_kind)}）“{shown}”"


def _titles(editions: tuple[Edition, ...]) -> str:
    return "、".join(f"《{e.title}》{e.id} 版" for e in editions)


def _plain(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).split())


def _items(editions: Editions, edition: Edition, entries: DatedFile) -> tuple[Item, ...]:
    said = ((entry, editions.version_in(edition, entry)) for entry in entries.entries.values())
    return tuple(_item(edition, entry, version) for entry, version in said if version is not None)


def _item(edition: Edition, entry: Entry, version: Version) -> Item:
    text = version.text
    return Item(
        edition=edition,
        code=entry.key,
        name=entry.term,
        catalogue_class=text("catalogue_class"),
        nature=text("nature"),
        scope=text("scope"),
        subject_kinds=version.texts("subject_kinds"),
        provider=text("provider"),
        update_cycle=text("update_cycle"),
        legal_basis=text("legal_basis"),
        covers=tuple(_cover(row) for row in version.rows("covers")),
        yields_to=version.texts("yields_to"),
        source=version.source,
    )


def _cover(row: Mapping[str, object]) -> Cover:
    words = {name: cast("tuple[str, ...]", value or ()) for name, value in row.items()}
    return Cover(
        words["kinds"],
        tuple(_plain(w) for w in words["words_any"]),
        tuple(_plain(w) for w in words["words_none"]),
        words["agencies"],
    )


def _measures(editions: Editions, edition: Edition, entries: DatedFile) -> tuple[Measure, ...]:
    said = ((entry, editions.version_in(edition, entry)) for entry in entries.entries.values())
    return tuple(
        Measure(
            edition,
            entry.key,
            entry.term,
            version.text("content"),
            version.text("targets"),
            version.texts("subject_kinds"),
            version.text("legal_basis"),
            version.text("authority"),
            version.source,
        )
        for entry, version in said
        if version is not None
    )


def _check_yields(entry: Entry, entries: DatedFile) -> None:
    """An item that yields to one that nobody wrote would quietly yield to none."""
    for version in entry.versions:
        for code in () if version.abolished else version.texts("yields_to"):
            if code not in entries.entries:
                raise WrongSetting(f"规则文件 {CATALOGUE}“{entry.key}”：yields_to 中没有事项 {code}；请改正代码")


def _diff(a: tuple[Item, ...] | tuple[Measure, ...], b: tuple[Item, ...] | tuple[Measure, ...]) -> EditionDiff:
    old = {i.code: i for i in a}
    new = {i.code: i for i in b}
    return EditionDiff(
        added=tuple((code, _name(i)) for code, i in new.items() if code not in old),
        removed=tuple((code, _name(i)) for code, i in old.items() if code not in new),
        changed=tuple((c, _name(i)) for c, i in new.items() if c in old and _said(i) != _said(old[c])),
    )


def _name(item: Item | Measure) -> str:
    return item.name if isinstance(item, Item) else item.kind


def _said(item: Item | Measure) -> dict[str, object]:
    return {f.name: getattr(item, f.name) for f in fields(item) if f.name not in ("edition", "source")}
