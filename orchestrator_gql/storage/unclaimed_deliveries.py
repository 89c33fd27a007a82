"""Deliveries of a remote service for a job whose external id no action step has reported yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select

from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.storage.advisory_locks import key_of
from orchestrator_gql.storage.tables import unclaimed_deliveries
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.tokens import new_id

KEPT = timedelta(hours=1)
"""How long a delivery waits for its job. An action step reports the job when it returns, and few take so long."""

MOST = 1_000
MOST_BYTES = 20 * 1024 * 1024
"""Limits for one service: a client with its credentials could fill the disk with jobs that do not exist."""

c = unclaimed_deliveries.c
_wait_for_lock = select(func.pg_advisory_xact_lock(key_of(bindparam("key"))))


def keep(conn: Connection, service: str, ref: str, delivery: Delivery, now: datetime) -> UUID | None:
    """Store the delivery and return its id; an equal delivery has the same id. None if the service is at its limit.

    The caller holds the lock of the job.
    """
    conn.execute(delete(unclaimed_deliveries).where(c.at < now - KEPT))
    conditions = (c.service == service, c.ref == ref, c.digest == delivery.digest)
    existing: UUID | None = conn.execute(select(c.id).where(*conditions)).scalar()
    if existing is not None:
        return existing
    totals = select(func.count(), func.coalesce(func.sum(func.length(c.body)), 0)).where(c.service == service)
    count, size = conn.execute(totals).one()
    if count >= MOST or size + len(delivery.body) > MOST_BYTES:
        return None
    row = {
        "id": new_id(),
        "service": service,
        "ref": ref,
        "at": now,
        "peer": delivery.peer,
        "is_failure": delivery.is_failure,
        "digest": delivery.digest,
        "body": delivery.body,
    }
    conn.execute(insert(unclaimed_deliveries), row)
    return row["id"]  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class UnclaimedDelivery:
    """A delivery for a job that no action has named yet; its sender has the receipt."""

    receipt: str
    at: datetime
    delivery: Delivery


def lock(conn: Connection, service: str, ref: str) -> None:
    """Wait until no other transaction stores or claims deliveries for the job; the caller holds no process.

    Without this lock a delivery could be stored just after the action that names its job was committed, and nobody
    would claim it. Two equal deliveries at once would both be inserted.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_wait_for_lock, {"key": f"job\n{service}\n{ref}"})


def of_job(conn: Connection, service: str, ref: str, now: datetime) -> list[UnclaimedDelivery]:
    """The deliveries for the job, oldest first."""
    conditions = (c.service == service, c.ref == ref, c.at >= now - KEPT)
    rows = conn.execute(select(unclaimed_deliveries).where(*conditions).order_by(c.id)).all()
    return [UnclaimedDelivery(str(row.id), row.at, _delivery(row)) for row in rows]


def has(conn: Connection, id: UUID, now: datetime) -> bool:
    """True if the delivery still waits for its job."""
    return conn.execute(select(c.id).where(c.id == id, c.at >= now - KEPT)).scalar() is not None


def forget(conn: Connection, service: str, ref: str) -> None:
    """Delete the deliveries for the job: its callback has them now."""
    conn.execute(delete(unclaimed_deliveries).where(c.service == service, c.ref == ref))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery.of(decode(row.body.decode()), row.body, peer=row.peer, is_failure=row.is_failure)
