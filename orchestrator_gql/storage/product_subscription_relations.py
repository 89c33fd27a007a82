"""Checks the relations of a saved product subscription with those that it uses, and that use it, and stores them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from orchestrator_gql.domain import Lock, SubscriptionDocument, own_blocks_in
from orchestrator_gql.domain.references import Use
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_uses as uses
from orchestrator_gql.storage.product_subscriptions import lock_all
from orchestrator_gql.storage.tables import process_subscriptions, product_subscriptions
from orchestrator_gql.targets import Target
from orchestrator_gql.types import SubscriptionLifecycle
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


class Relations:
    """Checks the documents that a process stored, or a migration (None), after all of them were stored."""

    def __init__(self, conn: Connection, process_id: UUID | None) -> None:
        self.conn = conn
        self.process_id = process_id

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
        what = f"{title_of(document)} refers to block {use.block_id} of subscription {use.owner_id}"
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
                    f"{title_of(document)} has another content for block {use.block_id}, which belongs to subscription "
                    f"{use.owner_id} and is saved only with that subscription: load it, change the block there and "
                    "return it too.",
                    code="foreign-block",
                )

    def check_owners(self, document: SubscriptionDocument, kept: frozenset[Use]) -> None:
        """Refuse a subscription that comes alive again above a disabled one that it used all the time."""
        for owner in lock_all(self.conn, {use.owner_id for use in kept}).values():
            self.check_owner(document, owner, f"{title_of(document)} uses subscription {owner.id}")

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
            raise StepError(in_use(title_of(document), document.status, users), code="subscription-in-use")
        if of_removed := [user for user in users if user.block_id in removed]:
            raise StepError(
                f"{title_of(document)} cannot lose block {of_removed[0].block_id}: {_listed(of_removed)} uses it. "
                "Change the users first.",
                code="block-in-use",
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


def title_of(document: SubscriptionDocument) -> str:
    return f"{document.product.name} subscription {document.subscription_id}"
