"""术语表 the words of this service, their identifiers and what they mean, from ``site/texts/glossary.yaml``; pure.

The only list of terms. Not for labels of codes on a page (``site/texts/labels.yaml``), nor for a bureau to change: a
word of the API means the same everywhere.
"""

from __future__ import annotations

import re
from pathlib import Path

from server.dated.reader import Bad, Node, read
from server.errors import WrongSetting
from server.settings import CHECKOUT

GLOSSARY = "site/texts/glossary.yaml"
_FIELDS = {"term": True, "english": True, "definition": True, "source": True}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,59}")


def term_rows(path: Path = CHECKOUT / GLOSSARY) -> list[dict[str, object]]:
    """Gives one row for each term in the order of the file, columns as ``GlossaryTerm``; raises ``WrongSetting``."""
    try:
        return [_row(node) | {"position": n} for n, node in enumerate(read(path).pairs().values(), start=1)]
    except Bad as bad:
        place = f"第 {bad.line} 行" + (f"“{bad.key}”" if bad.key else "")
        raise WrongSetting(f"术语表 {GLOSSARY} {place}：{bad.what}；{bad.remedy}") from bad


def _row(node: Node) -> dict[str, object]:
    if not _IDENTIFIER.fullmatch(node.key):
        raise Bad(node.key_line, node.key, "标识符不合格", "请只用英文字母、数字和下划线，以字母开头，2 到 60 个字符")
    values = {name: child.text() for name, child in node.only(_FIELDS).items()}
    definition = values["definition"]
    if not definition.endswith("。") or "。" in definition[:-1]:
        raise Bad(node.line, node.key, "definition 不是一句话", "请写成一句话，以一个句号“。”结尾")
    return {"id": node.key, **{name: values[name] for name in _FIELDS}}
