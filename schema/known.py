"""已知文档 known documents: those a client may name by their SHA-256 alone (persisted documents).

Not for registering: only the site's own queries and the bureau's allow-list are known; no request adds one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schema.fragments import read_query
from schema.plan.documents import Documents
from server.errors import CreditError, WrongSetting

#: SHA-256 of a document's text (64 lower-case hexadecimal digits) → its text.
Known = Mapping[str, str]

#: Before a hash where a client's tool says how it was made (GraphQL Code Generator; GraphQL over HTTP, appendix A).
PREFIX = "sha256:"
#: Some thousand documents of ordinary length; what is larger is no list of documents.
MOST_BYTES = 4_000_000


class UnknownDocument(CreditError):
    """未知文档 no known document has this hash; a client may send the text instead."""

    code = "PERSISTED_QUERY_NOT_FOUND"


def known_documents(documents: Documents, site_queries: Path, allow_list: Path | None) -> dict[str, str]:
    """Gives the known documents by hash; raises ``WrongSetting`` for an allow-list that is not as it must be.

    ``documents`` holds the site's own, compiled before. The list's are validated aside, so that they take no place in
    the cache before anyone asks for them.
    """
    ours = [read_query(file) for file in sorted(site_queries.glob("*.graphql"))]
    for text in ours:
        documents.read(text)
    known = {_digest(text): text for text in ours}
    if allow_list is not None:
        known |= _allowed(allow_list, Documents(documents.schema, documents.limits))
    return known


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _allowed(file: Path, documents: Documents) -> dict[str, str]:
    """Reads the list that client tools write (GraphQL Code Generator, Relay): ``{sha256: text}``."""
    given = {key.removeprefix(PREFIX): text for key, text in _read(file).items()}
    faults = [fault for digest, text in given.items() if (fault := _fault(digest, text, documents))]
    if faults:
        lines = "\n".join(f"  · {fault}" for fault in faults[:10])
        raise WrongSetting(f"XINTU_DOCUMENTS={file} 中有 {len(faults)} 个文档不对，没有启动：\n{lines}")
    return given


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise WrongSetting(f"XINTU_DOCUMENTS={file} 过大：最多 {MOST_BYTES} 字节")
        given = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WrongSetting(f"XINTU_DOCUMENTS={file} 读不出；应为 UTF-8 的 JSON 文件") from error
    if not isinstance(given, dict):
        raise WrongSetting(f"XINTU_DOCUMENTS={file} 不对；应为 JSON 对象：{{文档的 SHA-256: 文档}}")
    return given


def _fault(digest: str, text: Any, documents: Documents) -> str | None:
    """Gives what is wrong with one line of the list, or None."""
    if not isinstance(text, str):
        return f"{digest[:12]}…：文档须是文本"
    if _digest(text) != digest:
        return f"{digest[:12]}…：不是文档的 SHA-256（应为 {_digest(text)[:12]}…；客户端工具的散列算法须设为 sha256）"
    try:
        documents.read(text)
    except CreditError as error:
        return f"{digest[:12]}…：{error.message}"
    return None
