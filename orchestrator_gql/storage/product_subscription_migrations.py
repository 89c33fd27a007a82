"""Walks through the stored documents of product subscriptions, and stores those that were migrated."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, select

from orchestrator_gql.domain import SubscriptionDocument, diff
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_uses as uses
from orchestrator_gql.storage.product_subscription_relations import Relations
from orchestrator_gql.storage.product_subscription_saves import store
from orchestrator_gql.storage.product_subscriptions import Stored, lock_all, stored
from orchestrator_gql.storage.tables import product_subscriptions, products

_S = product_subscriptions.c


@dataclass(frozen=True, slots=True)
class Page:
    """The next subscriptions in the order of their ids, without their models, and what is needed to load them.

    A row has ``id``, ``product_id``, ``product``, ``status`` and ``version``.
    """

    rows: Sequence[Row[Any]]
    stored: Stored


def next_page(conn: Connection, after: UUID | None, most: int, product_ids: Collection[UUID]) -> Page:
    """At most so many subscriptions to these products, behind the subscription ``after``."""
    columns = (_S.id, _S.product_id, products.c.name.label("product"), _S.status, _S.version)
    query: Select[Any] = (
        select(*columns).join(products, products.c.id == _S.product_id).where(_S.product_id.in_(list(product_ids)))
    )
    if after is not None:
        query = query.where(_S.id > after)
    rows = conn.execute(query.order_by(_S.id).limit(most)).all()
    return Page(rows, stored(conn, [row.id for row in rows]))


def number_of(conn: Connection, product_ids: Collection[UUID]) -> int:
    """The number of subscriptions to these products."""
    query = select(func.count()).select_from(product_subscriptions).where(_S.product_id.in_(list(product_ids)))
    number: int = conn.execute(query).scalar_one()
    return number


def product_ids_by_name(conn: Connection) -> dict[str, UUID]:
    """Every stored product, also those that the code does not declare any more."""
    return dict(map(tuple, conn.execute(select(products.c.name, products.c.id).order_by(products.c.name))))


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of migrated documents: the ids with the new version, the holding process, or a version meanwhile.

    A subscription that does not exist any more is in none of them.
    """

    versions: dict[UUID, int] = field(default_factory=dict)
    held_by: dict[UUID, UUID] = field(default_factory=dict)
    changed: list[UUID] = field(default_factory=list)


def store_migrated(conn: Connection, documents: Sequence[SubscriptionDocument], now: datetime) -> Migrated:
    """Store the migrated documents as new versions, without those that a process holds or has changed meanwhile.

    Raises ``StepError`` if a relation forbids it, such as ``block-in-use``; then nothing may be stored.
    """
    # The rows are locked as a save does it: with the owners, in the order of their ids.
    owners = {use.owner_id for document in documents for use in document.uses}
    rows = lock_all(conn, owners | {document.subscription_id for document in documents})
    holders = locks.of_subscriptions(conn, [document.subscription_id for document in documents])
    done, relations = Migrated(), Relations(conn, None)
    checks = []
    for document in documents:
        id = document.subscription_id
        if (row := rows.get(id)) is None:
            continue
        if (lock := holders.get(id)) is not None and lock.locked_by is not None:
            done.held_by[id] = lock.locked_by
        elif row.version != document.version:
            done.changed.append(id)
        else:
            new = {**document.data, "version": row.version, "note": row.note}
            store(conn, document, row, diff(row.model, new), process_id=None, now=now)
            checks.append((document, row, uses.of_subscription(conn, id)))
            done.versions[id] = row.version + 1
    for check in checks:
        relations.check(*check)
    return done
