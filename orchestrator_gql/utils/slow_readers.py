"""Disconnect clients that read too slowly, so that the bytes that wait for them stay within limits.

Every connection has a `Backlog`. It is checked when bytes are added to it and, while bytes wait, every second::

    a write, or a message that has to wait ──▶ note ──▶ too much for one client, or for all: disconnect
    every second, while bytes wait ──────────▶ sweep ─▶ nothing taken, or too slowly: disconnect

A disconnected subscriber connects again with its cursor and continues to read from the event log, so it loses nothing.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
WRITE_TEXT = "orchestrator_gql.write_text"
"""The extension of the scope with which our HTTP server writes a text message at once, in parts of UTF-8. It returns
false if it would have to wait."""

PACE = 1024
"""Bytes for each second that a client must take while bytes wait for it."""


class Reason(StrEnum):
    """Why a client is disconnected."""

    STALLED = "stalled"
    TOO_SLOW = "too-slow"
    TOO_MUCH = "too-much"
    CROWDED = "crowded"


@dataclass(frozen=True, slots=True)
class Limits:
    """The bytes that may wait for all clients together, and the seconds in which a client may take none of them.

    At most half of the bytes may wait for one client, but a single message may always be sent.
    """

    total: int = 64 * MIB
    seconds: float = 30.0


@dataclass(slots=True, eq=False)
class Backlog:
    """The bytes that wait for one client.

    ``buffered`` returns the bytes that the transport holds, ``taken`` the bytes that the client has taken since it
    connected.
    """

    buffered: Callable[[], int]
    taken: Callable[[], int]
    disconnect: Callable[[], None]
    held: int = 0
    """Bytes of the messages that wait for the transport, besides the bytes in the transport."""
    messages: int = 0
    counted: int = 0
    is_over: bool = False
    _since: float = 0.0
    _progress_at: float = 0.0
    _window_at: float = 0.0
    _taken: int = 0
    _taken_at_window: int = 0

    @property
    def waiting(self) -> int:
        """Bytes for the client that it has not taken."""
        return self.held + self.buffered()

    @property
    def is_one_message(self) -> bool:
        """True if only the last message waits."""
        return self.messages + (self.buffered() > 0) <= 1

    def begin(self, now: float) -> None:
        """Start to measure the client, because bytes wait for it now."""
        self._since = self._progress_at = self._window_at = now
        self._taken = self._taken_at_window = self.taken()

    def look(self, now: float) -> None:
        """Note the client's progress since the last call."""
        taken = self.taken()
        if taken > self._taken:
            self._taken, self._progress_at = taken, now

    def fault(self, now: float, seconds: float) -> Reason | None:
        """Return why to disconnect the client: it took nothing for ``seconds``, or less than `PACE`; else None."""
        if now - self._progress_at >= seconds:
            return Reason.STALLED
        if now - self._window_at >= seconds:
            if self._taken - self._taken_at_window < PACE * seconds:
                return Reason.TOO_SLOW
            self._window_at, self._taken_at_window = now, self._taken
        return None

    def slowness(self, now: float) -> tuple[int, int]:
        """Return a sort key, larger for slower clients: quarters of a second without progress, then bytes waiting."""
        return (int(4 * (now - self._progress_at)), self.counted)

    def age(self, now: float) -> float:
        """Return the seconds for which bytes have waited for the client."""
        return now - self._since


@dataclass(slots=True)
class SlowReaders:
    """The backlogs of one server. ``disconnected`` counts the clients that were disconnected, by reason."""

    limits: Limits = field(default_factory=Limits)
    now: Callable[[], float] = time.monotonic
    disconnected: Counter[Reason] = field(default_factory=Counter)
    _total: int = 0
    _waiting: set[Backlog] = field(default_factory=set)

    @property
    def bytes_waiting(self) -> int:
        """Bytes that wait for all clients now."""
        for backlog in list(self._waiting):
            self._count(backlog)
        return self._total

    @contextmanager
    def holding(self, backlog: Backlog, size: int) -> Iterator[None]:
        """Count a message while it waits for the transport."""
        backlog.held += size
        backlog.messages += 1
        self.note(backlog)
        try:
            yield
        finally:
            backlog.held -= size
            backlog.messages -= 1
            self._count(backlog)

    def note(self, backlog: Backlog) -> None:
        """Count the bytes for a client after more were added; disconnect clients if they are too many."""
        if backlog.is_over:
            return
        self._count(backlog)
        if backlog.counted > self.limits.total // 2 and not backlog.is_one_message:
            self._disconnect(backlog, Reason.TOO_MUCH)
        elif self._total > self.limits.total:
            self._make_room(backlog)

    def forget(self, backlog: Backlog) -> None:
        """Remove the backlog of a lost connection."""
        backlog.is_over = True
        self._waiting.discard(backlog)
        self._total -= backlog.counted
        backlog.counted = 0

    def sweep(self) -> None:
        """Disconnect each client that took nothing, or too little, for too long."""
        now, seconds = self.now(), self.limits.seconds
        for backlog in list(self._waiting):
            self._count(backlog)
            if not backlog.counted:
                continue
            backlog.look(now)
            if (reason := backlog.fault(now, seconds)) is not None:
                self._disconnect(backlog, reason)

    async def watch(self) -> None:
        """Sweep every second, until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self.limits.seconds / 4))
            self.sweep()

    def _count(self, backlog: Backlog) -> None:
        if backlog.is_over:
            return
        waiting = backlog.waiting
        if waiting and backlog not in self._waiting:
            self._waiting.add(backlog)
            backlog.begin(self.now())
        elif not waiting:
            self._waiting.discard(backlog)
        self._total += waiting - backlog.counted
        backlog.counted = waiting

    def _make_room(self, newest: Backlog) -> None:
        now = self.now()
        for backlog in list(self._waiting):
            self._count(backlog)
            backlog.look(now)
        rivals = self._waiting - ({newest} if newest.is_one_message else set())
        for backlog in sorted(rivals, key=lambda rival: rival.slowness(now), reverse=True):
            if self._total <= self.limits.total:
                return
            self._disconnect(backlog, Reason.CROWDED)

    def _disconnect(self, backlog: Backlog, reason: Reason) -> None:
        facts = {"reason": reason.value, "bytes": backlog.counted, "seconds": round(backlog.age(self.now()), 1)}
        logger.warning("a client that does not read was disconnected", extra=facts)
        self.disconnected[reason] += 1
        self.forget(backlog)
        backlog.disconnect()
