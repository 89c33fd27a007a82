"""Rows of many processes, written straight into the tables."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from orchestrator_gql.storage.tables import process_subscriptions, processes, product_subscriptions, products
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus, SubscriptionLifecycle

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def process_row(number: int, **facts: Any) -> dict[str, Any]:
    """A completed process that started ``number`` seconds after the first one and took a minute."""
    started = BEGIN + timedelta(seconds=number)
    ended = started + timedelta(minutes=1)
    return {
        "id": UUID(int=number + 1),
        "workflow_name": f"workflow {number % 10}",
        "target": Target.SYSTEM,
        "fingerprint": "f",
        "status": ProcessStatus.COMPLETED,
        "position": 0,
        "seq": 1,
        "epoch": 1,
        "version": 1,
        "state": {},
        "answers": {},
        "start_pages": [],
        "assignee": None,
        "created_by": None,
        "note": None,
        "started_at": started,
        "updated_at": ended,
        "ended_at": ended,
        "failure_code": None,
        "failure_message": None,
        "subject": f"Router {number}",
    } | facts


def failed_row(number: int, code: str = "step-raised", **facts: Any) -> dict[str, Any]:
    """A process that failed a minute after its start."""
    failed = {"status": ProcessStatus.FAILED, "ended_at": None, "failure_code": code, "failure_message": "It broke."}
    return process_row(number, **(failed | facts))


def store(conn: Connection, rows: Sequence[dict[str, Any]], *, is_analyzed: bool = True) -> None:
    """Insert the processes, and let the database count its rows for its plans."""
    conn.execute(insert(processes), list(rows))
    if is_analyzed:
        conn.exec_driver_sql("ANALYZE")


def store_subscription(conn: Connection, product: str, process_ids: Sequence[UUID]) -> None:
    """Insert a product with a subscription that the processes work on."""
    product_id, subscription_id = (UUID(bytes=(product + end).encode().ljust(16)[:16]) for end in ("p", "s"))
    named = {"name": product, "description": product, "product_type": "p", "tag": "P", "status": "active"}
    conn.execute(insert(products), {"id": product_id, **named})
    subscription = {
        "id": subscription_id,
        "product_id": product_id,
        "customer_id": "uva",
        "description": product,
        "status": SubscriptionLifecycle.ACTIVE,
        "insync": True,
        "model": {},
        "version": 1,
        "created_at": BEGIN,
        "updated_at": BEGIN,
    }
    conn.execute(insert(product_subscriptions), subscription)
    links = [{"process_id": id, "subscription_id": subscription_id, "target": Target.MODIFY} for id in process_ids]
    if links:
        conn.execute(insert(process_subscriptions), links)
