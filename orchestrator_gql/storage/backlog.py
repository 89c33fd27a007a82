"""Counts the processes that workers hold and that wait for a worker, from the partial indexes of `processes`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from orchestrator_gql.storage.processes import RUNNABLE
from orchestrator_gql.storage.tables import processes

IS_RUNNABLE = processes.c.status.in_(bindparam(None, RUNNABLE, expanding=True, literal_execute=True))
"""The values are literals: SQLite uses a partial index only if the text of the statement has its condition."""

_is_held = processes.c.worker.is_not(None)
_since = case((processes.c.lease_until.is_(None), processes.c.updated_at), else_=processes.c.lease_until)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number of processes that workers hold and that wait for a worker, and the start of the longest wait."""

    held: int
    queued: int
    waiting_since: datetime | None

    def lag(self, now: datetime) -> float:
        """Seconds that the longest-waiting process has waited; 0 if no process waits."""
        return max((now - self.waiting_since).total_seconds(), 0.0) if self.waiting_since else 0.0


def held(conn: Connection, now: datetime) -> int:
    """The number of processes that a worker holds with a valid lease."""
    living = select(func.count()).where(_is_held, processes.c.lease_until >= now)
    return conn.execute(living).scalar_one()


def load(conn: Connection, now: datetime) -> Backlog:
    """The backlog now. A process of a dead worker waits since its lease ended."""
    queued, since = conn.execute(select(func.count(), func.min(_since)).where(IS_RUNNABLE, is_free(now))).one()
    return Backlog(held(conn, now), queued, since)


def is_free(now: datetime) -> ColumnElement[bool]:
    """The condition that no living worker holds the process.

    A release clears the worker and the lease together, so the condition on the lease (and its index) is enough.
    """
    return or_(processes.c.lease_until.is_(None), processes.c.lease_until < now)
