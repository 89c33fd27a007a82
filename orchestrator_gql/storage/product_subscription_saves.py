"""Saves the documents of a step as new versions, in the commit of the step.

Nothing is merged silently. A document is refused if another process changed the subscription since it was loaded, or
holds it. All rows are written first and all relations are checked after, so the order of the documents is no matter.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update

from orchestrator_gql.domain import Lock, SubscriptionDocument, SyncChange, check_transition, diff, own_blocks_in
from orchestrator_gql.domain.references import Use
from orchestrator_gql.domain.values import Indexed, indexed
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage import product_subscription_uses as uses
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage import product_subscription_versions as versions
from orchestrator_gql.storage import product_subscription_words as search
from orchestrator_gql.storage.product_subscriptions import changed_event, link, lock_all, write_products
from orchestrator_gql.storage.tables import (
    process_subscriptions,
    product_subscription_versions,
    product_subscriptions,
)
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Event, Json, SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError

TERMINATED, DISABLED = SubscriptionLifecycle.TERMINATED, SubscriptionLifecycle.DISABLED

ENDED_FOR = {
    SubscriptionLifecycle.INITIAL: (TERMINATED,),
    DISABLED: (TERMINATED, DISABLED),
    TERMINATED: (TERMINATED,),
}
"""For each status that an owner may not get under a living user: the statuses of users that do not live."""

LIVING = (SubscriptionLifecycle.PROVISIONING, SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.MIGRATING)
"""The statuses of subscriptions that need what they use."""

_ADDING_USES = 7_310_411
"""The key of the PostgreSQL lock of all saves that add references: two of them could close a circle together."""


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
    for check in save.checks:
        save.check(*check)
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
        id, version = document.subscription_id, stored.version + 1 if stored is not None else 1
        is_note_kept = stored is not None and document.note == document.note_before
        note = stored.note if stored is not None and is_note_kept else document.note
        new = {**document.data, "version": version, "note": note}
        values = _values(document, new, version, self.now) | {"note": note}
        if stored is None:
            write_products(self.conn, [document.product])
            changes = diff({}, new)
            row = {**values, "insync": True, "created_at": self.now, **segments.of_new(self.conn, id)}
            self.conn.execute(insert(product_subscriptions), row)
        else:
            condition = product_subscriptions.c.id == id
            values |= segments.of_changed(self.conn, id)
            self.conn.execute(update(product_subscriptions).where(condition).values(values))
        self.conn.execute(
            insert(product_subscription_versions),
            {
                "subscription_id": id,
                "version": version,
                "status": document.status,
                "model": new,
                "changes": changes,
                "at": self.now,
                "process_id": self.process_id,
            },
        )
        search.write(self.conn, id)
        before = indexed(stored.model) if stored is not None else Indexed()
        subscription_values.change(self.conn, id, before, document.indexed_values)
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
                f"{_title(document)} is already out of sync: {lock.out_of_sync_reason} Validate it, "
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

    def check(self, document: SubscriptionDocument, stored: Row[Any] | None, before: frozenset[Use]) -> None:
        """Check the relations of a stored document, and store them."""
        added = document.uses - before
        if added and self.conn.dialect.name == "postgresql":
            self.conn.execute(select(func.pg_advisory_xact_lock(_ADDING_USES)))
        for use in sorted(added):
            self.check_use(document, use)
        self.check_foreign_blocks(document)
        if stored is not None and _comes_alive(stored.status, document.status):
            self.check_owners(document, document.uses - added)
        uses.change(self.conn, document.subscription_id, before, document.uses)
        if not document.allows_in_use:
            self.check_users(document, stored)

    def check_use(self, document: SubscriptionDocument, use: Use) -> None:
        owner = self.conn.execute(
            select(product_subscriptions).where(product_subscriptions.c.id == use.owner_id)
        ).one_or_none()
        what = f"{_title(document)} refers to block {use.block_id} of subscription {use.owner_id}"
        if owner is None:
            raise StepError(f"{what}, which is not stored: return that one in the same step.", code="reference-unknown")
        if use.block_id not in own_blocks_in(owner.model):
            raise StepError(
                f"{what}, which has no such block: a block stays in the subscription that owns it. Make a new block "
                "for another subscription, and return the owner of a new block in the same step.",
                code="reference-unknown",
            )
        self.check_owner(document, owner, what)
        way = uses.path_to(self.conn, use.owner_id, document.subscription_id)
        if way is not None:
            circle = " → ".join(map(str, [document.subscription_id, *way]))
            raise StepError(
                f"{what}, which uses this subscription itself: neither could ever end. The circle is {circle}: "
                "remove one of its references.",
                code="reference-circle",
            )

    def check_foreign_blocks(self, document: SubscriptionDocument) -> None:
        """Refuse a foreign block that was made from values and is not as its owner stores it: nothing is dropped."""
        for use in sorted(use for use in document.uses if use.block_id in document.foreign_blocks):
            query = select(product_subscriptions.c.model).where(product_subscriptions.c.id == use.owner_id)
            stored = own_blocks_in(self.conn.execute(query).scalar_one())[use.block_id]
            if document.foreign_blocks[use.block_id] != stored:
                raise StepError(
                    f"{_title(document)} has another content for block {use.block_id}, which belongs to subscription "
                    f"{use.owner_id} and is saved only with that subscription: load it, change the block there and "
                    "return it too.",
                    code="foreign-block",
                )

    def check_owners(self, document: SubscriptionDocument, kept: frozenset[Use]) -> None:
        """Refuse a subscription that comes alive again above a disabled one that it used all the time."""
        for owner in lock_all(self.conn, {use.owner_id for use in kept}).values():
            self.check_owner(document, owner, f"{_title(document)} uses subscription {owner.id}")

    def check_owner(self, document: SubscriptionDocument, owner: Row[Any], what: str) -> None:
        """Refuse a living user of a subscription that has ended, or that another process is about to end."""
        if document.status is TERMINATED:
            return
        if owner.status is TERMINATED:
            raise StepError(f"{what}, which is terminated: use another one.", code="reference-ended")
        if owner.status is DISABLED and document.status in LIVING:
            raise StepError(f"{what}, which is disabled: enable it first, or use another one.", code="reference-ended")
        lock = locks.of_subscriptions(self.conn, [owner.id]).get(owner.id)
        if lock is not None and lock.locked_by not in (None, self.process_id) and self.is_terminating(lock, owner.id):
            raise StepError(
                f"{what}, which process {lock.locked_by} terminates: use another one, or abort that process.",
                code="reference-ended",
            )

    def is_terminating(self, lock: Lock, owner_id: UUID) -> bool:
        """True if the process that holds the subscription is to terminate it."""
        c = process_subscriptions.c
        query = select(c.target).where(c.process_id == lock.locked_by, c.subscription_id == owner_id)
        return self.conn.execute(query).scalar() is Target.TERMINATE

    def check_users(self, document: SubscriptionDocument, stored: Row[Any] | None) -> None:
        """Refuse to end a subscription, or to remove a block, under a living user."""
        if stored is None:
            return
        ended = ENDED_FOR.get(document.status)
        is_ending = ended is not None and stored.status is not document.status
        removed = own_blocks_in(stored.model).keys() - document.blocks
        if not is_ending and not removed:
            return
        users = uses.living_users(self.conn, document.subscription_id, ended if is_ending and ended else (TERMINATED,))
        if is_ending and users:
            raise StepError(in_use(_title(document), document.status, users), code="subscription-in-use")
        if of_removed := [user for user in users if user.block_id in removed]:
            raise StepError(
                f"{_title(document)} cannot lose block {of_removed[0].block_id}: {_listed(of_removed)} uses it. "
                "Change the users first.",
                code="block-in-use",
            )

    def refuse_locked(self, document: SubscriptionDocument, lock: Lock, what: str) -> NoReturn:
        raise StepError(
            f"{_title(document)} {what} by process {self.process_id}: process {lock.locked_by} holds it since "
            f"{lock.locked_at:%Y-%m-%d %H:%M:%S}. Wait until that process ends, or abort it; then retry this step.",
            code="subscription-locked",
        )

    def refuse_stale(self, document: SubscriptionDocument, version: int) -> NoReturn:
        if document.is_new:
            raise StepError(
                f"{_title(document)} exists already, at version {version}: load it, or make one with another id.",
                code="subscription-exists",
            )
        other = versions.first_process_after(self.conn, document.subscription_id, document.version)
        if other == self.process_id:
            how = f"process {other} itself changed it since: return the subscription once, as it is after all changes"
        elif other is None:
            how = "a person edited its note since, and this step changes it too: retry the step, which loads it again"
        else:
            how = f"process {other} changed it since, and that change is kept: retry the step, which loads it again"
        raise StepError(
            f"{_title(document)} was loaded by process {self.process_id} at version {document.version} and is at "
            f"version {version} now; {how}.",
            code="subscription-stale",
        )


def _comes_alive(before: SubscriptionLifecycle, after: SubscriptionLifecycle) -> bool:
    return after in LIVING and before not in LIVING


def in_use(title: str, status: SubscriptionLifecycle, users: Sequence[uses.User]) -> str:
    """The message that a subscription in use cannot get the status."""
    one_each = list({user.id: user for user in users}.values())
    return (
        f"{title} cannot become {status}: {_listed(one_each)} uses it. Terminate or change the users first, or declare "
        "the workflow with allow_in_use=True."
    )


def _listed(users: Sequence[uses.User]) -> str:
    shown = ", ".join(map(str, users[:5]))
    return f"{shown} and {len(users) - 5} more" if len(users) > 5 else shown


def _title(document: SubscriptionDocument) -> str:
    return f"{document.product.name} subscription {document.subscription_id}"


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
