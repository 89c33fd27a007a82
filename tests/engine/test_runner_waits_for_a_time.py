"""A process that is confirmed outside of the maintenance window waits for it, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Offer
from support.clock import TurnableClock
from support.engine import engine_of
from support.operator import ADA, confirm
from support.until import until

from orchestrator_gql import begin, conditional, inputstep, retrystep, step, wait_until
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process, continue_process
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import ProcessAction, available_actions
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR, AuthContext, Permission, Principal
from orchestrator_gql.storage import timers
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, StepStatus
from orchestrator_gql.utils.errors import EnginePaused, Forbidden, InvalidState, PayloadInvalid
from orchestrator_gql.workflow import Workflow, workflow

WAITING, COMPLETED, FAILED = ProcessStatus.WAITING, ProcessStatus.COMPLETED, ProcessStatus.FAILED
REASON = "The customer agreed."


@inputstep("Confirm")
def ask() -> FormGenerator:
    yield FormPage
    return {}


def changing(changed: list[str], **options: Any) -> Workflow:
    """A workflow whose change waits for the time in the state."""

    @step("Plan")
    def plan() -> State:
        return {"opens_at": OPENS[0].isoformat()}

    @step("Change")
    def change() -> None:
        changed.append("changed")

    @workflow("Change in the window")
    def changes() -> Any:
        wait = wait_until("Wait for the window", lambda opens_at: OPENS[0] if opens_at else None, **options)
        return begin >> plan >> ask >> wait >> change

    return changes


OPENS = [datetime(2026, 1, 1, tzinfo=UTC)]
"""When the window opens; a test sets it by its own clock."""


async def waiting(engine: Any, flow: Workflow, hours: float = 8) -> Any:
    """The id of a process that was confirmed so many hours before its window."""
    OPENS[0] = engine.clock.now() + timedelta(hours=hours)
    process_id = await engine.start(flow)
    await confirm(engine, process_id)
    await engine.reaches(process_id, WAITING)
    return process_id


async def test_a_process_that_is_confirmed_outside_of_the_window_goes_on_at_its_begin(offer: Offer) -> None:
    changed: list[str] = []
    flow = changing(changed)
    engine = await offer(flow)
    process_id = await waiting(engine, flow)
    process = await engine.process(process_id)
    execution = process.execution
    assert execution is not None
    assert (execution.status, execution.retry_at, execution.failure) == (StepStatus.WAITING, OPENS[0], None)
    engine.turn(8 * 3600 - 1)
    assert (await engine.process(process_id)).status is WAITING
    engine.turn(1)
    await engine.reaches(process_id, COMPLETED)

    assert changed == ["changed"]
    waited = next(each for each in await engine.steps(process_id) if each.name == "Wait for the window")
    assert (waited.status, waited.attempt, waited.try_count, waited.retry_at) == (StepStatus.SUCCESS, 1, 1, None)


async def test_a_wait_survives_a_restart(storage: str) -> None:
    changed: list[str] = []
    flow, clock = changing(changed), TurnableClock()
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await waiting(engine, flow)
    clock.turn(9 * 3600)
    async with engine_of(storage, flow, clock=clock) as engine:
        await engine.reaches(process_id, COMPLETED)

    assert changed == ["changed"]


@pytest.mark.one_dispatcher
async def test_a_window_that_nobody_saw_is_not_used_afterwards(storage: str) -> None:
    changed: list[str] = []
    flow, clock = changing(changed), TurnableClock()
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await waiting(engine, flow)
    clock.turn(9 * 3600)
    OPENS[0] = clock.now() + timedelta(hours=15)  # as a `Window` says after its end
    async with engine_of(storage, flow, clock=clock) as engine:

        async def look() -> bool | None:
            execution = (await engine.process(process_id)).execution
            return (execution is not None and execution.retry_at == OPENS[0]) or None

        await until(engine.runtime, look, awaited="the process to wait for the next window")
        assert changed == []
        engine.turn(15 * 3600)
        await engine.reaches(process_id, COMPLETED)


async def test_an_operator_lets_it_go_on_at_once_and_the_audit_log_says_so(offer: Offer) -> None:
    changed: list[str] = []
    flow = changing(changed)
    engine = await offer(flow)
    process_id = await waiting(engine, flow)
    process = await engine.process(process_id)
    assert ProcessAction.CONTINUE in available_actions(process, flow.steps)
    assert ProcessAction.RETRY not in available_actions(process, flow.steps)
    await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)
    await engine.reaches(process_id, COMPLETED)

    assert changed == ["changed"]
    waited = next(each for each in await engine.steps(process_id) if each.name == "Wait for the window")
    assert (waited.status, waited.actor, waited.retry_at) == (StepStatus.SUCCESS, "ada", None)
    page = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id=process_id), PageArgs(50))
    (entry,) = [entry for _, entry in page.items if entry.action == "continueProcess"]
    assert (entry.actor, entry.details) == ("ada", {"reason": REASON, "until": OPENS[0].isoformat()})
    with pytest.raises(InvalidState):
        await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)


@pytest.mark.one_dispatcher
async def test_the_old_time_does_not_end_the_next_pause(offer: Offer) -> None:
    tries: list[datetime] = []

    @retrystep("Change", attempts=2, delay=20 * 3600, max_delay=24 * 3600)
    def change() -> None:
        tries.append(engine.clock.now())
        raise ValueError("not yet")

    @workflow("Change")
    def changes() -> Any:
        return begin >> ask >> wait_until("Wait", lambda: OPENS[0]) >> change

    engine = await offer(changes)
    process_id = await waiting(engine, changes)
    await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)
    await engine.reaches(process_id, WAITING)

    assert len(tries) == 1
    due = await engine.read(timers.next_due)
    assert due == tries[0] + timedelta(hours=20)


@pytest.mark.one_dispatcher
async def test_who_may_let_it_go_on(offer: Offer) -> None:
    def no_one_else(context: AuthContext) -> bool:
        return context.user.id == "ada" and context.action == "continue_workflow"

    flow = changing([], retry_auth_callback=no_one_else)
    engine = await offer(flow)
    process_id = await waiting(engine, flow)
    watcher = Principal("eve", "Eve", permissions=frozenset({Permission.READ}))
    bob = Principal("bob", "Bob", permissions=frozenset(Permission))
    for principal in (watcher, bob):
        with pytest.raises(Forbidden):
            await continue_process(engine.runtime, principal, process_id=process_id, reason=REASON)
    with pytest.raises(PayloadInvalid):
        await continue_process(engine.runtime, ADA, process_id=process_id, reason="  ")
    await set_engine_state(engine.runtime, ADA, paused=True, reason="night")
    with pytest.raises(EnginePaused):
        await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)
    assert (await engine.process(process_id)).status is WAITING
    await set_engine_state(engine.runtime, ADA, paused=False)
    await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)
    await engine.reaches(process_id, COMPLETED)


@pytest.mark.one_dispatcher
async def test_a_pause_between_two_tries_is_no_wait_for_a_time(offer: Offer) -> None:
    @retrystep("Change", delay=3600)
    def change() -> None:
        raise ValueError("not yet")

    @workflow("Change")
    def changes() -> Any:
        return begin >> change

    engine = await offer(changes)
    process_id = await engine.start(changes)
    await engine.reaches(process_id, WAITING)
    with pytest.raises(InvalidState, match="this process waits at another step"):
        await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)


@pytest.mark.one_dispatcher
async def test_an_abort_ends_the_wait_and_a_wait_may_have_a_condition(offer: Offer) -> None:
    changed: list[str] = []
    flow = changing(changed)

    @workflow("Skip")
    def skips() -> Any:
        return begin >> conditional(lambda: False)(wait_until("Wait", lambda: OPENS[0]))

    engine = await offer(flow, skips)
    process_id = await waiting(engine, flow)
    skipping = await engine.start(skips)
    await engine.reaches(skipping, COMPLETED)
    await abort_process(engine.runtime, ADA, process_id=process_id)

    await engine.reaches(process_id, ProcessStatus.ABORTED)
    assert await engine.read(timers.next_due) is None
    assert changed == []


@pytest.mark.one_dispatcher
async def test_a_result_that_is_no_time_fails_the_process_and_a_retry_asks_again(offer: Offer) -> None:
    @workflow("Wrong")
    def wrong() -> Any:
        return begin >> wait_until("Wait", lambda: "tomorrow")

    engine = await offer(wrong)
    process_id = await engine.start(wrong)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "bad-time"
    assert ProcessAction.RETRY in available_actions(failed, wrong.steps)


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(("name", "goes_on"), [("Wait", True), ("Wait for another window", False)])
async def test_a_deployment_that_changes_the_wait_is_seen_before_an_operator_ends_it(
    storage: str, name: str, goes_on: bool
) -> None:
    """The wait is the last step of the new definition: no worker would look at the process again."""

    @step("Change")
    def change() -> None: ...

    def flow(*further: Any, wait: str = "Wait") -> Workflow:
        @workflow("Change in the window")
        def changes() -> Any:
            steps = begin >> ask >> wait_until(wait, lambda: OPENS[0])
            return steps >> further[0] if further else steps

        return changes

    clock = TurnableClock()
    async with engine_of(storage, before := flow(change), clock=clock) as engine:
        process_id = await waiting(engine, before)
    async with engine_of(storage, flow(wait=name), clock=clock) as engine:
        if goes_on:
            await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)
            await engine.reaches(process_id, COMPLETED)
            return
        with pytest.raises(InvalidState, match="changed under this process: step 2 was 'Wait'"):
            await continue_process(engine.runtime, ADA, process_id=process_id, reason=REASON)
        engine.turn(8 * 3600)
        failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None and failed.failure.code == "definition-changed"
