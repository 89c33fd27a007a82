"""Products, and the product subscriptions of customers with all their versions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, select, update

from orchestrator_gql.domain import Lock, ProductModel, expanded, uses_in
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_uses as uses
from orchestrator_gql.storage.columns import asked_per_row
from orchestrator_gql.storage.tables import process_subscriptions, processes, product_subscriptions, products
from orchestrator_gql.storage.upserts import insert_into
from orchestrator_gql.storage.weight import within
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Event, EventKind, Json, SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError


def write_products(conn: Connection, declared: Iterable[ProductModel]) -> None:
    """Write the products that the code declares; they overwrite the stored rows.

    Raises ``StepError`` ``product-name-taken`` if another product is stored under the name.
    """
    for product in declared:
        others = select(products.c.id).where(products.c.name == product.name, products.c.id != product.product_id)
        if (other := conn.execute(others).scalar()) is not None:
            raise StepError(
                f"The product {product.name!r} is stored with the id {other}, and the code declares it with the id "
                f"{product.product_id}: pass product_id=UUID('{other}') to register_product, or choose another name.",
                code="product-name-taken",
            )
        row = {
            "id": product.product_id,
            "name": product.name,
            "description": product.description,
            "product_type": product.product_type,
            "tag": product.tag,
            "status": product.status,
        }
        insert = insert_into(products, conn.dialect.name).values(row)
        conn.execute(insert.on_conflict_do_update(index_elements=["id"], set_=row))


def unindexed_secrets(conn: Connection) -> dict[UUID, str]:
    """For each product with subscriptions the digest of the secrets that the index of values is free of."""
    c = product_subscriptions.c
    # A range in the order of the index: for a product of few subscriptions PostgreSQL would look through all of them.
    has_any = select(c.id).where(c.product_id.between(products.c.id, products.c.id)).order_by(c.product_id, c.id)
    return dict(map(tuple, conn.execute(select(products.c.id, products.c.unindexed).where(asked_per_row(has_any)))))


def note_unindexed_secrets(conn: Connection, product_id: UUID, digest: str) -> None:
    """Store that the index of values is free of these secrets."""
    conn.execute(update(products).where(products.c.id == product_id).values(unindexed=digest))


def product_rows(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """The stored facts of the products, also of those that the code does not declare any more."""
    return {row.id: row for row in conn.execute(select(products).where(products.c.id.in_(list(ids))))}


def lock_all(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """The whole rows; no other transaction can change them, or their locks, until this one ends.

    The rows are locked in the order of their ids, so two transactions never wait for each other.
    """
    return {row.id: row for row in conn.execute(_by_id(ids).order_by(product_subscriptions.c.id).with_for_update())}


def changed_event(subscription_id: UUID, process_id: UUID | None, now: datetime, actor: str | None = None) -> Event:
    """The event that the product subscription or its lock changed."""
    payload = {"product_subscription_id": str(subscription_id)}
    return Event(EventKind.PRODUCT_SUBSCRIPTION_CHANGED, now, process_id, actor, payload)


def link(conn: Connection, process_id: UUID, subscription_id: UUID, target: Target) -> None:
    """Store that the process works on the product subscription."""
    row = {"process_id": process_id, "subscription_id": subscription_id, "target": target}
    conn.execute(insert_into(process_subscriptions, conn.dialect.name).values(row).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Stored:
    """Product subscriptions as they are stored: ``documents`` also has those whose blocks they use, at any depth."""

    documents: dict[UUID, Json]
    locks: dict[UUID, Lock]


def stored(conn: Connection, ids: Collection[UUID]) -> Stored:
    """The stored documents of the product subscriptions with everything that is needed to load them."""
    documents: dict[UUID, Json] = {}
    wanted = set(ids)
    while missing := wanted - documents.keys():
        heavy = [product_subscriptions.c.model]
        found = {row.id: row.model for row in within(conn, _models_by_id(missing), heavy=heavy, order=["id"])}
        documents |= found
        wanted = {use.owner_id for document in found.values() for use in uses_in(document)}
    return Stored(documents, locks.of_subscriptions(conn, list(ids)))


def models(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Json]:
    """The whole models of the product subscriptions, as their authors see them: with all blocks, and ``insync``.

    A reference to a block that does not exist any more stays a reference.
    """
    found = stored(conn, ids)
    return {
        id: {**expanded(found.documents[id], found.documents, is_strict=False), "insync": id not in found.locks}
        for id in ids
        if id in found.documents
    }


def rows(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The rows of the product subscriptions, without their models."""
    light = [column for column in product_subscriptions.c if column.name != "model"]
    return {row.id: row for row in conn.execute(select(*light).where(product_subscriptions.c.id.in_(ids)))}


def ids_of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The ids of the product subscriptions on which each process works."""
    ids: dict[UUID, list[UUID]] = {}
    is_of_processes = process_subscriptions.c.process_id.in_(process_ids)
    query = select(process_subscriptions).where(is_of_processes).order_by(process_subscriptions.c.subscription_id)
    for row in conn.execute(query):
        ids.setdefault(row.process_id, []).append(row.subscription_id)
    return ids


@dataclass(frozen=True, slots=True)
class StartFacts:
    """The facts on which a start depends; ``users`` are the living subscriptions that use this one.

    ``locked_by`` and ``left_by`` are the subjects of the processes that ``lock`` names.
    """

    id: UUID
    product_id: UUID
    product_name: str
    status: SubscriptionLifecycle
    version: int
    lock: Lock | None
    users: tuple[uses.User, ...]
    description: str
    customer_id: str
    locked_by: str | None = None
    left_by: str | None = None

    @property
    def title(self) -> str:
        """The product and what people call the subscription, for messages."""
        return f"{self.product_name} subscription {self.description!r}"


def start_facts(conn: Connection, ids: Collection[UUID]) -> dict[UUID, StartFacts]:
    """The facts of the product subscriptions on which the start of a workflow depends."""
    s = product_subscriptions.c
    columns = (s.id, s.product_id, products.c.name, s.status, s.version, s.description, s.customer_id)
    query = select(*columns).join(products, products.c.id == s.product_id)
    known = locks.of_subscriptions(conn, list(ids))
    subjects = _subjects(conn, known.values())
    facts: dict[UUID, StartFacts] = {}
    for row in conn.execute(query.where(s.id.in_(list(ids)))):
        users = {user.id: user for user in uses.living_users(conn, row.id, ended=(SubscriptionLifecycle.TERMINATED,))}
        lock = known.get(row.id)
        facts[row.id] = StartFacts(
            row.id,
            row.product_id,
            row.name,
            row.status,
            row.version,
            lock,
            tuple(users.values()),
            row.description,
            row.customer_id,
            _name_of(lock.locked_by if lock else None, subjects),
            _name_of(lock.out_of_sync_by if lock else None, subjects),
        )
    return facts


def _subjects(conn: Connection, known: Collection[Lock]) -> dict[UUID, str]:
    ids = {id for lock in known for id in (lock.locked_by, lock.out_of_sync_by) if id is not None}
    query = select(processes.c.id, processes.c.subject).where(processes.c.id.in_(ids))
    return {row.id: row.subject for row in conn.execute(query)} if ids else {}


def _name_of(process_id: UUID | None, subjects: dict[UUID, str]) -> str | None:
    """What people call the process; its id if it is not stored any more."""
    if process_id is None:
        return None
    return repr(subjects[process_id]) if process_id in subjects else str(process_id)


def _by_id(ids: Collection[UUID]) -> Select[Any]:
    return select(product_subscriptions).where(product_subscriptions.c.id.in_(list(ids)))


def _models_by_id(ids: Collection[UUID]) -> Select[Any]:
    c = product_subscriptions.c
    return select(c.id, c.model).where(c.id.in_(list(ids)))
