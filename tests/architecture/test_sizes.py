"""What `make test` leaves out is the same in every run, and no row of a table and no database is left out whole."""

import subprocess
from pathlib import Path

import pytest
from support.authors_pytest import COMMAND, ONLY_NAMED
from support.sizes import BOTH, DISPATCHERS, IS_EXHAUSTIVE, SPARED, exhaustive, size
from support.tree import ROOT

CONFTEST = """
import pytest
from support import sizes

sizes.ROOT = FOLDER

def pytest_generate_tests(metafunc):
    if "storage" in metafunc.fixturenames:
        is_one_enough = any(mark.name == "one_dispatcher" for mark in metafunc.definition.iter_markers())
        metafunc.parametrize("storage", ["sqlite", "postgres"] + ([] if is_one_enough else ["postgres-distributed"]))

def pytest_collection_modifyitems(config, items):
    left = sizes.left_out(items)
    items[:] = [item for item in items if item not in left]
"""
TESTS = """
import pytest
from support.sizes import exhaustive

ROWS = pytest.mark.parametrize(("number", "is_even"), [(1, False), (2, True), (3, False), (4, True)])

@ROWS
def test_table(storage, number, is_even): ...

@ROWS
@pytest.mark.each_pair
def test_pairs(storage, number, is_even): ...

@pytest.mark.parametrize("letter", ["a", "b"])
def test_letters(letter): ...

@pytest.mark.each_value
@pytest.mark.parametrize("letter", ["a", "b"])
@pytest.mark.parametrize("digit", [1, 2, 3])
def test_values(letter, digit): ...

@pytest.mark.parametrize("row", ["kept", *exhaustive("left")])
def test_rows(row): ...
"""
PLAIN_TESTS = "import pytest\n" + "".join(
    f"{mark}\ndef test_{name}_{number}(storage): ...\n"
    for name, mark in (("each", ""), ("one", "@pytest.mark.one_dispatcher"), ("pairs", "@pytest.mark.each_pair"))
    for number in range(12)
)
SQLITE, POSTGRES, DISTRIBUTED = "sqlite", "postgres", "postgres-distributed"
FILES = (
    "graphql/test_graphql.py",
    "engine/test_runner.py",
    "engine/workers/test_workers.py",
    "storage/test_storage.py",
)
SPARED_TESTS = TESTS.partition("@ROWS\n@pytest.mark.each_pair")[0]


def collected(folder: Path, *chosen: str) -> set[str]:
    """The tests that a run of the folder would have, or a run of some; without their folders."""
    for name in FILES:
        (folder / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tests" / name).write_text(PLAIN_TESTS)
    (folder / "tests" / "conftest.py").write_text(
        CONFTEST.replace("FOLDER", f"__import__('pathlib').Path({str(folder)!r})")
    )
    (folder / "tests" / "test_all.py").write_text(TESTS)
    (folder / "tests" / "storage" / "test_spared.py").write_text(SPARED_TESTS)
    marks = "\n  ".join(f"{name}: a mark" for name in ("exhaustive", "each_value", "each_pair", "one_dispatcher"))
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n  {marks}\n")
    paths = {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"}
    result = subprocess.run(
        [*COMMAND, "--collect-only", *(chosen or ["tests"])],
        cwd=folder,
        env=ONLY_NAMED | paths,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return {line.rpartition("/")[2] for line in result.stdout.splitlines() if "::" in line}


def test_each_row_and_each_database_is_met_and_pairs_are_left_out(tmp_path: Path) -> None:
    assert collected(tmp_path, "tests/test_all.py", "tests/storage/test_spared.py") == {
        "test_all.py::test_table[sqlite-1-False]",
        "test_all.py::test_table[postgres-2-True]",
        "test_all.py::test_table[postgres-distributed-3-False]",
        "test_all.py::test_table[sqlite-4-True]",
        *(
            f"test_{file}[{storage}-{row}]"
            for file in ("all.py::test_pairs", "spared.py::test_table")
            for storage in (SQLITE, POSTGRES, DISTRIBUTED)
            for row in ("1-False", "2-True", "3-False", "4-True")
        ),
        "test_all.py::test_letters[a]",
        "test_all.py::test_letters[b]",
        "test_all.py::test_values[1-a]",
        "test_all.py::test_values[2-b]",
        "test_all.py::test_values[3-a]",
        "test_all.py::test_rows[kept]",
    }


def test_databases_and_dispatchers_take_turns_where_they_are_not_the_subject(tmp_path: Path) -> None:
    found = collected(tmp_path)

    def kept(file: str, name: str) -> list[set[str]]:
        """The databases of each test of that name."""
        starts = [f"test_{file}.py::test_{name}_{number}[" for number in range(12)]
        return [{test.removeprefix(start)[:-1] for test in found if test.startswith(start)} for start in starts]

    above, below = kept("graphql", "each"), kept("runner", "each")
    assert {len(databases) for databases in above} == {1}
    assert set[str]().union(*above) == {SQLITE, POSTGRES, DISTRIBUTED}
    assert {frozenset(databases) for databases in below} == {
        frozenset({SQLITE, other}) for other in (POSTGRES, DISTRIBUTED)
    }
    assert {len(databases) for databases in kept("graphql", "one")} == {1}
    assert set[str]().union(*kept("graphql", "one")) == {SQLITE, POSTGRES}
    assert kept("runner", "one") == kept("workers", "one") == kept("storage", "one") == [{SQLITE, POSTGRES}] * 12
    for everywhere in (
        kept("workers", "each"),
        kept("storage", "each"),
        *(kept(file, "pairs") for file in ("graphql", "runner")),
    ):
        assert everywhere == [{SQLITE, POSTGRES, DISTRIBUTED}] * 12


def test_a_test_that_is_chosen_alone_has_the_same_turn(tmp_path: Path) -> None:
    named = "tests/graphql/test_graphql.py::test_each_7"

    assert collected(tmp_path, named) == {
        test for test in collected(tmp_path) if test.startswith(f"{Path(named).name}[")
    }


def test_a_size_is_the_short_one_unless_the_run_is_exhaustive() -> None:
    assert size(2, 20) == (20 if IS_EXHAUSTIVE else 2)
    assert [row.values for row in exhaustive("a", ("b", 1))] == [("a",), ("b", 1)]


@pytest.mark.parametrize("place", sorted({*SPARED, *BOTH, f"engine/{DISPATCHERS}"}))
def test_a_place_with_a_rule_of_its_own_is_there(place: str) -> None:
    assert (ROOT / "tests" / place).exists()
