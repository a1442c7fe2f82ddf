"""名称数据 makes server/names/data/readings.tsv and shapes.tsv from packages that only the tests install.

Run ``python -m tests.make_names_data`` after one of those packages changed; ``tests/test_names_data.py`` fails until then.
Not imported by the service, which reads the files.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from server.names import lexicon
from server.names.form import DATA, simplified

#: Characters of firms' names that GB 2312 of 1980 does not have.
FIRMS_OWN = "喆淼垚骉犇焱燚堃昇珺玥赟旻翀晞瑄祎頔熠甦琇玙璟骐骅珩珽瑨勍昶湉滢沣铠铄锜鋆钲镕飏飚骎骁"
SHAPES_EACH = 12


def level_one() -> list[str]:
    """Gives the 3,755 common characters of GB 2312, in its order."""
    return _gb(0xB0, 0xD7, 0xF9)


def level_two() -> list[str]:
    """Gives its 3,008 rarer ones."""
    return _gb(0xD8, 0xF7, 0xFE)


def _gb(first: int, last: int, end: int) -> list[str]:
    codes = ((row, cell) for row in range(first, last + 1) for cell in range(0xA1, 0xFF) if row < last or cell <= end)
    return [bytes(code).decode("gb2312") for code in codes]


def characters() -> list[str]:
    """Gives every character with a reading, the common ones first."""
    more = {c for word in lexicon.words() for c in word} | set(FIRMS_OWN) | set(simplified().values())
    known = [*level_one(), *level_two()]
    return [*known, *sorted(c for c in more - set(known) if "\u4e00" <= c <= "\u9fff")]


def readings() -> str:
    """Gives the file of readings: a syllable without tone, then the characters that are commonly read so."""
    from pypinyin import lazy_pinyin

    found: dict[str, list[str]] = defaultdict(list)
    for character in characters():
        found[lazy_pinyin(character)[0]].append(character)
    head = [
        "# 单字读音: a syllable without tone (ü is v), then the characters read so, common ones first; others: polyphones.yaml.",
        "# Made by tests/make_names_data.py from pypinyin (MIT licence; its data are pinyin-data, MIT licence). Do not edit.",
    ]
    return "\n".join([*head, *(f"{syllable}\t{''.join(found[syllable])}" for syllable in sorted(found))]) + "\n"


if __name__ == "__main__":
    Path(DATA / "readings.tsv").write_text(readings(), "utf-8")
