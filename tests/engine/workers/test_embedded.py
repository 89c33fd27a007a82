"""The transaction that makes a process runnable also claims it, if a task is free."""

import asyncio
import contextvars
import os
import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, bindparam, update
from support.clock import TurnableClock
from support.database import sqlite_url
from support.engine import Engine, engine_of
from support.operator import ADA
from support.playbooks import of
from support.remote import Remote, answer, fail
from support.until import becomes

from orchestrator_gql import begin, callback_step, conditional, inputstep, step
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.engine import runner
from orchestrator_gql.engine.claims import claim_at_once, claim_process
from orchestrator_gql.engine.workers import worker
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import engine_state, input_requests, processes
from orchestrator_gql.storage.database.group_commit import GroupWriter
from orchestrator_gql.storage.database.pipeline import flush
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.tables import processes as processes_table
from orchestrator_gql.types import EngineState, EventKind, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED
CREATED, RUNNING, SUSPENDED = ProcessStatus.CREATED, ProcessStatus.RUNNING, ProcessStatus.SUSPENDED


class Claims:
    """Counts the claims that need a transaction of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.process_ids = set[UUID]()
        self._real = claim_process
        monkeypatch.setattr(runner, "claim_process", self._claimed)

    async def _claimed(self, runtime: Runtime, process_id: UUID) -> Any:
        self.count += 1
        self.process_ids.add(process_id)
        return await self._real(runtime, process_id)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Claims:
    return Claims(monkeypatch)


def lifecycle(remote: Remote, is_taken: Any = lambda: True) -> Workflow:
    """A step, a callback, a confirmation and a step."""

    @step("Prepare")
    async def prepare() -> State:
        return {"is_prepared": True}

    @step("Judge")
    async def judge(callback_result: State) -> None:
        assert callback_result == {"rc": 0}

    @inputstep("Confirm", assignee=Assignee.SYSTEM)
    def confirm() -> FormGenerator:
        class Confirm(FormPage):
            pass

        yield Confirm
        return {}

    @workflow("Lifecycle")
    def whole() -> Any:
        job = callback_step("Job", remote.action(), judge)
        return begin >> conditional(is_taken)(prepare) >> job >> confirm >> prepare

    return whole


async def confirmed(engine: Engine, process_id: UUID) -> None:
    """Confirm the open form of the process."""
    request = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
    assert request is not None
    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])


async def has_free_task(engine: Engine) -> None:
    """Wait until the task of the last step has ended: its commit is seen before."""
    hooks: Any = engine.runtime.database.hooks
    await becomes(lambda: hooks._dispatcher.work.running == 0)


async def moves_of(engine: Engine, process_id: UUID) -> list[str]:
    """The statuses that the process had, in order."""
    return [event.payload["to"] for event in await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)]


async def test_no_claim_of_a_lifecycle_needs_a_transaction_of_its_own(
    storage: str, clock: TurnableClock, claims: Claims
) -> None:
    remote = Remote()
    flow = lifecycle(remote)
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await engine.start(flow)
        at_start = (await engine.process(process_id)).status
        token = await remote.asked()
        await engine.reaches(process_id, AWAITING)
        await has_free_task(engine)
        await answer(engine.runtime, token, {"rc": 0})
        await engine.reaches(process_id, SUSPENDED)
        await has_free_task(engine)
        await confirmed(engine, process_id)
        await engine.reaches(process_id, COMPLETED)
        moves = await moves_of(engine, process_id)

    assert (at_start, claims.count) == (RUNNING, 0)
    assert moves == ["RUNNING", "AWAITING_CALLBACK", "RUNNING", "SUSPENDED", "RUNNING", "COMPLETED"]


async def test_a_process_waits_if_no_task_is_free(storage: str, clock: TurnableClock, claims: Claims) -> None:
    may_end, ran = asyncio.Event(), list[str]()

    @step("Work")
    async def work() -> None:
        ran.append("work")
        await may_end.wait()

    flow = of(work)
    async with engine_of(storage, flow, clock=clock, concurrency=1) as engine:
        first, second, third = [await engine.start(flow) for _ in range(3)]
        waiting = [(await engine.process(process_id)).status for process_id in (second, third)]
        may_end.set()
        for process_id in (first, second, third):
            await engine.reaches(process_id, COMPLETED)

    assert waiting == [CREATED, CREATED]
    assert len(ran) == 3
    assert claims.process_ids <= {second, third}  # jobs that come together are claimed in one transaction


async def test_a_claim_that_is_not_committed_frees_its_task(
    tmp_path: Path, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    @step("Work")
    async def work() -> None:
        ran.append("work")

    flow = of(work)
    real = GroupWriter._commit
    async with engine_of(sqlite_url(tmp_path), flow, clock=clock, concurrency=1) as engine:
        monkeypatch.setattr(GroupWriter, "_commit", lambda *_: sqlite3.OperationalError("disk I/O error"))
        with pytest.raises(StorageUnavailable):
            await engine.start(flow)
        monkeypatch.setattr(GroupWriter, "_commit", real)
        await engine.reaches(await engine.start(flow), COMPLETED)

    assert ran == ["work"]


@pytest.mark.each_pair
@pytest.mark.parametrize("is_sent", [False, True])
async def test_a_claim_that_fails_is_undone_alone(
    storage: str, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    real, failed = processes.write, list[str]()

    def written(conn: Connection, *args: Any) -> None:
        real(conn, *args)
        if is_sent:
            flush(conn)
        if not failed:
            failed.append("written")
            raise RuntimeError("after the first write of the claim")

    monkeypatch.setattr(processes, "write", written)
    flow = of(step("Work")(lambda: None))
    async with engine_of(storage, flow, clock=clock) as engine:
        ended = await engine.reaches(process_id := await engine.start(flow), COMPLETED)
        moves = await moves_of(engine, process_id)

    assert (failed, ended.epoch, moves) == (["written"], 1, ["RUNNING", "COMPLETED"])


_vanished = Prepared(
    update(processes_table).where(processes_table.c.id == bindparam("b_id")).values(note=bindparam("note")),
    key=["b_id"],
)


async def test_a_claim_whose_write_is_refused_at_the_commit_is_undone_alone(
    storage: str, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, claims: Claims
) -> None:
    """The writes of a delivery and of its claim are sent with the COMMIT, which fails with them."""
    remote, real, written = Remote(), processes.write, list[UUID]()

    def refused(conn: Connection, before: Process, *args: Any) -> None:
        real(conn, before, *args)
        written.append(before.id)
        if len(written) == 2:
            _vanished.write(conn, {"b_id": UUID(int=1), "note": "?"}, RuntimeError("by the claim"))

    flow = of(callback_step("Job", remote.action(), step("Judge")(lambda: None)))
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await engine.start(flow)
        token = await remote.asked()
        await engine.reaches(process_id, AWAITING)
        monkeypatch.setattr(processes, "write", refused)
        receipt = await answer(engine.runtime, token, {"rc": 0})
        await engine.reaches(process_id, COMPLETED)
        attempts = await engine.attempts(process_id)

    assert (receipt.is_duplicate, len(attempts)) == (False, 1)
    assert len(written) > 2  # what was refused is written again
    may_a_job_claim = os.environ.get("ORCHESTRATOR_DISPATCHER") == "distributed"
    assert claims.count >= 1 or may_a_job_claim  # in the transaction that takes it


async def test_a_process_that_is_claimed_when_the_server_stops_runs_its_step(
    tmp_path: Path, clock: TurnableClock, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, is_claimed, real = list[str](), asyncio.Event(), GroupWriter._claim

    def claim(*args: Any) -> None:
        real(*args)
        is_claimed.set()

    @step("Hold", on_crash="hold")
    async def hold() -> None:
        await asyncio.sleep(0.2)  # a server that does not wait for it is gone meanwhile
        ran.append("hold")

    monkeypatch.setattr(GroupWriter, "_claim", claim)
    flow = of(hold)
    url = sqlite_url(tmp_path)
    async with engine_of(url, flow, clock=clock) as engine:
        starting = asyncio.create_task(engine.start(flow))
        await is_claimed.wait()  # and now the server stops, while the COMMIT is in the thread
    process_id = await starting
    async with engine_of(url, flow, clock=clock) as engine:
        await engine.reaches(process_id, COMPLETED)

    assert (ran, claims.count) == (["hold"], 0)


async def test_a_failure_report_is_claimed_with_its_failure(storage: str, clock: TurnableClock, claims: Claims) -> None:
    remote = Remote()
    flow = lifecycle(remote)
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await engine.start(flow)
        token = await remote.asked()
        await engine.reaches(process_id, AWAITING)
        await fail(engine.runtime, token, "no such node")
        failed = await engine.reaches(process_id, ProcessStatus.FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.message) == ("playbook-failed", "no such node")


async def test_a_delivery_to_a_paused_engine_is_not_claimed(storage: str, clock: TurnableClock) -> None:
    remote = Remote()
    flow = lifecycle(remote)
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await engine.start(flow)
        token = await remote.asked()
        waiting = await engine.reaches(process_id, AWAITING)
        paused = EngineStatus(EngineState.PAUSED, None, clock.now(), "ada")
        await engine.runtime.database.transaction(lambda conn: engine_state.change(conn, paused))
        await answer(engine.runtime, token, {"rc": 0})
        delivered = await engine.process(process_id)

    assert (delivered.status, delivered.worker, delivered.epoch) == (RUNNING, None, waiting.epoch)


SEEN: contextvars.ContextVar[str] = contextvars.ContextVar("SEEN", default="nothing")


async def test_a_step_does_not_see_the_context_of_the_request_that_started_its_process(
    storage: str, clock: TurnableClock
) -> None:
    seen: list[str] = []

    @step("Look")
    async def look() -> None:
        seen.append(SEEN.get())

    flow = of(look)
    async with engine_of(storage, flow, clock=clock) as engine:
        token = SEEN.set("a request")
        process_id = await engine.start(flow)
        SEEN.reset(token)
        await engine.reaches(process_id, COMPLETED)

    assert seen == ["nothing"]


async def test_a_task_ends_outside_the_context_of_the_request_that_started_its_process(
    storage: str, clock: TurnableClock
) -> None:
    """Otherwise a step that runs for hours would keep the request and its secrets in memory."""
    seen: list[str] = []

    @step("Rest")
    async def rest() -> None: ...

    flow = of(rest)
    async with engine_of(storage, flow, clock=clock) as engine:
        hooks: Any = engine.runtime.database.hooks
        work = hooks._dispatcher.work
        freed = work._freed

        def noted(process_id: UUID) -> None:
            seen.append(SEEN.get())
            freed(process_id)

        work._freed = noted
        token = SEEN.set("a request")
        process_id = await engine.start(flow)
        SEEN.reset(token)
        await engine.reaches(process_id, COMPLETED)
        await becomes(lambda: seen)

    assert set(seen) == {"nothing"}


async def test_a_claim_does_not_see_the_context_of_the_request_that_started_its_process(
    storage: str, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace: contextvars.ContextVar[str] = contextvars.ContextVar("trace", default="none")
    seen: list[str] = []
    real = claim_at_once

    def noted(*arguments: Any) -> Any:
        seen.append(trace.get())
        trace.set("the claim's")
        return real(*arguments)

    monkeypatch.setattr(worker, "claim_at_once", noted)

    @step("Note")
    async def note() -> None:
        pass

    flow = of(note)
    async with engine_of(storage, flow, clock=clock) as engine:
        trace.set("the request's")
        for _ in range(2):
            await engine.reaches(await engine.start(flow), COMPLETED)

    assert seen == ["none", "none"]
    assert trace.get() == "the request's"
