"""The leases of processes: which worker holds a process, until when, and which processes no living worker holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_, select, update

from orchestrator_gql.process import Process
from orchestrator_gql.storage import wake_ups
from orchestrator_gql.storage.backlog import IS_RUNNABLE, is_free
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.storage.processes import RUNNABLE, hold
from orchestrator_gql.storage.tables import processes


def release(conn: Connection, process_id: UUID, worker: str) -> bool:
    """Release a process that this worker holds but does not work on; True if the worker held it."""
    change = update(processes).where(processes.c.id == process_id, processes.c.worker == worker)
    return conn.execute(change.values(worker=None, lease_until=None)).rowcount == 1


def let_go(conn: Connection, process_id: UUID, worker: str, epoch: int) -> None:
    """Release the process if this worker still holds it by that claim, and wake it for any worker.

    Only by that claim: the same worker may hold the process by a newer claim, and its step would run a second time.
    """
    hold(conn, process_id)
    claim = (processes.c.id == process_id, processes.c.worker == worker, processes.c.epoch == epoch)
    if conn.execute(update(processes).where(*claim).values(worker=None, lease_until=None)).rowcount == 1:
        wake(conn, process_id)


def count_failure(conn: Connection, process_id: UUID, held: Process | None, now: datetime, *, lets_go: bool) -> int:
    """Count a failure of the engine on a process, and return the number of failures in a row.

    The process must be unchanged since ``held``; if that is None, nobody may hold it. Else nothing changes, and the
    result is 0. With ``lets_go`` the process is also released.
    """
    hold(conn, process_id)
    free = or_(processes.c.worker.is_(None), processes.c.lease_until < now)
    unchanged = (free,) if held is None else (processes.c.epoch == held.epoch, processes.c.seq == held.seq)
    values: dict[str, Any] = {"engine_failures": processes.c.engine_failures + 1}
    if lets_go:
        values |= {"worker": None, "lease_until": None}
    change = update(processes).where(processes.c.id == process_id, processes.c.status.in_(RUNNABLE), *unchanged)
    return conn.execute(change.values(values).returning(processes.c.engine_failures)).scalar() or 0


def renew(conn: Connection, worker: str, until: datetime) -> int:
    """Extend the leases of all processes that the worker holds; their number."""
    change = update(processes).where(processes.c.worker == worker).values(lease_until=until)
    return conn.execute(change).rowcount


def held_by(conn: Connection, worker: str) -> frozenset[UUID]:
    """The processes that the worker holds."""
    return frozenset(conn.execute(select(processes.c.id).where(processes.c.worker == worker)).scalars())


def drop(conn: Connection, worker: str | None = None) -> int:
    """Release all processes of the worker; without ``worker`` all processes, if no worker can be alive (SQLite).

    The number of the processes.
    """
    change = update(processes).where(processes.c.worker.is_not(None)).values(worker=None, lease_until=None)
    return conn.execute(change if worker is None else change.where(processes.c.worker == worker)).rowcount


def runnable(
    conn: Connection, now: datetime, deployed: Sequence[str], limit: int, *, has_queue: bool = False
) -> Sequence[UUID]:
    """At most ``limit`` processes that can run here and that no living worker holds.

    With ``has_queue``, those for which a job waits are left out: thousands may wait, and each needs only one job.
    Only processes of deployed workflows: a thousand processes of a missing workflow would use up the limit and hide
    the other processes.
    """
    # No plain column: SQLite would look through all processes of the workflow, which are a million.
    is_deployed = processes.c.workflow_name.concat("").in_(deployed)
    query = select(processes.c.id).where(IS_RUNNABLE, is_free(now), is_deployed).limit(limit)
    if has_queue:
        query = query.where(~wake_ups.has_job(processes.c.id))
    return conn.execute(query).scalars().all()
