"""The life of a node: create, modify, validate, reconcile, terminate."""

from uuid import UUID

from pydantic import ConfigDict, Field

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.demo.forms import NodeChoice
from orchestrator_gql.demo.inventory_steps import comparison, configuration, removal
from orchestrator_gql.demo.network import subscription_id_of
from orchestrator_gql.demo.products import Node, NodeProvisioning
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    reconcile_workflow,
    terminate_workflow,
    validate_workflow,
)


def order_form() -> FormGenerator:
    """Ask for the device, and where it stands."""

    class NodePage(SubmitFormPage):
        model_config = ConfigDict(title="Which device?")

        node_name: NodeChoice = Field(title="Device")  # type: ignore[valid-type]
        location: str = Field(title="Location", min_length=1, max_length=60)

    order = yield NodePage
    return {**order.model_dump()}


def change_form(subscription: Node) -> FormGenerator:
    """Ask for another location; the page shows the current one."""

    class LocationPage(SubmitFormPage):
        model_config = ConfigDict(title=f"Where does {subscription.node.node_name} stand?")

        location: str = Field(subscription.node.location or "", title="Location", min_length=1, max_length=60)

    change = yield LocationPage
    return {**change.model_dump()}


@step("Construct the node")
def construct_node(product: UUID, node_name: str, location: str) -> State:
    """Create the ordered node; a device can be ordered once."""
    subscription = NodeProvisioning.from_product_id(
        product,
        customer_id="demo",
        status=SubscriptionLifecycle.PROVISIONING,
        subscription_id=subscription_id_of(node_name),
        description=f"Node {node_name}",
        node={"node_name": node_name, "location": location},
    )
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@step("Change the location")
def change_location(subscription: Node, location: str) -> State:
    """Write the new location into the model; the playbook then writes it to the device."""
    subscription.node.location = location
    return {"subscription": subscription}


@create_workflow("Register a node", initial_input_form=order_form, products=["Node"], title="Node {node_name}")
def create_node() -> StepList:
    """Register a device, and write its name and location to it."""
    return begin >> construct_node >> configuration()


@modify_workflow(
    "Move a node",
    initial_input_form=change_form,
    products=["Node"],
    title="Move {subscription.description} to {location}",
)
def modify_node() -> StepList:
    """Give a device another location."""
    return begin >> change_location >> configuration()


@validate_workflow("Compare a node with its device", products=["Node"])
def validate_node() -> StepList:
    """Fail if the device differs from the model."""
    return begin >> comparison()


@reconcile_workflow("Configure a node again", products=["Node"])
def reconcile_node() -> StepList:
    """Write the configuration of the device again."""
    return begin >> configuration()


@terminate_workflow("Remove a node", products=["Node"])
def terminate_node() -> StepList:
    """Remove a device. It is refused while the device has ports."""
    return begin >> removal()
