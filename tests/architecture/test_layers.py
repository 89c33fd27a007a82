"""Imports fall: the contract of the layers holds, and would notice where it does not."""

import shutil
import subprocess
import sys
from pathlib import Path

from support.tree import PACKAGE, ROOT


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Judge the package in the folder by the contracts there."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as judge; judge()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def scratch(folder: Path) -> Path:
    """A copy of the package and its contracts."""
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder / PACKAGE.name


def test_a_room_imports_only_from_floors_below_its_own() -> None:
    said = lint(ROOT)

    assert said.returncode == 0, said.stdout


def test_one_import_upward_breaks_the_contract(tmp_path: Path) -> None:
    process = scratch(tmp_path) / "process/state_machine.py"
    process.write_text(process.read_text() + "\nfrom orchestrator_gql.engine import runner\n")

    said = lint(tmp_path)

    assert said.returncode == 1
    assert "orchestrator_gql.process.state_machine -> orchestrator_gql.engine.runner" in said.stdout


def test_an_import_upward_for_types_only_breaks_it_too(tmp_path: Path) -> None:
    arguments = scratch(tmp_path) / "utils" / "arguments.py"
    upward = "\nif typing.TYPE_CHECKING:\n    from orchestrator_gql.workflow import Step\n"
    arguments.write_text(arguments.read_text() + upward)

    said = lint(tmp_path)

    assert said.returncode == 1
    assert "orchestrator_gql.utils.arguments -> orchestrator_gql.workflow" in said.stdout


def test_a_new_room_must_say_on_which_floor_it_stands(tmp_path: Path) -> None:
    (scratch(tmp_path) / "helpers.py").write_text('"""A room that nobody planned."""\n')

    said = lint(tmp_path)

    assert said.returncode == 1
    assert "orchestrator_gql.helpers" in said.stdout
