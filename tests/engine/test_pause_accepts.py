"""A pause refuses starts, retries and reissues; everything else works in every state of a wait, on both databases."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.callback_logs import attempts_of
from support.engine import Engine
from support.operator import ADA
from support.playbooks import calls, judge, of
from support.remote import Remote, answer, fail, token_of

from orchestrator_gql import callback_step, step
from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.commands.callback_deliveries import fail_callback
from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
    reissue_callback,
)
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process, retry_process, update_process_note
from orchestrator_gql.storage import callbacks, timers
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import CallbackClosed, EnginePaused, InvalidState

AWAITING, RUNNING = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.RUNNING
COMPLETED, ABORTED, FAILED = ProcessStatus.COMPLETED, ProcessStatus.ABORTED, ProcessStatus.FAILED

RESULT = {"rc": 0, "changed": 2}

WAITS: dict[str, dict[str, Any]] = {
    "waits": {"timeout": 7200},
    "deadline passed": {"timeout": 60},
    "heartbeat lost": {"timeout": 7200, "heartbeat_timeout": 60},
    "to be issued again": {"timeout": 60, "on_timeout": "retry", "max_attempts": 2},
    "to ask an operator": {"timeout": 60, "on_timeout": "operator"},
}
"""The options of a wait that is in the named state after 100 seconds of a pause."""

in_every_state = pytest.mark.parametrize("state", WAITS)


async def switch(engine: Engine, *, paused: bool) -> None:
    """Pause or resume the engine."""
    await set_engine_state(engine.runtime, ADA, paused=paused)


async def wake_in_a_pause(engine: Engine, process_id: UUID, status: ProcessStatus = RUNNING) -> None:
    """Pause the engine, and let 100 seconds pass; the process has ``status`` then."""
    await switch(engine, paused=True)
    engine.turn(100)
    await engine.until(partial(_no_due_timer, engine), awaited="the due timers to fire")
    assert (await engine.process(process_id)).status is status


async def _no_due_timer(engine: Engine) -> bool:
    due = await engine.read(timers.next_due)
    return due is None or due > engine.clock.now()


async def paused_at_the_wait(offer: Offer, state: str) -> tuple[Engine, UUID, str, UUID]:
    """A paused engine with a process in the state; its id, its token and the id of its callback."""
    remote = Remote()
    engine = await offer(flow := calls(remote, **WAITS[state]))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await wake_in_a_pause(engine, process_id, AWAITING if state == "waits" else RUNNING)
    return engine, process_id, token, (await engine.callback(process_id)).id


@in_every_state
async def test_a_result_typed_in_is_used_after_the_resumption(offer: Offer, state: str) -> None:
    engine, process_id, _, callback_id = await paused_at_the_wait(offer, state)

    await complete_callback(engine.runtime, ADA, callback_id=callback_id, result=RESULT, reason="read on the console")
    await switch(engine, paused=False)

    assert (await engine.reaches(process_id, COMPLETED)).state["changed"] == 2


@in_every_state
async def test_a_refused_delivery_is_adopted(offer: Offer, state: str) -> None:
    engine, process_id, token, callback_id = await paused_at_the_wait(offer, state)
    if state == "waits":
        engine.turn(7200)  # else the delivery would be accepted
        await engine.reaches(process_id, RUNNING)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, RESULT)
    [attempt], _ = await engine.read(lambda conn: attempts_of(conn, callback_id))

    await adopt_callback_attempt(engine.runtime, ADA, attempt_id=attempt.id, reason="late, but right")
    await switch(engine, paused=False)

    assert (await engine.reaches(process_id, COMPLETED)).state["changed"] == 2


@in_every_state
async def test_more_time_is_given_at_the_same_url(offer: Offer, state: str) -> None:
    engine, process_id, token, callback_id = await paused_at_the_wait(offer, state)

    await reawait_callback(engine.runtime, ADA, callback_id=callback_id, timeout=600)
    engine.turn(30)
    await switch(engine, paused=False)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, token, RESULT)

    assert (await engine.reaches(process_id, COMPLETED)).state["changed"] == 2


@in_every_state
async def test_more_time_lets_the_remote_service_deliver_in_the_pause(offer: Offer, state: str) -> None:
    engine, process_id, token, callback_id = await paused_at_the_wait(offer, state)

    await reawait_callback(engine.runtime, ADA, callback_id=callback_id, timeout=600)
    receipt = await answer(engine.runtime, token, RESULT)
    again = await answer(engine.runtime, token, RESULT)
    await switch(engine, paused=False)

    assert (again.receipt, again.is_duplicate) == (receipt.receipt, True)
    assert (await engine.reaches(process_id, COMPLETED)).state["changed"] == 2


@in_every_state
async def test_more_time_that_passes_in_the_pause_too_ends_the_wait_after_it(offer: Offer, state: str) -> None:
    engine, process_id, _, callback_id = await paused_at_the_wait(offer, state)
    await reawait_callback(engine.runtime, ADA, callback_id=callback_id, timeout=50)
    engine.turn(100)
    await engine.until(partial(_no_due_timer, engine), awaited="the due timers to fire")
    await complete_callback(engine.runtime, ADA, callback_id=callback_id, result=RESULT, reason="read on the console")
    await switch(engine, paused=False)

    await engine.reaches(process_id, COMPLETED)


@in_every_state
async def test_it_is_aborted_and_gets_a_note(offer: Offer, state: str) -> None:
    engine, process_id, token, _ = await paused_at_the_wait(offer, state)

    await update_process_note(engine.runtime, ADA, process_id=process_id, note="the router is gone")
    aborted = await abort_process(engine.runtime, ADA, process_id=process_id)

    assert (aborted.status, aborted.note) == (ABORTED, "the router is gone")
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, token, RESULT)


@in_every_state
async def test_only_what_starts_a_step_is_refused(offer: Offer, state: str) -> None:
    engine, process_id, _, callback_id = await paused_at_the_wait(offer, state)
    before = await engine.process(process_id)

    with pytest.raises(EnginePaused):
        await reissue_callback(engine.runtime, ADA, callback_id=callback_id)
    with pytest.raises((EnginePaused, InvalidState)):  # it is at no step that a retry could run
        await retry_process(engine.runtime, ADA, process_id=process_id)

    assert await engine.process(process_id) == before


async def test_the_wait_goes_its_own_way_after_the_resumption_if_nobody_acts(offer: Offer) -> None:
    engine, process_id, _, _ = await paused_at_the_wait(offer, "deadline passed")

    await switch(engine, paused=False)

    failed = await engine.reaches(process_id, FAILED)
    assert failed.failure is not None and failed.failure.code == "callback-expired"


async def test_a_stored_result_is_not_replaced_before_it_is_validated(offer: Offer) -> None:
    engine, process_id, token, callback_id = await paused_at_the_wait(offer, "waits")
    await answer(engine.runtime, token, RESULT)
    act: Callable[..., Awaitable[Any]]

    for act in (
        partial(complete_callback, result={"rc": 1}, reason="typed"),
        partial(reawait_callback, timeout=60),
    ):
        with pytest.raises(InvalidState):
            await act(engine.runtime, ADA, callback_id=callback_id)
    await switch(engine, paused=False)

    assert (await engine.reaches(process_id, COMPLETED)).state["changed"] == 2


async def test_with_several_callbacks_each_missing_one_is_repaired_in_the_pause(offer: Offer) -> None:
    routes: dict[str, str] = {}

    @step("Call the routers")
    async def call(callback_routes: dict[str, str]) -> None:
        routes.update(callback_routes)

    @step("Judge all")
    def judge_all(callback_result: dict[str, Any]) -> None: ...

    names = ("a", "b", "c", "d")
    flow = of(callback_step("Routers", call, judge_all, expect=names, timeout=60))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, token_of(routes["a"]), {"by": "remote"})
    await fail(engine.runtime, token_of(routes["b"]), "no such router")
    await wake_in_a_pause(engine, process_id)
    by_name: dict[str | None, Callback] = {
        callback.name: callback for callback in await engine.read(lambda conn: callbacks.of_wait(conn, process_id, 1))
    }

    await reawait_callback(engine.runtime, ADA, callback_id=by_name["b"].id, timeout=600)
    await complete_callback(engine.runtime, ADA, callback_id=by_name["c"].id, result={"by": "ada"}, reason="seen")
    await reawait_callback(engine.runtime, ADA, callback_id=by_name["d"].id, timeout=300)
    await switch(engine, paused=False)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, token_of(routes["b"]), {"by": "b itself"})
    await answer(engine.runtime, token_of(routes["d"]), {"by": "d itself"})

    done = await engine.reaches(process_id, COMPLETED)
    assert done.state["callback_result"] == {
        "a": {"by": "remote"}, "b": {"by": "b itself"}, "c": {"by": "ada"}, "d": {"by": "d itself"},
    }  # fmt: skip


async def test_more_time_for_one_callback_does_not_keep_an_overdue_one_open_for_ever(offer: Offer) -> None:
    routes: dict[str, str] = {}

    @step("Call the routers")
    async def call(callback_routes: dict[str, str]) -> None:
        routes.update(callback_routes)

    flow = of(callback_step("Routers", call, judge, expect=("a", "b"), timeout=60))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    await wake_in_a_pause(engine, process_id)
    one = (await engine.callback(process_id)).id

    await reawait_callback(engine.runtime, ADA, callback_id=one, timeout=600)
    await switch(engine, paused=False)
    await engine.reaches(process_id, AWAITING)
    engine.turn(600)

    failed = await engine.reaches(process_id, FAILED)
    assert failed.failure is not None and failed.failure.code == "callbacks-incomplete"


async def test_more_time_in_the_pause_before_a_further_issue_leaves_no_failure_at_the_step(offer: Offer) -> None:
    remote = Remote()
    engine = await offer(flow := calls(remote, timeout=60, on_timeout="retry", max_attempts=2, retry_delay=60))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    engine.turn(60)
    await engine.reaches(process_id, ProcessStatus.WAITING)
    await wake_in_a_pause(engine, process_id)

    await reawait_callback(engine.runtime, ADA, callback_id=(await engine.callback(process_id)).id, timeout=600)
    await switch(engine, paused=False)
    waiting = (await engine.reaches(process_id, AWAITING)).execution
    await answer(engine.runtime, token, RESULT)

    assert waiting is not None and (waiting.failure, waiting.retry_at) == (None, None)
    assert (await engine.reaches(process_id, COMPLETED)).state["changed"] == 2
    assert len(remote.tokens) == 1


@pytest.mark.parametrize(("is_reported", "cancels"), [(True, 0), (False, 1)], ids=["reported an end", "silent"])
async def test_an_abort_after_the_delay_cancels_only_a_job_that_may_still_run(
    offer: Offer, is_reported: bool, cancels: int
) -> None:
    remote, cancelled = Remote(), list[str]()

    @step("Cancel")
    def cancel() -> None:
        cancelled.append("cancelled")

    options = {"timeout": 60, "on_timeout": "retry", "max_attempts": 2, "retry_delay": 60, "on_abort": cancel}
    engine = await offer(flow := calls(remote, **options))
    process_id = await engine.start(flow)
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    if is_reported:
        await fail_callback(engine.runtime, token=token, code="busy", message="busy", is_retryable=True)
    else:
        engine.turn(60)
    await engine.reaches(process_id, ProcessStatus.WAITING)
    await wake_in_a_pause(engine, process_id)

    await abort_process(engine.runtime, ADA, process_id=process_id)
    await switch(engine, paused=False)
    await engine.reaches(process_id, ABORTED)

    assert len(cancelled) == cancels
