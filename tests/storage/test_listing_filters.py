"""The filters of lists find their own rows, and a page reads an index instead of the whole table."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection
from support.rows import BEGIN, failed_row, process_row, store, store_subscription

from orchestrator_gql.storage import listing, pagination
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.listing import ProcessFilter, Span
from orchestrator_gql.storage.pagination import Key, PageArgs, page_query
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

FEW = [
    process_row(1, id=UUID("01a2279c-e6e2-76a5-9c71-35bdcdaf6109"), subject="Deploy 100%_of it", created_by="ada"),
    process_row(2, subject="Ring of Ärger", note="see ticket 77", assignee="NOC"),
    failed_row(3, "callback-expired", failure_message="password hunter2 is wrong"),
    failed_row(4, "step-raised", workflow_name="install_lamp"),
    process_row(5, failure_code="step-raised", status=ProcessStatus.RUNNING, ended_at=None),
]

FOUND: dict[str, tuple[ProcessFilter, list[int]]] = {
    "subject": (ProcessFilter(search="deploy 100%_"), [1]),
    "subject without wildcards": (ProcessFilter(search="deploy_100"), []),
    "note": (ProcessFilter(search="TICKET 77"), [2]),
    "workflow": (ProcessFilter(search="LAMP"), [4]),
    "whole id": (ProcessFilter(search="01a2279c-e6e2-76a5-9c71-35bdcdaf6109"), [1]),
    "beginning of the id": (ProcessFilter(search="01A2279C-E6"), [1]),
    "end of the id": (ProcessFilter(search="cdaf6109"), [1]),
    "three digits are no id": (ProcessFilter(search="109"), []),
    "message of a failure": (ProcessFilter(search="hunter2"), []),
    "failure code": (ProcessFilter(failure_codes=["step-raised", "other"]), [4]),
    "no failure code": (ProcessFilter(failure_codes=[]), []),
    "several statuses": (ProcessFilter(statuses=[ProcessStatus.FAILED, ProcessStatus.RUNNING]), [3, 4, 5]),
    "team": (ProcessFilter(assignee_keys=["NOC", "OPS"]), [2]),
    "starter": (ProcessFilter(created_by="ada"), [1]),
    "product": (ProcessFilter(products=["Lamp", "Ring"]), [2, 4]),
    "unknown product": (ProcessFilter(products=["Bell"]), []),
    "together": (ProcessFilter(products=["Lamp"], statuses=[ProcessStatus.FAILED], search="lamp"), [4]),
}


@asynccontextmanager
async def opened(url: str, rows: list[dict[str, Any]], *members: int) -> AsyncIterator[Database]:
    """The database with the processes; those of the numbers ``members`` work on the product Lamp."""
    database = connect(url)
    await database.open()
    try:
        await database.alter(lambda conn: store(conn, rows))
        await database.alter(lambda conn: store_subscription(conn, "Lamp", [rows[at]["id"] for at in members]))
        yield database
    finally:
        await database.close()


async def test_each_filter_finds_its_own(storage: str) -> None:
    found, counted, by_status = {}, {}, {}
    async with opened(storage, FEW, 1, 3) as database:
        for name, (wanted, _) in FOUND.items():
            by_status[name] = await database.read(partial(listing.status_counts, filters=wanted))
            found[name] = await database.read(partial(numbers, wanted=wanted))
            counted[name] = await database.read(partial(listing.process_count, filters=wanted))

    expected = {name: wanted for name, (_, wanted) in FOUND.items()}
    assert found == expected
    assert counted == {name: len(matching) for name, matching in expected.items()}
    for name, matching in expected.items():
        statuses = Counter(FEW[number - 1]["status"] for number in matching)
        assert {status: count for status, count in by_status[name].items() if count} == statuses


async def test_a_count_of_each_status_stops_by_itself(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (listing, pagination):
        monkeypatch.setattr(module, "MOST_COUNTED", 3)
    rows = [process_row(number) for number in range(1, 6)] + [failed_row(6, "step-raised")]
    async with opened(storage, rows, 0) as database:
        counted = await database.read(partial(listing.status_counts, filters=ProcessFilter(search="router")))

    assert {status: count for status, count in counted.items() if count} == {
        ProcessStatus.COMPLETED: 3,
        ProcessStatus.FAILED: 1,
    }


def numbers(conn: Connection, wanted: ProcessFilter) -> list[int]:
    """The numbers of the processes that the filter selects."""
    by_id = {row["id"]: number for number, row in enumerate(FEW, 1)}
    page = listing.process_page(conn, wanted, PageArgs(first=200), by_update=False, is_descending=False)
    return [by_id[process.id] for _, process in page.items]


MANY = 20_000

PLANNED: dict[str, ProcessFilter] = {
    "all": ProcessFilter(),
    "statuses": ProcessFilter(statuses=[ProcessStatus.FAILED, ProcessStatus.RUNNING]),
    "workflow": ProcessFilter(workflow_names=["workflow 3"]),
    "workflows": ProcessFilter(workflow_names=["workflow 3", "workflow 4"]),
    "workflows and statuses": ProcessFilter(workflow_names=["workflow 3", "workflow 4"], statuses=list(ProcessStatus)),
    "teams": ProcessFilter(assignee_keys=["NOC", "OPS"]),
    "target": ProcessFilter(targets=[Target.SYSTEM]),
    "team": ProcessFilter(assignee_keys=["NOC"]),
    "starter": ProcessFilter(created_by="ada"),
    "product": ProcessFilter(products=["Lamp"]),
    "period": ProcessFilter(started_at=Span(BEGIN, BEGIN.replace(hour=1))),
    "common text": ProcessFilter(search="router"),
}


async def test_a_page_of_any_filter_reads_no_whole_table(storage: str) -> None:
    rows = [
        (failed_row if number % 50 == 0 else process_row)(
            number, assignee="NOC" if number % 100 == 1 else None, created_by="ada" if number % 100 == 2 else "bob"
        )
        for number in range(MANY)
    ]
    async with opened(storage, rows, *range(0, MANY, 2)) as database:
        plans = {name: await database.read(partial(plan, wanted=wanted)) for name, wanted in PLANNED.items()}

    whole = {name: found for name, found in plans.items() if reads_all(found)}
    assert whole == {}


def plan(conn: Connection, wanted: ProcessFilter) -> str:
    """The plan of the second page of 50."""
    key = Key((processes.c.started_at, processes.c.id), is_descending=True)
    page_args = PageArgs(first=50)
    query = page_query(listing.process_query(wanted, key, page_args), key, page_args)
    text = str(query.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, TIMING OFF)"
    return "\n".join(str(row[-1]) for row in conn.exec_driver_sql(f"{explain} {text.replace('%', '%%')}"))


def reads_all(found: str) -> bool:
    """True if the plan reads or sorts the whole table of processes."""
    lines = found.splitlines()
    is_whole = any("SCAN processes" in line and "USING" not in line for line in lines)
    is_sorted = "TEMP B-TREE" in found and "COMPOUND QUERY" not in found  # the pages of each value are sorted
    return is_whole or is_sorted or any("Seq Scan on processes" in line for line in lines)
