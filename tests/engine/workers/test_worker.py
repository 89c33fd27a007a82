"""Servers that start, stop, freeze and share the work, on both databases if possible."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

import pytest
from conftest import Offer
from sqlalchemy import select
from support.callback_logs import progress_of
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import engine_of
from support.holds import Hold
from support.remote import Remote, report
from support.until import becomes

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.runner import advance
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.workflow import workflow

COMPLETED = ProcessStatus.COMPLETED


async def test_a_stopping_server_lets_its_steps_finish_and_starts_no_other_step(
    storage: str, clock: TurnableClock
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    followed: list[str] = []

    @step("Long")
    async def long() -> State:
        begun.set()
        await go.wait()
        return {"is_done": True}

    @step("Short")
    async def short() -> None:
        followed.append("short")

    @workflow("Long")
    def slow() -> Any:
        return begin >> long

    @workflow("Short")
    def quick() -> Any:
        return begin >> short

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(engine_of(storage, slow, quick, clock=clock))
        stored = await first.start(slow)
        await begun.wait()
        closing = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0)
        late = await first.start(quick)
        go.set()
        await closing

    assert followed == []
    async with engine_of(storage, slow, quick, clock=clock) as second:
        assert (await second.process(stored)).state == {"is_done": True}
        await second.reaches(late, COMPLETED)


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_a_stopping_server_does_not_wait_for_a_step_whose_process_was_aborted(
    storage: str, clock: TurnableClock, kind: str
) -> None:
    begun, hold = list[bool](), Hold()

    @step("Wait")
    async def wait() -> None:
        begun.append(True)
        await asyncio.Event().wait()

    @step("Block")
    def block() -> None:
        hold.block()

    @workflow("Hang")
    def hangs() -> Any:
        return begin >> (wait if kind == "async" else block)

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(engine_of(storage, hangs, clock=clock, grace=40.0))
        before, during = await server.start(hangs), await server.start(hangs)
        await becomes(lambda: max(len(begun), hold.inside) >= 2)
        await abort_process(server.runtime, LOCAL_OPERATOR, process_id=before)
        closing = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0.1)
        await abort_process(server.runtime, LOCAL_OPERATOR, process_id=during)
        async with asyncio.timeout(25):
            await closing
    hold.let_go()


async def test_a_stopping_server_renews_the_leases_of_its_last_steps(storage: str, clock: TurnableClock) -> None:
    """The grace may be longer than a lease; without a lease another worker would run the step at the same time."""
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Long")
    async def long() -> None:
        begun.set()
        await go.wait()

    @workflow("Long")
    def slow() -> Any:
        return begin >> long

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(engine_of(storage, slow, clock=clock, grace=600.0, heartbeat=0.1))
        stored = await server.start(slow)
        await begun.wait()
        closing = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0)
        clock.turn(3600)

        async def is_held() -> bool | None:
            found = select(processes.c.id).where(processes.c.id == stored, processes.c.lease_until > clock.now())
            return await server.read(lambda conn: conn.execute(found).scalar()) is not None or None

        await server.until(is_held, awaited="the lease to be renewed")
        go.set()
        await closing


async def test_on_postgres_a_worker_whose_lease_expired_continues_but_cannot_commit(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker that continues its process says so, and names the worker that held it."""
    caplog.set_level(logging.INFO, "orchestrator_gql.engine.runner")
    calls: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Work")
    async def work() -> State:
        calls.append("work")
        number = len(calls)
        if number == 1:
            begun.set()
            await go.wait()
        return {"done_by": number}

    @workflow("Work")
    def works() -> Any:
        return begin >> work

    ahead = TurnableClock()
    ahead.turn(3600)  # by this clock every lease of the other server has run out
    with postgres.database() as url:
        async with engine_of(url, works) as frozen:
            process_id = await frozen.start(works)
            await begun.wait()
            async with engine_of(url, works, clock=ahead) as other:
                ended = await other.reaches(process_id, COMPLETED)
            go.set()
            await advance(frozen.runtime, process_id)
        async with engine_of(url, works) as after:
            final = await after.process(process_id)
            executions = await after.steps(process_id)

    (line,) = [vars(record) for record in caplog.records if record.getMessage().startswith("the lease of another")]
    assert (line["levelname"], line["process_id"]) == ("INFO", str(process_id))
    assert line["held_by"] == frozen.runtime.worker != other.runtime.worker
    assert calls == ["work", "work"]
    assert ended.state == final.state == {"done_by": 2}
    assert [(execution.status, execution.attempt) for execution in executions] == [("SUCCESS", 2)]


async def test_on_postgres_two_servers_share_the_work_and_no_step_runs_twice(postgres: PostgresServer) -> None:
    calls: list[int] = []

    @step("Work")
    async def work(number: int = 0) -> State:
        calls.append(number)
        return {"number": number + 1}

    @workflow("Work")
    def works() -> Any:
        return begin >> work >> work >> work

    with postgres.database() as url:
        async with engine_of(url, works) as first, engine_of(url, works) as second:
            begun = await asyncio.gather(*((first, second)[number % 2].start(works) for number in range(20)))
            await asyncio.gather(*(advance(engine.runtime, id) for id in begun for engine in (first, second)))
            ended = [await first.reaches(process_id, COMPLETED) for process_id in begun]

    assert sorted(calls) == sorted([0, 1, 2] * 20)
    assert {process.state["number"] for process in ended} == {3}


async def test_a_progress_report_may_contain_any_character(offer: Offer) -> None:
    remote = Remote()

    @step("Accept")
    def accept(callback_result: Any) -> None: ...

    @workflow("Call")
    def calls() -> Any:
        return begin >> callback_step("Playbook", remote.action(), accept)

    engine = await offer(calls)
    process_id = await engine.start(calls)

    await report(engine.runtime, await remote.asked(), "half \0 done ✓")

    callback = await engine.callback(process_id)
    (stored,), _ = await engine.read(lambda conn: progress_of(conn, callback.id))
    assert stored.message == "half \ufffd done ✓"
