"""`orchestrator-gql waits`: what waits for a remote service or a person, the overdue first."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

CALLBACKS = """\
query Callbacks($after: String) {
  callbacks(filter: {statuses: [PENDING]}, first: 200, after: $after) {
    nodes { id name issuedAt expiresAt heartbeatDueAt process { id workflowName whyWaiting { message lastReportAt } } }
    pageInfo { hasNextPage endCursor } } }
"""
FORMS = """\
query Forms($after: String) {
  inputRequests(first: 200, after: $after) {
    nodes { id title createdAt dueAt assignee { name } process { id workflowName } }
    pageInfo { hasNextPage endCursor } } }
"""


def waits(url: str, *, overdue: bool = False, is_json: bool = False) -> None:
    """Print a line for each open wait."""
    now = datetime.now(UTC)
    found = [*map(_callback, _all(url, CALLBACKS, "callbacks")), *map(_form, _all(url, FORMS, "inputRequests"))]
    found = [wait for wait in found if not overdue or _is_overdue(wait, now)]
    found.sort(key=lambda wait: (not _is_overdue(wait, now), wait["until"] or "9999", wait["since"]))
    for wait in found:
        print(json.dumps(wait) if is_json else printable(_line(wait, now)))
    if not found and not is_json:
        print("Nothing is overdue." if overdue else "Nothing waits.")


def age(since: str, now: datetime) -> str:
    """How long ago that was, or how long until then, in its largest unit.

    >>> age("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 11, 30, tzinfo=UTC))
    '2 h'
    """
    seconds = abs((now - datetime.fromisoformat(since)).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _all(url: str, document: str, field: str) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = request(url, document, {"after": after})[field]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _callback(node: dict[str, Any]) -> dict[str, Any]:
    ends = [at for at in (node["expiresAt"], node["heartbeatDueAt"]) if at]
    why = node["process"]["whyWaiting"]
    what = f"callback {node['name']}" if node["name"] else "callback"
    return {
        "kind": "CALLBACK",
        "process": node["process"]["id"],
        "id": node["id"],
        "workflow": node["process"]["workflowName"],
        "what": what,
        "since": node["issuedAt"],
        "until": min(ends, default=None),
        "message": why["message"] if why else "The action that asks is still at work.",
    }


def _form(node: dict[str, Any]) -> dict[str, Any]:
    who = node["assignee"]["name"] if node["assignee"] else "somebody"
    return {
        "kind": "FORM",
        "process": node["process"]["id"],
        "id": node["id"],
        "workflow": node["process"]["workflowName"],
        "what": f"form {node['title']!r}",
        "since": node["createdAt"],
        "until": node["dueAt"],
        "message": f"It waits for {who}.",
    }


def _is_overdue(wait: dict[str, Any], now: datetime) -> bool:
    return wait["until"] is not None and datetime.fromisoformat(wait["until"]) <= now


def _line(wait: dict[str, Any], now: datetime) -> str:
    until = ""
    if wait["until"]:
        time = age(wait["until"], now)
        until = f", overdue by {time}" if _is_overdue(wait, now) else f", {time} left"
    since = age(wait["since"], now)
    return f"{wait['process']}  {wait['workflow']}  {wait['what']}, for {since}{until}. {wait['message']}"
