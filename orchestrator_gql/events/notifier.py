"""The bell that says that the event log grew. It carries nothing: readers look into the log."""

import asyncio
from typing import Protocol


class Notifier(Protocol):
    """Rings and is waited for; a lost ring costs a reader the poll interval, never an event."""

    def notify(self, *, has_timers: bool = False) -> None:
        """Say that the log grew and, where that is so, that a timer was stored."""
        ...

    def ticket(self) -> int:
        """What to wait from: take it before reading, so that a ring during the read is not missed."""
        ...

    async def wait(self, ticket: int, timeout: float) -> None:
        """Return once the bell rang after the ticket, or after so many seconds."""
        ...

    async def run(self) -> None:
        """Keep up what the bell needs, until cancelled."""
        ...


class LocalNotifier:
    """The bell of one process; its timekeeper is told by the runtime."""

    def __init__(self) -> None:
        self._count = 0
        self._event = asyncio.Event()

    def notify(self, *, has_timers: bool = False) -> None:
        """Wake everybody who waits."""
        self._count += 1
        self._event.set()
        self._event = asyncio.Event()

    def ticket(self) -> int:
        """The number of rings so far."""
        return self._count

    async def wait(self, ticket: int, timeout: float) -> None:
        """Until the next ring after the ticket, at most ``timeout`` seconds."""
        if self._count != ticket:
            return
        event = self._event
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Nothing: a bell in memory needs no upkeep."""
