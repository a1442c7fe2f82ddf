"""列 typed short forms of Tortoise fields. Tortoise's own annotations lose that a text column may be null."""

from __future__ import annotations

from typing import Any, cast

from tortoise import fields
from tortoise.fields import Field, OnDelete


def text_or_none() -> Field[str | None]:
    """Gives a text column that may be null."""
    return cast("Field[str | None]", fields.TextField(null=True))


def link(model: str, *, null: bool = False) -> Any:
    """Gives a foreign key that refuses the deletion of what it points to (Tortoise's default would cascade).

    For keys to subjects, a row carries at most one that is not null; a CHECK holds it to that.
    """
    if null:
        return fields.ForeignKeyField(f"xintu.{model}", related_name=False, on_delete=OnDelete.RESTRICT, null=True)
    return fields.ForeignKeyField(f"xintu.{model}", related_name=False, on_delete=OnDelete.RESTRICT)
