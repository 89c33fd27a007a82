"""A group of equal subscriptions to events: one execution for all its members, each with a place of its own."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from orchestrator_gql.events.feed import Feed, Follower
from orchestrator_gql.events.stream import Batch
from orchestrator_gql.graphql.context import Context, MakeContext
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse, SharedResponse, WriteNow
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.storage.events import EventFilter, Place, place_of
from orchestrator_gql.utils import json

logger = logging.getLogger(__name__)

MOST_WAITING = 16
MOST_BYTES_WAITING = 64 * 1024
"""What waits for one subscriber in its group; one that has more leaves the group. A single response may be larger."""

AT_ONCE = 256
"""Subscribers that get a response before other tasks of the server run."""


class Member:
    """A subscriber of a group; it got everything up to ``cursor``.

    The cursor moves with the group, even over events that do not fit the filter: a subscriber may get no response for
    days, and retention deletes old events meanwhile.
    """

    def __init__(self, cursor: str, write_now: WriteNow | None) -> None:
        self.cursor = cursor
        self._write_now = write_now
        self._waiting: list[SharedResponse] = []  # an empty deque takes ten times as much
        self._bytes_waiting = 0
        self._has_left = False
        self._wake: asyncio.Future[None] | None = None

    @property
    def is_idle(self) -> bool:
        """True if everything was sent."""
        return self._wake is not None and not self._waiting

    def take(self, response: SharedResponse) -> bool:
        """Send the response at once or keep it; false if the subscriber has left, because it is behind."""
        if self.is_idle:
            self.cursor = response.begin
            if self._write_now is not None and self._write_now(response):
                self.cursor = response.end
                return True
        size = len(response.data)
        if self._waiting and (len(self._waiting) >= MOST_WAITING or self._bytes_waiting + size > MOST_BYTES_WAITING):
            self.leave()
            return False
        self._waiting.append(response)
        self._bytes_waiting += size
        self._awake()
        return True

    def leave(self, end: str | None = None) -> None:
        """End `responses`, without what waits: it is behind ``cursor`` in the log. ``end`` is the end of the group."""
        if end is not None and self.is_idle:
            self.cursor = max(self.cursor, end, key=place_of)
        self._waiting.clear()
        self._bytes_waiting = 0
        self._has_left = True
        self._awake()

    async def responses(self) -> AsyncGenerator[SharedResponse, None]:
        """The responses that could not be written at once, until the subscriber leaves the group."""
        while not self._has_left:
            while self._waiting:
                response = self._waiting.pop(0)
                self._bytes_waiting -= len(response.data)
                self.cursor = response.begin
                yield response
                self.cursor = response.end
            if not self._has_left:
                self._wake = asyncio.get_running_loop().create_future()
                try:
                    await self._wake
                finally:
                    self._wake = None

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Group:
    """Subscribers whose responses are equal, and the one execution of their operation; it begins behind ``cursor``."""

    def __init__(
        self,
        execution: Execution,
        feed: Feed,
        request: GraphQLRequest,
        make_context: MakeContext,
        cursor: str,
    ) -> None:
        self.members: dict[Member, None] = {}
        self.is_over = False
        self.is_broken = False
        """True if the execution ended by itself: its members do not share any more."""
        self.has_lost_log = False
        """True if the log could not be read: each member reads it alone, and shares again when it has caught up."""
        self._responses = partial(execution.responses, request, kind=Kind.SUBSCRIPTION)
        self._feed = feed
        self._end = place_of(cursor)
        self._follower: Follower | None = None
        run = self._run(make_context(self._batches))
        self._task: asyncio.Task[None] | None = asyncio.create_task(run, name="shared subscription")

    @property
    def place(self) -> Place:
        """Every response for the events up to this place was handed to the members."""
        follower = self._follower
        return max(self._end, follower.place) if follower is not None and follower.is_idle else self._end

    def add(self, cursor: str, write_now: WriteNow | None) -> Member:
        """A new member, which gets every response from now on."""
        member = Member(cursor, write_now)
        self.members[member] = None
        return member

    async def end(self) -> None:
        """Stop the execution: the last member has left."""
        self.is_over = True
        self._feed.note_move()  # a task that has not begun yet ends without a word
        task, self._task = self._task, None  # the traceback of its cancellation holds the group
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _batches(self, context: Context, wanted: EventFilter) -> AsyncGenerator[Batch, None]:
        after = self._end.cursor
        follower = event_reads.follower_of(self._feed, context.reading, context.principal, after=after, wanted=wanted)
        self._follower = follower
        try:
            async with aclosing(follower.batches()) as batches:
                async for batch in batches:
                    yield batch
        except Exception:
            # Each member reads the log itself now, and gets the error that it would have got alone.
            logger.debug("a shared subscription could not read the log", exc_info=True)
            self.has_lost_log = True
            self._end = max(self._end, follower.place)  # all batches before it were sent
        finally:
            await self._feed.leave(follower)

    async def _run(self, context: Context) -> None:
        try:
            async with aclosing(self._responses(context)) as responses:
                async for response in responses:
                    if not context.is_in_step or context.cursor is None:
                        break
                    shared = self._shared(response, context.cursor)
                    response.let_go()
                    self._end = place_of(shared.end)
                    await self._hand_over(shared)
                    self._feed.note_move()
        finally:
            self.is_broken = not self.is_over and not self.has_lost_log
            self.is_over = True
            for member in self.members:
                member.leave(self._end.cursor)
            self._feed.note_move()

    def _shared(self, response: ExecutionResponse, end: str) -> SharedResponse:
        begin = self._end
        if self._follower is not None:  # a large batch is sent in parts: then the last part has ended later
            begin = max(begin, place_of(self._follower.begin))
        return SharedResponse(json.encode(response.payload).encode(), response.cursor, begin.cursor, end)

    async def _hand_over(self, response: SharedResponse) -> None:
        for number, member in enumerate(list(self.members), 1):
            if member in self.members and not _is_taken(member, response):
                self.members.pop(member, None)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)


def _is_taken(member: Member, response: SharedResponse) -> bool:
    try:
        return member.take(response)
    except Exception:  # it must not stop the others; its own task meets the same error
        logger.debug("a subscriber could not be written to", exc_info=True)
        member.leave()
        return False
