"""The lists of processes, input requests and callbacks, with their filters and counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    not_,
    or_,
    select,
)

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks as callback_rows
from orchestrator_gql.storage import engine_state, metrics, process_lists, statistics
from orchestrator_gql.storage import input_requests as request_rows
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.light_processes import light_process_of
from orchestrator_gql.storage.pages_of_values import Listed, of_values
from orchestrator_gql.storage.pagination import (
    Key,
    PageArgs,
    RowPage,
    count,
    count_by_index,
    number_by_index,
    read_page,
)
from orchestrator_gql.storage.process_filters import ProcessFilter, conditions_of
from orchestrator_gql.storage.process_ways import id_queries
from orchestrator_gql.storage.tables import (
    callbacks,
    decisions,
    input_requests,
    processes,
)
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, ProcessStatus

MOST_DURATIONS = 10_000
"""Processes whose durations the dashboard's numbers cover: the last that ended."""


MOST_OVERDUE = 1_000
"""Overdue requests, and requests of few processes, that are read by their ids: few among many open ones."""


MOST_PROCESSES = 200
"""Processes whose requests are read by their ids."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """The requests that a user may answer; without ``is_mine`` all other requests.

    Such a request is not assigned to a team in ``shut`` (None: the user may answer for no team), nobody else has
    claimed it, the user has not decided on it yet, and it is no approval of the user's own change.
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
    process: ProcessFilter = field(default_factory=ProcessFilter)


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
    rows = process_lists.page(conn, filters, page_args, by_update=by_update, is_descending=is_descending)
    return rows.map(light_process_of)


def status_counts(conn: Connection, filters: ProcessFilter) -> dict[ProcessStatus, int]:
    """The number of processes that match the filter, for each status that it allows; `pagination.MOST_COUNTED` + 1 if
    there are more.

    Each status stops by itself: a status with a million processes hides no other.
    """
    allowed = ProcessStatus if filters.statuses is None else dict.fromkeys(filters.statuses)
    return {status: process_lists.count(conn, replace(filters, statuses=[status])) for status in allowed}


def input_request_page(conn: Connection, filters: InputRequestFilter, page_args: PageArgs) -> RowPage[InputRequest]:
    """A page of input requests, oldest first."""
    key = Key((input_requests.c.id,))
    c, rest = input_requests.c, _request_query(conn, replace(filters, statuses=None, assignee_keys=None))
    status, team = Listed(c.status, filters.statuses, InputRequestStatus), Listed(c.assignee, filters.assignee_keys)
    query = of_values(conn, rest, key, page_args, status, team)
    return read_page(conn, query, key, page_args).map(request_rows.request_of)


def input_request_count(conn: Connection, filters: InputRequestFilter) -> int:
    """The number of input requests that match the filter."""
    return count(conn, _request_query(conn, filters).with_only_columns(input_requests.c.id))


def callback_page(conn: Connection, filters: CallbackFilter, page_args: PageArgs) -> RowPage[Callback]:
    """A page of callbacks, newest first."""
    key = Key((callbacks.c.id,), is_descending=True)
    query = select(callbacks)
    if filters.process_id is None:
        query = query.where(*_callback_conditions(replace(filters, statuses=None)))
        query = of_values(conn, query, key, page_args, Listed(callbacks.c.status, filters.statuses))
    else:  # one process has few: their index is the shortest way
        query = query.where(*_callback_conditions(filters))
    return read_page(conn, query, key, page_args).map(callback_rows.callback_of)


def callback_count(conn: Connection, filters: CallbackFilter) -> int:
    """The number of callbacks that match the filter."""
    return count(conn, select(callbacks.c.id).where(*_callback_conditions(filters)))


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of the dashboard; ``durations`` are in seconds, of the processes that completed since ``since``.

    Numbers of rows in a status are counted up to `pagination.MOST_COUNTED`, and one more says that there are more.
    """

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
    return Counts(
        by_status=_by_status(conn),
        open_input_requests=_number(conn, input_requests.c.id, request_rows.IS_OPEN),
        overdue_input_requests=count_by_index(conn, request_rows.overdue_ids(conn, now)),
        pending_callbacks=_number(conn, callbacks.c.id, callback_rows.IS_OPEN),
        overdue_callbacks=_number(conn, callbacks.c.id, callback_rows.is_overdue(now)),
        oldest_pending_callback_at=conn.execute(metrics.OLDEST_PENDING).scalar(),
        completed=statistics.ended_counts(conn, since).get(ProcessStatus.COMPLETED, 0),
        failed=statistics.failed_count(conn, since),
        durations=statistics.durations(conn, since, MOST_DURATIONS),
        engine=engine_state.load(conn),
    )


def _number(conn: Connection, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> int:
    return count_by_index(conn, select(column).where(*conditions))


def _by_status(conn: Connection) -> dict[ProcessStatus, int]:
    rows = {status: select(processes.c.id).where(processes.c.status == status) for status in ProcessStatus}
    columns = (number_by_index(conn, query).label(status) for status, query in rows.items())
    return dict(zip(rows, conn.execute(select(*columns)).one(), strict=True))


def _ids_of_few(conn: Connection, filters: ProcessFilter) -> Sequence[UUID] | None:
    """The ids of the requests of the processes that match the filter, and of some others; None if they are many."""
    for query in id_queries(filters, by_update=True):
        process_ids = conn.execute(query.limit(MOST_PROCESSES + 1)).scalars().all()
        if len(process_ids) <= MOST_PROCESSES:
            c = input_requests.c
            own = select(c.id).where(among(conn, c.process_id, process_ids)).limit(MOST_OVERDUE + 1)
            ids = conn.execute(own).scalars().all()
            return ids if len(ids) <= MOST_OVERDUE else None
    return None


def _request_query(conn: Connection, filters: InputRequestFilter) -> Select[Any]:
    c = input_requests.c
    query = select(input_requests)
    if filters.overdue:
        ids = conn.execute(request_rows.overdue_ids(conn, filters.now).limit(MOST_OVERDUE + 1)).scalars().all()
        if len(ids) <= MOST_OVERDUE:  # else the order of the list soon leads to some
            query = query.where(among(conn, c.id, ids))
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
    if (of_few := _ids_of_few(conn, filters.process)) is not None:
        query = query.where(among(conn, c.id, of_few))
    if conditions := conditions_of(filters.process, processes.c):
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
    is_allowed = or_(c.not_by.is_(None), c.not_by != inbox.user)
    return and_(c.assignee.not_in(sorted(inbox.shut)), free, is_allowed, not_(own))


def _callback_conditions(filters: CallbackFilter) -> list[ColumnElement[bool]]:
    c = callbacks.c
    conditions: list[ColumnElement[bool]] = []
    if filters.statuses is not None:
        is_pending = list(dict.fromkeys(filters.statuses)) == [CallbackStatus.PENDING]
        conditions.append(callback_rows.IS_PENDING if is_pending else c.status.in_(filters.statuses))
    if filters.process_id is not None:
        conditions.append(c.process_id == filters.process_id)
    if filters.overdue is not None:
        conditions.append(callback_rows.is_overdue(filters.now, is_wanted=filters.overdue))
    return conditions
