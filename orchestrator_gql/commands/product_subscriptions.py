"""setInSync, updateProductSubscriptionNote and updateCustomerDescription: what people state about a subscription."""

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from orchestrator_gql.audit.free_text import LONGEST, demand_short
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import engine_state, events, product_subscriptions
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_versions as versions
from orchestrator_gql.storage.columns import Words
from orchestrator_gql.utils.errors import FieldError, NotFound, PayloadInvalid, StaleVersion, SubscriptionLocked

LONGEST_DESCRIPTION = 1_000
"""The most characters of a customer's description."""


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
            facts = product_subscriptions.start_facts(conn, [subscription_id])[subscription_id]
            raise SubscriptionLocked(
                f"{facts.title} is held by process {facts.locked_by}: wait until it ends, or abort it.",
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


async def update_product_subscription_note(
    runtime: Runtime,
    principal: Principal,
    *,
    subscription_id: UUID,
    note: str | None,
    expected_version: int | None = None,
) -> Row[Any]:
    """Write, change or (None) remove the note; the result is the row of the product subscription.

    A process that works on the subscription goes on with the new note. Raises `Forbidden`, `NotFound`,
    `PayloadInvalid` for a long note, and `StaleVersion`.
    """
    principal.demand(Permission.EDIT_NOTE)
    text = _text("note", note, LONGEST)
    action = "updateProductSubscriptionNote"
    return await _edit(runtime, principal, action, "note", subscription_id, text, expected_version)


async def update_customer_description(
    runtime: Runtime,
    principal: Principal,
    *,
    subscription_id: UUID,
    description: str | None,
    expected_version: int | None = None,
) -> Row[Any]:
    """Write, change or (None) remove the name that the customer gives the subscription; else as the note."""
    principal.demand(Permission.EDIT_NOTE)
    text = _text("customerDescription", description, LONGEST_DESCRIPTION)
    action = "updateCustomerDescription"
    return await _edit(runtime, principal, action, "customer_description", subscription_id, text, expected_version)


async def _edit(
    runtime: Runtime,
    principal: Principal,
    action: str,
    field: str,
    subscription_id: UUID,
    text: str | None,
    expected_version: int | None,
) -> Row[Any]:
    """Store one text beside the model as a new version. The same text again changes nothing."""

    def write(conn: Connection) -> Row[Any]:
        engine_state.lock(conn)  # the audit entry stands in the chain of the engine
        stored = product_subscriptions.lock_all(conn, [subscription_id]).get(subscription_id)
        if stored is None:
            raise NotFound("product subscription", subscription_id)
        if expected_version is not None and expected_version != stored.version:
            raise StaleVersion(
                f"The product subscription is at version {stored.version}, not {expected_version}: read it again.",
                current_version=stored.version,
            )
        if getattr(stored, field) == text:
            return stored
        now = runtime.clock.now()
        version = versions.edit(conn, stored, {field: text}, now)
        write_down(
            conn,
            runtime,
            None,
            actor=principal.id,
            action=action,
            now=now,
            product_subscription_id=str(subscription_id),
            version=version,
            digest=hashlib.sha256(text.encode()).hexdigest() if text is not None else None,
        )
        events.append(conn, [product_subscriptions.changed_event(subscription_id, None, now, principal.id)])
        return product_subscriptions.rows(conn, [subscription_id])[subscription_id]

    return await runtime.database.transaction(write)


def _text(field: str, text: str | None, longest: int) -> str | None:
    """The text as it is stored; None if it is blank."""
    if text is None or not text.strip():
        return None
    demand_short(field, text, longest)
    return Words.written(text)


def _clean(reason: str) -> str:
    reason = Words.written(reason).strip()
    demand_short("reason", reason)
    if not reason:
        message = "Say why the network is as the subscription says."
        raise PayloadInvalid("The reason is missing.", [FieldError(("reason",), message, "missing")])
    return reason
