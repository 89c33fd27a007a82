"""The `lock=` of a workflow: one open process for each key, on both databases."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Offer
from support.clock import TurnableClock
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

from orchestrator_gql import begin, step
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process, continue_process, retry_process
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.reads.processes import available_actions
from orchestrator_gql.security import LOCAL_OPERATOR
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

    actions = available_actions(engine.runtime, LOCAL_OPERATOR, await engine.process(queued))
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
