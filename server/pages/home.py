"""首页 what the first page shows beside its query: some firms of a trial's sample. Not for reading them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Firms shown on a trial's first page.
EXAMPLES = 6
_KINDS = {
    "licences": "许可",
    "penalties": "处罚",
    "ratings": "评价",
    "listEntries": "名单",
    "commitments": "承诺",
    "grants": "信易+",
}


def home_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the sample's firms that show the most kinds of information; none in a real service, which asks for none."""
    firms = []
    for edge in (data.get("enterprises") or {"edges": []})["edges"]:
        node = edge["node"]
        tags = [term for kind, term in _KINDS.items() if node[kind]["edges"]]
        firms.append({"name": node["name"], "uscc": node["uscc"], "sector": node["sector"], "tags": tags})
    return {"examples": sorted(firms, key=lambda firm: (-len(firm["tags"]), firm["uscc"]))[:EXAMPLES]}
