"""Wakes up readers when the event log has grown; a wake-up carries no data, because readers read the log."""

import asyncio
from typing import Protocol


class Notifier(Protocol):
    """Sends wake-ups and waits for them. A lost wake-up delays a reader by the poll interval, but loses no event."""

    def notify(self, *, has_timers: bool = False, is_passing: bool = False) -> None:
        """Wake up all readers; with ``has_timers`` also the task that fires timers.

        With ``is_passing`` another commit follows soon: readers may be notified of both at once.
        """
        ...

    def ticket(self) -> int:
        """A number to wait from: get it before a read, so that a wake-up during the read is not missed."""
        ...

    async def wait(self, ticket: int, timeout: float) -> None:
        """Return when a wake-up comes after the ticket, or after ``timeout`` seconds."""
        ...

    async def run(self) -> None:
        """Keep the notifier connected, until cancelled."""
        ...


PASSING = 0.01
"""Seconds that readers wait at most to hear of a passing state: to read the log and to execute a subscription costs
more than the commit, and a process that runs commits its next state within milliseconds."""


class LocalNotifier:
    """The notifier of a single server; the runtime itself wakes up the task that fires timers."""

    def __init__(self) -> None:
        self._count = 0
        self._event = asyncio.Event()
        self._passing: asyncio.TimerHandle | None = None

    def notify(self, *, has_timers: bool = False, is_passing: bool = False) -> None:
        """Wake up everything that waits, `PASSING` seconds later at most if another commit follows soon."""
        self._count += 1
        if not is_passing:
            self._wake()
        elif self._passing is None:
            self._passing = asyncio.get_running_loop().call_later(PASSING, self._wake)

    def _wake(self) -> None:
        if self._passing is not None:
            self._passing.cancel()
            self._passing = None
        self._event.set()
        self._event = asyncio.Event()

    def ticket(self) -> int:
        """The number of wake-ups so far."""
        return self._count

    async def wait(self, ticket: int, timeout: float) -> None:
        """Return when a wake-up comes after the ticket, or after ``timeout`` seconds."""
        if self._count != ticket:
            return
        event = self._event
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Do nothing: a notifier in memory has no connection."""
