"""Reading of the YAML cases an officer can read; not a test itself."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).with_name("cases")
RULES = Path(__file__).with_name("data") / "rules"


def cases(folder: str, file: str = "*") -> list[dict[str, Any]]:
    """Gives the cases of a folder; ``on`` stays a word, days become dates, money is exact, codes stay text."""
    found: list[dict[str, Any]] = []
    for path in sorted((CASES / folder).glob(f"{file}.yaml")):
        # BaseLoader: every scalar is text, so that `on:` is no truth value and 0.1 no float.
        for case in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader):
            found.append({key: _value(value) for key, value in case.items()})
    assert found, f"no cases in {folder}/{file}"
    return found


def rules_dir(case: dict[str, Any]) -> Path | None:
    """Gives the bureau's folder of rules that a case is about."""
    return RULES / case["rules"] if "rules" in case else None


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: Decimal(item) if key.endswith("_yuan") else _value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item) for item in value]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    return {"true": True, "false": False, "null": None}.get(value, value)
