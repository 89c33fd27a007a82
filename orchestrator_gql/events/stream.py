"""The event log as a stream: the stored events, then new events, without a gap between them.

A reader gets a ticket from the notifier, reads behind its cursor, and waits from the ticket: a commit between the read
and the wait has sent its wake-up after the ticket, so the wait returns at once. A reader has no queue. The log is the
buffer, so a slow reader reads later and uses no memory meanwhile.
"""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from orchestrator_gql.events.notifier import Notifier
from orchestrator_gql.storage import events
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.events import EventFilter, Page
from orchestrator_gql.types import Event

BATCH = 200
"""Events that one batch contains at most."""

POLL = 1.0
"""Seconds after which the log is read without a wake-up."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in commit order and the cursor behind them.

    ``caught_up``: the log had no more events. ``reset``: events behind the cursor of the reader were deleted, so the
    data of the reader may be incomplete; the stream goes on from ``cursor``.
    """

    events: tuple[Event, ...]
    cursor: str
    caught_up: bool
    reset: bool = False

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
            replace(self, events=first, cursor=first[-1].cursor, caught_up=False),
            replace(self, events=second, reset=False),
        )


async def follow(
    database: Database, notifier: Notifier, *, after: str | None, wanted: EventFilter, goes_on: bool = False
) -> AsyncGenerator[Batch, None]:
    """An endless stream of batches behind the cursor; without a cursor, of new events.

    The first batch comes at once, perhaps without events, and gives the cursor of the stream. With ``goes_on`` the
    reader has had this batch before, and an empty one is left out. A reader that had to read on learns when it has
    caught up, perhaps by a batch without events. Raises `CursorInvalid` for a malformed cursor.
    """
    ticket = notifier.ticket()
    batch = await _first(database, after, wanted)
    is_known = True
    if batch.events or batch.reset or not goes_on:
        is_known = batch.caught_up
        yield batch
    cursor = batch.cursor
    while True:
        if batch.caught_up:
            await notifier.wait(ticket, POLL)
        ticket = notifier.ticket()
        batch = await read_batch(database, cursor, wanted)
        cursor = batch.cursor
        if batch.events or batch.reset or (batch.caught_up and not is_known):
            is_known = batch.caught_up
            yield batch


async def _first(database: Database, after: str | None, wanted: EventFilter) -> Batch:
    if after is None:
        return Batch((), await database.read(events.end), caught_up=True)
    if await database.read(lambda conn: events.is_forgotten(conn, after)):
        return await _reset(database)
    return await read_batch(database, after, wanted)


async def read_batch(database: Database, cursor: str, wanted: EventFilter) -> Batch:
    """The next events of the log behind the cursor, at most `BATCH`; a reset if some of them were deleted."""

    def read(conn: Connection) -> Page | None:
        page = events.after(conn, cursor, wanted, BATCH)
        # The newest event is never deleted, so a reader cannot move past deleted events without finding it.
        has_gap = page.cursor != cursor and events.is_pruned(conn, cursor)
        return None if has_gap else page

    page = await database.read(read)
    if page is None:
        return await _reset(database)
    return Batch(page.events, page.cursor, caught_up=not page.has_more)


async def _reset(database: Database) -> Batch:
    return Batch((), await database.read(events.end), caught_up=True, reset=True)
