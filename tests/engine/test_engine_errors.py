"""Failures of the engine itself are counted in the database; three in a row end the process."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import text
from support.clock import TurnableClock
from support.engine import Engine, engine_of
from support.operator import ADA
from support.playbooks import of

from orchestrator_gql import conditional, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.engine import claims, commit
from orchestrator_gql.engine.pending_transitions import with_current_definition
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.storage import events as event_rows
from orchestrator_gql.storage import steps as step_rows
from orchestrator_gql.types import EventKind, ProcessStatus, State
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow import Workflow

FAILED, COMPLETED, RUNNING = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.RUNNING


class Bug(RuntimeError):
    """An error of the engine that no author raises."""


class Fault:
    """Replaces a function of the engine; it raises ``error`` for the first ``times`` calls."""

    def __init__(self, real: Callable[..., Any], error: Exception, times: int = 1_000) -> None:
        self.raised = 0
        self._real, self._error, self._times = real, error, times

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.raised < self._times:
            self.raised += 1
            raise self._error
        return self._real(*args, **kwargs)


def work(ran: list[str]) -> Workflow:
    """A workflow with a step that records that it ran."""

    @step("Work")
    async def body() -> State:
        ran.append("work")
        return {"is_done": True}

    return of(body)


async def failures(engine: Engine, process_id: UUID) -> int:
    """The number of counted engine failures."""
    return (await engine.process(process_id)).engine_failures


async def test_a_step_that_cannot_start_is_tried_three_times_and_never_runs(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    flow = work(ran)
    engine = await offer(flow, heartbeat=0.1)
    fault = Fault(execution.run, Bug("no step is run"))
    monkeypatch.setattr(execution, "run", fault)

    process_id = await engine.start(flow)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, fault.raised, ran, failed.engine_failures) == ("engine-error", 3, [], 0)
    error_id = failed.failure.details["error_id"]
    logged = [record for record in caplog.records if getattr(record, "error_id", None) == error_id]
    assert [record.levelno for record in logged] == [logging.ERROR]
    assert error_id in failed.failure.message
    (event,) = (
        event
        for event in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)
        if event.payload["to"] == "FAILED"
    )
    assert event.payload["failure"]["code"] == "engine-error"


async def test_an_outcome_that_the_engine_fails_to_write_is_written_later_and_the_step_runs_once(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    flow = work(ran)
    engine = await offer(flow)
    real = commit.apply

    def fails_twice(*args: Any, **options: Any) -> Any:
        return (fault if ran else real)(*args, **options)

    fault = Fault(real, Bug("nothing is written"), times=2)
    monkeypatch.setattr(commit, "apply", fails_twice)

    ended = await engine.reaches(await engine.start(flow), COMPLETED)

    assert (ended.state, ran, fault.raised, ended.engine_failures) == ({"is_done": True}, ["work"], 2, 0)


@pytest.mark.parametrize("error", [Bug("nothing is written"), ValueError("not JSON"), MemoryError()])
async def test_an_outcome_that_can_never_be_written_ends_the_process_and_the_step_ran_once(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ran: list[str] = []
    flow = work(ran)
    engine = await offer(flow, heartbeat=0.1)
    real = commit.apply
    fault = Fault(real, error)

    def fails_after_the_step(*args: Any, **options: Any) -> Any:
        return (fault if ran else real)(*args, **options)

    monkeypatch.setattr(commit, "apply", fails_after_the_step)

    process_id = await engine.start(flow)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, ran) == ("engine-error", ["work"])
    statuses = [event.payload["to"] for event in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)]
    assert statuses == ["RUNNING", "FAILED"]


async def test_a_claim_that_fails_three_times_ends_the_process(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    flow = work(ran)
    engine = await offer(flow, heartbeat=0.1)
    fault = Fault(with_current_definition, Bug("nothing is claimed"))
    monkeypatch.setattr(claims, "with_current_definition", fault)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    at_once = 1  # the claim in the transaction of the start, which is not counted
    with_jobs = 3  # nor is a claim in a transaction that takes jobs
    assert (failed.failure.code, ran) == ("engine-error", [])
    assert 3 + at_once <= fault.raised <= 3 + at_once + with_jobs


async def test_failures_are_counted_across_a_restart_and_a_retry_resets_the_count(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    flow = work(ran)
    clock = TurnableClock()
    fault = Fault(execution.run, Bug("no step is run"))
    with monkeypatch.context() as patched:
        patched.setattr(execution, "run", fault)
        async with engine_of(storage, flow, clock=clock, heartbeat=300.0) as engine:
            process_id = await engine.start(flow)
            await engine.until(lambda: failures(engine, process_id), awaited="the first failure")
        async with engine_of(storage, flow, clock=clock, heartbeat=0.1) as engine:
            failed = await engine.reaches(process_id, FAILED)
    raised = fault.raised

    async with engine_of(storage, flow, clock=clock) as engine:
        await retry_process(engine.runtime, ADA, process_id=process_id)
        ended = await engine.reaches(process_id, COMPLETED)

    assert failed.failure is not None
    assert (failed.failure.code, raised, ran, ended.state) == ("engine-error", 3, ["work"], {"is_done": True})


async def test_progress_resets_the_count_of_failures(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    first, second, third = (work(ran).steps for _ in range(3))
    flow = of(first, second, third)
    engine = await offer(flow, heartbeat=0.1)
    real = execution.run
    positions: list[int] = []

    async def fails_twice_at_each(runtime: Any, process: Any, *rest: Any) -> Any:
        positions.append(process.position)
        if positions.count(process.position) <= 2:
            raise Bug
        return await real(runtime, process, *rest)

    monkeypatch.setattr(execution, "run", fails_twice_at_each)

    ended = await engine.reaches(await engine.start(flow), COMPLETED)

    assert (positions, ran, ended.engine_failures) == ([0] * 3 + [1] * 3 + [2] * 3, ["work"] * 3, 0)


async def test_an_unavailable_database_and_a_lost_lease_are_no_failures(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    flow = work(ran)
    engine = await offer(flow, heartbeat=0.1)
    away = Fault(with_current_definition, StorageUnavailable(), times=5)
    fenced = Fault(execution.run, commit.Fenced(), times=5)
    monkeypatch.setattr(claims, "with_current_definition", away)
    monkeypatch.setattr(execution, "run", fenced)

    ended = await engine.reaches(await engine.start(flow), COMPLETED)

    assert (away.raised, fenced.raised, ran, ended.engine_failures) == (5, 5, ["work"], 0)


async def test_a_failure_of_a_worker_that_lost_the_process_is_not_counted(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = work([])
    engine = await offer(flow, heartbeat=300.0)
    began, go = asyncio.Event(), asyncio.Event()

    async def loses_it(*_: Any) -> Any:
        began.set()
        await go.wait()
        raise Bug

    monkeypatch.setattr(execution, "run", loses_it)
    process_id = await engine.start(flow)
    await began.wait()
    stolen = text("UPDATE processes SET epoch = epoch + 1")
    await engine.runtime.database.transaction(lambda conn: conn.execute(stolen) and None)
    go.set()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if "_advance" in repr(task)))

    assert await failures(engine, process_id) == 0


async def test_the_outcome_of_a_step_is_stored_if_the_engine_fails_to_prepare_the_next_step(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    flow = of(work(ran).steps, conditional(lambda _: True)(work(ran).steps))
    engine = await offer(flow, heartbeat=0.1)
    fault = Fault(execution.holds, Bug("no condition is asked"))
    monkeypatch.setattr(execution, "holds", fault)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, failed.position, ran, failed.state) == ("engine-error", 1, ["work"], {"is_done": True})


async def test_a_process_ends_by_its_row_alone_if_neither_steps_nor_events_can_be_written(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    flow = work(ran)
    engine = await offer(flow, heartbeat=0.1)

    def broken(real: Callable[..., None]) -> Callable[..., None]:
        def write(*args: Any, **named: Any) -> None:
            if ran:
                raise Bug
            real(*args, **named)

        return write

    monkeypatch.setattr(step_rows, "save_all", broken(step_rows.save_all))
    monkeypatch.setattr(event_rows, "append", broken(event_rows.append))

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, failed.status, ran, failed.worker) == ("engine-error", FAILED, ["work"], None)
