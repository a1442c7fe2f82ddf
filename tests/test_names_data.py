"""名称数据 word lists, readings and shapes are whole, of one mind, and what their script makes of its sources."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from server.names import lexicon, readings
from server.names.form import DATA, normal
from tests import make_names_data


def loaded(file: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DATA / file).read_text("utf-8"))
    return found


def words_of(file: str) -> list[str]:
    """Gives every word an officer may write there."""
    found: list[str] = []
    for listed in loaded(file).values():
        for entry in listed:
            found += entry if isinstance(entry, list) else [str(entry)]
    return found


@pytest.mark.parametrize("file", ["words.yaml", "regions.yaml"])
def test_words_are_written_in_normal_form(file: str) -> None:
    """A word with a blank or a traditional character would be in the list and never be found."""
    assert [word for word in words_of(file) if normal(word) != word] == []


def test_a_word_of_the_trade_stands_once() -> None:
    """A word on two lines has two meanings, and which one counts would depend on the order of the file."""
    lists = loaded("words.yaml")
    counted = Counter(word for key in ("industries", "organisations") for group in lists[key] for word in group)
    assert [word for word, count in counted.items() if count > 1] == []
    assert [word for word in counted if len(word) < 2] == []
    assert all(len(ending) == 1 for ending in lists["organisation_endings"])


def test_regions_of_the_word_list_are_in_the_list_of_divisions() -> None:
    """A former name that leads to no division of today would find nothing."""
    lists, known = loaded("regions.yaml"), lexicon.words()
    assert [new for _, new in lists["former"] if not known[new].codes] == []
    assert [name for _, name in lists["abbreviations"] if not known[name].codes] == []
    assert [short for short in lists["with_ending_only"] if short in known and not known[short].codes] == []
    assert [city for city in lists["cities_as_brands"] if not known[city].codes] == []


SHORT_NAMES = {
    "鲁山县": "鲁山",
    "平顶山市": "平顶山",
    "滑县": "滑县",
    "城区": "城区",
    "内蒙古自治区": "内蒙古",
    "广西壮族自治区": "广西",
    "香港特别行政区": "香港",
    "神农架林区": "神农架",
    "阿克苏地区": "阿克苏",
    "兴安盟": "兴安",
    "科尔沁左翼中旗": "科尔沁左翼中",
    "鄂伦春自治旗": "鄂伦春",
    "莫力达瓦达斡尔族自治旗": "莫力达瓦",
    "恩施土家族苗族自治州": "恩施",
    "伊犁哈萨克自治州": "伊犁",
    "东乡族自治县": "东乡",
    "龙胜各族自治县": "龙胜",
    "积石山保安族东乡族撒拉族自治县": "积石山",
}


@pytest.mark.parametrize(("division", "short"), SHORT_NAMES.items())
def test_a_division_has_a_short_name(division: str, short: str) -> None:
    """People type 恩施, not 恩施土家族苗族自治州."""
    assert lexicon.short_name(division) == short


def test_every_division_is_a_word() -> None:
    """A county that the lexicon does not know splits into pairs of characters and is found by accident only."""
    known = lexicon.words()
    missing = [name for _, name in lexicon._divisions() if name not in known or not known[name].token]
    assert missing == []
    assert len(known) > 6000


def test_polyphones_have_readings_that_exist() -> None:
    """A misspelt syllable would index initials that nobody types."""
    lists = loaded("polyphones.yaml")
    written = [s for found in lists["characters"].values() for s in found]
    written += [s for reading in lists["words"].values() for s in reading.split()]
    assert [syllable for syllable in written if not readings.read_so(syllable)] == []
    assert [c for c in lists["characters"] if len(c) != 1] == []
    assert [word for word, reading in lists["words"].items() if len(word) != len(reading.split())] == []


def test_readings_are_what_pypinyin_says() -> None:
    """The file is made once and shipped: made by hand it would drift from its source."""
    assert (DATA / "readings.tsv").read_text("utf-8") == make_names_data.readings()


def test_shapes_are_what_the_parts_of_characters_say() -> None:
    """The same for shapes; every fortieth character, because all take some seconds."""
    made = make_names_data.shapes(make_names_data.characters()[::40])
    shipped = set((DATA / "shapes.tsv").read_text("utf-8").splitlines())
    assert len(made.splitlines()) > 100
    assert set(made.splitlines()) <= shipped


def test_every_common_character_can_be_read() -> None:
    """A character without reading is left out of the initials; of the 3,755 common ones none is."""
    assert [c for c in make_names_data.level_one() if not readings.syllables_of(c)] == []
    assert readings.syllables_of("A") == readings.syllables_of("\U00020000") == ()
