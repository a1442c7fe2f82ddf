"""错写名称集 tests of the set by which the search is measured: its rules spoil, it is fair, its halves are apart."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from server.jobs.names import order_names
from server.sample.mass import write_names
from server.sample.mass_subjects import Counts, MassSubjects
from server.viewer import PUBLIC
from tests.asker import Asker
from tests.bench import search_times
from tests.spoiled import tables
from tests.spoiled.asking import LEAST_FIRST, evaluate
from tests.spoiled.fair import Firm, bearers, core_of, firm_of, firms_of
from tests.spoiled.making import DEV, HELD, NAMES, make, order, spoiled, stored
from tests.spoiled.rules import KINDS
from tests.support import TODAY, TrialDatabase

#: Names of the small database.
FEW = 200
ROAD = Firm("enterprise", 1, "91410423MA00000016", "平顶山市鲁山县兴达运输有限公司", "410423")
BRACKETS = Firm("enterprise", 2, "91410423MA00000024", "兴达（平顶山鲁山）物流有限责任公司", "410423")
SHOP = Firm("individual_business", 3, "92410423MA00000030", "鲁山兴达汽修部", "410423")


def _texts(kind: str, firm: Firm = ROAD) -> set[str]:
    return set(KINDS[kind][0](firm.parts))


def test_a_name_is_taken_apart_as_a_person_reads_it() -> None:
    """What a rule takes for the brand decides where it spoils."""
    road, brackets, shop = ROAD.parts, BRACKETS.parts, SHOP.parts

    assert (road.places, road.brand, road.trade, road.ending) == (("平顶山市", "鲁山县"), "兴达", "运输", "有限公司")
    assert (brackets.places, brackets.brand, brackets.core) == (("平顶山", "鲁山"), "兴达", "兴达平顶山鲁山物流")
    assert (shop.places, shop.brand, shop.trade, shop.ending) == (("鲁山",), "兴达", "汽修部", "")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sound", "平顶山市鲁山县兴大运输"),
        ("accent", "平顶山市鲁山县新达运输"),
        ("shape", "平顶山市鲁山县六达运输"),
        ("region", "鲁山县兴达运输"),
        ("region", "平顶山市兴达运输"),
        ("region", "平顶山鲁山兴达运输"),
        ("swap", "兴达平顶山市鲁山县运输"),
        ("swap", "平顶山市鲁山县运输兴达"),
        ("trade", "平顶山市鲁山县兴达汽车运输"),
        ("form", "平顶山市鲁山县兴达运输有限责任公司"),
        ("traditional", "平頂山市魯山縣興達運輸"),
        ("pinyin", "pingdingshanshilushanxian xingda yunshu"),
        ("missing", "平顶山市鲁山县达运输"),
        ("doubled", "平顶山市鲁山县兴兴达运输"),
    ],
)
def test_each_rule_makes_its_mistake(kind: str, expected: str) -> None:
    """A rule that spoils otherwise than it says would be measured under another's name."""
    assert expected in _texts(kind)


def test_a_place_is_called_by_its_former_name() -> None:
    """Old papers and old signs still say 户县."""
    firm = Firm("enterprise", 4, "", "西安市鄠邑区兴达运输有限公司", "610118")

    assert _texts("place", firm) == {"西安市户县兴达运输"}


def test_names_in_brackets_are_swapped_into_the_usual_order() -> None:
    """Who reads 兴达（鲁山） on a signboard types 鲁山兴达."""
    assert "平顶山鲁山兴达物流" in _texts("swap", BRACKETS)
    assert "兴达平顶山鲁山物流" not in _texts("swap", BRACKETS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("firm", [ROAD, BRACKETS, SHOP], ids=["road", "brackets", "shop"])
def test_no_rule_leaves_a_name_as_it_was(kind: str, firm: Firm) -> None:
    """A text that is the name itself proves nothing but that the exact search works."""
    assert firm.name not in spoiled(kind, firm)
    assert [text for text in spoiled(kind, firm) if kind != "form" and core_of(text) == firm.parts.core] == []


def test_the_tables_hold_no_character_twice_and_none_for_itself() -> None:
    """A character under two syllables would be spelt by chance; one that is its own likeness spoils nothing."""
    under = Counter(character for characters in tables.sounds() for character in characters)

    assert [character for character, count in under.items() if count > 1] == []
    for table in (tables.sounds(), tables.accents(), tables.shapes()):
        assert [character for character, others in table.items() if character in others] == []
    assert all(len(pair) == 1 for pair in tables.traditional().values())


def test_a_text_that_fits_two_firms_is_seen() -> None:
    """安大 is 安达 misheard and 安太 misread: nobody can say which one was meant."""
    names = ["鲁山县安达物流有限公司", "鲁山县安太物流有限公司", "鲁山县永通物流有限公司"]
    firms = [Firm("enterprise", n, f"X{n}", name, "410423") for n, name in enumerate(names)]

    found = bearers(["鲁山县安大物流", "鲁山县永诵物流有限公司", "永通鲁山县物流", "鲁山县安达物流"], firms)

    assert found == {
        "鲁山县安大物流": {0, 1},
        "鲁山县永诵物流": {2},
        "永通鲁山县物流": {2},
        "鲁山县安达物流": {0},
    }


def test_a_set_is_fair_mixed_and_the_same_each_time() -> None:
    """Two people who measure the same search must get the same figure, and nobody may be blamed for a fair answer."""
    firms = firms_of(600)

    lines = make(firms, 120)

    assert lines == make(firms, 120)
    assert {line.kind for line in lines} == set(KINDS)
    found = bearers([line.text for line in lines], firms)
    numbers = {firm.uscc: number for number, firm in enumerate(firms)}
    assert [line for line in lines if found[core_of(line.text)] != {numbers[line.firm.uscc]}] == []


def test_the_stored_set_is_made_by_its_rules_of_the_sample_as_it_is() -> None:
    """When the sample's names or the rules change the stored set must be made again, or it asks for nobody."""
    world, lines = MassSubjects(Counts.of_names(NAMES)), stored("both")

    assert [line for line in lines if firm_of(world, line.firm.kind, line.firm.number) != line.firm] == []
    assert [line for line in lines if line.text not in spoiled(line.kind, line.firm)] == []


def test_the_stored_set_has_its_shares_and_two_halves_apart() -> None:
    """The half that is held back only proves something while no line of it is in the other."""
    halves = {half: stored(half) for half in (DEV, HELD)}

    lines = halves[DEV] + halves[HELD]

    assert Counter(line.kind for line in lines) == {kind: share for kind, (_, share) in KINDS.items()}
    assert len(lines) == 2_000
    assert {line.half for line in halves[DEV]} == {DEV}
    assert {line.half for line in halves[HELD]} == {HELD}
    assert len({line.text for line in lines}) == len({line.firm.uscc for line in lines}) == 2_000
    assert 900 < len(halves[DEV]) < 1_100


def test_an_order_depends_on_nothing_but_its_words() -> None:
    """Python's own hash is another in each process."""
    assert order("half", "安达") == order("half", "安达") == 3_984_400_235_430_256_185


async def test_most_spoiled_names_bring_the_right_firm(database: TrialDatabase, plan_of: Any) -> None:
    """The figures that count are those of `bench search --spoiled` over a million names; this one says at once when the
    search has gone blind to a kind of mistake.
    """
    await write_names(database.url, database, FEW, TODAY, lambda _title, _rows: None)
    await order_names(plan_of(database))
    asker = Asker(database, PUBLIC)

    async def ask(text: str) -> list[tuple[str, str]]:
        return search_times.firms_of((await asker.ask(search_times.QUERY, {"text": text}))["search"])

    outcome = await evaluate(ask, make(firms_of(FEW), 72))

    assert outcome.share(1) >= LEAST_FIRST, outcome.misses
    assert [kind for kind in outcome.places if outcome.share(3, kind) < 75] == [], outcome.misses
