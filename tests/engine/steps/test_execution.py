"""Failures of steps: they are described, never hang, and are tried again if the step says so, on both databases."""

import asyncio
from collections.abc import Callable
from typing import Any

from conftest import Offer
from support.operator import ADA
from support.playbooks import of

from orchestrator_gql import callback_step, conditional, retrystep, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.process import Process
from orchestrator_gql.storage import timers
from orchestrator_gql.types import EventKind, ProcessStatus, State, StepStatus
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Workflow

FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


def failing(body: Callable[[], Any]) -> Workflow:
    """A workflow of a single step with this body."""
    return of(step("Fail")(body))


async def fails(offer: Offer, flow: Workflow) -> Process:
    """The failed process of the workflow."""
    engine = await offer(flow)
    return await engine.reaches(await engine.start(flow), FAILED)


async def test_a_retrystep_waits_longer_each_time_and_fails_after_its_last_try(offer: Offer) -> None:
    calls: list[int] = []

    @retrystep("Ask the inventory", attempts=3, delay=10, factor=2)
    async def ask() -> None:
        calls.append(len(calls))
        raise ConnectionError("inventory is away")

    flow = of(ask)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, ProcessStatus.WAITING)
    (first,) = await engine.steps(process_id)
    engine.turn(10)

    async def second_wait() -> bool:
        (execution,) = await engine.steps(process_id)
        return execution.status is StepStatus.WAITING and execution.try_count == 2

    await engine.until(second_wait, awaited="the second pause")
    (second,) = await engine.steps(process_id)
    engine.turn(20)
    failed = await engine.reaches(process_id, FAILED)

    assert first.retry_at is not None
    assert second.retry_at is not None
    assert (second.retry_at - first.retry_at).total_seconds() == 20
    assert calls == [0, 1, 2]
    assert failed.failure is not None
    assert failed.failure.message == "ConnectionError: inventory is away"


async def test_the_deadline_of_a_callback_does_not_start_the_retry_of_its_action_earlier(offer: Offer) -> None:
    calls: list[str] = []

    @retrystep("Call", attempts=2, delay=100)
    async def call(callback_route: str) -> None:
        calls.append(callback_route)
        raise ConnectionError("the service is away")

    @step("Accept")
    def accept(callback_result: Any) -> None: ...

    flow = of(callback_step("Playbook", call, accept, timeout=50))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    waiting = await engine.reaches(process_id, ProcessStatus.WAITING)

    async def only_the_retry_is_left() -> bool:
        assert waiting.execution is not None
        return await engine.read(timers.next_due) == waiting.execution.retry_at

    engine.turn(60)
    await engine.until(only_the_retry_is_left, awaited="the deadline to fire")

    assert (await engine.process(process_id)).status is ProcessStatus.WAITING
    assert len(calls) == 1


async def test_a_step_that_takes_longer_than_its_timeout_fails(offer: Offer) -> None:
    @step("Hang", timeout=0.05)
    async def hang() -> None:
        await asyncio.Event().wait()

    failed = await fails(offer, of(hang))

    assert failed.failure is not None
    assert failed.failure.code == "step-timeout"


async def test_a_result_over_the_limit_fails_and_names_the_largest_key(offer: Offer) -> None:
    def body() -> State:
        return {"config": "x" * 1_048_576, "small": 1}

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "result-too-large"
    assert "'config'" in failed.failure.message
    assert failed.state == {}


async def test_a_result_that_is_not_json_fails_and_names_its_key(offer: Offer) -> None:
    def body() -> State:
        return {"session": {"socket": object()}}

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "not-json"
    assert "session.socket" in failed.failure.message


async def test_a_result_that_is_no_dict_fails_clearly(offer: Offer) -> None:
    def body() -> Any:
        return ["a", "list"]

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "bad-result"


async def test_a_missing_argument_fails_with_its_name(offer: Offer) -> None:
    @step("Needs a node")
    def needs(node: str) -> None: ...

    failed = await fails(offer, of(needs))

    assert failed.failure is not None
    assert failed.failure.code == "missing-argument"
    assert "`node`" in failed.failure.message


async def test_a_step_that_reads_an_empty_iterator_fails_instead_of_hanging(offer: Offer) -> None:
    def body() -> State:
        return {"first": next(iter([]))}

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert "StopIteration" in failed.failure.message


async def test_a_condition_that_reads_an_empty_iterator_fails_instead_of_hanging(offer: Offer) -> None:
    @step("Never")
    async def never() -> None: ...

    failed = await fails(offer, of(conditional(lambda state: next(iter([])))(never)))

    assert failed.failure is not None
    assert "StopIteration" in failed.failure.message


async def test_a_step_whose_own_task_was_cancelled_fails_instead_of_hanging(offer: Offer) -> None:
    async def body() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "step-raised"


async def test_a_step_that_exits_fails_its_process_and_not_the_server(offer: Offer) -> None:
    def body() -> None:
        raise SystemExit(3)

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.message == "SystemExit: 3"


async def test_events_report_every_status_of_the_steps_of_a_process(offer: Offer) -> None:
    @step("Try")
    async def attempt() -> None:
        raise ProcessFailureError("no")

    flow = of(attempt)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, FAILED)
    await retry_process(engine.runtime, ADA, process_id=process_id)

    async def failed_twice() -> bool:
        return len(await engine.steps(process_id)) == 2 and (await engine.process(process_id)).status is FAILED

    await engine.until(failed_twice, awaited="the second failure")
    events = await engine.events(process_id, EventKind.STEP_CHANGED)
    assert [(event.payload["from"], event.payload["to"], event.payload["attempt"]) for event in events] == [
        (None, "RUNNING", 1),
        ("RUNNING", "FAILED", 1),
        (None, "RUNNING", 2),
        ("RUNNING", "FAILED", 2),
    ]
