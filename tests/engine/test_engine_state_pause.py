"""A paused engine starts no step, loses nothing, and continues after the resumption, on both databases."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection
from support.clock import TurnableClock
from support.engine import Engine, engine_of
from support.operator import ADA, confirm
from support.playbooks import calls, of, waiting_call
from support.remote import Remote, answer, report
from support.until import PATIENCE

from orchestrator_gql import inputstep, retrystep, step
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.runner import advance
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import engine_state, timers
from orchestrator_gql.storage.database.after_commit import CommitEffects, NoHooks, wake
from orchestrator_gql.types import (
    CallbackStatus,
    EngineState,
    EventKind,
    FormGenerator,
    InputRequestStatus,
    ProcessStatus,
    State,
)
from orchestrator_gql.utils.errors import EnginePaused, ProcessFailureError

RUNNING, PAUSING, PAUSED = EngineState.RUNNING, EngineState.PAUSING, EngineState.PAUSED
AWAITING, SUSPENDED, WAITING = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED, ProcessStatus.WAITING
FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


async def pause(engine: Engine, reason: str = "router upgrade") -> EngineState:
    """Pause the engine; its state after that."""
    return (await set_engine_state(engine.runtime, ADA, paused=True, reason=reason)).state


async def resume(engine: Engine) -> None:
    """Resume the engine."""
    await set_engine_state(engine.runtime, ADA, paused=False)


async def reaches_state(engine: Engine, state: EngineState) -> None:
    """Wait until the engine has this state."""

    async def look() -> bool:
        return (await engine.read(engine_state.load)).state is state

    await engine.until(look, awaited=f"the engine to be {state}")


async def assert_does_not_move(engine: Engine, process_id: UUID) -> None:
    """Assert that the process does not move even if it is advanced several times."""
    before = await engine.steps(process_id)
    await asyncio.gather(*(advance(engine.runtime, process_id) for _ in range(3)))
    assert await engine.steps(process_id) == before


async def test_a_start_is_refused_with_the_actor_time_and_reason_of_the_pause(offer: Offer) -> None:
    @step("Work")
    async def work() -> None: ...

    works = of(work)
    engine = await offer(works)
    known = await engine.start(works, idempotency_key="k1")
    await engine.reaches(known, COMPLETED)
    since = engine.clock.now()
    await pause(engine)
    engine.turn(60)

    with pytest.raises(EnginePaused) as refused:
        await engine.start(works)

    assert (refused.value.since, refused.value.by) == (since, "ada")
    assert str(refused.value) == (
        "The engine was paused by ada at 2026-03-02 09:00:00 UTC (router upgrade): "
        "nothing is started until it is resumed."
    )
    assert len(await engine.events(kind=EventKind.PROCESS_CREATED)) == 1
    assert await engine.start(works, idempotency_key="k1") == known
    await resume(engine)
    await engine.reaches(await engine.start(works), COMPLETED)


async def test_a_retry_is_refused_and_works_after_the_resumption(offer: Offer) -> None:
    tries: list[int] = []

    @step("Work")
    async def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ProcessFailureError("not yet")

    works = of(work)
    engine = await offer(works)
    process_id = await engine.start(works)
    failed = await engine.reaches(process_id, FAILED)
    await pause(engine)

    with pytest.raises(EnginePaused) as refused:
        await retry_process(engine.runtime, ADA, process_id=process_id)

    assert refused.value.since == engine.clock.now()
    assert await engine.process(process_id) == failed
    await resume(engine)
    await retry_process(engine.runtime, ADA, process_id=process_id)
    await engine.reaches(process_id, COMPLETED)


async def test_a_delivery_is_accepted_and_used_after_the_resumption(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer)
    await pause(engine)

    await report(engine.runtime, token, "half", 50)
    receipt = await answer(engine.runtime, token, {"rc": 0, "changed": 3})
    again = await answer(engine.runtime, token, {"rc": 0, "changed": 3})
    await assert_does_not_move(engine, process_id)

    assert (await engine.callback(process_id)).status is CallbackStatus.RECEIVED
    assert (again.receipt, again.is_duplicate) == (receipt.receipt, True)
    await resume(engine)
    ended = await engine.reaches(process_id, COMPLETED)
    assert ended.state["changed"] == 3


async def test_nothing_is_woken_before_the_resumption(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    woken = list[UUID]()

    def noted(conn: Connection, process_id: UUID) -> None:
        woken.append(process_id)
        wake(conn, process_id)

    engine, process_id, token = await waiting_call(offer)
    await pause(engine)
    monkeypatch.setattr(commit, "wake", noted)

    await answer(engine.runtime, token, {"rc": 0, "changed": 3})

    assert (await engine.process(process_id)).status is ProcessStatus.RUNNING
    assert woken == []  # a claim would find the engine paused, for each of thousands of deliveries
    await resume(engine)
    await engine.reaches(process_id, COMPLETED)


async def test_a_form_is_accepted_and_the_next_step_waits_for_the_resumption(offer: Offer) -> None:
    followed: list[int] = []

    class Window(FormPage):
        minutes: int = 30

    @inputstep("Choose a window", assignee=Assignee("NOC"))
    def choose() -> FormGenerator:
        submitted = yield Window
        return {"minutes": submitted.minutes}

    @step("Follow")
    async def follow(minutes: int) -> None:
        followed.append(minutes)

    maintain = of(choose, follow)
    engine = await offer(maintain)
    process_id = await engine.start(maintain)
    await engine.reaches(process_id, SUSPENDED)
    await pause(engine)

    decided = await confirm(engine, process_id, {"minutes": 10})
    await assert_does_not_move(engine, process_id)

    assert decided.request.status is InputRequestStatus.SUBMITTED
    assert followed == []
    await resume(engine)
    await engine.reaches(process_id, COMPLETED)
    assert followed == [10]


async def test_a_retry_that_becomes_due_waits_for_the_resumption(offer: Offer) -> None:
    tries: list[int] = []

    @retrystep("Work", attempts=3, delay=10)
    async def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ProcessFailureError("not yet")

    works = of(work)
    engine = await offer(works)
    process_id = await engine.start(works)
    await engine.reaches(process_id, WAITING)
    await pause(engine)

    engine.turn(11)
    await engine.until(partial(_no_timer, engine), awaited="the timer to fire")
    await assert_does_not_move(engine, process_id)

    assert len(tries) == 1
    await resume(engine)
    await engine.reaches(process_id, COMPLETED)
    assert len(tries) == 2


async def _no_timer(engine: Engine) -> bool:
    return await engine.read(timers.next_due) is None


async def test_an_abort_works_while_the_engine_is_paused(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await pause(engine)

    aborted = await abort_process(engine.runtime, ADA, process_id=process_id)

    assert aborted.status is ABORTED
    assert (await engine.callback(process_id)).status is CallbackStatus.WITHDRAWN


@pytest.mark.parametrize("is_paused", [False, True])
async def test_a_result_is_a_passing_state_only_while_the_engine_runs(offer: Offer, is_paused: bool) -> None:
    engine, _, token = await waiting_call(offer)
    if is_paused:
        await pause(engine)
    hooks, passing, is_notified = engine.runtime.database.hooks, list[bool](), asyncio.Event()

    class Hooks(NoHooks):
        def notify(self, effects: CommitEffects) -> None:
            hooks.notify(effects)
            if (
                effects.woken or effects.claims or (is_paused and effects.has_events)
            ):  # not the commit of the wait itself
                passing.append(effects.is_passing)
                is_notified.set()

    engine.runtime.database.hooks = Hooks()

    await answer(engine.runtime, token, {"rc": 0, "changed": 3})
    await asyncio.wait_for(is_notified.wait(), PATIENCE)  # the caller goes on before the hooks are notified

    assert passing[0] is not is_paused


async def test_a_running_step_finishes_and_no_other_step_starts_until_the_resumption(offer: Offer) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    followed: list[str] = []

    @step("Long")
    async def long() -> State:
        begun.set()
        await go.wait()
        return {"is_done": True}

    @step("Next")
    async def following() -> None:
        followed.append("next")

    works = of(long, following)
    engine = await offer(works)
    process_id = await engine.start(works)
    await begun.wait()

    state_at_once = await pause(engine)
    go.set()
    await reaches_state(engine, PAUSED)
    await assert_does_not_move(engine, process_id)

    stopped = await engine.process(process_id)
    assert state_at_once is PAUSING
    assert (stopped.state, stopped.worker, followed) == ({"is_done": True}, None, [])
    await resume(engine)
    await engine.reaches(process_id, COMPLETED)
    assert followed == ["next"]
    events = await engine.events(kind=EventKind.ENGINE_STATE_CHANGED)
    assert [(event.payload["state"], event.payload["reason"], event.actor) for event in events] == [
        (PAUSING, "router upgrade", "ada"),
        (PAUSED, "router upgrade", None),
        (RUNNING, None, "ada"),
    ]


async def test_an_engine_that_is_resumed_while_it_is_pausing_continues(offer: Offer) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Long")
    async def long() -> None:
        begun.set()
        await go.wait()

    @step("Next")
    async def following() -> None: ...

    works = of(long, following)
    engine = await offer(works)
    process_id = await engine.start(works)
    await begun.wait()

    state_at_once = await pause(engine)
    await resume(engine)
    go.set()
    await engine.reaches(process_id, COMPLETED)

    assert state_at_once is PAUSING
    assert (await engine.read(engine_state.load)).state is RUNNING


async def test_a_pause_outlives_the_server(storage: str, clock: TurnableClock) -> None:
    remote, ran = Remote(), asyncio.Event()

    @step("After")
    async def after(callback_result: Any) -> None:
        ran.set()

    flow = of(*calls(remote).steps, after, name="played")
    async with engine_of(storage, flow, clock=clock) as first:
        process_id = await first.start(flow)
        token = await remote.asked()
        await first.reaches(process_id, AWAITING)
        await pause(first)
        await answer(first.runtime, token, {"rc": 0})
    async with engine_of(storage, flow, clock=clock) as second:
        await assert_does_not_move(second, process_id)
        with pytest.raises(EnginePaused):
            await second.start(flow)
        assert not ran.is_set()
        await resume(second)
        await second.reaches(process_id, COMPLETED)


async def test_a_resumption_wakes_all_processes_with_stored_results(offer: Offer) -> None:
    remote = Remote()
    flow = calls(remote)
    engine = await offer(flow, heartbeat=60)  # the watch looks too late to help
    process_ids = [await engine.start(flow) for _ in range(20)]
    tokens = [await remote.asked() for _ in process_ids]
    for process_id in process_ids:
        await engine.reaches(process_id, AWAITING)
    await pause(engine)
    await asyncio.gather(*(answer(engine.runtime, token, {"rc": 0}) for token in tokens))
    for process_id in process_ids:
        await assert_does_not_move(engine, process_id)

    await resume(engine)

    for process_id in process_ids:
        await engine.reaches(process_id, COMPLETED)
