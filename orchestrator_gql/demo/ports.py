"""The life of a port: create, modify, validate, reconcile, terminate."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic_forms.validators import Choice

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.demo.forms import SpeedChoice
from orchestrator_gql.demo.inventory_steps import comparison, configuration, removal
from orchestrator_gql.demo.network import NETWORK_PORTS, NetworkPort, subscription_id_of
from orchestrator_gql.demo.products import Node, Port, PortInactive, PortProvisioning
from orchestrator_gql.domain import find_subscriptions
from orchestrator_gql.forms import FormPage, SubmitFormPage
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    reconcile_workflow,
    terminate_workflow,
    validate_workflow,
)


def order_form() -> FormGenerator:
    """Ask for a registered node first, then for one of its ports that is not registered yet."""
    nodes = {node.node.node_name: node for node in find_subscriptions(product=Node) if isinstance(node, Node)}
    if not nodes:
        raise StepError("No node is registered yet: run the workflow 'create_node' first.")
    node_choice: Any = Choice.__call__("RegisteredNode", {name: (name, label_of(node)) for name, node in nodes.items()})

    class NodePage(FormPage):
        model_config = ConfigDict(title="On which node?")

        node_name: node_choice = Field(title="Node")

    chosen = yield NodePage
    free = free_ports(nodes[chosen.node_name])
    port_choice: Any = Choice.__call__("FreePort", {key: (key, port.port_name) for key, port in free.items()})

    class PortPage(SubmitFormPage):
        model_config = ConfigDict(title=f"Which port of {chosen.node_name}?")

        port: port_choice = Field(title="Port")
        port_speed: SpeedChoice = Field(SpeedChoice.FAST, title="Speed")

    order = yield PortPage
    return {**order.model_dump(), "node": nodes[chosen.node_name].subscription_id}


def label_of(node: Node) -> str:
    """The node for people: its name, and where it stands."""
    return ", ".join(filter(None, (node.node.node_name, node.node.location)))


def free_ports(node: Node) -> dict[str, NetworkPort]:
    """The ports of the node that have no subscription, by their keys."""
    name = node.node.node_name
    ports = find_subscriptions(product=Port, where={"port.node.node_name": name})
    taken = {port.port.port_name for port in ports if isinstance(port, PortInactive)}
    free = {key: port for key, port in NETWORK_PORTS.items() if port.node_name == name and port.port_name not in taken}
    if not free:
        raise StepError(f"All ports of {name} are registered: choose another node.")
    return free


def change_form(subscription: Port) -> FormGenerator:
    """Ask for another speed; the page shows the current one."""

    class SpeedPage(SubmitFormPage):
        model_config = ConfigDict(title=f"How fast is port {subscription.port.port_name}?")

        port_speed: SpeedChoice = Field(SpeedChoice(str(subscription.port.port_speed)), title="Speed")

    change = yield SpeedPage
    return {**change.model_dump()}


@step("Construct the port")
def construct_port(product: UUID, port: str, port_speed: int, node: Node) -> State:
    """Create the ordered port. It refers to the block of its node, which stays a part of the node's subscription."""
    chosen = NETWORK_PORTS[port]
    subscription = PortProvisioning.from_product_id(
        product,
        customer_id="demo",
        status=SubscriptionLifecycle.PROVISIONING,
        subscription_id=subscription_id_of(chosen.key),
        description=f"Port {chosen.port_name} of {chosen.node_name}",
        port={"port_name": chosen.port_name, "port_speed": port_speed, "node": node.node},
    )
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@step("Change the speed")
def change_speed(subscription: Port, port_speed: int) -> State:
    """Write the new speed into the model; the playbook then writes it to the device."""
    subscription.port.port_speed = port_speed
    return {"subscription": subscription}


@create_workflow("Register a port", initial_input_form=order_form, products=["Port"], title="Port {port}")
def create_port() -> StepList:
    """Register a port of a registered device, and configure it."""
    return begin >> construct_port >> configuration()


@modify_workflow(
    "Change the speed of a port",
    initial_input_form=change_form,
    products=["Port"],
    title="Speed {port_speed} for {subscription.description}",
)
def modify_port() -> StepList:
    """Give a port another speed."""
    return begin >> change_speed >> configuration()


@validate_workflow("Compare a port with its device", products=["Port"])
def validate_port() -> StepList:
    """Fail if the device differs from the model."""
    return begin >> comparison()


@reconcile_workflow("Configure a port again", products=["Port"])
def reconcile_port() -> StepList:
    """Write the configuration of the port again."""
    return begin >> configuration()


@terminate_workflow("Remove a port", products=["Port"])
def terminate_port() -> StepList:
    """Remove a port. It is refused while an L2VPN uses the port."""
    return begin >> removal()
