"""Workflows for many tests: one job of a remote service and its validation, or any steps."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import StepList, Workflow, workflow
from support.engine import Engine
from support.remote import Remote

if TYPE_CHECKING:
    from conftest import Offer


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


async def waiting_call(offer: "Offer", **waits: Any) -> tuple[Engine, UUID, str]:
    """A process of `calls` that waits for its job, and the token of the job."""
    remote = Remote()
    engine = await offer(flow := calls(remote, **waits))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    return engine, process_id, token


def of(*steps: Any, name: str = "steps") -> Workflow:
    """A workflow of these steps."""

    def listed() -> StepList:
        step_list = begin
        for item in steps:
            step_list = step_list >> item
        return step_list

    listed.__name__ = name
    return workflow("Steps")(listed)
