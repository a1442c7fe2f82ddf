"""目录与措施清单 the catalogue of public credit information and the list of measures, edition by edition.

Reference data: whole editions, short by a bound of the house (``REFERENCE_ROWS``), so plain lists and no connections.
"""

from datetime import date
from typing import Any

import strawberry

from schema.enums import Nature, Scope, SourceMark, SubjectKind, enum_sql, enums_sql
from schema.plan.cost import SHORT_LIST
from schema.plan.mapping import Argument, Many, column, expression, mapped, row
from server.disclosure.doors import REFERENCE_ROWS

_EDITION = Argument("edition", str | None, "版本 edition，如 2024；不给时为今天施行的版本")
#: Local catalogues are series of their own beside the national one.
_ORDER = '{item}.edition_title COLLATE "C", {item}.edition_from, {item}.position'
_IN_FORCE = """({edition} IS NULL AND {item}.edition_from <= (SELECT h_.today FROM head h_)
    AND ({item}.edition_until IS NULL OR {item}.edition_until > (SELECT h_.today FROM head h_))
    OR {item}.edition = {edition})"""


@strawberry.type(description="版本 edition：目录或清单自某日起施行的一版；新版施行，旧版即失效")
@row("catalogue_item")
class Edition:
    """版本."""

    title: str = column("名称 title：目录或清单", "edition_title")
    edition: str = column("版本 edition：作 catalogue、measures 的参数用", "edition")
    valid_from: date = column("施行日 valid from", "edition_from")
    valid_until: date | None = column("失效日 valid until：失效的第一天；null 为现行", "edition_until")


@strawberry.type(description="目录事项 catalogue item：公共信用信息目录某一版本的事项；目录之外的不是信用信息")
@row("catalogue_item")
class CatalogueItem:
    """目录事项."""

    edition_title: str = column("目录名称 edition title", "edition_title")
    edition: str = column("目录版本 edition", "edition")
    edition_from: date = column("版本生效日 edition from", "edition_from")
    edition_until: date | None = column("版本失效日 edition until：失效的第一天", "edition_until")
    code: str = column("事项代码 code", "code")
    name: str = column("事项名称 name", "name")
    catalogue_class: str = column("类别 catalogue class", "catalogue_class")
    nature: Nature | None = expression("信息性质 nature", enum_sql(Nature, "nature"))
    scope: Scope | None = expression("公开范围 scope（共享、披露方式）", enum_sql(Scope, "scope"))
    subject_kinds: list[SubjectKind] = expression("主体类别 subject kinds", enums_sql("subject_kinds"))
    provider: str = column("提供单位 provider", "provider")
    update_cycle: str = column("更新周期 update cycle", "update_cycle")
    legal_basis: str = column("法律依据 legal basis", "legal_basis")
    source: str = column("出处 source：事项见于哪个文件", "source")
    url: str | None = column("出处网址 url", "url")
    mark: SourceMark | None = expression("核实程度 mark", enum_sql(SourceMark, "mark"))


@strawberry.type(description="失信惩戒措施 measure：失信惩戒措施清单某一版本的事项；清单之外不得惩戒")
@row("measure_item")
class Measure:
    """措施."""

    edition_title: str = column("清单名称 edition title", "edition_title")
    edition: str = column("清单版本 edition", "edition")
    edition_from: date = column("版本生效日 edition from", "edition_from")
    edition_until: date | None = column("版本失效日 edition until：失效的第一天", "edition_until")
    code: str = column("事项代码 code", "code")
    kind: str = column("措施种类 kind", "kind")
    content: str = column("措施内容 content", "content")
    targets: str = column("对象 targets", "targets")
    subject_kinds: list[SubjectKind] = expression("主体类别 subject kinds", enums_sql("subject_kinds"))
    legal_basis: str = column("法律依据 legal basis", "legal_basis")
    authority: str = column("实施主体 authority", "authority")
    source: str = column("出处 source：措施见于哪个文件", "source")
    url: str | None = column("出处网址 url", "url")
    mark: SourceMark | None = expression("核实程度 mark", enum_sql(SourceMark, "mark"))


def reference_list(table: str, where: str, order: str, *filters: tuple[str, str], source: str | None = None) -> Many:
    """Declares a list out of a reference table; its cost is the most rows the table may have."""
    return Many(where, order, source=source, rows=REFERENCE_ROWS[table] // SHORT_LIST, filters=filters)


def _editions(description: str, table: str) -> Any:
    columns = "edition_title, edition, edition_from, edition_until"
    source = f"(SELECT DISTINCT {columns} FROM {table})"
    order = '{item}.edition_title COLLATE "C", {item}.edition_from'
    return mapped(description, reference_list(table, "true", order, source=source))


@strawberry.type
class CatalogueQuery:
    """目录与措施清单的查询根."""

    catalogue: list[CatalogueItem] = mapped(
        "目录事项 catalogue：一个版本的全部事项（至多一千条），按目录的次序",
        reference_list(
            "catalogue_item",
            _IN_FORCE,
            _ORDER,
            ("catalogue_class", "{item}.catalogue_class = {catalogue_class}"),
            ("nature", "{item}.nature = {nature}"),
        ),
        arguments=(
            _EDITION,
            Argument("catalogue_class", str | None, "只取此类别 catalogue class"),
            Argument("nature", Nature | None, "只取此性质 nature", convert=lambda nature: nature.value),
        ),
    )
    catalogue_editions: list[Edition] = _editions("目录的各版本 catalogue editions，旧的在前", "catalogue_item")
    measures: list[Measure] = mapped(
        "失信惩戒措施 measures：清单一个版本的全部措施（至多三百条），按清单的次序",
        reference_list("measure_item", _IN_FORCE, _ORDER, ("kind", "{item}.kind = {kind}")),
        arguments=(_EDITION, Argument("kind", str | None, "只取此种类 kind，如 限制市场或行业准入")),
    )
    measure_editions: list[Edition] = _editions("措施清单的各版本 measure editions，旧的在前", "measure_item")
