"""What a step may save of a product subscription, on both databases: no change is ever lost, no reference breaks."""

import asyncio
from contextlib import suppress
from contextvars import ContextVar
from itertools import pairwise
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeVar
from uuid import UUID

import pytest
from conftest import Offer
from pydantic import computed_field
from sqlalchemy import Connection, update
from support.engine import Engine
from support.network import (
    NODE,
    Circuit,
    CircuitInactive,
    Gate,
    Monitor,
    Node,
    NodeBlock,
    NodeInactive,
    Port,
    begun,
    create_circuit,
    create_monitor,
    create_node,
    create_port,
    document_of,
    failing,
    lock_of,
    made,
    model_of,
    modifies,
    order_form,
    rename,
    run,
    terminates,
    validates,
)
from support.stage import named

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, documents_of, register_product
from orchestrator_gql.process import Process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.product_subscription_saves import save_all
from orchestrator_gql.storage.tables import product_subscription_versions
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.targets import Target
from orchestrator_gql.types import EventKind, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.workflows.utils import create_workflow

M = TypeVar("M", bound=SubscriptionModel)
COMPLETED, FAILED = ProcessStatus.COMPLETED, ProcessStatus.FAILED
ACTIVE, DISABLED, TERMINATED = (
    SubscriptionLifecycle.ACTIVE,
    SubscriptionLifecycle.DISABLED,
    SubscriptionLifecycle.TERMINATED,
)


def code_of(process: Process) -> str:
    """The code of the failure of the process."""
    assert process.failure is not None
    return process.failure.code


@pytest.mark.parametrize("returns_it", [True, False])
async def test_a_validation_that_began_before_a_modify_ended_does_not_undo_it(offer: Offer, returns_it: bool) -> None:
    gate = Gate()

    @step("Compare with the network")
    async def compare(subscription: Node) -> State:
        await gate.passed()
        return {"subscription": subscription} if returns_it else {}

    engine = await offer(create_node, check := validates(Node, compare), change := modifies(Node, rename))
    node = await made(engine, create_node)
    validation = await begun(engine, check, subscription_id=node)
    await gate.reached.wait()
    modification = await begun(engine, change, subscription_id=node, name="utr-1")
    await engine.reaches(modification, COMPLETED)
    version = (await model_of(engine, node))["version"]
    gate.opened.set()
    await engine.reaches(validation, COMPLETED)

    model = await model_of(engine, node)
    assert (model["node"]["node_name"], model["version"], model["insync"]) == ("utr-1", version, True)


async def test_a_change_of_an_older_version_is_refused_and_names_both_processes(offer: Offer) -> None:
    gate = Gate()

    @step("Correct the name")
    async def correct(subscription: Node) -> State:
        name = subscription.node.node_name
        await gate.passed()
        subscription.node.spare = None
        subscription.description = f"corrected {name}"
        return {"subscription": subscription}

    engine = await offer(create_node, check := validates(Node, correct), change := modifies(Node, rename))
    node = await made(engine, create_node)
    validation = await begun(engine, check, subscription_id=node)
    await gate.reached.wait()
    modification = await begun(engine, change, subscription_id=node, name="utr-1")
    await engine.reaches(modification, COMPLETED)
    gate.opened.set()
    stale = await engine.reaches(validation, FAILED)

    assert code_of(stale) == "subscription-stale"
    assert stale.failure is not None
    assert str(validation) in stale.failure.message
    assert str(modification) in stale.failure.message
    assert (await model_of(engine, node))["node"]["node_name"] == "utr-1"
    await retry_process(engine.runtime, LOCAL_OPERATOR, process_id=validation)
    await engine.reaches(validation, COMPLETED)
    model = await model_of(engine, node)
    assert (model["node"]["node_name"], model["description"]) == ("utr-1", "corrected utr-1")


async def test_a_change_is_refused_while_another_process_holds_the_subscription(offer: Offer) -> None:
    gate = Gate()

    @step("Work for long")
    async def work() -> None:
        await gate.passed()

    @step("Correct the name")
    def correct(subscription: Node) -> State:
        subscription.node.node_name = "corrected"
        return {"subscription": subscription}

    engine = await offer(create_node, check := validates(Node, correct), change := modifies(Node, work, rename))
    node = await made(engine, create_node)
    modification = await begun(engine, change, subscription_id=node, name="utr-1")
    await gate.reached.wait()
    refused = await failing(engine, check, subscription_id=node)
    gate.opened.set()
    await engine.reaches(modification, COMPLETED)

    assert code_of(refused) == "subscription-locked"
    assert refused.failure is not None
    assert str(modification) in refused.failure.message
    assert (await model_of(engine, node))["node"]["node_name"] == "utr-1"


@pytest.mark.one_dispatcher
async def test_an_untouched_model_writes_nothing(offer: Offer) -> None:
    @step("Return it in many ways")
    def give_back(subscription: Node) -> State:
        copy = subscription.model_copy(deep=True)
        return {"subscription": subscription, "copies": [copy, {"inner": copy}]}

    engine = await offer(create_node, check := validates(Node, give_back, give_back))
    node = await made(engine, create_node)
    before = await model_of(engine, node)
    changes = await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)
    await run(engine, check, subscription_id=node)

    assert await model_of(engine, node) == before
    assert await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED) == changes


@pytest.mark.one_dispatcher
async def test_a_model_that_this_release_would_write_differently_is_untouched_too(offer: Offer) -> None:
    @step("Return it")
    def give_back(subscription: Node) -> State:
        return {"subscription": subscription}

    def write_as_before(conn: Connection) -> None:
        """Store the node as a release did that had no field ``spare``."""
        document = product_subscriptions.stored(conn, [UUID(node)]).documents[UUID(node)]
        del document["node"]["spare"]
        conn.execute(update(subscriptions).values(model=document))
        conn.execute(update(product_subscription_versions).values(model=document))

    engine = await offer(create_node, check := validates(Node, give_back))
    node = await made(engine, create_node)
    await engine.runtime.database.transaction(write_as_before)
    before = await document_of(engine, node)
    await run(engine, check, subscription_id=node)

    assert await document_of(engine, node) == before


@pytest.mark.one_dispatcher
async def test_the_model_before_a_change_may_be_returned_beside_the_changed_model(offer: Offer) -> None:
    @step("Rename a copy")
    def rename_copy(subscription: Node) -> State:
        changed = subscription.model_copy(deep=True)
        changed.node.node_name = "utr-1"
        return {"subscription": changed, "before": subscription}

    engine = await offer(create_node, change := modifies(Node, rename_copy))
    node = await made(engine, create_node)
    await run(engine, change, subscription_id=node)

    assert (await model_of(engine, node))["node"]["node_name"] == "utr-1"


@pytest.mark.one_dispatcher
async def test_two_different_changes_in_one_step_are_refused(offer: Offer) -> None:
    @step("Rename it twice")
    def rename_twice(subscription: Node) -> State:
        other = subscription.model_copy(deep=True)
        subscription.node.node_name, other.node.node_name = "utr-1", "utr-2"
        return {"subscription": subscription, "other": other}

    engine = await offer(create_node, change := modifies(Node, rename_twice))
    node = await made(engine, create_node)
    refused = await failing(engine, change, subscription_id=node)

    assert code_of(refused) == "subscription-stale"
    assert (await model_of(engine, node))["node"]["node_name"] == "ams-1"


@pytest.mark.one_dispatcher
async def test_the_version_of_a_model_cannot_be_assigned(offer: Offer) -> None:
    @step("Forge the version")
    def forge(subscription: Node) -> State:
        subscription.version = 7
        return {"subscription": subscription}

    engine = await offer(create_node, change := modifies(Node, forge))
    node = await made(engine, create_node)

    assert (await failing(engine, change, subscription_id=node)).status is FAILED


async def test_a_lock_is_no_part_of_any_version(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, rename))
    node = await made(engine, create_node)
    before = await document_of(engine, node)
    await run(engine, change, subscription_id=node, name="utr-1")
    v = product_subscription_versions
    rows = await engine.read(lambda conn: conn.execute(v.select().order_by(v.c.version)).all())

    assert [row.version for row in rows] == [1, 2, 3]
    assert [list(row.changes) for row in rows[1:]] == [["status", "start_date"], ["node.node_name"]]
    assert all("insync" not in row.model for row in rows)
    assert "insync" not in before


async def network(engine: Engine) -> tuple[str, str, str]:
    """A node, a port of it and a circuit on the port."""
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    circuit = await made(engine, create_circuit, ports=[port])
    return node, port, circuit


@pytest.mark.one_dispatcher
async def test_a_block_of_another_subscription_is_stored_as_a_reference_and_loaded_live(offer: Offer) -> None:
    seen: list[Any] = []

    @step("Look")
    def look(subscription: Circuit) -> None:
        (port,) = subscription.circuit.ports
        seen.append((port.port_name, port.node.node_name, port.owner_subscription_id, port.node.owner_subscription_id))

    engine = await offer(
        create_node, create_port, create_circuit, change := modifies(Node, rename), check := validates(Circuit, look)
    )
    node, port, circuit = await network(engine)
    stored = await document_of(engine, circuit)
    await run(engine, change, subscription_id=node, name="utr-1")
    await run(engine, check, subscription_id=circuit)

    (reference,) = stored["circuit"]["ports"]
    assert reference.keys() == {"name", "subscription_instance_id", "owner_subscription_id"}
    assert reference["owner_subscription_id"] == port
    assert stored["circuit"]["owner_subscription_id"] == circuit
    assert seen == [("ams-1", "utr-1", UUID(port), UUID(node))]
    model = await model_of(engine, circuit)
    assert model["circuit"]["ports"][0]["node"]["node_name"] == "utr-1"
    assert await document_of(engine, circuit) == stored


@pytest.mark.one_dispatcher
async def test_a_block_of_another_subscription_is_saved_through_its_owner_only(offer: Offer) -> None:
    @step("Rename the port of the circuit")
    def rename_port(subscription: Circuit) -> State:
        subscription.circuit.ports[0].port_name = "xe-2/2/2"
        return {"subscription": subscription}

    @step("Rename the port with its subscription")
    def rename_both(subscription: Circuit, port: Port) -> State:
        port.port.port_name = "xe-1/1/1"
        subscription.circuit.ports = [port.port]
        subscription.circuit.vlan += 1
        return {"circuit": subscription, "port": port}

    change = modifies(Circuit, rename_port)
    engine = await offer(create_node, create_port, create_circuit, change, both := named("both", rename_both))
    _, port, circuit = await network(engine)
    await run(engine, both, subscription=circuit, port=port)
    refused = await failing(engine, change, subscription_id=circuit)

    assert code_of(refused) == "foreign-block"
    assert refused.failure is not None
    assert "circuit.ports[0]" in refused.failure.message
    assert port in refused.failure.message
    model = await model_of(engine, circuit)
    assert (model["circuit"]["ports"][0]["port_name"], model["circuit"]["vlan"]) == ("xe-1/1/1", 101)
    assert (await model_of(engine, port))["port"]["port_name"] == "xe-1/1/1"


@pytest.mark.one_dispatcher
async def test_a_step_cannot_write_an_earlier_status_back(offer: Offer) -> None:
    @step("Construct it, and return the order too")
    def construct(product: UUID) -> State:
        ordered = NodeInactive.from_product_id(product, "uva")
        ordered.node.node_name = "ams-1"
        active = Node.from_other_lifecycle(ordered, ACTIVE)
        return {"subscription": active, "ordered": ordered, "subscription_id": active.subscription_id}

    @create_workflow("Create", products=["Node of a network"])
    def create_twice() -> StepList:
        return begin >> construct

    engine = await offer(create_twice)
    refused = await failing(engine, create_twice)

    assert code_of(refused) == "unsafe-transition"


@pytest.mark.parametrize("status", [TERMINATED, DISABLED])
@pytest.mark.one_dispatcher
async def test_a_subscription_does_not_end_under_a_living_user(offer: Offer, status: SubscriptionLifecycle) -> None:
    @step("End it")
    def end(subscription: SubscriptionModel) -> State:
        return {"subscription": SubscriptionModel.from_other_lifecycle(subscription, status)}

    engine = await offer(create_node, create_port, ends := named("ends", end))
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    refused = await failing(engine, ends, subscription=node)
    await run(engine, ends, subscription=port)
    await run(engine, ends, subscription=node)

    assert code_of(refused) == "subscription-in-use"
    assert refused.failure is not None
    assert port in refused.failure.message
    assert (await model_of(engine, node))["status"] == status


@pytest.mark.one_dispatcher
async def test_a_workflow_may_say_that_it_ends_subscriptions_in_use(offer: Offer) -> None:
    engine = await offer(create_node, create_port, ends := terminates(Node, allow_in_use=True))
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    await run(engine, ends, subscription_id=node)

    assert (await model_of(engine, node))["status"] == TERMINATED
    assert (await model_of(engine, port))["port"]["node"]["node_name"] == "ams-1"


@pytest.mark.one_dispatcher
async def test_a_block_in_use_cannot_be_removed(offer: Offer) -> None:
    @step("Add a spare")
    def add(subscription: Node) -> State:
        subscription.node.spare = NodeBlock.new(node_name="spare")
        return {"subscription": subscription}

    @step("Use the spare")
    def use(subscription: Port, node: Node) -> State:
        spare: Any = node.node.spare
        subscription.port.node = spare
        return {"subscription": subscription}

    @step("Remove the spare")
    def remove(subscription: Node) -> State:
        subscription.node.spare = None
        return {"subscription": subscription}

    flows = [named(f"{each.name.split()[0].lower()}_spare", each) for each in (add, use, remove)]
    engine = await offer(create_node, create_port, *flows)
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    for flow, order in zip(flows[:2], ({"subscription": node}, {"subscription": port, "node": node}), strict=True):
        await run(engine, flow, **order)
    refused = await failing(engine, flows[2], subscription=node)

    assert code_of(refused) == "block-in-use"
    assert refused.failure is not None
    assert port in refused.failure.message


@pytest.mark.one_dispatcher
async def test_a_reference_to_an_ended_subscription_is_refused(offer: Offer) -> None:
    gate = Gate()

    @step("Construct it slowly")
    async def construct(product: UUID, ports: list[Port]) -> State:
        await gate.passed()
        circuit = CircuitInactive.from_product_id(product, "uva")
        circuit.circuit.ports = [port.port for port in ports]
        return {"subscription": circuit, "subscription_id": circuit.subscription_id}

    @create_workflow("Create slowly", initial_input_form=order_form, products=["Circuit of a network"])
    def create_slowly() -> StepList:
        return begin >> construct

    engine = await offer(create_node, create_port, create_slowly, ends := terminates(Port))
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    slow = await begun(engine, create_slowly, ports=[port])
    await gate.reached.wait()
    await run(engine, ends, subscription_id=port)
    gate.opened.set()
    refused = await engine.reaches(slow, FAILED)

    assert code_of(refused) == "reference-ended"
    assert refused.failure is not None
    assert port in refused.failure.message


@pytest.mark.parametrize("is_direct", [True, False])
@pytest.mark.one_dispatcher
async def test_a_circle_of_references_is_refused(offer: Offer, is_direct: bool) -> None:
    @step("Let it use the other")
    def use(subscription: Node, other: Node) -> State:
        subscription.node.spare = other.node
        return {"subscription": subscription}

    engine = await offer(create_node, uses := named("uses", use))
    nodes = [await made(engine, create_node) for _ in range(2 if is_direct else 4)]
    for user, other in pairwise(nodes):
        await run(engine, uses, subscription=user, other=other)
    refused = await failing(engine, uses, subscription=nodes[-1], other=nodes[0])

    assert code_of(refused) == "reference-circle"
    assert refused.failure is not None
    assert all(node in refused.failure.message for node in nodes)
    assert (await model_of(engine, nodes[-1]))["node"]["spare"] is None


@pytest.mark.one_dispatcher
async def test_two_changes_at_once_do_not_close_a_circle(offer: Offer) -> None:
    @step("Let it use the other")
    def use(subscription: Node, other: Node) -> State:
        subscription.node.spare = other.node
        return {"subscription": subscription}

    engine = await offer(create_node, uses := named("uses", use))
    a, b, c, d = [await made(engine, create_node) for _ in range(4)]
    for user, other in ((b, c), (d, a)):
        process = await run(engine, uses, subscription=user, other=other)
    closing = []
    for user, other in ((a, b), (c, d)):
        model, used = await loaded(engine, Node, user), await loaded(engine, Node, other)
        model.node.spare = used.node
        closing.append(model)

    assert await saved_at_once(engine, process, *closing) == ["None", "reference-circle"]


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("ends_first", [True, False])
async def test_a_new_user_and_the_end_of_its_owner_at_once_do_not_both_succeed(offer: Offer, ends_first: bool) -> None:
    engine = await offer(create_node, create_port)
    node, other = await made(engine, create_node), await made(engine, create_node)
    process = await run(engine, create_port, node=other)
    owner = await loaded(engine, Node, node)
    port = await loaded(engine, Port, process.state["subscription_id"])
    port.port.node = owner.node
    ended = SubscriptionModel.from_other_lifecycle(owner, TERMINATED)
    first, second = (ended, port) if ends_first else (port, ended)

    outcomes = await saved_at_once(engine, process, first, second)

    assert outcomes in (["None", "reference-ended"], ["None", "subscription-in-use"])


async def loaded(engine: Engine, model: type[M], id: str) -> M:
    """The subscription as a step gets it."""
    stored = await engine.read(lambda conn: product_subscriptions.stored(conn, [UUID(id)]))
    return model.load(stored.documents[UUID(id)], stored.documents)


async def saved_at_once(engine: Engine, process: Process, *models: SubscriptionModel) -> list[str]:
    """Save each model in a transaction of its own, all open at once; the failure codes, or "None"."""
    all_saved = Barrier(len(models))

    async def saved(model: SubscriptionModel) -> str:
        documents = documents_of([model])

        def save(conn: Connection) -> None:
            save_all(conn, documents, process_id=process.id, target=Target.SYSTEM, now=engine.clock.now())
            with suppress(BrokenBarrierError):  # another one waits for this transaction, as it must
                all_saved.wait(0.5)

        try:
            await engine.runtime.database.transaction(save)
        except StepError as error:
            return error.failure_code
        return "None"

    return sorted(await asyncio.gather(*map(saved, models)))


@pytest.mark.one_dispatcher
async def test_a_reference_to_an_unknown_block_is_refused(offer: Offer) -> None:
    @step("Use a block that its owner never stored")
    def use(subscription: Port, node: Node) -> State:
        owner = node.subscription_id
        subscription.port.node = type(node.node).new(subscription_id=owner, node_name="made up")
        return {"subscription": subscription}

    engine = await offer(create_node, create_port, uses := named("uses", use))
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    refused = await failing(engine, uses, subscription=port, node=node)

    assert code_of(refused) == "reference-unknown"
    assert (await model_of(engine, port))["port"]["node"]["node_name"] == "ams-1"


@pytest.mark.one_dispatcher
async def test_an_owner_and_its_user_may_be_saved_in_one_step_in_any_order(offer: Offer) -> None:
    @step("End both")
    def end(node: Node, port: Port) -> State:
        over = SubscriptionModel.from_other_lifecycle
        return {"node": over(node, TERMINATED), "port": over(port, TERMINATED)}

    engine = await offer(create_node, create_port, ends := named("ends", end))
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    await run(engine, ends, node=node, port=port)

    assert (await model_of(engine, port))["status"] == TERMINATED


@pytest.mark.one_dispatcher
async def test_a_union_of_blocks_of_other_subscriptions_is_loaded_as_it_was(offer: Offer) -> None:
    seen: list[str] = []

    @step("Look")
    def look(subscription: Monitor) -> None:
        seen.extend(type(block).__name__ for block in subscription.monitor.watched)

    engine = await offer(create_node, create_port, create_circuit, create_monitor, check := validates(Monitor, look))
    node, _, circuit = await network(engine)
    monitor = await made(engine, create_monitor, watched=[circuit, node])
    await run(engine, check, subscription_id=monitor)

    assert seen == ["CircuitBlock", "NodeBlock"]


class CountedBlock(ProductBlockModel, product_block_name="Counted block"):
    size: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def doubled(self) -> int:
        CALLS.append(IN_TRANSACTION.get())
        return self.size * 2


class Counted(SubscriptionModel):
    block: CountedBlock


COUNTED = register_product(name="Counted", model=Counted)
CALLS: list[bool] = []
IN_TRANSACTION = ContextVar("IN_TRANSACTION", default=False)
"""Of the unit itself: on PostgreSQL other units wait for their database meanwhile."""


@pytest.mark.one_dispatcher
async def test_authors_code_runs_in_no_transaction(offer: Offer) -> None:
    @step("Construct")
    def construct(product: UUID) -> State:
        made_now = Counted.from_product_id(product, "uva")
        made_now.block.size = 3
        return {"subscription": made_now, "subscription_id": made_now.subscription_id}

    @create_workflow("Create", products=[COUNTED.name])
    def create_counted() -> StepList:
        return begin >> construct

    engine = await offer(create_counted)
    database: Any = engine.runtime.database
    transaction = database.transaction

    async def watched(unit: Any) -> Any:
        def inside(conn: Any) -> Any:
            token = IN_TRANSACTION.set(True)
            try:
                return unit(conn)
            finally:
                IN_TRANSACTION.reset(token)

        return await transaction(inside)

    CALLS.clear()
    database.transaction = watched
    try:
        process_id = await engine.start(create_counted)
        await engine.reaches(process_id, COMPLETED)
    finally:
        del database.transaction

    assert CALLS
    assert not any(CALLS)
    assert await lock_of(engine, (await engine.process(process_id)).state["subscription_id"]) is None


@pytest.mark.one_dispatcher
async def test_a_second_subscription_with_the_id_of_another_is_refused_and_changes_nothing(offer: Offer) -> None:
    @step("Construct the same node")
    def construct_again(product: UUID, node: UUID) -> State:
        made_again = NodeInactive.from_product_id(product, "another customer", subscription_id=node)
        return {"subscription": made_again, "subscription_id": made_again.subscription_id}

    @create_workflow("Create it again", initial_input_form=order_form, products=[NODE.name])
    def create_again() -> StepList:
        return begin >> construct_again

    engine = await offer(create_node, create_again)
    node = await made(engine, create_node)
    before = await document_of(engine, node)
    refused = await failing(engine, create_again, node=node)

    assert code_of(refused) == "subscription-exists"
    assert refused.failure is not None
    assert f"{node} exists already" in refused.failure.message
    assert await document_of(engine, node) == before
