"""Turns an event of the log into the body of a notification, as pure functions and without any secret.

A notification holds names, titles, times and a link. It never holds the state of a process, the contents or answers of
a form, or a URL that changes something: the link opens a page, and a GET of that page changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process
from orchestrator_gql.types import Event, EventKind, Json, NotificationKind, ProcessStatus

NOTIFIABLE = (
    EventKind.INPUT_REQUESTED,
    EventKind.INPUT_REQUEST_CHANGED,
    EventKind.INPUT_DECIDED,
    EventKind.PROCESS_STATUS_CHANGED,
)
"""The kinds of events that may cause a notification."""

_CHANGES = {
    "REMINDED": NotificationKind.INPUT_REQUEST_REMINDED,
    "ESCALATED": NotificationKind.INPUT_REQUEST_ESCALATED,
    "ASSIGNED": NotificationKind.INPUT_REQUEST_ASSIGNED,
    "CLOSED": NotificationKind.INPUT_REQUEST_CLOSED,
}
"""Other changes, such as the claim of a request, cause no notification."""


@dataclass(frozen=True, slots=True)
class NotifiableEvent:
    """An event to notify about: its process, input request and assignee, and more facts of the event."""

    kind: NotificationKind
    at: datetime
    process_id: UUID
    input_request_id: UUID | None = None
    assignee: str | None = None
    facts: Mapping[str, Json] | None = None


def notifiable_event(event: Event) -> NotifiableEvent | None:
    """The event to notify about; None if the event causes no notification."""
    payload = event.payload
    if event.process_id is None:
        return None
    match event.kind:
        case EventKind.INPUT_REQUESTED:
            kind, facts = NotificationKind.INPUT_REQUEST_OPENED, {}
        case EventKind.INPUT_DECIDED:
            decision = {"verdict": payload.get("verdict"), "by": event.actor, "policy": payload.get("policy")}
            kind, facts = NotificationKind.INPUT_REQUEST_DECIDED, decision | {"is_last": payload.get("is_last", True)}
        case EventKind.INPUT_REQUEST_CHANGED if payload.get("change") in _CHANGES:
            kind, facts = _CHANGES[payload["change"]], {}
        case EventKind.PROCESS_STATUS_CHANGED if payload.get("to") == ProcessStatus.FAILED:
            code = (payload.get("failure") or {}).get(
                "code"
            )  # without the message, which may quote the data of the step
            failure = {"failure": code}
            return NotifiableEvent(NotificationKind.PROCESS_FAILED, event.at, event.process_id, facts=failure)
        case _:
            return None
    request_id = UUID(payload["input_request_id"])
    return NotifiableEvent(kind, event.at, event.process_id, request_id, payload.get("assignee"), facts)


def body_of(event: NotifiableEvent, process: Process, request: InputRequest | None, base_url: str) -> dict[str, Any]:
    """The body that a webhook receives and that a mail is written from."""
    data: dict[str, Json] = {
        "process_id": str(event.process_id),
        "workflow_name": process.workflow_name,
        "assignee": assignee_of(event, process, request),
        "link": link_to(event.process_id, base_url),
    }
    if request is not None:
        data |= {
            "input_request_id": str(request.id),
            "title": request.title,
            "due_at": request.due_at.isoformat() if request.due_at else None,
        }
    return {"type": str(event.kind), "timestamp": event.at.isoformat(), "data": data | dict(event.facts or {})}


def assignee_of(event: NotifiableEvent, process: Process, request: InputRequest | None) -> str | None:
    """The team of the notification: the assignee of the event, else of the input request, else of the process."""
    return event.assignee or (request.assignee if request is not None else process.assignee)


def link_to(process_id: UUID, base_url: str) -> str:
    """The page of the process on the dashboard.

    >>> link_to(UUID(int=1), "https://orchestrator.example")
    'https://orchestrator.example/processes/00000000-0000-0000-0000-000000000001'
    """
    return f"{base_url}/processes/{process_id}"
