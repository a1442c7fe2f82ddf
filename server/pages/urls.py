"""网址表 URL table: every page of the site, one line each. Not for files and programs: see ``server/app.py``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import quote

from server.pages.home import home_values
from server.pages.keys import COLOUR, PLATE, USCC, Key, Read, id_of, id_of_any
from server.pages.why import why_values

#: Cursors before the first row: of what is newest first, and of what goes by a text. With them a page has one statement,
#: turned or not, which stays prepared; planned anew, the firm's took as long as five answers.
NEWEST = b64encode(b"9999-12-31|ffffffff-ffff-ffff-ffff-ffffffffffff", b"-_").decode()
FIRST = b64encode(b"|00000000-0000-0000-0000-000000000000", b"-_").decode()


@dataclass(frozen=True, slots=True)
class Page:
    """网页: ``name`` names ``site/queries/<name>.graphql`` and, but for ``template``, ``site/templates/<name>.html``.

    ``title`` is what the page is called where its subject has no name yet. ``keys`` read what stands in the path.
    ``parameters`` are the only query parameters it takes: cursors of the connections of that name under ``required``,
    each with the one before the first row. ``facts`` are what the site itself tells the query (``trial``). Both are
    variables of the same name. ``required`` is the field of the answer without which the page is not found, ``unknown``
    the sentence for that, with the keys in it. ``indexed`` is false for pages with persons or dated negative facts: a
    search engine's copy would outlive the term of disclosure. ``personal`` pages are kept by no cache. ``values`` gives
    what its template takes beside the answer.
    """

    path: str
    name: str
    title: str
    template: str = ""
    keys: Mapping[str, Key] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
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
        """Gives variables for which the query is compiled at start: the first of ``examples``."""
        return next(self.examples())

    def examples(self) -> Iterator[dict[str, object]]:
        """Gives variables for each way in which a key sets the switches of the query."""
        keys = {name: key.example for name, key in self.keys.items()}
        for cases in product(*(key.cases for key in self.keys.values())):
            switches = {name: on for case in cases for name, on in case.items()}
            yield keys | switches | dict(self.parameters) | dict.fromkeys(self.facts, True) | dict(self.filled)

    def address(self, keys: Mapping[str, Read]) -> str:
        """Gives the page's one address below the prefix, as a browser writes it."""
        return self.path.format_map({name: quote(one.text, safe="") for name, one in keys.items()})

    def paths(self) -> Iterator[str]:
        """Gives the paths of its routes: its own, and the one with a slash at its end."""
        yield self.path
        if self.path != "/":
            yield f"{self.path}/"


_RECORDS = dict.fromkeys(("licences", "penalties", "acts", "ratings", "listEntries", "commitments", "grants"), NEWEST)

#: 「为什么公示」: the two letters of a global id → the switch of ``why.graphql`` that asks for its type.
_ASKED_WHY = {"LI": "record", "PE": "record", "AC": "record", "RA": "rating", "LE": "listEntry", "CO": "commitment"}
_ASKED_WHY |= {"BG": "grant", "BP": "product", "EN": "enterprise", "IB": "individualBusiness"}
_ASKED_WHY |= {"PR": "practitioner", "VE": "vehicle"}

PAGES: tuple[Page, ...] = (
    Page("/", "home", "首页", facts=("trial",), values=home_values),
    Page(
        "/enterprise/{uscc}",
        "enterprise",
        "企业信用信息",
        keys={"uscc": USCC},
        parameters=_RECORDS | {"vehicles": FIRST},
        required="enterprise",
        unknown="没有查到统一社会信用代码为 {uscc} 的企业的公开信息。",
        indexed=False,
    ),
    Page("/search", "search", "查询结果", indexed=False, filled={"text": "示例"}),
    Page(
        "/practitioner",
        "person",
        "查从业人员",
        personal=True,
        filled={"certificateNumber": "0", "certificateType": "ID_CARD"},
    ),
    Page(
        "/individual-business/{uscc}",
        "individual-business",
        "个体工商户信用信息",
        keys={"uscc": USCC},
        parameters=_RECORDS | {"vehicles": FIRST},
        required="individualBusiness",
        unknown="没有查到统一社会信用代码为 {uscc} 的个体工商户的公开信息。",
        indexed=False,
    ),
    Page(
        "/individual-business/id/{id}",
        "individual-business-by-id",
        "个体工商户信用信息",
        template="individual-business",
        keys={"id": id_of("IB")},
        parameters=_RECORDS | {"vehicles": FIRST},
        required="node",
        unknown="没有查到这户个体工商户的公开信息。",
        indexed=False,
    ),
    Page(
        "/practitioner/{id}",
        "practitioner",
        "从业人员信用信息",
        keys={"id": id_of("PR")},
        parameters=_RECORDS,
        required="node",
        unknown="没有查到这位从业人员的公开信息。",
        indexed=False,
        personal=True,
    ),
    Page(
        "/vehicle/{plate}/{colour}",
        "vehicle",
        "车辆信用信息",
        keys={"plate": PLATE, "colour": COLOUR},
        parameters={"ratings": NEWEST, "listEntries": NEWEST},
        required="vehicle",
        unknown="没有查到这辆车的公开信息；请核对车牌号和车牌颜色。",
        indexed=False,
    ),
    Page(
        "/why/{id}",
        "why",
        "为什么公示",
        keys={"id": id_of_any(_ASKED_WHY)},
        required="node",
        unknown="没有查到这条信息的公开说明：它可能依法不公示，或者已经停止公示。",
        indexed=False,
        personal=True,
        values=why_values,
    ),
)
