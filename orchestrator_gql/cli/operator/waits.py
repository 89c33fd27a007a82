"""`orchestrator-gql waits`: list all that waits (callbacks, forms, processes for a time or a lock), overdue first."""

import json
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.operator.decisions import teams_of
from orchestrator_gql.cli.operator.ids import short
from orchestrator_gql.cli.operator.known import demand_teams
from orchestrator_gql.cli.operator.requests import STANDING, approvals, claimed
from orchestrator_gql.cli.operator.standstill import standstill
from orchestrator_gql.cli.operator.times import age, deadline, is_past, left, moment
from orchestrator_gql.cli.request import all_nodes
from orchestrator_gql.cli.table import Table, is_for_people
from orchestrator_gql.cli.terminal import printable

Kind: TypeAlias = Literal["callback", "form", "time", "lock"]
"""What a wait waits for."""

TITLES = ("PROCESS", "WORKFLOW", "WAITS FOR", "AGE", "DEADLINE", "ABOUT")

FEW = 3
"""Callbacks of one process that have a row each at a terminal; a hundred of them would hide all other waits."""

CALLBACKS = """\
query Callbacks($after: String) {
  callbacks(filter: {statuses: [PENDING]}, first: 200, after: $after) {
    nodes { id name issuedAt expiresAt heartbeatDueAt
      process { id workflowName subject whyWaiting { message lastReportAt } } }
    pageInfo { hasNextPage endCursor } } }
"""
FORMS = f"""\
query Forms($after: String, $mine: Boolean) {{
  inputRequests(filter: {{mine: $mine}}, first: 200, after: $after) {{
    nodes {{ id title createdAt {STANDING} process {{ id workflowName subject }} }}
    pageInfo {{ hasNextPage endCursor }} }} }}
"""
PROCESSES = """\
query Waiting($after: String) {
  processes(filter: {statuses: [WAITING]}, first: 200, after: $after) {
    nodes { id workflowName subject whyWaiting { kind message since until } }
    pageInfo { hasNextPage endCursor } } }
"""


def waits(
    url: str,
    *,
    overdue: bool = False,
    mine: bool = False,
    assignee: str | None = None,
    kind: Kind | None = None,
    is_json: bool = False,
) -> None:
    """Print a line for each wait; ``mine`` and ``assignee`` select forms of the caller or a team, ``kind`` one kind.

    Raises `OperationRefused` if the options contradict each other.
    """
    if kind not in (None, "form") and (mine or assignee is not None):
        raise OperationRefused(f"--mine and --assignee select forms: leave --kind {kind} out.")
    now = datetime.now(UTC)
    open_waits = _forms(url, mine=mine, assignee=assignee) if kind in (None, "form") else []
    if not mine and assignee is None:
        if kind in (None, "callback"):
            open_waits += (_callback(node, now) for node in all_nodes(url, CALLBACKS, "callbacks"))
        if kind in (None, "time", "lock"):
            nodes = all_nodes(url, PROCESSES, "processes")
            of_processes = (_process(node) for node in nodes if node["whyWaiting"])  # without: it goes on just now
            open_waits += (wait for wait in of_processes if kind in (None, wait["kind"].lower()))
    open_waits = [wait for wait in open_waits if not overdue or _is_overdue(wait, now)]
    if not is_json and (why := standstill(url)):
        print(printable(why), file=sys.stderr)
    open_waits.sort(key=lambda wait: (not _is_overdue(wait, now), wait["until"] or "9999", wait["since"], wait["what"]))
    if open_waits and not is_json and is_for_people():
        Table(TITLES, [_cells(wait, now) for wait in _together(open_waits)], wide=len(TITLES) - 1).print()
        return
    for wait in open_waits:
        print(json.dumps(wait) if is_json else printable(_line(wait, now)))
    if not open_waits and not is_json:
        whom = f" for {assignee}" if assignee else ""
        yours = " that you may answer" if mine else ""
        what = f" for a {kind}" if kind else ""
        print(printable(f"Nothing {'is overdue' if overdue else 'waits'}{what}{whom}{yours}."))


def _forms(url: str, *, mine: bool, assignee: str | None) -> list[dict[str, Any]]:
    """The open forms as waits. Raises `UnknownName` for a team that nothing knows."""
    forms = (_form(node) for node in all_nodes(url, FORMS, "inputRequests", {"mine": True if mine else None}))
    found = [wait for wait in forms if _is_of(wait, mine=mine, assignee=assignee)]
    if assignee is not None and not found:
        names = [text for team in teams_of(url) for text in team.values()]
        if assignee.casefold() not in map(str.casefold, names):
            demand_teams(url, [assignee], names)
    return found


def _is_of(wait: dict[str, Any], *, mine: bool, assignee: str | None) -> bool:
    team = wait["assignee"]
    is_theirs = assignee is None or assignee.casefold() in (team["key"].casefold(), team["name"].casefold())
    return is_theirs and (wait["canSubmit"] or not mine)


def _callback(node: dict[str, Any], now: datetime) -> dict[str, Any]:
    until = min((at for at in (node["expiresAt"], node["heartbeatDueAt"]) if at), default=None)
    why = node["process"]["whyWaiting"]
    # At the deadline a worker has the process, to ask the service or to end the wait: its action returned long ago.
    is_over = until is not None and is_past(until, now)
    message = "Its time is over, and it goes on." if is_over else "The action that calls the service still runs."
    what = f"callback {node['name']}" if node["name"] else "callback"
    return {
        "kind": "CALLBACK",
        "process": node["process"]["id"],
        "id": node["id"],
        "workflow": node["process"]["workflowName"],
        "subject": node["process"]["subject"],
        "what": what,
        "since": node["issuedAt"],
        "until": until,
        "message": why["message"] if why else message,
    }


def _form(node: dict[str, Any]) -> dict[str, Any]:
    """The form as a wait; its team, claim and decisions keep the names of the GraphQL schema."""
    parts = filter(None, (f"It waits for {node['assignee']['name']}", claimed(node, "{}"), approvals(node)))
    standing = {key: value for key, value in node.items() if key not in ("id", "title", "createdAt", "process")}
    return {
        "kind": "FORM",
        "process": node["process"]["id"],
        "id": node["id"],
        "workflow": node["process"]["workflowName"],
        "subject": node["process"]["subject"],
        "what": f"form {node['title']!r}",
        "since": node["createdAt"],
        "until": node["dueAt"],
        "message": f"{', '.join(parts)}.",
        **standing,
    }


def _process(node: dict[str, Any]) -> dict[str, Any]:
    """The process as a wait for its time or its lock: the process itself is what waits, so ``id`` is its id."""
    why = node["whyWaiting"]
    goes_on = f" It goes on at {moment(why['until'])}." if why["until"] else ""
    return {
        "kind": why["kind"],
        "process": node["id"],
        "id": node["id"],
        "workflow": node["workflowName"],
        "subject": node["subject"],
        "what": "its lock" if why["kind"] == "LOCK" else "its time",
        "since": why["since"],
        "until": why["until"],
        "message": f"{why['message']}{goes_on}",
    }


def _together(open_waits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The waits for people: many callbacks of a process as one, in the place of the first, which ends first."""
    of_process: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for wait in open_waits:
        key = wait["process"] if wait["kind"] == "CALLBACK" else wait["id"]
        of_process.setdefault((wait["kind"], key), []).append(wait)
    rows = list[dict[str, Any]]()
    for waits_of_one in of_process.values():
        if len(waits_of_one) <= FEW:
            rows += waits_of_one
        else:
            since = min(wait["since"] for wait in waits_of_one)
            rows.append(waits_of_one[0] | {"what": f"{len(waits_of_one)} callbacks", "since": since})
    return rows


def _is_overdue(wait: dict[str, Any], now: datetime) -> bool:
    return wait["until"] is not None and is_past(wait["until"], now)


def _cells(wait: dict[str, Any], now: datetime) -> list[str]:
    return [
        short(wait["process"]),
        wait["workflow"],
        wait["what"],
        age(wait["since"], now),
        _until(wait, now),
        _about(wait),
    ]


def _line(wait: dict[str, Any], now: datetime) -> str:
    until = f", {_until(wait, now)}" if wait["until"] else ""
    since = age(wait["since"], now)
    process = f"{wait['process']}  {wait['workflow']}  {wait['what']}"
    return f"{process}, for {since}{until}. {_about(wait)}"


def _until(wait: dict[str, Any], now: datetime) -> str:
    """The time to the deadline, or until the process goes on by itself."""
    if not (until := wait["until"]):
        return ""
    return f"in {left(until, now)}" if wait["kind"] == "TIME" and not is_past(until, now) else deadline(until, now)


def _about(wait: dict[str, Any]) -> str:
    subject = f"({wait['subject']})" if wait["subject"] else ""
    return " ".join(filter(None, (wait["message"], subject)))
