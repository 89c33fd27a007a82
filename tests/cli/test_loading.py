"""Workflow modules that cannot be loaded: one sentence names the error and its place."""

from pathlib import Path

import pytest
from support.command_line import FLOWS, orchestrator


def refusal(folder: Path, module: str) -> str:
    """The message with which `serve` refuses the module."""
    result = orchestrator(folder, "serve", "--workflows", module, "--port", "0")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert not result.stdout
    return result.stderr


@pytest.mark.parametrize("module", ["flows", "flows.py"])
def test_a_failing_import_is_reported_with_the_users_file_and_line(tmp_path: Path, module: str) -> None:
    (tmp_path / "flows.py").write_text(FLOWS + "import neighbour\n")
    (tmp_path / "neighbour.py").write_text("import json\n\nimport nowhere_to_be_found\n")

    message = refusal(tmp_path, module)

    assert "No module named 'nowhere_to_be_found' (neighbour.py, line 3: import nowhere_to_be_found)" in message


def test_an_invalid_definition_is_reported_with_the_users_line_and_not_ours(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("from orchestrator_gql import begin\n\nsteps = begin >> print\n")

    message = refusal(tmp_path, "flows")

    assert "got the plain function 'print'" in message
    assert "(flows.py, line 3: steps = begin >> print)" in message


def test_a_missing_module_is_reported_with_the_searched_places(tmp_path: Path) -> None:
    message = refusal(tmp_path, "no_such_flows")

    assert "No module named 'no_such_flows'" in message
    assert str(tmp_path) in message


MUTE = "class Mute({kind}):\n    def __str__(self):\n        raise ValueError\nraise Mute\n"

UNDESCRIBED = {
    MUTE.format(kind="Exception"): "Mute: (it cannot be described: its text failed) (flows.py, line 4: raise Mute)",
    MUTE.format(kind="BaseException"): "Mute: (it cannot be described: its text failed) (flows.py, line 4: raise Mute)",
    "raise GeneratorExit\n": "loaded: GeneratorExit (flows.py, line 1: raise GeneratorExit)",
    "exec('raise ValueError')\n": "loaded: ValueError (<string>, line 1)",
    "x = '\0'\n": "loaded: SyntaxError: source code string cannot contain null bytes",
}
"""Code of a module, and the end of the sentence about an exception that has no text, or is no `Exception`."""


@pytest.mark.parametrize("code", UNDESCRIBED)
def test_an_exception_of_any_kind_is_reported_in_one_sentence(tmp_path: Path, code: str) -> None:
    (tmp_path / "flows.py").write_text(code)

    assert UNDESCRIBED[code] in refusal(tmp_path, "flows.py")


@pytest.mark.parametrize("name", ["flows.v2.py", "d/flows.txt", "d/flows.PY", "d/flows", "flows.tar.py", "d/flows.zip"])
def test_a_file_whose_name_python_cannot_import_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / name).write_text(FLOWS)

    assert "the name must end with `.py`, without another dot" in refusal(tmp_path, name)


def test_a_folder_and_a_file_of_a_package_are_refused_with_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").touch()
    (tmp_path / "package/flows.py").write_text("from . import other\n" + FLOWS)

    assert "is a folder: name a file in it, or a module" in refusal(tmp_path, "package/")
    assert "name the module with its package, such as `package.flows`" in refusal(tmp_path, "package/flows.py")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    assert "There is no file 'flows/none.py'" in refusal(tmp_path, "flows/none.py")


def test_a_syntax_error_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("x = 1\ndef f(:\n")

    assert "invalid syntax (flows.py, line 2)" in refusal(tmp_path, "flows.py")


def test_a_script_that_exits_is_reported_and_does_not_end_the_server_silently(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("import sys\nsys.exit(0)\n")

    assert "SystemExit: 0 (flows.py, line 2: sys.exit(0))" in refusal(tmp_path, "flows")


def test_a_module_without_workflows_is_reported(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text("")

    assert "There is no workflow in 'flows'" in refusal(tmp_path, "flows")


def test_a_file_with_the_name_of_a_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "starlette.py").write_text(FLOWS)

    assert "has the name of another module, 'starlette'" in refusal(tmp_path, "mine/starlette.py")


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ("import helper\n", "import helper\n", True),
        ("from helper import NAME\n", "def later():\n    from helper import NAME\n", True),
        ("import helper as h\n", "import between\n", True),
        ("import helper\n", "", False),
        ("import helper\n", "import same\n", False),
        ("import same\n", "import same\n", False),
        ("import typing\n", "import typing\n", False),
    ],
)
def test_a_file_that_would_get_the_neighbour_of_another_file_is_refused(
    tmp_path: Path, first: str, second: str, is_refused: bool
) -> None:
    for folder, imports in (("first", first), ("second", second)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}_flows.py").write_text(imports + FLOWS.replace("greeting", f"greet_{folder}"))
        (tmp_path / folder / "helper.py").write_text(f"NAME = {folder!r}\n")
        (tmp_path / folder / "between.py").write_text("import helper\n" if folder == "second" else "")
        (tmp_path / folder / "same.py").write_text("NAME = 1\n")
        (tmp_path / folder / "typing.py").write_text("raise SystemExit\n")
    files = ("first/first_flows.py", "second/second_flows.py")

    checked = orchestrator(tmp_path, "contracts", "--workflows", *files)

    assert (checked.returncode == 2) is is_refused
    assert ("gets 'first/helper.py', not its neighbour" in checked.stderr) is is_refused


def test_two_workflows_with_the_same_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "others.py").write_text(FLOWS)

    result = orchestrator(tmp_path, "serve", "--workflows", "flows", "others", "--port", "0")

    assert result.returncode == 2
    assert "Two workflows are named 'greeting'" in result.stderr


def test_the_module_in_place_of_the_decorator_is_named_with_the_import_that_gives_the_decorator(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(
        'from orchestrator_gql import workflow\n\n@workflow("Nothing")\ndef nothing(): ...\n'
    )

    message = refusal(tmp_path, "flows")

    assert "Write: from orchestrator_gql.workflow import workflow (flows.py, line 3: @workflow" in message


ANY_OBJECT = {
    "an object whose class cannot be asked for": """
class Settings:
    @property
    def __class__(self):
        raise RuntimeError("The settings are not configured.")

settings = Settings()
""",
    "a module in place of its own": """
import sys, types

module = types.ModuleType(__name__)
module.greeting = greeting
sys.modules[__name__] = module
""",
}


@pytest.mark.parametrize("what", ANY_OBJECT)
@pytest.mark.parametrize("module", ["flows", "flows.py"])
def test_a_module_may_hold_any_object(tmp_path: Path, module: str, what: str) -> None:
    (tmp_path / "flows.py").write_text(FLOWS + ANY_OBJECT[what])

    result = orchestrator(tmp_path, "contracts", "--workflows", module)

    assert (result.returncode, result.stderr) == (0, "")
