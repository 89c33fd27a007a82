"""Clocks: the machine's clock, and a steady clock that ignores jumps of the machine's clock."""

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
"""Seconds: if the other clock differs by more, somebody set it, and it is not followed."""

SLEW = 0.1
"""Seconds of correction for each second that passes, while a smaller difference is corrected."""

_elapsed: Seconds = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""Elapsed seconds that nobody can set. They also count the time in which the machine sleeps."""


def read_instant(text: str) -> datetime:
    """The instant of an ISO 8601 text, in UTC; raises ValueError for another text, also for one without a time zone.

    The first hours of the year 1 and the last hours of the year 9999 are no instants in UTC with some offsets.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("it names no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it is before the year 1 or after the year 9999") from error


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
    """A clock that runs evenly and never goes back, even if somebody sets the machine's clock.

    It starts at the time of another clock: the machine's, or the database's after `follow`. From there it counts
    elapsed seconds. It corrects a small difference to the other clock slowly. It ignores a difference above `JUMP`, so
    that no deadline comes earlier or later; a start of the server adopts the new time if no other server runs.
    """

    def __init__(self, wall: Seconds = time.time, elapsed: Seconds = _elapsed) -> None:
        self._other = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()  # the threads of the database read the clock too
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
        """Follow another machine's clock, which showed ``other_time`` ``ago`` seconds ago.

        The first call adopts that time at once; later calls correct differences as for the machine's clock.
        """
        with self._lock:
            self._pass()
            ahead = other_time.timestamp() + ago - self._at
            self._other = lambda: self._elapsed() + ahead
            if not self._follows_another:
                self._follows_another = True
                self._time = self._at + ahead

    def keep_to(self, instant: datetime) -> None:
        """Go on from this instant, which other servers keep to although it differs from the clock that they follow."""
        with self._lock:
            self._pass()
            self._time = instant.timestamp()
            self._is_apart = True  # known: nobody set the clock now

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
                "the clock was set: deadlines keep their old pace until all servers were stopped",
                extra={"seconds": round(behind)},
            )
        return 0.0
