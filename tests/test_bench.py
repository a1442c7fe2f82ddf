"""测量 tests of the benchmark: that it runs, that its rows are valid, that its nasty requests bite. Never of time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from stdnum.cn import ric

from schema.api import executor
from schema.plan.asking import Asking
from schema.plan.documents import Refused
from server.errors import CreditError
from server.identifiers.uscc import check_uscc
from server.settings import CHECKOUT
from server.viewer import PUBLIC
from tests.bench import city, nasty
from tests.bench.bare import recorded
from tests.support import TrialDatabase

#: Prints the packages from outside the standard library that a process of the service has loaded before its first answer.
LOADED = """
import sys
from server.cli import serve
from server.app import create_app
from server.database.connection import Database
from server.settings import Address, Settings
import uvicorn
app = create_app(Settings(), Database(Address("127.0.0.1", 1, "nowhere"), "s" * 40))
config = uvicorn.Config(app, access_log=False)
config.load()
config.get_loop_factory()
own = {"server", "schema", "__main__", "__mp_main__"}
tops = {name.partition(".")[0] for name, module in sys.modules.items() if getattr(module, "__file__", None)}
tops.discard("_distutils_hack")  # of the environment itself
outside = {top for top in tops if "site-packages" in (getattr(sys.modules[top], "__file__", None) or "")}
print(*sorted(outside - own))
"""
#: What a serving process may load, and why. A package that is not here makes it larger and its start longer.
NEEDED = {
    "graphql": "parses and checks documents",
    "strawberry": "types and their descriptions",
    "starlette": "pages, files, uploads",
    "python_multipart": "forms of uploads",
    "anyio": "of starlette",
    "asyncpg": "the driver",
    "jinja2": "pages",
    "markupsafe": "of jinja2",
    "whitenoise": "static files",
    "brotli": "of whitenoise",
    "_brotli": "of whitenoise",
    "uvicorn": "the server",
    "uvloop": "its event loop",
    "httptools": "its parser",
    "click": "of uvicorn",
    "pydantic": "settings",
    "pydantic_core": "settings",
    "pydantic_settings": "settings",
    "dotenv": "of pydantic_settings",
    "annotated_types": "of pydantic",
    "typing_inspection": "of pydantic",
    "typing_extensions": "of several",
    "yaml": "the law",
    "stdnum": "check digits of codes that are asked for",
    "dateutil": "of strawberry",
}
#: Design §7 and what only tests, imports and commands use.
NEVER = {
    "tortoise",
    "xlsxwriter",
    "rich",
    "pypinyin",
    "PIL",
    "segno",
    "typer",
    "hypothesis",
    "pytest",
    "openpyxl",
    "xlwt",
    "python_calamine",
    "httpx2",
}


def test_a_serving_process_loads_nothing_it_does_not_need() -> None:
    """Each further package costs every process memory and every start time; no clock would tell which one it was."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert loaded & NEVER == set()
    assert loaded - NEEDED.keys() == set()
    assert {"graphql", "asyncpg", "uvicorn"} <= loaded


async def test_the_rows_are_valid_and_the_doors_have_much_to_skip(database: TrialDatabase) -> None:
    """A benchmark whose rows are all shown, or that look like nobody's, would measure another service."""
    told: dict[str, int] = {}
    await city.build(database.url, database, 200, lambda table, rows: told.update({table: told.get(table, 0) + rows}))

    connection = await database.owner()
    codes = [
        row[0]
        for row in await connection.fetch(
            "SELECT uscc FROM xintu.enterprise UNION SELECT uscc FROM xintu.agency WHERE uscc IS NOT NULL"
        )
    ]
    numbers = [row[0] for row in await connection.fetch("SELECT certificate_number FROM xintu.practitioner")]
    counts = dict(await connection.fetch("SELECT subject_kind, count(*) FROM xintu.penalty GROUP BY 1"))
    await connection.close()
    async with database.read(PUBLIC) as reader:
        shown = {
            table: await reader.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("penalty", "rating", "enterprise")
        }

    assert sum(told.values()) == city.rows_in_all(200)
    assert [check_uscc(code) for code in codes] == codes
    assert {number[:6] for number in numbers} == {"990101"}
    assert [number for number in numbers if number[17] != ric.calc_check_digit(number)] == []
    assert set(counts) == {"enterprise", "individual_business", "practitioner"}
    assert 0 < shown["penalty"] <= told["penalty"] // 2
    assert told["rating"] * 0.8 < shown["rating"] < told["rating"]
    assert 0 < shown["enterprise"] < told["enterprise"]


def test_the_same_number_of_subjects_gives_the_same_rows() -> None:
    """Two measurements are only comparable over the same rows."""
    statements = [sheet.statement() for sheet in city.sheets(1_000)]

    assert statements == [sheet.statement() for sheet in city.sheets(1_000)]
    assert not any("random()" in statement or "now()" in statement for statement in statements)


def test_nasty_requests_keep_the_bound_and_are_new_each_time() -> None:
    """One byte more and it would be another bound's; the same bytes twice and a cache would answer."""
    first, second = nasty.requests(10_001), nasty.requests(10_002)

    assert len(first) >= 100
    assert len({one.name for one in first}) == len(first)
    assert [one.name for one in first if len(one.body) > nasty.MOST] == []
    same = {one.name for one, other in zip(first, second, strict=True) if one.body == other.body}
    assert same == {"JSON 深数组", "全是空格", "批量"}


async def test_nasty_requests_are_refused_for_what_is_nasty_in_them() -> None:
    """A request that the schema no longer knows is refused at once, and proves nothing about what it was made for."""
    plans, unknown, answered = executor(None), [], 0
    for one in nasty.requests(10_001):
        if not one.body.startswith(b'{"query"') or one.name.startswith("变量"):
            continue  # refused before it is a document
        try:
            await recorded(plans, one.body)
            answered += 1
        except Refused as refused:
            unknown += [one.name] if "没有" in refused.message and "没有定义" not in refused.message else []
        except CreditError:
            pass

    assert unknown == ["没用的变量", "不认识的字段", "不认识的参数"]
    assert answered > 70


@pytest.mark.parametrize("operation", ["enterprise", "list"])
async def test_an_operation_is_one_short_statement(operation: str) -> None:
    """The two operations stand for what partners ask: longer than the kept length they would be planned each time."""
    query = (CHECKOUT / "tests" / "bench" / "queries" / f"{operation}.graphql").read_text("utf-8")
    plans = executor(None)
    document = plans.document(query, Asking())
    variables = {"enterprise": {"uscc": "91370117MA0000001L"}, "list": {"after": None}}[operation]

    sql, values = await recorded(plans, json.dumps({"query": query, "variables": variables}).encode())

    assert document.operation(None).name is not None
    assert sql.startswith("SELECT")
    assert len(sql) < 8_000
    assert len(values) < 40


def test_the_whole_benchmark_runs_on_a_small_database(tmp_path: Path) -> None:
    """A command that is only run on great days is broken on them. What it measures here is not looked at."""
    sizes = {"subjects": 200, "rounds": 1, "seconds": 0.2, "repeats": 1, "starts": 1, "answers": 50}
    sizes |= {"each": 1, "addresses": 3}
    small = [word for name, size in sizes.items() for word in (f"--{name}", str(size))]
    command = [sys.executable, "-m", "server", "bench", "api", *small, "--folder", str(tmp_path / "bench")]

    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=300)

    assert done.stderr.count("Traceback") == 0
    assert done.returncode in (0, 1)
    words = ["速度（每次回答）", "固定回答", "裸 SQL", "恶意查询", "从启动到首次回答", "网页 企业", "检索，数据库内"]
    assert [word for word in words if word not in done.stdout] == []
