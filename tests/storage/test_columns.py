"""Rows named by pairs are found through the index of the pairs, however many rows the table has."""

from functools import partial

import pytest
from sqlalchemy import Connection
from support.many_subscriptions import plain_engine
from support.query_work import plan_of, statements_of

from orchestrator_gql.storage import product_subscription_versions, steps
from orchestrator_gql.utils.tokens import new_id

PAIRS = [(new_id(), 1), (new_id(), 2), (new_id(), 2)]
READS = {
    "process_steps": partial(steps.deltas, executions=PAIRS),
    "product_subscription_versions": partial(product_subscription_versions.models, keys=PAIRS),
}


def plan_with_indexes(conn: Connection, name: str) -> str:
    """The plan of the read; an empty table is always scanned by PostgreSQL unless it must not."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        conn.exec_driver_sql("SET LOCAL enable_indexscan = off")  # through a whole index
    (statement,) = statements_of(conn, partial(READS[name], conn))
    return plan_of(conn, statement)


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("name", READS)
def test_rows_of_pairs_are_found_by_an_index(storage: str, name: str) -> None:
    engine = plain_engine(storage)
    with engine.begin() as conn:
        plan = plan_with_indexes(conn, name)
    engine.dispose()

    assert f"SCAN {name}" not in plan
    assert f"Seq Scan on {name}" not in plan
    assert ("SEARCH" if storage.startswith("sqlite") else "Index Cond") in plan
