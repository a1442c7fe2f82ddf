"""网址表 URL table: every page of the site, one line each. Not for files and programs: see ``server/app.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from server.pages.home import home_values
from server.pages.keys import USCC, Key, Read


@dataclass(frozen=True, slots=True)
class Page:
    """网页: ``name`` names ``site/queries/<name>.graphql`` and, but for ``template``, ``site/templates/<name>.html``.

    ``title`` is what the page is called where its subject has no name yet. ``keys`` read what stands in the path.
    ``parameters`` are the only query parameters it takes (cursors), ``facts`` what the site itself tells the query
    (``trial``); both are variables of the same name. ``required`` is the field of the answer without which the page is
    not found, ``unknown`` the sentence for that, with the keys in it. ``indexed`` is false for pages with persons or
    dated negative facts: a search engine's copy would outlive the term of disclosure. ``personal`` pages are kept by no
    cache. ``values`` gives what its template takes beside the answer.
    """

    path: str
    name: str
    title: str
    template: str = ""
    keys: Mapping[str, Key] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    required: str | None = None
    unknown: str = "没有查到您要的公开信息。"
    indexed: bool = True
    personal: bool = False
    values: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    #: variables that are neither key nor fact, for the compilation at start
    filled: Mapping[str, object] = field(default_factory=dict)

    @property
    def example(self) -> dict[str, object]:
        """Gives variables for which the query is compiled at start."""
        keys = {name: key.example for name, key in self.keys.items()}
        return keys | dict.fromkeys(self.facts, True) | dict(self.filled)

    def address(self, keys: Mapping[str, Read]) -> str:
        """Gives the page's one address below the prefix, as a browser writes it."""
        return self.path.format_map({name: quote(one.text, safe="") for name, one in keys.items()})

    def paths(self) -> Iterator[str]:
        """Gives the paths of its routes: its own, and the one with a slash at its end."""
        yield self.path
        if self.path != "/":
            yield f"{self.path}/"


_RECORDS = ("licences", "penalties", "acts", "ratings", "listEntries", "commitments", "grants")

PAGES: tuple[Page, ...] = (
    Page("/", "home", "首页", facts=("trial",), values=home_values),
    Page(
        "/enterprise/{uscc}",
        "enterprise",
        "企业信用信息",
        keys={"uscc": USCC},
        parameters=_RECORDS,
        required="enterprise",
        unknown="没有查到统一社会信用代码为 {uscc} 的企业的公开信息。",
        indexed=False,
    ),
    Page(
        "/practitioner",
        "person",
        "查从业人员",
        personal=True,
        filled={"certificateNumber": "0", "certificateType": "ID_CARD"},
    ),
)
