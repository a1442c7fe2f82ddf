"""名称 names are taken apart and split the same way on both sides: what somebody types finds the name he means."""

from __future__ import annotations

import string
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from server.disclosure import personal_numbers
from server.names import lexicon, readings
from server.names.form import normal, pieces, simplified
from server.names.parts import parse
from server.names.tokens import asked_tokens, filter_tokens, index_tokens, initials_token
from server.settings import CHECKOUT

CASES = Path(__file__).parent / "cases" / "names"


def cases(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((CASES / name).read_text("utf-8"))
    return loaded


def brands() -> list[str]:
    lines = (CHECKOUT / "server" / "sample" / "data" / "brands.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


BRANDS = st.sampled_from(brands())
WORDS = st.sampled_from(sorted(lexicon.words()))
LETTERS = st.sampled_from("安达顺通运输物流山市县区中平公司有限部店厂行站汽修驾校客货危险品科左旗AB4S")
PART = st.one_of(
    BRANDS, WORDS, st.text(LETTERS, min_size=1, max_size=3), st.sampled_from(["（", "）", "**", " ", "市"])
)
#: Names as they are, and worse: words of the lexicon in any order, with brackets, stars and bare characters between.
NAMES = st.lists(PART, min_size=1, max_size=7).map("".join)


@pytest.mark.parametrize("case", cases("parts.yaml"), ids=lambda case: case["name"] or "empty")
def test_a_name_is_taken_apart(case: dict[str, Any]) -> None:
    """Brand and region order the hits: a name read wrongly stands behind hundreds of others."""
    parsed = parse(case["name"])
    assert parsed.core == case["core"]
    assert list(parsed.regions) == case.get("regions", [])
    assert parsed.brand == case.get("brand", "")
    assert list(parsed.industries) == case.get("industries", [])


@pytest.mark.parametrize("case", cases("typed.yaml"), ids=lambda case: f"{case['typed']}-{case['finds']}")
def test_a_typed_text_asks_for_tokens_its_name_carries(case: dict[str, Any]) -> None:
    """Words in any order, former names, other words of one meaning: each finds the firm that is meant."""
    asked = asked_tokens(case["typed"])
    assert list(asked) == case["tokens"]
    assert set(asked) <= set(index_tokens(parse(case["finds"])))


@given(NAMES, st.data())
def test_every_piece_of_a_core_asks_only_for_what_the_name_carries(name: str, data: st.DataObject) -> None:
    """A token asked for that no row carries hides the very firm whose name was typed (鲁山县 in the first prototype)."""
    parsed = parse(name)
    carried = set(index_tokens(parsed))
    for text in filter(None, {parsed.core, parsed.body}):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        asked = asked_tokens(text[start:end])
        assert asked
        assert set(asked) <= carried


@given(NAMES)
@example("鲁山县老李汽修部")
@example("安达（鲁山县）物流有限责任公司")
@example("兴达钢材销售服务部")
@example("枣庄市中区安达货运")
def test_a_whole_name_finds_itself(name: str) -> None:
    """The name as it stands on a licence is the commonest thing pasted into the box."""
    assert set(asked_tokens(name)) <= set(index_tokens(parse(name)))


@given(
    BRANDS,
    st.sampled_from(["鲁山县", "平顶山市", "科左中旗", "重庆"]),
    st.sampled_from(["物流", "出租车", "驾校", "汽修"]),
)
def test_words_find_a_name_in_any_order(brand: str, region: str, trade: str) -> None:
    """People type what they remember first: 物流 安达 鲁山 is the same question as 鲁山安达物流."""
    carried = set(index_tokens(parse(f"{region}{brand}{trade}有限公司")))
    for words in permutations((region, brand, trade)):
        assert set(asked_tokens(" ".join(words))) <= carried


@given(st.text())
@example("ﬃ張**（①）İß○")
@example("\u1100\u2160\u1161")
def test_the_normal_form_is_normal(text: str) -> None:
    """A name is normalised when kept and again when asked: a second time may change nothing."""
    once = normal(text)
    assert normal(once) == once
    assert "".join(pieces(text)) == once
    assert parse(text).full == once
    assert parse(once).full == once


@given(NAMES)
def test_stars_never_become_a_token(name: str) -> None:
    """A masked owner (张**) must not be found by what the mask hides, nor by how many characters it hides."""
    tokens = index_tokens(parse(name))
    assert not any("*" in token or not token for token in tokens)
    assert index_tokens(parse("张**" + name)) == index_tokens(parse("张*" + name))


@given(NAMES)
def test_tokens_are_sorted_and_text_never_looks_like_a_filter(name: str) -> None:
    """Rows carry filters and initials beside text in one array: a firm called “@k:…” must not pass for another kind."""
    tokens = index_tokens(parse(name))
    assert tokens == sorted(set(tokens))
    assert all(token[0] == "=" or token.isalnum() for token in tokens)
    assert all(token.isalnum() for token in asked_tokens("@k:enterprise=ab~" + name))


def test_filters_are_tokens_of_their_own_kind() -> None:
    """A division is found by its province and its city as well."""
    assert filter_tokens("enterprise", "370403", "道路货运", "active") == [
        "@k:enterprise", "@d:37", "@d:3704", "@d:370403", "@s:道路货运", "@t:active",
    ]  # fmt: skip
    assert filter_tokens("individual_business", None, None, None) == ["@k:individual_business"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("平顶山市鑫达物流有限公司", ("pdsxdwl", "xdwl")),
        ("重庆长安民生物流股份有限公司", ("cqcamswl", "camswl")),
        ("六安市乐行货运有限公司", ("lalxhy", "lxhy")),
        ("蚌埠市安达客运有限公司", ("bbadky", "adky")),
        ("厦门长兴物流", ("xmcxwl", "cxwl")),
        ("行知物流", ("xzwl", "hzwl")),
        ("长盛会单", ("cshd", "zshd", "cchd", "cskd")),
        ("4S店", ("4s",)),
        ("张**", ("z",)),
        ("", ()),
    ],
)
def test_initials_are_those_people_type(name: str, expected: tuple[str, ...]) -> None:
    """重庆 is typed cq, never zq; 行 alone may be x or h; no name has more than four."""
    assert parse(name).initials == expected


@given(NAMES)
def test_initials_are_few_and_plain(name: str) -> None:
    """Ten doubtful characters have a thousand readings; an index of all would be larger than the names."""
    parsed = parse(name)
    assert len(parsed.initials) <= readings.MOST_READINGS
    assert set("".join(parsed.initials)) <= set(string.ascii_lowercase + string.digits)
    carried = index_tokens(parsed)
    for letters in parsed.initials:
        assert len(letters) < 2 or initials_token(letters) in carried


@pytest.mark.parametrize(
    ("typed", "token"), [("pdsxd", "=pdsxd"), ("PdsXdwlyx", "=pdsxdw"), ("p", None), ("平顶", None), ("p d", None)]
)
def test_typed_initials_become_one_token(typed: str, token: str | None) -> None:
    """Six letters are enough for an index; what follows them is compared with the initials themselves."""
    assert initials_token(typed) == token


def test_one_table_of_traditional_characters_serves_names_and_masking() -> None:
    """張三 must be masked by the same table by which 張三物流 is found."""
    assert personal_numbers.normal("張") == "张" == normal("張")
    assert simplified()["乾"] == "干"
    assert normal("乾坤") == "乾坤"
