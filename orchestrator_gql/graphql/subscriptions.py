"""The subscriptions: the event stream and the numbers of the dashboard."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import strawberry
from graphql import ExecutionResult, Executor, GraphQLResolveInfoHelpers

from orchestrator_gql.graphql.context import Context, Info
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.planned_executor import PlannedExecutor
from orchestrator_gql.graphql.projection import projection_of
from orchestrator_gql.graphql.types.enums import StatsWindow
from orchestrator_gql.graphql.types.event_pages import EventBatch, selected_rows, with_rows
from orchestrator_gql.graphql.types.filters import EventFilter
from orchestrator_gql.graphql.types.resolving import subscription
from orchestrator_gql.graphql.types.stats import WINDOWS, Stats
from orchestrator_gql.graphql.weighing_executor import NO_HELPERS
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.storage.events import EventFilter as LogFilter

PIECE = 20
"""Events of an old batch that are executed before other tasks of the server run, unless they cost next to nothing: all
objects whose rows are read together go on in one turn of the loop."""

STATS_PAUSE = 1.0
"""Seconds between two messages of the numbers."""

STATS_POLL = 10.0
"""Seconds after which the numbers are counted even if nothing changed: a deadline can pass without a change."""


@strawberry.type(description="The subscriptions.")
class Subscription:
    @subscription(
        description="Every committed change in commit order, without gaps and without repetition. `after` continues "
        "right after that cursor; without it the stream starts now. The first message comes at once, even if it has "
        "no events: it shows that the stream works, and its position. Over server-sent events the cursor is the id "
        "of each message, and the header `Last-Event-ID` replaces `after`."
    )
    async def process_events(
        self,
        info: Info,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Continue right after this cursor; null starts with the events from now on."
            ),
        ] = None,
        filter: Annotated[
            EventFilter | None,
            strawberry.argument(description="The conditions that an event must meet; null selects every event."),
        ] = None,
    ) -> AsyncGenerator[EventBatch, None]:
        context = info.context
        wanted = filter.read() if filter else LogFilter()
        # `after` is where the client began, and it may have received many batches since then.
        after = context.last_event_id or after
        selected = selected_rows(info)
        if context.source is not None:
            batches = context.source(context, wanted)
        else:
            batches = event_reads.followed(context.reading, context.principal, after=after, wanted=wanted)
        async with aclosing(batches):
            async for batch in batches:
                is_cheap = context.caught_up or context.is_plain
                parts = [batch] if is_cheap else [*batch.pieces(PIECE)][::-1]
                while parts:
                    part = parts.pop()
                    context.renew()
                    context.cursor, context.caught_up = part.cursor, part.caught_up
                    context.batches += 1
                    context.weight.may_be_divided = len(part.events) > 1
                    shown = EventBatch.of(part)
                    if selected:
                        shown.events = await with_rows(info, shown.events, selected)
                    yield shown
                    if context.weight.was_over and context.weight.may_be_divided:
                        parts += reversed(part.halves())  # the response was too large and was not sent
                    await _take_turns(context)

    @subscription(
        description="The numbers at the top of the dashboard, with ended processes of the last 24 hours. At most one "
        "message a second, always with the newest numbers."
    )
    async def stats(self, info: Info) -> AsyncGenerator[Stats, None]:
        context = info.context
        period = WINDOWS[StatsWindow.LAST_24_HOURS]
        while True:
            ticket = context.runtime.notifier.ticket()
            counts = await process_reads.counts(context.runtime, context.principal, period)
            yield Stats.of(counts, context.runtime.clock.now(), period)
            await asyncio.sleep(STATS_PAUSE)
            await context.runtime.notifier.wait(ticket, STATS_POLL)


async def _take_turns(context: Context) -> None:
    """Wait before the next batch of events that happened long ago; a subscriber that has caught up does not wait."""
    if context.caught_up:
        context.pace.renew()
    else:
        await context.pace.pause()


class EventExecutor(PlannedExecutor):
    """Executes each event of a subscription with its own memory of subfields.

    graphql-core 3.3.2 copies the executor of the subscription for each event, and all copies share one dict of
    collected subfields. Its keys are the ids of lists that are made for each event, so no event finds the entries of
    another event: the dict only grows, by 0.7 kB for each event, until the subscription ends. If a version does not
    share this dict, nothing changes. `test_graphql_core_still_needs_the_event_executor` fails when this class is no
    longer needed.

    The response to an event is made by the `Projection` of the operation, if it has one for the types of the events.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._projection = projection_of(self) if self.operation.operation is Kind.SUBSCRIPTION else None
        self.context_value.is_plain = self._projection is not None and self._projection.is_whole

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Replace the shared dict in the copy for one event; the copy gets the helpers when it executes something."""
        self.async_helpers = NO_HELPERS  # they hold this executor, which would need the garbage collector at its end
        executor = super().build_per_event_executor(payload)
        shared = getattr(self, "_relevant_sub_fields", None)
        if type(shared) is dict and getattr(executor, "_relevant_sub_fields", None) is shared:
            executor._relevant_sub_fields = {}
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Make the response to an event by the projection, if there is one and the response is not too large."""
        projected = None if self._projection is None else self._projection.data(self.root_value)
        if projected is not None:
            data, size = projected
            weight = self.context_value.weight
            if weight.written + size <= weight.limit:
                weight.write(size)
                return ExecutionResult(data, None)
        if self.async_helpers is NO_HELPERS:
            self.async_helpers = GraphQLResolveInfoHelpers(self.gather_async_work, self.track_async_work)
        return super().execute_operation(serially)
