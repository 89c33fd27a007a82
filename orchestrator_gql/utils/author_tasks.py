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

from orchestrator_gql.utils.forked_children import turn

__all__ = ["EarlyCoroutine"]


_CONTINUE, _PAUSE, _WAIT, _END, _RAISE = range(5)
"""What the next turn of the task does: it continues the coroutine, it returns the pause in which the coroutine is, or
the future for which it waits, it ends as the coroutine ended, or it raises an error in the coroutine."""

_MARK = "_asyncio_future_blocking"
"""The attribute that a future sets when a coroutine waits for it; a task refuses a future without it."""


class EarlyCoroutine(Coroutine[Any, Any, None]):
    """The coroutine of a task that begins before the first turn of the task."""

    __slots__ = ("_coro", "_held", "_next")

    def __init__(self, coro: Coroutine[Any, Any, None]) -> None:
        self._coro = coro
        self._next = _CONTINUE
        self._held: Any = None

    def begin(self, task: "asyncio.Task[None]", loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """Run the coroutine up to its first pause; ``task`` is a new task of this object, with that loop and context.

        It must contain all exceptions of the author's function: an exception would end the task later, and not here.
        """
        caller = asyncio.current_task(loop)
        if caller is not None:
            _leave_task(loop, caller)
        _enter_task(loop, task)
        try:
            self._held, self._next = turn(context.run, self._coro.send, None), _PAUSE
            if getattr(self._held, _MARK, None):
                # A task takes this mark from the future at once. Until its turn, others may wait for the same future.
                setattr(self._held, _MARK, False)
                self._next = _WAIT
        except StopIteration:
            self._next = _END
        except BaseException as error:
            self._held, self._next = error, _END
        finally:
            _leave_task(loop, task)
            if caller is not None:
                _enter_task(loop, caller)

    def send(self, value: Any) -> Any:
        """Continue; the first turn of the task hands over the pause in which the coroutine is.

        That holds for `sleep(0)` too: tasks that the coroutine has started have their first turn during that pause.
        """
        if not self._next:
            return turn(self._coro.send, value)
        next, held = self._taken()
        if next == _END:
            raise StopIteration if held is None else held  # a new object: the old one holds frames
        if next == _RAISE:
            return turn(self._coro.throw, held)
        return _marked(held) if next == _WAIT else held

    def throw(self, *error: Any) -> Any:
        """Raise an exception in the coroutine: the task was cancelled."""
        next, held = self._taken()
        if next == _END:
            raise StopIteration if held is None else held  # a new object: the old one holds frames
        if next == _PAUSE and held is None:  # the turn of others comes first, as it does for `send`
            self._held, self._next = error[0], _RAISE
            return None
        # A task cancels the future for which it waits, and that future cancels the coroutine. This task does not wait
        # for it yet.
        if next == _WAIT and held.cancel(*error[0].args):
            return _marked(held)
        return turn(self._coro.throw, *error)

    def close(self) -> None:
        """Close the coroutine."""
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # such as its name and its frame

    def _taken(self) -> tuple[int, Any]:
        taken = self._next, self._held
        self._next, self._held = _CONTINUE, None
        return taken


def _marked(future: Any) -> Any:
    """The future, as a coroutine hands it to its task."""
    setattr(future, _MARK, True)
    return future
