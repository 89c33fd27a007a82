"""The locks of product subscriptions: which process holds which subscription, and which process left it changed.

A subscription is in sync if it has no row here. Each change also writes the copy in ``product_subscriptions.insync``.
The caller holds the row of the subscription (`product_subscriptions.lock_all`), so two processes never take one lock.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, insert, select, update

from orchestrator_gql.domain import Lock
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import product_subscription_locks as locks
from orchestrator_gql.storage.tables import product_subscriptions

_held_by = Prepared(
    select(locks.c.subscription_id)
    .where(locks.c.locked_by == bindparam("process_id"))
    .order_by(locks.c.subscription_id)
)


def of_subscriptions(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Lock]:
    """The locks of the product subscriptions that are not in sync."""
    query = select(locks).where(locks.c.subscription_id.in_(ids))
    return {row.subscription_id: _lock_of(row) for row in conn.execute(query)}


def held_by(conn: Connection, process_id: UUID) -> list[UUID]:
    """The ids of the product subscriptions that the process holds."""
    return [row["subscription_id"] for row in _held_by.all(conn, {"process_id": process_id})]


def is_held(subscription_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The condition that a process holds the product subscription."""
    return exists().where(locks.c.subscription_id == subscription_id, locks.c.locked_by.is_not(None))


def take(conn: Connection, subscription_id: UUID, process_id: UUID, now: datetime) -> None:
    """Let the process hold the product subscription, which no process holds."""
    _write(conn, subscription_id, {"locked_by": process_id, "locked_at": now})


def give_back(conn: Connection, subscription_id: UUID) -> None:
    """Let no process hold it. It stays out of sync if an earlier process left it so."""
    lock = of_subscriptions(conn, [subscription_id]).get(subscription_id)
    if lock is not None and lock.out_of_sync_reason is not None:
        _write(conn, subscription_id, {"locked_by": None, "locked_at": None})
    else:
        put_in_sync(conn, subscription_id)


def leave_out_of_sync(conn: Connection, subscription_id: UUID, process_id: UUID, reason: str, now: datetime) -> None:
    """Let no process hold it, and store that the process may have left a change."""
    left = {"out_of_sync_by": process_id, "out_of_sync_since": now, "out_of_sync_reason": reason}
    _write(conn, subscription_id, {"locked_by": None, "locked_at": None, **left})


def put_in_sync(conn: Connection, subscription_id: UUID) -> bool:
    """Remove the lock; True if there was one."""
    removed = conn.execute(delete(locks).where(locks.c.subscription_id == subscription_id)).rowcount
    _copy(conn, subscription_id, is_in_sync=True)
    return removed > 0


def _write(conn: Connection, subscription_id: UUID, values: dict[str, Any]) -> None:
    changed = conn.execute(update(locks).where(locks.c.subscription_id == subscription_id).values(values))
    if changed.rowcount == 0:
        conn.execute(insert(locks), {"subscription_id": subscription_id, **values})
        _copy(conn, subscription_id, is_in_sync=False)


def _copy(conn: Connection, subscription_id: UUID, *, is_in_sync: bool) -> None:
    condition = product_subscriptions.c.id == subscription_id
    conn.execute(update(product_subscriptions).where(condition).values(insync=is_in_sync))


def _lock_of(row: Any) -> Lock:
    return Lock(row.locked_by, row.locked_at, row.out_of_sync_by, row.out_of_sync_since, row.out_of_sync_reason)
