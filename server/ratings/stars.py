"""亮星 stars a grade lights on a taxi's roof, from ``stars.yaml``; pure. Not for who drives: see the device door."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from server.dated import DatedFile, Field, Kind, Shape, load

STARS = "ratings/stars.yaml"
FILES = (STARS,)
_SHAPE = Shape(
    version={"stars": Field(Kind.ROWS, rows={"grade": Field(Kind.TEXT), "stars": Field(Kind.WHOLE)})},
)


def star_rows(rules_dir: Path | None = None) -> list[dict[str, object]]:
    """Gives the rows of ``roof_light_star``: the newest version of each standard's map, as roof lights show today."""
    file = _load(rules_dir)
    found: list[dict[str, object]] = []
    for standard in file:
        for row in file[standard].versions[-1].rows("stars"):
            grade = cast(str, row["grade"])
            found.append({"id": f"{standard}.{grade}", "standard": standard, "grade": grade, "stars": row["stars"]})
    return found


def standards(rules_dir: Path | None = None) -> tuple[str, ...]:
    """Gives the standards that the map names; ``standards.yaml`` must know them."""
    return tuple(_load(rules_dir))


def _load(rules_dir: Path | None) -> DatedFile:
    return load(STARS, _SHAPE, Path(__file__).parent / "stars.yaml", rules_dir)
