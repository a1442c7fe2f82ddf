"""请求 requests: reads a GraphQL request from HTTP within its bounds (GraphQL over HTTP; multipart uploads).

Not for executing it. What is refused here never reaches the parser or the driver. It works on the raw parts of ASGI,
because a request object for each would cost more than the reading; only uploads take Starlette's form parser.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from schema.known import PREFIX, Known, UnknownDocument
from schema.plan.limits import LIMITS, Limits, check_texts
from server.errors import Forbidden, Invalid, TooLarge

#: Another site's page cannot send this header without asking first (CSRF).
UPLOAD_HEADER = b"x-xintu-upload"
#: Parameters of a GET that mean something; each may stand once, for two would let two readers read two requests.
PARAMETERS = frozenset({"query", "operationName", "variables", "extensions"})
#: A longer length is no length; ``int`` itself refuses thousands of digits with a fault.
_LENGTH_DIGITS = 12

#: The request's headers by their names in lower case.
Headers = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """一个 GraphQL 请求; ``uploads`` are the files that variables hold, closed by the endpoint."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    uploads: tuple[UploadFile, ...] = ()


class NotAcceptable(Invalid):
    """不支持的类型 the request's form is not one this service takes."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


def named(pairs: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Gives the headers by name; lines of one name are joined as RFC 9110 says."""
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers.clear()
        for name, value in pairs:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def is_upload(headers: Headers) -> bool:
    """Says whether a POST carries a file; refuses one that another site's page may have sent, before it is read."""
    given = headers.get(b"content-type", b"")
    if given == b"application/json" or parse_options_header(given)[0] != b"multipart/form-data":
        return False
    if headers.get(UPLOAD_HEADER) != b"1":
        raise Forbidden("上传须带请求头 X-Xintu-Upload: 1（防止他站冒用）；请加上后再试", code="UPLOAD_HEADER_MISSING")
    return True


async def read_request(receive: Receive, headers: Headers, known: Known, limits: Limits = LIMITS) -> GraphQLRequest:
    """Gives the request of a POST in JSON; raises ``Invalid``, ``TooLarge``, ``NotAcceptable`` or ``UnknownDocument``."""
    _check_form(headers)
    body = await read_body(receive, headers, limits.body)
    return _checked(_parse(body, "请求体"), known, plain=_is_plain(body, limits))


def _check_form(headers: Headers) -> None:
    given = headers.get(b"content-type", b"")
    if given != b"application/json":
        kind, options = parse_options_header(given)
        if kind != b"application/json" or options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
            raise NotAcceptable("请求体须为 application/json（UTF-8）；请改 Content-Type 后再试")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise NotAcceptable("不接受压缩的请求体；请去掉 Content-Encoding 后再试")


def _is_length(text: bytes, most: int) -> bool:
    return text.isdigit() and len(text) <= _LENGTH_DIGITS and int(text) <= most


async def read_body(receive: Receive, headers: Headers, most: int) -> bytes:
    """Gives a body of at most ``most`` bytes; a longer one is refused before it is read whole."""
    if not _is_length(headers.get(b"content-length", b"0"), most):
        raise _too_large(most)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Invalid("请求没有发完；请重新发送", code="BAD_REQUEST")
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"请求体过大：最多 {most} 字节，请拆成几次请求")


def bounded(receive: Receive, most: int) -> Receive:
    """Gives a ``receive`` that treats the sender as gone beyond so many bytes: readers stop and keep nothing."""
    taken = 0

    async def count() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if taken > most else message

    return count


def _no_constant(_name: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number beyond what a float holds")
    return value


_JSON = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _parse(body: str | bytes, what: str) -> Any:
    try:
        return _JSON.decode(body.decode() if isinstance(body, bytes) else body)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{what}不是正确的 JSON（UTF-8），请检查后再试", code="BAD_REQUEST") from error


def _is_plain(body: bytes, limits: Limits) -> bool:
    """Says that no text of this JSON can hold U+0000 or a lone surrogate, and that its values cannot be too many.

    JSON has those characters as escapes only; names and values are at most two for each comma and opening.
    """
    if b"\\u" in body:
        return False
    return 2 * (body.count(b",") + body.count(b"{") + body.count(b"[")) + 4 <= limits.variables


def from_query(query_string: bytes, known: Known, limits: Limits = LIMITS) -> GraphQLRequest:
    """Gives the request of a GET; raises ``Invalid``, ``TooLarge`` or ``UnknownDocument``."""
    if len(query_string) > limits.body:
        raise TooLarge(f"网址过长：最多 {limits.body} 字节，请改用 POST", code="URI_TOO_LONG", status=414)
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=20, keep_blank_values=True)
    except ValueError as error:
        raise Invalid("网址中的参数不对：须为 UTF-8，且不超过 20 个；请改正后再试", code="BAD_REQUEST") from error
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in PARAMETERS and name in given:
            raise Invalid(f"网址中的参数 {name} 给了两次，请只留一个", code="BAD_REQUEST")
        # The empty string is as if the parameter were not there.
        given[name] = value or None
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _parse(given[name], f"{name} ")
    return _checked(given, known)


def _checked(given: Any, known: Known, uploads: tuple[UploadFile, ...] = (), *, plain: bool = False) -> GraphQLRequest:
    """Checks the parameters' types; ``plain`` texts need no look at each character."""
    if isinstance(given, list):
        raise Invalid("不支持批量请求，请逐个发送", code="BATCHING_NOT_SUPPORTED")
    if not isinstance(given, dict):
        raise Invalid("请求体须是一个含 query 的 JSON 对象；请改正后再试", code="BAD_REQUEST")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    extensions = given.get("extensions")
    if query is not None and not isinstance(query, str):
        raise Invalid("query 须是查询文本；请改正后再试", code="BAD_REQUEST")
    if variables is not None and not isinstance(variables, dict):
        raise Invalid("variables 须是一个 JSON 对象；请改正后再试", code="BAD_REQUEST")
    if name is not None and not isinstance(name, str):
        raise Invalid("operationName 须是文本；请改正后再试", code="BAD_REQUEST")
    if extensions is not None and not isinstance(extensions, dict):
        raise Invalid("extensions 须是一个 JSON 对象；请改正或删去后再试", code="BAD_REQUEST")
    if not plain:
        check_texts([query, name, variables])
    if extensions:
        query = _known_text(extensions.get("persistedQuery"), query, known)
    if not query or query.isspace():
        raise Invalid("缺少 query：请给出查询文本，或已知文档的 SHA-256", code="BAD_REQUEST")
    return GraphQLRequest(query, variables or {}, name, uploads)


def _known_text(persisted: Any, query: str | None, known: Known) -> str | None:
    """Gives the text that a hash names; nothing a client sends is ever added to the known documents."""
    if persisted is None:
        return query
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(digest, str) or persisted.get("version") != 1:
        raise Invalid("persistedQuery 须为 {version: 1, sha256Hash: 文档的 SHA-256}；请改正后再试", code="BAD_REQUEST")
    digest = digest.removeprefix(PREFIX)
    if query:
        if hashlib.sha256(query.encode()).hexdigest() != digest:
            raise Invalid("sha256Hash 不是所给 query 的 SHA-256；请重新计算，或只给其中之一", code="BAD_REQUEST")
        return query
    text = known.get(digest)
    if text is None:
        raise UnknownDocument("没有这个 SHA-256 的已知文档：请在请求中给出 query，或请主管部门把文档列入清单")
    return text


async def from_multipart(
    scope: Scope, receive: Receive, headers: Headers, known: Known, limits: Limits = LIMITS
) -> GraphQLRequest:
    """Reads an upload (graphql-multipart-request-spec): ``operations``, ``map``, then the files.

    Who may send a file is asked before: see ``Endpoint``.
    """
    declared = headers.get(b"content-length", b"")
    if not declared.isdigit():
        raise Invalid("上传须给出 Content-Length；请改用会给出长度的客户端", code="BAD_REQUEST")
    if not _is_length(declared, limits.upload):
        raise TooLarge(f"文件过大：连同表单最多 {limits.upload // 1_000_000} MB，请拆成几个文件")
    try:
        request = Request(scope, bounded(receive, limits.upload))
        form = await request.form(max_files=1, max_fields=2, max_part_size=limits.body)
    except (MultiPartException, ClientDisconnect) as error:
        raise Invalid("上传的格式不对：请依次给出 operations、map 和一个文件", code="BAD_REQUEST") from error
    uploads = tuple(value for value in form.values() if isinstance(value, UploadFile))
    try:
        return _with_files(form, uploads, known)
    except BaseException:
        for upload in uploads:
            await upload.close()
        raise


def _with_files(form: Mapping[str, Any], uploads: tuple[UploadFile, ...], known: Known) -> GraphQLRequest:
    if not isinstance(form.get("operations"), str) or not isinstance(form.get("map"), str):
        raise Invalid("上传的格式不对：缺少 operations 或 map，请补上", code="BAD_REQUEST")
    operations, places = _parse(form["operations"], "operations "), _parse(form["map"], "map ")
    request = _checked(operations, known, uploads)
    if not isinstance(places, dict) or len(places) != len(uploads):
        raise Invalid("上传的格式不对：请让 map 与文件一一对应", code="BAD_REQUEST")
    for key, paths in places.items():
        upload = form.get(key)
        name = paths[0].removeprefix("variables.") if _is_one_path(paths) else None
        if not isinstance(upload, UploadFile) or name is None or request.variables.get(name, ...) is not None:
            raise Invalid("上传的格式不对：请在 map 中把文件指向值为 null 的一个变量", code="BAD_REQUEST")
        request.variables[name] = upload
    return request


def _is_one_path(paths: Any) -> bool:
    one = isinstance(paths, list) and len(paths) == 1 and isinstance(paths[0], str)
    return one and paths[0].startswith("variables.")


async def keep_upload(upload: UploadFile) -> Any:
    """Gives a temporary file with the upload's bytes and its ending, deleted when it is closed."""
    ending = PurePath(upload.filename or "").suffix.lower()
    safe = ending if ending in (".xlsx", ".xls", ".csv", ".txt", ".tsv") else ""
    kept = tempfile.NamedTemporaryFile(prefix="xintu-upload-", suffix=safe)  # noqa: SIM115 the caller closes it
    await upload.seek(0)
    while chunk := await upload.read(1 << 20):
        kept.write(chunk)
    kept.flush()
    return kept
