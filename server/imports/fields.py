"""双公示字段 the two national tables as data: columns, their names in the lists of 2016, 2018 and after 2020.

Not for finding a table in a sheet (see ``headers``) and not for row rules (see ``checks``).
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from server.errors import WrongSetting
from server.imports.rows import Kind

_FILE = Path(__file__).with_name("fields.yaml")
_TYPES = frozenset({"string", "text", "enum", "enums", "date", "money"})
_SUBJECT_KINDS = ("legal_person", "individual_business", "natural_person")
#: Editions of the national list, oldest first.
EDITIONS = (2016, 2018, 2020)


@dataclass(frozen=True, slots=True)
class Field:
    """列: one column of a national table; see the head of ``fields.yaml`` for what each part says."""

    code: str
    name: str
    type: str
    length: int | None = None
    #: by kind of subject: M must, O may, C by condition, - must not
    required: Mapping[str, str] = field(default_factory=dict)
    #: column of the table ``licence`` or ``penalty``
    target: str | None = None
    since: int = 2016
    note: str | None = None
    #: by edition ("any", "2016" …) the other headers of this column
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    implies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fallback: str | None = None
    join: str | None = None
    extra: bool = False


_FIELD_KEYS = frozenset(each.name for each in dataclasses.fields(Field)) - {"code"}


@dataclass(frozen=True, slots=True)
class Table:
    """表: the columns of one national table in the list's order; after them those only the 2016 list has."""

    kind: Kind
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """行政许可 or 行政处罚."""
        return {Kind.LICENCE: "行政许可", Kind.PENALTY: "行政处罚"}[self.kind]

    @property
    def national(self) -> tuple[Field, ...]:
        """The 28 or 30 columns of today's list."""
        return tuple(each for each in self.fields if not each.extra)

    def field(self, code: str) -> Field:
        """Gives the field of a code; an unknown code is a programming fault (KeyError)."""
        return _by_code(self.kind)[code]

    def name_of(self, code: str | None) -> str:
        """Gives the Chinese name of a code for a message; the code itself when it is no field, 整行 for None."""
        if code is None:
            return "整行"
        found = _by_code(self.kind).get(code)
        return found.name if found else code


@dataclass(frozen=True, slots=True)
class Words:
    """表格用语: headers left out with the reason, words of rows that are no records, money headers to doubt."""

    #: header key → reason
    ignored: Mapping[str, str]
    tails: tuple[str, ...]
    form_words: frozenset[str]
    wrong_units: frozenset[str]
    no_units: frozenset[str]

    def ignored_reason(self, header: str) -> str:
        """Gives why a header of the list of ignored ones is left out."""
        return self.ignored[header_key(header)]


#: A note in brackets that is no part of a column's name.
_NOTE = re.compile(
    r"\((?:[^()]*(?:必填|选填|可选|可空|填写|格式|示例|例如|如:|YYYY|下拉|代码表|多选|单选|自然人|为法人|法人和|个体|不超过|字符|长度|2099)[^()]*)\)"
)
_NUMBERING = re.compile(r"^\(?\d{1,2}(?:[.、)])\s*(?=\D)")
_PLAIN = re.compile(r"[\W_]+")


def header_key(text: str) -> str:
    """Gives the form of a header that is compared: full-width, brackets, spaces, line breaks, asterisks and notes gone.

    ``*行政相对人代码_1（统一社会信用代码）`` and ``行政相对人代码-1 (统一社会信用代码)`` have one key.
    A unit stays: 万元 is not 元.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = re.sub(r"[\s\u200b-\u200f\ufeff*★※]+", "", plain).rstrip(":")
    plain = plain.replace("【", "(").replace("】", ")").replace("[", "(").replace("]", ")")
    shorter = _NUMBERING.sub("", _NOTE.sub("", plain))
    return _PLAIN.sub("", shorter or plain)


@cache
def table(kind: Kind | str) -> Table:
    """Gives the national table of a kind."""
    return _tables()[Kind(kind)]


def tables() -> tuple[Table, ...]:
    """Gives both national tables."""
    return tuple(_tables().values())


@cache
def words() -> Words:
    """Gives the words of rows and columns that are no data."""
    raw = _load()
    ignored = {header_key(header): group["reason"] for group in raw["ignored"] for header in group["headers"]}
    return Words(
        ignored=ignored,
        tails=tuple(header_key(word) for word in raw["tails"]),
        form_words=frozenset(header_key(word) for word in raw["form_words"]),
        wrong_units=frozenset(header_key(word) for word in raw["wrong_units"]),
        no_units=frozenset(header_key(word) for word in raw["no_units"]),
    )


@cache
def _by_code(kind: Kind) -> dict[str, Field]:
    return {each.code: each for each in table(kind).fields}


@cache
def _load() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.load(_FILE.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return raw


@cache
def _tables() -> dict[Kind, Table]:
    raw = _load()
    return {kind: Table(kind, tuple(_field(code, entry) for code, entry in raw[kind].items())) for kind in Kind}


def _field(code: str, raw: dict[str, Any]) -> Field:
    if unknown := set(raw) - _FIELD_KEYS:
        raise WrongSetting(f"双公示字段表 fields.yaml：{code} 有未知的键 {'、'.join(sorted(unknown))}，请删去或改正")
    if raw["type"] not in _TYPES:
        raise WrongSetting(
            f"双公示字段表 fields.yaml：{code} 的类型“{raw['type']}”不存在，可用：{'、'.join(sorted(_TYPES))}"
        )
    required = raw.get("required", dict.fromkeys(_SUBJECT_KINDS, "O"))
    if set(required) != set(_SUBJECT_KINDS) or not set(required.values()) <= set("MOC-"):
        raise WrongSetting(f"双公示字段表 fields.yaml：{code} 的 required 须按三类主体分别写 M、O、C 或 -")
    aliases = {edition: tuple(headers) for edition, headers in raw.get("aliases", {}).items()}
    if wrong := set(aliases) - {"any", *map(str, EDITIONS)}:
        raise WrongSetting(f"双公示字段表 fields.yaml：{code} 的别名版本 {'、'.join(wrong)} 不存在")
    return Field(**{**raw, "code": code, "required": required, "aliases": aliases})
