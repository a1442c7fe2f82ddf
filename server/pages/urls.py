"""网址表 URL table: every page of the site, one line each. Not for files and programs: see ``server/app.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """网页: ``name`` names ``site/queries/<name>.graphql`` and ``site/templates/<name>.html``.

    ``parameters`` are the only query parameters it takes, as variables of the same name (cursors). ``required`` is the
    field of the answer without which the page is not found. ``indexed`` is false for pages with persons or dated
    negative facts: a search engine's copy would outlive the term of disclosure. ``example`` fills the variables when
    the query is compiled at start.
    """

    path: str
    name: str
    parameters: tuple[str, ...] = ()
    required: str | None = None
    indexed: bool = True
    example: dict[str, Any] = field(default_factory=dict)


PAGES: tuple[Page, ...] = (
    Page("/", "home", example={"examples": True}),
    Page(
        "/enterprise/{uscc}",
        "enterprise",
        parameters=("licences", "penalties", "acts", "ratings", "listEntries", "commitments", "grants"),
        required="enterprise",
        indexed=False,
        example={"uscc": "91110000600037341L"},
    ),
)
