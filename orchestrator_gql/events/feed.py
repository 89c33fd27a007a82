"""The event log, read once for many followers: new events are handed over in memory.

    commit ─▶ wake-up ─▶ one read of the log ─┬─▶ a follower whose filter the events fit
                                              ├─▶ …
                                              └─✗ a follower that is slow: it reads the log itself, then comes back

A follower begins at its own cursor. Before its read of the log begins, it is among those who get the new events, so the
read and the new events overlap or touch: it cuts off what it has, and there is neither a gap nor a repetition.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from orchestrator_gql.events.notifier import Notifier
from orchestrator_gql.events.stream import BATCH, Batch, Pause, read_batch
from orchestrator_gql.storage import events
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.events import EventFilter, Place, place_of
from orchestrator_gql.types import Event

MOST_WAITING = 4
"""Batches that wait for one follower in memory. One that is slower reads them from the log later."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fed:
    """What one read of the log brought."""

    events: tuple[Event, ...]
    begin: Place
    end: Place
    cursor: str
    caught_up: bool


class Follower:
    """One reader of the feed."""

    def __init__(self, feed: "Feed", database: Database, after: str, wanted: EventFilter) -> None:
        self._feed = feed
        self._database = database
        self._wanted = wanted
        self._cursor = after
        self._place = place_of(after)
        self._waiting: deque[_Fed] = deque()
        self._is_behind = self._place < feed.place
        self._is_searching = False
        self._must_end = False
        self.begin = after
        """The position before the last batch: every event up to it was in an earlier batch, or does not fit."""
        self._wake: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None

    @property
    def is_idle(self) -> bool:
        """True if it waits for new events."""
        return self._wake is not None and not self._waiting and not self._is_behind

    @property
    def place(self) -> Place:
        """Every event up to this place has been yielded, or does not fit the filter."""
        return max(self._place, self._feed.place) if self.is_idle else self._place

    @property
    def process_ids(self) -> tuple[UUID, ...] | None:
        """The only processes that the follower asks for."""
        return self._wanted.process_ids

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """The events that fit, without end; an empty batch if more were expected and none fits.

        Raises what the read of the log raised.
        """
        while True:
            if self._failure is not None:
                raise self._failure
            if not self._is_behind and not self._waiting:
                await self._next_offer()
                continue
            self.begin = self._cursor
            self._is_searching = True
            batch = await (self._read_log() if self._is_behind else self._take())
            self._is_searching = False
            if batch.events or batch.reset or (batch.caught_up and self._must_end):
                self._must_end = not batch.caught_up
                yield batch

    async def _read_log(self) -> Batch:
        self._is_behind = False  # from now on new events are kept: the read begins after this
        batch = await read_batch(self._database, self._cursor, self._wanted)
        self._cursor, self._place = batch.cursor, place_of(batch.cursor)
        if not batch.caught_up:
            self.fall_behind()
        return batch

    async def _take(self) -> Batch:
        """All that waits, in one batch."""
        found: list[Event] = []
        cursor, place = self._cursor, self._place
        while self._waiting and len(found) + len(self._waiting[0].events) <= max(BATCH, len(self._waiting[0].events)):
            fed = self._waiting.popleft()
            if fed.begin < place:  # the read of the log had some of these events
                found += (event for event in fed.events if place_of(event.cursor) > place)
            else:
                found += fed.events
            if fed.end > place:
                cursor, place = fed.cursor, fed.end
        caught_up = fed.caught_up and not self._waiting
        selected = await self._fitting(tuple(found))
        self._cursor, self._place = cursor, place
        return Batch(selected, cursor, caught_up)

    async def _fitting(self, found: tuple[Event, ...]) -> tuple[Event, ...]:
        wanted = self._wanted
        if not wanted.asks_about_processes:
            return found if wanted == EventFilter() else tuple(filter(wanted.may_select, found))
        return await self._database.read(lambda conn: events.fitting(conn, found, wanted))

    async def _next_offer(self) -> None:
        self._wake = asyncio.get_running_loop().create_future()
        self._feed.note_move()  # it has reached the feed, perhaps without a batch
        try:
            await self._wake
        finally:
            self._follow_feed()
            self._wake = None

    def offer(self, fed: _Fed) -> None:
        """Hand over new events, unless none of them fits and the follower has caught up."""
        if self._is_behind or not (self._expects(fed) or any(map(self._wanted.may_select, fed.events))):
            return
        if len(self._waiting) >= MOST_WAITING:
            self.fall_behind()
            return
        if not self._waiting and not self._is_searching:
            self._move(fed.begin)
        self._waiting.append(fed)
        self._awake()

    def _expects(self, fed: _Fed) -> bool:
        """True if these events are the last of several batches, and the follower got some before."""
        return fed.caught_up and (not self._waiting[-1].caught_up if self._waiting else self._must_end)

    def fail(self, failure: BaseException) -> None:
        """End the stream of the follower with this error."""
        self._failure = failure
        self._awake()

    def fall_behind(self) -> None:
        """Read the log next, without what waits."""
        self._follow_feed()
        self._waiting.clear()
        self._is_behind = True
        self._awake()

    def _follow_feed(self) -> None:
        """Move on with the feed, which offered nothing: the old cursor may be among events that were pruned since."""
        if self.is_idle:
            self._move(self._feed.place)

    def _move(self, place: Place) -> None:
        """Move over events that do not fit: a read of the log need not begin earlier."""
        if place > self._place:
            self._cursor, self._place = place.cursor, place

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Feed:
    """The only reader of the log for its followers; it reads while there are followers.

    ``read(cursor)`` returns the next batch of all events. ``reads`` counts the calls.
    """

    def __init__(self, notifier: Notifier, read: Callable[[str], Awaitable[Batch]]) -> None:
        self._notifier = notifier
        self._read = read
        self._of_all: dict[Follower, None] = {}
        self._of_process: dict[UUID, dict[Follower, None]] = {}
        self._cursor = events.BEGINNING
        self.place = place_of(self._cursor)
        self._reading: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._expecting: dict[Follower, None] = {}
        """Those who were offered a batch behind which the log had more: the end of it is for them, too."""
        self.followers = 0
        self.reads = 0

    def follower(self, database: Database, *, after: str, wanted: EventFilter) -> Follower:
        """A new follower behind the cursor; `leave` ends it. ``database`` serves its own reads."""
        if not self.followers:
            self._cursor, self.place = after, place_of(after)
        follower = Follower(self, database, after, wanted)
        for followers in self._places_of(follower):
            followers[follower] = None
        self.followers += 1
        if self._reading is None:
            self._reading = asyncio.create_task(self._keep_reading(), name="event feed")
        return follower

    async def leave(self, follower: Follower) -> None:
        """Forget the follower; without followers the log is not read."""
        self._expecting.pop(follower, None)
        for followers in self._places_of(follower):
            followers.pop(follower, None)
        for id in follower.process_ids or ():
            if not self._of_process.get(id, True):
                del self._of_process[id]
        self.followers -= 1
        if not self.followers and self._reading is not None:
            reading, self._reading = self._reading, None
            reading.cancel()
            await asyncio.wait([reading])

    async def moved(self) -> None:
        """Wait until new events were read, or `note_move` was called."""
        await self._moved.wait()

    def note_move(self) -> None:
        """Wake everything that waits in `moved`."""
        self._moved.set()
        self._moved = asyncio.Event()

    def _places_of(self, follower: Follower) -> list[dict[Follower, None]]:
        if follower.process_ids is None:
            return [self._of_all]
        return [self._of_process.setdefault(id, {}) for id in follower.process_ids]

    async def _keep_reading(self) -> None:
        pause = Pause()
        try:
            while True:
                ticket = self._notifier.ticket()
                batch = await self._read(self._cursor)
                self.reads += 1
                if batch.events:
                    self._hand_over(batch)
                elif batch.reset:  # retention was faster: each follower finds out what that means for it
                    for follower in self._all_of({*self._of_process}):
                        follower.fall_behind()
                    self._cursor, self.place = batch.cursor, place_of(batch.cursor)
                if batch.caught_up:
                    seconds = pause.behind(batch.events, is_held_back=batch.is_held_back)
                    await self._notifier.wait(ticket, seconds)
        except Exception as error:
            if self._reading is not asyncio.current_task():
                return  # the last follower left, and the next follower began another task
            self._reading = None  # the next follower begins anew
            for follower in self._all_of({*self._of_process}):
                follower.fail(error)
            self.note_move()

    def _hand_over(self, batch: Batch) -> None:
        fed = _Fed(batch.events, self.place, place_of(batch.cursor), batch.cursor, batch.caught_up)
        self._cursor, self.place = fed.cursor, fed.end
        process_ids = {event.process_id for event in fed.events if event.process_id is not None}
        followers = self._all_of(process_ids) | self._expecting
        self._expecting = {} if fed.caught_up else followers
        for follower in followers:
            follower.offer(fed)
        self.note_move()

    def _all_of(self, process_ids: set[UUID]) -> dict[Follower, None]:
        found = dict(self._of_all)
        for id in process_ids & self._of_process.keys():
            found |= self._of_process[id]
        return found
