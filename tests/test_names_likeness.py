"""近似 likeness of sound and shape, typed pinyin, former names: what a misspelt question may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.names import likeness
from tests.make_names_data import level_one

CHARACTERS = st.sampled_from(level_one())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("达", "大"), ("鑫", "新"), ("运", "韵"), ("行", "航"), ("长", "常"), ("长", "章"), ("重", "充")],
)
def test_characters_of_like_sound_are_given(typed: str, meant: str) -> None:
    """Pinyin input gives the wrong character of the right sound; a polyphone has the like of all its readings."""
    assert meant in likeness.same_sound(typed)


@pytest.mark.parametrize("pair", ["张脏", "陈曾", "顺损", "南蓝", "林灵", "飞辉", "福湖", "风红", "山桑", "鹏盆"])
def test_sounds_that_dialects_confuse_are_given(pair: str) -> None:
    """zh and z, n and l, f and h, an and ang: what half of the country does not tell apart."""
    typed, meant = pair
    assert meant in likeness.near_sound(typed)
    assert meant not in likeness.same_sound(typed)


@pytest.mark.parametrize("pair", ["诚存", "达发", "顺通"])
def test_sounds_that_nobody_confuses_are_not_given(pair: str) -> None:
    """Everything is like everything else if one is generous, and the right firm is lost among suggestions."""
    typed, other = pair
    assert other not in likeness.near_sound(typed) + likeness.same_sound(typed)


@pytest.mark.parametrize("pair", ["未末", "己已", "通桶", "顺须", "货贷", "输愉", "平苹", "运远", "捷睫"])
def test_characters_of_like_shape_are_given(pair: str) -> None:
    """What is copied from a licence or a scan is mistaken by its shape."""
    typed, meant = pair
    assert meant in likeness.like_shape(typed)


@given(CHARACTERS)
def test_nothing_is_like_itself_and_nothing_stands_twice(character: str) -> None:
    """A suggestion that changes nothing costs a query and says nothing."""
    for found in (likeness.same_sound(character), likeness.near_sound(character), likeness.like_shape(character)):
        assert character not in found
        assert len(set(found)) == len(found)


@given(CHARACTERS, CHARACTERS)
def test_like_sound_goes_both_ways(one: str, other: str) -> None:
    """Who types 达 for 大 and who types 大 for 达 are both helped."""
    assert (other in likeness.same_sound(one)) == (one in likeness.same_sound(other))
    assert (other in likeness.near_sound(one)) == (one in likeness.near_sound(other))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("lushan anda huoyun", [("lu", "shan", "an", "da", "huo", "yun")]),
        ("LuShan AnDa", [("lu", "shan", "an", "da")]),
        ("xian", [("xian",), ("xi", "an")]),
        ("xi'an", [("xi", "an")]),
        ("Lǚ yóu", [("lv", "you")]),
        ("lüe", [("lve",), ("lv", "e")]),
        ("pdsxd", []),
        ("物流", []),
        ("a1", []),
        ("", []),
        ("a" * 200, []),
    ],
)
def test_typed_pinyin_is_divided(typed: str, expected: list[tuple[str, ...]]) -> None:
    """Full pinyin with or without blanks is a way to type a name; initials and codes are not."""
    assert likeness.syllables(typed) == expected


def test_joined_pinyin_is_divided_in_every_likely_way() -> None:
    """lushananda is 鲁山安达 and 鲁沙南达: the names decide which."""
    ways = likeness.syllables("lushanandahuoyun")
    assert ("lu", "shan", "an", "da", "huo", "yun") in ways
    assert ("lu", "sha", "nan", "da", "huo", "yun") in ways


@given(st.text("abcdefghijklmnopqrstuvwxyz 'ü", max_size=60))
def test_divided_pinyin_is_what_was_typed(typed: str) -> None:
    """Whatever is typed, the work is bounded and no letter is lost."""
    ways = likeness.syllables(typed)
    assert len(ways) <= likeness.MOST_SPLITTINGS
    letters = "".join(c for c in typed if c.isalpha()).replace("ü", "v")
    for way in ways:
        joined = "".join(way)
        assert joined == letters or "lue" in letters or "nue" in letters or "yu" in letters


def test_a_name_is_compared_with_typed_syllables() -> None:
    """Candidates found by initials are checked by the whole reading: hundreds of firms share lsad."""
    assert likeness.is_read_so("鲁山安达货运", ("lu", "shan", "an", "da"))
    assert likeness.is_read_so("重庆长安", ("chong", "qing", "chang", "an"))
    assert not likeness.is_read_so("鲁山安达货运", ("lu", "sha", "nan", "da"))
    assert not likeness.is_read_so("鲁山", ("lu", "shan", "an"))


def test_former_names_are_given_both_ways() -> None:
    """A firm keeps the name it was founded under; people type the region's name of today, and the other way round."""
    assert likeness.other_forms("襄樊安达物流") == ["襄阳安达物流"]
    assert "襄樊安达物流" in likeness.other_forms("襄阳安达物流")
    assert likeness.other_forms("平顶山安达物流") == []
