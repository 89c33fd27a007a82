"""Many deadlines at once: their processes are claimed together, and each ends exactly as if it was alone."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, select, text, update
from support.clock import TurnableClock
from support.crowd import copy_process
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.operator import ADA
from support.playbooks import calls
from support.remote import Remote, answer
from support.statements import by_kind, counted

from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine import claims
from orchestrator_gql.process import Process
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.storage import processes, tables
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.types import CallbackStatus, EventKind, ProcessStatus
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.workflow import Workflow

AWAITING, RUNNING, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.RUNNING, ProcessStatus.FAILED
ENDED = (FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED)
HOUR = 3600
MANY = 60


def flow_of(remote: Remote) -> Workflow:
    """A workflow that waits for a callback for at most an hour."""
    return calls(remote, timeout=HOUR)


async def waiting(url: str, clock: TurnableClock, count: int) -> list[UUID]:
    """Processes that wait for a callback; their server has stopped."""
    remote = Remote()
    flow = flow_of(remote)
    async with engine_of(url, flow, clock=clock) as engine:
        first = await engine.start(flow)
        await remote.asked()
        await engine.reaches(first, AWAITING)
        return [first, *await engine.runtime.database.transaction(lambda conn: copy_process(conn, first, count - 1))]


async def all_processes(engine: Engine) -> list[Process]:
    """All processes."""
    ids = select(tables.processes.c.id).order_by(tables.processes.c.id)
    return await engine.read(lambda conn: list(processes.load_all(conn, list(conn.execute(ids).scalars())).values()))


async def all_end(engine: Engine, but: int = 0) -> list[Process]:
    """Wait until all processes have ended, but for a number of them; all processes."""

    async def look() -> list[Process] | None:
        found = await all_processes(engine)
        return found if sum(process.status not in ENDED for process in found) <= but else None

    return await engine.until(look, awaited="the processes to end")


@pytest.mark.parametrize("dispatcher", ["embedded", "distributed"])
async def test_many_deadlines_share_transactions_and_each_process_ends_as_alone(
    postgres: PostgresServer, clock: TurnableClock, tmp_path: Path, dispatcher: str
) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, MANY)
        with counted(tmp_path) as statements:
            async with engine_of(url, flow_of(Remote()), clock=clock, dispatcher=dispatcher, heartbeat=60) as engine:
                before = {process.id: process for process in await all_processes(engine)}
                statements.taken()
                engine.turn(HOUR)
                ended = await all_end(engine)
                sent = by_kind(statements.taken())
                logs = [await kinds(engine, process_id) for process_id in ids[-5:]]
                audit = await verify_audit(engine.runtime, ADA, after=None, first=1000)

    assert {process.status for process in ended} == {FAILED}
    assert {process.failure and process.failure.code for process in ended} == {"callback-expired"}
    assert {
        (p.epoch - before[p.id].epoch, p.seq - before[p.id].seq, p.version - before[p.id].version) for p in ended
    } == {(1, ended[0].seq - before[ended[0].id].seq, 2)}
    assert {process.worker for process in ended} == {None}
    assert logs == [logs[0]] * len(logs)
    assert logs[0][-3:] == [EventKind.CALLBACK_ENDED, EventKind.STEP_CHANGED, EventKind.PROCESS_STATUS_CHANGED]
    assert audit.fault is None
    assert sent["COMMIT"] < MANY, sent  # each alone has at least one of its own


async def test_each_process_of_a_dead_worker_is_logged_with_its_holder(
    postgres: PostgresServer, clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator reads there whose step runs again, however many processes the worker had."""
    caplog.set_level(logging.INFO, "orchestrator_gql.engine")
    with postgres.database() as url:
        ids = await waiting(url, clock, MANY)
        async with engine_of(url, flow_of(Remote()), clock=clock) as engine:
            await set_engine_state(engine.runtime, ADA, paused=True)
            engine.turn(HOUR)
            for process_id in ids:
                await engine.reaches(process_id, RUNNING)
            held = update(tables.processes).values(worker="dead", lease_until=clock.now() - timedelta(seconds=1))
            await engine.runtime.database.transaction(lambda conn: conn.execute(held))
            await set_engine_state(engine.runtime, ADA, paused=False)
            await all_end(engine)

    lines = [vars(record) for record in caplog.records if record.getMessage().startswith("the lease of another worker")]
    assert Counter(line["process_id"] for line in lines) == Counter(map(str, ids))
    assert {line["held_by"] for line in lines} == {"dead"}


async def kinds(engine: Engine, process_id: UUID) -> list[EventKind]:
    """The kinds of the events of the process, in order."""
    log = select(tables.events.c.kind).where(tables.events.c.process_id == process_id).order_by(tables.events.c.id)
    return await engine.read(lambda conn: list(conn.execute(log).scalars()))


_lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


async def test_a_process_that_another_transaction_holds_delays_no_other(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, MANY)
        async with engine_of(url, flow_of(Remote()), clock=clock) as engine:
            database = engine.runtime.database
            assert isinstance(database, PostgresDatabase)
            await set_engine_state(engine.runtime, ADA, paused=True)
            engine.turn(HOUR)
            for process_id in ids:
                await engine.reaches(process_id, RUNNING)
            async with database.engine.connect() as conn, conn.begin():
                await conn.execute(_lock, {"key": str(ids[0])})
                await set_engine_state(engine.runtime, ADA, paused=False)
                meanwhile = await all_end(engine, but=1)
            ended = await all_end(engine)

    assert [process.id for process in meanwhile if process.status not in ENDED] == [ids[0]]
    assert {process.status for process in ended} == {FAILED}


def breaks_row(conn: Connection, process_id: UUID) -> None:
    """The process cannot be loaded."""
    conn.execute(update(tables.processes).where(tables.processes.c.id == process_id).values(state=text("'{'")))


def breaks_steps(conn: Connection, process_id: UUID) -> None:
    """The process can be loaded, but its claim fails."""
    c = tables.process_steps.c
    first = select(func.min(c.seq)).where(c.process_id == process_id).scalar_subquery()
    change = update(tables.process_steps).where(c.process_id == process_id, c.seq == first)
    conn.execute(change.values(failure=text("'{'")))
    conn.execute(update(tables.processes).where(tables.processes.c.id == process_id).values(fingerprint="other"))


@pytest.mark.parametrize("breaks", [breaks_row, breaks_steps])
async def test_a_process_whose_claim_fails_takes_no_other_with_it(
    postgres: PostgresServer, clock: TurnableClock, breaks: Callable[[Connection, UUID], None]
) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, MANY)
        async with engine_of(url, flow_of(Remote()), clock=clock) as engine:
            await engine.runtime.database.transaction(lambda conn: breaks(conn, ids[7]))
            engine.turn(HOUR)
            others = [process_id for process_id in ids if process_id != ids[7]]
            ended = [await engine.reaches(process_id, FAILED) for process_id in others]

    assert {process.failure and process.failure.code for process in ended} == {"callback-expired"}


async def test_two_workers_share_the_deadlines_that_race_with_deliveries_and_aborts(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    remote = Remote()
    flow = flow_of(remote)
    with postgres.database() as url:
        async with AsyncExitStack() as stack:
            first, second = [
                await stack.enter_async_context(engine_of(url, flow, clock=clock, dispatcher="distributed"))
                for _ in range(2)
            ]
            started = [await first.start(flow) for _ in range(MANY // 2)]
            tokens = [await remote.asked() for _ in started]
            for process_id in started:
                await first.reaches(process_id, AWAITING)
            clock.turn(HOUR)
            for engine in (first, second):
                engine.runtime.timers.set()
            races = [answer(second.runtime, token, {"rc": 0}) for token in tokens[::2]]
            races += [abort_process(first.runtime, ADA, process_id=process_id) for process_id in started[::3]]  # type: ignore[misc]
            results = await asyncio.gather(*races, return_exceptions=True)
            ended = await all_end(first)
            statuses = await first.read(_callback_statuses)
            executions = [await first.steps(process.id) for process in ended]
            audit = await verify_audit(first.runtime, ADA, after=None, first=1000)

    assert not [
        result for result in results if isinstance(result, Exception) and not isinstance(result, OrchestratorError)
    ]
    expected = {
        ProcessStatus.COMPLETED: {CallbackStatus.VALIDATED},
        FAILED: {CallbackStatus.EXPIRED},
        ProcessStatus.ABORTED: {CallbackStatus.WITHDRAWN, CallbackStatus.EXPIRED, CallbackStatus.RECEIVED,
                                CallbackStatus.VALIDATED},
    }  # fmt: skip
    assert all(statuses[process.id] in expected[process.status] for process in ended)
    assert all(Counter(e.step_index for e in of_process).most_common(1)[0][1] == 1 for of_process in executions)
    assert audit.fault is None


def _callback_statuses(conn: Connection) -> dict[UUID, CallbackStatus]:
    c = tables.callbacks.c
    return {row.process_id: row.status for row in conn.execute(select(c.process_id, c.status))}


async def test_while_the_engine_is_paused_no_deadline_moves_a_process(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, MANY)
        async with engine_of(url, flow_of(Remote()), clock=clock) as engine:
            await set_engine_state(engine.runtime, ADA, paused=True)
            engine.turn(HOUR)
            for process_id in ids:
                await engine.reaches(process_id, RUNNING)
            claimed = await claims.claim_together(engine.runtime, ids[:10])
            paused = await all_processes(engine)
            await set_engine_state(engine.runtime, ADA, paused=False)
            ended = await all_end(engine)

    assert claimed == dict.fromkeys(ids[:10])
    assert {(process.status, process.worker) for process in paused} == {(RUNNING, None)}
    assert {process.status for process in ended} == {FAILED}


async def test_a_claimed_process_is_not_claimed_again(postgres: PostgresServer, clock: TurnableClock) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, 3)
        async with engine_of(url, clock=clock) as without_workflow:
            without_workflow.turn(HOUR)
            for process_id in ids:
                await without_workflow.reaches(process_id, RUNNING)
        async with engine_of(url, flow_of(Remote()), clock=clock, role="api") as engine:
            held = {"worker": "another", "lease_until": clock.now() + timedelta(seconds=10)}
            change = update(tables.processes).where(tables.processes.c.id == ids[0]).values(held)
            await engine.runtime.database.transaction(lambda conn: conn.execute(change))
            claimed = await claims.claim_together(engine.runtime, ids)

    assert claimed[ids[0]] is None
    assert {result.process.status for id, result in claimed.items() if result is not None} == {FAILED}
    assert len(claimed) == 3


async def test_a_claim_that_fails_is_left_out_and_the_others_share_the_transaction(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, 6)
        async with engine_of(url, clock=clock) as without_workflow:
            without_workflow.turn(HOUR)
            for process_id in ids:
                await without_workflow.reaches(process_id, RUNNING)
        async with engine_of(url, flow_of(Remote()), clock=clock, role="api") as engine:
            await engine.runtime.database.transaction(lambda conn: breaks_steps(conn, ids[2]))
            claimed = await claims.claim_together(engine.runtime, ids)
            stored = {process.id: process.status for process in await all_processes(engine)}

    others = [process_id for process_id in ids if process_id != ids[2]]
    assert set(claimed) == set(others)
    assert {result.process.status for result in claimed.values() if result is not None} == {FAILED}
    assert stored == {**dict.fromkeys(others, FAILED), ids[2]: RUNNING}
