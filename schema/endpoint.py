"""入口 endpoint: the manners of ``/graphql`` over HTTP. Not for what is answered: see ``plan/run.py``.

A request that cannot be answered says so with ``extensions.code`` and a Chinese message; never with the text of a
driver, a statement or a file.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any

import structlog
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schema.plan.documents import Refused, is_query
from schema.plan.messages import in_chinese
from schema.plan.run import Executor
from schema.requests import GraphQLRequest, is_upload, read_request
from server.database.connection import Database
from server.disclosure.masking import mask_text
from server.errors import CreditError, Forbidden, Unavailable
from server.records.service import require_clerk
from server.viewer import PUBLIC, Door, Viewer

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
METHODS = ("GET", "POST")
#: With ``application/json`` a client expects 200 for what GraphQL itself refuses; these stay what they are.
ALWAYS = frozenset({401, 403, 405, 406, 413, 415, 429, 500, 503})
#: What is no GraphQL request at all is 400 for every client.
MALFORMED = frozenset({"BAD_REQUEST", "BATCHING_NOT_SUPPORTED"})

ViewerFor = Callable[[Database, str], Awaitable[Viewer]]
log = structlog.get_logger("graphql")


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
    best: dict[str, float] = {}
    for part in accept.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        for kind in (RESPONSE, JSON):
            if name in (kind, "application/*", "*/*"):
                best[kind] = max(best.get(kind, 0.0), weight)
    wanted = [kind for kind in (RESPONSE, JSON) if best.get(kind, 0.0) > 0]
    if not wanted:
        raise NothingAcceptable(f"只能回答 {RESPONSE} 或 {JSON}；请改 Accept 后再试")
    return max(wanted, key=lambda kind: best[kind])


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


async def viewer_of(request: Request, database: Database, viewer_for: ViewerFor) -> Viewer:
    """Gives who asks: the holder of the bearer key, or the public; raises ``Unauthenticated``."""
    given = request.headers.get("authorization")
    if given is None:
        return PUBLIC
    scheme, _, key = given.partition(" ")
    return await viewer_for(database, key.strip() if scheme.lower() == "bearer" else "")


class Endpoint:
    """GraphQL 入口 one per process: ``POST`` for all operations, ``GET`` for queries."""

    def __init__(self, executor: Executor, database: Database, viewer_for: ViewerFor) -> None:
        self.executor, self.database, self.viewer_for = executor, database, viewer_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes every method: a refused one is told in the same shape as everything else here."""
        response = await self.answer(Request(scope, receive))
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Answers one request; every refusal has the same shape."""
        media = RESPONSE
        try:
            if request.method not in METHODS:
                raise NotAllowed("查询用 POST 或 GET 发送，变更用 POST 发送；请改请求方法后再试", ", ".join(METHODS))
            media = chosen_type(request.headers.get("accept"))
            return _response(await self._body(request), 200, media)
        except CreditError as error:
            return refusal(error, media)
        except Exception as error:
            log.error("fault", route="/graphql", **fault_facts(error))
            return refusal(CreditError("服务出错，已记录；请稍后再试", code="INTERNAL", status=500), media)

    async def _body(self, request: Request) -> bytes:
        viewer = await viewer_of(request, self.database, self.viewer_for)
        if viewer.door is Door.DEVICE:
            raise Forbidden("终端密钥只能用于顶灯接口，不能用于 GraphQL；请换用经办人或合作方的密钥")
        if is_upload(request):
            # Before a byte of the file is kept: who may not import may not fill the disk either.
            require_clerk(viewer)
        given = await read_request(request)
        try:
            return await self._execute(request.method, viewer, given)
        finally:
            for upload in given.uploads:
                await upload.close()

    async def _execute(self, method: str, viewer: Viewer, given: GraphQLRequest) -> bytes:
        document = self.executor.documents.read(given.query)
        if method == "GET" and not is_query(document.operation(given.operation_name)):
            raise NotAllowed("变更只能用 POST 发送；请改请求方法后再试", "POST")
        answer = await self.executor.answer(self.database, viewer, document, given.variables, given.operation_name)
        return answer.body()


def fault_facts(error: BaseException) -> dict[str, Any]:
    """Gives what the log keeps of a fault: its kind, its masked message and where; never the values at hand.

    Of a driver's error only the first sentence: its details repeat whole rows.
    """
    text = error.args[0] if error.args and isinstance(error.args[0], str) else ""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"kind": type(error).__name__, "message": mask_text(text.split("\n")[0])[:300], "at": where}


def told(error: CreditError) -> list[dict[str, Any]]:
    """Gives the errors of a refusal as GraphQL has them."""
    if isinstance(error, Refused):
        return [_graphql_error(one, error.code) for one in error.errors]
    return [{"message": error.message, "extensions": {"code": error.code}}]


def _graphql_error(error: GraphQLError, code: str) -> dict[str, Any]:
    one: dict[str, Any] = {"message": in_chinese(error.message)}
    if error.locations:
        one["locations"] = [{"line": place.line, "column": place.column} for place in error.locations[:3]]
    return one | {"extensions": {"code": code}}


def refusal(error: CreditError, media: str) -> Response:
    """Gives the response of a refusal: its own status, or 200 where ``application/json`` wants it."""
    status = error.status if media == RESPONSE or error.status in ALWAYS or error.code in MALFORMED else 200
    body = json.dumps({"errors": told(error)}, ensure_ascii=False, separators=(",", ":")).encode()
    response = _response(body, status, media)
    if isinstance(error, Unavailable):
        response.headers["retry-after"] = str(error.retry_after_seconds)
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if isinstance(error, NotAllowed):
        response.headers["allow"] = error.allow
    return response


def _response(body: bytes, status: int, media: str) -> Response:
    return Response(
        body,
        status,
        headers={"cache-control": "no-store", "vary": "Accept, Authorization"},
        media_type=f"{media}; charset=utf-8",
    )
