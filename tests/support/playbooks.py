"""Workflows for many tests: one job of a remote service and its validation, or any steps."""

from typing import Any

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import StepList, Workflow, workflow
from support.remote import Remote


@step("Judge the result")
def judge(callback_result: dict[str, Any]) -> State:
    """Fail unless the return code of the playbook is 0."""
    if callback_result["rc"] != 0:
        raise ProcessFailureError("The playbook failed.", details={"rc": callback_result["rc"]})
    return {"changed": callback_result.get("changed", 0)}


def calls(remote: Remote, **waits: Any) -> Workflow:
    """A workflow with one job of the remote service and its validation."""

    @workflow("Run a playbook")
    def run_playbook() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge, **waits)

    return run_playbook


def of(*steps: Any, name: str = "steps") -> Workflow:
    """A workflow of these steps."""

    def listed() -> StepList:
        step_list = begin
        for item in steps:
            step_list = step_list >> item
        return step_list

    listed.__name__ = name
    return workflow("Steps")(listed)
