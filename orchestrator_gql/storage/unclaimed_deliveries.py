"""Letters that a remote service addressed to a job of which no action has told yet."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, insert, select

from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.storage.tables import unclaimed_letters
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.tokens import new_id

KEPT = timedelta(hours=1)
"""How long a letter waits for its job. An action tells of it when it returns, and few take so long."""

MOST = 1_000
MOST_BYTES = 20 * 1024 * 1024
"""Bounds for one service: whoever has its credential could fill the disk with jobs that do not exist."""

c = unclaimed_letters.c


def keep(conn: Connection, service: str, ref: str, delivery: Delivery, now: datetime) -> UUID | None:
    """Keep the letter; its id, the same for an equal one. None where the service's share is full."""
    conn.execute(delete(unclaimed_letters).where(c.at < now - KEPT))
    mine = (c.service == service, c.ref == ref, c.digest == delivery.digest)
    known: UUID | None = conn.execute(select(c.id).where(*mine)).scalar()
    if known is not None:
        return known
    held = select(func.count(), func.coalesce(func.sum(func.length(c.body)), 0)).where(c.service == service)
    count, size = conn.execute(held).one()
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
    conn.execute(insert(unclaimed_letters), row)
    return row["id"]  # type: ignore[return-value]


def take(conn: Connection, service: str, ref: str, now: datetime) -> list[tuple[UUID, Delivery]]:
    """Remove and give the letters for that job, the oldest first, with their ids."""
    mine = (c.service == service, c.ref == ref)
    rows = conn.execute(select(unclaimed_letters).where(*mine, c.at >= now - KEPT).order_by(c.id)).all()
    conn.execute(delete(unclaimed_letters).where(*mine))
    return [(row.id, _delivery(row)) for row in rows]


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery.of(decode(row.body.decode()), row.body, peer=row.peer, is_failure=row.is_failure)
