"""Execute equal subscriptions to events once, and send every subscriber the same bytes.

    the log ─▶ feed ─▶ group: one execution a batch, encoded once ─┬─▶ subscriber: its id around the shared bytes
                                                                   ├─▶ …
                                                                   └─✗ subscriber that is behind

A subscriber begins on the separate path: its operation is executed for it alone, with the events behind its cursor.
When it has caught up with the log it joins the group of its key at its cursor, and then it costs one write a batch. If
it takes too little, it leaves the group and continues on the separate path behind the last batch that it got. So a slow
subscriber holds nobody up, and a group keeps nothing for it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from orchestrator_gql.events.feed import Feed
from orchestrator_gql.events.stream import Batch
from orchestrator_gql.graphql.context import Context, MakeContext
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse, Response, WriteNow
from orchestrator_gql.graphql.shared_beginnings import Beginnings
from orchestrator_gql.graphql.shared_numbers import SharedNumbers
from orchestrator_gql.graphql.sharing_keys import Key, key_of, key_of_numbers
from orchestrator_gql.graphql.subscription_groups import Group, Member
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.storage.events import EventFilter, place_of


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
