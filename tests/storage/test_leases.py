"""A worker finds the processes without a worker among these alone, however many have ended."""

from datetime import UTC, datetime

import pytest
from support.many_subscriptions import plain_engine
from support.query_work import plan_of, statements_of

from orchestrator_gql.storage import leases


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("deployed", [["deploy"], ["deploy", "retired"]])
def test_runnable_processes_are_not_looked_for_among_all_of_their_workflow(storage: str, deployed: list[str]) -> None:
    engine = plain_engine(storage)
    with engine.begin() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        statements = statements_of(conn, lambda: leases.runnable(conn, datetime.now(UTC), deployed, 1_000))
        plans = [plan_of(conn, statement) for statement in statements]
    engine.dispose()

    assert plans
    assert not [plan for plan in plans if "ix_processes_workflow_name_started_at" in plan]
    assert all("ix_processes_runnable" in plan or "ix_processes_status_started_at" in plan for plan in plans)
