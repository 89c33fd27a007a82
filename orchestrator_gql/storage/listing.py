"""The lists of processes, input requests and callbacks, with their filters and counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    union_all,
)

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks as callback_rows
from orchestrator_gql.storage import engine_state, statistics
from orchestrator_gql.storage import input_requests as request_rows
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.light_processes import light_process_of, light_select
from orchestrator_gql.storage.pagination import (
    MOST_COUNTED,
    Key,
    PageArgs,
    RowPage,
    count,
    escaped,
    page_query,
    read_page,
)
from orchestrator_gql.storage.tables import (
    callbacks,
    decisions,
    input_requests,
    process_subscriptions,
    processes,
    product_subscriptions,
    products,
)
from orchestrator_gql.targets import Target
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, ProcessStatus

MOST_BRANCHES = 20
"""Values of one filter that are read one by one."""

MOST_DURATIONS = 10_000
"""Processes whose durations the dashboard's numbers cover: the last that ended."""

SHORTEST_ID = 4
"""Digits of an id from which a search compares the text with ids."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time span: ``start`` is included, ``end`` is not; None means no bound."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Selects processes; None means any."""

    ids: Sequence[UUID] | None = None
    statuses: Sequence[ProcessStatus] | None = None
    workflow_names: Sequence[str] | None = None
    targets: Sequence[Target] | None = None
    assignee_keys: Sequence[str] | None = None
    product_subscription_id: UUID | None = None
    created_by: str | None = None
    started_at: Span = Span()
    updated_at: Span = Span()
    search: str | None = None
    products: Sequence[str] | None = None
    failure_codes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """The requests that a user may answer; without ``is_mine`` all other requests.

    Such a request is not assigned to a team in ``shut`` (None: the user may answer for no team), nobody else has
    claimed it, and the user has not decided on it yet.
    """

    user: str
    shut: frozenset[str] | None
    is_mine: bool = True


@dataclass(frozen=True, slots=True)
class InputRequestFilter:
    """Selects input requests, also by their process; None means any. ``now`` is the time for ``overdue``."""

    now: datetime
    statuses: Sequence[InputRequestStatus] | None = (InputRequestStatus.OPEN,)
    assignee_keys: Sequence[str] | None = None
    overdue: bool | None = None
    claimed: bool | None = None
    claimed_by: str | None = None
    inbox: Inbox | None = None
    process: ProcessFilter = ProcessFilter()


@dataclass(frozen=True, slots=True)
class CallbackFilter:
    """Selects callbacks; None means any. ``now`` is the time for ``overdue``."""

    now: datetime
    statuses: Sequence[CallbackStatus] | None = None
    process_id: UUID | None = None
    overdue: bool | None = None


def process_page(
    conn: Connection, filters: ProcessFilter, page_args: PageArgs, *, by_update: bool, is_descending: bool
) -> RowPage[Process]:
    """A page of processes, in the order of their start or of their last change."""
    at = processes.c.updated_at if by_update else processes.c.started_at
    key = Key((at, processes.c.id), is_descending)
    rows = read_page(conn, process_query(filters, key, page_args), key, page_args)
    items = tuple((cursor, light_process_of(row)) for cursor, row in rows.items)
    return RowPage(items, rows.has_next, rows.has_previous)


def process_query(filters: ProcessFilter, key: Key, page_args: PageArgs) -> Select[Any]:
    """The query of the processes that match the filter, or at least of those that the page needs.

    If a filter has several values, each value has a page of its own, and the page is the best of them: SQLite would
    sort all processes of two statuses to find the newest 50.
    """
    branches = _branches(filters)
    if len(branches) == 1:
        return light_select().where(*_process_conditions(filters))
    pages = (select(processes.c.id, *key.columns[:-1]).where(*_process_conditions(each)) for each in branches)
    ids = [select(page_query(page, key, page_args).subquery().c.id) for page in pages]
    return light_select().where(processes.c.id.in_(union_all(*ids)))


def _branches(filters: ProcessFilter) -> list[ProcessFilter]:
    """The filter for each value of its first list of several values that has an index."""
    for name in ("workflow_names", "assignee_keys", "statuses"):
        values: Sequence[Any] = tuple(dict.fromkeys(getattr(filters, name) or ()))
        if 1 < len(values) <= MOST_BRANCHES:
            chosen: list[Any] = [{name: [value]} for value in values]
            return [replace(filters, **each) for each in chosen]
    return [filters]


def process_count(conn: Connection, filters: ProcessFilter) -> int:
    """The number of processes that match the filter."""
    return count(conn, select(processes.c.id).where(*_process_conditions(filters)))


def status_counts(conn: Connection, filters: ProcessFilter) -> dict[ProcessStatus, int]:
    """The number of processes that match the filter, for each status that it allows; at most `MOST_COUNTED`.

    Each status stops by itself: one that has a million processes hides none of the others.
    """
    allowed = ProcessStatus if filters.statuses is None else dict.fromkeys(filters.statuses)
    counted = {status: process_count(conn, replace(filters, statuses=[status])) for status in allowed}
    return {status: min(number, MOST_COUNTED) for status, number in counted.items()}


def processes_by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Process]:
    """The processes with those ids, without their heavy columns."""
    rows = conn.execute(light_select().where(processes.c.id.in_(ids)))
    return {process.id: process for process in map(light_process_of, rows)}


def input_request_page(conn: Connection, filters: InputRequestFilter, page_args: PageArgs) -> RowPage[InputRequest]:
    """A page of input requests, oldest first."""
    query = _request_query(filters)
    rows = read_page(conn, query, Key((input_requests.c.id,)), page_args)
    items = tuple((cursor, request_rows.request_of(row)) for cursor, row in rows.items)
    return RowPage(items, rows.has_next, rows.has_previous)


def input_request_count(conn: Connection, filters: InputRequestFilter) -> int:
    """The number of input requests that match the filter."""
    return count(conn, _request_query(filters))


def callback_page(conn: Connection, filters: CallbackFilter, page_args: PageArgs) -> RowPage[Callback]:
    """A page of callbacks, newest first."""
    query = select(callbacks).where(*_callback_conditions(filters))
    rows = read_page(conn, query, Key((callbacks.c.id,), is_descending=True), page_args)
    items = tuple((cursor, callback_rows.callback_of(row)) for cursor, row in rows.items)
    return RowPage(items, rows.has_next, rows.has_previous)


def callback_count(conn: Connection, filters: CallbackFilter) -> int:
    """The number of callbacks that match the filter."""
    return count(conn, select(callbacks.c.id).where(*_callback_conditions(filters)))


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of the dashboard; ``durations`` are in seconds, of the processes that completed since ``since``."""

    by_status: dict[ProcessStatus, int]
    open_input_requests: int
    overdue_input_requests: int
    pending_callbacks: int
    overdue_callbacks: int
    oldest_pending_callback_at: datetime | None
    completed: int
    failed: int
    durations: tuple[float, ...]
    engine: EngineStatus


def counts(conn: Connection, *, since: datetime, now: datetime) -> Counts:
    """The numbers of the dashboard; ``completed``, ``failed`` and ``durations`` count from ``since``."""
    statuses = conn.execute(select(processes.c.status, func.count()).group_by(processes.c.status))
    oldest = select(func.count(), func.min(callbacks.c.issued_at)).where(callback_rows.IS_OPEN)
    pending_count, oldest_at = conn.execute(oldest).one()
    return Counts(
        by_status=dict(map(tuple, statuses)),
        open_input_requests=_number(conn, input_requests.c.id, request_rows.IS_OPEN),
        overdue_input_requests=_number(conn, input_requests.c.id, request_rows.is_overdue(now)),
        pending_callbacks=pending_count,
        overdue_callbacks=_number(conn, callbacks.c.id, callback_rows.is_overdue(now)),
        oldest_pending_callback_at=oldest_at,
        completed=statistics.ended_counts(conn, since).get(ProcessStatus.COMPLETED, 0),
        failed=statistics.failed_count(conn, since),
        durations=statistics.durations(conn, since, MOST_DURATIONS),
        engine=engine_state.load(conn),
    )


def _number(conn: Connection, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> int:
    return conn.execute(select(func.count(column)).where(*conditions)).scalar_one()


def _process_conditions(filters: ProcessFilter) -> list[ColumnElement[bool]]:
    c = processes.c
    listed: tuple[tuple[Sequence[Any] | None, ColumnElement[Any]], ...] = (
        (filters.ids, c.id),
        (filters.statuses, c.status),
        (filters.workflow_names, c.workflow_name),
        (filters.targets, c.target),
        (filters.assignee_keys, c.assignee),
    )
    conditions: list[ColumnElement[bool]] = [column.in_(values) for values, column in listed if values is not None]
    if filters.created_by is not None:
        conditions.append(c.created_by == filters.created_by)
    if filters.failure_codes is not None:
        conditions += [c.failure_code.in_(filters.failure_codes), c.status == ProcessStatus.FAILED]
    if filters.products is not None:
        conditions.append(_works_on(filters.products))
    if filters.product_subscription_id is not None:
        is_linked = process_subscriptions.c.subscription_id == filters.product_subscription_id
        conditions.append(c.id.in_(select(process_subscriptions.c.process_id).where(is_linked)))
    for span, column in ((filters.started_at, c.started_at), (filters.updated_at, c.updated_at)):
        conditions += _within(span, column)
    if filters.search:
        conditions.append(_search(filters.search))
    return conditions


def _within(span: Span, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if span.start is not None:
        conditions.append(column >= span.start)
    if span.end is not None:
        conditions.append(column < span.end)
    return conditions


def _works_on(names: Sequence[str]) -> ColumnElement[bool]:
    """The condition that the process works on a subscription to one of the products.

    EXISTS and not IN: SQLite would first collect all processes of the products, and a page needs 50 of them.
    """
    links, subscriptions = process_subscriptions.c, product_subscriptions.c
    product_ids = select(products.c.id).where(products.c.name.in_(names))
    return exists().where(
        links.process_id == processes.c.id,
        subscriptions.id == links.subscription_id,
        subscriptions.product_id.in_(product_ids),
    )


def _search(text: str) -> ColumnElement[bool]:
    """The condition that the subject, the name of the workflow, the note or the id contains the text.

    The message of a failure is not searched: it is masked only when it is shown, so a search would find its secrets.
    """
    pattern = f"%{escaped(text)}%"
    searched = (processes.c.subject, processes.c.workflow_name, func.coalesce(processes.c.note, ""))
    is_match = or_(*(column.ilike(pattern, escape="!") for column in searched))
    digits = text.strip().replace("-", "").lower()
    if len(digits) < SHORTEST_ID or not set(digits) <= set("0123456789abcdef"):
        return is_match
    return or_(is_match, func.replace(cast(processes.c.id, Text), "-", "").contains(digits))


def _request_query(filters: InputRequestFilter) -> Select[Any]:
    c = input_requests.c
    query = select(input_requests)
    if filters.statuses is not None:
        query = query.where(c.status.in_(filters.statuses))
    if filters.assignee_keys is not None:
        query = query.where(c.assignee.in_(filters.assignee_keys))
    if filters.overdue is not None:
        query = query.where(request_rows.is_overdue(filters.now, is_wanted=filters.overdue))
    if filters.claimed is not None:
        query = query.where(c.claimed_by.is_not(None) if filters.claimed else c.claimed_by.is_(None))
    if filters.claimed_by is not None:
        query = query.where(c.claimed_by == filters.claimed_by)
    if conditions := _process_conditions(filters.process):
        query = query.where(exists().where(processes.c.id == c.process_id, *conditions))
    if filters.inbox is not None:
        is_in_inbox = _is_in(filters.inbox)
        query = query.where(is_in_inbox if filters.inbox.is_mine else not_(is_in_inbox))
    return query


def _is_in(inbox: Inbox) -> ColumnElement[bool]:
    c = input_requests.c
    if inbox.shut is None:
        return false()
    own = exists().where(decisions.c.input_request_id == c.id, decisions.c.by == inbox.user)
    free = or_(c.claimed_by.is_(None), c.claimed_by == inbox.user)
    return and_(c.assignee.not_in(sorted(inbox.shut)), free, not_(own))


def _callback_conditions(filters: CallbackFilter) -> list[ColumnElement[bool]]:
    c = callbacks.c
    conditions: list[ColumnElement[bool]] = []
    if filters.statuses is not None:
        conditions.append(c.status.in_(filters.statuses))
    if filters.process_id is not None:
        conditions.append(c.process_id == filters.process_id)
    if filters.overdue is not None:
        conditions.append(callback_rows.is_overdue(filters.now, is_wanted=filters.overdue))
    return conditions
