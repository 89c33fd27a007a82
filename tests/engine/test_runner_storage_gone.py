"""PostgreSQL stops and starts again while a server works: writes are refused, then all processes continue."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import BEGINNING, Engine, engine_of
from support.postgres_cluster import PostgresCluster, postgres_cluster
from support.remote import Remote
from support.until import PATIENCE
from support.web import site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.events.stream import follow
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow import workflow


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres_cluster() as own:
        yield own


async def test_a_dead_connection_in_the_pool_is_replaced_without_an_error(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        async with engine_of(url, clock=clock, heartbeat=600.0) as engine:
            database = engine.runtime.database
            end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"

            def die(conn: Connection) -> None:
                conn.execute(text(end + " AND datname = current_database()"))

            for ask in (database.transaction, database.read):
                async with asyncio.TaskGroup() as several:
                    for _ in range(5):
                        several.create_task(ask(lambda conn: conn.execute(text("SELECT pg_sleep(0.1)"))))
                await database.transaction(die)
                results = [await ask(lambda conn: conn.execute(text("SELECT 1")).scalar()) for _ in range(6)]
                assert results == [1] * 6


START = """mutation ($key: String) { startWorkflow(input: {workflowName: "calls", idempotencyKey: $key}) {
  __typename ... on StartWorkflowSuccess { created process { id } } } }"""


async def test_while_postgres_is_down_writes_are_refused_and_afterwards_all_processes_continue(
    cluster: PostgresCluster,
) -> None:
    remote, ran, go = Remote(), list[str](), asyncio.Event()

    @step("Judge")
    async def judge(callback_result: Json) -> None: ...

    @workflow("Call")
    def calls() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    @step("Work")
    async def work() -> State:
        ran.append("work")
        await go.wait()
        return {"is_done": True}

    @step("Finish")
    async def finish() -> None:
        ran.append("finish")

    @workflow("Work")
    def works() -> Any:
        return begin >> work >> finish

    with cluster.server.database() as url:
        async with site_of(url, calls, works) as site:
            engine = site.engine
            waiting, running = await engine.start(calls), await engine.start(works)
            token = await remote.asked()
            await engine.reaches(waiting, ProcessStatus.AWAITING_CALLBACK)
            address = route(waiting, token)
            reader = asyncio.create_task(events_until_end(engine, waiting))

            cluster.stop_immediately()
            go.set()  # a step comes to its end while nothing can be stored
            refused = await site.http.post(address, json={"rc": 0})
            started = await site.http.post("/graphql", json={"query": START, "variables": {"key": "one"}})
            ready = await site.http.get("/health/ready")
            alive = await site.http.get("/health/live")
            cluster.start()
            accepted = await site.http.post(address, json={"rc": 0})
            again = await site.ask(START, key="one")

            assert (refused.status_code, refused.json()["code"]) == (503, "storage-unavailable")
            assert refused.headers["retry-after"] and ready.headers["retry-after"]
            assert started.json()["errors"][0]["extensions"]["code"] == "STORAGE_UNAVAILABLE"
            assert (ready.status_code, alive.status_code) == (503, 200)
            assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
            assert again["startWorkflow"]["created"] is True
            assert (await site.http.get("/health/ready")).status_code == 200
            assert (await engine.reaches(running, ProcessStatus.COMPLETED)).state == {"is_done": True}
            await engine.reaches(waiting, ProcessStatus.COMPLETED)
            assert ran == ["work", "finish"]
            assert await reader == await engine.events(waiting)


async def events_until_end(engine: Engine, process_id: UUID) -> list[Event]:
    """The events that a subscriber of the process receives until its end; it reconnects if the stream breaks."""
    received: list[Event] = []
    of_process = EventFilter(process_ids=(process_id,))
    async with asyncio.timeout(PATIENCE):
        while not any(event.payload.get("to") == ProcessStatus.COMPLETED for event in received):
            cursor = received[-1].cursor if received else BEGINNING
            runtime = engine.runtime
            stream = follow(runtime.database, runtime.notifier, after=cursor, wanted=of_process)
            with suppress(StorageUnavailable):
                async with aclosing(stream):
                    async for batch in stream:
                        received += batch.events
                        if received and received[-1].payload.get("to") == ProcessStatus.COMPLETED:
                            break
            await asyncio.sleep(0)
    return received
