"""What authors' steps and forms read about product subscriptions, and what becomes of it, on both databases."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection, update
from support.engine import Engine
from support.network import (
    NODE,
    PORT,
    Node,
    NodeBlock,
    NodeInactive,
    Order,
    Port,
    PortBlock,
    create_circuit,
    create_node,
    create_port,
    document_of,
    failing,
    made,
    model_of,
    modifies,
    run,
    terminates,
)
from support.sizes import size

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.domain import (
    SubscriptionModel,
    depends_on,
    find_subscriptions,
    in_use_by,
    product,
    queries,
)
from orchestrator_gql.forms import FormPage, NextPage
from orchestrator_gql.reads.input_requests import start_form
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import AuthorCodeFailed
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

BLOCK_ID = "subscription_instance_id"
WORKFLOWS = (create_node, create_port, create_circuit)
TERMINATE_NODE = terminates(Node, allow_in_use=True)
TERMINATE_PORT = terminates(Port, allow_in_use=True)


def any_order() -> FormGenerator:
    """A start form that takes every field."""
    order = yield Order
    data: State = order.model_dump()
    return data


def works(function: Callable[[State], Any], *, is_async: bool = False, name: str = "work") -> Workflow:
    """A workflow with one step, which calls the function with the state; its result is stored, or is under ``read``."""

    def result_of(state: State) -> State:
        result = function(state)
        return result if isinstance(result, dict) else {"read": result}

    async def later(state: State) -> State:
        await asyncio.sleep(0)
        return result_of(state)

    def body() -> StepList:
        return begin >> step("Work")(later if is_async else result_of)

    body.__name__ = name
    return workflow("Work", initial_input_form=any_order)(body)


def ids(found: list[SubscriptionModel]) -> list[str]:
    """The ids of the subscriptions, in order."""
    return [str(each.subscription_id) for each in found]


def read_all(state: State) -> Any:
    """Everything that can be read, in plain values."""
    node = Node.from_subscription(state["node"])
    port = PortBlock.from_db(UUID(state["port_block"]))
    found = find_subscriptions(product=Port, status="active", customer_id="uva", where={"port.node.node_name": "ams-1"})
    return [
        [type(node).__name__, node.node.node_name, node.insync],
        [type(port).__name__, port.port_name, port.node.node_name],
        [ids(found), ids(node.in_use_by), ids(port.in_use_by), ids(found[0].depends_on)],
        product(NODE.name).name,
    ]


async def site(engine: Engine) -> dict[str, str]:
    """The ids of a node, its port, and a circuit on the port."""
    node = await made(engine, create_node)
    port = await made(engine, create_port, node=node)
    circuit = await made(engine, create_circuit, ports=[port])
    block = (await document_of(engine, port))["port"][BLOCK_ID]
    return {"node": node, "port": port, "circuit": circuit, "port_block": block}


def all_of(site: dict[str, str]) -> list[Any]:
    """What `read_all` reads of the site."""
    return [
        ["Node", "ams-1", True],
        ["PortBlock", "ams-1", "ams-1"],
        [[site["port"]], [site["port"]], [site["circuit"]], [site["node"]]],
        NODE.name,
    ]


@pytest.mark.parametrize("loop", ["own", "server"])
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_step_reads_with_the_same_calls_on_any_loop(offer: Offer, is_async: bool, loop: str) -> None:
    engine = await offer(*WORKFLOWS, flow := works(read_all, is_async=is_async), authors_loop=loop)
    known = await site(engine)

    assert (await run(engine, flow, **known)).state["read"] == all_of(known)


MANY = size(8, 20)
"""Tasks that read at once, and threads."""


@pytest.mark.each_pair
async def test_many_tasks_and_threads_read_at_once(offer: Offer) -> None:
    @step("Read in tasks and in threads")
    async def read_step(state: State) -> State:
        async def task() -> Any:
            return read_all(state)

        threads = (asyncio.to_thread(read_all, state) for _ in range(MANY))
        return {"read": await asyncio.gather(*(task() for _ in range(MANY)), *threads)}

    @workflow("Read", initial_input_form=any_order)
    def flow() -> StepList:
        return begin >> read_step

    engine = await offer(*WORKFLOWS, flow)
    known = await site(engine)
    processes = await asyncio.gather(*(run(engine, flow, **known) for _ in range(4)))

    assert [process.state["read"] for process in processes] == [[all_of(known)] * 2 * MANY] * 4


async def test_a_start_form_offers_what_it_found(offer: Offer) -> None:
    def choose(product: UUID) -> FormGenerator:
        nodes = find_subscriptions(product=NODE.name, status=SubscriptionLifecycle.ACTIVE)
        used = {str(node.subscription_id): len(node.in_use_by) for node in nodes}

        class Choice(FormPage):
            node: str = ", ".join(f"{id}: {users}" for id, users in used.items())

        page = yield Choice
        return {"chosen": page.node}

    def body() -> StepList:
        return begin

    engine = await offer(
        *WORKFLOWS, flow := workflow("Choose", initial_input_form=lambda: choose(NODE.product_id))(body)
    )
    known = await site(engine)
    turn = await start_form(engine.runtime, LOCAL_OPERATOR, workflow_name=flow.name, pages=[])

    assert isinstance(turn, NextPage)
    assert turn.page.schema["properties"]["node"]["default"] == f"{known['node']}: 1"


FINDINGS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing given": ({}, {"node", "port", "circuit", "ended"}),
    "a product by name": ({"product": PORT.name}, {"port"}),
    "a product by id": ({"product": PORT.product_id}, {"port"}),
    "a product by its facts": ({"product": PORT}, {"port"}),
    "a product by its class": ({"product": Port}, {"port"}),
    "several products": ({"product": [NODE.name, Port]}, {"node", "port", "ended"}),
    "a product type": ({"product_type": PORT.product_type}, {"port"}),
    "a type and another product": ({"product_type": PORT.product_type, "product": Node}, set()),
    "a status": ({"status": "terminated"}, {"ended"}),
    "several statuses": ({"status": ["terminated", "active"]}, {"node", "port", "circuit", "ended"}),
    "a product and a status": ({"product": Node, "status": "active"}, {"node"}),
    "a customer": ({"customer_id": "uva"}, {"node", "port", "circuit", "ended"}),
    "another customer": ({"customer_id": "nobody"}, set()),
    "several customers": ({"customer_id": ["nobody", "uva"], "product": Node}, {"node", "ended"}),
    "a value": ({"where": {"node.node_name": "ams-1"}}, {"node"}),
    "one of several values": ({"where": {"node.node_name": ["ams-1", "old"]}}, {"node", "ended"}),
    "no values": ({"where": {"node.node_name": []}}, set()),
    "a value behind a reference": ({"where": {"port.node.node_name": "ams-1"}}, {"port"}),
    "a value behind two references": ({"where": {"circuit.ports.node.node_name": "ams-1"}}, {"circuit"}),
    "a number": ({"where": {"circuit.vlan": 100}}, {"circuit"}),
    "a number as text": ({"where": {"circuit.vlan": "100"}}, {"circuit"}),
    "another number": ({"where": {"circuit.vlan": 10}}, set()),
    "no block": ({"where": {"node.spare": None}}, {"node", "ended"}),
    "two values": ({"where": {"circuit.vlan": 100, "circuit.ports.port_name": "ams-1"}}, {"circuit"}),
    "two values of which one differs": ({"where": {"circuit.vlan": 100, "circuit.ports.port_name": "x"}}, set()),
    "all together": (
        {"product": Node, "status": "active", "customer_id": "uva", "where": {"node.node_name": "ams-1"}},
        {"node"},
    ),
}


async def test_subscriptions_are_found_by_each_argument(offer: Offer) -> None:
    def find(state: State) -> Any:
        return {"found": {name: ids(find_subscriptions(**given)) for name, (given, _) in FINDINGS.items()}}

    engine = await offer(*WORKFLOWS, TERMINATE_NODE, flow := works(find))
    known = await site(engine)
    known["ended"] = await made(engine, create_node, name="old")
    await run(engine, TERMINATE_NODE, subscription_id=known["ended"])
    found = (await run(engine, flow, go=True)).state["found"]

    names = {id: name for name, id in known.items()}
    assert {name: {names[id] for id in found[name]} for name in FINDINGS} == {
        name: expected for name, (_, expected) in FINDINGS.items()
    }
    assert found["nothing given"] == sorted(found["nothing given"], reverse=True)


async def test_a_block_of_another_subscription_is_found_by_its_block_or_its_owner(offer: Offer) -> None:
    def find(state: State) -> Any:
        node = Node.from_subscription(state["node"])
        values: dict[str, list[Any]] = {
            "port.node": [node.node, node.node.subscription_instance_id, str(node.node.subscription_instance_id)],
            f"port.node.{BLOCK_ID}": [node.node.subscription_instance_id],
            "port.node.owner_subscription_id": [node.subscription_id, str(node.subscription_id), node],
        }
        return [ids(find_subscriptions(where={path: value})) for path, given in values.items() for value in given]

    engine = await offer(*WORKFLOWS, flow := works(find))
    known = await site(engine)

    assert (await run(engine, flow, **known)).state["read"] == [[known["port"]]] * 7


async def test_a_long_result_comes_in_parts_and_never_cut_silently(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 3)

    def page(state: State) -> Any:
        pages: list[list[str]] = []
        last: SubscriptionModel | None = None
        while part := find_subscriptions(product=Node, limit=2, after=last):
            pages.append(ids(part))
            last = part[-1]
        return pages

    def all_at_once(state: State) -> Any:
        return ids(find_subscriptions(product=Node))

    engine = await offer(*WORKFLOWS, by_page := works(page), whole := works(all_at_once, name="whole"))
    nodes = [await made(engine, create_node) for _ in range(3)]
    fitting = (await run(engine, whole, go=True)).state["read"]
    nodes.append(await made(engine, create_node))
    refused = await failing(engine, whole, go=True)

    assert fitting == nodes[:3][::-1]
    assert (await run(engine, by_page, go=True)).state["read"] == [nodes[3:1:-1], nodes[1::-1]]
    assert refused.failure is not None
    assert refused.failure.code == "too-many-results"
    assert "`limit=`" in refused.failure.message


REFUSALS: dict[str, tuple[Callable[[State], Any], str, tuple[str, ...]]] = {
    "unknown subscription": (lambda s: Node.from_subscription(uuid4()), "subscription-unknown", ("no product",)),
    "malformed id": (lambda s: Node.from_subscription("ams-1"), "bad-argument", ("'ams-1' is no id",)),
    "malformed id of a block": (lambda s: NodeBlock.from_db("ams-1"), "bad-argument", ("'ams-1' is no id",)),
    "id of a block": (lambda s: Port.from_subscription(s["port_block"]), "subscription-unknown", ()),
    "id of a subscription": (lambda s: PortBlock.from_db(s["port"]), "block-unknown", ("no block",)),
    "another product": (
        lambda s: Node.from_subscription(s["port"]),
        "product-mismatch",
        ("`Node`", "`Port`", PORT.name),
    ),
    "another block": (lambda s: NodeBlock.from_db(s["port_block"]), "block-mismatch", ("`NodeBlock`", "`PortBlock`")),
    "a status that is too early": (
        lambda s: Node.from_subscription(s["new"]),
        "lifecycle-mismatch",
        ("`Node`", "`NodeInactive`", "node_name"),
    ),
    "a block in a status that is too early": (
        lambda s: NodeBlock.from_db(s["new_block"]),
        "block-mismatch",
        ("`NodeBlock`", "`NodeBlockInactive`", "initial"),
    ),
    "unknown product": (lambda s: find_subscriptions(product="Node of a netwerk"), "bad-argument", (NODE.name,)),
    "unknown product type": (lambda s: find_subscriptions(product_type="Prt"), "bad-argument", ("Prt",)),
    "unknown status": (lambda s: find_subscriptions(status="actief"), "bad-argument", ("'active'",)),
    "class without a product": (lambda s: find_subscriptions(product=Strange), "bad-argument", ("register_product",)),
    "unknown path": (
        lambda s: find_subscriptions(where={"port.port_nam": "x"}),
        "where-unknown",
        ("'port.port_nam'", "'port.port_name'"),
    ),
    "path of another product": (
        lambda s: find_subscriptions(product=Node, where={"port.port_name": "x"}),
        "where-unknown",
        ("Node",),
    ),
    "a field of its own argument": (
        lambda s: find_subscriptions(where={"status": "x"}),
        "where-unknown",
        ("`status=`",),
    ),
    "a value of another type": (
        lambda s: find_subscriptions(where={"circuit.vlan": "ten"}),
        "where-value",
        ("'ten'", "int"),
    ),
    "no limit": (lambda s: find_subscriptions(limit=0), "bad-argument", ("1 to 1,000",)),
    "a malformed place": (lambda s: find_subscriptions(after="x"), "bad-argument", ("'x' is no id",)),
    "unknown facts": (lambda s: product("Prt of a network"), "bad-argument", (PORT.name,)),
}


class Strange(SubscriptionModel, is_base=True):
    """A model of no product."""


@pytest.mark.parametrize("is_form", [False, True], ids=["step", "form"])
async def test_a_refusal_names_the_thing_and_the_fix(offer: Offer, is_form: bool) -> None:
    @step("Construct a node without a name")
    def construct() -> State:
        node = NodeInactive.from_product_id(NODE.product_id, "uva")
        node.node.node_name = None
        return {"new": node, "new_block": node.node.subscription_instance_id}

    @workflow("Construct")
    def construct_only() -> StepList:
        return begin >> construct

    state: State = {}

    def fails(name: str) -> Workflow:
        function = REFUSALS[name][0]

        def ask() -> FormGenerator:
            function(state)
            yield FormPage
            return {}

        def body() -> StepList:
            return begin

        body.__name__ = "fails_" + name.replace(" ", "_")
        if is_form:
            return workflow("Fails", initial_input_form=ask)(body)
        return works(lambda _: function(state), name=body.__name__)

    flows = {name: fails(name) for name in REFUSALS}
    engine = await offer(*WORKFLOWS, construct_only, *flows.values())
    state |= await site(engine)
    new = (await run(engine, construct_only)).state
    state |= {"new": new["new"]["subscription_id"], "new_block": new["new_block"]}

    for name, (_, code, words) in REFUSALS.items():
        if is_form:
            with pytest.raises(AuthorCodeFailed) as refused:
                await start_form(engine.runtime, LOCAL_OPERATOR, workflow_name=flows[name].name, pages=[])
            message = str(refused.value)
        else:
            failure = (await failing(engine, flows[name], go=True)).failure
            assert failure is not None
            assert (name, failure.code) == (name, code)
            message = failure.message
        for word in words:
            assert word in message, (name, message)


async def test_a_document_that_does_not_fit_is_named_with_path_and_fix(offer: Offer) -> None:
    calls: dict[str, Callable[[State], Any]] = {
        "from_subscription": lambda state: Node.from_subscription(state["node"]),
        "from_db": lambda state: NodeBlock.from_db(state["node_block"]),
        "find": lambda state: find_subscriptions(product=Node),
        "depends_on": lambda state: depends_on(state["port"]),
        "injected": lambda state: None,
    }
    flows = {name: works(call, name=f"by_{name}") for name, call in calls.items()}

    @step("Take it")
    def take(subscription: Node) -> None: ...

    flows["injected"] = modifies(Node, take)
    engine = await offer(*WORKFLOWS, *flows.values())
    known = await site(engine)
    document = await document_of(engine, known["node"])
    document["node"]["node_name"] = 5

    def spoil(conn: Connection) -> None:
        is_node = subscriptions.c.id == UUID(known["node"])
        conn.execute(update(subscriptions).where(is_node).values(model=document))

    await engine.runtime.database.transaction(spoil)
    known["node_block"] = document["node"][BLOCK_ID]
    for name, flow in flows.items():
        order = {"subscription_id": known["node"], "go": True} if name == "injected" else known
        failure = (await failing(engine, flow, **order)).failure
        assert failure is not None
        assert (name, failure.code) == (name, "model-invalid")
        for word in (known["node"], "node.node_name", "valid string", "give new fields a default"):
            assert word in failure.message


async def test_what_uses_a_subscription_is_living_unless_a_status_is_named(offer: Offer) -> None:
    def users(state: State) -> Any:
        node = Node.from_subscription(state["node"])
        return [
            ids(node.in_use_by),
            ids(in_use_by(state["node"])),
            ids(in_use_by(node.node, status="terminated")),
            ids(node.node.in_use_by),
            ids(depends_on(state["port"])),
            ids(NodeBlock.new(node_name="new").in_use_by),
        ]

    engine = await offer(*WORKFLOWS, TERMINATE_PORT, flow := works(users))
    known = await site(engine)
    ended = await made(engine, create_port, node=known["node"])
    await run(engine, TERMINATE_PORT, subscription_id=ended)

    port = [known["port"]]
    assert (await run(engine, flow, **known)).state["read"] == [port, port, [ended], port, [known["node"]], []]


def users_of_utr(_: State) -> list[str]:
    """The ids of the ports of the node."""
    return ids(find_subscriptions(where={"port.node.node_name": "utr-1"}))


@pytest.mark.parametrize("what", ["subscription", "block", "found", "depends_on"])
async def test_what_was_read_is_saved_if_it_is_returned(offer: Offer, what: str) -> None:
    def change(state: State) -> State:
        if what == "block":
            block = NodeBlock.from_db(state["node_block"])
            block.node_name = "utr-1"
            return {"any_key": block}
        reads: dict[str, Callable[[], Any]] = {
            "subscription": lambda: Node.from_subscription(state["node"]),
            "found": lambda: find_subscriptions(where={"node.node_name": "ams-1"})[0],
            "depends_on": lambda: depends_on(state["port"])[0],
        }
        node = reads[what]()
        node.node.node_name = "utr-1"
        return {"any_key": [node]}

    engine = await offer(*WORKFLOWS, flow := works(change), seen := works(users_of_utr, name="seen"))
    known = await site(engine)
    known["node_block"] = (await document_of(engine, known["node"]))["node"][BLOCK_ID]
    version = (await model_of(engine, known["node"]))["version"]
    await run(engine, flow, **known)
    model = await model_of(engine, known["node"])

    assert (model["node"]["node_name"], model["version"]) == ("utr-1", version + 1)
    assert (await run(engine, seen, go=True)).state["read"] == [known["port"]]


@pytest.mark.each_pair
@pytest.mark.parametrize("is_changed", [False, True])
@pytest.mark.parametrize("is_block", [False, True])
async def test_what_was_read_before_another_change_is_refused_as_stale(
    offer: Offer, is_block: bool, is_changed: bool
) -> None:
    reached, opened = asyncio.Event(), asyncio.Event()

    @step("Read, wait, and return it")
    async def late(node: str, block: str) -> State:
        held: Any = NodeBlock.from_db(block) if is_block else Node.from_subscription(node)
        changed = held if is_block else held.node
        if is_changed:
            changed.node_name = "late"
        reached.set()
        await opened.wait()
        return {"held": held}

    @step("Rename it")
    def rename(subscription: Node) -> State:
        subscription.node.node_name = "first"
        return {"subscription": subscription}

    @workflow("Late", initial_input_form=any_order)
    def late_flow() -> StepList:
        return begin >> late

    engine = await offer(*WORKFLOWS, late_flow, change := modifies(Node, rename))
    node = await made(engine, create_node)
    block = (await document_of(engine, node))["node"][BLOCK_ID]
    running = asyncio.create_task((failing if is_changed else run)(engine, late_flow, node=node, block=block))
    await reached.wait()
    await run(engine, change, subscription_id=node, go=True)
    opened.set()
    process = await running

    assert (await model_of(engine, node))["node"]["node_name"] == "first"
    assert (process.failure.code if process.failure else None) == ("subscription-stale" if is_changed else None)


async def test_a_block_of_another_subscription_is_saved_through_its_owner_only(offer: Offer) -> None:
    def change(state: State) -> State:
        port = Port.from_subscription(state["port"])
        port.port.node.node_name = "utr-1"
        owner = Node.from_subscription(state["node"])
        owner.node.node_name = "utr-1"
        return {"port": port, "node": owner} if state["with_owner"] else {"port": port}

    engine = await offer(*WORKFLOWS, flow := works(change))
    known = await site(engine)
    refused = await failing(engine, flow, **known, with_owner=False)
    await run(engine, flow, **known, with_owner=True)

    assert refused.failure is not None
    assert refused.failure.code == "foreign-block"
    assert (await model_of(engine, known["port"]))["port"]["node"]["node_name"] == "utr-1"
