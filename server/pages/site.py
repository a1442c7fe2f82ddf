"""网站 site: answers the pages of the URL table through the public door, and the form on the first page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from schema.plan.documents import Document
from schema.plan.run import Executor
from server.database.connection import Database
from server.errors import CreditError, Invalid, Unavailable
from server.identifiers.uscc import check_uscc
from server.pages.render import SITE, Renderer
from server.pages.urls import PAGES, Page
from server.viewer import PUBLIC

#: Cursors and codes are short; a longer parameter is nobody's.
LONGEST_PARAMETER = 300
#: Firms shown on a trial's first page.
EXAMPLES = 6

_TITLES = {404: "没有找到", 400: "请求有误", 405: "请求有误", 413: "请求有误", 503: "服务暂时不可用"}
_STEPS = {
    404: ["核对 18 位统一社会信用代码，可对照营业执照。", "个体工商户和自然人的信息不在本页查询。"],
    503: ["请过几秒钟刷新本页。", "如果一直如此，请告知主办单位。"],
}


class Site:
    """网站: pages compiled at start; the same plans as the API, always through the public door."""

    def __init__(self, executor: Executor, database: Database, renderer: Renderer, prefix: str, trial: bool) -> None:
        self.executor, self.database, self.renderer = executor, database, renderer
        self.prefix, self.trial = prefix, trial
        self.documents: dict[str, Document] = {page.name: self._compile(page) for page in PAGES}

    def _compile(self, page: Page) -> Document:
        """Compiles a page's plan now, so that a wrong query stops the start and not a visitor."""
        document = self.executor.documents.read((SITE / "queries" / f"{page.name}.graphql").read_text("utf-8"))
        self.executor.warm(document, page.example)
        return document

    def endpoint(self, page: Page) -> Any:
        """Gives the handler of one line of the URL table."""

        async def answer(request: Request) -> Response:
            variables = self._variables(page, request)
            if isinstance(variables, Response):
                return variables
            return await self.show(request, page, variables)

        return answer

    def without_slash(self, page: Page) -> Any:
        """Gives the handler that leads from an address with a slash at its end to the page's one address.

        The location is made of the URL table, never of the request's Host, and begins with one slash.
        """

        async def lead(request: Request) -> Response:
            given = {name: quote(str(value), safe="") for name, value in request.path_params.items()}
            return RedirectResponse(self.prefix + page.path.format_map(given), 308)

        return lead

    async def home(self, _request: Request) -> Response:
        """Leads from the bare prefix to the first page."""
        return RedirectResponse(f"{self.prefix}/", 308)

    def _variables(self, page: Page, request: Request) -> dict[str, Any] | Response:
        given = {name: request.query_params[name] for name in page.parameters if request.query_params.get(name)}
        if any(len(value) > LONGEST_PARAMETER or "\0" in value for value in given.values()):
            raise Invalid("网址中的参数不对，请从本页的链接翻页")
        variables: dict[str, Any] = dict(given)
        if "uscc" in request.path_params:
            code = str(request.path_params["uscc"])
            try:
                variables["uscc"] = check_uscc(code)
            except Invalid as error:
                return self.error(404, f"网址中的代码不是正确的统一社会信用代码：{error.message}", search=True)
            if variables["uscc"] != code:
                return RedirectResponse(f"{self.prefix}/enterprise/{variables['uscc']}", 308)
        if page.name == "home":
            variables["examples"] = self.trial
        return variables

    async def show(
        self, request: Request, page: Page, variables: Mapping[str, Any], status: int = 200, **more: Any
    ) -> Response:
        """Reads and renders one page."""
        answer = await self.executor.answer(self.database, PUBLIC, self.documents[page.name], variables)
        data = json.loads(answer.data)
        if page.required and data[page.required] is None:
            code = str(variables.get("uscc", ""))
            return self.error(404, f"没有查到统一社会信用代码为 {code} 的企业的公开信息。", search=True, code=code)
        values = {
            "data": data,
            "uscc": variables.get("uscc"),
            "today": data["service"]["today"],
            "indexed": page.indexed and status == 200,
        }
        if page.name == "home":
            values |= {"examples": _examples(data), "fault": None, "code": None}
        body = self.renderer.page(f"{page.name}.html", **(values | more))
        return _cacheable(request, body, status, indexed=bool(values["indexed"]))

    async def find(self, request: Request) -> Response:
        """查询 takes the form of the first page: leads to the firm, or says what is wrong and what to do next."""
        given = request.query_params.get("code", "")[:LONGEST_PARAMETER].replace("\0", "").strip()
        try:
            code = check_uscc(given)
        except Invalid as error:
            # Typed words are shown back to their writer only when they are no person's number.
            shown = given if len(given) <= 40 and "身份证" not in error.message else ""
            home = next(page for page in PAGES if page.name == "home")
            more = {"fault": error.message, "code": shown}
            return await self.show(request, home, {"examples": self.trial}, 400, **more)
        return RedirectResponse(f"{self.prefix}/enterprise/{code}", 303, headers={"cache-control": "no-store"})

    def error(self, status: int, message: str, *, search: bool = False, code: str = "") -> Response:
        """Gives an error page; it never holds the text of a driver, a statement or a file."""
        body = self.renderer.page(
            "error.html",
            title=_TITLES.get(status, "服务出错"),
            message=message,
            steps=_STEPS.get(status, []),
            search=search,
            code=code,
        )
        headers = {"cache-control": "no-store", "x-robots-tag": "noindex, noarchive"}
        if status == 503:
            headers["retry-after"] = str(Unavailable.retry_after_seconds)
        return Response(body, status, headers, "text/html; charset=utf-8")

    def refused(self, error: CreditError) -> Response:
        """Gives the page of an expected refusal."""
        return self.error(error.status, error.message)


def _examples(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sample's firms that show the most kinds of information."""
    edges = (data.get("enterprises") or {"edges": []})["edges"]
    kinds = {"licences": "许可", "penalties": "处罚", "ratings": "评价", "listEntries": "名单"}
    kinds |= {"commitments": "承诺", "grants": "信易+"}
    firms = []
    for edge in edges:
        node = edge["node"]
        tags = [term for kind, term in kinds.items() if node[kind]["edges"]]
        firms.append({"name": node["name"], "uscc": node["uscc"], "sector": node["sector"], "tags": tags})
    return sorted(firms, key=lambda firm: (-len(firm["tags"]), firm["uscc"]))[:EXAMPLES]


def _cacheable(request: Request, body: bytes, status: int, *, indexed: bool) -> Response:
    """Public pages are asked for again each time; an unchanged one is not sent again."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"cache-control": "no-cache", "etag": etag}
    if not indexed:
        headers["x-robots-tag"] = "noindex, noarchive"
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if status == 200 and (etag in known or "*" in known):
        return Response(None, 304, headers)
    return Response(body, status, headers, "text/html; charset=utf-8")
