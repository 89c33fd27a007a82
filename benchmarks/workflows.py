"""The workflows that the benchmarks run."""

import time
from typing import Any

import httpx

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import StepList, workflow


def start_form() -> FormGenerator:
    """Ask for the node and the address of the remote service."""

    class Start(FormPage):
        node: str
        remote: str

    answer = yield Start
    data: State = answer.model_dump()
    return data


@step("Prepare")
async def prepare(node: str) -> State:
    """A step before the callback."""
    return {"prepared": node}


_client: httpx.AsyncClient | None = None


@step("Ask the remote service")
async def ask(callback_route: str, remote: str) -> None:
    """Hand the URL to the remote service."""
    global _client  # noqa: PLW0603 - one client for all requests, as in a real integration
    _client = _client or httpx.AsyncClient(timeout=10)
    (await _client.post(remote, json={"callback": callback_route})).raise_for_status()


@step("Judge")
async def judge(callback_result: dict[str, Any]) -> State:
    """Fail unless the return code is 0."""
    if callback_result["return_code"] != 0:
        raise ProcessFailureError("It failed", details=callback_result)
    return {"judged": True}


@inputstep("Confirm")
def confirm(state: State) -> FormGenerator:
    """Ask the operator."""

    class Confirm(FormPage):
        result: ReadOnly[str] = str(state["callback_result"])

    yield Confirm
    return {}


@step("Apply")
async def apply() -> State:
    """A step after the confirmation."""
    return {"applied": True}


@step("Report")
async def report() -> State:
    """The last step."""
    return {"reported": True}


@workflow("The lifecycle that is measured", initial_input_form=start_form)
def lifecycle() -> StepList:
    """Form, step, callback, validation, confirmation, two steps."""
    return begin >> prepare >> callback_step("Remote job", ask, judge) >> confirm >> apply >> report


@step("Block")
async def block() -> None:
    """Block the event loop on which it runs, as authors' code does by mistake."""
    time.sleep(0.3)  # noqa: ASYNC251


@workflow("A step that blocks its event loop")
def blocks() -> StepList:
    """One step."""
    return begin >> block


@inputstep("Answer")
def answer() -> FormGenerator:
    """Ask a person to confirm."""

    class Answer(FormPage):
        report: ReadOnly[str] = "All interfaces are up."

    yield Answer
    return {}


@workflow("One question to a person")
def question() -> StepList:
    """A form and nothing else."""
    return begin >> answer
