"""Nodes that a person creates and changes: the workflows of the test of the search in a start form."""

from typing import Any
from uuid import UUID

from pydantic_forms.validators import Choice

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.workflow import workflow
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow

ACTIVE = SubscriptionLifecycle.ACTIVE


class NodeBlockInactive(ProductBlockModel, product_block_name="A node"):
    node_name: str | None = None


class NodeBlock(NodeBlockInactive, lifecycle=[ACTIVE]):
    node_name: str


class NodeInactive(SubscriptionModel, is_base=True):
    node: NodeBlockInactive


class Node(NodeInactive, lifecycle=[ACTIVE]):
    node: NodeBlock


PRODUCT = register_product(name="A node", model=Node)


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


@create_workflow("Create a node", initial_input_form=ask_name, products=[PRODUCT.name])
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
