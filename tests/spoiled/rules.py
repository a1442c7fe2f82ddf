"""错写规则 in which ways a name is spoiled; each gives all the texts it can make of one name. Pure. Not for which are fair.

A rule spoils the core (places, brand, trade) and leaves the ending alone, but ``form``, which is about nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.spoiled import tables
from tests.spoiled.anatomy import Anatomy, short

Rule = Callable[[Anatomy], Iterator[str]]
_FIRM = "有限公司"


def _replaced(parts: Anatomy, table: dict[str, tuple[str, ...]]) -> Iterator[str]:
    core = parts.core
    for place, character in enumerate(core):
        for other in table.get(character, ()):
            yield core[:place] + other + core[place + 1 :]


def sound(parts: Anatomy) -> Iterator[str]:
    """同音字 one character for another of the same syllable."""
    return _replaced(parts, {} if _is_read_otherwise(parts) else tables.sounds())


def accent(parts: Anatomy) -> Iterator[str]:
    """近音字 one character for another that some pronounce alike."""
    return _replaced(parts, {} if _is_read_otherwise(parts) else tables.accents())


def _is_read_otherwise(parts: Anatomy) -> bool:
    return any(word in parts.core for word in tables.polyphones())


def shape(parts: Anatomy) -> Iterator[str]:
    """形近字 one character for another that looks like it."""
    return _replaced(parts, tables.shapes())


def region(parts: Anatomy) -> Iterator[str]:
    """缺地名 one place of two is left out, or 市, 县 of one place or of all."""
    places = parts.places
    if len(places) > 1:
        for left_out in places:
            yield parts.placed(place for place in places if place is not left_out)
    shortened = tuple(map(short, places))
    if shortened != places:
        yield parts.placed(shortened)
    for number, place in enumerate(shortened):
        if len(places) > 1 and place != places[number]:
            yield parts.placed((*places[:number], place, *places[number + 1 :]))


def swap(parts: Anatomy) -> Iterator[str]:
    """词序 places, brand and trade in another order."""
    places = "".join(parts.places)
    if parts.brand and parts.trade and places:
        orders = ((places, parts.brand, parts.trade), (places, parts.trade, parts.brand))
        orders += ((parts.brand, places, parts.trade), (parts.brand, parts.trade, places))
        yield from (text for text in map("".join, orders) if text != parts.core)


def place(parts: Anatomy) -> Iterator[str]:
    """曾用地名 a place by its former name."""
    places, known = parts.places, tables.places()
    for former in known.get("".join(places), ()):
        yield parts.placed((former,))
    for number, one in enumerate(places):
        for former in known.get(one, ()) if len(places) > 1 else ():
            yield parts.placed((*places[:number], former, *places[number + 1 :]))


def trade(parts: Anatomy) -> Iterator[str]:
    """旧行业词 another, mostly older word for the trade."""
    before = parts.core.removesuffix(parts.trade)
    for one, other in tables.forms():
        if parts.trade == one.removesuffix(_FIRM) and one.endswith(_FIRM) == bool(parts.ending):
            yield before + other.removesuffix(_FIRM)


def form(parts: Anatomy) -> Iterator[str]:
    """组织形式 有限责任公司 for 有限公司 and the other way round; the only rule that gives a text with its ending."""
    for one, other in ((_FIRM, "有限责任公司"), ("有限责任公司", _FIRM)):
        if parts.ending == one:
            yield parts.core + other


def traditional(parts: Anatomy) -> Iterator[str]:
    """繁体 the whole core in traditional characters."""
    older = "".join(tables.traditional().get(character, character) for character in parts.core)
    if older != parts.core:
        yield older


def pinyin(parts: Anatomy) -> Iterator[str]:
    """全拼 the core in pinyin: words apart, or all in one."""
    known = tables.readings()
    if all(character in known for character in parts.core) and not _is_read_otherwise(parts):
        places = "".join(parts.places)
        order = (parts.brand, places, parts.trade) if parts.bracketed else (places, parts.brand, parts.trade)
        words = ["".join(known[c] for c in word) for word in order if word]
        yield "".join(words)
        yield " ".join(words)


def missing(parts: Anatomy) -> Iterator[str]:
    """漏字 one character left out."""
    core = parts.core
    for number in range(len(core)):
        yield core[:number] + core[number + 1 :]


def doubled(parts: Anatomy) -> Iterator[str]:
    """重字 one character typed twice."""
    core = parts.core
    for number, character in enumerate(core):
        yield core[:number] + character + core[number:]


#: Each rule, and how many of the 2,000 lines are its own.
KINDS: dict[str, tuple[Rule, int]] = {
    "sound": (sound, 330),
    "accent": (accent, 90),
    "shape": (shape, 330),
    "region": (region, 250),
    "swap": (swap, 220),
    "place": (place, 80),
    "trade": (trade, 130),
    "form": (form, 70),
    "traditional": (traditional, 80),
    "pinyin": (pinyin, 180),
    "missing": (missing, 140),
    "doubled": (doubled, 100),
}
#: The rules whose texts are found by looking, one character at a time, at what the text may have been.
REPLACING = {"sound": tables.sounds, "accent": tables.accents, "shape": tables.shapes}
