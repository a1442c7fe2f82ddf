"""房屋 tests of layout: order of rooms, folders, locks, and what no tracked file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import CHECKOUT

DECISION = CHECKOUT / "server" / "decisions" / "0001-rooms.md"
LOCKS = ("requirements.lock", "requirements-dev.lock")


def room_numbers() -> dict[str, int]:
    """Gives room → number from the decision's table."""
    rows = re.findall(r"^\| (\d+) \| ([a-z_ ]+) \|$", DECISION.read_text("utf-8"), re.MULTILINE)
    return {room: int(number) for number, rooms in rows for room in rooms.split()}


def room_of(module: str) -> str | None:
    """Gives the room of a dotted module name, or None for one that is not of this house."""
    parts = module.split(".")
    if parts[0] == "schema":
        return "schema"
    if parts[0] != "server" or len(parts) == 1:
        return None
    return "cli" if parts[1] == "__main__" else parts[1]


def imported(source: str) -> Iterator[str]:
    """Gives every module that a source file imports, wherever the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides its room"
            # `from server import clock` names the room in its second half.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("server", "schema"):
        for file in sorted((CHECKOUT / folder).rglob("*.py")):
            parts = file.relative_to(CHECKOUT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def faults(module: str, source: str, numbers: dict[str, int]) -> list[str]:
    """Gives the imports of a module that go upward or sideways."""
    here = room_of(module)
    if here is None:
        return []
    rooms = {room for name in imported(source) if (room := room_of(name)) is not None and room != here}
    wrong = sorted(room for room in rooms if numbers[room] >= numbers[here])
    return [f"{module} ({numbers[here]}) imports {room} ({numbers[room]})" for room in wrong]


def test_every_room_has_a_number() -> None:
    """A folder without a number would escape the order of rooms."""
    rooms = {room for module, _ in modules() if (room := room_of(module))}
    assert rooms - room_numbers().keys() == set()


def test_a_room_imports_only_rooms_below_it() -> None:
    """Rooms that import upward or each other can neither be tested alone nor changed alone (design.md §2)."""
    numbers = room_numbers()
    found = [fault for module, file in modules() for fault in faults(module, file.read_text("utf-8"), numbers)]
    assert found == []


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("server.errors", "from server.settings import load_settings", ["server.errors (1) imports settings (2)"]),
        ("server.clock", "def f():\n    from server import identifiers", ["server.clock (2) imports identifiers (2)"]),
        ("server.lists.rules", "import schema.query", ["server.lists.rules (13) imports schema (16)"]),
        ("server.__main__", "import server.app", []),
        ("server.lists.rules", "from server.lists import models\nfrom server import errors", []),
    ],
)
def test_the_order_of_rooms_is_really_judged(module: str, source: str, expected: list[str]) -> None:
    """Upward, sideways, inside a function: a check that cannot fail protects nothing."""
    assert faults(module, source, room_numbers()) == expected


def test_site_holds_no_python() -> None:
    """The standard library's module `site` always wins: code there would never be imported."""
    assert list((CHECKOUT / "site").rglob("*.py")) == []


def test_schema_is_the_one_of_the_checkout() -> None:
    """A third-party package of the same name must not answer for our API."""
    import schema

    assert schema.__file__ is not None
    assert Path(schema.__file__).is_relative_to(CHECKOUT)


def locked(name: str) -> dict[str, str]:
    """Gives package → version of a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (CHECKOUT / name).read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_hashes_and_no_address(name: str) -> None:
    """A bureau installs from its own mirror: an address in the lock would send it elsewhere."""
    text = (CHECKOUT / name).read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert "://" not in text
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert locked(name).keys().isdisjoint({"schema", "server", "migrations", "site"})


def test_the_test_lock_holds_the_whole_service_lock() -> None:
    """The tests must run on the very versions that serve; the bootstrap relies on it."""
    assert locked(LOCKS[0]).items() <= locked(LOCKS[1]).items()
    assert len(locked(LOCKS[0])) > 20


def test_every_declared_dependency_is_locked() -> None:
    """A dependency added to pyproject.toml without `make lock` would be missing on a fresh machine."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    for wanted, lock in (
        (project["project"]["dependencies"], LOCKS[0]),
        (project["dependency-groups"]["dev"], LOCKS[1]),
    ):
        names = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-") for line in wanted}
        assert names - locked(lock).keys() == set()


#: Registries and folders of one machine; a letter in brackets keeps this file itself clean.
FORBIDDEN = re.compile(r"py[p]i\.|pythonhoste[d]|npmj[s]\.|npmmirro[r]|/roo[t]/|/wor[k]/|/hom[e]/")


def tracked_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        file = CHECKOUT / name
        if name and file.is_file() and b"\0" not in (content := file.read_bytes())[:8192]:
            yield name, content.decode("utf-8", "replace")


def test_no_tracked_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    """What holds on one machine only breaks on the next, and tells strangers about the first."""
    texts = dict(tracked_texts())
    assert len(texts) > 50
    found = {f"{name}: {match[0]}" for name, text in texts.items() for match in FORBIDDEN.finditer(text)}
    assert found == set()


def test_the_bootstrap_needs_the_standard_library_only() -> None:
    """On a fresh machine nothing is installed yet when it runs."""
    source = (CHECKOUT / "server" / "bootstrap.py").read_text("utf-8")
    tops = {name.split(".")[0] for name in imported(source)}
    assert tops <= {*sys.stdlib_module_names}


#: The columns from which the doors compute what is shown; a condition on them belongs to ``server/disclosure``.
DOOR_COLUMNS = r"(?:\w+\.)?\"?(?:scope|disclosed_from|disclosed_until|withdrawn_on|disputed_on)\"?"
CONDITION = re.compile(
    rf"\b(?:WHERE|AND|OR|ON|NOT|WHEN)\s+\(?{DOOR_COLUMNS}\s*(?:=|<|>|IS\b|IN\b|BETWEEN\b)", re.IGNORECASE
)


def conditions_on_door_columns(source: str) -> list[str]:
    """Gives the pieces of SQL in a source file that decide by themselves what may be shown."""
    texts = [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [found[0] for text in texts if (found := CONDITION.search(text))]


def test_only_disclosure_decides_what_is_shown() -> None:
    """A door shows it or not; a second place that tests dates would one day test them otherwise (decision 0002)."""
    assert conditions_on_door_columns('x = "SELECT 1 FROM rating r WHERE r.withdrawn_on IS NULL"')
    assert conditions_on_door_columns('x = f"SELECT 1 WHERE {a} AND disclosed_until > today()"')
    found = {
        module: faults
        for module, file in modules()
        if not module.startswith("server.disclosure")
        and (faults := conditions_on_door_columns(file.read_text("utf-8")))
    }
    assert found == {}
