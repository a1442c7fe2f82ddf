"""名称 names are taken apart and split the same way on both sides: what somebody types finds the name he means."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from server.names import lexicon
from server.names.form import normal, pieces
from server.names.parts import parse
from server.names.tokens import asked_tokens, index_tokens

BRANDS = [
    line
    for line in Path("server/sample/data/brands.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
WORDS = sorted(lexicon.words())
LETTERS = st.sampled_from("安达顺通运输物流山市县区中平公司有限部店厂行站汽修驾校客货危险品科左旗AB4S")
PART = st.one_of(st.sampled_from(BRANDS), st.sampled_from(WORDS), st.text(LETTERS, min_size=1, max_size=3))
#: Names as they are, and worse: words of the lexicon in any order, with brackets, stars and bare characters between.
NAMES = st.lists(
    st.one_of(PART, st.sampled_from(["（", "）", "**", "·", " ", "市", "县"])), min_size=1, max_size=7
).map("".join)


@given(NAMES, st.data())
@example("枣庄市中区安达货运", None)
def test_every_piece_of_a_core_asks_only_for_what_the_name_carries(name: str, data: st.DataObject | None) -> None:
    """A token asked for that no row carries hides the very firm whose name was typed (鲁山县 in the first prototype)."""
    parsed = parse(name)
    carried = set(index_tokens(parsed))
    for text in filter(None, {parsed.core, parsed.body}):
        spans = [(0, len(text))]
        if data is not None:
            start = data.draw(st.integers(0, len(text) - 1))
            spans = [(start, data.draw(st.integers(start + 1, len(text))))]
        for start, end in spans:
            asked = asked_tokens(text[start:end])
            assert asked
            assert set(asked) <= carried


@given(NAMES)
@example("鲁山县老李汽修部")
@example("安达（鲁山县）物流有限责任公司")
def test_a_whole_name_finds_itself(name: str) -> None:
    """The name as it stands on a licence is the commonest thing pasted into the box."""
    parsed = parse(name)
    assert set(asked_tokens(name)) <= set(index_tokens(parsed))


@given(st.text())
@example("ﬃ張**（①）İß")
def test_the_normal_form_is_normal(text: str) -> None:
    """A name is normalised when kept and again when asked: a second time may change nothing."""
    once = normal(text)
    assert normal(once) == once
    assert "".join(pieces(text)) == once
    assert once == once.upper()
    assert once.isalnum() or not once
