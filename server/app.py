"""应用 app: puts routes, middleware and lifespan together. Not for what any of them does.

The API goes straight to its endpoint, before middleware and routing, which would cost more than its answer; the same
log and headers are put around it there. Middleware of the rest, outermost first, and why: the access log sees every
answer with its final status; the security headers are on every answer, files and refusals too; a fault becomes a page
inside both; the bound of bodies stands before anything that reads one; files come before routes, as most requests of a
visit are for them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from schema.api import executor
from schema.endpoint import Endpoint
from schema.known import known_documents
from schema.plan.limits import LIMITS
from server.accounts.limits import Limits
from server.accounts.viewers import Viewers
from server.database.connection import Database
from server.errors import CreditError
from server.pages.api_pages import ApiPages
from server.pages.manners import AccessLog, BodyBound, Faults, GraphQLPath, SecurityHeaders
from server.pages.person import PersonForm
from server.pages.render import SITE, Renderer
from server.pages.search import SearchPage
from server.pages.site import OwnHandler, Site
from server.pages.static import StaticFiles
from server.pages.urls import PAGES
from server.settings import Environment, Settings


class Service(Starlette):
    """整个服务: the API on its own way, everything else through Starlette."""

    def __init__(self, api_path: str, api: ASGIApp, **parts: Any) -> None:
        super().__init__(**parts)
        self.api_path, self.api = api_path, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes one connection."""
        if scope["type"] == "http" and scope["path"] == self.api_path:
            await self.api(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings, database: Database) -> Service:
    """Gives the whole service over one database; raises ``WrongSetting`` when a query or a mapping is wrong."""
    prefix, trial = settings.path_prefix, settings.env is Environment.TRIAL
    files = StaticFiles(prefix)
    plans = executor(settings.rules_dir)
    limits, trusted = Limits.of(settings), settings.trusted_proxies
    site = Site(plans, database, Renderer(prefix, trial, files.address), limits=limits, trusted=trusted)
    known = known_documents(plans.documents, SITE / "queries", settings.documents)
    address = f"http://{settings.host}:{settings.port}" if trial else "https://（本局地址）"
    reference = ApiPages(
        plans,
        database,
        site.renderer,
        prefix,
        address=address + prefix,
        limits=limits,
        trusted=trusted,
    )
    endpoint = Endpoint(plans, database, Viewers(), known, limits.purse)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await database.close()
            files.close()

    app = Service(
        f"{prefix}/graphql",
        GraphQLPath(endpoint, trusted),
        routes=_routes(prefix, site, database, reference),
        middleware=[
            Middleware(AccessLog, trusted=trusted),
            Middleware(SecurityHeaders),
            Middleware(Faults, page=site.error(500, "服务出错，已记录；请稍后再试。")),
            Middleware(BodyBound, most=LIMITS.upload),
            Middleware(_Files, files=files),
        ],
        exception_handlers=_handlers(site),
        lifespan=lifespan,
    )
    # Starlette's own redirect repeats the request's Host header, which is the asker's word.
    app.router.redirect_slashes = False
    return app


class _Files:
    """Puts the file table where middleware stands."""

    def __init__(self, app: ASGIApp, files: StaticFiles) -> None:
        self.app = files.around(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _routes(prefix: str, site: Site, database: Database, reference: ApiPages) -> list[Route | Mount]:
    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})

    async def readyz(_request: Request) -> Response:
        try:
            reasons = await database.ready()
        except CreditError as error:
            reasons = [error.message]
        body = {"status": "wait", "reasons": reasons} if reasons else {"status": "ready"}
        return JSONResponse(body, 503 if reasons else 200, headers={"cache-control": "no-store"})

    search = SearchPage(site)
    own: dict[str, OwnHandler] = {"search": search.answer, "person": PersonForm(site).answer}
    methods = {"person": ["GET", "POST"]}
    public = [
        Route(path, site.endpoint(page, own.get(page.name)), methods=methods.get(page.name))
        for page in PAGES
        for path in page.paths()
    ]
    public += reference.routes()
    public += [
        Route("/find", search.find),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    if not prefix:
        return list(public)
    # A platform's probe may not know the prefix.
    probes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    return [Mount(prefix, Router(public, redirect_slashes=False)), Route(prefix, site.home), *probes]


def _handlers(site: Site) -> dict[Any, Any]:
    """Every refusal that no route answered itself becomes a page."""

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, CreditError)
        return site.refused(error)

    async def not_here(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = {404: "没有这个网页，请核对网址。", 405: "这个网址不接受这种请求，请从首页的表单查询。"}
        status = error.status_code
        response = site.error(status, known.get(status, "请求有误，请回到首页重新查询。"), search=status == 404)
        response.headers.update(error.headers or {})
        return response

    return {CreditError: refused, HTTPException: not_here}
