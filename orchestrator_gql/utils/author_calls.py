"""A call of a function that an author handed over: whatever it raises is an outcome, and no thread or loop ends of it.

asyncio passes `KeyboardInterrupt` and `SystemExit` of any task on to whoever runs the loop: the server. A future takes
no `StopIteration`, a task that is cancelled by the code in it looks like one that the engine stops, and of what an
author raises may be our own errors, such as "the database is away". So what is raised is caught where it is raised, in
the very thread or task, and handed on as one ordinary exception, `AuthorRaised`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

from orchestrator_gql.utils.exception_text import Description, describe

__all__ = ["AuthorRaised", "Outcome", "Returned", "attempt", "attempt_async", "returned_by", "value_of"]

logger = logging.getLogger(__name__)

LINGER = 2.0
"""Seconds that an async function may take to clean up once it is cancelled; then we go on without it."""

P = ParamSpec("P")
T = TypeVar("T")


class AuthorRaised(Exception):
    """What an author's function raised, whatever it was, and the same in words."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.described: Description = describe(error)
        super().__init__(str(self.described))


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """What an author's function returned."""

    value: T


Outcome: TypeAlias = Returned[T] | AuthorRaised


def attempt(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Outcome[T]":
    """What came of the call, in this thread.

    >>> attempt(int, "seven").described.kind
    'ValueError'
    """
    try:
        return Returned(function(*args, **kwargs))
    except BaseException as error:
        return error if type(error) is AuthorRaised else AuthorRaised(error)


def value_of(outcome: "Outcome[T]") -> T:
    """What was returned; raises `AuthorRaised` where something was raised."""
    if isinstance(outcome, AuthorRaised):
        raise outcome
    return outcome.value


def returned_by(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the call returns; raises `AuthorRaised` and nothing else."""
    return value_of(attempt(function, *args, **kwargs))


async def attempt_async(begin: Callable[[], Awaitable[T]]) -> "Outcome[T]":
    """What came of what ``begin`` gives to be awaited: in a task of its own, so that code which cancels its own task
    does not stop the engine's. It is cancelled with the caller, and is given a moment to clean up."""
    loop = asyncio.get_running_loop()
    _contain_tasks(loop)
    is_authors = _is_authors.set(True)
    try:
        task = loop.create_task(_attempted(begin))
    finally:
        _is_authors.reset(is_authors)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task], timeout=LINGER)
        if not task.done():
            logger.warning("an author's function goes on though it was cancelled")
        raise
    return AuthorRaised(asyncio.CancelledError()) if task.cancelled() else task.result()


async def _attempted(begin: Callable[[], Awaitable[T]]) -> "Outcome[T]":
    try:
        return Returned(await begin())
    except BaseException as error:
        return error if type(error) is AuthorRaised else AuthorRaised(error)


_is_authors: ContextVar[bool] = ContextVar("is_authors", default=False)
"""Set in the context of an author's async function, and so in those of all tasks that it begins."""


def _contain_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Let no task that an author's function begins (by `gather`, say) end the loop by a SystemExit."""
    before = loop.get_task_factory()
    if isinstance(before, _Containing):
        return
    loop.set_task_factory(_Containing(before))


class _Containing:
    """Makes tasks as the loop did before, with those of authors contained."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        # A loop closes an async generator that was left behind in a task that is nobody's: its author's code runs too.
        if _is_authors.get() or type(coro) is _CLOSING:
            coro = _Contained(coro)
        if self._before is not None:
            return self._before(loop, coro, **options)
        return asyncio.Task(coro, loop=loop, **options)


class _Contained(Coroutine[Any, Any, T]):
    """The same coroutine, but for what a loop would pass on: that is an ordinary exception.

    No coroutine around the other one: of a task that is cancelled before it begins, the inner one would never run.
    """

    def __init__(self, coro: Coroutine[Any, Any, T]) -> None:
        self._coro = coro

    def send(self, value: Any) -> Any:
        """Go on with it."""
        try:
            return self._coro.send(value)
        except (KeyboardInterrupt, SystemExit) as error:
            raised = AuthorRaised(error)
        raise raised

    def throw(self, *error: Any) -> Any:
        """Go on with an exception in it."""
        try:
            return self._coro.throw(*error)
        except (KeyboardInterrupt, SystemExit) as other:
            raised = AuthorRaised(other)
        raise raised

    def close(self) -> None:
        """End it."""
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # such as its name, and its frame


async def _closing() -> AsyncGenerator[None, None]:
    yield


def _type_of_closing() -> type:
    closing = _closing().aclose()
    closing.close()  # or the interpreter warns that nobody awaited it
    return type(closing)


_CLOSING = _type_of_closing()
