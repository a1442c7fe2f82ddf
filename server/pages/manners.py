"""HTTP 的规矩 manners around the whole application: access log, security headers, bounds of bodies.

Not for who may do what: that is the viewer's and the door's. Plain ASGI, because each wraps every answer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from json.encoder import encode_basestring as quoted

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.endpoint import Endpoint, fault_facts
from schema.requests import bounded
from server.log import moment, write_entry

Networks = Sequence[IPv4Network | IPv6Network]

#: No script, no inline style, nothing of another origin; forms go home only.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors {ancestors}"
)


def client_address(scope: Scope, trusted: Networks) -> str:
    """Gives the client: the last address on the way that is no trusted proxy.

    What stands left of it in X-Forwarded-For is the client's own word and is not believed.
    """
    peer = str(scope["client"][0]) if scope.get("client") else ""
    if not trusted:
        return peer
    forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
    way = [part.strip() for part in forwarded.split(",") if part.strip()] + [peer]
    for address in reversed(way):
        if not _is_trusted(address, trusted):
            return address
    return way[0]


def _is_trusted(text: str, trusted: Networks) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in trusted)


def log_request(scope: Scope, route: str, status: int, began: float, client: str) -> None:
    """Writes one JSON line of a request: the route, never its values or the query string.

    In the form of the other entries (``server/log.py``), put together by hand: every request of the service writes it.
    """
    took = round((time.perf_counter() - began) * 1000, 1)
    sys.stdout.write(
        f'{{"method": {quoted(scope["method"])}, "route": {quoted(route)}, "status": {status}, "ms": {took},'
        f' "client": {quoted(client)}, "event": "request", "level": "info", "timestamp": "{moment()}"}}\n'
    )
    sys.stdout.flush()


class AccessLog:
    """访问日志: one line a request; outermost, to see all."""

    def __init__(self, app: ASGIApp, trusted: Networks) -> None:
        self.app, self.trusted = app, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Logs method, route, status, milliseconds and client."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            route = scope.get("xintu.route") or getattr(scope.get("route"), "path", None) or "-"
            log_request(scope, route, status, began, client_address(scope, self.trusted))


#: 安全响应头 on every answer, files and errors included.
SECURITY = {
    "content-security-policy": POLICY.format(ancestors="'self'"),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """安全响应头: puts them on every answer that has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the headers to the start of each response."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, add)


class GraphQLPath:
    """数据接口的直路 the API, with the manners of every other answer but without the layers that put them there.

    Routing and middleware cost more than reading and writing such a request together.
    """

    _SECURITY = tuple((name.encode(), value.encode()) for name, value in SECURITY.items())

    def __init__(self, endpoint: Endpoint, trusted: Networks) -> None:
        self.endpoint, self.trusted = endpoint, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request and logs it; the endpoint turns every fault into an answer."""
        began, status = time.perf_counter(), 500
        client = client_address(scope, self.trusted)
        try:
            status, headers, body = await self.endpoint.answer(scope, receive, client)
            headers.extend(self._SECURITY)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        finally:
            log_request(scope, "/graphql", status, began, client)


class Faults:
    """故障 what nobody expected becomes a page and one log entry, inside the security headers; the server sees none."""

    def __init__(self, app: ASGIApp, page: Response) -> None:
        self.app, self.page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 500 when nothing was sent yet."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            route = getattr(scope.get("route"), "path", None) or "-"
            write_entry("fault", "error", route=route, **fault_facts(error))
            if started or scope["type"] != "http":
                raise
            await self.page(scope, receive, send)


class BodyBound:
    """请求体上限: pages take no body at all; ``/graphql`` has its own, tighter bounds for JSON."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses a declared or sent body beyond the bound before anything reads it whole."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or int(declared) > self.most:
            body = {
                "errors": [
                    {
                        "message": f"请求体过大：最多 {self.most // 1_000_000} MB，请拆成几次请求",
                        "extensions": {"code": "TOO_LARGE"},
                    }
                ]
            }
            await JSONResponse(body, 413)(scope, receive, send)
            return
        await self.app(scope, bounded(receive, self.most), send)
