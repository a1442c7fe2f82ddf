"""From when to when, and to whom: the terms of the law as cases, and what must hold of every fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.disclosure.masking import Masking
from server.disclosure.models import DisclosureTerm
from server.disclosure.persons import OF_PERSONS, PERSONS
from server.disclosure.reference import edition_hash, masking_hash, term_rows
from server.disclosure.rules import Disclosure, Fact, Terms, add_months, term_key, visible
from server.disclosure.severity import Severities
from server.errors import Invalid, WrongSetting
from server.lists.models import ListKind
from server.records.models import RecordKind
from server.subjects.kinds import SubjectKind
from server.viewer import Door
from tests.law_cases import RULES, cases, rules_dir

DAY = timedelta(days=1)
TERMS = Terms.load()
REGISTERS = ("enterprise", "individual_business", "practitioner", "vehicle", "agency", "authorisation")
OTHERS = ("rating", "commitment", "benefit_product", "benefit_grant")


def shown(answer: Disclosure, on: date, door: Door, withdrawn_on: date | None, **viewer: bool) -> bool:
    return visible(answer.scope, answer.disclosed_from, answer.disclosed_until, withdrawn_on, on, door, **viewer)


@pytest.mark.parametrize("case", cases("disclosure"), ids=lambda c: c["name"])
def test_the_terms_of_the_law(case: dict[str, Any]) -> None:
    """Each case is a sentence of the law that an officer can check; all of 07 §7.8 and the days around each boundary."""
    facts = dict(case["given"])
    withdrawn_on = facts.pop("withdrawn_on", None)
    fact = Fact(**{"known_on": facts["decided_on"], **facts})

    answer = Terms.load(rules_dir(case)).disclosure(fact)

    told = {
        "scope": answer.scope,
        "disclosed_from": answer.disclosed_from,
        "disclosed_until": answer.disclosed_until,
        "earliest_repair_on": answer.earliest_repair_on,
        "terms_edition": answer.terms_edition,
        "faults": [fault.code for fault in answer.faults],
        "public": shown(answer, case["on"], Door.PUBLIC, withdrawn_on),
        "government": shown(answer, case["on"], Door.GOVERNMENT, withdrawn_on),
        "authorised": shown(answer, case["on"], Door.SUBJECT, withdrawn_on, authorised=True),
    }
    assert set(case["expect"]) <= set(told), "a case may not expect what is not compared"
    assert {key: told[key] for key in case["expect"]} == case["expect"]


@pytest.mark.parametrize("case", cases("severity"), ids=lambda c: c["name"])
def test_the_class_of_a_penalty(case: dict[str, Any]) -> None:
    """The class decides how long a penalty is shown: each rule of the table has a case on either side of its bound."""
    given_ = {"fine_yuan": None, "confiscated_yuan": None, **case["given"]}
    answer = Severities.load().classify(**given_)
    assert {"severity": answer.severity, "rule": answer.rule} == case["expect"]


def test_every_rule_of_the_severity_table_has_a_case() -> None:
    """A rule without a case is a sentence of the law that nobody has read."""
    used = {case["expect"]["rule"] for case in cases("severity")} | {"serious.harm"}
    table = Severities.load()._entry
    assert {str(row["id"]) for v in table.versions for row in v.rows("rules")} == used
    harm = Severities.load().classify(["罚款"], Decimal(1000), None, "暴力抗拒执法检查", on=date(2026, 5, 1))
    assert harm.rule == "serious.harm"


def test_what_comes_after_the_longest_term_is_told_to_the_clerk() -> None:
    """A row fault must say which date is wrong, the latest that is right, and what to do."""
    fact = Fact("penalty", date(2026, 5, 10), date(2026, 5, 12), severity="general", file_until=date(2029, 5, 9))
    (fault,) = TERMS.disclosure(fact).faults
    assert fault.message == (
        "公示截止期 2029-05-09 晚于“行政处罚（一般）”允许的最后公示日 2027-05-09；请改为不晚于该日，或留空由系统计算"
    )


def test_an_unknown_kind_is_refused_and_never_public() -> None:
    """A category nobody has thought of gets no default (style.md 16)."""
    fact = Fact("penalty", date(2026, 5, 10), date(2026, 5, 12), severity="huge")
    with pytest.raises(Invalid, match=r"没有“penalty\.huge”的公示期限"):
        TERMS.disclosure(fact)
    with pytest.raises(Invalid, match=r"没有“rumour”的公示期限"):
        TERMS.disclosure(replace(fact, kind="rumour"))


def test_every_kind_of_fact_and_subject_has_a_term() -> None:
    """Every table of facts can be written: no kind is left without a rule."""
    acts = [Fact(k.value, date(2026, 5, 1), date(2026, 5, 1), severity="general") for k in RecordKind]
    lists = [Fact("list_entry", date(2026, 5, 1), date(2026, 5, 1), list_kind=k.value) for k in ListKind]
    others = [Fact(k, date(2026, 5, 1), date(2026, 5, 1)) for k in (*REGISTERS, *OTHERS)]
    known = {row["id"] for row in term_rows()}
    for fact in (*acts, *lists, *others):
        for subject in SubjectKind:
            answer = TERMS.disclosure(replace(fact, subject_kind=subject.value))
            assert answer.terms_edition in known
            assert answer.terms_edition.startswith(term_key(fact) + "@")
            assert answer.scope in ("public", "government", "authorised")


def test_a_person_has_nothing_public_but_what_the_file_names() -> None:
    """The whole list of what of a natural person may be public; a new one needs a source and a change of this test."""
    public = set()
    for kind in OF_PERSONS:
        name, _, list_kind = kind.partition(".")
        fact = Fact(
            "list_entry" if list_kind else name,
            date(2026, 5, 1),
            date(2026, 5, 1),
            subject_kind="practitioner",
            severity="general",
            list_kind=list_kind or None,
        )
        if TERMS.disclosure(fact).scope == "public":
            public.add(kind)
    assert public == {"list.overload", "practitioner"}


def test_a_kind_of_fact_that_persons_forget_is_refused_at_start(tmp_path: Path) -> None:
    """What a bureau's file forgets must not become public by being forgotten."""
    own = tmp_path / PERSONS
    own.parent.mkdir()
    own.write_text(
        "practitioner.acts:\n  term: 只写了许可\n  reviewed_on: 2026-11-20\n  subject_kinds: [practitioner]\n"
        "  kinds: [licence]\n  versions:\n    2020-10-01: {scope: government, source: {of: shandong}}\n",
        encoding="utf-8",
    )
    with pytest.raises(WrongSetting, match="没有写明自然人的 penalty、"):
        Terms.load(tmp_path)


def test_the_owner_of_an_individual_business_is_masked_and_a_legal_representative_is_not() -> None:
    """经营者 is a natural person; 法定代表人 of a firm is public in full (10 §10.8)."""
    masking, on = Masking.load(), date(2026, 5, 1)
    assert TERMS.representative_public("欧阳小明", "enterprise", on, masking) == "欧阳小明"
    assert TERMS.representative_public("欧阳小明", "individual_business", on, masking) == "欧阳**"
    assert TERMS.representative_public(None, "individual_business", on, masking) is None


def test_the_reference_rows_fit_their_table() -> None:
    """``migrate`` loads them as they are."""
    rows = term_rows()
    columns = set(DisclosureTerm._meta.fields_map)
    assert all(set(row) == columns for row in rows)
    ids = [str(row["id"]) for row in rows]
    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 100
    by_id = {row["id"]: row for row in rows}
    change = by_id["penalty.general@2023-05-01+2026-04-01"]
    assert (change["shortest_months"], change["longest_months"]) == (3, 12)
    assert change["basis"] == (
        "《失信行为纠正后的信用信息修复管理办法（试行）》（国家发展改革委令第58号）；"
        "自 2026-04-01 起此前作出的决定按新旧规定中较短者（待核实）：《信用修复管理办法》（国家发展改革委令第36号）"
    )


def test_the_edition_hash_changes_with_the_bureaus_rules() -> None:
    """Rows are recomputed when, and only when, what decides their dates has changed."""
    assert edition_hash() == edition_hash(None)
    assert edition_hash(RULES / "minor_shown") != edition_hash()
    assert edition_hash(RULES / "last_four") == edition_hash()
    assert masking_hash(RULES / "last_four") != masking_hash()


def test_months_end_on_the_last_day_where_the_day_is_missing() -> None:
    """11-30 + 3 months is 02-28, in a leap year 02-29 (07 §7.8)."""
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert add_months(date(2026, 12, 31), 0) == date(2026, 12, 31)
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)


DAYS = st.dates(date(2015, 1, 1), date(2032, 12, 31))
MAYBE_DAYS = st.none() | DAYS
PENALTIES = st.builds(
    Fact,
    kind=st.just("penalty"),
    decided_on=DAYS,
    known_on=DAYS,
    severity=st.sampled_from(["minor", "general", "serious"]),
    subject_kind=st.sampled_from(["enterprise", "individual_business", "practitioner"]),
    file_until=MAYBE_DAYS,
)


@given(PENALTIES)
def test_no_penalty_is_ever_shown_longer_than_three_years_or_before_it_is_decided(fact: Fact) -> None:
    """The bounds that no combination of dates may break, whatever the version."""
    answer = TERMS.disclosure(fact)
    assert answer.disclosed_from == max(fact.known_on, fact.decided_on)
    assert answer.disclosed_until is not None
    limit = max(add_months(fact.decided_on, 36), date(2026, 4, 1) if fact.severity == "minor" else date.min)
    assert answer.disclosed_until <= limit
    assert answer.earliest_repair_on is not None
    assert answer.earliest_repair_on > fact.decided_on
    if fact.subject_kind == "practitioner" or fact.severity == "minor":
        assert answer.scope == "government"


@given(PENALTIES)
def test_a_later_date_in_the_file_never_lengthens_the_term(fact: Fact) -> None:
    """公示截止期 may shorten, never lengthen; a later one is told as a fault."""
    with_file, without = TERMS.disclosure(fact), TERMS.disclosure(replace(fact, file_until=None))
    assert with_file.disclosed_until is not None
    assert without.disclosed_until is not None
    assert with_file.disclosed_until <= without.disclosed_until
    assert without.faults == ()
    if fact.file_until is not None and fact.file_until > max(without.disclosed_until, add_months(fact.decided_on, 36)):
        is_old_warning = fact.severity == "minor" and fact.decided_on < date(2026, 4, 1)
        assert with_file.faults or is_old_warning, "order 58 gave warnings no longest term"


SCOPES = st.sampled_from(["public", "government", "authorised"])


@given(SCOPES, DAYS, MAYBE_DAYS, MAYBE_DAYS, DAYS, st.booleans(), st.booleans(), st.booleans())
def test_every_door_shows_what_the_public_door_shows(
    scope: str,
    begin: date,
    end: date | None,
    withdrawn: date | None,
    on: date,
    own_subject: bool,
    own_tree: bool,
    authorised: bool,
) -> None:
    """Doors only add (design §4): nobody with a key sees less than the public, and the public sees only its scope."""

    def seen(door: Door) -> bool:
        viewer = {"own_subject": own_subject, "own_tree": own_tree, "authorised": authorised}
        return visible(scope, begin, end, withdrawn, on, door, **viewer)

    if seen(Door.PUBLIC):
        assert all(seen(door) for door in (Door.SUBJECT, Door.GOVERNMENT, Door.AGENCY))
        assert scope == "public"
        assert withdrawn is None
        assert begin <= on
        assert end is None or on < end
    assert seen(Door.AGENCY) or not own_tree
    assert seen(Door.SUBJECT) or not own_subject
    assert not seen(Door.DEVICE)
    if scope == "authorised" and not own_tree:
        assert not seen(Door.GOVERNMENT)
        assert not seen(Door.AGENCY)


@given(DAYS, st.integers(1, 60))
def test_a_term_is_half_open(begin: date, months: int) -> None:
    """The first day not shown is the stop day itself: shown the day before, not on it."""
    end = add_months(begin, months)
    assert visible("public", begin, end, None, begin, Door.PUBLIC)
    assert visible("public", begin, end, None, end - DAY, Door.PUBLIC)
    assert not visible("public", begin, end, None, end, Door.PUBLIC)
    assert not visible("public", begin, end, None, begin - DAY, Door.PUBLIC)
    assert not visible("public", begin, end, begin, begin, Door.PUBLIC), "withdrawn hides at once"
