"""Print the tests that a change touches, for `make quick`.

A test file has the name of the module that it tests, in the folder of its package. So a changed module selects the test
files with its name, else the files that import it, else the folder of its package. `make test` runs all tests.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
ALWAYS = "tests/architecture"
OF_DASHBOARD = {"tests/browser/test_frontend_checks.py", "tests/browser/test_dashboard_files.py"}
MOST_IMPORTERS = 6
"""A module that more test files import is used everywhere: these files say little about it and take long."""


def changed_files(base: str) -> set[str]:
    """The files that differ from the commit ``base``, committed or not, relative to the root of the repository."""
    names = _git("diff", "--name-only", "--diff-filter=d", _git("merge-base", base, "HEAD").strip())
    return {*names.splitlines(), *_git("ls-files", "--others", "--exclude-standard").splitlines()}


def selected_tests(changed: Iterable[str]) -> list[str]:
    """The test files and folders for the changed files, relative to the root of the repository."""
    chosen = {ALWAYS}
    for name in map(Path, changed):
        if name.parts[0] == "frontend-example":
            chosen |= OF_DASHBOARD
        if name.parts[0] == "examples":
            test = f"tests/examples/test_example_{name.parts[1].replace('-', '_')}.py"
            chosen |= {test} if (ROOT / test).exists() else set()
        if name.suffix != ".py":
            continue
        if name.parts[0] == "tests":
            chosen |= {str(name)} if name.name.startswith("test_") else set()
        elif name.parts[0] == "orchestrator_gql":
            chosen |= _tests_of_module(name)
    return sorted(path for path in chosen if not any(str(parent) in chosen for parent in Path(path).parents))


def _tests_of_module(module: Path) -> set[str]:
    folder = TESTS.joinpath(*module.parts[1:-1])
    named = {*folder.glob(f"test_{module.stem}.py"), *folder.glob(f"test_{module.stem}_*.py")}
    if not named:
        dotted = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
        importers = {path for path in TESTS.rglob("test_*.py") if dotted in _imports(path)}
        named = importers if len(importers) <= MOST_IMPORTERS else set()
    while not named and folder != TESTS:
        named = {folder} if folder.is_dir() else set()
        folder = folder.parent
    return {str(path.relative_to(ROOT)) for path in named}


@cache
def _imports(path: Path) -> set[str]:
    """The dotted names of the modules that the file imports, and of the names that it imports from them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return run.stdout


if __name__ == "__main__":
    sys.stdout.write(" ".join(selected_tests(changed_files(sys.argv[1] if len(sys.argv) > 1 else "HEAD"))) + "\n")
