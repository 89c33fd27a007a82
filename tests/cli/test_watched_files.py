"""The files of the workflows are watched: neighbours and packages too, environments and caches not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator_gql.cli.serving.watched_files import changed, roots_of, snapshot


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with modules, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for name in (
        "flows.py",
        "helpers.py",
        "package/__init__.py",
        "package/deep/steps.py",
        "notes.txt",
        ".hidden/module.py",
        "node_modules/module.py",
        "package/__pycache__/module.py",
        "env/lib/module.py",
        "env/pyvenv.cfg",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    return tmp_path


def seen(project: Path, *modules: str) -> list[str]:
    return sorted(os.path.relpath(path, project) for path in snapshot(roots_of(modules)))


MODULES = ["flows.py", "package/__init__.py", "flows", "package.deep.steps", "not_there", "helpers"]


@pytest.mark.parametrize("module", MODULES)
def test_the_modules_and_their_neighbours_are_watched_and_nothing_is_imported(project: Path, module: str) -> None:
    (project / "flows.py").write_text("this is no Python")
    files = seen(project, module)

    below = ["package/__init__.py", "package/deep/steps.py"]
    assert files == (below if module.startswith("package/") else ["flows.py", "helpers.py", *below])
    assert "flows" not in sys.modules


def test_of_an_installed_package_only_its_own_folder_is_watched(project: Path) -> None:
    import httpx

    (root,) = roots_of(["httpx"])

    assert root == Path(httpx.__file__).parent


def test_a_folder_of_pythonpath_is_watched_too(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path_factory.mktemp("library")
    (library / "shared.py").write_text("x = 1\n")
    monkeypatch.setenv("PYTHONPATH", f"{library}{os.pathsep}{os.pathsep}{project}")

    assert str(library / "shared.py") in snapshot(roots_of(["flows"]))


def replaced(path: Path) -> None:
    """As an editor saves: with the same size, and the time of the old file."""
    before = path.stat()
    new = path.with_suffix(".new")
    new.write_text("x = 2\n")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def rewritten(path: Path) -> None:
    """In place, with the same size."""
    before = path.stat()
    path.write_text("x = 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def added(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("")


def grown(path: Path) -> None:
    before = path.stat()
    path.write_text("x = 22\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "replaced": ("flows.py", replaced),
    "rewritten": ("flows.py", rewritten),
    "longer, at the same time": ("package/deep/steps.py", grown),
    "removed": ("helpers.py", Path.unlink),
    "added": ("new.py", added),
    "added in a new folder": ("new/__init__.py", added),
}


@pytest.mark.parametrize(("name", "change"), CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_python_file_is_noticed(project: Path, name: str, change: Callable[[Path], object]) -> None:
    roots = roots_of(["flows"])
    before = snapshot(roots)

    change(project / name)

    assert changed(before, snapshot(roots)) == [str(project / name)]


@pytest.mark.parametrize(
    "name", ["notes.txt", ".hidden/module.py", "env/lib/module.py", "package/__pycache__/module.py"]
)
def test_other_files_are_not_watched(project: Path, name: str) -> None:
    roots = roots_of(["flows"])
    before = snapshot(roots)

    (project / name).write_text("x = 22\n")

    assert changed(before, snapshot(roots)) == []


def test_a_huge_folder_costs_no_more_than_the_limit(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator_gql.cli.serving.watched_files.MOST_ENTRIES", 10)
    for number in range(100):
        (project / "package" / f"module_{number}.py").write_text("")

    assert "flows.py" in seen(project, "flows")
    assert len(seen(project, "flows")) < 110
    assert "package/deep/steps.py" not in seen(project, "flows")


def test_the_watching_process_is_light() -> None:
    code = "import sys, orchestrator_gql.cli.serving.watched_files as w; print('sqlalchemy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert shown == "False\n"
