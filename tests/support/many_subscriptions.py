"""Rows of many product subscriptions, written at once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, insert, make_url

from orchestrator_gql.domain.search_words import words_of
from orchestrator_gql.storage.product_subscription_segments import SIZE
from orchestrator_gql.storage.tables import (
    product_subscription_uses,
    product_subscription_words,
    product_subscriptions,
    products,
)
from orchestrator_gql.types import SubscriptionLifecycle

RARE, OLD, MOST = 4_000, 1_600, 1_000_000
START = datetime(2026, 1, 1, tzinfo=UTC)
ACTIVE, INITIAL, TERMINATED = (
    SubscriptionLifecycle.ACTIVE,
    SubscriptionLifecycle.INITIAL,
    SubscriptionLifecycle.TERMINATED,
)
PRODUCTS = {
    UUID(int=1): ("Node", "Device"),
    UUID(int=2): ("Port", "Device"),
    UUID(int=3): ("Circuit", "Service"),
    UUID(int=4): ("Sample", "Service"),
}
OWNER = UUID(int=10_000_000)
"""The subscription that all others use."""


@dataclass(frozen=True, slots=True)
class Made:
    """A subscription as the list sees it."""

    id: UUID
    product_id: UUID
    customer_id: str
    description: str
    status: SubscriptionLifecycle
    insync: bool
    created_at: datetime
    updated_at: datetime


def made(index: int) -> Made:
    """The subscription with that number; only the first `RARE` have what is rare, only the first `OLD` what is old."""
    rare = index % 1_000 if index < RARE else None
    return Made(
        id=UUID(int=OWNER.int + index),
        product_id=UUID(int=4 if rare == 5 else 1 + index % 3),
        customer_id="rare" if rare == 7 else f"customer-{index % 4}",
        description=(f"Link AMS-core{index}" if index % 2 else f"Path (utr{index})")
        + (f" old-7{index}" if index < OLD else ""),
        status=INITIAL if rare in (3, 33) else TERMINATED if index % 7 == 6 else ACTIVE,
        insync=rare not in (9, 12, 42),
        created_at=START + timedelta(minutes=index // 3),  # three at the same time
        updated_at=START + timedelta(days=400, minutes=-index),
    )


def write(conn: Connection, indexes: range, *, has_segments: bool = True) -> None:
    """Write these subscriptions, with their words and uses; the products before the first of them."""
    if indexes.start == 0:
        facts = [
            {"id": id, "name": name, "description": name, "product_type": kind, "tag": name, "status": "active"}
            for id, (name, kind) in PRODUCTS.items()
        ]
        conn.execute(insert(products), facts)
    rows = [made(index) for index in indexes]
    conn.execute(
        insert(product_subscriptions), [_row(each) | (segments(each) if has_segments else {}) for each in rows]
    )
    words = [
        {"subscription_id": each.id, "word": word} | (segments(each) if has_segments else {})
        for each in rows
        for word in words_of(each.description, each.customer_id)
    ]
    conn.execute(insert(product_subscription_words), words)
    uses = [
        {"subscription_id": each.id, "owner_id": OWNER, "block_id": UUID(int=5)} for each in rows if each.id != OWNER
    ]
    conn.execute(insert(product_subscription_uses), uses)


def segments(each: Made) -> dict[str, int]:
    """The segments of the subscription, as saves in the orders of the lists make them."""
    index = each.id.int - OWNER.int
    return {"created_segment": index // SIZE, "updated_segment": (MOST - index) // SIZE}


def _row(each: Made) -> dict[str, Any]:
    values = {name: getattr(each, name) for name in Made.__slots__}
    return {**values, "model": {"subscription_id": str(each.id)}, "version": 1}


def plain_engine(url: str) -> Engine:
    """An engine of SQLAlchemy for the database, without asyncio."""
    parsed = make_url(url)
    return create_engine(parsed.set(drivername="sqlite") if parsed.drivername.startswith("sqlite") else parsed)
