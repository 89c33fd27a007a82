"""Retention beside the work of servers: it takes turns, waits for nobody and keeps nobody waiting."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.old_processes import Maker
from support.rows import BEGIN, process_row
from support.sizes import size

from orchestrator_gql import begin, step
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.config.retention import read
from orchestrator_gql.engine.large_processes import HELD
from orchestrator_gql.engine.retention import Request, _Batch, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.engine.workers import pruning
from orchestrator_gql.engine.workers.pruning import prune_once
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import processes, retention
from orchestrator_gql.storage.tables import notifications
from orchestrator_gql.storage.tables import processes as rows
from orchestrator_gql.types import NotificationKind, NotificationStatus, ProcessStatus, State
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

DAY = 86_400
KEY = "a key of the deployment"
is_broken = True


@step("Break once")
def breaks() -> State:
    if is_broken:
        raise ValueError("It broke.")
    return {}


@workflow("Fail")
def fails() -> Any:
    return begin >> breaks


@workflow("Do nothing")
def nothing() -> Any:
    return begin


def request_of(engine: Engine, days: Any = 365, **options: Any) -> Request:
    return Request(by_setting(read(days), engine.clock.now()), "ada", **options)


async def ids(engine: Engine) -> set[UUID]:
    return set(await engine.read(lambda conn: conn.execute(select(rows.c.id)).scalars().all()))


async def old_failure(engine: Engine) -> UUID:
    process_id = await engine.start(fails)
    await engine.reaches(process_id, ProcessStatus.FAILED)
    engine.turn(400 * DAY)
    return process_id


async def test_a_process_that_was_retried_after_the_search_stays(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await offer(fails)
    process_id = await old_failure(engine)
    request = request_of(engine, {"FAILED": 365})
    found = await engine.read(lambda conn: retention.next_candidates(conn, request.wanted, None, 10))

    monkeypatch.setattr("test_pruning.is_broken", False)
    await retry_process(engine.runtime, LOCAL_OPERATOR, process_id=process_id)
    await engine.reaches(process_id, ProcessStatus.COMPLETED)
    batch = _Batch(found.ids, request, None, engine.clock.now())
    await engine.runtime.database.transaction(batch.delete)

    assert (batch.gone, batch.kept) == ({}, {process_id: HELD})
    assert await ids(engine) == {process_id}


@pytest.fixture
async def on_postgres(postgres: PostgresServer, clock: TurnableClock) -> AsyncIterator[Engine]:
    """An engine on PostgreSQL: SQLite has one writer, who never finds another one."""
    with postgres.database() as url:
        async with engine_of(url, fails, nothing, clock=clock, dispatcher="embedded") as engine:
            yield engine


async def test_a_process_that_somebody_acts_on_is_left_for_the_next_run(on_postgres: Engine) -> None:
    engine = on_postgres
    process_id = await old_failure(engine)
    request = request_of(engine, {"FAILED": 365})

    async with engine.runtime.database.engine.connect() as conn:  # type: ignore[attr-defined]
        await conn.run_sync(processes.hold, process_id)
        async with asyncio.timeout(60):
            counted = await prune(engine.runtime.database, engine.clock.now, None, request)
    later = await prune(engine.runtime.database, engine.clock.now, None, request)

    assert (counted.number, dict(counted.kept), later.number) == (0, {HELD: 1}, 1)


async def test_two_runs_at_once_delete_each_process_once(offer: Offer) -> None:
    engine = await offer(audit_key=KEY)
    now, key, database = engine.clock.now(), engine.runtime.settings.audit_secret, engine.runtime.database
    made = await database.transaction(lambda conn: Maker(conn, Random(3), now, key).make(60))
    alone = [old for old in made if old.status == "COMPLETED" and not (old.is_needed or old.was_given_up)]

    async def run() -> int:
        done = await prune(database, engine.clock.now, key, request_of(engine, {"COMPLETED": 0.001}, rest=1.0))
        return done.number

    numbers = await asyncio.gather(run(), run(), run())
    rest = await run()

    assert sum(numbers) + rest == len(alone) > 0
    assert not {old.id for old in alone} & await ids(engine)


async def test_of_two_transactions_only_one_deletes(on_postgres: Engine) -> None:
    engine = on_postgres
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, ProcessStatus.COMPLETED)
    engine.turn(400 * DAY)

    async with engine.runtime.database.engine.connect() as conn:  # type: ignore[attr-defined]
        assert await conn.run_sync(retention.take_turn)
        done = await prune(engine.runtime.database, engine.clock.now, None, request_of(engine))

    assert (done.number, done.is_elsewhere) == (0, True)
    assert await ids(engine) == {process_id}


async def test_a_server_with_the_setting_deletes_by_itself_and_one_without_deletes_nothing(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "FIRST", 0.01)
    monkeypatch.setattr(pruning, "EVERY", 0.01)
    engine = await offer(nothing)
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, ProcessStatus.COMPLETED)
    engine.turn(400 * DAY)
    await asyncio.sleep(0.1)
    assert await ids(engine) == {process_id}


async def test_the_background_deletes_what_becomes_old(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "FIRST", 0.01)
    monkeypatch.setattr(pruning, "EVERY", 0.01)
    engine = await offer(nothing, retention_days="365")
    process_id = await engine.start(nothing)
    await engine.reaches(process_id, ProcessStatus.COMPLETED)

    engine.turn(400 * DAY)

    async def is_gone() -> bool | None:
        return True if not await ids(engine) else None

    await engine.until(is_gone, awaited="the process to go")


async def test_a_run_ends_at_its_number_and_says_that_there_is_more(offer: Offer) -> None:
    engine = await offer()
    await engine.runtime.database.transaction(lambda conn: store(conn, 30))
    engine.turn(4_000 * DAY)
    limited = await prune(engine.runtime.database, engine.clock.now, None, request_of(engine, most=10))
    rest = await prune_once(engine.runtime, read(365))

    assert (limited.number, limited.has_more) == (10, True)
    assert (rest.number, rest.has_more) == (20, False)


async def test_runs_that_end_at_their_time_among_processes_that_stay_come_to_the_end_by_their_marks(
    offer: Offer,
) -> None:
    engine = await offer()
    await engine.runtime.database.transaction(lambda conn: keep(conn, 40))
    engine.turn(4_000 * DAY)
    mark, has_more, runs, kept, number = None, True, 0, 0, 0
    while has_more:
        request = replace(request_of(engine, seconds=0.0), after=mark)
        done = await prune(engine.runtime.database, engine.clock.now, None, request)
        mark, has_more, runs = done.end, done.has_more, runs + 1
        kept, number = kept + done.kept.total(), number + done.number
        assert runs < 100, "the runs look at the same processes again and again"

    assert (kept, number) == (40, 1)
    assert runs > 1


def keep(conn: Connection, number: int) -> None:
    """Store processes that stay, and a younger process that may go."""
    ids = [new_id() for _ in range(number + 1)]
    conn.execute(rows.insert(), [process_row(index, id=id) for index, id in enumerate(ids)])
    facts: dict[str, Any] = {"target": "hook", "kind": NotificationKind.PROCESS_FAILED, "payload": {}, "tries": 1}
    facts |= {"tries_before": 0, "log": [], "due_at": BEGIN, "created_at": BEGIN, "status": NotificationStatus.DEAD}
    conn.execute(notifications.insert(), [{"id": new_id(), "process_id": id, **facts} for id in ids[:-1]])


def store(conn: Connection, number: int) -> None:
    conn.execute(rows.insert(), [process_row(index, id=new_id()) for index in range(number)])


async def test_other_commits_wait_for_one_small_transaction_only(offer: Offer) -> None:
    """A transaction is small by count; the time is asserted with a wide margin, because tests share the machine."""
    engine = await offer(audit_key=KEY)
    now, key, database = engine.clock.now(), engine.runtime.settings.audit_secret, engine.runtime.database
    await database.transaction(lambda conn: Maker(conn, Random(5), now, key).make(size(60, 150)))
    waits: list[float] = []
    is_over = asyncio.Event()

    def touch(conn: Connection) -> None:
        conn.execute(rows.update().where(rows.c.id == UUID(int=0)).values(note="x"))

    async def commit_on() -> None:
        while not is_over.is_set():
            began = time.perf_counter()
            await database.transaction(
                lambda conn: conn.execute(rows.update().where(rows.c.id == UUID(int=0)).values(note="x"))
            )
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.002)

    committing = asyncio.create_task(commit_on())
    done = await prune(database, engine.clock.now, key, request_of(engine, {"COMPLETED": 0.001, "ABORTED": 0.001}))
    is_over.set()
    await committing

    assert done.number > 10
    assert max(waits) < 0.5
