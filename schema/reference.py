"""参考数据 what the house judges by: rating standards, disclosure terms, and the words it uses.

Whole tables of some dozens of rows, so plain lists and no connections. Not for the catalogue: see ``catalogue.py``.
"""

from datetime import date

import strawberry

from schema.catalogue import reference_list
from schema.enums import DisclosureEnd, DisclosureStart, RepairOpening, SourceMark, SubjectKind, enum_sql, enums_sql
from schema.plan.mapping import Argument, Many, column, expression, mapped, row

_IN_FORCE = "{item}.valid_from <= {in_force_on} AND ({item}.valid_until IS NULL OR {item}.valid_until > {in_force_on})"
_IN_FORCE_ON = Argument("in_force_on", date | None, "只取此日施行的版本 in force on；不给时为全部版本", "date")


@strawberry.type(description="信用等级 grade：一个评价标准的一个等级；不同标准的等级不能互相比较")
@row("jsonb_array_elements")
class Grade:
    """信用等级."""

    grade: str = expression("等级 grade", "({row}.value ->> 'grade')")
    meaning: str = expression("含义 meaning", "({row}.value ->> 'meaning')")
    position: int = column("次序 position：1 为最好", "ordinality")


@strawberry.type(description="评价标准 standard：一个评价标准自某日起施行的一个版本")
@row("rating_standard")
class Standard:
    """评价标准."""

    key: str = column("标准代码 key：即评价结果的 standard", "key")
    name: str = column("标准名称 name", "name")
    valid_from: date = column("施行日 valid from：即评价结果的 standardVersion", "valid_from")
    valid_until: date | None = column("失效日 valid until：失效的第一天；null 为现行", "valid_until")
    subject_kinds: list[SubjectKind] = expression("主体类别 subject kinds", enums_sql("subject_kinds"))
    targets: str = column("评价对象 targets", "targets")
    issuer: str = column("发布机关 issuer", "issuer")
    document_number: str | None = column("文号 document number；没有或未核实的为 null", "document_number")
    basis: str = column("依据 basis：文件名称、文号和条款", "basis")
    url: str | None = column("依据网址 url", "url")
    cycle: str = column("评价周期 cycle", "cycle")
    validity: str | None = column("结果有效期 validity；没有统一规定的为 null", "validity")
    grades: list[Grade] = mapped(
        "等级 grades，好的在前；全国没有统一等级的为空",
        Many("true", "{item}.ordinality", source="jsonb_array_elements({row}.grades) WITH ORDINALITY"),
    )
    mark: SourceMark | None = expression("核实程度 mark", enum_sql(SourceMark, "mark"))
    note: str | None = column("核实说明 note：哪些尚未核实", "note")


@strawberry.type(description="公示期限 disclosure term：一类信息公示多久、何时起可以修复的规定的一个版本")
@row("disclosure_term")
class DisclosureTerm:
    """公示期限."""

    edition: str = column("公示规则版本 edition：即公示信息的 disclosure.edition", "id")
    key: str = column("规则代码 key", "key")
    term: str = column("公示事项 term", "term")
    valid_from: date = column("生效日 valid from：自此日起作出的决定适用", "valid_from")
    valid_until: date | None = column(
        "失效日 valid until：失效的第一天，自此日起作出的决定适用以后的版本；null 为现行", "valid_until"
    )
    shown: bool = column("社会公开 shown：为假的不向社会公开，仍可政务共享", "shown")
    starts: DisclosureStart | None = expression("公示起算 starts", enum_sql(DisclosureStart, "starts"))
    ends: DisclosureEnd | None = expression("公示截止 ends", enum_sql(DisclosureEnd, "ends"))
    repair_opens: RepairOpening | None = expression("可申请修复 repair opens", enum_sql(RepairOpening, "repair_opens"))
    shortest_months: int | None = column("最短公示期 shortest months，月；没有规定的为 null", "shortest_months")
    longest_months: int | None = column("最长公示期 longest months，月；没有规定的为 null", "longest_months")
    basis: str = column("依据 basis：文件名称、文号和条款，以及以后的规定对此前决定的影响", "basis")
    url: str | None = column("依据网址 url", "url")
    mark: SourceMark | None = expression("核实程度 mark：按其中最不确定的依据", enum_sql(SourceMark, "mark"))


@strawberry.type(description="术语 glossary term：本接口和网站的用词、对应的标识符和含义")
@row("glossary_term")
class GlossaryTerm:
    """术语."""

    identifier: str = column("标识符 identifier：接口中的类型、字段或概念", "id")
    term: str = column("术语 term", "term")
    english: str = column("英文 english", "english")
    definition: str = column("含义 definition", "definition")
    source: str = column("出处 source：法律、文件，或者本系统", "source")


@strawberry.type
class ReferenceQuery:
    """参考数据的查询根."""

    standards: list[Standard] = mapped(
        "评价标准 standards：登记册中的全部标准（至多三百个版本），同一标准旧版在前",
        reference_list(
            "rating_standard",
            "true",
            "{item}.position",
            ("key", "{item}.key = {key}"),
            ("in_force_on", _IN_FORCE),
            ("subject_kind", "{subject_kind} = ANY ({item}.subject_kinds)"),
        ),
        arguments=(
            Argument("key", str | None, "只取此标准 key，如 taxi_driver"),
            _IN_FORCE_ON,
            Argument("subject_kind", SubjectKind | None, "只取评价此类主体的 subject kind", convert=lambda k: k.value),
        ),
    )
    disclosure_terms: list[DisclosureTerm] = mapped(
        "公示期限 disclosure terms：全部规则的全部版本（至多三百个）",
        reference_list(
            "disclosure_term", "true", "{item}.position", ("key", "{item}.key = {key}"), ("in_force_on", _IN_FORCE)
        ),
        arguments=(Argument("key", str | None, "只取此规则 key，如 penalty.general"), _IN_FORCE_ON),
    )
    glossary: list[GlossaryTerm] = mapped(
        "术语 glossary：全部用词（至多三百条），按主题排列",
        reference_list("glossary_term", "true", "{item}.position", ("identifier", "{item}.id = {identifier}")),
        arguments=(Argument("identifier", str | None, "只取此标识符 identifier，如 Penalty"),),
    )
