"""The requests of the benchmark `growth`: lists by each filter and order, and all that people and servers ask else."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from benchmarks.growth_rows import APART, SEALED
from benchmarks.lifecycle import graphql
from orchestrator_gql.audit.walk import behind
from orchestrator_gql.storage.pagination import cursor_of

Request = tuple[str, dict[str, Any]]
"""A document and its variables; without a document it is a request for the metrics."""

LIST, TOTAL, DEEP = "list of ", "total of ", "deep page of "
"""The beginnings of the names of the many requests of a kind."""

PROCESSES = """query ($filter: ProcessFilter, $order: ProcessOrder, $after: String) {
  processes(first: 25, after: $after, filter: $filter, orderBy: $order) { nodes { id workflowName subject status
    startedAt updatedAt note createdBy { name } failureReason { message } } pageInfo { hasNextPage endCursor } } }"""
WITH_TOTAL = "query ($filter: ProcessFilter) { processes(first: 25, filter: $filter) { totalCount nodes { id } } }"
INBOX = """query ($filter: InputRequestFilter, $after: String, $first: Int = 25) {
  inputRequests(first: $first, after: $after, filter: $filter) { totalCount nodes { id title canSubmit assignee { name }
  process { id subject } step { name } } pageInfo { endCursor } } }"""
CALLBACKS = """query ($filter: CallbackFilter, $after: String) { callbacks(first: 25, after: $after, filter: $filter) {
  nodes { id name status expiresAt process { id subject } } pageInfo { endCursor } } }"""
PROCESS = """query ($id: ID!) { process(id: $id) { id status state steps { name status stateDelta callbacks { status
  attempts(first: 5) { nodes { outcome } } } inputRequests { status decisions { verdict } } }
  events(first: 50) { nodes { id } } productSubscriptions { id } } }"""
EVENTS = """query ($after: String, $filter: EventFilter) { events(after: $after, first: 25, filter: $filter) {
  nodes { id occurredAt processId } pageInfo { endCursor } } }"""
AUDIT = """query ($filter: AuditFilter, $after: String) { audit(first: 25, after: $after, filter: $filter) {
  nodes { id at action actor { name } process { id subject } } pageInfo { endCursor } } }"""
VERIFICATION = "query ($after: String) { verifyAudit(after: $after, first: 500) { entries cursor } }"
STATS = "{ stats(window: LAST_HOUR) { processesByStatus { status count } engine { state } } }"
HOME = """query ($period: DateTimeRange) { stats(window: LAST_HOUR) { completed failed durationSecondsP50
  openInputRequests overdueInputRequests pendingCallbacks overdueCallbacks oldestPendingCallbackAt
  failuresByWorkflow { workflowName count } throughput(period: $period, buckets: 24) { started completed failed } }
  engine { queuedProcesses lagSeconds runningSteps workers { name } }
  tasks: inputRequests(first: 5, filter: {mine: true}) { totalCount nodes { id } }
  overdue: callbacks(first: 5, filter: {overdue: true}) { nodes { id } }
  waiting: processes(first: 5, filter: {statuses: [AWAITING_CALLBACK, SUSPENDED]},
    orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { id whyWaiting { message } } }
  failed: processes(first: 5, filter: {statuses: [FAILED]}, orderBy: {field: UPDATED_AT, direction: DESC}) {
    nodes { id failureReason { message } } } }"""

ORDERS: dict[str, dict[str, str] | None] = {
    "": None,
    ", oldest first": {"field": "STARTED_AT", "direction": "ASC"},
    ", last change first": {"field": "UPDATED_AT", "direction": "DESC"},
    ", oldest change first": {"field": "UPDATED_AT", "direction": "ASC"},
}
FILTERS: dict[str, dict[str, Any] | None] = {
    "all": None,
    "a frequent status": {"statuses": ["COMPLETED"]},
    "a status": {"statuses": ["FAILED"]},
    "two statuses": {"statuses": ["FAILED", "SUSPENDED"]},
    "all statuses that wait": {"statuses": ["SUSPENDED", "AWAITING_CALLBACK", "WAITING", "FAILED"]},
    "a workflow": {"workflowNames": ["deploy"]},
    "a workflow of old ones": {"workflowNames": ["retired"]},
    "two workflows": {"workflowNames": ["deploy", "retired"]},
    "a target": {"targets": ["SYSTEM"]},
    "a target of old ones": {"targets": ["RECONCILE"]},
    "two targets": {"targets": ["RECONCILE", "SYSTEM"]},
    "a team": {"assigneeKeys": ["SYSTEM"]},
    "a team of old ones": {"assigneeKeys": ["OLD"]},
    "a product": {"products": ["Frequent"]},
    "a product of old ones": {"products": ["Old"]},
    "a rare product": {"products": ["Rare"]},
    "a starter": {"createdBy": "old"},
    "a rare starter": {"createdBy": "rare"},
    "a failure code": {"failureCodes": ["step-raised"]},
    "a frequent text": {"search": "router"},
    "a text of old ones": {"search": "legacy"},
    "a rare text": {"search": "unicorn"},
    "a text that none has": {"search": "gibt es nicht"},
    "a note": {"search": "ticket 77"},
    "a rare text and a status": {"search": "unicorn", "statuses": ["COMPLETED"]},
    "a rare product and a status": {"products": ["Rare"], "statuses": ["COMPLETED"]},
    "an old workflow and a status": {"workflowNames": ["retired"], "statuses": ["COMPLETED"]},
    "an old product and a status": {"products": ["Old"], "statuses": ["COMPLETED"]},
    "an old target and a status": {"targets": ["RECONCILE"], "statuses": ["COMPLETED"]},
    "a team and a status that never meet": {"assigneeKeys": ["SYSTEM"], "statuses": ["ABORTED"]},
    "a starter and a status that never meet": {"createdBy": "rare", "statuses": ["WAITING"]},
}

FEW_ROWS = 3
"""The rows of a page that the small site can just fill."""


async def requests_of(client: httpx.AsyncClient, count: int) -> dict[str, Request]:
    """The requests of a site with so many processes, by name."""
    found: dict[str, Request] = {}
    for title, wanted in FILTERS.items():
        for suffix, order in ORDERS.items():
            found[f"{LIST}{title}{suffix}"] = PROCESSES, {"filter": wanted, "order": order}
        found[f"{TOTAL}{title}"] = WITH_TOTAL, {"filter": wanted}
    return (
        found | await _deep(client, count) | await _inbox(client) | await _events(client) | await _others(client, count)
    )


async def _deep(client: httpx.AsyncClient, count: int) -> dict[str, Request]:
    """Pages in the middle of the lists, behind the cursor of a row there."""
    found: dict[str, Request] = {}
    newest = await graphql(client, PROCESSES, {})
    last = datetime.fromisoformat(newest["processes"]["nodes"][0]["startedAt"])
    middle = {"from": (last - timedelta(seconds=APART * count / 2)).isoformat()}
    for suffix, order in ORDERS.items():
        place = {"startedAt": middle} if not order or order["field"] == "STARTED_AT" else {"updatedAt": middle}
        ascending = (order or {"field": "STARTED_AT"}) | {"direction": "ASC"}
        of_middle = {"order": order, "filter": {"ids": [await _first_id(client, place, ascending)]}}
        cursor = await _cursor(client, "processes", PROCESSES, of_middle)
        for title in ("all", "a frequent status", "a status", "a workflow", "a frequent text"):
            variables = {"filter": FILTERS[title], "order": order, "after": cursor}
            found[f"{DEEP}{title}{suffix}"] = PROCESSES, variables
    return found


async def _first_id(client: httpx.AsyncClient, wanted: dict[str, Any], order: dict[str, str]) -> str:
    data = await graphql(client, PROCESSES, {"filter": wanted, "order": order})
    id: str = data["processes"]["nodes"][0]["id"]
    return id


async def _cursor(client: httpx.AsyncClient, name: str, query: str, variables: dict[str, Any]) -> str:
    """The cursor behind the page."""
    cursor: str = (await graphql(client, query, variables))[name]["pageInfo"]["endCursor"]
    return cursor


async def _inbox(client: httpx.AsyncClient) -> dict[str, Request]:
    """The forms and callbacks."""
    everything = {"filter": {"statuses": ["SUBMITTED"]}}
    return {
        "inbox": (INBOX, {"filter": {"mine": True}}),
        "inbox behind a cursor": (
            INBOX,
            {
                "filter": {"mine": True},
                "after": await _cursor(client, "inputRequests", INBOX, {"filter": {"mine": True}}),
            },
        ),
        "inbox of a team": (INBOX, {"filter": {"assigneeKeys": ["SYSTEM"]}}),
        "inbox of a team that has only old ones": (INBOX, {"filter": {"assigneeKeys": ["OLD"]}}),
        "inbox of a workflow of old ones": (INBOX, {"filter": {"workflowNames": ["retired"]}, "first": FEW_ROWS}),
        "submitted input requests": (INBOX, everything),
        "submitted input requests behind a cursor": (
            INBOX,
            everything | {"after": await _cursor(client, "inputRequests", INBOX, everything)},
        ),
        "callbacks": (CALLBACKS, {}),
        "callbacks behind a cursor": (CALLBACKS, {"after": await _cursor(client, "callbacks", CALLBACKS, {})}),
        "open callbacks": (CALLBACKS, {"filter": {"statuses": ["PENDING"]}}),
        "overdue callbacks": (CALLBACKS, {"filter": {"overdue": True}}),
    }


async def _events(client: httpx.AsyncClient) -> dict[str, Request]:
    """A young and an old process, and the event log behind cursors of theirs."""
    young = await _first_id(client, {"statuses": ["COMPLETED"]}, {"field": "STARTED_AT", "direction": "DESC"})
    of_first = {"statuses": ["COMPLETED"], "createdBy": "rare"}
    old = await _first_id(client, of_first, {"field": "STARTED_AT", "direction": "ASC"})
    cursors, old_cursors = await _events_of(client, young), await _events_of(client, old)
    searches: dict[str, dict[str, Any]] = {
        "of a kind": {"kinds": ["STEP_CHANGED"]},
        "of a workflow": {"workflowNames": ["retired"]},
    }
    return {
        "one young process": (PROCESS, {"id": young}),
        "one old process": (PROCESS, {"id": old}),
        "event tail": (EVENTS, {"after": cursors[-1]}),
        "events since a recent cursor": (EVENTS, {"after": cursors[0]}),
        "events since an old cursor": (EVENTS, {"after": old_cursors[-1]}),
        **{
            f"events {name}, since an old cursor": (EVENTS, {"after": old_cursors[-1], "filter": wanted})
            for name, wanted in searches.items()
        },
        "events of two processes, since an old cursor": (
            EVENTS,
            {"after": old_cursors[0], "filter": {"processIds": [old, young]}},
        ),
        "audit log of a process": (AUDIT, {"filter": {"processId": old}}),
    }


async def _events_of(client: httpx.AsyncClient, id: str) -> list[str]:
    data = await graphql(client, PROCESS, {"id": id})
    return [node["id"] for node in data["process"]["events"]["nodes"]]


async def _others(client: httpx.AsyncClient, count: int) -> dict[str, Request]:
    """The audit log and the numbers."""
    middle = behind(count // SEALED // 2)
    verified = cursor_of(f"{middle.seal} {middle.chain} {middle.seq} sealed")
    return {
        "audit log": (AUDIT, {}),
        "audit log behind a cursor": (AUDIT, {"after": await _cursor(client, "audit", AUDIT, {})}),
        "audit log of an action": (AUDIT, {"filter": {"actions": ["startWorkflow"]}}),
        "audit log of nobody": (AUDIT, {"filter": {"actorId": "nobody"}}),
        "audit verification goes on": (VERIFICATION, {"after": verified}),
        "counts by status": (STATS, {}),
        "home page": (HOME, {}),
        "metrics": ("", {}),
    }
