"""Readers of the event log get every event once, in the order of the commits, on both databases."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from conftest import Offer
from sqlalchemy import Connection, make_url
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import BEGINNING, Engine, engine_of

from orchestrator_gql import begin, step
from orchestrator_gql.commands.processes import update_process_note
from orchestrator_gql.events.stream import Batch, follow
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import events, processes
from orchestrator_gql.storage.database.after_commit import begin_unit
from orchestrator_gql.storage.database.pipeline import flush
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.events import EventFilter, Place, place_of
from orchestrator_gql.types import Event, EventKind, ProcessStatus, State
from orchestrator_gql.utils.errors import CursorInvalid, StaleVersion
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

COMPLETED = ProcessStatus.COMPLETED


@step("Count")
async def count(n: int = 0) -> State:
    return {"n": n + 1}


@workflow("Count to four")
def counts() -> Any:
    return begin >> count >> count >> count >> count


async def read_until(engine: Engine, after: str | None, enough: Callable[[list[Event]], bool]) -> list[Batch]:
    """The batches behind the cursor, until the reader has enough."""
    batches: list[Batch] = []
    async with asyncio.timeout(60):
        stream = follow(engine.runtime.database, engine.runtime.notifier, after=after, wanted=EventFilter())
        async for batch in stream:
            batches.append(batch)
            if enough([event for read in batches for event in read.events]):
                break
        await stream.aclose()
    return batches


def ended(events: list[Event]) -> set[UUID | None]:
    """The processes that completed according to the events."""
    return {event.process_id for event in events if event.payload.get("to") == COMPLETED}


async def test_readers_that_stop_and_resume_see_every_event_once_while_fifty_processes_run(offer: Offer) -> None:
    engine = await offer(counts)

    def enough(length: int, left: int, new: list[Event]) -> bool:
        return len(new) >= length or len(ended(new)) == left

    async def in_pieces(length: int) -> list[Event]:
        received: list[Event] = []
        cursor = BEGINNING
        while (left := 50 - len(ended(received))) > 0:
            batches = await read_until(engine, cursor, partial(enough, length, left))
            received += [event for batch in batches for event in batch.events]
            cursor = batches[-1].cursor
        return received

    readers = [asyncio.create_task(in_pieces(length)) for length in (1, 7, 1000)]
    process_ids = await asyncio.gather(*(engine.start(counts) for _ in range(50)))
    read_by_each = await asyncio.gather(*readers)
    whole = await engine.events()

    assert len(read_by_each) == 3
    for received in read_by_each:
        assert [event.cursor for event in received] == [event.cursor for event in whole]
    assert len({event.cursor for event in whole}) == len(whole) == 50 * 11
    for process_id in process_ids:
        own_events = [(event.kind, event.payload.get("to")) for event in whole if event.process_id == process_id]
        assert own_events[0] == (EventKind.PROCESS_CREATED, None)
        assert own_events[1] == (EventKind.PROCESS_STATUS_CHANGED, "RUNNING")
        assert own_events[2:-1] == [(EventKind.STEP_CHANGED, to) for _ in range(4) for to in ("RUNNING", "SUCCESS")]
        assert own_events[-1] == (EventKind.PROCESS_STATUS_CHANGED, COMPLETED)


async def test_a_reader_without_a_cursor_starts_now_and_gets_its_first_batch_at_once(offer: Offer) -> None:
    engine = await offer(counts)
    first = await engine.start(counts)
    await engine.reaches(first, COMPLETED)

    (first_batch,) = await read_until(engine, None, lambda _: True)
    second = await engine.start(counts)
    batches = await read_until(engine, first_batch.cursor, lambda new: bool(ended(new)))

    assert (first_batch.events, first_batch.caught_up) == ((), True)
    assert {event.process_id for batch in batches for event in batch.events} == {second}


async def test_a_reader_of_a_stopped_server_resumes_on_the_next_one(storage: str, clock: TurnableClock) -> None:
    async with engine_of(storage, counts, clock=clock) as engine:
        await engine.reaches(await engine.start(counts), COMPLETED)
        before = await engine.events()
    async with engine_of(storage, counts, clock=clock) as engine:
        await engine.reaches(await engine.start(counts), COMPLETED)
        batches = await read_until(engine, before[-1].cursor, lambda new: bool(ended(new)))
        whole = await engine.events()

    assert before + [event for batch in batches for event in batch.events] == whole


async def test_an_invalid_cursor_is_refused(offer: Offer) -> None:
    engine = await offer()

    for cursor in ("", "!", "MA", "LTEuMA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS4w", "ü"):
        with pytest.raises(CursorInvalid):
            await read_until(engine, cursor, lambda _: True)


async def test_a_cursor_older_than_the_log_resets_the_reader(offer: Offer) -> None:
    engine = await offer(counts)
    await engine.reaches(await engine.start(counts), COMPLETED)
    old, *_, last = await engine.events()

    def forget(conn: Connection) -> None:
        conn.exec_driver_sql("DELETE FROM events WHERE id <= 5")

    await engine.runtime.database.transaction(forget)
    (batch,) = await read_until(engine, old.cursor, lambda _: True)

    assert (batch.events, batch.reset, batch.cursor) == ((), True, last.cursor)


async def test_a_log_whose_first_writes_failed_is_read_from_its_beginning_without_a_reset(offer: Offer) -> None:
    engine = await offer(counts)
    clock = engine.clock

    def fail(conn: Connection) -> None:
        events.append(conn, [_event(clock, str(number)) for number in range(3)])
        raise LookupError

    with pytest.raises(LookupError):
        await engine.runtime.database.transaction(fail)
    await engine.reaches(await engine.start(counts), COMPLETED)
    batches = await read_until(engine, BEGINNING, lambda new: bool(ended(new)))

    assert len(batches) > 0
    assert not any(batch.reset for batch in batches)


@pytest.mark.parametrize(
    ("tx", "id"),
    [(2**40, 2**40), (0, 1), (0, 2**62), (1, 0), (2**62, 0), (2**62, -2)],
    ids=["restored", "next", "last", "another transaction", "of PostgreSQL", "early of PostgreSQL"],
)
async def test_a_cursor_that_is_ahead_of_the_log_resets_the_reader(tx: int, id: int, offer: Offer) -> None:
    """The log was restored, the cursor is of another database, or a client has invented it."""
    engine = await offer(counts)
    await engine.reaches(await engine.start(counts), COMPLETED)
    last = (await engine.events())[-1]
    place = place_of(last.cursor)

    (batch,) = await read_until(engine, Place(place.tx + tx, place.id + id).cursor, lambda _: True)

    assert (batch.events, batch.reset, batch.cursor) == ((), True, last.cursor)


async def test_a_cursor_in_a_transaction_that_still_runs_resets_the_reader(postgres: PostgresServer) -> None:
    """The readers of a server share what was read up to a place: all would miss the events of the transaction."""
    with postgres.database() as url:
        async with engine_of(url, counts) as engine:
            process_id = await engine.start(counts)
            await engine.reaches(process_id, COMPLETED)
            end = await engine.read(events.end)
            plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(plain) as running:
                (tx,) = running.execute("SELECT pg_current_xact_id()::text::bigint").fetchone() or ()
                await update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=process_id, note="held back")
                (batch,) = await read_until(engine, Place(tx, 2**62).cursor, lambda _: True)

    assert (batch.events, batch.reset, batch.cursor) == ((), True, end)


async def test_a_filter_leaves_out_other_events_and_does_not_search_them_twice(offer: Offer) -> None:
    engine = await offer(counts)
    first, second = [await engine.start(counts) for _ in range(2)]
    for process_id in (first, second):
        await engine.reaches(process_id, COMPLETED)
    whole = await engine.events()

    async def read(filters: EventFilter) -> tuple[list[Event], str]:
        page = await engine.read(lambda conn: events.after(conn, BEGINNING, filters, 100))
        return list(page.events), page.cursor

    by_process, _ = await read(EventFilter(process_ids=(first,)))
    by_kind, _ = await read(EventFilter(kinds=(EventKind.PROCESS_CREATED,)))
    by_workflow, _ = await read(EventFilter(workflow_names=("counts",)))
    nothing, behind = await read(EventFilter(workflow_names=("other",)))

    assert by_process == [event for event in whole if event.process_id == first]
    assert [event.process_id for event in by_kind] == [first, second]
    assert by_workflow == whole
    assert (nothing, behind) == ([], whole[-1].cursor)


async def test_a_page_says_whether_there_is_more(offer: Offer) -> None:
    engine = await offer(counts)
    await engine.reaches(await engine.start(counts), COMPLETED)
    whole = await engine.events()

    first = await engine.read(lambda conn: events.after(conn, BEGINNING, EventFilter(), 4))
    rest = await engine.read(lambda conn: events.after(conn, first.cursor, EventFilter(), 7))

    assert (first.has_more, rest.has_more) == (True, False)
    assert [*first.events, *rest.events] == whole


async def test_a_note_is_an_event_and_a_stale_writer_is_refused(offer: Offer) -> None:
    engine = await offer(counts)
    process_id = await engine.start(counts)
    before = await engine.reaches(process_id, COMPLETED)

    noted = await update_process_note(
        engine.runtime, LOCAL_OPERATOR, process_id=process_id, note="see ticket 7", expected_version=before.version
    )
    with pytest.raises(StaleVersion):
        await update_process_note(
            engine.runtime, LOCAL_OPERATOR, process_id=process_id, note="mine", expected_version=before.version
        )

    assert (await engine.process(process_id)).note == "see ticket 7"
    assert noted.version == before.version + 1
    (event,) = await engine.events(process_id, EventKind.PROCESS_NOTE_CHANGED)
    assert (event.payload, event.actor) == ({"note": "see ticket 7"}, "local")


def _event(clock: TurnableClock, name: str) -> Event:
    return Event(EventKind.ENGINE_STATE_CHANGED, clock.now(), payload={"name": name})


async def test_on_postgres_no_reader_skips_an_event_that_is_committed_late(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        async with engine_of(url, clock=clock) as engine:
            database = engine.runtime.database
            assert isinstance(database, PostgresDatabase)

            def write(conn: Connection, name: str) -> None:
                begin_unit(conn)
                events.append(conn, [_event(clock, name)])
                flush(conn)  # a write waits for the end of its unit

            async def names() -> list[str]:
                return [event.payload["name"] for event in await engine.events()]

            async with database.engine.connect() as slow:
                await slow.run_sync(write, "early, committed late")
                await database.transaction(lambda conn: write(conn, "late, committed early"))
                held_back = await engine.read(lambda conn: events.after(conn, BEGINNING, EventFilter(), 10))
                end = await engine.read(events.end)
                await slow.commit()

            assert held_back.events == ()
            assert end == BEGINNING
            assert await names() == ["early, committed late", "late, committed early"]


async def test_on_postgres_a_transaction_that_waited_for_a_process_sees_the_changes_of_the_wait(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        async with engine_of(url, counts, clock=clock) as engine:
            process_id = await engine.start(counts)
            await engine.reaches(process_id, COMPLETED)
            database = engine.runtime.database
            assert isinstance(database, PostgresDatabase)

            def lock_and_append(conn: Connection) -> tuple[str | None, int]:
                process = processes.lock(conn, process_id)
                assert process is not None
                events.append(conn, [_event(clock, "second")])
                return process.note, process.execution.seq if process.execution else 0

            async with database.engine.connect() as holder:
                await holder.run_sync(begin_unit)
                held = await holder.run_sync(processes.lock, process_id)
                assert held is not None
                waiting = asyncio.create_task(database.transaction(lock_and_append))
                await engine.until(lambda: _waits(engine), awaited="a transaction that waits for the process")
                await holder.run_sync(processes.set_note, held, "first", clock.now())
                await holder.exec_driver_sql("UPDATE processes SET record_seq = 2")
                await holder.run_sync(events.append, [_event(clock, "first")])
                await holder.commit()

            assert await waiting == ("first", 2)
            names = [event.payload["name"] for event in await engine.events(kind=EventKind.ENGINE_STATE_CHANGED)]
            assert names == ["first", "second"]


async def _waits(engine: Engine) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return await engine.read(lambda conn: conn.exec_driver_sql(waiting).scalar_one() > 0)
