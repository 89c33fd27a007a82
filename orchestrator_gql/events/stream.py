"""The event log as a stream: what was, then what comes, without a seam between them.

A reader takes a ticket from the bell, reads behind its cursor, and waits from the ticket: whatever is committed
between the read and the wait has rung the bell already. There is no queue per reader. The log is the buffer, so a slow
reader reads later and costs nothing meanwhile.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from orchestrator_gql.events.notifier import Notifier
from orchestrator_gql.storage import events
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event

BATCH = 200
POLL = 1.0
"""Seconds after which the log is read though no bell rang."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in commit order and the cursor behind them.

    ``caught_up``: there was nothing more to read. ``reset``: events behind the reader's cursor are gone, so what it
    knows may be incomplete; it goes on from ``cursor``.
    """

    events: tuple[Event, ...]
    cursor: str
    caught_up: bool
    reset: bool = False

    def halves(self) -> tuple["Batch", "Batch"]:
        """The same events in two batches, for a reader to whom they are too much at once."""
        middle = len(self.events) // 2
        first, second = self.events[:middle], self.events[middle:]
        return (
            replace(self, events=first, cursor=first[-1].cursor, caught_up=False),
            replace(self, events=second, reset=False),
        )


async def follow(
    database: Database, notifier: Notifier, *, after: str | None, wanted: EventFilter
) -> AsyncGenerator[Batch, None]:
    """Batches behind the cursor for ever; without a cursor, from now on.

    The first batch comes at once, perhaps empty, to say where the stream is. `CursorInvalid` for a malformed cursor.
    """
    ticket = notifier.ticket()
    batch = await _first(database, after, wanted)
    yield batch
    cursor = batch.cursor
    while True:
        if batch.caught_up:
            await notifier.wait(ticket, POLL)
        ticket = notifier.ticket()
        batch = await _next(database, cursor, wanted)
        cursor = batch.cursor
        if batch.events:
            yield batch


async def _first(database: Database, after: str | None, wanted: EventFilter) -> Batch:
    if after is None:
        return Batch((), await database.read(events.end), caught_up=True)
    if await database.read(lambda conn: events.is_forgotten(conn, after)):
        return Batch((), await database.read(events.end), caught_up=True, reset=True)
    return await _next(database, after, wanted)


async def _next(database: Database, cursor: str, wanted: EventFilter) -> Batch:
    page = await database.read(lambda conn: events.after(conn, cursor, wanted, BATCH))
    return Batch(page.events, page.cursor, caught_up=not page.has_more)
