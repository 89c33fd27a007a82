"""Calls authors' functions where they may block: in the threads and on the event loops of `Runtime.authors`."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache, partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from orchestrator_gql.engine.steps.state import Focused, focus
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json
from orchestrator_gql.utils.author_calls import AuthorRaised, Outcome, Returned, attempt, returned_by
from orchestrator_gql.utils.author_demands import Demand, with_demands
from orchestrator_gql.utils.author_handover import Limit, NoThreadFree, TimedOut
from orchestrator_gql.utils.author_places import Place
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.wrappers import has_wrapper

FORM_TIMEOUT = "form-timeout"
STEP_TIMEOUT = "step-timeout"

T = TypeVar("T")


@dataclass(slots=True)  # not frozen: that takes twice as long, and each step makes one
class Caller:
    """Calls authors' functions for one purpose: in the place, within the limit; ``name`` is the text for logs.

    ``key`` is the function whose calls may not take all threads; ``code`` is the code of the error after a time-out.
    """

    place: Place
    name: str
    limit: Limit | None = None
    key: Hashable = None
    code: str = STEP_TIMEOUT

    async def call(self, function: Callable[..., Any], arguments: Mapping[str, Any], then: Callable[[Any], T]) -> T:
        """The result of ``then``, called with the result of the author's function, which may be async.

        Both may run authors' code, so both run in the same thread or task. Raises `AuthorRaised`, and `StepError`
        after the limit.
        """
        try:
            if _is_async(function):
                begin = partial(_awaited, function, arguments, then)
                return await self.place.call_async(begin, name=self.name, limit=self.limit)
            result: T | _Awaitable = await self.call_sync(_called, function, arguments, then)
            if not isinstance(result, _Awaitable):
                return result
            return await self.call_async(partial(_awaited, lambda: result.awaitable, {}, then))
        except TimedOut as late:
            no_thread = isinstance(late, NoThreadFree)
        raise self._too_late(no_thread=no_thread)

    async def call_sync(self, function: Callable[..., T], *args: Any) -> T:
        """The result of a sync function; raises `AuthorRaised` and `TimedOut`."""
        return await self.place.call(partial(function, *args), name=self.name, limit=self.limit, key=self.key)

    async def call_async(self, begin: Callable[[], Awaitable[T]]) -> T:
        """The result of the awaitable that ``begin`` returns; raises `AuthorRaised` and `TimedOut`."""
        return await self.place.call_async(begin, name=self.name, limit=self.limit)

    async def focused(self, step: Focused, state: Mapping[str, Json]) -> Mapping[str, Json]:
        """The part of the state that the step, or another part of a workflow, sees; its lenses are authors' code."""
        if not step.lenses:
            return state
        with self.limited():
            return await self.call_sync(focus, step, state)

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Raise `StepError` with the caller's code instead of `TimedOut`."""
        try:
            yield
        except TimedOut as late:
            no_thread = isinstance(late, NoThreadFree)
        else:
            return
        raise self._too_late(no_thread=no_thread)

    def _too_late(self, *, no_thread: bool) -> StepError:
        if no_thread:
            reason = "functions that were called before do not return, and the log names them"
            return StepError(f"{self.name}: no thread is free: {reason}.", self.code)
        assert self.limit is not None, "only a call with a limit times out"
        what = "The step" if self.code == STEP_TIMEOUT else self.name
        return StepError(f"{what} took longer than its {self.limit.seconds:g} seconds.", self.code)


def for_step(runtime: Runtime, name: str, limit: Limit | None = None) -> Caller:
    """Calls for the engine: they wait for a free thread."""
    return Caller(runtime.authors.steps, name, limit)


def for_person(runtime: Runtime, name: str, key: Hashable) -> Caller:
    """Calls for a request: a person waits, at most ``ORCHESTRATOR_FORM_TIMEOUT`` seconds."""
    limit = Limit(runtime.settings.form_timeout, is_urgent=True)
    return Caller(runtime.authors.forms, name, limit, key, FORM_TIMEOUT)


async def made(runtime: Runtime, make: Callable[[], T], annotations: Iterable[Any], name: str) -> T:
    """The arguments that ``make`` makes: in a thread if that runs authors' code, such as a validator of a model."""
    if any(map(runs_authors_code, annotations)):
        return await for_step(runtime, name).call_sync(make)
    return returned_by(make)


async def outside(runtime: Runtime, transaction: Callable[[], Awaitable[T]], *, is_request: bool) -> T:
    """The result of the transaction; the authors' functions that it demands run outside of it, in threads.

    All functions for a request have ``ORCHESTRATOR_FORM_TIMEOUT`` seconds together; after them `StepError` is raised.
    For the engine, each function has these seconds for itself. After them the transaction gets the value instead, or
    else the same error as if the function had raised it: the step fails.
    """
    seconds = runtime.settings.form_timeout
    limit: Limit | None = None

    async def call(demanded: Demand) -> "Outcome[Any]":  # a text: each request would make the type anew
        nonlocal limit
        if is_request:
            limit = limit or Limit(seconds, is_urgent=True)
        place = runtime.authors.forms if is_request else runtime.authors.steps
        caller = Caller(place, demanded.name, limit or Limit(seconds), demanded.owner, FORM_TIMEOUT)
        try:
            with caller.limited():
                return Returned(await caller.call_sync(demanded.function))
        except AuthorRaised as raised:
            return raised
        except StepError as late:
            if demanded.instead is None and is_request:
                raise
            if demanded.instead is None:
                return AuthorRaised(late)
            return Returned(demanded.instead(late.message))

    return await with_demands(transaction, call)


class FormCaller:
    """Calls the code of a form for one turn.

    If the engine runs the form, its sync code takes a thread of the steps, because people need the threads of the
    forms. The async code of a form always runs on one loop: the form may keep an object that belongs to the loop.
    """

    def __init__(self, runtime: Runtime, name: str, key: Hashable, *, is_request: bool) -> None:
        if is_request:
            self._in_thread = self._on_loop = for_person(runtime, name, key)
        else:
            limit = Limit(runtime.settings.form_timeout)
            self._in_thread = Caller(runtime.authors.steps, name, limit, None, FORM_TIMEOUT)
            self._on_loop = Caller(runtime.authors.forms, name, limit, key, FORM_TIMEOUT)

    async def focused(self, step: Focused, state: Mapping[str, Json]) -> Mapping[str, Json]:
        """See `Caller.focused`."""
        return await self._in_thread.focused(step, state)

    async def run_sync(self, function: Callable[..., T], *args: Any) -> T:
        """Run sync code of the form in a thread."""
        return await self._in_thread.call_sync(function, *args)

    async def run_async(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Run the async code of the form; sync code that it starts is within the limit of the async code."""
        self._in_thread = replace(self._in_thread, limit=None)
        return await self._on_loop.call_async(begin)

    def limited(self) -> AbstractContextManager[None]:
        """See `Caller.limited`."""
        return self._on_loop.limited()


def runs_authors_code(annotation: Any) -> bool:
    """True if a value of this type may be made by an author's function; False only if pydantic alone makes it."""
    try:
        return _runs_authors_code(annotation)
    except TypeError:  # an annotation with a list or dict in its metadata is not hashable
        return True


@lru_cache(maxsize=1024)
def _runs_authors_code(annotation: Any) -> bool:
    if has_wrapper(annotation):
        return True
    if annotation is Any or (isinstance(annotation, type) and annotation.__module__ == "builtins"):
        return False
    adapter = attempt(TypeAdapter, annotation)
    return isinstance(adapter, AuthorRaised) or _has_function(adapter.value.core_schema)


def _has_function(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        names = ("function", "default_factory", "post_init", "custom_init")
        is_callable = any(schema.get(name) for name in names) or _has_method(schema)
        return is_callable or any(_has_function(part) for name, part in schema.items() if name != "metadata")
    return isinstance(schema, list | tuple) and any(map(_has_function, schema))


_METHODS = {
    "enum": ("_missing_", (Enum,)),
    "model": ("__new__", (BaseModel, object)),
    "dataclass": ("__new__", (object,)),
}
"""The method by which a type makes its values itself, and the classes that have a method of this name anyway."""


def _has_method(schema: Mapping[str, Any]) -> bool:
    """True for an enum that makes members from unknown values, and for a class that makes its objects."""
    method, others = _METHODS.get(schema.get("type", ""), ("", ()))
    return bool(method) and any(method in vars(kind) for kind in schema["cls"].__mro__ if kind not in others)


def name_of(function: Callable[..., Any]) -> str:
    """The name of an author's function, for logs."""
    while isinstance(function, partial):
        function = function.func
    name = attempt(lambda: f"{function.__module__}.{function.__qualname__}")
    return type(function).__name__ if isinstance(name, AuthorRaised) else name.value


@dataclass(frozen=True, slots=True)
class _Awaitable:
    """The awaitable that a function returned, though the function itself is not async."""

    awaitable: Awaitable[Any]


def _called(function: Callable[..., Any], arguments: Mapping[str, Any], then: Callable[[Any], T]) -> T | _Awaitable:
    result = function(**arguments)
    return _Awaitable(result) if isawaitable(result) else then(result)


async def _awaited(
    function: Callable[..., Awaitable[Any]], arguments: Mapping[str, Any], then: Callable[[Any], T]
) -> T:
    return then(await function(**arguments))


_cached_is_async = lru_cache(maxsize=4096)(iscoroutinefunction)


def _is_async(function: Callable[..., Any]) -> bool:
    """True for an async function; `iscoroutinefunction` itself takes longer than the rest of a call."""
    try:
        return _cached_is_async(function)
    except TypeError:  # it has no hash
        return iscoroutinefunction(function)
