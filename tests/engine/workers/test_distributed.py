"""The queue on PostgreSQL holds wake-ups only: every runnable process continues even if the queue loses jobs."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.operator import ADA
from support.playbooks import of
from support.statements import counted

from orchestrator_gql import begin, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.engine.workers.distributed import OVERDUE, POLL, DistributedDispatcher
from orchestrator_gql.engine.workers.job_queue import JobQueue
from orchestrator_gql.engine.workers.worker import WorkerTasks
from orchestrator_gql.storage import leases, processes, wake_ups
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.types import ProcessStatus, State

COMPLETED, CREATED = ProcessStatus.COMPLETED, ProcessStatus.CREATED


@step("Work")
async def work() -> State:
    return {"is_done": True}


WORKS = of(work)


async def jobs(engine: Engine) -> list[tuple[str, str]]:
    """The jobs in the queue: process and status."""
    return await engine.read(lambda conn: [tuple(row) for row in conn.execute(_jobs)])


_jobs = text("SELECT queueing_lock, status::text FROM procrastinate_jobs ORDER BY id")


async def change(engine: Engine, statement: str, **values: Any) -> None:
    """Change the queue without the knowledge of any server."""
    await engine.runtime.database.transaction(lambda conn: conn.execute(text(statement), values))


async def test_an_api_server_defers_jobs_and_leaves_the_work_to_workers(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            begun = [await api.start(WORKS) for _ in range(3)]
            deferred = await jobs(api)
            untouched = [(await api.process(process_id)).status for process_id in begun]

            async with engine_of(url, WORKS, role="worker", public_url="http://api"):
                for process_id in begun:
                    await api.reaches(process_id, COMPLETED)
                await api.until(lambda: _is_empty(api), awaited="the jobs to be removed")

    assert deferred == [(str(process_id), "todo") for process_id in begun]
    assert untouched == [CREATED] * 3


async def test_a_job_is_deferred_in_the_transaction_that_needs_it_or_not_at_all(postgres: PostgresServer) -> None:
    def fails(conn: Connection) -> None:
        wake(conn, UUID(int=7))
        raise RuntimeError("undone")

    def wakes_three(conn: Connection) -> None:
        for number in (8, 9, 10):
            wake(conn, UUID(int=number))

    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            with pytest.raises(RuntimeError, match="undone"):
                await api.runtime.database.transaction(fails)
            undone = await jobs(api)
            for _ in range(3):
                await api.runtime.database.transaction(lambda conn: wake(conn, UUID(int=8)))
            await api.runtime.database.transaction(wakes_three)
            deferred = await jobs(api)

    assert undone == []
    assert deferred == [(str(UUID(int=number)), "todo") for number in (8, 9, 10)]


async def test_a_queue_that_is_emptied_is_rebuilt_from_the_processes(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            begun = [await api.start(WORKS) for _ in range(5)]
            await change(api, "TRUNCATE procrastinate_jobs CASCADE")
            emptied = await jobs(api)

            async with engine_of(url, WORKS, role="worker", public_url="http://api"):
                for process_id in begun:
                    await api.reaches(process_id, COMPLETED)

    assert emptied == []


async def test_a_worker_runs_what_it_finds_also_if_other_workers_take_every_job(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            await change(api, _LOSES_EVERY_JOB)
            await change(api, _ON_EVERY_JOB)
            begun = [await api.start(WORKS) for _ in range(3)]
            async with engine_of(url, WORKS, role="worker", public_url="http://api"):
                ended = [(await api.reaches(process_id, COMPLETED)).status for process_id in begun]

    assert ended == [COMPLETED] * 3


_LOSES_EVERY_JOB = """CREATE FUNCTION lose_job() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"""
_ON_EVERY_JOB = """CREATE TRIGGER every_job_is_lost BEFORE INSERT ON procrastinate_jobs
    FOR EACH ROW EXECUTE FUNCTION lose_job()"""


async def test_the_job_of_a_dead_worker_is_removed_and_deferred_again(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            process_id = await api.start(WORKS)
            await change(
                api,
                "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
                "RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM dead)",
            )
            taken_jobs = await jobs(api)

            async with engine_of(url, WORKS, role="worker", public_url="http://api"):
                await api.reaches(process_id, COMPLETED)
                await api.until(lambda: _is_empty(api), awaited="the job of the dead worker to be removed")

    assert taken_jobs == [(str(process_id), "doing")]


async def test_the_watch_leaves_out_processes_whose_jobs_wait(postgres: PostgresServer) -> None:
    """A thousand inserts that find their jobs would be repeated five times a second."""

    def looked(conn: Connection, now: datetime, *, has_queue: bool) -> list[UUID]:
        return sorted(leases.runnable(conn, now, [WORKS.name], 100, has_queue=has_queue))

    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            begun = [await api.start(WORKS) for _ in range(3)]
            now = api.clock.now()
            without_queue = await api.read(lambda conn: looked(conn, now, has_queue=False))
            with_queue = await api.read(lambda conn: looked(conn, now, has_queue=True))
            await change(api, "UPDATE procrastinate_jobs SET status = 'doing'")
            fetched = await api.read(lambda conn: looked(conn, now, has_queue=True))
            await change(api, "DELETE FROM procrastinate_jobs")
            lost = await api.read(lambda conn: looked(conn, now, has_queue=True))

    assert (without_queue, with_queue, fetched, lost) == (begun, [], begun, begun)


async def test_urgent_jobs_come_first_and_many_jobs_need_few_fetches(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that run beside each other end in any order, so the order in which they begin is judged."""
    calls: list[str] = []
    begun_here: dict[str, None] = {}
    begin_here = WorkerTasks.begin

    def noted(work: WorkerTasks, process_id: UUID, claimed: CommitResult | None = None) -> "asyncio.Task[None]":
        begun_here[str(process_id)] = None
        return begin_here(work, process_id, claimed)

    @step("Note")
    async def note(process_id: str) -> None:
        calls.append(str(process_id))

    flow = of(note)
    monkeypatch.setattr(WorkerTasks, "begin", noted)
    with postgres.database() as url:
        async with engine_of(url, flow, role="api") as api:
            begun = [await api.start(flow) for _ in range(60)]
            urgent = begun[-5:]
            await change(
                api, "DELETE FROM procrastinate_jobs WHERE queueing_lock = ANY(:keys)", keys=[*map(str, urgent)]
            )
            await api.runtime.database.transaction(lambda conn: wake_ups.defer(conn, urgent, OVERDUE))
            began = time.monotonic()
            with counted(tmp_path) as statements:
                async with engine_of(url, flow, role="worker", public_url="http://api", heartbeat=60):
                    await api.until(lambda: _is_empty(api), awaited="the jobs to be removed")
                    fetches = [sent for sent in statements.taken() if "SKIP LOCKED" in sent and "jobs" in sent]

    assert sorted(calls) == sorted(map(str, begun))
    assert set(map(str, urgent)) <= set(list(begun_here)[:15])
    assert len(fetches) <= 15 + (time.monotonic() - began) / POLL  # a slow machine polls while the steps run


async def test_a_hundred_wake_ups_while_a_step_runs_make_a_single_call(postgres: PostgresServer) -> None:
    calls: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Long")
    async def long() -> None:
        calls.append("long")
        begun.set()
        await go.wait()

    flow = of(long)
    with postgres.database() as url:
        async with engine_of(url, flow) as first, engine_of(url, flow) as second:
            process_id = await first.start(flow)
            await begun.wait()
            for engine in (first, second) * 50:
                await engine.runtime.database.transaction(lambda conn: wake(conn, process_id))
            await first.until(lambda: _is_empty(first, 1), awaited="the further jobs to be run")
            go.set()
            await first.reaches(process_id, COMPLETED)

    assert calls == ["long"]


async def test_a_step_that_ends_after_an_abort_does_not_free_the_clean_up_of_the_same_worker(
    postgres: PostgresServer,
) -> None:
    calls: list[str] = []
    began, cleaning, go, clean_on = (asyncio.Event() for _ in range(4))

    @step("Long")
    async def long() -> None:
        began.set()
        await go.wait()

    @step("Clean up")
    async def clean() -> None:
        calls.append("clean")
        cleaning.set()
        await clean_on.wait()

    flow = replace(of(long), on_abort=begin >> clean)
    with postgres.database() as url:
        async with engine_of(url, flow, dispatcher="distributed") as engine:
            process_id = await engine.start(flow)
            await began.wait()
            await abort_process(engine.runtime, ADA, process_id=process_id)
            await cleaning.wait()
            go.set()
            await engine.until(lambda: _is_empty(engine, 1), awaited="the refused step to leave")
            held = await engine.process(process_id)
            clean_on.set()
            await engine.reaches(process_id, ProcessStatus.ABORTED)

    assert held.worker == engine.runtime.worker
    assert calls == ["clean"]


async def _is_empty(engine: Engine, but: int = 0) -> bool:
    return len(await jobs(engine)) <= but


@pytest.mark.parametrize("is_claimed_with_wake_up", [True, False])
async def test_a_server_claims_at_once_what_it_wakes_and_its_jobs_find_nothing_to_do(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, is_claimed_with_wake_up: bool
) -> None:
    """The queue tells nothing until the processes have ended."""
    calls: list[str] = []
    may_fetch = asyncio.Event()
    fetch, take = JobQueue._fetch, JobQueue._take_next

    async def fetch_late(queue: JobQueue, *arguments: Any) -> None:
        await may_fetch.wait()
        await fetch(queue, *arguments)

    async def take_late(queue: JobQueue) -> bool:
        await may_fetch.wait()
        return await take(queue)

    @step("Count")
    async def count() -> None:
        calls.append("count")

    flow = of(count)
    monkeypatch.setattr(JobQueue, "_fetch", fetch_late)
    monkeypatch.setattr(JobQueue, "_take_next", take_late)
    if not is_claimed_with_wake_up:
        monkeypatch.setattr(DistributedDispatcher, "claimer", lambda *_: None)
    with postgres.database() as url:
        async with engine_of(url, flow, dispatcher="distributed", heartbeat=600) as engine:
            begun = [await engine.start(flow) for _ in range(3)]
            for process_id in begun:
                await engine.reaches(process_id, COMPLETED)
            left = await jobs(engine)
            may_fetch.set()
            await engine.until(lambda: _is_empty(engine), awaited="the jobs to be removed")

    assert left == ([] if is_claimed_with_wake_up else [(str(process_id), "todo") for process_id in begun])
    assert calls == ["count"] * 3


async def test_a_transaction_that_does_not_hold_the_process_claims_nothing(postgres: PostgresServer) -> None:
    """It would wait for the lock behind its first write, and its events would get a place too early in the log."""
    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            process_id = await api.start(WORKS)
            async with engine_of(url, WORKS, heartbeat=600) as server:

                def wakes(conn: Connection) -> None:
                    wake(conn, process_id)

                def holds(conn: Connection) -> None:
                    processes.hold(conn, process_id)
                    wakes(conn)

                await server.reaches(process_id, COMPLETED)  # by its job
                database = server.runtime.database
                made: list[UUID] = []
                database.hooks.claimer = made.append
                await database.transaction(wakes)
                await database.transaction(holds)

    assert made == [process_id]


async def test_two_servers_that_wake_and_get_jobs_run_each_step_once_within_their_places(
    postgres: PostgresServer,
) -> None:
    calls: list[UUID] = []
    running, most = 0, 0

    @step("Count")
    async def count(process_id: UUID) -> None:
        nonlocal running, most
        calls.append(process_id)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    flow = of(count)
    with postgres.database() as url:
        async with engine_of(url, flow, concurrency=2) as first, engine_of(url, flow, concurrency=2) as second:
            begun = await asyncio.gather(*(engine.start(flow) for engine in (first, second) * 20))
            for process_id in begun:
                await first.reaches(process_id, COMPLETED)
            await first.until(lambda: _is_empty(first), awaited="the jobs to be removed")

    assert sorted(calls) == sorted(begun)
    assert most <= 4


async def test_a_full_server_leaves_what_it_wakes_to_the_others(postgres: PostgresServer) -> None:
    places: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Long")
    async def long() -> None:
        places.append("first")
        begun.set()
        await go.wait()

    @step("Long")
    async def short() -> None:
        places.append("second")

    with postgres.database() as url:
        async with engine_of(url, of(long), concurrency=1, heartbeat=600) as first:
            await first.start(of(long))
            await begun.wait()
            async with engine_of(url, of(short), concurrency=1, heartbeat=600):
                process_id = await first.start(of(long))
                await first.reaches(process_id, COMPLETED)
                go.set()

    assert places == ["first", "second"]


async def test_a_job_of_a_process_that_was_claimed_here_waits_for_those_who_found_it(postgres: PostgresServer) -> None:
    """A transaction that wakes the process again, and finds this job waiting, adds none: it must not be missed."""
    with postgres.database() as url:
        async with engine_of(url, WORKS, role="api") as api:
            process_id = await api.start(WORKS)
            dispatcher = DistributedDispatcher(api.runtime)
            database = api.runtime.database
            assert isinstance(database, PostgresDatabase)
            async with database.engine.connect() as conn:
                await conn.run_sync(lambda sync: processes.hold(sync, process_id))
                look = asyncio.create_task(dispatcher._is_free(process_id))
                await api.until(lambda: _waits_for_a_lock(api), awaited="the look to wait for the lock")
                await conn.rollback()
            is_free = await look

    assert is_free


async def _waits_for_a_lock(engine: Engine) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return bool(await engine.read(lambda conn: conn.execute(waiting).scalar_one()))


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
async def test_a_stop_while_the_queue_opens_leaves_no_task(postgres: PostgresServer, turns: int) -> None:
    """Such a task may lose its cancellation, and then the process would never end."""
    with postgres.database() as url:
        async with engine_of(url, WORKS):
            for _ in range(turns):
                await asyncio.sleep(0)

        left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert left == []
