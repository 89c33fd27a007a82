"""The pages of the event log, and the batches of a subscription to it."""

import asyncio
from collections.abc import Awaitable, Iterable
from uuid import UUID

import strawberry

from orchestrator_gql.events.stream import Batch
from orchestrator_gql.graphql import documents
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import PageInfo
from orchestrator_gql.graphql.types.events import CallbackEvent, Event, InputRequestEvent, event_of
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.pagination import PageArgs

CALLBACK_FIELD, REQUEST_FIELD = "callback", "inputRequest"
"""The fields that lead from an event to its row: they cannot be null."""


def selected_rows(info: Info) -> frozenset[str]:
    """The names of those fields that the document selects."""
    raw = info._raw_info
    return documents.selected_names([raw.operation, *raw.fragments.values()]) & {CALLBACK_FIELD, REQUEST_FIELD}


async def with_rows(info: Info, events: Iterable[Event], selected: frozenset[str]) -> list[Event]:
    """The events without those whose selected row retention deleted after they were read.

    The loaders keep the other rows.
    """
    shown, loaders = list(events), info.context.loaders
    rows: dict[int, Awaitable[object]] = {}
    for place, event in enumerate(shown):
        if isinstance(event, CallbackEvent) and CALLBACK_FIELD in selected:
            rows[place] = loaders.callback.load(UUID(event.callback_id))
        elif isinstance(event, InputRequestEvent) and REQUEST_FIELD in selected:
            rows[place] = loaders.request.load(UUID(event.input_request_id))
    if not rows:
        return shown
    found = dict(zip(rows, await asyncio.gather(*rows.values()), strict=True))
    return [event for place, event in enumerate(shown) if found.get(place, event) is not None]


@strawberry.type(description="Committed events in order, and the position of the stream after them.")
class EventBatch:
    events: list[Event] = strawberry.field(description="The events, the oldest first; it may be empty.")
    cursor: str = strawberry.field(description="The position after this batch. Pass it as `after` to continue.")
    caught_up: bool = strawberry.field(
        description="True if there were no more stored events: the next batch holds new events."
    )
    reset: bool = strawberry.field(
        description="True if the events after `after` are no longer stored. Read the objects again, then continue "
        "from `cursor`."
    )

    @classmethod
    def of(cls, batch: Batch) -> "EventBatch":
        return cls(
            events=[event_of(event) for event in batch.events],
            cursor=batch.cursor,
            caught_up=batch.caught_up,
            reset=batch.reset,
        )


@strawberry.type(description="One event of a page.")
class EventEdge:
    cursor: str = strawberry.field(description="The position of the event in the event log.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="A page of the event log.")
class EventConnection:
    edges: list[EventEdge] = strawberry.field(description="The events of the page with their cursors.")
    page_info: PageInfo = strawberry.field(description="The position of the page in the event log.")
    reset: bool = strawberry.field(
        description="True if the events after `after` are no longer stored; read the objects again."
    )

    @resolved(description="The events of the page without cursors.")
    def nodes(self) -> list[Event]:
        return [edge.node for edge in self.edges]


async def event_connection(info: Info, after: str | None, wanted: EventFilter, first: int | None) -> EventConnection:
    """A page of the event log after the cursor, of at most ``first`` events."""
    context = info.context
    size = PageArgs(100 if first is None else first).size
    page, is_reset = await event_reads.event_page(
        context.reading, context.principal, after=after, wanted=wanted, first=size
    )
    events = [event_of(event) for event in page.events]
    if selected := selected_rows(info):
        events = await with_rows(info, events, selected)
    edges = [EventEdge(cursor=event.cursor, node=event) for event in events]
    return EventConnection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_more,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=page.cursor,
        ),
        reset=is_reset,
    )
