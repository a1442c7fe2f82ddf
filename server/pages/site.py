"""网站 site: answers the pages of the URL table through the public door. Not for what one page alone does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from schema.fragments import read_query
from schema.plan.asking import Asking, Purse
from schema.plan.cost import REQUEST
from schema.plan.documents import Document
from schema.plan.run import Executor
from server.accounts.limits import Limits
from server.database.connection import Database
from server.errors import CreditError, Invalid, NotFound, TooMany, Unavailable
from server.pages.keys import Read
from server.pages.manners import Networks, client_address
from server.pages.render import SITE, Renderer
from server.pages.urls import PAGES, Page
from server.pages.visitors import VisitorPurse
from server.viewer import PUBLIC

#: Cursors are short; a longer parameter is nobody's.
LONGEST_PARAMETER = 300

HTML = "text/html; charset=utf-8"
NOT_INDEXED = {"x-robots-tag": "noindex, noarchive"}
#: What no cache keeps, be it a person's or a refusal.
UNKEPT = {"cache-control": "no-store"}

Handler = Callable[[Request], Awaitable[Response]]
#: Answers a page that does more than read and show.
OwnHandler = Callable[[Request, Page], Awaitable[Response]]


class Site:
    """网站: pages compiled at start; the same plans as the API, always through the public door."""

    def __init__(
        self,
        executor: Executor,
        database: Database,
        renderer: Renderer,
        *,
        limits: Limits,
        trusted: Networks = (),
    ) -> None:
        self.executor, self.database, self.renderer = executor, database, renderer
        self.limits, self.trusted = limits, trusted
        self.prefix, self.trial = renderer.prefix, renderer.trial
        self.documents: dict[str, Document] = {page.name: self._compile(page) for page in PAGES}

    def _compile(self, page: Page) -> Document:
        """Compiles a page's plan now, so that a wrong query stops the start and not a visitor."""
        document = self.executor.documents.read(read_query(SITE / "queries" / f"{page.name}.graphql"))
        for variables in page.examples():
            self.executor.warm(document, variables)
        return document

    def endpoint(self, page: Page, own: OwnHandler | None = None) -> Handler:
        """Gives the handler of one line of the URL table; ``own`` answers in place of reading and showing."""

        async def answer(request: Request) -> Response:
            # Beside what is read: an address that leads nowhere, or a form filled in wrong, is not free.
            self.purse(request).spend(REQUEST)
            try:
                keys = self.keys(page, request)
            except Invalid as error:
                return self.error(404, f"网址不对：{error.message}。", search=True)
            at = page.address(keys)
            if request.scope["path"] != self.prefix + page.path.format_map({n: one.text for n, one in keys.items()}):
                # Made of the URL table, never of the request's Host, and beginning with one slash.
                return RedirectResponse(self.prefix + at, 308)
            if own is not None:
                return await own(request, page)
            return await self.show(request, page, keys, self.turned(page, request))

        return answer

    def keys(self, page: Page, request: Request) -> dict[str, Read]:
        """Gives what stands in the path; raises ``Invalid``."""
        return {name: key.read(str(request.path_params[name])) for name, key in page.keys.items()}

    def turned(self, page: Page, request: Request) -> dict[str, str]:
        """Gives the cursors in the address; raises ``Invalid``."""
        given = {name: request.query_params[name] for name in page.parameters if request.query_params.get(name)}
        if any(len(value) > LONGEST_PARAMETER or "\0" in value for value in given.values()):
            raise Invalid("网址中的参数不对，请从本页的链接翻页")
        return given

    def variables(self, page: Page, keys: Mapping[str, Read], turned: Mapping[str, str]) -> dict[str, Any]:
        """Gives the variables of a page's query."""
        facts = {"trial": self.trial}
        told: dict[str, Any] = {name: facts[name] for name in page.facts}
        for name, one in keys.items():
            told |= {name: one.value, **one.switches}
        return {**page.parameters, **turned, **told}

    def purse(self, request: Request) -> Purse:
        """Gives the points of the visitor's address."""
        return VisitorPurse(self.limits.purse(PUBLIC, client_address(request.scope, self.trusted)))

    async def read(self, request: Request, page: Page, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Gives a page's data, paid for by the visitor's address; raises ``CreditError`` kinds."""
        asking = Asking(PUBLIC, self.purse(request))
        document = self.documents[page.name]
        answer = await self.executor.answer(self.database, PUBLIC, document, variables, asking=asking)
        data: dict[str, Any] = json.loads(answer.data)
        return data

    async def show(self, request: Request, page: Page, keys: Mapping[str, Read], turned: Mapping[str, str]) -> Response:
        """Reads and renders one page; ``turned`` are the cursors of its address."""
        data = await self.read(request, page, self.variables(page, keys, turned))
        texts = {name: one.text for name, one in keys.items()}
        if page.required and data[page.required] is None:
            return self.error(404, page.unknown.format_map(texts), search=True)
        for name in page.parameters:
            # Asked of the database, it would be one look more for each connection of each page.
            data[page.required or ""][name]["pageInfo"]["hasPreviousPage"] = name in turned
        return self.rendered(request, page, data, here=self.prefix + page.address(keys), keys=texts)

    def rendered(
        self, request: Request, page: Page, data: Mapping[str, Any], *, here: str, status: int = 200, **more: Any
    ) -> Response:
        """Renders one page: its data, ``here`` (its own address) and what else its template takes."""
        values: dict[str, Any] = {"data": data, "here": here, "title": page.title}
        values |= {"indexed": page.indexed and status == 200}
        if "service" in data:
            values["today"] = data["service"]["today"]
        if page.values is not None:
            values |= page.values(data)
        body = self.renderer.page(f"{page.template or page.name}.html", **(values | more))
        headers = {} if values["indexed"] else NOT_INDEXED
        if page.personal:
            return Response(body, status, headers | UNKEPT, HTML)
        return _cacheable(request, body, status, headers)

    async def home(self, _request: Request) -> Response:
        """Leads from the bare prefix to the first page."""
        return RedirectResponse(f"{self.prefix}/", 308)

    def error(self, status: int, message: str, *, search: bool = False, wait: int = 0) -> Response:
        """Gives an error page; it reads nothing, and never holds the text of a driver, a statement or a file."""
        texts: Mapping[int, Mapping[str, Any]] = self.renderer.texts["errors"]
        told = texts.get(status) or texts[400 if status < 500 else 500]
        steps: Sequence[str] = told.get("steps", ())
        body = self.renderer.page("error.html", title=told["title"], message=message, steps=steps, search=search)
        headers = UNKEPT | NOT_INDEXED
        if wait:
            headers["retry-after"] = str(wait)
        return Response(body, status, headers, HTML)

    def refused(self, error: CreditError) -> Response:
        """Gives the page of an expected refusal."""
        wait = error.retry_after_seconds if isinstance(error, TooMany | Unavailable) else 0
        return self.error(error.status, error.message, search=isinstance(error, NotFound), wait=wait)


def _cacheable(request: Request, body: bytes, status: int, more: Mapping[str, str]) -> Response:
    """Public pages are asked for again each time; an unchanged one is not sent again."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"cache-control": "no-cache", "etag": etag, **more}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if status == 200 and (etag in known or "*" in known):
        return Response(None, 304, headers)
    return Response(body, status, headers, HTML)
