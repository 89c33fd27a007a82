"""Events: facts as of when they happened; what they are about is shown as it is now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from orchestrator_gql.events.stream import Batch
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.callbacks import (
    INLINE,
    Callback,
    CallbackProgress,
    CallbackValidation,
    callback_by_id,
    result_of,
    shown_piece,
)
from orchestrator_gql.graphql.types.common import Assignee, Failure, PageInfo, User
from orchestrator_gql.graphql.types.enums import InputRequestChange
from orchestrator_gql.graphql.types.input_requests import InputRequest, input_request_by_id
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.products import ProductSubscription, product_subscription_by_id
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.storage.columns import failure_from_json
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import CallbackStatus, EngineState, EventKind, ProcessStatus, StepStatus, Verdict
from orchestrator_gql.types import Event as Logged
from orchestrator_gql.utils.errors import NotFound


@strawberry.interface(description="A committed change. Its fields are facts as of then; `process` is as of now.")
class Event:
    logged: strawberry.Private[Logged]
    id: strawberry.ID = strawberry.field(description="The same as its cursor.")
    cursor: str = strawberry.field(description="Its place in the log; pass it as `after` to go on behind it.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    process_id: strawberry.ID | None = strawberry.field(description="Which process it is about.")

    @resolved(description="Who did it, where a person or machine did.")
    def actor(self) -> User | None:
        return User.named(self.logged.actor)

    @resolved(description="The process as it is now.")
    async def process(self, info: Info) -> Process | None:
        if self.logged.process_id is None:
            return None
        row = await info.context.loaders.process.load(self.logged.process_id)
        return Process.of(row) if row else None


def _failure(event: Event, info: Info) -> Failure | None:
    stored = event.logged.payload.get("failure")
    return Failure.of(failure_from_json(stored), info.context) if stored else None


@strawberry.type(description="A process was started.")
class ProcessCreatedEvent(Event):
    workflow_name: str = strawberry.field(description="Which workflow it runs.")


@strawberry.type(description="A process's status changed.")
class ProcessStatusChangedEvent(Event):
    from_process_status: ProcessStatus = strawberry.field(description="What it was.")
    to_process_status: ProcessStatus = strawberry.field(description="What it became.")
    version: int = strawberry.field(description="The process's version from then on.")

    @resolved(description="Why, where it failed.")
    def failure(self, info: Info) -> Failure | None:
        return _failure(self, info)


@strawberry.type(description="A step's status changed.")
class StepChangedEvent(Event):
    step_index: int = strawberry.field(description="Its place in the workflow.")
    step_name: str = strawberry.field(description="What its author calls it.")
    from_step_status: StepStatus | None = strawberry.field(description="What it was; null where it was just entered.")
    to_step_status: StepStatus = strawberry.field(description="What it became.")
    attempt: int = strawberry.field(description="How often it was tried.")
    state_delta: JSON | None = strawberry.field(description="What it added to or changed in the state.")

    @resolved(description="Why, where it failed.")
    def failure(self, info: Info) -> Failure | None:
        return _failure(self, info)


@strawberry.interface(description="A change of a callback.")
class CallbackEvent(Event):
    callback_id: strawberry.ID = strawberry.field(description="Which callback it is about.")

    @resolved(description="The callback as it is now.")
    async def callback(self, info: Info) -> Callback:
        found = await callback_by_id(info, self.callback_id)
        if found is None:
            raise NotFound("callback", self.callback_id)
        return found


@strawberry.type(description="A callback URL was made.")
class CallbackIssuedEvent(CallbackEvent):
    expires_at: datetime | None = strawberry.field(description="Until when it waits.")


@strawberry.type(description="A remote service said how far it is.")
class CallbackProgressedEvent(CallbackEvent):
    progress: CallbackProgress = strawberry.field(description="What it said.")


@strawberry.type(description="A result was accepted.")
class CallbackReceivedEvent(CallbackEvent):
    result_bytes: int = strawberry.field(description="How large it is.")
    is_truncated: bool = strawberry.field(description="It is too large for `result`.")
    is_early: bool = strawberry.field(
        description="It came before the process waited for it, or while the engine was paused."
    )

    @resolved(description="The result; null when over 64 KiB.")
    async def result(self, info: Info) -> JSON | None:
        return await result_of(info, await info.context.loaders.callback.load(UUID(self.callback_id)))

    @resolved(description="Its beginning, as JSON text.")
    async def result_preview(self, info: Info) -> str:
        row = await info.context.loaders.callback.load(UUID(self.callback_id))
        return await shown_piece(info, row, row.result_preview if row else None) or ""


@strawberry.type(description="A result was judged.")
class CallbackValidatedEvent(CallbackEvent):
    validation: CallbackValidation = strawberry.field(description="What the validation step said.")


@strawberry.type(description="A wait ended without a result.")
class CallbackEndedEvent(CallbackEvent):
    callback_status: CallbackStatus = strawberry.field(description="How it ended.")


@strawberry.interface(description="A change of an input request.")
class InputRequestEvent(Event):
    input_request_id: strawberry.ID = strawberry.field(description="Which input request it is about.")

    @resolved(description="The input request as it is now.")
    async def input_request(self, info: Info) -> InputRequest:
        found = await input_request_by_id(info, self.input_request_id)
        if found is None:
            raise NotFound("input request", self.input_request_id)
        return found


@strawberry.type(description="A person is asked.")
class InputRequestedEvent(InputRequestEvent):
    pass


@strawberry.type(description="A person decided.")
class InputDecidedEvent(InputRequestEvent):
    verdict: Verdict = strawberry.field(description="What was decided.")


@strawberry.type(description="An open input request changed.")
class InputRequestChangedEvent(InputRequestEvent):
    change: InputRequestChange = strawberry.field(description="What happened to it.")
    assignee: Assignee | None = strawberry.field(description="Who should answer it from then on.")


@strawberry.type(description="A process's note changed.")
class ProcessNoteChangedEvent(Event):
    note: str | None = strawberry.field(description="What it says from then on.")


@strawberry.type(description="A product subscription changed.")
class ProductSubscriptionChangedEvent(Event):
    product_subscription_id: strawberry.ID = strawberry.field(description="Which one it is about.")

    @resolved(description="The product subscription as it is now.")
    async def product_subscription(self, info: Info) -> ProductSubscription:
        return await product_subscription_by_id(info, UUID(self.product_subscription_id))


@strawberry.type(description="The engine was paused or resumed, or the last step of a pausing one ended.")
class EngineStateChangedEvent(Event):
    engine_state: EngineState = strawberry.field(description="Where it stands from then on.")
    reason: str | None = strawberry.field(description="Why, where somebody said so.")


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _input_request_changed(payload: dict[str, Any]) -> dict[str, Any]:
    assignee = payload.get("assignee")
    return {
        "input_request_id": payload["input_request_id"],
        "change": InputRequestChange(payload["change"]),
        "assignee": Assignee.of(assignee) if assignee else None,
    }


SHAPES: dict[EventKind, tuple[type[Event], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    EventKind.PROCESS_CREATED: (ProcessCreatedEvent, lambda payload: {"workflow_name": payload["workflow_name"]}),
    EventKind.PROCESS_STATUS_CHANGED: (
        ProcessStatusChangedEvent,
        lambda payload: {
            "from_process_status": ProcessStatus(payload["from"]),
            "to_process_status": ProcessStatus(payload["to"]),
            "version": payload["version"],
        },
    ),
    EventKind.STEP_CHANGED: (
        StepChangedEvent,
        lambda payload: {
            "step_index": payload["step_index"],
            "step_name": payload["step_name"],
            "from_step_status": StepStatus(payload["from"]) if payload["from"] else None,
            "to_step_status": StepStatus(payload["to"]),
            "attempt": payload["attempt"],
            "state_delta": payload["state_delta"],
        },
    ),
    EventKind.CALLBACK_ISSUED: (
        CallbackIssuedEvent,
        lambda payload: {"callback_id": payload["callback_id"], "expires_at": _instant(payload["expires_at"])},
    ),
    EventKind.CALLBACK_PROGRESSED: (
        CallbackProgressedEvent,
        lambda payload: {"callback_id": payload["callback_id"], "progress": CallbackProgress.of(payload["progress"])},
    ),
    EventKind.CALLBACK_RECEIVED: (
        CallbackReceivedEvent,
        lambda payload: {
            "callback_id": payload["callback_id"],
            "result_bytes": payload["bytes"],
            "is_truncated": payload["bytes"] > INLINE,
            "is_early": payload["is_early"],
        },
    ),
    EventKind.CALLBACK_VALIDATED: (
        CallbackValidatedEvent,
        lambda payload: {
            "callback_id": payload["callback_id"],
            "validation": CallbackValidation.of(payload["validation"]),
        },
    ),
    EventKind.CALLBACK_ENDED: (
        CallbackEndedEvent,
        lambda payload: {"callback_id": payload["callback_id"], "callback_status": CallbackStatus(payload["status"])},
    ),
    EventKind.INPUT_REQUESTED: (InputRequestedEvent, lambda payload: {"input_request_id": payload["input_request_id"]}),
    EventKind.INPUT_DECIDED: (
        InputDecidedEvent,
        lambda payload: {"input_request_id": payload["input_request_id"], "verdict": Verdict(payload["verdict"])},
    ),
    EventKind.INPUT_REQUEST_CHANGED: (InputRequestChangedEvent, _input_request_changed),
    EventKind.PROCESS_NOTE_CHANGED: (ProcessNoteChangedEvent, lambda payload: {"note": payload["note"]}),
    EventKind.PRODUCT_SUBSCRIPTION_CHANGED: (
        ProductSubscriptionChangedEvent,
        lambda payload: {"product_subscription_id": payload["product_subscription_id"]},
    ),
    EventKind.ENGINE_STATE_CHANGED: (
        EngineStateChangedEvent,
        lambda payload: {"engine_state": EngineState(payload["state"]), "reason": payload["reason"]},
    ),
}

EVENT_TYPES: list[type[Event]] = [shape for shape, _ in SHAPES.values()]


def event_of(logged: Logged) -> Event:
    """The entry of the log as clients see it."""
    shape, facts = SHAPES[logged.kind]
    return shape(
        logged=logged,
        id=strawberry.ID(logged.cursor),
        cursor=logged.cursor,
        occurred_at=logged.at,
        process_id=strawberry.ID(str(logged.process_id)) if logged.process_id else None,
        **facts(logged.payload),
    )


@strawberry.type(description="Events that were committed, in order, and where the stream stands behind them.")
class EventBatch:
    events: list[Event] = strawberry.field(description="Oldest first.")
    cursor: str = strawberry.field(description="Pass as `after` to go on behind this batch.")
    caught_up: bool = strawberry.field(description="There was nothing more: what comes next is live.")
    reset: bool = strawberry.field(
        description="`after` is older than the log keeps: fetch anew, then go on from `cursor`."
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
    cursor: str = strawberry.field(description="The event's place in the log.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="A page of the event log.")
class EventConnection:
    edges: list[EventEdge] = strawberry.field(description="The events with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    reset: bool = strawberry.field(description="`after` is older than the log keeps.")

    @resolved(description="The events alone.")
    def nodes(self) -> list[Event]:
        return [edge.node for edge in self.edges]


async def event_connection(info: Info, after: str | None, wanted: EventFilter, first: int | None) -> EventConnection:
    """A page of the event log behind the cursor."""
    context = info.context
    size = PageArgs(100 if first is None else first).size
    page, is_reset = await event_reads.event_page(
        context.reading, context.principal, after=after, wanted=wanted, first=size
    )
    edges = [EventEdge(cursor=event.cursor, node=event_of(event)) for event in page.events]
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
