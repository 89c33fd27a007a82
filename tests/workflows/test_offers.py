"""Which products a workflow is for: the named ones, or those of the models that its steps and its form take."""

from collections.abc import Callable
from typing import Any

import pytest
from support.network import CIRCUIT, MONITOR, NODE, PORT, Circuit, Node, Port

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.domain import SubscriptionModel, products
from orchestrator_gql.forms import FormPage
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, SubscriptionLifecycle
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflows.offers import products_of, statuses_of
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    reconcile_workflow,
    task,
    terminate_workflow,
    validate_workflow,
)

KINDS = [create_workflow, modify_workflow, terminate_workflow, validate_workflow, reconcile_workflow]
NETWORK = (NODE, PORT, CIRCUIT, MONITOR)


def takes_node(subscription: Node) -> None: ...


def takes_either(subscription: Node | Port | None) -> None: ...


def takes_many(subscription: list[Circuit]) -> None: ...


def takes_node_and_port(subscription: Port, node: Node) -> None: ...


def takes_others(circuit: Circuit, nodes: list[Node]) -> None: ...


def takes_any(subscription: SubscriptionModel, state: dict[str, Any]) -> None: ...


def takes_id(subscription_id: Node) -> None: ...


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (takes_node, {NODE}),
        (takes_either, {NODE, PORT}),
        (takes_many, {CIRCUIT}),
        (takes_node_and_port, {PORT}),
        (takes_others, {CIRCUIT, NODE}),
        (takes_id, {NODE}),
        (takes_any, set(NETWORK)),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_annotations_say_which_products_a_workflow_is_for(
    kind: Callable[..., Any], function: Callable[..., Any], expected: set[Any]
) -> None:
    def body() -> StepList:
        return begin >> step("Do it")(function)

    found = {facts.name for facts in products_of(kind("Do it")(body))}

    assert found & {facts.name for facts in NETWORK} == {facts.name for facts in expected}
    if function is takes_any:
        assert found == {product.facts.name for product in products.all()}


def test_the_start_form_decides_before_the_steps_and_names_have_the_last_word() -> None:
    def start_form(subscription: Port) -> FormGenerator:
        yield FormPage
        return {}

    @inputstep("Ask")
    def ask(subscription: Node | Port) -> FormGenerator:
        yield FormPage
        return {}

    def body() -> StepList:
        return begin >> ask

    assert set(products_of(modify_workflow("x")(body))) == {NODE, PORT}
    assert products_of(modify_workflow("x", initial_input_form=start_form)(body)) == [PORT]
    assert products_of(modify_workflow("x", products=[CIRCUIT.name])(body)) == [CIRCUIT]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_product_is_refused_at_import(kind: Callable[..., Any]) -> None:
    with pytest.raises(WorkflowDefinitionError, match="no product 'Nod'"):
        kind("x", products=["Nod"])(lambda: begin)


def test_the_statuses_are_those_of_the_target_unless_the_author_says_otherwise() -> None:
    def body() -> StepList:
        return begin

    every = set(SubscriptionLifecycle)
    assert statuses_of(modify_workflow("x")(body)) == {SubscriptionLifecycle.ACTIVE}
    assert statuses_of(reconcile_workflow("x")(body)) == {SubscriptionLifecycle.ACTIVE}
    assert statuses_of(reconcile_workflow("x", statuses=every)(body)) == every
    assert statuses_of(terminate_workflow("x")(body)) == every - {SubscriptionLifecycle.TERMINATED}
    assert statuses_of(modify_workflow("x", statuses=every)(body)) == every
    assert statuses_of(create_workflow("x")(body)) == statuses_of(task("x")(body)) == set()
    assert task("x")(body).target is Target.SYSTEM
