"""Timers: times at which a process must be checked. A timer only wakes a process; it never decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from orchestrator_gql.storage.columns import UtcDateTime, among
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import timers
from orchestrator_gql.utils.tokens import new_id

_next_due = Prepared(select(func.min(timers.c.due_at).label("due_at")))


class TimerKind(StrEnum):
    """The purpose of a timer."""

    RETRY = "RETRY"
    CALLBACK_DEADLINE = "CALLBACK_DEADLINE"
    HEARTBEAT = "HEARTBEAT"
    REMINDER = "REMINDER"
    ESCALATION = "ESCALATION"
    EXPIRY = "EXPIRY"


@dataclass(frozen=True, slots=True)
class DueTimer:
    """The values of a timer that was due; the input request goes to ``assignee`` as of ``due_at``."""

    kind: TimerKind
    process_id: UUID
    input_request_id: UUID | None = None
    assignee: str | None = None
    due_at: datetime | None = None


_is_of_process = timers.c.process_id == bindparam("process_id")
_set = Prepared(insert(timers).inline(), timers.c.keys())
_clear_callback = Prepared(delete(timers).where(timers.c.callback_id == bindparam("callback_id")), key=["callback_id"])
_clear_request = Prepared(
    delete(timers).where(_is_of_process, timers.c.input_request_id == bindparam("input_request_id")),
    key=["process_id", "input_request_id"],
)
_clear_retry = Prepared(delete(timers).where(_is_of_process, timers.c.kind == TimerKind.RETRY), key=["process_id"])
_clear_process = Prepared(delete(timers).where(_is_of_process), key=["process_id"])


def set_timer(
    conn: Connection,
    kind: TimerKind,
    process_id: UUID,
    due_at: datetime,
    *,
    callback_id: UUID | None = None,
    input_request_id: UUID | None = None,
    assignee: str | None = None,
) -> None:
    """Set a timer: the process is checked at ``due_at``."""
    row = {
        "id": new_id(),
        "due_at": due_at,
        "kind": kind,
        "process_id": process_id,
        "callback_id": callback_id,
        "input_request_id": input_request_id,
        "assignee": assignee,
    }
    _set.write(conn, row)
    commit_effects(conn).has_timers = True


def postpone(conn: Connection, kind: TimerKind, callback_id: UUID, due_at: datetime) -> None:
    """Move the timer of that kind of the callback to ``due_at``."""
    conditions = (timers.c.callback_id == callback_id, timers.c.kind == kind)
    conn.execute(update(timers).where(*conditions).values(due_at=due_at))


def clear_callback(conn: Connection, callback_id: UUID) -> None:
    """Delete the timers of the callback: its wait is over."""
    _clear_callback.write(conn, {"callback_id": callback_id})


def clear_request(conn: Connection, process_id: UUID, input_request_id: UUID) -> None:
    """Delete the timers of the input request: it is closed."""
    _clear_request.write(conn, {"process_id": process_id, "input_request_id": input_request_id})


def clear_retry(conn: Connection, process_id: UUID) -> None:
    """Delete the timer of a pause, which would end a later pause of the process too early."""
    _clear_retry.write(conn, {"process_id": process_id})


def clear_process(conn: Connection, process_id: UUID) -> None:
    """Delete all timers of the process."""
    _clear_process.write(conn, {"process_id": process_id})


def next_due(conn: Connection) -> datetime | None:
    """The due time of the earliest timer, None without timers."""
    first = _next_due.first(conn, {})
    return None if first is None else first["due_at"]


def due_processes(now: datetime, limit: int) -> Select[UUID]:
    """A query for the process ids of at most ``limit`` due timers, oldest first."""
    return select(timers.c.process_id).where(timers.c.due_at <= now).order_by(timers.c.due_at).limit(limit)


def take_due(conn: Connection, process_ids: Sequence[UUID], now: datetime) -> list[DueTimer]:
    """Delete the due timers of the processes, which the caller holds, and return their values."""
    due = delete(timers).where(among(conn, timers.c.process_id, process_ids), timers.c.due_at <= now)
    t = timers.c
    rows = conn.execute(due.returning(t.kind, t.process_id, t.input_request_id, t.assignee, t.due_at))
    return [DueTimer(TimerKind(row.kind), *row[1:]) for row in rows]


def database_time(conn: Connection) -> datetime:
    """The current time of the database server (PostgreSQL), not the start time of the transaction."""
    return conn.execute(select(func.clock_timestamp(type_=UtcDateTime))).scalar_one()
