"""Make the first response of equal subscriptions once, if they begin behind the same cursor at the same time.

After a restart all subscribers come back at once, most of them with the same cursor. Their missed events are read,
executed and encoded once, in a turn of the slow lane, so that other requests go on meanwhile. A subscriber shares the
first response of another one only if nothing was committed since that response was begun: then its own would be equal.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from orchestrator_gql.graphql import sharing_keys
from orchestrator_gql.graphql.context import Context, MakeContext
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, SharedResponse
from orchestrator_gql.graphql.sharing_keys import Key, cursors_of, key_of
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.utils import json

KEPT_SECONDS = 0.5
"""Seconds that a response is kept for the subscribers that come next. Commits of other servers are noticed later than
our own, so it is short."""

KEPT = 8
"""Responses that are kept at once, each of at most `KEPT_BYTES`."""

KEPT_BYTES = 1024 * 1024

KNOWN = 1_000
"""Operations of which it is remembered whether they select only values of the events themselves."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first response of a subscription, and where it goes on."""

    key: Key
    response: SharedResponse
    cursor: str
    caught_up: bool


@dataclass(slots=True, eq=False)
class _Making:
    """A first response that is being made; ``ticket`` is that of the notifier before the log was read."""

    task: "asyncio.Task[Beginning | None]"
    ticket: int | None = None
    waiting: int = 0


class Beginnings:
    """The first responses of one server; ``made`` counts the executions."""

    def __init__(self, execution: Execution) -> None:
        self.made = 0
        self._execution = execution
        self._making: OrderedDict[Hashable, _Making] = OrderedDict()
        self._plain: OrderedDict[bytes, bool] = OrderedDict()

    async def first(self, request: GraphQLRequest, context: Context, make_context: MakeContext) -> Beginning | None:
        """The first response behind the cursor of the subscription; None if it must execute its operation alone."""
        cursors = cursors_of(request)
        if context.last_event_id is None and not any(cursors.values()):
            return None
        key = self._key(request, context)
        if key is None:
            return None
        place = (key, context.last_event_id, sharing_keys.text_of(cursors))
        making = self._making.get(place)
        if making is None or (making.ticket is not None and making.ticket != context.runtime.notifier.ticket()):
            making = self._begin(place, request, context, make_context)
        return await self._made(place, making)

    def _key(self, request: GraphQLRequest, context: Context) -> Key | None:
        key = key_of(request, context)
        if key is None:
            return None
        is_plain = self._plain.get(key.operation)
        if is_plain is None:
            context.is_plain, is_known = False, False
            with suppress(Exception):  # the document is not validated yet
                is_known = self._execution.compile(request, context)  # it notes in the context what it finds
            is_plain = context.is_plain
            if is_known:  # else the others would not share because of the wrong cursor of this subscriber
                self._plain[key.operation] = is_plain
            if len(self._plain) > KNOWN:
                self._plain.popitem(last=False)
        context.is_plain = is_plain
        return key_of(request, context)

    def _begin(self, place: Hashable, request: GraphQLRequest, context: Context, make_context: MakeContext) -> _Making:
        own = make_context(None)
        own.last_event_id = context.last_event_id
        making = _Making(asyncio.create_task(self._make(place, request, own), name="first response"))
        self._making[place] = making
        return making

    async def _made(self, place: Hashable, making: _Making) -> Beginning | None:
        making.waiting += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            if not making.waiting and not making.task.done():
                self._forget(place, making)  # at once: who comes before the task has ended would be cancelled with it
                making.task.cancel()

    async def _make(self, place: Hashable, request: GraphQLRequest, context: Context) -> Beginning | None:
        making = self._making[place]
        try:
            await context.pace.pause()
            making.ticket = context.runtime.notifier.ticket()
            self.made += 1
            beginning = await self._executed(request, context)
        except BaseException:
            self._forget(place, making)
            raise
        if beginning is None:
            self._forget(place, making)
        else:
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, place, making)
            ended = [place for place, other in self._making.items() if other.task.done()]
            for old in ended[: -KEPT + 1]:
                del self._making[old]
        return beginning

    def _forget(self, place: Hashable, making: _Making) -> None:
        if self._making.get(place) is making:
            del self._making[place]

    async def _executed(self, request: GraphQLRequest, context: Context) -> Beginning | None:
        async with aclosing(self._execution.responses(request, context, kind=Kind.SUBSCRIPTION)) as responses:
            response = await anext(responses, None)
            key = key_of(request, context)
            cursor = context.cursor
            if response is None or not response.was_executed or key is None or cursor is None:
                return None
            if "errors" in response.payload or not context.is_in_step:
                return None  # each subscriber gets the error that it would get alone
            data = json.encode(response.payload).encode()
            response.let_go()
        shared = SharedResponse(data, response.cursor, "", cursor)
        return Beginning(key, shared, cursor, context.caught_up) if len(data) <= KEPT_BYTES else None
