"""接口文档的网页 the pages below ``/api``: reference, examples that run, console, SDL. Not for what they say of the schema.

What does not change while the process runs is rendered at its first visit and kept packed; only the examples' answers
are read anew each time, through the public door.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import yaml
from graphql import GraphQLSchema, print_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from schema.nodes import LARGEST_PAGE, PAGING, USUAL_PAGE
from schema.plan.cost import LONGEST_STATEMENT, MOST_ROWS
from schema.plan.documents import MOST_ERRORS
from schema.plan.limits import LIMITS
from schema.plan.run import Executor
from schema.plan.weight import LARGEST_SPREAD
from schema.replies import ALWAYS, MALFORMED
from server.accounts.limits import Limits
from server.clock import today_in_shanghai
from server.database.connection import Database
from server.errors import CreditError, TooMany, Unavailable
from server.pages.api_changelog import read_changelog
from server.pages.api_examples import Example, Examples, read_examples
from server.pages.api_reference import Reference
from server.pages.manners import Networks, client_address
from server.pages.render import SITE, Renderer
from server.viewer import PUBLIC

#: The console alone has a script, of this origin; nobody may frame a page into which a key is typed.
CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HTML, _TEXT, _JSON = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json; charset=utf-8"
_NOT_INDEXED = {"x-robots-tag": "noindex, noarchive"}


@dataclass(frozen=True, slots=True)
class Section:
    """文档的一页: its address below the prefix, its template and what it is called in the navigation."""

    path: str
    template: str
    title: str


SECTIONS: tuple[Section, ...] = (
    Section("/api", "overview", "概览"),
    Section("/api/queries", "queries", "查询"),
    Section("/api/mutations", "mutations", "变更"),
    Section("/api/types", "types", "类型"),
    Section("/api/enums", "enums", "枚举"),
    Section("/api/scalars", "scalars", "标量"),
    Section("/api/names", "names", "名称索引"),
    Section("/api/examples", "examples", "示例"),
    Section("/api/changelog", "changelog", "变更记录"),
    Section("/api/console", "console", "控制台"),
)


@dataclass(frozen=True, slots=True)
class Code:
    """错误码: ``status`` with the newer media type, ``json_status`` with ``application/json``."""

    name: str
    status: int
    json_status: int
    text: str
    do: str


@dataclass(frozen=True, slots=True)
class _Kept:
    packed: bytes
    etag: str
    headers: dict[str, str]


class ApiPages:
    """接口文档: one per process, over the executor's schema."""

    def __init__(
        self,
        executor: Executor,
        database: Database,
        renderer: Renderer,
        prefix: str,
        *,
        address: str,
        limits: Limits,
        trusted: Networks = (),
    ) -> None:
        self.schema: GraphQLSchema = executor.registry.schema
        self.executor, self.database, self.renderer = executor, database, renderer
        self.prefix, self.address, self.limits, self.trusted = prefix, address, limits, trusted
        self._kept: dict[str, _Kept] = {}
        self._made: _Material | None = None

    @property
    def material(self) -> _Material:
        """What the pages are made of, read at the first visit, so that the start does not wait for it."""
        if self._made is None:
            self._made = _Material(self.schema, self.executor, self.database)
        return self._made

    def routes(self) -> list[Route]:
        """Gives the routes below the prefix; an address with a slash at its end leads to the one without."""
        found = [Route(one.path, self._fixed(one.path, self._section(one))) for one in SECTIONS]
        found += [
            Route("/api/schema.graphql", self._fixed("sdl", self._sdl)),
            Route("/api/console.json", self._fixed("console.json", self._console_facts)),
            Route("/api/types/{name}", self._type),
            Route("/api/examples/{name}", self._example),
        ]
        return found + [Route(f"{one.path}/", self._lead(one.path)) for one in SECTIONS]

    def _lead(self, path: str) -> Callable[[Request], Any]:
        async def lead(_request: Request) -> Response:
            return RedirectResponse(self.prefix + path, 308)

        return lead

    def _fixed(self, key: str, make: Callable[[], _Kept]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return self._answer(request, key, make)

        return answer

    def _answer(self, request: Request, key: str, make: Callable[[], _Kept]) -> Response:
        kept = self._kept.get(key) or self._kept.setdefault(key, make())
        headers = kept.headers | {"etag": kept.etag, "cache-control": "no-cache", "vary": "Accept-Encoding"}
        known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
        if kept.etag in known:
            return Response(None, 304, headers)
        if _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(kept.packed, 200, headers | {"content-encoding": "gzip"})
        return Response(gzip.decompress(kept.packed), 200, headers)

    def page(self, template: str, here: str, **values: Any) -> bytes:
        """Gives a page's bytes; ``here`` is the address that the navigation marks."""
        made = self.material
        given = {"ref": made.reference, "examples": made.examples.examples, "sections": SECTIONS, "here": here}
        given |= {"address": self.address, "indexed": here not in ("/api/examples", "/api/console")}
        return self.renderer.page(f"api/{template}.html", **(given | values))

    def _section(self, section: Section) -> Callable[[], _Kept]:
        def make() -> _Kept:
            values = {"overview": self._overview, "changelog": self._changelog}.get(section.template, dict)()
            headers = {"content-type": _HTML}
            if section.template == "console":
                headers |= {"content-security-policy": CONSOLE_POLICY}
            if section.template in ("console", "examples"):
                headers |= _NOT_INDEXED
            return _keep(self.page(section.template, section.path, **values), headers)

        return make

    def _overview(self) -> dict[str, Any]:
        texts = self.material.texts
        limits = [(texts["limits"][one.name], getattr(LIMITS, one.name)) for one in fields(LIMITS)]
        more = {"rows": MOST_ROWS, "statement": LONGEST_STATEMENT, "spread": LARGEST_SPREAD}
        more |= {"page": LARGEST_PAGE, "usual": USUAL_PAGE}
        return {
            "codes": codes(texts["codes"]),
            "limits": limits,
            "most": more | {"errors": MOST_ERRORS},
            "paging": PAGING,
            "points": self.limits.public_points,
            "persons": self._persons(),
            "deprecations": self.material.reference.deprecations(),
        }

    def _persons(self) -> list[tuple[str, int, int]]:
        """Gives whom the look-ups of persons are counted for, and how many they have an hour and a day, today."""
        rules, today = self.limits.attempts.rules, today_in_shanghai()
        found = {rules[key].term: rules[key].version_on(today) for key in rules if key.startswith("person.")}
        return [(term, one.whole("per_hour") or 0, one.whole("per_day") or 0) for term, one in found.items()]

    def _changelog(self) -> dict[str, Any]:
        return {"blocks": read_changelog(), "deprecations": self.material.reference.deprecations()}

    def _sdl(self) -> _Kept:
        name = {"content-type": _TEXT, "content-disposition": 'attachment; filename="schema.graphql"'}
        return _keep((print_schema(self.schema) + "\n").encode(), name)

    def _console_facts(self) -> _Kept:
        made = self.material
        examples = [
            {"name": e.name, "title": e.title, "document": e.document, "variables": e.variables, "take": e.take}
            for e in made.examples.examples.values()
        ]
        facts = made.reference.compact() | {"examples": examples}
        return _keep(json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode(), {"content-type": _JSON})

    async def _type(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        kind = self.material.reference.kinds.get(name)
        if kind is None:
            raise HTTPException(404)
        at = self.material.reference.path(name)
        if at != f"/api/types/{name}":
            return RedirectResponse(self.prefix + at, 308)

        def make() -> _Kept:
            return _keep(self.page("type", "/api/types", kind=kind), {"content-type": _HTML})

        return self._answer(request, at, make)

    async def _example(self, request: Request) -> Response:
        example = self.material.examples.examples.get(str(request.path_params["name"]))
        if example is None:
            raise HTTPException(404)
        variables, answer, trouble, status, wait = example.variables, "", "", 200, 0
        if not example.needs:
            try:
                # An example is asked as its reader would ask it, with the points of his address.
                purse = self.limits.purse(PUBLIC, client_address(request.scope, self.trusted))
                ran = await self.material.examples.run(example, purse=purse)
                variables, answer = ran.variables, _shown(json.loads(ran.answer.body()))
            except CreditError as error:
                trouble, status = error.message, error.status if isinstance(error, Unavailable | TooMany) else 200
                wait = getattr(error, "retry_after_seconds", 0)
        values = {"variables": _shown(variables) if variables else "", "answer": answer, "trouble": trouble}
        values["curl"] = self._curl(example, variables)
        body = self.page("example", "/api/examples", example=example, **values)
        headers = _NOT_INDEXED | {"cache-control": "no-store"}
        if status != 200:
            headers["retry-after"] = str(wait)
        return Response(body, status, headers, _HTML)

    def _curl(self, example: Example, variables: Mapping[str, Any]) -> str:
        key = ' -H "authorization: Bearer $KEY"' if example.key else ""
        command = f"curl -s \"$XINTU/graphql\" -H 'content-type: application/json'{key} --data-binary @- <<'JSON'"
        return f"XINTU={self.address}\n{command}\n{example.body(variables)}\nJSON"


class _Material:
    """材料 the reference, the texts and the examples."""

    def __init__(self, schema: GraphQLSchema, executor: Executor, database: Database) -> None:
        self.reference = Reference(schema)
        self.texts: dict[str, Any] = yaml.safe_load((SITE / "texts" / "api.yaml").read_text("utf-8"))
        self.examples = Examples(executor, database, read_examples(self.texts["examples"]))


def codes(texts: Mapping[str, Mapping[str, Any]]) -> list[Code]:
    """Gives every ``extensions.code`` with its statuses; a test compares the texts with the kinds in the code."""
    found = []
    for name, one in texts.items():
        status = int(one["status"])
        told = status in ALWAYS or name in MALFORMED
        found.append(Code(name, status, status if told else 200, one["text"], one["do"]))
    return found


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _keep(body: bytes, headers: dict[str, str]) -> _Kept:
    # Weak: the packed and the plain form are the same page.
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _Kept(gzip.compress(body, 9, mtime=0), etag, headers)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
