"""标识 tests: a wrong code joined to the wrong subject shows one firm's penalty on another's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from server.errors import Invalid
from server.identifiers import certificates, divisions, plates, uscc

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases/identifiers.yaml").read_text("utf-8"))
ON = date(2026, 6, 15)
SECRET = "a secret for tests only, forty characters"
#: Every check as a function of the text alone.
CHECKS: list[Callable[[str], str]] = [
    uscc.check_uscc,
    uscc.check_organisation_code,
    uscc.check_registration_number,
    plates.check_plate,
    *(partial(certificates.check_certificate, type_, on=ON) for type_ in certificates.CertificateType),
]


def refusal_of(check: Callable[[str], str], typed: str) -> str | None:
    """Gives the message of a refusal, or None where the text passes."""
    try:
        check(typed)
    except Invalid as refusal:
        return refusal.message
    return None


@pytest.mark.parametrize("code", CASES["uscc"]["valid"])
def test_a_real_code_passes_and_holds_an_organisation_code(code: str) -> None:
    """Two check digits agree on every real code: positions 9–17 are an organisation code of their own."""
    assert uscc.check_uscc(code) == code
    assert uscc.check_organisation_code(uscc.organisation_code(code)) == uscc.organisation_code(code)


@pytest.mark.parametrize(("typed", "kept"), CASES["uscc"]["written_otherwise"].items())
def test_a_code_is_kept_in_one_form(typed: str, kept: str) -> None:
    """Full-width digits, blanks and the apostrophe of a table program must not make a second subject."""
    assert uscc.check_uscc(typed) == kept


@pytest.mark.parametrize("case", CASES["uscc"]["invalid"], ids=lambda case: case["code"] or "empty")
def test_a_wrong_code_is_refused_with_its_fault_and_remedy(case: dict[str, str]) -> None:
    """The clerk corrects the cell by this message alone."""
    with pytest.raises(Invalid) as refusal:
        uscc.check_uscc(case["code"])

    assert case["says"] in refusal.value.message


@given(place=st.integers(8, 17), letter=st.sampled_from(uscc.ALPHABET))
def test_every_wrong_character_is_found(place: int, letter: str) -> None:
    """The check digit exists for the single slip of a finger."""
    right = CASES["uscc"]["valid"][0]
    typed = right[:place] + letter + right[place + 1 :]

    if typed == right:
        assert uscc.check_uscc(typed) == right
    else:
        with pytest.raises(Invalid, match="校验码"):
            uscc.check_uscc(typed)


def test_a_code_tells_kind_and_division() -> None:
    """An authority's code begins with 1, a firm's with 9 (row check R2)."""
    organ, firm = "11230500001755309F", "91320105780688132K"

    assert (uscc.is_organ(organ), uscc.is_enterprise(organ)) == (True, False)
    assert (uscc.is_organ(firm), uscc.is_enterprise(firm)) == (False, True)
    assert uscc.kind(firm) is uscc.OrganisationKind.ENTERPRISE
    assert uscc.kind("A1" + firm[2:]) is None
    assert uscc.division_code(firm) == "320105"


@pytest.mark.parametrize("code", ["00000000000000000X", " 00000000000000000x ", "0" * 18])
def test_the_placeholder_identifies_nobody(code: str) -> None:
    """Individual businesses without a code share it: as an identity it would merge strangers into one."""
    assert uscc.is_placeholder(code)
    assert not uscc.is_placeholder("91110000600037341L")


@pytest.mark.parametrize(("code", "inside"), CASES["organisation_code"]["inside"].items())
def test_the_organisation_code_stands_inside(code: str, inside: str) -> None:
    """Old tables carry only these nine characters."""
    assert uscc.organisation_code(code) == inside
    assert uscc.check_organisation_code(f"{inside[:8]}-{inside[8]}") == inside


@pytest.mark.parametrize("case", CASES["organisation_code"]["invalid"], ids=lambda case: case["code"])
def test_a_wrong_organisation_code_is_refused(case: dict[str, str]) -> None:
    """GB 11714 has a check digit of its own."""
    with pytest.raises(Invalid) as refusal:
        uscc.check_organisation_code(case["code"])

    assert case["says"] in refusal.value.message


@pytest.mark.parametrize(("body", "digit"), CASES["registration_number"]["check_digit"].items())
def test_an_old_registration_number_has_its_check_digit(body: str, digit: str) -> None:
    """Individual businesses of before 2015 are known by it."""
    assert uscc.check_registration_number(body + digit) == body + digit


@pytest.mark.parametrize("case", CASES["registration_number"]["invalid"], ids=lambda case: case["code"])
def test_a_wrong_registration_number_is_refused(case: dict[str, str]) -> None:
    """Nor is it repeated: fifteen digits may be an old ID number."""
    with pytest.raises(Invalid) as refusal:
        uscc.check_registration_number(case["code"])

    assert case["says"] in refusal.value.message
    assert case["code"] not in refusal.value.message


@pytest.mark.parametrize("case", CASES["certificates"]["valid"], ids=lambda case: f"{case['type']}-{case['kept']}")
def test_a_certificate_is_kept_in_one_form(case: dict[str, str]) -> None:
    """A small x or a blank must not make a second person."""
    type_ = certificates.certificate_type(case["type"])

    assert certificates.check_certificate(type_, case["number"], ON) == case["kept"]


@pytest.mark.parametrize("case", CASES["certificates"]["invalid"], ids=lambda case: f"{case['type']}-{case['says']}")
def test_a_wrong_certificate_is_refused_without_repeating_it(case: dict[str, str]) -> None:
    """Messages go to reports, logs and screens: no number may ride along."""
    with pytest.raises(Invalid) as refusal:
        certificates.check_certificate(certificates.certificate_type(case["type"]), case["number"], ON)

    assert case["says"] in refusal.value.message
    assert len(case["number"]) < 5 or case["number"] not in refusal.value.message


@given(sequence=st.integers(0, 999), born=st.dates(date(1940, 1, 1), date(2010, 1, 1)))
def test_an_id_number_is_never_taken_for_a_code(sequence: int, born: date) -> None:
    """One in 31 passes the code's check digit by chance: a person would become a firm, public in full."""
    body = f"990101{born:%Y%m%d}{sequence:03}"
    number = body + ric.calc_check_digit(body + "0")
    assert certificates.check_id_card(number, ON) == number

    with pytest.raises(Invalid, match="像是居民身份证号码"):
        uscc.check_uscc(number)


@given(typed=st.text("0123456789X", min_size=11, max_size=18))
def test_no_refusal_repeats_a_number(typed: str) -> None:
    """Shifted columns are the commonest way for a person's number or telephone to reach a message."""
    messages = [message for check in CHECKS if (message := refusal_of(check, typed))]

    assert messages, "no plate has that many digits"
    assert [message for message in messages if re.search("[0-9]{6}", message)] == []


@pytest.mark.parametrize(("number", "known"), CASES["certificates"]["region_is_known"].items())
def test_an_unknown_region_is_a_warning_of_its_own(number: str, known: bool) -> None:
    """Old regions stay valid for life; an odd one does not make the number wrong."""
    assert certificates.id_card_region_is_known(number) is known


def test_a_person_is_found_by_any_spelling_of_number_and_type() -> None:
    """One person, one key; without the secret the key tells nothing."""
    key = certificates.person_key(SECRET, "身份证", "11010519491231002X")

    assert key == certificates.person_key(SECRET, "居民身份证", " 110105 19491231 002x")
    assert key != certificates.person_key(SECRET, "护照号", "11010519491231002X")
    assert key != certificates.person_key(SECRET + "!", "身份证", "11010519491231002X")
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


@pytest.mark.parametrize(("plate", "kind"), CASES["plates"]["valid"].items())
def test_a_plate_shows_its_kind(plate: str, kind: str) -> None:
    """GA 36: ordinary, new energy, trailers, coaching, police, Hong Kong and Macao."""
    assert plates.check_plate(plate) == plate
    assert plates.plate_kind(plate) == kind


@pytest.mark.parametrize(("typed", "kept"), CASES["plates"]["written_otherwise"].items())
def test_a_plate_is_kept_in_one_form(typed: str, kept: str) -> None:
    """Dots and small letters are habits of writing, not other plates."""
    assert plates.check_plate(typed) == kept


@pytest.mark.parametrize("case", CASES["plates"]["invalid"], ids=lambda case: case["plate"] or "empty")
def test_a_wrong_plate_is_refused_with_its_fault(case: dict[str, str]) -> None:
    """A plate with a letter O for a zero belongs to nobody."""
    with pytest.raises(Invalid) as refusal:
        plates.check_plate(case["plate"])

    assert case["says"] in refusal.value.message


@pytest.mark.parametrize("source", plates.ColourSource)
def test_a_colour_number_is_read_by_its_source(source: plates.ColourSource) -> None:
    """1 is blue for the road administration and yellow at a toll gate."""
    expected = CASES["plates"]["colours"][source]

    assert {code: plates.colour_from_code(source, code) for code in expected} == expected
    with pytest.raises(Invalid, match="不在"):
        plates.colour_from_code(source, "7")


@pytest.mark.parametrize(("word", "colour"), CASES["plates"]["colour_words"].items())
def test_a_colour_word_is_understood(word: str, colour: str) -> None:
    """Tables say 蓝, 蓝色 or 蓝牌."""
    assert plates.colour_from_name(word) == colour


def test_an_unknown_colour_word_is_refused() -> None:
    """No default: the colour is half of a vehicle's identity."""
    with pytest.raises(Invalid, match="“紫”无法识别"):
        plates.colour_from_name("紫色")


@pytest.mark.parametrize(("code", "path"), CASES["divisions"]["names"].items())
def test_a_division_has_its_full_name(code: str, path: str) -> None:
    """The counties of the five notices."""
    assert divisions.division_path(code) == path
    assert divisions.known_division(code, history=False)


@pytest.mark.parametrize(("code", "name"), CASES["divisions"]["of_the_past"].items())
def test_a_division_of_the_past_stays_known(code: str, name: str) -> None:
    """钢城区 was 371203 until 2019: numbers given then are still on people's cards."""
    assert divisions.division_name(code) == name
    assert divisions.known_division(code)
    assert not divisions.known_division(code, history=False)


@pytest.mark.parametrize("code", CASES["divisions"]["unknown"])
def test_an_unknown_division_has_no_name(code: str) -> None:
    """The invented persons of all examples live in region 99."""
    assert divisions.division_name(code) is None
    assert divisions.division_path(code) is None
    assert not divisions.known_division(code)


@given(typed=st.text(max_size=30))
def test_any_text_is_answered_by_a_form_or_a_refusal(typed: str) -> None:
    """Cells hold anything: no input may end in a fault, and a normal form is final."""
    for check in CHECKS:
        message = refusal_of(check, typed)
        assert message != ""
        if message is None:
            assert check(check(typed)) == check(typed)


def test_the_divisions_of_the_next_level_are_those_of_the_newest_edition() -> None:
    """A choice of counties must have each of them once, and none that was dissolved."""
    assert divisions.divisions_under("3704") == ["370402", "370403", "370404", "370405", "370406", "370481"]
    assert divisions.divisions_under("37")[:3] == ["370100", "370200", "370300"]
    assert "371200" not in divisions.divisions_under("37")
    assert divisions.divisions_under("370403") == []
