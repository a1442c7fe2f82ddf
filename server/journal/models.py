"""版本 the part every fact table has. Not for what may be shown: see ``server/disclosure/models.py``."""

from __future__ import annotations

from uuid import UUID, uuid4

from tortoise import fields
from tortoise.fields import Field
from tortoise.models import Model


class Versioned(Model):
    """有版本的事实: a row whose every superseded version is kept by triggers.

    ``revision_from`` and ``salt`` are written by the database alone; writers leave them out.
    """

    #: 永久标识: random, so that no gap tells of a hidden row
    id: Field[UUID] = fields.UUIDField(primary_key=True, default=uuid4)
    #: 起始修订: revision that made this version; set by trigger
    revision_from: Field[int] = fields.BigIntField()
    #: 盐: sixteen random bytes hashed with the version; set by trigger
    salt: Field[bytes] = fields.BinaryField()

    class Meta(Model.Meta):
        abstract = True
