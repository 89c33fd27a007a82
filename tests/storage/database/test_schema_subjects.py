"""Processes of the release before get a subject and the reason of their failure."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert, select
from support.database import PostgresServer
from support.old_schemas import empty_database, upgrade_to

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.tables import process_subscriptions, processes, product_subscriptions, products
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Failure, Json, ProcessStatus, SubscriptionLifecycle
from orchestrator_gql.utils.secrets import Secrets

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "correct-horse-battery"

OLD: dict[str, dict[str, Any]] = {
    "site AMS, count 7": {"start_pages": [{"site": "AMS", "token": "[redacted]"}, {"count": 7}]},
    "is urgent true": {"start_pages": [{"password": "hunter2", "is_urgent": True}]},
    "note opens with [redacted]": {
        "start_pages": [{"note": f"opens with {SECRET}"}],
        "secrets": Secrets(values=(SECRET,)).written,
    },
    "deploy": {"start_pages": []},
    "The ring of uva": {"start_pages": [{"subscription_id": "…"}]},
    "port 1": {
        "start_pages": [{"port": 1}],
        "status": ProcessStatus.FAILED,
        "failure": Failure("step-raised", "first line\nsecond line " + "x" * 9_000, NOW, details={"rc": 1}),
    },
}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_processes_of_the_release_before_get_subjects_and_reasons(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    with empty_database(kind, tmp_path, postgres) as url:
        database = connect(url)
        await database.open()
        try:
            await database.alter(lambda conn: upgrade_to(conn, "0014"))
            await database.alter(_store)
            await migrate(database)
            rows = await database.read(lambda conn: conn.execute(select(processes).order_by(processes.c.id)).all())
        finally:
            await database.close()

    assert [row.subject for row in rows] == list(OLD)
    assert [row.failure_code for row in rows] == [None] * 5 + ["step-raised"]
    assert rows[-1].failure_message.startswith("first line second line x")
    assert len(rows[-1].failure_message) == 300


def _store(conn: Connection) -> None:
    for number, facts in enumerate(OLD.values(), 1):
        conn.execute(insert(processes), _process(number) | facts)
    product, subscription = UUID(int=1), UUID(int=2)
    conn.execute(
        insert(products),
        {"id": product, "name": "p", "description": "p", "product_type": "p", "tag": "P", "status": "active"},
    )
    conn.execute(
        insert(product_subscriptions),
        {
            "id": subscription,
            "product_id": product,
            "customer_id": "uva",
            "description": "The ring of uva",
            "status": SubscriptionLifecycle.ACTIVE,
            "insync": True,
            "model": {},
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        },
    )
    link = {"process_id": UUID(int=5), "subscription_id": subscription, "target": Target.MODIFY}
    conn.execute(insert(process_subscriptions), link)


def _process(number: int) -> dict[str, Json]:
    return {
        "id": UUID(int=number),
        "workflow_name": "deploy",
        "target": Target.SYSTEM,
        "fingerprint": "f",
        "status": ProcessStatus.RUNNING,
        "position": 0,
        "seq": 1,
        "epoch": 1,
        "version": 1,
        "state": {},
        "answers": {},
        "started_at": NOW,
        "updated_at": NOW,
    }
