"""Deliveries of a remote service for a job whose external id no action step has reported yet."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, insert, select

from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.storage.tables import unclaimed_deliveries
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.tokens import new_id

KEPT = timedelta(hours=1)
"""How long a delivery waits for its job. An action step reports the job when it returns, and few take so long."""

MOST = 1_000
MOST_BYTES = 20 * 1024 * 1024
"""Limits for one service: a client with its credentials could fill the disk with jobs that do not exist."""

c = unclaimed_deliveries.c


def keep(conn: Connection, service: str, ref: str, delivery: Delivery, now: datetime) -> UUID | None:
    """Store the delivery and return its id; an equal delivery has the same id. None if the service is at its limit."""
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


def take(conn: Connection, service: str, ref: str, now: datetime) -> list[tuple[UUID, Delivery]]:
    """Remove the deliveries for the job and return them with their ids, oldest first."""
    conditions = (c.service == service, c.ref == ref)
    rows = conn.execute(select(unclaimed_deliveries).where(*conditions, c.at >= now - KEPT).order_by(c.id)).all()
    conn.execute(delete(unclaimed_deliveries).where(*conditions))
    return [(row.id, _delivery(row)) for row in rows]


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery.of(decode(row.body.decode()), row.body, peer=row.peer, is_failure=row.is_failure)
