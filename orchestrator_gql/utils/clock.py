"""What time it is, in a form that tests can turn and that a step of the machine's clock does not turn."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

logger = logging.getLogger(__name__)

Seconds = Callable[[], float]

JUMP = 60.0
"""Seconds: a clock that differs by more was stepped, and is not followed."""

SLEW = 0.1
"""How much faster or slower time passes here while a smaller difference is made up for."""

_elapsed: Seconds = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""Seconds that nobody can set. A machine that sleeps is counted as one that was switched off: the time passed."""


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)


class SteadyClock:
    """Time that passes evenly and never goes back, whatever is done to the machine's clock.

    It begins at what another clock says, the machine's or, once told by `follow`, the database's; from there it counts
    elapsed seconds. A small difference to the other clock is made up for slowly. After a larger one it keeps its own
    pace, so that no deadline is brought forward or put off: whoever set the clock restarts the server to take it over.
    """

    def __init__(self, wall: Seconds = time.time, elapsed: Seconds = _elapsed) -> None:
        self._other = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()  # units of work ask from the threads of the database
        self._at = elapsed()
        self._time = wall()
        self._follows_another = False
        self._is_apart = False

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        with self._lock:
            self._pass()
            return datetime.fromtimestamp(self._time, UTC)

    def follow(self, other_time: datetime, ago: float) -> None:
        """Keep to another machine's clock, which said this so many seconds ago.

        The first time it is taken over as it is; later it is followed as the machine's own was.
        """
        with self._lock:
            self._pass()
            ahead = other_time.timestamp() + ago - self._at
            self._other = lambda: self._elapsed() + ahead
            if not self._follows_another:
                self._follows_another = True
                self._time = self._at + ahead

    def _pass(self) -> None:
        at = self._elapsed()
        passed = at - self._at
        self._at = at
        self._time += passed
        self._time += self._correction(self._other() - self._time, passed)

    def _correction(self, behind: float, passed: float) -> float:
        was_apart, self._is_apart = self._is_apart, abs(behind) > JUMP
        if not self._is_apart:
            return min(max(behind, -SLEW * passed), SLEW * passed)
        if not was_apart:
            logger.warning(
                "the clock was set: deadlines keep their old pace until the server is restarted",
                extra={"seconds": round(behind)},
            )
        return 0.0
