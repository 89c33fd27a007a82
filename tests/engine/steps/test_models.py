"""Which product subscription a parameter gets, and which gets None because there is none."""

from typing import Any
from uuid import uuid4

import pytest
from conftest import Offer
from support.network import NODE, Node, NodeInactive, create_node, failing, made, run
from support.stage import named

from orchestrator_gql import begin, step
from orchestrator_gql.types import State


@step("Look")
def look(node: Node | None) -> State:
    return {"seen": node.node.node_name if node is not None else None}


@step("Look at the default")
def look_at_default(node: Node | None = None) -> State:
    return {"seen": node.node.node_name if node is not None else None}


@step("Demand it")
def demand(node: Node) -> None: ...


@step("Demand all")
def demand_all(nodes: list[Node]) -> None: ...


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("function", [look, look_at_default])
@pytest.mark.parametrize(("what", "expected"), [("made", "ams-1"), ("unknown", None), ("none", None)])
async def test_a_parameter_that_may_be_none_is_none_if_there_is_no_such_subscription(
    offer: Offer, function: Any, what: str, expected: str | None
) -> None:
    engine = await offer(create_node, looks := named("looks", function))
    node = {"made": await made(engine, create_node), "unknown": str(uuid4()), "none": None}[what]

    process = await run(engine, looks, node=node)

    assert process.state["seen"] == expected


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(("function", "key"), [(demand, "node"), (demand_all, "nodes")])
async def test_another_parameter_fails_its_step_if_there_is_no_such_subscription(
    offer: Offer, function: Any, key: str
) -> None:
    engine = await offer(create_node, looks := named("looks", function))
    unknown = str(uuid4())

    process = await failing(engine, looks, **{key: [unknown] if key == "nodes" else unknown})

    assert process.failure is not None
    assert process.failure.code == "bad-argument"
    assert f"There is no product subscription {unknown}" in process.failure.message


@pytest.mark.one_dispatcher
async def test_a_subscription_of_another_status_is_not_taken_for_none(offer: Offer) -> None:
    @step("Construct")
    def construct(node: str) -> State:
        return {"made": NodeInactive.from_product_id(NODE.product_id, "uva", subscription_id=node)}

    engine = await offer(looks := named("looks", begin >> construct >> look))
    process = await failing(engine, looks, node=str(uuid4()))

    assert process.failure is not None
    assert process.failure.code == "lifecycle-mismatch"
