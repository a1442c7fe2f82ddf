"""检索函数 the functions by which a door finds firms and vehicles, made by ``migrate`` with the door. Not for what is typed.

Their text is ``functions.sql``, once for each reading door.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from server.database.roles import door_schema
from server.disclosure.views import READING_DOORS
from server.viewer import Door


@cache
def _text() -> str:
    return resources.files("server.search").joinpath("functions.sql").read_text("utf-8")


def search_statements(door: Door) -> list[str]:
    """Gives the statements that make the functions in a reading door's schema; none for a door that shows no tables."""
    if door not in READING_DOORS:
        return []
    return [_text().replace("door.", f"{door_schema(door)}.")]


def search_functions(door: Door) -> frozenset[str]:
    """Gives the names of these functions: what the door's role may call beside ``functions_of``."""
    if door not in READING_DOORS:
        return frozenset()
    return frozenset(re.findall(r"^CREATE FUNCTION door\.(\w+)", _text(), re.MULTILINE))
