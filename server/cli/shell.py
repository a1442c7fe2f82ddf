"""命令行的共用部分 how every command runs, prints, shows progress and names its operator. Not for any one command."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable, Coroutine
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from server.database.connection import Database
from server.settings import Settings, load_settings
from server.subjects.agencies import get_agency_id
from server.viewer import Door, Duty, Viewer

#: Progress and messages go to the error stream, so that ``--report json`` can be piped.
console = Console(stderr=True)


def do(work: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    """Runs a command's work under the settings and ends with its exit code."""
    raise typer.Exit(asyncio.run(work(load_settings())))


def bar() -> Progress:
    """Gives a progress bar for work that counts rows."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def operator() -> str:
    """Gives the name under which the command line writes to the journal."""
    return f"命令行:{getpass.getuser()}"


async def clerk_of(database: Database, agency_code: str) -> Viewer:
    """Gives the operator as a clerk of one agency."""
    async with database.desk() as connection:
        agency_id = await get_agency_id(connection, agency_code)
    return Viewer(Door.AGENCY, operator(), agency=agency_id, agency_code=agency_code, duties=frozenset({Duty.CLERK}))
