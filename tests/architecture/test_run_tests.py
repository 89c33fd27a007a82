"""`make test` runs a few failed tests once more, alone, and names those that depend on chance."""

from pathlib import Path

import pytest
from support.authors_pytest import ONLY_NAMED

from scripts.run_tests import FEW, SOME_FAILED, run

CONFIGURATION = ("-c", "/dev/null")


@pytest.fixture(autouse=True)
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ONLY_NAMED.items():
        monkeypatch.setenv(name, value)


FLAKY = """
from pathlib import Path

def test_chance():
    mark = Path(__file__).with_suffix(".mark")
    was_here = mark.exists()
    mark.touch()
    assert was_here
"""
BROKEN = "def test_broken(): assert False\n"
GOOD = "def test_good(): pass\n"


def exit_code(folder: Path, **files: str) -> int:
    (folder / "tests").mkdir()
    for name, text in files.items():
        (folder / "tests" / f"test_{name}.py").write_text(text)
    return run([*CONFIGURATION, f"--rootdir={folder}", str(folder / "tests")], folder / "cache")


def test_a_run_without_a_failure_runs_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(tmp_path, good=GOOD) == 0
    assert "once more" not in capfd.readouterr().out


def test_a_test_that_depends_on_chance_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(tmp_path, good=GOOD, flaky=FLAKY) == 0
    printed = capfd.readouterr().out
    assert "1 failed. They run once more, alone:" in printed
    assert "DEPENDS ON CHANCE: tests/test_flaky.py::test_chance" in printed


def test_a_test_that_fails_twice_fails_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(tmp_path, good=GOOD, flaky=FLAKY, broken=BROKEN) == SOME_FAILED
    printed = capfd.readouterr().out
    assert "2 failed. They run once more, alone:" in printed
    assert printed.count("DEPENDS ON CHANCE") == 1


def test_many_failures_are_no_chance(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(tmp_path, **{f"flaky_{number}": FLAKY for number in range(FEW + 1)}) == SOME_FAILED
    assert "once more" not in capfd.readouterr().out


def test_tests_that_cannot_be_read_fail_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(tmp_path, good=GOOD, unreadable="def") not in (0, SOME_FAILED)
    assert "once more" not in capfd.readouterr().out
