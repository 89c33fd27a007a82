"""`orchestrator-gql audit list`: print the entries of the audit log, the newest first."""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.cli.operator.ids import short
from orchestrator_gql.cli.operator.times import moment
from orchestrator_gql.cli.request import all_nodes, request
from orchestrator_gql.cli.table import Table, is_for_people
from orchestrator_gql.cli.terminal import printable

TITLES = ("AT", "BY", "ACTION", "PROCESS", "DETAILS")

DOCUMENT = """\
query Audit($filter: AuditFilter!, $after: String) { audit(filter: $filter, first: 200, after: $after) {
  nodes { id at action actor { id name } address method process { id workflowName } processId details seq seal digest }
  pageInfo { hasNextPage endCursor } } }
"""


def show(
    url: str, *, process_id: UUID | None = None, actions: Sequence[str] | None = None, is_json: bool = False
) -> None:
    """Print a line for each decision."""
    entry_filter = {"processId": str(process_id) if process_id else None, "actions": list(actions) if actions else None}
    wanted = {name: value for name, value in entry_filter.items() if value is not None}
    entries = all_nodes(url, DOCUMENT, "audit", {"filter": wanted})
    if is_for_people() and not is_json:
        rows = [_cells(entry) for entry in entries]
        if rows:
            Table(TITLES, rows, wide=len(TITLES) - 1).print()
        else:
            _print_nothing(url, actions)
        return
    is_empty = True
    for entry in entries:
        is_empty = False
        print(json.dumps(entry) if is_json else printable(_line(entry)))
    if is_empty and not is_json:
        _print_nothing(url, actions)


def _print_nothing(url: str, actions: Sequence[str] | None) -> None:
    """Say that there are no entries; and which action may be misspelt, by the actions of the newest entries."""
    print("Nothing was decided.")
    if actions:
        newest = request(url, DOCUMENT, {"filter": {}, "after": None})["audit"]["nodes"]
        known = {entry["action"] for entry in newest}
        for action in (action for action in actions if action not in known):
            print(
                printable(f"No recent entry has the action {action!r}.{did_you_mean(action, known)}"), file=sys.stderr
            )


def _cells(entry: dict[str, Any]) -> list[str]:
    by, text = _by_and_details(entry)
    came = f"from {entry['address']} by {entry['method']}" if entry.get("address") else ""
    process = short(entry["processId"]) if entry.get("processId") else "-"
    return [moment(entry["at"]), by, entry["action"], process, "  ".join(filter(None, (text, came)))]


def _line(entry: dict[str, Any]) -> str:
    process = f"{entry['process']['id']} {entry['process']['workflowName']}" if entry["process"] else "-"
    if entry["process"] is None and entry.get("processId"):
        process = f"{entry['processId']} (removed)"
    by, text = _by_and_details(entry)
    came = f"from {entry['address']} by {entry['method']}" if entry.get("address") else ""
    parts = (moment(entry["at"]), by, entry["action"], process, text, came)
    return "  ".join(part for part in parts if part)


def _by_and_details(entry: dict[str, Any]) -> tuple[str, str]:
    """The person or the policy that decided, and the details as text."""
    details = {name: value for name, value in entry["details"].items() if value is not None and not _is_digest(value)}
    by = entry["actor"]["name"] if entry["actor"] else f"policy {details.pop('policy')}" if "policy" in details else "-"
    return by, " ".join(f"{name}={_as_text(value)}" for name, value in details.items())


def _is_digest(value: Any) -> bool:
    """A digest is for programs, and printed with --json only: people look for the verdict and the comment."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text else text
