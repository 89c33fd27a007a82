"""Products, and the product subscriptions of customers with all their versions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from orchestrator_gql.domain import ProductModel, SubscriptionModel, diff
from orchestrator_gql.storage.tables import (
    process_subscriptions,
    processes,
    product_subscription_versions,
    product_subscriptions,
    products,
)
from orchestrator_gql.storage.weight import within
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Event, EventKind, Json
from orchestrator_gql.utils.author_demands import demand


def write_products(conn: Connection, declared: Iterable[ProductModel]) -> None:
    """Write the products that the code declares; they overwrite the stored rows."""
    upsert = sqlite_insert if conn.dialect.name == "sqlite" else postgres_insert
    for product in declared:
        row = {
            "id": product.product_id,
            "name": product.name,
            "description": product.description,
            "product_type": product.product_type,
            "tag": product.tag,
            "status": product.status,
        }
        conn.execute(upsert(products).values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def save(conn: Connection, model: SubscriptionModel, *, process_id: UUID, target: Target, now: datetime) -> list[Event]:
    """Store the model as a new version and link it to the process; the events to write, none without a change."""
    stored = lock(conn, model.subscription_id)
    version = stored.version if stored else 0
    name = f"The serializers of {type(model).__name__}"
    new = demand(("dump", id(model)), model.dump, name=name, owner=type(model)) | {"version": version}
    changes = diff(stored.model if stored else {}, new)
    if stored is not None and not changes:
        link(conn, process_id, model.subscription_id, target)
        return []
    version += 1
    new["version"] = version
    if stored is None:
        write_products(conn, [model.product])
        conn.execute(insert(product_subscriptions), {**_values(model, new, version, now), "created_at": now})
    else:
        condition = product_subscriptions.c.id == model.subscription_id
        conn.execute(update(product_subscriptions).where(condition).values(_values(model, new, version, now)))
    conn.execute(
        insert(product_subscription_versions),
        {
            "subscription_id": model.subscription_id,
            "version": version,
            "status": model.status,
            "model": new,
            "changes": changes,
            "at": now,
            "process_id": process_id,
        },
    )
    link(conn, process_id, model.subscription_id, target)
    payload = {"product_subscription_id": str(model.subscription_id)}
    return [Event(EventKind.PRODUCT_SUBSCRIPTION_CHANGED, now, process_id, None, payload)]


def lock(conn: Connection, subscription_id: UUID) -> Row[Any] | None:
    """The whole row; no other transaction can change it until this one ends."""
    return conn.execute(_by_id([subscription_id]).with_for_update()).one_or_none()


def link(conn: Connection, process_id: UUID, subscription_id: UUID, target: Target) -> None:
    """Store that the process works on the product subscription."""
    upsert = sqlite_insert if conn.dialect.name == "sqlite" else postgres_insert
    row = {"process_id": process_id, "subscription_id": subscription_id, "target": target}
    conn.execute(upsert(process_subscriptions).values(row).on_conflict_do_nothing())


def models(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Json]:
    """The stored models of the product subscriptions."""
    return {row.id: row.model for row in conn.execute(_by_id(ids))}


def rows(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The whole rows of the product subscriptions."""
    return {row.id: row for row in within(conn, _by_id(ids), heavy=[product_subscriptions.c.model], order=["id"])}


def ids_of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The ids of the product subscriptions on which each process works."""
    ids: dict[UUID, list[UUID]] = {}
    is_of_processes = process_subscriptions.c.process_id.in_(process_ids)
    query = select(process_subscriptions).where(is_of_processes).order_by(process_subscriptions.c.subscription_id)
    for row in conn.execute(query):
        ids.setdefault(row.process_id, []).append(row.subscription_id)
    return ids


def out_of_sync_by(conn: Connection, subscription_id: UUID) -> UUID | None:
    """The id of a process that has not ended and works on the product subscription, None if there is none."""
    living = (
        select(process_subscriptions.c.process_id)
        .join(processes, processes.c.id == process_subscriptions.c.process_id)
        .where(process_subscriptions.c.subscription_id == subscription_id, processes.c.ended_at.is_(None))
        .limit(1)
    )
    return conn.execute(living).scalar()


def _by_id(ids: Sequence[UUID]) -> Any:
    return select(product_subscriptions).where(product_subscriptions.c.id.in_(ids))


def _values(model: SubscriptionModel, dumped: Json, version: int, now: datetime) -> dict[str, Any]:
    return {
        "id": model.subscription_id,
        "product_id": model.product.product_id,
        "customer_id": model.customer_id,
        "description": model.description,
        "status": model.status,
        "insync": model.insync,
        "model": dumped,
        "version": version,
        "note": model.note,
        "start_date": model.start_date,
        "end_date": model.end_date,
        "updated_at": now,
    }
