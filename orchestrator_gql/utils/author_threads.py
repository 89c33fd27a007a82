"""Threads for authors' sync functions. A function that never returns costs one thread, and not the others' time.

A thread cannot be stopped from outside. If the caller goes on (after a time-out, for example), the thread is *stuck*
until its function returns. It is counted, and another thread takes its place, up to a bound. The threads are daemons:
they do not hold up the end of the program.
"""

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from enum import Enum, auto
from typing import Any, TypeVar

from orchestrator_gql.utils.author_calls import attempt, value_of
from orchestrator_gql.utils.author_handover import Limit, NoThreadFree, PendingCall, stack_of
from orchestrator_gql.utils.exception_text import log_trace

__all__ = ["Threads"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


class _Stage(Enum):
    WAITING = auto()
    RUNNING = auto()
    GIVEN_UP = auto()
    ENDED = auto()


class _ThreadCall(PendingCall):
    __slots__ = ("function", "key", "stage", "thread")

    def __init__(self, function: Callable[[], Any], name: str, limit: Limit | None, key: Hashable) -> None:
        super().__init__(name, limit)
        self.function = function
        self.key = key
        self.stage = _Stage.WAITING
        self.thread: int | None = None


class Threads:
    """At most ``size`` threads, and ``spare`` more in place of threads that are stuck.

    ``share`` is the most threads that one function (its ``key``) may take at once, so that one form that hangs leaves
    threads for the others.
    """

    def __init__(self, name: str, *, size: int, spare: int, share: int | None = None) -> None:
        self._name = name
        self._size = size
        self._spare = spare
        self._share = share
        self._lock = threading.Lock()
        self._queue: deque[_ThreadCall] = deque()
        self._idle: list[threading.Lock] = []
        """The locks for which the idle threads wait. The last thread is woken first: it is still in the caches of the
        processor."""
        self._is_waking = False
        self._count = self._stuck = 0
        self._is_closed = False
        self._active: defaultdict[Hashable, int] = defaultdict(int)
        self._stuck_of: defaultdict[Hashable, int] = defaultdict(int)
        self._waiting: defaultdict[Hashable, deque[_ThreadCall]] = defaultdict(deque)

    @property
    def count(self) -> int:
        """The number of threads now."""
        return self._count

    @property
    def idle(self) -> int:
        """The number of threads that wait for a call."""
        return len(self._idle)

    @property
    def stuck(self) -> int:
        """The number of threads whose function did not return in time, and still runs."""
        return self._stuck

    @property
    def waiting(self) -> int:
        """The number of calls that wait for a thread."""
        return len(self._queue) + sum(map(len, list(self._waiting.values())))

    async def run(
        self, function: Callable[[], T], *, name: str = "", limit: Limit | None = None, key: Hashable = None
    ) -> T:
        """Run the function in a thread; raises `AuthorRaised`, `TimedOut` and `NoThreadFree`.

        A call without a limit, or with a limit that is not urgent, waits as long as no thread is free.
        """
        call = _ThreadCall(function, name, limit, key)
        self._submit(call)
        try:
            outcome = await call.outcome()
        except BaseException:  # after a time-out, or because the caller is cancelled
            self._give_up(call)
            raise
        try:
            result: T = value_of(outcome)
            return result
        finally:
            del outcome, call  # the traceback of an error holds this frame, which must not hold the error

    def close(self) -> None:
        """End the threads as soon as their functions return."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for wake_up in idle:
            wake_up.release()

    def _submit(self, call: _ThreadCall) -> None:
        with self._lock:
            if self._is_closed or (call.is_urgent and self._stuck >= self._size + self._spare):
                raise NoThreadFree
            if self._share is not None and self._active[call.key] >= self._share:
                if call.is_urgent and self._stuck_of[call.key] >= self._share:
                    raise NoThreadFree
                self._waiting[call.key].append(call)
                return
            self._enqueue(call)
            if not self._count and not self._is_closed:
                call.stage = _Stage.GIVEN_UP  # no thread would ever take it
                raise RuntimeError("The system starts no thread for an author's function.")

    def _enqueue(self, call: _ThreadCall) -> None:
        self._active[call.key] += 1
        self._queue.append(call)
        self._wake_thread()

    def _wake_thread(self) -> None:
        """Wake or start a thread if a call would wait otherwise. The lock is held.

        A wake-up costs more than a short function, so only one thread wakes up at a time. It takes a call, and if there
        are more, it wakes the next thread. Meanwhile a thread that is awake may have taken them all.
        """
        if not self._queue or self._is_waking or self._is_closed:
            return
        if self._idle:
            self._is_waking = True
            self._idle.pop().release()
        elif self._count < self._size + min(self._stuck, self._spare):
            self._is_waking = self._start_thread()

    def _start_thread(self) -> bool:
        """Start a thread; False if the system allows no more: its call then waits for a thread that is there."""
        thread = threading.Thread(target=self._work, name=f"{self._name}-{self._count + 1}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            logger.exception("no thread can be started", extra={"threads": self._name, "running": self._count})
            return False
        self._count += 1
        return True

    def _work(self) -> None:
        wake_up, is_woken = threading.Lock(), True
        wake_up.acquire()
        while (call := self._next(wake_up, is_woken=is_woken)) is not None:
            is_woken = False
            outcome = call.context.run(attempt, call.function)
            is_needed = self._finish(call)
            call.end(outcome)
            del call, outcome  # an idle thread must not keep the result alive
            if not is_needed:
                return

    def _next(self, wake_up: threading.Lock, *, is_woken: bool) -> _ThreadCall | None:
        """The next call that somebody waits for; None if this thread must end."""
        while True:
            with self._lock:
                if is_woken:
                    self._is_waking = False
                call = self._taken()
                if call is None and self._is_closed:
                    self._count -= 1
                    return None
                if call is None:
                    self._idle.append(wake_up)
            if call is not None:
                call.begin()
                return call
            wake_up.acquire()
            is_woken = True

    def _taken(self) -> _ThreadCall | None:
        """The first call of the queue that somebody waits for. The lock is held."""
        while self._queue:
            call = self._queue.popleft()
            if call.stage is not _Stage.GIVEN_UP:
                call.stage, call.thread = _Stage.RUNNING, threading.get_ident()
                self._wake_thread()  # the function may take long
                return call
            self._release(call)
        return None

    def _finish(self, call: _ThreadCall) -> bool:
        """Free the place of the call; False if there are more threads than needed, and this one must end."""
        with self._lock:
            if call.stage is _Stage.GIVEN_UP:
                self._stuck -= 1
                self._stuck_of[call.key] -= 1
                if not self._stuck_of[call.key]:
                    del self._stuck_of[call.key]
            call.stage = _Stage.ENDED  # a limit that fires before the outcome is back must not count a stuck thread
            self._release(call)
            if self._count <= self._size + min(self._stuck, self._spare):
                return True
            self._count -= 1
            return False

    def _release(self, call: _ThreadCall) -> None:
        """Let the next call of the same function have the place. The lock is held."""
        self._active[call.key] -= 1
        waiting = self._waiting.get(call.key)
        if waiting:
            self._enqueue(waiting.popleft())
        if not waiting:
            self._waiting.pop(call.key, None)
        if not self._active[call.key]:
            del self._active[call.key]

    def _give_up(self, call: _ThreadCall) -> None:
        """Nobody waits for the call any more: take it out of the queue, or count its thread as stuck."""
        with self._lock:
            waiting = self._waiting.get(call.key)
            if waiting and call in waiting:
                waiting.remove(call)
                return
            is_running = call.stage is _Stage.RUNNING
            call.stage = _Stage.GIVEN_UP if call.stage is not _Stage.ENDED else call.stage
            if not is_running:
                return
            self._stuck += 1
            self._stuck_of[call.key] += 1
            is_bound_reached = self._stuck == self._size + self._spare
            self._wake_thread()
        message = f"a thread is stuck in an author's function and did not end in time: {call.name}"
        log_trace(logger, logging.WARNING, message, stack_of(call.thread), threads=self._name)
        if is_bound_reached:
            message = "every thread is stuck, and no more are started: restart this server"
            logger.error(message, extra={"threads": self._name})
