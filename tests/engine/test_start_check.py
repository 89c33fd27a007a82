"""The one check of a start, asked in the form, in the mutation and in the list of workflows, on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.engine import Engine
from support.network import (
    Node,
    Port,
    begun,
    create_node,
    create_port,
    lock_of,
    made,
    modifies,
    run,
    terminates,
    validates,
)
from support.stage import named

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.forms import FormPage, NextPage
from orchestrator_gql.reads.input_requests import start_form
from orchestrator_gql.reads.product_subscriptions import start_rule, subscription_list
from orchestrator_gql.reads.products import workflow_starts
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import engine_state, product_subscriptions
from orchestrator_gql.storage.product_subscription_lists import ProductSubscriptionFilter
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import (
    NotFound,
    OrchestratorError,
    StaleVersion,
    SubscriptionLocked,
)
from orchestrator_gql.utils.start_errors import (
    ProductMismatch,
    StatusMismatch,
    SubscriptionInUse,
    SubscriptionOutOfSync,
)
from orchestrator_gql.workflow import Workflow
from orchestrator_gql.workflows.utils import (
    modify_workflow,
    reconcile_workflow,
    terminate_workflow,
    validate_workflow,
)

DISABLED, TERMINATED = SubscriptionLifecycle.DISABLED, SubscriptionLifecycle.TERMINATED
KINDS = {
    "modify": modify_workflow,
    "terminate": terminate_workflow,
    "validate": validate_workflow,
    "reconcile": reconcile_workflow,
}


@step("Look at the node")
def look_at_node(subscription: Node) -> None:
    return None


@step("Look at the port")
def look_at_port(subscription: Port) -> None:
    return None


@inputstep("Confirm")
def confirm() -> FormGenerator:
    yield FormPage
    return {}


@step("End it")
def end(subscription: SubscriptionModel, status: SubscriptionLifecycle) -> State:
    return {"subscription": SubscriptionModel.from_other_lifecycle(subscription, status)}


ENDS = named("ends", end)


def flow(kind: str, of: str, *steps: Any) -> Workflow:
    """A workflow of the kind for nodes or ports: only the annotations of its steps say so."""

    def body() -> StepList:
        joined = begin >> (look_at_node if of == "node" else look_at_port)
        for each in steps:
            joined = joined >> each
        return joined

    body.__name__ = f"{kind}_{of}"
    return KINDS[kind](kind)(body)


FLOWS = {
    (kind, of): flow(kind, of, *([confirm] if kind in ("modify", "reconcile") else []))
    for kind in KINDS
    for of in ("node", "port")
}


async def refused(engine: Engine, workflow: Workflow, id: str) -> type[OrchestratorError] | None:
    """The error with which every surface refuses the start, or None; nothing is locked or written."""
    before = await engine.read(everything)
    pages = [{"subscription_id": id}]

    async def error_of(ask: Callable[[], Awaitable[Any]]) -> OrchestratorError | None:
        try:
            await ask()
        except OrchestratorError as error:
            return error
        return None

    form = await error_of(lambda: start_form(engine.runtime, LOCAL_OPERATOR, workflow_name=workflow.name, pages=pages))
    facts = (await engine.read(lambda conn: product_subscriptions.start_facts(conn, [UUID(id)]))).get(UUID(id))
    status = await engine.read(engine_state.load)
    listed = await workflow_starts(engine.runtime, LOCAL_OPERATOR, facts, status) if facts else []
    reasons = {candidate.name: reason for candidate, reason in listed}
    rule = await start_rule(engine.runtime, LOCAL_OPERATOR, workflow.name)
    wanted = ProductSubscriptionFilter(ids=[UUID(id)], start=rule)
    assert await subscription_list().count(engine.runtime, LOCAL_OPERATOR, wanted) == (1 if form is None else 0)
    if form is None:
        assert facts is None or reasons[workflow.name] is None
        return None
    started = await error_of(
        lambda: start_workflow(engine.runtime, LOCAL_OPERATOR, workflow_name=workflow.name, pages=pages)
    )
    assert started is not None
    assert (type(started), started.message) == (type(form), form.message)
    if facts is not None:
        assert reasons.get(workflow.name) == (None if isinstance(form, ProductMismatch) else form.message)
    assert await engine.read(everything) == before
    return type(form)


def everything(conn: Connection) -> dict[str, list[Any]]:
    """All rows of the tables that a start could write."""
    names = ("processes", "product_subscriptions", "product_subscription_locks", "process_subscriptions", "events")
    return {name: list(conn.execute(select(metadata.tables[name]))) for name in names}


FREE = dict.fromkeys(KINDS)
HELD = dict.fromkeys(("modify", "terminate", "reconcile"), SubscriptionLocked)
LEFT = dict.fromkeys(("modify", "terminate"), SubscriptionOutOfSync)
CASES: list[tuple[str, str, dict[str, type[OrchestratorError] | None]]] = [
    ("an active node", "node", FREE),
    ("a node in use", "used node", FREE | {"terminate": SubscriptionInUse}),
    ("a node that is held", "held", FREE | HELD),
    ("an aborted change", "left", FREE | LEFT),
    ("a node that is held after an aborted change", "held again", FREE | HELD),
    ("a disabled node", "disabled", FREE | dict.fromkeys(("modify", "reconcile"), StatusMismatch)),
    ("an ended node", "ended", dict.fromkeys(KINDS, StatusMismatch)),
    ("a port", "port", dict.fromkeys(KINDS, ProductMismatch)),
    ("nothing", "nothing", dict.fromkeys(KINDS, NotFound)),
]


async def prepared(engine: Engine, what: str) -> str:
    """The id of a subscription as the case describes it."""
    if what == "nothing":
        return str(uuid4())
    node = await made(engine, create_node)
    match what:
        case "port":
            return await made(engine, create_port, node=node)
        case "used node":
            await made(engine, create_port, node=node)
        case "held" | "left" | "held again":
            holder = await begun(engine, FLOWS["modify", "node"], subscription_id=node)
            await engine.reaches(holder, ProcessStatus.SUSPENDED)
            if what != "held":
                await abort_process(engine.runtime, LOCAL_OPERATOR, process_id=holder)
            if what == "held again":
                holder = await begun(engine, FLOWS["reconcile", "node"], subscription_id=node)
                await engine.reaches(holder, ProcessStatus.SUSPENDED)
        case "disabled" | "ended":
            await run(engine, ENDS, subscription=node, status=DISABLED if what == "disabled" else TERMINATED)
    return node


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(("title", "what", "expected"), CASES, ids=[case[0] for case in CASES])
async def test_every_surface_refuses_a_start_for_the_same_reason_and_writes_nothing(
    offer: Offer, title: str, what: str, expected: dict[str, type[OrchestratorError] | None]
) -> None:
    engine = await offer(create_node, create_port, ENDS, *FLOWS.values())
    id = await prepared(engine, what)

    found = {kind: await refused(engine, FLOWS[kind, "node"], id) for kind in KINDS}

    assert found == expected


@pytest.mark.one_dispatcher
async def test_the_messages_name_the_cause_and_the_fix(offer: Offer) -> None:
    engine = await offer(create_node, create_port, ENDS, *FLOWS.values())
    node = await made(engine, create_node)
    await made(engine, create_port, node=node)
    await run(engine, ENDS, subscription=await made(engine, create_node), status=TERMINATED)

    with pytest.raises(SubscriptionInUse, match=r"in use by 'Port of a network' .*terminate or change the users first"):
        await begun(engine, FLOWS["terminate", "node"], subscription_id=node)
    with pytest.raises(ProductMismatch, match="'terminate_port' is for Port of a network"):
        await begun(engine, FLOWS["terminate", "port"], subscription_id=node)
    assert await lock_of(engine, node) is None


@pytest.mark.one_dispatcher
async def test_a_start_on_another_version_than_the_shown_one_is_refused(offer: Offer) -> None:
    change = FLOWS["modify", "node"]
    engine = await offer(create_node, change)
    node = await made(engine, create_node)
    arguments: dict[str, Any] = {"workflow_name": change.name, "pages": [{"subscription_id": node}]}

    with pytest.raises(StaleVersion) as stale:
        await start_workflow(engine.runtime, LOCAL_OPERATOR, **arguments, product_subscription_version=1)
    assert stale.value.current_version == 2
    assert await lock_of(engine, node) is None
    await start_workflow(engine.runtime, LOCAL_OPERATOR, **arguments, product_subscription_version=2)


@pytest.mark.one_dispatcher
async def test_a_workflow_with_a_form_of_its_own_is_checked_when_the_form_is_complete(offer: Offer) -> None:
    def by_name() -> FormGenerator:
        class Which(FormPage):
            named: str

        answer = yield Which
        return {"subscription_id": answer.named}

    def body() -> StepList:
        return begin >> look_at_node

    body.__name__ = "end_by_name"
    ending = terminate_workflow("End by name")(body)
    ending = replace(ending, initial_form=by_name)
    engine = await offer(create_node, create_port, ending)
    node = await made(engine, create_node)
    await made(engine, create_port, node=node)

    with pytest.raises(SubscriptionInUse):
        await start_form(engine.runtime, LOCAL_OPERATOR, workflow_name=ending.name, pages=[{"named": node}])
    with pytest.raises(SubscriptionInUse):
        await begun(engine, ending, named=node)


async def test_a_terminate_workflow_on_another_product_damages_nothing(offer: Offer) -> None:
    engine = await offer(create_node, ends := terminates(Port), check := validates(Node, look_at_node))
    node = await made(engine, create_node)

    with pytest.raises(ProductMismatch):
        await begun(engine, ends, subscription_id=node)
    await run(engine, check, subscription_id=node)


@pytest.mark.one_dispatcher
async def test_an_author_may_widen_the_statuses(offer: Offer) -> None:
    def body() -> StepList:
        return begin >> look_at_node

    body.__name__ = "enable_node"
    enable = modify_workflow("Enable", statuses=[DISABLED])(body)
    engine = await offer(create_node, enable, ENDS, plain := modifies(Node))
    node = await made(engine, create_node)

    with pytest.raises(StatusMismatch, match="starts from disabled"):
        await begun(engine, enable, subscription_id=node)
    await run(engine, ENDS, subscription=node, status=DISABLED)
    with pytest.raises(StatusMismatch, match="starts from active"):
        await begun(engine, plain, subscription_id=node)
    started = await begun(engine, enable, subscription_id=node)
    await engine.reaches(started, ProcessStatus.COMPLETED)


@pytest.mark.one_dispatcher
async def test_the_first_page_suggests_the_subscriptions_on_which_the_workflow_may_start(offer: Offer) -> None:
    engine = await offer(create_node, create_port, ENDS, *FLOWS.values())
    free, left, held, ended = [await made(engine, create_node) for _ in range(4)]
    await made(engine, create_port, node=free)
    for id in (left, held):
        holder = await begun(engine, FLOWS["modify", "node"], subscription_id=id)
        await engine.reaches(holder, ProcessStatus.SUSPENDED)
        if id == left:
            await abort_process(engine.runtime, LOCAL_OPERATOR, process_id=holder)
    await run(engine, ENDS, subscription=ended, status=TERMINATED)

    async def suggested(kind: str) -> list[tuple[str, str]]:
        name = FLOWS[kind, "node"].name
        turn = await start_form(engine.runtime, LOCAL_OPERATOR, workflow_name=name, pages=[])
        assert isinstance(turn, NextPage)
        field = turn.page.schema["properties"]["subscription_id"]
        assert (field["format"], field["x-product-subscriptions"]) == ("subscriptionId", {"startableWith": name})
        return [(id, field["options"][id]) for id in field.get("examples", [])]

    assert await suggested("modify") == [(free, "Node of a network (uva)")]
    assert [id for id, _ in await suggested("validate")] == [held, left, free]
    assert [id for id, _ in await suggested("reconcile")] == [left, free]
    assert await suggested("terminate") == []
