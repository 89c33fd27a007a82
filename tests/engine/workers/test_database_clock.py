"""On PostgreSQL a server uses the clock of the database, or that of the workers that run."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from support.database import PostgresServer

from orchestrator_gql.app import assemble, running
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.engine.workers import database_clock
from orchestrator_gql.engine.workers.embedded import EmbeddedDispatcher
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import timers, workers
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.workflows.registry import Registry

DAY_AND_MORE = 26 * 3600.0
HEARTBEAT = 0.3


async def test_on_postgres_a_server_uses_the_clock_of_the_database_even_if_its_own_is_wrong(
    postgres: PostgresServer,
) -> None:
    ahead = SteadyClock(lambda: time.time() + DAY_AND_MORE)
    behind = SteadyClock(lambda: time.time() - DAY_AND_MORE)
    differences = []
    with postgres.database() as url:
        for clock in (ahead, behind):
            runtime = assemble(read_settings(database_url=url), Registry(()), clock)
            async with running(runtime, EmbeddedDispatcher(runtime)):
                database_time = await runtime.database.read(timers.database_time)
                differences.append(abs((clock.now() - database_time).total_seconds()))

    assert max(differences) < 5


@pytest.mark.parametrize("seconds", [120, -120, 25, -25])
async def test_a_server_that_starts_after_the_databases_clock_was_set_keeps_to_the_time_of_the_workers_that_run(
    seconds: int, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    with postgres.database() as url:
        async with _server(url) as (_, old):
            await asyncio.sleep(2 * HEARTBEAT)
            old.keep_to(old.now() + timedelta(seconds=seconds))  # as if the database's clock had been set since then
            await asyncio.sleep(2 * HEARTBEAT)
            async with _server(url) as (_, new):
                apart = (new.now() - old.now()).total_seconds()
                await asyncio.sleep(2 * HEARTBEAT)
                apart_later = (new.now() - old.now()).total_seconds()

    assert abs(apart) < 5
    assert abs(apart_later) < 5
    (warning,) = [record for record in caplog.records if "of the workers that run" in record.message]
    assert abs(warning.__dict__["seconds"] + seconds) < 5


async def test_a_worker_that_died_long_ago_sets_no_clock(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with _server(url) as (runtime, clock):
            died = clock.now() - timedelta(minutes=10)
            dead = Worker("dead", "0", 0, died, died)
            await runtime.database.transaction(lambda conn: workers.seen(conn, dead))
        async with _server(url) as (runtime, clock):
            database_time = await runtime.database.read(timers.database_time)
            difference = (clock.now() - database_time).total_seconds()

    assert abs(difference) < 5


async def test_a_worker_that_died_long_ago_hides_none_that_runs_by_a_clock_since_set(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with _server(url) as (runtime, old):
            await asyncio.sleep(2 * HEARTBEAT)
            died = old.now()
            dead = Worker("dead", "0", 0, died, died)
            old.keep_to(died + timedelta(minutes=10))  # as if the database's clock had been set back since then
            await asyncio.sleep(2 * HEARTBEAT)
            await runtime.database.transaction(lambda conn: workers.seen(conn, dead))
            async with _server(url) as (_, new):
                apart = (new.now() - old.now()).total_seconds()

    assert abs(apart) < 5


async def test_a_start_after_a_crash_of_all_workers_waits_at_most_a_minute_for_a_rare_heartbeat(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_clock, "LONGEST_WAIT", HEARTBEAT)
    with postgres.database() as url:
        async with _server(url) as (runtime, clock):
            wrong = clock.now() + timedelta(hours=9)  # nobody forgets it, and it is more than a third of the lease away
            dead = Worker("dead", "0", 0, wrong, wrong)
            await runtime.database.transaction(lambda conn: workers.seen(conn, dead))
        rare = assemble(read_settings(database_url=url, lease=86400, heartbeat=43200), Registry(()), SteadyClock())
        async with asyncio.timeout(20), running(rare, EmbeddedDispatcher(rare)):
            pass


@asynccontextmanager
async def _server(url: str) -> AsyncIterator[tuple[Runtime, SteadyClock]]:
    clock = SteadyClock()
    runtime = assemble(read_settings(database_url=url, heartbeat=HEARTBEAT), Registry(()), clock)
    async with running(runtime, EmbeddedDispatcher(runtime)):
        yield runtime, clock
