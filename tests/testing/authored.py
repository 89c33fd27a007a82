"""An author's workflow that the kit tests: a remote service runs a job, a step judges it, a person confirms it."""

from typing import Any

import httpx
from pydantic import BaseModel, Field

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import StepList, workflow


class Answer(BaseModel):
    """The result that the playbook's proxy sends."""

    return_code: int
    output: list[str] = Field(default_factory=list)


@step("Run the playbook")
def run_playbook(callback_url: str, node: str) -> None:
    order = {"playbook_name": "site.yml", "inventory": node, "callback": callback_url}
    httpx.post("http://ansible-proxy/api/playbook/", json=order, timeout=10).raise_for_status()


@step("Judge the result")
def judge(callback_result: dict[str, Any]) -> None:
    if callback_result["return_code"] != 0:
        raise ProcessFailureError("The playbook failed", details=callback_result)


@inputstep("Confirm the result", assignee=Assignee("NOC"))
def confirm(state: State) -> FormGenerator:
    class Confirm(FormPage):
        output: ReadOnly[str] = "\n".join(state["callback_result"].get("output", []))

    yield Confirm
    return {"is_confirmed": True}


def which_node() -> FormGenerator:
    class Node(FormPage):
        node: str

    class Port(FormPage):
        port: int
        note: str = "none"

    first = yield Node
    second = yield Port
    return {**first.model_dump(), **second.model_dump()}


@workflow("Configure a node", initial_input_form=which_node)
def configure_node() -> StepList:
    job = callback_step("Configure", run_playbook, judge, contract=Answer, timeout=86_400)
    return begin >> job >> confirm


PAGES = {"node": "ams-1"}, {"port": 3}
"""The answers to the start form."""
