"""The connection is lost during the COMMIT, so its outcome is unknown: nothing is lost and nothing happens twice.

The connection to a real PostgreSQL is cut before the COMMIT arrives and, in a second run, after it arrived.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.lossy import Cut, LossyWire, lossy_wire
from support.remote import Remote, answer, fail

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import AttemptOutcome, EventKind, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import OutcomeUnknown
from orchestrator_gql.utils.tokens import digest
from orchestrator_gql.workflow import Workflow, workflow

COMPLETED = ProcessStatus.COMPLETED
cuts = pytest.mark.parametrize("cut", Cut, ids=["done", "lost"])


@dataclass(frozen=True, slots=True)
class Wired:
    """A connection that can be cut, and the database URL that leads through it."""

    wire: LossyWire
    url: str


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
async def wired(url: str) -> AsyncIterator[Wired]:
    async with lossy_wire(url) as (wire, near):
        yield Wired(wire, near)


@cuts
async def test_a_step_whose_commit_was_lost_does_not_run_again_and_the_next_step_runs_once(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    remote, ran = Remote(), list[str]()

    @step("Work")
    async def work() -> State:
        ran.append("work")
        wired.wire.cut_commit(cut, "is_done")
        return {"is_done": True}

    @step("Finish", on_crash="hold")
    async def finish() -> None:
        ran.append("finish")

    @step("Judge")
    async def judge(callback_result: Json) -> None:
        wired.wire.cut_commit(cut, "VALIDATED")

    @workflow("Work")
    def works() -> Any:
        return begin >> work >> callback_step("Playbook", remote.action(), judge) >> finish

    async with engine_of(wired.url, works, clock=clock, heartbeat=0.1) as engine:
        process_id = await engine.start(works)
        await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        await answer(engine.runtime, await remote.asked(), {"rc": 0})
        ended = await engine.reaches(process_id, COMPLETED)
        executions = await engine.steps(process_id)
        events = await engine.events(process_id)

    assert wired.wire.cuts == 2
    assert ended.state["is_done"]
    assert ran == ["work", "finish"]
    assert len(remote.tokens) == 1
    assert {execution.attempt for execution in executions} == {1}
    assert len({event.cursor for event in events}) == len(events)
    assert sum(event.payload.get("to") == "SUCCESS" for event in events) == len(executions)


@cuts
async def test_a_claim_whose_commit_was_lost_is_released_and_repeated(
    wired: Wired, url: str, clock: TurnableClock, cut: Cut
) -> None:
    ran = list[str]()
    works = _works(ran)
    async with (
        engine_of(url, works, clock=clock, role="api") as api,
        engine_of(wired.url, works, clock=clock, heartbeat=0.1, role="worker", public_url="http://api") as worker,
    ):
        wired.wire.cut_commit(cut, worker.runtime.worker, "RUNNING")
        process_id = await api.start(works)
        await api.reaches(process_id, COMPLETED)

    assert wired.wire.cuts == 1
    assert ran == ["work"]


@cuts
async def test_a_start_with_a_claim_whose_commit_was_lost_starts_one_process_and_runs_it_once(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    """The worker renews the lease of a process as long as it lives, so it must release what it does not run."""
    ran = list[str]()
    works = _works(ran)
    async with engine_of(wired.url, works, clock=clock, heartbeat=0.1) as engine:
        await engine.reaches(await engine.start(works), COMPLETED)
        wired.wire.cut_commit(cut, engine.runtime.worker, "PROCESS_CREATED")
        process_id = await engine.start(works)
        await engine.reaches(process_id, COMPLETED)
        created = await engine.events(kind=EventKind.PROCESS_CREATED)

    assert wired.wire.cuts == 1
    assert ran == ["work"] * 2
    assert [event.process_id for event in created][1:] == [process_id]


def _works(ran: list[str]) -> Workflow:
    @step("Work")
    async def work() -> None:
        ran.append("work")

    @workflow("Work")
    def works() -> Any:
        return begin >> work

    return works


@workflow("Nothing")
def nothing() -> Any:
    return begin


@cuts
@pytest.mark.parametrize("key", ["once", None])
async def test_a_start_whose_commit_was_lost_starts_one_process(
    wired: Wired, clock: TurnableClock, cut: Cut, key: str | None
) -> None:
    async with engine_of(wired.url, nothing, clock=clock) as engine:
        await engine.start(nothing)  # the log has begun
        wired.wire.cut_commit(cut, "PROCESS_CREATED")
        started = await start_workflow(
            engine.runtime, LOCAL_OPERATOR, workflow_name="nothing", pages=[], idempotency_key=key
        )
        assert isinstance(started, Started)
        await engine.reaches(started.process.id, COMPLETED)
        created = await engine.events(kind=EventKind.PROCESS_CREATED)

    assert wired.wire.cuts == 1
    assert started.created
    assert [event.process_id for event in created][1:] == [started.process.id]


async def test_a_start_whose_commits_were_lost_is_reported_as_unknown_and_its_key_makes_a_repeat_safe(
    wired: Wired, clock: TurnableClock
) -> None:
    async with engine_of(wired.url, nothing, clock=clock) as engine:

        async def start() -> Started:
            started = await start_workflow(
                engine.runtime, LOCAL_OPERATOR, workflow_name="nothing", pages=[], idempotency_key="once"
            )
            assert isinstance(started, Started)
            return started

        await engine.start(nothing)  # the log has begun
        wired.wire.cut_commit(Cut.LOST, "PROCESS_CREATED", times=2)
        with pytest.raises(OutcomeUnknown, match="may be stored"):
            await start()
        started = await start()
        await engine.reaches(started.process.id, COMPLETED)
        created = await engine.events(kind=EventKind.PROCESS_CREATED)

    assert started.created
    assert [event.process_id for event in created][1:] == [started.process.id]


@dataclass(frozen=True, slots=True)
class Called:
    """A process whose action called a remote service, and the results that its validation step judged."""

    engine: Engine
    process_id: UUID
    token: str
    judged: list[Json]


@asynccontextmanager
async def called(
    wired: Wired, clock: TurnableClock, *, may_return: asyncio.Event | None = None
) -> AsyncIterator[Called]:
    """A process that waits, or whose action has not returned until it ``may_return``."""
    remote, judged = Remote(), list[Json]()

    @step("Call")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        if may_return is not None:
            await may_return.wait()

    @step("Judge")
    async def judge(callback_result: Json) -> None:
        judged.append(callback_result)

    @workflow("Call")
    def calls() -> Any:
        return begin >> callback_step("Playbook", call, judge)

    async with engine_of(wired.url, calls, clock=clock, heartbeat=0.1) as engine:
        process_id = await engine.start(calls)
        token = await remote.asked()
        if may_return is None:
            await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        yield Called(engine, process_id, token, judged)


async def _attempts(called: Called) -> list[tuple[AttemptOutcome, str | None]]:
    return [(attempt.outcome, attempt.receipt) for attempt in await called.engine.attempts(called.process_id)]


@cuts
async def test_a_delivery_whose_commit_was_lost_is_accepted_once_and_the_sender_gets_its_receipt(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    async with called(wired, clock) as call:
        wired.wire.cut_commit(cut, "the result")
        receipt = await answer(call.engine.runtime, call.token, "the result")
        await call.engine.reaches(call.process_id, COMPLETED)
        attempts, callback = await _attempts(call), await call.engine.callback(call.process_id)
        received = await call.engine.events(call.process_id, EventKind.CALLBACK_RECEIVED)

    assert wired.wire.cuts == 1
    assert (receipt.is_duplicate, receipt.receipt) == (False, callback.receipt)
    assert receipt.received_at == callback.received_at
    assert attempts == [(AttemptOutcome.ACCEPTED, receipt.receipt)]
    assert len(received) == 1
    assert call.judged == ["the result"]


@cuts
async def test_a_failure_report_whose_commit_was_lost_is_accepted_once(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    async with called(wired, clock) as call:
        wired.wire.cut_commit(cut, "disk full")
        receipt = await fail(call.engine.runtime, call.token, "disk full")
        failed = await call.engine.reaches(call.process_id, ProcessStatus.FAILED)
        attempts = await _attempts(call)

    assert wired.wire.cuts == 1
    assert failed.failure is not None and failed.failure.message == "disk full"
    assert not receipt.is_duplicate
    assert attempts == [(AttemptOutcome.ACCEPTED, receipt.receipt)]


@cuts
async def test_an_early_delivery_whose_commit_was_lost_is_accepted_once(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    may_return = asyncio.Event()
    async with called(wired, clock, may_return=may_return) as call:
        wired.wire.cut_commit(cut, "the result")
        receipt = await answer(call.engine.runtime, call.token, "the result")
        may_return.set()
        await call.engine.reaches(call.process_id, COMPLETED)
        attempts, callback = await _attempts(call), await call.engine.callback(call.process_id)

    assert wired.wire.cuts == 1
    assert callback.is_early
    assert attempts == [(AttemptOutcome.ACCEPTED, receipt.receipt)]
    assert call.judged == ["the result"]


@cuts
async def test_a_delivery_whose_commits_were_lost_is_unknown_and_may_be_repeated_by_its_sender(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    async with called(wired, clock) as call:
        wired.wire.cut_commit(cut, digest(call.token).hex(), times=2)
        with pytest.raises(OutcomeUnknown):
            await answer(call.engine.runtime, call.token, "the result")
        receipt = await answer(call.engine.runtime, call.token, "the result")
        await call.engine.reaches(call.process_id, COMPLETED)

    assert wired.wire.cuts == 2
    assert receipt.is_duplicate == (cut is Cut.DONE)
    assert call.judged == ["the result"]


@cuts
async def test_a_refused_delivery_whose_commit_was_lost_is_unknown_and_has_one_attempt_at_most(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    """Nothing tells whether a refusal was stored, so it does not run again by itself."""
    async with called(wired, clock) as call:
        receipt = await answer(call.engine.runtime, call.token, "the result")
        await call.engine.reaches(call.process_id, COMPLETED)
        wired.wire.cut_commit(cut, digest(call.token).hex())  # "CONFLICT" is also in each upsert, as of a heartbeat
        with pytest.raises(OutcomeUnknown):
            await answer(call.engine.runtime, call.token, "another result")
        attempts = await _attempts(call)

    refused = [(AttemptOutcome.CONFLICT, None)] if cut is Cut.DONE else []
    assert attempts == [(AttemptOutcome.ACCEPTED, receipt.receipt), *refused]
