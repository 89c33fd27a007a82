"""Parse and validate the documents that the server does not know: one at a time, and long ones in a thread.

A document within the limits can take a second: the rules of the specification compare fields in pairs, and look for
names to suggest. Documents that the server knows do not wait here.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from orchestrator_gql.graphql.slow_lane import SLICE, SlowLane
from orchestrator_gql.utils.request_errors import ServerBusy

T = TypeVar("T")

SHORT = 400
"""Characters of a document that gets a slice of the event loop, because it takes only milliseconds."""

MOST_WAITING = 200
"""Documents that wait at most. A client that waits sends nothing else, and a client that is refused comes back at once:
so a refusal is only for what would take too much memory."""

MOST_CHARACTERS = 32 * 1024 * 1024
"""Characters of all documents that wait."""

FEW = 4
"""A client with fewer waiting documents may use a second set of places, of the same size: so another client that sends
many documents never causes its refusal."""

PATIENCE = 10.0
"""Seconds that a document waits at most until it is read."""

BUSY = "Too many new GraphQL documents are on their way: send this again in a moment."


class DocumentQueue:
    """Reads the unknown documents of one server; ``in_thread`` counts those that a thread read."""

    def __init__(self, lane: SlowLane | None = None) -> None:
        self.in_thread = 0
        self.waiting = 0
        self.characters = 0
        self.lane = SlowLane() if lane is None else lane
        self._is_reading = False
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._waiting_of: Counter[Hashable] = Counter()

    async def read(
        self,
        client: Hashable,
        size: int,
        find: Callable[[], T | None],
        work: Callable[[], T],
        keep: Callable[[T], object] = lambda _: None,
    ) -> T:
        """The result of ``work``, which reads a document of so many characters. Raises `ServerBusy`.

        ``find`` returns the result if another operation has kept it meanwhile; it and ``keep`` run on the event loop.
        """
        found = find()
        if found is not None:
            return found
        with self._place(client, size):
            if size <= SHORT:
                return await self._in_a_slice(client, partial(_found_or_kept, find, work, keep))
            await self._turn(client)
        found = find()
        if found is not None:
            self._next()
            return found
        return await self._in_a_thread(work, keep)

    async def pause(self, client: Hashable) -> None:
        """Wait for a turn before a document that was unknown is executed: known documents go first."""
        await self.lane.run(client, _nothing, cost=SLICE)

    async def _in_a_slice(self, client: Hashable, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.lane.run(client, work)
        except TimeoutError:
            raise ServerBusy(BUSY) from None

    @contextmanager
    def _place(self, client: Hashable, size: int) -> Iterator[None]:
        sets = 2 if self._waiting_of[client] < FEW else 1
        if self.waiting >= sets * MOST_WAITING or self.characters + size > sets * MOST_CHARACTERS:
            raise ServerBusy(BUSY)
        self._waiting_of[client] += 1
        self.waiting += 1
        self.characters += size
        try:
            yield
        finally:
            self.waiting -= 1
            self.characters -= size
            self._waiting_of[client] -= 1
            if not self._waiting_of[client]:
                del self._waiting_of[client]

    async def _turn(self, client: Hashable) -> None:
        """Wait until no other thread reads a document."""
        if not self._is_reading:
            self._is_reading = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(client, deque()).append(turn)
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if turn.done() and not turn.cancelled():  # the turn came at the same moment
                self._next()
            if isinstance(error, TimeoutError):
                raise ServerBusy(BUSY) from None
            raise

    async def _in_a_thread(self, work: Callable[[], T], keep: Callable[[T], object]) -> T:
        """The thread goes on if the client leaves: the next document waits until it has ended."""

        def end(reading: "asyncio.Future[T]") -> None:
            try:
                if not reading.cancelled() and reading.exception() is None:
                    keep(reading.result())  # before the next document: it may be the same
            finally:
                self._next()

        self.in_thread += 1
        reading = asyncio.get_running_loop().run_in_executor(None, work)
        reading.add_done_callback(end)
        return await asyncio.shield(reading)

    def _next(self) -> None:
        """Give the turn to the next client."""
        while self._lines:
            client = next(iter(self._lines))
            line = self._lines.pop(client)
            turn = line.popleft()
            if line:
                self._lines[client] = line  # behind the other clients
            if not turn.done():
                turn.set_result(None)
                return
        self._is_reading = False


def _found_or_kept(find: Callable[[], T | None], work: Callable[[], T], keep: Callable[[T], object]) -> T:
    found = find()
    if found is None:
        found = work()
        keep(found)
    return found


def _nothing() -> None:
    """Take the turn."""
