"""What changed in one process since a cursor: only the steps, callbacks and input requests that changed."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.callbacks import Callback
from orchestrator_gql.graphql.types.event_pages import selected_rows, with_rows
from orchestrator_gql.graphql.types.events import Event, event_of
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.steps import ProcessStep
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import Event as Logged
from orchestrator_gql.types import EventKind

OF_CALLBACKS = (
    EventKind.CALLBACK_ISSUED, EventKind.CALLBACK_RECEIVED, EventKind.CALLBACK_VALIDATED, EventKind.CALLBACK_ENDED,
)  # fmt: skip
"""The events after which a callback is read again; a progress report is shown by its event."""


@strawberry.type(
    description="The changes of one process since a cursor. The lists hold the objects in their current state: replace "
    "the known ones by their ids."
)
class ProcessChanges:
    parent: strawberry.Private[Process]
    logged: strawberry.Private[Sequence[Logged]]
    cursor: str = strawberry.field(description="The position after these changes. Pass it as `after` next time.")
    has_more: bool = strawberry.field(description="True if there are more changes: ask again with `cursor`.")
    reset: bool = strawberry.field(
        description="True if the changes after `after` are no longer stored: read the whole process again."
    )

    @resolved(description="The events of the changes, the oldest first; an event of progress has the report.")
    async def events(self, info: Info) -> list[Event]:
        events = [event_of(event) for event in self.logged]
        selected = selected_rows(info)
        return await with_rows(info, events, selected) if selected else events

    @resolved(
        description="The steps that changed, and the steps that count as not reached again because the process was "
        "sent back or aborted; ordered by index."
    )
    async def steps(self, info: Info) -> list[ProcessStep]:
        changed = {event.payload["step_index"] for event in self.logged if event.kind is EventKind.STEP_CHANGED}
        moved = any(event.kind is EventKind.PROCESS_STATUS_CHANGED for event in self.logged)
        if not changed and not moved:
            return []
        row = self.parent.row
        executions = await info.context.loaders.executions.load(row.id)
        entered_again = {each.step_index for each in executions if each.step_index > row.position}
        shown: list[ProcessStep] = await self.parent.all_steps(info)
        is_cleaning_up = row.aborted_by is not None
        return [
            step
            for step in shown
            if step.index in changed | entered_again or (is_cleaning_up and moved and step.execution is None)
        ]

    @resolved(
        description="The number of all steps. If it is not the number of the known steps after the last changes, a "
        "deployment changed the workflow: read the whole process again."
    )
    async def step_count(self, info: Info) -> int:
        return len(await self.parent.all_steps(info))

    @resolved(
        description="The callbacks that were issued, got a result, were validated or ended, the oldest first. Progress "
        "does not count: its event has the report."
    )
    async def callbacks(self, info: Info) -> list[Callback]:
        ids = self._ids("callback_id", OF_CALLBACKS)
        rows = await info.context.loaders.callbacks.load(self.parent.row.id) if ids else []
        now = info.context.runtime.clock.now()
        return [Callback.of(row, now) for row in rows if row.id in ids]

    @resolved(description="The input requests that changed, the oldest first.")
    async def input_requests(self, info: Info) -> list[InputRequest]:
        ids = self._ids("input_request_id", tuple(EventKind))
        rows = await info.context.loaders.requests.load(self.parent.row.id) if ids else []
        return [InputRequest.of(row) for row in rows if row.id in ids]

    def _ids(self, key: str, kinds: Sequence[EventKind]) -> set[UUID]:
        return {UUID(event.payload[key]) for event in self.logged if event.kind in kinds and key in event.payload}


async def process_changes(info: Info, parent: Process, after: str, first: int | None) -> ProcessChanges:
    """The changes of the process after the cursor, of at most ``first`` events."""
    context = info.context
    size = PageArgs(200 if first is None else first).size
    wanted = EventFilter(process_ids=(parent.row.id,))
    page, is_reset = await event_reads.event_page(
        context.reading, context.principal, after=after, wanted=wanted, first=size
    )
    if page.events:
        parent = await _read_again(info, parent)
    return ProcessChanges(parent=parent, logged=page.events, cursor=page.cursor, has_more=page.has_more, reset=is_reset)


async def _read_again(info: Info, parent: Process) -> Process:
    """The process as it is after the events were read.

    The process and the rows that other fields needed were read before the events. A change in between has its event in
    the page, and the client never asks for it again, so the parts must not come from the rows before it.
    """
    loaders = info.context.loaders
    for loader in (loaders.process, loaders.whole, loaders.executions, loaders.callbacks, loaders.requests):
        loader.clear_all()
    row = await loaders.process.load(parent.row.id)
    return parent if row is None else Process.of(row)
