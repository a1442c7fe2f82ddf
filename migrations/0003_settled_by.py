"""更正的归宿与文号的同一写法: what settled a waiting row, late rows of a batch, and indexes that find a decision again."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

#: ``server.records.numbers.EXPRESSION`` as it was when this was written.
KEY = (
    "regexp_replace(regexp_replace(regexp_replace(regexp_replace(translate(document_number,"
    " '〔〕()（）[]［］【】{}｛｝《》〈〉〖〗﹝﹞<>-—–－_―‐‑−/／\\·.．。,，、;；:：''\"“”‘’ 　\t#№第号號年|罰許決處運執當場強準備認證記縣區鄉鎮鐵車駕駛維檢違業務監督總隊廳農書責罷審複發撤銷lIiOo〇○abcdefghjkmnpqrstuvwxyz',"
    " '-----------------------------------------------------------------罚许决处运执当场强准备认证记县区乡镇铁车驾驶维检违业务监督总队厅农书责罢审复发撤销1110000ABCDEFGHJKMNPQRSTUVWXYZ'),"
    " '(^|[^0-9])0+([0-9])', '\\1\\2', 'g'), '-+', '-', 'g'), '(^|[^0-9])-', '\\1', 'g'), '-([^0-9]|$)', '\\1', 'g')"
)
# NOT VALID: rows settled before this have no record to name, and every one from now on has.
UP = f"""
ALTER TABLE correction ADD CONSTRAINT correction_settled_by CHECK ((state = 'settled') = (settled_by IS NOT NULL)) NOT VALID;
CREATE INDEX licence_match ON licence (({KEY}));
CREATE INDEX penalty_match ON penalty (({KEY}));
CREATE INDEX licence_taken_down ON licence (decided_on) WHERE withdrawal IS NOT NULL;
CREATE INDEX penalty_taken_down ON penalty (decided_on) WHERE withdrawal IS NOT NULL OR severity_override IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("xintu", "0002_constraints")]
    operations = [
        ops.AddField(
            model_name="Correction",
            name="settled_by",
            field=fields.UUIDField(null=True, description="入库记录: licence or penalty that settled the row"),
        ),
        ops.AddField(
            model_name="ImportBatch",
            name="rows_late",
            field=fields.IntField(default=0, db_default=0, description="迟报: new rows after their deadline"),
        ),
        ops.RunSQL(UP),
    ]
