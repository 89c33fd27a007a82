"""Run all tests, then those that failed once more, alone: for `make test`.

Thousands of tests share the processors with browsers, databases and hundreds of servers. A test that fails there and
passes alone depends on chance: its name is printed, and whoever reads it looks for the cause, in the test or in the
product. A test that fails both times, or more failures than a few, fail the run.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent

FEW = 5
"""Failed tests, at most, that run again: more of them are no chance."""

SOME_FAILED = 1
"""The exit code of pytest if it ran to its end and a test failed."""

BESIDE_EACH_OTHER = ("-n", os.environ.get("PYTEST_WORKERS", "4"), "--dist", "loadfile", "--no-loadscope-reorder")


def main() -> None:
    """Run pytest with the arguments of the command line beside our own; exit with its code."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-tests-") as folder:
        sys.exit(run(sys.argv[1:], Path(folder), beside=BESIDE_EACH_OTHER))


def run(arguments: Sequence[str], folder: Path, *, beside: Sequence[str] = ()) -> int:
    """The exit code of the run. ``folder`` keeps the names of failed tests; ``beside`` is only for the first run."""
    noted = ("-q", "-o", f"cache_dir={folder}", *arguments)
    code = _pytest(*noted, *beside)
    failed = failed_tests(folder)
    if code != SOME_FAILED or not 0 < len(failed) <= FEW:
        return code
    print(f"\n{len(failed)} failed. They run once more, alone:", flush=True)
    code = _pytest(*noted, "--last-failed", "--last-failed-no-failures", "none")
    for name in sorted(set(failed) - set(failed_tests(folder))):
        print(f"DEPENDS ON CHANCE: {name} failed beside other tests and passed alone. Look for the cause.", flush=True)
    return code


def failed_tests(folder: Path) -> list[str]:
    """The names of the tests that failed in the last run which noted them in the folder."""
    noted = folder / "v" / "cache" / "lastfailed"
    return list(json.loads(noted.read_text())) if noted.exists() else []


def _pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    main()
