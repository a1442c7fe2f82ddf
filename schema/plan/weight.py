"""展开长度 weight: how long a statement is once PostgreSQL has spread the door's views into it. Not for rows: see ``cost.py``.

Planning takes 0.1 to 0.3 ms for a thousand characters of that (measured over two hundred statements), whatever the
statement's own length: a person's view looks into ten others, a firm's into none.
"""

from __future__ import annotations

import re
from functools import cache

from server.database.roles import door_schema
from server.disclosure.views import door_statements
from server.errors import TooLarge
from server.viewer import Door

#: Characters of a statement with its views spread: some 75 ms of planning. The firm's page has 94,000.
LARGEST_SPREAD = 300_000

_VIEW = re.compile(r'CREATE VIEW \w+\."?(\w+)"? AS (.*)', re.DOTALL)
_READ = re.compile(r"(?:FROM|JOIN) (\w+)")


@cache
def spread_views() -> dict[str, int]:
    """Gives the length of each of the public door's views with the views that it looks into spread."""
    bodies = {found[1]: found[2] for text in door_statements(Door.PUBLIC, None) if (found := _VIEW.match(text))}
    inner = re.compile(rf'{door_schema(Door.PUBLIC)}\."?(\w+)"?')
    lengths: dict[str, int] = {}

    def length(name: str) -> int:
        if name not in lengths:
            used = [one for one in inner.findall(bodies[name]) if one in bodies]
            lengths[name] = len(bodies[name]) + sum(map(length, used))
        return lengths[name]

    return {name: length(name) for name in bodies}


def spread(sql: str) -> int:
    """Gives the length of a statement with its views spread."""
    views = spread_views()
    return len(sql) + sum(views.get(name, 0) for name in _READ.findall(sql))


def refuse_wide(sql: str) -> None:
    """Refuses a statement that would take too long to plan; raises ``TooLarge``."""
    if spread(sql) > LARGEST_SPREAD:
        raise TooLarge(
            "查询过大：所涉及的关联展开后过多，请减少别名、片段或嵌套的层数，分几次查询",
            code="QUERY_TOO_LARGE",
            status=400,
        )
