"""Configure a node by a remote service, and let a person confirm the result."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import BaseModel
from pydantic_forms.validators import LongText

from orchestrator_gql import StepList, begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

SERVICE = os.environ.get("NODE_SERVICE", "http://127.0.0.1:8001")
FOLDER = Path(__file__).parent
COMMANDS = {"ansible": ["ansible-playbook", "configure.yml"], "shell": ["./configure.sh"]}


class Result(BaseModel):
    """What a service delivers. Another body is refused with 422, and the service can correct it."""

    return_code: int
    output: list[str]


def what_to_configure() -> FormGenerator:
    """Ask for the node and the service."""

    class NodePage(SubmitFormPage):
        node: str
        service: Literal["python", "ansible", "shell"] = "python"

    answer = yield NodePage
    return {**answer.model_dump()}


@step("Start the job")
def start_job(service: str, node: str, callback_url: str) -> None:
    """Start the job and return at once. The job gets the URL by a request, or by its environment."""
    if service == "python":
        httpx.post(f"{SERVICE}/jobs", json={"node": node, "callback": callback_url}, timeout=10).raise_for_status()
    else:
        job = {**os.environ, "LC_ALL": "C.UTF-8", "NODE": node, "CALLBACK_URL": callback_url}
        subprocess.Popen(COMMANDS[service], cwd=FOLDER, env=job, start_new_session=True)


@step("Judge the result")
def judge(callback_result: dict[str, Any]) -> None:
    """Fail the process if the job failed."""
    if callback_result["return_code"] != 0:
        raise ProcessFailureError("The job failed", details=callback_result)


@inputstep("Confirm the result", assignee=Assignee("NOC"))
def confirm(callback_result: dict[str, Any]) -> FormGenerator:
    """Show the result to a person, who confirms it."""

    class ConfirmPage(SubmitFormPage):
        output: ReadOnly[LongText] = LongText(json.dumps(callback_result, indent=2))

    yield ConfirmPage
    return {}


@workflow("Configure a node", initial_input_form=what_to_configure, title="Configure {node} by {service}")
def configure_node() -> StepList:
    """Configure a node."""
    return begin >> callback_step("Configure", start_job, judge, contract=Result, timeout=600) >> confirm
