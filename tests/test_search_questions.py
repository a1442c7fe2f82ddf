"""所问 questions: what was typed is told for what it is; a wrong code says what is wrong; a person's number leaves no trace."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.names.parts import parse
from server.names.tokens import index_tokens
from server.search import questions
from server.search.codes import Reading
from server.search.questions import LONGEST, read
from tests.world import USCC

#: Invented: a region that never was.
PERSON = "990101199001010012"


@pytest.mark.parametrize(
    ("typed", "reading", "code"),
    [
        (USCC, Reading.USCC, USCC),
        (" ９１３７ ０１１７ma-0000001l ", Reading.USCC, USCC),
        (f"钢城示例运输有限公司 {USCC}", Reading.USCC, USCC),
        ("60003734-1", Reading.ORGANISATION_CODE, "600037341"),
        ("600037341", Reading.ORGANISATION_CODE, "600037341"),
        ("６０００３７３４－１", Reading.ORGANISATION_CODE, "600037341"),
        ("鲁a·12345", Reading.PLATE, "鲁A12345"),
        ("鲁AD12345", Reading.PLATE, "鲁AD12345"),
        ("粤Z1234港", Reading.PLATE, "粤Z1234港"),
    ],
)
def test_a_right_code_is_looked_up_in_its_normal_form(typed: str, reading: Reading, code: str) -> None:
    """Codes are pasted out of tables and papers, with blanks, hyphens and wide letters."""
    question = read(typed)

    assert (question.reading, question.code, question.fault) == (reading, code, None)
    assert question.tokens is None


@pytest.mark.parametrize(
    ("typed", "colour"),
    [
        ("鲁A12345", None),
        ("鲁A12345黄", "yellow"),
        ("黄色 鲁A12345", "yellow"),
        ("鲁AD12345渐变绿牌", "gradient_green"),
    ],
)
def test_a_plate_may_say_its_colour(typed: str, colour: str | None) -> None:
    """A number plate is one vehicle's together with its colour; who does not say it means all of them."""
    assert read(typed).colour == colour


@pytest.mark.parametrize(
    ("typed", "reading", "says"),
    [
        (USCC[:17] + "M", Reading.USCC, "第 18 位校验码应为 L，实际为 M"),
        ("91370117MA000000OL", Reading.USCC, "第 17 位不应是字母 O"),
        (USCC[:17], Reading.USCC, "应为 18 位，实际为 17 位"),
        ("914101007286470521", Reading.USCC, "校验码应为"),
        ("60003734-2", Reading.ORGANISATION_CODE, "末位校验码应为 1，实际为 2"),
        ("鲁A1234", Reading.PLATE, "共 6 位"),
        ("鲁AO2345", Reading.PLATE, "没有这两个字母"),
        ("卢A12345", Reading.PLATE, "省份简称"),
        ("370117000001", Reading.OTHER_NUMBER, "18 位统一社会信用代码"),
        ("", Reading.EMPTY, "请输入"),
        (" ，。（）！ ", Reading.EMPTY, "请输入"),
        ("%_\\'\"", Reading.EMPTY, "请输入"),
        ("安" * (LONGEST + 1), Reading.EMPTY, "超过 100 个字"),
        ("p", Reading.INITIALS, "至少输入两个"),
    ],
)
def test_what_cannot_be_looked_up_says_why_and_what_to_do(typed: str, reading: Reading, says: str) -> None:
    """An empty page tells nobody that he read an O for a 0."""
    question = read(typed)

    assert question.reading is reading
    assert question.code is None
    assert says in (question.fault or "")


@pytest.mark.parametrize(
    "typed",
    [
        PERSON,
        "990101199001010013",
        "９９０１０１１９９００１０１００１２",
        "990101 19900101 0012",
        "99010119900101001X",
        "9901011990O1010012",
        "99010119900101001",
        "990101199013010012",
        "990101900101001",
        "13900007777",
        "139-0000-7777",
        "一三九零零零零七七七七",
        "0531-12345678",
        "E12345678",
        f"钢城示例 {PERSON}",
        f"身份证{PERSON}，电话13900007777",
        f"{PERSON}{'安' * 200}",
        "139=0000=7777",
        "139和0000和7777",
        "1三9〇〇〇〇七777",
        "❶❸❾⓿⓿⓿⓿❼❼❼❼",
        "\ufe0f\u20e3".join("13900007777"),
        "990101'19900101'0012",
        "示例公司91370117MA00000152，张三13900007777",
        f"示例公司91370117MA00000152 张三{PERSON}",
    ],
)
def test_a_personal_number_is_not_looked_up_nor_told_nor_kept(typed: str) -> None:
    """It would stand in the database's log, in a list of questions, on the page: it is for the form for persons alone."""
    question = read(typed)

    assert question.reading is Reading.PERSONAL_NUMBER
    assert "查从业人员" in (question.fault or "")
    assert not [character for character in question.fault or "" if character.isdigit()]
    assert (question.code, question.tokens, question.core, question.initials) == (None,) * 4
    assert question.guesses.tokens == ()
    assert typed not in questions._kept


@pytest.mark.parametrize("text", ["1 " * 2500, "139 0000 " * 600, "1三" * 2500])
def test_of_a_long_text_only_the_beginning_is_looked_at(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A dozen values are made of each text, by forty aliases: six kilobytes took 42 s of the processor."""
    seen: list[str] = []
    real = questions.read_number
    monkeypatch.setattr(questions, "read_number", lambda one: seen.append(one) or real(one))

    answers = [read(text) for _ in range(13)]

    assert len(set(answers)) == 1
    assert len(seen) == 1
    assert len(seen[0]) <= questions.MOST_READ


@settings(max_examples=50)  # each is one in a form of few parts, and slow to draw
@given(
    st.from_regex(r"[1-8][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9X]", fullmatch=True)
)
@example("110101190001010009")
def test_no_number_with_a_birth_date_is_taken_for_a_code(typed: str) -> None:
    """One number in 31 has a check character that is right for a code too."""
    assert read(typed).reading is Reading.PERSONAL_NUMBER


@given(st.text(max_size=120))
@example("\x00安达\ud800")
@example("ﷺ" * 100)
def test_any_text_has_an_answer_that_the_database_can_take(typed: str) -> None:
    """The box takes what the keyboard gives; PostgreSQL takes neither U+0000 nor half a character."""
    question = read(typed)
    bound = [question.code, question.core, question.brand, question.initials, *(question.tokens or ())]
    bound += [*question.guesses.tokens, *question.guesses.sounds, *question.guesses.shapes]

    for value in bound:
        assert value is None or "\0" not in value
        (value or "").encode()
    assert len(question.tokens or ()) <= questions.MOST_TOKENS
    assert question == read(typed)


@pytest.mark.parametrize("name", ["平顶山市鲁山县兴达运输有限公司", "兴达（鲁山）物流有限公司", "鲁山老李汽修部"])
def test_each_guess_has_a_name_with_one_wrong_character(name: str) -> None:
    """Whichever character is wrong, one guess at least holds nothing of it: so the right name is among those compared."""
    carried = set(index_tokens(parse(name)))
    core = parse(name).core

    for place in range(len(core)):
        question = read(f"{core[:place]}龘{core[place + 1 :]}")
        assert [guess for guess in question.guesses.tokens if set(guess.split(" ")) <= carried], question


def test_each_place_says_what_it_may_have_been_meant_for() -> None:
    """兴大 for 兴达 is heard wrong, 运愉 for 运输 read wrong; both lead back."""
    guesses = read("鲁山兴大运愉").guesses
    sounds, shapes = guesses.sounds[0].split(" "), guesses.shapes[0].split(" ")

    assert len(sounds) == len(shapes) == len(guesses.weights) == 6
    assert "达" in sounds[3]
    assert "输" in shapes[5] + sounds[5]
    weights = read("鲁山兴大运输").guesses.weights
    assert weights[2] > weights[0] > weights[4], "brand, region, trade"


def test_letters_are_initials_or_pinyin() -> None:
    """pdsxd is nothing that can be spoken; pingdingshan is."""
    assert read("PDS xd").reading is Reading.INITIALS
    assert read("pdsxd").initials == "=pdsxd"
    assert read("pdsxdyswlgs").initials == "=pdsxdy"
    assert read("pingdingshan xinda").reading is Reading.PINYIN
    assert len(read("xian xinda").guesses.sounds) == 2, "西安 and 县"
