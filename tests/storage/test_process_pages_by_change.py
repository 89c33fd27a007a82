"""Pages of old processes in the order of the last change, on both databases: they read few segments, and no backlog."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN, process_row, store, store_subscription

from orchestrator_gql.storage import process_changes, process_lists, process_segments
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.process_changes import Changed
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.storage.process_lists import page
from orchestrator_gql.storage.process_segments import has_unindexed, index
from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

OLD, RESTING, WAITING = 650, 2_000, 4_000
"""The old processes end in the middle of a segment, whose times of changes are within the slack of the one before."""

FILTERS = {
    "a product": ProcessFilter(products=["Old"]),
    "a product and a status": ProcessFilter(products=["Old"], statuses=[ProcessStatus.COMPLETED]),
    "a text": ProcessFilter(search="unicorn"),
}


@pytest.fixture
def engine(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the test, with segments of 200."""
    monkeypatch.setattr(process_segments, "SIZE", 200)
    monkeypatch.setattr(process_segments, "LEAST_SLACK", timedelta(seconds=10))
    monkeypatch.setattr(process_lists, "SIZE", 200)
    monkeypatch.setattr(process_lists, "FIRST", 20)
    database = plain_engine(storage)
    yield database
    database.dispose()


def store_all(engine: Engine, numbers: range, status: ProcessStatus) -> None:
    """Store the processes, and the terms of all of them but those of the open segment."""
    ended = {} if status is ProcessStatus.COMPLETED else {"ended_at": None}
    with engine.begin() as conn:
        rows = [
            process_row(number, status=status, subject="unicorn" if number < OLD else "router", **ended)
            for number in numbers
        ]
        store(conn, rows)
        if not numbers.start:
            store_subscription(conn, "Old", [UUID(int=number + 1) for number in range(OLD)])
        while has_unindexed(conn, later := BEGIN + timedelta(days=1)):
            index(conn, later)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")


def work_of_pages(conn: Connection) -> dict[str, int]:
    """The work for the first page of each filter, in both directions of the last change."""
    work = {}
    for (name, filters), down in ((each, down) for each in FILTERS.items() for down in (False, True)):
        read = partial(page, conn, filters, PageArgs(15), by_update=True, is_descending=down)
        assert [row.id.int for _, row in read().items] == list(range(OLD, OLD - 15, -1) if down else range(1, 16))
        work[f"{name}, {down}"] = work_of(conn, statements_of(conn, read))
    return work


def test_the_newest_segment_and_the_next_have_the_page(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def first_changed(*args: Any) -> Changed:
        looks.append(args[-1])
        return process_changes.first_changed(*args)

    monkeypatch.setattr(process_lists, "first_changed", first_changed)
    store_all(engine, range(RESTING), ProcessStatus.COMPLETED)
    with engine.begin() as conn:
        page(conn, FILTERS["a product"], PageArgs(15), by_update=True, is_descending=True)

    assert looks == [2]


@pytest.mark.parametrize("status", [ProcessStatus.CREATED, ProcessStatus.RUNNING], ids=str)
def test_a_page_of_old_processes_does_not_read_all_that_wait_to_run(engine: Engine, status: ProcessStatus) -> None:
    store_all(engine, range(RESTING), ProcessStatus.COMPLETED)
    with engine.begin() as conn:
        before = work_of_pages(conn)
    store_all(engine, range(RESTING, RESTING + WAITING), status)
    with engine.begin() as conn:
        work = work_of_pages(conn)

    # to look at all that wait: 16 steps for each at least, or two rows
    allowed = 4 * WAITING if engine.dialect.name == "sqlite" else 3 * WAITING // 2
    assert {name: (before[name], work[name]) for name in work if work[name] > before[name] + allowed} == {}
