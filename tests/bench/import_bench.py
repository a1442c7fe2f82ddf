"""导入的速度: from an .xlsx of mixed rows to committed and journalled, and the ratio to bare COPY of the same rows.

Run by ``make bench``. Not a test: it asserts nothing about time, because machines differ; both figures come from the
same run, so their ratio says something anywhere. The rows are invented and the same for the same number.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import xlsxwriter
from rich.console import Console
from rich.table import Table
from stdnum.cn.ric import calc_check_digit as id_digit
from stdnum.cn.uscc import calc_check_digit as uscc_digit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.database.connection import Database
from server.database.embedded import start_embedded
from server.imports import chunk, fields
from server.imports.agencies import Agencies, Agency
from server.imports.judge import Judge
from server.imports.law import Rules
from server.imports.reader import read_table
from server.imports.rows import Kind, SheetStart
from server.imports.service import import_file
from server.journal.actions import Action
from server.journal.name_index import complete
from server.journal.service import write
from server.migrate.config import credentials
from server.migrate.plan import Plan
from server.migrate.service import migrate
from server.viewer import Door, Duty, Viewer
from tests import factory

TODAY = date(2026, 6, 15)
BUREAU_BODY = "11990117004260001"
NAME = "示例交通运输局"
BAD_EVERY = 50  # two rows in a hundred come back
Row = dict[str, str | float]


def uscc(body: str) -> str:
    return body + str(uscc_digit(body))


BUREAU = uscc(BUREAU_BODY)


def _subject(prefix: str, number: int) -> Row:
    """Of twenty rows fourteen of firms, five of shops, one of a person; each has about eight rows."""
    kind, who = number % 20, number // 160 * 20 + number % 20
    if kind == 19:
        body = f"9901011990{who % 12 + 1:02d}{who % 28 + 1:02d}{who // 28 % 1000:03d}"
        paper: Row = {f"{prefix}_XDR_ZJLX": "身份证", f"{prefix}_XDR_ZJHM": body + str(id_digit(body + "0"))}
        return {f"{prefix}_XDR_MC": f"张示例{who}", f"{prefix}_XDR_LB": "自然人"} | paper
    shop = kind >= 14
    row: Row = {f"{prefix}_XDR_LB": "个体工商户" if shop else "法人及非法人组织"}
    row[f"{prefix}_XDR_MC"] = f"钢城示例{who}号汽修部" if shop else f"钢城示例{who}号道路运输有限公司"
    row[f"{prefix}_XDR_SHXYM"] = uscc(f"{'92' if shop else '91'}990117MA{who:07d}")
    row[f"{prefix}_FRDB"] = f"李示例{who}"
    return row


def _written(day: date) -> str:
    return f"{day.year}/{day.month}/{day.day}"


def licence(number: int) -> Row:
    decided = TODAY - timedelta(days=number % 700)
    row = _subject("XK", number) | {"XK_XKWS": "道路货物运输经营许可决定书", "XK_WSH": f"示交许〔2026〕{number}号"}
    row |= {"XK_XKLB": "普通", "XK_XKZS": "道路运输经营许可证", "XK_XKBH": f"990117{number:06d}", "XK_ZT": "1"}
    row |= {"XK_NR": f"准予从事道路普通货物运输经营，车辆鲁A{number % 100_000:05d}，许可证号990117{number:06d}。"}
    row |= {"XK_JDRQ": _written(decided), "XK_YXQZ": _written(decided), "XK_YXQZI": "2030/12/31"}
    row |= {"XK_XKJG": NAME, "XK_XKJGDM": BUREAU, "XK_LYDW": NAME, "XK_LYDWDM": BUREAU}
    return row | ({"XK_XKLB": "一般"} if number % BAD_EVERY == 0 else {})


def penalty(number: int) -> Row:
    decided = TODAY - timedelta(days=number % 700)
    yuan = 200 + number % 40 * 100
    row = _subject("CF", number) | {"CF_WSH": f"示交罚〔2026〕{number}号", "CF_WFXW": "货运车辆超限运输"}
    row["CF_SY"] = (
        f"{decided.year}年{decided.month}月{decided.day}日，当事人驾驶鲁A{number % 100_000:05d}号重型半挂牵引车行驶至"
        f"省道{number % 300}线{number % 90}公里处，经检测车货总质量{49 + number % 30}.{number % 10}吨，超过限定标准，"
        "以上事实有检测单、现场笔录、询问笔录等证据证明。"
    )
    row |= {"CF_YJ": "《中华人民共和国公路法》第七十六条第（五）项、《超限运输车辆行驶公路管理规定》第四十三条"}
    row |= {"CF_CFLB": "罚款", "CF_NR": f"责令改正，罚款人民币{yuan}元整。", "CF_NR_FK": yuan / 10_000}
    row |= {"CF_JDRQ": _written(decided), "CF_YXQ": "2099/12/31", "CF_CFJG": NAME, "CF_CFJGDM": BUREAU}
    row |= {"CF_SJLY": NAME, "CF_SJLYDM": BUREAU}
    return row | ({"CF_NR_FK": 0} if number % BAD_EVERY == 0 else {})


def write_file(path: Path, rows: int) -> None:
    """Writes half the rows to each of two sheets."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        for kind, make in ((Kind.LICENCE, licence), (Kind.PENALTY, penalty)):
            sheet = book.add_worksheet(fields.table(kind).name)
            titles = [column.code for column in fields.table(kind).national]
            sheet.write_row(0, 0, titles)
            for number in range(1, rows // 2 + 1):
                row = make(number)
                for place, title in enumerate(titles):
                    value = row.get(title)
                    if isinstance(value, str):
                        sheet.write_string(number, place, value)
                    elif value is not None:
                        sheet.write_number(number, place, value)


def read_only(path: Path) -> tuple[float, int]:
    """Seconds of the child alone, its rows thrown away."""
    started, rows = time.perf_counter(), 0
    for item in read_table(path):
        rows += len(item) if isinstance(item, list) else 0
    return time.perf_counter() - started, rows


def judge_only(path: Path, rules: Rules, agency: Agency) -> float:
    """Seconds of the checks alone, in one thread."""
    judge, sheets, spent = Judge(rules, Agencies([agency], agency.id), TODAY), {}, 0.0
    for item in read_table(path):
        if isinstance(item, SheetStart):
            sheets[item.sheet] = item
        elif isinstance(item, list):
            started = time.perf_counter()
            for raw in item:
                judge.judge(raw, sheets[raw.sheet])
            spent += time.perf_counter() - started
    return spent


async def bare_copy(owner: asyncpg.Connection) -> float:
    """Seconds of COPY of the same rows into unlogged tables without index, trigger and history."""
    spent = 0.0
    for table in ("licence", "penalty"):
        rows = [tuple(row) for row in await owner.fetch(f"SELECT * FROM {table}")]
        await owner.execute(f"CREATE UNLOGGED TABLE bare_{table} (LIKE {table})")
        started = time.perf_counter()
        await owner.copy_records_to_table(f"bare_{table}", schema_name="xintu", records=rows)
        spent += time.perf_counter() - started
        await owner.execute(f"DROP TABLE bare_{table}")
    return spent


class Clock:
    """Adds up the seconds that the index of names takes inside the import."""

    def __init__(self) -> None:
        self.spent, self.names = 0.0, 0

    async def complete(self, connection: asyncpg.Connection) -> int:
        started = time.perf_counter()
        names = await complete(connection)
        self.spent += time.perf_counter() - started
        self.names += names
        return names


async def measure(folder: Path, rows: int) -> list[tuple[str, float, int]]:
    path = folder / "双公示.xlsx"
    write_file(path, rows)
    embedded = await start_embedded(folder / "data")
    try:
        await migrate(Plan(url=embedded.owner_url, secret=embedded.secret, trial=True, today=TODAY))
        database = Database(embedded.address, embedded.secret)
        row = factory.agency("990117", name=NAME, uscc=BUREAU)
        async with write(database, "测量", Action.AGENCY_IMPORT, "示例机关") as w:
            await w.insert("agency", [row])
        agency = Agency(row["id"], "990117", NAME, BUREAU, (row["id"],))
        clerk = Viewer(Door.AGENCY, "测量", agency.id, duties=frozenset({Duty.CLERK}))
        rules, clock = Rules.load(), Clock()
        chunk.complete = clock.complete
        figures = [("读取（子进程）", *read_only(path)), ("校验（单线程）", judge_only(path, rules, agency), rows)]
        for name in ("导入：文件到提交", "再导入一次：全部未变"):
            started = time.perf_counter()
            result = await import_file(database, rules, clerk, path, path.name)
            figures.append((name, time.perf_counter() - started, result.rows_total))
        figures.append(("其中名称索引（名称）", clock.spent, clock.names))
        owner = await asyncpg.connect(**credentials(embedded.owner_url), server_settings={"search_path": "xintu"})
        stored = await owner.fetchval("SELECT (SELECT count(*) FROM licence) + (SELECT count(*) FROM penalty)")
        figures.append(("裸 COPY 同样的行", await bare_copy(owner), stored))
        await owner.close()
        await database.close()
        return figures
    finally:
        embedded.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench import", description="测量导入的速度，以及名称索引使它慢多少")
    parser.add_argument("--rows", type=int, default=100_000, help="表格有多少行，许可、处罚各一半")
    rows = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(prefix=f"xb{uuid4().hex[:4]}"))
    try:
        figures = asyncio.run(measure(folder, rows))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    table = Table("步骤", "行", "秒", "行/秒", title=f"{rows} 行双公示数据")
    for name, seconds, count in figures:
        table.add_row(name, f"{count:,}", f"{seconds:.2f}", f"{count / seconds:,.0f}")
    console = Console()
    console.print(table)
    seconds = {name: spent for name, spent, _ in figures}
    ratio = seconds["导入：文件到提交"] / seconds["裸 COPY 同样的行"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    names = seconds["其中名称索引（名称）"]
    console.print(f"名称索引使导入慢 {names / (seconds['导入：文件到提交'] - names):.0%}（目标：不超过三分之一）")
    console.print(f"导入用时是裸 COPY 的 {ratio:.1f} 倍；本进程内存峰值 {peak} MB（含生成文件和测量）")


if __name__ == "__main__":
    main()
