"""Masking: what is personal is covered however it is written, and what is not stays readable."""

from __future__ import annotations

import string
import time
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from server.disclosure.masking import Masking, mask_certificate, mask_name, mask_number, mask_phone, mask_text, names
from server.errors import WrongSetting
from tests.law_cases import CASES, RULES


def told(file: str) -> list[Any]:
    """The cases an officer wrote."""
    found: list[Any] = yaml.safe_load((CASES / "masking" / f"{file}.yaml").read_text("utf-8"))
    assert len(found) > 15
    return found


# Invented: a right check digit, an impossible region.
def check(body: str) -> str:
    """The check digit for 17 digits; stdnum reads all but the last character it is given."""
    return str(ric.calc_check_digit(f"{body}0"))


ID = "99010119900101101" + check("99010119900101101")
ID_X = next(n for n in (f"99010119900101{i:03}" for i in range(100, 999)) if check(n) == "X") + "X"
OLD_ID = "990101900101101"
PHONE = "13800001234"


def digits_of(text: str) -> str:
    """The digits and X of a text, in one script and without what stands between: what a reader could put together."""
    folded = (str(int(c)) if c.isdecimal() else c.upper() for c in text)
    return "".join(c for c in folded if c.isdigit() or c == "X")


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳小明", "欧阳**"),
        ("欧阳", "欧*"),
        ("司马光", "司马*"),
        ("王", "*"),
        ("张 三", "张*"),
        ("阿卜杜拉·买买提", "阿***·***"),
        ("John Smith", "J*** *****"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_surname(name: str, masked: str) -> None:
    """10 §10.8: 张*, 欧阳**; names of minorities and foreigners keep their first character."""
    assert mask_name(name) == masked


def test_a_number_keeps_what_the_policy_says() -> None:
    """10 §10.8: the birth date of an ID number is covered; other papers keep less."""
    assert mask_number("身份证", ID) == "990101********1011"
    assert mask_number("身份证", OLD_ID) == "990101*****1101"
    assert mask_number("外国人永久居留身份证", ID) == "990101********1011"
    assert mask_number("护照号", "E12345678") == "E*****678"
    assert mask_number("护照号", ID) == "990101********1011", "a wrong type does not uncover an ID number"
    assert mask_number("身份证", f"张三丰{ID}") == "*" * 20 + "1", "what else is in the column may be his name"
    assert mask_phone(PHONE) == "138****1234"
    assert mask_phone("12328") == "****8"
    assert mask_phone("") == ""


def test_a_certificate_number_is_masked_only_when_it_may_be_a_person_s() -> None:
    """从业资格证号 is usually the ID number; 道路运输证 and 经营许可证 have twelve digits of their own."""
    assert mask_certificate(ID) == "990101********1011"
    assert mask_certificate(ID_X.lower()) == f"990101********{ID_X[-4:]}"
    assert mask_certificate("410402001234") == "410402001234"
    assert mask_certificate("豫交运管许可货字410402001234号") == "豫交运管许可货字410402001234号"


def test_the_policy_of_the_bureau_is_followed() -> None:
    """Stricter places keep the last four only: a field of the file, and names stay as shipped."""
    masking = Masking.load(RULES / "last_four")
    assert masking.mask_number("身份证", ID) == "*" * 14 + "1011"
    assert masking.mask_text(f"身份证{ID}") == "身份证" + "*" * 14 + "1011"
    assert masking.mask_name("张三") == "张*"
    assert Masking.load(on=date(2015, 1, 1)).mask_name("张三") == "张*"


@pytest.mark.parametrize(
    "text",
    [
        "罚款10000.00元，没收违法所得1,380,000.00元",
        "2026-05-10至2027-05-10，2026/05/10 14:30:00，2026年5月10日",
        "2026-05-10 2027-05-10 2028-05-10",
        "道路运输证410402001234号，经营许可证 410402005678",
        "豫D12345、豫AD12345、京A1234学",
        "统一社会信用代码91110000600037341L、91350100M000100Y43",
        "平交罚〔2026〕410400202600012345号、左交字[2024]66号、第410400202600012号",
        "当事人未按规定随车携带道路运输证",
        "依据《公路安全保护条例》第六十四条第一款",
        "车货总质量49.5吨，超限18.5吨，超限率59.68%",
        "交通运输服务监督电话12328",
        "工商注册号110108000000016",
        "二〇二六年五月十日",
        "坐标113.30312，33.73562",
        "超限运输车辆通行证410402202600",
        "LSVAA4182E2123456",
    ],
)
def test_what_is_not_personal_stays_readable(text: str) -> None:
    """A public text must still say what happened: money, dates, plates, permits, document numbers, firms' codes."""
    assert mask_text(text, ["张三"]) == text


def test_an_all_digit_code_of_a_firm_stays_but_not_when_it_may_be_a_person() -> None:
    """Some 统一社会信用代码 are digits only; with a birth date in the middle it is treated as a person's number."""
    from stdnum.cn.uscc import calc_check_digit

    plain = next(f"9141040012345{i:04}" for i in range(10000) if calc_check_digit(f"9141040012345{i:04}").isdigit())
    assert mask_text(plain + calc_check_digit(plain)) == plain + calc_check_digit(plain)
    dated = next(f"91011919900101{i:03}" for i in range(1000) if calc_check_digit(f"91011919900101{i:03}").isdigit())
    code = dated + calc_check_digit(dated)
    assert mask_text(code) != code


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"身份证号{ID}，电话{PHONE}", "身份证号990101********1011，电话138****1234"),
        ("９９０１０１１９９００１０１１０１１", "990101********1011"),
        ("990101 19900101 1011", "990101********1011"),
        ("990101-19900101-1011", "990101********1011"),
        ("990101 1990-01-01 1011", "990101********1011"),
        ("9 9 0 1 0 1 1 9 9 0 0 1 0 1 1 0 1 1", "990101********1011"),
        ("990101\u200b19900101\u200b1011", "990101********1011"),
        ("990101199001011016", "990101********1016"),
        (OLD_ID, "990101*****1101"),
        ("990101 900101 101", "990101*****1101"),
        ("138 0000 1234", "138****1234"),
        ("138-0000-1234", "138****1234"),
        ("+86 13800001234", "+86 138****1234"),
        ("8613800001234", "861******1234"),
        ("0375-1234567", "037****4567"),
        ("（0375）1234567", "037****4567"),
        ("电话：1234567", "电话：*****67"),
        ("①13800001234", "①138****1234"),
        ("1.13800001234", "1.138****1234"),
        ("一三八〇〇〇〇一二三四", "一三八****一二三四"),
        ("护照E12345678", "护照E*****678"),
        ("往来港澳通行证C12345678", "往来港澳通行证C*****678"),
        ("台湾居民来往大陆通行证12345678", "台湾居民来往大陆通行证1****678"),
        ("卡号6222020200001234567", "卡号6***************567"),
        ("6222 0202 0000 1234 567", "6***************567"),
        ("身份证：123456", "身份证：****56"),
        (f"{PHONE}{PHONE}", "1******************234"),
    ],
)
def test_every_way_of_writing_a_personal_number_is_covered(text: str, masked: str) -> None:
    """Clerks write numbers with blanks, full-width digits, hyphens, list marks; none may get through."""
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    ("text", "persons", "masked"),
    [
        ("当事人张三驾驶车辆", ["张三"], "当事人张*驾驶车辆"),
        ("张 三、张　三、张\u200b三", ["张三"], "张*、张*、张*"),
        ("欧阳小明与欧阳小明", ["欧阳小明"], "欧阳**与欧阳**"),
        ("法定代表人李四，驾驶员张三", ["张三"], "法定代表人李四，驾驶员张*"),
        ("阿卜杜拉・买买提、阿卜杜拉买买提", ["阿卜杜拉·买买提"], "阿***·***、阿***·***"),
        ("JOHN SMITH and Johnsmithson", ["John Smith"], "J*** ***** and Johnsmithson"),
        ("张三丰和张三", ["张三", "张三丰"], "张**和张*"),
        ("张三", [" 张三 "], "张*"),
        ("王某", ["王", ""], "王某"),
        (f"张三{PHONE}", ["张三"], "张*138****1234"),
    ],
)
def test_persons_whom_the_row_names_are_masked_in_its_text(text: str, persons: list[str], masked: str) -> None:
    """Whom the row names stands in its prose too; whoever the caller does not name (a firm's legal representative) stays."""
    assert mask_text(text, persons) == masked


@pytest.mark.parametrize("case", told("numbers"), ids=lambda case: case["text"])
def test_numbers_are_covered_whatever_stands_between_their_parts(case: dict[str, str]) -> None:
    """Slashes, commas, brackets, stars, Chinese numerals, account names: the cases of an adversary."""
    assert mask_text(case["text"]) == case["masked"]


@pytest.mark.parametrize("case", told("names"), ids=lambda case: case["text"])
def test_persons_are_covered_whom_a_cell_or_the_text_names(case: dict[str, str]) -> None:
    """A cell may hold several owners with titles; prose names drivers and passengers whom no cell has."""
    persons = names(case["persons"]) if "persons" in case else ()
    assert mask_text(case["text"], persons) == case["masked"]
    assert "cell" not in case or mask_name(case["persons"]) == case["cell"]


@pytest.mark.parametrize("text", told("ordinary"))
def test_ordinary_sentences_of_the_trade_stay_whole(text: str) -> None:
    """A finder of names that blackens 驾驶员未取得从业资格证 would make the public record worthless."""
    assert mask_text(text) == text


@pytest.mark.parametrize("case", told("document_numbers"), ids=lambda case: case["number"])
def test_a_document_number_is_judged_by_the_same_finder(case: dict[str, Any]) -> None:
    """A 文号 stays public as it is, so that a person's number in it stops the row; an organ's code with a date does not."""
    persons = names(case["persons"]) if "persons" in case else ()
    assert Masking.load().names_a_person(case["number"], persons) is case["person"]


def test_the_policy_in_force_counts_and_not_one_to_come(tmp_path: Path) -> None:
    """A bureau writes next year's stricter policy ahead of time: today's stays until the day."""
    own = tmp_path / "disclosure" / "masking.yaml"
    own.parent.mkdir()
    version = "keep_first: {}, keep_last: 4, source: {{of: privacy}}"
    entry = "personal_number:\n  term: 号码\n  unit: characters\n  reviewed_on: 2026-11-20\n  versions:\n"
    own.write_text(
        f"{entry}    2021-11-01: {{{version.format(6)}}}\n    2027-01-01: {{{version.format(0)}}}\n", encoding="utf-8"
    )
    assert Masking.load(tmp_path, on=date(2026, 12, 31)).mask_text(ID) == "990101********1011"
    assert Masking.load(tmp_path, on=date(2027, 1, 1)).mask_text(ID) == "*" * 14 + "1011"


def test_a_policy_that_forgets_a_field_is_refused(tmp_path: Path) -> None:
    """An entry of the bureau replaces the shipped one whole: what it forgets would be shown."""
    own = tmp_path / "disclosure" / "masking.yaml"
    own.parent.mkdir()
    own.write_text(
        "name:\n  term: 姓名\n  unit: characters\n  reviewed_on: 2026-11-20\n  versions:\n"
        "    2021-11-01: {keep_first: 1, source: {of: privacy}}\n",
        encoding="utf-8",
    )
    with pytest.raises(WrongSetting, match=r"name.*keep_last"):
        Masking.load(tmp_path)


FULL_WIDTH = str.maketrans(string.digits + "X", "０１２３４５６７８９Ｘ")
PROSE = st.text(alphabet="当事人驾驶车辆于年月日在公路上超限运输，。（）《》、证号：A张 \n", max_size=20)
#: Other numbers beside the planted one must not hide it.
BEFORE = PROSE | st.sampled_from(
    ["第12 ", "2026-05-10 ", "0375 ", "罚款2000.00元 ", "410402001234 ", "1-", "+86-", "12 34 "]
)
AFTER = PROSE | st.sampled_from([" 12", " 2026-05-10", " 0375-1", " 2000.00元", " 410402001234", "-1", " 12 34"])
BIRTHDAYS = st.dates(date(1930, 1, 1), date(2015, 12, 31))


@st.composite
def ids(draw: st.DrawFn) -> str:
    """An invented ID number with a right check digit."""
    body = f"{draw(st.integers(110000, 999999))}{draw(BIRTHDAYS):%Y%m%d}{draw(st.integers(0, 999)):03}"
    return body + check(body)


MARKS = (" ", "-", "　", "\u200b", "–", " - ", "\n")
#: These also stand between the numbers of a list, so that fewer ways of cutting are read as one number.
LIST_MARKS = ("/", "，", "、", ",", "：", "＊", " / ", ")(")


@st.composite
def written(
    draw: st.DrawFn, number: st.SearchStrategy[str], cuts: tuple[tuple[int, ...], ...], marks: tuple[str, ...] = MARKS
) -> tuple[str, str]:
    """A number, and one of the ways in which people write it."""
    plain = draw(number)
    text = draw(st.sampled_from([plain, plain.lower(), plain.translate(FULL_WIDTH)]))
    if draw(st.booleans()):
        mark = draw(st.sampled_from(marks))
        places = (0, *draw(st.sampled_from(cuts)), len(text))
        text = mark.join(text[a:b] for a, b in pairwise(places))
    return plain, text


ID_CUTS = ((6, 14), (6, 10, 14), (3, 6, 10, 14), (6,), (14,), (6, 10, 12, 14), (4, 8, 12, 16))
MOBILES = st.builds(lambda head, tail: f"1{head}{tail:09}", st.integers(3, 9), st.integers(0, 999_999_999))


@settings(max_examples=400)
@given(
    BEFORE,
    written(ids(), ID_CUTS)
    | written(ids(), ID_CUTS, LIST_MARKS)
    | written(MOBILES, ((3, 7), (3,), (7,), (4, 8)))
    | written(MOBILES, ((3, 7), (7,)), LIST_MARKS),
    AFTER,
)
@example("", (ID, ID), "")
@example("证", (ID_X, ID_X.lower()), "号")
def test_no_planted_number_survives(before: str, planted: tuple[str, str], after: str) -> None:
    """The one promise of a public text: the number cannot be read out of it, whatever stands around it."""
    plain, text = planted
    masked = mask_text(f"{before}{text}{after}")
    assert plain not in digits_of(masked)
    hidden = plain[6:14] if len(plain) == 18 else plain[3:7]
    assert masked.count("*") >= len(hidden)


@given(PROSE, st.text(alphabet="张李欧阳赵小明三四娜", min_size=2, max_size=4), PROSE, st.sampled_from(["", " ", "　"]))
def test_no_planted_name_survives(before: str, name: str, after: str, blank: str) -> None:
    """A named person is not found in the text by his name, blanks or not."""
    masked = mask_text(before + blank.join(name) + after, [name])
    assert name not in "".join(masked.split())


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """A corrected row is masked again: what is covered stays as it is."""
    once = mask_text(text, ["张三"])
    assert mask_text(once, ["张三"]) == once


HOSTILE = {
    "digits": "1" * 100_000,
    "digits apart": "1 " * 50_000,
    "digits with hyphens": "1-" * 50_000,
    "phones": f"{PHONE} " * 9_000,
    "numbers": ID * 5_600,
    "half numbers": "990101 1990 " * 8_000,
    "blanks": " " * 100_000,
    "surnames": "张 " * 50_000,
    "papers": "身份证" * 33_000,
    "paper and signs": "身份证" + "号" * 100_000,
    "letters": "E" * 100_000,
    "zero width": "1\u200b" * 50_000,
    "areas": "(0" * 50_000,
    "written digits": "一二三四五六七八九 " * 10_000,
    "written digits alone": "一" * 100_000,
    "written digits apart": "一 " * 50_000,
    "signs": "1、" * 50_000,
    "many signs": "1" + "/" * 99_000 + "1",
    "one and many blanks": ("1" + " " * 999) * 100,
    "stars": "1*" * 50_000,
    "papers and groups": "护照A 1 " * 16_000,
    "mail": "a" * 99_000 + "@",
    "mails": "a@" * 50_000,
    "accounts": "微信QQ" * 25_000,
    "account and signs": "QQ" + "群号" * 50_000,
    "roles": "驾驶员" * 33_000,
    "roles and names": "驾驶员李小四，" * 14_000,
    "roles and blanks": "驾驶员" + " " * 99_000 + "李四",
    "dotted names": "驾驶员" + "买·" * 49_000,
    "names and numbers": "李四13800001234，" * 6_000,
    "labels": "李四身份证身份证" * 12_000,
    "traditional": "張三" * 50_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_linear_time(text: str) -> None:
    """A cell may hold 100 kB made to stop the reader: ten times the text may take about ten times as long, not a hundred."""

    def seconds(part: str) -> float:
        begun = time.process_time()
        mask_text(part, ["张三", "张张张"])
        return time.process_time() - begun

    seconds(text[:1_000])
    short = min(seconds(text[: len(text) // 10]) for _ in range(3))
    assert seconds(text) < 40 * short + 0.2
