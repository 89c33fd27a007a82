"""What an event of the log means to people outside, and what of it they are told: pure, and never a secret.

Told are names, titles, times and where to look. Never what a process holds, what a form shows or was answered, nor any
URL that does something: the link leads to a page that must be read, and a GET of it changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process
from orchestrator_gql.types import Event, EventKind, Json, NotificationKind, ProcessStatus

CONCERNED = (
    EventKind.INPUT_REQUESTED,
    EventKind.INPUT_REQUEST_CHANGED,
    EventKind.INPUT_DECIDED,
    EventKind.PROCESS_STATUS_CHANGED,
)
"""Kinds of events that may be news."""

_CHANGES = {
    "REMINDED": NotificationKind.INPUT_REQUEST_REMINDED,
    "ESCALATED": NotificationKind.INPUT_REQUEST_ESCALATED,
    "ASSIGNED": NotificationKind.INPUT_REQUEST_ASSIGNED,
    "CLOSED": NotificationKind.INPUT_REQUEST_CLOSED,
}
"""Others, such as that somebody took a form into work, are nobody's news."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing worth telling: about which process and form, whose it is, and the facts of the event itself."""

    kind: NotificationKind
    at: datetime
    process_id: UUID
    input_request_id: UUID | None = None
    assignee: str | None = None
    facts: Mapping[str, Json] | None = None


def news_of(event: Event) -> News | None:
    """What is told of the event; None where it is nobody's news."""
    told = event.payload
    if event.process_id is None:
        return None
    match event.kind:
        case EventKind.INPUT_REQUESTED:
            kind, facts = NotificationKind.INPUT_REQUEST_OPENED, {}
        case EventKind.INPUT_DECIDED:
            decided = {"verdict": told.get("verdict"), "by": event.actor, "policy": told.get("policy")}
            kind, facts = NotificationKind.INPUT_REQUEST_DECIDED, decided | {"is_last": told.get("is_last", True)}
        case EventKind.INPUT_REQUEST_CHANGED if told.get("change") in _CHANGES:
            kind, facts = _CHANGES[told["change"]], {}
        case EventKind.PROCESS_STATUS_CHANGED if told.get("to") == ProcessStatus.FAILED:
            code = (told.get("failure") or {}).get("code")  # its message may quote what the step worked on
            return News(NotificationKind.PROCESS_FAILED, event.at, event.process_id, facts={"failure": code})
        case _:
            return None
    request_id = UUID(told["input_request_id"])
    return News(kind, event.at, event.process_id, request_id, told.get("assignee"), facts)


def body_of(news: News, process: Process, request: InputRequest | None, base_url: str) -> dict[str, Any]:
    """What a webhook is sent and a mail is written from."""
    data: dict[str, Json] = {
        "process_id": str(news.process_id),
        "workflow_name": process.workflow_name,
        "assignee": assignee_of(news, process, request),
        "link": link_to(news.process_id, base_url),
    }
    if request is not None:
        data |= {
            "input_request_id": str(request.id),
            "title": request.title,
            "due_at": request.due_at.isoformat() if request.due_at else None,
        }
    return {"type": str(news.kind), "timestamp": news.at.isoformat(), "data": data | dict(news.facts or {})}


def assignee_of(news: News, process: Process, request: InputRequest | None) -> str | None:
    """Whose news it is: of the team that the event names, else of the one that is asked."""
    return news.assignee or (request.assignee if request is not None else process.assignee)


def link_to(process_id: UUID, base_url: str) -> str:
    """The page of the process on the dashboard.

    >>> link_to(UUID(int=1), "https://orchestrator.example")
    'https://orchestrator.example/#/processes/00000000-0000-0000-0000-000000000001'
    """
    return f"{base_url}/#/processes/{process_id}"
