"""请求 requests: reads a GraphQL request from HTTP within its bounds (GraphQL over HTTP; multipart uploads).

Not for executing it. What is refused here never reaches the parser or the driver.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from schema.plan.limits import LIMITS, Limits, check_texts
from server.errors import Forbidden, Invalid, TooLarge

#: Another site's page cannot send this header without asking first (CSRF).
UPLOAD_HEADER = "x-xintu-upload"


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


def is_upload(request: Request) -> bool:
    """Says whether a request carries a file; refuses one that another site's page may have sent, before it is read."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if request.method == "GET" or kind != b"multipart/form-data":
        return False
    if request.headers.get(UPLOAD_HEADER) != "1":
        raise Forbidden("上传须带请求头 X-Xintu-Upload: 1（防止他站冒用）；请加上后再试", code="UPLOAD_HEADER_MISSING")
    return True


async def read_request(request: Request, limits: Limits = LIMITS) -> GraphQLRequest:
    """Gives the request of a POST or GET; raises ``Invalid``, ``TooLarge``, ``Forbidden`` or ``NotAcceptable``.

    Who may send a file is asked before: see ``Endpoint``.
    """
    if request.method == "GET":
        return _from_query(request.query_params, limits)
    if is_upload(request):
        return await _from_multipart(request, limits)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    charset = options.get(b"charset", b"utf-8").lower()
    if kind != b"application/json" or charset not in (b"utf-8", b"utf8"):
        raise NotAcceptable("请求体须为 application/json（UTF-8）；请改 Content-Type 后再试")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise NotAcceptable("不接受压缩的请求体；请去掉 Content-Encoding 后再试")
    return _from_json(await read_body(request, limits.body))


async def read_body(request: Request, most: int) -> bytes:
    """Gives a body of at most ``most`` bytes; a longer one is refused before it is read whole."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > most:
        raise TooLarge(f"请求体过大：最多 {most} 字节，请拆成几次请求")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise TooLarge(f"请求体过大：最多 {most} 字节，请拆成几次请求")
    except ClientDisconnect as error:
        raise Invalid("请求没有发完；请重新发送") from error
    return bytes(body)


def _parse(body: str | bytes, what: str) -> Any:
    try:
        text = body.decode() if isinstance(body, bytes) else body
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{what}不是正确的 JSON（UTF-8），请检查后再试", code="BAD_REQUEST") from error


def _no_constant(_name: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _from_json(body: bytes) -> GraphQLRequest:
    return _checked(_parse(body, "请求体"))


def _from_query(given: Mapping[str, str], limits: Limits) -> GraphQLRequest:
    if sum(len(value) for value in given.values()) > limits.body:
        raise TooLarge(f"查询过长：最多 {limits.body} 字节，请改用 POST")
    return _checked(
        {
            "query": given.get("query"),
            "operationName": given.get("operationName") or None,
            "variables": _parse(given["variables"], "variables ") if given.get("variables") else None,
        }
    )


def _checked(given: Any, uploads: tuple[UploadFile, ...] = ()) -> GraphQLRequest:
    if isinstance(given, list):
        raise Invalid("不支持批量请求，请逐个发送", code="BATCHING_NOT_SUPPORTED")
    if not isinstance(given, dict):
        raise Invalid("请求体须是一个含 query 的 JSON 对象；请改正后再试", code="BAD_REQUEST")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Invalid("缺少 query：请在请求体中给出查询文本", code="BAD_REQUEST")
    if variables is not None and not isinstance(variables, dict):
        raise Invalid("variables 须是一个 JSON 对象；请改正后再试", code="BAD_REQUEST")
    if name is not None and not isinstance(name, str):
        raise Invalid("operationName 须是文本；请改正后再试", code="BAD_REQUEST")
    if not isinstance(given.get("extensions", {}), dict | None):
        raise Invalid("extensions 须是一个 JSON 对象；请改正或删去后再试", code="BAD_REQUEST")
    check_texts([query, name, variables])
    return GraphQLRequest(query, variables or {}, name, uploads)


async def _from_multipart(request: Request, limits: Limits) -> GraphQLRequest:
    """Reads an upload (graphql-multipart-request-spec): ``operations``, ``map``, then the files."""
    declared = request.headers.get("content-length", "")
    if not declared.isdigit():
        raise Invalid("上传须给出 Content-Length；请改用会给出长度的客户端", code="BAD_REQUEST")
    if int(declared) > limits.upload:
        raise TooLarge(f"文件过大：连同表单最多 {limits.upload // 1_000_000} MB，请拆成几个文件")
    try:
        form = await request.form(max_files=1, max_fields=2, max_part_size=limits.body)
    except (MultiPartException, ClientDisconnect) as error:
        raise Invalid("上传的格式不对：请依次给出 operations、map 和一个文件", code="BAD_REQUEST") from error
    uploads = tuple(value for value in form.values() if isinstance(value, UploadFile))
    try:
        return _with_files(form, uploads)
    except BaseException:
        for upload in uploads:
            await upload.close()
        raise


def _with_files(form: Mapping[str, Any], uploads: tuple[UploadFile, ...]) -> GraphQLRequest:
    if not isinstance(form.get("operations"), str) or not isinstance(form.get("map"), str):
        raise Invalid("上传的格式不对：缺少 operations 或 map，请补上", code="BAD_REQUEST")
    operations, places = _parse(form["operations"], "operations "), _parse(form["map"], "map ")
    request = _checked(operations, uploads)
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
