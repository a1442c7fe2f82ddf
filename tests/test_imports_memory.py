"""导入的内存: a large file must not grow the server. Measured in a process of its own, which holds nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID

from server.imports.law import Rules
from server.imports.service import import_file
from server.viewer import Door, Duty, Viewer
from tests.importing import LICENCE, PENALTY, open_bureau
from tests.support import TrialDatabase

CHECKOUT = Path(__file__).resolve().parents[1]
ROWS = 24_000
#: The design allows 50 for a hundred thousand rows. All memories are full by now; what still grows is a number a row.
ALLOWED_MB = 30


def highest_mb() -> float:
    """Not ``ru_maxrss``: a child begins with its parent's, and would hide all it takes below that."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(url: str, prefix: str, agency: str, small: str, large: str) -> None:
    """Imports a small file, then a large one; prints by how many megabytes the second raised the highest memory."""

    async def run() -> None:
        database, rules = TrialDatabase(url, prefix), Rules.load()
        clerk = Viewer(Door.AGENCY, "测量", UUID(agency), duties=frozenset({Duty.CLERK}))
        await import_file(database, rules, clerk, Path(small), "小.xlsx")
        before = highest_mb()
        result = await import_file(database, rules, clerk, Path(large), "大.xlsx")
        grown = highest_mb() - before
        await database.close()
        print(json.dumps({"rows": result.rows_total, "grown_mb": grown}))

    asyncio.run(run())


async def test_a_large_file_does_not_grow_the_service(database: TrialDatabase, tmp_path: Path) -> None:
    """One upload once took 80 MB that were never given back; several would end a small server."""
    bureau = await open_bureau(database, tmp_path)
    rows = [
        PENALTY
        | {"CF_WSH": f"示交罚〔2026〕{n}号", "CF_XDR_MC": f"钢城示例{n}号公司", "CF_SY": f"第{n}件超限运输，" * 10}
        if n % 2
        else LICENCE | {"XK_WSH": f"示交许〔2026〕{n}号", "XK_XKBH": f"9901170{n:05d}", "XK_NR": f"道路普通货物运输{n}"}
        for n in range(ROWS)
    ]
    small, large = bureau.file(rows[:20]), bureau.file(rows)

    handed = [database.url, database.prefix, str(bureau.agency), str(small), str(large)]
    script = f"from tests.test_imports_memory import measure; measure(*{handed})"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT
    )
    said, _ = await child.communicate()

    told = json.loads(said)
    assert told["rows"] == ROWS
    assert told["grown_mb"] < ALLOWED_MB, told
