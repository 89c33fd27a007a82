"""`orchestrator-gql notifications` and `resend`: what people outside were told, and telling it again."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.times import age
from orchestrator_gql.cli.operator.verbs import print_result
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
    wanted = {"statuses": ["DEAD"]} if dead else None
    while True:
        page = request(url, DOCUMENT, {"filter": wanted, "after": after})["notifications"]
        for one in page["nodes"]:
            print(json.dumps(one) if is_json else printable(_line(one, now)))
        count += len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    if not count and not is_json:
        print("Nothing was given up." if dead else "Nobody was told anything.")


def resend(url: str, id: UUID) -> None:
    """Send the notification again, and say to whom."""
    said = request(url, RESEND, {"input": {"notificationId": str(id)}})["resendNotification"]
    if said["__typename"] != "ResendNotificationSuccess":
        raise VerbRefused(printable(print_result(said)))
    print(printable(f"{said['notification']['id']} is sent to {said['notification']['target']} again"))


def _line(one: dict[str, Any], now: datetime) -> str:
    match one["status"]:
        case "SENT":
            came = f"sent {age(one['sentAt'], now)} ago"
        case "DEAD":
            came = f"given up after {_tries(one)}"
        case _ if one["tries"]:
            came = f"tried again in {age(one['dueAt'], now)}, after {_tries(one)}"
        case _:
            came = "to be sent"
    why = f": {one['lastError']}" if one["lastError"] else ""
    process = one["process"]
    about = f"{process['workflowName']} {process['id']}" if process else "a process that is gone"
    kind = one["kind"].lower().replace("_", " ")
    return f"{one['id']}  {one['target']}  {kind}, {about}, {age(one['createdAt'], now)} old, {came}{why}"


def _tries(one: dict[str, Any]) -> str:
    return "1 try" if one["tries"] == 1 else f"{one['tries']} tries"
