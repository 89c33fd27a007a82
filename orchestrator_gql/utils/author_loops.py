"""Event loops for authors' async functions: a function that blocks its loop does not stop the server.

Each loop has a thread of its own. If a function does not return in time and its loop is blocked, a new loop takes the
next calls, up to a bound. The old loop goes on with its tasks as soon as the function returns, and then ends.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from orchestrator_gql.utils.author_calls import (
    LINGER,
    AuthorRaised,
    Outcome,
    attempted,
    become_author,
    contain_tasks,
    value_of,
)
from orchestrator_gql.utils.author_handover import Inbox, Limit, NoThreadFree, PendingCall, TimedOut, WatchedLoop
from orchestrator_gql.utils.author_tasks import EarlyCoroutine
from orchestrator_gql.utils.forked_children import turn

__all__ = ["BLOCKED", "Loops"]

logger = logging.getLogger(__name__)

BLOCKED = 1.0
"""Seconds after which a loop that does not respond counts as blocked."""

REPLACED = 10.0
"""Seconds after which a blocked loop is replaced, though none of its calls has timed out. Not earlier: the objects that
its functions keep, such as clients, belong to this loop, and are of no use on the new one."""

LOOPS = 16
"""The most blocked loops that are replaced."""

EXECUTOR = 32
"""The threads of `asyncio.to_thread` in authors' async functions."""

STOP_SECONDS = 1.0

T = TypeVar("T")

FOREIGN = ("different loop", "different event loop", "Event loop is closed")
"""Parts of the messages of asyncio about an object that another loop made."""

HINT = (
    " Steps and forms run on event loops of their own: make such an object (an HTTP client, a lock, a queue) in the "
    "function that uses it, or set ORCHESTRATOR_AUTHORS_LOOP=server."
)


_starting = threading.Lock()
"""Held while a loop takes a call: a call must not start on a loop that unblocks and on the loop that replaces it."""


class _LoopCall(PendingCall):
    __slots__ = ("begin_call", "is_begun", "is_cancel_seen", "is_ended", "task", "thread")

    def __init__(self, begin: Callable[[], Awaitable[Any]], name: str, limit: Limit | None) -> None:
        super().__init__(name, limit)
        self.begin_call = begin
        self.task: asyncio.Task[None] | None = None
        self.thread: _LoopThread
        self.is_begun = self.is_cancel_seen = self.is_ended = False

    def start(self, thread: "_LoopThread") -> None:
        """Start the task; called on the loop of the thread."""
        with _starting:
            if self.thread is not thread or self.is_begun:
                return  # this loop was blocked, and another loop has the call
            self.is_begun = True
        if self.is_given_up:
            thread.ended(self)
            return
        self.begin()
        self.context.run(become_author)
        coro = EarlyCoroutine(attempted(self.begin_call, self._finish))
        # Not by the task factory: the coroutine contains every exception itself, without a cost for each of its turns.
        task = self.task = asyncio.Task(coro, loop=thread.loop, name=self.name, context=self.context)
        coro.begin(task, thread.loop, self.context)

    def move(self, to: Callable[[], "_LoopThread"]) -> None:
        """Start on another loop, if the call has not begun."""
        with _starting:
            if self.is_begun or self.is_given_up:
                return
            self.thread.calls.pop(self, None)
            self.thread = to()
        self.thread.submit(self)

    @property
    def is_running(self) -> bool:
        """True if the task runs at this moment, and holds up the others of its loop."""
        return self.task is not None and self.task is asyncio.current_task(self.thread.loop)

    def cancel(self) -> None:
        """Cancel the task; called on its loop."""
        self.is_cancel_seen = True
        if self.task is not None:
            self.task.cancel()

    def _finish(self, outcome: Outcome[Any]) -> None:
        self.task = None
        self.thread.ended(self)
        self.end(_with_hint(outcome))


def _with_hint(outcome: Outcome[Any]) -> Outcome[Any]:
    if isinstance(outcome, AuthorRaised) and outcome.described.kind == "RuntimeError":
        described = outcome.described
        if any(part in described.message for part in FOREIGN):
            outcome.described = replace(described, message=described.message + HINT)
    return outcome


class _Executor(ThreadPoolExecutor):
    """The threads of `asyncio.to_thread`; a child that a function forks does not stay in them."""

    def submit(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call the function in a thread."""
        return super().submit(turn, function, *args, **kwargs)


class _LoopThread(WatchedLoop):
    """A daemon thread with an event loop."""

    def __init__(self, name: str) -> None:
        loop = asyncio.new_event_loop()
        super().__init__(loop, Inbox(loop))
        contain_tasks(self.loop)
        self.loop.set_default_executor(_Executor(EXECUTOR, thread_name_prefix=f"{name}-to-thread"))
        self.calls: dict[_LoopCall, None] = {}
        self.is_leaving = False
        self._is_stopping = False
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the system allows no more threads; the next call tries it again
            self.loop.close()
            raise
        self.ident = self._thread.ident

    @property
    def is_busy(self) -> bool:
        """True if calls run on the loop, or wait for it."""
        return bool(self.calls)

    @property
    def is_alive(self) -> bool:
        """True until the thread has ended."""
        return self._thread.is_alive()

    def submit(self, call: _LoopCall) -> None:
        """Run the call on the loop."""
        call.thread = self
        self.calls[call] = None
        self._inbox.put(partial(call.start, self))

    def put(self, function: Callable[[], object]) -> None:
        """Call the function on the loop."""
        self._inbox.put(function)

    def ended(self, call: _LoopCall) -> None:
        """Note that the call has ended; called on the loop."""
        call.is_ended = True
        self.calls.pop(call, None)
        if self.is_leaving:
            self.leave()

    def leave(self) -> None:
        """End the loop if it was replaced and nothing runs on it; called on the loop."""
        if not self.calls:
            self.stop()

    def stop(self) -> None:
        """End the loop as soon as it is not blocked."""
        self._is_stopping = True
        self._inbox.put(self.loop.stop)

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout)

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            while not self._is_stopping:
                _run(self.loop.run_forever)
            _run(self._clean_up)
        finally:
            self.loop.close()

    def _clean_up(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=STOP_SECONDS))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())


def _run(function: Callable[[], None]) -> None:
    try:
        function()
    except BaseException as error:  # a callback of an author's function raised SystemExit or KeyboardInterrupt
        logger.error("a callback on an event loop of authors raised\n%s", AuthorRaised(error).described.trace)


class Loops:
    """The loop for the authors' async functions of one kind, and the blocked loops that it replaced."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._current: _LoopThread | None = None
        self._blocked: list[_LoopThread] = []
        self._kept: _LoopThread | None = None
        self._ignoring: set[_LoopCall] = set()
        self._number = 0

    @property
    def stuck(self) -> int:
        """The number of calls that did not return in time, and still run."""
        return sum(not call.is_ended for call in list(self._ignoring))

    @property
    def threads(self) -> list[_LoopThread]:
        """The threads of all loops."""
        current = self._current
        return [*(thread for thread in list(self._blocked) if thread.is_alive), *([current] if current else [])]

    async def run(
        self,
        begin: Callable[[], Awaitable[T]],
        *,
        name: str = "",
        limit: Limit | None = None,
    ) -> T:
        """Await the awaitable that ``begin`` returns on the loop of authors; raises `AuthorRaised` and `TimedOut`.

        After the limit, or if the caller is cancelled, the task is cancelled and has `LINGER` seconds to clean up. A
        person does not wait for that.
        """
        thread = self._running()
        call = _LoopCall(begin, name, limit)
        if call.is_urgent and thread.blocked_seconds > BLOCKED and len(self.threads) > LOOPS:
            raise NoThreadFree
        thread.submit(call)
        try:
            outcome = await call.outcome()
        except (TimedOut, asyncio.CancelledError):
            await self._give_up(call)
            raise
        try:
            result: T = value_of(outcome)
            return result
        finally:
            del outcome, call  # the traceback of an error holds this frame, which must not hold the error

    @property
    def must_replace(self) -> bool:
        """True if the loop is blocked for so long that `replace_blocked` replaces it; called in any thread."""
        current = self._current
        if current is None or current.blocked_seconds <= REPLACED:
            return False
        return current is not self._kept or len(self.threads) <= LOOPS

    def replace_blocked(self) -> None:
        """Replace the loop if it is blocked for too long, and count the call that blocks it as stuck."""
        thread = self._current
        if thread is None or not self.must_replace:
            return
        self._ignoring.update(call for call in list(thread.calls) if call.is_running)
        self._replace(thread)

    def close(self) -> None:
        """End the loops; a loop that is blocked ends when it is not blocked any more."""
        threads = self.threads
        for thread in threads:
            thread.stop()
        until = time.monotonic() + STOP_SECONDS
        for thread in threads:
            if not thread.blocked_seconds:
                thread.join(max(until - time.monotonic(), 0.0))
        self._current = None

    def _running(self) -> _LoopThread:
        if self._current is None:
            self._number += 1
            self._current = _LoopThread(f"{self._name}-{self._number}")
        return self._current

    async def _give_up(self, call: _LoopCall) -> None:
        call.is_given_up = True
        thread = call.thread
        thread.put(call.cancel)
        if call.is_urgent:
            call.later(0 if thread.blocked_seconds > BLOCKED else LINGER, partial(self._judge, call))
            return
        try:
            await call.ends(LINGER)
        finally:
            self._judge(call)

    def _judge(self, call: _LoopCall) -> None:
        """Count the call if it goes on though it was cancelled; replace its loop if it does not even see that."""
        self._ignoring = {other for other in self._ignoring if not other.is_ended}
        if call.is_ended:
            return
        if call.is_begun:
            self._ignoring.add(call)
        if call.is_cancel_seen:
            logger.warning("an author's function goes on though it was cancelled: %s", call.name)
        elif call.thread is self._current:
            self._replace(call.thread)

    def _replace(self, thread: _LoopThread) -> None:
        facts = {"loop": self._name}
        if len(self.threads) > LOOPS:
            self._kept = thread
            logger.error("every event loop is blocked, and no more are started: restart this server", extra=facts)
            return
        self._current = None
        try:
            if not all(call.is_begun for call in list(thread.calls)):
                self._running()
        except RuntimeError:  # its calls wait until a later look finds that a thread can be started
            self._current = thread
            logger.exception(
                "an event loop of authors is blocked, and no thread can be started for a new one", extra=facts
            )
            return
        logger.error("an event loop of authors is blocked, and a new one takes its calls", extra=facts)
        self._blocked = [*(other for other in self._blocked if other.is_alive), thread]
        for call in list(thread.calls):
            call.move(self._running)
        thread.is_leaving = True
        thread.put(thread.leave)
