"""What `make test` leaves out is the same in every run, and no row of a table and no database is left out whole."""

import subprocess
from pathlib import Path

import pytest
from support.authors_pytest import COMMAND, ONLY_NAMED
from support.sizes import IS_EXHAUSTIVE, SPARED, exhaustive, size
from support.tree import ROOT

CONFTEST = """
import pytest
from support import sizes

sizes.ROOT = FOLDER

def pytest_generate_tests(metafunc):
    if "storage" in metafunc.fixturenames:
        metafunc.parametrize("storage", ["sqlite", "postgres"])

def pytest_collection_modifyitems(config, items):
    left = sizes.left_out(items)
    items[:] = [item for item in items if item not in left]
"""
TESTS = """
import pytest
from support.sizes import exhaustive

ROWS = pytest.mark.parametrize(("number", "is_even"), [(1, False), (2, True), (3, False)])

@ROWS
def test_table(storage, number, is_even): ...

@ROWS
@pytest.mark.each_pair
def test_pairs(storage, number, is_even): ...

def test_plain(storage): ...

@pytest.mark.parametrize("letter", ["a", "b"])
def test_letters(letter): ...

@pytest.mark.each_value
@pytest.mark.parametrize("letter", ["a", "b"])
@pytest.mark.parametrize("digit", [1, 2, 3])
def test_values(letter, digit): ...

@pytest.mark.parametrize("row", ["kept", *exhaustive("left")])
def test_rows(row): ...
"""
SPARED_TESTS = TESTS.partition("@ROWS\n@pytest.mark.each_pair")[0]


def collected(folder: Path) -> set[str]:
    """The tests that a run of the folder would have, without their file."""
    (folder / "tests" / "storage").mkdir(parents=True)
    (folder / "tests" / "conftest.py").write_text(
        CONFTEST.replace("FOLDER", f"__import__('pathlib').Path({str(folder)!r})")
    )
    (folder / "tests" / "test_all.py").write_text(TESTS)
    (folder / "tests" / "storage" / "test_spared.py").write_text(SPARED_TESTS)
    marks = "\n  ".join(f"{name}: a mark" for name in ("exhaustive", "each_value", "each_pair"))
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n  {marks}\n")
    paths = {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"}
    result = subprocess.run(
        [*COMMAND, "--collect-only", "tests"],
        cwd=folder,
        env=ONLY_NAMED | paths,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return {line.rpartition("/")[2] for line in result.stdout.splitlines() if "::" in line}


def test_each_row_and_each_database_is_met_and_pairs_are_left_out(tmp_path: Path) -> None:
    assert collected(tmp_path) == {
        "test_all.py::test_table[sqlite-1-False]",
        "test_all.py::test_table[postgres-2-True]",
        "test_all.py::test_table[sqlite-3-False]",
        *(
            f"test_{file}[{storage}-{row}]"
            for file in ("all.py::test_pairs", "spared.py::test_table")
            for storage in ("sqlite", "postgres")
            for row in ("1-False", "2-True", "3-False")
        ),
        "test_all.py::test_plain[sqlite]",
        "test_all.py::test_plain[postgres]",
        "test_all.py::test_letters[a]",
        "test_all.py::test_letters[b]",
        "test_all.py::test_values[1-a]",
        "test_all.py::test_values[2-b]",
        "test_all.py::test_values[3-a]",
        "test_all.py::test_rows[kept]",
    }


def test_a_size_is_the_short_one_unless_the_run_is_exhaustive() -> None:
    assert size(2, 20) == (20 if IS_EXHAUSTIVE else 2)
    assert [row.values for row in exhaustive("a", ("b", 1))] == [("a",), ("b", 1)]


@pytest.mark.parametrize("folder", sorted(SPARED))
def test_a_folder_whose_pairs_all_run_is_there(folder: str) -> None:
    assert (ROOT / "tests" / folder).is_dir()
