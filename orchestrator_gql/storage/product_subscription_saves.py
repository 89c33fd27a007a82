"""Saves the documents of a step as new versions, in the commit of the step.

Nothing is merged silently. A document is refused if another process changed the subscription since it was loaded, or
holds it. All rows are written first and all relations are checked after, so the order of the documents is no matter.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, update

from orchestrator_gql.domain import Lock, SubscriptionDocument, SyncChange, check_transition, diff
from orchestrator_gql.domain.references import Use
from orchestrator_gql.domain.values import Indexed, indexed
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage import product_subscription_uses as uses
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage import product_subscription_versions as versions
from orchestrator_gql.storage import product_subscription_words as search
from orchestrator_gql.storage.product_subscription_relations import Relations, title_of
from orchestrator_gql.storage.product_subscriptions import changed_event, link, lock_all, write_products
from orchestrator_gql.storage.tables import product_subscription_versions, product_subscriptions
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Event, Json
from orchestrator_gql.utils.errors import StepError


def save_all(
    conn: Connection,
    documents: Sequence[SubscriptionDocument],
    *,
    process_id: UUID,
    target: Target,
    now: datetime,
) -> list[Event]:
    """Store the documents that are changed, link them to the process, and return the events to write.

    Raises ``StepError``: ``subscription-stale``, ``subscription-locked``, ``subscription-out-of-sync``,
    ``subscription-in-use``, ``block-in-use``, ``reference-unknown``, ``reference-ended``, ``reference-circle``; and
    ``UnsafeTransition``.
    """
    if not documents:
        return []
    ids = {document.subscription_id for document in documents if document.is_changed or document.sync is not None}
    # Their owners too: none of them may end before the new reference is stored.
    lock_all(conn, ids | {use.owner_id for document in documents if document.is_changed for use in document.uses})
    save = _Save(conn, process_id, target, now)
    for document in documents:
        save.write(document)
    relations = Relations(conn, process_id)
    for check in save.checks:
        relations.check(*check)
    return [changed_event(id, process_id, now) for id in save.changed]


class _Save:
    """The saves of one step; ``changed`` are the subscriptions that changed, ``checks`` what is checked at the end."""

    def __init__(self, conn: Connection, process_id: UUID, target: Target, now: datetime) -> None:
        self.conn = conn
        self.process_id = process_id
        self.target = target
        self.now = now
        self.changed: dict[UUID, None] = {}
        self.checks: list[tuple[SubscriptionDocument, Row[Any] | None, frozenset[Use]]] = []

    def write(self, document: SubscriptionDocument) -> None:
        """Store the document, if it is changed, and change the lock as the step asks."""
        id = document.subscription_id
        stored = self.conn.execute(select(product_subscriptions).where(product_subscriptions.c.id == id)).one_or_none()
        lock = locks.of_subscriptions(self.conn, [id]).get(id)
        if stored is None:
            self.store(document, None, {})
        elif document.is_changed and (changes := self.changes(document, stored)):
            if lock is not None and lock.locked_by not in (None, self.process_id):
                self.refuse_locked(document, lock, "cannot be changed")
            check_transition(stored.status, document.status, subscription_id=id)
            self.store(document, stored, changes)
        link(self.conn, self.process_id, id, self.target)
        if stored is None or not document.is_new:
            self.change_lock(document, lock)

    def changes(self, document: SubscriptionDocument, stored: Row[Any]) -> dict[str, dict[str, Json]]:
        """The changes against the stored document. Raises ``StepError`` if another version was changed.

        The note is a text beside the model: it keeps what people wrote since, unless the step changed it too.
        """
        is_note_changed = document.note != document.note_before
        new = {**document.data, "version": stored.version}
        if not is_note_changed:
            new["note"] = stored.note
        changes = diff(stored.model, new)
        if changes and document.version != stored.version:
            is_edited_too = is_note_changed and stored.note not in (document.note, document.note_before)
            if not is_edited_too and versions.is_edited_only(self.conn, stored.id, document.version):
                return changes
            key = (stored.id, document.version)
            base = versions.models(self.conn, [key]).get(key)
            same = {"version": 0} if is_note_changed else {"version": 0, "note": None}
            if base is not None and not diff({**base, **same}, {**new, **same}):
                return {}  # as it was loaded: an untouched model never writes an old version back
            self.refuse_stale(document, stored.version)
        return changes

    def store(
        self, document: SubscriptionDocument, stored: Row[Any] | None, changes: dict[str, dict[str, Json]]
    ) -> None:
        id = document.subscription_id
        store(self.conn, document, stored, changes, process_id=self.process_id, now=self.now)
        self.changed[id] = None
        self.checks.append((document, stored, uses.of_subscription(self.conn, id)))

    def change_lock(self, document: SubscriptionDocument, lock: Lock | None) -> None:
        """Take the lock or remove it. The lock of another process is never touched."""
        id, change = document.subscription_id, document.sync
        if change is None:
            return
        is_of_other = lock is not None and lock.locked_by not in (None, self.process_id)
        if change is SyncChange.LOCK and lock is not None and lock.locked_by != self.process_id:
            if is_of_other:
                self.refuse_locked(document, lock, "cannot be locked")
            raise StepError(
                f"{title_of(document)} is already out of sync: {lock.out_of_sync_reason} Validate it, "
                "reconcile it, or set it in sync.",
                code="subscription-out-of-sync",
            )
        if is_of_other or (change is SyncChange.UNLOCK and lock is None):
            return
        if change is SyncChange.UNLOCK:
            locks.put_in_sync(self.conn, id)
            self.changed[id] = None
        elif lock is None or lock.locked_by is None:
            locks.take(self.conn, id, self.process_id, self.now)
            self.changed[id] = None

    def refuse_locked(self, document: SubscriptionDocument, lock: Lock, what: str) -> NoReturn:
        raise StepError(
            f"{title_of(document)} {what} by process {self.process_id}: process {lock.locked_by} holds it since "
            f"{lock.locked_at:%Y-%m-%d %H:%M:%S}. Wait until that process ends, or abort it; then retry this step.",
            code="subscription-locked",
        )

    def refuse_stale(self, document: SubscriptionDocument, version: int) -> NoReturn:
        if document.is_new:
            raise StepError(
                f"{title_of(document)} exists already, at version {version}: load it, or make one with another id.",
                code="subscription-exists",
            )
        other = versions.first_process_after(self.conn, document.subscription_id, document.version)
        if other == self.process_id:
            how = f"process {other} itself changed it since: return the subscription once, as it is after all changes"
        elif other is None and not versions.is_edited_only(self.conn, document.subscription_id, document.version):
            how = "`products migrate` rewrote it since: retry the step, which loads it again"
        elif other is None:
            how = "a person edited its note since, and this step changes it too: retry the step, which loads it again"
        else:
            how = f"process {other} changed it since, and that change is kept: retry the step, which loads it again"
        raise StepError(
            f"{title_of(document)} was loaded by process {self.process_id} at version {document.version} and is at "
            f"version {version} now; {how}.",
            code="subscription-stale",
        )


def store(
    conn: Connection,
    document: SubscriptionDocument,
    stored: Row[Any] | None,
    changes: dict[str, dict[str, Json]],
    *,
    process_id: UUID | None,
    now: datetime,
) -> None:
    """Store the document as the next version, without a look at its relations; no process means a migration."""
    id, version = document.subscription_id, stored.version + 1 if stored is not None else 1
    is_note_kept = stored is not None and document.note == document.note_before
    note = stored.note if stored is not None and is_note_kept else document.note
    new = {**document.data, "version": version, "note": note}
    values = _values(document, new, version, now) | {"note": note}
    if stored is None:
        write_products(conn, [document.product])
        changes = diff({}, new)
        row = {**values, "insync": True, "created_at": now, **segments.of_new(conn, id)}
        conn.execute(insert(product_subscriptions), row)
    else:
        condition = product_subscriptions.c.id == id
        values |= segments.of_changed(conn, id)
        conn.execute(update(product_subscriptions).where(condition).values(values))
    conn.execute(
        insert(product_subscription_versions),
        {
            "subscription_id": id,
            "version": version,
            "status": document.status,
            "model": new,
            "changes": changes,
            "at": now,
            "process_id": process_id,
        },
    )
    search.write(conn, id)
    before = indexed(stored.model) if stored is not None else Indexed()
    subscription_values.change(conn, id, before, document.indexed_values)


def _values(document: SubscriptionDocument, data: Json, version: int, now: datetime) -> dict[str, Any]:
    return {
        "id": document.subscription_id,
        "product_id": document.product.product_id,
        "customer_id": document.customer_id,
        "description": document.description,
        "status": document.status,
        "model": data,
        "version": version,
        "note": document.note,
        "start_date": document.start_date,
        "end_date": document.end_date,
        "updated_at": now,
    }
