"""`orchestrator-gql notifications` and `resend`: list the notifications and send one again."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.times import age
from orchestrator_gql.cli.operator.verbs import refusal_text
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

DOCUMENT = """\
query Notifications($filter: NotificationFilter, $after: String) {
  notifications(filter: $filter, first: 200, after: $after) {
    nodes { id target kind status tries lastError createdAt sentAt dueAt process { id workflowName } }
    pageInfo { hasNextPage endCursor } } }
"""
RESEND = """\
mutation Resend($input: ResendNotificationInput!) { resendNotification(input: $input) { __typename
  ... on ResendNotificationSuccess { notification { id target } }
  ... on ConflictError { by { name } at }
  ... on UserError { message } } }
"""


def notifications(url: str, *, dead: bool = False, is_json: bool = False) -> None:
    """Print a line for each notification."""
    now, after, count = datetime.now(UTC), None, 0
    notification_filter = {"statuses": ["DEAD"]} if dead else None
    while True:
        page = request(url, DOCUMENT, {"filter": notification_filter, "after": after})["notifications"]
        for notification in page["nodes"]:
            print(json.dumps(notification) if is_json else printable(_line(notification, now)))
        count += len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    if not count and not is_json:
        print("No notification was given up." if dead else "There is no notification.")


def resend(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Send the notification again, and print its target."""
    response = request(url, RESEND, {"input": {"notificationId": str(id)}})["resendNotification"]
    if response["__typename"] != "ResendNotificationSuccess":
        raise VerbRefused(printable(refusal_text(response)))
    sent = response["notification"]
    print(json.dumps(sent) if is_json else printable(f"{sent['id']} is sent to {sent['target']} again"))


def _line(notification: dict[str, Any], now: datetime) -> str:
    match notification["status"]:
        case "SENT":
            outcome = f"sent {age(notification['sentAt'], now)} ago"
        case "DEAD":
            outcome = f"given up after {_tries(notification)}"
        case _ if notification["tries"]:
            outcome = f"tried again in {age(notification['dueAt'], now)}, after {_tries(notification)}"
        case _:
            outcome = "to be sent"
    why = f": {notification['lastError']}" if notification["lastError"] else ""
    process = notification["process"]
    about = f"{process['workflowName']} {process['id']}" if process else "a process that is gone"
    kind = notification["kind"].lower().replace("_", " ")
    old = f"{age(notification['createdAt'], now)} old"
    return f"{notification['id']}  {notification['target']}  {kind}, {about}, {old}, {outcome}{why}"


def _tries(notification: dict[str, Any]) -> str:
    return "1 try" if notification["tries"] == 1 else f"{notification['tries']} tries"
