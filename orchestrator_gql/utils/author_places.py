"""The places where authors' functions run: steps in one, forms and rules of requests in another.

A place has threads for sync functions and an event loop for async functions. What happens in the place of the steps
holds up no person: forms, start forms and rules have threads and a loop of their own.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from orchestrator_gql.utils.author_calls import attempt_async, value_of
from orchestrator_gql.utils.author_handover import Limit, TimedOut, WatchedLoop, inbox_of
from orchestrator_gql.utils.author_loops import Loops
from orchestrator_gql.utils.author_threads import Threads
from orchestrator_gql.utils.author_watch import LoopWatch

__all__ = ["Authors", "Place"]

FORM_THREADS = 64
FORM_SHARE = 16
"""The most threads that one form, or one rule, may take at once."""

SPARE = 4
"""The spare threads for steps, as a multiple of their threads."""

T = TypeVar("T")


@dataclass
class Place:
    """Where authors' functions of one kind run. ``loops`` is None if async functions run on the server's loop."""

    name: str
    threads: Threads
    loops: Loops | None
    timeouts: int = 0
    """The number of functions that took longer than their limit."""
    variables: dict[ContextVar[Any], Any] = field(default_factory=dict)
    """The context variables that the server sets for the functions."""

    async def call(
        self, function: Callable[[], T], *, name: str = "", limit: Limit | None = None, key: Hashable = None
    ) -> T:
        """Run a sync function in a thread; raises `AuthorRaised` and `TimedOut`. See `Threads.run`."""
        tokens = self._set_variables()
        try:
            return await self.threads.run(function, name=name, limit=limit, key=key)
        except TimedOut:
            self.timeouts += 1
            raise
        finally:
            for variable, token in tokens:
                variable.reset(token)

    async def call_async(self, begin: Callable[[], Awaitable[T]], *, name: str = "", limit: Limit | None = None) -> T:
        """Await the awaitable that ``begin`` returns; raises `AuthorRaised` and `TimedOut`. See `Loops.run`."""
        tokens = self._set_variables()
        try:
            if self.loops is not None:
                return await self.loops.run(begin, name=name, limit=limit)
            if limit is not None:
                return await _on_this_loop(begin, name, limit)
            return value_of(await attempt_async(begin, name=name))
        except TimedOut:
            self.timeouts += 1
            raise
        finally:
            for variable, token in tokens:
                variable.reset(token)

    def _set_variables(self) -> list[tuple[ContextVar[Any], Token[Any]]]:
        """Set the variables for the call, which copies the context of its caller; the caller resets them."""
        return [(variable, variable.set(value)) for variable, value in self.variables.items()]

    @property
    def stuck(self) -> int:
        """The number of functions that did not return in time, and still run."""
        return self.threads.stuck + (self.loops.stuck if self.loops is not None else 0)

    @property
    def thread_count(self) -> int:
        """The number of threads, those of the loops included."""
        return self.threads.count + (len(self.loops.threads) if self.loops is not None else 0)


async def _on_this_loop(begin: Callable[[], Awaitable[T]], name: str, limit: Limit) -> T:
    limit.begin()
    try:
        async with asyncio.timeout(limit.left()) as bound:
            return value_of(await attempt_async(begin, name=name))
    except TimeoutError:
        if not bound.expired():
            raise
        raise TimedOut from None


@dataclass
class Authors:
    """The places of one server."""

    steps: Place
    forms: Place
    _watch: LoopWatch | None = field(default=None, repr=False)

    @classmethod
    def of(cls, *, step_threads: int, loop: Literal["own", "server"]) -> "Authors":
        """The places with this number of threads for steps; ``loop`` says where async functions run."""
        is_own = loop == "own"
        steps = Threads("step", size=step_threads, spare=SPARE * step_threads)
        forms = Threads("form", size=FORM_THREADS, spare=FORM_THREADS, share=FORM_SHARE)
        return cls(
            Place("steps", steps, Loops("step-loop") if is_own else None),
            Place("forms", forms, Loops("form-loop") if is_own else None),
        )

    @property
    def places(self) -> tuple[Place, Place]:
        """Both places."""
        return (self.steps, self.forms)

    @property
    def blocks(self) -> dict[str, int]:
        """How often each loop was blocked for over a second."""
        counted = self._watch.blocks if self._watch is not None else {}
        names = [place.name for place in self.places if place.loops is not None]
        return {name: counted.get(name, 0) for name in ("server", *names)}

    def set_variable(self, variable: ContextVar[T], value: T) -> None:
        """Set the context variable for every function that is called from now on."""
        for place in self.places:
            place.variables[variable] = value

    def watch(self) -> None:
        """Log what blocks a loop, and replace a loop that is blocked for too long; called on the server's loop."""
        loop = asyncio.get_running_loop()
        inbox = inbox_of(loop)
        server = WatchedLoop(loop, inbox, threading.get_ident())

        def targets() -> list[tuple[str, WatchedLoop]]:
            own = [(place.name, thread) for place in self.places if place.loops for thread in place.loops.threads]
            return [("server", server), *own]

        own_loops = [place.loops for place in self.places if place.loops]

        def cure() -> None:
            for loops in own_loops:
                if loops.must_replace:
                    inbox.put(loops.replace_blocked)

        self._watch = LoopWatch(targets, cure)

    def close(self) -> None:
        """End the threads and the loops; those that are stuck end when their functions return."""
        if self._watch is not None:
            self._watch.stop()
        for place in self.places:
            if place.loops is not None:
                place.loops.close()
            place.threads.close()
