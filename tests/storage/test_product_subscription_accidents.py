"""Accidents between processes on the same product subscriptions, in both orders, on both databases."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection, update
from support.engine import Engine
from support.network import (
    Gate,
    Node,
    Port,
    PortInactive,
    begun,
    create_node,
    create_port,
    failing,
    lock_of,
    made,
    model_of,
    modifies,
    order_form,
    rename,
    rested,
    run,
    validates,
)
from support.operator import ADA
from support.stage import named

from orchestrator_gql import StepList, begin, retrystep, step
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.process import Process
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.storage.tables import products
from orchestrator_gql.types import ProcessStatus, State, StepStatus, SubscriptionLifecycle
from orchestrator_gql.workflows.utils import create_workflow, terminate_workflow

ACTIVE, DISABLED, TERMINATED = (
    SubscriptionLifecycle.ACTIVE,
    SubscriptionLifecycle.DISABLED,
    SubscriptionLifecycle.TERMINATED,
)
COMPLETED, FAILED = ProcessStatus.COMPLETED, ProcessStatus.FAILED


@step("Set the status")
def become(subscription: SubscriptionModel, status: SubscriptionLifecycle) -> State:
    return {"subscription": SubscriptionModel.from_other_lifecycle(subscription, status)}


RENAME, BECOME = modifies(Node, rename), named("become", become)


def failure_of(process: Process) -> tuple[str, str]:
    """The code and the message of the failure of the process."""
    assert process.failure is not None
    return process.failure.code, process.failure.message


async def waiting(engine: Engine, process_id: UUID) -> Process:
    """The process once it waits for its next try."""
    return await engine.reaches(process_id, ProcessStatus.WAITING)


@pytest.mark.parametrize("is_held", [False, True])
async def test_a_refused_save_counts_as_a_failed_try_of_a_retrystep(offer: Offer, is_held: bool) -> None:
    gate, other = Gate(), Gate()

    @retrystep("Correct it", attempts=3, delay=10, factor=1.0)
    async def correct(subscription: Node) -> State:
        await gate.passed()
        subscription.description = f"corrected {subscription.node.node_name}"
        return {"subscription": subscription}

    @step("Hold it")
    async def hold() -> None:
        if is_held:
            await other.passed()

    engine = await offer(create_node, check := validates(Node, correct), change := modifies(Node, hold, rename))
    node = await made(engine, create_node)
    validation = await begun(engine, check, subscription_id=node)
    await gate.reached.wait()
    modification = await begun(engine, change, subscription_id=node, name="utr-1")
    await (other.reached.wait() if is_held else engine.reaches(modification, COMPLETED))
    gate.opened.set()
    refused = await waiting(engine, validation)
    other.opened.set()
    await engine.reaches(modification, COMPLETED)
    engine.turn(11)
    await engine.reaches(validation, COMPLETED)

    assert refused.execution is not None
    assert refused.execution.failure is not None
    assert refused.execution.failure.code == ("subscription-locked" if is_held else "subscription-stale")
    model = await model_of(engine, node)
    assert (model["node"]["node_name"], model["description"]) == ("utr-1", "corrected utr-1")
    (execution,) = [each for each in await engine.steps(validation) if each.name == "Correct it"]
    assert (execution.status, execution.try_count) == (StepStatus.SUCCESS, 2)


@pytest.mark.one_dispatcher
async def test_a_retrystep_whose_save_is_always_refused_fails_after_its_last_try(offer: Offer) -> None:
    @retrystep("Refer to nothing", attempts=2, delay=10)
    def refer(subscription: Port) -> State:
        owner = subscription.port.node.owner_subscription_id
        subscription.port.node = type(subscription.port.node).new(subscription_id=owner, node_name="made up")
        return {"subscription": subscription}

    engine = await offer(create_node, create_port, change := modifies(Port, refer))
    port = await made(engine, create_port, node=await made(engine, create_node))
    process_id = await begun(engine, change, subscription_id=port)
    await waiting(engine, process_id)
    engine.turn(11)
    failed = await engine.reaches(process_id, FAILED)

    assert failure_of(failed)[0] == "reference-unknown"
    assert failed.execution_at_position is None or failed.execution_at_position.try_count == 2


@pytest.mark.parametrize("ends_first", [True, False])
async def test_a_subscription_that_is_being_terminated_gets_no_new_user(offer: Offer, ends_first: bool) -> None:
    """The network may be changed already when the status is: the new user would stand on nothing."""
    ending, creating = Gate(), Gate()

    @step("Remove it from the network")
    async def remove() -> None:
        await ending.passed()

    @terminate_workflow("Terminate slowly", products=["Node of a network"])
    def terminate_slowly() -> StepList:
        return begin >> remove

    @step("Construct it slowly")
    async def construct(product: UUID, node: Node) -> State:
        await creating.passed()
        port = PortInactive.from_product_id(product, "uva")
        port.port.port_name, port.port.node = "ge-0/0/0", node.node
        return {"subscription": port, "subscription_id": port.subscription_id}

    @create_workflow("Create slowly", initial_input_form=order_form, products=["Port of a network"])
    def create_slowly() -> StepList:
        return begin >> construct

    engine = await offer(create_node, terminate_slowly, create_slowly)
    node = await made(engine, create_node)
    orders: list[tuple[Any, dict[str, str], Gate]] = [
        (terminate_slowly, {"subscription_id": node}, ending),
        (create_slowly, {"node": node}, creating),
    ]
    started = {}
    for workflow, order, gate in orders if ends_first else orders[::-1]:
        started[workflow.name] = await begun(engine, workflow, **order)
        await gate.reached.wait()
    creating.opened.set()
    refused = await engine.reaches(started["create_slowly"], FAILED)
    ending.opened.set()
    await engine.reaches(started["terminate_slowly"], COMPLETED)
    await retry_process(engine.runtime, ADA, process_id=started["create_slowly"])
    again = await rested(engine, started["create_slowly"])

    code, message = failure_of(refused)
    assert code == "reference-ended"
    assert str(started["terminate_slowly"]) in message
    assert "use another one, or abort that process" in message
    assert again.status is FAILED
    assert (await model_of(engine, node))["status"] == TERMINATED


async def test_a_subscription_that_is_being_changed_may_get_a_new_user(offer: Offer) -> None:
    gate = Gate()

    @step("Work")
    async def work() -> None:
        await gate.passed()

    engine = await offer(create_node, create_port, change := modifies(Node, work, rename))
    node = await made(engine, create_node)
    process_id = await begun(engine, change, subscription_id=node, name="utr-1")
    await gate.reached.wait()
    port = await made(engine, create_port, node=node)
    gate.opened.set()
    await engine.reaches(process_id, COMPLETED)

    assert (await model_of(engine, port))["port"]["node"]["node_name"] == "utr-1"


async def test_a_living_subscription_never_stands_on_a_disabled_one(offer: Offer) -> None:
    engine = await offer(create_node, create_port, BECOME)
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    used = await failing(engine, BECOME, subscription=node, status=DISABLED)
    await run(engine, BECOME, subscription=port, status=DISABLED)
    await run(engine, BECOME, subscription=node, status=DISABLED)
    too_early = await failing(engine, BECOME, subscription=port, status=ACTIVE)
    await run(engine, BECOME, subscription=node, status=ACTIVE)
    await run(engine, BECOME, subscription=port, status=ACTIVE)

    assert failure_of(used)[0] == "subscription-in-use"
    assert failure_of(too_early)[0] == "reference-ended"
    assert "which is disabled: enable it first" in failure_of(too_early)[1]
    assert (await model_of(engine, port))["status"] == ACTIVE


@pytest.mark.parametrize("begins_first", [True, False])
async def test_a_validation_vouches_only_for_changes_before_its_start(offer: Offer, begins_first: bool) -> None:
    gate = Gate()

    @step("Compare")
    async def compare(subscription: Node) -> None:
        await gate.passed()

    @step("Touch the network")
    def touch() -> None:
        raise RuntimeError("The network is away.")

    engine = await offer(create_node, check := validates(Node, compare), change := modifies(Node, touch))
    node = await made(engine, create_node)
    if begins_first:
        validation = await begun(engine, check, subscription_id=node)
        await gate.reached.wait()
    engine.turn(1)
    modification = (await failing(engine, change, subscription_id=node, name="utr-1")).id
    await abort_process(engine.runtime, ADA, process_id=modification)
    engine.turn(1)
    if not begins_first:
        validation = await begun(engine, check, subscription_id=node)
    gate.opened.set()
    await engine.reaches(validation, COMPLETED)

    lock = await lock_of(engine, node)
    assert (lock is not None) is begins_first
    assert lock is None or lock.out_of_sync_by == modification


async def test_a_validation_vouches_only_for_its_own_subscription(offer: Offer) -> None:
    @step("Compare")
    def compare(subscription: Port, node: Node) -> State:
        return {"subscription": subscription, "node": node}

    @step("Name the node")
    def name_node(subscription: Port) -> State:
        return {"node": str(subscription.port.node.owner_subscription_id)}

    @step("Touch the network")
    def touch() -> None:
        raise RuntimeError("The network is away.")

    check, change = validates(Port, name_node, compare), modifies(Node, touch)
    engine = await offer(create_node, create_port, check, change)
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    await abort_process(
        engine.runtime, ADA, process_id=(await failing(engine, change, subscription_id=node, name="x")).id
    )
    await run(engine, check, subscription_id=port)

    assert await lock_of(engine, node) is not None


async def test_a_block_does_not_move_to_another_subscription(offer: Offer) -> None:
    @step("Add a spare")
    def add(subscription: Node) -> State:
        subscription.node.spare = type(subscription.node).new(node_name="spare")
        return {"subscription": subscription}

    @step("Move the spare")
    def move(subscription: Node, other: Node) -> State:
        other.node.spare, subscription.node.spare = subscription.node.spare, None
        return {"subscription": subscription, "other": other}

    engine = await offer(create_node, adds := named("adds", add), moves := named("moves", move))
    node, other = await made(engine, create_node), await made(engine, create_node)
    await run(engine, adds, subscription=node)
    before = [await model_of(engine, id) for id in (node, other)]
    refused = await failing(engine, moves, subscription=node, other=other)

    code, message = failure_of(refused)
    assert code == "reference-unknown"
    assert "Make a new block" in message
    assert [await model_of(engine, id) for id in (node, other)] == before


@pytest.mark.parametrize("is_changed", [True, False])
async def test_a_block_of_another_subscription_that_is_made_from_values_is_compared(
    offer: Offer, is_changed: bool
) -> None:
    @step("Use a copy of the block")
    def use_copy(subscription: Port, node: Node) -> State:
        values = node.node.model_dump() | ({"node_name": "utr-1"} if is_changed else {})
        subscription.port.node = type(node.node)(**values)
        return {"subscription": subscription}

    engine = await offer(create_node, create_port, uses := named("uses", use_copy))
    node, other = await made(engine, create_node), await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    process_id = await begun(engine, uses, subscription=port, node=other)
    process = await rested(engine, process_id)

    assert process.status is (FAILED if is_changed else COMPLETED)
    assert not is_changed or failure_of(process)[0] == "foreign-block"
    owner = (await model_of(engine, port))["port"]["node"]["owner_subscription_id"]
    assert owner == (node if is_changed else other)
    assert (await model_of(engine, other))["node"]["node_name"] == "ams-1"


async def test_of_two_subscriptions_of_a_step_both_are_saved_or_none(offer: Offer) -> None:
    gate = Gate()

    @step("Change both")
    async def change_both(node: Node, other: Node) -> State:
        await gate.passed()
        node.description = other.description = "changed"
        return {"node": node, "other": other}

    engine = await offer(create_node, RENAME, both := named("both", change_both))
    node, other = await made(engine, create_node), await made(engine, create_node)
    process_id = await begun(engine, both, node=node, other=other)
    await gate.reached.wait()
    await run(engine, RENAME, subscription_id=other, name="utr-1")
    gate.opened.set()
    refused = await engine.reaches(process_id, FAILED)
    descriptions = [(await model_of(engine, id))["description"] for id in (node, other)]
    await retry_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, COMPLETED)

    assert failure_of(refused)[0] == "subscription-stale"
    assert "changed" not in descriptions
    assert [(await model_of(engine, id))["description"] for id in (node, other)] == ["changed", "changed"]


@pytest.mark.one_dispatcher
async def test_a_product_that_got_another_id_says_so(offer: Offer) -> None:
    """As after a release that passes another ``product_id``: the name of a stored product is taken."""
    engine = await offer(create_node)
    stored = uuid4()

    def store_before(conn: Connection) -> None:
        facts = {"description": "", "product_type": "", "tag": "", "status": "ACTIVE"}
        conn.execute(update(subscriptions).values(product_id=stored))
        conn.execute(products.delete())
        conn.execute(products.insert(), {"id": stored, "name": "Node of a network", **facts})

    await engine.runtime.database.transaction(store_before)
    code, message = failure_of(await failing(engine, create_node, name="ams-1"))

    assert code == "product-name-taken"
    assert f"pass product_id=UUID('{stored}')" in message
