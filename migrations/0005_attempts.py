"""计次 a table that counts what is dear to guess, for all processes together."""

from uuid import uuid4

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# The newest attempts of one asker, and of all without a key: the two questions that each new one asks.
UP = """
ALTER TABLE attempt ADD CONSTRAINT attempt_kind CHECK (kind IN ('person', 'login'));
CREATE INDEX attempt_by_asker ON attempt (kind, asker, at DESC);
CREATE INDEX attempt_anonymous ON attempt (kind, at DESC) WHERE anonymous;
CREATE INDEX attempt_by_moment ON attempt (at);
"""


class Migration(migrations.Migration):
    dependencies = [("xintu", "0004_reference")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Attempt",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("kind", fields.TextField(description="种类: person 按证件号查人, login 登录", unique=False)),
                (
                    "asker",
                    fields.TextField(description="查询者: key:label, or address:HMAC; never an address", unique=False),
                ),
                ("anonymous", fields.BooleanField(description="公众: without a key, also counted all together")),
                ("at", fields.DatetimeField(description="时刻", auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "attempt",
                "app": "xintu",
                "pk_attr": "id",
                "table_description": "计次: who looked up a person by number (or logged in) when, never whom; found and"
                " unknown alike. No fact.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(UP),
    ]
