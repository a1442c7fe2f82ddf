"""自然人信息的公开范围 what of a natural person is public, by kind of fact; from ``persons.yaml``.

Not for dates (``rules.py``), not for how a name is masked (``masking.py``). A kind of fact that a practitioner can have
and that the file forgets is refused at start: a new kind must never become public by being forgotten.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from server.dated import DatedFile, Entry, Field, Kind, Shape, load
from server.errors import WrongSetting

PERSONS = "disclosure/persons.yaml"
PRACTITIONER = "practitioner"
_REPRESENTATIVE = "representative"
_ACTS = (
    "licence",
    "penalty",
    "compulsion",
    "confirmation",
    "levy",
    "payment",
    "adjudication",
    "compensation",
    "reward",
    "inspection",
)
_LISTS = ("list.serious", "list.overload", "list.focus", "list.honest")
#: Kinds of facts a natural person can have.
OF_PERSONS = (*_ACTS, "rating", *_LISTS, "commitment", "benefit_grant", PRACTITIONER)
_SUBJECT_KINDS = ("enterprise", "individual_business", PRACTITIONER, "vehicle")
_SHAPE = Shape(
    entry={
        "subject_kinds": Field(Kind.TEXTS, one_of=_SUBJECT_KINDS),
        "kinds": Field(Kind.TEXTS, one_of=(*OF_PERSONS, "vehicle", _REPRESENTATIVE)),
    },
    version={
        "scope": Field(Kind.TEXT, one_of=("public", "government", "authorised")),
        "public_standards": Field(Kind.TEXTS, required=False),
        "name_in_full": Field(Kind.FLAG, required=False),
    },
)


class Persons:
    """公开范围 by kind of fact and kind of subject."""

    def __init__(self, file: DatedFile) -> None:
        self.edition_hash = file.edition_hash
        self._entries: dict[tuple[str, str], Entry] = {}
        for entry in file.entries.values():
            for pair in _pairs(entry):
                if pair in self._entries:
                    raise _wrong(f"“{entry.key}”和“{self._entries[pair].key}”都写了 {'、'.join(pair)}；请只留一处")
                self._entries[pair] = entry
        forgotten = [kind for kind in OF_PERSONS if (PRACTITIONER, kind) not in self._entries]
        if forgotten:
            raise _wrong(f"没有写明自然人的 {'、'.join(forgotten)} 是否公开；请补上条目")

    @classmethod
    def load(cls, rules_dir: Path | None = None) -> Persons:
        """Gives the shipped rule with the bureau's on top; raises ``WrongSetting``."""
        return cls(load(PERSONS, _SHAPE, Path(__file__).with_name("persons.yaml"), rules_dir))

    def scope(self, kind: str, subject_kind: str, standard: str | None, on: date) -> str:
        """Gives how far such a fact of such a subject may be shown; what the file does not name is public."""
        entry = self._entries.get((subject_kind, kind))
        if entry is None:
            return "public"
        version = entry.version_on(on)
        if standard is not None and standard in version.texts("public_standards"):
            return "public"
        return version.text("scope")

    def public_standards(self) -> frozenset[str]:
        """Gives every rating standard that the file names."""
        versions = [version for entry in self._entries.values() for version in entry.versions if not version.abolished]
        return frozenset(standard for version in versions for standard in version.texts("public_standards"))

    def name_in_full(self, subject_kind: str, on: date) -> bool:
        """Tells whether 法定代表人（经营者）of such a subject is shown in full; what the file does not name is not."""
        entry = self._entries.get((subject_kind, _REPRESENTATIVE))
        return entry is not None and entry.version_on(on).flag("name_in_full")


def _pairs(entry: Entry) -> list[tuple[str, str]]:
    subject_kinds, kinds = entry.values["subject_kinds"], entry.values["kinds"]
    assert isinstance(subject_kinds, tuple)
    assert isinstance(kinds, tuple)
    return [(subject_kind, kind) for subject_kind in subject_kinds for kind in kinds]


def _wrong(what: str) -> WrongSetting:
    return WrongSetting(f"规则文件 {PERSONS}：{what}")
