"""机关 whose row it is: the agencies known here, the importing agency's tree, and names against codes (R10).

Pure: built from the rows of the table ``agency``. Not for importing agencies: see ``subjects``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from server.imports.codes import folded

#: Organs of a file are few; a file that has more than this is no bureau's.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Agency:
    """机关 as far as an import needs it."""

    id: UUID
    code: str
    name: str
    uscc: str | None
    lineage: tuple[UUID, ...]


class Agencies:
    """已登记机关 and the tree of the one that imports (``root``).

    A row is the tree's own when the unit that sent it or the organ that decided it stands in the tree and neither
    is a known agency outside it. One exception: a unit may send what the bureau above it decided (a brigade's
    penalties carry the bureau's name).
    """

    def __init__(self, agencies: Iterable[Agency], root: UUID) -> None:
        self.all = tuple(agencies)
        self.root = next(agency for agency in self.all if agency.id == root)
        self._by_uscc: dict[str, list[Agency]] = {}
        self._by_name: dict[str, list[Agency]] = {}
        self._name_faults: dict[tuple[str, str], str | None] = {}
        for agency in sorted(self.all, key=lambda a: (len(a.lineage), a.code)):
            self._by_name.setdefault(folded(agency.name), []).append(agency)
            if agency.uscc is not None:
                self._by_uscc.setdefault(agency.uscc, []).append(agency)

    def find(self, code: str, name: str) -> Agency | None:
        """Gives the known agency of a code; where several share one, that of the name, else the highest."""
        same = self._by_uscc.get(code, [])
        plain = folded(name)
        return next((a for a in same if folded(a.name) == plain), same[0] if same else None)

    def find_by_name(self, name: str) -> Agency | None:
        """Gives the known agency of a name, if there is exactly one."""
        same = self._by_name.get(folded(name), [])
        return same[0] if len(same) == 1 else None

    def is_own(self, agency: Agency) -> bool:
        """Says whether an agency is the root or below it."""
        return self.root.id in agency.lineage

    def source_of(self, source: Agency | None, authority: Agency | None) -> Agency | None:
        """Gives the agency of the tree that answers for a row, or None when the row is another's."""
        above = authority is not None and authority.id in self.root.lineage
        if source is not None:
            allowed = self.is_own(source) and (authority is None or self.is_own(authority) or above)
            return source if allowed else None
        return authority if authority is not None and self.is_own(authority) else None

    def name_fault(self, code: str, name: str) -> str | None:
        """Gives what is wrong when the code and the name belong to different agencies (R10), else None."""
        if (code, name) not in self._name_faults:
            if len(self._name_faults) >= _REMEMBERED:
                self._name_faults.clear()
            self._name_faults[code, name] = self._name_fault(code, name)
        return self._name_faults[code, name]

    def _name_fault(self, code: str, name: str) -> str | None:
        same = self._by_uscc.get(code, [])
        plain = folded(name)
        if same:
            if any(folded(agency.name) == plain for agency in same):
                return None
            return f"代码{code}登记的机关是“{same[0].name}”，与本行的机关名称不一致；请核对名称或代码"
        named = [agency for agency in self._by_name.get(plain, []) if agency.uscc is not None]
        if named:
            return f"“{named[0].name}”登记的统一社会信用代码是{named[0].uscc}，与本行的代码不一致；请核对代码"
        return None
