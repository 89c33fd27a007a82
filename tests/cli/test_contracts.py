"""`orchestrator-gql contracts`: the contracts of workflow files, and what a later version of them refuses."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.command_line import orchestrator

from orchestrator_gql.cli.failure import DECLINED, DONE, REFUSED

FILE = """
from pydantic import BaseModel
from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow

class Result(BaseModel):
    {fields}

@step("Order")
def order(callback_url: str) -> None: ...

@step("Judge")
def judge(callback_result: dict) -> None: ...

@workflow("A job")
def {name}():
    return begin >> callback_step("Run it", order, judge, contract=Result) >> callback_step("Free", order, judge)
"""


def write(folder: Path, fields: str, name: str = "a_job") -> None:
    """The file of a workflow whose result has these fields."""
    (folder / "flows.py").write_text(FILE.format(fields=fields, name=name))


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder with the contracts of an earlier release."""
    write(tmp_path, "rc: int; lines: list[str] = []")
    result = orchestrator(tmp_path, "contracts", "--workflows", "flows.py", "--output", "contracts.json")
    assert (result.returncode, result.stdout, result.stderr) == (DONE, "", "")
    return tmp_path


def compared(folder: Path, fields: str, *more: str, name: str = "a_job") -> "CompletedProcess[str]":
    """The comparison of a later version of the file with the earlier contracts."""
    write(folder, fields, name)
    return orchestrator(folder, "contracts", "--workflows", "flows.py", "--against", "contracts.json", *more)


def test_the_file_has_the_contract_of_each_callback_step(earlier: Path) -> None:
    contracts = json.loads((earlier / "contracts.json").read_text())
    printed = orchestrator(earlier, "contracts", "--workflows", "flows.py")

    assert list(contracts) == ["a_job.Free", "a_job.Run_it"]
    assert contracts["a_job.Free"] is None
    assert contracts["a_job.Run_it"]["required"] == ["rc"]
    assert json.loads(printed.stdout) == contracts


def test_a_wider_contract_refuses_nothing(earlier: Path) -> None:
    result = compared(earlier, "rc: int | str; lines: list[str] = []; more: bool = False")

    assert (result.returncode, result.stderr) == (DONE, "")
    assert result.stdout == "Every result that the contracts in the file accept is still accepted.\n"


def test_each_place_that_refuses_more_is_a_line_and_the_exit_code_is_1(earlier: Path) -> None:
    result = compared(earlier, "rc: int; lines: list[int] = []; host: str")

    assert result.returncode == DECLINED
    assert result.stdout.splitlines() == [
        "a_job.Run_it  /host  is required now",
        "a_job.Run_it  /lines/*  must be of the type integer now, and was string",
    ]
    assert result.stderr == "2 places refuse what was accepted before.\n"


def test_steps_that_are_new_or_gone_are_no_breach(earlier: Path) -> None:
    result = compared(earlier, "rc: int", "--json", name="another_job")

    assert result.returncode == DONE
    assert json.loads(result.stdout) == {
        "breaches": [],
        "added": ["another_job.Free", "another_job.Run_it"],
        "removed": ["a_job.Free", "a_job.Run_it"],
    }


@pytest.mark.parametrize("content", [None, "{", "[]", '{"a": 1}', "\0"])
def test_a_file_that_is_missing_or_no_list_of_contracts_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "contracts.json").write_text(content)
    result = compared(tmp_path, "rc: int")

    assert result.returncode == REFUSED
    assert "The file 'contracts.json' " in result.stderr


def test_a_comparison_writes_no_file_and_says_so(earlier: Path) -> None:
    before = (earlier / "contracts.json").read_bytes()
    result = compared(earlier, "rc: int; lines: list[str]", "--output", "contracts.json")

    assert (result.returncode, result.stdout) == (REFUSED, "")
    assert "--against compares and writes no file" in result.stderr
    assert (earlier / "contracts.json").read_bytes() == before
