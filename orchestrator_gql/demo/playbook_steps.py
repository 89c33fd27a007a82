"""Steps that the demo's workflows share: order a playbook at the proxy, judge its result, and ask a person.

Every change of the network is a callback step: the action orders a playbook and hands out the callback URL, the process
waits without holding anything open, and the validation judges the result that the playbook sent.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from orchestrator_gql import StepList, callback_step, inputstep, step
from orchestrator_gql.callbacks.lso import LsoPlaybookResult
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.demo.forms import result_page
from orchestrator_gql.demo.products import L2vpnProvisioning, NodeProvisioning, PortProvisioning
from orchestrator_gql.demo.proxy_client import ask_proxy
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Step

PLAYBOOK_TIMEOUT = timedelta(minutes=10)
"""The time that a playbook may take; without a timeout the deployment's default of a day would apply."""

NOC = Assignee("NOC")

COMPARE = {"dry_run": True, "compare": True}
"""The switches that let a playbook only compare: it changes nothing, and fails if it would change something."""


def order_playbook(
    playbook: str, devices: Sequence[str], variables: Mapping[str, Any], callback_url: str, progress_url: str
) -> str:
    """Start the playbook at the proxy and return the id of its job; the result comes to the callback."""
    order = {
        "playbook_name": playbook,
        "inventory": "\n".join(dict.fromkeys(devices)),
        "extra_vars": dict(variables),
        "callback": callback_url,
        "progress": progress_url,
    }
    return str(ask_proxy("POST", "/api/playbook/", order)["job_id"])


def playbook_step(
    name: str, *, action_step: Step, validate_step: Step, result_key: str = "callback_result"
) -> StepList:
    """A callback step whose result is that of a playbook."""
    return callback_step(
        name=name,
        action_step=action_step,
        validate_step=validate_step,
        result_key=result_key,
        timeout=PLAYBOOK_TIMEOUT,
        contract=LsoPlaybookResult,
    )


@step("Judge the dry run")
def judge_dry_run(dry_run_result: dict[str, Any]) -> State:
    """Fail if the playbook failed."""
    return {"dry_run_result": _checked_result(dry_run_result, "The dry run")}


@step("Judge the run")
def judge_run(callback_result: dict[str, Any]) -> State:
    """Fail if the playbook failed."""
    return {"callback_result": _checked_result(callback_result, "The playbook")}


@step("Judge the comparison")
def judge_comparison(
    comparison: dict[str, Any], subscription: L2vpnProvisioning | NodeProvisioning | PortProvisioning
) -> State:
    """Fail if a device differs from the model; the failure shows the difference."""
    if difference := difference_in(comparison["output"]):
        message = "The devices differ from the model: reconcile the subscription, or modify it."
        if not subscription.insync:  # a validation may run beside a change
            message = (
                "The devices differ from the model, and the subscription is not in sync. If a process holds it, the "
                "process may be changing the devices now: wait until it ends, then validate again. If no process holds "
                "it, reconcile it."
            )
        raise ProcessFailureError(message=message, details={"difference": difference})
    return {"comparison": _checked_result(comparison, "The comparison")}


def difference_in(output: Sequence[str]) -> list[str]:
    """The lines of a playbook's output that show what it would change: ``-`` is on the device, ``+`` in the model."""
    return [line for line in output if line.startswith(("+", "-", "@@"))]


def _checked_result(callback_result: dict[str, Any], what: str) -> dict[str, Any]:
    if callback_result["return_code"] != 0:
        message = f"{what} ended with return code {callback_result['return_code']}."
        raise ProcessFailureError(message=message, details=callback_result)
    return callback_result


@inputstep("Confirm the changes", assignee=NOC)
def confirm_changes(dry_run_result: dict[str, Any]) -> FormGenerator:
    """Show the planned changes; nothing is changed before a person agrees."""
    yield result_page("These changes will be made", "Make the changes", dry_run_result)
    return {}


@inputstep("Confirm the result", assignee=NOC)
def confirm_result(callback_result: dict[str, Any]) -> FormGenerator:
    """Show the changes; the circuit goes into service after a person agrees."""
    yield result_page("These changes were made", "Put into service", callback_result)
    return {}
