"""Hand a call of an author's function over to another thread, and bring its outcome back.

Each event loop has one `Inbox`. A thread puts its outcomes there, and wakes the loop once for all that wait.
"""

import asyncio
import contextvars
import os
import sys
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from orchestrator_gql.utils.author_calls import Outcome

__all__ = ["Inbox", "Limit", "NoThreadFree", "PendingCall", "TimedOut", "WatchedLoop", "inbox_of", "stack_of"]

FRAMES = 12
"""The frames of a stack that are logged: the last, where the function is now."""


class TimedOut(Exception):
    """An author's function took longer than its limit."""


class NoThreadFree(TimedOut):
    """Every thread that may run the function is taken by a function that does not return."""


def stack_of(thread: int | None) -> str:
    """The place where the thread is now, as text; empty if the thread has ended. It shows no values."""
    frame = sys._current_frames().get(thread or 0)
    return "".join(traceback.format_stack(frame, FRAMES)) if frame is not None else ""


class Limit:
    """The seconds that an author's function may take.

    They count from the moment when the function begins. If ``is_urgent``, a person waits for the outcome, and they
    count from now: the time in a queue is part of them.
    """

    __slots__ = ("_began", "is_urgent", "seconds")

    def __init__(self, seconds: float, *, is_urgent: bool = False) -> None:
        self.seconds = seconds
        self.is_urgent = is_urgent
        self._began = time.monotonic() if is_urgent else None

    def begin(self) -> None:
        """Count from now, unless the limit counts already."""
        if self._began is None:
            self._began = time.monotonic()

    def left(self) -> float:
        """The seconds that are left."""
        return self.seconds if self._began is None else self.seconds - (time.monotonic() - self._began)


class Inbox:
    """Functions that other threads want an event loop to call, in order.

    A wake-up of a loop costs more than the rest of a hand-over. So only the first function that is put here wakes the
    loop, and the loop then calls all that arrived meanwhile. It does not keep the loop alive.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._functions: deque[Callable[[], object]] = deque()
        self._is_woken = False
        self._event = self._listen(loop)

    def put(self, function: Callable[[], object]) -> None:
        """Let the loop call the function soon; nothing happens if the loop is closed. It must not raise."""
        self._functions.append(function)
        if not self._is_woken:
            self._is_woken = True
            self._wake()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> int | None:
        """An eventfd that wakes the loop; None if there is none, and `call_soon_threadsafe` must do.

        The loop's own self-pipe costs two calls of the system more for each wake-up. Each call releases the GIL, and
        the other thread, which wants it too, then waits for another wake-up.
        """
        if not hasattr(os, "eventfd"):
            return None
        event = -1
        try:
            event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            # The loop keeps this context for its whole life, so it must hold no values of a request.
            contextvars.Context().run(loop.add_reader, event, self._called)
        except (OSError, NotImplementedError, RuntimeError):  # no descriptor is free, or the loop takes no descriptors
            if event >= 0:
                os.close(event)
            return None
        closing = weakref.finalize(self, os.close, event)
        closing.atexit = False  # a thread of authors may still put an outcome
        return event

    def _wake(self) -> None:
        loop = self._loop()
        if loop is None or loop.is_closed():  # nobody waits any more
            self._functions.clear()
            self._is_woken = False
        elif self._event is not None:
            os.eventfd_write(self._event, 1)
        else:
            with suppress(RuntimeError):  # the loop was closed at this moment
                loop.call_soon_threadsafe(self._call_all)

    def _called(self) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._event or 0)
        self._call_all()

    def _call_all(self) -> None:
        self._is_woken = False  # before the look: a function that is put after the look must wake the loop again
        # Those that come meanwhile wait for the next turn: without it a stream of calls would hold up all other tasks.
        for _ in range(len(self._functions)):
            self._functions.popleft()()


_inboxes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Inbox]" = WeakKeyDictionary()


def inbox_of(loop: asyncio.AbstractEventLoop) -> Inbox:
    """The inbox of the loop. Call it in the thread of the loop."""
    inbox = _inboxes.get(loop)
    if inbox is None:
        inbox = _inboxes[loop] = Inbox(loop)
    return inbox


class WatchedLoop:
    """An event loop that shows by its response to a ping that it is not blocked; ``ident`` is that of its thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, inbox: Inbox, ident: int | None = None) -> None:
        self.loop = loop
        self.ident = ident
        self._inbox = inbox
        self._pinged: float | None = None

    @property
    def is_busy(self) -> bool:
        """True if the loop has something to run; a loop without work is not pinged."""
        return True

    @property
    def blocked_seconds(self) -> float:
        """The seconds since a ping that has no response."""
        pinged = self._pinged
        return 0.0 if pinged is None else time.monotonic() - pinged

    def ping(self) -> None:
        """Let the loop show that it is not blocked."""
        if self._pinged is None:
            self._pinged = time.monotonic()
            self._inbox.put(self._pong)

    def running_name(self) -> str:
        """The name of the task that runs now."""
        task = asyncio.current_task(self.loop)
        return task.get_name() if task is not None else "no task"

    def _pong(self) -> None:
        self._pinged = None


class PendingCall:
    """A call of an author's function in another thread; ``name`` is the text for logs.

    The function sees the context variables of the caller. A change that it makes is not seen by the caller.
    """

    __slots__ = ("_end", "_future", "_home", "_loop", "_timer", "context", "is_given_up", "limit", "name")

    def __init__(self, name: str, limit: Limit | None) -> None:
        self.name = name
        self.limit = limit
        self.context = contextvars.copy_context()
        self.is_given_up = False
        self._loop = asyncio.get_running_loop()
        self._home = inbox_of(self._loop)
        self._future: asyncio.Future[Outcome[Any]] = self._loop.create_future()
        self._end: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_urgent(self) -> bool:
        """True if a person waits for the outcome."""
        return self.limit is not None and self.limit.is_urgent

    def begin(self) -> None:
        """Note that the function begins; called in the other thread."""
        if self.limit is not None:
            self.limit.begin()

    def end(self, outcome: Outcome[Any]) -> None:
        """Bring the outcome back; called in the other thread."""
        self._home.put(partial(self._resolve, outcome))

    async def outcome(self) -> Outcome[Any]:
        """Wait for the outcome. Raises `TimedOut` after the limit."""
        if self.limit is not None:
            self._timer = self._loop.call_later(max(self.limit.left(), 0), self._look_at_limit)
        try:
            return await self._future
        finally:
            if self._timer is not None:
                self._timer.cancel()
                if self._future.done() and not self._future.cancelled():
                    self._future.exception()  # the caller may be cancelled just after the limit: nobody takes the error

    async def ends(self, within: float) -> None:
        """Wait until the function has ended, at most ``within`` seconds."""
        self._end = self._loop.create_future()
        await asyncio.wait([self._end], timeout=within)

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        """Let the loop of the caller call the function after these seconds."""
        self._loop.call_later(seconds, function)

    def _look_at_limit(self) -> None:
        assert self.limit is not None, "only a call with a limit has a timer"
        left = self.limit.left()
        if left > 0:  # the function began after the timer was set, or has not begun yet
            self._timer = self._loop.call_later(left, self._look_at_limit)
        elif not self._future.done():
            self._future.set_exception(TimedOut())

    def _resolve(self, outcome: Outcome[Any]) -> None:
        if not self._future.done():
            self._future.set_result(outcome)
        if self._end is not None and not self._end.done():
            self._end.set_result(None)
