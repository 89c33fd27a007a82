"""Rows named by pairs are found through the index of the pairs, and each time is written as the instant that it is."""

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from support.many_subscriptions import plain_engine
from support.query_work import plan_of, statements_of

from orchestrator_gql.storage import product_subscription_versions, steps
from orchestrator_gql.storage.columns import UtcDateTime
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


@pytest.mark.parametrize(
    ("zone", "text"), [("Europe/Berlin", "2026-10-25T02:30"), ("America/New_York", "2026-11-01T01:30")]
)
def test_the_hour_before_the_clock_is_set_back_is_not_the_hour_after_it(zone: str, text: str) -> None:
    first = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    second = first.replace(fold=1)
    assert first == second, "Python compares the clocks of one zone only"
    assert first.astimezone(UTC) != second.astimezone(UTC)

    write = UtcDateTime().bind_processor(sqlite.dialect())
    written = [write(time) for time in (first, second, first)]
    assert [datetime.fromisoformat(w).replace(tzinfo=UTC) for w in written] == [
        time.astimezone(UTC) for time in (first, second, first)
    ]
