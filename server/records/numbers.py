"""文号的同一写法 one key for all ways of writing a 文号, so that a decision taken down does not come back as another one.

第1号, 01号, 1, 1號 and l号 are one number; the number itself is stored as the bureau wrote it. ``EXPRESSION`` is the same
in SQL: two indexes hold it (migration 0003), so a change of either needs a new migration and both together. Not for
the normal form that is stored: that is the reader's of the file.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: What separates a year from a number, and signs that say nothing. 第 and 号 stand between or at the end.
_SIGNS = "〔〕()（）[]［］【】{}｛｝《》〈〉〖〗﹝﹞<>-—–－_―‐‑−/／\\·.．。,，、;；:：'\"“”‘’ 　\t#№第号號年|"
#: Characters of organs' short names in their traditional form, and letters that are taken for digits.
_FOLDED = dict(
    zip(
        "罰許決處運執當場強準備認證記縣區鄉鎮鐵車駕駛維檢違業務監督總隊廳農書責罷審複發撤銷",
        "罚许决处运执当场强准备认证记县区乡镇铁车驾驶维检违业务监督总队厅农书责罢审复发撤销",
        strict=True,
    )
) | {"l": "1", "I": "1", "i": "1", "O": "0", "o": "0", "〇": "0", "○": "0"}
_UPPER = {letter: letter.upper() for letter in "abcdefghjkmnpqrstuvwxyz"}
_FROM = "".join((*_SIGNS, *_FOLDED, *_UPPER))
_TO = "".join(("-" * len(_SIGNS), *_FOLDED.values(), *_UPPER.values()))
_FOLD = str.maketrans(_FROM, _TO)
_LIKE_DIGITS = frozenset(letter for letter, folded in _FOLDED.items() if folded.isdigit()) | set(_SIGNS)
_ZEROS = re.compile("(^|[^0-9])0+([0-9])")
_RUNS = re.compile("-+")
_AFTER_WORD, _BEFORE_WORD = re.compile("(^|[^0-9])-"), re.compile("-([^0-9]|$)")


#: 示交罚〔2026〕1号: nearly all numbers; their key needs only the organ's short name folded.
_USUAL = re.compile("([^0-9〔〕]{1,20})〔([1-9][0-9]{3})〕([1-9][0-9]*)号")


def match_key(number: str) -> str:
    """Gives the key under which all ways of writing a 文号 are one; digits of different groups stay apart."""
    usual = _USUAL.fullmatch(number)
    if usual is None:
        return _key(number)
    organ, year, own = usual.groups()
    # With a digit before it a folded short name may end otherwise than alone.
    return f"{_organ(organ)}{year}-{own}" if organ[-1] not in _LIKE_DIGITS else _key(number)


@lru_cache(maxsize=1024)
def _organ(name: str) -> str:
    return _key(f"{name}〔1000〕")[:-4]


def _key(number: str) -> str:
    key = _RUNS.sub("-", _ZEROS.sub(r"\1\2", number.translate(_FOLD)))
    return _BEFORE_WORD.sub(r"\1", _AFTER_WORD.sub(r"\1", key)) or number


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


#: ``match_key`` of the column ``document_number`` in SQL. Only built-in immutable functions, so that an index may hold it.
EXPRESSION = (
    "regexp_replace(regexp_replace(regexp_replace(regexp_replace("
    f"translate(document_number, {_quoted(_FROM)}, {_quoted(_TO)}),"
    " '(^|[^0-9])0+([0-9])', '\\1\\2', 'g'), '-+', '-', 'g'), '(^|[^0-9])-', '\\1', 'g'), '-([^0-9]|$)', '\\1', 'g')"
)
