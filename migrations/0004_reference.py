"""评价标准、术语与参考表的出处 the register of standards, the glossary, and what a reader of reference tables needs to know."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise import fields

# Reference rows are no facts and nothing points to them: ``migrate`` loads them anew in the same transaction, and new
# columns that must be filled need no invented default.
EMPTY = "DELETE FROM disclosure_term; DELETE FROM catalogue_item; DELETE FROM measure_item"


class Migration(migrations.Migration):
    dependencies = [("xintu", "0003_settled_by")]

    initial = False

    operations = [
        ops.RunSQL(EMPTY),
        ops.CreateModel(
            name="GlossaryTerm",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="the identifier that code and API use, e.g. ``Penalty``, ``disclosed_until``",
                        max_length=100,
                    ),
                ),
                ("position", fields.IntField(description="次序, from 1")),
                ("term", fields.TextField(description="术语", unique=False)),
                ("english", fields.TextField(description="英文", unique=False)),
                ("definition", fields.TextField(description="含义 in one sentence", unique=False)),
                ("source", fields.TextField(description="出处: a law and its article, or this system", unique=False)),
            ],
            options={
                "table": "glossary_term",
                "app": "xintu",
                "pk_attr": "id",
                "table_description": "术语: a word of this service, its English identifier, and what it means.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RatingStandard",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="key and first day, e.g. ``taxi_driver@2022-05-27``",
                        max_length=100,
                    ),
                ),
                ("key", fields.TextField(description="标准代码, as in ``rating.standard``", unique=False)),
                (
                    "position",
                    fields.IntField(
                        description="次序 in the register, from 1; versions of one standard stand together, oldest first"
                    ),
                ),
                ("name", fields.TextField(description="标准名称", unique=False)),
                ("valid_from", fields.DateField(description="施行日, as in ``rating.standard_version``")),
                (
                    "valid_until",
                    fields.DateField(null=True, description="失效日, first day not in force; null = in force"),
                ),
                ("subject_kinds", ArrayField(description="主体类型", element_type="TEXT")),
                ("targets", fields.TextField(description="评价对象 in words", unique=False)),
                ("issuer", fields.TextField(description="发布机关", unique=False)),
                ("document_number", fields.TextField(null=True, description="文号", unique=False)),
                ("basis", fields.TextField(description="依据: title, number and article in one line", unique=False)),
                ("url", fields.TextField(null=True, description="依据网址", unique=False)),
                ("cycle", fields.TextField(description="评价周期 in words", unique=False)),
                (
                    "grades",
                    fields.JSONField(
                        description="等级: best first, each with ``grade`` and ``meaning``",
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "validity",
                    fields.TextField(
                        null=True, description="结果有效期 in words; null = the source tells none", unique=False
                    ),
                ),
                ("mark", fields.TextField(description="核实程度: verified, known, uncertain", unique=False)),
                ("note", fields.TextField(null=True, description="待核实说明: what is not certain", unique=False)),
            ],
            options={
                "table": "rating_standard",
                "app": "xintu",
                "pk_attr": "id",
                "table_description": "评价标准 reference: one version of a rating standard, loaded from ``standards.yaml``. No fact.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="CatalogueItem",
            name="edition_title",
            field=fields.TextField(description="目录名称", unique=False),
        ),
        ops.AddField(
            model_name="CatalogueItem",
            name="mark",
            field=fields.TextField(description="核实程度: verified, known, uncertain", unique=False),
        ),
        ops.AddField(
            model_name="CatalogueItem",
            name="position",
            field=fields.IntField(description="次序 within the edition, from 1"),
        ),
        ops.AddField(
            model_name="CatalogueItem",
            name="source",
            field=fields.TextField(description="出处: where the item stands, in one line", unique=False),
        ),
        ops.AddField(
            model_name="CatalogueItem",
            name="url",
            field=fields.TextField(null=True, description="出处网址", unique=False),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="ends",
            field=fields.TextField(
                description="公示截止: decided, valid_until, effective_until, listed_until, never", unique=False
            ),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="key",
            field=fields.TextField(description="条目, e.g. ``penalty.general``", unique=False),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="mark",
            field=fields.TextField(
                description="核实程度: verified, known, uncertain — of the least certain source that counts",
                unique=False,
            ),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="position",
            field=fields.IntField(description="次序 in the rule file, from 1"),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="repair_opens",
            field=fields.TextField(description="可申请修复: shortest_term, next_day, none", unique=False),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="shown",
            field=fields.BooleanField(description="社会公开: false where the public sees no such fact"),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="starts",
            field=fields.TextField(description="公示起算: in_store, effective", unique=False),
        ),
        ops.AddField(
            model_name="DisclosureTerm",
            name="valid_until",
            field=fields.DateField(
                null=True, description="失效日: acts from this day stand under a later version; null = in force"
            ),
        ),
        ops.AddField(
            model_name="MeasureItem",
            name="edition_title",
            field=fields.TextField(description="清单名称", unique=False),
        ),
        ops.AddField(
            model_name="MeasureItem",
            name="mark",
            field=fields.TextField(description="核实程度: verified, known, uncertain", unique=False),
        ),
        ops.AddField(
            model_name="MeasureItem",
            name="position",
            field=fields.IntField(description="次序 within the edition, from 1"),
        ),
        ops.AddField(
            model_name="MeasureItem",
            name="source",
            field=fields.TextField(description="出处: where the item stands, in one line", unique=False),
        ),
        ops.AddField(
            model_name="MeasureItem",
            name="subject_kinds",
            field=ArrayField(description="主体类型", element_type="TEXT"),
        ),
        ops.AddField(
            model_name="MeasureItem",
            name="url",
            field=fields.TextField(null=True, description="出处网址", unique=False),
        ),
    ]
