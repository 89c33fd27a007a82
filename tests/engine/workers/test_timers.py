"""Timers fire once and in time, even if many are due and several servers work, on both databases."""

import asyncio
import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import func, select
from support.clock import TurnableClock
from support.crowd import copy_process
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.playbooks import calls, of, waiting_call
from support.remote import Remote, answer

from orchestrator_gql import callback_step, step
from orchestrator_gql.engine.workers import timers
from orchestrator_gql.process import resume
from orchestrator_gql.storage import processes, tables
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.types import EventKind, ProcessStatus

AWAITING, RUNNING, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.RUNNING, ProcessStatus.FAILED
HOUR = 3600
MANY = int(os.environ.get("ORCHESTRATOR_TEST_TIMERS", "2000"))
IDLE: dict[str, Any] = {"heartbeat": 60, "concurrency": 4}
"""Settings of servers without workflows: only their timers move processes."""


async def waiting(url: str, clock: TurnableClock, count: int = 1) -> list[UUID]:
    """Start ``count`` processes that wait for a callback for at most an hour; their server has stopped."""
    remote = Remote()
    flow = calls(remote, timeout=HOUR)
    async with engine_of(url, flow, clock=clock) as engine:
        first = await engine.start(flow)
        await remote.asked()
        await engine.reaches(first, AWAITING)
        if count == 1:
            return [first]
        return [first, *await engine.runtime.database.transaction(lambda conn: copy_process(conn, first, count - 1))]


async def timers_left(engine: Engine) -> int:
    """The number of timers that are set."""
    return await engine.read(lambda conn: conn.execute(select(func.count()).select_from(tables.timers)).scalar_one())


async def all_fired(engine: Engine) -> None:
    """Wait until no timer is left."""

    async def look() -> bool:
        return await timers_left(engine) == 0

    await engine.until(look, awaited="every timer to fire")


async def wake_ups(engine: Engine) -> Counter[UUID]:
    """The number of wake-ups of each process from its wait, by the event log."""
    changes = select(tables.events.c.process_id, tables.events.c.payload)
    changes = changes.where(tables.events.c.kind == EventKind.PROCESS_STATUS_CHANGED)
    rows = await engine.read(lambda conn: conn.execute(changes).all())
    return Counter(id for id, payload in rows if (payload["from"], payload["to"]) == (AWAITING, RUNNING))


async def test_very_many_deadlines_at_the_same_time_fire_once_each_after_a_restart(
    storage: str, clock: TurnableClock
) -> None:
    ids = await waiting(storage, clock, count=MANY)

    async with engine_of(storage, clock=clock, **IDLE) as engine:
        engine.turn(HOUR - 1)
        early = await timers_left(engine)
        engine.turn(1)
        await all_fired(engine)
        woken = await wake_ups(engine)

    assert early == MANY
    assert woken == Counter(ids)


@pytest.mark.each_pair
@pytest.mark.parametrize(("hurry", "in_order"), [(60.0, True), (0.0, False)])
async def test_woken_processes_start_after_all_timers_fired_or_after_the_limit(
    storage: str, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, hurry: float, in_order: bool
) -> None:
    ids = await waiting(storage, clock, count=40)
    monkeypatch.setattr(timers, "BATCH", 1)
    monkeypatch.setattr(timers, "HURRY", hurry)

    async with engine_of(storage, calls(Remote(), timeout=HOUR), clock=clock) as engine:
        engine.turn(HOUR)
        for process_id in ids:
            await engine.reaches(process_id, FAILED)
        order = select(tables.events.c.kind, tables.events.c.payload).order_by(tables.events.c.id)
        rows = await engine.read(lambda conn: conn.execute(order).all())

    woken = {"from": AWAITING, "to": RUNNING}
    wake_up_places = [place for place, (_, payload) in enumerate(rows) if woken.items() <= payload.items()]
    ended = [place for place, (kind, _) in enumerate(rows) if kind is EventKind.CALLBACK_ENDED]
    assert len(ended) == len(ids)
    assert (max(wake_up_places) < min(ended)) is in_order


async def test_a_deadline_that_passed_while_no_server_ran_fires_when_one_is_back(
    storage: str, clock: TurnableClock
) -> None:
    (process_id,) = await waiting(storage, clock)
    clock.turn(10 * HOUR)

    async with engine_of(storage, calls(Remote(), timeout=HOUR), clock=clock) as engine:
        failed = await engine.reaches(process_id, FAILED)
        woken = await wake_ups(engine)

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"
    assert woken == Counter([process_id])


async def test_a_timer_changes_a_process_like_a_single_resume(storage: str, clock: TurnableClock) -> None:
    (process_id,) = await waiting(storage, clock)
    async with engine_of(storage, clock=clock) as engine:
        before = await engine.process(process_id)
        due = clock.now() + timedelta(hours=1)

        fired = await engine.runtime.database.transaction(lambda conn: timers.fire(conn, engine.runtime, due))

        expected = resume(before, due)
        assert fired == 1
        assert await engine.process(process_id) == replace(expected.process, version=before.version + 1)
        (event,) = (event for event in await engine.events(process_id) if event.at == due)
        assert replace(event, cursor="") == replace(expected.events[0], cursor="")


async def test_on_postgres_two_servers_fire_each_timer_once(postgres: PostgresServer, clock: TurnableClock) -> None:
    with postgres.database() as url:
        ids = await waiting(url, clock, count=1500)
        async with engine_of(url, clock=clock, **IDLE) as first, engine_of(url, clock=clock, **IDLE) as second:
            clock.turn(HOUR)
            first.runtime.timers.set()
            second.runtime.timers.set()
            await all_fired(first)
            woken = await wake_ups(first)

    assert woken == Counter(ids)


async def test_on_postgres_a_timer_of_a_locked_process_waits_and_delays_no_other_timer(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    with postgres.database() as url:
        locked, other = await waiting(url, clock, count=2)
        async with engine_of(url, clock=clock) as engine:
            database = engine.runtime.database
            assert isinstance(database, PostgresDatabase)
            async with database.engine.connect() as conn, conn.begin():
                await conn.run_sync(lambda sync: processes.hold(sync, locked))
                engine.turn(HOUR)
                await engine.reaches(other, RUNNING)
                meanwhile = await engine.process(locked), await timers_left(engine)
            await engine.reaches(locked, RUNNING)
            woken = await wake_ups(engine)

    assert (meanwhile[0].status, meanwhile[1]) == (AWAITING, 1)
    assert woken == Counter([locked, other])


async def test_on_postgres_a_timer_that_a_server_with_a_fast_clock_fired_is_set_again(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    remote = Remote()
    flow = calls(remote, timeout=HOUR)
    ahead = TurnableClock()
    with postgres.database() as url:
        async with engine_of(url, flow, clock=clock) as slow, engine_of(url, clock=ahead) as fast:
            process_id = await slow.start(flow)
            await remote.asked()
            await slow.reaches(process_id, AWAITING)
            clock.turn(HOUR - 1)
            fast.turn(HOUR)

            async def looked_again() -> bool:
                return await wake_ups(slow) == Counter([process_id]) and await timers_left(slow) == 1

            await slow.until(looked_again, awaited="the slow server to find that the deadline is not over")
            still = await slow.process(process_id)
            slow.turn(1)
            await slow.reaches(process_id, FAILED)

    assert still.status in (AWAITING, RUNNING)


async def test_on_postgres_a_wait_reached_just_before_its_deadline_does_not_rely_on_a_timer_that_fired_early(
    postgres: PostgresServer, clock: TurnableClock
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Call slowly")
    async def call(callback_route: str) -> None:
        begun.set()
        await go.wait()

    @step("Accept")
    def accept(callback_result: Any) -> None: ...

    flow = of(callback_step("Playbook", call, accept, timeout=60))
    with postgres.database() as url:
        async with engine_of(url, flow, clock=clock) as slow, engine_of(url) as fast:
            process_id = await slow.start(flow)
            await begun.wait()
            clock.turn(59)
            fast.turn(60)
            await all_fired(slow)
            go.set()
            await slow.reaches(process_id, AWAITING)
            slow.turn(1)
            failed = await slow.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"


async def test_a_deadline_that_passes_during_the_action_ends_the_wait_at_its_beginning(offer: Offer) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Call slowly")
    async def call(callback_route: str) -> None:
        begun.set()
        await go.wait()

    @step("Accept")
    def accept(callback_result: Any) -> None: ...

    flow = of(callback_step("Playbook", call, accept, timeout=60))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await begun.wait()
    engine.turn(60)
    await all_fired(engine)
    go.set()

    failed = await engine.reaches(process_id, FAILED)
    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"


async def test_an_accepted_delivery_leaves_no_timer(offer: Offer) -> None:
    engine, process_id, token = await waiting_call(offer, timeout=60, heartbeat_timeout=30)
    set_before = await timers_left(engine)

    await answer(engine.runtime, token, {"rc": 0})

    await engine.reaches(process_id, ProcessStatus.COMPLETED)
    assert (set_before, await timers_left(engine)) == (2, 0)
