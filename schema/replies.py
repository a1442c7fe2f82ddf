"""答复 replies: media types, statuses and headers of what ``/graphql`` answers. Not for what is answered: see ``endpoint``.

Everything that HTTP clients, browsers of other sites and programs that count their points must be told stands here.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from graphql import GraphQLError

from schema.plan.asking import Purse
from schema.plan.cost import MOST_ROWS, TooCostly
from schema.plan.documents import Refused
from schema.plan.messages import in_chinese
from server.errors import CreditError, TooMany, Unavailable

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
#: With ``application/json`` a client expects 200 for what GraphQL itself refuses; these stay what they are.
ALWAYS = frozenset({401, 403, 405, 406, 413, 414, 415, 429, 500, 503})
#: What is no GraphQL request at all is 400 for every client.
MALFORMED = frozenset({"BAD_REQUEST", "BATCHING_NOT_SUPPORTED"})
#: Longer Accept headers are read anew each time, so that nobody fills the memory with them.
_LONGEST_KEPT_ACCEPT = 200

#: Any origin may read what the public may ask without a key. Never with credentials.
_GRANT = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after, ratelimit, ratelimit-policy"),
]
#: What a page of another site may send. Not ``authorization``: a key inside a page would be every visitor's.
_GRANTED_HEADERS = ("accept", "content-type", "x-xintu-dry-run")
_GRANTED_METHODS = ("GET", "HEAD", "POST")
#: Two hours: the longest that every browser keeps a permission.
_GRANTED_SECONDS = 7200
#: The window of the points, in seconds.
_WINDOW = 60

#: Status, headers, body.
Reply = tuple[int, list[tuple[bytes, bytes]], bytes]


class NotAllowed(CreditError):
    """方法不允许 a method that is none of ``allow``, or a mutation by GET."""

    code = "METHOD_NOT_ALLOWED"
    status = 405

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class NothingAcceptable(CreditError):
    """无可接受的类型 the client takes neither media type."""

    code = "NOT_ACCEPTABLE"
    status = 406


def chosen_type(accept: str | None) -> str:
    """Gives the media type of the answer; raises ``NothingAcceptable``. Between equals the newer type wins."""
    if not accept:
        return RESPONSE
    return _kept_choice(accept) if len(accept) <= _LONGEST_KEPT_ACCEPT else _choice(accept)


def _choice(accept: str) -> str:
    weights: dict[str, float] = {}
    for part in accept.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        weights[name] = max(weight, weights.get(name, 0.0))

    def preference(kind: str) -> float:
        # The most specific range that names the type decides (RFC 9110, 12.5.1).
        return next((weights[name] for name in (kind, "application/*", "*/*") if name in weights), 0.0)

    best = max((RESPONSE, JSON), key=preference)
    if preference(best) <= 0:
        raise NothingAcceptable(f"只能回答 {RESPONSE} 或 {JSON}；请改 Accept 后再试")
    return best


_kept_choice = lru_cache(maxsize=256)(_choice)


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _fixed(media: str, granted: bool) -> list[tuple[bytes, bytes]]:
    own = [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept, Authorization"),
    ]
    return own + _GRANT if granted else own


_FIXED = {(media, granted): _fixed(media, granted) for media in (RESPONSE, JSON) for granted in (True, False)}


class Manner:
    """What of one answer is known before its body: the media type, who may read it in a browser, the asker's purse."""

    __slots__ = ("granted", "media", "purse")

    def __init__(self, granted: bool) -> None:
        self.media = RESPONSE
        self.granted = granted
        self.purse: Purse | None = None

    def reply(self, status: int, body: bytes) -> Reply:
        """Gives the whole answer, with the state of the points in the form of the IETF draft on RateLimit fields."""
        headers = [*_FIXED[self.media, self.granted], (b"content-length", b"%d" % len(body))]
        purse = self.purse
        if purse is not None:
            headers.append((b"ratelimit-policy", b'"points";q=%d;w=%d' % (purse.limit, _WINDOW)))
            headers.append((b"ratelimit", b'"points";r=%d;t=%d' % (max(purse.left, 0), purse.resets_in)))
        return status, headers, body

    def refusal(self, error: CreditError) -> Reply:
        """Gives the answer of a refusal: its own status, or 200 where ``application/json`` wants it."""
        always = self.media == RESPONSE or error.status in ALWAYS or error.code in MALFORMED
        told: dict[str, Any] = {"errors": errors_of(error)}
        if isinstance(error, TooCostly):
            told["extensions"] = {"cost": cost_of(error)}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        status, headers, body = self.reply(error.status if always else 200, body)
        if isinstance(error, Unavailable | TooMany):
            headers.append((b"retry-after", b"%d" % error.retry_after_seconds))
        if error.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if isinstance(error, NotAllowed):
            headers.append((b"allow", error.allow.encode()))
        return status, headers, body


def preflight(method: bytes, headers: bytes) -> Reply:
    """Answers a browser that asks whether a page of another site may send such a request."""
    answer = [
        (b"cache-control", b"no-store"),
        (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
    ]
    wanted = {name.strip().lower() for name in headers.decode("latin-1").split(",") if name.strip()}
    if method.decode("latin-1") in _GRANTED_METHODS and wanted <= {*_GRANTED_HEADERS}:
        answer += [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-allow-methods", ", ".join(_GRANTED_METHODS).encode()),
            (b"access-control-allow-headers", ", ".join(_GRANTED_HEADERS).encode()),
            (b"access-control-max-age", b"%d" % _GRANTED_SECONDS),
        ]
    return 204, answer, b""


def cost_of(error: TooCostly) -> dict[str, Any]:
    """Gives the cost of what was refused for it, in the form in which an answer tells its own."""
    largest = {"path": error.largest, "rows": error.largest_rows}
    return {"rows": error.rows, "limit": MOST_ROWS, "largest": largest}


def errors_of(error: CreditError) -> list[dict[str, Any]]:
    """Gives the errors of a refusal as GraphQL has them."""
    if isinstance(error, Refused):
        return [_graphql_error(one, error.code) for one in error.errors]
    return [{"message": error.message, "extensions": {"code": error.code}}]


def _graphql_error(error: GraphQLError, code: str) -> dict[str, Any]:
    one: dict[str, Any] = {"message": in_chinese(error.message)}
    if error.locations:
        one["locations"] = [{"line": place.line, "column": place.column} for place in error.locations[:3]]
    return one | {"extensions": {"code": code}}
