"""Four products that use each other: nodes, their ports, circuits between ports, and monitors of circuits and nodes."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.domain import Lock, ProductBlockModel, SubscriptionModel, products, register_product
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import product_subscription_locks, product_subscriptions
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.workflow import Workflow
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    reconcile_workflow,
    terminate_workflow,
    validate_workflow,
)
from support.engine import Engine
from support.nodes_and_ports import (
    ACTIVE,
    NODE,
    PORT,
    Node,
    NodeBlock,
    NodeBlockInactive,
    NodeInactive,
    Port,
    PortBlock,
    PortBlockInactive,
    PortInactive,
)

__all__ = [
    "ACTIVE",
    "CIRCUIT",
    "MONITOR",
    "NODE",
    "PORT",
    "Circuit",
    "CircuitBlockInactive",
    "CircuitInactive",
    "Monitor",
    "Node",
    "NodeBlock",
    "NodeBlockInactive",
    "NodeInactive",
    "Order",
    "Port",
    "PortBlock",
    "PortBlockInactive",
    "PortInactive",
    "begun",
    "create_circuit",
    "create_monitor",
    "create_node",
    "create_port",
    "document_of",
    "failing",
    "lock_of",
    "made",
    "model_of",
    "modifies",
    "order_form",
    "reconciles",
    "rested",
    "run",
    "terminates",
    "validates",
]


class CircuitBlockInactive(ProductBlockModel, product_block_name="Circuit of a network"):
    vlan: int | None = None
    ports: list[PortBlockInactive]


class CircuitBlock(CircuitBlockInactive, lifecycle=[ACTIVE]):
    vlan: int
    ports: list[PortBlock]  # type: ignore[assignment]


class CircuitInactive(SubscriptionModel, is_base=True):
    circuit: CircuitBlockInactive


class Circuit(CircuitInactive, lifecycle=[ACTIVE]):
    circuit: CircuitBlock


class MonitorBlockInactive(ProductBlockModel, product_block_name="Monitor of a network"):
    level: int | None = None
    watched: list[CircuitBlockInactive | NodeBlockInactive]


class MonitorBlock(MonitorBlockInactive, lifecycle=[ACTIVE]):
    level: int
    watched: list[CircuitBlock | NodeBlock]  # type: ignore[assignment]


class MonitorInactive(SubscriptionModel, is_base=True):
    monitor: MonitorBlockInactive


class Monitor(MonitorInactive, lifecycle=[ACTIVE]):
    monitor: MonitorBlock


CIRCUIT = register_product(name="Circuit of a network", model=Circuit)
MONITOR = register_product(name="Monitor of a network", model=Monitor)


class Order(FormPage, extra="allow"):
    """A page that takes every field."""


def order_form() -> FormGenerator:
    order = yield Order
    data: State = order.model_dump()
    return data


@step("Construct the node")
def construct_node(product: UUID, name: str = "ams-1") -> State:
    node = NodeInactive.from_product_id(product, "uva")
    node.node.node_name = name
    return _made(node)


@step("Construct the port")
def construct_port(product: UUID, node: Node, name: str = "ge-0/0/0") -> State:
    port = PortInactive.from_product_id(product, "uva")
    port.port.port_name = name
    port.port.node = node.node
    return _made(port)


@step("Construct the circuit")
def construct_circuit(product: UUID, ports: list[Port], vlan: int = 100) -> State:
    circuit = CircuitInactive.from_product_id(product, "uva")
    circuit.circuit.vlan = vlan
    circuit.circuit.ports = [port.port for port in ports]
    return _made(circuit)


@step("Construct the monitor")
def construct_monitor(product: UUID, watched: list[Circuit | Node], level: int = 1) -> State:
    monitor = MonitorInactive.from_product_id(product, "uva")
    monitor.monitor.level = level
    monitor.monitor.watched = [each.circuit if isinstance(each, Circuit) else each.node for each in watched]
    return _made(monitor)


@step("Rename it")
def rename(subscription: Node, name: str) -> State:
    """Rename the node of a subscription."""
    subscription.node.node_name = name
    return {"subscription": subscription}


class Gate:
    """Stops a step until the test opens the gate; a later call of the step passes."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def passed(self) -> None:
        """Wait until the gate is open."""
        self.reached.set()
        await self.opened.wait()


def _made(subscription: SubscriptionModel) -> State:
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@create_workflow("Create a node", initial_input_form=order_form, products=[NODE.name])
def create_node() -> StepList:
    return begin >> construct_node


@create_workflow("Create a port", initial_input_form=order_form, products=[PORT.name])
def create_port() -> StepList:
    return begin >> construct_port


@create_workflow("Create a circuit", initial_input_form=order_form, products=[CIRCUIT.name])
def create_circuit() -> StepList:
    return begin >> construct_circuit


@create_workflow("Create a monitor", initial_input_form=order_form, products=[MONITOR.name])
def create_monitor() -> StepList:
    return begin >> construct_monitor


def terminates(model: type[SubscriptionModel], *, allow_in_use: bool = False) -> Workflow:
    """A workflow that terminates subscriptions of the model."""

    @step("Look at it")
    def look(subscription: model) -> None:  # type: ignore[valid-type]
        return None

    def body() -> StepList:
        return begin >> look

    body.__name__ = f"terminate_{model.__name__.lower()}"
    return terminate_workflow("Terminate", allow_in_use=allow_in_use)(body)


def modifies(model: type[SubscriptionModel], *steps: Any) -> Workflow:
    """A workflow that modifies subscriptions of the model."""

    def body() -> StepList:
        return _joined(steps)

    body.__name__ = f"modify_{model.__name__.lower()}"
    return modify_workflow("Modify", initial_input_form=order_form, products=[_product(model)])(body)


def validates(model: type[SubscriptionModel], *steps: Any) -> Workflow:
    """A workflow that validates subscriptions of the model."""

    def body() -> StepList:
        return _joined(steps)

    body.__name__ = f"validate_{model.__name__.lower()}"
    return validate_workflow("Validate", products=[_product(model)])(body)


def reconciles(model: type[SubscriptionModel], *steps: Any) -> Workflow:
    """A workflow that reconciles subscriptions of the model."""

    def body() -> StepList:
        return _joined(steps)

    body.__name__ = f"reconcile_{model.__name__.lower()}"
    return reconcile_workflow("Reconcile", products=[_product(model)])(body)


def _joined(steps: Any) -> StepList:
    joined = begin
    for each in steps:
        joined = joined >> each
    return joined


def _product(model: type[SubscriptionModel]) -> str:
    return next(product.facts.name for product in products.of_model(model))


async def begun(engine: Engine, workflow: Workflow, **order: Any) -> UUID:
    """The id of a new process; ``order`` fills the pages of its start form."""
    pages: list[Any] = [order] if order else []
    if "subscription_id" in order:
        pages = [{"subscription_id": order.pop("subscription_id")}, *([order] if workflow.author_form else [])]
        if workflow.author_form is workflow.initial_form:
            pages = [{**pages[0], **order}]
    started = await start_workflow(engine.runtime, LOCAL_OPERATOR, workflow_name=workflow.name, pages=pages)
    assert isinstance(started, Started), started
    return started.process.id


async def run(engine: Engine, workflow: Workflow, **order: Any) -> Process:
    """The process of the workflow, after it has completed."""
    process = await rested(engine, await begun(engine, workflow, **order))
    assert process.status is ProcessStatus.COMPLETED, process.failure
    return process


async def rested(engine: Engine, process_id: UUID) -> Process:
    """The process once it no longer runs."""

    async def look() -> Process | None:
        process = await engine.process(process_id)
        return None if process.status in (ProcessStatus.CREATED, ProcessStatus.RUNNING) else process

    return await engine.until(look, awaited="a process to rest")


async def failing(engine: Engine, workflow: Workflow, **order: Any) -> Process:
    """The process of the workflow, after it has failed."""
    process = await rested(engine, await begun(engine, workflow, **order))
    assert process.status is ProcessStatus.FAILED
    return process


async def made(engine: Engine, workflow: Workflow, **order: Any) -> str:
    """The id of a new active subscription."""
    process = await run(engine, workflow, **({"name": "ams-1"} | order))
    id: str = process.state["subscription_id"]
    return id


async def model_of(engine: Engine, id: str) -> dict[str, Any]:
    """The whole model of the subscription, as it is stored now."""
    models = await engine.read(lambda conn: product_subscriptions.models(conn, [UUID(id)]))
    model: dict[str, Any] = models[UUID(id)]
    return model


async def document_of(engine: Engine, id: str) -> dict[str, Any]:
    """The stored document of the subscription."""

    def read(conn: Connection) -> dict[str, Any]:
        document: dict[str, Any] = product_subscriptions.stored(conn, [UUID(id)]).documents[UUID(id)]
        return document

    return await engine.read(read)


async def lock_of(engine: Engine, id: str) -> Lock | None:
    """The lock of the subscription; None if it is in sync."""
    locks = await engine.read(lambda conn: product_subscription_locks.of_subscriptions(conn, [UUID(id)]))
    return locks.get(UUID(id))
