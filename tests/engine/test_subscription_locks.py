"""When the lock of a product subscription is given back, on both databases."""

from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import Engine
from support.network import (
    Node,
    NodeInactive,
    begun,
    create_node,
    failing,
    lock_of,
    made,
    model_of,
    modifies,
    reconciles,
    rested,
    run,
    validates,
)
from support.operator import ADA, confirm, open_request
from support.stage import named

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.commands.input_requests import reject_input_request
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import EventKind, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import SubscriptionLocked
from orchestrator_gql.workflow import Workflow
from orchestrator_gql.workflows.steps import resync, unsync, unsync_unchecked
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow

ABORTED = ProcessStatus.ABORTED


@step("Touch the network")
def touch(subscription: Node) -> None:
    return None


@step("Fail")
def fail() -> None:
    raise RuntimeError("The network is away.")


@inputstep("Confirm", on_reject="abort")
def ask() -> FormGenerator:
    yield FormPage
    return {}


@step("Clean up")
def clean_up() -> None:
    return None


async def aborted(engine: Engine, workflow: Workflow, node: str) -> UUID:
    """The id of the process of the workflow on the node, after an abort at the place where it rests."""
    process_id = await begun(engine, workflow, subscription_id=node)
    await rested(engine, process_id)
    await abort_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, ABORTED)
    return process_id


@pytest.mark.one_dispatcher
async def test_an_abort_before_any_step_of_the_author_gives_the_lock_back(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, ask, touch))
    node = await made(engine, create_node)
    process_id = await begun(engine, change, subscription_id=node)
    await open_request(engine, process_id)
    held = await lock_of(engine, node)
    await abort_process(engine.runtime, ADA, process_id=process_id)

    assert held is not None
    assert held.locked_by == process_id
    assert held.locked_at is not None
    assert await lock_of(engine, node) is None
    assert (await model_of(engine, node))["insync"] is True


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("steps", [(touch, ask), (fail,), (ask, fail)], ids=["after it", "in it", "in a later one"])
async def test_an_abort_after_a_step_of_the_author_leaves_the_subscription_out_of_sync(
    offer: Offer, steps: Any
) -> None:
    engine = await offer(create_node, change := modifies(Node, *steps))
    node = await made(engine, create_node)
    process_id = await begun(engine, change, subscription_id=node)
    await rested(engine, process_id)
    if steps == (ask, fail):
        await confirm(engine, process_id)
        await engine.reaches(process_id, ProcessStatus.FAILED)
    await abort_process(engine.runtime, ADA, process_id=process_id)
    lock = await lock_of(engine, node)

    assert lock is not None
    assert (lock.locked_by, lock.out_of_sync_by) == (None, process_id)
    assert lock.out_of_sync_reason is not None
    assert "modify_node was aborted by ada" in lock.out_of_sync_reason
    assert (await model_of(engine, node))["insync"] is False


@pytest.mark.one_dispatcher
async def test_a_rejected_form_that_aborts_gives_the_lock_back_too(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, ask, touch))
    node = await made(engine, create_node)
    process_id = await begun(engine, change, subscription_id=node)
    request = await open_request(engine, process_id)
    await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="not now")
    await engine.reaches(process_id, ABORTED)

    assert await lock_of(engine, node) is None


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("mends", [True, False])
async def test_clean_up_steps_count_and_may_put_the_subscription_in_sync(offer: Offer, mends: bool) -> None:
    def body() -> StepList:
        return begin >> ask >> touch

    body.__name__ = "modify_with_clean_up"
    change = modify_workflow("Change", on_abort=clean_up >> resync if mends else clean_up)(body)
    engine = await offer(create_node, change)
    node = await made(engine, create_node)
    process_id = await aborted(engine, change, node)
    lock = await lock_of(engine, node)

    assert (lock.out_of_sync_by if lock else None) == (None if mends else process_id)


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("following", [begin, begin >> touch], ids=["nothing", "a step"])
async def test_a_completed_process_holds_no_lock_even_without_an_unlock_step(offer: Offer, following: StepList) -> None:
    engine = await offer(create_node, locks := named("locks", begin >> unsync >> following))
    node = await made(engine, create_node)
    await run(engine, locks, subscription_id=node)

    assert await lock_of(engine, node) is None


@pytest.mark.one_dispatcher
async def test_a_failed_process_holds_its_lock_until_it_is_retried_or_aborted(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, fail))
    node = await made(engine, create_node)
    process = await failing(engine, change, subscription_id=node)
    lock = await lock_of(engine, node)

    assert lock is not None
    assert lock.locked_by == process.id


@pytest.mark.one_dispatcher
async def test_an_aborted_creation_says_why_its_subscription_is_out_of_sync(offer: Offer) -> None:
    @step("Construct")
    def construct(product: UUID) -> State:
        node = NodeInactive.from_product_id(product, "uva")
        return {"subscription": node, "subscription_id": node.subscription_id}

    @create_workflow("Create slowly", products=["Node of a network"])
    def create_slowly() -> StepList:
        return begin >> construct >> ask

    engine = await offer(create_slowly)
    process_id = await begun(engine, create_slowly)
    await open_request(engine, process_id)
    node = (await engine.process(process_id)).state["subscription_id"]
    held = await lock_of(engine, node)
    await abort_process(engine.runtime, ADA, process_id=process_id)
    left = await lock_of(engine, node)

    assert held is not None
    assert held.locked_by == process_id
    assert left is not None
    assert left.out_of_sync_by == process_id


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("kind", [validates, reconciles])
async def test_a_completed_validation_or_reconciliation_puts_in_sync_what_an_abort_left(
    offer: Offer, kind: Any
) -> None:
    engine = await offer(create_node, change := modifies(Node, touch, ask), mend := kind(Node, touch))
    node = await made(engine, create_node)
    await aborted(engine, change, node)
    await run(engine, mend, subscription_id=node)

    assert await lock_of(engine, node) is None


@pytest.mark.one_dispatcher
async def test_a_reconciliation_holds_what_an_abort_left_until_it_ends(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, touch, ask), mend := reconciles(Node, ask, touch, fail))
    node = await made(engine, create_node)
    changed_by = await aborted(engine, change, node)
    process_id = await begun(engine, mend, subscription_id=node)
    await open_request(engine, process_id)
    held = await lock_of(engine, node)
    with pytest.raises(SubscriptionLocked, match="is held by process") as locked:
        await begun(engine, mend, subscription_id=node)
    await abort_process(engine.runtime, ADA, process_id=process_id)
    given_back = await lock_of(engine, node)
    mended_by = await begun(engine, mend, subscription_id=node)
    await confirm(engine, mended_by)
    await engine.reaches(mended_by, ProcessStatus.FAILED)
    kept = await lock_of(engine, node)
    await abort_process(engine.runtime, ADA, process_id=mended_by)
    left = await lock_of(engine, node)

    assert str(locked.value.process_id) == str(process_id)
    assert held is not None and given_back is not None and kept is not None and left is not None
    assert (held.locked_by, held.out_of_sync_by) == (process_id, changed_by)
    assert (given_back.locked_by, given_back.out_of_sync_by) == (None, changed_by)
    assert (kept.locked_by, kept.out_of_sync_by) == (mended_by, changed_by)
    assert (left.locked_by, left.out_of_sync_by) == (None, mended_by)


@pytest.mark.one_dispatcher
async def test_a_failed_or_aborted_validation_mends_nothing(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, touch, ask), check := validates(Node, fail))
    node = await made(engine, create_node)
    process_id = await aborted(engine, change, node)
    await aborted(engine, check, node)
    lock = await lock_of(engine, node)

    assert lock is not None
    assert lock.out_of_sync_by == process_id


@pytest.mark.one_dispatcher
async def test_a_validation_never_takes_the_lock_of_another_process(offer: Offer) -> None:
    engine = await offer(
        create_node,
        change := modifies(Node, touch, ask),
        check := validates(Node, touch),
        rough := named("rough", begin >> unsync_unchecked >> resync),
    )
    node = await made(engine, create_node)
    holder = await begun(engine, change, subscription_id=node)
    await open_request(engine, holder)
    await run(engine, check, subscription_id=node)
    await run(engine, rough, subscription_id=node, subscription=node)
    lock = await lock_of(engine, node)

    assert lock is not None
    assert (lock.locked_by, lock.out_of_sync_by) == (holder, None)


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("is_left", [True, False])
async def test_the_lock_step_refuses_a_subscription_that_is_out_of_sync(offer: Offer, is_left: bool) -> None:
    engine = await offer(create_node, change := modifies(Node, touch, ask), locks := named("locks", begin >> unsync))
    node = await made(engine, create_node)
    holder = await begun(engine, change, subscription_id=node)
    await open_request(engine, holder)
    if is_left:
        await abort_process(engine.runtime, ADA, process_id=holder)
    refused = await failing(engine, locks, subscription_id=node)

    assert refused.failure is not None
    assert refused.failure.code == ("subscription-out-of-sync" if is_left else "subscription-locked")


@pytest.mark.one_dispatcher
async def test_a_change_of_the_lock_is_an_event_and_no_version(offer: Offer) -> None:
    engine = await offer(create_node, change := modifies(Node, ask))
    node = await made(engine, create_node)
    version = (await model_of(engine, node))["version"]
    before = len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED))
    process_id = await begun(engine, change, subscription_id=node)
    await confirm(engine, process_id)
    await engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert len(await engine.events(kind=EventKind.PRODUCT_SUBSCRIPTION_CHANGED)) == before + 2
    assert (await model_of(engine, node))["version"] == version
