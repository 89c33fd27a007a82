"""Begin an author's coroutine at once, in a task of its own, and not at the next turn of the event loop.

A turn of the loop costs more than a short step. So the coroutine runs up to its first pause here. It finds its own task
as the current task, and its own context. The task, which has its first turn later, continues after that pause. The
coroutine cannot find a difference: it may be cancelled, cancel itself, and use timeouts and task groups at any place.
"""

import asyncio
from asyncio import _enter_task, _leave_task  # documented: "Extending asyncio"
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any

__all__ = ["EarlyCoroutine"]


class EarlyCoroutine(Coroutine[Any, Any, None]):
    """The coroutine of a task that begins before the first turn of the task."""

    __slots__ = ("_cancelled", "_coro", "_error", "_is_special", "_pause")

    def __init__(self, coro: Coroutine[Any, Any, None]) -> None:
        self._coro = coro
        self._is_special = True
        """True if the next turn does not simply continue the coroutine."""
        self._pause: Any = None
        self._error: BaseException | None = None
        self._cancelled: BaseException | None = None

    def begin(self, task: "asyncio.Task[None]", loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """Run the coroutine up to its first pause; ``task`` is a new task of this object, with that loop and context.

        It must contain all exceptions of the author's function: an exception would end the task later, and not here.
        """
        caller = asyncio.current_task(loop)
        if caller is not None:
            _leave_task(loop, caller)
        _enter_task(loop, task)
        try:
            self._pause = context.run(self._coro.send, None)
        except BaseException as error:  # StopIteration is the end
            self._error = error
        finally:
            _leave_task(loop, task)
            if caller is not None:
                _enter_task(loop, caller)

    def send(self, value: Any) -> Any:
        """Continue; the first turn of the task hands over the pause in which the coroutine is.

        That holds for `sleep(0)` too: tasks that the coroutine has started have their first turn during that pause.
        """
        if not self._is_special:
            return self._coro.send(value)
        if self._cancelled is None:
            return self._hand_over()
        error, self._cancelled, self._is_special = self._cancelled, None, False
        return self._coro.throw(error)

    def throw(self, *error: Any) -> Any:
        """Raise an exception in the coroutine: the task was cancelled."""
        if not self._is_special or self._cancelled is not None:
            self._is_special = False
            return self._coro.throw(*error)
        pause = self._hand_over()
        if pause is None:  # the turn of others comes first, as it does for `send`
            self._cancelled, self._is_special = error[0], True
            return None
        # A task cancels the future for which it waits, and that future cancels the coroutine. This task does not wait
        # for it yet.
        if asyncio.isfuture(pause) and pause.cancel(*error[0].args):
            return pause
        return self._coro.throw(*error)

    def close(self) -> None:
        """Close the coroutine."""
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # such as its name and its frame

    def _hand_over(self) -> Any:
        self._is_special = False
        pause, error = self._pause, self._error
        self._pause = self._error = None
        if error is not None:
            raise error
        return pause
