"""姓名的查找 the natural persons a cell names, and those a free text points at; pure, in linear time.

A cell of 经营者 may hold several names, titles and brackets. A text points at a person by a word before the name
(驾驶员李小四，) or by a number behind it. The words are data: ``person_words`` in ``masking.yaml``. Not for how a name
is covered (``masking.py``), nor for a firm's legal representative, who stands in public registers by his office.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from server.dated import Version
from server.disclosure.personal_numbers import Span

WORDS = ("roles", "followers", "labels", "surnames", "ordinary", "places", "not_names")
DOTS = "·•・‧∙⋅･．"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_RUN = re.compile(rf"[{_HAN}*][{_HAN}*{DOTS}.\-－]*")
_OTHER_RUN = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’\-](?=[^\W\d_]))*")
_AND_OTHERS = re.compile(r"等 ?[0-9一二两三四五六七八九十几多]* ?[人名位户]+|等$")
_AND = re.compile(rf"([{_HAN}]{{2,4}})[和与及]([{_HAN}]{{2,4}})")
#: 张 三, 张、三丰: parts so short together are one name.
_LONGEST_NAME = 4
#: In longer runs without a sign between, two names may stand: 张三丰李四海.
_ENDS = (2, 3)
#: 陈国强（原张三丰）: also a surname, so that both readings are looked for.
_ONCE = "原前现"
#: How far before a number its owner's name may begin, signs and words like 身份证号码 between.
_LOOK_BACK = 32


class Names:
    """姓名查找 by the words of one version."""

    def __init__(self, words: Version, compound: Iterable[str]) -> None:
        self._not_names = frozenset(words.texts("not_names"))
        titles = sorted({*words.texts("roles"), *self._not_names}, key=len, reverse=True)
        self._title_before = re.compile(f"(?:{_any(t for t in titles if len(t) > 1)})[为是系]?")
        self._title_after = re.compile(f"(?:{_any(t for t in titles if len(t) > 1)})$")
        self._ordinary = frozenset(words.texts("ordinary"))
        self._places = frozenset(words.texts("places"))
        han = f"[{_HAN}]"
        # A blank may stand between the characters of a name.
        name = (
            rf"(?:(?:{_any(compound)})(?: ?{han}){{1,2}}|[{''.join(words.texts('surnames'))}](?: ?{han}){{1,2}}"
            rf"|{han}{{1,8}}(?:\.{han}{{1,8}})+)"
        )
        end = rf"(?=$|[^{_HAN}*]|(?:{_any(words.texts('followers'))}))"
        self._roles = _any(words.texts("roles"))
        self._after_role = re.compile(rf"(?:{self._roles})[ :(为是系叫姓名]{{0,4}}({name}){end}")
        labels = rf"(?:(?:{_any(words.texts('labels'))})[号码证件为是:(, ]{{0,8}})?"
        self._before_number = re.compile(rf"({name})[ ,;:、()的]{{0,3}}{labels}$")

    def of_cell(self, cell: str) -> tuple[str, ...]:
        """Gives the names a cell holds, as they are shown: 张三丰、李四海（经营者）gives two. At least one, if any text."""
        plain = _AND_OTHERS.sub(" ", _plain(cell)).strip()
        han = [name for run in _HAN_RUN.findall(plain) for name in self._without_titles(run)]
        joined = "".join(han)
        if len(han) > 1 and len(joined) <= _LONGEST_NAME and any(len(name) == 1 for name in han):
            han = [joined]
        names = [name for name in (*han, *_OTHER_RUN.findall(_HAN_RUN.sub(" | ", plain))) if len(name) > 1]
        return tuple(dict.fromkeys(names)) or ((plain,) if plain else ())

    def to_look_for(self, cell: str) -> tuple[str, ...]:
        """Gives the names a cell holds and what else of it may be a name: when in doubt it is one."""
        names = self.of_cell(cell)
        found = list(names)
        short = [name for name in names if _HAN_RUN.fullmatch(name)]
        if len(short) > 1 and len("".join(short)) <= _LONGEST_NAME:
            found.append("".join(short))
        for name in names:
            if len(name) > _LONGEST_NAME and re.fullmatch(f"[{_HAN}]+", name):
                found += [part for n in _ENDS for part in (name[:n], name[-n:])]
            if name[0] in _ONCE and len(name) > _ENDS[0]:
                found.append(name[1:])
        return tuple(dict.fromkeys(found))

    def in_text(self, form: str, numbers: Collection[Span]) -> Iterator[tuple[int, int]]:
        """Gives where in a text in ``normal`` form a person is pointed at, by a word before or a number behind."""
        for match in self._after_role.finditer(form):
            if not self._is_ordinary(match[1]):
                yield match.span(1)
        for number in numbers:
            found = self._before_number.search(form, max(0, number.start - _LOOK_BACK), number.start)
            if found is not None and found[1][-1] not in self._places and not self._is_ordinary(found[1]):
                yield found.span(1)

    def _is_ordinary(self, name: str) -> bool:
        plain = name.replace(" ", "")
        return plain[:2] in self._ordinary or "某" in plain or re.search(self._roles, plain) is not None

    def _without_titles(self, run: str) -> Iterator[str]:
        run = run.strip(".-－")
        if run in self._not_names:
            return
        before = self._title_before.match(run)
        if before is not None:
            run = run[before.end() :]
        # A name that ends like a title keeps its two characters: 王经理 is a person too.
        after = self._title_after.search(run)
        if after is not None and after.start() != 1:
            run = run[: after.start()]
        if run in self._not_names:
            return
        both = _AND.fullmatch(run)
        if both is not None:
            yield from both.groups()
        elif run:
            yield run


def _plain(cell: str) -> str:
    blanks = "".join(" " if c.isspace() or unicodedata.category(c) in ("Cf", "Cc", "Mn") else c for c in cell)
    return " ".join(blanks.split())


def _any(words: Iterable[str]) -> str:
    """The longest first, so that 实际经营者 is not read as 经营者."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
