"""检索名称 the tables by which names are found, kept by each write of a subject."""

from uuid import uuid4

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

# The indexes that the search is written for are declared in server/migrate/indexes.py.
UP = """
ALTER TABLE name_search ADD CONSTRAINT name_search_kind CHECK (kind IN ('enterprise', 'individual_business'));
ALTER TABLE name_search ADD CONSTRAINT name_search_subject CHECK (num_nonnulls(enterprise_id, individual_business_id) = 1 AND id IS NOT DISTINCT FROM CASE kind WHEN 'enterprise' THEN enterprise_id ELSE individual_business_id END);
CREATE UNIQUE INDEX name_search_rank ON name_search (rank);
INSERT INTO gram_df (gram, df) VALUES ('', 0);
"""


class Migration(migrations.Migration):
    dependencies = [("xintu", "0005_attempts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="GramDf",
            fields=[
                (
                    "gram",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="检索词; the empty one counts the names",
                        max_length=100,
                    ),
                ),
                ("df", fields.IntField(description="名称数")),
            ],
            options={
                "table": "gram_df",
                "app": "xintu",
                "pk_attr": "gram",
                "table_description": "词频 in how many names that the public sees a token stands, when ranks were last dealt;"
                " rare ones are left out.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NameSearch",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True,
                        default=uuid4,
                        unique=True,
                        db_index=True,
                        description="主体标识: the enterprise's or individual business's own id",
                    ),
                ),
                (
                    "kind",
                    fields.TextField(description="种类: enterprise 企业, individual_business 个体工商户", unique=False),
                ),
                ("enterprise_id", fields.UUIDField(null=True, description="企业")),
                ("individual_business_id", fields.UUIDField(null=True, description="个体工商户")),
                ("name", fields.TextField(description="名称 as the subject has it", unique=False)),
                (
                    "core",
                    fields.TextField(description="名称主干: normal form without organisation suffix", unique=False),
                ),
                ("brand", fields.TextField(description="字号; empty where none was made out", unique=False)),
                (
                    "tokens",
                    ArrayField(
                        description="检索词: characters, pairs, words, brand, initials (=…), filters (@…)",
                        element_type="text",
                    ),
                ),
                (
                    "rank",
                    fields.IntField(
                        description="名次 from 1: dealt by what the public door shows; new names follow at the end"
                    ),
                ),
                ("division_code", fields.TextField(description="登记地行政区划代码", unique=False)),
                ("sector", fields.TextField(null=True, description="经营领域", unique=False)),
                ("state", fields.TextField(description="经营状态", unique=False)),
                (
                    "revision",
                    fields.BigIntField(description="修订: revision that made the subject's present version"),
                ),
                ("scope", fields.TextField(description="公开范围", unique=False)),
                ("disclosed_from", fields.DateField(description="公示起")),
                ("disclosed_until", fields.DateField(null=True, description="停止公示日")),
                ("withdrawn_on", fields.DateField(null=True, description="撤下日")),
                ("source_unit_id", fields.UUIDField(description="数源单位")),
            ],
            options={
                "table": "name_search",
                "app": "xintu",
                "pk_attr": "id",
                "table_description": "检索名称: one row per enterprise and individual business, as it stands now; derived,"
                " without history.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(UP),
    ]
