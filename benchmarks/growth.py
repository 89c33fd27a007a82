"""Measures what people and the engine do among very many stored processes, beside the same among a thousand."""

import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import Connection, delete, make_url

from benchmarks.course import course, opened
from benchmarks.growth_rows import fill, served
from benchmarks.lifecycle import graphql
from benchmarks.table import Line, costs
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.tables import processes

FEW = 1_000
LOOKS = 15
MOVES = 6

PROCESSES = """query ($filter: ProcessFilter, $order: ProcessOrder) {
  processes(first: 25, filter: $filter, orderBy: $order) { nodes { id workflowName subject status
    startedAt updatedAt note createdBy { name } failureReason { message } } pageInfo { hasNextPage endCursor } } }"""
WITH_TOTAL = "query ($filter: ProcessFilter) { processes(first: 25, filter: $filter) { totalCount nodes { id } } }"
INBOX = """query ($filter: InputRequestFilter) { inputRequests(first: 25, filter: $filter) { totalCount nodes {
  id title canSubmit assignee { name } process { id subject } step { name } } } }"""
CALLBACKS = """query ($filter: CallbackFilter) { callbacks(first: 25, filter: $filter) { nodes {
  id name status expiresAt process { id subject } } } }"""
PROCESS = """query ($id: ID!) { process(id: $id) { id status state steps { name status stateDelta callbacks { status
  attempts(first: 5) { nodes { outcome } } } inputRequests { status decisions { verdict } } }
  events(first: 50) { nodes { id } } productSubscriptions { id } } }"""
EVENTS = """query ($after: String, $filter: EventFilter) { events(after: $after, first: 25, filter: $filter) {
  nodes { id occurredAt processId } pageInfo { endCursor } } }"""
AUDIT = """query ($filter: AuditFilter) { audit(first: 25, filter: $filter) { nodes { id at action actor { name }
  process { id subject } } } }"""
STATS = "{ stats { processesByStatus { status count } engine { state } } }"
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

ORDERS = {
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


async def growth(folder: Path, *, count: int, database_url: str = "") -> list[Line]:
    """Fill, then ask a small and a large site in turns; with a URL also in two databases of that PostgreSQL."""
    lines: list[Line] = []
    for kind in ("SQLite", "PostgreSQL") if database_url else ("SQLite",):
        async with AsyncExitStack() as stack:
            urls = {size: url_of(folder / f"growth-{size}.db") for size in (FEW, count)}
            if kind == "PostgreSQL":
                urls = {size: stack.enter_context(new_database(database_url, str(size))) for size in (FEW, count)}
            for size, url in urls.items():
                began = time.monotonic()
                events = await fill(url, size)
                print(f"  {kind}: {size:,} processes, {events:,} events: {time.monotonic() - began:.0f} s", flush=True)
            lines += await measured(kind, urls)
    return lines


async def measured(kind: str, urls: dict[int, str]) -> list[Line]:
    """The rows of two filled databases."""
    durations: dict[tuple[int, str], list[float]] = {}
    async with AsyncExitStack() as stack:
        tracks = {size: await stack.enter_async_context(opened(url)) for size, url in urls.items()}
        for _ in range(MOVES):
            for size, track in tracks.items():
                rate = await track.drive(await track.begin(10), 10)
                durations.setdefault((size, "a transition"), []).append(1 / rate)
        for track in tracks.values():
            await track.database.alter(_ended)
    async with AsyncExitStack() as stack:
        clients = {size: await stack.enter_async_context(served(url)) for size, url in urls.items()}
        requests = {size: await _requests(client) for size, client in clients.items()}
        for name in requests[FEW]:
            entries: set[str] = set()
            for _ in range(LOOKS + 1):
                for size, client in clients.items():
                    began = time.perf_counter()
                    data = await graphql(client, *requests[size][name])
                    durations.setdefault((size, name), []).append(time.perf_counter() - began)
                    entries.add(str(_sizes(data)))
            if len(entries) > 1:
                raise RuntimeError(f"{name}: the sites return different numbers of rows, {entries}")
    small, large = urls
    median = {key: statistics.median(each[1:]) for key, each in durations.items()}
    names = dict.fromkeys(name for _, name in durations)
    return [
        costs(f"{kind}: {name}", median[large, name], median[small, name], 1.3, 1.1)
        for name in names
        if (small, name) in median
    ]


Request = tuple[str, dict[str, Any]]


async def _requests(client: httpx.AsyncClient) -> dict[str, Request]:
    """The requests of a site, by name."""
    found: dict[str, Request] = {}
    for title, wanted in FILTERS.items():
        for suffix, order in ORDERS.items():
            found[f"list of {title}{suffix}"] = PROCESSES, {"filter": wanted, "order": order}
        found[f"list with its total: {title}"] = WITH_TOTAL, {"filter": wanted}
    newest = await graphql(client, PROCESSES, {"filter": {"statuses": ["COMPLETED"]}})
    middle = await graphql(client, PROCESSES, {"order": ORDERS[", oldest first"], "filter": {"createdBy": "old"}})
    young, old = newest["processes"]["nodes"][0]["id"], middle["processes"]["nodes"][-1]["id"]
    cursors = await _cursors(client, young)
    old_cursors = await _cursors(client, old)
    return found | {
        "inbox": (INBOX, {"filter": {"mine": True}}),
        "inbox of a team": (INBOX, {"filter": {"assigneeKeys": ["SYSTEM"]}}),
        "inbox of a team that has only old ones": (INBOX, {"filter": {"assigneeKeys": ["OLD"]}}),
        "inbox of a workflow of old ones": (INBOX, {"filter": {"workflowNames": ["retired"]}}),
        "all input requests": (INBOX, {"filter": {"statuses": ["SUBMITTED"]}}),
        "callbacks": (CALLBACKS, {}),
        "open callbacks": (CALLBACKS, {"filter": {"statuses": ["PENDING"]}}),
        "overdue callbacks": (CALLBACKS, {"filter": {"overdue": True}}),
        "one young process": (PROCESS, {"id": young}),
        "one old process": (PROCESS, {"id": old}),
        "events at the end": (EVENTS, {"after": cursors[-1]}),
        "events since a recent cursor": (EVENTS, {"after": cursors[0]}),
        "events since an old cursor": (EVENTS, {"after": old_cursors[-1]}),
        "events of a kind since an old cursor": (
            EVENTS,
            {"after": old_cursors[-1], "filter": {"kinds": ["STEP_CHANGED"]}},
        ),
        "events of a workflow since an old cursor": (
            EVENTS,
            {"after": old_cursors[-1], "filter": {"workflowNames": ["deploy"]}},
        ),
        "events of a process since an old cursor": (
            EVENTS,
            {"after": old_cursors[0], "filter": {"processIds": [old, young]}},
        ),
        "events that no process has, since an old cursor": (
            EVENTS,
            {"after": old_cursors[-1], "filter": {"kinds": ["ENGINE_STATE_CHANGED"]}},
        ),
        "audit log": (AUDIT, {}),
        "audit log of an action": (AUDIT, {"filter": {"actions": ["startWorkflow"]}}),
        "audit log of a process": (AUDIT, {"filter": {"processId": old}}),
        "audit log of nobody": (AUDIT, {"filter": {"actorId": "nobody"}}),
        "counts by status": (STATS, {}),
        "home page": (HOME, {}),
    }


async def _cursors(client: httpx.AsyncClient, id: str) -> list[str]:
    data = await graphql(client, PROCESS, {"id": id})
    return [node["id"] for node in data["process"]["events"]["nodes"]]


def _sizes(value: Any) -> Any:
    """The lengths of all lists in the response."""
    if isinstance(value, dict):
        return {key: _sizes(each) for key, each in value.items() if isinstance(each, dict | list)}
    return [len(value), *(_sizes(each) for each in value[:1])] if isinstance(value, list) else None


def _ended(conn: Connection) -> None:
    """Remove the processes that the measurement moved: no server shall go on with them."""
    conn.execute(delete(processes).where(processes.c.workflow_name == course.name))


@contextmanager
def new_database(url: str, title: str) -> Iterator[str]:
    """A database beside the one of the URL, which is dropped at the end."""
    parsed = make_url(url)
    name = f"orchestrator_benchmark_{title}"
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield parsed.set(database=name).render_as_string(hide_password=False)
        finally:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
