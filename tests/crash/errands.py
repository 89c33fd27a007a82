"""Workflows whose steps write a line to a journal, so that a test can count them although the server died."""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow


def note(folder: str, process_id: UUID, name: str) -> None:
    """Write that the step was called, in one write that survives the death of this process."""
    line = f"{process_id} {name}\n".encode()
    file = os.open(Path(folder) / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)
    say(name)


def say(line: str) -> None:
    """Print a line for the test that started this process."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def journal(folder: Path) -> Counter[tuple[str, str]]:
    """How often each step of each process was called."""
    lines = (folder / "journal").read_text().splitlines()
    return Counter((line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines)


def where() -> FormGenerator:
    """Ask for the folder of the journal."""

    class Where(FormPage):
        folder: str

    answer = yield Where
    return {"folder": answer.folder}


@step("prepare")
def prepare(folder: str, process_id: UUID) -> None:
    note(folder, process_id, "prepare")


@step("call")
def call(folder: str, process_id: UUID, callback_route: str) -> None:
    (Path(folder) / f"route-{process_id}").write_text(callback_route)
    note(folder, process_id, "call")


@step("judge")
def judge(folder: str, process_id: UUID, callback_result: State) -> State:
    note(folder, process_id, "judge")
    return {"was": callback_result["rc"]}


@step("finish")
async def finish(folder: str, process_id: UUID) -> None:
    note(folder, process_id, "finish")


@step("hold")
def hold(folder: str, process_id: UUID) -> None:
    note(folder, process_id, "hold")
    (Path(folder) / "line").read_text()  # a named pipe to which nobody ever writes


@step("hold once", on_crash="hold")
def hold_once(folder: str, process_id: UUID) -> None:
    note(folder, process_id, "hold once")
    (Path(folder) / "line").read_text()


@workflow("Call and judge", initial_input_form=where)
def errand() -> Any:
    return begin >> prepare >> callback_step("Playbook", call, judge) >> finish


@workflow("Hold the line", initial_input_form=where)
def holding() -> Any:
    return begin >> prepare >> hold >> finish


@workflow("Hold the line once", initial_input_form=where)
def holding_once() -> Any:
    return begin >> prepare >> hold_once >> finish


@workflow("Many steps", initial_input_form=where)
def long() -> Any:
    return begin >> prepare >> finish >> prepare >> finish >> prepare >> finish


ERRANDS = (errand, holding, holding_once, long)
