"""A read of the log with a filter searches a bounded part of it, and the next read goes on behind that part."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, Engine, insert
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN, process_row, store
from support.until import PATIENCE

from orchestrator_gql import begin, step
from orchestrator_gql.events.stream import Batch, follow
from orchestrator_gql.reads.events import event_page
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import events
from orchestrator_gql.storage.events import BEGINNING, WINDOW, EventFilter, Page
from orchestrator_gql.storage.tables import events as rows
from orchestrator_gql.types import EventKind, ProcessStatus, State
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

FREQUENT, RARE, NEVER = EventKind.STEP_CHANGED, EventKind.PROCESS_NOTE_CHANGED, EventKind.INPUT_DECIDED
FILTERS = {
    "a kind that is rare": EventFilter(kinds=(RARE,)),
    "a kind that no process has": EventFilter(kinds=(NEVER,)),
    "no kind": EventFilter(kinds=()),
    "a workflow that is rare": EventFilter(workflow_names=("rare",)),
    "a workflow that does not exist": EventFilter(workflow_names=("unknown",)),
    "a team without processes": EventFilter(assignee_keys=("nobody",)),
    "a kind of a workflow": EventFilter(kinds=(RARE,), workflow_names=("rare",)),
    "a process": EventFilter(process_ids=(UUID(int=7),)),
    "a kind of a process": EventFilter(process_ids=(UUID(int=7),), kinds=(NEVER,)),
    "everything": EventFilter(),
}


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def grow(conn: Connection, numbers: range) -> None:
    """Processes with two events each."""
    store(conn, [process_row(number, workflow_name="frequent") for number in numbers], is_analyzed=False)
    new = {"kind": FREQUENT, "actor": None, "payload": {"note": "x"}, "at": BEGIN}
    conn.execute(insert(rows), [{**new, "process_id": UUID(int=number + 1)} for number in numbers for _ in range(2)])


def test_no_read_with_a_filter_searches_more_of_a_longer_log(engine: Engine) -> None:
    work: dict[str, list[int]] = {}
    for numbers in (range(WINDOW), range(WINDOW, 4 * WINDOW)):
        with engine.begin() as conn:
            grow(conn, numbers)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")
        with engine.begin() as conn:
            for title, wanted in FILTERS.items():
                statements = statements_of(conn, partial(events.after, conn, BEGINNING, wanted, 200))
                work.setdefault(title, []).append(work_of(conn, statements))

    # of four times as many events; work that is linear grows by four
    assert {title: sizes for title, sizes in work.items() if sizes[1] > 1.5 * sizes[0] + 500} == {}


@step("Count")
async def count(n: int = 0) -> State:
    return {"n": n + 1}


@workflow("Count once")
def counts() -> Any:
    return begin >> count


SOME = [
    EventFilter(kinds=(FREQUENT,)),
    EventFilter(kinds=(NEVER,)),
    EventFilter(workflow_names=("counts",)),
    EventFilter(workflow_names=("unknown",)),
    EventFilter(assignee_keys=("nobody",)),
    EventFilter(kinds=(EventKind.PROCESS_CREATED,), workflow_names=("counts",)),
]


@pytest.mark.each_value
@pytest.mark.parametrize("window", [1, 3, 7, 1_000])
async def test_a_reader_gets_every_event_that_fits_and_learns_once_that_it_has_caught_up(
    window: int, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "WINDOW", window)
    monkeypatch.setattr("orchestrator_gql.events.stream.BATCH", 2)
    engine = await offer(counts)
    for _ in range(3):
        await engine.reaches(await engine.start(counts), ProcessStatus.COMPLETED)
    whole = await engine.events()
    for wanted in SOME:
        expected = [event for event in whole if wanted.may_select(event) and "unknown" not in str(wanted)]
        expected = [] if wanted.assignee_keys else expected
        batches = await until_caught_up(engine.runtime, wanted)
        pages = await pages_of(engine.runtime, wanted)

        assert [event for batch in batches for event in batch.events] == expected, wanted
        assert batches[-1].cursor == whole[-1].cursor
        assert all(batch.events for batch in batches[1:-1])
        assert [event for page in pages for event in page.events] == expected, wanted
        assert pages[-1].cursor == whole[-1].cursor


async def until_caught_up(runtime: Runtime, wanted: EventFilter) -> list[Batch]:
    """The batches of a stream that begins with the log."""
    stream = follow(runtime.database, runtime.notifier, after=BEGINNING, wanted=wanted)
    batches = []
    async with asyncio.timeout(PATIENCE):
        async for batch in stream:
            batches.append(batch)
            if batch.caught_up:
                break
    await stream.aclose()
    return batches


async def pages_of(runtime: Runtime, wanted: EventFilter) -> list[Page]:
    """All pages of two events."""
    pages = []
    cursor, has_more = BEGINNING, True
    while has_more:
        page, is_reset = await event_page(runtime, LOCAL_OPERATOR, after=cursor, wanted=wanted, first=2)
        pages.append(page)
        cursor, has_more = page.cursor, page.has_more
        assert not is_reset
    return pages
