"""A workflow that waits for a remote service and takes any result, with a few steps before that change the state."""

from pathlib import Path
from typing import Any

from orchestrator_gql import StepList, begin, callback_step, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow


def where() -> FormGenerator:
    """Ask for the file to which the addresses are written."""

    class Where(FormPage):
        file: str

    answer = yield Where
    return {"file": answer.file}


@step("Call the remote service")
def call(file: str, callback_url: str) -> None:
    """Write the URL to the file, in one atomic step."""
    part = Path(file + ".part")
    part.write_text(callback_url)
    part.rename(file)


@step("Look at the result")
def look(callback_result: Any) -> State:
    """Take any result."""
    return {"seen": True}


@workflow("Watch an output", initial_input_form=where)
def watching() -> StepList:
    """Call, and take what comes."""
    return begin >> callback_step("Job", action_step=call, validate_step=look)
