"""The figures of a remote service are read from ranges of indexes: many callbacks make them no dearer."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert
from support.query_work import Statement, plan_of, statements_of, work_of
from support.rows import BEGIN, process_row, store

from orchestrator_gql.storage import pagination, remote_services
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.tables import callback_attempts, callbacks
from orchestrator_gql.types import AttemptOutcome, CallbackStatus

pytestmark = pytest.mark.one_dispatcher

FEW, MANY, BOUND = 400, 2_000, 20
AT = BEGIN + timedelta(days=1)
SINCE = BEGIN - timedelta(days=1)


def _callback(number: int) -> dict[str, Any]:
    is_open = number % 2
    return {
        "id": UUID(int=(int(BEGIN.timestamp() * 1000) << 80) + number),
        "process_id": UUID(int=1),
        "step_index": 0,
        "record_seq": number,
        "status": CallbackStatus.PENDING if is_open else CallbackStatus.EXPIRED,
        "token_hint": "hint",
        "result_key": "callback_result",
        "issued_at": BEGIN,
        "expires_at": BEGIN + timedelta(seconds=number) if is_open else AT - timedelta(seconds=number),
        "is_early": False,
        "service": None if number % 3 == 0 else "busy" if number % 100 else "quiet",
        "contract": {"title": "JobResult"},
    }


def _attempt(row: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": UUID(int=number + 1),
        "callback_id": row["id"],
        "at": BEGIN + timedelta(seconds=number),
        "outcome": AttemptOutcome.ACCEPTED if number % 2 else AttemptOutcome.INVALID,
        "bytes": 1,
        "service": row["service"],
    }


def _statements(conn: Connection, service: str) -> Iterator[tuple[str, list[Statement]]]:
    """The statements of each read, by its name."""
    for name, read in (
        ("names", lambda: remote_services.names(conn)),
        ("deliveries", lambda: remote_services.deliveries(conn, service, SINCE)),
        ("durations", lambda: remote_services.durations(conn, service, SINCE)),
        ("contracts", lambda: remote_services.contracts(conn, service, SINCE)),
        ("unanswered", lambda: remote_services.unanswered(conn, since=SINCE, now=AT)),
        ("open page", lambda: remote_services.open_page(conn, service, PageArgs(5))),
        ("open count", lambda: remote_services.open_count(conn, service)),
    ):
        yield name, statements_of(conn, read)


def _work_and_plans(conn: Connection) -> tuple[dict[str, int], dict[str, str]]:
    work, plans = dict[str, int](), dict[str, str]()
    for name, statements in _statements(conn, "busy"):
        work[name] = work_of(conn, statements)
    for name, statements in _statements(conn, "quiet"):  # of a frequent value PostgreSQL reads the table itself
        plans[name] = "\n".join(plan_of(conn, statement) for statement in statements)
    return work, plans


async def test_a_figure_costs_the_same_with_many_callbacks(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pagination, remote_services):
        monkeypatch.setattr(module, "MOST_COUNTED", BOUND)
    monkeypatch.setattr(remote_services, "SAMPLES", BOUND)
    remote_services._deliveries.cache_clear()
    database = connect(storage)
    await database.open()
    found = []
    try:
        await database.alter(lambda conn: store(conn, [process_row(0)]))
        for start, end in ((0, FEW), (FEW, MANY)):
            rows = [_callback(number) for number in range(start, end)]
            attempts = [_attempt(row, number) for number, row in enumerate(rows, start)]

            def fill(conn: Connection, rows: Any = rows, attempts: Any = attempts) -> None:
                conn.execute(insert(callbacks), rows)
                conn.execute(insert(callback_attempts), attempts)
                conn.exec_driver_sql("ANALYZE")

            await database.alter(fill)
            found.append(await database.read(_work_and_plans))
    finally:
        await database.close()
        remote_services._deliveries.cache_clear()

    (few, _), (many, plans) = found
    for name, work in many.items():
        assert work <= 1.5 * few[name] + 300, (name, few[name], work, plans[name])
    for name in ("names", "deliveries", "durations", "contracts"):
        assert "ix_callback_attempts_service" in plans[name], plans[name]
    for name in ("names", "contracts", "open page", "open count"):
        assert "ix_callbacks_pending_service" in plans[name], plans[name]
    assert "ix_callbacks_status_expires_at" in plans["unanswered"]
