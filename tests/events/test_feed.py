"""The feed: one reader of the log for many followers, without a gap and without a repetition."""

import asyncio
import random
from contextlib import aclosing, suppress
from typing import Any, cast
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import BEGINNING, Engine
from support.until import PATIENCE, becomes

from orchestrator_gql import begin, step
from orchestrator_gql.events.feed import MOST_WAITING, Feed, Follower
from orchestrator_gql.events.stream import Batch, read_batch
from orchestrator_gql.storage import events, next_events
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.events import EventFilter, place_of
from orchestrator_gql.types import Event, EventKind, ProcessStatus, State
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

NOTE, REASON = EventKind.PROCESS_NOTE_CHANGED, EventKind.PROCESS_STATUS_CHANGED


@step("Count")
async def count(n: int = 0) -> State:
    return {"n": n + 1}


@workflow("Count once")
def counts() -> Any:
    return begin >> count


def feed_of(engine: Engine) -> Feed:
    """A feed that reads the log of the engine."""

    async def read(cursor: str) -> Batch:
        return await read_batch(engine.runtime.database, cursor, EventFilter())

    return Feed(engine.runtime.notifier, read)


class Reader:
    """A follower and the cursors of what it got; it does not go on while ``may_go_on`` is not set."""

    def __init__(self, feed: Feed, engine: Engine, after: str, wanted: EventFilter) -> None:
        self.after, self.wanted = after, wanted
        self.follower: Follower = feed.follower(engine.runtime.database, after=after, wanted=wanted)
        self.got: list[str] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._feed = feed
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async with aclosing(self.follower.batches()) as batches:
            async for batch in batches:
                self.got += [event.cursor for event in batch.events]
                await self.may_go_on.wait()

    async def leave(self) -> None:
        """End it."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._feed.leave(self.follower)


class FailingDatabase:
    """A database whose reads fail when they may."""

    def __init__(self, may_fail: asyncio.Event) -> None:
        self._may_fail = may_fail

    async def read(self, _: object) -> None:
        """Wait, then fail."""
        await self._may_fail.wait()
        raise StorageUnavailable


async def write(engine: Engine, process_id: UUID, kind: EventKind = NOTE, size: int = 1) -> None:
    """One commit of events about the process."""
    event = Event(kind, engine.runtime.clock.now(), process_id, "ada", {"note": "x"})
    await engine.runtime.database.transaction(lambda conn: events.append(conn, [event] * size))


async def two_processes(offer: Offer) -> tuple[Engine, list[UUID]]:
    """An engine with two processes that have ended, and whose events can be read."""
    engine = await offer(counts)
    ids = [await engine.start(counts) for _ in range(2)]
    for id in ids:
        await engine.reaches(id, ProcessStatus.COMPLETED)
    async with asyncio.timeout(PATIENCE):
        while await engine.read(next_events.is_held_back):  # noqa: ASYNC110 - by a transaction of the engine
            await asyncio.sleep(0.001)
    return engine, ids


async def logged(engine: Engine, reader: Reader) -> list[str]:
    page = await engine.read(lambda conn: events.after(conn, reader.after, reader.wanted, 10_000))
    return [event.cursor for event in page.events]


@pytest.mark.parametrize("seed", range(3))
async def test_every_follower_gets_the_log_behind_its_cursor(offer: Offer, seed: int) -> None:
    """Commits run at the same time, so that on PostgreSQL their numbers are not in the order of the commits."""
    choose = random.Random(seed)
    engine, ids = await two_processes(offer)
    filters = [
        EventFilter(),
        EventFilter(process_ids=(ids[0],)),
        EventFilter(kinds=(NOTE,)),
        EventFilter(workflow_names=("counts",)),
        EventFilter(workflow_names=("other",)),
        EventFilter(process_ids=(), kinds=(NOTE,)),
    ]
    feed, readers, cursors = feed_of(engine), [], [BEGINNING]
    async with asyncio.timeout(3 * PATIENCE):
        for _ in range(25):
            if choose.random() < 0.6:
                readers.append(Reader(feed, engine, choose.choice(cursors), choose.choice(filters)))
            await asyncio.gather(
                *(
                    write(engine, choose.choice(ids), choose.choice((NOTE, REASON)), choose.randint(1, 5))
                    for _ in range(4)
                )
            )
            cursors.append(await engine.read(events.end))
            for reader in choose.sample(readers, len(readers) // 2):
                (reader.may_go_on.clear if reader.may_go_on.is_set() else reader.may_go_on.set)()
            await asyncio.sleep(0)
        for reader in readers:
            reader.may_go_on.set()
        end = events.place_of(await engine.read(events.end))
        expected = [await logged(engine, reader) for reader in readers]
        await becomes(lambda: all(reader.follower.place >= end for reader in readers))
        for reader in readers:
            await reader.leave()

    assert [reader.got for reader in readers] == expected
    assert feed.followers == 0


async def test_a_commit_is_read_once_for_all_followers(offer: Offer) -> None:
    engine, ids = await two_processes(offer)
    feed = feed_of(engine)
    end = await engine.read(events.end)
    readers = [Reader(feed, engine, end, EventFilter()) for _ in range(50)]
    await becomes(lambda: feed.reads > 0)
    reads = feed.reads
    await write(engine, ids[0], size=3)
    await becomes(lambda: all(len(reader.got) == 3 for reader in readers))
    for reader in readers:
        await reader.leave()

    assert feed.reads - reads <= 3  # 150 if each follower read it; the poll of a second may come in between


async def test_what_waits_for_a_slow_follower_is_bounded_and_it_reads_the_rest_from_the_log(offer: Offer) -> None:
    engine, ids = await two_processes(offer)
    feed = feed_of(engine)
    slow, good = (Reader(feed, engine, BEGINNING, EventFilter()) for _ in range(2))
    slow.may_go_on.clear()
    waiting = []
    for _ in range(3 * MOST_WAITING):
        have = len(good.got)
        await write(engine, ids[0])
        await becomes(lambda have=have: len(good.got) > have)  # type: ignore[misc]
        waiting.append(len(slow.follower._waiting))
    slow.may_go_on.set()
    await becomes(lambda: len(slow.got) == len(good.got))
    for reader in (slow, good):
        await reader.leave()

    assert max(waiting) <= MOST_WAITING
    assert slow.got == good.got


async def test_a_follower_that_begins_ahead_of_the_feed_gets_only_what_is_behind_its_cursor(offer: Offer) -> None:
    engine, ids = await two_processes(offer)
    may_read, begin = asyncio.Event(), await engine.read(events.end)

    async def read(cursor: str) -> Batch:
        await may_read.wait()
        return await read_batch(engine.runtime.database, cursor, EventFilter())

    feed = Feed(engine.runtime.notifier, read)
    first = Reader(feed, engine, begin, EventFilter())
    await write(engine, ids[0], size=3)
    page = await engine.read(lambda conn: events.after(conn, begin, EventFilter(), 10))
    cursors = [event.cursor for event in page.events]
    readers = [first, *(Reader(feed, engine, cursor, EventFilter()) for cursor in cursors)]
    may_read.set()
    await becomes(lambda: len(first.got) == 3 and len(readers[1].got) == 2 and len(readers[2].got) == 1)
    await write(engine, ids[0])
    await becomes(lambda: all(len(reader.got) == 4 - number for number, reader in enumerate(readers)))
    for reader in readers:
        await reader.leave()

    assert [reader.got[:-1] for reader in readers] == [cursors, cursors[1:], cursors[2:], []]


async def test_a_reading_that_fails_while_it_is_ended_does_not_end_the_next_one(offer: Offer) -> None:
    engine, ids = await two_processes(offer)
    may_end, begun = asyncio.Event(), []

    async def read(cursor: str) -> Batch:
        begun.append(cursor)
        if len(begun) == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await may_end.wait()
                raise StorageUnavailable from None  # as a database whose connection is lost at this moment
        return await read_batch(engine.runtime.database, cursor, EventFilter())

    feed = Feed(engine.runtime.notifier, read)
    end = await engine.read(events.end)
    first = Reader(feed, engine, end, EventFilter())
    await becomes(lambda: begun)
    leaving = asyncio.create_task(first.leave())
    await becomes(lambda: not feed.followers)
    second = Reader(feed, engine, end, EventFilter())
    reading = feed._reading
    may_end.set()
    await leaving
    await write(engine, ids[0])
    await becomes(lambda: len(second.got) == 1)
    assert reading is not None and feed._reading is reading
    await second.leave()


async def test_a_follower_that_reaches_the_feed_without_a_batch_wakes_whoever_waits_for_it(offer: Offer) -> None:
    """A group that another subscriber waits for may have nothing to send for the events that it read."""
    engine, ids = await two_processes(offer)
    feed = feed_of(engine)
    other = Reader(feed, engine, await engine.read(events.end), EventFilter())
    await write(engine, ids[0])
    await becomes(lambda: len(other.got) == 1)
    moved = asyncio.create_task(feed.moved())
    await asyncio.sleep(0)
    late = Reader(feed, engine, BEGINNING, EventFilter(kinds=()))
    async with asyncio.timeout(PATIENCE):
        await moved
        while late.follower.place < feed.place:
            await feed.moved()
    assert late.got == []
    for reader in (other, late):
        await reader.leave()


async def test_new_events_do_not_move_a_follower_that_reads_the_log(offer: Offer) -> None:
    """If its read fails, its members go on from its place: the events of the read must not be before it."""
    engine, ids = await two_processes(offer)
    feed = feed_of(engine)
    other = Reader(feed, engine, await engine.read(events.end), EventFilter())
    await write(engine, ids[0])
    await becomes(lambda: len(other.got) == 1)
    may_fail = asyncio.Event()
    follower = feed.follower(cast("Database", FailingDatabase(may_fail)), after=BEGINNING, wanted=EventFilter())
    reading = asyncio.ensure_future(anext(follower.batches()))
    await asyncio.sleep(0)

    await write(engine, ids[1])
    await becomes(lambda: len(other.got) == 2)
    place = follower.place
    may_fail.set()

    with pytest.raises(StorageUnavailable):
        await reading
    assert place == follower.place == place_of(BEGINNING)
    await feed.leave(follower)
    await other.leave()
