"""The event log, as a stream and in pages."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from orchestrator_gql.events.feed import Feed, Follower
from orchestrator_gql.events.stream import Batch, follow, read_batch
from orchestrator_gql.reads.weight import Places, Weight, weighing
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events
from orchestrator_gql.storage.events import BEGINNING, EventFilter, Page, place_of

SEARCHED = 20
"""Parts of the log that are searched for the first event of a page: 100,000 events."""


def followed(
    runtime: Runtime, principal: Principal, *, after: str | None, wanted: EventFilter, goes_on: bool = False
) -> AsyncGenerator[Batch, None]:
    """An endless stream of batches: the events after the cursor that fit the filter; see `stream.follow`."""
    principal.demand(Permission.READ)
    return follow(runtime.database, runtime.notifier, after=after, wanted=wanted, goes_on=goes_on)


def feed_of(runtime: Runtime, places: Places) -> Feed:
    """The feed of the server: it reads the log once for all its followers."""
    settings = runtime.settings
    weight = Weight(settings.max_answer_bytes, places, largest=settings.max_callback_bytes)
    database = weighing(runtime, weight).database

    async def read(cursor: str) -> Batch:
        try:
            return await read_batch(database, cursor, EventFilter())
        finally:
            weight.finish()

    return Feed(runtime.notifier, read)


def follower_of(feed: Feed, runtime: Runtime, principal: Principal, *, after: str, wanted: EventFilter) -> Follower:
    """A follower of the feed, for the events after the cursor that fit the filter."""
    principal.demand(Permission.READ)
    return feed.follower(runtime.database, after=after, wanted=wanted)


async def between(
    runtime: Runtime, principal: Principal, *, after: str, until: str, wanted: EventFilter
) -> AsyncGenerator[Batch, None]:
    """The events after the first cursor, up to and with the second cursor, that fit the filter."""
    principal.demand(Permission.READ)
    end, cursor = place_of(until), after
    while place_of(cursor) < end:
        batch = await read_batch(runtime.database, cursor, wanted)
        cursor = batch.cursor
        if batch.reset:
            yield replace(batch, cursor=until)
            return
        kept = tuple(event for event in batch.events if place_of(event.cursor) <= end)
        if kept:
            is_whole = len(kept) == len(batch.events)
            yield replace(
                batch,
                events=kept,
                cursor=min(cursor, until, key=place_of),
                caught_up=batch.caught_up and is_whole,
            )
        if batch.caught_up:
            return


async def event_page(
    runtime: Runtime, principal: Principal, *, after: str | None, wanted: EventFilter, first: int
) -> tuple[Page, bool]:
    """At most ``first`` events after the cursor, or from the beginning, and whether the log lost events before them.

    If no event fits, it searches `SEARCHED` parts of the log, and the page may have more.
    """
    principal.demand(Permission.READ)

    def begin(conn: Connection) -> tuple[Page, bool]:
        is_reset = after is not None and events.is_forgotten(conn, after)
        return events.after(conn, BEGINNING if after is None else after, wanted, first), is_reset

    page, is_reset = await runtime.database.read(begin)
    for _ in range(SEARCHED - 1):
        if page.events or not page.has_more or not first:
            break
        page = await runtime.database.read(partial(events.after, cursor=page.cursor, filters=wanted, limit=first))
    return page, is_reset
