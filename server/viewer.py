"""查询者 viewer: who asks. Not for deciding what is shown: each viewer has exactly one door, and the door decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Door(StrEnum):
    """门 a database schema of views and the login role that may read them."""

    PUBLIC = "public"
    SUBJECT = "subject"
    GOVERNMENT = "government"
    AGENCY = "agency"
    DEVICE = "device"


class Duty(StrEnum):
    """岗位 what an officer may do within his agency."""

    CLERK = "clerk"  # 经办
    REVIEWER = "reviewer"  # 审核
    PUBLISHER = "publisher"  # 发布
    AUDITOR = "auditor"  # 审计
    ADMINISTRATOR = "administrator"  # 管理员


@dataclass(frozen=True, slots=True)
class Viewer:
    """查询者: the door, and the settings that door's views read (``xintu.viewer_*``); empty ones add nothing.

    ``actor`` is the name written to the journal and the access log, never a person's number. ``quota_per_minute`` is the
    key's own, in points of cost; who has none is counted by his address (``server/accounts/limits.py``).
    """

    door: Door
    actor: str = "anonymous"
    agency: UUID | None = None
    agency_code: str | None = None
    duties: frozenset[Duty] = frozenset()
    subject: UUID | None = None
    partner: str | None = None
    fleet: UUID | None = None
    quota_per_minute: int | None = None

    def settings(self) -> dict[str, str]:
        """Gives the transaction settings of this viewer, all of them, so that none is inherited."""
        return {
            "xintu.viewer_agency": str(self.agency or ""),
            "xintu.viewer_subject": str(self.subject or ""),
            "xintu.viewer_partner": self.partner or "",
            "xintu.viewer_fleet": str(self.fleet or ""),
            "xintu.viewer_actor": self.actor,
            "xintu.viewer_duties": ",".join(sorted(self.duties)),
        }


PUBLIC = Viewer(Door.PUBLIC)
