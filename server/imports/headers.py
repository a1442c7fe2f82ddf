"""表头识别 which national table a sheet is, and which of its columns is which field. Pure: takes the header's texts.

Not for finding the header's row (see ``sheets``) and not for values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from server.imports.fields import Field, header_key, table, tables, words
from server.imports.rows import Kind, Level

#: Fewer recognised columns than this are a coincidence (序号, 备注, 证件号码 stand in many forms).
_FEWEST_COLUMNS = 5
#: Both tables share names; this many columns must belong to one kind alone.
_FEWEST_OWN = 2


@dataclass(frozen=True, slots=True)
class Remark:
    """A note on a column, before the sheet's name is known."""

    level: Level
    rule: str
    message: str


@dataclass(slots=True)
class Header:
    """表头: position → field code. ``unknown`` and ``ignored`` are the positions whose cells go into no row."""

    kind: Kind
    edition: int
    texts: tuple[str, ...]
    columns: dict[int, str] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)
    ignored: dict[int, str] = field(default_factory=dict)
    #: field that has no column → (field it follows from, its value): 2018's 身份证号 implies the type 身份证
    implied: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: field of today that a 2016 sheet has no column for → the field whose value stands in
    fallbacks: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def faulty(self) -> bool:
        """Says whether the sheet must not be read."""
        return any(remark.level is Level.FAULT for remark in self.remarks)


@cache
def _index(kind: Kind) -> dict[str, tuple[tuple[Field, str], ...]]:
    """Header key → (field, edition of the list that calls it so)."""
    found: dict[str, dict[str, tuple[Field, str]]] = defaultdict(dict)
    for each in table(kind).fields:
        own = "2016" if each.extra else "any"
        named = [
            (own, each.name),
            (own, each.code),
            *((e, alias) for e, some in each.aliases.items() for alias in some),
        ]
        for edition, header in named:
            found[header_key(header)].setdefault(f"{each.code}/{edition}", (each, edition))
    return {key: tuple(entries.values()) for key, entries in found.items()}


@cache
def _own_keys(kind: Kind) -> frozenset[str]:
    """Header keys that stand in this table and not in the other."""
    others: set[str] = set()
    for each in tables():
        if each.kind is not kind:
            others |= set(_index(each.kind))
    return frozenset(set(_index(kind)) - others)


def is_known(text: str) -> bool:
    """Says whether a text is a header of either table, or one that is ignored."""
    key = header_key(text)
    return bool(key) and (key in words().ignored or any(key in _index(each.kind) for each in tables()))


def score(texts: Sequence[str]) -> tuple[int, int, Kind | None]:
    """Gives (recognised columns, those of one kind alone, that kind); kind None when it is no national table."""
    keys = [key for key in map(header_key, texts) if key]
    best: tuple[int, int, Kind | None] = (0, 0, None)
    for each in tables():
        known = sum(key in _index(each.kind) for key in keys)
        own = sum(key in _own_keys(each.kind) for key in keys)
        best = max(best, (known, own, each.kind), key=lambda entry: (entry[1], entry[0]))
    known, own, kind = best
    return known, own, kind if known >= _FEWEST_COLUMNS and own >= _FEWEST_OWN else None


def recognise(kind: Kind, texts: Sequence[str]) -> Header:
    """Gives what each header is; ``remarks`` tell of every one that is no column (unknown, twice, of two meanings)."""
    keys = [header_key(text) for text in texts]
    header = Header(kind, _edition(kind, keys), tuple(texts))
    for position, key in enumerate(keys):
        if key:
            _place(header, position, key, texts[position])
    _check_twice(header, texts)
    _fill_in(header, keys)
    return header


def _edition(kind: Kind, keys: Sequence[str]) -> int:
    old = new = split = 0
    for key in keys:
        entries = _index(kind).get(key, ())
        editions = {edition for _, edition in entries}
        old += editions == {"2016"}
        new += any(each.since >= 2018 and edition != "2016" for each, edition in entries)
        split += any(each.code.endswith(("_FR_ZJLX", "_FR_ZJHM")) and edition == "any" for each, edition in entries)
    if old > new:
        return 2016
    return 2020 if split else 2018


def _place(header: Header, position: int, key: str, text: str) -> None:
    shown = " ".join(text.split())[:40]
    if key in words().wrong_units:
        remedy = (
            f"列“{shown}”以元为单位，国家标准为万元（2000 元写 0.2）：请换算后把列名改为“（万元）”再导入，本表未读取"
        )
        header.remarks.append(Remark(Level.FAULT, "WRONG_UNIT", remedy))
        return
    candidates = _candidates(header, key)
    if len(candidates) == 1:
        header.columns[position] = candidates[0].code
        if key in words().no_units:
            doubt = f"列“{shown}”未写单位，已按国家标准以万元读取；如是元，请撤下后换算重报"
            header.remarks.append(Remark(Level.WARNING, "NO_UNIT", doubt))
    elif len(candidates) > 1:
        names = "、".join(f"“{each.name}”" for each in candidates)
        header.remarks.append(
            Remark(
                Level.FAULT, "AMBIGUOUS_COLUMN", f"列“{shown}”可能是{names}：请写成其中一个完整列名后再导入，本表未读取"
            )
        )
    elif key in words().ignored:
        header.ignored[position] = shown
    else:
        header.unknown[position] = shown


def _candidates(header: Header, key: str) -> list[Field]:
    """The fields a header may be: this edition's name before the common name, that before another edition's."""
    entries = _index(header.kind).get(key, ())
    mine = {"2016"} if header.edition == 2016 else {"2018", "2020"}
    for editions in (mine, {"any"}, {"2016", "2018", "2020"}):
        if chosen := [each for each, edition in entries if edition in editions]:
            return list({each.code: each for each in chosen}.values())
    return []


def _check_twice(header: Header, texts: Sequence[str]) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for position, code in header.columns.items():
        places[code].append(position)
    for code, positions in places.items():
        if len(positions) > 1:
            where = "、".join(f"{column_letters(each)} 列“{' '.join(texts[each].split())[:40]}”" for each in positions)
            name = table(header.kind).name_of(code)
            message = f"“{name}”出现 {len(positions)} 次（{where}）：请只保留一列后再导入，本表未读取"
            header.remarks.append(Remark(Level.FAULT, "COLUMN_TWICE", message))


def _fill_in(header: Header, keys: Sequence[str]) -> None:
    """Notes what an old list's columns say of today's columns that are missing."""
    national = table(header.kind)
    have = set(header.columns.values())
    for position, code in header.columns.items():
        editions = {edition for each, edition in _index(header.kind)[keys[position]] if each.code == code}
        for edition, values in national.field(code).implies.items():
            if editions == {edition}:
                header.implied |= {other: (code, value) for other, value in values.items() if other not in have}
    if header.edition == 2016:
        missing = (each for each in national.national if each.fallback and each.code not in have)
        header.fallbacks = {each.code: each.fallback for each in missing if each.fallback in have}
    if header.fallbacks:
        pairs = "，".join(f"“{national.name_of(a)}”取“{national.name_of(b)}”" for a, b in header.fallbacks.items())
        header.remarks.append(Remark(Level.WARNING, "FALLBACK", f"2016 版没有的列以原有列代替：{pairs}，请核对"))


def column_letters(position: int) -> str:
    """Gives the letters Excel shows for a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def absent_fields(header: Header) -> tuple[str, ...]:
    """Gives the codes of today's national list that neither a column of the sheet nor an old one in its stead gives."""
    national = table(header.kind)
    joined = {national.field(code).join for code in header.columns.values()}
    have = {*header.columns.values(), *joined, *header.implied, *header.fallbacks}
    return tuple(each.code for each in national.national if each.code not in have)
