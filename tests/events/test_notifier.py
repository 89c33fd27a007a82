"""Notifiers: the same tests for one server and for several servers, then tests for several servers only."""

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
from orchestrator_gql.events import notifier, stream
from orchestrator_gql.events.notifier import LocalNotifier, Notifier
from orchestrator_gql.events.postgres import EVENTS, GAP, TIMERS, PostgresNotifier
from orchestrator_gql.storage.database.connection_arguments import connection_arguments
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event, ProcessStatus, State
from orchestrator_gql.workflow import workflow

COMPLETED = ProcessStatus.COMPLETED
PATIENCE = 60.0
NEVER = 600.0
"""Seconds that no test waits: a reader that wakes up earlier was woken by the notifier."""


@step("Count")
async def count(n: int = 0) -> State:
    return {"n": n + 1}


@workflow("Count to three")
def counts() -> Any:
    return begin >> count >> count >> count


@dataclass(frozen=True, slots=True)
class Pair:
    """The notifier that sends and the notifier that receives: the same object, or the notifiers of two servers."""

    here: Notifier
    there: Notifier


@asynccontextmanager
async def connected(url: str, timers: asyncio.Event | None = None) -> AsyncIterator[PostgresNotifier]:
    """The connected notifier of one server: it sends one wake-up when it starts to listen."""
    connecting = PostgresNotifier(url, timers or asyncio.Event())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(connecting.run())
        await woken(connecting, 0)
        yield connecting
        running.cancel()


async def woken(waits: Notifier, ticket: int) -> None:
    """Return when a wake-up came after the ticket."""
    async with asyncio.timeout(PATIENCE):
        await waits.wait(ticket, NEVER)
    assert waits.ticket() != ticket


@pytest.fixture(params=["local", "postgres", "postgres, two servers"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The kind of the notifier, and the URL of its database, empty if it has none."""
    if request.param == "local":
        yield request.param, ""
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    with postgres.database() as url:
        yield request.param, url


@pytest.fixture
async def pair(server: tuple[str, str]) -> AsyncIterator[Pair]:
    kind, url = server
    async with AsyncExitStack() as stack:
        here: Notifier = LocalNotifier() if kind == "local" else await stack.enter_async_context(connected(url))
        there = await stack.enter_async_context(connected(url)) if "two" in kind else here
        yield Pair(here, there)


async def test_one_wake_up_wakes_every_waiting_reader(pair: Pair) -> None:
    ticket = pair.there.ticket()
    waiting = [asyncio.create_task(woken(pair.there, ticket)) for _ in range(3)]
    await asyncio.sleep(0)

    pair.here.notify()

    await asyncio.gather(*waiting)


async def test_a_wake_up_between_the_ticket_and_the_wait_is_not_missed(pair: Pair) -> None:
    ticket = pair.there.ticket()
    pair.here.notify()
    await woken(pair.there, ticket)

    await woken(pair.there, ticket)


async def test_a_reader_without_a_wake_up_waits_until_its_timeout(pair: Pair) -> None:
    ticket = pair.there.ticket()

    await pair.there.wait(ticket, 0.01)

    assert pair.there.ticket() == ticket


async def passes(turns: int) -> None:
    """Let the loop run."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_a_reader_hears_of_a_passing_state_with_the_next_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "PASSING", NEVER)
    local = LocalNotifier()
    waiting = asyncio.create_task(woken(local, 0))
    await passes(5)

    local.notify(is_passing=True)
    local.notify(is_passing=True)
    await passes(5)
    was_woken = waiting.done()
    local.notify()
    await passes(5)

    assert not was_woken
    assert waiting.done()


async def test_a_reader_hears_of_a_passing_state_that_nothing_follows_soon_and_each_time() -> None:
    local = LocalNotifier()
    for _ in range(3):
        waiting = asyncio.create_task(woken(local, local.ticket()))
        await passes(5)
        began = time.monotonic()

        local.notify(is_passing=True)

        await waiting
        assert time.monotonic() - began >= notifier.PASSING * 0.9


async def test_a_reader_behind_a_passing_state_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "PASSING", NEVER)
    local = LocalNotifier()

    local.notify(is_passing=True)

    await woken(local, 0)


async def test_a_notifier_wakes_its_own_readers_without_the_database(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        disconnected = PostgresNotifier(url, asyncio.Event())

        disconnected.notify()

        assert disconnected.ticket() == 1


async def test_a_wake_up_does_not_come_back_to_its_sender(postgres: PostgresServer) -> None:
    timers = asyncio.Event()
    with postgres.database() as url:
        async with connected(url, timers) as here, connected(url) as there:
            timers.clear()
            ticket = there.ticket()
            here.notify()
            before = here.ticket()
            await woken(there, ticket)
            there.notify(has_timers=True)  # it arrives after the first wake-up, if that came back
            async with asyncio.timeout(PATIENCE):
                await timers.wait()

            assert here.ticket() == before + 1


async def test_a_wake_up_that_was_not_sent_is_sent_on_the_next_connection(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with connected(url) as here, connected(url) as there:
            ticket = there.ticket()
            here.notify()
            await woken(there, ticket)
            ticket = there.ticket()
            await cut_off(url, "SELECT pg_notify%")

            here.notify()

            await woken(there, ticket)


async def test_a_reconnected_listener_wakes_its_readers_once_without_a_wake_up(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with connected(url) as connection:
            ticket = connection.ticket()

            await cut_off(url, "LISTEN%")

            await woken(connection, ticket)


async def test_a_timer_that_is_stored_on_one_server_wakes_the_timer_task_of_another(postgres: PostgresServer) -> None:
    timers = asyncio.Event()
    with postgres.database() as url:
        async with connected(url) as here, connected(url, timers) as there:
            timers.clear()
            ticket = there.ticket()
            here.notify()
            await woken(there, ticket)
            assert not timers.is_set()

            here.notify(has_timers=True)

            async with asyncio.timeout(PATIENCE):
                await timers.wait()


async def test_a_hundred_wake_ups_in_a_moment_are_few_notify_messages(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with connected(url) as sender, listening(url) as listener, listening(url) as pace:
            began = time.monotonic()
            for _ in range(100):
                sender.notify()
                await pace.execute("SELECT 1")
            sender.notify(has_timers=True)
            channels = []
            async with asyncio.timeout(PATIENCE):
                async for message in listener.notifies():
                    channels.append(message.channel)
                    if message.channel == TIMERS:
                        break
            rounds = (time.monotonic() - began) / GAP

    assert 1 <= channels.count(EVENTS) <= rounds + 2


@asynccontextmanager
async def listening(url: str) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    conn = await psycopg.AsyncConnection.connect(**connection_arguments(url), autocommit=True)
    async with conn:
        await conn.execute(f"LISTEN {EVENTS}")
        await conn.execute(f"LISTEN {TIMERS}")
        yield conn


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are woken by the notifier, or never."""
    monkeypatch.setattr(stream, "POLL", NEVER)


async def read(engine: Engine, cursor: str, *, batches: int = 10**6, ended: int = 10**6) -> list[Event]:
    """The events behind the cursor, in so many batches or until so many processes have ended."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        runtime = engine.runtime
        stream_of_batches = stream.follow(runtime.database, runtime.notifier, after=cursor, wanted=EventFilter())
        async with aclosing(stream_of_batches):
            async for batch in stream_of_batches:
                events += batch.events
                batches -= 1
                if batches == 0 or completed(events) >= ended:
                    break
    return events


def completed(events: list[Event]) -> int:
    return sum(event.payload.get("to") == COMPLETED for event in events)


async def test_a_subscriber_of_one_server_sees_a_process_of_another_server_at_once(
    postgres: PostgresServer, clock: TurnableClock, no_poll: None
) -> None:
    with postgres.database() as url:
        async with (
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as here,
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as there,
        ):
            reader = asyncio.create_task(read(there, BEGINNING, ended=1))
            process_id = await here.start(counts)
            events = await reader

            assert events == await here.events(process_id)


@pytest.mark.parametrize("seed", range(2))
async def test_a_subscriber_that_moves_between_servers_at_random_sees_every_event_once(
    postgres: PostgresServer, clock: TurnableClock, no_poll: None, seed: int
) -> None:
    chance = random.Random(seed)
    with postgres.database() as url:
        async with (
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as here,
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as there,
        ):

            async def wander() -> list[Event]:
                events: list[Event] = []
                while (left := 20 - completed(events)) > 0:
                    cursor = events[-1].cursor or "" if events else BEGINNING
                    events += await read(chance.choice((here, there)), cursor, batches=chance.randint(1, 4), ended=left)
                return events

            reader = asyncio.create_task(wander())
            for n in range(20):
                await (here, there)[n % 2].start(counts)
            events = await reader

            assert len(events) > 0
            assert events == await here.events()
            assert len({event.cursor for event in events}) == len(events)


async def test_a_listener_that_loses_its_connection_comes_back_and_misses_no_event(
    postgres: PostgresServer, clock: TurnableClock, no_poll: None
) -> None:
    with postgres.database() as url:
        async with (
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as here,
            engine_of(url, counts, clock=clock, heartbeat=NEVER) as there,
        ):
            reader = asyncio.create_task(read(there, BEGINNING, ended=10))
            for _ in range(10):
                await cut_off(url, "LISTEN%")
                await here.start(counts)
            events = await reader

            assert len(events) > 0
            assert events == await here.events()


async def cut_off(url: str, last_query: str) -> None:
    """End every connection whose last query matches the LIKE pattern, and wait for its end."""
    conn = await psycopg.AsyncConnection.connect(**connection_arguments(url), autocommit=True)
    async with conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE %s",
            (last_query,),
        )
