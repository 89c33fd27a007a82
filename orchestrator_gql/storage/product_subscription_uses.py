"""The references between product subscriptions: who uses whose blocks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from orchestrator_gql.domain.references import Use
from orchestrator_gql.storage.product_subscription_values import change_rows
from orchestrator_gql.storage.tables import product_subscription_uses as uses
from orchestrator_gql.storage.tables import product_subscriptions
from orchestrator_gql.types import SubscriptionLifecycle

MOST = 200
"""The users or owners of a subscription that are listed at once."""


@dataclass(frozen=True, slots=True)
class User:
    """A product subscription that uses a block of another one."""

    id: UUID
    description: str
    status: SubscriptionLifecycle
    block_id: UUID

    def __str__(self) -> str:
        return f"{self.description!r} ({self.id}, {self.status})"


def of_subscription(conn: Connection, subscription_id: UUID) -> frozenset[Use]:
    """The blocks of other subscriptions that the subscription uses."""
    query = select(uses.c.owner_id, uses.c.block_id).where(uses.c.subscription_id == subscription_id)
    return frozenset(Use(row.owner_id, row.block_id) for row in conn.execute(query))


def change(conn: Connection, subscription_id: UUID, before: frozenset[Use], after: frozenset[Use]) -> None:
    """Store the blocks that the subscription uses now."""
    change_rows(conn, uses, subscription_id, before, after)


def living_users(conn: Connection, owner_id: UUID, ended: Collection[SubscriptionLifecycle]) -> list[User]:
    """At most `MOST` subscriptions that use a block of the owner and are in none of the ``ended`` statuses."""
    s = product_subscriptions.c
    query = (
        select(s.id, s.description, s.status, uses.c.block_id)
        .join(uses, uses.c.subscription_id == s.id)
        .where(uses.c.owner_id == owner_id, s.status.not_in(list(ended)))
        .order_by(s.id)
        .limit(MOST)
    )
    return [User(row.id, row.description, row.status, row.block_id) for row in conn.execute(query)]


def owner_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The subscriptions whose blocks each subscription uses, directly."""
    owners: dict[UUID, list[UUID]] = {}
    query = select(uses.c.subscription_id, uses.c.owner_id).where(uses.c.subscription_id.in_(ids))
    for user, owner in conn.execute(query.distinct()):
        owners.setdefault(user, []).append(owner)
    return {user: sorted(found) for user, found in owners.items()}


def first_user_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """At most `MOST` subscriptions that use a block of each subscription, directly; ended ones are among them."""
    return {id: _first(conn, uses.c.subscription_id, uses.c.owner_id == id) for id in ids}


def first_owner_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """At most `MOST` subscriptions whose blocks each subscription uses, directly."""
    return {id: _first(conn, uses.c.owner_id, uses.c.subscription_id == id) for id in ids}


def _first(conn: Connection, column: ColumnElement[UUID], is_of: ColumnElement[bool]) -> list[UUID]:
    return list(conn.execute(select(column).where(is_of).distinct().order_by(column).limit(MOST)).scalars())


def path_to(conn: Connection, start: UUID, target: UUID) -> list[UUID] | None:
    """The subscriptions on a way of references from ``start`` to ``target``; None if there is none."""
    came_from: dict[UUID, UUID] = {}
    level = [start]
    while level and target not in level:
        following: list[UUID] = []
        for user, owners in owner_ids(conn, level).items():
            for owner in owners:
                if owner not in came_from and owner != start:
                    came_from[owner] = user
                    following.append(owner)
        level = following
    if target not in level:
        return None
    way = [target]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
