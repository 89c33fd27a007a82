"""Refuses or queues a start whose lock another process holds, and lets those that wait begin when a process ends."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.process import Process
from orchestrator_gql.security import display_name
from orchestrator_gql.storage import process_locks as locks
from orchestrator_gql.storage import timers
from orchestrator_gql.storage.process_locks import LockHolder
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.utils.start_errors import ResourceLocked
from orchestrator_gql.workflow.model import Workflow


def must_wait(conn: Connection, workflow: Workflow, keys: Sequence[str]) -> bool:
    """True if a new process of the workflow must wait for the keys: no other transaction takes or frees them meanwhile.

    Raises `ResourceLocked` if the workflow refuses instead.
    """
    holder = locks.first(conn, keys) if keys else None
    if holder is not None and (workflow.lock is None or workflow.lock.on_locked == "refuse"):
        raise ResourceLocked(
            f"{described(holder)}: wait until it ends, or abort it.",
            process_id=holder.process_id,
            by=holder.started_by,
            at=holder.started_at,
        )
    return holder is not None


def release(conn: Connection, process: Process, now: datetime) -> None:
    """Free the keys of a process that ends in this transaction, and wake those that may have their turn now.

    A timer wakes them: their own locks cannot be taken behind that of this process, because the transactions of two
    processes might wait for each other. A process that has not its turn after all waits on.
    """
    for id in locks.release(conn, process.id, process.lock_keys):
        timers.set_timer(conn, TimerKind.RETRY, id, now)


def described(holder: LockHolder) -> str:
    """Which process holds the key, who started it, and when."""
    by = f" by {display_name(holder.started_by)}" if holder.started_by else ""
    began = f"started{by} at {holder.started_at:%Y-%m-%d %H:%M:%S} UTC"
    process = f"process {holder.process_id} of {holder.workflow_name!r}"
    if holder.is_waiting:
        return f"{holder.key!r} is next for {process}, which waits for another key, {began}"
    return f"{holder.key!r} is held by {process}, {began}"
