"""Throughput and failures are counted exactly, from ranges of indexes."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event
from support.database import sqlite_url
from support.rows import BEGIN, failed_row, process_row, store
from support.web import site_of

from orchestrator_gql import StepList, begin, done
from orchestrator_gql.graphql.types import stats
from orchestrator_gql.storage import listing, pagination, statistics
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.statistics import DURATIONS, Bucket, FailureGroup
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

HOUR = timedelta(hours=1)

ROWS = [
    process_row(0, ended_at=BEGIN + HOUR - timedelta(microseconds=1)),
    process_row(1, ended_at=BEGIN + HOUR),  # on an edge: in the second hour
    process_row(2, status=ProcessStatus.ABORTED, ended_at=BEGIN + timedelta(minutes=5)),
    process_row(3600 + 5, status=ProcessStatus.RUNNING, ended_at=None),
    failed_row(4, "callback-expired", updated_at=BEGIN + timedelta(minutes=5)),
    failed_row(5, "step-raised", workflow_name="workflow 4", updated_at=BEGIN + timedelta(minutes=90)),
    failed_row(6, "step-raised", workflow_name="workflow 4", updated_at=BEGIN + timedelta(minutes=91)),
    failed_row(7, workflow_name="old", updated_at=BEGIN - HOUR),
]


async def test_every_process_is_counted_in_its_own_bucket(storage: str) -> None:
    database = connect(storage)
    await database.open()
    try:
        await database.alter(lambda conn: store(conn, ROWS))
        edges = [BEGIN, BEGIN + HOUR, BEGIN + 2 * HOUR, BEGIN + 3 * HOUR]
        found = await database.read(lambda conn: statistics.buckets(conn, edges))
        groups = await database.read(lambda conn: statistics.failures(conn, BEGIN))
        counts = await database.read(lambda conn: listing.counts(conn, since=BEGIN, now=BEGIN + HOUR))
    finally:
        await database.close()

    first = Bucket(edges[0], edges[1], 7 - 0, 1, 1, 1, (3599.999999,))
    assert found == [
        first,
        Bucket(edges[1], edges[2], 1, 1, 0, 2, (3599.0,)),
        Bucket(edges[2], edges[3], 0, 0, 0, 0, ()),
    ]
    last = BEGIN + timedelta(minutes=91)
    assert groups == [
        FailureGroup("workflow 4", "step-raised", 2, last),
        FailureGroup("workflow 4", "callback-expired", 1, BEGIN + timedelta(minutes=5)),
    ]
    assert (counts.completed, counts.failed, counts.durations) == (2, 3, (3599.0, 3599.999999))


async def test_counts_by_status_stop_at_a_number_and_say_so(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pagination, stats):
        monkeypatch.setattr(module, "MOST_COUNTED", 3)
    rows = [*ROWS, process_row(9), process_row(10), failed_row(11), failed_row(12)]
    database = connect(storage)
    await database.open()
    try:
        await database.alter(lambda conn: store(conn, rows))
        counts = await database.read(lambda conn: listing.counts(conn, since=BEGIN, now=BEGIN + HOUR))
    finally:
        await database.close()

    of_status = {each.status: each for each in stats.ProcessStatusCount.all_of(counts.by_status)}
    shown = {status: (each.count, each.is_exact) for status, each in of_status.items()}
    assert len(shown) == len(ProcessStatus)
    assert shown[ProcessStatus.FAILED] == (3, False)
    assert shown[ProcessStatus.COMPLETED] == (3, False)
    assert shown[ProcessStatus.ABORTED] == (1, True)
    assert shown[ProcessStatus.CREATED] == (0, True)


@pytest.mark.parametrize("is_analyzed", [True, False])
async def test_the_numbers_of_a_short_period_read_no_other_processes(storage: str, is_analyzed: bool) -> None:
    count, is_postgres = 20_000, storage.startswith("postgresql")  # PostgreSQL counts its rows by itself
    rows = [(failed_row if number % 50 == 0 else process_row)(number) for number in range(count)]
    database = connect(storage)
    await database.open()
    try:
        await database.alter(lambda conn: store(conn, rows, is_analyzed=is_analyzed or is_postgres))
        edges = [BEGIN + timedelta(seconds=count + at) for at in (-60, -30, 30)]
        plans = await database.read(partial(plans_of, work=lambda conn: statistics.buckets(conn, edges)))
        plans += await database.read(partial(plans_of, work=lambda conn: statistics.failures(conn, edges[0])))
        plans += await database.read(partial(plans_of, work=lambda conn: statistics.ended_counts(conn, edges[0])))
        plans += await database.read(partial(plans_of, work=lambda conn: statistics.failed_count(conn, edges[0])))
        plans += await database.read(partial(plans_of, work=lambda conn: statistics.durations(conn, edges[0], 100)))
    finally:
        await database.close()

    assert len(plans) == 8
    assert [plan for plan in plans if "SCAN processes" in plan or "Seq Scan" in plan or "status_started" in plan] == []


def plans_of(conn: Connection, work: Any) -> list[str]:
    """The plan of each statement of the work."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    work(conn)
    event.remove(conn, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
    return [
        "\n".join(str(row[-1]) for row in conn.exec_driver_sql(explain + statement, parameters))
        for statement, parameters in statements
    ]


async def test_the_durations_are_those_of_the_last_that_ended(storage: str) -> None:
    early = [process_row(number, ended_at=BEGIN + timedelta(minutes=20, seconds=number)) for number in range(50)]
    late = [process_row(100 + number, ended_at=BEGIN + timedelta(minutes=50)) for number in range(DURATIONS)]
    database = connect(storage)
    await database.open()
    try:
        await database.alter(lambda conn: store(conn, early + late))
        [bucket] = await database.read(lambda conn: statistics.buckets(conn, [BEGIN, BEGIN + HOUR]))
    finally:
        await database.close()

    assert bucket.completed == 50 + DURATIONS
    assert len(bucket.durations) == DURATIONS
    assert min(bucket.durations) > 2_000


STATS = """query ($period: DateTimeRange, $buckets: Int) { stats(window: LAST_24_HOURS) { completed
  failuresByWorkflow { workflowName count lastFailedAt codes { code count } }
  throughput(period: $period, buckets: $buckets) {
    start end started completed failed aborted durationSecondsP95 } } }"""

REFUSED: list[dict[str, Json]] = [
    {"buckets": 0},
    {"buckets": 101},
    {"buckets": -1},
    {"period": {"from": "2026-03-01T09:00:00Z", "to": "2026-03-01T09:00:00Z"}},
    {"period": {"from": "2026-03-02T09:00:00Z", "to": "2026-03-01T09:00:00Z"}},
    {"period": {"from": "2024-01-01T09:00:00Z", "to": "2026-03-01T09:00:00Z"}},
    {"period": {"to": "0001-01-01T00:00:00Z"}},
    {"period": {"from": "9999-12-31T00:00:00Z"}},
]


FAILURES = "{ stats(window: LAST_24_HOURS) { failuresByWorkflow { workflowName workflow { description } } } }"


async def test_failures_name_their_workflow_if_it_is_deployed(tmp_path: Any) -> None:
    @workflow("Move a node")
    def move_node() -> StepList:
        return begin >> done

    async with site_of(sqlite_url(tmp_path), move_node) as site:
        now = site.engine.runtime.clock.now()
        rows = [failed_row(at, workflow_name=name, updated_at=now) for at, name in enumerate(["move_node", "gone"])]
        await site.engine.runtime.database.alter(lambda conn: store(conn, rows))
        failures = (await site.ask(FAILURES))["stats"]["failuresByWorkflow"]

    assert failures == [
        {"workflowName": "gone", "workflow": None},
        {"workflowName": "move_node", "workflow": {"description": "Move a node"}},
    ]


async def test_a_client_reads_throughput_within_its_limits(tmp_path: Any) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        await site.engine.runtime.database.alter(lambda conn: store(conn, ROWS))
        period = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-01T03:00:00Z"}
        data = (await site.ask(STATS, period=period, buckets=3))["stats"]
        by_default = (await site.ask(STATS))["stats"]["throughput"]
        most = (await site.ask(STATS, buckets=100))["stats"]["throughput"]
        refused = [await site.answer(STATS, **arguments) for arguments in REFUSED]

    assert [bucket["started"] for bucket in data["throughput"]] == [7, 1, 0]
    assert [bucket["durationSecondsP95"] for bucket in data["throughput"]] == [3599.999999, 3599.0, None]
    assert (len(by_default), len(most)) == (24, 100)
    assert by_default[-1]["end"] == most[-1]["end"]
    assert [before["end"] for before in most[:-1]] == [after["start"] for after in most[1:]]
    assert {response["errors"][0]["extensions"]["code"] for response in refused} == {"PAYLOAD_INVALID"}
