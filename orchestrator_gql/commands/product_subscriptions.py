"""setInSync: an operator says that a product subscription describes what the network does."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import engine_state, events, product_subscriptions
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.utils.errors import FieldError, NotFound, PayloadInvalid, SubscriptionLocked

LONGEST = 1_000
"""The most characters of a reason."""


async def set_in_sync(runtime: Runtime, principal: Principal, *, subscription_id: UUID, reason: str) -> Row[Any]:
    """Put a product subscription in sync that an aborted process left out of sync; the audit log stores the reason.

    The result is its row. If it is in sync already, nothing changes. Raises `Forbidden`, `NotFound`, `PayloadInvalid`
    for a missing or long reason, and `SubscriptionLocked` while a process holds it.
    """
    principal.demand(Permission.SET_IN_SYNC)
    reason = _clean(reason)

    def put(conn: Connection) -> Row[Any]:
        engine_state.lock(conn)  # the audit entry stands in the chain of the engine
        if not product_subscriptions.lock_all(conn, [subscription_id]):
            raise NotFound("product subscription", subscription_id)
        lock = locks.of_subscriptions(conn, [subscription_id]).get(subscription_id)
        if lock is None:
            return product_subscriptions.rows(conn, [subscription_id])[subscription_id]
        if lock.locked_by is not None:
            raise SubscriptionLocked(
                f"The product subscription {subscription_id} is held by process {lock.locked_by}: wait until it ends, "
                "or abort it.",
                process_id=lock.locked_by,
            )
        now = runtime.clock.now()
        locks.put_in_sync(conn, subscription_id)
        left_by = str(lock.out_of_sync_by) if lock.out_of_sync_by else None
        write_down(
            conn,
            runtime,
            None,
            actor=principal.id,
            action="setInSync",
            now=now,
            product_subscription_id=str(subscription_id),
            left_by=left_by,
            reason=reason,
        )
        events.append(conn, [product_subscriptions.changed_event(subscription_id, None, now, principal.id)])
        return product_subscriptions.rows(conn, [subscription_id])[subscription_id]

    return await runtime.database.transaction(put)


def _clean(reason: str) -> str:
    reason = reason.replace("\x00", "�").strip()  # PostgreSQL's text holds no NUL
    if reason and len(reason) <= LONGEST:
        return reason
    message = f"Say in 1 to {LONGEST:,} characters why the network is as the subscription says."
    raise PayloadInvalid(
        "The reason is missing or too long.",
        [FieldError(("reason",), message, "string_too_long" if reason else "missing")],
    )
