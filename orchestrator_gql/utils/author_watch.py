"""Log which function blocks an event loop: nothing else on the loop runs meanwhile."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from orchestrator_gql.utils.author_handover import WatchedLoop, stack_of
from orchestrator_gql.utils.author_loops import BLOCKED
from orchestrator_gql.utils.exception_text import log_trace

__all__ = ["LoopWatch"]

logger = logging.getLogger(__name__)

LOOK = 0.25
"""Seconds between two looks."""


class LoopWatch:
    """A thread that logs each block of a loop once; ``targets`` returns the loops and their names.

    It calls ``cure`` after each look, in its own thread.
    """

    def __init__(self, targets: Callable[[], Sequence[tuple[str, WatchedLoop]]], cure: Callable[[], object]) -> None:
        self._targets = targets
        self._cure = cure
        self._logged: set[WatchedLoop] = set()
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

    def _look(self, name: str, loop: WatchedLoop) -> None:
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
