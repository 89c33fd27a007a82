"""Readers of a log from which retention deletes: a reader gets every event that stays, or is asked to load anew."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import select
from support.engine import BEGINNING, Engine

from orchestrator_gql import begin, step
from orchestrator_gql.engine.retention import Request, prune
from orchestrator_gql.engine.retention_selection import Wish, selection_of
from orchestrator_gql.events.stream import Batch, follow
from orchestrator_gql.reads.events import event_page
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import events, pruned_events
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.tables import events as rows
from orchestrator_gql.types import EventKind, ProcessStatus, State
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

COMPLETED = ProcessStatus.COMPLETED
FILTERS = {"all": EventFilter(), "some": EventFilter(kinds=(EventKind.PROCESS_CREATED,))}


@step("Count")
def count(n: int = 0) -> State:
    return {"n": n + 1}


@workflow("Count to two")
def counts() -> Any:
    return begin >> count >> count


async def run(engine: Engine) -> UUID:
    process_id = await engine.start(counts)
    await engine.reaches(process_id, COMPLETED)
    return process_id


async def delete_all(engine: Engine) -> int:
    """Delete all that has ended."""
    wanted = selection_of(Wish(0), None, engine.clock.now())
    return (await prune(engine.runtime.database, engine.clock.now, None, Request(wanted, "ada"))).number


async def next_batch(engine: Engine, after: str | None, wanted: EventFilter = FILTERS["all"]) -> Batch:
    stream = follow(engine.runtime.database, engine.runtime.notifier, after=after, wanted=wanted)
    async with asyncio.timeout(60):
        batch = await anext(stream)
    await stream.aclose()
    return batch


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
async def test_a_cursor_before_a_deleted_event_is_reset_and_one_behind_it_is_not(
    offer: Offer, wanted: EventFilter
) -> None:
    engine = await offer(counts)
    await run(engine)
    old = await engine.events()
    await delete_all(engine)
    new = await run(engine)

    for cursor in (BEGINNING, old[0].cursor, old[-2].cursor):
        batch = await next_batch(engine, cursor, wanted)
        _, is_reset = await event_page(engine.runtime, LOCAL_OPERATOR, after=cursor, wanted=wanted, first=50)
        assert (batch.events, batch.reset, is_reset) == ((), True, True)
        assert (await next_batch(engine, batch.cursor, wanted)).reset is False
    behind = await next_batch(engine, old[-1].cursor, wanted)
    assert behind.reset is False
    assert {event.process_id for event in behind.events} == {new}


async def test_no_event_of_a_removed_process_stays_and_no_cursor_is_given_twice(offer: Offer) -> None:
    engine = await offer(counts)
    first = await run(engine)
    before = await engine.events()

    assert await delete_all(engine) == 1
    second = await run(engine)

    query = select(rows.c.process_id).distinct()
    assert set(await engine.read(lambda conn: conn.execute(query).scalars().all())) == {None, second}
    new = await next_batch(engine, before[-1].cursor)
    assert first != second
    assert {event.cursor for event in before}.isdisjoint(event.cursor for event in new.events)
    assert len(new.events) == 7


async def test_a_reader_that_is_at_the_end_misses_nothing_and_is_not_reset(offer: Offer) -> None:
    engine = await offer(counts)
    stream = follow(engine.runtime.database, engine.runtime.notifier, after=None, wanted=EventFilter())
    received: list[Batch] = [await anext(stream)]

    async def read_until(process_id: UUID) -> None:
        async with asyncio.timeout(60):
            while not any(
                event.process_id == process_id and event.payload.get("to") == COMPLETED
                for batch in received
                for event in batch.events
            ):
                received.append(await anext(stream))

    for _ in range(3):
        await read_until(await run(engine))
        await delete_all(engine)
    await stream.aclose()

    of_processes = [event for batch in received for event in batch.events if event.process_id is not None]
    assert not any(batch.reset for batch in received)
    assert len(of_processes) == len({event.cursor for event in of_processes}) == 21


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
async def test_a_reader_that_is_behind_is_reset_in_the_middle(
    offer: Offer, wanted: EventFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator_gql.events.stream.BATCH", 2)
    engine = await offer(counts)
    for _ in range(4):
        await run(engine)
    stream = follow(engine.runtime.database, engine.runtime.notifier, after=BEGINNING, wanted=wanted)
    first = await anext(stream)

    await delete_all(engine)
    async with asyncio.timeout(60):
        second = await anext(stream)
        last = await run(engine)
        third = await anext(stream)
    await stream.aclose()

    assert len(first.events) == 2 and not first.reset
    assert (second.events, second.reset) == ((), True)
    assert not third.reset
    assert {event.process_id for event in third.events} == {last}


async def test_a_log_that_was_emptied_gives_a_cursor_that_goes_on(offer: Offer) -> None:
    engine = await offer(counts)
    await run(engine)
    await delete_all(engine)

    start = await next_batch(engine, None)
    process_id = await run(engine)
    batch = await next_batch(engine, start.cursor)

    assert (start.reset, batch.reset) == (False, False)
    assert {event.process_id for event in batch.events} == {process_id}


async def test_the_mark_never_goes_back(offer: Offer) -> None:
    engine = await offer(counts)
    old, new = await run(engine), await run(engine)
    database = engine.runtime.database

    await database.transaction(lambda conn: pruned_events.remove(conn, [new], 100))
    mark = await engine.read(pruned_events.load)
    await database.transaction(lambda conn: pruned_events.remove(conn, [old], 100))

    assert mark is not None
    assert await engine.read(pruned_events.load) == mark
    assert await engine.read(lambda conn: events.is_pruned(conn, mark)) is False
