"""What the workers hold and what waits for one, counted from the partial indexes of `processes`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from orchestrator_gql.storage.processes import RUNNABLE
from orchestrator_gql.storage.tables import processes

# Written out in the statement: a partial index serves only a condition that SQLite can read before it has the values.
_runnable = processes.c.status.in_(bindparam(None, RUNNABLE, expanding=True, literal_execute=True))
_is_held = processes.c.worker.is_not(None)
_since = case((processes.c.lease_until.is_(None), processes.c.updated_at), else_=processes.c.lease_until)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many processes living workers hold, how many wait for one, and since when the longest does."""

    held: int
    queued: int
    waiting_since: datetime | None

    def lag(self, now: datetime) -> float:
        """Seconds that the longest-waiting process has waited; 0 where none waits."""
        return max((now - self.waiting_since).total_seconds(), 0.0) if self.waiting_since else 0.0


def held(conn: Connection, now: datetime) -> int:
    """How many processes are held by a worker whose lease has not run out."""
    living = select(func.count()).where(_is_held, processes.c.lease_until >= now)
    return conn.execute(living).scalar_one()


def load(conn: Connection, now: datetime) -> Backlog:
    """The backlog now. A process that a dead worker held has waited since its lease ran out."""
    queued, since = conn.execute(select(func.count(), func.min(_since)).where(_runnable, _free(now))).one()
    return Backlog(held(conn, now), queued, since)


def _free(now: datetime) -> ColumnElement[bool]:
    """Whoever lets go of a process clears the worker and the lease together, so the index on the lease says it all."""
    return or_(processes.c.lease_until.is_(None), processes.c.lease_until < now)
