"""Give large operations their turns, so that one client's expensive request does not hold up the others.

Everything runs on one event loop. What an operation does without a pause delays all other requests, so an operation
does only its first part at once. The rest is cut into slices, which wait here::

    operation ─▶ first objects, at once
              └▶ rest ─▶ line of this client ─┐
                         line of another one ─┴▶ one slice ─▶ the loop works for others ─▶ next slice …

The clients take turns, whatever number of operations each of them has. If somebody else is at work, a slice is short,
and the lane rests as long as the slice took. Then it waits until no other request is on its way, but not for long. So a
usual request waits for one short slice, and large operations still get a tenth of the loop.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)

T = TypeVar("T")

SLICE = 0.005
"""Seconds of one slice."""

SHORT_SLICE = 0.002
"""Seconds of one slice while others are at work."""

LONGEST_REST = 0.02
"""Seconds that the lane rests at most, if one slice took longer than it should, or for requests that are on their way.
"""

QUIET = 0.1
"""Seconds without other requests and commits after which the lane does not rest between two slices."""

_REQUEST: ContextVar[object] = ContextVar("_REQUEST", default=None)
"""The request that runs now. If it asks for a slice, the lane does not wait for its end."""

READ = 0.001
"""Seconds that a short read of the database counts."""

AT_ONCE = 200
"""Objects that an operation completes before its rest waits in the lane; some 10 ms. A page of a list has fewer."""

Work = Callable[[float], bool]
"""Works until this time of the lane's clock at the latest; returns true if there is more to do."""


class SlowLane:
    """The slices of one server that wait for the event loop; ``slices`` counts those that ran.

    ``changes`` returns a number that grows with each commit: the engine is at work, too.
    """

    def __init__(self, changes: Callable[[], int] = lambda: 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.slices = 0
        self._changes = changes
        self._clock = clock
        self._lines: dict[Hashable, deque[tuple[Work, float]]] = {}
        self._is_awake = False
        self._at_work: set[object] = set()
        self._others_at = clock()
        self._rest_until = self._wait_until = clock()
        self._held: asyncio.TimerHandle | None = None
        self._seen = changes()

    @property
    def waiting(self) -> int:
        """The number of operations that wait for a slice."""
        return sum(map(len, self._lines.values()))

    def request(self) -> "_Request":
        """A block for a request that the lane waits for, unless it needs the lane itself."""
        return _Request(self)

    def begin_request(self, request: object) -> None:
        """The request is at work."""
        self._others_at = self._clock()
        self._at_work.add(request)

    def end_request(self, request: object) -> None:
        """The request is not at work any more, or needs the lane itself."""
        self._at_work.discard(request)
        if not self._at_work and self._held is not None:
            self._schedule(self._rest_until)

    def now(self) -> float:
        """The time of the lane's clock."""
        return self._clock()

    def ask(self, client: Hashable, work: Work, *, cost: float = 0.0) -> None:
        """Do this work in slices; each counts as ``cost`` seconds at least."""
        self._lines.setdefault(client, deque()).append((work, cost))
        self.end_request(_REQUEST.get())
        if not self._is_awake:
            self._is_awake = True
            self._rest_until, self._wait_until = self._clock(), self._clock() + LONGEST_REST
            asyncio.get_running_loop().call_soon(self._take_turn)

    async def run(self, client: Hashable, work: Callable[[], T], *, cost: float = 0.0) -> T:
        """The result of short work, which has a slice of its own."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        run = partial(_run_whole, result, work)
        self.ask(client, run, cost=cost)
        try:
            return await result
        except asyncio.CancelledError:
            self._give_up(client, run)
            raise
        finally:
            del result, run  # the traceback of an error holds this frame, which must not hold the error

    def _give_up(self, client: Hashable, work: Work) -> None:
        """Remove work whose caller has ended: its turn would make the others wait for nothing."""
        line = self._lines.get(client, deque())
        left = deque(turn for turn in line if turn[0] is not work)
        if left:
            self._lines[client] = left
        else:
            self._lines.pop(client, None)

    def _schedule(self, at: float) -> None:
        if self._held is not None:
            self._held.cancel()
        self._held = asyncio.get_running_loop().call_later(max(at - self._clock(), 0), self._take_turn)

    def _take_turn(self) -> None:
        self._held = None
        if not self._lines:
            self._is_awake = False
            return
        are_others_at_work = self._are_others_at_work()
        if self._at_work and are_others_at_work and self._clock() < self._wait_until:
            self._schedule(self._wait_until)
            return
        client = next(iter(self._lines))
        line = self._lines[client]  # it stays there: the work may ask for more slices
        work, cost = line.popleft()
        began, has_more = self._clock(), False
        try:
            has_more = work(began + (SHORT_SLICE if are_others_at_work else SLICE))
        except Exception:
            logger.exception("a slice of an operation failed")
        finally:  # whatever happened: all others wait for the next turn
            self._end_turn(client, work, cost, began=began, has_more=has_more)
            del work  # it holds its result, and the traceback of an error of it holds this frame

    def _end_turn(self, client: Hashable, work: Work, cost: float, *, began: float, has_more: bool) -> None:
        line = self._lines[client]
        if has_more:
            line.append((work, cost))
        del self._lines[client]
        if line:
            self._lines[client] = line  # behind the other clients
        self.slices += 1
        now = self._clock()
        self._rest_until, self._wait_until = now, now + LONGEST_REST
        if self._are_others_at_work():
            self._rest_until += min(max(now - began, cost), LONGEST_REST)
            self._schedule(self._rest_until)
        else:
            asyncio.get_running_loop().call_soon(self._take_turn)

    def _are_others_at_work(self) -> bool:
        changes, now = self._changes(), self._clock()
        if changes != self._seen:
            self._seen, self._others_at = changes, now
        return now - self._others_at < QUIET


class _Request:
    """The block of one request."""

    __slots__ = ("_lane", "_token")

    def __init__(self, lane: SlowLane) -> None:
        self._lane = lane

    def __enter__(self) -> None:
        self._lane.begin_request(self)
        self._token = _REQUEST.set(self)

    def __exit__(self, *_: object) -> None:
        _REQUEST.reset(self._token)
        self._lane.end_request(self)


class Priority:
    """Middleware: the lane waits for all requests over REST; the application at the path ``other`` does this itself."""

    def __init__(self, app: ASGIApp, lane: SlowLane, other: str) -> None:
        self._app = app
        self._lane = lane
        self._other = other

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on (ASGI 3)."""
        # A host may have mounted this application: then the path begins with the place where it is.
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) == self._other:
            return self._app(scope, receive, send)
        return self._first(scope, receive, send)

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._lane.request():
            await self._app(scope, receive, send)


class Pace:
    """Cuts the execution of one operation: its first objects are completed at once, the others in slices."""

    def __init__(self, lane: SlowLane, client: Hashable) -> None:
        self._lane = lane
        self._client = client
        self._left = AT_ONCE
        self._until: float | None = None
        self._waiting: deque[Callable[[], None]] = deque()
        self._after: list[Callable[[], object]] = []

    def renew(self) -> None:
        """Let the next objects be completed at once again: the subscription has caught up."""
        self._left = AT_ONCE

    def may_go_on(self) -> bool:
        """True if the next object may be completed now; otherwise it must wait in `later`."""
        if self._left > 0:
            self._left -= 1
            return True
        return self._until is not None and self._lane.now() < self._until

    def when_complete(self, callback: Callable[[], object]) -> None:
        """Call this soon, but not before all objects that wait were completed."""
        if self._waiting:
            self._after.append(partial(copy_context().run, callback))
        else:
            asyncio.get_running_loop().call_soon(callback)

    async def pause(self) -> None:
        """Wait for a turn. What the caller does next counts as a whole slice, because it has pauses of its own."""
        await self._lane.run(self._client, _nothing, cost=SLICE)

    async def next_read(self) -> None:
        """Wait for a turn before the next of many reads."""
        await self._lane.run(self._client, _nothing, cost=READ)

    async def later(self, complete: Callable[[], T], drop: Callable[[T], object] = lambda _: None) -> T:
        """The result of the work, which runs in one of the next slices; ``drop`` gets it if the caller has ended."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._lane.ask(self._client, self._slice)
        # In the context of the operation: what its resolvers begin belongs to its caller.
        context = copy_context()
        self._waiting.append(partial(context.run, _settle, result, complete))
        try:
            return await result
        except asyncio.CancelledError:
            if result.done() and not result.cancelled() and result.exception() is None:
                drop(result.result())
            raise
        finally:
            del result

    def _slice(self, until: float) -> bool:
        self._until = until
        try:
            while self._waiting:
                try:
                    self._waiting[0]()
                finally:
                    self._waiting.popleft()  # only now: while it is there, `later` asks for no other turn
                if self._lane.now() >= until:
                    break
        finally:
            self._until = None
        if not self._waiting:
            after, self._after = self._after, []
            for callback in after:
                self._lane.ask(self._client, partial(_once, callback))
        return bool(self._waiting)


def _once(callback: Callable[[], object], _: float) -> bool:
    callback()
    return False


def _nothing() -> None:
    """Take the turn."""


def _run_whole(result: "asyncio.Future[T]", work: Callable[[], T], _: float) -> bool:
    _settle(result, work)
    del result
    return False


def _settle(result: "asyncio.Future[T]", work: Callable[[], T]) -> None:
    if result.done():  # its operation has ended
        return
    try:
        value = work()
    except (StopIteration, asyncio.CancelledError) as error:  # a future, or the operation, would take it as its end
        result.set_exception(RuntimeError(repr(error)))
    except Exception as error:
        result.set_exception(error)
    else:
        result.set_result(value)
        return
    result.exception()  # a caller that was cancelled meanwhile does not take it
    del result  # the traceback of the error holds this frame
