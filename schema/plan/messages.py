"""中文报错 messages: graphql-core's English texts in Chinese, with what to do. Never lists names a client may not know."""

from __future__ import annotations

import re

from server.disclosure.masking import mask_text

_TABLE: tuple[tuple[str, str], ...] = (
    (r"^Syntax Error: (.+)$", "查询文本有语法错误（{0}），请检查括号、引号是否成对"),
    (r"^Cannot query field ['\"](.+?)['\"] on type ['\"](.+?)['\"]", "类型 {1} 没有字段 {0}，请对照接口文档改正"),
    (
        r"^Unknown argument ['\"](.+?)['\"] on field ['\"](.+?)['\"]",
        "字段 {1} 没有参数 {0}，请对照接口文档改正",
    ),
    (r"^Unknown type ['\"](.+?)['\"]", "没有类型 {0}，请对照接口文档改正"),
    (r"^Unknown fragment ['\"](.+?)['\"]", "没有定义片段 {0}，请补上它的定义"),
    (r"^Unknown directive ['\"](.+?)['\"]", "没有指令 {0}，只支持 @skip 和 @include"),
    (r"^Fragment ['\"](.+?)['\"] is never used", "片段 {0} 没有用到，请删去"),
    (r"^Cannot spread fragment ['\"](.+?)['\"] within itself", "片段 {0} 引用了自己，请断开循环"),
    (r"^Variable ['\"]\$(.+?)['\"] is never used", "变量 ${0} 没有用到，请删去"),
    (r"^Variable ['\"]\$(.+?)['\"] is not defined", "变量 ${0} 没有定义，请在操作开头声明它的类型"),
    (r"^Variable ['\"]\$(.+?)['\"] got invalid value", "变量 ${0} 的值不合类型，请对照接口文档改正"),
    (r"^Variable ['\"]\$(.+?)['\"] has invalid value", "变量 ${0} 的值不合类型，请对照接口文档改正"),
    (r"^Variable ['\"]\$(.+?)['\"] has invalid default", "变量 ${0} 的默认值不合类型，请对照接口文档改正"),
    (r"^Variable ['\"]\$(.+?)['\"] of required type", "没有给出必需的变量 ${0}，请在 variables 中补上"),
    (r"^Variable ['\"]\$(.+?)['\"] of type", "变量 ${0} 的类型与所用之处不符，请对照接口文档改正"),
    (
        r"^Argument ['\"](.+?)['\"] of required type",
        "没有给出必需的参数 {0}，请补上",
    ),
    (r"^Argument ['\"](.+?)\((\w+):\)['\"] of type .* is required", "{0} 缺少必需的参数 {1}，请补上"),
    (r"^Argument ['\"](.+?)['\"]", "参数 {0} 的值不合类型，请对照接口文档改正"),
    (
        r"^Field ['\"](.+?)['\"] of type ['\"](.+?)['\"] must have a selection",
        "字段 {0} 是对象，请在其后的花括号中写出要取的字段",
    ),
    (
        r"^Field ['\"](.+?)['\"] must not have a selection",
        "字段 {0} 不是对象，请删去其后的花括号",
    ),
    (
        r"^Fields ['\"](.+?)['\"] conflict",
        "同名的 {0} 取自不同的字段或参数，请用别名分开",
    ),
    (r"^Value ['\"](.+?)['\"] does not exist in ['\"](.+?)['\"] enum", "枚举 {1} 没有值 {0}，请对照接口文档改正"),
    (r"^Expected value of non-null type ['\"](.+?)['\"]", "此处须是 {0} 类型的值，不能是 null；请给出"),
    (r"^Expected value of type ['\"](.+?)['\"]", "此处须是 {0} 类型的值，请对照接口文档改正"),
    (r"^There can be only one (?:argument|input field) named ['\"](.+?)['\"]", "参数 {0} 给了两次，请只留一个"),
    (r"^There can be only one variable named ['\"](.+?)['\"]", "变量 {0} 声明了两次，请只留一个"),
    (r"^There can be only one \w+ named ['\"](.+?)['\"]", "有两个操作或片段都叫 {0}，请给其中一个换名"),
    (r"anonymous operation must be the only", "文档里有几个操作时，每个都须有名称；请给它们命名"),
    (
        r"cannot be spread here as objects of type ['\"](.+?)['\"] can never be of type ['\"](.+?)['\"]",
        "此处的对象是 {0}，不会是 {1}；请删去这个片段，或移到别处",
    ),
    (r"cannot condition on non composite type ['\"](.+?)['\"]", "片段不能写在 {0} 上，请写在对象、接口或联合类型上"),
    (r"^The directive ['\"](.+?)['\"] can only be used once", "指令 {0} 在一处只能用一次，请只留一个"),
    (r"^Directive ['\"](.+?)['\"] may not be used", "指令 {0} 不能用在此处，请移到字段或片段上"),
    (r"subscription operation is not supported", "本接口不支持订阅，请用查询"),
    (r"^The ['\"](.+?)['\"] definition is not executable", "文档里只能有操作和片段，请删去 {0} 的定义"),
    (r"^Must provide operation name", "文档里有几个操作，请用 operationName 指明一个"),
    (r"^Unknown operation named", "文档里没有 operationName 所指的操作，请核对操作名"),
    (r"^Must provide an operation", "文档里没有操作，请写明要查询什么"),
    (r"nested too deeply|introspection depth", "嵌套过深，请减少层数"),
    (r"represent non 32-bit|represent non-integer|cannot represent", "值不合类型，请对照接口文档改正"),
)
_COMPILED = tuple((re.compile(pattern), text) for pattern, text in _TABLE)


#: What is told of a message at most; before it is masked, which takes long for long texts, it is cut a first time.
_TOLD, _LOOKED_AT = 160, 200


def in_chinese(message: str) -> str:
    """Gives the Chinese form of one of graphql-core's messages; a rare one keeps its English rule in brackets.

    They repeat what was written: a number in the wrong place is told masked.
    """
    for pattern, text in _COMPILED:
        found = pattern.search(message)
        if found:
            return text.format(*(mask_text(group[:_LOOKED_AT])[:80] for group in found.groups()))
    rule = mask_text(message[:_LOOKED_AT].split("Did you mean")[0].strip())[:_TOLD]
    return f"查询不合 GraphQL 规范，请对照接口文档改正（{rule}）"
