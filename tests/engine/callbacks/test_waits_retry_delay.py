"""The pauses before the action of a callback step runs again, and what an operator can do meanwhile."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from orchestrator_gql import begin, callback_step, retrystep, step
from orchestrator_gql.testing import Kit, Remote, Run
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError, WorkflowDefinitionError
from orchestrator_gql.workflow import Workflow, workflow

SERVICE = "http://proxy.example.org/"


@step("Order")
def order(callback_url: str) -> None:
    httpx.post(SERVICE, json={"callback": callback_url}).raise_for_status()


@step("Judge")
def judge(callback_result: dict[str, Any]) -> None:
    assert callback_result["rc"] == 0


@step("Cancel")
def cancel() -> None:
    httpx.delete(SERVICE).raise_for_status()


@workflow("Order with pauses")
def orders() -> Any:
    return begin >> callback_step(
        "Job", order, judge, timeout=60, on_timeout="retry", max_attempts=4, retry_delay=10, on_abort=cancel
    )


@asynccontextmanager
async def paused(
    end: Callable[[Kit, Run], Awaitable[Any]], flow: Workflow = orders
) -> AsyncIterator[tuple[Kit, Run, Remote]]:
    """A process that pauses before its action runs the second time; ``end`` ended the first wait."""
    with Remote() as remote:
        async with Kit(flow) as kit:
            run = await kit.start(flow)
            await run.rests("AWAITING_CALLBACK")
            await end(kit, run)
            await run.rests("WAITING")
            yield kit, run, remote


async def busy(_: Kit, run: Run) -> None:
    await run.fail("busy", code="busy", is_retryable=True)


async def silent(kit: Kit, _: Run) -> None:
    await kit.turn(seconds=60)


@pytest.mark.parametrize("end", [busy, silent])
async def test_the_action_runs_again_after_its_pause_and_not_before(end: Callable[[Kit, Run], Awaitable[Any]]) -> None:
    async with paused(end) as (kit, run, remote):
        waiting = await run.process()
        due = None if waiting.execution is None else waiting.execution.retry_at
        started = kit.now
        await kit.turn(seconds=9)
        early = len(remote.orders)
        await kit.turn(seconds=2)
        await run.rests("AWAITING_CALLBACK")
        orders_after = len(remote.orders)
        await run.answer({"rc": 0})
        ended = await run.rests("COMPLETED")
        steps = await run.steps()

    assert due is not None
    assert 8 < (due - started).total_seconds() <= 10
    assert (early, orders_after) == (1, 2)
    assert ended.failure is None
    assert [each.retry_at for each in steps] == [None] * len(steps)


async def test_each_pause_is_twice_as_long_and_the_last_failure_fails_the_process() -> None:
    pauses = []
    async with paused(busy) as (kit, run, remote):
        for _ in range(3):
            execution = (await run.process()).execution
            assert execution is not None and execution.retry_at is not None
            pauses.append(round((execution.retry_at - kit.now).total_seconds()))
            await kit.turn(seconds=pauses[-1] + 1)
            await run.rests("AWAITING_CALLBACK")
            await busy(kit, run)
            await run.rests()
        failed = await run.rests("FAILED")

    assert pauses == [10, 20, 40]
    assert len(remote.orders) == 4
    assert failed.failure is not None
    assert failed.failure.code == "busy"


async def test_an_operator_runs_the_action_again_without_the_rest_of_the_pause() -> None:
    async with paused(busy) as (kit, run, remote):
        await run.reissue()
        await run.rests("AWAITING_CALLBACK")
        await kit.turn(seconds=11)  # the timer of the pause has nothing to wake
        still = await run.rests()
        await run.answer({"rc": 0})
        await run.rests("COMPLETED")
        steps = await run.steps()

    assert still.status is ProcessStatus.AWAITING_CALLBACK
    assert len(remote.orders) == 2
    assert [each.retry_at for each in steps] == [None] * len(steps)


async def test_an_operator_opens_the_same_url_again_or_gives_the_result_in_a_pause() -> None:
    async with paused(busy) as (_, run, remote):
        await run.wait_on(30)
        opened = await run.rests("AWAITING_CALLBACK")
        await run.fail("still busy", code="busy", is_retryable=True)
        await run.rests("WAITING")
        await run.complete({"rc": 0}, "seen on the device")
        await run.rests("COMPLETED")
        steps = await run.steps()

    assert opened.execution is not None
    assert (opened.execution.retry_at, opened.execution.failure) == (None, None)
    assert len(remote.orders) == 1
    assert [each.retry_at for each in steps] == [None] * len(steps)


async def test_the_end_of_a_pause_that_an_operator_cut_short_wakes_no_later_pause() -> None:
    calls = []

    @retrystep("Unsure", delay=60)
    def unsure() -> None:
        calls.append(1)
        raise ProcessFailureError("not yet")

    @workflow("Order, then unsure")
    def unsure_orders() -> Any:
        return begin >> callback_step("Job", order, judge, on_timeout="retry", retry_delay=10) >> unsure

    async with paused(busy, unsure_orders) as (kit, run, _):
        await run.complete({"rc": 0}, "seen on the device")
        await run.rests("WAITING")
        await kit.turn(seconds=11)
        await run.rests("WAITING")
        early = len(calls)
        await kit.turn(seconds=50)
        await run.rests("WAITING")

    assert (early, len(calls)) == (1, 2)


@pytest.mark.parametrize(("end", "cancels"), [(busy, 0), (silent, 1)])
async def test_an_abort_in_a_pause_cancels_a_job_that_may_still_run(
    end: Callable[[Kit, Run], Awaitable[Any]], cancels: int
) -> None:
    async with paused(end) as (kit, run, remote):
        await run.abort("wrong node")
        await run.rests("ABORTED")
        await kit.turn(seconds=11)
        ended = await run.rests()

    assert ended.status is ProcessStatus.ABORTED
    assert [request.method for request in remote.requests].count("DELETE") == cancels


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "on_timeout='retry'"), ({"on_timeout": "operator"}, "on_timeout='retry'"), ({"retry_delay": 0}, "longer")],
)
def test_a_delay_that_can_never_be_used_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=words):
        callback_step("Job", order, judge, **{"retry_delay": 10, **options})
