"""startWorkflow, on both databases: what it stores, what it refuses, and the same process for the same key."""

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from sqlalchemy import Connection
from support.clock import TurnableClock
from support.engine import Engine, engine_of
from support.operator import ADA, BOB, confirm, open_request
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.forms import FormPage, NextPage, PageInvalid
from orchestrator_gql.security import LOCAL_OPERATOR, AuthContext, Principal
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.idempotency import remember
from orchestrator_gql.targets import Target
from orchestrator_gql.types import EventKind, FormGenerator, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import (
    AuthorCodeFailed,
    Forbidden,
    IdempotencyKeyReused,
    NotFound,
    StaleForm,
    SubscriptionLocked,
    WorkflowBlocked,
)
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.start_errors import SubscriptionOutOfSync
from orchestrator_gql.workflow import Workflow, workflow
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow

FAILED, COMPLETED, SUSPENDED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.SUSPENDED


class LampBlockInactive(ProductBlockModel, product_block_name="Lamp"):
    watts: int | None = None


class LampBlock(LampBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    watts: int


class LampInactive(SubscriptionModel, is_base=True):
    lamp: LampBlockInactive


class Lamp(LampInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    lamp: LampBlock


LAMP = register_product(name="Lamp of the contract tests", model=LampInactive)


@step("Construct the lamp")
def construct(watts: int) -> State:
    lamp = LampInactive.from_product_id(LAMP.product_id, customer_id="uva", status=SubscriptionLifecycle.INITIAL)
    lamp.lamp.watts = watts
    return {"subscription": lamp, "subscription_id": lamp.subscription_id}


@step("Brighten")
def brighten(subscription: LampInactive) -> State:
    assert subscription.lamp.watts is not None
    subscription.lamp.watts += 1
    return {"subscription": subscription, "watts": subscription.lamp.watts}


class Watts(FormPage):
    watts: int


def ask_watts() -> FormGenerator:
    answer = yield Watts
    return {"watts": answer.watts}


@create_workflow("Install a lamp", initial_input_form=ask_watts, products=["Lamp of the contract tests"])
def install() -> Any:
    return begin >> construct >> brighten


@inputstep("Look at it")
def look() -> Iterator[type[FormPage]]:
    yield FormPage


@step("Unscrew it")
def unscrew() -> None:
    return None


@modify_workflow("Change a lamp")
def change() -> Any:
    return begin >> unscrew >> look


@step("Count")
async def count() -> State:
    return {"is_counted": True}


@workflow("Count")
def counts() -> Any:
    return begin >> count


async def installed(engine: Engine) -> UUID:
    """The id of a lamp that is in service."""
    process = await engine.reaches(await engine.start(install, {"watts": 7}), COMPLETED)
    return UUID(process.state["subscription_id"])


@modify_workflow("Polish a lamp", title="Polish {subscription.description} of {subscription.customer_id}")
def polish() -> Any:
    return begin >> unscrew


async def test_the_subject_of_a_process_names_its_product_subscription(offer: Offer) -> None:
    engine = await offer(install, change, polish)
    process = await engine.reaches(await engine.start(install, {"watts": 7}), COMPLETED)
    chosen = {"subscription_id": process.state["subscription_id"]}

    polished = await engine.reaches(await engine.start(polish, chosen), COMPLETED)
    changed = await engine.reaches(await engine.start(change, chosen), SUSPENDED)

    subjects = [each.subject for each in (process, polished, changed)]
    assert subjects == [
        "Lamp of the contract tests, watts 7",
        "Polish Lamp of the contract tests of uva",
        "Lamp of the contract tests",
    ]


async def test_the_same_key_starts_one_process_and_returns_it_again(offer: Offer) -> None:
    engine = await offer(counts)

    first = await engine.start(counts, idempotency_key="order-1")
    again = await engine.start(counts, idempotency_key="order-1")
    other = await engine.start(counts, idempotency_key="order-2")

    assert first == again != other


async def test_the_same_key_at_the_same_time_starts_one_process(offer: Offer) -> None:
    engine = await offer(counts)

    results = await asyncio.gather(*(engine.start(counts, idempotency_key="order-1") for _ in range(10)))

    assert len(set(results)) == 1
    await engine.reaches(results[0], COMPLETED)
    assert len(await engine.events(kind=EventKind.PROCESS_CREATED)) == 1


async def test_the_same_key_at_the_same_time_starts_one_process_on_a_product_subscription(offer: Offer) -> None:
    engine = await offer(install, change)
    page = {"subscription_id": str(await installed(engine))}

    results = await asyncio.gather(*(engine.start(change, page, idempotency_key="order-1") for _ in range(10)))

    assert len(set(results)) == 1


async def test_a_key_with_another_input_is_refused(offer: Offer) -> None:
    engine = await offer(install, counts)
    await engine.start(install, {"watts": 7}, idempotency_key="order-1")

    with pytest.raises(IdempotencyKeyReused):
        await engine.start(install, {"watts": 8}, idempotency_key="order-1")
    with pytest.raises(IdempotencyKeyReused):
        await engine.start(counts, idempotency_key="order-1")


async def test_a_key_belongs_to_its_sender(offer: Offer) -> None:
    engine = await offer(install)
    orders: list[tuple[Principal, int]] = [(ADA, 7), (BOB, 8), (ADA, 7), (BOB, 8)]

    started = []
    for sender, watts in orders:
        arguments: dict[str, Any] = {"workflow_name": install.name, "pages": [{"watts": watts}]}
        started.append(await start_workflow(engine.runtime, sender, idempotency_key="order-1", **arguments))

    assert all(isinstance(result, Started) for result in started)
    ids = [result.process.id for result in started if isinstance(result, Started)]
    assert (ids[0], ids[1]) == (ids[2], ids[3])
    assert ids[0] != ids[1]
    assert [result.created for result in started if isinstance(result, Started)] == [True, True, False, False]


@pytest.mark.one_dispatcher
async def test_a_key_of_the_release_before_still_belongs_to_the_person_who_started_with_it(offer: Offer) -> None:
    engine = await offer(counts)
    arguments: dict[str, Any] = {"workflow_name": counts.name, "pages": []}
    first = await start_workflow(engine.runtime, ADA, **arguments)
    assert isinstance(first, Started)
    digest = hashlib.sha256(canonical([counts.name, []])).hexdigest()

    def as_before(conn: Connection) -> bool:
        now = engine.clock.now()
        id = first.process.id
        return remember(conn, scope="startWorkflow", key="order-1", digest=digest, subject_id=id, now=now)

    await engine.runtime.database.transaction(as_before)
    again = await start_workflow(engine.runtime, ADA, idempotency_key="order-1", **arguments)
    of_bob = await start_workflow(engine.runtime, BOB, idempotency_key="order-1", **arguments)

    assert isinstance(again, Started)
    assert isinstance(of_bob, Started)
    assert (again.created, again.process.id) == (False, first.process.id)
    assert of_bob.created


async def test_a_workflow_may_have_a_very_long_name(offer: Offer) -> None:
    def very_long() -> Any:
        return begin >> count

    very_long.__name__ = "reconcile_" * 10
    long = workflow("Long")(very_long)
    engine = await offer(long)

    await engine.reaches(await engine.start(long, idempotency_key="order-1"), COMPLETED)


async def test_a_start_form_that_is_not_complete_stores_nothing(offer: Offer) -> None:
    engine = await offer(install)

    async def turn(*pages: Any) -> object:
        return await start_workflow(engine.runtime, LOCAL_OPERATOR, workflow_name="install", pages=list(pages))

    assert isinstance(await turn(), NextPage)
    assert isinstance(await turn({"watts": "bright"}), PageInvalid)
    assert await engine.events() == []
    assert isinstance(await turn({"watts": 7}), Started)


@pytest.mark.parametrize("answer", [True, False, 0, 5, [], ["frozen"], {}, object()], ids=lambda value: repr(value)[:7])
async def test_a_run_predicate_returns_none_or_a_reason(offer: Offer, answer: Any) -> None:
    """True could mean that it may start, or that it is blocked."""

    @workflow("Answering", run_predicate=lambda: answer)
    def answering() -> Any:
        return begin >> count

    engine = await offer(answering)

    with pytest.raises(AuthorCodeFailed, match=f"It returned {type(answer).__name__}, and not None or the reason"):
        await engine.start(answering)


@pytest.mark.parametrize("answer", [None, ""])
async def test_a_run_predicate_without_a_reason_lets_the_process_start(offer: Offer, answer: Any) -> None:
    @workflow("Answering", run_predicate=lambda: answer)
    def answering() -> Any:
        return begin >> count

    engine = await offer(answering)

    assert await engine.start(answering)


async def test_what_may_not_start_is_refused_with_the_reason(offer: Offer) -> None:
    @workflow("Closed", run_predicate=lambda: "the network is frozen")
    def closed() -> Any:
        return begin >> count

    def nobody(context: AuthContext) -> bool:
        return False

    @workflow("Forbidden", authorize_callback=nobody)
    def forbidden() -> Any:
        return begin >> count

    engine = await offer(closed, forbidden)

    with pytest.raises(WorkflowBlocked, match="the network is frozen"):
        await engine.start(closed)
    with pytest.raises(Forbidden):
        await engine.start(forbidden)
    with pytest.raises(NotFound):
        await engine.start(counts)


async def test_a_model_that_a_step_returns_is_saved_with_the_step_and_loaded_for_the_next(offer: Offer) -> None:
    engine = await offer(install)
    process_id = await engine.start(install, {"watts": 7})

    ended = await engine.reaches(process_id, COMPLETED)

    subscription_id = UUID(ended.state["subscription_id"])
    row = (await engine.read(lambda conn: product_subscriptions.rows(conn, [subscription_id])))[subscription_id]
    assert ended.state["watts"] == 8
    model = (await engine.read(lambda conn: product_subscriptions.models(conn, [subscription_id])))[subscription_id]
    assert (model["lamp"]["watts"], row.status) == (8, SubscriptionLifecycle.ACTIVE)
    changed = await engine.events(process_id, EventKind.PRODUCT_SUBSCRIPTION_CHANGED)
    assert len(changed) == row.version + 1  # the last one is the end of the lock
    linked = await engine.read(lambda conn: product_subscriptions.ids_of_processes(conn, [process_id]))
    assert linked == {process_id: [subscription_id]}


async def test_one_process_at_a_time_may_change_a_product_subscription(offer: Offer) -> None:
    engine = await offer(install, change)
    lamp = str(await installed(engine))

    holder = await engine.start(change, {"subscription_id": lamp})
    with pytest.raises(SubscriptionLocked) as locked:
        await engine.start(change, {"subscription_id": lamp})
    await confirm(engine, holder)
    await engine.reaches(holder, COMPLETED)
    following = await engine.start(change, {"subscription_id": lamp})

    assert locked.value.process_id == holder
    await open_request(engine, following)


async def test_only_one_of_the_processes_that_start_on_a_product_subscription_at_once_starts(offer: Offer) -> None:
    engine = await offer(install, change)
    lamp = str(await installed(engine))

    results = await asyncio.gather(
        *(engine.start(change, {"subscription_id": lamp}) for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(result).__name__ for result in results) == ["SubscriptionLocked"] * 4 + ["UUID"]


async def test_a_product_subscription_that_a_process_left_out_of_sync_stays_locked(offer: Offer) -> None:
    engine = await offer(install, change)
    lamp = str(await installed(engine))
    holder = await engine.start(change, {"subscription_id": lamp})
    await open_request(engine, holder)

    await abort_process(engine.runtime, ADA, process_id=holder)

    with pytest.raises(SubscriptionOutOfSync, match="change was aborted by ada") as refused:
        await engine.start(change, {"subscription_id": lamp})
    assert refused.value.process_id == holder


async def test_a_product_subscription_that_does_not_exist_cannot_be_changed(offer: Offer) -> None:
    def by_name() -> FormGenerator:
        class Which(FormPage):
            subscription_id: str

        answer = yield Which
        return {"subscription_id": answer.subscription_id}

    @workflow("Change by name", target=Target.MODIFY, initial_input_form=by_name)
    def rename() -> Any:
        return begin >> count

    engine = await offer(rename)

    with pytest.raises(NotFound):
        await engine.start(rename, {"subscription_id": str(uuid4())})
    with pytest.raises(NotFound):
        await engine.start(rename, {"subscription_id": "the blue one"})


def in_two_steps(name: str) -> Workflow:
    """A workflow that waits for a person, then executes a step with that name."""

    @step(name)
    async def second() -> State:
        return {"was": name}

    @workflow("Deployed twice")
    def deployed() -> Any:
        return begin >> look >> second

    return deployed


async def test_a_process_goes_on_where_its_past_is_a_prefix_of_the_new_definition(
    storage: str, clock: TurnableClock
) -> None:
    old, new = in_two_steps("old"), in_two_steps("new")
    async with engine_of(storage, old, clock=clock) as before:
        process_id = await before.start(old)
        await open_request(before, process_id)

    async with engine_of(storage, new, clock=clock) as after:
        await confirm(after, process_id)
        ended = await after.reaches(process_id, COMPLETED)

    assert ended.state == {"was": "new"}


async def test_a_process_whose_past_was_changed_fails_and_names_the_first_difference(
    storage: str, clock: TurnableClock
) -> None:
    old = in_two_steps("old")

    @inputstep("Another form")
    def another() -> Iterator[type[FormPage]]:
        yield FormPage

    @workflow("Deployed twice")
    def deployed() -> Any:
        return begin >> another

    async with engine_of(storage, old, clock=clock) as before:
        process_id = await before.start(old)
        await open_request(before, process_id)

    async with engine_of(storage, deployed, clock=clock) as after:
        with pytest.raises(StaleForm, match="'Look at it'"):
            await confirm(after, process_id)
        failed = await after.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "definition-changed"
    assert "step 1 was 'Look at it' (INPUT) and is now 'Another form' (INPUT)" in failed.failure.message

    async with engine_of(storage, old, clock=clock) as again:
        await retry_process(again.runtime, ADA, process_id=process_id)
        await confirm(again, process_id)
        ended = await again.reaches(process_id, COMPLETED)

    assert ended.state == {"was": "old"}


async def test_a_delivery_is_kept_during_a_wrong_deployment(storage: str, clock: TurnableClock) -> None:
    remote = Remote()

    @step("Judge")
    async def judge(callback_result: State) -> State:
        return {"is_judged": True}

    def deployed() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    right = workflow("Deployed twice")(deployed)
    wrong = in_two_steps("wrong")
    async with engine_of(storage, right, clock=clock) as before:
        process_id = await before.start(right)
        await before.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    async with engine_of(storage, wrong, clock=clock) as meanwhile:
        await answer(meanwhile.runtime, await remote.asked(), {"rc": 0})
        await meanwhile.reaches(process_id, FAILED)

    async with engine_of(storage, right, clock=clock) as after:
        await retry_process(after.runtime, ADA, process_id=process_id)
        ended = await after.reaches(process_id, COMPLETED)

    assert ended.state == {"callback_result": {"rc": 0}, "is_judged": True}
    assert len(remote.tokens) == 1
