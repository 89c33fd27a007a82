"""The connection is lost during the COMMIT, so its outcome is unknown: nothing is lost and nothing happens twice.

The connection to a real PostgreSQL is cut before the COMMIT arrives and, in a second run, after it arrived.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import engine_of
from support.lossy import Cut, LossyWire, lossy_wire
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.processes import Started, start_workflow
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import EventKind, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import OutcomeUnknown
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
async def test_a_start_with_a_claim_whose_commit_was_lost_loses_no_process(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    """The worker renews the lease of a process as long as it lives, so it must release what it does not run."""
    ran = list[str]()
    works = _works(ran)
    async with engine_of(wired.url, works, clock=clock, heartbeat=0.1) as engine:
        await engine.reaches(await engine.start(works), COMPLETED)
        wired.wire.cut_commit(cut, engine.runtime.worker, "PROCESS_CREATED")
        with pytest.raises(OutcomeUnknown):
            await engine.start(works)
        created = await engine.events(kind=EventKind.PROCESS_CREATED)
        for event in created:
            assert event.process_id is not None
            await engine.reaches(event.process_id, COMPLETED)

    assert wired.wire.cuts == 1
    assert ran == ["work"] * len(created)
    assert len(created) == (2 if cut is Cut.DONE else 1)


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
async def test_a_start_whose_commit_was_lost_is_reported_as_unknown_and_its_key_makes_a_repeat_safe(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    async with engine_of(wired.url, nothing, clock=clock) as engine:

        async def start() -> Started:
            started = await start_workflow(
                engine.runtime, LOCAL_OPERATOR, workflow_name="nothing", pages=[], idempotency_key="once"
            )
            assert isinstance(started, Started)
            return started

        await engine.start(nothing)  # the log has begun
        wired.wire.cut_commit(cut, "PROCESS_CREATED")
        with pytest.raises(OutcomeUnknown, match="may be stored"):
            await start()
        started = await start()
        await engine.reaches(started.process.id, COMPLETED)
        created = await engine.events(kind=EventKind.PROCESS_CREATED)

    assert started.created == (cut is Cut.LOST)
    assert [event.process_id for event in created][1:] == [started.process.id]


@cuts
async def test_a_delivery_whose_commit_was_lost_may_be_repeated_and_is_accepted_once(
    wired: Wired, clock: TurnableClock, cut: Cut
) -> None:
    remote, judged = Remote(), list[Json]()

    @step("Judge")
    async def judge(callback_result: Json) -> None:
        judged.append(callback_result)

    @workflow("Call")
    def calls() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    async with engine_of(wired.url, calls, clock=clock, heartbeat=0.1) as engine:
        process_id = await engine.start(calls)
        await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        token = await remote.asked()
        wired.wire.cut_commit(cut, "the result")
        with pytest.raises(OutcomeUnknown):
            await answer(engine.runtime, token, "the result")
        receipt = await answer(engine.runtime, token, "the result")
        await engine.reaches(process_id, COMPLETED)

    assert receipt.is_duplicate == (cut is Cut.DONE)
    assert judged == ["the result"]
