"""Time limits of many tasks that share one timer of the event loop.

To add a timer to the event loop and to cancel it takes longer than most requests need for a read, and nearly all limits
are not reached. Limits of the same length are due in the order in which they began, so one timer waits for the first.
"""

import asyncio
from types import TracebackType
from typing import Self


class _Line:
    """The limits of one length in one event loop, in their order."""

    __slots__ = ("_is_timed", "limits", "loop", "seconds")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.loop = loop
        self.seconds = seconds
        self.limits: dict[Limit, None] = {}
        self._is_timed = False

    def add(self, limit: "Limit") -> None:
        limit.ends_at = self.loop.time() + self.seconds
        self.limits[limit] = None
        if not self._is_timed:
            self._is_timed = True
            self.loop.call_at(limit.ends_at, self._look)

    def _look(self) -> None:
        """End the limits that are due, and wait for the next: it may have begun long after the timer."""
        self._is_timed = False
        now = self.loop.time()
        for limit in list(self.limits):
            if limit.ends_at > now:
                self._is_timed = True
                self.loop.call_at(limit.ends_at, self._look)
                break
            del self.limits[limit]
            limit.due()


_lines: dict[float, _Line] = {}
"""The line of each length that was used last. Another event loop begins another line, and the old line still ends."""


class Limit:
    """A time after which `due` is called, unless `stop` was called before."""

    __slots__ = ("_line", "ends_at")

    ends_at: float
    _line: _Line

    def begin(self, seconds: float) -> None:
        """Begin the time."""
        loop, line = asyncio.get_running_loop(), _lines.get(seconds)
        if line is None or line.loop is not loop:
            line = _lines[seconds] = _Line(loop, seconds)
        self._line = line
        line.add(self)

    def stop(self) -> None:
        """The time does not count any more."""
        self._line.limits.pop(self, None)

    def due(self) -> None:
        """The time is over."""
        raise NotImplementedError


class TimeLimit(Limit):
    """As `asyncio.timeout`: a block that takes longer is cancelled and raises `TimeoutError`."""

    __slots__ = ("_cancelling", "_is_over", "_seconds", "_task")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_over = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a block of a task"
        self._task = task
        self._cancelling = task.cancelling()
        self.begin(self._seconds)
        return self

    def due(self) -> None:
        """Cancel the block."""
        self._is_over = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if not self._is_over:
            return
        # If somebody else cancels the task, too, it stays cancelled.
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
