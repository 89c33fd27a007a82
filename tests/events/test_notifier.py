"""The bell: one body for one process and for several machines, then what only several machines have."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import BEGINNING, Engine, engine_of

from orchestrator_gql import begin, step
from orchestrator_gql.events import stream
from orchestrator_gql.events.notifier import LocalNotifier, Notifier
from orchestrator_gql.events.postgres import EVENTS, GAP, TIMERS, PostgresNotifier
from orchestrator_gql.storage.database.postgres import connection_arguments
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event, ProcessStatus, State
from orchestrator_gql.workflow import workflow

COMPLETED = ProcessStatus.COMPLETED
PATIENCE = 20.0
NEVER = 600.0
"""Seconds that no test waits: whoever is woken before was woken by the bell."""


@step("Count")
async def count(n: int = 0) -> State:
    return {"n": n + 1}


@workflow("Count to three")
def counts() -> Any:
    return begin >> count >> count >> count


@dataclass(frozen=True, slots=True)
class CommitHooks:
    """Who rings and who hears it: the same bell, or those of two servers."""

    here: Notifier
    there: Notifier


@asynccontextmanager
async def hung(url: str, timers: asyncio.Event | None = None) -> AsyncIterator[PostgresNotifier]:
    """The bell of one server, connected: it rings once as soon as it listens."""
    notifier = PostgresNotifier(url, timers or asyncio.Event())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(notifier.run())
        await heard(notifier, 0)
        yield notifier
        running.cancel()


async def heard(notifier: Notifier, ticket: int) -> None:
    """Return once the bell rang after the ticket."""
    async with asyncio.timeout(PATIENCE):
        await notifier.wait(ticket, NEVER)
    assert notifier.ticket() != ticket


@pytest.fixture(params=["local", "postgres", "postgres, two servers"])
def where(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Which bell, and the URL of its database where it has one."""
    if request.param == "local":
        yield request.param, ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield request.param, url


@pytest.fixture
async def hooks(where: tuple[str, str]) -> AsyncIterator[CommitHooks]:
    kind, url = where
    async with AsyncExitStack() as stack:
        here: Notifier = LocalNotifier() if kind == "local" else await stack.enter_async_context(hung(url))
        there = await stack.enter_async_context(hung(url)) if "two" in kind else here
        yield CommitHooks(here, there)


async def test_everybody_who_waits_is_woken_by_one_ring(hooks: CommitHooks) -> None:
    ticket = hooks.there.ticket()
    waiting = [asyncio.create_task(heard(hooks.there, ticket)) for _ in range(3)]
    await asyncio.sleep(0)

    hooks.here.notify()

    await asyncio.gather(*waiting)


async def test_a_ring_between_the_ticket_and_the_wait_is_not_missed(hooks: CommitHooks) -> None:
    ticket = hooks.there.ticket()
    hooks.here.notify()
    await heard(hooks.there, ticket)

    await heard(hooks.there, ticket)


async def test_who_hears_nothing_waits_no_longer_than_asked(hooks: CommitHooks) -> None:
    ticket = hooks.there.ticket()

    await hooks.there.wait(ticket, 0.01)

    assert hooks.there.ticket() == ticket


async def test_who_rings_wakes_its_own_readers_without_asking_the_database(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        apart = PostgresNotifier(url, asyncio.Event())

        apart.notify()

        assert apart.ticket() == 1


async def test_its_own_ring_does_not_come_back_to_who_rang(postgres: PostgresServer) -> None:
    timers = asyncio.Event()
    with postgres.database() as url:
        async with hung(url, timers) as one, hung(url) as two:
            timers.clear()
            ticket = two.ticket()
            one.notify()
            before = one.ticket()
            await heard(two, ticket)
            two.notify(has_timers=True)  # is heard behind the own one, if that came back
            async with asyncio.timeout(PATIENCE):
                await timers.wait()

            assert one.ticket() == before + 1


async def test_a_ring_that_could_not_be_told_is_told_on_the_next_connection(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with hung(url) as here, hung(url) as there:
            ticket = there.ticket()
            here.notify()
            await heard(there, ticket)
            ticket = there.ticket()
            await cut_off(url, "SELECT pg_notify%")

            here.notify()

            await heard(there, ticket)


async def test_who_was_cut_off_and_listens_again_looks_once_though_nobody_rang(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with hung(url) as notifier:
            ticket = notifier.ticket()

            await cut_off(url, "LISTEN%")

            await heard(notifier, ticket)


async def test_a_timer_that_is_stored_here_wakes_the_timekeeper_there(postgres: PostgresServer) -> None:
    timers = asyncio.Event()
    with postgres.database() as url:
        async with hung(url) as here, hung(url, timers) as there:
            timers.clear()
            ticket = there.ticket()
            here.notify()
            await heard(there, ticket)
            assert not timers.is_set()

            here.notify(has_timers=True)

            async with asyncio.timeout(PATIENCE):
                await timers.wait()


async def test_a_hundred_rings_in_a_moment_are_few_notifications(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with hung(url) as notifier, listening(url) as spy, listening(url) as pace:
            began = time.monotonic()
            for _ in range(100):
                notifier.notify()
                await pace.execute("SELECT 1")
            notifier.notify(has_timers=True)
            told = []
            async with asyncio.timeout(PATIENCE):
                async for one in spy.notifies():
                    told.append(one.channel)
                    if one.channel == TIMERS:
                        break
            rounds = (time.monotonic() - began) / GAP

    assert 1 <= told.count(EVENTS) <= rounds + 2


@asynccontextmanager
async def listening(url: str) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    conn = await psycopg.AsyncConnection.connect(**connection_arguments(url), autocommit=True)
    async with conn:
        await conn.execute(f"LISTEN {EVENTS}")
        await conn.execute(f"LISTEN {TIMERS}")
        yield conn


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are woken by the bell, or never."""
    monkeypatch.setattr(stream, "POLL", NEVER)


async def read(engine: Engine, cursor: str, *, batches: int = 10**6, ended: int = 10**6) -> list[Event]:
    """What is told behind the cursor, in so many batches or until so many processes have ended."""
    told: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        runtime = engine.runtime
        events = stream.follow(runtime.database, runtime.notifier, after=cursor, wanted=EventFilter())
        async with aclosing(events):
            async for batch in events:
                told += batch.events
                batches -= 1
                if batches == 0 or completed(told) >= ended:
                    break
    return told


def completed(told: list[Event]) -> int:
    return sum(event.payload.get("to") == COMPLETED for event in told)


async def test_who_is_subscribed_at_one_server_sees_at_once_what_is_started_at_the_other(
    postgres: PostgresServer, clock: TurnableClock, no_poll: None
) -> None:
    with postgres.database() as url:
        async with (
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as one,
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as two,
        ):
            reader = asyncio.create_task(read(two, BEGINNING, ended=1))
            process_id = await one.start(counts)
            told = await reader

            assert told == await one.events(process_id)


@pytest.mark.parametrize("seed", range(2))
async def test_a_subscriber_that_moves_between_servers_at_random_sees_every_event_once(
    postgres: PostgresServer, clock: TurnableClock, no_poll: None, seed: int
) -> None:
    chance = random.Random(seed)
    with postgres.database() as url:
        async with (
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as one,
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as two,
        ):

            async def wander() -> list[Event]:
                told: list[Event] = []
                while (left := 20 - completed(told)) > 0:
                    cursor = told[-1].cursor or "" if told else BEGINNING
                    told += await read(chance.choice((one, two)), cursor, batches=chance.randint(1, 4), ended=left)
                return told

            reader = asyncio.create_task(wander())
            for n in range(20):
                await (one, two)[n % 2].start(counts)
            told = await reader

            assert told == await one.events()
            assert len({event.cursor for event in told}) == len(told)


async def test_a_listener_that_is_cut_off_comes_back_and_nothing_is_missed(
    postgres: PostgresServer, clock: TurnableClock, no_poll: None
) -> None:
    with postgres.database() as url:
        async with (
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as one,
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as two,
        ):
            reader = asyncio.create_task(read(two, BEGINNING, ended=10))
            for _ in range(10):
                await cut_off(url, "LISTEN%")
                await one.start(counts)
            told = await reader

            assert told == await one.events()


async def cut_off(url: str, last_words: str) -> None:
    """End every connection that last said such a thing, and wait until it is ended."""
    conn = await psycopg.AsyncConnection.connect(**connection_arguments(url), autocommit=True)
    async with conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE %s",
            (last_words,),
        )
