"""Execute equal subscriptions to the numbers once, and send every subscriber the same bytes.

Only the newest numbers matter, so nothing waits for a subscriber that is slow: it gets the newest ones when it can take
them, and never those between.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from orchestrator_gql.graphql.context import Context, MakeContext
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, Response, SharedResponse, WriteNow
from orchestrator_gql.graphql.sharing_keys import Key
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.utils import json


class _Watcher:
    """One subscriber."""

    def __init__(self, write_now: WriteNow | None) -> None:
        self._write_now = write_now
        self._newest: SharedResponse | None = None
        self._wake: asyncio.Future[None] | None = None

    def offer(self, response: SharedResponse) -> None:
        """Send the response at once, or keep it instead of the one before."""
        is_idle = self._newest is None and self._wake is not None
        if is_idle and self._write_now is not None and self._write_now(response):
            return
        self._newest = response
        self.awake()

    def awake(self) -> None:
        """Let the task of the subscriber look."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def next(self) -> SharedResponse | None:
        """The newest response; None if the group has ended."""
        if self._newest is None:
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        newest, self._newest = self._newest, None
        return newest


class _Group:
    """Equal subscriptions and their one execution."""

    def __init__(self, execution: Execution, request: GraphQLRequest, context: Context) -> None:
        self.watchers: dict[_Watcher, None] = {}
        self.newest: SharedResponse | None = None
        self.is_over = False
        self.task = asyncio.create_task(self._run(execution, request, context), name="shared numbers")

    async def _run(self, execution: Execution, request: GraphQLRequest, context: Context) -> None:
        try:
            async with aclosing(execution.responses(request, context, kind=Kind.SUBSCRIPTION)) as responses:
                async for response in responses:
                    if not response.was_executed or response.payload.get("data") is None:
                        break  # each subscriber gets the error that it would have got alone
                    shared = SharedResponse(json.encode(response.payload).encode(), None, "", "")
                    response.let_go()
                    self.newest = shared
                    for watcher in list(self.watchers):
                        watcher.offer(shared)
        finally:
            self.is_over = True
            for watcher in self.watchers:
                watcher.awake()


class SharedNumbers:
    """The groups of one server."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._groups: dict[Key, _Group] = {}

    @property
    def groups(self) -> int:
        """The number of groups."""
        return len(self._groups)

    @property
    def members(self) -> int:
        """The number of subscribers that are in a group."""
        return sum(len(group.watchers) for group in self._groups.values())

    async def responses(
        self,
        key: Key,
        request: GraphQLRequest,
        make_context: MakeContext,
        write_now: WriteNow | None,
    ) -> AsyncGenerator[Response, None]:
        """Every response of one subscription; the first one comes at once."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(self._execution, request, make_context(None))
        watcher = _Watcher(write_now)
        group.watchers[watcher] = None
        try:
            if group.newest is not None:
                yield group.newest
            while not group.is_over:
                response = await watcher.next()
                if response is not None:
                    yield response
        finally:
            await self._leave(key, group, watcher)
        async with aclosing(
            self._execution.responses(request, make_context(None), kind=Kind.SUBSCRIPTION)
        ) as responses:
            async for alone in responses:
                yield alone

    async def _leave(self, key: Key, group: _Group, watcher: _Watcher) -> None:
        del group.watchers[watcher]
        if group.is_over or not group.watchers:
            if self._groups.get(key) is group:
                del self._groups[key]
            group.task.cancel()
            await asyncio.wait([group.task])
