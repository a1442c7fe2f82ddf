"""入口 endpoint: one request to ``/graphql``, from its headers to its answer. Not for what is answered: see ``plan/run.py``.

A request that cannot be answered says so with ``extensions.code`` and a Chinese message; never with the text of a
driver, a statement or a file. It takes and gives the raw parts of ASGI; what stands around every answer of the service
(security headers, access log) is put around it by ``server/pages/manners.py``.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any

from starlette.types import Receive, Scope

from schema.known import Known
from schema.plan.asking import Asking, Purse
from schema.plan.cost import REQUEST
from schema.plan.documents import is_query
from schema.plan.run import Executor
from schema.replies import Manner, NotAllowed, Reply, chosen_type, preflight
from schema.requests import GraphQLRequest, Headers, from_multipart, from_query, is_upload, named, read_request
from server.database.connection import Database
from server.disclosure.masking import mask_text
from server.errors import CreditError, Forbidden, Invalid, TooMany
from server.log import write_entry
from server.viewer import PUBLIC, Door, Viewer

#: HEAD is a GET whose body the server leaves out (RFC 9110).
METHODS = frozenset({"GET", "HEAD", "POST"})
#: Asks for the cost alone.
DRY_HEADER = b"x-xintu-dry-run"

ViewerFor = Callable[[Database, str], Awaitable[Viewer]]
#: Gives the purse of who asks, by the viewer and the client's address.
PurseFor = Callable[[Viewer, str], Purse]


async def viewer_of(headers: Headers, database: Database, viewer_for: ViewerFor) -> Viewer:
    """Gives who asks: the holder of the bearer key, or the public; raises ``Unauthenticated``."""
    given = headers.get(b"authorization")
    if given is None:
        return PUBLIC
    scheme, _, key = given.decode("latin-1").partition(" ")
    return await viewer_for(database, key.strip() if scheme.lower() == "bearer" else "")


def is_dry(headers: Headers) -> bool:
    """Says whether only the cost is asked for; raises ``Invalid`` for a value that may mean either."""
    given = headers.get(DRY_HEADER)
    if given is not None and given != b"1":
        raise Invalid("X-Xintu-Dry-Run 只能是 1；不试算时请去掉这个请求头", code="BAD_REQUEST")
    return given is not None


class Endpoint:
    """GraphQL 入口 one per process: ``POST`` for all operations, ``GET`` for queries."""

    def __init__(
        self, executor: Executor, database: Database, viewer_for: ViewerFor, known: Known, purse_for: PurseFor
    ) -> None:
        self.executor, self.database, self.viewer_for = executor, database, viewer_for
        self.known, self.purse_for = known, purse_for

    async def answer(self, scope: Scope, receive: Receive, client: str) -> Reply:
        """Answers one request of any method from the client's address; every refusal has the same shape."""
        headers = named(scope["headers"])
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            asked = headers[b"access-control-request-method"]
            return preflight(asked, headers.get(b"access-control-request-headers", b""))
        manner = Manner(granted=b"authorization" not in headers)
        try:
            return manner.reply(200, await self._body(scope, receive, headers, client, manner))
        except CreditError as error:
            refused = error
        except Exception as error:
            write_entry("fault", "error", route="/graphql", **fault_facts(error))
            refused = CreditError("服务出错，已记录；请稍后再试", code="INTERNAL", status=500)
        return manner.refusal(self._charged(refused, manner, client))

    async def _body(self, scope: Scope, receive: Receive, headers: Headers, client: str, manner: Manner) -> bytes:
        accept, method = headers.get(b"accept"), scope["method"]
        if accept is not None:
            manner.media = chosen_type(accept.decode("latin-1"))
        if method not in METHODS:
            raise NotAllowed("查询用 POST 或 GET 发送，变更用 POST 发送；请改请求方法后再试", "GET, POST")
        viewer = await viewer_of(headers, self.database, self.viewer_for)
        manner.purse = self.purse_for(viewer, client)
        if viewer.door is Door.DEVICE:
            raise Forbidden("终端密钥只能用于顶灯接口，不能用于 GraphQL；请换用经办人或合作方的密钥")
        asking = Asking(viewer, manner.purse, by_get=method != "POST", dry=is_dry(headers))
        if asking.by_get:
            return await self._execute(from_query(scope["query_string"], self.known), asking, manner)
        if not is_upload(headers):
            return await self._execute(await read_request(receive, headers, self.known), asking, manner)

        from server.records.service import require_clerk

        # Before a byte of the file is kept: who may not import may not fill the disk either.
        require_clerk(viewer)
        given = await from_multipart(scope, receive, headers, self.known)
        try:
            return await self._execute(given, asking, manner)
        finally:
            for upload in given.uploads:
                await upload.close()

    def _charged(self, refused: CreditError, manner: Manner, client: str) -> CreditError:
        """Takes what every request costs for one that was refused, too: junk is not free. Gives what is to be told.

        Who did not come so far as to be known pays with the points of his address.
        """
        if manner.purse is None:
            manner.purse = self.purse_for(PUBLIC, client)
        if refused.status < 500 and not isinstance(refused, TooMany):
            try:
                manner.purse.spend(REQUEST)
            except TooMany as error:
                return error
        return refused

    async def _execute(self, given: GraphQLRequest, asking: Asking, manner: Manner) -> bytes:
        document = self.executor.document(given.query, asking)
        if not is_query(document.operation(given.operation_name)):
            # No page of another site learns what a write did.
            manner.granted = False
            if asking.by_get:
                raise NotAllowed("变更只能用 POST 发送；请改请求方法后再试", "POST")
        answer = await self.executor.answer(
            self.database, asking.viewer, document, given.variables, given.operation_name, asking
        )
        return answer.body()


def fault_facts(error: BaseException) -> dict[str, Any]:
    """Gives what the log keeps of a fault: its kind, its masked message and where; never the values at hand.

    Of a driver's error only the first sentence: its details repeat whole rows.
    """
    text = error.args[0] if error.args and isinstance(error.args[0], str) else ""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"kind": type(error).__name__, "message": mask_text(text.split("\n")[0])[:300], "at": where}
