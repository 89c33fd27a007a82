"""Log which function blocks an event loop: nothing else on the loop runs meanwhile."""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from orchestrator_gql.utils.author_handover import inbox_of, stack_of
from orchestrator_gql.utils.author_loops import BLOCKED
from orchestrator_gql.utils.exception_text import log_trace

__all__ = ["LoopWatch", "ServerLoop", "Watched"]

logger = logging.getLogger(__name__)

LOOK = 0.25
"""Seconds between two looks."""


class Watched(Protocol):
    """An event loop in a thread."""

    @property
    def ident(self) -> int | None:
        """The identifier of the thread."""
        ...

    @property
    def is_busy(self) -> bool:
        """True if the loop has something to run; a loop without work is not pinged."""
        ...

    @property
    def blocked_seconds(self) -> float:
        """The seconds since a ping that has no response."""
        ...

    def ping(self) -> None:
        """Let the loop show that it is not blocked."""
        ...

    def running_name(self) -> str:
        """The name of the task that runs now."""
        ...


class ServerLoop:
    """The event loop of the server, as a loop to watch; made on that loop."""

    is_busy = True

    def __init__(self) -> None:
        self.ident: int | None = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._inbox = inbox_of(self._loop)
        self._pinged: float | None = None

    @property
    def blocked_seconds(self) -> float:
        """The seconds since a ping that has no response."""
        pinged = self._pinged
        return 0.0 if pinged is None else time.monotonic() - pinged

    def ping(self) -> None:
        """Let the loop show that it is not blocked."""
        if self._pinged is None:
            self._pinged = time.monotonic()
            self._inbox.put(self._pong)

    def running_name(self) -> str:
        """The name of the task that runs now."""
        task = asyncio.current_task(self._loop)
        return task.get_name() if task is not None else "no task"

    def _pong(self) -> None:
        self._pinged = None


class LoopWatch:
    """A thread that logs each block of a loop once; ``targets`` returns the loops and their names.

    It calls ``cure`` after each look, in its own thread.
    """

    def __init__(
        self, targets: Callable[[], Sequence[tuple[str, Watched]]], cure: Callable[[], object] = lambda: None
    ) -> None:
        self._targets = targets
        self._cure = cure
        self._logged: set[Watched] = set()
        self._stopped = threading.Event()
        self.blocks: Counter[str] = Counter()
        threading.Thread(target=self._run, name="loop-watch", daemon=True).start()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK):
            for name, loop in self._targets():
                try:
                    self._look(name, loop)
                except Exception:  # the loop ends at this moment
                    logger.exception("a loop could not be watched")
            self._cure()

    def _look(self, name: str, loop: Watched) -> None:
        if loop.blocked_seconds < BLOCKED:
            self._logged.discard(loop)
            if loop.is_busy:
                loop.ping()
        elif loop not in self._logged:
            self._logged.add(loop)
            self.blocks[name] += 1
            blocked = f"{loop.running_name()} blocks the event loop of {name} for over {BLOCKED:g} s"
            message = f"{blocked}: move what blocks into a sync function"
            log_trace(logger, logging.WARNING, message, stack_of(loop.ident))
