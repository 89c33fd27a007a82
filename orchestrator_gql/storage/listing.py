"""The lists that people page through, with their filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, not_, or_, select

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks as callback_rows
from orchestrator_gql.storage import engine_state
from orchestrator_gql.storage import input_requests as request_rows
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, count, escaped, read_page
from orchestrator_gql.storage.processes import light_select, process_of
from orchestrator_gql.storage.tables import callbacks, decisions, input_requests, process_subscriptions, processes
from orchestrator_gql.targets import Target
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, ProcessStatus


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant (inclusive) to another (exclusive)."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Which processes; None means any."""

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


@dataclass(frozen=True, slots=True)
class Inbox:
    """What is for somebody to answer: for none of the teams that are ``shut`` to them (None: all are), taken by nobody
    else, and not approved by them yet. Not ``is_mine``: all the rest."""

    user: str
    shut: frozenset[str] | None
    is_mine: bool = True


@dataclass(frozen=True, slots=True)
class InputRequestFilter:
    """Which input requests; None means any. ``now`` is for ``overdue``."""

    now: datetime
    statuses: Sequence[InputRequestStatus] | None = (InputRequestStatus.OPEN,)
    assignee_keys: Sequence[str] | None = None
    workflow_names: Sequence[str] | None = None
    overdue: bool | None = None
    claimed_by: str | None = None
    inbox: Inbox | None = None


@dataclass(frozen=True, slots=True)
class CallbackFilter:
    """Which callbacks; None means any. ``now`` is for ``overdue``."""

    now: datetime
    statuses: Sequence[CallbackStatus] | None = None
    process_id: UUID | None = None
    overdue: bool | None = None


def process_page(
    conn: Connection, wanted: ProcessFilter, page_args: PageArgs, *, by_update: bool, is_descending: bool
) -> RowPage[Process]:
    """A page of processes, by start or by last change."""
    at = processes.c.updated_at if by_update else processes.c.started_at
    query = light_select().where(*_process_conditions(wanted))
    found = read_page(conn, query, Key((at, processes.c.id), is_descending), page_args)
    return RowPage(tuple((c, process_of(r)) for c, r in found.items), found.has_next, found.has_previous)


def process_count(conn: Connection, wanted: ProcessFilter) -> int:
    """How many processes the filter finds."""
    return count(conn, select(processes.c.id).where(*_process_conditions(wanted)))


def processes_by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Process]:
    """The processes with those ids, without their states."""
    rows = conn.execute(light_select().where(processes.c.id.in_(ids)))
    return {process.id: process for process in map(process_of, rows)}


def input_request_page(conn: Connection, wanted: InputRequestFilter, page_args: PageArgs) -> RowPage[InputRequest]:
    """A page of input requests, the oldest first."""
    query = _request_query(wanted)
    found = read_page(conn, query, Key((input_requests.c.id,)), page_args)
    items = tuple((cursor, request_rows.request_of(row)) for cursor, row in found.items)
    return RowPage(items, found.has_next, found.has_previous)


def input_request_count(conn: Connection, wanted: InputRequestFilter) -> int:
    """How many input requests the filter finds."""
    return count(conn, _request_query(wanted))


def callback_page(conn: Connection, wanted: CallbackFilter, page_args: PageArgs) -> RowPage[Callback]:
    """A page of callbacks, the newest first."""
    query = select(callbacks).where(*_callback_conditions(wanted))
    found = read_page(conn, query, Key((callbacks.c.id,), is_descending=True), page_args)
    items = tuple((cursor, callback_rows.callback_of(row)) for cursor, row in found.items)
    return RowPage(items, found.has_next, found.has_previous)


def callback_count(conn: Connection, wanted: CallbackFilter) -> int:
    """How many callbacks the filter finds."""
    return count(conn, select(callbacks.c.id).where(*_callback_conditions(wanted)))


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of the header; durations in seconds, of processes that ended since the window began."""

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
    """The numbers of the header, on one snapshot."""
    statuses = conn.execute(select(processes.c.status, func.count()).group_by(processes.c.status))
    oldest = select(func.count(), func.min(callbacks.c.issued_at)).where(callback_rows.IS_OPEN)
    pending_count, oldest_at = conn.execute(oldest).one()
    ended = select(processes.c.started_at, processes.c.ended_at).where(
        processes.c.status == ProcessStatus.COMPLETED, processes.c.ended_at >= since
    )
    recent = conn.execute(ended.order_by(processes.c.ended_at.desc()).limit(10_000)).all()
    failed = select(func.count()).where(processes.c.status == ProcessStatus.FAILED, processes.c.updated_at >= since)
    return Counts(
        by_status=dict(map(tuple, statuses)),
        open_input_requests=_number(conn, input_requests.c.id, request_rows.IS_OPEN),
        overdue_input_requests=_number(conn, input_requests.c.id, request_rows.is_overdue(now)),
        pending_callbacks=pending_count,
        overdue_callbacks=_number(conn, callbacks.c.id, callback_rows.is_overdue(now)),
        oldest_pending_callback_at=oldest_at,
        completed=len(recent),
        failed=conn.execute(failed).scalar_one(),
        durations=tuple(sorted((end - start).total_seconds() for start, end in recent)),
        engine=engine_state.load(conn),
    )


def _number(conn: Connection, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> int:
    return conn.execute(select(func.count(column)).where(*conditions)).scalar_one()


def _process_conditions(wanted: ProcessFilter) -> list[ColumnElement[bool]]:
    c = processes.c
    listed: tuple[tuple[Sequence[Any] | None, ColumnElement[Any]], ...] = (
        (wanted.ids, c.id),
        (wanted.statuses, c.status),
        (wanted.workflow_names, c.workflow_name),
        (wanted.targets, c.target),
        (wanted.assignee_keys, c.assignee),
    )
    conditions: list[ColumnElement[bool]] = [column.in_(values) for values, column in listed if values is not None]
    if wanted.created_by is not None:
        conditions.append(c.created_by == wanted.created_by)
    if wanted.product_subscription_id is not None:
        mine = process_subscriptions.c.subscription_id == wanted.product_subscription_id
        conditions.append(c.id.in_(select(process_subscriptions.c.process_id).where(mine)))
    for span, column in ((wanted.started_at, c.started_at), (wanted.updated_at, c.updated_at)):
        conditions += _within(span, column)
    if wanted.search:
        conditions.append(_search(wanted.search))
    return conditions


def _within(span: Span, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if span.start is not None:
        conditions.append(column >= span.start)
    if span.end is not None:
        conditions.append(column < span.end)
    return conditions


def _search(said: str) -> ColumnElement[bool]:
    """Words in the workflow's name or the note, or a process by its id."""
    pattern = f"%{escaped(said)}%"
    found = or_(
        processes.c.workflow_name.ilike(pattern, escape="!"),
        func.coalesce(processes.c.note, "").ilike(pattern, escape="!"),
    )
    try:
        return or_(found, processes.c.id == UUID(said))
    except ValueError:
        return found


def _request_query(wanted: InputRequestFilter) -> Select[Any]:
    c = input_requests.c
    query = select(input_requests)
    if wanted.statuses is not None:
        query = query.where(c.status.in_(wanted.statuses))
    if wanted.assignee_keys is not None:
        query = query.where(c.assignee.in_(wanted.assignee_keys))
    if wanted.workflow_names is not None:
        names = processes.c.workflow_name.in_(wanted.workflow_names)
        query = query.where(c.process_id.in_(select(processes.c.id).where(names)))
    if wanted.overdue is not None:
        query = query.where(request_rows.is_overdue(wanted.now, is_wanted=wanted.overdue))
    if wanted.claimed_by is not None:
        query = query.where(c.claimed_by == wanted.claimed_by)
    if wanted.inbox is not None:
        mine = _is_in(wanted.inbox)
        query = query.where(mine if wanted.inbox.is_mine else not_(mine))
    return query


def _is_in(inbox: Inbox) -> ColumnElement[bool]:
    c = input_requests.c
    if inbox.shut is None:
        return false()
    own = exists().where(decisions.c.input_request_id == c.id, decisions.c.by == inbox.user)
    free = or_(c.claimed_by.is_(None), c.claimed_by == inbox.user)
    return and_(c.assignee.not_in(sorted(inbox.shut)), free, not_(own))


def _callback_conditions(wanted: CallbackFilter) -> list[ColumnElement[bool]]:
    c = callbacks.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses is not None:
        conditions.append(c.status.in_(wanted.statuses))
    if wanted.process_id is not None:
        conditions.append(c.process_id == wanted.process_id)
    if wanted.overdue is not None:
        conditions.append(callback_rows.is_overdue(wanted.now, is_wanted=wanted.overdue))
    return conditions
