"""Finds and deletes the payloads that nothing refers to any more.

An operator's result replaces the result of a callback, and a step overwrites a large value of the state: the payload of
the old value stays. A payload and the first reference to it are stored in one transaction, and no reference comes back.
So a payload without a reference is not used again.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, select

from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.tables import callbacks, payloads, processes

PAGE = 500
"""Rows that one read looks at."""

BEGINNING = UUID(int=0)


def without_callback(conn: Connection, after: UUID) -> tuple[list[UUID], UUID | None]:
    """The payloads of the page behind the id that no callback refers to, and the last id; None behind the last page."""
    query = select(payloads.c.id).where(payloads.c.id > after).order_by(payloads.c.id).limit(PAGE)
    ids = list(conn.execute(query).scalars())
    used_ids = select(callbacks.c.payload_id).where(among(conn, callbacks.c.payload_id, ids))
    used = set(conn.execute(used_ids).scalars()) if ids else set()
    return [id for id in ids if id not in used], ids[-1] if ids else None


def in_states(conn: Connection, after: UUID) -> tuple[set[UUID], UUID | None]:
    """The payloads to which the states of the page of processes refer, and the last id; None behind the last page."""
    c = processes.c
    rows = conn.execute(select(c.id, c.stored).where(c.id > after).order_by(c.id).limit(PAGE)).all()
    used = {UUID(id) for row in rows if row.stored for id, _ in row.stored.values()}
    return used, rows[-1].id if rows else None


def remove(conn: Connection, ids: Sequence[UUID]) -> int:
    """Delete the payloads; their number."""
    return conn.execute(delete(payloads).where(among(conn, payloads.c.id, ids))).rowcount
