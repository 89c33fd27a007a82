"""The gauges of the metrics; ended processes are not counted, because their number grows without a limit."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, text

from orchestrator_gql.storage import backlog, engine_state, events
from orchestrator_gql.storage import callbacks as callback_rows
from orchestrator_gql.storage import input_requests as request_rows
from orchestrator_gql.storage.backlog import Backlog
from orchestrator_gql.storage.tables import callbacks, notifications, processes, workers
from orchestrator_gql.storage.tables.notifications import DEAD, PENDING
from orchestrator_gql.types import EngineState, ProcessStatus

LIVING = tuple(status for status in ProcessStatus if status not in (ProcessStatus.ABORTED, ProcessStatus.COMPLETED))

_by_workflow = (
    select(processes.c.status, processes.c.workflow_name, func.count())
    .where(processes.c.status.in_(LIVING))
    .group_by(processes.c.status, processes.c.workflow_name)
)
_count_pending = select(func.count()).where(callback_rows.IS_OPEN)
_count_overdue = select(func.count()).where(callback_rows.is_overdue(bindparam("now")))
# Ids are in the order of time: the oldest is the first of the index of the pending callbacks.
OLDEST_PENDING = select(callbacks.c.issued_at).where(callback_rows.IS_PENDING).order_by(callbacks.c.id).limit(1)
_count_open = select(func.count()).where(request_rows.IS_OPEN)
_count_unsent = select(func.count()).select_from(notifications).where(text(PENDING))
_count_dead = select(func.count()).select_from(notifications).where(text(DEAD))
_oldest_ended = select(func.min(processes.c.ended_at)).where(processes.c.ended_at.is_not(None))
_count_workers = select(func.count()).where(workers.c.last_seen_at >= bindparam("since"))


@dataclass(frozen=True, slots=True)
class Gauges:
    """The values of the gauges on one snapshot; times are in seconds."""

    processes: dict[tuple[ProcessStatus, str], int]
    backlog: Backlog
    lag: float
    pending_callbacks: int
    overdue_callbacks: int
    oldest_pending_callback: float
    open_input_requests: int
    pending_notifications: int
    dead_notifications: int
    workers: int
    state: EngineState
    log_lag: float
    oldest_ended_process: float


def load(conn: Connection, *, now: datetime, workers_since: datetime) -> Gauges:
    """The values now. A worker counts if it renewed its row since ``workers_since``."""
    current = backlog.load(conn, now)
    oldest, ended = conn.execute(OLDEST_PENDING).scalar(), conn.execute(_oldest_ended).scalar()
    return Gauges(
        processes={(status, name): count for status, name, count in conn.execute(_by_workflow)},
        backlog=current,
        lag=current.lag(now),
        pending_callbacks=conn.execute(_count_pending).scalar_one(),
        overdue_callbacks=conn.execute(_count_overdue, {"now": now}).scalar_one(),
        oldest_pending_callback=max((now - oldest).total_seconds(), 0.0) if oldest else 0.0,
        open_input_requests=conn.execute(_count_open).scalar_one(),
        pending_notifications=conn.execute(_count_unsent).scalar_one(),
        dead_notifications=conn.execute(_count_dead).scalar_one(),
        workers=conn.execute(_count_workers, {"since": workers_since}).scalar_one(),
        state=engine_state.load(conn).state,
        log_lag=events.lag(conn, now),
        oldest_ended_process=max((now - ended).total_seconds(), 0.0) if ended else 0.0,
    )
