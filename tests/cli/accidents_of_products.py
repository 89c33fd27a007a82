"""The workflows of `test_product_accidents`: a node that is changed by a remote service, and its ports."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from support.network import Node, Port, create_node, create_port, modifies, terminates

from orchestrator_gql import callback_step, step
from orchestrator_gql.types import State

__all__ = ["change_node", "create_node", "create_port", "terminate_node", "terminate_port"]


@step("Order the change")
def order(subscription: Node, callback_url: str) -> State:
    """Leave the URL where the test finds it."""
    Path("callback-url").write_text(callback_url)
    return {}


@step("Store the name")
def store(subscription: Node, callback_result: dict[str, Any]) -> State:
    """Store the name that the remote service sent."""
    subscription.node.node_name = callback_result["name"]
    return {"subscription": subscription}


change_node = modifies(
    Node,
    callback_step(name="Change", action_step=order, validate_step=store, timeout=timedelta(hours=1)),
)
terminate_node, terminate_port = terminates(Node), terminates(Port)
