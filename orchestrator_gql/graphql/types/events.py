"""The types of events, which show the values at the time of the change."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.callback_results import INLINE, result_of
from orchestrator_gql.graphql.types.callbacks import (
    Callback,
    CallbackProgress,
    CallbackValidation,
    callback_by_id,
    shown_piece,
)
from orchestrator_gql.graphql.types.common import Assignee, Failure, User
from orchestrator_gql.graphql.types.enums import InputRequestChange
from orchestrator_gql.graphql.types.input_requests import InputRequest, input_request_by_id
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.products import ProductSubscription, product_subscription_by_id
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.storage.columns import failure_from_json
from orchestrator_gql.types import CallbackStatus, EngineState, EventKind, ProcessStatus, StepStatus, Verdict
from orchestrator_gql.types import Event as Logged


@strawberry.interface(
    description="A committed change. Its own fields show the values at the time of the change; fields that lead to "
    "objects, such as `process`, show their current state."
)
class Event:
    logged: strawberry.Private[Logged]
    id: strawberry.ID = strawberry.field(description="The id of the event; equal to `cursor`.")
    cursor: str = strawberry.field(
        description="The position in the event log. Pass it as `after` to continue after this event."
    )
    occurred_at: datetime = strawberry.field(description="The time of the change.")
    process_id: strawberry.ID | None = strawberry.field(
        description="The id of the process; null if the event is about no process."
    )

    @resolved(description="The person or machine that made the change; null if the engine made it.")
    def actor(self) -> User | None:
        return User.named(self.logged.actor)

    @resolved(description="The process in its current state; null if the event is about no process.")
    async def process(self, info: Info) -> Process | None:
        return await Process.by_id(info, self.logged.process_id)


def _failure(event: Event, info: Info) -> Failure | None:
    stored = event.logged.payload.get("failure")
    return Failure.of(failure_from_json(stored), info.context) if stored else None


@strawberry.type(description="A process was started.")
class ProcessCreatedEvent(Event):
    workflow_name: str = strawberry.field(description="The name of the workflow that the process runs.")

    @resolved(description="The subject of the process.")
    def subject(self, info: Info) -> str:
        return info.context.redacted(self.logged.payload.get("subject") or self.workflow_name)


@strawberry.type(description="The status of a process changed.")
class ProcessStatusChangedEvent(Event):
    from_process_status: ProcessStatus = strawberry.field(description="The status before.")
    to_process_status: ProcessStatus = strawberry.field(description="The status after.")
    version: int = strawberry.field(description="The version of the process after the change.")

    @resolved(description="The reason for the failure; null if nothing failed.")
    def failure(self, info: Info) -> Failure | None:
        return _failure(self, info)


@strawberry.type(description="The status of a step changed.")
class StepChangedEvent(Event):
    step_index: int = strawberry.field(description="The position of the step in the workflow, counted from 0.")
    step_name: str = strawberry.field(description="The name of the step.")
    from_step_status: StepStatus | None = strawberry.field(
        description="The status before; null if the step has just started."
    )
    to_step_status: StepStatus = strawberry.field(description="The status after.")
    attempt: int = strawberry.field(description="The number of tries so far.")
    state_delta: JSON | None = strawberry.field(
        description="The values that the step added to the state or changed in it; null if there are none."
    )

    @resolved(description="The reason for the failure; null if nothing failed.")
    def failure(self, info: Info) -> Failure | None:
        return _failure(self, info)


@strawberry.interface(description="A change of a callback.")
class CallbackEvent(Event):
    callback_id: strawberry.ID = strawberry.field(description="The id of the callback.")

    @resolved(description="The callback in its current state.")
    async def callback(self, info: Info) -> Callback:
        return await callback_by_id(info, self.callback_id)


@strawberry.type(description="A callback was issued: its URL was created.")
class CallbackIssuedEvent(CallbackEvent):
    expires_at: datetime | None = strawberry.field(description="The deadline for the result; null if there is none.")


@strawberry.type(description="A remote service reported progress.")
class CallbackProgressedEvent(CallbackEvent):
    progress: CallbackProgress = strawberry.field(description="The progress report.")


@strawberry.type(description="The result of a callback was accepted.")
class CallbackReceivedEvent(CallbackEvent):
    result_bytes: int = strawberry.field(description="The size of the result in bytes.")
    is_truncated: bool = strawberry.field(
        description="True if the result is larger than 64 KiB; then `result` is null and `callback { resultText }` "
        "returns it in parts."
    )
    is_early: bool = strawberry.field(
        description="True if the result came before the process waited for it, or while the engine was paused."
    )

    @resolved(description="The result; null if it is larger than 64 KiB.")
    async def result(self, info: Info) -> JSON | None:
        return await result_of(info, await info.context.loaders.callback.load(UUID(self.callback_id)))

    @resolved(description="The beginning of the result as JSON text.")
    async def result_preview(self, info: Info) -> str:
        row = await info.context.loaders.callback.load(UUID(self.callback_id))
        return await shown_piece(info, row, row.result_preview if row else None) or ""


@strawberry.type(description="The validation step decided about a result.")
class CallbackValidatedEvent(CallbackEvent):
    validation: CallbackValidation = strawberry.field(description="The decision of the validation step.")


@strawberry.type(description="The wait for a callback ended without a result.")
class CallbackEndedEvent(CallbackEvent):
    callback_status: CallbackStatus = strawberry.field(
        description="The status of the callback after the end of the wait."
    )


@strawberry.interface(description="A change of an input request.")
class InputRequestEvent(Event):
    input_request_id: strawberry.ID = strawberry.field(description="The id of the input request.")

    @resolved(description="The input request in its current state.")
    async def input_request(self, info: Info) -> InputRequest:
        return await input_request_by_id(info, self.input_request_id)


@strawberry.type(description="An input request was created: a person must answer a form.")
class InputRequestedEvent(InputRequestEvent):
    pass


@strawberry.type(description="A person or a policy decided an input request.")
class InputDecidedEvent(InputRequestEvent):
    verdict: Verdict = strawberry.field(description="The decision: approved, rejected or sent back.")


@strawberry.type(description="An open input request changed.")
class InputRequestChangedEvent(InputRequestEvent):
    change: InputRequestChange = strawberry.field(description="The change of the input request.")
    assignee: Assignee | None = strawberry.field(
        description="The team that should answer after the change; null if the change did not set one."
    )


@strawberry.type(description="The note of a process changed.")
class ProcessNoteChangedEvent(Event):
    note: str | None = strawberry.field(description="The new note; null if it was removed.")


@strawberry.type(description="A product subscription changed.")
class ProductSubscriptionChangedEvent(Event):
    product_subscription_id: strawberry.ID = strawberry.field(description="The id of the product subscription.")

    @resolved(description="The product subscription in its current state.")
    async def product_subscription(self, info: Info) -> ProductSubscription:
        return await product_subscription_by_id(info, UUID(self.product_subscription_id))


@strawberry.type(description="The engine was paused or resumed, or the last running step of a pausing engine ended.")
class EngineStateChangedEvent(Event):
    engine_state: EngineState = strawberry.field(description="The new state of the engine.")
    reason: str | None = strawberry.field(description="The reason that was given; null if none was given.")


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
    """The GraphQL event of an entry in the event log."""
    shape, facts = SHAPES[logged.kind]
    return shape(
        logged=logged,
        id=strawberry.ID(logged.cursor),
        cursor=logged.cursor,
        occurred_at=logged.at,
        process_id=strawberry.ID(str(logged.process_id)) if logged.process_id else None,
        **facts(logged.payload),
    )
