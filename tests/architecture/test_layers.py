"""Modules import only from lower layers: the contract holds, and a violation is found."""

import shutil
import subprocess
import sys
from pathlib import Path

from support.tree import PACKAGE, ROOT


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the package in the folder against the contracts in it."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as check; check()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def scratch(folder: Path) -> Path:
    """Copy the package and its contracts into the folder."""
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder / PACKAGE.name


def test_a_module_imports_only_from_layers_below_its_own() -> None:
    result = lint(ROOT)

    assert result.returncode == 0, result.stdout


def test_one_upward_import_breaks_the_contract(tmp_path: Path) -> None:
    process = scratch(tmp_path) / "process/state_machine.py"
    process.write_text(process.read_text() + "\nfrom orchestrator_gql.engine import runner\n")

    result = lint(tmp_path)

    assert result.returncode == 1
    assert "orchestrator_gql.process.state_machine -> orchestrator_gql.engine.runner" in result.stdout


def test_an_upward_import_for_types_only_breaks_the_contract_too(tmp_path: Path) -> None:
    arguments = scratch(tmp_path) / "utils" / "arguments.py"
    upward = "\nif typing.TYPE_CHECKING:\n    from orchestrator_gql.workflow import Step\n"
    arguments.write_text(arguments.read_text() + upward)

    result = lint(tmp_path)

    assert result.returncode == 1
    assert "orchestrator_gql.utils.arguments -> orchestrator_gql.workflow" in result.stdout


def test_a_new_module_must_have_a_layer_in_the_contract(tmp_path: Path) -> None:
    (scratch(tmp_path) / "helpers.py").write_text('"""A module that nobody planned."""\n')

    result = lint(tmp_path)

    assert result.returncode == 1
    assert "orchestrator_gql.helpers" in result.stdout
