"""过去的模型 design.md §3 on the past in plain Python over the stored versions, for comparison with the views. No SQL rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from server.disclosure.doors import BY_NAME, FACTS, REVEALING, Rows, Table
from server.disclosure.rules import visible
from server.viewer import Door, Viewer
from tests.support import TrialDatabase

Version = Mapping[str, Any]
#: Whether a fact of a table, by its id, is shown.
Look = Callable[[str, UUID], bool]


@dataclass
class Past:
    """Every version of every fact with the days of its two revisions, and the trial's today."""

    today: date
    versions: dict[str, list[Version]]
    #: table → id → the version in force, per day
    _states: dict[date, dict[str, dict[UUID, Version]]] = field(default_factory=dict)

    def on(self, day: date) -> dict[str, dict[UUID, Version]]:
        """Gives what was in force at the end of a day."""
        if day not in self._states:
            self._states[day] = {
                table: {v["id"]: v for v in rows if v["since"] <= day and (v["until"] is None or day < v["until"])}
                for table, rows in self.versions.items()
            }
        return self._states[day]


async def read_past(database: TrialDatabase) -> Past:
    """Reads all versions as the owner."""
    owner = await database.owner()
    day = (
        "(SELECT (x.at AT TIME ZONE 'Asia/Shanghai')::date FROM journal.transaction x WHERE x.revision = v.revision_{})"
    )
    try:
        found = {}
        for table in FACTS:
            columns = ", ".join(
                row["name"]
                for row in await owner.fetch(
                    "SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
                    " AND NOT attisdropped",
                    f"xintu.{table}",
                )
            )
            found[table] = [
                dict(row)
                for row in await owner.fetch(
                    f"SELECT v.*, {day.format('from')} AS since, {day.format('until')} AS until"
                    f" FROM (SELECT {columns}, NULL::bigint AS revision_until FROM xintu.{table}"
                    f" UNION ALL SELECT {columns}, revision_until FROM history.{table}) v"
                )
            ]
        return Past(await owner.fetchval("SELECT journal.today()"), found)
    finally:
        await owner.close()


@dataclass
class Reader:
    """What one viewer is shown of a past day."""

    past: Past
    viewer: Viewer

    @property
    def tree(self) -> set[UUID]:
        """The viewer's agency and all below it, as they are now."""
        agencies = self.past.on(self.past.today)["agency"].values()
        return {a["id"] for a in agencies if self.viewer.agency in a["lineage"]}

    @property
    def bound(self) -> bool:
        """Whether a date opens nothing that today does not show."""
        return self.viewer.door in (Door.PUBLIC, Door.SUBJECT)

    def rows(self, table: str, day: date) -> dict[UUID, Version]:
        """Gives the versions of a table that this viewer may see of a day, by id."""
        return {id_: v for id_, v in self.past.on(day)[table].items() if self._shown(BY_NAME[table], v, day)}

    def _shown(self, table: Table, version: Version, day: date) -> bool:
        if self.bound:
            now = self.past.on(self.past.today)[table.name].get(version["id"])
            if now is None or not self._may(table, now, self.past.today, self._look_today, now):
                return False
            acts = "id" not in table.subjects
            if acts and any(version[key] != now[key] for key in table.subjects):
                return False
        else:
            now = version
        return self._may(table, version, day, lambda name, id_: id_ in self.rows(name, day), now)

    def _look_today(self, table: str, id_: UUID) -> bool:
        version = self.past.on(self.past.today)[table].get(id_)
        return version is not None and self._may(BY_NAME[table], version, self.past.today, self._look_today, version)

    def _may(self, table: Table, version: Version, day: date, look: Look, now: Version) -> bool:
        """The door's rule on a day; ``look`` answers for other facts, ``now`` is the version whose owner counts too."""
        if table.parent:
            keys = [(table.parent, f"{table.parent}_id"), *((t.removesuffix("_id"), t) for t in table.targets)]
            return all(version[key] is None or look(name, version[key]) for name, key in keys)
        if table.rows is Rows.PERSON and version["withdrawn_on"] is None:
            facts = ((name, v) for name in REVEALING for v in self.past.on(day)[name].values())
            if any(v["practitioner_id"] == version["id"] and look(name, v["id"]) for name, v in facts):
                return True
        if table.rows is Rows.PERSON and version["scope"] == "public" and self.bound:
            # Persons are public beside their facts only.
            version = {**version, "scope": "government"}
        if table.name == "authorisation" and self._authorises(version, day):
            return True
        return visible(
            version["scope"],
            version["disclosed_from"],
            version["disclosed_until"],
            version["withdrawn_on"],
            day,
            self.viewer.door,
            own_subject=self._own(table, version) and self._own(table, now),
            own_tree=version["source_unit_id"] in self.tree,
            authorised=table.name != "authorisation" and self._authorised(table, version),
        )

    def _own(self, table: Table, version: Version) -> bool:
        return self.viewer.subject is not None and self.viewer.subject in {version[key] for key in table.subjects}

    def _authorises(self, version: Version, day: date) -> bool:
        """An authorisation is the partner's to read while it lasts, whatever its scope."""
        if self.viewer.door is not Door.SUBJECT or version["partner"] != self.viewer.partner:
            return False
        first, until = version["disclosed_from"], version["disclosed_until"]
        live = version["withdrawn_on"] is None and first <= day and (until is None or day < until)
        return live and day < version["valid_until"]

    def _authorised(self, table: Table, version: Version) -> bool:
        """Whether the viewer's partner has today the authorisation of the version's subject."""
        today = self.past.today
        subjects = {
            a["enterprise_id"] or a["individual_business_id"] or a["practitioner_id"]
            for a in self.past.on(today)["authorisation"].values()
            if self.viewer.partner is not None and a["partner"] == self.viewer.partner and a["withdrawn_on"] is None
            if a["valid_from"] <= today < a["valid_until"]
        }
        return bool(subjects & {version[key] for key in table.subjects})
