"""The event log as a stream: the stored events, then new events, without a gap between them.

A reader gets a ticket from the notifier, reads behind its cursor, and waits from the ticket: a commit between the read
and the wait has sent its wake-up after the ticket, so the wait returns at once. A reader has no queue. The log is the
buffer, so a slow reader reads later and uses no memory meanwhile.
"""

from collections.abc import AsyncGenerator, Iterator, Sized
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from orchestrator_gql.events.notifier import Notifier
from orchestrator_gql.storage import events, next_events
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event

BATCH = 200
"""Events that one batch contains at most."""

POLL = 1.0
"""Seconds after which the log is read without a wake-up."""

HELD_BACK = 0.02
"""Seconds after which the log is read again if an open transaction holds back events: its end sends no wake-up if it
wrote no event, or belongs to another database. As long as nothing new can be read, they are doubled up to `POLL`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in commit order and the cursor behind them.

    ``caught_up``: the log had no more events. ``reset``: events behind the cursor of the reader were deleted, so the
    data of the reader may be incomplete; the stream goes on from ``cursor``. ``is_held_back``: the log has committed
    events behind the batch, but an older transaction is open that could still write events before them.
    """

    events: tuple[Event, ...]
    cursor: str
    caught_up: bool
    reset: bool = False
    is_held_back: bool = False

    def halves(self) -> tuple["Batch", "Batch"]:
        """The same events in two batches, for a reader that cannot take them at once."""
        return self._split(len(self.events) // 2)

    def pieces(self, most: int) -> Iterator["Batch"]:
        """The same events in batches of so many at most."""
        rest = self
        while len(rest.events) > most:
            piece, rest = rest._split(most)
            yield piece
        yield rest

    def _split(self, at: int) -> tuple["Batch", "Batch"]:
        first, second = self.events[:at], self.events[at:]
        return (
            replace(self, events=first, cursor=first[-1].cursor, caught_up=False, is_held_back=False),
            replace(self, events=second, reset=False),
        )


class Pause:
    """How long a reader of the log waits at most for a wake-up."""

    def __init__(self) -> None:
        self._held_back = HELD_BACK

    def behind(self, found: Sized, *, is_held_back: bool) -> float:
        """The seconds to wait after a read that found these events, the last of the log that can be read."""
        if found or not is_held_back:
            self._held_back = HELD_BACK
        if not is_held_back:
            return POLL
        seconds, self._held_back = self._held_back, min(2 * self._held_back, POLL)
        return seconds


async def follow(
    database: Database, notifier: Notifier, *, after: str | None, wanted: EventFilter, goes_on: bool = False
) -> AsyncGenerator[Batch, None]:
    """An endless stream of batches behind the cursor; without a cursor, of new events.

    The first batch comes at once, perhaps without events, and gives the cursor of the stream. With ``goes_on`` the
    reader has had this batch before, and an empty one is left out. A reader that had to read on learns when it has
    caught up, perhaps by a batch without events. Raises `CursorInvalid` for a malformed cursor.
    """
    ticket, pause = notifier.ticket(), Pause()
    batch = await _first(database, after, wanted)
    is_known = True
    if batch.events or batch.reset or not goes_on:
        is_known = batch.caught_up
        yield batch
    cursor = batch.cursor
    while True:
        if batch.caught_up:
            await notifier.wait(ticket, pause.behind(batch.events, is_held_back=batch.is_held_back))
        ticket = notifier.ticket()
        batch = await read_batch(database, cursor, wanted)
        cursor = batch.cursor
        if batch.events or batch.reset or (batch.caught_up and not is_known):
            is_known = batch.caught_up
            yield batch


async def _first(database: Database, after: str | None, wanted: EventFilter) -> Batch:
    if after is None:
        return await _end(database)
    if await database.read(lambda conn: events.is_forgotten(conn, after)):
        return await _end(database, reset=True)
    return await read_batch(database, after, wanted)


async def read_batch(database: Database, cursor: str, wanted: EventFilter) -> Batch:
    """The next events of the log behind the cursor, at most `BATCH`; a reset if some of them were deleted."""

    def read(conn: Connection) -> Batch | None:
        page = events.after(conn, cursor, wanted, BATCH)
        # The newest event is never deleted, so a reader cannot move past deleted events without finding it.
        if page.cursor != cursor and events.is_pruned(conn, cursor):
            return None
        is_held_back = not page.has_more and next_events.is_held_back(conn)
        return Batch(page.events, page.cursor, caught_up=not page.has_more, is_held_back=is_held_back)

    return await database.read(read) or await _end(database, reset=True)


async def _end(database: Database, *, reset: bool = False) -> Batch:
    """No events, and the cursor behind the last event that can be read."""

    def read(conn: Connection) -> Batch:
        cursor, is_held_back = events.end(conn), next_events.is_held_back(conn)
        return Batch((), cursor, caught_up=True, reset=reset, is_held_back=is_held_back)

    return await database.read(read)
