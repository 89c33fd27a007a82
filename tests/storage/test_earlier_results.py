"""The results to compare with are found by indexes, however many processes there are, on both databases."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN, process_row, store, store_subscription

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.storage.callbacks import by_ids
from orchestrator_gql.storage.earlier_results import MOST, earlier_results
from orchestrator_gql.storage.tables import callbacks
from orchestrator_gql.types import CallbackStatus

pytestmark = pytest.mark.one_dispatcher


def callback_row(process: int, number: int = 0, **facts: Any) -> dict[str, Any]:
    """A callback with a result, the ``number``-th of the process."""
    return {
        "id": UUID(int=(process << 16) + number),
        "process_id": UUID(int=process),
        "step_index": 1,
        "record_seq": number,
        "status": CallbackStatus.VALIDATED,
        "name": None,
        "token_hint": "abcd",
        "result_key": "callback_result",
        "issued_at": BEGIN,
        "is_early": False,
    } | facts


def found(conn: Connection, process: int, number: int = 0) -> list[tuple[int, int]]:
    """The processes and numbers of the callbacks that are found for that callback."""
    return [divmod(row.id.int, 1 << 16) for row in earlier_results(conn, load(conn, process, number))]


def load(conn: Connection, process: int, number: int = 0) -> Callback:
    id = UUID(int=(process << 16) + number)
    return by_ids(conn, [id])[id]


def test_the_results_of_the_process_come_first_then_those_of_the_same_step_in_earlier_runs(storage: str) -> None:
    engine = plain_engine(storage)
    with engine.begin() as conn:
        rows = [process_row(number, workflow_name="deploy") for number in range(5)]
        store(conn, [*rows, process_row(5, workflow_name="other"), process_row(6, workflow_name="deploy")])
        store_subscription(conn, "Router", [UUID(int=number) for number in (1, 2, 3, 4, 6)])
        written = [
            callback_row(1),
            callback_row(2, status=CallbackStatus.EXPIRED),
            callback_row(3, step_index=4),
            callback_row(3, 1, name="ams-1"),
            callback_row(4, status=CallbackStatus.REJECTED),
            callback_row(4, 1, step_index=4),
            callback_row(4, 2, status=CallbackStatus.PENDING),
            callback_row(4, 3, name="ams-1", step_index=7),
            callback_row(5),  # on no product subscription
            callback_row(6),  # of another workflow
        ]
        conn.execute(insert(callbacks), written)
        results = [found(conn, *place) for place in [(4, 0), (4, 1), (4, 2), (4, 3), (1, 0), (5, 0), (6, 0)]]
    engine.dispose()

    assert results == [[(1, 0)], [(4, 0), (3, 0)], [(4, 1), (4, 0), (1, 0)], [], [], [], []]


def test_the_work_does_not_grow_with_the_processes_and_ends_at_ten(storage: str) -> None:
    engine, work = plain_engine(storage), []
    with engine.begin() as conn:
        for begin, end in ((0, 1_000), (1_000, 20_000)):
            rows = [process_row(number, workflow_name="deploy") for number in range(begin, end)]
            store(conn, rows, is_analyzed=False)
            conn.execute(insert(callbacks), [callback_row(number + 1) for number in range(begin, end)])
            if begin == 0:
                store_subscription(conn, "Router", [UUID(int=number) for number in range(500, 560)])
            conn.exec_driver_sql("ANALYZE")
            read = load(conn, 559)
            statements = statements_of(conn, lambda read=read: earlier_results(conn, read))  # type: ignore[misc]
            work.append(work_of(conn, statements))
        assert found(conn, 559) == [(number, 0) for number in range(558, 558 - MOST, -1)]
    engine.dispose()

    assert work[1] <= 2 * work[0] + 1_000
    assert work[1] < 20_000
