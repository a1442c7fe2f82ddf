"""检索的问题 what people type, drawn anew each time from the names of the database that is asked. Not for how it is asked.

The kinds follow the issue: parts of names of one to eight characters, whole names, a region with a trade or a brand,
initials, codes, plates, mistakes; and what costs most, apart: the commonest words, and words that never meet in a name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from server.identifiers.uscc import ALPHABET
from server.sample.mass_subjects import Counts, MassSubjects
from server.sample.world import ENTERPRISE, INDIVIDUAL
from tests.spoiled import tables
from tests.spoiled.anatomy import short
from tests.spoiled.fair import Firm, firm_of
from tests.spoiled.making import spoiled
from tests.spoiled.rules import KINDS

#: The longest part of a name that is asked for.
LONGEST = 8
COMMON, HOPELESS, FILTERED, MISSPELT = "最常见", "无望", "加条件", "错写"
#: Common words that never, or hardly ever, stand in one name.
PAIRS = (
    "物流 出租汽车",
    "有限公司",
    "有限公司 物流",
    "货运 驾驶员培训",
    "汽车维修 客运",
    "汽修 供应链管理",
    "危险货物运输 汽车",
    "平顶山 四川",
    "河南 山东",
    "出租车 化工物流",
    "运 流",
    "达 通 顺 安",
    "公司",
    "服务部 有限公司",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """一个问题: its kind for the report, and the variables of the query."""

    kind: str
    text: str
    filters: dict[str, Any] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, Any]:
        """What goes into the request."""
        return {"text": self.text, **self.filters}


class Words:
    """问题 about the names of a database of ``names``; another seed asks other things."""

    def __init__(self, names: int, seed: int, common: list[str]) -> None:
        self._random = random.Random(seed)
        self._world = MassSubjects(Counts.of_names(names))
        self._common = common

    def _firm(self) -> Firm:
        counts = self._world.counts
        kind = self._random.choices((ENTERPRISE, INDIVIDUAL), (counts.enterprise, counts.individual_business))[0]
        return firm_of(self._world, kind, 1 + self._random.randrange(getattr(counts, kind)))

    def mixed(self, each: int) -> list[Asked]:
        """Gives so many questions of each kind that people ask."""
        return [Asked(kind, text) for kind, draw in self._kinds() for text in self._some(draw, each)]

    def costly(self, each: int) -> list[Asked]:
        """Gives the commonest words, the hopeless pairs and so many common words under a filter."""
        asked = [Asked(COMMON, word) for word in self._common] + [Asked(HOPELESS, pair) for pair in PAIRS]
        for _ in range(each):
            word, firm = self._random.choice(self._common), self._firm()
            province = {"division": firm.division[:2]}
            filters = (province, {"kind": "INDIVIDUAL_BUSINESS"}, {"division": firm.division}, {"sector": "道路客运"})
            asked.append(Asked(FILTERED, word, self._random.choice(filters)))
        return asked

    def _some(self, draw: Callable[[], str], count: int) -> Iterator[str]:
        """Gives so many texts; a name that has nothing of the kind gives an empty one and is passed over."""
        left, tries = count, count * 50
        while left and tries:
            tries -= 1
            if text := draw():
                left -= 1
                yield text

    def _kinds(self) -> Iterator[tuple[str, Callable[[], str]]]:
        for length in range(1, LONGEST + 1):
            yield f"{length} 字", lambda length=length: self._part(length)
        yield "全名", lambda: self._firm().name
        yield "地名+行业", lambda: self._joined("places", "trade")
        yield "地名+字号", lambda: self._joined("places", "brand")
        yield "字号+行业", lambda: self._joined("brand", "trade")
        yield "首字母", self._initials
        yield "信用代码", lambda: self._firm().uscc
        yield "机构代码", lambda: self._firm().uscc[8:17]
        yield "错码", self._wrong_code
        yield "车牌", self._plate
        yield MISSPELT, self._misspelt

    def _part(self, length: int) -> str:
        core = self._firm().parts.core
        start = self._random.randrange(max(1, len(core) - length + 1))
        return core[start : start + length] if len(core) >= length else ""

    def _joined(self, *names: str) -> str:
        parts = self._firm().parts
        words = {"places": short(parts.places[-1]) if parts.places else "", "brand": parts.brand, "trade": parts.trade}
        return self._random.choice(("", " ")).join(words[name] for name in names if words[name])

    def _initials(self) -> str:
        parts, known = self._firm().parts, tables.readings()
        text = self._joined("places", "brand") if self._random.random() < 0.5 else parts.brand + parts.trade
        letters = [known[c][0] for c in text if c in known]
        return "".join(letters) if 2 <= len(letters) == len(text.replace(" ", "")) <= 6 else ""

    def _wrong_code(self) -> str:
        code, place = self._firm().uscc, self._random.randrange(8, 17)
        return code[:place] + self._random.choice(ALPHABET.replace(code[place], "")) + code[place + 1 :]

    def _plate(self) -> str:
        digits = "".join(self._random.choices("0123456789", k=4))
        return self._random.choice("豫鲁晋蒙渝") + self._random.choice("ABCDG") + self._random.choice("ABCDEF") + digits

    def _misspelt(self) -> str:
        texts = spoiled(self._random.choice(list(KINDS)), self._firm())
        return self._random.choice(texts) if texts else ""
