"""The `lock=` of a workflow: one open process for each key, on both databases."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from conftest import Offer
from sqlalchemy import make_url
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.locked import (
    break_node,
    change,
    change_in_turn,
    change_later,
    holder_of,
    repaired,
    rows_of,
    which_nodes,
)
from support.operator import ADA, confirm, open_request
from support.statements import counted

from orchestrator_gql import begin, step, wait_until
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process, continue_process, retry_process
from orchestrator_gql.engine import claims
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.reads.processes import available_actions
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import processes, retention
from orchestrator_gql.storage.retention import Selection
from orchestrator_gql.types import EventKind, ProcessStatus, State
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.utils.start_errors import ResourceLocked
from orchestrator_gql.workflow import workflow

WAITING, SUSPENDED, FAILED = ProcessStatus.WAITING, ProcessStatus.SUSPENDED, ProcessStatus.FAILED
COMPLETED, ABORTED = ProcessStatus.COMPLETED, ProcessStatus.ABORTED


def on(*nodes: str) -> dict[str, Any]:
    """The page of a start on these nodes."""
    return {"nodes": list(nodes)}


async def test_a_second_process_on_a_key_is_refused_until_the_first_ends(offer: Offer) -> None:
    engine = await offer(change)
    holder = await engine.start(change, on("ams-1"))

    with pytest.raises(ResourceLocked, match=r"'node:ams-1' is held by process .* of 'change', started by") as refused:
        await engine.start(change, on("ams-1"))
    other = await engine.start(change, on("ams-2"))
    await confirm(engine, holder)
    await engine.reaches(holder, COMPLETED)
    following = await engine.start(change, on("ams-1"))

    error = refused.value
    assert (error.process_id, error.by) == (holder, LOCAL_OPERATOR.id)
    assert error.at == (await engine.process(holder)).started_at
    assert await rows_of(engine) == {"node:ams-2": [other], "node:ams-1": [following]}


async def test_a_process_of_another_workflow_with_an_equal_key_is_refused_too(offer: Offer) -> None:
    engine = await offer(change, change_in_turn)
    holder = await engine.start(change_in_turn, on("ams-1"))

    with pytest.raises(ResourceLocked) as refused:
        await engine.start(change, on("ams-1"))

    assert refused.value.process_id == holder


async def test_a_start_is_refused_also_while_others_wait_for_the_key(offer: Offer) -> None:
    engine = await offer(change, change_in_turn)
    await engine.start(change_in_turn, on("lon-1"))
    waiting = await engine.start(change_in_turn, on("lon-1", "ams-1"))

    with pytest.raises(ResourceLocked) as refused:
        await engine.start(change, on("ams-1"))

    assert refused.value.process_id == waiting
    words = f"'node:ams-1' is next for process {waiting} of 'change_in_turn', which waits for another key, started by"
    assert refused.value.message.startswith(words)


async def test_an_aborted_process_frees_its_keys(offer: Offer) -> None:
    engine = await offer(change)
    holder = await engine.start(change, on("ams-1"))
    await open_request(engine, holder)

    await abort_process(engine.runtime, ADA, process_id=holder)

    assert await rows_of(engine) == {}
    await engine.start(change, on("ams-1"))


async def test_a_failed_process_holds_its_keys_until_it_is_retried_to_its_end(offer: Offer) -> None:
    engine, node = await offer(break_node), f"ams-{uuid4()}"
    holder = await engine.start(break_node, on(node))
    await engine.reaches(holder, FAILED)
    waiting = await engine.start(break_node, on(node))
    assert (await engine.process(waiting)).is_queued

    repaired.add(node)
    await retry_process(engine.runtime, ADA, process_id=holder)

    await engine.reaches(waiting, COMPLETED)
    assert await rows_of(engine) == {}


async def test_a_process_that_waits_for_its_lock_begins_by_itself_in_its_turn(offer: Offer) -> None:
    engine = await offer(change_in_turn)
    ids = [await engine.start(change_in_turn, on("ams-1")) for _ in range(3)]
    await open_request(engine, ids[0])

    queued = [await engine.process(id) for id in ids[1:]]
    holders = [await holder_of(engine, id) for id in ids]
    for id in ids:
        await confirm(engine, id)
        await engine.reaches(id, COMPLETED)

    assert [(process.status, process.is_queued, process.execution) for process in queued] == [(WAITING, True, None)] * 2
    assert holders == [None, ids[0], ids[0]]
    changes = await engine.events(ids[1], EventKind.PROCESS_STATUS_CHANGED)
    assert [(event.payload["from"], event.payload["to"]) for event in changes] == [
        ("CREATED", "WAITING"),
        ("WAITING", "RUNNING"),
        ("RUNNING", "SUSPENDED"),
        ("SUSPENDED", "COMPLETED"),
    ]
    versions = [event.payload["version"] for event in changes]
    assert versions == sorted(set(versions))
    assert await rows_of(engine) == {}


async def test_a_process_in_the_queue_can_be_aborted_and_the_next_takes_its_place(offer: Offer) -> None:
    engine = await offer(change_in_turn)
    holder = await engine.start(change_in_turn, on("ams-1"))
    second = await engine.start(change_in_turn, on("ams-1", "lon-1"))
    third = await engine.start(change_in_turn, on("lon-1"))
    await open_request(engine, holder)
    assert await holder_of(engine, third) == second

    await abort_process(engine.runtime, ADA, process_id=second)

    await open_request(engine, third)
    assert (await engine.process(second)).status is ABORTED
    assert await rows_of(engine) == {"node:ams-1": [holder], "node:lon-1": [third]}


async def test_the_end_of_a_queued_process_does_not_end_the_pause_of_the_holder(offer: Offer) -> None:
    engine = await offer(change_later)
    holder = await engine.start(change_later, on("ams-1"))
    paused = await engine.reaches(holder, WAITING)
    queued = await engine.start(change_later, on("ams-1"))

    await abort_process(engine.runtime, ADA, process_id=queued)
    engine.turn(60)
    engine.runtime.timers.set()
    await asyncio.sleep(0.3)

    assert (await engine.process(holder)).seq == paused.seq


async def test_a_queued_process_waits_for_no_time_that_could_be_skipped(offer: Offer) -> None:
    engine = await offer(change_in_turn)
    await engine.start(change_in_turn, on("ams-1"))
    queued = await engine.start(change_in_turn, on("ams-1"))

    with pytest.raises(InvalidState, match="waits for its lock"):
        await continue_process(engine.runtime, ADA, process_id=queued, reason="it is urgent")
    with pytest.raises(InvalidState):
        await retry_process(engine.runtime, ADA, process_id=queued)

    actions = await available_actions(engine.runtime, LOCAL_OPERATOR, await engine.process(queued))
    assert set(actions) == {ProcessAction.ABORT, ProcessAction.EDIT_NOTE}


@pytest.mark.parametrize("which", [change, change_in_turn], ids=["refuse", "queue"])
async def test_the_same_request_starts_one_process_whether_the_key_is_free_or_held(offer: Offer, which: Any) -> None:
    engine = await offer(which)
    first = await engine.start(which, on("ams-1"), idempotency_key="a")
    again = await asyncio.gather(*(engine.start(which, on("ams-1"), idempotency_key="a") for _ in range(4)))

    assert set(again) == {first}
    assert await rows_of(engine) == {"node:ams-1": [first]}


async def test_a_queue_moves_on_after_a_pause_of_the_engine(offer: Offer) -> None:
    engine = await offer(change_in_turn)
    holder = await engine.start(change_in_turn, on("ams-1"))
    queued = await engine.start(change_in_turn, on("ams-1"))
    await open_request(engine, holder)
    await set_engine_state(engine.runtime, ADA, paused=True, reason="night")

    await abort_process(engine.runtime, ADA, process_id=holder)
    await set_engine_state(engine.runtime, ADA, paused=False)

    await open_request(engine, queued)


async def test_a_queue_outlives_its_server(storage: str, clock: TurnableClock) -> None:
    async with engine_of(storage, change_in_turn, clock=clock) as engine:
        holder = await engine.start(change_in_turn, on("ams-1"))
        queued = await engine.start(change_in_turn, on("ams-1"))
        await open_request(engine, holder)

    async with engine_of(storage, change_in_turn, clock=clock) as engine:
        assert (await engine.process(queued)).lock_keys == ("node:ams-1",)
        await confirm(engine, holder)
        await open_request(engine, queued)


async def test_a_key_that_the_workflow_of_the_holder_does_not_declare_any_more_is_freed_at_its_end(
    storage: str, clock: TurnableClock
) -> None:
    async with engine_of(storage, change, clock=clock) as engine:
        holder = await engine.start(change, on("ams-1"))
        await open_request(engine, holder)

    async with engine_of(storage, clock=clock) as engine:
        await abort_process(engine.runtime, ADA, process_id=holder)
        assert await rows_of(engine) == {}


async def test_of_many_starts_at_once_on_a_key_one_holds_it(offer: Offer) -> None:
    engine = await offer(change)

    results = await asyncio.gather(*(engine.start(change, on("ams-1")) for _ in range(20)), return_exceptions=True)

    assert Counter(type(result) for result in results) == {ResourceLocked: 19, UUID: 1}
    assert [len(ids) for ids in (await rows_of(engine)).values()] == [1]


class Watch:
    """Who is inside, by key; two on one key are a fault."""

    def __init__(self) -> None:
        self.inside: Counter[str] = Counter()
        self.faults: list[str] = []
        self.runs = 0


watch = Watch()


@step("Work on the nodes")
async def work(nodes: list[str]) -> State:
    watch.runs += 1
    watch.inside.update(nodes)
    watch.faults += [node for node in nodes if watch.inside[node] > 1]
    await asyncio.sleep(random.random() / 100)
    watch.inside.subtract(nodes)
    return {}


@workflow("Work in turn", initial_input_form=which_nodes, lock=lambda nodes: nodes, on_locked="queue")
def work_in_turn() -> Any:
    return begin >> work


async def all_completed(engine: Engine, ids: list[UUID]) -> None:
    for id in ids:
        await engine.reaches(id, COMPLETED)


async def test_many_processes_at_once_work_one_after_the_other(offer: Offer) -> None:
    engine = await offer(work_in_turn)
    watch.__init__()  # type: ignore[misc]

    ids = await asyncio.gather(*(engine.start(work_in_turn, on("ams-1")) for _ in range(20)))

    await all_completed(engine, list(ids))
    assert (watch.faults, watch.runs) == ([], 20)
    assert await rows_of(engine) == {}


async def test_processes_with_several_keys_never_meet_and_never_wait_for_each_other(offer: Offer) -> None:
    engine, numbers = await offer(work_in_turn), random.Random(7)
    for _ in range(4):
        watch.__init__()  # type: ignore[misc]
        starts = [numbers.sample("abcd", numbers.randint(1, 3)) for _ in range(12)]

        ids = await asyncio.gather(*(engine.start(work_in_turn, on(*nodes)) for nodes in starts))

        await all_completed(engine, list(ids))
        assert (watch.faults, watch.runs) == ([], len(starts))
        assert await rows_of(engine) == {}


async def test_a_timer_that_is_late_does_not_end_the_pause_of_a_process(offer: Offer) -> None:
    """Several keys may be freed at once, each with a timer, and the process begins with the first of them."""
    engine = await offer(change_later)
    holder = await engine.start(change_later, on("ams-1"))
    paused = await engine.reaches(holder, WAITING)

    now = engine.clock.now()
    woken = await engine.runtime.database.transaction(lambda conn: processes.resume_all(conn, [holder], WAITING, now))
    later = now + timedelta(hours=2)
    due = await engine.runtime.database.transaction(lambda conn: processes.resume_all(conn, [holder], WAITING, later))

    assert (woken, list(due.values())) == ({}, [[holder]])
    assert (await engine.process(holder)).seq > paused.seq


async def test_a_process_that_waits_at_its_first_step_for_its_lock_cannot_be_continued(offer: Offer) -> None:
    @workflow("Wait first", lock="night work", on_locked="queue")
    def wait_first() -> Any:
        return begin >> wait_until("Night", lambda: datetime(2099, 1, 1, tzinfo=UTC))

    engine = await offer(wait_first)
    await engine.reaches(await engine.start(wait_first), WAITING)
    queued = await engine.start(wait_first)

    with pytest.raises(InvalidState, match="waits for its lock"):
        await continue_process(engine.runtime, ADA, process_id=queued, reason="it is urgent")


async def test_retention_keeps_a_process_that_holds_a_key(offer: Offer) -> None:
    engine = await offer(change)
    holder = await engine.start(change, on("ams-1"))
    await open_request(engine, holder)

    kept = await engine.read(lambda conn: retention.needed(conn, [holder], Selection(())))

    assert kept.reasons[holder] == "it holds a lock"


async def test_processes_that_end_together_take_the_locks_of_their_keys_in_order(postgres: PostgresServer) -> None:
    """Else the transaction could have a key for which a start waits, which has the key that the transaction wants."""
    with postgres.database() as url:
        async with engine_of(url, change) as engine:
            ids = [await engine.start(change, on(node)) for node in ("c", "b")]
            for id in ids:
                await open_request(engine, id)
            at_end = [replace(await engine.process(id), position=1, status=ProcessStatus.RUNNING) for id in ids]
            now = engine.clock.now()
            plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(plain) as other:
                other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["lock key\nnode:b"])
                ending = asyncio.create_task(
                    engine.runtime.database.transaction(
                        lambda conn: claims._claim_each(conn, engine.runtime, [(p, change) for p in at_end], {}, now)
                    )
                )
                await engine.until(partial(_somebody_waits, other), awaited="the transaction to wait for a key")
                other_key = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
                is_free = other.execute(other_key, ["lock key\nnode:c"]).fetchone()
                other.rollback()
            await ending
            ended = [(await engine.process(id)).status for id in ids]
            left = await rows_of(engine)

    assert is_free == (True,)
    assert (ended, left) == ([COMPLETED, COMPLETED], {})


async def _somebody_waits(other: Any) -> bool | None:
    rows = other.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchall()
    return bool(rows) or None


@step("Work")
async def work_at_once() -> State:
    return {}


@workflow("Without a lock", initial_input_form=which_nodes)
def without_lock() -> Any:
    return begin >> work_at_once


@workflow("With a lock", initial_input_form=which_nodes, lock="node:{node}")
def with_lock() -> Any:
    return begin >> work_at_once


@pytest.mark.one_dispatcher
async def test_a_workflow_without_a_lock_pays_nothing_for_those_with_one(storage: str, tmp_path: Path) -> None:
    with counted(tmp_path) as statements:
        async with engine_of(storage, without_lock, with_lock) as engine:
            sent: list[list[str]] = []
            for flow in (without_lock, with_lock):
                statements.taken()
                await engine.reaches(await engine.start(flow, on("ams-1")), COMPLETED)
                sent.append([text for text in statements.taken() if "process_locks" in text or "lock key" in text])

    assert sent[0] == []
    inserts = ("INSERT", "WITH")  # on PostgreSQL one statement inserts all rows
    verbs = ["INSERT" if text.startswith(inserts) else text.split()[0] for text in sent[1]]
    assert sorted(verbs) == ["DELETE", "INSERT", "SELECT", "SELECT"], sent[1]
