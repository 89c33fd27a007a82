"""Call an author's function so that every exception becomes an outcome and stops no thread and no event loop.

asyncio passes `KeyboardInterrupt` and `SystemExit` of any task on to the caller of the loop: the server would stop. A
future accepts no `StopIteration`. A task that cancels itself looks like a task that the engine stops. An author's
function may raise our own errors, such as "the database is away". So each exception is caught in the thread or task
that raises it, and passed on as an ordinary exception, `AuthorRaised`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

from orchestrator_gql.utils.author_tasks import EarlyCoroutine
from orchestrator_gql.utils.exception_text import Description, describe
from orchestrator_gql.utils.forked_children import births, end_child, turn

__all__ = [
    "LINGER",
    "AuthorRaised",
    "Outcome",
    "Returned",
    "as_author",
    "attempt",
    "attempt_async",
    "attempted",
    "become_author",
    "contain_tasks",
    "returned_by",
    "value_of",
]

logger = logging.getLogger(__name__)

LINGER = 2.0
"""Seconds that a cancelled async function may take to clean up; after that nobody waits for it."""

P = ParamSpec("P")
T = TypeVar("T")


class AuthorRaised(Exception):
    """Any exception of an author's function: the exception itself (``error``) and its text (``described``)."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.described: Description = describe(error)
        super().__init__(str(self.described))


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """The return value of an author's function."""

    value: T


Outcome: TypeAlias = Returned[T] | AuthorRaised


def attempt(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Outcome[T]":
    """Call the function in this thread; return its value as `Returned`, or its exception as `AuthorRaised`.

    >>> attempt(int, "seven").described.kind
    'ValueError'
    """
    born = births()
    try:
        value = function(*args, **kwargs)
    except BaseException as error:
        end_child(born, error)
        return error if type(error) is AuthorRaised else AuthorRaised(error)
    end_child(born)
    return Returned(value)


def value_of(outcome: "Outcome[T]") -> T:
    """Return the value of the outcome; raises `AuthorRaised` if the function raised."""
    if isinstance(outcome, AuthorRaised):
        try:
            raise outcome
        finally:
            del outcome  # its traceback holds this frame
    return outcome.value


def returned_by(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the function and return its value; raises only `AuthorRaised`."""
    return value_of(attempt(function, *args, **kwargs))


async def attempt_async(begin: Callable[[], Awaitable[T]], *, name: str | None = None) -> "Outcome[T]":
    """Await the awaitable that ``begin`` returns; return its outcome, as `attempt` does. ``name`` is the task's name.

    It runs in its own task, so that code which cancels its own task does not cancel the engine's task. If the caller is
    cancelled, this task is cancelled too and has `LINGER` seconds to clean up.
    """
    loop = asyncio.get_running_loop()
    contain_tasks(loop)
    context = as_author(copy_context)
    ended: asyncio.Future[Outcome[T]] = loop.create_future()
    coro = EarlyCoroutine(attempted(begin, partial(_resolve, ended)))
    # Not by the task factory: the coroutine contains every exception itself, without a cost for each of its turns.
    task = asyncio.Task(coro, loop=loop, name=name, context=context)
    coro.begin(task, loop, context)
    if ended.done():
        return ended.result()
    try:
        return await ended  # to await the task itself would cancel it, and `asyncio.wait` costs four times as much
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task], timeout=LINGER)
        if not task.done():
            logger.warning("an author's function goes on though it was cancelled")
        raise


def _resolve(ended: "asyncio.Future[Outcome[T]]", outcome: "Outcome[T]") -> None:
    if not ended.done():  # the caller may be cancelled
        ended.set_result(outcome)


def as_author(function: Callable[[], T]) -> T:
    """Call the function; tasks that it starts are tasks of an author."""
    is_authors = _is_authors.set(True)
    try:
        return function()
    finally:
        _is_authors.reset(is_authors)


def become_author() -> None:
    """From now on, tasks that are started in this context are tasks of an author."""
    _is_authors.set(True)


async def attempted(begin: Callable[[], Awaitable[T]], end: Callable[["Outcome[T]"], object]) -> None:
    """Await the awaitable in this task; call ``end`` with its value as `Returned`, or its exception as `AuthorRaised`.

    It is one coroutine, and not two: a `GeneratorExit` that a task of the function raised would pass through the outer.
    """
    born = births()
    try:
        value = await begin()
    except BaseException as error:
        end_child(born, error)
        end(error if type(error) is AuthorRaised else AuthorRaised(error))
    else:
        end_child(born)
        end(Returned(value))
    finally:
        del end  # the traceback of an error holds this frame, which must not hold what holds the error


_is_authors: ContextVar[bool] = ContextVar("is_authors", default=False)
"""True in the context of an author's async function, and so in the contexts of all tasks that it starts."""


def contain_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Prevent that a task of an author's function (started by `gather`, for example) stops the loop by a SystemExit."""
    before = loop.get_task_factory()
    if isinstance(before, _Containing):
        return
    loop.set_task_factory(_Containing(before))


class _Containing:
    """A task factory: creates tasks as the loop did before, and contains the tasks of authors."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        # The loop closes an abandoned async generator in a task of its own, and the author's code runs in that task.
        if _is_authors.get() or type(coro) is _CLOSING:
            coro = _Contained(coro)
        if self._before is not None:
            return self._before(loop, coro, **options)
        return asyncio.Task(coro, loop=loop, **options)


class _Contained(Coroutine[Any, Any, T]):
    """A coroutine whose KeyboardInterrupt and SystemExit become an ordinary exception, `AuthorRaised`.

    A coroutine around the other would not do: if the task is cancelled before its start, the inner one never runs.
    """

    def __init__(self, coro: Coroutine[Any, Any, T]) -> None:
        self._coro = coro

    def send(self, value: Any) -> Any:
        """Continue the coroutine with a value."""
        try:
            return turn(self._coro.send, value)
        except (KeyboardInterrupt, SystemExit) as error:
            raised = AuthorRaised(error)
        raise raised

    def throw(self, *error: Any) -> Any:
        """Raise an exception in the coroutine."""
        try:
            return turn(self._coro.throw, *error)
        except (KeyboardInterrupt, SystemExit) as other:
            raised = AuthorRaised(other)
        raise raised

    def close(self) -> None:
        """Close the coroutine."""
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # such as its name and its frame


async def _closing() -> AsyncGenerator[None, None]:
    yield


def _type_of_closing() -> type:
    closing = _closing().aclose()
    closing.close()  # otherwise the interpreter warns that nothing awaited it
    return type(closing)


_CLOSING = _type_of_closing()
