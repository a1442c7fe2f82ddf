"""查询结果页 results of the one box: the words typed, filters, turning pages, and straight to the page of a code.

Not for finding: see ``server/search``. A personal number that was typed into this box is looked up nowhere and shown
nowhere; it leads to the form for persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.errors import Invalid
from server.identifiers.divisions import division_path, divisions_under, known_division
from server.pages.addresses import subject_path
from server.pages.site import LONGEST_PARAMETER, UNKEPT, Site
from server.pages.urls import Page
from server.search.codes import Reading
from server.search.questions import LONGEST, read

KINDS = ("ENTERPRISE", "INDIVIDUAL_BUSINESS", "VEHICLE")
#: A code or a plate that one subject alone has.
_STRAIGHT = frozenset({"CODE", "PLATE"})


@dataclass(frozen=True, slots=True)
class Asked:
    """所查 the words and the filters; empty ones are none."""

    q: str
    kind: str = ""
    division: str = ""
    sector: str = ""
    after: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """Reads an address's query; filters that are none of ours are left out."""
        kind, division, sector = (given.get(name, "").strip() for name in ("kind", "division", "sector"))
        whole = division.ljust(6, "0")
        known = division.isascii() and len(division) in (2, 4, 6) and len(whole) == 6 and known_division(whole)
        return cls(
            " ".join(given.get("q", "").split()),
            kind if kind in KINDS else "",
            division if known else "",
            sector if len(sector) <= LONGEST and not is_personal(sector) else "",
            given.get("after", ""),
        )

    @property
    def filtered(self) -> bool:
        """Says whether any filter is set."""
        return bool(self.kind or self.division or self.sector)

    @property
    def query(self) -> str:
        """Gives it as the query of an address."""
        pairs = [(name, getattr(self, name)) for name in self.__slots__]
        return "?" + urlencode([(name, value) for name, value in pairs if value])

    def variables(self) -> dict[str, str | None]:
        """Gives the variables of the page's query."""
        given = {"kind": self.kind, "division": self.division, "sector": self.sector, "after": self.after}
        return {"text": self.q} | {name: value or None for name, value in given.items()}


class SearchPage:
    """查询结果."""

    def __init__(self, site: Site) -> None:
        self.site = site
        settings: Mapping[str, Any] = site.renderer.texts["search"]
        self.sectors: tuple[str, ...] = tuple(settings["sectors"])
        self.divisions: tuple[str, ...] = tuple(under for code in settings["divisions"] for under in _area(str(code)))

    async def answer(self, request: Request, page: Page) -> Response:
        """Gives the results, or the empty box."""
        asked = Asked.of(request.query_params)
        if is_personal(asked.q):
            return self._to_persons()
        if not asked.q:
            return self._page(request, page, asked, {})
        if len(asked.after) > LONGEST_PARAMETER:
            asked = replace(asked, after="")
        try:
            data = await self.site.read(request, page, asked.variables())
        except Invalid as error:
            return self._page(request, page, asked, {}, 400, fault=error.message)
        straight = self._straight(asked, data["search"])
        if straight is not None:
            return RedirectResponse(straight, 303, UNKEPT)
        return self._page(request, page, asked, data)

    async def find(self, request: Request) -> Response:
        """旧网址 takes what the form of the first pages sent."""
        typed = request.query_params.get("code", "")
        if is_personal(typed):
            return self._to_persons()
        return RedirectResponse(f"{self.site.prefix}/search{Asked(typed[:LONGEST]).query}", 303, UNKEPT)

    def _to_persons(self) -> Response:
        """Leads away from the address in which the number stands."""
        return RedirectResponse(f"{self.site.prefix}/practitioner?from=search", 303, UNKEPT)

    def _straight(self, asked: Asked, found: Mapping[str, Any]) -> str | None:
        """Gives the page of the one subject that has the code or the plate."""
        edges = found["edges"]
        if asked.after or len(edges) != 1 or found["pageInfo"]["hasNextPage"]:
            return None
        hit = edges[0]["node"]
        if hit["matched"] not in _STRAIGHT or hit["subject"] is None:
            return None
        path = subject_path(hit["subject"])
        return path and self.site.prefix + path

    def _page(
        self, request: Request, page: Page, asked: Asked, data: Mapping[str, Any], status: int = 200, **told: Any
    ) -> Response:
        # Longer is told to be too long, and is not repeated whole.
        asked = replace(asked, q=asked.q[:LONGEST])
        found: Mapping[str, Any] = data.get("search") or {"edges": [], "pageInfo": {}, "fault": None}
        hits = [edge["node"] for edge in found["edges"] if edge["node"]["subject"]]
        here = self.site.prefix + page.path
        first = replace(asked, after="")
        values = {
            "asked": asked,
            "hits": [hit for hit in hits if hit["matched"] != "SIMILAR"],
            "similar": [hit for hit in hits if hit["matched"] == "SIMILAR"],
            "fault": found["fault"],
            "kinds": [(kind, here + _of_kind(first, kind).query) for kind in ("", *KINDS)],
            "regions": _regions(self._codes(asked, hits)),
            "sectors": self._sectors(asked, hits),
            "unfiltered": here + Asked(asked.q).query,
            "back": here + first.query if asked.after else None,
            "next": self._next(asked, found, here),
        }
        return self.site.rendered(request, page, data, here=here, status=status, **(values | told))

    def _next(self, asked: Asked, found: Mapping[str, Any], here: str) -> str | None:
        turn = found["pageInfo"]
        return here + replace(asked, after=turn["endCursor"]).query if turn.get("hasNextPage") else None

    def _codes(self, asked: Asked, hits: Iterable[Mapping[str, Any]]) -> set[str]:
        """Gives the divisions to choose from: the bureau's own area, and where what was found is."""
        codes = {*self.divisions, *(hit["subject"]["divisionCode"] for hit in hits)}
        return codes | ({asked.division.ljust(6, "0")} if asked.division else set())

    def _sectors(self, asked: Asked, hits: Iterable[Mapping[str, Any]]) -> list[str]:
        found = {hit["subject"].get("sector") for hit in hits} | {asked.sector}
        return [*self.sectors, *sorted(one for one in found if one and one not in self.sectors)]


def _of_kind(asked: Asked, kind: str) -> Asked:
    """Gives what is asked of one kind alone; vehicles have no sector."""
    return replace(asked, kind=kind, sector="" if kind == "VEHICLE" else asked.sector)


def is_personal(text: str) -> bool:
    """Says whether a person's number or telephone may stand in the words."""
    return read(text).reading is Reading.PERSONAL_NUMBER


def _area(prefix: str) -> list[str]:
    return [prefix.ljust(6, "0"), *divisions_under(prefix)]


def _regions(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Gives the choices of a division, each with its name: of every code itself, and of the prefecture it is in."""
    wanted = {above for code in codes for above in (code, code[:4] + "00")}
    found = {code.removesuffix("00").removesuffix("00"): division_path(code) for code in sorted(wanted)}
    # A municipality and its only «prefecture» are one name.
    return [(short, name) for short, name in found.items() if name and name != found.get(short[:-2])]
