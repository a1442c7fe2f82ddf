"""中文报错 what a partner's programmer is told about a slip: in Chinese, of the right thing, with what to do."""

from __future__ import annotations

import re

import pytest

from schema.api import registry
from schema.plan.documents import Documents, Refused

DATED = 'penalties(decidedFrom: "2026-13-01") { totalCount }'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{ enterprise { name } }", "Query.enterprise 缺少必需的参数 uscc"),
        ("{ service @include { today } }", "@include 缺少必需的参数 if"),
        ('{ enterprise(uscd: "x", uscc: "x") { name } }', "没有参数 uscd"),
        ("{ enterprise(uscc: null) { name } }", "String! 类型的值，不能是 null"),
        ("{ nodes(ids: [null]) { id } }", "ID! 类型的值，不能是 null"),
        ("{ enterprise(uscc: 1) { name } }", "值不合类型"),
        ("{ listEntries(kind: BLACK) { totalCount } }", "枚举 ListKind 没有值 BLACK"),
        ("{ " + DATED + " }", "此处须是 Date 类型的值"),
        ('{ enterprise(uscc: "a", uscc: "b") { name } }', "参数 uscc 给了两次"),
        ("query ($a: Int, $a: Int) { enterprises(first: $a) { totalCount } }", "变量 $a 声明了两次"),
        ("query A { service { today } } query A { service { today } }", "都叫 A"),
        ("{ ...f } fragment f on Query { viewer { name } } fragment f on Query { service { today } }", "都叫 f"),
        ("{ service { today } } { service { today } }", "每个都须有名称"),
        ("{ service { ... on Enterprise { name } } }", "此处的对象是 Service，不会是 Enterprise"),
        ("{ service { ...f } } fragment f on Enterprise { name }", "此处的对象是 Service，不会是 Enterprise"),
        ("{ service { ... on Date { name } } }", "片段不能写在 Date 上"),
        ("{ service { today @skip(if: true) @skip(if: true) } }", "指令 @skip 在一处只能用一次"),
        ("query @skip(if: true) { service { today } }", "指令 @skip 不能用在此处"),
        ("{ service { today @only } }", "没有指令 @only"),
        ("subscription { changed }", "不支持订阅"),
        ("{ service { today } } type A { a: Int }", "请删去 A 的定义"),
        ("{ service }", "字段 service 是对象"),
        ("{ service { today { day } } }", "字段 today 不是对象"),
        ("query ($a: Int) { service { today } }", "变量 $a 没有用到"),
        ("{ enterprise(uscc: $u) { name } }", "变量 $u 没有定义"),
        ("query ($u: String) { enterprise(uscc: $u) { name } }", "变量 $u 的类型与所用之处不符"),
        ("{ a: service { today } a: viewer { name } }", "同名的 a 取自不同"),
    ],
)
def test_a_slip_is_told_in_chinese_and_by_its_name(text: str, says: str) -> None:
    """English rules of a library, or the wrong rule, send the programmer to look in the wrong place."""
    with pytest.raises(Refused) as refused:
        Documents(registry().schema).read(text)

    assert says in refused.value.message
    assert re.search(r"[a-z]+ [a-z]+ [a-z]+", refused.value.message) is None, "no English sentence is left"
