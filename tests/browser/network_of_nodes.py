"""Nodes, and ports that use them, which a person creates and changes: workflows of browser tests."""

from typing import Any
from uuid import UUID

from pydantic_forms.validators import Choice
from support.nodes_and_ports import NODE, PORT, Node, NodeInactive, Port, PortInactive

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, SubmitFormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow, terminate_workflow


def ask_name() -> FormGenerator:
    class NamePage(SubmitFormPage):
        node_name: str

    answer = yield NamePage
    return {"node_name": answer.node_name}


@step("Construct the node")
def construct(product: UUID, node_name: str) -> State:
    subscription = NodeInactive.from_product_id(product, "uva", description=f"Node {node_name}")
    subscription.node.node_name = node_name
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@step("Rename the node")
def rename(subscription: Node, node_name: str) -> State:
    subscription.node.node_name = node_name
    return {"subscription": subscription}


@create_workflow("Create a node", initial_input_form=ask_name, products=[NODE.name])
def create_node() -> StepList:
    return begin >> construct


def ask_new_name(subscription: Node) -> FormGenerator:
    class NewNamePage(SubmitFormPage):
        node_name: str = subscription.node.node_name

    answer = yield NewNamePage
    return {"node_name": answer.node_name}


@modify_workflow("Rename a node", initial_input_form=ask_new_name)
def rename_node() -> StepList:
    return begin >> rename


Place: Any = Choice.__call__("Place", [("ams", ("ams", "Amsterdam")), ("utr", ("utr", "Utrecht"))])


def ask_places() -> FormGenerator:
    class PlacesPage(SubmitFormPage):
        from_place: Place
        to_place: Place

    answer = yield PlacesPage
    return {"from_place": answer.from_place, "to_place": answer.to_place}


@workflow("Move a rack", initial_input_form=ask_places, title="A rack from {from_place} to {to_place}")
def move_rack() -> StepList:
    return begin


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


@create_workflow("Create a port", initial_input_form=ask_port, products=[PORT.name])
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
