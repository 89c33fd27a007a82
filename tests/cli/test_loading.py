"""Modules of workflows that cannot be loaded: what is wrong is told, and where, in one sentence."""

from pathlib import Path

import pytest
from support.command_line import FLOWS, orchestrator


def refusal(folder: Path, module: str) -> str:
    """What `serve` says about the module, which it must refuse."""
    ended = orchestrator(folder, "serve", "--workflows", module, "--port", "0")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert not ended.stdout
    return ended.stderr


@pytest.mark.parametrize("module", ["flows", "flows.py"])
def test_a_failing_import_is_told_with_the_users_file_and_line(tmp_path: Path, module: str) -> None:
    (tmp_path / "flows.py").write_text(FLOWS + "import neighbour\n")
    (tmp_path / "neighbour.py").write_text("import json\n\nimport nowhere_to_be_found\n")

    told = refusal(tmp_path, module)

    assert "No module named 'nowhere_to_be_found' (neighbour.py, line 3: import nowhere_to_be_found)" in told


def test_a_definition_that_cannot_work_is_told_with_the_users_line_and_not_ours(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("from orchestrator_gql import begin\n\nsteps = begin >> print\n")

    told = refusal(tmp_path, "flows")

    assert "got the plain function 'print'" in told
    assert "(flows.py, line 3: steps = begin >> print)" in told


def test_a_module_that_is_not_there_is_told_with_the_places_that_were_searched(tmp_path: Path) -> None:
    told = refusal(tmp_path, "no_such_flows")

    assert "No module named 'no_such_flows'" in told
    assert str(tmp_path) in told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "There is no file 'flows/none.py'" in refusal(tmp_path, "flows/none.py")


def test_a_file_that_is_no_python_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("x = 1\ndef f(:\n")

    assert "invalid syntax (flows.py, line 2)" in refusal(tmp_path, "flows.py")


def test_a_script_that_exits_is_told_and_does_not_end_the_server_silently(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("import sys\nsys.exit(0)\n")

    assert "SystemExit: 0 (flows.py, line 2: sys.exit(0))" in refusal(tmp_path, "flows")


def test_a_module_without_workflows_is_told(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("")

    assert "There is no workflow in 'flows'" in refusal(tmp_path, "flows")


def test_a_file_with_the_name_of_a_library_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "starlette.py").write_text(FLOWS)

    assert "has the name of another module, 'starlette'" in refusal(tmp_path, "mine/starlette.py")


def test_two_workflows_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "others.py").write_text(FLOWS)

    ended = orchestrator(tmp_path, "serve", "--workflows", "flows", "others", "--port", "0")

    assert ended.returncode == 2
    assert "Two workflows are named 'greeting'" in ended.stderr
