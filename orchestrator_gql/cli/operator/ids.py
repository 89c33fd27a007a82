"""Short ids: the beginning or the end of an id, or the beginning of its last 8 digits, if nothing else has it."""

from itertools import islice
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.request import all_nodes
from orchestrator_gql.cli.terminal import printable

PROCESSES = """\
query Ids($search: String, $after: String) {
  found: processes(filter: {search: $search}, first: 200, after: $after) {
    nodes { id status workflowName subject } pageInfo { hasNextPage endCursor } } }
"""
NOTIFICATIONS = """\
query NotificationIds($after: String) { found: notifications(first: 200, after: $after) {
  nodes { id status target } pageInfo { hasNextPage endCursor } } }
"""
SEARCHED = 2_000
"""Rows that are searched; the text of a short id may also be in many subjects."""

LISTED = 10


def process_id(url: str, text: str) -> UUID:
    """The whole id of the process. Raises `OperationRefused` if several have this short id, and names them."""
    if len(text) == len(str(UUID(int=0))):
        return UUID(text)
    found = _matching(url, PROCESSES, text, search=text)
    lines = [f"  {node['id']}  {node['status']}  {node['workflowName']}  {node['subject']}" for node in found]
    return _only(text, "process", "processes", found, lines)


def notification_id(url: str, text: str) -> UUID:
    """The whole id of the notification. Raises `OperationRefused` if several have this short id, and names them."""
    if len(text) == len(str(UUID(int=0))):
        return UUID(text)
    found = _matching(url, NOTIFICATIONS, text)
    lines = [f"  {node['id']}  {node['status']}  {node['target']}" for node in found]
    return _only(text, "notification", "notifications", found, lines)


def short(id: str) -> str:
    """The short id that tables show: ids begin with their time, so only their ends differ.

    >>> short("019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e")
    '1b2c3d4e'
    """
    return id[-8:]


def _only(text: str, noun: str, plural: str, found: list[dict[str, Any]], lines: list[str]) -> UUID:
    if not found:
        raise VerbRefused(f"No {noun} that is visible to you has an id that begins or ends with {text!r}.")
    if len(found) > 1:
        more = [f"  … and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
        listed = "\n".join([*map(printable, lines[:LISTED]), *more])
        raise OperationRefused(
            f"{len(found)} {plural} have {text!r} in their ids. Give more digits of one of:\n{listed}"
        )
    return UUID(found[0]["id"])


def _matching(url: str, query: str, text: str, **variables: str) -> list[dict[str, Any]]:
    digits = text.replace("-", "")
    return [
        node
        for node in islice(all_nodes(url, query, "found", variables), SEARCHED)
        if (whole := node["id"].replace("-", "")).startswith(digits)
        or whole.endswith(digits)
        or short(node["id"]).startswith(digits)
    ]
