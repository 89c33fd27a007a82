"""The subject and the text of a mail, as pure functions."""

from datetime import datetime
from typing import Any

from orchestrator_gql.types import NotificationKind
from orchestrator_gql.utils.json.text import in_one_line

_SUBJECTS = {
    NotificationKind.INPUT_REQUEST_OPENED: "Please answer",
    NotificationKind.INPUT_REQUEST_REMINDED: "Still open",
    NotificationKind.INPUT_REQUEST_ESCALATED: "Escalated to you",
    NotificationKind.INPUT_REQUEST_ASSIGNED: "Handed to you",
}
_BEGINNINGS = {
    NotificationKind.INPUT_REQUEST_OPENED: "A process waits for an answer of {team}.",
    NotificationKind.INPUT_REQUEST_REMINDED: "A process still waits for an answer of {team}.",
    NotificationKind.INPUT_REQUEST_ESCALATED: "Nobody answered in time, so {team} is asked now.",
    NotificationKind.INPUT_REQUEST_ASSIGNED: "Somebody handed this to {team}.",
}


def subject_of(kind: NotificationKind, body: dict[str, Any]) -> str:
    """The subject, on one line."""
    data = body["data"]
    return in_one_line(f"{_SUBJECTS[kind]}: {data['title']} ({data['workflow_name']})")


def text_of(kind: NotificationKind, body: dict[str, Any], team: str) -> str:
    """The text of the mail; its link opens the page where people decide, and decides nothing itself."""
    data = body["data"]
    lines = [
        _BEGINNINGS[kind].format(team=in_one_line(team)),
        "",
        f"  What:     {in_one_line(data['title'])}",
        f"  Workflow: {data['workflow_name']}",
    ]
    if data["due_at"]:
        lines.append(f"  Due:      {datetime.fromisoformat(data['due_at']):%Y-%m-%d %H:%M} UTC")
    lines += ["", "Read it and answer it here:", "", f"  {data['link']}", ""]
    return "\n".join(lines)
