"""规则文件的 YAML: a small strict reading of YAML that knows the line of everything. Not for the form of dated files.

Stricter than YAML: no anchors, no tags, no ``yes``/``no``, no octal or float, a key stands once, UTF-8 only. What looks
like a code (``0123``) stays text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml

_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "null": "空",
    "bool": "true 或 false",
    "int": "整数",
    "float": "数字",
    "timestamp": "日期",
    "str": "文字",
}


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Resolves only what a rule file needs; everything else stays text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 — PyYAML's own way


_Loader.add_implicit_resolver(_TAG + "null", re.compile(r"^(~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver(_TAG + "bool", re.compile(r"^(true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(_TAG + "int", re.compile(r"^(0|[1-9][0-9]*)$"), list("0123456789"))
_Loader.add_implicit_resolver(_TAG + "float", re.compile(r"^(0|[1-9][0-9]*)\.[0-9]+$"), list("0123456789"))
_Loader.add_implicit_resolver(_TAG + "timestamp", re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), list("0123456789"))


class Bad(Exception):
    """不合格之处: line (from 1), key, what is wrong and the remedy, both in Chinese."""

    def __init__(self, line: int, key: str, what: str, remedy: str) -> None:
        super().__init__(f"{line} {key} {what} {remedy}")
        self.line, self.key, self.what, self.remedy = line, key, what, remedy


@dataclass(frozen=True, slots=True)
class Node:
    """节点: a YAML node with the key it stands under."""

    key: str
    key_line: int
    node: yaml.Node

    @property
    def line(self) -> int:
        """Gives the line of the node, from 1."""
        return int(self.node.start_mark.line) + 1

    def _scalar(self, kind: str) -> str:
        found = str(self.node.tag).removeprefix(_TAG)
        if not isinstance(self.node, yaml.ScalarNode) or found != kind:
            shown = _KINDS.get(found, "列表或条目")
            remedy = f"应为{_KINDS[kind]}" + ("；请加引号" if kind == "str" and found in _KINDS else "")
            raise Bad(self.line, self.key, f"这里是{shown}", remedy)
        return str(self.node.value)

    def is_null(self) -> bool:
        """Tells whether nothing stands there."""
        return str(self.node.tag) == _TAG + "null"

    def text(self) -> str:
        """Gives a text that is not blank."""
        text = self._scalar("str").strip()
        if not text:
            raise Bad(self.line, self.key, "不能为空", "请填写文字，或删去这一行")
        return text

    def flag(self) -> bool:
        """Gives true or false."""
        return self._scalar("bool") == "true"

    def whole(self) -> int:
        """Gives a whole number from 0."""
        return int(self._scalar("int"))

    def decimal(self) -> Decimal:
        """Gives a number, exactly."""
        kind = "float" if str(self.node.tag) == _TAG + "float" else "int"
        return Decimal(self._scalar(kind))

    def day(self) -> date:
        """Gives a day."""
        return self._day(self._scalar("timestamp"), self.line)

    def key_day(self) -> date:
        """Gives the day that the key is."""
        return self._day(self.key, self.key_line)

    def _day(self, text: str, line: int) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as wrong:
            raise Bad(line, self.key, f"“{text}”不是日期", "请写成 2026-04-01 的形式，并核对月、日") from wrong

    def choice(self, allowed: tuple[str, ...]) -> str:
        """Gives one of the allowed texts."""
        text = self.text()
        if text not in allowed:
            raise Bad(self.line, self.key, f"“{text}”不在允许的取值之内", f"可用：{'、'.join(allowed)}")
        return text

    def items(self) -> list[Node]:
        """Gives the members of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise Bad(self.line, self.key, "这里应是列表", "请写成 [甲, 乙]，或每行以 - 开头")
        return [Node(self.key, self.line, n) for n in self.node.value]

    def pairs(self) -> dict[str, Node]:
        """Gives the members of a mapping by key, in order; refuses a key that stands twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise Bad(self.line, self.key, "这里应是“名称: 内容”的条目", "请核对缩进，冒号后留一个空格")
        pairs: dict[str, Node] = {}
        for key, child in self.node.value:
            line = int(key.start_mark.line) + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Bad(line, self.key, "名称应是文字", "请核对缩进和括号")
            text = str(key.value)
            if text in pairs:
                raise Bad(line, text, f"重复，第 {pairs[text].key_line} 行已有", "请删去一处，或改为正确的名称或日期")
            pairs[text] = Node(text, line, child)
        return pairs

    def only(self, allowed: Mapping[str, bool]) -> dict[str, Node]:
        """Gives the members, all of them allowed, with none missing that must be there (``allowed`` says so)."""
        pairs = self.pairs()
        for key, child in pairs.items():
            if key not in allowed:
                raise Bad(child.key_line, key, "不认识的名称", f"可用：{'、'.join(allowed)}")
        for key, must in allowed.items():
            if must and key not in pairs:
                raise Bad(self.key_line, self.key, f"缺少 {key}", f"请补上 {key}")
        return pairs


def read(path: Path) -> Node:
    """Gives the root of a file; raises ``Bad`` when it is not UTF-8, not YAML, empty, or uses what is not allowed."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Bad(1, "", "不是 UTF-8 编码", "请在编辑器中另存为 UTF-8") from wrong
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        raise Bad(mark.line + 1 if mark else 1, "", "不是正确的 YAML", "请核对缩进、冒号、引号和括号") from wrong
    if root is None:
        raise Bad(1, "", "文件是空的", "请填写内容，或移走此文件")
    _refuse_aliases(root)
    return Node("", 1, root)


def _refuse_aliases(root: yaml.Node) -> None:
    """An alias would let one line stand for a million, and hide from its reader what holds where."""
    seen: set[int] = set()
    waiting: list[yaml.Node] = [root]
    while waiting:
        node = waiting.pop()
        line = int(node.start_mark.line) + 1
        if id(node) in seen:
            raise Bad(line, "", "使用了 & 和 * 引用", "请把内容写全")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [n for pair in node.value for n in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif str(node.tag).removeprefix(_TAG) not in _KINDS:
            raise Bad(line, "", f"不支持的标记 {node.tag}", "请删去以 ! 开头的标记")
