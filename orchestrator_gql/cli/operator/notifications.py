"""`orchestrator-gql notifications` and `resend`: list the notifications and send one again."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.operator.ids import short
from orchestrator_gql.cli.operator.mutations import succeeded
from orchestrator_gql.cli.operator.times import age, left
from orchestrator_gql.cli.request import all_nodes, request
from orchestrator_gql.cli.table import Table, is_for_people
from orchestrator_gql.cli.terminal import printable

TITLES = ("ID", "TARGET", "AGE", "EVENT", "OUTCOME")

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
    now, rows = datetime.now(UTC), list[dict[str, Any]]()
    is_table = is_for_people() and not is_json
    for notification in all_nodes(url, DOCUMENT, "notifications", {"filter": {"statuses": ["DEAD"]} if dead else None}):
        rows.append(notification)
        if not is_table:
            print(json.dumps(notification) if is_json else printable(_line(notification, now)))
    if rows and is_table:
        Table(TITLES, [_cells(row, now) for row in rows], wide=len(TITLES) - 1).print()
    elif not rows and not is_json:
        print("No notification was given up." if dead else "There is no notification.")


def resend(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Send the notification again, and print its target."""
    response = request(url, RESEND, {"input": {"notificationId": str(id)}})["resendNotification"]
    sent = succeeded(response)["notification"]
    print(json.dumps(sent) if is_json else printable(f"{sent['id']} is sent to {sent['target']} again"))


def _cells(notification: dict[str, Any], now: datetime) -> list[str]:
    old = age(notification["createdAt"], now)
    return [short(notification["id"]), notification["target"], old, _about(notification), _outcome(notification, now)]


def _line(notification: dict[str, Any], now: datetime) -> str:
    old = f"{age(notification['createdAt'], now)} old"
    head = f"{notification['id']}  {notification['target']}"
    return f"{head}  {_about(notification)}, {old}, {_outcome(notification, now)}"


def _about(notification: dict[str, Any]) -> str:
    process = notification["process"]
    about = f"{process['workflowName']} {process['id']}" if process else "a process that is gone"
    return f"{notification['kind'].lower().replace('_', ' ')}, {about}"


def _outcome(notification: dict[str, Any], now: datetime) -> str:
    match notification["status"]:
        case "SENT":
            outcome = f"sent {age(notification['sentAt'], now)} ago"
        case "DEAD":
            outcome = f"given up after {_tries(notification)}"
        case _ if notification["tries"]:
            outcome = f"tried again in {left(notification['dueAt'], now)}, after {_tries(notification)}"
        case _:
            outcome = "to be sent"
    return f"{outcome}{f': {error}' if (error := notification['lastError']) else ''}"


def _tries(notification: dict[str, Any]) -> str:
    return "1 try" if notification["tries"] == 1 else f"{notification['tries']} tries"
