"""The steps that configure, compare and remove an L2VPN on its devices, with the playbook ``l2vpn.yml``."""

from collections.abc import Mapping
from typing import Any

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.demo.playbook_steps import (
    COMPARE,
    confirm_changes,
    judge_comparison,
    judge_dry_run,
    judge_run,
    order_playbook,
    playbook_step,
)
from orchestrator_gql.demo.products import L2vpnProvisioning
from orchestrator_gql.types import State

REMOVE = {"state": "absent"}


@step("Show what would change")
def run_dry(
    subscription: L2vpnProvisioning, callback_url: str, progress_url: str, let_playbook_fail: bool = False
) -> State:
    """Start a dry run of the playbook."""
    switches = {"dry_run": True, "fail": let_playbook_fail}
    return {"dry_run_job_id": _start_playbook(subscription, switches, callback_url, progress_url)}


@step("Configure the devices")
def run_for_good(
    subscription: L2vpnProvisioning, callback_url: str, progress_url: str, let_playbook_fail: bool = False
) -> State:
    """Start the playbook, which makes the changes."""
    switches = {"dry_run": False, "fail": let_playbook_fail}
    return {"job_id": _start_playbook(subscription, switches, callback_url, progress_url)}


@step("Compare with the devices")
def run_comparison(subscription: L2vpnProvisioning, callback_url: str, progress_url: str) -> State:
    """Start a dry run of the playbook that fails if it would change something."""
    return {"comparison_job_id": _start_playbook(subscription, COMPARE, callback_url, progress_url)}


@step("Show what would be removed")
def remove_dry(subscription: L2vpnProvisioning, callback_url: str, progress_url: str) -> State:
    """Start a dry run of the removal."""
    return {"dry_run_job_id": _start_playbook(subscription, REMOVE | {"dry_run": True}, callback_url, progress_url)}


@step("Remove it from the devices")
def remove_for_good(subscription: L2vpnProvisioning, callback_url: str, progress_url: str) -> State:
    """Start the playbook, which removes the circuit."""
    return {"job_id": _start_playbook(subscription, REMOVE | {"dry_run": False}, callback_url, progress_url)}


def _start_playbook(
    subscription: L2vpnProvisioning, switches: Mapping[str, object], callback_url: str, progress_url: str
) -> str:
    saps = subscription.virtual_circuit.saps
    variables = {**circuit_variables(subscription), **switches}
    devices = [sap.port.node.node_name for sap in saps]
    return order_playbook("l2vpn.yml", devices, variables, callback_url, progress_url)


def circuit_variables(subscription: L2vpnProvisioning) -> dict[str, Any]:
    """The variables of the playbook that describe the circuit."""
    circuit = subscription.virtual_circuit
    first, second, *more = circuit.saps
    variables = {
        "circuit": str(subscription.subscription_id)[-8:],
        "vlan": first.vlan,
        "speed": circuit.service_speed,
        "SiteA": first.port.node.node_name,
        "interfaceA": first.port.port_name,
        "SiteB": second.port.node.node_name,
        "interfaceB": second.port.port_name,
    }
    if more:
        variables["more_sites"] = [{"node": sap.port.node.node_name, "interface": sap.port.port_name} for sap in more]
    return variables


def dry_run() -> StepList:
    """The dry run of the playbook, and a person's agreement to the planned changes."""
    return (
        begin
        >> playbook_step("Dry run", action_step=run_dry, validate_step=judge_dry_run, result_key="dry_run_result")
        >> confirm_changes
    )


def configuration() -> StepList:
    """A dry run, a person's agreement, and the run of the playbook."""
    return dry_run() >> playbook_step("Provisioning", action_step=run_for_good, validate_step=judge_run)


def comparison() -> StepList:
    """The comparison of the devices with the model."""
    return playbook_step(
        "Comparison", action_step=run_comparison, validate_step=judge_comparison, result_key="comparison"
    )


def removal() -> StepList:
    """A dry run of the removal, a person's agreement, and the removal."""
    return (
        begin
        >> playbook_step("Dry run", action_step=remove_dry, validate_step=judge_dry_run, result_key="dry_run_result")
        >> confirm_changes
        >> playbook_step("Removal", action_step=remove_for_good, validate_step=judge_run)
    )
