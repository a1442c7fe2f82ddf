"""发布接口 publish: writes down the schema that partners are given from a day on. Not for deciding what may change.

``python -m schema.publish 2026-11-20`` at a release, before the commit: the snapshot goes to ``published/``, and what
stood under «未发布» in ``CHANGELOG.md`` gets the day as its heading. See ``evolution.py`` for the rule.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from graphql import build_schema

from schema.evolution import (
    CHANGELOG,
    DAY_HEADING,
    PUBLISHED,
    UNPUBLISHED,
    changes,
    faults,
    period_of,
    section,
    snapshots,
    unmentioned,
)
from server.errors import CreditError, Invalid

#: Stands under «未发布» while nothing waits there.
NOTHING = "（无）"


def publish(text: str, on: date, folder: Path = PUBLISHED, changelog: Path = CHANGELOG) -> Path:
    """Writes the snapshot of a printed schema and dates the changelog; gives the snapshot's file.

    Raises ``Invalid`` for a day not after the last one, for a change that breaks clients or that the changelog does
    not name, and when there is nothing to publish.
    """
    known, words, current = snapshots(folder), changelog.read_text("utf-8"), build_schema(text)
    waiting = section(words)
    if known and on <= known[-1].on:
        raise Invalid(f"发布日须在上一次（{known[-1].on}）之后；已发布的接口不能改写")
    wrong = faults(known, current, on, period_of(words))
    if known:
        found = changes(known[-1].schema, current)
        wrong += [f"变更日志没有写到：{one}" for one in unmentioned(found, known[-1].schema, current, waiting)]
    if waiting in ("", NOTHING):
        wrong.append("变更日志的“未发布”一节是空的：没有要发布的变化")
    if wrong:
        raise Invalid("不能发布：\n" + "\n".join(wrong))
    folder.mkdir(exist_ok=True)
    written = folder / f"{on}.graphql"
    written.write_text(text, "utf-8")
    dated = f"{UNPUBLISHED}\n\n{NOTHING}\n\n## {on}\n"
    changelog.write_text(words.replace(f"{UNPUBLISHED}\n", dated, 1), "utf-8")
    return written


def days(changelog: str) -> list[date]:
    """Gives the days of publication that the changelog has, as they stand there."""
    return [date.fromisoformat(day) for day in DAY_HEADING.findall(changelog)]


def main(arguments: list[str]) -> None:
    """Publishes the schema of this checkout; ends the process with what to do where it may not."""
    from schema.api import printed

    try:
        on = date.fromisoformat(arguments[0]) if len(arguments) == 1 else None
    except ValueError:
        on = None
    if on is None:
        sys.exit("用法：python -m schema.publish 年-月-日，如 2026-11-20")
    try:
        print(f"已写入 {publish(printed(), on).name}；变更日志的“未发布”一节已记到 {on}，请一并提交。")
    except CreditError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main(sys.argv[1:])
