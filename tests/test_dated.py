"""The loader of dated YAML: what it refuses, what it gives, and that no shipped file breaks its form."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from server.catalogue import reference as catalogue_reference
from server.catalogue.rules import Catalogue, Measures
from server.dated import DatedFile, Field, Kind, Shape, load, refuse_unknown_files
from server.disclosure import reference as disclosure_reference
from server.disclosure.masking import Masking
from server.disclosure.rules import Terms
from server.disclosure.severity import Severities
from server.errors import Invalid, WrongSetting

DATA = Path(__file__).with_name("data")
BROKEN = sorted(p for p in (DATA / "dated").glob("*.yaml") if p.stem != "right")
SHAPE = Shape(
    version={"shown": Field(Kind.FLAG), "longest_term": Field(Kind.WHOLE, required=False, nullable=True)},
    on_change={"earlier_acts": Field(Kind.TEXT, one_of=("old", "new"))},
)


def read(name: str, rules_dir: Path | None = None) -> DatedFile:
    return load(f"dated/{name}.yaml", SHAPE, DATA / "dated" / f"{name}.yaml", rules_dir)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("path", BROKEN, ids=lambda p: p.stem)
def test_a_broken_file_is_refused_with_its_line_and_remedy(path: Path) -> None:
    """An officer must find the mistake in his file from the message alone; the first line says what it must tell."""
    expected = re.fullmatch(r"# 应说：(第 \d+ 行) … (.+)", path.read_text(encoding="utf-8").splitlines()[0])
    assert expected is not None

    with pytest.raises(WrongSetting) as refused:
        read(path.stem)

    message = refused.value.message
    assert message.startswith(f"规则文件 dated/{path.name} {expected[1]}")
    assert expected[2] in message
    assert "；" in message, "a remedy follows the fault"
    assert str(path.parent) not in message, "no path of the machine in a message"


def test_a_file_that_is_not_utf8_is_refused_in_words(tmp_path: Path) -> None:
    """Windows editors save GBK: the message must say so, not show a decoding error."""
    path = tmp_path / "gbk.yaml"
    path.write_bytes("about: 期限".encode("gbk"))
    with pytest.raises(WrongSetting, match="不是 UTF-8 编码；请在编辑器中另存为 UTF-8"):
        load("dated/gbk.yaml", SHAPE, path)


def test_the_version_in_force_is_chosen_by_the_day() -> None:
    """The law of the date of the act applies, to the day."""
    entry = read("right")["show"]
    assert entry.find_version(date(2019, 12, 31)) is None
    assert entry.version_on(date(2020, 1, 1)).whole("longest_term") == 12
    assert entry.version_on(date(2021, 12, 31)).flag("shown") is True
    assert entry.version_on(date(2022, 1, 1)).flag("shown") is False
    assert entry.version_on(date(2023, 12, 31)).text("earlier_acts") == "old"
    assert entry.find_version(date(2024, 1, 1)) is None, "abolished"


def test_a_day_without_a_rule_is_refused_in_words() -> None:
    """``refuse`` in the file means that nobody may guess."""
    with pytest.raises(Invalid, match="“示例”在 2019-12-31 没有生效的规定（最早自 2020-01-01 起）"):
        read("right")["show"].version_on(date(2019, 12, 31))


def test_first_means_that_the_first_version_also_holds_before(tmp_path: Path) -> None:
    """Old licences are imported too: the file itself says that its first version covers them."""
    text = (DATA / "dated" / "right.yaml").read_text(encoding="utf-8").replace("rule: refuse", "rule: first")
    entry = load("x.yaml", SHAPE, write(tmp_path, "x.yaml", text) / "x.yaml")["show"]
    assert entry.version_on(date(1999, 1, 1)).valid_from == date(2020, 1, 1)


def test_a_source_is_one_line_a_citizen_can_read() -> None:
    """The basis of a term is shown on the page, and doubt is told."""
    first, second, _ = read("right")["show"].versions
    assert first.source.line() == "《示例办法》（示例〔2019〕1号）第八条"
    assert second.source.line() == "《示例办法（修订）》（待核实）"


def test_an_entry_of_the_bureau_replaces_the_shipped_one_whole(tmp_path: Path) -> None:
    """No mixture of two texts: what the bureau does not write in its entry is not there."""
    own = """
show:
  term: 本局
  reviewed_on: 2026-11-20
  versions:
    2023-01-01: {shown: false, source: {of: law}}
more:
  term: 增补
  reviewed_on: 2026-11-20
  versions:
    2023-01-01: {shown: true, source: {of: law}}
"""
    both = read("right", write(tmp_path, "dated/right.yaml", own))
    assert list(both) == ["show", "more"]
    assert [v.valid_from for v in both["show"].versions] == [date(2023, 1, 1)]
    assert both["show"].unit is None


def test_a_fault_in_the_bureaus_file_names_the_bureaus_file(tmp_path: Path) -> None:
    """Two files of one name exist then: the message must say which of them is meant."""
    folder = write(tmp_path, "dated/right.yaml", "show: 3\n")
    with pytest.raises(WrongSetting, match=r"规则文件 （本局）dated/right\.yaml 第 1 行"):
        read("right", folder)


def test_a_file_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    """A mistyped file name would otherwise change nothing, and nobody would see it."""
    folder = write(tmp_path, "disclosure/term.yaml", "a: 1")
    known = (*disclosure_reference.FILES, *catalogue_reference.FILES)
    with pytest.raises(WrongSetting, match=r"disclosure/term\.yaml 没有任何模块读取.*disclosure/terms\.yaml"):
        refuse_unknown_files(folder, known)
    for name in ("minor_shown", "local_catalogue", "last_four", "old_kept"):
        refuse_unknown_files(DATA / "rules" / name, known)


def test_the_hash_follows_the_content_and_not_the_layout(tmp_path: Path) -> None:
    """Rows are recomputed when the hash changes: a comment must not cause that, a month must."""
    text = (DATA / "dated" / "right.yaml").read_text(encoding="utf-8")

    def hash_with(changed: str) -> str:
        return load("x.yaml", SHAPE, write(tmp_path, "x.yaml", changed) / "x.yaml").edition_hash

    same = hash_with(text)
    assert same == read("right").edition_hash
    assert same == hash_with("# 说明\n" + text.replace("2026-11-20", "2026-12-01").replace("写给维护的人看", "另写"))
    for old, new in (("longest_term: 12", "longest_term: 13"), ("第八条", "第九条"), ("rule: refuse", "rule: first")):
        assert hash_with(text.replace(old, new)) != same, old


def test_every_shipped_file_loads_and_has_been_reviewed() -> None:
    """The shipped law keeps its own form; a source is beside every version (the loader refuses it otherwise)."""
    Terms.load(), Severities.load(), Masking.load(), Catalogue.load(), Measures.load()
    files = (*disclosure_reference.FILES, *catalogue_reference.FILES)
    assert len(files) == len(set(files)) == 8
    assert all((Path(__file__).parents[1] / "server" / name).is_file() for name in files)
