"""HTTP 的规矩 manners around the whole application: access log, security headers, bounds of bodies.

Not for who may do what: that is the viewer's and the door's. Plain ASGI, because each wraps every answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.endpoint import fault_facts

Networks = Sequence[IPv4Network | IPv6Network]
log = structlog.get_logger("access")

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
    way = [peer]
    if trusted:
        forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        way = [part.strip() for part in forwarded.split(",") if part.strip()] + way
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


class AccessLog:
    """访问日志: one JSON line a request: the route, never its values or the query string; outermost, to see all."""

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
            took = round((time.perf_counter() - began) * 1000, 1)
            client = client_address(scope, self.trusted)
            log.info("request", method=scope["method"], route=route, status=status, ms=took, client=client)


class SecurityHeaders:
    """安全响应头 on every answer, files and errors included."""

    def __init__(self, app: ASGIApp, ancestors: str = "'self'") -> None:
        self.app = app
        self.headers = {
            "content-security-policy": POLICY.format(ancestors=ancestors),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the headers to the start of each response."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, add)


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
            log.error("fault", route=route, **fault_facts(error))
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
        taken = 0

        async def count() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            # Beyond the bound the sender is treated as gone: readers stop and keep nothing.
            return {"type": "http.disconnect"} if taken > self.most else message

        await self.app(scope, count, send)
