"""A workflow that waits for a remote service, judges its answer, and asks a person."""

from pathlib import Path
from typing import Any

from pydantic_forms.validators import LongText

from orchestrator_gql import StepList, begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow


def where() -> FormGenerator:
    """Ask for the file to which the callback URL is written."""

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


@step("Judge the answer")
def judge(callback_result: dict[str, Any]) -> State:
    """Fail if the remote service failed."""
    if callback_result["return_code"] != 0:
        raise ProcessFailureError(message=f"It ended with return code {callback_result['return_code']}.")
    return {"output": callback_result["output"]}


@inputstep("Confirm the result", assignee=Assignee("NOC"))
def confirm(output: str) -> FormGenerator:
    """Show the answer of the remote service; a person only presses the button."""

    class Result(FormPage):
        shown: ReadOnly[LongText] = output

    yield Result
    return {}


@workflow("Wait for an answer, and confirm it", initial_input_form=where)
def waiting() -> StepList:
    """Call, wait, judge, and ask."""
    return begin >> callback_step("Playbook", action_step=call, validate_step=judge) >> confirm
