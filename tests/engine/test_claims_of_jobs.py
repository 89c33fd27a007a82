"""A worker takes jobs out of the queue and claims their processes in one transaction (PostgreSQL)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.playbooks import of

from orchestrator_gql import step
from orchestrator_gql.engine import claims
from orchestrator_gql.engine.workers import distributed
from orchestrator_gql.engine.workers.distributed import DistributedDispatcher
from orchestrator_gql.engine.workers.job_queue import JobQueue
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import Workflow

COMPLETED = ProcessStatus.COMPLETED
IDLE: dict[str, Any] = {"role": "worker", "public_url": "http://api", "heartbeat": 600, "lease": 1200}
"""A worker whose watch never helps: what the queue loses stays lost."""


def counting(calls: list[str]) -> Workflow:
    """A workflow whose only step notes the process."""

    @step("Count")
    async def count(process_id: UUID) -> None:
        calls.append(str(process_id))

    return of(count)


@pytest.fixture(autouse=True)
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only notifications make a worker look into the queue, but for its first looks."""
    monkeypatch.setattr("orchestrator_gql.engine.workers.distributed.POLL", 600.0)


async def settled(engine: Engine) -> None:
    """Wait until no job waits. A job that was fetched is removed later, with the next fetch."""
    jobs = text("SELECT count(*) = 0 FROM procrastinate_jobs WHERE status = 'todo'")
    await engine.until(lambda: engine.read(lambda conn: conn.execute(jobs).scalar()), awaited="the jobs to be taken")


async def ready(api: Engine, flow: Workflow) -> None:
    """Wait until a worker is notified of jobs: the first lifecycle is over."""
    await api.reaches(await api.start(flow), COMPLETED)
    await settled(api)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each fetch past the claims found."""
    found: list[int] = []
    fetch = JobQueue._fetch

    async def noting(queue: JobQueue) -> None:
        await fetch(queue)
        found.append(len(queue.fetched))

    monkeypatch.setattr(JobQueue, "_fetch", noting)
    return found


async def test_a_notified_worker_takes_the_job_with_its_claim(postgres: PostgresServer, fetched: list[int]) -> None:
    calls: list[str] = []
    flow = counting(calls)
    with postgres.database() as url:
        async with engine_of(url, flow, role="api") as api, engine_of(url, flow, **IDLE):
            await ready(api, flow)
            fetched.clear()
            begun = [await api.start(flow) for _ in range(5)]
            for process_id in begun:
                await api.reaches(process_id, COMPLETED)
            await settled(api)

    assert calls[1:] == list(map(str, begun))
    assert sum(fetched) == 0


async def test_a_job_whose_process_another_transaction_holds_is_not_lost(postgres: PostgresServer) -> None:
    """That transaction may wake the process: it found the job waiting, and added none."""
    calls: list[str] = []
    flow = counting(calls)
    with postgres.database() as url:
        async with engine_of(url, flow, role="api") as api, engine_of(url, flow, **IDLE) as worker:
            await ready(api, flow)
            held, free = await _start_held(api, worker, flow)
            await api.reaches(free, COMPLETED)

            assert str(held.process_id) not in calls
            await held.release()
            await api.reaches(held.process_id, COMPLETED)
            await settled(api)

    assert sorted(calls[1:]) == sorted([str(held.process_id), str(free)])


class _Held:
    """A process that a transaction of a test holds."""

    def __init__(self, process_id: UUID, conn: Any) -> None:
        self.process_id = process_id
        self._conn = conn

    async def release(self) -> None:
        await self._conn.rollback()
        await self._conn.close()


async def _start_held(api: Engine, worker: Engine, flow: Workflow) -> tuple[_Held, UUID]:
    """Start two processes, of which a transaction holds the first, before the worker hears of them."""
    hooks: Any = worker.runtime.database.hooks
    dispatcher: DistributedDispatcher = hooks._dispatcher
    queue, may_take = dispatcher._queue, asyncio.Event()
    take = queue._take

    async def take_late(limit: int) -> int | None:
        await may_take.wait()
        return await take(limit)

    queue._take = take_late
    first, second = await api.start(flow), await api.start(flow)
    database = api.runtime.database
    assert isinstance(database, PostgresDatabase)
    conn = await database.engine.connect()
    await conn.run_sync(lambda sync: processes.hold(sync, first))
    may_take.set()
    return _Held(first, conn), second


@pytest.mark.parametrize("failure", [RuntimeError, KeyError])
async def test_jobs_whose_claims_fail_together_are_run_alone(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    calls: list[str] = []
    flow = counting(calls)
    failed: list[int] = []

    def fails(*_: Any, **__: Any) -> Any:
        failed.append(1)
        raise failure

    with postgres.database() as url:
        async with engine_of(url, flow, role="api") as api, engine_of(url, flow, **IDLE):
            await ready(api, flow)
            monkeypatch.setattr(claims, "_claim_each", fails)
            begun = [await api.start(flow) for _ in range(3)]
            for process_id in begun:
                await api.reaches(process_id, COMPLETED)
            await settled(api)

    assert failed
    assert sorted(calls[1:]) == sorted(map(str, begun))


async def test_a_worker_takes_no_more_jobs_than_it_has_places(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it claim others meanwhile: the places of the jobs are kept before it knows how many there are."""
    running, most, over = 0, 0, list[int]()
    claim_jobs = claims.claim_jobs

    async def noting(runtime: Runtime, limit: int, hold: Any) -> Any:
        hooks: Any = runtime.database.hooks
        over.append(hooks._dispatcher.work.running - limit)
        return await claim_jobs(runtime, limit, hold)

    monkeypatch.setattr(distributed, "claim_jobs", noting)

    @step("Count")
    async def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    flow = of(count)
    with postgres.database() as url:
        async with engine_of(url, flow, role="api") as api, engine_of(url, flow, concurrency=3, **IDLE):
            await ready(api, flow)
            begun = await asyncio.gather(*(api.start(flow) for _ in range(40)))
            for process_id in begun:
                await api.reaches(process_id, COMPLETED)
            await settled(api)

    assert most <= 3
    assert over
    assert min(over) >= 0


async def test_a_take_that_is_cancelled_at_any_moment_loses_no_process(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may lose its queue, or stop, at each round trip: before the claim, in it, and during the COMMIT.

    The server may undo the transaction only after the next look, which does not see the job then: it is polled.
    """
    monkeypatch.setattr("orchestrator_gql.engine.workers.distributed.POLL", 0.1)
    calls: list[str] = []
    flow = counting(calls)
    with postgres.database() as url:
        async with (
            engine_of(url, flow, role="api") as api,
            engine_of(url, flow, **{**IDLE, "heartbeat": 0.1}) as worker,
        ):
            await ready(api, flow)
            hooks: Any = worker.runtime.database.hooks
            dispatcher: DistributedDispatcher = hooks._dispatcher
            take, stops = dispatcher._queue._take, iter(range(0, 60, 2))

            async def cancelled(limit: int) -> int | None:
                turns = next(stops, None)
                if turns is None:
                    return await take(limit)
                taking = asyncio.ensure_future(take(limit))
                for _ in range(turns):
                    await asyncio.sleep(0)
                taking.cancel()
                (result,) = await asyncio.gather(taking, return_exceptions=True)
                return None if isinstance(result, BaseException) else result

            dispatcher._queue._take = cancelled
            begun = [await api.start(flow) for _ in range(30)]
            for process_id in begun:
                await api.reaches(process_id, COMPLETED)
            await settled(api)
            work = dispatcher.work

            async def is_at_rest() -> bool:
                return work.running == 0

            await worker.until(is_at_rest, awaited="all places to be free")
            assert work._claiming == 0
            assert not work._in_hand

    assert sorted(calls[1:]) == sorted(map(str, begun))


async def test_a_wake_up_while_its_job_is_taken_comes_after_the_claim(postgres: PostgresServer) -> None:
    """The transaction that wakes waits for the one that takes the job, or for its lock: it never finds a job that is
    gone when both are committed."""
    calls: list[str] = []
    flow = counting(calls)
    with postgres.database() as url:
        async with engine_of(url, flow, role="api") as api, engine_of(url, flow, **IDLE):
            await ready(api, flow)

            def again(conn: Connection, process_id: UUID) -> None:
                processes.hold(conn, process_id)
                wake(conn, process_id)

            for _ in range(20):
                process_id = await api.start(flow)
                wakes = (lambda conn, id=process_id: again(conn, id) for _ in range(3))
                await asyncio.gather(*map(api.runtime.database.transaction, wakes))
                await api.reaches(process_id, COMPLETED)
                await settled(api)

    assert len(calls) == len(set(calls)) == 21
