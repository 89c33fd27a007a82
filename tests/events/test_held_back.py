"""Events that an open transaction holds back reach a reader when it ends, though its end sends no wake-up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sized
from contextlib import aclosing, asynccontextmanager
from typing import Any

import psycopg
import pytest
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import BEGINNING, Engine, engine_of
from support.outbox import hook, outbox, reach
from support.receiver import receiving
from support.until import PATIENCE

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.events import stream
from orchestrator_gql.events.feed import Feed
from orchestrator_gql.events.stream import HELD_BACK, Batch, Pause, follow, read_batch
from orchestrator_gql.notifications import relay
from orchestrator_gql.storage import events
from orchestrator_gql.storage.database.connection_arguments import connection_arguments
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event, EventKind, NotificationStatus, ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

NEVER = 600.0
"""Seconds that no test waits."""


@step("Break")
def break_down() -> None:
    raise ProcessFailureError("It is broken.")


@workflow("Fail")
def failing() -> StepList:
    return begin >> break_down


Read = Callable[[Engine, str], AsyncGenerator[Batch, None]]


def by_follow(engine: Engine, cursor: str) -> AsyncGenerator[Batch, None]:
    return follow(engine.runtime.database, engine.runtime.notifier, after=cursor, wanted=EventFilter())


def by_follow_from_now(engine: Engine, cursor: str) -> AsyncGenerator[Batch, None]:
    return follow(engine.runtime.database, engine.runtime.notifier, after=None, wanted=EventFilter())


def by_follow_of_a_kind(engine: Engine, cursor: str) -> AsyncGenerator[Batch, None]:
    wanted = EventFilter(kinds=(EventKind.PROCESS_NOTE_CHANGED,))
    return follow(engine.runtime.database, engine.runtime.notifier, after=cursor, wanted=wanted)


async def by_feed(engine: Engine, cursor: str) -> AsyncGenerator[Batch, None]:
    database = engine.runtime.database
    feed = Feed(engine.runtime.notifier, lambda cursor: read_batch(database, cursor, EventFilter()))
    follower = feed.follower(database, after=cursor, wanted=EventFilter())
    try:
        async with aclosing(follower.batches()) as batches:
            async for batch in batches:
                yield batch
    finally:
        await feed.leave(follower)


@asynccontextmanager
async def writing_elsewhere(url: str) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    """An open transaction that has a number, writes no event, and ends without a wake-up."""
    async with await psycopg.AsyncConnection.connect(**connection_arguments(url)) as conn:
        await conn.execute("SELECT pg_current_xact_id()")
        yield conn


async def notes(batches: AsyncGenerator[Batch, None], number: int, has_begun: asyncio.Event) -> list[str]:
    """The next notes of the log. ``has_begun`` is set with the first batch."""
    found: list[str] = []
    async with asyncio.timeout(PATIENCE), aclosing(batches):
        async for batch in batches:
            has_begun.set()
            found += (event.payload["note"] for event in batch.events if "note" in event.payload)
            if len(found) >= number:
                break
    return found


async def append(engine: Engine, note: str) -> None:
    event = Event(EventKind.PROCESS_NOTE_CHANGED, engine.clock.now(), payload={"note": note})
    await engine.runtime.database.transaction(lambda conn: events.append(conn, [event]))


@pytest.mark.parametrize("is_first", [True, False], ids=["before the reader begins", "while it waits"])
@pytest.mark.parametrize("read", [by_follow, by_follow_from_now, by_follow_of_a_kind, by_feed])
async def test_a_reader_gets_them_without_a_wake_up(
    postgres: PostgresServer, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, read: Read, is_first: bool
) -> None:
    monkeypatch.setattr(stream, "POLL", NEVER)
    with postgres.database() as url:
        async with engine_of(url, clock=clock, heartbeat=NEVER) as engine, writing_elsewhere(url) as transaction:
            if is_first:
                await append(engine, "held back")
            has_begun = asyncio.Event()
            reader = asyncio.create_task(notes(read(engine, BEGINNING), 1, has_begun))
            if read is by_follow_from_now:  # else it might begin behind the event
                await has_begun.wait()
            await asyncio.sleep(3 * HELD_BACK)
            if not is_first:
                await append(engine, "held back")
                await asyncio.sleep(3 * HELD_BACK)
            assert not reader.done()

            await transaction.commit()

            assert await reader == ["held back"]


async def test_webhooks_get_them_without_a_wake_up(
    postgres: PostgresServer, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (stream, relay):
        monkeypatch.setattr(module, "POLL", NEVER)
    with postgres.database() as url:
        async with receiving() as receiver, writing_elsewhere(url) as transaction:
            hooks = {"ops": hook(receiver.url)}
            async with engine_of(url, failing, clock=clock, heartbeat=NEVER, webhooks=hooks) as engine:
                await engine.reaches(await engine.start(failing), ProcessStatus.FAILED)
                await asyncio.sleep(3 * HELD_BACK)
                assert not await outbox(engine)

                await transaction.commit()

                await reach(engine, NotificationStatus.SENT)


def test_a_reader_looks_less_often_as_long_as_nothing_new_can_be_read() -> None:
    pause = Pause()
    held_back, brings, free = ((), True), (("an event",), True), ((), False)

    def waits(*reads: tuple[Sized, bool]) -> list[float]:
        return [pause.behind(found, is_held_back=is_held_back) for found, is_held_back in reads]

    assert waits(*[held_back] * 8) == [*(HELD_BACK * 2**n for n in range(6)), stream.POLL, stream.POLL]
    assert waits(brings, held_back) == [HELD_BACK, 2 * HELD_BACK]
    assert waits(free, held_back) == [stream.POLL, HELD_BACK]
