"""Functions of authors that do not return until the test lets them go."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 30.0
"""Seconds after which a function returns even if the test failed and never lets it go."""


class Hold:
    """Holds the functions that ask it; ``entered`` is set when the first function waits.

    ``ran_out`` is true if a function returned by itself, because what should let it go waited for it.
    """

    def __init__(self) -> None:
        self.entered = threading.Event()
        self._go = threading.Event()
        self.inside = 0
        self.ran_out = False
        self.most = 0
        self._lock = threading.Lock()

    def let_go(self) -> None:
        """Let every function return."""
        self._go.set()

    def block(self) -> None:
        """Block this thread, and the event loop in it."""
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.set()
        if not self._go.wait(PATIENCE):
            self.ran_out = True
        with self._lock:
            self.inside -= 1

    async def wait(self) -> None:
        """Wait, and let other tasks run."""
        self.entered.set()
        while not self._go.is_set():  # noqa: ASYNC110 - the test sets it in another thread
            await asyncio.sleep(0.01)

    async def wait_stubbornly(self) -> None:
        """Wait, and ignore every cancellation."""
        self.entered.set()
        while not self._go.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    def function(self, way: str, result: Any) -> Callable[..., Any]:
        """A function without parameters that does not return, in one of the `WAYS`."""

        def sync() -> Any:
            self.block()
            return result

        async def blocking() -> Any:
            self.block()
            return result

        async def waiting() -> Any:
            await self.wait()
            return result

        async def stubborn() -> Any:
            await self.wait_stubbornly()
            return result

        return {
            "sync that blocks": sync,
            "async that blocks": blocking,
            "async that never returns": waiting,
            "async that ignores cancellation": stubborn,
        }[way]


WAYS = ("sync that blocks", "async that never returns", "async that ignores cancellation", "async that blocks")
"""The last blocks the loop on which the other async functions run."""
