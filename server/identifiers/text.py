"""规范化 one written form for codes typed by hand or spoilt by a table program. Not for names and other prose."""

from __future__ import annotations

import re
import unicodedata

#: What a table program writes once it has taken a long code for a number: 9.1E+17, 410403198001011000.0
SPOILT = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+|[0-9]{10,}\.0+")

SPOILT_REMEDY = "表格软件已把它当作数字，末尾几位可能已丢失；请把该列设为“文本”格式，按原件重新填写"


def normal_code(text: str) -> str:
    """Gives the code in half-width capitals without blanks, invisible marks or a leading apostrophe (NFKC)."""
    if text.isascii() and text.isalnum():
        # Nothing to normalise: so are nearly all codes of the API, which asks for one at each request.
        return text.upper()
    wide = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(c for c in wide if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return kept.lstrip("'’‘")


def is_spoilt(code: str) -> bool:
    """Tells whether a normalised code shows that a table program took it for a number."""
    return SPOILT.fullmatch(code) is not None


def quoted(code: str) -> str:
    """Gives a short value in quotes for a message, or “…” for one that may hold a personal or telephone number."""
    return "“…”" if len(code) > 10 or re.search(r"[0-9]{7}", code) else f"“{code}”"
