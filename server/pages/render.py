"""渲染 templates: Jinja with the site's texts and the Chinese forms of dates, money and codes. Not for reading data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.identifiers.divisions import NO_DIVISION, division_path
from server.pages.addresses import subject_path
from server.settings import CHECKOUT

SITE = CHECKOUT / "site"


def day(text: str | date) -> str:
    """Gives a date as 2026年11月20日."""
    on = text if isinstance(text, date) else date.fromisoformat(text)
    return f"{on.year}年{on.month}月{on.day}日"


def yuan(text: str | None) -> str | None:
    """Gives an amount as 2,000.50 元; whole yuan without decimals."""
    if text is None:
        return None
    amount = Decimal(text)
    shown = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    return f"{shown} 元"


def number(text: str) -> str:
    """Gives points without the zeros that the column's scale adds."""
    amount = Decimal(text)
    return f"{amount:f}".rstrip("0").rstrip(".") if amount != amount.to_integral_value() else f"{amount:.0f}"


def division(code: str) -> str:
    """Gives a division by its name, and its code; nothing where no division is known."""
    if code == NO_DIVISION:
        return ""
    name = division_path(code)
    return f"{name}（{code}）" if name else code


def place(code: str) -> str:
    """Gives a division by its name alone; an unlisted one by its code, and nothing where no division is known."""
    return "" if code == NO_DIVISION else division_path(code) or code


class Renderer:
    """模板: compiled once; every template is strict, so that a missing value is a fault and not a blank."""

    def __init__(self, prefix: str, trial: bool, static: Callable[[str], str], site: Path = SITE) -> None:
        self.prefix, self.trial = prefix, trial
        self.texts: dict[str, Any] = yaml.safe_load((site / "texts" / "site.yaml").read_text("utf-8"))
        self.labels: dict[str, dict[str, str]] = yaml.safe_load((site / "texts" / "labels.yaml").read_text("utf-8"))
        self.environment = Environment(
            loader=FileSystemLoader(site / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.filters |= {"day": day, "yuan": yuan, "number": number, "division": division, "place": place}
        self.environment.filters |= {"label": self.label, "subject_path": subject_path}
        self.environment.globals |= {"texts": self.texts, "prefix": prefix, "trial": trial, "static": static}

    def label(self, code: str | None, kind: str) -> str:
        """Gives what a code is called; an unlisted one stays as it is."""
        return "" if code is None else self.labels.get(kind, {}).get(code, code)

    def page(self, template: str, **values: Any) -> bytes:
        """Gives a page's bytes."""
        given: dict[str, Any] = {"indexed": False, "today": None, "here": None} | values
        return self.environment.get_template(template).render(given).encode()
