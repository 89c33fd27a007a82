"""Execute equal subscriptions to events once, and send every subscriber the same bytes.

    the log ─▶ feed ─▶ group: one execution a batch, encoded once ─┬─▶ subscriber: its id around the shared bytes
                                                                   ├─▶ …
                                                                   └─✗ subscriber that is behind

A subscriber begins on the separate path: its operation is executed for it alone, with the events behind its cursor.
When it has caught up with the log it joins the group of its key at its cursor, and then it costs one write a batch. If
it takes too little, it leaves the group and continues on the separate path behind the last batch that it got. So a slow
subscriber holds nobody up, and a group keeps nothing for it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from orchestrator_gql.events.feed import Feed, Follower
from orchestrator_gql.events.stream import Batch
from orchestrator_gql.graphql.context import Context, MakeContext
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse, Response, SharedResponse, WriteNow
from orchestrator_gql.graphql.shared_beginnings import Beginnings
from orchestrator_gql.graphql.shared_numbers import SharedNumbers
from orchestrator_gql.graphql.sharing_keys import Key, key_of, key_of_numbers
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

    @property
    def is_following(self) -> bool:
        """True if the execution has begun and waits for new events."""
        return self._follower is not None and self._follower.is_idle

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


class _Piece:
    """The events between two cursors as the source of an operation."""

    def __init__(self, after: str, until: str) -> None:
        self._after = after
        self._until = until
        self.is_whole = False

    async def __call__(self, context: Context, wanted: EventFilter) -> AsyncGenerator[Batch, None]:
        batches = event_reads.between(
            context.reading, context.principal, after=self._after, until=self._until, wanted=wanted
        )
        async with aclosing(batches):
            async for batch in batches:
                yield batch
        self.is_whole = True


def _rest(after: str, context: Context, wanted: EventFilter) -> AsyncGenerator[Batch, None]:
    """The events behind the cursor, for a subscriber that got everything before."""
    return event_reads.followed(context.reading, context.principal, after=after, wanted=wanted, goes_on=True)


class SharedSubscriptions:
    """The groups of one server."""

    def __init__(self, execution: Execution, feed: Feed) -> None:
        self.execution = execution
        self._feed = feed
        self._groups: dict[Key, Group] = {}
        self.numbers = SharedNumbers(execution)
        self.beginnings = Beginnings(execution)

    @property
    def groups(self) -> int:
        """The number of groups."""
        return len(self._groups) + self.numbers.groups

    @property
    def members(self) -> int:
        """The number of subscribers that are in a group."""
        return sum(len(group.members) for group in self._groups.values()) + self.numbers.members

    def responses(
        self, request: GraphQLRequest, context: Context, write_now: WriteNow | None = None
    ) -> AsyncGenerator[Response, None]:
        """Every response of a subscription. Raises nothing except cancellation.

        Ask for the next response after the last one is sent; meanwhile ``write_now`` gets the responses that can be
        written at once.
        """
        numbers = key_of_numbers(request, context)
        if numbers is not None:
            return self.numbers.responses(numbers, request, context.maker(), write_now)
        return _Subscriber(self, request, context.maker(), write_now).responses(context)

    async def group(self, key: Key, request: GraphQLRequest, make_context: MakeContext, cursor: str) -> Group:
        """The group of the key, when it has reached the cursor; it is over if it has failed meanwhile."""
        place = place_of(cursor)
        while True:
            group = self._groups.get(key)
            if group is None:
                group = Group(self.execution, self._feed, request, make_context, cursor)
                self._groups[key] = group
            while group.place < place and not group.is_over:
                await self._feed.moved()
            if not group.is_over:
                return group
            self._forget(key, group)
            if group.is_broken or group.has_lost_log:
                return group

    async def leave(self, key: Key, group: Group, member: Member) -> None:
        """End the membership; a group without members ends."""
        group.members.pop(member, None)
        if not group.members:
            self._forget(key, group)
            await group.end()

    def _forget(self, key: Key, group: Group) -> None:
        if self._groups.get(key) is group:
            del self._groups[key]


class _Subscriber:
    """One subscription: by turns on the separate path and in a group."""

    def __init__(
        self,
        shared: SharedSubscriptions,
        request: GraphQLRequest,
        make_context: MakeContext,
        write_now: WriteNow | None,
    ) -> None:
        self._shared = shared
        self._request = request
        self._make_context = make_context
        self._write_now = write_now
        self._key: Key | None = None
        self._cursor = ""
        self._may_share = True
        self._is_over = False

    async def responses(self, context: Context) -> AsyncGenerator[Response, None]:
        """Every response of the subscription; the context is that of the beginning."""
        first = await self._shared.beginnings.first(self._request, context, self._make_context)
        turn: AsyncGenerator[Response, None]
        if first is not None:
            yield first.response
            self._key, self._cursor, is_behind = first.key, first.cursor, not first.caught_up
            turn = self._on_its_own()
        else:
            turn, is_behind = self._alone(context), True
        del context, first  # they are large, and the subscriber may stay in its group for days
        while True:
            if is_behind:
                async with aclosing(turn):
                    async for response in turn:
                        yield response
                if self._is_over:
                    return
            turn, is_behind = self._together(), True
            async with aclosing(turn):
                async for response in turn:
                    yield response
            turn = self._on_its_own()

    def _on_its_own(self) -> AsyncGenerator[Response, None]:
        return self._alone(self._make_context(partial(_rest, self._cursor)))

    async def _alone(self, context: Context) -> AsyncGenerator[Response, None]:
        """The responses until the subscriber has caught up with the log."""
        self._is_over = True
        async with aclosing(self._execute(context)) as responses:
            async for response in responses:
                yield response
                if response.was_executed and context.caught_up and context.is_in_step and self._can_share(context):
                    assert context.cursor is not None
                    self._cursor, self._is_over = context.cursor, False
                    return

    def _can_share(self, context: Context) -> bool:
        if self._key is None and self._may_share:
            self._key = key_of(self._request, context)
        self._may_share = self._may_share and self._key is not None
        return self._may_share

    def _execute(self, context: Context) -> AsyncGenerator[ExecutionResponse, None]:
        return self._shared.execution.responses(self._request, context, kind=Kind.SUBSCRIPTION)

    async def _together(self) -> AsyncGenerator[Response, None]:
        """The responses of the group, until the subscriber falls behind or the group ends."""
        assert self._key is not None
        group = await self._shared.group(self._key, self._request, self._make_context, self._cursor)
        if group.is_over:
            self._may_share = not group.is_broken
            return
        member, until = group.add(self._cursor, self._write_now), group.place
        try:
            if place_of(self._cursor) < until:
                piece = _Piece(self._cursor, until.cursor)
                async with aclosing(self._execute(self._make_context(piece))) as responses:
                    async for response in responses:
                        yield response
                if not piece.is_whole:
                    self._is_over = True
                    return
                member.cursor = until.cursor
            async with aclosing(member.responses()) as shared:
                async for shared_response in shared:
                    yield shared_response
        finally:
            self._cursor, self._may_share = member.cursor, not group.is_broken
            await self._shared.leave(self._key, group, member)
