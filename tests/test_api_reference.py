"""接口文档 the pages below /api: generated whole, without a dead link, and every example runs as it stands there."""

from __future__ import annotations

import ast
import asyncio
import gzip
import importlib
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
import yaml
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from schema.api import executor, graphql_schema, printed
from schema.plan.cost import MOST_ROWS
from schema.plan.limits import LIMITS
from schema.plan.weight import LARGEST_SPREAD
from server.database.connection import Database
from server.errors import CreditError
from server.identifiers.certificates import person_key
from server.pages.api_changelog import read_changelog
from server.pages.api_examples import FOLDER, Example, Examples, read_examples, value_at
from server.pages.api_pages import CONSOLE_POLICY, SECTIONS
from server.pages.api_reference import Reference
from server.pages.render import SITE
from server.settings import CHECKOUT, Address, Settings
from server.viewer import PUBLIC, Duty, Viewer
from tests import factory as make
from tests.serving import client_of, on_a_port
from tests.support import SECRET, TrialDatabase
from tests.test_pages import Outline
from tests.world import USCC, World, build

TEXTS: dict[str, Any] = yaml.safe_load((SITE / "texts" / "api.yaml").read_text("utf-8"))
EXAMPLES = read_examples(TEXTS["examples"])
#: Where the pages' own links lead; the reference is read from its first page.
START = "/credit/api"


@pytest.fixture
def nowhere(tmp_path: Path) -> Database:
    """A database that is away: what the reference says of the schema needs none."""
    return Database(Address(str(tmp_path), 5432, "nothing"), SECRET)


async def crawled(client: Any) -> dict[str, tuple[int, str]]:
    """Gives every page that is reached from the first one by links, each with its status and text."""
    found: dict[str, tuple[int, str]] = {}
    waiting = deque([START])
    while waiting:
        path = waiting.popleft()
        answer = await client.get(path)
        found[path] = (answer.status_code, answer.text)
        if not answer.headers["content-type"].startswith("text/html") or not path.startswith(START):
            continue
        for address in addresses(answer.text, path):
            target = urldefrag(address).url
            if target not in found and target not in waiting:
                waiting.append(target)
    return found


def addresses(html: str, path: str) -> list[str]:
    """Gives where a page's links lead, whole."""
    return [urljoin(path, str(link["href"])) for link in Outline(html).all("a") if link.get("href")]


async def test_every_link_and_anchor_of_the_reference_leads_somewhere(database: TrialDatabase) -> None:
    """Hundreds of links are made from names; one wrong rule would break them all, under a prefix first."""
    await build(database)
    async with client_of(database, path_prefix="/credit") as client:
        pages = await crawled(client)
    broken = [path for path, (status, _) in pages.items() if status != 200]
    anchors = {
        path: {str(attributes["id"]) for _, attributes in Outline(text).tags if "id" in attributes}
        for path, (_, text) in pages.items()
    }
    lost = []
    for path, (_, text) in pages.items():
        if not path.startswith(START) or "<html" not in text:
            continue
        for address in addresses(text, path):
            target, anchor = urldefrag(address)
            # The console takes its anchor as the name of an example.
            known = anchors[target] | (set(EXAMPLES) if target.endswith("/console") else set())
            if anchor and anchor not in known:
                lost.append((path, address))

    assert broken == []
    assert lost == []
    assert len(pages) > 60


async def test_every_page_of_the_reference_is_whole_small_and_without_script(database: TrialDatabase) -> None:
    """The site's own rules hold here too; the one script is the console's, and nothing is of another origin."""
    await build(database)
    async with client_of(database, path_prefix="/credit") as client:
        pages = await crawled(client)
        sizes = {}
        for path in pages:
            async with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
                sizes[path] = sum([len(part) async for part in answer.aiter_raw()])
    for path, (_, text) in pages.items():
        if not path.startswith(START) or "<html" not in text:
            continue
        page = Outline(text)
        assert [len(page.all(tag)) for tag in ("h1", "main", "title", "footer")] == [1, 1, 1, 1], path
        assert page.all("style") == page.all("iframe") == [], path
        assert not any("style" in given or any(k.startswith("on") for k in given) for _, given in page.tags), path
        scripts = [str(given.get("src")) for given in page.all("script")]
        own = [re.sub(r"\.[0-9a-f]{12}\.", ".", source) for source in scripts]
        assert own == (["/credit/static/api_console.js"] if path.endswith("/console") else []), path
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), path
    assert {path: size for path, size in sizes.items() if size > 30_000} == {}


async def test_every_name_of_the_schema_stands_in_the_reference_with_its_description(nowhere: Database) -> None:
    """A field that a partner cannot find might as well not be there."""
    reference = Reference(graphql_schema())
    missing = []
    async with client_of(nowhere) as client:
        index = Outline((await client.get("/api/names")).text).text
        for kind in reference.kinds.values():
            text = Outline((await client.get(urldefrag(reference.path(kind.name)).url)).text).text
            for member in kind.members:
                words = [member.name, member.text, *(w for one in member.arguments for w in (one.name, one.text))]
                missing += [(kind.name, word) for word in words if " ".join(word.split()) not in text]
                if not kind.is_paging and f"{kind.name}.{member.name}" not in index:
                    missing.append(("names", f"{kind.name}.{member.name}"))
    assert missing == []


def test_the_reference_holds_exactly_the_fields_and_arguments_of_the_schema() -> None:
    """The four paging arguments are told once, and nothing else is left out."""
    schema = graphql_schema()
    reference = Reference(schema)
    for name, kind in reference.kinds.items():
        real = schema.type_map[name]
        if isinstance(real, GraphQLObjectType | GraphQLInterfaceType):
            shown = {member.name: member for member in kind.members}
            assert set(shown) == set(real.fields), name
            for key, one in real.fields.items():
                told = {argument.name for argument in shown[key].arguments}
                paging = {"first", "after", "last", "before"} if shown[key].paged else set()
                assert told | paging == set(one.args), (name, key)
        elif isinstance(real, GraphQLInputObjectType):
            assert {member.name for member in kind.members} == set(real.fields), name


def test_deprecations_defaults_inputs_and_uses_are_told() -> None:
    """The schema has none of some of these today; a reader must see them on the day it has."""
    reference = Reference(
        build_schema("""
        type Query { find(filter: Filter = {kind: NEW}, size: Int = 5): [Thing!] }
        type Thing { old: String @deprecated(reason: "2027-01-01 停用：改用 name") name: String }
        input Filter { kind: Kind = OLD }
        enum Kind { OLD NEW }
        """)
    )
    find = reference.kinds["Query"].members[0]

    assert [(one.name, one.default) for one in find.arguments] == [("filter", "{ kind: NEW }"), ("size", "5")]
    assert reference.kinds["Filter"].members[0].default == "OLD"
    assert [(use.kind, use.member, use.argument) for use in reference.kinds["Filter"].uses] == [
        ("Query", "find", "filter")
    ]
    assert find.type is not None
    assert (find.type.before, find.type.name, find.type.after) == ("[", "Thing", "!]")
    assert reference.deprecations() == [("Thing.old", "/api/types/Thing#Thing.old", "2027-01-01 停用：改用 name")]


# Codes and limits -----------------------------------------------------------------------------------------------------


def kinds_of_error() -> dict[str, type[CreditError]]:
    """Gives every kind of ``CreditError`` by its module and name."""
    found: dict[str, type[CreditError]] = {}
    waiting = [CreditError]
    while waiting:
        kind = waiting.pop()
        found[f"{kind.__module__}.{kind.__name__}"] = kind
        waiting += kind.__subclasses__()
    return found


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Gives every module of the house by its name, parsed; each is imported, so that its kinds are known."""
    for folder in ("server", "schema"):
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
            yield name, ast.parse(path.read_text("utf-8"))


def coded(module: str, tree: ast.Module, kinds: dict[str, type[CreditError]]) -> Iterator[tuple[str, int]]:
    """Gives the (code, status) of each refusal that a module writes with a code of its own."""
    names = vars(importlib.import_module(module)) if any(isinstance(n, ast.Call) for n in ast.walk(tree)) else {}
    for node in ast.walk(tree):
        kind = names.get(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if not (isinstance(node, ast.Call) and isinstance(kind, type) and issubclass(kind, CreditError)):
            continue
        given = {one.arg: one.value.value for one in node.keywords if isinstance(one.value, ast.Constant)}
        texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        named = texts if kind.__name__ == "Refused" else []
        code = given.get("code") or next((text for text in named if re.fullmatch(r"[A-Z_]{4,}", text)), None)
        if isinstance(code, str):
            from server.imports.refusals import CODES

            status = given.get("status", CODES.get(code, kind.status))
            yield code, int(status)


def test_every_error_code_of_the_code_is_explained_with_its_status() -> None:
    """A client branches on the code: one that is not explained, or that no longer exists, misleads its writer."""
    from server.imports.refusals import CODES

    told = {name: one["status"] for name, one in TEXTS["codes"].items()}
    written: set[tuple[str, int]] = set(CODES.items())
    trees = [(name, tree) for name, tree in sources() if not name.endswith("__main__")]
    for name, _ in trees:
        importlib.import_module(name.removesuffix(".__init__"))
    kinds = kinds_of_error()
    for name, tree in trees:
        written |= set(coded(name.removesuffix(".__init__"), tree, kinds))
    house = ("server.", "schema.")
    written |= {(kind.code, kind.status) for name, kind in kinds.items() if name.startswith(house)}

    assert dict(written) == told
    assert len(dict(written)) == len(written), "one code has one status"


async def test_the_overview_tells_the_limits_that_hold(nowhere: Database) -> None:
    """A number in a document that the program does not keep is a broken promise."""
    async with client_of(nowhere) as client:
        page = Outline((await client.get("/api")).text).text

    assert set(TEXTS["limits"]) == {one.name for one in fields(LIMITS)}
    for one in fields(LIMITS):
        assert f"{TEXTS['limits'][one.name]}{getattr(LIMITS, one.name):,}" in page
    assert f"{MOST_ROWS:,} 行" in page
    assert f"展开后，字符{LARGEST_SPREAD:,}" in page
    assert f"每分钟 {Settings().public_points:,} 点" in page
    assert "公众按证件号查人（每个地址）2060" in page


# Examples -------------------------------------------------------------------------------------------------------------


async def batch_of(database: TrialDatabase, world: World) -> str:
    """Gives the global id of a finished batch with one waiting row, for the examples of an officer."""
    from schema.nodes import global_id

    async with database.writer() as connection:
        batch = await connection.fetchval(
            "INSERT INTO import_batch (id, agency_id, actor, file_name, file_hash, state, started_at, rows_total, rows_new,"
            " rows_changed, rows_unchanged, rows_rejected, notes) VALUES (gen_random_uuid(), $1, 'x', 'x', 'x', 'done', now(),"
            " 1, 0, 0, 0, 1, '[]') RETURNING id",
            world.agency,
        )
        await connection.execute(
            "INSERT INTO correction (id, batch_id, agency_id, kind, sheet, row_number, cells, faults, fingerprint, state,"
            " created_at) VALUES (gen_random_uuid(), $1, $2, 'penalty', 'x', 1, '{}', '[]', 'x', 'open', now())",
            batch,
            world.agency,
        )
    return global_id("BA", batch)


def leaves(value: Any) -> list[Any]:
    """Gives the values at the ends of an answer."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


async def test_every_example_runs_and_finds_something(database: TrialDatabase) -> None:
    """An example that answers null, or nothing, teaches nothing; one that fails teaches that the service is broken."""
    world = await build(database)
    number = EXAMPLES["driver"].variables["number"]
    async with make.sample_write(database) as write:
        driver = make.practitioner(world.agency, person_key(SECRET, "身份证", number))
        await make.put(write, "practitioner", driver)
        await make.put(write, "rating", make.rating(world.agency, practitioner_id=driver["id"], standard="taxi_driver"))
        shop = make.individual_business(world.agency, "92370117MA0000009X", registration_number="370117600000001")
        await make.put(write, "individual_business", shop)
    firm = {"uscc": USCC}
    given = {"firm": firm, "ratings": firm, "past": firm | {"day": "2026-06-15"}}
    given |= {"firms": {"first": 1}, "batch": {"batch": await batch_of(database, world)}}
    clerk = replace(world.officer(), duties=frozenset({Duty.CLERK}))
    examples = Examples(executor(), database, EXAMPLES)
    empty = {}
    for name, example in EXAMPLES.items():
        viewer: Viewer = clerk if example.key else PUBLIC
        data = (await examples.run(example, viewer, given)).data
        if None in data.values() or not [leaf for leaf in leaves(data) if leaf not in (None, False, 0)]:
            empty[name] = data
    assert empty == {}


def test_every_root_field_is_in_an_example_and_every_file_is_listed() -> None:
    """A way into the data that no example shows is found by nobody."""
    query = graphql_schema().query_type
    assert query is not None
    assert set(query.fields) - {root for one in EXAMPLES.values() for root in one.roots} == set()
    assert {path.stem for path in FOLDER.iterdir()} == set(EXAMPLES)
    assert all(one.document.startswith(f"# {one.title}\n") for one in EXAMPLES.values())


async def test_an_examples_page_shows_the_answer_that_the_api_gives(database: TrialDatabase) -> None:
    """The answer on the page is the running one, through the public door, also where a value comes from before."""
    await build(database)
    async with client_of(database) as client:
        for name in ("service", "firms", "next-page"):
            page = await client.get(f"/api/examples/{name}")
            blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page.text, re.DOTALL)
            body = json.loads(Outline(blocks[-2]).text.split("<<'JSON' ")[1].removesuffix(" JSON"))
            told = await client.post("/graphql", json=body)
            assert json.loads("".join(Outline(blocks[-1]).words))["data"] == told.json()["data"], name
            assert page.headers["cache-control"] == "no-store"
            assert "noindex" in page.headers["x-robots-tag"]


async def test_a_persons_example_and_an_officers_are_not_run_by_the_page(database: TrialDatabase) -> None:
    """The page has no key, and looks no person up on a stranger's behalf."""
    kept = [example for example in EXAMPLES.values() if example.needs]
    assert kept
    async with client_of(database) as client:
        for example in kept:
            page = Outline((await client.get(example.path)).text).text
            assert example.needs in page
            assert '"data"' not in page


async def test_the_command_of_an_example_can_be_pasted_into_a_shell(database: TrialDatabase) -> None:
    """The first thing a partner does is to copy it."""
    await build(database)
    async with on_a_port(database) as base, client_of(database) as client:
        page = (await client.get("/api/examples/service")).text
        blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
        command = Outline.__new__(Outline)
        Outline.__init__(command, blocks[-2])
        text = "".join(command.words).replace("http://127.0.0.1:8000", base)
        shell = await asyncio.create_subprocess_exec("sh", "-c", text, stdout=asyncio.subprocess.PIPE)
        told, _ = await asyncio.wait_for(shell.communicate(), 20)
    assert json.loads(told)["data"]["service"]["today"] == "2026-06-15"


async def test_an_example_is_run_with_the_points_of_its_readers_address(database: TrialDatabase) -> None:
    """A page that asks without limit would be the way around the limit."""
    await build(database)
    async with client_of(database, public_points=700) as client:
        pages = [await client.get("/api/examples/lists") for _ in range(4)]

    assert pages[0].status_code == 200
    assert (pages[-1].status_code, pages[-1].headers["retry-after"].isdigit()) == (429, True)
    assert "额度" in pages[-1].text or "限额" in pages[-1].text


async def test_an_example_says_so_while_the_database_is_away(nowhere: Database) -> None:
    """The reference stays readable; only the answer is missing, and programs are told to come again."""
    async with client_of(nowhere) as client:
        example = await client.get("/api/examples/service")
        still = await client.get("/api/queries")

    assert example.status_code == 503
    assert example.headers["retry-after"] == "2"
    assert "today" in example.text
    assert still.status_code == 200


def test_an_example_with_an_unknown_key_is_refused() -> None:
    """A misspelt «needs» would make the page run what it must not."""
    with pytest.raises(KeyError, match="need"):
        read_examples([{"name": "service", "title": "x", "text": "x", "need": "密钥"}])


def test_a_value_is_taken_from_the_first_that_has_it() -> None:
    """Old shops have no code: the way goes on to the next one, and ends in null where nothing is."""
    data = {"shops": [{"node": {"uscc": None}}, {"node": {"uscc": "9"}}]}
    assert value_at(data, ["shops", "*", "node", "uscc"]) == "9"
    assert value_at(data, ["shops", 0, "node", "uscc"]) is None
    assert value_at(data, ["shops", 7, "node"]) is None
    assert value_at(data, ["nothing", "*", "node"]) is None


def test_the_body_of_an_example_is_one_line_with_the_same_query() -> None:
    """Comments and line ends of the file do not reach the command line."""
    example = Example("x", "x", "x", "# 说明\nquery X($a: Int) {\n  a\n}\n")
    assert example.body({"a": 1}) == '{"query": "query X($a: Int) { a }", "variables": {"a": 1}}'


# Console, files, addresses --------------------------------------------------------------------------------------------


async def test_only_the_console_may_run_a_script_and_only_its_own(nowhere: Database) -> None:
    """A page into which keys are typed is framed by nobody and speaks to nobody else."""
    async with client_of(nowhere) as client:
        policies = {one.path: (await client.get(one.path)).headers["content-security-policy"] for one in SECTIONS}
        home = (await client.get("/")).headers["content-security-policy"]

    assert policies.pop("/api/console") == CONSOLE_POLICY
    assert "unsafe" not in CONSOLE_POLICY
    assert set(policies.values()) == {home}
    assert "script-src" not in home


def test_the_consoles_script_is_small_and_uses_nothing_that_a_strict_policy_forbids() -> None:
    """One file of plain JavaScript: no library, no store, no text read as code or as HTML."""
    script = (SITE / "static" / "api_console.js").read_text("utf-8")
    assert len(script.encode()) <= 15_000
    for word in ("eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "import("):
        assert word not in script, word
    for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "http:", "https:", "setTimeout("):
        assert word not in script, word


async def test_the_consoles_facts_are_the_schemas(nowhere: Database) -> None:
    """What a click inserts must be a field that exists, with the arguments it needs."""
    schema = graphql_schema()
    async with client_of(nowhere) as client:
        facts = (await client.get("/api/console.json")).json()

    for name, kind in facts["types"].items():
        real = schema.type_map[name]
        if isinstance(real, GraphQLObjectType | GraphQLInterfaceType):
            assert {key: one[0] for key, one in kind["fields"].items()} == {
                key: str(one.type) for key, one in real.fields.items()
            }
    assert [example["name"] for example in facts["examples"]] == list(EXAMPLES)


async def test_the_schema_is_a_file_to_take_away_and_is_not_sent_twice(nowhere: Database) -> None:
    """Code generators fetch it at each build."""
    async with client_of(nowhere) as client:
        plain = await client.get("/api/schema.graphql", headers={"accept-encoding": "identity"})
        packed = await client.get("/api/schema.graphql", headers={"accept-encoding": "gzip"})
        again = await client.get("/api/schema.graphql", headers={"if-none-match": plain.headers["etag"]})
        refused = await client.get("/api/schema.graphql", headers={"accept-encoding": "gzip;q=0"})

    assert plain.text == packed.text == printed()
    assert "attachment" in plain.headers["content-disposition"]
    assert ("content-encoding" in plain.headers, "content-encoding" in refused.headers) == (False, False)
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) <= len(gzip.compress(printed().encode(), 9)) + 64
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/api/types/Nothing", 404, None),
        ("/api/examples/nothing", 404, None),
        ("/api/types/RecordKind", 308, "/credit/api/enums#RecordKind"),
        ("/api/types/Query", 308, "/credit/api/queries"),
        ("/api/", 308, "/credit/api"),
        ("/api/types/", 308, "/credit/api/types"),
    ],
)
async def test_an_address_that_someone_guesses_leads_on(
    nowhere: Database, path: str, status: int, location: str | None
) -> None:
    """Known names lead to their place, others to the site's own page of what was not found."""
    async with client_of(nowhere, path_prefix="/credit") as client:
        answer = await client.get("/credit" + path)
    assert answer.status_code == status
    assert answer.headers.get("location") == location


def test_the_changelog_is_read_whole(tmp_path: Path) -> None:
    """Headings, lists that go on over a line, code and strong words; what is none of these stays as it stands."""
    file = tmp_path / "CHANGELOG.md"
    file.write_text("# 标题\n\n引言一\n引言二\n\n## 2027-01-01\n\n- **新增** `a`，\n  见下\n- 二\n\n> 引文\n", "utf-8")
    blocks = [(block.kind, block.level, block.items) for block in read_changelog(file)]

    assert blocks == [
        ("paragraph", 0, [[("", "引言一引言二")]]),
        ("heading", 2, [[("", "2027-01-01")]]),
        ("item", 0, [[("strong", "新增"), ("", " "), ("code", "a"), ("", "，见下")], [("", "二")]]),
        ("paragraph", 0, [[("", "> 引文")]]),
    ]
    assert read_changelog(tmp_path / "none.md") == []
    words = {words for block in read_changelog() for item in block.items for _, words in item}
    assert any("弃用期" in text for text in words)
