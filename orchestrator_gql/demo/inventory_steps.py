"""The steps that write nodes and ports into the configuration of their device, with the playbook ``inventory.yml``."""

from collections.abc import Mapping

from orchestrator_gql import StepList, step
from orchestrator_gql.demo.playbook_steps import COMPARE, judge_comparison, judge_run, order_playbook, playbook_step
from orchestrator_gql.demo.products import NodeProvisioning, PortProvisioning
from orchestrator_gql.types import State

Item = NodeProvisioning | PortProvisioning
"""A node or a port, in service or on the way to it."""


@step("Configure the device")
def configure(subscription: NodeProvisioning | PortProvisioning, callback_url: str, progress_url: str) -> State:
    """Start the playbook, which writes the node or the port."""
    return {"job_id": _order(subscription, {}, callback_url, progress_url)}


@step("Remove it from the device")
def remove(subscription: NodeProvisioning | PortProvisioning, callback_url: str, progress_url: str) -> State:
    """Start the playbook, which removes the node or the port."""
    return {"job_id": _order(subscription, {"state": "absent"}, callback_url, progress_url)}


@step("Compare with the device")
def compare(subscription: NodeProvisioning | PortProvisioning, callback_url: str, progress_url: str) -> State:
    """Start a dry run of the playbook that fails if it would change something."""
    return {"comparison_job_id": _order(subscription, COMPARE, callback_url, progress_url)}


def _order(item: Item, switches: Mapping[str, object], callback_url: str, progress_url: str) -> str:
    node = item.node if isinstance(item, NodeProvisioning) else item.port.node
    variables = {**_block_of(item), **switches}
    return order_playbook("inventory.yml", [node.node_name], variables, callback_url, progress_url)


def _block_of(item: Item) -> dict[str, object]:
    """The block of the configuration that describes the node or the port."""
    if isinstance(item, NodeProvisioning):
        name, location = item.node.node_name, item.node.location
        return {"block_name": f"node {name}", "lines": [f"hostname {name}", f"location {location or 'unknown'}"]}
    name, speed = item.port.port_name, item.port.port_speed
    return {"block_name": f"port {name}", "lines": [f"interface {name}", f"  speed {speed or 'auto'}"]}


def configuration() -> StepList:
    """The run of the playbook."""
    return playbook_step("Configuration", action_step=configure, validate_step=judge_run)


def comparison() -> StepList:
    """The comparison of the device with the model."""
    return playbook_step("Comparison", action_step=compare, validate_step=judge_comparison, result_key="comparison")


def removal() -> StepList:
    """The removal by the playbook."""
    return playbook_step("Removal", action_step=remove, validate_step=judge_run)
