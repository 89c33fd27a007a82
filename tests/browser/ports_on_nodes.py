"""Ports that use the nodes of `network_of_nodes.py`: workflows of browser tests. A person confirms a new name."""

from uuid import UUID

from network_of_nodes import Node, NodeBlock, NodeBlockInactive

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow, terminate_workflow

ACTIVE = SubscriptionLifecycle.ACTIVE


class PortBlockInactive(ProductBlockModel, product_block_name="A port"):
    port_name: str | None = None
    node: NodeBlockInactive | None = None


class PortBlock(PortBlockInactive, lifecycle=[ACTIVE]):
    port_name: str
    node: NodeBlock


class PortInactive(SubscriptionModel, is_base=True):
    port: PortBlockInactive


class Port(PortInactive, lifecycle=[ACTIVE]):
    port: PortBlock


PRODUCT = register_product(name="A port", model=Port)


def ask_port() -> FormGenerator:
    class PortPage(FormPage):
        node: UUID
        port_name: str

    answer = yield PortPage
    return {"node": answer.node, "port_name": answer.port_name}


@step("Construct the port")
def construct_port(product: UUID, node: Node, port_name: str) -> State:
    subscription = PortInactive.from_product_id(
        product, "uva", description=f"Port {port_name} of {node.node.node_name}"
    )
    subscription.port.port_name = port_name
    subscription.port.node = node.node
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@create_workflow("Create a port", initial_input_form=ask_port, products=[PRODUCT.name])
def create_port() -> StepList:
    return begin >> construct_port


def ask_port_name(subscription: Port) -> FormGenerator:
    class PortNamePage(FormPage):
        port_name: str = subscription.port.port_name

    answer = yield PortNamePage
    return {"port_name": answer.port_name}


@step("Rename the port")
def rename_it(subscription: Port, port_name: str) -> State:
    subscription.port.port_name = port_name
    subscription.description = f"Port {port_name} of {subscription.port.node.node_name}"
    return {"subscription": subscription}


@inputstep("Confirm the new name", assignee=Assignee("NOC"))
def confirm_name(port_name: str) -> FormGenerator:
    class ConfirmPage(FormPage):
        pass

    yield ConfirmPage
    return {}


@modify_workflow("Rename a port", initial_input_form=ask_port_name, title="Rename to {port_name}")
def rename_port() -> StepList:
    return begin >> rename_it >> confirm_name


@step("Look at the node")
def look_at(subscription: Node) -> None:
    """Nothing is done."""


@terminate_workflow("Remove a node")
def terminate_node() -> StepList:
    return begin >> look_at
